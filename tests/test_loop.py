"""The loop that trains in the page, with a clock of its own, under Node."""

import copy

import numpy as np
import pytest
from test_engine import decode, encode, run

from lectures_lib.data import load_digits
from lectures_lib.models import digits_cnn
from lectures_lib.playground.network import description

pytestmark = pytest.mark.slow
DIGITS = load_digits(seed=0)
NETWORK = description(digits_cnn(filters=3, hidden=8)) | {"seed": 4}
START = {"action": "start", "id": 1, "network": NETWORK, "batchSize": 100, "epochs": 3}


def split_of(split):
    return {
        "inputs": encode(split.inputs), "width": 64, "labels": encode(split.labels), "answers": 1,
    }  # fmt: skip


DATA = {"train": split_of(DIGITS.train), "validation": split_of(DIGITS.validation)}


def play(*script, data=DATA):
    (found,) = run(scripts=[{"data": data, "script": script}])["scripts"]
    return found


def points_of(found, run_id=1):
    return [point for r in found["reports"] if r["id"] == run_id for point in r["points"]]


def with_rate(rate):
    network = copy.deepcopy(NETWORK)
    network["optimiser"]["rate"] = rate
    return network


def test_a_run_reports_its_start_each_epoch_and_its_end():
    found = play(START | {"turns": 1000})
    assert [p["epoch"] for p in points_of(found)] == [0, 1, 2, 3]
    first, last = found["reports"][0], found["reports"][-1]
    assert (first["steps"], first["state"]) == (0, "running")
    assert (last["steps"], last["state"], found["left"]) == (39, "done", 0)
    assert points_of(found)[0]["loss"] is None  # nan: nothing was trained yet
    assert points_of(found)[0]["unseen"] == pytest.approx(np.log(10), abs=0.4)
    assert points_of(found)[-1]["accuracy"] > 0.2
    again = play(START | {"turns": 1000})
    assert again["reports"][-1]["weights"] == last["weights"]
    other = play(START | {"network": NETWORK | {"seed": 5}, "turns": 1000})
    assert other["reports"][-1]["weights"] != last["weights"]


def test_slices_are_short_and_reports_are_no_more_than_thirty_a_second():
    found = play(START | {"epochs": 100, "turns": 40})
    times = [report["at"] for report in found["reports"]]
    assert len(times) > 5
    assert np.diff(times).min() > 30
    assert np.diff(times).max() < 30 + 12 + 2  # one slice more, of 12 ms


def test_there_is_one_loop_however_often_it_is_started():
    starts = [START | {"id": k, "turns": 3} for k in range(1, 30)]
    found = play(*starts, {"action": "change", "id": 29, "rate": 5}, {"action": "resume", "id": 29})
    assert found["most"] == 1
    ids = [report["id"] for report in found["reports"]]
    assert ids == sorted(ids)  # nothing of an old run after a new one has begun


def test_messages_of_an_old_run_are_none():
    found = play(START | {"id": 2, "turns": 2}, {"action": "pause", "id": 1, "turns": 1000})
    assert found["reports"][-1]["state"] == "done"


def test_pause_step_and_resume():
    found = play(
        START | {"epochs": 9, "turns": 1},
        {"action": "pause", "id": 1, "turns": 5},
        {"action": "step", "id": 1, "turns": 5},
        {"action": "step", "id": 1, "turns": 5},
        {"action": "resume", "id": 1, "turns": 1000},
    )
    states = [report["state"] for report in found["reports"]]
    assert states[:4] == ["running", "paused", "paused", "paused"]
    steps = [report["steps"] for report in found["reports"]]
    assert steps[2:4] == [steps[1] + 1, steps[1] + 2]
    assert (states[-1], steps[-1]) == ("done", 9 * 13)


def test_a_run_that_starts_paused_waits_for_its_step():
    step = {"action": "step", "id": 1, "turns": 5}
    found = play(START | {"state": "paused", "turns": 5}, step, step)
    assert [(one["state"], one["steps"]) for one in found["reports"]] == [
        ("paused", 0), ("paused", 1), ("paused", 2),
    ]  # fmt: skip


def test_a_slow_run_waits_and_does_not_spin():
    found = play(START | {"rate": 2, "turns": 31})  # 26 steps a second
    assert 37 < np.mean(found["waits"][2:]) < 39
    assert found["reports"][-1]["steps"] == 31
    fast = play(
        START | {"rate": 2, "turns": 3}, {"action": "change", "id": 1, "rate": 0, "turns": 99}
    )
    assert fast["reports"][-1]["state"] == "done"


def test_what_diverges_is_reported_at_once():
    network = description(digits_cnn(filters=3, hidden=8, l2=1.0, learning_rate=2.0)) | {"seed": 4}
    found = play(START | {"network": network, "epochs": 20, "turns": 1000})
    last = found["reports"][-1]
    assert (last["state"], found["left"]) == ("diverged", 0)
    assert last["steps"] < 20 * 13
    assert points_of(found)[-1]["loss"] is None  # nan or infinite
    assert len(points_of(found)) < 20


def test_learning_rate_and_penalty_can_change_during_a_run():
    still = play(START, {"action": "change", "id": 1, "learningRate": 0, "l2": 5, "turns": 1000})
    first, last = (decode(still["reports"][k]["weights"]) for k in (0, -1))
    assert np.array_equal(first, last)
    shrunk = play(START, {"action": "change", "id": 1, "l2": 1, "turns": 1000})
    # Each of the 39 steps multiplies kernels by 1 - 2 eta lambda, 0.8.
    assert np.abs(decode(shrunk["reports"][-1]["weights"])[:27]).max() < 0.02


def test_own_examples_stand_in_every_batch_and_lengthen_a_run():
    six = DIGITS.test.inputs[DIGITS.test.labels == 6][0]
    own = {"inputs": six.ravel().tolist(), "labels": [2]}  # a lie that it must learn
    found = play(
        START | {"epochs": 20, "turns": 1000},
        {"action": "change", "id": 1, "own": own, "epochs": 40, "turns": 1000},
    )
    assert [r["state"] for r in found["reports"]].count("done") == 2
    assert found["reports"][-1]["steps"] == 40 * 13
    network = description(digits_cnn(filters=3, hidden=8))
    before, after = (
        run(cases=[{
            "network": network, "start": next(
                r["weights"] for r in found["reports"] if r["steps"] == 13 * epochs
            ),
            "inputs": {"values": encode(six), "width": 64},
            "labels": {"values": encode(np.array([[2]])), "width": 1}, "batches": [], "wanted": [],
        }])["cases"][0]["loss"]
        for epochs in (20, 40)
    )  # fmt: skip
    assert before > 2 > 0.7 > after


def test_memory_is_free_again_for_each_run():
    big = description(digits_cnn(filters=20, hidden=100)) | {"seed": 0}
    starts = [START | {"id": k, "network": big, "turns": 2} for k in range(1, 200)]
    found = run(options={"megabytes": 8}, scripts=[{"data": DATA, "script": starts}])
    assert found["kind"] == "simd"
    assert found["scripts"][0]["reports"][-1]["id"] == 199
