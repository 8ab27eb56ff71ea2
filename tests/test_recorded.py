"""The recorded results are complete, and running them again gives the same numbers."""

import itertools
import shlex
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from lectures_lib.data import Dataset, Split, load_digits
from lectures_lib.models import digits_cnn, digits_linear
from lectures_lib.recorded import load, make, names
from lectures_lib.training import evaluate, fit

NETWORKS = ["digits_linear", "digits_dense", "digits_cnn"]
ALL = ["digits_learning_curves", "digits_seeds", "digits_training_size"]
MAX_BYTES = {"digits_learning_curves": 150_000}


def configurations(table, columns):
    """Return the rows of some columns as a list of tuples."""
    return list(table[columns].itertuples(index=False, name=None))


def test_names():
    assert names() == ALL
    assert sorted(make.RECIPES) == ALL


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=f"'digit_seeds'.*{', '.join(ALL)}"):
        load("digit_seeds")


@pytest.mark.parametrize("name", ALL)
def test_head_names_a_command_that_is_accepted(name):
    text = resources.files("lectures_lib.recorded").joinpath(f"{name}.csv").read_text("utf-8")
    head = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("#")]
    program, switch, module, *arguments = shlex.split(head[0])
    assert (program, switch, module) == ("python", "-m", make.__name__)
    assert make.parser().parse_args(arguments).name == name
    # Apart from the versions, which are those of the day, the head is what the program writes.
    assert head[:2] == [line.removeprefix("# ") for line in make.header(name).splitlines()[:2]]
    assert all(f"{package} " in head[-1] for package in make.PACKAGES)
    assert len(text.encode()) < MAX_BYTES.get(name, 60_000)


def test_command_refuses_an_unknown_name(capsys):
    with pytest.raises(SystemExit):
        make.parser().parse_args(["digit_seeds"])
    assert "invalid choice" in capsys.readouterr().err


@pytest.mark.parametrize("name", ALL)
def test_accuracies_are_shares(name):
    table = load(name)
    columns = [c for c in table if c.startswith("accuracy") or c in ("train", "validation", "test")]
    assert len(columns) >= 2
    assert table[columns].notna().all(axis=None)
    assert table[columns].ge(0).all(axis=None)
    assert table[columns].le(1).all(axis=None)


def test_seeds_are_complete():
    table = load("digits_seeds")
    wanted = [*itertools.product(NETWORKS, range(10))]
    wanted += [(name, 0) for name in make.baselines()]
    assert sorted(configurations(table, ["model", "seed"])) == sorted(wanted)
    parameters = table.groupby("model")["parameters"].first()
    assert parameters[NETWORKS].tolist() == [650, 8635, 8660]
    assert parameters[list(make.baselines())].isna().all()


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


def test_training_sizes_are_complete():
    table = load("digits_training_size")
    models = [*NETWORKS, "k_nearest_neighbours", "support_vector_machine"]
    sizes = [20, 50, 100, 200, 400, 800, 1257]
    wanted = itertools.product(models, sizes, range(5))
    assert sorted(configurations(table, ["model", "images", "seed"])) == sorted(wanted)


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


@pytest.mark.parametrize("name", make.baselines())
def test_baseline_rows_come_out_again(name):
    row = make._run_baseline(name)
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
    curves = [make._run_curves(filters, seed, learning_rates=rates, epochs=3) for seed in range(3)]
    again = make.summarise_curves(curves).query(f"learning_rate == {learning_rate}")
    recorded = load("digits_learning_curves").query(
        f"learning_rate == {learning_rate} and filters == {filters} and epoch <= 3"
    )
    assert len(recorded) == 6
    again, recorded = (table.reset_index(drop=True) for table in (again, recorded))
    pd.testing.assert_frame_equal(again, recorded, rtol=0, atol=0.02)


def test_curves_agree_with_fit():
    """Another order of the images, hence another tolerance, but the same training."""
    digits = load_digits(seed=0)
    runs = [
        fit(digits_cnn(l2=1e-3, seed=seed), digits, epochs=10, seed=seed, progress=False)
        for seed in range(3)
    ]
    means = pd.concat(runs).groupby(["epoch", "split"])[["loss", "accuracy"]].mean()
    recorded = load("digits_learning_curves").query("learning_rate == 0.1 and filters == 10")
    recorded = recorded.set_index(["epoch", "split"])
    for split in ("train", "validation"):
        for score in ("loss", "accuracy"):
            difference = means.loc[(10, split), score] - recorded.loc[(10, split), score]
            assert abs(difference) < 0.03


def test_compiled_pass_makes_the_updates_of_fit():
    digits = load_digits(seed=0)
    # One batch in each pass: the order of the examples does not matter.
    train = Split(digits.train.inputs[:100], digits.train.labels[:100])
    data = Dataset(train, digits.validation, digits.test, digits.class_names)
    settings = {"filters": 3, "l2": 0.01, "learning_rate": 0.2, "seed": 1}
    history = fit(digits_cnn(**settings), data, epochs=4, batch_size=100, progress=False)
    model = digits_cnn(**settings)
    run_pass = make.compiled_pass(model, train)
    for epoch in range(1, 5):
        got = {"train": run_pass(np.arange(100)), "validation": evaluate(model, data.validation)}
        for split, scores in got.items():
            row = history.query(f"epoch == {epoch} and split == '{split}'").iloc[0]
            assert scores["loss"] == pytest.approx(row["loss"], rel=1e-4)
            assert scores["accuracy"] == pytest.approx(row["accuracy"], abs=0.006)


@pytest.mark.parametrize("name", ["k_nearest_neighbours", "support_vector_machine"])
def test_training_size_comes_out_again(name):
    row = make._run_size(name, 100, 3)
    recorded = load("digits_training_size").query(
        f"model == '{name}' and images == 100 and seed == 3"
    )
    assert len(recorded) == 1
    for part in ("validation", "test"):
        assert recorded.iloc[0][part] == pytest.approx(row[part], abs=0.006)


def test_subsets_are_stratified_and_seeded():
    labels = load_digits(seed=0).train.labels
    rows = make.stratified_rows(labels, images=200, seed=1)
    assert len(set(rows)) == 200
    share = np.bincount(labels) * 200 / len(labels)
    assert np.all(np.abs(np.bincount(labels[rows]) - share) < 1.01)
    assert not np.array_equal(rows, make.stratified_rows(labels, images=200, seed=2))
    np.testing.assert_array_equal(
        make.stratified_rows(labels, images=1257, seed=0), np.arange(1257)
    )


def test_every_size_gets_the_same_number_of_steps():
    digits = load_digits(seed=0)
    for images in (20, 250):
        train = Split(digits.train.inputs[:images], digits.train.labels[:images])
        model = make._fit_steps(digits_linear(), train, seed=0)
        assert int(model.optimizer.iterations) == 1200


def test_diverged_seed_makes_the_mean_nan():
    curve = pd.DataFrame(
        {"epoch": [1], "split": ["train"], "loss": [2.0], "accuracy": [0.5]}
    ).assign(learning_rate=3.0, filters=1)
    row = make.summarise_curves([curve, curve.assign(loss=np.nan, accuracy=0.1)]).iloc[0]
    assert np.isnan(row["loss"])
    assert (row["accuracy"], row["accuracy_low"], row["accuracy_high"]) == (0.3, 0.1, 0.5)
