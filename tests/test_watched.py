"""What the chapters say of networks that train in the page holds for the page's own seeds."""

from functools import cache

import numpy as np
import pytest
from sklearn.decomposition import PCA
from test_engine import decode, encode, run
from test_loop import DATA

from lectures_lib.data import load_digits
from lectures_lib.demos import autoencoders_variational_live as plane
from lectures_lib.demos import lstm_long_memory_live as race
from lectures_lib.demos import rnn_recurrent_networks_live as recurrent
from lectures_lib.from_scratch import gru, lstm
from lectures_lib.models import digits_cnn
from lectures_lib.playground.network import description
from lectures_lib.playground.plane import codes, neighbours_alike, principal

pytestmark = pytest.mark.slow
DIGITS = load_digits(seed=0)
RECORDS = recurrent.recall_records()
ALL = 10**6  # turns: until nothing is left to do


def watch(*changes, epochs, seeds, **settings):
    """Return the points of each seed's run, and its last weights."""
    found = description(digits_cnn(**settings))
    begin = {"action": "start", "id": 1, "batchSize": 100, "epochs": epochs, "turns": ALL}
    more = [{"action": "change", "id": 1, "turns": ALL, **change} for change in changes]
    scripts = [
        {"data": DATA, "script": [begin | {"network": found | {"seed": seed}}, *more]}
        for seed in seeds
    ]
    reports = [each["reports"] for each in run(scripts=scripts)["scripts"]]
    points = [[point for report in each for point in report["points"]] for each in reports]
    return points, [decode(each[-1]["weights"]) for each in reports]


@cache
def usual():
    """Return what ten networks that the page trains as it begins come to in 60 epochs."""
    return watch(epochs=60, seeds=range(10), learning_rate=0.1, l2=1e-3)


def accuracies(points):
    return np.array([[point["accuracy"] for point in each] for each in points])


def test_beyond_the_edge_the_loss_is_nan_and_before_it_the_larger_rate_is_lost_first():
    def ends(rate, l2):
        points, _ = watch(epochs=30, seeds=range(5), learning_rate=rate, l2=l2)
        return [(each[-1]["epoch"], each[-1]["loss"] is None) for each in points]

    for rate, l2 in ((1.0, 1.0), (0.1, 10.0), (10.0, 0.1), (0.3, 10.0)):
        assert all(lost and epoch < 4 for epoch, lost in ends(rate, l2))
    assert all(lost and epoch < 1.5 for epoch, lost in ends(3.0, 0.3))
    assert ends(0.3, 3.0) == [(30, False)] * 5


def test_a_smaller_rate_repairs_some_damage():
    def after(rate):
        changes = {"learningRate": rate, "epochs": 21}, {"learningRate": 0.1, "epochs": 31}
        points, weights = watch(*changes, epochs=20, seeds=range(10), learning_rate=0.1, l2=1e-3)
        return accuracies(points)[:, [20, 21, 31]].T, weights

    (before, raised, back), _ = after(0.3)
    assert before.min() > 0.89 and raised.min() == pytest.approx(0.21, abs=0.005)
    assert np.all(raised < before) and back.min() > 0.86
    (_, raised, back), weights = after(3)
    assert np.all(raised == back) and np.all(raised == 0.1)
    model, alive = digits_cnn(learning_rate=0.1, l2=1e-3), []
    for flat in weights:
        model.layers[0].set_weights([flat[:90].reshape(3, 3, 1, 10), flat[90:100]])
        answers = np.max(model.layers[0](DIGITS.validation.inputs), axis=(0, 1, 2))
        alive.append(np.count_nonzero(answers))
    assert sorted(alive) == 9 * [0] + [1]


def test_a_schedule_is_quick_and_calm():
    points, _ = watch(epochs=30, seeds=range(10), learning_rate=0.3, l2=1e-3)
    constant = {0.1: accuracies(usual()[0]), 0.3: accuracies(points)}
    slower = {"learningRate": 0.03, "epochs": 30}
    points, _ = watch(slower, epochs=20, seeds=range(10), learning_rate=0.3, l2=1e-3)
    last = accuracies(points)[:, -1]
    assert last.mean() == pytest.approx(0.958, abs=5e-4) and last.min() >= 0.95
    assert constant[0.1][:, 60].mean() == pytest.approx(last.mean(), abs=1e-3)
    assert constant[0.1][:, 30].mean() < last.mean() - 0.01
    there = np.sort(constant[0.3][:, 30])
    assert there[0] == pytest.approx(0.86, abs=0.005) and there[1] > 0.94


def test_at_the_rate_one_the_seed_decides():
    points, _ = watch(epochs=60, seeds=range(10), learning_rate=1.0, l2=1e-3)
    assert 4 <= np.sum(accuracies(points)[:, -1] > 0.5) <= 6
    points, _ = watch(epochs=60, seeds=range(3), learning_rate=3.0, l2=1e-3)
    assert np.all(accuracies(points)[:, -1] < 0.15)


def answers_of(flat, images):
    """Return the probabilities that a network with these weights gives to each image."""
    model = digits_cnn()
    ends = np.cumsum([w.size for w in model.get_weights()])[:-1]
    arrays = zip(np.split(flat, ends), model.get_weights(), strict=True)
    model.set_weights([values.reshape(w.shape) for values, w in arrays])
    return np.asarray(model(images))


def moved_right(images):
    moved = np.zeros_like(images)
    moved[:, :, 1:] = images[:, :, :-1]
    return moved


def test_the_network_of_the_front_page_reads_no_one_that_was_moved():
    _, (flat,) = watch(epochs=30, seeds=[0], learning_rate=0.1, l2=1e-3)
    ones = DIGITS.validation.inputs[DIGITS.validation.labels == 1]
    assert answers_of(flat, ones).argmax(axis=1).tolist() == 18 * [1]
    moved = np.zeros_like(ones)
    moved[:, :, :-2] = ones[:, :, 2:]
    answers = answers_of(flat, moved)
    counts = np.bincount(answers.argmax(axis=1), minlength=10)
    assert counts[1] == 0 and counts[5] > 9, counts
    assert answers.max(axis=1).mean() == pytest.approx(0.75, abs=0.005)


def test_a_six_that_was_taught_is_learnt_by_heart():
    sixes = moved_right(DIGITS.validation.inputs[DIGITS.validation.labels == 6])
    own = {"inputs": sixes[0].ravel().tolist(), "labels": [6]}
    settings = {"epochs": 60, "seeds": range(5), "learning_rate": 0.1, "l2": 1e-3}
    _, before = usual()
    _, after = watch({"own": own, "epochs": 70}, **settings)
    taught = [answers_of(flat, sixes)[0, 6] for flat in after]
    assert min(taught) > 0.85 - 5e-3
    read = [
        np.mean([np.sum(answers_of(flat, sixes[1:]).argmax(axis=1) == 6) for flat in weights])
        for weights in (before[:5], after)
    ]
    assert len(sixes) == 18 and np.round(read).tolist() == [1, 4], read


def test_one_filter_costs_some_percentage_points():
    cost = {}
    for rate in (0.03, 0.3):
        settings = {"epochs": 60, "seeds": range(10), "l2": 1e-3, "learning_rate": rate}
        ten, one = (accuracies(watch(filters=n, **settings)[0])[:, -1].mean() for n in (10, 1))
        cost[rate] = round(100 * (ten - one))
    assert cost == {0.03: 9, 0.3: 5}


def recall(num_steps, **settings):
    """Return last accuracies of ten seeds, and first over last gradient by epoch `(10, 30)`."""
    network = recurrent.recall_network(num_steps=num_steps, **settings)
    data = {
        name: {"inputs": encode(split.inputs[:, :num_steps]), "width": num_steps, "answers": 1,
               "labels": encode(split.labels)}
        for name, split in (("train", RECORDS.train), ("validation", RECORDS.validation))
    }  # fmt: skip
    start = {"action": "start", "id": 1, "batchSize": 32, "epochs": 30, "turns": ALL}
    found = description(network) | {"watched": True}
    scripts = [
        {"data": data, "script": [start | {"network": found | {"seed": seed}}]}
        for seed in range(10)
    ]
    points = [
        [point for report in each["reports"] for point in report["points"]]
        for each in run(scripts=scripts)["scripts"]
    ]
    norms = np.array([[list(p["norms"]) for p in each[1:]] for each in points])
    return accuracies(points)[:, -1], norms[..., 0] / norms[..., -1]


def test_the_longer_a_record_the_fewer_seeds_learn_its_pulse():
    learnt, ratios = {}, {}
    for steps in (25, 40, 60, 100):
        last, ratios[steps] = recall(steps, learning_rate=3e-3)
        learnt[steps] = np.count_nonzero(last > 0.9)
    assert learnt == {25: 10, 40: 8, 60: 3, 100: 0}
    assert ratios[100][:, 0].max() < 0.02
    assert np.median(ratios[25][:, -1]) > 1 and np.median(ratios[40][:, -1]) > 1


def test_the_limit_cures_leaps_and_nothing_else():
    guess, ratios = {}, {}
    for steps in (25, 40):
        for limit in ("none", "1"):
            last, ratios[steps, limit] = recall(steps, learning_rate=1e-2, limit=limit)
            guess[steps, limit] = np.count_nonzero(last < 0.6)
    assert guess == {(25, "none"): 3, (25, "1"): 0, (40, "none"): 8, (40, "1"): 8}
    for limit in ("none", "1"):
        assert ratios[40, limit].min() < 1e-9


def raced(num_steps, learning_rate, *, seeds, limit="none"):
    """Return the errors of three networks by epoch, and what their best gates keep at the end.

    `(seeds, 41, 3)`, and `(seeds, 2)` for GRU and LSTM, from step 1 to the end of a series.
    """
    records, sizes = race.race_records(), []
    data = {
        name: {"inputs": encode(split.inputs[:, :num_steps]), "width": 2 * num_steps, "answers": 1,
               "labels": encode(split.labels)}
        for name, split in (("train", records.train), ("validation", records.validation))
    }  # fmt: skip
    models = [
        race.race_network(
            layer=layer, num_steps=num_steps, limit=limit, learning_rate=learning_rate
        )
        for layer in race.LAYERS
    ]
    found = [description(model) for model in models]
    start = {"action": "start", "id": 1, "batchSize": 32, "epochs": 40, "turns": ALL}
    scripts = [
        {"data": data, "script": [start | {"network": {
            "rivals": [one | {"seed": seed} for one in found], "seed": seed}}]}
        for seed in seeds
    ]  # fmt: skip
    reports = [each["reports"] for each in run(scripts=scripts)["scripts"]]
    labels = records.validation.labels
    series = records.validation.inputs[labels > 0.5][:1, :num_steps]
    sizes = np.cumsum([0, *(model.count_params() for model in models)])
    kept = []
    for each in reports:
        flat = decode(each[-1]["weights"])
        for k, gates in ((1, lambda *x: gru(*x).update_gate), (2, lambda *x: lstm(*x).forget_gate)):
            shapes = [w.shape for w in models[k].get_weights()]
            ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
            arrays = zip(np.split(flat[sizes[k] : sizes[k + 1]], ends), shapes, strict=True)
            weights = [values.reshape(shape) for values, shape in arrays][:3]
            kept.append(gates(series, *weights)[0, 1:].prod(axis=0).max())
    losses = [[p["losses"] for report in each for p in report["points"]] for each in reports]
    return np.array(losses) / labels.var(), np.reshape(kept, (-1, 2))


def test_the_gru_waits_until_its_gates_open_and_the_lstm_needs_no_open_gate():
    errors, kept = raced(20, 1e-2, seeds=range(10))
    assert errors[:, -1].max() < 0.03  # in the end all know the value
    epochs = np.argmax(errors < 0.1, axis=1).T
    ends = [(each.min(), each.max()) for each in epochs]
    assert ends == [(3, 15), (8, 34), (2, 5)]
    assert np.median(epochs, axis=1).tolist() == [4, 21, 4]
    assert kept[:, 0].min() > 0.2 and kept[:, 1].max() < 0.03


def test_at_a_larger_rate_and_length_only_the_gru_learns():
    errors, _ = raced(40, 3e-2, seeds=range(5))
    assert (errors[:, -1, [0, 2]] > 0.3).all()
    assert (errors[:, -1, 1] < 0.1).all()


def unfolded(autoencoder, *changes, seeds, wanted):
    """Return `wanted` of 100 epochs, and of those after each change, `(seeds, epochs)` each.

    And the last weights of each seed, and the error of PCA.
    """
    digits = plane.plane_digits()
    flat = {k: getattr(digits, k).inputs.reshape(-1, 64) for k in ("train", "validation")}
    data = {
        k: {"inputs": encode(x), "labels": encode(x), "width": 64, "answers": 64}
        for k, x in flat.items()
    }
    pca = principal(flat["train"], flat["validation"])
    more = {"axes": encode(np.array(pca["axes"])), "spread": pca["spread"]}
    data["validation"] |= more
    found = description(plane.plane_network(autoencoder=autoencoder))
    start = {"action": "start", "id": 1, "batchSize": 50, "epochs": 100, "turns": ALL}
    later = [{"action": "change", "id": 1, "turns": ALL} | change for change in changes]
    scripts = [
        {"data": data, "script": [start | {"network": found | {"seed": seed}}, *later]}
        for seed in seeds
    ]
    reports = [each["reports"] for each in run(scripts=scripts)["scripts"]]
    points = [[point for report in each for point in report["points"]] for each in reports]
    found = [np.array([[p[key] for p in each] for each in points]) for key in wanted]
    return *found, [decode(each[-1]["weights"]) for each in reports], pca["error"]


def alike(weights, autoencoder):
    """Return for each network whether the code next to that of each digit is of the same one.

    `(networks, digits)`, the codes `(networks, digits, 2)`, and the labels.
    """
    digits = plane.plane_digits().validation
    model, near, found = plane.plane_network(autoencoder=autoencoder), [], []
    for flat in weights:
        ends = np.cumsum([w.size for w in model.get_weights()])[:-1]
        arrays = zip(np.split(flat, ends), model.get_weights(), strict=True)
        model.set_weights([values.reshape(w.shape) for values, w in arrays])
        found.append(codes(model, digits.inputs.reshape(-1, 64)))
        apart = np.square(found[-1][:, np.newaxis] - found[-1]).sum(axis=2)
        np.fill_diagonal(apart, np.inf)
        near.append(digits.labels[apart.argmin(axis=1)] == digits.labels)
    return np.array(near), np.array(found), digits.labels


def test_a_linear_network_turns_into_the_plane_of_pca():
    slower = {"learningRate": 1e-3, "epochs": 140}
    wanted = "angle", "error"
    angles, errors, weights, pca = unfolded("linear", slower, seeds=range(10), wanted=wanted)
    assert round(pca, 2) == 0.72
    assert angles[:, 0].min() > 80
    assert angles[:, 100].max() < 5 and angles[:, 80:101].min(axis=1).min() > 0.5
    assert np.count_nonzero(angles[:, 140] < 1) >= 7 and angles[:, 140].max() < 4
    np.testing.assert_allclose(errors[:, 140], pca, atol=0.004)
    near, _, labels = alike(weights, "linear")
    assert np.abs(near.mean(axis=1) - 0.56).max() < 0.04
    digits = plane.plane_digits()
    axes = PCA(2).fit(digits.train.inputs.reshape(-1, 64))
    found = axes.transform(digits.validation.inputs.reshape(-1, 64))
    assert round(neighbours_alike(found, digits.validation.labels), 2) == 0.56
    assert 0.45 < near[:, labels == 6].mean() < 0.65


def test_a_stacked_network_bends_the_plane():
    errors, weights, _ = unfolded("stacked", seeds=range(5), wanted=("error",))
    assert np.round(np.median(errors[:, 100]), 2) == 0.57
    assert np.abs(errors[:, 100] - 0.57).max() < 0.015
    near, _, labels = alike(weights, "stacked")
    assert round(near.mean(), 2) == 0.66 and near.mean(axis=1).min() > 0.63
    assert near[:, labels == 6].mean(axis=1).min() > 0.9


def test_a_variational_network_keeps_its_cloud_in_the_circle():
    errors, weights, _ = unfolded("variational", seeds=range(5), wanted=("error",))
    assert np.abs(errors[:, 100] - 0.55).max() < 0.025
    near, found, _ = alike(weights, "variational")
    assert round(near.mean(), 2) == 0.75 and near.mean(axis=1).min() > 0.72
    inside = np.square(found).sum(axis=2) < -2 * np.log(0.05)
    assert inside.mean(axis=1).min() > 0.95


def test_a_large_beta_lets_the_cloud_collapse_and_beta_one_unfolds_it_again():
    moves = {"beta": 10, "epochs": 140}, {"beta": 1, "epochs": 180}
    errors, costs, *_ = unfolded("variational", *moves, seeds=range(3),
                                wanted=("error", "divergence"))  # fmt: skip
    assert costs[:, 100].min() > 2 and costs[:, 102].max() < 0.1
    assert np.abs(errors[:, 140] - 1).max() < 0.02 and costs[:, 140].max() < 0.01
    assert errors[:, 180].max() < 0.62 and costs[:, 180].min() > 2
