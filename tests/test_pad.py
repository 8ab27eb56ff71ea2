"""The pad of learning rate and penalty: what its page is given, and its picture."""

import numpy as np
import pytest
from PIL import Image

from lectures_lib import recorded
from lectures_lib.data import load_digits
from lectures_lib.demos import cnn_tuning
from lectures_lib.legible import small_letters
from lectures_lib.models import digits_cnn
from lectures_lib.playground.answering import MIME_TYPE
from lectures_lib.playground.training import train
from lectures_lib.training import evaluate, fit

pytestmark = pytest.mark.slow
DIGITS = load_digits(seed=0)
RECORDED = {
    "learning_rate": [0.1, 1.0], "l2": [0.1, 1.0], "accuracy": [[0.8, 0.5], [0.25, None]],
    "what": "two seeds",
}  # fmt: skip
SETTINGS = {
    "name": "pad", "caption": "A pad.", "kind": "pad", "epochs": 2,
    "more": {"recorded": RECORDED}, "learning_rate": [0.1, 1, 10], "l2": [0.1, 1, 10],
}  # fmt: skip


def test_the_page_of_the_chapter(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    made = cnn_tuning.edge_of_stability(DIGITS)
    page = made.shown[MIME_TYPE]["page"]
    assert (page["kind"], page["epochs"], page["structure"]) == ("pad", 30, [])
    rate, l2, seed = page["controls"]
    assert (rate["values"][rate["start"]], l2["values"][l2["start"]]) == (0.1, 1e-3)
    assert rate["values"][0] == 1e-5 and rate["values"][-1] == 10 and seed["values"][0] == 0
    factors = np.diff(np.log10(rate["values"]))
    assert np.all((factors > 0.47) & (factors < 0.53))
    assert len(page["examples"]["train"]["labels"]) == len(DIGITS.train)
    model = digits_cnn(learning_rate=0.1, l2=1e-3, seed=0)
    fit(model, DIGITS, epochs=30, seed=0, progress=False)
    accuracy = evaluate(model, DIGITS.validation)["accuracy"]
    alt = made.shown["text/plain"]
    assert f"penalty 0.001 the validation accuracy is {accuracy:.3f}." in alt
    assert alt.endswith("and 6 are nan, where the product of the two is 1 or more.")
    assert made.source.startswith("demos/cnn_tuning.py#L")


def test_the_recorded_map_is_that_of_the_table():
    found = cnn_tuning.recorded_map()
    runs = recorded.load("digits_grid").query("largest_value == 1")
    assert found["learning_rate"] == sorted(runs["learning_rate"].unique())
    for rate, row in zip(found["learning_rate"], found["accuracy"], strict=True):
        for l2, accuracy in zip(found["l2"], row, strict=True):
            cell = runs.query("learning_rate == @rate and l2 == @l2")
            assert len(cell) == 5
            if rate * l2 > 0.999:
                assert accuracy is None
            else:
                assert accuracy == pytest.approx(cell["validation"].mean(), abs=6e-4)


def test_labels_of_a_wide_map_do_not_touch(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "still")
    powers = [10.0**k for k in range(-5, 2)]
    recorded = {"learning_rate": powers, "l2": powers, "accuracy": [[0.5] * 7] * 7}
    made = train(digits_cnn, DIGITS, **SETTINGS | {"more": {"recorded": recorded}})
    with small_letters() as small:
        made.picture({"learning_rate": 0.1, "l2": 0.1})
    assert small == []


def test_a_lost_run_is_described_as_lost(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "still")
    made = train(digits_cnn, DIGITS, start={"learning_rate": 10, "l2": 10}, **SETTINGS)
    assert made.shown["text/plain"] == (
        "After 2 epochs with learning rate 10 and penalty 10 the loss is no number any more. "
        "Beside the curves a recorded map of 4 pairs: the best accuracy is 0.800, and 1 are nan, "
        "where the product of the two is 1 or more."
    )


def test_the_ring_stands_on_the_cell_of_the_run(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "still")
    made = train(digits_cnn, DIGITS, **SETTINGS)
    places = {}
    for state in ({"learning_rate": 0.1, "l2": 0.1}, {"learning_rate": 1, "l2": 1}):
        with small_letters() as small:
            picture = made.picture(state)
        assert small == []
        assert isinstance(picture, Image.Image) and picture.width == 1000
        far = np.abs(np.asarray(picture).astype(int) - (0xD5, 0x5E, 0x00)).sum(axis=2)
        rows, columns = np.nonzero(far[:, 500:] < 30)
        places[state["l2"]] = np.array([rows.mean(), columns.mean()])
    assert np.all(places[1] - places[0.1] > 100)  # larger rates below, larger penalties right


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"l2": [0, 1]}, "pad: a pad needs values above 0 of l2: its axes are logs"),
        ({"more": {}}, r"more\['recorded'\] needs learning_rate, l2 and accuracy"),
        ({"more": {"recorded": RECORDED | {"l2": [1.0]}}}, r"rows have \[2, 2\] values, for 2 r"),
    ],
)
def test_what_cannot_be_shown_is_said(changes, text):
    with pytest.raises(ValueError, match=text):
        train(digits_cnn, DIGITS, **(SETTINGS | changes))
    rest = {key: value for key, value in SETTINGS.items() if key != "l2"}
    with pytest.raises(ValueError, match="pad: a pad needs values above 0 of l2"):
        train(digits_cnn, DIGITS, **rest)
