"""Pytest plugin of the notebooks stage: keeps what the demos of each chapter draw when it runs.

nbval runs a chapter cell by cell; one more cell then draws all corners of its sliders, and some
states between, into `_build/live`. The browser stage compares them with the pages.
"""

import shutil
from collections import defaultdict
from pathlib import Path

import nbformat
from nbval.plugin import IPyNbCell

__all__ = ["FOLDER"]

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "_build" / "live"
CELL = """
import itertools, pathlib, random
from lectures_lib.explore import registry
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
        (out / f"{{demo.name}}.{{index}}.png").write_bytes(demo.png(state))
        (out / f"{{demo.name}}.{{index}}.txt").write_text(demo.alt_text(state))
(out / "whole").touch()
"""


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # once, before any worker writes
        shutil.rmtree(FOLDER, ignore_errors=True)


def pytest_collection_modifyitems(items):
    last = {item.parent: item for item in items if isinstance(item, IPyNbCell)}
    for file, item in last.items():
        folder = FOLDER / Path(file.path).relative_to(ROOT).with_suffix("")
        cell = nbformat.v4.new_code_cell(CELL.format(folder=str(folder)))
        more = IPyNbCell.from_parent(
            file, name="Demos", cell_num=item.cell_num + 1, cell=cell, options=defaultdict(bool)
        )
        items.insert(items.index(item) + 1, more)
