"""The front page: what a visitor sees in ten seconds."""

import re

import pytest
from conftest import SITE

from lectures_lib.book import contents

FRONT = "book/intro.html"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
WORDS = 350
WIRE_BUDGET = 400_000  # bytes
COUNT_SHIFTS = """
  globalThis.shifts = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) shifts += one.value;
  }).observe({ type: "layout-shift", buffered: true });
"""
PLACE = """element => {
  const { top, bottom } = element.getBoundingClientRect();
  return [top + scrollY, bottom + scrollY];
}"""


@pytest.mark.parametrize(("viewport", "screens"), [(DESKTOP, 1.5), (PHONE, 2)], ids=str)
def test_the_network_learns_within_the_first_screens(viewport, screens, visit, address):
    one = visit(viewport=viewport)
    opened = one.open(f"{address}/{FRONT}")
    network = opened.locator("#train-digits-playground")
    begin = network.get_by_role("button", name="Train it here")
    limit = screens * viewport["height"]
    assert begin.evaluate(PLACE)[1] <= limit
    begin.click()
    opened.locator(".playground-live[data-state]").wait_for(timeout=30_000)
    assert network.evaluate(PLACE)[1] <= limit
    assert opened.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert one.complaints == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_screen_says_what_this_is_and_where_to_start(viewport, visit, address):
    opened = visit(viewport=viewport).open(f"{address}/{FRONT}")
    start = opened.get_by_role("link", name="Start with the first chapter")
    for shown in (opened.locator("h1:visible"), start):
        assert shown.evaluate(PLACE)[1] <= viewport["height"]
    start.click()
    chapters = [page for page in contents(SITE.parents[1] / "_toc.yml") if page.count("/") > 1]
    assert opened.url.endswith(f"/{chapters[0]}.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_part_has_a_picture_hours_and_a_way_in(scheme, visit, address):
    opened = visit(viewport=DESKTOP, color_scheme=scheme).open(f"{address}/{FRONT}")
    cards = opened.locator(".front-part")
    assert cards.count() >= 3
    for card in cards.all():
        shown = card.locator("img:visible")
        shown.scroll_into_view_if_needed()
        assert shown.count() == 1
        assert len(shown.get_attribute("alt")) > 60
        sizes = [int(shown.get_attribute(side)) for side in ("width", "height")]
        opened.wait_for_function("image => image.complete", arg=shown.element_handle())
        natural = shown.evaluate("i => [i.naturalWidth, i.naturalHeight]")
        assert natural == sizes
        assert re.fullmatch(r"\d+ chapters?, \d+ hours?", card.locator(".front-size").inner_text())
        page = card.get_by_role("link").get_attribute("href")
        assert (SITE / "book" / page).is_file()


def test_it_is_short_and_light_and_stands_still(visit, address):
    one = visit(viewport=DESKTOP)
    one.page.add_init_script(COUNT_SHIFTS)
    opened = one.open(f"{address}/{FRONT}")
    opened.get_by_role("button", name="Train it here").wait_for()
    opened.wait_for_timeout(300)
    assert opened.evaluate("shifts") < 0.01
    assert len(opened.locator("article").inner_text().split()) <= WORDS
    assert opened.evaluate("document.documentElement.scrollHeight") <= 2.5 * DESKTOP["height"]
    size = one.wire_bytes()
    assert size <= WIRE_BUDGET, f"{size / 1000:.0f} KB on the wire"


def test_the_path_gives_the_minutes_of_its_chapters(visit, address):
    opened = visit().open(f"{address}/{FRONT}")
    items = opened.locator("ol.front-path > li").all_inner_texts()
    minutes = [int(re.search(r", (\d+) minutes$", item)[1]) for item in items]
    assert opened.get_by_text(f"Together {sum(minutes)} minutes.").count() == 1
    links = opened.locator("ol.front-path a").evaluate_all("all => all.map(a => a.href)")
    hours = [int(text.split()[-2]) for text in opened.locator(".front-size").all_inner_texts()]
    opened.goto(f"{address}/book/reading.html")
    rows = {
        row.locator("a").evaluate("a => a.href"): list(
            map(int, row.locator("td").all_inner_texts()[1:4])
        )
        for row in opened.locator("table tbody tr:has(td:nth-child(6))").all()
    }
    assert [rows[link][0] for link in links] == minutes
    assert abs(sum(sum(row[1:]) for row in rows.values()) / 60 - sum(hours)) < len(hours)


def test_the_root_leads_here_with_and_without_scripts(visit, address):
    for scripts in (True, False):
        opened = visit(java_script_enabled=scripts).open(f"{address}/")
        opened.wait_for_url(f"**/{FRONT}")


def test_the_statement_says_where_to_report(visit, address):
    opened = visit().open(f"{address}/book/accessibility.html")
    report = opened.get_by_role("link", name="the issues of the repository")
    assert re.fullmatch(r"https://github\.com/\S+/issues", report.get_attribute("href"))
