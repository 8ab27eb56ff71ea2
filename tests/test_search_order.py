"""The index of the search, as Sphinx writes it and we put it in order."""

import json

from sphinx.application import Sphinx

PAGES = {
    "index": "One\n===\nIt has a gate.\n\n.. toctree::\n\n   b\n   c\n",
    "b": "Two\n===\nA gate, a gate, a gate. A loss.\n",
    "c": "A gate\n======\nA gate.\n",
}


def test_the_pages_of_a_word_stand_in_the_order_of_how_often_they_say_it(tmp_path):
    for name, text in PAGES.items():
        (tmp_path / f"{name}.rst").write_text(text, encoding="utf-8")
    settings = {"extensions": ["lectures_lib.site.search_order"], "html_theme": "basic"}
    out = tmp_path / "out"
    Sphinx(tmp_path, None, out, tmp_path / "doctrees", "html", settings, status=None).build()
    text = (out / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    order = {word: [index["docnames"][page] for page in pages]
             for word, pages in index["terms"].items()}  # fmt: skip
    assert order["gate"] == ["b", "c", "index"]
    assert order["loss"] == ["b"]
