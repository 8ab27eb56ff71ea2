"""Pages where readers meet them: phones, slow networks, frames, strict servers, other languages."""

import conftest
import pytest
from conftest import SITE, demos, start_of

DIGITS = "book/cnn/digits.html"
GATES = "book/lstm/gates.html"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
DEMOS = {demo["name"]: (page, demo) for page, demo in demos()}
PAGE, WINDOW = DEMOS["window"]  # its first control is a slider
NUMBER = WINDOW["parameters"][0]
IN_VIEW = "e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.top < innerHeight; }"
STATE = "([name, state]) => document.querySelector(`[data-demo='${name}'] .explore-frame`)" \
    ".dataset.state === String(state)"  # fmt: skip


def at(demo, k):
    """Return the places of all controls of a figure, with the first at `k`."""
    return [k, *start_of(demo)[1:]]


def index_of(demo, k):
    return conftest.index_of(demo, at(demo, k))


def address_of(demo, k):
    return conftest.address_of(demo, at(demo, k))


def box(opened, demo=WINDOW):
    return opened.locator(f'.explore[data-demo="{demo["name"]}"]')


def shows(opened, k, demo=WINDOW):
    """Wait until the first control of a figure, and its picture, are at `k`."""
    opened.wait_for_function(STATE, arg=[demo["name"], index_of(demo, k)], timeout=30_000)


def slider_of(opened, demo=WINDOW):
    return box(opened, demo).locator("input[type=range]").first


# Addresses.


def test_a_link_finds_its_figure_though_the_page_grows_above_it(visit, address):
    one = visit(viewport=DESKTOP)
    one.context.add_init_script("""
      document.addEventListener("readystatechange", () => {
        if (document.readyState === "interactive") {
          const style = document.createElement("style");
          style.textContent = "* { overflow-anchor: none }"; // as in Safari
          document.head.append(style);
        }
      });
      document.addEventListener("DOMContentLoaded", () => {
        const late = document.createElement("div");
        late.style.height = "2000px";
        document.querySelector("article").prepend(late);
      });
    """)
    opened = one.open(f"{address}/{PAGE}#{address_of(WINDOW, 1)}")
    shows(opened, 1)
    assert box(opened).evaluate(IN_VIEW)


@pytest.mark.parametrize("how", ["#{}", "#{}&utm=x"])
def test_an_address_that_a_mail_program_encoded_opens_its_state(how, visit, address):
    opened = visit().open(f"{address}/{PAGE}")
    encoded = opened.evaluate("encodeURIComponent", how[1:].format(address_of(WINDOW, 1)))
    assert "%3F" in encoded and "%3D" in encoded
    again = visit().open(f"{address}/{PAGE}#{encoded}")
    shows(again, 1)
    assert box(again).evaluate(IN_VIEW)


def test_a_reload_keeps_every_figure_and_the_place_on_the_page(visit, address):
    other = next(d for page, d in DEMOS.values() if page == PAGE and d is not WINDOW
                 and d["parameters"])  # fmt: skip
    one = visit(viewport=DESKTOP)
    opened = one.open(f"{address}/{PAGE}#{address_of(WINDOW, 1)}")
    shows(opened, 1)
    moved = box(opened, other).locator(".explore-controls :is(input, select)").first
    last = len(other["parameters"][0]["texts"]) - 1
    moved.focus()
    opened.keyboard.press("End")
    shows(opened, last, other)
    slider_of(opened).press("End")
    end = len(NUMBER["texts"]) - 1
    shows(opened, end)
    opened.wait_for_timeout(500)
    opened.evaluate("scrollTo({ top: 300, behavior: 'instant' })")
    opened.reload(wait_until="load")
    shows(opened, end)
    shows(opened, last, other)
    opened.wait_for_timeout(200)
    assert opened.evaluate("scrollY") == pytest.approx(300, abs=5)
    assert opened.url.endswith(f"#{address_of(WINDOW, end)}")
    assert one.complaints == []


def test_the_address_changes_seldom_enough_for_every_browser(visit, address):
    one = visit()
    one.context.add_init_script("""
      globalThis.written = 0;
      const replace = history.replaceState.bind(history);
      history.replaceState = (...given) => {
        if ((globalThis.written += 1) > 20) throw new DOMException("", "SecurityError");
        replace(...given);
      };
    """)
    opened = one.open(f"{address}/{PAGE}")
    slider = slider_of(opened)
    slider.focus()
    for key in ["Home", "End"] * 20:
        opened.keyboard.press(key)
    end = len(NUMBER["texts"]) - 1
    shows(opened, end)
    opened.evaluate(
        "() => { for (let k = 0; k < 300; k++) lecturesAddress.remember('window', `a=${k}`); }"
    )
    opened.wait_for_timeout(500)
    assert opened.url.endswith("#window?a=299")
    assert opened.evaluate("written") < 20
    # And where the browser refuses all the same, the link is that of the picture.
    opened.evaluate("written = 100")
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    slider.press("Home")
    shows(opened, 0)
    box(opened).get_by_role("button", name="Copy link").click()
    box(opened).get_by_text("Link copied.").wait_for()
    copied = opened.evaluate("navigator.clipboard.readText()")
    assert copied == f"{address}/{PAGE}#{address_of(WINDOW, 0)}"
    assert one.complaints == []


DRAWN = {
    "digits": "(({ drawing }) => Array.from(drawing.greys, x => x.toString(17)).join(''))",
    "gates": "(({ text }) => text)",
}


@pytest.mark.parametrize(("page", "name"), [(DIGITS, "digits"), (GATES, "gates")])
def test_drawings_and_records_have_links_and_outlive_a_reload(page, name, visit, address):
    one = visit(viewport=DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    opened, read = one.open(f"{address}/{page}"), DRAWN[name]
    read += f"(document.getElementById('{name}-playground').playground)"
    here = opened.locator(f"#{name}-playground")
    here.get_by_role("button", name="Clear").press("Enter")
    if name == "digits":
        here.locator(".playground-paper [tabindex='0']").press("Space")
    else:
        here.get_by_label("or type the record").fill("2.r")
    drawn = opened.evaluate(read)
    assert drawn.startswith("g" if name == "digits" else "2.r")
    opened.wait_for_timeout(500)
    here.get_by_role("button", name="Copy link").click()
    here.get_by_text("Link copied.").wait_for()
    copied = opened.evaluate("navigator.clipboard.readText()")
    assert opened.url == copied
    opened.reload(wait_until="load")
    assert opened.evaluate(read) == drawn
    again = visit(viewport=DESKTOP).open(copied)
    assert again.evaluate(read) == drawn
    assert again.locator(f"#playground-{name}").evaluate(IN_VIEW)
    # What is no drawing and no record is left out.
    again.evaluate(f"location.hash = 'playground-{name}?drawing=<b>&record=.<b>'")
    again.wait_for_timeout(100)
    assert again.evaluate(read) == (drawn if name == "digits" else 48 * ".")
    assert one.complaints == []


# The network.


def test_while_a_picture_loads_the_figure_says_so_and_the_address_waits(visit, address):
    one, held = visit(), []
    end = len(NUMBER["texts"]) - 1
    late = f"**/{WINDOW['files'][index_of(WINDOW, end)]}"
    one.context.route(late, lambda route: held.append(route))
    opened = one.open(f"{address}/{PAGE}")
    here, frame = box(opened), box(opened).locator(".explore-frame")
    start = frame.get_attribute("alt")
    slider_of(opened).press("End")
    opened.wait_for_timeout(500)
    assert here.get_attribute("aria-busy") == "true"
    assert float(frame.evaluate("e => getComputedStyle(e).opacity")) < 0.5
    assert frame.get_attribute("alt") == start
    assert "#" not in opened.url
    for route in held:
        route.continue_()
    shows(opened, end)
    assert here.get_attribute("aria-busy") is None
    assert frame.get_attribute("alt") == WINDOW["alts"][index_of(WINDOW, end)] != start
    assert opened.url.endswith(f"#{address_of(WINDOW, end)}")


def test_a_state_whose_picture_is_missing_is_not_named_and_can_be_tried_again(visit, address):
    one, end = visit(), len(NUMBER["texts"]) - 1
    missing = f"**/{WINDOW['files'][index_of(WINDOW, end)]}"
    one.context.route(missing, lambda route: route.abort())
    opened = one.open(f"{address}/{PAGE}")
    here, slider = box(opened), slider_of(opened)
    slider.press("End")
    again = here.get_by_role("button", name="Try again")
    again.wait_for()
    assert "could not be loaded" in here.locator(".explore-note").inner_text()
    start = NUMBER["texts"][NUMBER["start"]]
    assert here.locator("output").first.inner_text() == start
    assert slider.get_attribute("aria-valuetext") == start
    assert here.get_attribute("aria-busy") is None
    assert "#" not in opened.url
    one.context.unroute(missing)
    again.press("Enter")
    shows(opened, end)
    assert not again.is_visible()
    assert here.locator(".explore-note").inner_text() == ""
    assert here.locator("output").first.inner_text() == NUMBER["texts"][end]
    assert opened.evaluate("document.activeElement.type") == "range"


# Frames and stores.


def test_a_link_in_a_frame_moves_the_frame_only_and_can_be_taken(framed, address):
    _, page, frame = framed(f"{address}/{PAGE}#{address_of(WINDOW, 1)}")
    shows(frame, 1)
    page.wait_for_timeout(300)
    assert page.evaluate("scrollY") == 0
    assert box(frame).evaluate(IN_VIEW)
    box(frame).get_by_role("button", name="Copy link").press("Enter")
    taken = box(frame).get_by_label("Link to this state")
    taken.wait_for()
    assert taken.input_value() == f"{address}/{PAGE}#{address_of(WINDOW, 1)}"
    assert frame.evaluate("document.activeElement.value") == taken.input_value()


def test_no_script_moves_the_page_around_its_frame():
    for path in (SITE / "_static").rglob("*.js"):
        own = path.parent.name == "playground" or path.stem in ("address", "explore", "reading")
        assert not own or "scrollIntoView(" not in path.read_text(encoding="utf-8"), path


def test_all_works_where_nothing_may_be_stored(framed, address):
    one, _, frame = framed(f"{address}/{PAGE}", 'sandbox="allow-scripts"')
    assert frame.evaluate("origin") == "null"
    for theme in ("light", "dark", "auto"):
        button = frame.locator(".theme-switch-button").first
        for _ in range(3):
            if frame.evaluate("document.documentElement.dataset.mode") == theme:
                break
            button.evaluate("e => e.click()")
        assert frame.evaluate("document.documentElement.dataset.mode") == theme
    slider_of(frame).press("End")
    shows(frame, len(NUMBER["texts"]) - 1)
    own = [c for c in one.complaints if "CORS" not in c and "net::ERR_FAILED" not in c]
    assert own == []  # that server lets no other origin have its fonts
    field = frame.locator("form.bd-search input").first
    slider_of(frame).press("Control+k")
    field.wait_for()
    _, _, frame = framed(f"{address}/search.html?q=gate", 'sandbox="allow-scripts"')
    frame.locator("#search-results li a").first.wait_for()


# Windows and fingers.


def test_a_swipe_that_begins_on_a_slider_scrolls_and_changes_nothing(visit, address):
    one = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    opened = one.open(f"{address}/{PAGE}")
    slider = slider_of(opened)
    slider.scroll_into_view_if_needed()
    place, before = slider.bounding_box(), slider.input_value()
    fingers = one.context.new_cdp_session(opened)

    def touch(kind, *points):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    x, y = place["x"] + place["width"] - 3, place["y"] + place["height"] / 2
    top = opened.evaluate("scrollY")
    touch("touchStart", {"x": x, "y": y})
    for k in range(1, 11):
        touch("touchMove", {"x": x, "y": y - 20 * k})
    touch("touchEnd")
    opened.wait_for_timeout(300)
    assert opened.evaluate("scrollY") > top + 100
    assert slider.input_value() == before
    shows(opened, NUMBER["start"])
    # And a finger that moves along the slider moves it.
    slider.scroll_into_view_if_needed()
    place = slider.bounding_box()
    y = place["y"] + place["height"] / 2
    touch("touchStart", {"x": place["x"] + 3, "y": y})
    for k in range(1, 11):
        touch("touchMove", {"x": place["x"] + 3 + k * (place["width"] - 6) / 10, "y": y})
    touch("touchEnd")
    shows(opened, len(NUMBER["texts"]) - 1)


def test_the_reset_button_stops_what_plays_and_only_its_end_is_announced(visit, address):
    opened = visit().open(f"{address}/{PAGE}")
    here, start = box(opened), NUMBER["start"]
    said = here.locator("p[role=status]")
    slider_of(opened).press("Home")
    shows(opened, 0)
    opened.wait_for_timeout(600)
    first = said.inner_text()
    play = here.locator(".explore-play").first
    play.press("Enter")
    shows(opened, 2)
    opened.wait_for_timeout(600)
    assert said.inner_text() == first == WINDOW["alts"][index_of(WINDOW, 0)]
    here.get_by_role("button", name="Reset").press("Enter")
    assert play.get_attribute("aria-label").startswith("Play through")
    opened.wait_for_timeout(900)
    shows(opened, start)
    assert said.inner_text() == WINDOW["alts"][index_of(WINDOW, start)]


def test_values_stand_in_the_line_of_their_labels(visit, address):
    for page, part in ((PAGE, ".explore-row"), (DIGITS, ".playground-slider")):
        opened = visit().open(f"{address}/{page}")
        found = opened.locator(f"{part} output").first
        assert found.evaluate("e => getComputedStyle(e).display") == "inline"


# Other languages, no scripts, strict servers.


def test_a_translated_page_keeps_its_formulas_code_and_grids(visit, address):
    opened = visit(viewport=DESKTOP).open(f"{address}/{DIGITS}")
    opened.evaluate("document.documentElement.dir = 'rtl'")
    for part in (".katex", "pre", "code"):
        left = opened.locator(f"article {part}")
        assert left.count()
        assert left.evaluate_all("all => all.filter(e => !e.closest('[translate=no]')).length") == 0
        directions = left.evaluate_all("all => all.map(e => getComputedStyle(e).direction)")
        assert set(directions) == {"ltr"}
    here = opened.locator("#digits-playground")
    here.get_by_role("button", name="Clear").click()
    paper = here.locator(".playground-paper")
    place = paper.bounding_box()
    opened.mouse.click(place["x"] + place["width"] / 16, place["y"] + place["height"] / 2)
    opened.wait_for_timeout(200)
    greys = opened.evaluate(
        "[...document.getElementById('digits-playground').playground.drawing.greys]"
    )
    assert sum(greys[k] for k in range(64) if k % 8 < 2) == sum(greys) > 0
    ink = paper.locator(".playground-cell").nth(32).bounding_box()
    assert ink["x"] < place["x"] + 2
    for part in (".playground-maps", ".playground-terms"):
        assert here.locator(part).first.evaluate("e => getComputedStyle(e).direction") == "ltr"


def test_without_scripts_a_figure_says_that_it_needs_some(visit, address):
    opened = visit(java_script_enabled=False).open(f"{address}/{DIGITS}")
    for figure in opened.locator(".playground, .explore").all():
        assert "need JavaScript" in figure.inner_text()


@pytest.mark.parametrize("page", [DIGITS, "search.html?q=gate", "genindex.html"])
def test_a_server_may_forbid_scripts_in_pages(page, visit, address):
    one = visit(viewport=DESKTOP)
    one.forbid()
    opened = one.open(f"{address}/{page}")
    assert opened.evaluate("document.documentElement.dataset.mode") == "auto"
    if "search" in page:
        opened.locator("#search-results li p.context").first.wait_for()
        assert opened.evaluate("document.activeElement.name") == "q"
    opened.locator(".theme-switch-button").first.click()
    assert opened.evaluate("document.documentElement.dataset.mode") != "auto"
    if page == DIGITS:
        opened.evaluate("globalThis.print = () => { globalThis.printed = 1; }")
        opened.locator(".btn-download-pdf-button").evaluate("e => e.click()")
        assert opened.evaluate("printed") == 1
        assert "Answers: " in opened.locator("#digits-playground .playground-answer").inner_text()
    assert one.complaints == []


def test_no_page_has_a_script_in_it():
    for path in SITE.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        inside = [tag for tag in text.split("<script")[1:] if "src=" not in tag.partition(">")[0]]
        assert [tag[:60] for tag in inside if "application/json" not in tag[:40]] == [], path
