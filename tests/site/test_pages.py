"""Every page: nothing from elsewhere, nothing missing, light, accessible."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import SITE, pages

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
ALL = [*pages(), "search.html?q=gate", "genindex.html"]
WIRE_BUDGET = 400_000  # bytes, before anyone touches a slider
COUNT_SHIFTS = """
  globalThis.shifts = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) shifts += one.value;
  }).observe({ type: "layout-shift" });
"""
AT_REST = "document.getAnimations().every(one => one.playState !== 'running')"


@pytest.mark.parametrize("page", ALL)
def test_a_page_is_whole_light_and_asks_no_other_host(page, visit, address):
    one = visit(viewport=DESKTOP)
    opened = one.open(f"{address}/{page}")
    opened.locator("html:not(.from-the-top)").wait_for()
    assert one.foreign == []
    assert one.complaints == []
    assert opened.locator("h1:visible").count() == 1
    size = one.wire_bytes()
    assert size <= WIRE_BUDGET, f"{page}: {size / 1000:.0f} KB on the wire"


@pytest.mark.parametrize("page", pages())
def test_pictures_load_and_have_descriptions(page, visit, address):
    opened = visit(viewport=DESKTOP).open(f"{address}/{page}")
    opened.evaluate("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    opened.wait_for_function("[...document.images].every(i => i.complete)")
    broken = opened.evaluate(
        "[...document.querySelectorAll('article img')]"
        ".filter(i => !i.naturalWidth || i.alt.length < 20 || /_images|[0-9a-f]{16}/.test(i.alt))"
        ".map(i => `${i.src}: ${i.alt}`)"
    )
    assert broken == []
    # A page grows no more when its pictures come: in Safari that moves the place of a link.
    without_size = opened.evaluate(
        "[...document.querySelectorAll('article img')]"
        ".filter(i => !['width', 'height'].every(side => i.getAttribute(side) || i.style[side]))"
        ".map(i => i.src)"
    )
    assert without_size == []


@pytest.mark.parametrize("page", ALL)
def test_axe_finds_nothing(page, visit, address):
    found = []
    for viewport in (DESKTOP, PHONE):
        opened = visit(viewport=viewport).open(f"{address}/{page}")
        opened.locator("html:not(.from-the-top)").wait_for()  # all is laid out
        for scheme in ("light", "dark"):
            opened.emulate_media(color_scheme=scheme)
            opened.locator(f"html[data-theme={scheme}]").wait_for()
            opened.wait_for_function(AT_REST)  # colours fade from one scheme to the other
            found += [
                f"{scheme} {viewport['width']}: {v['id']} ({v['impact']}) "
                f"{v['nodes'][0]['html'][:150]}"
                for v in Axe().run(opened).response["violations"]
            ]
    assert found == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("page", pages())
def test_an_address_leads_to_its_place_and_reading_on_moves_nothing(page, viewport, visit, address):
    opened = visit(viewport=viewport).open(f"{address}/{page}")
    opened.locator("html:not(.from-the-top)").wait_for()  # all is laid out
    sections = opened.locator("article section[id]")
    places = sections.evaluate_all("every => every.map(one => one.id)")
    for place in {places[-1], places[len(places) // 2]}:
        opened.evaluate(f"location.hash = '{place}'")
        _stays(opened, place, viewport)
        _stays(visit(viewport=viewport).open(f"{address}/{page}#{place}"), place, viewport)


def _stays(opened, place, viewport):
    opened.wait_for_timeout(150)
    top = opened.evaluate(f"document.getElementById('{place}').getBoundingClientRect().top")
    left = opened.evaluate("document.documentElement.scrollHeight - innerHeight - scrollY")
    # The headings of the last screen cannot reach its top.
    assert -1 <= top <= 100 or left < 2, place
    opened.evaluate(COUNT_SHIFTS)
    for direction in (1, -1, -1):
        opened.mouse.wheel(0, direction * viewport["height"])
        opened.wait_for_timeout(150)
    assert opened.evaluate("shifts") < 0.02, place


@pytest.mark.parametrize("page", pages())
def test_mathematics_is_there_without_scripts(page, visit, address):
    opened = visit(java_script_enabled=False).open(f"{address}/{page}")
    source = (SITE / page).read_text(encoding="utf-8")
    formulas = source.count('<span class="katex">')
    assert opened.locator(".katex").count() == formulas
    assert "katex-error" not in source
    assert "$$" not in opened.locator("article").inner_text()


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
        menu.wait_for(state="hidden" if beside else "visible", timeout=5000)
        # A menu over the page covers its button.
        button.click() if beside else opened.keyboard.press("Escape")
        menu.wait_for(state="visible" if beside else "hidden", timeout=5000)
    assert one.complaints == []
