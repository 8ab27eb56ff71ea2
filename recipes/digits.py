"""Long runs on the digits, a minute or some each."""

import warnings

import numpy as np
import pandas as pd

from lectures_lib import models
from lectures_lib.data import Dataset, Split, load_digits
from lectures_lib.training import evaluate, fit, fit_many, sweep

NETWORKS = {
    "digits_linear": models.digits_linear,
    "digits_dense": models.digits_dense,
    "digits_cnn": models.digits_cnn,
}
L2 = 1e-3
BATCH_SIZE = 100
SEEDS, SEEDS_EPOCHS = range(10), 100
LEARNING_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
FILTERS = (1, 2, 5, 10, 20)
CURVE_SEEDS = range(3)
CURVE_EPOCHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, *range(15, 61, 5))
GRID_SEEDS = range(5)
HELD_OUT = ("validation", "test")
GRID = {"learning_rate": np.logspace(-5, 1, 7), "l2": np.logspace(-5, 1, 7)}
LARGEST_VALUES = (1, 16)
BATCH_SIZES = (10, 20, 50, 100, 200, 500, 1257)
BATCH_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def baselines():
    """Return the scikit-learn baselines, not yet fitted, by name.

    >>> list(baselines())
    ['nearest_centroid', 'k_nearest_neighbours', 'support_vector_machine']
    """
    from sklearn import neighbors, svm

    return {
        "nearest_centroid": neighbors.NearestCentroid(),
        "k_nearest_neighbours": neighbors.KNeighborsClassifier(n_neighbors=1),
        "support_vector_machine": svm.SVC(),  # RBF kernel, C=1, gamma="scale"
    }


def digits_seeds():
    """Train the digits networks 100 epochs from ten seeds, and the baselines once: accuracy."""
    runs = sweep(run_seed, {"model": list(NETWORKS), "seed": list(SEEDS)})
    rows = pd.concat([runs, pd.DataFrame(map(run_baseline, baselines()))])
    return rows.astype({"parameters": "Int64"})


def run_seed(model, seed):
    """Return the scores of one network and one seed."""
    digits = load_digits(seed=0)
    model = NETWORKS[model](l2=L2, learning_rate=0.1, seed=seed)
    fit(model, digits, epochs=SEEDS_EPOCHS, batch_size=BATCH_SIZE, seed=seed, progress=False)
    parts = ("train", *HELD_OUT)
    scores = {part: evaluate(model, getattr(digits, part))["accuracy"] for part in parts}
    return {"parameters": model.count_params(), **scores}


def run_baseline(name):
    """Return the row of one scikit-learn baseline; its number of parameters is not defined."""
    digits = load_digits(seed=0)
    with warnings.catch_warnings():  # the corner pixels are the same in every image of a class
        warnings.filterwarnings("ignore", message=".*zero standard deviation")
        classifier = baselines()[name].fit(_flat(digits.train), digits.train.labels)
    scores = {part: _score(classifier, getattr(digits, part)) for part in ("train", *HELD_OUT)}
    return {"model": name, "seed": 0, "parameters": None, **scores}


def digits_learning_curves():
    """Train the digits CNN over learning rates and filters: mean and range over three seeds."""
    grid = {"filters": list(FILTERS), "seed": list(CURVE_SEEDS)}
    return summarise_curves(sweep(run_curves, grid))


def run_curves(filters, seed, *, learning_rates=LEARNING_RATES, epochs=CURVE_EPOCHS[-1]):
    """Return the tidy rows of one architecture and seed, for all learning rates."""

    def build(learning_rate):
        return models.digits_cnn(filters=filters, l2=L2, learning_rate=learning_rate, seed=seed)

    grid = {"learning_rate": list(learning_rates)}
    many = fit_many(
        build, grid, load_digits(seed=0), epochs=epochs, batch_size=BATCH_SIZE, seed=seed,
        progress=False,
    )  # fmt: skip
    return many.history[many.history["epoch"].isin(CURVE_EPOCHS)].drop(columns="network")


def summarise_curves(curves):
    """Average tidy curves over their seeds; the mean loss is nan as soon as one seed diverged.

    >>> curve = pd.DataFrame({"epoch": [1], "split": ["train"], "loss": [2.0], "accuracy": [0.5]})
    >>> curve = curve.assign(learning_rate=0.1, filters=1)
    >>> other = curve.assign(loss=4.0, accuracy=0.7)
    >>> summary = summarise_curves(pd.concat([curve, other]))
    >>> summary[["loss", "accuracy_low"]].to_numpy().tolist()
    [[3.0, 0.5]]
    """
    groups = curves.groupby(["learning_rate", "filters", "epoch", "split"])
    return pd.DataFrame(
        {
            "loss": groups["loss"].agg(lambda losses: losses.mean(skipna=False)),
            "accuracy": groups["accuracy"].mean(),
            "accuracy_low": groups["accuracy"].min(),
            "accuracy_high": groups["accuracy"].max(),
        }
    ).reset_index()


def _flat(split):
    """Return the inputs as scikit-learn wants them, shape `(images, pixels)`."""
    return split.inputs.reshape(len(split), -1)


def _score(classifier, split):
    return float(classifier.score(_flat(split), split.labels))


def digits_grid():
    """Train the lecture's grid of 49 networks 100 epochs, from five seeds, on two grey scales."""
    return sweep(run_grid, {"largest_value": list(LARGEST_VALUES), "seed": list(GRID_SEEDS)})


def run_grid(largest_value, seed, *, grid=GRID):
    """Return the scores of 49 networks; the lecture's grey values go up to 16, ours up to 1."""
    digits = load_digits(seed=0)
    splits = [digits.train, digits.validation, digits.test]
    splits = [Split(largest_value * split.inputs, split.labels) for split in splits]
    many = fit_many(
        lambda learning_rate, l2: models.digits_cnn(learning_rate=learning_rate, l2=l2, seed=seed),
        grid, Dataset(*splits, digits.class_names, digits.name),
        epochs=SEEDS_EPOCHS, batch_size=BATCH_SIZE, seed=seed, progress=False,
    )  # fmt: skip
    names = ("train", *HELD_OUT)
    scores = {n: many.evaluate(part)["accuracy"] for n, part in zip(names, splits, strict=True)}
    return many.networks.assign(**scores)


def digits_batch_size():
    """Train the digits CNN over learning rates and batch sizes, 100 epochs, from three seeds."""
    return sweep(run_batch_size, {"batch_size": list(BATCH_SIZES), "seed": list(CURVE_SEEDS)})


def run_batch_size(batch_size, seed):
    """Return the validation scores of one batch size and seed, for all learning rates."""
    digits = load_digits(seed=0)
    many = fit_many(
        lambda learning_rate: models.digits_cnn(learning_rate=learning_rate, l2=L2, seed=seed),
        {"learning_rate": list(BATCH_RATES)}, digits, epochs=SEEDS_EPOCHS, batch_size=batch_size,
        seed=seed, progress=False,
    )  # fmt: skip
    scores = many.evaluate(digits.validation)
    return scores.rename(columns={"accuracy": "validation"}).drop(columns="loss")


def digits_choice():
    """Search learning rate and penalty on a grid and at random, from five seeds: what is found."""
    return sweep(run_choice, {"search": ["grid", "random"], "seed": list(GRID_SEEDS)})


def run_choice(search, seed, *, settings=None):
    """Return what is found with some trainings: chosen on validation pictures, tested once.

    The networks are those of 49 settings, on the lecture's grid or drawn from the same ranges with
    equal chances on a logarithmic scale. Fewer trainings are a mean over random choices of them.
    `reported` and `honest` are the test accuracies where one half of the test pictures chooses:
    on that half, and on the other.
    """
    digits, rng = load_digits(seed=0), np.random.default_rng(seed)
    drawn = 10 ** rng.uniform(-5, 1, size=(49, 2))
    at_random = [{"learning_rate": [rate], "l2": [l2]} for rate, l2 in drawn]
    many = fit_many(
        lambda learning_rate, l2: models.digits_cnn(learning_rate=learning_rate, l2=l2, seed=seed),
        settings or (GRID if search == "grid" else at_random), digits, epochs=SEEDS_EPOCHS,
        batch_size=BATCH_SIZE, seed=seed, progress=False,
    )  # fmt: skip
    finite = many.networks["diverged"].isna().to_numpy()
    hits = {
        name: np.stack([
            np.argmax(model(getattr(digits, name).inputs), axis=1) == getattr(digits, name).labels
            for model in many.models
        ]) & finite[:, np.newaxis]
        for name in HELD_OUT
    }  # fmt: skip
    accuracy = {name: right.mean(axis=1) for name, right in hits.items()}
    rows = []
    for trainings in (5, 10, 20, 49) if settings is None else (len(many.networks),):
        found = [_chosen(accuracy, rng.permutation(len(finite))[:trainings]) for _ in range(500)]
        rows.append({"trainings": trainings, **pd.DataFrame(found).mean()})
    reported, honest = np.mean([_halves(hits["test"], rng) for _ in range(2000)], axis=0)
    return pd.DataFrame(rows).assign(reported=reported, honest=honest)


def _chosen(accuracy, tried):
    """Return the accuracies of the first network tried with the best validation accuracy."""
    best = tried[accuracy["validation"][tried].argmax()]
    return {name: values[best] for name, values in accuracy.items()}


def _halves(hits, rng):
    """Return the accuracies on two halves of the network that is the best on the first.

    >>> _halves(np.array([[True] * 4, [False] * 4]), np.random.default_rng(0))
    (1.0, 1.0)
    """
    order = rng.permutation(hits.shape[1])
    half = len(order) // 2
    first, second = hits[:, order[:half]].mean(axis=1), hits[:, order[half:]].mean(axis=1)
    best = rng.choice(np.flatnonzero(first == first.max()))
    return float(first[best]), float(second[best])
