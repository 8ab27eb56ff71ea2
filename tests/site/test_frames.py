"""The page shows the frames that the live function draws; every corner of every demo draws."""

import nbformat
import numpy as np
import pytest
from conftest import ROOT, SITE, demos_of
from nbclient import NotebookClient
from PIL import Image

NOTEBOOKS = sorted((ROOT / "book").rglob("*.ipynb"))
# Runs behind the chapter, in its kernel: the pictures of all corners and some states between.
WALK = """
import itertools, json, pathlib, random
from lectures_lib.explore import registry
out = pathlib.Path({folder!r})
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
"""


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[p.stem for p in NOTEBOOKS])
def test_live_pictures_equal_the_frames_of_the_page(path, tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "live")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(WALK.format(folder=str(tmp_path))))
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}}).execute()
    page = path.relative_to(ROOT).with_suffix(".html").as_posix()
    shown = {demo["name"]: demo for demo in demos_of(page)}
    drawn = sorted(tmp_path.glob("*.png"))
    assert {p.name.split(".")[0] for p in drawn} == set(shown)
    for picture in drawn:
        name, index, _ = picture.name.split(".")
        frame = SITE / "_demos" / name / shown[name]["files"][int(index)]
        same = np.array_equal(pixels(picture), pixels(frame))
        assert same, f"{name}: state {index} on the page is not what the function draws"
        assert picture.with_suffix(".txt").read_text() == shown[name]["alts"][int(index)]
