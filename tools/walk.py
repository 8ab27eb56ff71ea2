"""Pytest plugin of the notebooks stage: nbval runs the notebooks that people open, for all uses.

It writes each chapter's code as the edition for runners has it, with the cells between that only
the site shows (solutions, audits), into an empty folder of `_build/run`. nbval runs it there, cell
by cell; what the cells show is kept in `_build/executed`, where the build of the site finds it and
executes nothing again. One more cell draws all corners of all sliders, and some states between,
into `_build/live`; the browser stage compares them with the pages. All letters are legible.
"""

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbval.plugin import IPyNbCell

from lectures_lib.book import read_book
from lectures_lib.first_cell import first_cell
from lectures_lib.site.edition import COMPARED, KERNEL, SET_UP
from lectures_lib.site.execution import MEMORY, executed_file
from lectures_lib.site.notebooks import read

__all__ = ["LIVE", "RUN"]

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "_build"
RUN = BUILD / "run"
LIVE = BUILD / "live"
WALK = """
import itertools, pathlib, random
from lectures_lib.explore import registry
from lectures_lib.legible import small_letters
out = pathlib.Path({folder!r})
out.mkdir(parents=True, exist_ok=True)
for demo in registry.values():
    values = [p.page_values for p in demo.parameters]
    corners = list(itertools.product(*({{0, len(v) - 1}} for v in values)))
    others = list(itertools.product(*(range(len(v)) for v in values)))
    for place in {{*corners, *random.Random(0).sample(others, min(4, len(others)))}}:
        state = {{p.name: v[k] for p, v, k in zip(demo.parameters, values, place)}}
        index = 0
        for v, k in zip(values, place):
            index = index * len(v) + k
        with small_letters() as small:
            picture = demo.png(state)
        assert not small, (demo.name, state, small)
        if demo.parameters:
            (out / f"{{demo.name}}.{{index}}.png").write_bytes(picture)
            (out / f"{{demo.name}}.{{index}}.txt").write_text(demo.alt_text(state))
(out / "whole").touch()
"""


def pytest_configure(config):
    os.environ["LECTURES_VIEW"] = "page"
    if hasattr(config, "workerinput"):
        return
    for folder in (RUN, LIVE, BUILD / "executed"):  # once, before any worker writes
        shutil.rmtree(folder, ignore_errors=True)
    book = read_book(ROOT / "book")
    for chapter in book.chapters:
        path = RUN / chapter.name / "chapter.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(run_of(book, chapter), path)


def run_of(book, chapter):
    """Return the notebook that is run for a chapter."""
    source = read(chapter.path.read_text(encoding="utf-8"))
    references = {cell.id: cell for cell in source.cells}
    cells = [new_code_cell(first_cell(book), id=SET_UP)]
    for cell in (cell for cell in chapter.cells if cell.kind == "code"):
        made = new_code_cell(cell.source, id=cell.id)
        if COMPARED in cell.tags:
            kept = references[cell.id]
            made |= {"outputs": kept.outputs, "execution_count": kept.execution_count}
            made.metadata["tags"] = [COMPARED]
        cells.append(made)
    live = LIVE / chapter.page
    cells += [new_code_cell(MEMORY, id="memory"), new_code_cell(WALK.format(folder=str(live)))]
    code = source.metadata.kernelspec.lectures_lib  # what the build will look for
    metadata = KERNEL | {"lectures": {"chapter": chapter.name, "code": code}}
    return new_notebook(cells=cells, metadata=metadata)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and isinstance(item, IPyNbCell):
        done = item.parent.__dict__.setdefault("lectures_done", {})
        if report.passed:
            done[item.cell.id] = item.test_outputs, call.duration
        if len(done) == len(item.parent.nb.cells):
            keep(item.parent.nb, done)
    return report


def keep(notebook, done, root=ROOT):
    """Write what the cells of a chapter showed, and how long they took."""
    cells = notebook.cells[1:-1]  # all but the first cell and the walk
    for cell in cells:
        cell.outputs, cell.execution_count = done[cell.id][0], 1
    seconds = sum(done[cell.id][1] for cell in cells)
    made = new_notebook(cells=cells, metadata=notebook.metadata)
    made.metadata.lectures["seconds"] = seconds
    path = executed_file(root, made.metadata.lectures.chapter)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
