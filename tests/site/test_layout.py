"""Every page at the widths of phones and screens: it fits, lines are short, letters large."""

import re

import pytest
from conftest import SITE, pages

from lectures_lib.book import read_book

WIDTHS = (320, 390, 768, 1024, 1280, 1440)
CHAPTERS = {f"{chapter.page}.html" for chapter in read_book().chapters}
# What the guideline 1.4.12 lets readers set.
SPACED = """
  article * {
    line-height: 1.5 !important;
    letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important;
  }
  article p { margin-bottom: 2em !important; }
"""
FAULTS = """() => {
  const wide = document.documentElement.clientWidth, faults = [];
  const named = (one) => `${one.tagName}.${one.className} ${one.innerText.slice(0, 60)}`;
  const page = document.documentElement.scrollWidth;
  if (page > wide) faults.push(`the page is ${page} px wide`);
  // A formula may scroll on a phone: it does not break.
  for (const one of wide < 1024 ? [] : document.querySelectorAll("div.math .katex-html")) {
    if (one.scrollWidth > one.clientWidth + 1) faults.push(`scrolls: ${named(one.closest("div"))}`);
  }
  for (const one of document.querySelectorAll("article *")) {
    if (one.closest(".katex") || !one.checkVisibility()) continue;
    const { overflowX, fontSize } = getComputedStyle(one);
    const rolls = one.scrollWidth > one.clientWidth + 1 && ["auto", "scroll"].includes(overflowX);
    if (rolls) faults.push(`scrolls: ${named(one)}`);
    if (one.matches("img, .explore-controls") && one.getBoundingClientRect().right > wide)
      faults.push(`is cut: ${named(one)}`);
    // Rows of a printed table are kept: on a phone its letters are small.
    const least = !one.matches("pre[style]") ? (wide < 390 ? 10.8 : 13.99) : wide < 390 ? 7 : 8.5;
    if (one.matches("p, li, td, th, pre, code") && parseFloat(fontSize) < least)
      faults.push(`letters of ${fontSize}: ${named(one)}`);
  }
  return faults;
}"""
# Of paragraphs whose letters are all of one size.
LETTERS_A_LINE = """() => [...document.querySelectorAll("article section > p")]
  .filter(p => p.innerText.length > 320 && !p.querySelector(".katex, code"))
  .map(p => p.innerText.length * parseFloat(getComputedStyle(p).lineHeight) / p.offsetHeight)"""


@pytest.mark.parametrize("page", [*pages(), "search.html?q=gate", "genindex.html"])
def test_a_page_fits_every_window(page, visit, address):
    opened = visit(viewport={"width": 1280, "height": 900}).open(f"{address}/{page}")
    opened.locator("html:not(.from-the-top)").wait_for()  # all is laid out
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    faults = {}
    for width in WIDTHS:
        opened.set_viewport_size({"width": width, "height": 900})
        faults[width] = opened.evaluate(FAULTS)
        assert max(opened.evaluate(LETTERS_A_LINE), default=0) < 85
    opened.add_style_tag(content=SPACED)
    for width in (320, 390, 1280):
        opened.set_viewport_size({"width": width, "height": 900})
        wide = opened.evaluate("document.documentElement.scrollWidth")
        faults[f"{width}, spaced"] = [wide] if wide > width else []
    assert {width: found for width, found in faults.items() if found} == {}


def test_only_chapters_have_a_number_and_nothing_is_installed_on_a_page():
    for page in pages():
        text = (SITE / page).read_text(encoding="utf-8")
        article = text.partition("<article")[2]
        numbered = re.search(r'<h1><span class="section-number">\d+\. </span>\w', article)
        assert bool(numbered) == (page in CHAPTERS), page
        if page in CHAPTERS:  # nobody can run a cell of a page
            assert "pip install" not in text and "nothing is filled in yet" not in article, page
