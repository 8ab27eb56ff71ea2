"""Networks that train where they are shown: what a page is given, what a notebook shows."""

import copy
import gzip
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from lectures_lib import live
from lectures_lib.data import Dataset, Split, load_digits
from lectures_lib.legible import small_letters
from lectures_lib.models import digits_cnn
from lectures_lib.playground.answering import MIME_TYPE, TRAINING, start_line
from lectures_lib.playground.training import train
from lectures_lib.site.playgrounds import _engine
from lectures_lib.training import evaluate, fit

pytestmark = pytest.mark.slow
DIGITS = load_digits(seed=0)
SETTINGS = {
    "name": "learns", "caption": "A network that learns.", "epochs": 2,
    "learning_rate": [0.1, 0.3], "l2": [0, 0.01], "filters": [2, 3], "hidden": [4, 5],
    "batch_size": [50, 200], "seed": [0, 7],
}  # fmt: skip
CODE_BUDGET, DATA_BUDGET = 16 * 1024, 40_000  # bytes, packed


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    return train(digits_cnn, DIGITS, start={"filters": 3, "l2": 0.01}, **SETTINGS)


def test_a_page_gets_all_that_it_needs_to_train(page):
    bundle = page.shown[MIME_TYPE]
    assert (bundle["figure"], bundle["alt"]) == ("learns", page.shown["text/plain"])
    given = bundle["page"]
    assert [control["name"] for control in given["controls"]] == list(SETTINGS)[3:]
    l2 = given["controls"][1]
    assert (l2["values"], l2["texts"], l2["start"]) == ([0, 0.01], ["0", "0.01"], 1)
    assert given["structure"] == ["filters", "hidden"]
    assert sorted(given["networks"]) == ["2 4", "2 5", "3 4", "3 5"]
    network = given["networks"]["2 5"]
    shapes = [layer["shape"] for layer in network["layers"] if "shape" in layer]
    assert shapes == [[3, 3, 1, 2], [32, 5], [5, 10]]
    for part in ("train", "validation"):
        split, sent = getattr(DIGITS, part), given["examples"][part]
        greys = np.array([int(sign, 17) for sign in sent["pictures"]])
        np.testing.assert_array_equal(greys / 16, split.inputs.ravel())
        assert [int(label) for label in sent["labels"]] == split.labels.tolist()
    assert len(gzip.compress(start_line("training", "x", given).encode(), 9)) < DATA_BUDGET


@pytest.mark.parametrize(
    "kind", sorted({*TRAINING} - {"plane"})
)  # whose networks are no classifiers
def test_code_for_the_page_is_small_and_whole(page, kind):
    given = page.shown[MIME_TYPE]["page"] | {"kind": kind}
    sent = _engine(given)
    assert len(gzip.compress(sent, 9)) < CODE_BUDGET
    assert not re.search(rb"lectures(Recurrent|Gated|Reconstruction|Optimisers)=", sent)
    network = copy.deepcopy(given["networks"]["2 4"])
    network["optimiser"]["kind"], network["layers"][0]["kind"] = "adam", "gru"
    more = _engine(given | {"networks": {"": network}})
    made = [set(re.findall(rb"lectures(\w+)=", text)) for text in (sent, more)]
    assert made[1] - made[0] == {b"Recurrent", b"Gated", b"Optimisers"}


def test_the_still_is_a_finished_run_of_keras(page):
    model = digits_cnn(learning_rate=0.1, l2=0.01, filters=3, hidden=4, seed=0)
    fit(model, DIGITS, epochs=2, batch_size=50, seed=0, progress=False)
    accuracy = evaluate(model, DIGITS.validation)["accuracy"]
    alt = page.shown["text/plain"]
    assert alt.endswith(f"and 3 kernels of the first layer. The last validation accuracy is "
                        f"{accuracy:.3f}.")  # fmt: skip
    with small_letters() as small:
        picture = Image.open(io.BytesIO(page.png(page.start)))
    assert small == []
    assert picture.width == 1000
    red = (np.asarray(picture.convert("RGB")).astype(int) @ [1, -1, 0]) > 60
    assert red[:, 650:].sum() > 100  # a kernel with weights above 0


def test_a_notebook_trains_with_the_same_controls(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "live")
    made = train(digits_cnn, DIGITS, **SETTINGS)
    box = live.controls(made)
    controls = {child.description: child for child in box.children if hasattr(child, "options")}
    assert list(controls) == ["learning rate", "l2", "filters", "hidden", "batch size", "seed"]
    picture = box.children[-1]
    before = picture.value
    controls["filters"].value = 3
    assert "3 kernels" in picture.value
    assert picture.value != before
    controls["filters"].value = 2
    assert picture.value == before


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"kind": "poems"}, r"learns: kind='poems' is unknown. Pass one of: digits"),
        ({"start": {"depth": 3}}, "start or labels name 'depth', which is not a control. The con"),
        ({"labels": {"eta": "η"}}, "start or labels name 'eta', which is not a control"),
        ({"start": {"filters": 9}}, "start value filters=9 is not on its list"),
        ({"hidden": []}, r"hidden=\[\] needs two or more different values"),
        ({"caption": ""}, "learns: no caption"),
    ],
)
def test_what_cannot_be_shown_is_said(changes, text, monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    with pytest.raises(ValueError, match=text):
        train(digits_cnn, DIGITS, **(SETTINGS | changes))


def test_other_pictures_are_refused(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    darker = [Split(s.inputs * 0.3, s.labels) for s in (DIGITS.train, DIGITS.validation)]
    data = Dataset(*darker, DIGITS.test, DIGITS.class_names)
    with pytest.raises(ValueError, match=r"pictures \(images, 8, 8, 1\) whose values are multip"):
        train(digits_cnn, data, **SETTINGS)


def test_the_page_data_are_json(page):
    line = start_line("training", "x", page.shown[MIME_TYPE]["page"])
    assert json.loads(line[line.index("{") : -3])["epochs"] == 2
