"""The recorded results are complete, and running them again gives the same numbers."""

import itertools
import os
import re
import shlex
from importlib import resources
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logsumexp
from sklearn import datasets

from lectures_lib.book import read_book
from lectures_lib.data import Dataset, Split, load_cifar10, load_digits, load_mnist
from lectures_lib.models import cifar_cnn, cifar_residual, digits_linear, series_lstm
from lectures_lib.physics import blinking_counts
from lectures_lib.recorded import compare, load, names, weights
from lectures_lib.training import evaluate, fit, forecast
from recipes import __main__ as make
from recipes import (
    anomalies,
    cifar10,
    denoising,
    denoising_pulses,
    digit_codes,
    extrapolation,
    gates,
    holding,
    linear_codes,
    long_records,
    memory,
    outlook,
    pretraining,
    pulses,
    rectified,
    regimes,
    series,
    series_codes,
    tracks,
    variational,
    writers,
)
from recipes import digits as recipes

pytestmark = pytest.mark.slow

NETWORKS = ["digits_linear", "digits_dense", "digits_cnn"]
TABLES = [
    "anomaly_digits", "anomaly_pulses", "autoencoder_errors",
    "cifar10_calibration", "cifar10_confusion", "cifar10_disturbed",
    "cifar10_history", "cifar10_noise", "cifar10_patches", "cifar10_runs", "cifar10_transfer",
    "denoising_digits", "denoising_filters", "denoising_pulses", "denoising_shuffled",
    "digit_code_choices", "digit_codes", "digits_batch_size", "digits_choice", "digits_grid",
    "digits_learning_curves", "digits_seeds", "digits_writers", "extrapolation_couplings",
    "extrapolation_forms", "extrapolation_grid", "extrapolation_runs", "few_labels",
    "gated_frozen", "gated_runs", "gated_seeds", "holding_networks", "linear_codes",
    "map_errors", "memory_again", "memory_epochs", "memory_slopes", "memory_tasks",
    "motion_horizon", "outlook_padding", "outlook_recall", "outlook_smoothing",
    "pulse_networks", "pulse_rates", "rectified_networks", "regime_curves", "regime_runs",
    "series_codes", "sine_intervals", "sine_networks", "sine_records", "sparsity_runs",
    "track_angles", "unit_limits", "variational_beta", "variational_evidence", "variational_ising",
    "variational_samples",
]  # fmt: skip
OTHERS = (
    "cifar10_confusion",
    "cifar10_noise",
    "digits_writers",
)  # counts; accuracies under other names
ACCURACIES = [n for n in TABLES if n.startswith(("cifar10_", "digits_")) and n not in OTHERS]
WEIGHTS = {
    "convolutional_maps": 1_477,
    "playground_digits": 17_295,
    "playground_gates": 396,
    "pretrained_encoder": 51_870,
    "cifar10_base": 102_991,
    "cifar10_lecture": 122_570,
    "cifar10_residual": 103_186,
    "regime_networks": 23_625,
    "sparsity_strokes": 56_448,
    "variational_drawn": 25_088,
    "variational_networks": 337_652,
    "variational_pictures": 56_448,
}
NETWORK_OF = {"lecture": "lecture", "residual": "augment_12", "base": "base"}  # of weights
MAX_BYTES = {"digits_learning_curves": 150_000}


def configurations(table, columns):
    """Return the rows of some columns as a list of tuples."""
    return list(table[columns].itertuples(index=False, name=None))


def test_names():
    assert names() == TABLES
    assert names(kind="npz") == sorted(WEIGHTS)
    assert sorted(make.RECIPES) == sorted([*TABLES, *WEIGHTS])


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=f"'digit_seeds'.*{', '.join(TABLES)}"):
        load("digit_seeds")


@pytest.mark.parametrize("name", TABLES)
def test_head_names_a_command_that_is_accepted(name):
    text = resources.files("lectures_lib.recorded").joinpath(f"{name}.csv").read_text("utf-8")
    head = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("#")]
    program, switch, module, *arguments = shlex.split(head[0])
    assert (program, switch, module) == ("python", "-m", "recipes")
    assert make.parser().parse_args(arguments).name == name
    # Apart from the versions, which are those of the day, the head is what the program writes.
    assert head[:2] == [line.removeprefix("# ") for line in make.header(name).splitlines()[:2]]
    assert all(f"{package} " in head[-1] for package in make.PACKAGES)
    assert len(text.encode()) < MAX_BYTES.get(name, 60_000)


def test_command_refuses_an_unknown_name(capsys):
    with pytest.raises(SystemExit):
        make.parser().parse_args(["digit_seeds"])
    assert "invalid choice" in capsys.readouterr().err


@pytest.mark.parametrize("name", ACCURACIES)
def test_accuracies_are_shares(name):
    table = load(name)
    columns = [c for c in table if c.startswith("accuracy") or c in ("train", "validation", "test")]
    assert columns
    assert table[columns].notna().all(axis=None)
    assert table[columns].ge(0).all(axis=None)
    assert table[columns].le(1).all(axis=None)


def test_seeds_are_complete():
    table = load("digits_seeds")
    wanted = [*itertools.product(NETWORKS, range(10))]
    wanted += [(name, 0) for name in recipes.baselines()]
    assert sorted(configurations(table, ["model", "seed"])) == sorted(wanted)
    parameters = table.groupby("model")["parameters"].first()
    assert parameters[NETWORKS].tolist() == [650, 8635, 8660]
    assert parameters[list(recipes.baselines())].isna().all()


def test_curves_are_complete():
    table = load("digits_learning_curves")
    columns = ["learning_rate", "filters", "epoch", "split"]
    assert table.columns.tolist() == [*columns, "loss", "accuracy", "accuracy_low", "accuracy_high"]
    rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]
    epochs = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]
    wanted = itertools.product(rates, [1, 2, 5, 10, 20], epochs, ["train", "validation"])
    assert sorted(configurations(table, columns)) == sorted(wanted)
    assert table["accuracy_low"].le(table["accuracy"] + 1e-5).all()
    assert table["accuracy_high"].ge(table["accuracy"] - 1e-5).all()


@pytest.mark.parametrize("view", ["live", "page"])
def test_a_run_is_compared_with_the_recorded_one_and_raises_in_the_build_only(
    view, monkeypatch, capsys
):
    monkeypatch.setenv("LECTURES_VIEW", view)
    compare("loss (nats)", 0.28449, recorded=0.2826, within=0.002)
    assert capsys.readouterr().out == "loss (nats): recorded run 0.2826, yours 0.2845\n"
    for yours, text in ((0.25, "0.2500"), (float("nan"), "nan")):
        line = f"loss (nats): recorded run 0.2826, yours {text}"
        if view == "page":
            with pytest.raises(ValueError, match=re.escape(f"{line}, more than 0.002 apart.")):
                compare("loss (nats)", yours, recorded=0.2826, within=0.002)
        else:
            compare("loss (nats)", yours, recorded=0.2826, within=0.002)
            assert capsys.readouterr().out == f"{line}\n"


def test_runs_on_other_writers_are_complete():
    table = load("digits_writers")
    columns = ["split", "fold", "model", "training", "seed"]
    setting = ["shuffled", "writers"], range(5)
    training = ["centred", "moved"]
    wanted = [*itertools.product(*setting, writers.classical(), training, [0])]
    wanted += itertools.product(*setting, writers.NETWORKS, training, range(3))
    wanted += itertools.product(["writers"], range(5), writers.DEEPER, training, range(3))
    assert sorted(configurations(table, columns)) == sorted(wanted)
    assert table[["centred", "moved"]].stack().between(0.1, 1).all()


def test_the_folds_of_writers_are_parts_of_the_file():
    shuffled, in_order = writers.folds("shuffled"), writers.folds("writers")
    assert [len(rows) for rows in in_order] == [360, 360, 359, 359, 359]
    assert np.concatenate(in_order).tolist() == list(range(1797))
    assert sorted(np.concatenate(shuffled)) == list(range(1797))
    assert np.ptp(shuffled[0]) > 1700


@pytest.mark.parametrize("training", ["centred", "moved"])
def test_the_nearest_picture_of_other_writers_comes_out_again(training):
    """Against arithmetic: the test is the fourth fifth of the file, moved by hand."""
    X, labels = datasets.load_digits(return_X_y=True)
    X = X.reshape(-1, 8, 8)
    rows = np.arange(1797)
    test = (rows >= 360 + 360 + 359) & (rows < 1797 - 359)
    padded = np.pad(X, ((0, 0), (1, 1), (1, 1)))
    ways = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    seen = [padded[:, i : i + 8, j : j + 8].reshape(-1, 64) for i, j in ways]
    learnt = seen if training == "moved" else seen[:1]
    points, classes = np.concatenate([part[~test] for part in learnt]), labels[~test]

    def accuracy(images):
        squares = (images**2).sum(1)[:, None] + (points**2).sum(1) - 2 * images @ points.T
        return np.mean(classes[squares.argmin(axis=1) % len(classes)] == labels[test])

    recorded = load("digits_writers").query(
        "model == 'nearest picture' and split == 'writers' and fold == 3"
    )
    row = recorded[recorded["training"] == training].iloc[0]
    assert row["centred"] == pytest.approx(accuracy(seen[0][test]), abs=0.003)
    moved = np.mean([accuracy(part[test]) for part in seen[1:]])
    assert row["moved"] == pytest.approx(moved, abs=0.003)


@pytest.mark.parametrize("model", writers.classical())
def test_other_writers_come_out_again(model):
    row = load("digits_writers").query(
        "model == @model and split == 'shuffled' and fold == 1 and training == 'centred'"
    )
    again = writers.run("shuffled", 1, model, "centred", 0)
    for column, value in again.items():
        assert row.iloc[0][column] == pytest.approx(value, abs=0.003)


def test_baselines_come_out_again():
    """The recorded rows, against arithmetic instead of scikit-learn."""
    digits = load_digits(seed=0)
    X, labels = digits.train.inputs.reshape(-1, 64), digits.train.labels
    centroids = np.stack([X[labels == digit].mean(axis=0) for digit in range(10)])
    nearest = {"nearest_centroid": (centroids, np.arange(10)), "k_nearest_neighbours": (X, labels)}
    table = load("digits_seeds").set_index("model")
    for name, (points, point_labels) in nearest.items():
        for part in ("validation", "test"):
            split = getattr(digits, part)
            distance = ((split.inputs.reshape(-1, 1, 64) - points) ** 2).sum(axis=2)
            accuracy = np.mean(point_labels[distance.argmin(axis=1)] == split.labels)
            assert table.loc[name, part] == pytest.approx(accuracy, abs=0.003)


@pytest.mark.parametrize("name", recipes.baselines())
def test_baseline_rows_come_out_again(name):
    row = recipes.run_baseline(name)
    recorded = load("digits_seeds").set_index("model").loc[name]
    for part in ("train", "validation", "test"):
        assert recorded[part] == pytest.approx(row[part], abs=0.003)


def test_seed_comes_out_again():
    digits = load_digits(seed=0)
    model = digits_linear(l2=1e-3, learning_rate=0.1, seed=4)
    fit(model, digits, epochs=100, batch_size=100, seed=4, progress=False)
    row = load("digits_seeds").query("model == 'digits_linear' and seed == 4").iloc[0]
    for part in ("train", "validation", "test"):
        accuracy = evaluate(model, getattr(digits, part))["accuracy"]
        assert row[part] == pytest.approx(accuracy, abs=0.01)


@pytest.mark.parametrize(("learning_rate", "filters"), [(0.1, 5), (0.3, 10)])
def test_first_epochs_come_out_again(learning_rate, filters):
    # The other rate first: nothing of it may be left in the run that is compared.
    rates = (1.0, learning_rate)
    curves = [
        recipes.run_curves(filters, seed, learning_rates=rates, epochs=3).assign(filters=filters)
        for seed in range(3)
    ]
    again = recipes.summarise_curves(pd.concat(curves)).query(f"learning_rate == {learning_rate}")
    recorded = load("digits_learning_curves").query(
        f"learning_rate == {learning_rate} and filters == {filters} and epoch <= 3"
    )
    assert len(recorded) == 6
    again, recorded = (table.reset_index(drop=True) for table in (again, recorded))
    pd.testing.assert_frame_equal(again, recorded, rtol=0, atol=0.02)


def test_diverged_seed_makes_the_mean_nan():
    curve = pd.DataFrame(
        {"epoch": [1], "split": ["train"], "loss": [2.0], "accuracy": [0.5]}
    ).assign(learning_rate=3.0, filters=1)
    curves = pd.concat([curve, curve.assign(loss=np.nan, accuracy=0.1)])
    row = recipes.summarise_curves(curves).iloc[0]
    assert np.isnan(row["loss"])
    assert (row["accuracy"], row["accuracy_low"], row["accuracy_high"]) == (0.3, 0.1, 0.5)


def test_grid_is_complete_and_fails_where_the_penalty_overshoots():
    table = load("digits_grid")
    powers = [float(f"1e{n}") for n in range(-5, 2)]
    columns = ["largest_value", "seed", "learning_rate", "l2"]
    wanted = itertools.product([1, 16], range(5), powers, powers)
    assert sorted(configurations(table, columns)) == sorted(wanted)
    unstable = table["learning_rate"] * table["l2"] > 0.999
    assert table.loc[unstable, "diverged"].notna().all()


def test_batch_sizes_are_complete():
    table = load("digits_batch_size")
    wanted = itertools.product(
        [10, 20, 50, 100, 200, 500, 1257], range(3), [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
    )
    columns = ["batch_size", "seed", "learning_rate"]
    assert sorted(configurations(table, columns)) == sorted(wanted)
    again = recipes.run_batch_size(1257, 2)
    old = table.query("batch_size == 1257 and seed == 2")
    np.testing.assert_allclose(again["validation"], old["validation"], atol=0.03)


def test_choices_are_complete_and_the_best_of_two_is_that_of_the_grid():
    table = load("digits_choice")
    wanted = itertools.product(["grid", "random"], range(5), [5, 10, 20, 49])
    assert sorted(configurations(table, ["search", "seed", "trainings"])) == sorted(wanted)
    two = {"learning_rate": [0.01, 0.1], "l2": [1e-3]}
    (found,) = recipes.run_choice("grid", 3, settings=two).to_dict("records")
    old = load("digits_grid").query(
        "largest_value == 1 and seed == 3 and 5e-4 < l2 < 5e-3 and 0.05 < learning_rate < 0.5"
    )
    assert found["trainings"] == 2 and found["reported"] >= found["honest"]
    for part in ("validation", "test"):
        assert found[part] == pytest.approx(old[part].item(), abs=0.02)


def test_grid_comes_out_again():
    again = recipes.run_grid(1, 3, grid={"learning_rate": [0.01, 0.1], "l2": [0.001, 10.0]})
    recorded = load("digits_grid").query("largest_value == 1 and seed == 3")
    for _, row in again.iterrows():
        same = np.isclose(recorded["learning_rate"], row["learning_rate"])
        same &= np.isclose(recorded["l2"], row["l2"])
        (old,) = recorded[same].to_dict("records")
        assert pd.isna(old["diverged"]) == pd.isna(row["diverged"])
        for part in ("train", "validation", "test"):
            assert old[part] == pytest.approx(row[part], abs=0.02)


def test_angles_of_tracks_come_out_again():
    runs = load("track_angles")
    learnt = runs[runs["events"] > 0]
    assert learnt.groupby(["method", "noise", "events"])["seed"].apply(sorted).tolist() == 14 * [
        [0, 1, 2]
    ]
    images, labels = tracks.events(tracks.TEST_EVENTS, noise=1.0, seed=10)
    same = runs.query("noise == 1 and events == 0").set_index("method")["accuracy"]
    by_hand = {*(f"kernels of {k} pixels" for k in (9, 15, 21, 27)), "9 pixels, summed"}
    assert set(same.index) == by_hand | {"likelihood"}
    some = np.s_[:400]
    found = np.mean(tracks.by_kernels(images[some], 15) == labels[some])
    assert found == pytest.approx(same["kernels of 15 pixels"], abs=0.03)
    # Row by row, as in the chapter, and not as one convolution.
    one = tracks.by_kernels(images[:1], 9)
    responses = [
        [np.sum(weights * images[0, i : i + 9, j : j + 9, 0]) for i, j in np.ndindex(24, 24)]
        for weights in (
            (k - k.mean()) / np.linalg.norm(k - k.mean()) for k in tracks.profiles(9, [0.0])[:, 0]
        )
    ]
    assert one == np.argmax(np.max(responses, axis=1))
    summed = np.sum(np.clip(np.array(responses) - 2, 0, None), axis=1)
    assert tracks.by_kernels(images[:1], 9, above=2) == np.argmax(summed)
    turned, angles = tracks.eight_of_each(images[:5], labels[:5])
    assert np.mean(tracks.by_likelihood(turned) == angles) == 1 and len(turned) == 40
    assert np.mean(tracks.by_likelihood(images[some]) == labels[some]) == 1
    # The mean of the likelihood over all places of a track is no better than its largest value.
    noisy, labels = tracks.events(tracks.TEST_EVENTS, noise=1.5, seed=10)
    shapes = tracks.profiles(32, np.arange(-5.5, 5.6, 0.5)).reshape(12, -1, 32 * 32)
    fits = np.stack([noisy.reshape(len(noisy), -1) @ t.T - (t**2).sum(1) / 2 for t in shapes])
    averaged = np.mean(logsumexp(fits / 1.5**2, axis=2).argmax(axis=0) == labels)
    (largest,) = runs.query("method == 'likelihood' and noise == 1.5")["accuracy"]
    assert averaged == pytest.approx(largest, abs=0.002)
    assert tracks.convolutional(0).count_params() == 8_508
    assert 69 < tracks.dense(0).count_params() / 8_508 < 71


def test_pulse_networks_are_complete_and_of_one_size():
    runs = load("pulse_networks")
    wanted = list(itertools.product(pulses.NETWORKS, pulses.SEEDS))
    assert configurations(runs, ["network", "seed"]) == wanted
    apart = runs["test"] - runs["validation"]
    assert apart.abs().max() < 0.06  # three standard errors of 1,000 and 2,000 records
    assert (runs["last"] <= runs["validation"] + 0.03).all()
    assert runs["best_epoch"].between(1, pulses.EPOCHS).all()
    for name, (kind, rate, limit) in pulses.NETWORKS.items():
        network = pulses.pulse_network(name, seed=1)
        assert network.optimizer.global_clipnorm == limit
        assert float(network.optimizer.learning_rate) == pytest.approx(rate)
        assert type(network.layers[0]).__name__ == kind
        assert 320 <= network.layers[0].count_params() <= 324
    parts = pulses.pulse_data()
    assert not np.isin(parts.test.inputs[:, 0], parts.train.inputs[:, 0]).any()


def test_pulses_at_several_rates_are_complete():
    table = load("pulse_rates")
    wanted = [
        (kind, rate, limit, seed)
        for kind in pulses.UNITS
        for rate, limit, seed in itertools.product(pulses.RATES, pulses.LIMITS, pulses.FEW_SEEDS)
    ]
    assert sorted(configurations(table, ["network", "learning_rate", "limit", "seed"])) == sorted(
        wanted
    )
    assert (table["test"] - table["validation"]).abs().max() < 0.06
    # The same networks as those that were trained one by one, in other orders of the batches.
    ones = load("pulse_networks").query("network == 'LSTM' and seed < 3")["last"]
    own = table.query("network == 'LSTM' and learning_rate == 0.003 and limit == 0")["test"]
    assert min(ones.min(), own.min()) > 0.8


def test_networks_that_hold_are_complete_and_of_one_size():
    runs = load("holding_networks")
    wanted = [
        (30, kind, clipped, rate, seed)
        for kind in holding.UNITS
        for clipped in (False, True)
        for rate in (*holding.RATES, *holding.HIGH)
        for seed in range(5)
    ]
    wanted += [(30, "SimpleRNN", clipped, 0.001, s) for clipped in (False, True) for s in range(5)]
    wanted += [(150, "SimpleRNN", True, rate, s) for rate in holding.LOW for s in range(5)]
    columns = ["epochs", "network", "clipped", "learning_rate", "seed"]
    assert configurations(runs, columns) == wanted
    assert (runs["test"] - runs["validation"]).abs().max() < 0.2
    for kind in holding.UNITS:
        how = {"learning_rate": 0.01, "limit": 1.0, "seed": 0}
        network = holding.holding_network(kind, **how)
        assert 340 <= network.layers[0].count_params() <= 352
        assert network.optimizer.global_clipnorm == 1
    again = holding.held.func("SimpleRNN", 1.0, rates=(0.01,), seeds=(0,))[0]
    (kept,) = runs.query(
        "network == 'SimpleRNN' and clipped and learning_rate == 0.01 and seed == 0 "
        "and epochs == 30"
    )["test"]
    assert 0.3 < again["test"] / kept < 3  # a run of 960 steps: rounding grows


def test_rectified_networks_are_complete_and_begin_with_the_identity():
    runs = load("rectified_networks")
    wanted = [
        (task, clipped, rate, seed)
        for task in rectified.TASKS
        for clipped in (False, True)
        for rate in rectified.RATES
        for seed in range(5)
    ]
    assert configurations(runs, ["task", "clipped", "learning_rate", "seed"]) == wanted
    mean = runs.query("clipped").groupby(["task", "learning_rate"])["validation"].mean()
    best = [rate for _, rate in mean.groupby("task").idxmin()]
    assert all(rate not in (min(rectified.RATES), max(rectified.RATES)) for rate in best)
    how = {"num_steps": 7, "features": 2, "every_step": True, "seed": 1}
    network = rectified.rectified_network(**how, learning_rate=0.01, limit=1.0)
    np.testing.assert_array_equal(network.get_weights()[1], np.eye(17))
    assert network.optimizer.global_clipnorm == 1
    x = np.random.default_rng(0).normal(size=(3, 7, 2)).astype("float32")
    kernel, recurrent, bias, out, shift = network.get_weights()
    h = np.zeros((3, 17))
    for t in range(7):
        h = np.maximum(0, x[:, t] @ kernel + h @ recurrent + bias)
    np.testing.assert_allclose(network(x)[:, -1], h @ out + shift, rtol=1e-4, atol=1e-5)


def test_the_chapter_makes_the_records_that_the_recipe_has():
    (chapter,) = (one for one in read_book().chapters if one.name == "lstm/gates")
    (source,) = (cell.source for cell in chapter.cells if "def hold_records" in cell.source)
    space = {"np": np}
    exec(source, space)
    ours, theirs = (
        space["hold_records"](4, 30, 5),
        holding.held_records(series=4, num_steps=30, seed=5),
    )
    np.testing.assert_array_equal(ours[0], theirs.inputs)
    np.testing.assert_array_equal(ours[1], theirs.labels)


def test_the_best_single_unit_does_again_what_it_did():
    limits = load("unit_limits")
    wanted = [(t, s, k) for t in holding.TASKS for s in holding.SIGNALS for k in range(3)]
    assert configurations(limits, ["task", "unit", "seed"]) == wanted
    for row in limits.itertuples():
        train, test = (holding.unit_data(row.task, seed=n + row.seed) for n in (100, 200))
        numbers = [row.w, row.k, row.m, row.b]
        error, read_out = holding.unit_error(numbers, train, row.unit)
        again = holding.unit_error(numbers, test, row.unit, read_out)[0]
        assert error == pytest.approx(row.train, abs=0.02)  # written with five digits
        assert again == pytest.approx(row.test, abs=0.03)


def test_cifar10_tables_belong_together():
    runs, history = load("cifar10_runs"), load("cifar10_history")
    assert configurations(runs, ["model", "seed"]) == cifar10.RUNS
    for _, run in runs.iterrows():
        rows = history.query(f"model == '{run['model']}' and seed == {run['seed']}")
        assert rows["epoch"].tolist() == np.repeat(range(1, run["epochs"] + 1), 2).tolist()
        last = rows.groupby("split")["accuracy"].last()
        assert last["validation"] == pytest.approx(run["validation"], abs=2e-4)
    counts, disturbed = load("cifar10_confusion"), load("cifar10_disturbed")
    calibration = load("cifar10_calibration")
    for name, seed in itertools.product(cifar10.LOOKED_AT, cifar10.SEEDS):
        one = f"model == '{name}' and seed == {seed}"
        test = runs.query(one)["test"].item()
        rows = counts.query(one)
        assert rows.groupby("label")["images"].sum().tolist() == [1000] * 10
        right = rows.loc[rows["label"] == rows["predicted"], "images"].sum()
        assert right / 10_000 == pytest.approx(test, abs=2e-4)
        undisturbed = disturbed.query(f"{one} and size == 0")
        assert undisturbed["accuracy"].item() == pytest.approx(test, abs=2e-4)
        for _, bins in calibration.query(one).groupby("temperature"):
            assert bins["images"].sum() == 10_000
            assert np.average(bins["accuracy"], weights=bins["images"]) == pytest.approx(
                test, abs=2e-4
            )
            assert (bins["confidence"] * 10).astype(int).clip(upper=9).tolist() == bins[
                "bin"
            ].tolist()
    assert load("cifar10_noise").groupby(["model", "seed"])["images"].sum().eq(1000).all()


def test_renewed_averages_are_those_of_the_pictures():
    """In use, the network then answers as in training, but for augmentation."""
    images = np.random.default_rng(4).uniform(size=(40, 32, 32, 3)).astype("float32")
    model, plain = cifar_residual(seed=1), cifar_residual(seed=1, augment=False)
    before = [array.copy() for array in model.get_weights()]
    plain.set_weights([w for w in before if w.dtype == np.float32])
    renewed = cifar10.renewed(model, images)
    np.testing.assert_allclose(renewed(images, training=False), plain(images, training=True),
                               atol=1e-4)  # fmt: skip
    for array, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_frozen_kernels_do_not_learn():
    model = cifar_cnn(seed=3)
    kernel = model.layers[0].get_weights()[0]
    network = cifar10.frozen(model)
    assert [tuple(w.shape) for w in network.trainable_weights] == [
        (1024, 64),
        (64,),
        (64, 10),
        (10,),
    ]
    images = np.random.default_rng(4).uniform(size=(8, 32, 32, 3)).astype("float32")
    network.fit(images, np.arange(8), verbose=0)
    np.testing.assert_array_equal(network.layers[0].get_weights()[0], kernel)


def test_transfer_and_patches_are_complete():
    table = load("cifar10_transfer")
    methods = table["method"].unique()
    wanted = itertools.product(methods, cifar10.LABELS, cifar10.SEEDS)
    assert len(methods) == 5
    assert sorted(configurations(table, ["method", "labels", "seed"])) == sorted(wanted)
    assert load("cifar10_patches")["seed"].tolist() == list(cifar10.SEEDS)


def test_the_temperature_is_that_of_the_smallest_loss():
    """At the best temperature the mean energy is that of the labels, as in thermal equilibrium."""
    rng = np.random.default_rng(3)
    outputs = rng.normal(scale=4.0, size=(500, 7))
    labels = (outputs / 2.5 + rng.gumbel(size=outputs.shape)).argmax(axis=1)
    found = cifar10.temperature(outputs, labels)
    p = np.exp(outputs / found - logsumexp(outputs / found, axis=1, keepdims=True))
    energy = outputs[range(500), labels].mean()
    assert np.sum(p * outputs, axis=1).mean() == pytest.approx(energy, abs=1e-3)
    assert found == pytest.approx(2.5, rel=0.15)


def test_new_classes_are_held_out_and_numbered_anew():
    labels = np.array([8, 0, 2, 5, 2, 9, 8])
    split = Split(np.arange(7.0).reshape(7, 1, 1, 1), labels)
    ten = Dataset(split, split, split, tuple("abcdefghij"))
    new = cifar10.chosen(ten, cifar10.NEW_CLASSES)
    assert new.class_names == ("c", "f", "i")
    assert new.train.labels.tolist() == [2, 0, 1, 0, 2]
    assert new.test.inputs.ravel().tolist() == [0, 2, 3, 4, 6]
    rows = cifar10.few(new.train.labels, 1, seed=4)
    assert new.train.labels[rows].tolist() == [0, 1, 2]
    base = cifar10.chosen(ten, [c for c in range(10) if c not in cifar10.NEW_CLASSES])
    assert base.train.labels.tolist() == [0, 6] and base.class_names == tuple("abdeghj")


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_fit_their_network(name):
    assert sum(values.size for values in weights(name)) == WEIGHTS[name]
    if name.startswith("cifar10_"):
        run = NETWORK_OF[name.removeprefix("cifar10_")]
        cifar10.build(run, 1).set_weights(weights(name))
        path = resources.files("lectures_lib.recorded").joinpath(f"{name}.npz")
        assert path.stat().st_size < (460_000 if name == "cifar10_lecture" else 400_000)
    with resources.files("lectures_lib.recorded").joinpath(f"{name}.npz").open("rb") as file:
        text = str(np.load(file)["header"])
    assert text.startswith(f"# python -m recipes {name}\n")


@pytest.mark.skipif(
    not Path(os.environ.get("LECTURES_DATA_DIR", "../shared/data"), "cifar10.npz").is_file(),
    reason="needs cifar10.npz in LECTURES_DATA_DIR",
)
def test_recorded_weights_get_the_recorded_accuracy(monkeypatch):
    monkeypatch.setenv("LECTURES_DATA_DIR", os.environ.get("LECTURES_DATA_DIR", "../shared/data"))
    test = load_cifar10(test_images=1000).test
    for name in ("lecture", "residual"):
        run = NETWORK_OF[name]
        model = cifar10.build(run, 0)
        model.set_weights(weights(f"cifar10_{name}"))
        recorded = load("cifar10_runs").query(f"model == '{run}' and seed == 0")["test"].item()
        assert evaluate(model, test)["accuracy"] == pytest.approx(recorded, abs=0.04)


def test_unknown_weights_list_the_known_ones():
    with pytest.raises(ValueError, match=r"'cifar'.*cifar10_base, cifar10_lecture"):
        weights("cifar")


def test_recipe_writes_tables_and_weights(tmp_path):
    table = pd.DataFrame({"a": [1.0, np.nan]})
    path = make.write("digits_grid", table, folder=tmp_path)
    assert path.read_text("utf-8").splitlines()[-3:] == ["a", "1", "nan"]
    arrays = [np.arange(3.0), np.ones((2, 2))]
    with np.load(make.write("cifar10_lecture", arrays, folder=tmp_path)) as stored:
        np.testing.assert_array_equal(stored["arr_1"], arrays[1])
        assert "python -m recipes cifar10_lecture" in str(stored["header"])


def test_noisy_sines_are_complete():
    table = load("sine_networks")
    wanted = itertools.product(["one_step", "recurrent", "dense"], range(5), [20, 100], range(10))
    columns = ["model", "series", "epochs", "seed"]
    assert sorted(configurations(table, columns)) == sorted(wanted)
    assert table["test"].gt(0.37).all()  # the best forecast from four values has 0.38


def test_noisy_sine_comes_out_again():
    again = series.run_sine("one_step", 2, 20, seeds=[3])
    table = load("sine_networks").query("model == 'one_step' and series == 2 and epochs == 20")
    recorded = table[table["seed"] == 3]
    columns = ["train", "validation", "test"]
    np.testing.assert_allclose(recorded[columns], again[columns], rtol=0.03)


def test_records_of_the_sine_are_complete():
    table, intervals = load("sine_records"), load("sine_intervals")
    pairs = list(itertools.product(range(5), range(5)))
    wanted = [(name, *pair) for name in long_records.NETWORKS for pair in pairs]
    assert configurations(table, ["network", "series", "seed"]) == wanted
    assert table["best_epoch"].between(1, 1500).all()
    wanted = [(name, *pair) for name in ("gaussian", "quantiles") for pair in pairs]
    wanted += [("window", number, 0) for number in range(5)]
    assert configurations(intervals, ["forecast", "series", "seed"]) == wanted
    # Noise of the width 2: the interval of 0.8 can be no narrower than 1.6 and right.
    assert intervals["width"].between(1.4, 1.75).all()
    assert intervals["score"].gt(0.178).all()  # 2 (0.1) (0.9) for both ends, known exactly


@pytest.mark.parametrize(("tanh", "carried"), [(False, True), (True, False)])
def test_networks_along_records_take_the_steps_of_keras(tanh, carried):
    import keras

    x, y = (values[[4, 2], :60] for values in long_records.records())
    first = [long_records.initial_weights(3, 1, seed=seed) for seed in (5, 6)]
    learn = long_records.adam(0.02)
    settings = {"length": 20, "carried": carried, "loss": long_records.squares, "tanh": tanh}
    weights = long_records.stacked(first)
    for _ in range(2):
        weights, *_ = long_records.along(weights, x, y, learn=learn, **settings)
    for number in range(2):
        memory = keras.layers.SimpleRNN(
            3, activation="tanh" if tanh else "linear", return_sequences=True, stateful=carried
        )
        network = keras.Sequential(
            [keras.Input(batch_shape=(1, 20, 1)), memory, keras.layers.Dense(1)]
        )
        network.set_weights(first[number])
        adam = keras.optimizers.Adam(0.02, global_clipnorm=1.0)
        network.compile(adam, "mean_squared_error")
        stretches = (values[number].reshape(3, 20, 1) for values in (x, y))
        inputs, labels = map(np.ascontiguousarray, stretches)
        for _ in range(2):
            if carried:
                memory.reset_state()
            network.fit(inputs, labels, batch_size=1, shuffle=False, verbose=0)
        ours = [array[number] for array in weights]
        for one, other in zip(ours, network.get_weights(), strict=True):
            np.testing.assert_allclose(one.reshape(other.shape), other, atol=2e-5)
        changed = np.abs(network.get_weights()[1] - first[number][1]).max()
        assert changed > 0.02


@pytest.mark.parametrize("loss", ["gaussian", "quantiles"])
def test_losses_of_intervals_have_their_slopes(loss):
    rng = np.random.default_rng(0)
    outputs, y = rng.normal(size=(2, 4, 2)), rng.normal(size=(2, 4, 1))
    _, slopes = long_records.LOSSES[loss](outputs, y)
    for place in np.ndindex(outputs.shape):
        ahead, behind = outputs.copy(), outputs.copy()
        ahead[place] += 1e-6
        behind[place] -= 1e-6
        change = [long_records.LOSSES[loss](o, y)[0].sum() for o in (ahead, behind)]
        assert slopes[place] == pytest.approx((change[0] - change[1]) / 2e-6, abs=1e-4)


def test_intervals_of_windows_come_out_again():
    again = long_records.window_intervals()
    table = load("sine_intervals").query("forecast == 'window'")
    for column in ("coverage", "width", "score"):
        np.testing.assert_allclose(table[column], again[column], rtol=1e-3)


def test_motions_are_complete():
    horizon = load("motion_horizon")
    seen = horizon.groupby(["system", "model", "seed"])["ahead"].agg(list)
    assert all(steps == list(series.AHEAD) for steps in seen)
    wanted = [(system, "linear", 0) for system in series.SYSTEMS]
    trained = [("oscillator", model) for model in series.MODELS[1:3]]
    trained += [("lorenz", model) for model in series.MODELS[1:]]
    wanted += [(*run, seed) for run in trained for seed in range(5)]
    assert sorted(seen.index) == sorted(wanted)


def test_random_networks_come_out_again_on_any_course():
    """Lorenz' motion differs from processor to processor; the sizes of the errors do not."""
    again = series.random_horizon("random window", seed=1).set_index("ahead")
    table = load("motion_horizon").query("model == 'random window' and seed == 1")
    recorded = table.set_index("ahead").loc[again.index]
    for ahead in (1, 10):
        ratio = again.loc[ahead, "typical"] / recorded.loc[ahead, "typical"]
        assert 1 / 4 < ratio < 4


def test_an_echo_state_continues_from_where_its_state_stands():
    values = series.scaled_rolls()[:1400]
    firsts = np.array([1100, 1203])
    found = series.echo_state(values, firsts, 0.9, 1.0, 1e-6, steps=3, seed=0)
    for row, first in zip(found, firsts, strict=True):
        alone = series.echo_state(
            values[:first], np.array([first]), 0.9, 1.0, 1e-6, steps=1, seed=0
        )
        assert alone[0, 0] == pytest.approx(row[0], abs=1e-9)
        np.testing.assert_allclose(row, values[first : first + 3], atol=0.02)


def test_linear_motion_comes_out_again():
    """Without Keras: least squares, and a forecast of one value after the other.

    Lorenz' motion forgets its start within a time of 25, so a processor that rounds differently
    follows another course. Over 20 courses the three averages have deviations of 3.5, 3.5 and 5 %.
    """
    windows, test = (getattr(series.motion_data("lorenz"), part) for part in ("train", "test"))
    X = np.column_stack([windows.inputs[..., 0], np.ones(len(windows))]).astype("float64")
    weights = np.linalg.lstsq(X, windows.labels)[0]
    errors = []
    for start in np.linspace(0, len(test) - 80, 200, dtype=int):
        values = test.inputs[start, :, 0].tolist()
        for _ in range(3):
            values.append(np.dot(values[-10:], weights[:-1]) + weights[-1])
        errors.append(abs(values[-1] - test.labels[start + 2]))
    row = load("motion_horizon").query("system == 'lorenz' and model == 'linear' and ahead == 3")
    assert row["rms"].item() == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=0.14)
    assert row["typical"].item() == pytest.approx(np.exp(np.mean(np.log(errors))), rel=0.2)


def test_extrapolations_are_complete():
    runs, grid = load("extrapolation_runs"), load("extrapolation_grid")
    names = ["C5", "C6", "C6, longer", "C6, slower", "C6, scaled", "C6, tanh"]
    wanted = itertools.product(names, range(10))
    assert configurations(runs, ["network", "seed"]) == list(wanted)
    columns = [f"E{particles}" for particles in range(26, 62, 2)]
    assert runs.columns.tolist() == ["network", "seed", "train", "validation", *columns]
    assert runs.notna().all(axis=None)
    wanted = itertools.product(
        [6, 8, 10, 12, 14, 16, 18], [20, 200], [1, 2], ["tanh", "sigmoid", "relu"], range(5)
    )
    columns = ["known", "hidden", "layers", "activation", "seed"]
    assert configurations(grid, columns) == list(wanted)
    for known, rows in grid.groupby("known"):  # what is known is not predicted
        predicted = [f"E{particles}" for particles in range(14, 42, 2)]
        assert rows[predicted].isna().any().tolist() == [int(c[1:]) <= 2 * known for c in predicted]


def test_extrapolation_comes_out_again():
    settings = extrapolation.NETWORKS["C5"][0]
    again = extrapolation.continued.func(settings, known=12, seeds=[3], end=30)
    row = load("extrapolation_runs").query("network == 'C5' and seed == 3")
    columns = ["E26", "E28", "E30"]
    np.testing.assert_allclose(row[columns], again[columns], atol=1e-3)
    settings = {"hidden": 20, "layers": 2, "activation": "relu"}
    again = extrapolation.continued.func(settings, known=16, seeds=[1], end=36)
    rows = load("extrapolation_grid").query(
        "known == 16 and hidden == 20 and layers == 2 and activation == 'relu' and seed == 1"
    )
    np.testing.assert_allclose(rows[["E34", "E36"]], again[["E34", "E36"]], atol=5e-3)


def test_runs_of_the_outlook_are_complete():
    padding = load("outlook_padding")
    wanted = list(itertools.product(outlook.PADDINGS, range(5)))
    assert configurations(padding, ["way", "seed"]) == [*wanted, ("exact filter", 0)]
    assert padding.columns.tolist() == ["way", "seed", "steps40", "steps80", "steps160"]
    masked = padding[padding["way"].str.contains("masked")]
    assert masked["steps40"].eq(masked["steps160"]).all()
    for name, kinds, rates in (
        ("outlook_smoothing", outlook.SMOOTHERS, outlook.RATES),
        ("outlook_recall", outlook.RECALLS, outlook.RECALL_RATES),
    ):
        table = load(name)
        if name == "outlook_recall":
            few = configurations(table.query("epochs == 5"), ["network", "seed"])
            assert few == list(itertools.product(["attention", "GRU"], range(5)))
            table = table.query("epochs == 15")
        assert table["network"].unique().tolist() == list(kinds)
        for _, rows in table.groupby("network"):
            assert sorted(rows["learning_rate"].unique()) == list(rates)
            complete = rows.groupby("learning_rate")["seed"].count() == 5
            assert complete.sum() == 1 and rows.notna().all(axis=None)
            by_validation = rows[rows["seed"] == 0].set_index("learning_rate")["validation"]
            assert complete.idxmax() == by_validation.idxmin()


def test_runs_of_the_outlook_come_out_again():
    row = load("outlook_padding").query("way == 'minus ones, masked' and seed == 1")
    again = outlook.with_padding.func("minus ones, masked", 1)
    np.testing.assert_allclose(row.iloc[0, 2:].astype(float), again, atol=0.004)
    rows = load("outlook_recall").query("network == 'attention' and seed == 0 and epochs == 15")
    row = rows[rows["learning_rate"] == 0.03]
    again = outlook.recalled.func("attention", 0.03, 0, epochs=outlook.RECALL_EPOCHS)
    assert again[1] < 0.05 and row["steps40"].item() < 0.05


def test_padded_records_are_those_of_the_molecule():
    inputs, labels, guess = outlook.unequal_records(records=3000, num_steps=60, padding=-1, seed=3)
    counts, bright = blinking_counts(records=3000, num_steps=40, seed=3)
    lengths = (inputs[..., 0] >= 0).sum(axis=1)
    assert inputs.shape == (3000, 60, 1) and lengths.min() == 5 and lengths.max() == 40
    for n in range(0, 3000, 50):
        assert inputs[n, : lengths[n], 0].tolist() == counts[n, : lengths[n]].tolist()
        assert labels[n] == bright[n, lengths[n] - 1]
    assert 0.1 < np.mean(guess != labels) < 0.14


def test_forms_and_couplings_are_complete():
    forms, couplings = load("extrapolation_forms"), load("extrapolation_couplings")
    energies = [f"E{particles}" for particles in range(26, 42, 2)]
    assert forms.columns.tolist() == ["form", "largest", "seed", "validation", *energies]
    wanted = [(form, seed) for form, _ in extrapolation.FORMS for seed in range(10)]
    assert configurations(forms, ["form", "seed"]) == wanted
    largest = forms["largest"].tolist()[::10]
    np.testing.assert_equal(largest, [size or np.nan for _, size in extrapolation.FORMS])
    assert couplings.columns.tolist() == ["coupling", "form", "seed", "validation", *energies]
    wanted = [
        (coupling, form, seed)
        for coupling in extrapolation.COUPLINGS
        for form in ("energies", "differences", "differences, longer")
        for seed in range(50 if (coupling, form) == (0.5, "energies") else 10)
    ]
    assert configurations(couplings, ["coupling", "form", "seed"]) == wanted
    assert forms[energies].notna().all(axis=None) and couplings.notna().all(axis=None)
    # Two tables hold the same runs, and so do the older ones.
    same = couplings.query("coupling == 0.5 and seed < 10")
    for form in ("energies", "differences"):
        rows = forms[forms["form"].eq(form) & ~forms["largest"].isin([24.0])]
        rows = rows[rows["largest"].isna()] if form == "energies" else rows
        np.testing.assert_allclose(rows[energies], same[same["form"] == form][energies], atol=2e-3)
    older = load("extrapolation_runs").query("network == 'C5'")
    np.testing.assert_allclose(
        older[energies], same[same["form"] == "energies"][energies], atol=2e-3
    )


def test_what_a_network_reads_in_each_form():
    series = -(np.arange(1.0, 21) ** 2)
    data, unit, unit_of_labels = extrapolation.read_as(series, "x", 24.0)
    assert (unit, unit_of_labels) == (1, 1)
    assert data.train.inputs[:, 0, 0].tolist() == list(range(2, 24, 2))
    assert data.validation.labels.tolist() == [-144] and len(data.test) == 8
    data, unit, _ = extrapolation.read_as(series, "energies", 1.0)
    assert unit == 121 and data.train.inputs.shape == (9, 2, 1)
    assert data.train.labels[0] == -9 and data.validation.labels.tolist() == [-144]
    data, unit, unit_of_labels = extrapolation.read_as(series, "differences", 1.0)
    assert unit == unit_of_labels == 21  # the last but one known difference
    np.testing.assert_allclose(data.train.inputs[0, :, 0], [-3 / 21, -5 / 21], rtol=1e-6)
    np.testing.assert_allclose(data.validation.labels, [-23 / 21], rtol=1e-6)


def test_a_form_comes_out_again():
    again = extrapolation.in_form.func("differences", 1.0, coupling=-0.5, seeds=2)
    rows = load("extrapolation_couplings").query(
        "coupling == -0.5 and form == 'differences' and seed < 2"
    )
    np.testing.assert_allclose(rows[["E26", "E40"]], again[["E26", "E40"]], atol=1e-3)


def test_memories_are_complete():
    table = load("memory_tasks")
    wanted = [
        (task, layer, length, rate, clip, seed)
        for task, lengths in memory.LENGTHS.items()
        for length in lengths
        for layer in (*memory.LAYERS, memory.OPEN)[: 4 if task == "recall" else 3]
        for rate, clip, seed in itertools.product(
            memory.task_rates(task, layer, length), memory.CLIPS, memory.SEEDS
        )
    ]
    columns = ["task", "layer", "length", "learning_rate", "clip", "seed"]
    assert configurations(table, columns) == wanted
    parity = table["task"].str.startswith("parity")
    assert table.loc[parity, "test"].between(0, 1).all()
    assert table.loc[~parity, "test"].between(0, 2).all()


EDGES = {  # where the best rate may be the first or the last one of its grid, and why
    ("parity", "lstm", 8): "no network learns it",
    ("parity, every step", "rnn", 20): "all but the largest rates learn it",
    ("parity, every step", "gru", 20): "all rates learn it",
    ("parity, every step", "lstm", 20): "all rates learn it",
}


def grids():
    """Yield tables of rates and errors on validation records, and what they belong to."""
    table = load("memory_tasks")
    for key, rows in table.groupby(["task", "layer", "length"]):
        for _, own in rows.groupby("clip"):
            yield key, own
    runs = load("regime_runs")
    runs = runs[runs["epoch"] == runs["layer"].map(regimes.LAST)]
    for key, rows in runs.groupby(["layer", "clip"]):
        yield key, rows
    for name in ("outlook_smoothing", "outlook_recall"):
        rows = load(name).query("seed == 0")
        rows = rows[rows["epochs"] == 15] if "epochs" in rows else rows
        for kind, own in rows.groupby("network"):
            yield (name, kind), own
    runs = load("holding_networks")
    for key, rows in runs.groupby(["epochs", "network", "clipped"]):
        yield key, rows
    first = "seed == 0 and kind == met_kind == 'gaussian' and noise == met_noise == 0.25"
    for name, rule in (("denoising_digits", first), ("autoencoder_errors", "seed == 0")):
        for network, rows in load(name).query(rule).groupby("network"):
            yield (name, network), rows


def test_the_best_learning_rate_lies_inside_its_grid():
    found = set()
    for key, rows in grids():
        mean = rows.groupby("learning_rate")["validation"].mean()
        best = mean.idxmax() if str(key[0]).startswith("parity") else mean.idxmin()
        if best in (mean.index[0], mean.index[-1]):
            found.add(key)
    assert found <= set(EDGES), found - set(EDGES)


def test_memories_are_tried_again():
    again = load("memory_again")
    wanted = [("recall", 0.003, *run) for run in itertools.product(memory.CLIPS, memory.SEEDS)]
    wanted += [("adding", *run) for run in itertools.product((0.003, 0.01), (1.0,), memory.SEEDS)]
    assert configurations(again, ["task", "learning_rate", "clip", "seed"]) == wanted
    assert again.groupby("task")["epochs"].unique().map(list).to_dict() == {
        "adding": [60], "recall": [20],
    }  # fmt: skip


def test_memories_are_followed_step_by_step():
    epochs = load("memory_epochs")
    runs = [("gru", 1), ("lstm", 1), ("gru", 0)]
    wanted = [(*run, seed, epoch) for run in runs for epoch in range(21) for seed in memory.SEEDS]
    assert configurations(epochs, ["layer", "noise", "seed", "epoch"]) == wanted
    gru = epochs["layer"] == "gru"  # whose one gate does both
    np.testing.assert_allclose(epochs[gru]["keeps"] + epochs[gru]["writes"], 1, atol=2e-5)
    slopes = load("memory_slopes")
    for (_, length), rows in slopes.groupby(["layer", "length"]):
        assert rows["step"].tolist() == list(range(1, length + 1))
    assert slopes["low"].le(slopes["slope"]).all()
    assert slopes["high"].ge(slopes["slope"]).all()
    kinds = itertools.product((*memory.LAYERS, memory.OPEN), memory.SLOPE_LENGTHS)
    assert sorted(set(configurations(slopes, ["layer", "length"]))) == sorted(kinds)


def test_gated_runs_are_complete():
    runs, frozen = load("gated_runs"), load("gated_frozen")
    epochs, wanted = [25, 50, 100, 150, 250, 500, 1000], []
    for network, largest in (("C5", 200), ("C7", 250), ("C8", 250)):
        for hidden, seeds in ((10, 5), (50, 5), (largest, 10)):
            wanted += itertools.product([network], [hidden], range(seeds), epochs)
    wanted += itertools.product(["C9"], [200], range(10), [150])
    assert configurations(runs, ["network", "hidden", "seed", "epoch"]) == wanted
    energies = [f"E{particles}" for particles in range(26, 42, 2)]
    assert runs.columns.tolist()[4:] == ["train", "validation", "one_step", *energies]
    assert runs.drop(columns="one_step").notna().all(axis=None)
    assert (runs["one_step"].isna() == (runs["network"] == "C9")).all()
    wanted = itertools.product(range(5), [50, 100, 150, 250, 500])
    assert configurations(frozen, ["seed", "epoch"]) == list(wanted)
    assert frozen.columns.tolist()[2:] == energies


def test_gated_seeds_are_complete():
    table = load("gated_seeds")
    wanted = [("C7", seed) for seed in range(20)]
    wanted += [("C8, no dense layers", seed) for seed in range(10)]
    assert configurations(table, ["network", "seed"]) == wanted
    assert (table["epoch"].eq(150) & table["hidden"].eq(250)).all()
    assert table.notna().all(axis=None)
    older = load("gated_runs").query("network == 'C7' and hidden == 250 and epoch == 150")
    names = ["train", "E26", "E40"]
    np.testing.assert_allclose(table[:10][names], older[names], rtol=0.02, atol=2e-3)


def test_networks_without_dense_layers_come_out_again():
    again = gates.followed.func("C8, no dense layers", 250, seeds=[3], epochs=(150,))
    row = load("gated_seeds").query("network == 'C8, no dense layers' and seed == 3")
    names = ["train", "validation", "E26", "E40"]
    np.testing.assert_allclose(again[names], row[names], rtol=0.3, atol=0.01)


@pytest.mark.parametrize(("network", "seed"), [("C5", 4), ("C7", 1), ("C8", 3)])
def test_gated_runs_come_out_again(network, seed):
    again = gates.followed.func(network, 10, seeds=[seed], epochs=(25, 50))
    row = load("gated_runs").query("network == @network and hidden == 10 and seed == @seed")[:2]
    np.testing.assert_array_equal(again["epoch"], row["epoch"])
    names = ["train", "validation", "one_step", "E26", "E40"]
    np.testing.assert_allclose(again[names], row[names], rtol=0.02, atol=2e-3)


def test_energy_from_number_comes_out_again():
    again = gates.from_number([6], 150)
    row = load("gated_runs").query("network == 'C9' and seed == 6")
    names = ["train", "validation", "E26", "E40"]
    np.testing.assert_allclose(again[names], row[names], rtol=0.05, atol=5e-3)


def test_frozen_gates_are_those_of_the_last_window():
    model = series_lstm(hidden=3, seed=1)
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(size=a.shape) for a in model.get_weights()])
    known, kept = [0.9, 0.3, -0.5], model.get_weights()
    free = forecast(model, known, steps=4)
    frozen = gates.continue_frozen(kept, known, steps=4)
    assert frozen[0] == pytest.approx(free[0], abs=1e-5)  # there the gates are their own
    assert np.abs(frozen[1:] - free[1:]).min() > 1e-3
    # Gates that depend on nothing but their bias are frozen already.
    for K in (kept[0], kept[1], kept[3], kept[4]):
        K[:, [0, 1, 2, 3, 4, 5, 9, 10, 11]] = 0  # blocks i, f and o of three units
    model.set_weights(kept)
    free = forecast(model, known, steps=4)
    np.testing.assert_allclose(gates.continue_frozen(kept, known, steps=4), free, atol=1e-5)


def test_energies_under_frozen_gates_come_out_again():
    again = gates.frozen([2], [50]).iloc[0]
    (row,) = load("gated_frozen").query("seed == 2 and epoch == 50").to_dict("records")
    assert again["E40"] == pytest.approx(row["E40"], rel=0.02)
    assert again["E26"] == pytest.approx(row["E26"], abs=2e-3)


def test_given_gates_replace_those_of_the_network():
    rng = np.random.default_rng(3)
    K, R, b = rng.normal(size=(1, 4)), rng.normal(size=(1, 4)), rng.normal(size=4)
    i, f, o = rng.uniform(size=(3, 2))
    C = h = 0.0
    for t, x in enumerate((0.7, -0.2)):
        C = f[t] * C + i[t] * np.tanh(x * K[0, 2] + h * R[0, 2] + b[2])
        h = o[t] * np.tanh(C)
    own = [K, R, b, np.array([[2.0]]), np.array([0.5])]
    given = [[(i[t], f[t], o[t]) for t in range(2)]]
    assert gates.lstm_network(own, [0.7, -0.2], gates=given)[0] == pytest.approx(2 * h + 0.5)


def test_regimes_are_complete():
    curves, runs = load("regime_curves"), load("regime_runs")
    names = ["layer", "clip", "learning_rate", "seed"]
    epochs = [1, 2, 5, *range(10, 200, 10), *range(200, 601, 20)]
    wanted = {
        (layer, clip, rate, seed, epoch)
        for layer, rates in regimes.RATES.items()
        for clip, rate, seed, epoch in itertools.product((1, 0), rates, range(5), (200, 600))
        if epoch <= regimes.LAST[layer]
    }
    assert set(configurations(runs, [*names, "epoch"])) == wanted and len(runs) == len(wanted)
    last = runs[runs["epoch"] == runs["layer"].map(regimes.LAST)]
    for (layer, clip), rows in last.groupby(["layer", "clip"]):
        best = rows.groupby("learning_rate")["validation"].mean().idxmin()
        assert rows.loc[rows["best"] == 1, "learning_rate"].unique().tolist() == [best]
        own = curves.query("layer == @layer and clip == @clip")
        shown = {best, *regimes.SHOWN.get((layer, clip), ())}
        assert set(own["learning_rate"]) == shown
        assert (own["best"] == (own["learning_rate"] == best)).all()
        given = [epoch for epoch in epochs if epoch <= regimes.LAST[layer]]
        for _, of_one in own.groupby(["learning_rate", "seed"]):
            assert of_one["epoch"].tolist() == given
        assert len(own) == 5 * len(shown) * len(given)
    assert runs.notna().all(axis=None) and curves.notna().all(axis=None)
    both = runs.merge(curves, on=[*names, "epoch"])
    np.testing.assert_allclose(both["validation_x"], both["validation_y"], rtol=1e-3)
    level = 0.2 * np.var(regimes.regime_data().validation.labels)
    for key, own in curves.groupby(names):
        left = runs.drop_duplicates(names).set_index(names).loc[key, "left"]
        below = own.loc[own["validation"] < level * 0.9999, "epoch"]
        assert not len(below) or 0 < left <= below.iloc[0]


@pytest.mark.parametrize(("place", "layer", "seed"), [(0, "rnn", 1), (1, "lstm", 4), (2, "gru", 0)])
def test_recorded_networks_get_the_recorded_scores(place, layer, seed):
    runs = load("regime_runs")
    own = [a[seed] for a in weights("regime_networks")[5 * place : 5 * place + 5]]
    network = regimes.regime_network(layer, learning_rate=0.01, seed=9)
    network.set_weights(own)
    row = runs.query("layer == @layer and seed == @seed and clip == 1 and best == 1").iloc[-1]
    data = regimes.regime_data()
    loss = evaluate(network, data.validation)["loss"]
    assert loss == pytest.approx(row["validation"], rel=1e-2)
    square = np.mean((network.predict(data.test.inputs, verbose=0) - data.test.labels) ** 2)
    assert square / np.var(data.test.labels) == pytest.approx(row["test"], rel=1e-2)
    assert regimes.obeys(layer, own, wait=1000).sum() == row["obeys_1000"]


def test_a_network_that_obeys_rings_like_the_last_command():
    """A unit that swings as fast as the last command says obeys; one that never listens does not"""
    omega, decay = 2 * np.pi / np.array([12, 6]), np.exp(-1 / 8)

    def ring(records, spring):
        after = np.arange(1, 31)
        answers = np.zeros(records.shape[:2])
        answers[:, -30:] = decay**after * np.sin(omega[spring] * after) / omega[spring]
        return answers

    def rule(follows):
        def states(inputs, *_):
            last = [row[np.nonzero(row)[0][-1 if follows else 0]] for row in inputs[..., 1]]
            return np.stack(
                [ring(inputs[[k]], int(c > 0))[0] for k, c in enumerate(last)]
            )[..., np.newaxis]  # fmt: skip

        return states

    output = [None, None, None, np.ones((1, 1)), np.zeros(1)]
    for follows, right in ((True, [1, 1, 1, 1]), (False, [1, 1, 0, 0])):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(regimes.BY_HAND, "own", rule(follows))
            assert regimes.obeys("own", output, wait=20).astype(int).tolist() == right


def test_regime_comes_out_again():
    again = regimes.trained.func(
        "rnn", rates=(0.003,), clips=(1.0,), seeds=(2,), epochs=2, scored=(2,)
    )[0]
    row = load("regime_curves").query(
        "layer == 'rnn' and learning_rate == 0.003 and seed == 2 and epoch < 3 and clip == 1"
    )
    np.testing.assert_allclose(again.to_numpy()[0], row["validation"], rtol=0.02)


def test_linear_codes_are_complete():
    table = load("linear_codes")
    wanted = list(itertools.product([2, 5, 10, 20, 30, 50, 100], range(5), [10, 40]))
    assert configurations(table, ["latent_dim", "seed", "epoch"]) == wanted
    assert table.notna().all(axis=None)
    assert table["median_deg"].between(0, table["largest_deg"]).all()


def test_linear_codes_come_out_again():
    again = linear_codes.coded(5, 3, epochs=[10]).iloc[0]
    row = load("linear_codes").query("latent_dim == 5 and seed == 3 and epoch == 10").iloc[0]
    np.testing.assert_allclose(again[["train", "test"]], row[["train", "test"]], rtol=1e-3)
    assert again["median_deg"] == pytest.approx(row["median_deg"], rel=0.1)


def test_digit_codes_are_complete_and_at_the_chosen_settings():
    tried, table = load("digit_code_choices"), load("digit_codes")
    assert len(tried) == 4 * (5 + 5 + 5 + 4 + 4) and tried["epochs"].eq(8).all()
    sizes = [2, 10, 30, 100]
    wanted = list(itertools.product(["PCA", "PCA, cut off"], sizes))
    assert configurations(table[:8], ["method", "latent_dim"]) == wanted
    wanted = list(itertools.product(["stacked", "convolutional"], sizes, range(3)))
    found = configurations(table[8:], ["method", "latent_dim", "seed"])
    assert sorted(found) == sorted(wanted) and table["epochs"][8:].eq(20).all()
    settings = ["method", "shape", "activation", "latent_dim", "learning_rate"]
    best = tried.loc[tried.groupby(["method", "latent_dim"])["validation"].idxmin(), settings]
    chosen = configurations(table[8:][settings].drop_duplicates(), settings)
    assert sorted(chosen) == sorted(configurations(best, settings))
    # The cut only helps, and more numbers always do.
    of_pca = table[:8].pivot(index="latent_dim", columns="method", values="test")
    assert (of_pca["PCA, cut off"] < of_pca["PCA"]).all()
    assert table.groupby("method")["minutes"].sum().lt(15).all()


def test_digit_codes_of_pca_and_a_short_run_come_out_again():
    row = digit_codes.principal(30, cut=True)
    known = load("digit_codes").query("method == 'PCA, cut off' and latent_dim == 30").iloc[0]
    assert row["test"] == pytest.approx(known["test"], rel=1e-3)
    settings = ("stacked", "300", "selu", 30, 2e-3, 0)
    again = digit_codes.trained.func(*settings, epochs=8)
    known = (
        load("digit_code_choices")
        .query("shape == '300' and latent_dim == 30 and learning_rate == 0.002")
        .iloc[0]
    )
    assert again["parameters"] == known["parameters"] == 489_814
    assert again["validation"] == pytest.approx(known["validation"], rel=0.02)


def test_map_errors_are_complete_and_those_of_the_recorded_weights():
    table, images = load("map_errors"), load_mnist().test.inputs
    assert table["seed"].tolist() == [0, 1, 2] and set(table["parameters"]) == {1_477}
    assert table[["train", "validation", "test"]].gt(0).all(axis=None)
    model = pretraining.BUILDERS["maps"](latent_dim=196, seed=9)
    model.set_weights(weights("convolutional_maps"))
    assert pretraining.squared_error(model, images) == pytest.approx(table["test"][0], rel=1e-3)


def test_few_labels_are_complete():
    table, wanted = load("few_labels"), []
    features = ("pixels", "pca", "code")
    others = [f"{method} {name}" for name in features for method in ("logistic", "nearest")]
    for labels, seed in itertools.product((10, 50, 100, 500), range(10)):
        longer = ["plain, longer", "tuned, longer"] if labels == 500 else []
        wanted += itertools.product([labels], [seed], ["plain", "tuned", *longer, *others])
    assert configurations(table, ["labels", "seed", "variant"]) == wanted
    assert table[["validation", "test"]].stack().between(0.1, 1).all()
    choices = [frozenset(pretraining.labelled(50, seed)) for seed in range(10)]
    assert len(set(choices)) == 10 and {len(choice) for choice in choices} == {50}


def test_few_labels_come_out_again():
    mnist = load_mnist()
    model = pretraining.convolutional_autoencoder()
    model.encoder.set_weights(weights("pretrained_encoder"))
    table = load("few_labels").set_index(["labels", "seed", "variant"])["test"]
    for labels, seed in [(10, 0), (100, 5)]:  # both with the first encoder
        known = pretraining.labelled(labels, seed)
        guesses = pretraining.without_network(model.encoder, mnist, known)
        for variant, guess in guesses.items():
            found = np.mean(guess(mnist.test.inputs) == mnist.test.labels)
            assert found == pytest.approx(table[labels, seed, variant], abs=0.005), variant
    tuned = pretraining.train_classifier(model.encoder, mnist, known, steps=200, seed=5)
    found = np.mean(tuned(mnist.test.inputs) == mnist.test.labels)
    assert found == pytest.approx(table[100, 5, "tuned"], abs=0.03)


def test_autoencoder_errors_are_complete_and_at_the_chosen_rates():
    table = load("autoencoder_errors")
    assert table["network"].unique().tolist() == list(digit_codes.VARIANTS)
    assert table.notna().all(axis=None) and table["epochs"].eq(20).all()
    for _, rows in table.groupby("network"):
        first = rows[rows["seed"] == 0]
        assert first["learning_rate"].tolist() == list(digit_codes.VARIANT_RATES)
        best = first.loc[first["validation"].idxmin(), "learning_rate"]
        wanted = [(rate, 0) for rate in digit_codes.VARIANT_RATES] + [(best, 1), (best, 2)]
        assert configurations(rows, ["learning_rate", "seed"]) == wanted
    weights = table.groupby("network")["parameters"].unique().map(list).to_dict()
    assert weights == {"cross-entropy": [489_814], "squared error": [489_814], "tied": [245_614]}


def test_runs_of_the_denoisers_are_complete():
    runs = load("denoising_digits")
    assert runs.notna().all(axis=None)
    met = ["network", "kind", "noise", "learning_rate", "seed"]
    assert runs.groupby(met).size().eq(len(denoising.NOISES)).all()
    own = runs.query("kind == met_kind and noise == met_noise")
    for network, rates in denoising.RATES.items():
        of = own[own["network"] == network]
        first = of["kind"].eq("gaussian") & of["noise"].eq(0.25) & of["seed"].eq(0)
        assert of.loc[first, "learning_rate"].tolist() == list(rates)
        best = of.loc[of.loc[first, "validation"].idxmin()]
        chosen = of[of["chosen"]]
        wanted = [(*noise, seed) for noise in denoising.NOISES for seed in denoising.SEEDS]
        assert configurations(chosen, ["kind", "noise", "seed"]) == wanted
        assert chosen["learning_rate"].eq(best["learning_rate"]).all()
    assert configurations(load("denoising_shuffled"), ["noise", "seed"]) == [(0.25, 0)]


def test_series_codes_are_complete_and_at_the_chosen_rates():
    table = load("series_codes")
    assert table.query("method == 'PCA'")["latent_dim"].tolist() == list(range(1, 11))
    for kind, rates in series_codes.RATES.items():
        rows = table[table["method"] == kind]
        headline = rows[rows["latent_dim"] == series_codes.HEADLINE]
        tried = headline[headline["seed"] == 0].set_index("learning_rate")["validation"]
        assert sorted(tried.index) == list(rates)
        best = tried.idxmin()
        assert rates[0] < best < rates[-1]
        assert headline.query("learning_rate == @best")["seed"].tolist() == list(range(5))
        others = rows[rows["latent_dim"] != series_codes.HEADLINE]
        seeds = others.groupby("latent_dim").size().to_dict()
        assert seeds == (series_codes.OTHERS if kind == "dense" else {})
        assert others["learning_rate"].eq(best).all()
    assert (table["shuffled"].dropna() < 0).all()


def test_series_codes_without_a_network_come_out_again():
    table = load("series_codes").set_index(["method", "latent_dim"])
    train = series_codes.data("train")
    again = {
        ("PCA", 8): series_codes.errors(series_codes.axes_of(train, 8)),
        ("fit", 3): series_codes.errors(series_codes.fitted),
        ("planes", 3): series_codes.errors(series_codes.planes_of(train, 3, near=40)),
    }
    for which, errors in again.items():
        for name in ("test", "kick"):
            assert errors[name] == pytest.approx(table.loc[which, name].item(), rel=1e-3)
    kick = series_codes.kicks_found(series_codes.mixture_score(train))
    assert kick == pytest.approx(table.loc[("mixture", 10), "kick"].item(), rel=1e-3)


def test_a_dense_autoencoder_of_swings_learns_in_a_few_epochs():
    row = series_codes.trained.func("dense", 3, 0.01, 0, epochs=6)
    assert row["test"] < 0.12 and row["phase"] > 0.8


def test_a_recurrent_autoencoder_goes_on_to_longer_windows():
    with mock.patch.object(series_codes, "TIMES", 8):
        short = series_codes.autoencoder("recurrent", 3, times=8)
        assert short.predict(np.zeros((2, 8, 1)), verbose=0).shape == (2, 8, 1)


def test_runs_of_anomalies_are_complete():
    rates = load("digit_code_choices").query("shape == '16-32' and latent_dim == @anomalies.CODE")
    assert rates.loc[rates["validation"].idxmin(), "learning_rate"] == anomalies.RATE
    runs = load("anomaly_digits")
    assert configurations(runs, ["digit", "seed"]) == [
        (digit, seed)
        for digit in range(10)
        for seed in (anomalies.MORE_SEEDS if digit in anomalies.OFTEN else anomalies.SEEDS)
    ]
    assert (
        runs.drop(columns=["digit", "seed", "restored", "ink and error"])
        .stack()
        .between(0, 1)
        .all()
    )
    runs = load("anomaly_pulses")
    nets = runs.dropna(subset="code")
    tried = nets.query("code == @anomalies.CHOSEN_CODE and seed == 0")
    tried = tried.set_index("learning_rate")["validation"]
    assert tried.index.tolist() == list(anomalies.PULSE_RATES)
    assert tried[anomalies.PULSE_RATE] < 1.005 * tried.min()  # the largest rate gains no more
    best = nets[nets["learning_rate"] == anomalies.PULSE_RATE]
    assert best.query("seed == 0")["code"].tolist() == list(anomalies.CODES)
    seeds = best.query("code == @anomalies.CHOSEN_CODE")["seed"]
    assert seeds.tolist() == list(anomalies.PULSE_SEEDS)
    assert runs[runs["code"].isna()].groupby("score")["seed"].count().eq(5).all()


def test_scores_of_anomalies_come_out_again():
    table = load("anomaly_pulses").query("seed == 1").set_index("score")
    rules = anomalies.pulse_rules(1)
    for name in ("second pulse", "turned", "turned, second"):
        with mock.patch.object(anomalies, "DISTANCES", (8,)):
            again = anomalies.at_distances(rules[name], 1)
        assert again["distance8"] == pytest.approx(table.loc[name, "distance8"], abs=1e-4)
    train, normal, strange = map(anomalies.flat, anomalies.left_out(1, seed=0))
    row = load("anomaly_digits").query("digit == 1 and seed == 0").iloc[0]
    plane = anomalies.Plane(train)
    for name in ("ink", "error of PCA"):
        score = anomalies.plane_scores(train[:500], plane)[name]
        assert anomalies.auc(score(strange), score(normal)) == pytest.approx(row[name], abs=1e-4)


def test_runs_of_pulse_denoisers_are_complete():
    runs = load("denoising_pulses")
    assert runs["network"].unique().tolist() == list(denoising_pulses.NETWORKS)
    for network, rows in runs.groupby("network"):
        rates = denoising_pulses.RATES[network]
        tried = rows[rows["seed"] == 0].set_index("learning_rate")["validation"]
        assert tried.index.tolist() == list(rates)
        chosen = rows[rows["chosen"]]
        assert sorted(chosen["seed"]) == list(denoising_pulses.SEEDS.get(network, range(5)))
        assert chosen["learning_rate"].eq(tried.idxmin()).all()
        assert rates[0] < tried.idxmin() < rates[-1] or network == "formula"


def test_a_pulse_denoiser_comes_out_again():
    row = load("denoising_pulses").query("network == 'formula' and seed == 1").iloc[0]
    again = denoising_pulses.trained.func("formula", row["learning_rate"], 1, epochs=8)
    assert again[2] == pytest.approx(row["test"], rel=0.05)


def test_a_convolutional_denoiser_learns_in_a_few_epochs():
    with mock.patch.object(denoising, "CONVOLUTIONAL_EPOCHS", 2):
        again = denoising.denoised.func("convolutional", "gaussian", 0.25, 0.01, 0, images=2000)
    runs = load("denoising_digits").query("network == 'convolutional' and noise == 0.25")
    assert runs["test"].min() < again[2][0] < 0.014 and again[0] <= 2


def test_a_mean_of_examples_is_bayes_formula():
    images = denoising.load_mnist().train.inputs
    near = denoising.mean_example(images[:3], 0.05)  # no other digit is so near
    np.testing.assert_allclose(near, images[:3], atol=1e-3)
    far = denoising.mean_example(images[:3], 1e4)
    np.testing.assert_allclose(far[0], images.mean(axis=0), atol=1e-3)


def test_a_soft_threshold_shrinks_and_cuts():
    images = denoising.load_mnist().test.inputs[:5]
    plane = denoising.principal(denoising.SOFT_AXES)
    as_it_was = denoising.soft_threshold(images, 0)
    projected = plane.decode(plane.encode(images.reshape(5, -1)))
    np.testing.assert_allclose(as_it_was.reshape(5, -1), np.clip(projected, 0, 1), atol=1e-5)
    mean = denoising.soft_threshold(images, 1e4)
    np.testing.assert_allclose(mean[0].ravel(), np.clip(plane.mean, 0, 1), atol=1e-5)


def test_sparsity_runs_are_complete():
    runs = load("sparsity_runs")
    wanted = itertools.product([0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2], range(3))
    assert configurations(runs, ["l1", "seed"]) == list(wanted)
    assert runs["active"].between(0, 1).all()
    assert (runs["silent"] <= 1 - runs["active"] + 1e-3).all()


@pytest.mark.parametrize(("kind", "noise"), [("gaussian", 0.25), ("salt and pepper", 0.1)])
def test_filters_of_noise_come_out_again(kind, noise):
    runs = load("denoising_filters").query("kind == @kind and noise == @noise")
    for (method, setting, error), row in zip(
        denoising.filters(kind, noise), runs.itertuples(), strict=True
    ):
        assert method == row.method
        np.testing.assert_array_equal(setting, row.setting)
        assert error == pytest.approx(row.test, rel=1e-3)


def test_replaced_pixels_shift_the_mean_by_a_known_amount():
    for kind, noise in [("gaussian", 0.5), ("masking", 0.25), ("salt and pepper", 0.5)]:
        clean, noisy = denoising.disturbed("test", kind, noise)
        lost, ones = denoising.replaced(kind, noise)
        bright = clean > 0.9
        for part in (bright, ~bright):  # ink and paper
            assert np.mean((noisy[part] - ones) / (1 - lost)) == pytest.approx(
                clean[part].mean(), abs=0.01
            )


@pytest.mark.parametrize(("kind", "noise"), [("gaussian", 0.5), ("masking", 0.25)])
def test_linear_filter_is_the_regression_on_noisy_copies(kind, noise):
    """Its moments are those of drawn noise: another regression, of many copies, is as good."""
    train = denoising.load_mnist().train.inputs
    clean, noisy = denoising.disturbed("test", kind, noise)
    gram = across = 0
    for seed in range(3, 11):
        copy = np.asarray(denoising.PixelNoise(kind, noise, seed=seed)(train, training=True))
        rows = np.hstack([copy.reshape(-1, 784), np.ones((len(train), 1))]).astype(float)
        gram, across = gram + rows.T @ rows, across + rows.T @ train.reshape(-1, 784)
    gain = np.linalg.solve(gram + 1e-3 * np.eye(785), across)
    outputs = np.clip(noisy.reshape(-1, 784) @ gain[:-1] + gain[-1], 0, 1)
    ours = denoising.mean_square(denoising.linear_filter(noisy, kind, noise) - clean)
    assert ours == pytest.approx(denoising.mean_square(outputs - clean.reshape(-1, 784)), rel=0.05)


def test_a_sparse_network_comes_out_again():
    model = denoising.sparse_autoencoder(l1=1e-3)
    model.set_weights(denoising.sparse.func(1e-3, 0))
    images = denoising.load_mnist().test.inputs
    row = load("sparsity_runs").query("l1 == 1e-3 and seed == 0").iloc[0]
    error = denoising.mean_square(np.clip(model(images), 0, 1) - images)
    assert error == pytest.approx(row["test"], rel=0.02)
    assert np.mean(np.asarray(model.encoder(images)) > 0) == pytest.approx(row["active"], rel=0.05)
    kept = weights("sparsity_strokes")[3].astype("float32")
    overlaps = np.abs(kept @ model.get_weights()[2].T).max(axis=1)
    np.testing.assert_allclose(overlaps, 1, atol=0.02)  # the same strokes, of length 1


def test_variational_runs_are_complete():
    wanted = [*itertools.product([0, 0.25, 1, 4, 16, 784], [10], ["grey"], range(5))]
    wanted += itertools.product([1], [2, 5, 20, 50], ["grey"], range(3))
    wanted += itertools.product([1], [10], ["black and white"], range(3))
    table = load("variational_beta")
    assert configurations(table, ["beta", "latent_dim", "pixels", "seed"]) == wanted
    axes = table[[f"axis{i}" for i in range(1, 11)]]
    few = table["latent_dim"] <= 10
    assert axes.notna().sum(axis=1).tolist() == np.minimum(table["latent_dim"], 10).tolist()
    np.testing.assert_allclose(axes.sum(axis=1)[few], table["kl"][few], rtol=1e-3, atol=1e-3)
    assert (axes.diff(axis=1).iloc[:, 1:].fillna(0) <= 0).all(axis=None)
    evidence = load("variational_evidence")
    wanted = [(0, s, "mean pictures", "shares") for _ in (1, 10, 50) for s in range(5)]
    pairs = [("plain", "Gaussian"), ("plain", "mixture")]
    pairs += [("variational", "standard normal"), ("variational", "mixture")]
    wanted += [(d, s, *pair) for d in (2, 10, 20) for s in range(5) for pair in pairs]
    columns = ["latent_dim", "seed", "model", "prior"]
    assert configurations(evidence, columns) == wanted
    ours = evidence.query("prior == 'standard normal'").merge(
        table[(table["beta"] == 1) & (table["pixels"] == "grey")], on=["latent_dim", "seed"]
    )
    assert len(ours) == 11  # the bound is above the evidence, for the same networks
    assert (ours["reconstruction"] + ours["kl"] - ours["nats"]).between(2, 10).all()
    drawn = evidence[evidence["latent_dim"] > 0]
    assert drawn["effective"].between(10, 200).all()
    sources = ["test digits", "standard normal", "Gaussian", "mixture"]
    wanted = [(0, 0, "real", "test"), (0, 0, "real", "training")]
    models = ["PCA", "plain", "variational"]
    wanted += itertools.product([10], range(5), models, sources)
    samples = load("variational_samples")
    assert configurations(samples, ["latent_dim", "seed", "model", "source"]) == wanted


def decoded(decoder, codes):
    """Return the pictures that two dense layers make, of 64-bit numbers."""
    kernel, bias, output_kernel, output_bias = (values.astype(float) for values in decoder)
    logits = np.maximum(codes @ kernel + bias, 0) @ output_kernel + output_bias
    return expit(logits)


@pytest.mark.parametrize(("first", "code", "latent_dim"), [(0, 16, 2), (8, 21, 10)])
def test_recorded_decoders_get_the_recorded_terms(first, code, latent_dim):
    arrays = weights("variational_networks")
    images = load_mnist().test.inputs.reshape(500, -1).astype(float)
    rng = np.random.default_rng(0)
    rows = load("variational_beta").query("beta == 1 and pixels == 'grey' and seed == 0")
    row = rows.query("latent_dim == @latent_dim").iloc[0]
    mean, log_variance = arrays[code].astype(float), arrays[code + 1].astype(float)
    kl = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1).mean(axis=0)
    assert row["kl"] == pytest.approx(kl.sum(), rel=1e-4)
    assert row["active"] == (kl > 0.1).sum()
    found = []
    for noise in rng.normal(size=(20, *mean.shape)):
        f = decoded(arrays[first : first + 4], mean + np.exp(log_variance / 2) * noise)
        found.append(-(images * np.log(f) + (1 - images) * np.log(1 - f)).sum(axis=1).mean())
    assert row["reconstruction"] == pytest.approx(np.mean(found), rel=1e-4)
    plain, centre, covariance = arrays[code + 2 : code + 5]
    assert covariance.shape == (latent_dim, latent_dim)
    spread = (plain - centre) @ np.linalg.inv(covariance) * (plain - centre)
    assert np.mean(spread.sum(axis=1)) == pytest.approx(latent_dim, rel=0.1)
    error = np.mean((decoded(arrays[first + 4 : first + 8], plain) - images) ** 2)
    assert error < 0.05


def test_evidence_of_two_numbers_is_the_integral_over_the_plane():
    arrays = weights("variational_networks")
    images = load_mnist().test.inputs.reshape(500, -1).astype(float)[:60]
    axis = np.linspace(-4, 4, 201)
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    for first, code, prior in (
        (0, 16, variational.standard_normal(2)),
        (4, 18, (np.ones(1), arrays[19][None], np.linalg.inv(arrays[20])[None])),
    ):
        centre, root = prior[1][0], np.linalg.cholesky(np.linalg.inv(prior[2][0]))
        codes = centre + plane @ root.T
        f = np.clip(decoded(arrays[first : first + 4], codes), 1e-9, 1 - 1e-9)
        logs = images @ np.log(f).T + (1 - images) @ np.log(1 - f).T - (plane**2).sum(axis=1) / 2
        exact = logsumexp(logs, axis=1) - np.log(2 * np.pi) + 2 * np.log(axis[1] - axis[0])
        found, effective = variational.log_evidence(
            images, arrays[code][:60], arrays[first : first + 4], prior
        )
        assert np.median(effective) > 50
        # For a few pictures a second region of codes that fit is missed.
        assert np.mean(found) == pytest.approx(np.mean(exact), abs=0.5)


def test_mean_pictures_come_out_again():
    table = load("variational_evidence").query("latent_dim == 0").set_index(["components", "seed"])
    digits = load_mnist()
    mean = np.clip(digits.train.inputs.mean(axis=0), 1e-4, 1 - 1e-4).astype(float)
    x = digits.test.inputs
    nats = -(x * np.log(mean) + (1 - x) * np.log(1 - mean)).sum(axis=(1, 2, 3)).mean()
    assert table["nats"][1, 0] == pytest.approx(nats, abs=0.3)
    row = variational.factorised_nats(10, 3)
    assert table["nats"][10, 3] == pytest.approx(row["nats"], abs=1.0)


def test_samples_come_out_again():
    arrays = weights("variational_networks")
    codes = np.random.default_rng(0).normal(size=(500, 10))  # the first that the recipe draws
    judges = variational.judges()
    row = load("variational_samples").query(
        "model == 'variational' and latent_dim == 10 and seed == 0 and source == 'standard normal'"
    )
    again = variational.judged(*judges, decoded(arrays[8:12], codes))
    for name, value in again.items():
        assert row[name].item() == pytest.approx(value, rel=0.02)
    real = load("variational_samples").iloc[0]
    images = load_mnist().test.inputs.reshape(500, -1)
    nearest = [
        np.sqrt(((load_mnist().train.inputs.reshape(-1, 784) - image) ** 2).sum(axis=1).min())
        for image in images[::10]
    ]
    assert real["distance"] == pytest.approx(np.mean(nearest), rel=0.1)


@pytest.mark.parametrize("temperature", [1.2, 2.0, 2.5, 6.0])
def test_ising_partition_function_is_that_of_the_transfer_matrix(temperature):
    rows = np.array(list(itertools.product([-1, 1], repeat=4)))  # all states of a row of 4 spins
    inside = (rows * np.roll(rows, 1, axis=1)).sum(axis=1)
    energies = -(rows @ rows.T + np.add.outer(inside, inside) / 2)

    def log_partition(t):
        values = np.linalg.eigvalsh(np.exp(-energies / t))
        return np.log(np.sum(values**6))  # 6 rows, periodic

    for shape in ((6, 4), (4, 6)):
        exact = variational.ising_log_partition(temperature, *shape)
        assert exact == pytest.approx(log_partition(temperature), rel=1e-10)
    beta, step = 1 / temperature, 1e-4
    energy = (log_partition(1 / (beta - step)) - log_partition(1 / (beta + step))) / (2 * step)
    entropy = variational.ising_entropy(temperature, 6, 4)
    assert entropy == pytest.approx(energy * beta + log_partition(temperature), rel=1e-5)


def test_ising_codes_come_out_again():
    table = load("variational_ising")
    wanted = itertools.product(range(5), variational.ISING_TEMPERATURES)
    assert configurations(table, ["seed", "temperature"]) == list(wanted)
    assert (table["bound"] > table["entropy"]).all()
    again, row = variational.ising_rows(3), table.query("seed == 3")
    for name in ("entropy", "independent", "energy", "magnetisation", "correlation_pca"):
        np.testing.assert_allclose(again[name], row[name], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(again["bound"], row["bound"], atol=0.03)
    np.testing.assert_allclose(again["made_energy"], row["made_energy"], atol=0.25)
    np.testing.assert_allclose(again["correlation"], row["correlation"], atol=0.01)
