"""Networks that learn from series in the page: a forecast of energies, and recall."""

import re

import numpy as np
import pytest
import tensorflow as tf
from test_engine import decode, encode, flat, rows_of, run
from test_loop import play

from lectures_lib import live
from lectures_lib.data import Dataset, Split, split_known
from lectures_lib.demos import rnn_extrapolation_live as extrapolation
from lectures_lib.demos import rnn_recurrent_networks_live as recurrent
from lectures_lib.from_scratch import simple_rnn
from lectures_lib.legible import small_letters
from lectures_lib.models import series_rnn
from lectures_lib.physics import pairing_energies
from lectures_lib.playground.answering import MIME_TYPE
from lectures_lib.playground.network import description
from lectures_lib.playground.series import state_gradients
from lectures_lib.playground.training import train
from lectures_lib.training import fit, forecast

pytestmark = pytest.mark.slow
ENERGIES = pairing_energies(np.arange(2, 42, 2))
SERIES = {"values": ENERGIES.tolist(), "known": 12, "distance": 2}
FORECAST = {
    "name": "fan", "caption": "A fan.", "kind": "energies", "epochs": 3,
    "more": {"series": SERIES}, "seed": [0, 1], "learning_rate": [0.001, 0.01],
}  # fmt: skip
RECORDS = recurrent.recall_records()
RECALL = {
    "name": "recall", "caption": "Recall.", "kind": "recall", "epochs": 2,
    "num_steps": [25, 30], "limit": ["none", "1"], "seed": [0, 1],
}  # fmt: skip


def built(known=12):
    return split_known(ENERGIES, known=known)


def test_the_page_of_the_forecast_holds_the_windows_and_the_truth(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    made = extrapolation.unfolding(ENERGIES)
    page = made.shown[MIME_TYPE]["page"]
    assert (page["kind"], page["epochs"], page["batchSize"]) == ("energies", 150, 32)
    assert page["series"] == SERIES
    data = built()
    for part in ("train", "validation"):
        split, sent = getattr(data, part), page["examples"][part]
        np.testing.assert_array_equal(np.float32(sent["numbers"]), split.inputs.ravel())
        np.testing.assert_array_equal(np.float32(sent["labels"]), split.labels)
    network = page["networks"]["200"]
    assert network["input"] == [2, 1, 1] and network["loss"] == {"kind": "squared error"}
    assert [layer["kind"] for layer in network["layers"]] == ["rnn", "dense"]
    assert made.source.startswith("demos/rnn_extrapolation_live.py#L")
    model = series_rnn(seed=0)
    fit(model, data, epochs=150, batch_size=32, seed=0, progress=False)
    last = forecast(model, ENERGIES[:12], steps=8)[-1]
    alt = made.shown["text/plain"].replace("minus ", "-")
    assert f"which for 40 particles is {last:.3f} with seed 0; the true" in alt
    assert alt.endswith(f"the true energy is {ENERGIES[-1]:.3f}.")


def test_the_forecast_is_drawn_where_it_is(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "still")
    with small_letters() as small:
        made = train(series_rnn, built(), **FORECAST)
    assert small == []
    places, ends = [], []
    for rate in (0.001, 0.01):
        state = {"seed": 0, "learning_rate": rate}
        picture = np.asarray(made.picture(state).convert("RGB"))
        far = np.abs(picture.astype(int) - (0xD5, 0x5E, 0x00)).sum(axis=2)
        rows, columns = np.nonzero(far[:, 800:] < 30)  # right of the legend
        places.append(rows[columns > columns.max() - 4].mean())
        said = re.search(r"particles is (.*) with seed", made.alt_text(state))[1]
        ends.append(float(said.replace("minus ", "-")))
    assert abs(ends[1] - ends[0]) > 0.2
    height = 1.5 * ENERGIES.min() - ENERGIES.max() + 0.2 * ENERGIES.min()  # of the axes, downwards
    pixels = (places[1] - places[0]) / ((ends[1] - ends[0]) / height)
    assert pixels == pytest.approx(540, abs=30)


def test_the_page_of_recall_holds_the_records(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    made = recurrent.learn_to_recall()
    page = made.shown[MIME_TYPE]["page"]
    assert (page["kind"], page["batchSize"]) == ("recall", 32)
    assert page["structure"] == ["num_steps", "limit"]
    assert {"25 none", "100 1"} < set(page["networks"])
    assert page["networks"]["60 1"]["clip"] == 1 and page["networks"]["60 none"]["clip"] == 0
    assert page["networks"]["60 1"]["input"] == [60, 1, 1]
    sent, split = page["examples"]["validation"], RECORDS.validation
    volts = [sent["unit"] * (ord(sign) - ord("m")) for sign in sent["signs"]]
    np.testing.assert_array_equal(np.float32(volts), split.inputs.ravel())
    assert [int(label) for label in sent["labels"]] == split.labels.tolist()


def test_records_have_an_early_pulse_and_then_noise():
    for split, count in ((RECORDS.train, 600), (RECORDS.validation, 200), (RECORDS.test, 200)):
        volts = split.inputs[..., 0]
        assert volts.shape == (count, 100)
        assert volts[:, 20:].std() == pytest.approx(np.hypot(0.3, 0.2 / 12**0.5), rel=0.03)
        largest = np.take_along_axis(volts, np.abs(volts[:, :20]).argmax(axis=1)[:, None], axis=1)
        assert np.mean((largest[:, 0] > 0) == split.labels) > 0.99
    assert not np.array_equal(RECORDS.test.inputs, RECORDS.validation.inputs)


def test_a_run_of_recall_is_described_and_drawn(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "still")
    small = Dataset(*(Split(s.inputs[:64], s.labels[:64]) for s in (
        RECORDS.train, RECORDS.validation, RECORDS.test)), class_names=())  # fmt: skip
    made = train(recurrent.recall_network, small, **RECALL)
    state = {"num_steps": 25, "limit": "1", "seed": 0}
    model = recurrent.recall_network(num_steps=25, limit="1", seed=0)
    batch = small.train.inputs[:32, :25], small.train.labels[:32]
    norms = state_gradients(model, *batch)
    alt = made.alt_text(state)
    assert (
        f"first state is {norms[0] / norms[-1]:.1g} times that in the last before training" in alt
    )
    assert alt.startswith("After 2 epochs the validation accuracy is 0.")
    with small_letters() as small:
        picture = made.picture(state)
    assert small == []
    assert picture.width == 1000 and len(picture.getcolors(2**24)) > 10
    assert made.alt_text(state | {"num_steps": 30}) != alt


def test_a_notebook_trains_with_the_same_controls(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "live")
    box = live.controls(train(series_rnn, built(), **FORECAST))
    controls = {child.description: child for child in box.children if hasattr(child, "options")}
    assert list(controls) == ["seed", "learning rate"]
    before = box.children[-1].value
    controls["seed"].value = 1
    assert "with seed 1" in box.children[-1].value != before


@pytest.mark.parametrize("layer", ["SimpleRNN", "GRU", "LSTM"])
def test_gradients_are_as_long_as_in_keras(layer):
    """Of a first step: in each state, and of all weights before the clip."""
    model = recurrent.recall_network(num_steps=25, limit="1", layer=layer, seed=3)
    x, y = RECORDS.train.inputs[:32, :25], RECORDS.train.labels[:32]
    case = {
        "network": description(model) | {"watched": True},
        "start": encode(flat(model.get_weights())), "inputs": rows_of(x),
        "labels": rows_of(y[:, np.newaxis]), "batches": [list(range(32))], "wanted": [1],
    }  # fmt: skip
    (found,) = run(cases=[case])["cases"]
    theirs = state_gradients(model, x, y)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(y=tf.constant(y), y_pred=model(x))
    whole = tape.gradient(loss, model.trainable_variables)
    assert found["seen"]["count"] == 1
    np.testing.assert_allclose(found["seen"]["norms"], theirs, rtol=1e-4)
    assert found["seen"]["norm"] == pytest.approx(float(tf.linalg.global_norm(whole)), rel=1e-4)
    if layer == "SimpleRNN":  # once more, by the equations of the chapter
        *weights, W, _ = model.get_weights()
        H, R, norms = simple_rnn(x, *weights), weights[1], []
        G = (np.asarray(model(x)) - np.eye(2)[y]) @ W.T / 32
        for t in reversed(range(25)):
            norms.append(np.linalg.norm(G))
            G = (G * (1 - H[:, t] ** 2)) @ R.T
        np.testing.assert_allclose(found["seen"]["norms"], norms[::-1], rtol=1e-4)


def test_a_watched_run_says_the_gradients_of_each_epoch():
    network = description(recurrent.recall_network(num_steps=25)) | {"seed": 1, "watched": True}
    parts = {}
    for steps in (100, 25):
        parts[steps] = {
            name: {"inputs": encode(split.inputs[:70, :steps]), "width": steps, "answers": 1,
                   "labels": encode(split.labels[:70])}
            for name, split in (("train", RECORDS.train), ("validation", RECORDS.validation))
        }  # fmt: skip
    start = {"action": "start", "id": 1, "network": network, "batchSize": 32, "epochs": 3}
    found = play(start | {"turns": 1000}, data=parts[25])
    points = [point for report in found["reports"] for point in report["points"]]
    assert "norms" not in points[0]
    assert [point["count"] for point in points[1:]] == [3, 3, 3]  # 70 records in batches of 32
    assert all(len(point["norms"]) == 25 and point["norm"] > 0 for point in points[1:])
    # Other examples can come with a start.
    again = play(start | {"turns": 1000, "data": parts[25]}, data=parts[100])
    last = [each["reports"][-1]["weights"] for each in (found, again)]
    assert np.array_equal(*(decode(weights) for weights in last))
    (calm,) = [play(start | {"network": network | {"watched": False}, "turns": 99}, data=parts[25])]
    assert not [p for report in calm["reports"] for p in report["points"] if "norms" in p]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"more": {}}, r"more\['series'\] needs values, .* it has 0 values and known=0"),
        ({"more": {"series": SERIES | {"known": 20}}}, "it has 20 values and known=20. Pass known"),
        ({"more": {"series": SERIES | {"distance": 0}}}, "and distance, in particles"),
        ({"more": {"series": SERIES | {"known": 1}}}, "windows .* of at most known=1 steps"),
    ],
)
def test_a_forecast_without_its_series_is_refused(changes, text):
    with pytest.raises(ValueError, match=text):
        train(series_rnn, built(), **(FORECAST | changes))


def test_what_is_no_fan_and_no_recall_is_said():
    rest = {key: value for key, value in FORECAST.items() if key != "seed"}
    with pytest.raises(ValueError, match="a fan of forecasts needs seeds"):
        train(series_rnn, built(), **rest)
    with pytest.raises(ValueError, match=r"num_steps goes to 300, but .* have 100 steps"):
        train(recurrent.recall_network, RECORDS, **(RECALL | {"num_steps": [25, 300]}))
    fine = Dataset(*(Split(s.inputs + 0.05, s.labels) for s in (
        RECORDS.train, RECORDS.validation, RECORDS.test)), class_names=())  # fmt: skip
    with pytest.raises(ValueError, match=r"needs multiples of 0\.2, at most 3\.4 in size"):
        train(recurrent.recall_network, fine, **RECALL)
    with pytest.raises(ValueError, match="layer='MGU' is no layer to compare"):
        recurrent.recall_network(num_steps=5, layer="MGU")
