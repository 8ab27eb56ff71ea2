"""Every page: nothing from elsewhere, nothing missing, light, accessible."""

from itertools import pairwise

import pytest
from conftest import SITE, axe, demos_of, pages, schemes, sniffer

ALL = [*pages(), "search.html?q=gate", "genindex.html"]
WINDOWS = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "zoomed": {"viewport": {"width": 320, "height": 800}},  # 400 % on a desktop
}
WIRE_BUDGET = 400_000  # bytes, before anyone touches a slider
SHIFT_BUDGET = 0.01
COUNT_SHIFTS = """
  globalThis.shifts = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) shifts += one.value;
  }).observe({ type: "layout-shift", buffered: true });
"""
PICTURES = """async () => {
  const pictures = [...document.images];
  for (const one of pictures) one.loading = "eager";
  await Promise.all(pictures.map((one) => one.decode().catch(() => {})));
  const inside = pictures.filter((one) => one.closest("article"));
  return {
    "broken pictures": inside.filter((one) => !one.naturalWidth).map((one) => one.src),
    // In dark mode a copy without one stands above a picture.
    "pictures without a description": inside.filter((one) => one.className !== "true-colours" &&
      (one.alt.length < 20 || /_images|[0-9a-f]{16}/.test(one.alt))).map((one) => one.src),
    // A page grows no more when its pictures come: in Safari that moves the place of a link.
    "pictures without a size": inside.filter((one) =>
      !["width", "height"].every((side) => one.getAttribute(side) || one.style[side]))
      .map((one) => one.src),
  };
}"""
# Where an address leads, what is left below it, and what moves when the reader goes on.
READ_ON = """async (place) => {
  const frames = async (count) => {
    for (let k = 0; k < count; k++) await new Promise(requestAnimationFrame);
  };
  await frames(3);
  const { top } = document.getElementById(place).getBoundingClientRect();
  const left = document.documentElement.scrollHeight - innerHeight - scrollY;
  globalThis.shifts = 0;
  for (const way of [1, -1, -1]) {
    scrollBy({ top: way * innerHeight, behavior: "instant" });
    await frames(5);
  }
  return [top, left, shifts];
}"""


def laid_out(opened):
    opened.locator("html:not(.from-the-top)").wait_for()
    return opened


def opened_cold(visit, url, options):
    """Open a page in a browser that knows nothing of the site; its shifts are counted."""
    one = visit(**options)
    one.page.add_init_script(COUNT_SHIFTS)
    return one, laid_out(one.open(url))


def read_on(opened, places, url):
    """Return the places that addresses miss, or after which something moves.

    With an empty place before it an address opens the page, or else it leads on within it.
    """
    found = {}
    for before, place in pairwise(places):
        if before:
            opened.evaluate(f"location.hash = '{place}'")
        else:
            opened.goto("about:blank")
            opened.goto(f"{url}#{place}", wait_until="load")
        top, left, shifts = opened.evaluate(READ_ON, place)
        # The headings of the last screen cannot reach its top.
        if not (-1 <= top <= 100 or left < 2) or shifts > SHIFT_BUDGET:
            found[before, place] = top, left, shifts
    return found


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("page", ALL)
def test_a_page(page, window, visit, address):
    url, options, found = f"{address}/{page}", WINDOWS[window], {}
    one, opened = opened_cold(visit, url, options)
    if window == "desktop":
        found["bytes too many"] = max(0, one.wire_bytes() - WIRE_BUDGET)
        assert opened.locator("h1:visible").count() == 1
        first = opened.locator("article .explore:has(input, select), article .playground").first
        if page.count("/") > 1 and first.count():
            top = first.evaluate("one => one.getBoundingClientRect().top + scrollY")
            found["first demo too far down"] = max(0, top - 1.5 * options["viewport"]["height"])
    found |= opened.evaluate(PICTURES)
    for scheme in schemes(opened):
        # Parts differ by window, colours by mode: a phone is looked at once, and without colours.
        if window == "desktop" or scheme == "light":
            found[f"axe, {scheme}"] = axe(opened, contrast=window == "desktop")
        found[f"HTML_CodeSniffer, {scheme}"] = sniffer(opened)
    if page.startswith("search"):
        opened.locator("#search-results li:nth-child(3) p.context").wait_for()
    moved = [opened.evaluate("shifts")]
    while moved[-1] > SHIFT_BUDGET and len(moved) < 4:  # on a busy machine fonts may come late
        moved.append(opened_cold(visit, url, options)[1].evaluate("shifts"))
    found["moves while it loads"] = max(0, moved[-1] - SHIFT_BUDGET)
    if window != "zoomed" and page in pages():
        opened.emulate_media(color_scheme="light")
        every = opened.locator("article section[id]").evaluate_all("all => all.map(e => e.id)")
        places = ["", *dict.fromkeys((every[-1], every[len(every) // 2]))]
        found["addresses"] = read_on(opened, places, url)
    found |= {"asks other hosts": one.foreign, "complaints": one.complaints}
    assert {what: seen for what, seen in found.items() if seen} == {}


@pytest.mark.parametrize("page", pages())
def test_a_page_without_scripts(page, visit, address):
    opened = visit(java_script_enabled=False).open(f"{address}/{page}")
    source = (SITE / page).read_text(encoding="utf-8")
    assert opened.locator(".katex").count() == source.count('<span class="katex">')
    assert "katex-error" not in source
    assert "$$" not in opened.locator("article").inner_text()
    for demo in demos_of(page):
        box = opened.locator(f'.explore[data-demo="{demo["name"]}"]')
        still = box.locator("img.explore-still")
        assert still.count() == 1
        assert still.is_visible()
        assert still.get_attribute("alt") == demo["alts"][demo["start"]]
        assert still.get_attribute("src").endswith(demo["files"][demo["start"]])
        assert box.locator("input, button").count() == 0


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("page", ["book/cnn/digits.html", "book/intro.html", "search.html"])
def test_the_menu_buttons_open_and_close_their_menus(page, width, visit, address):
    one = visit(viewport={"width": width, "height": 900})
    opened = one.open(f"{address}/{page}")
    for side, text in (("primary", "Recurrent networks"), ("secondary", "Contents")):
        button = opened.locator(f".{side}-toggle")
        if not button.count() or (side == "secondary" and not button.is_visible()):
            assert width == 1280 or page == "search.html"  # the list stands beside the text
            continue
        menu = opened.locator(f"#pst-{side}-sidebar, #pst-{side}-sidebar-modal")
        menu = menu.get_by_text(text, exact=True)
        beside = side == "primary" and width == 1280  # it stands there already
        assert menu.is_visible() == beside
        button.click()
        menu.wait_for(state="hidden" if beside else "visible", timeout=30_000)
        # A menu over the page covers its button.
        button.click() if beside else opened.keyboard.press("Escape")
        menu.wait_for(state="visible" if beside else "hidden", timeout=30_000)
    assert one.complaints == []
