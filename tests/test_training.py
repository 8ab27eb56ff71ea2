"""Training is reproducible, and the recorded numbers are those of the weights."""

import numpy as np
import pandas as pd
import pytest

from lectures_lib.data import Dataset, Split, load_digits
from lectures_lib.models import digits_cnn, digits_dense, digits_linear
from lectures_lib.training import evaluate, fit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def digits():
    return load_digits(seed=0)


@pytest.fixture(scope="module")
def few(digits):
    """130 training images, so that the last batch of 50 is not a full one."""
    train = Split(digits.train.inputs[:130], digits.train.labels[:130])
    return Dataset(train, digits.validation, digits.test, digits.class_names)


def test_rows_are_tidy(few):
    history = fit(digits_linear(), few, epochs=3, batch_size=50, progress=False)
    assert history.columns.tolist() == ["epoch", "split", "loss", "accuracy"]
    assert history["epoch"].tolist() == [1, 1, 2, 2, 3, 3]
    assert history["split"].tolist() == ["train", "validation"] * 3
    assert history.index.tolist() == list(range(6))
    assert history["accuracy"].between(0, 1).all()


def test_seeds_decide_the_history(few):
    def run(seed):
        return fit(digits_cnn(seed=1), few, epochs=3, batch_size=50, seed=seed, progress=False)

    first = run(seed=0)
    pd.testing.assert_frame_equal(run(seed=0), first, check_exact=True)
    other = run(seed=1)
    assert np.all(other["loss"] != first["loss"])


def test_last_validation_rows_are_those_of_the_final_weights(few):
    model = digits_dense(l2=1e-3)
    history = fit(model, few, epochs=2, batch_size=50, progress=False)
    last = history.query("split == 'validation'").iloc[-1]
    loss, accuracy = model.evaluate(few.validation.inputs, few.validation.labels, verbose=0)
    assert last["loss"] == pytest.approx(loss, rel=1e-5)
    assert last["accuracy"] == pytest.approx(accuracy)
    # The splits are not exchanged: the last train row is another number.
    assert history.query("split == 'train'").iloc[-1]["loss"] != pytest.approx(loss, rel=1e-3)


def test_train_row_of_one_full_batch_is_the_loss_of_the_initial_weights(few):
    model = digits_linear(l2=0.02, seed=3)
    W = model.get_weights()[0].astype("float64")
    scores = np.exp(few.train.inputs.reshape(130, 64).astype("float64") @ W)
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    cross_entropy = -np.log(probabilities[np.arange(130), few.train.labels]).mean()
    history = fit(model, few, epochs=1, batch_size=130, progress=False)
    assert history["split"][0] == "train"
    assert history["loss"][0] == pytest.approx(cross_entropy + 0.02 * (W**2).sum(), rel=1e-5)
    hits = probabilities.argmax(axis=1) == few.train.labels
    assert history["accuracy"][0] == pytest.approx(hits.mean())


def test_one_full_batch_is_one_gradient_step(few):
    model = digits_linear(learning_rate=0.5, seed=3)
    W = model.get_weights()[0].astype("float64")
    X = few.train.inputs.reshape(130, 64).astype("float64")
    scores = np.exp(X @ W)
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    gradient = X.T @ (probabilities - np.eye(10)[few.train.labels]) / 130
    fit(model, few, epochs=1, batch_size=200, progress=False)
    np.testing.assert_allclose(model.get_weights()[0], W - 0.5 * gradient, atol=1e-6)


def test_training_learns_digits(digits):
    model = digits_linear(l2=1e-3)
    before = evaluate(model, digits.test)["accuracy"]
    fit(model, digits, epochs=10, progress=False)
    assert before < 0.4
    assert evaluate(model, digits.test)["accuracy"] > 0.8


def test_diverged_run_is_nan(few):
    model = digits_cnn(learning_rate=1e3, l2=1.0)
    history = fit(model, few, epochs=6, batch_size=50, progress=False)
    assert history["loss"].tail(2).isna().all()
    assert history["accuracy"].between(0, 1).all()


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_evaluate_is_cross_entropy_and_hits(few, part):
    model, split = digits_dense(seed=2), getattr(few, part)
    probabilities = np.asarray(model(split.inputs)).astype("float64")
    scores = evaluate(model, split)
    assert list(scores) == ["loss", "accuracy"]
    rows = np.arange(len(split))
    loss = -np.log(probabilities[rows, split.labels]).mean()
    assert scores["loss"] == pytest.approx(loss, rel=1e-5)
    hits = probabilities.argmax(axis=1) == split.labels
    assert scores["accuracy"] == pytest.approx(hits.mean())
    assert all(type(score) is float for score in scores.values())


@pytest.mark.parametrize(
    ("view", "progress", "shown"),
    [(None, True, True), ("lab", True, True), ("page", True, False), (None, False, False)],
)
def test_progress_bar(few, capfd, monkeypatch, view, progress, shown):
    monkeypatch.delenv("LECTURES_VIEW", raising=False)
    if view is not None:
        monkeypatch.setenv("LECTURES_VIEW", view)
    model = digits_linear()
    capfd.readouterr()
    fit(model, few, epochs=2, progress=progress)
    out, err = capfd.readouterr()
    assert err == ""
    assert (" 0/2 [" in out) == shown
    assert shown or out == ""
    assert not out or out.endswith(" \r")  # and it is wiped out


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"epochs": 0}, "epochs=0, but training needs at least 1"),
        ({"batch_size": -5}, "batch_size=-5, but training needs at least 1"),
    ],
)
def test_fit_refuses_counts_below_one(few, settings, text):
    with pytest.raises(ValueError, match=text):
        fit(digits_linear(), few, progress=False, **settings)


@pytest.mark.parametrize("part", ["train", "validation"])
@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([], "split has 0 examples, but at least 1"),
        ([0, 10], "go from 0 to 10, but the 10 outputs .* labels 0 to 9"),
        ([-1, 4], "go from -1 to 4"),
    ],
)
def test_fit_refuses_unfit_splits(few, part, labels, text):
    split = Split(np.zeros((len(labels), 8, 8, 1), "float32"), np.array(labels, dtype=int))
    parts = {"train": few.train, "validation": few.validation} | {part: split}
    data = Dataset(**parts, test=few.test, class_names=few.class_names)
    with pytest.raises(ValueError, match=f"{part} split.*{text}|{part} {text}"):
        fit(digits_linear(), data, progress=False)


def test_evaluate_refuses_an_empty_split():
    empty = Split(np.zeros((0, 8, 8, 1), "float32"), np.zeros(0, dtype=int))
    with pytest.raises(ValueError, match="0 examples"):
        evaluate(digits_linear(), empty)
