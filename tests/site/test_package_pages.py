"""The pages of the package: all that a module offers, with its examples; behind the chapters."""

import importlib
import inspect
import re

import pytest
from conftest import SITE, names_of

MODULES = [path.stem for path in sorted((SITE / "book" / "package").glob("*.html"))]


@pytest.mark.parametrize("name", [name for name in MODULES if name != "assignments"])
def test_a_page_has_all_that_its_module_offers(name):
    module = importlib.import_module(f"lectures_lib.{name}")
    offered = {key: getattr(module, key) for key in module.__all__}
    public = {key for key, value in offered.items() if callable(value) and value.__doc__}
    path = SITE / "book" / "package" / f"{name}.html"
    there = names_of(path)
    left_out = {"style", "use_style"}  # what notebooks call by themselves
    assert {key for key in public if f"lectures_lib.{name}.{key}" not in there} <= left_out
    examples = sum(">>> " in inspect.getdoc(offered[key]) for key in public - left_out)
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r'class="doctest highlight', text)) >= examples


def test_the_overview_lists_every_module():
    text = (SITE / "book" / "package.html").read_text(encoding="utf-8")
    table = text.partition("<table")[2].partition("</table>")[0]
    assert sorted(re.findall(r'href="package/(\w+)\.html"', table)) == MODULES


@pytest.mark.parametrize("query", ["gate", "lstm", "softmax"])
def test_the_search_finds_the_chapters_first(query, visit, address):
    opened = visit().open(f"{address}/search.html?q={query}")
    opened.locator("#search-summary, .search-summary").first.wait_for()
    opened.wait_for_function("document.querySelectorAll('#search-results li a').length > 5")
    opened.wait_for_timeout(500)
    links = opened.locator("#search-results li > a").evaluate_all("all => all.map(a => a.href)")
    package = ["book/package" in link for link in links]
    assert True in package
    assert package == sorted(package)
