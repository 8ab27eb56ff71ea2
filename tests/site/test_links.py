"""Every page: its buttons and downloads lead to the repository that _config.yml names.

And what the page for lecturers shows is a state of a figure.
"""

import json
import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl

import pytest
import yaml
from conftest import ROOT, SITE, pages

REPOSITORY = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
ADDRESS, BRANCH = REPOSITORY["url"], REPOSITORY["branch"]
NAME = ADDRESS.removeprefix("https://github.com/")


class _Buttons(HTMLParser):
    """Collects the addresses of the buttons above a page."""

    def __init__(self):
        super().__init__()
        self.links = []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "a" and "dropdown-item" in (values.get("class") or "").split():
            self.links.append(values["href"])


def buttons(page):
    parser = _Buttons()
    parser.feed((SITE / page).read_text(encoding="utf-8"))
    return parser.links


def expected(page):
    """Return the addresses that the buttons of a page must have."""
    document, up = page.removesuffix(".html"), "../" * page.count("/")
    kind = ".ipynb" if (ROOT / f"{document}.ipynb").is_file() else ".md"
    source = f"{document}{kind}"
    links = {
        ADDRESS,
        f"{ADDRESS}/blob/{BRANCH}/{source}?plain=1",
        f"{ADDRESS}/issues/new?title=Issue%20on%20page%20%2F{document}.html"
        "&body=Your%20issue%20content%20here.",
    }
    if kind == ".md":
        return links | {f"{up}_sources/{source}"}
    notebook = source.removeprefix("book/")
    return links | {
        f"{up}notebooks/{notebook}",
        f"https://mybinder.org/v2/gh/{NAME}/notebooks?urlpath=lab/tree/{notebook}",
        f"https://colab.research.google.com/github/{NAME}/blob/notebooks/{notebook}",
    }


@pytest.mark.parametrize("page", pages())
def test_the_buttons_agree_with_the_address(page):
    found = buttons(page)
    assert len(found) == len(set(found))
    assert set(found) == expected(page)


def test_lecturers_are_led_to_states_that_figures_have():
    page, checked = SITE / "book" / "instructors" / "teaching.html", 0
    links = re.findall(r'href="([^"#]+)#([\w-]+)\?([^"]+)"', page.read_text(encoding="utf-8"))
    for place, name, state in links:
        text = (page.parent / place).resolve().read_text(encoding="utf-8")
        data = re.search(rf'data-demo="{name}".*?<script[^>]*>(.*?)</script>', text, re.DOTALL)
        if data:  # a network that trains takes the nearest it has
            values = {p["name"]: p["texts"] for p in json.loads(data[1])["parameters"]}
            if "disc" in values.get("picture", ()):  # no CIFAR-10 here: the stand-in has no cat
                continue
            asked = parse_qsl(unescape(state), strict_parsing=True)
            assert [(key, text) for key, text in asked if text not in values[key]] == [], name
            checked += 1
    assert checked > 30


def test_no_two_files_of_the_site_are_one_where_case_does_not_count():
    names = [str(path.relative_to(SITE)).casefold() for path in SITE.rglob("*")]
    assert len(names) > 1000 and sorted(names) == sorted(set(names))
