"""A student changes a chapter in its notebook for runners and runs it: it goes to its end."""

import os

import nbformat
import pytest
from conftest import SITE
from edits import EDITS, edited
from nbclient import NotebookClient

from lectures_lib.book import read_book

CASES = [
    (chapter, name)
    for chapter, edits in EDITS.items()
    for name in (edits if os.environ.get("EDITS") == "all" else list(edits)[:1])
]


@pytest.mark.parametrize(("chapter", "name"), CASES)
def test_a_changed_chapter_runs_to_its_end(chapter, name, tmp_path, monkeypatch):
    monkeypatch.delenv("LECTURES_VIEW", raising=False)
    notebook = nbformat.read(SITE / "notebooks" / f"{chapter}.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    sources = edited([cell.source for cell in code], EDITS[chapter][name])
    for cell, source in zip(code, sources, strict=True):
        cell.source, cell.outputs = source, []
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()  # raises what a cell raised, with its source
    said = [
        output.text for cell in code for output in cell.outputs if output.get("name") == "stderr"
    ]
    assert said == []


def test_every_chapter_has_edits():
    assert {chapter.name for chapter in read_book().chapters} == EDITS.keys()
    assert all(len(edits) >= 5 for edits in EDITS.values())


def test_an_edit_that_changes_nothing_is_an_error():
    assert edited(["a = 1", "b = a"], [("a", "c")]) == ["c = 1", "b = c"]
    with pytest.raises(ValueError, match=r"No cell has 'd = 1'\. Write the edit"):
        edited(["a = 1"], [("d = 1", "d = 2")])
