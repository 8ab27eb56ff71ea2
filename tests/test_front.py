"""The front page and what leads to it: short, honest about time, with every chapter in a part."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from lectures_lib import __version__
from lectures_lib.book import contents, read_book
from lectures_lib.measure import measure
from lectures_lib.site.front import first_reading, root_page
from lectures_lib.site.front_pictures import picture, tags

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "book" / "intro.md").read_text(encoding="utf-8")
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
BOOK = read_book()


def test_the_course_has_one_name():
    name = CONFIG["title"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [TEXT.splitlines()[0], readme.splitlines()[0], citation["title"]] == [
        f"# {name}", f"# {name}", name,
    ]  # fmt: skip


def test_the_citation_says_what_the_repository_says():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)  # what CFF asks for
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": CONFIG["author"]}]
    holders = re.search(r"Copyright \d+ (.*)", (ROOT / "LICENSE").read_text(encoding="utf-8"))[1]
    assert holders.lower() == CONFIG["author"].lower()
    assert citation["version"] == __version__
    assert citation["license"] == "BSD-3-Clause"
    assert citation["repository-code"] == CONFIG["repository"]["url"]


def test_every_chapter_belongs_to_one_part():
    folders = " ".join(re.findall(r":chapters: (.*)", TEXT)).split()
    assert sorted(folders) == sorted({chapter.name.partition("/")[0] for chapter in BOOK.chapters})


def test_a_first_reading_takes_three_hours():
    names = re.search(r"```\{reading-path\}\n(.*?)```", TEXT, re.DOTALL)[1].split()
    minutes = [first_reading(BOOK[name]) for name in names]
    assert 4 <= len(names) <= 5
    assert 150 <= sum(minutes) <= 195
    assert all(first_reading(chapter) <= 45 for chapter in BOOK.chapters)


def test_exercises_are_about_half_of_the_hours():
    found = [measure(BOOK, chapter) for chapter in BOOK.chapters]
    share = sum(m.exercises for m in found) / sum(m.minutes for m in found)
    assert "all exercises, which are about half" in TEXT
    assert 0.4 < share < 0.6


def test_the_course_starts_with_its_first_chapter():
    first = next(page for page in contents(ROOT / "_toc.yml") if page == BOOK.chapters[0].page)
    assert f"]({first.removeprefix('book/')})" in TEXT


@pytest.mark.slow
@pytest.mark.parametrize("name", ["see", "remember", "compress", "network"])
def test_a_picture_is_drawn_for_both_modes_and_says_its_size(name):
    alt, files = picture(name)
    assert len(alt) > 60
    assert files["light"] != files["dark"]
    assert all(len(content) < 50_000 for content in files.values())
    html = tags(name, root="../")
    assert html.count('width="600" height="300"') == html.count("<img") == 2
    assert picture.__wrapped__(name)[1] == files  # the same each time


def test_an_unknown_picture_is_refused():
    with pytest.raises(ValueError, match="There is no picture 'hear'"):
        picture("hear")


class Head(HTMLParser):
    """Collects what the head of a page says, and its links."""

    def __init__(self, text):
        super().__init__()
        self.said, self.links = {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        name = values.get("property") or values.get("name") or values.get("http-equiv")
        if tag == "meta" and name:
            self.said[name] = values["content"]
        self.said |= {"lang": values.get("lang")} if tag == "html" else {}
        self.links += [values["href"]] if tag == "a" else []


def test_the_root_leads_to_the_front_page_and_has_a_preview():
    texts = {"title": "A & B", "description": 'Of "all".', "start": "book/a.html", "alt": "A b."}
    page = root_page(**texts, site="https://x.github.io/y/")
    head = Head(page)
    assert "<title>A &amp; B</title>" in page
    assert head.links == ["book/a.html"]
    assert head.said["refresh"] == "0; url=book/a.html"
    assert head.said["lang"] == "en"
    assert head.said["og:title"] == "A & B"
    assert head.said["og:description"] == head.said["description"] == 'Of "all".'
    assert head.said["og:image"] == "https://x.github.io/y/_static/course.png"
    here = Head(root_page(**texts))
    assert here.said["og:image"] == "_static/course.png"
    assert "og:url" not in here.said
