"""One figure alone, `page.html?figure=name`: in frames of other origins, and how to get there."""

import html
import re

import pytest
from conftest import SITE, axe, demos, schemes

PAGE, WINDOW = next((page, demo) for page, demo in demos() if demo["name"] == "window")
FIGURES = {
    "window": PAGE,
    "playground-digits": "book/cnn/digits.html",
    "playground-gates": "book/lstm/gates.html",
    "train-digits": "book/cnn/digits.html",
}
SANDBOX = {"free": "", "strict": 'sandbox="allow-scripts allow-popups"'}
# All that a reader sees outside the figure.
STRANGERS = """name => {
  const figure = document.getElementById(name);
  return [...document.querySelectorAll("body *")].filter((e) => {
    const { width, height } = e.getBoundingClientRect();
    return width > 1 && height > 1 && !e.contains(figure) && !figure.contains(e);
  }).map((e) => e.outerHTML.slice(0, 99));
}"""
SHIFTS = """() => new Promise((done) => new PerformanceObserver((list) =>
  done(list.getEntries().reduce((sum, { value }) => sum + value, 0))
).observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done(0), 300))"""


def alone(name, base, state=""):
    return f"{base}/{FIGURES[name]}?figure={name}{state and f'#{name}?{state}'}"


def caption(name):
    """Return the caption of a figure as it stands in the page, without tags, number and links."""
    source = (SITE / FIGURES[name]).read_text(encoding="utf-8")
    figure = re.search(rf'<figure[^>]* id="{name}".*?</figure>', source, re.S)[0]
    text = re.search(r'caption-text">(.*?)</span>\s*<a class="headerlink', figure, re.S)[1]
    text = re.sub(r'<a class="figure-source.*?</a>', "", text)
    return " ".join(html.unescape(re.sub("<[^>]*>", "", text)).split())


@pytest.mark.parametrize("sandbox", SANDBOX)
@pytest.mark.parametrize("name", ["window", "playground-digits"])
def test_a_frame_of_another_origin_shows_one_figure_that_lives(name, sandbox, framed, address):
    _, page, frame = framed(alone(name, address), SANDBOX[sandbox])
    page.wait_for_timeout(300)
    assert frame.evaluate(STRANGERS, name) == []
    assert frame.evaluate("document.title") == caption(name)
    assert page.evaluate("scrollY") == 0
    figure = frame.locator(f"figure#{name}")
    assert figure.bounding_box()["width"] == pytest.approx(776, abs=2)
    assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    if name == "window":
        picture = figure.locator(".explore-frame")
        assert picture.bounding_box()["width"] == pytest.approx(760, abs=2)
        before = picture.get_attribute("src")
        figure.locator("input[type=range]").first.press("End")
        frame.wait_for_function(
            "old => document.querySelector('#window .explore-frame').getAttribute('src') !== old",
            arg=before,
        )
        whole = figure.get_by_role("link", name="Open the chapter")
        state = frame.evaluate("location.hash")
        whole.evaluate("e => e.addEventListener('click', (event) => event.preventDefault())")
        whole.click()
        assert whole.get_attribute("href") == f"{address}/{PAGE}{state}" != ""
        assert "End" not in state and state.startswith("#window?")
        figure.get_by_role("button", name="Copy link").press("Enter")
        taken = figure.get_by_label("Link to this state")
        taken.wait_for()  # a frame may not write to the clipboard
        assert taken.input_value() == f"{address}/{PAGE}{state}"
    else:
        figure.get_by_role("button", name="Clear").click()
        assert "Nothing is drawn" in figure.locator(".playground-answer").inner_text()
    links = figure.locator("a[href]").evaluate_all("all => all.map((a) => [a.href, a.target])")
    assert {target for _, target in links} <= {"_blank"}
    assert [href for href, _ in links if "?figure=" in href] == []


def test_what_is_pasted_shows_the_state_that_was_copied(visit, framed, address):
    one = visit(
        viewport={"width": 1280, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
    )
    opened = one.open(f"{address}/{PAGE}")
    figure = opened.locator("figure#window")
    figure.locator("input[type=range]").first.press("End")
    opened.wait_for_function("location.hash")
    state = opened.evaluate("location.hash")
    figure.get_by_role("button", name="Embed").click()
    figure.get_by_text("Frame copied.").wait_for()
    copied = opened.evaluate("navigator.clipboard.readText()")
    source, title, height = re.fullmatch(
        r'<iframe src="([^"<>]*)" title="([^"<>]*)" width="100%" height="(\d+)" loading="lazy" '
        r'allow="clipboard-write" style="border: 0"></iframe>',
        copied,
    ).groups()
    assert html.unescape(title) == caption("window")
    published = opened.locator("meta[property='og:url']").get_attribute("content")
    assert published.startswith("https://")
    assert html.unescape(source) == f"{published}?figure=window{state}"
    # As a platform shows it, at the width of a page there: nothing scrolls in the frame.
    local = html.unescape(source).replace(published, f"{address}/{PAGE}")
    _, page, frame = framed(local, f'style="width: 800px; height: {height}px"')
    shown = figure.locator(".explore-frame").get_attribute("data-state")
    frame.wait_for_function(
        "state => document.querySelector('#window .explore-frame').dataset.state === state",
        arg=shown,
    )
    page.wait_for_timeout(200)
    needed = frame.evaluate("document.getElementById('window').getBoundingClientRect().bottom")
    assert 0.9 * int(height) < needed <= int(height)
    assert frame.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    # Without a clipboard the reader can take it.
    opened.evaluate("void (navigator.clipboard.writeText = () => Promise.reject())")
    figure.get_by_role("button", name="Embed").click()
    assert figure.get_by_label("Frame to this state").input_value() == copied
    assert one.complaints == []


def test_nothing_else_is_painted_while_the_page_loads(visit, address):
    one = visit()
    for script in ("embed", "address", "explore", "pydata-sphinx-theme"):
        one.context.route(f"**/{script}.js*", lambda route: route.abort())
    opened = one.page
    opened.goto(alone("window", address))
    assert opened.evaluate(STRANGERS, "window") == []
    opened = visit().open(alone("window", address))
    assert opened.evaluate(SHIFTS) <= 0.01


@pytest.mark.parametrize("where", ["file", "strict"])
def test_it_works_from_a_file_and_on_a_strict_server(where, visit, address):
    one = visit()
    if where == "strict":
        one.forbid("script-src 'self'; style-src 'self'")
    opened = one.open(alone("playground-gates", address if where == "strict" else f"file://{SITE}"))
    assert opened.evaluate(STRANGERS, "playground-gates") == []
    assert opened.evaluate("document.title") == caption("playground-gates")
    opened.get_by_role("button", name="Clear").click()
    assert "Nothing is read" in opened.locator(".playground-answer").inner_text()
    assert opened.url.endswith(f"?figure=playground-gates#playground-gates?record={48 * '.'}")


@pytest.mark.parametrize("name", ["no-such-figure", 'a b"]*{}', "main-content"])
def test_a_figure_that_is_not_there_leaves_the_page_whole(name, visit, address):
    one = visit()
    opened = one.page
    opened.goto(f"{address}/{PAGE}")
    title = opened.title()
    opened.goto(f"{address}/{PAGE}?figure=" + opened.evaluate("encodeURIComponent", name))
    assert opened.locator("article h1").is_visible()
    assert opened.locator("figure#window").is_visible()
    assert opened.title() == title
    assert one.complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_in_a_figure_that_stands_alone(width, visit, address):
    one = visit(viewport={"width": width, "height": 800})
    for name in FIGURES:
        opened = one.open(alone(name, address))
        if name.startswith("train"):
            opened.get_by_role("button", name="Train it here").click()
            opened.locator(".playground-live[data-state]").wait_for()
            opened.get_by_role("button", name="Pause").click()
        assert opened.evaluate(STRANGERS, name) == []
        assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        for scheme in schemes(opened):
            assert axe(opened) == [], (name, scheme)


def test_settings_of_a_network_that_trains_have_links_and_outlive_a_reload(visit, address):
    one = visit(permissions=["clipboard-read", "clipboard-write"])
    opened = one.open(f"{address}/{FIGURES['train-digits']}")
    figure = opened.locator("figure#train-digits")

    def start():
        figure.get_by_role("button", name="Train it here").click()
        figure.locator(".playground-live[data-state]").wait_for()

    start()
    slider = figure.get_by_role("slider", name="filters")
    slider.press("Home")
    least = slider.get_attribute("aria-valuetext")
    opened.wait_for_function("location.hash.startsWith('#train-digits?')")
    figure.get_by_role("button", name="Copy link").click()
    figure.get_by_text("Link copied.").wait_for()
    copied = opened.evaluate("navigator.clipboard.readText()")
    assert f"filters={least}" in copied
    opened.reload(wait_until="load")
    start()
    assert slider.get_attribute("aria-valuetext") == least
    again = visit().open(copied.replace("learning_rate=", "learning_rate=x"))
    in_view = (
        "e => { const { top } = e.getBoundingClientRect(); return top > 0 && top < innerHeight; }"
    )
    figure = again.locator("figure#train-digits")
    assert figure.evaluate(in_view)
    start()
    assert figure.get_by_role("slider", name="filters").get_attribute("aria-valuetext") == least
    shape = (
        "document.getElementById('train-digits-playground').playground.network().layers[0].shape"
    )
    assert again.evaluate(shape)[3] == int(least)
    assert one.complaints == []
