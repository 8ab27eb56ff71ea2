"""The one model of the book: what stands in its files, in the order of the contents."""

import json

import pytest

from lectures_lib.book import (
    Cell,
    Work,
    chapter_paths,
    contents,
    read_book,
    site_address,
)

TOC = """\
format: jb-book
root: book/intro
parts:
  - caption: One
    chapters:
      - file: "book/cnn/b"
        sections:
          - file: 'book/cnn/a'
      - file: book/rnn/c  # with a remark
"""
BIB = r"""
@article{one, author = {van der Maaten, Laurens and Bj{\"o}rck,
  {\AA}ke}, title = {T}, year = 2008, doi = {10.1/x}}
@misc{two, author = {Cho, K. and {van Merri{\"e}nboer}, Bart and Bahdanau, D.}, title = {T},
  year = {2014}, eprint = {1406.1078}}
@book{three, author = "Goodfellow, Ian", title = {T}, year = {2016}, url = {https://example.org}}
@misc{four, title = {T}}
"""


@pytest.fixture
def folder(tmp_path):
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Title\n", "text"]}
    for name in ("cnn/a", "cnn/b", "rnn/c", "rnn/unlisted", "rnn/.ipynb_checkpoints/c"):
        path = tmp_path / "book" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    (tmp_path / "_toc.yml").write_text(TOC, encoding="utf-8")
    (tmp_path / "book" / "references.bib").write_text(BIB, encoding="utf-8")
    return tmp_path / "book"


def test_chapters_are_in_the_order_of_the_contents(folder):
    assert contents(folder.parent / "_toc.yml") == [
        "book/intro", "book/cnn/b", "book/cnn/a", "book/rnn/c"
    ]  # fmt: skip
    book = read_book(folder)
    names = ["cnn/b", "cnn/a", "rnn/c", "rnn/unlisted"]
    assert [chapter.name for chapter in book.chapters] == names
    assert book["cnn/a"].title == "Title" and book["cnn/a"].page == "book/cnn/a"
    (folder.parent / "_toc.yml").unlink()
    assert [path.stem for path in chapter_paths(folder)] == ["a", "b", "c", "unlisted"]


def test_works_are_read_as_bibtex_means_them(folder):
    assert read_book(folder).works == {
        "one": Work("van der Maaten and Björck", "2008", "https://doi.org/10.1/x"),
        "two": Work("Cho and others", "2014", "https://arxiv.org/abs/1406.1078"),
        "three": Work("Goodfellow", "2016", "https://example.org"),
        "four": Work("?", "no year"),
    }


def test_the_address_comes_from_the_configuration(folder):
    assert (read_book(folder).repository, read_book(folder).site) == ("", "")
    config = "repository:\n  url: https://github.com/me/fork.git\n"
    (folder.parent / "_config.yml").write_text(config, encoding="utf-8")
    assert read_book(folder).site == "https://me.github.io/fork"
    assert site_address("https://gitlab.example.org/a/b") == ""


def test_a_cell_says_what_it_is_for():
    exercise = {"exercise": {"id": "cnn-x", "role": "check"}}
    assert Cell("a", "code", "", "", exercise).role == "check"
    assert Cell("a", "code", "", "", {"tags": ["audit"]} | exercise).role == "audit"
    assert Cell("a", "code", "", "", {"tags": ["hide-cell"]}).folded
    assert not Cell("a", "code", "").folded and Cell("a", "code", "").role == ""
