"""Recreate the recorded results: `python -m lectures_lib.recorded.make NAME` (or `all`)."""

import argparse
import functools
import itertools
import math
import os
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from lectures_lib import models
from lectures_lib.data import Split, load_digits
from lectures_lib.training import evaluate, fit

__all__ = ["RECIPES", "main", "parser"]

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
TRAINING_SIZES = (20, 50, 100, 200, 400, 800, 1257)
SIZE_SEEDS, SIZE_STEPS = range(5), 1200
HELD_OUT = ("validation", "test")
PACKAGES = ("keras", "tensorflow", "numpy", "scikit-learn")


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


def stratified_rows(labels, *, images, seed):
    """Choose `images` rows so that every class keeps its share; sorted, all different.

    >>> rows = stratified_rows(np.repeat([0, 1], 50), images=10, seed=0)
    >>> np.bincount(np.repeat([0, 1], 50)[rows]).tolist()
    [5, 5]
    """
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(labels))
    if images == len(labels):
        return rows
    return np.sort(train_test_split(rows, train_size=images, stratify=labels, random_state=seed)[0])


def digits_seeds():
    """Train the digits networks 100 epochs from ten seeds, and the baselines once: accuracy."""
    runs = _parallel(_run_seed, itertools.product(NETWORKS, SEEDS))
    rows = [*runs, *map(_run_baseline, baselines())]
    return pd.DataFrame(rows).astype({"parameters": "Int64"})


def _run_seed(name, seed):
    """Return the row of one network and one seed."""
    digits = load_digits(seed=0)
    model = NETWORKS[name](l2=L2, learning_rate=0.1, seed=seed)
    fit(model, digits, epochs=SEEDS_EPOCHS, batch_size=BATCH_SIZE, seed=seed, progress=False)
    parts = ("train", *HELD_OUT)
    scores = {part: evaluate(model, getattr(digits, part))["accuracy"] for part in parts}
    return {"model": name, "seed": seed, "parameters": model.count_params(), **scores}


def _run_baseline(name):
    """Return the row of one scikit-learn baseline; its number of parameters is not defined."""
    digits = load_digits(seed=0)
    with warnings.catch_warnings():  # the corner pixels are the same in every image of a class
        warnings.filterwarnings("ignore", message=".*zero standard deviation")
        classifier = baselines()[name].fit(_flat(digits.train), digits.train.labels)
    scores = {part: _score(classifier, getattr(digits, part)) for part in ("train", *HELD_OUT)}
    return {"model": name, "seed": 0, "parameters": None, **scores}


def digits_learning_curves():
    """Train the digits CNN over learning rates and filters: mean and range over three seeds."""
    return summarise_curves(_parallel(_run_curves, itertools.product(FILTERS, CURVE_SEEDS)))


def _run_curves(filters, seed, *, learning_rates=LEARNING_RATES, epochs=CURVE_EPOCHS[-1]):
    """Return the tidy rows of one architecture and seed, for all learning rates."""
    digits = load_digits(seed=0)
    model = models.digits_cnn(filters=filters, l2=L2, seed=seed)
    initial_weights = model.get_weights()
    run_pass = compiled_pass(model, digits.train)
    rows = []
    for learning_rate in learning_rates:
        model.set_weights(initial_weights)
        model.optimizer.learning_rate = learning_rate
        rng = np.random.default_rng(seed)
        for epoch in range(1, epochs + 1):
            scores = {"train": run_pass(rng.permutation(len(digits.train)))}
            if epoch in CURVE_EPOCHS:
                scores["validation"] = _score_batch(model, digits.validation)
                keys = {"learning_rate": learning_rate, "filters": filters, "epoch": epoch}
                rows += [{**keys, "split": split, **scores[split]} for split in scores]
    return pd.DataFrame(rows)


def compiled_pass(model, train):
    """Compile one pass over a split, with the updates of `fit` in the order that is handed in.

    Calling the returned function with the order of the examples, shape `(examples,)`, gives what
    `fit` records: the running averages of loss and accuracy. It takes a fifth of the time of an
    epoch of `fit`, as 13 steps of a small network are shorter than what Keras does around them.
    """
    import tensorflow as tf

    inputs, labels = tf.constant(train.inputs), tf.constant(train.labels)

    @tf.function
    def update(order):
        for start in tf.range(0, tf.size(order), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            model.train_step((tf.gather(inputs, rows), tf.gather(labels, rows)))

    def run_pass(order):
        model.reset_metrics()
        update(tf.constant(order))
        return {name: float(score) for name, score in model.get_metrics_result().items()}

    return run_pass


def _score_batch(model, split):
    """Return what `evaluate` returns, from one batch."""
    model.reset_metrics()
    return model.test_on_batch(split.inputs, split.labels, return_dict=True)


def summarise_curves(curves):
    """Average tidy curves over their seeds; the mean loss is nan as soon as one seed diverged.

    >>> curve = pd.DataFrame({"epoch": [1], "split": ["train"], "loss": [2.0], "accuracy": [0.5]})
    >>> curve = curve.assign(learning_rate=0.1, filters=1)
    >>> other = curve.assign(loss=4.0, accuracy=0.7)
    >>> summarise_curves([curve, other])[["loss", "accuracy_low"]].to_numpy().tolist()
    [[3.0, 0.5]]
    """
    keys = ["learning_rate", "filters", "epoch", "split"]
    groups = pd.concat(curves, ignore_index=True).groupby(keys)
    return pd.DataFrame(
        {
            "loss": groups["loss"].agg(lambda losses: losses.mean(skipna=False)),
            "accuracy": groups["accuracy"].mean(),
            "accuracy_low": groups["accuracy"].min(),
            "accuracy_high": groups["accuracy"].max(),
        }
    ).reset_index()


def digits_training_size():
    """Train 1,200 steps on a part of the train split, whatever its size, from five seeds."""
    names = [*NETWORKS, "k_nearest_neighbours", "support_vector_machine"]
    grid = itertools.product(names, TRAINING_SIZES, SIZE_SEEDS)
    return pd.DataFrame(_parallel(_run_size, grid))


def _run_size(name, images, seed):
    """Return the row of one model, trained on `images` images chosen by `seed`."""
    digits = load_digits(seed=0)
    rows = stratified_rows(digits.train.labels, images=images, seed=seed)
    train = Split(digits.train.inputs[rows], digits.train.labels[rows])
    if name in NETWORKS:
        model = _fit_steps(NETWORKS[name](l2=L2, learning_rate=0.1, seed=seed), train, seed=seed)
        scores = {part: evaluate(model, getattr(digits, part))["accuracy"] for part in HELD_OUT}
    else:
        model = baselines()[name].fit(_flat(train), train.labels)
        scores = {part: _score(model, getattr(digits, part)) for part in HELD_OUT}
    return {"model": name, "images": images, "seed": seed, **scores}


def _fit_steps(model, train, *, seed):
    """Train for exactly `SIZE_STEPS` steps, the images shuffled anew in every pass, and return."""
    batch_size = min(BATCH_SIZE, len(train))
    examples = SIZE_STEPS * batch_size
    rng = np.random.default_rng(seed)
    passes = [rng.permutation(len(train)) for _ in range(math.ceil(examples / len(train)))]
    order = np.concatenate(passes)[:examples]
    # All passes as one long epoch: 1,200 epochs of one step would mostly be overhead of Keras.
    inputs, labels = train.inputs[order], train.labels[order]
    model.fit(inputs, labels, batch_size=batch_size, shuffle=False, verbose=0)
    return model


def _flat(split):
    """Return the inputs as scikit-learn wants them, shape `(images, pixels)`."""
    return split.inputs.reshape(len(split), -1)


def _score(classifier, split):
    return float(classifier.score(_flat(split), split.labels))


def _parallel(run, grid):
    """Return `[run(*point) for point in grid]`, in one process per core, single-threaded each."""
    from joblib import Parallel, delayed

    jobs = (delayed(_run_alone)(run, point) for point in grid)
    return Parallel(n_jobs=os.cpu_count(), batch_size=1, verbose=1)(jobs)


def _run_alone(run, point):
    _make_deterministic()
    keras.utils.clear_session()
    return run(*point)


@functools.cache
def _make_deterministic():
    """Give this process one TensorFlow thread and operations that always return the same."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


RECIPES = {
    recipe.__name__: recipe
    for recipe in (digits_seeds, digits_learning_curves, digits_training_size)
}


def header(name):
    """Return the comment lines that begin the file `name`.

    >>> header("digits_seeds").splitlines()[0]
    '# python -m lectures_lib.recorded.make digits_seeds'
    """
    versions = (f"{package} {_version(package)}" for package in PACKAGES)
    lines = (
        f"python -m lectures_lib.recorded.make {name}",
        RECIPES[name].__doc__,
        f"load_digits(seed=0), SGD, l2={L2}, batch_size={BATCH_SIZE}; {', '.join(versions)}",
    )
    return "".join(f"# {line}\n" for line in lines)


def _version(package):
    """Return the version of a package, for TensorFlow also of its CPU build."""
    try:
        return version(package)
    except PackageNotFoundError:
        return version(f"{package}-cpu")


def parser():
    """Return the parser of the command line.

    >>> parser().parse_args(["digits_seeds"]).name
    'digits_seeds'
    """
    result = argparse.ArgumentParser(prog="python -m lectures_lib.recorded.make")
    result.add_argument("name", choices=[*RECIPES, "all"], help="the result to recreate")
    result.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where to write")
    return result


def main(arguments=None):
    """Recreate the results that the command line names, and print where they are."""
    chosen = parser().parse_args(arguments)
    for name in RECIPES if chosen.name == "all" else [chosen.name]:
        table = RECIPES[name]().to_csv(index=False, float_format="%.5g", na_rep="nan")
        path = chosen.folder / f"{name}.csv"
        path.write_text(header(name) + table, encoding="utf-8")
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    # Through the import, so that the worker processes find the functions by name.
    from lectures_lib.recorded import make

    make.main()
