"""Every demo, by keyboard, touch and address, without a server and without scripts."""

import pytest
from conftest import SITE, demos, demos_of, index_of, pages, start_of

DEMOS = demos()
NAMES = [demo["name"] for _, demo in DEMOS]
ROLES = {"number": "slider", "choice": "combobox", "boolean": "checkbox"}
PAGE, FIRST = DEMOS[NAMES.index("window")]  # its first control is a slider


def test_there_are_demos_and_their_names_are_unique():
    assert len(NAMES) >= 10
    assert len(set(NAMES)) == len(NAMES)


def box(opened, demo):
    return opened.locator(f'.explore[data-demo="{demo["name"]}"]')


def wait_for(opened, demo, state):
    """Wait until the frame shows a state; return its alt text and file."""
    index = index_of(demo, state)
    frame = box(opened, demo).locator(".explore-frame")
    name = demo["name"]
    opened.wait_for_function(
        "([name, index]) => document.querySelector("
        "`.explore[data-demo='${name}'] .explore-frame`).dataset.state === String(index)",
        arg=[name, index],
        timeout=30_000,
    )
    assert frame.get_attribute("alt") == demo["alts"][index]
    assert frame.get_attribute("src").endswith(demo["files"][index])
    frame.scroll_into_view_if_needed()  # a picture out of view may never be fetched
    assert frame.evaluate("i => i.decode().then(() => i.naturalWidth)") == 1000
    return demo["alts"][index], demo["files"][index]


@pytest.mark.parametrize("page", dict.fromkeys(page for page, _ in DEMOS))
def test_every_control_works_by_keyboard_and_has_a_name(page, visit, address):
    one = visit()
    opened = one.open(f"{address}/{page}")
    for demo in demos_of(page):
        every_control(opened, demo)
    assert one.foreign == []
    assert one.complaints == []


def every_control(opened, demo):
    start = start_of(demo)
    seen = {wait_for(opened, demo, start)}
    for i, parameter in enumerate(demo["parameters"]):
        name = f"explore-{demo['name']}-{parameter['name']}"
        control = box(opened, demo).get_by_role(ROLES[parameter["kind"]], name=parameter["label"])
        assert control.evaluate_all("all => all.map(e => e.id)") == [name]
        last = len(parameter["texts"]) - 1
        state = start.copy()
        control.focus()
        if parameter["kind"] == "boolean":
            opened.keyboard.press("Space")
            state[i] = 1 - start[i]
            seen.add(wait_for(opened, demo, state))
            opened.keyboard.press("Space")
        else:
            for key, k in [("Home", 0), ("End", last), ("ArrowLeft", last - 1)]:
                press = "ArrowUp" if parameter["kind"] == "choice" and key == "ArrowLeft" else key
                opened.keyboard.press(press)
                state[i] = k
                seen.add(wait_for(opened, demo, state))
            text = parameter["texts"][last - 1]
            if parameter["kind"] == "number":
                assert control.get_attribute("aria-valuetext") == text
            opened.keyboard.press("Home")
            for _ in range(start[i]):
                opened.keyboard.press(
                    "ArrowDown" if parameter["kind"] == "choice" else "ArrowRight"
                )
        wait_for(opened, demo, start)
    assert len({alt for alt, _ in seen}) > 1, demo["name"]
    assert len({file for _, file in seen}) > 1, demo["name"]


def test_address_follows_and_leads_back(visit, address):
    opened = visit().open(f"{address}/{PAGE}")
    wait_for(opened, FIRST, start_of(FIRST))
    assert "#" not in opened.url
    box(opened, FIRST).locator("input[type=range]").first.focus()
    opened.keyboard.press("End")
    last = len(FIRST["parameters"][0]["texts"]) - 1
    state = [last, *start_of(FIRST)[1:]]
    wait_for(opened, FIRST, state)
    assert opened.url.split("#")[1].startswith(f"{FIRST['name']}?{FIRST['parameters'][0]['name']}=")
    again = visit().open(opened.url)
    wait_for(again, FIRST, state)
    again.wait_for_timeout(300)
    assert box(again, FIRST).evaluate(
        "b => { const r = b.getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0; }"
    )


@pytest.mark.parametrize(
    "hash_",
    ["?eta=<script>alert(1)</script>", "?__proto__=1&constructor=2", "?angle=1e999", "?%ZZ"],
)
def test_hostile_addresses_do_nothing(hash_, visit, address):
    one = visit()
    opened = one.open(f"{address}/{PAGE}#{FIRST['name']}{hash_}")
    wait_for(opened, FIRST, start_of(FIRST))
    assert opened.evaluate("document.querySelectorAll('article script:not([type])').length") == 0
    assert one.complaints == []


def test_reset_copy_link_and_play(visit, address):
    one = visit(permissions=["clipboard-read", "clipboard-write"])
    opened = one.open(f"{address}/{PAGE}")
    here = box(opened, FIRST)
    slider = here.locator("input[type=range]").first
    slider.focus()
    opened.keyboard.press("Home")
    start = start_of(FIRST)
    wait_for(opened, FIRST, [0, *start[1:]])
    here.get_by_role("button", name="Copy link").click()
    opened.wait_for_function("document.querySelector('.explore-note').textContent !== ''")
    assert "Link copied" in here.locator(".explore-note").inner_text()
    assert opened.evaluate("navigator.clipboard.readText()") == opened.url
    play = here.locator(".explore-play").first
    assert play.get_attribute("aria-label").startswith("Play through")
    play.press("Enter")
    wait_for(opened, FIRST, [2, *start[1:]])
    assert play.get_attribute("aria-label").startswith("Pause")
    play.press("Enter")
    here.get_by_role("button", name="Reset").press("Enter")
    wait_for(opened, FIRST, start)
    opened.wait_for_timeout(900)
    wait_for(opened, FIRST, start)  # the player has stopped


def test_play_stops_at_the_end_and_starts_over(visit, address):
    opened = visit().open(f"{address}/{PAGE}")
    slider = box(opened, FIRST).locator("input[type=range]").first
    slider.focus()
    opened.keyboard.press("End")
    last = len(FIRST["parameters"][0]["texts"]) - 1
    rest = start_of(FIRST)[1:]
    wait_for(opened, FIRST, [last, *rest])
    play = box(opened, FIRST).locator(".explore-play").first
    play.press("Enter")
    wait_for(opened, FIRST, [0, *rest])
    play.press("Enter")
    slider.focus()
    opened.keyboard.press("End")
    opened.keyboard.press("ArrowLeft")
    play.press("Enter")
    wait_for(opened, FIRST, [last, *rest])
    opened.wait_for_timeout(900)
    assert play.get_attribute("aria-label").startswith("Play through")


def test_tap_on_a_phone(visit, address):
    one = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    opened = one.open(f"{address}/{PAGE}")
    slider = box(opened, FIRST).locator("input[type=range]").first
    slider.scroll_into_view_if_needed()
    place = slider.bounding_box()
    assert place["height"] >= 24
    opened.touchscreen.tap(place["x"] + place["width"] - 3, place["y"] + place["height"] / 2)
    wait_for(opened, FIRST, [len(FIRST["parameters"][0]["texts"]) - 1, *start_of(FIRST)[1:]])


@pytest.mark.parametrize("where", ["file", "subfolder"])
def test_demos_work_from_a_file_and_from_a_subfolder(where, visit, subfolder_address):
    one = visit()
    base = f"file://{SITE}" if where == "file" else subfolder_address
    opened = one.open(f"{base}/{PAGE}")
    box(opened, FIRST).locator("input[type=range]").first.focus()
    opened.keyboard.press("Home")
    wait_for(opened, FIRST, [0, *start_of(FIRST)[1:]])
    assert one.foreign == []
    assert one.complaints == []


def test_print_shows_the_start(visit, address):
    opened = visit().open(f"{address}/{PAGE}")
    here = box(opened, FIRST)
    opened.emulate_media(media="print")
    assert here.locator(".explore-frame").is_visible()
    opened.emulate_media(media="screen")
    here.locator("input[type=range]").first.focus()
    opened.keyboard.press("End")
    wait_for(opened, FIRST, [len(FIRST["parameters"][0]["texts"]) - 1, *start_of(FIRST)[1:]])
    opened.emulate_media(media="print")
    assert here.locator(".explore-still").is_visible()
    assert here.locator(".explore-still").get_attribute("alt") == FIRST["alts"][FIRST["start"]]
    assert not here.locator(".explore-frame").is_visible()
    assert not here.locator(".explore-controls").is_visible()


def test_neighbours_are_fetched_before_they_are_asked_for(visit, address):
    one = visit()
    opened = one.open(f"{address}/{PAGE}")
    fetched = {url.rsplit("/", 1)[1] for url in one.bodies if FIRST["base"].strip("./") in url}
    assert fetched <= {FIRST["files"][FIRST["start"]]}
    box(opened, FIRST).locator("input[type=range]").first.focus()
    opened.wait_for_timeout(400)
    fetched = {url.rsplit("/", 1)[1] for url in one.bodies if FIRST["base"].strip("./") in url}
    assert len(fetched) >= 3
    assert len(fetched) < len(FIRST["files"]) / 2


def test_pictures_far_below_wait_until_they_come_into_view(visit, address):
    page = max(pages(), key=lambda name: len(demos_of(name)))
    one = visit()
    one.open(f"{address}/{page}")
    assert sum("/_demos/" in url for url in one.bodies) < len(demos_of(page))


def test_a_frame_that_is_missing_is_said(visit, address):
    one = visit()
    one.context.route(f"**/{FIRST['files'][0]}", lambda route: route.abort())
    opened = one.open(f"{address}/{PAGE}")
    query = "&".join(f"{p['name']}={p['texts'][0]}" for p in FIRST["parameters"])
    opened.evaluate(f"location.hash = '#{FIRST['name']}?{query}'")
    opened.wait_for_function(
        "document.querySelector('.explore-note').textContent.includes('could not be loaded')"
    )
