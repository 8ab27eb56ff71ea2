"""Networks that learn side by side in the page: as each alone, and as Keras draws them."""

import gzip
import re

import numpy as np
import pytest
from test_engine import decode, encode, flat, rows_of, run
from test_loop import play

from lectures_lib.data import Dataset, Split
from lectures_lib.demos import lstm_long_memory_live as race
from lectures_lib.from_scratch import gru, lstm
from lectures_lib.legible import small_letters
from lectures_lib.playground.answering import MIME_TYPE, start_line
from lectures_lib.playground.network import description
from lectures_lib.playground.series import state_gradients
from lectures_lib.playground.training import train
from lectures_lib.site.playgrounds import _engine
from lectures_lib.training import fit

pytestmark = pytest.mark.slow
RECORDS = race.race_records()
ALL = 10**6  # turns: until nothing is left to do
SMALL = {
    "name": "race", "caption": "A race.", "kind": "race", "epochs": 2,
    "num_steps": [5, 8], "limit": ["none", "1"], "seed": [0, 1], "layer": list(race.LAYERS),
}  # fmt: skip


def few():
    parts = (RECORDS.train, RECORDS.validation, RECORDS.test)
    return Dataset(*(Split(s.inputs[:70], s.labels[:70]) for s in parts), class_names=())


def sent(data, steps):
    return {
        name: {"inputs": encode(split.inputs[:, :steps]), "width": 2 * steps, "answers": 1,
               "labels": encode(split.labels)}
        for name, split in (("train", data.train), ("validation", data.validation))
    }  # fmt: skip


def networks(**settings):
    return [description(race.race_network(layer=layer, **settings)) for layer in race.LAYERS]


def test_side_by_side_each_learns_as_it_does_alone():
    data, alone = sent(few(), 8), []
    found = [one | {"seed": 5, "watched": True} for one in networks(num_steps=8, limit="1")]
    start = {"action": "start", "id": 1, "batchSize": 32, "epochs": 3, "turns": ALL}
    together = play(start | {"network": {"rivals": found, "seed": 5}}, data=data)["reports"]
    for one in found:
        alone.append(play(start | {"network": one}, data=data)["reports"])
    assert together[-1]["steps"] == alone[0][-1]["steps"] == 9
    weights = np.concatenate([decode(reports[-1]["weights"]) for reports in alone])
    np.testing.assert_array_equal(decode(together[-1]["weights"]), weights)
    points = [point for report in together for point in report["points"]]
    for k, reports in enumerate(alone):
        theirs = [point for report in reports for point in report["points"]]
        assert [p["losses"][k] for p in points] == [p["unseen"] for p in theirs]
        for one, other in zip(points[1:], theirs[1:], strict=True):
            assert one["seen"][k] == {name: other[name] for name in ("count", "norm", "norms")}
    assert points[0]["seen"] == [None, None, None]


def test_the_page_holds_the_series_in_its_budget(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    monkeypatch.setattr(race, "train", lambda *given, **more: train(*given, **more | {"epochs": 1}))
    bundle = race.memory_race().shown[MIME_TYPE]
    page = bundle["page"]
    assert (page["kind"], page["batchSize"]) == ("race", 32)
    assert page["structure"] == ["num_steps", "limit", "layer"]
    network = page["networks"]["60 1 GRU"]
    assert (network["clip"], network["input"]) == (1, [60, 1, 2])
    text = page["examples"]["validation"]
    assert set(text) == {"signs", "unit"}
    values = [text["unit"] * (ord(sign) - ord("m")) for sign in text["signs"]]
    np.testing.assert_array_equal(np.float32(values), RECORDS.validation.inputs[..., 0].ravel())
    line = start_line("training", "x", page)
    assert len(gzip.compress(line.encode(), 6)) < 40_000
    assert len(gzip.compress(_engine(page), 6)) < 16 * 1024
    assert bundle["source"].startswith("demos/lstm_long_memory_live.py#L")


def test_series_are_those_of_the_recall_and_networks_are_equal_in_size():
    for split, count in ((RECORDS.train, 1000), (RECORDS.validation, 200), (RECORDS.test, 200)):
        assert split.inputs.shape == (count, 60, 2)
        assert np.array_equal(split.labels, split.inputs[:, 0, 0])
        assert split.inputs[..., 1].sum() == split.inputs[:, 0, 1].sum() == count
        assert split.inputs[..., 0].var() == pytest.approx(1 / 3 + 0.2**2 / 12, rel=0.03)
    assert not np.array_equal(RECORDS.test.inputs, RECORDS.validation.inputs)
    sizes = [race.race_network(layer=k, num_steps=9).count_params() for k in race.LAYERS]
    assert max(sizes) - min(sizes) <= 3


def test_the_still_tells_errors_gates_and_gradients_of_three_runs(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "still")
    data = few()
    with small_letters() as small:
        made = train(race.race_network, data, **SMALL)
    assert small == []
    for layer in race.LAYERS:
        state = {"num_steps": 8, "limit": "1", "seed": 1, "layer": layer}
        alt = made.alt_text(state)
        errors = dict(re.findall(r"(SimpleRNN|GRU|LSTM) (\d[\d.e-]*)", alt))
        assert list(errors) == list(race.LAYERS)
        model = race.race_network(num_steps=8, limit="1", seed=1, layer=layer)
        cut = Dataset(*(Split(s.inputs[:, :8], s.labels) for s in (
            data.train, data.validation, data.test)), class_names=())  # fmt: skip
        fit(model, cut, epochs=2, batch_size=32, seed=1, progress=False)
        inputs, labels = cut.validation.inputs, cut.validation.labels
        error = np.mean((np.asarray(model(inputs))[:, 0] - labels) ** 2) / labels.var()
        assert float(errors[layer].rstrip(".")) == pytest.approx(error, rel=0.06)
        norms = state_gradients(model, cut.train.inputs[:32], cut.train.labels[:32])
        assert f"first state is {norms[0] / norms[-1]:.1g} times that in the last" in alt
        if layer == "SimpleRNN":
            assert "The SimpleRNN has no gates;" in alt
            continue
        series, weights = inputs[labels > 0.5][:1], model.layers[0].get_weights()
        gates = (gru(series, *weights).update_gate if layer == "GRU"
                 else lstm(series, *weights).forget_gate)[0]  # fmt: skip
        assert f"gate of the {layer} keeps {gates[1:].prod(axis=0).max():.2g} to the end" in alt
    picture = made.picture(state)
    assert picture.width == 1000
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (0x00, 0x9E, 0x73)):
        assert (np.abs(pixels - colour).sum(axis=2) < 30).sum() > 100  # each line is there


@pytest.mark.parametrize("layer", race.LAYERS)
def test_gradients_in_the_state_are_as_long_as_in_keras(layer):
    model = race.race_network(num_steps=20, layer=layer, seed=3)
    x, y = RECORDS.train.inputs[:32, :20], RECORDS.train.labels[:32]
    case = {
        "network": description(model) | {"watched": True},
        "start": encode(flat(model.get_weights())), "inputs": rows_of(x),
        "labels": rows_of(y[:, np.newaxis]), "batches": [list(range(32))], "wanted": [1],
    }  # fmt: skip
    (found,) = run(cases=[case])["cases"]
    np.testing.assert_allclose(found["seen"]["norms"], state_gradients(model, x, y), rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"num_steps": [5, 300]}, "num_steps goes to 300, but .* have 60 steps"),
        ({"layer": ["LSTM", "MGU"]}, "layer='MGU' is no layer to compare"),
    ],
)
def test_what_is_no_race_is_said(changes, text, monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    with pytest.raises(ValueError, match=text):
        train(race.race_network, few(), **(SMALL | changes))


def test_other_series_and_a_race_of_one_are_refused(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    parts = (RECORDS.train, RECORDS.validation, RECORDS.test)
    late = Dataset(*(Split(s.inputs, s.inputs[:, 1, 0]) for s in parts), class_names=())
    with pytest.raises(ValueError, match=r"a race needs series .* value is the label"):
        train(race.race_network, late, **SMALL)
    with pytest.raises(ValueError, match="a race needs the controls layer and num_steps"):
        train(race.race_network, few(), **{k: v for k, v in SMALL.items() if k != "layer"})
    finer = [s.inputs * [1.1, 1] for s in parts]
    fine = Dataset(*(Split(inputs, inputs[:, 0, 0]) for inputs in finer), class_names=())
    with pytest.raises(ValueError, match="needs multiples of"):
        train(race.race_network, fine, **SMALL)
