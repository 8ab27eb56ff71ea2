"""The page shows the frames that the live function draws; every corner of every demo draws.

The notebooks stage has drawn them, in the kernel of each chapter (tools/walk.py).
"""

import numpy as np
import pytest
from conftest import ROOT, SITE, demos_of
from PIL import Image

from lectures_lib.book import chapter_paths
from tools.walk import LIVE

NOTEBOOKS = chapter_paths(ROOT / "book")


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[p.stem for p in NOTEBOOKS])
def test_live_pictures_equal_the_frames_of_the_page(path):
    place = path.relative_to(ROOT).with_suffix("")
    assert (LIVE / place / "whole").exists(), "Run the notebooks first: make test STAGE=notebooks"
    shown = {demo["name"]: demo for demo in demos_of(f"{place}.html")}
    drawn = sorted((LIVE / place).glob("*.png"))
    assert {p.name.split(".")[0] for p in drawn} == set(shown)
    for picture in drawn:
        name, index, _ = picture.name.split(".")
        frame = SITE / "_demos" / name / shown[name]["files"][int(index)]
        off = np.abs(pixels(picture) - pixels(frame)).sum(axis=2)
        # A forecast of a chaotic motion makes more of the last digit of a training.
        same = np.count_nonzero(off) <= 20 and off.max() < 48
        assert same, f"{name}: state {index} on the page is not what the function draws"
        assert picture.with_suffix(".txt").read_text() == shown[name]["alts"][int(index)]
