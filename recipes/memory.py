"""Networks with and without gates, of equal size, on tasks that need a long memory."""

import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import tensorflow as tf

from lectures_lib.data import (
    Dataset,
    Split,
    adding_series,
    delayed_series,
    load_digits,
    parity_series,
    recall_series,
)
from lectures_lib.from_scratch import gru, lstm
from lectures_lib.models import memory_network
from lectures_lib.training import fit_many
from lectures_lib.training.batched import Stack
from lectures_lib.training.loop import compile_pass

LAYERS = ("rnn", "gru", "lstm")
SIZES = {"train": 2000, "validation": 500, "test": 1000}
AFTER = 10  # steps of a record after the first water has arrived
# Lengths of each task: the steps of a series, or the delay.
LENGTHS = {
    "recall": (5, 10, 20, 40, 80),
    "adding": (10, 20, 40),
    "delayed": (5, 10, 20),
    "parity": (2, 4, 6, 8),
    "parity, every step": (20,),
}
RATES, SEEDS = (0.003, 0.01, 0.03), tuple(range(5))
EPOCHS, OTHER_EPOCHS, BATCH = 20, 15, 32  # of the recall, of the other tasks
HIDDEN = {"rnn": 17, "gru": 9, "lstm": 8}
DIGIT_SHAPES = {"rows": (8, 8), "pixels": (64, 1)}
DIGIT_HIDDEN = {
    "rows": {"rnn": 33, "gru": 18, "lstm": 16},
    "pixels": {"rnn": 31, "gru": 18, "lstm": 16},
}
BIASES = {"0": 0.0, "1": 1.0, "log T": None}
BIAS_LENGTHS = (40, 80)
SLOPE_LENGTHS = (20, 40, 80)
# Trained settings are kept here, so that a stopped recipe goes on where it was.
memory = joblib.Memory(Path(__file__).parents[1] / ".recipes", verbose=0)


def task_split(task, length, *, series, seed):
    """Return one part of a task, an answer being asked at the end or at every step.

    >>> task_split("parity", 3, series=2, seed=0).labels.shape
    (2, 1)
    """
    if task == "delayed":
        sizes = {"series": series, "num_steps": length + AFTER}
        return delayed_series(**sizes, delay=length, seed=seed)
    makers = {"recall": recall_series, "adding": adding_series}
    split = makers.get(task, parity_series)(series=series, num_steps=length, seed=seed)
    return Split(split.inputs, split.labels[:, -1]) if task == "parity" else split


def task_data(task, length):
    """Return train, validation and test parts of a task, from seeds of their own."""
    parts = enumerate(SIZES.values())
    splits = [task_split(task, length, series=series, seed=seed) for seed, series in parts]
    return Dataset(*splits, class_names=(), name=task)


def answers(network, split):
    """Return the answers of a network, in the shape of the labels."""
    outputs = np.asarray(network(split.inputs), dtype="float64")
    return outputs.reshape(split.labels.shape)


def score(task, length, network, split):
    """Return the share of right signs of a parity, else the share of the variance left.

    Of a delayed response the steps count at which its cause is known.
    """
    found, labels = answers(network, split), split.labels
    if task.startswith("parity"):
        return np.mean(found * labels > 0)
    if task == "delayed":
        found, labels = found[:, length:], labels[:, length:]
    return np.mean((found - labels) ** 2) / np.var(labels.astype("float64"))


def slopes(network, split):
    """Return the root mean square of the slope of the answer to the value at each step."""
    inputs = tf.constant(split.inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(network(inputs))
    return np.sqrt(np.mean(tape.gradient(total, inputs).numpy()[..., 0] ** 2, axis=0))


@memory.cache
def train(task, layer, length, *, grid, epochs=EPOCHS):
    """Train the networks of a grid on one task: settings, scores, and slopes before and after."""
    data = task_data(task, length)
    num_steps, features = data.train.inputs.shape[1:]
    sizes = {"hidden": HIDDEN[layer], "num_steps": num_steps, "features": features}

    def build(**settings):
        every_step = data.train.labels.ndim == 3
        return memory_network(layer, **sizes, every_step=every_step, **settings)

    many = fit_many(build, grid, data, epochs=epochs, batch_size=BATCH, seed=0, progress=False)
    scores = {
        part: [score(task, length, network, getattr(data, part)) for network in many.models]
        for part in SIZES
    }
    table = many.networks.drop(columns="diverged")
    table = table.assign(parameters=many.models[0].count_params(), **scores)
    return table, _slopes_of(build, many, data.validation) if task == "recall" else None


def _slopes_of(build, many, split):
    """Return the slopes of the fresh and of the trained networks, `(2, networks, num_steps)`."""
    settings = many.networks.drop(columns="diverged").to_dict("records")
    fresh = [slopes(build(**setting), split) for setting in settings]
    return np.array([fresh, [slopes(network, split) for network in many.models]])


def task_grid():
    """Return the learning rates and the seeds."""
    return {"learning_rate": list(RATES), "seed": list(SEEDS)}


def memory_tasks():
    """Networks of equal size on tasks of growing length: scores, for each learning rate."""
    tables = []
    for task, lengths in LENGTHS.items():
        for length in lengths:
            for layer in LAYERS:
                epochs = EPOCHS if task == "recall" else OTHER_EPOCHS
                table, _ = train(task, layer, length, grid=task_grid(), epochs=epochs)
                table.insert(0, "task", task)
                table.insert(1, "layer", layer)
                table.insert(2, "length", length)
                tables.append(table)
    return pd.concat(tables)


def best_rate(table, *, largest=False):
    """Return the learning rate with the best mean score on the validation data.

    >>> rows = {"learning_rate": [1, 1, 2, 2], "validation": [0.0, 0.5, 0.2, 0.2]}
    >>> int(best_rate(pd.DataFrame(rows)))
    2
    """
    mean = table.groupby("learning_rate")["validation"].mean()
    return mean.idxmax() if largest else mean.idxmin()


def memory_slopes():
    """Slope of the recalled value to each sample, before and after training: range over seeds."""
    tables = []
    for length in SLOPE_LENGTHS:
        for layer in LAYERS:
            table, values = train("recall", layer, length, grid=task_grid())
            chosen = table["learning_rate"] == best_rate(table)
            tables.append(_range_of(values[:, chosen.to_numpy()], layer=layer, length=length))
    for length in BIAS_LENGTHS:
        table, values = train("recall", "lstm", length, grid=bias_grid(length))
        chosen = table["forget_bias"] == table["forget_bias"].max()
        rows = _range_of(values[:, chosen.to_numpy()], layer="lstm, bias log T", length=length)
        tables.append(rows)
    return pd.concat(tables)


def _range_of(values, *, layer, length):
    """Return median and range over the seeds of slopes `(2, seeds, num_steps)`."""
    tables = []
    for when, of_seeds in zip(("fresh", "trained"), values, strict=True):
        rows = {"layer": layer, "length": length, "when": when, "step": np.arange(1, length + 1)}
        rows |= {"slope": np.median(of_seeds, axis=0)}
        rows |= {"low": of_seeds.min(axis=0), "high": of_seeds.max(axis=0)}
        tables.append(pd.DataFrame(rows))
    return pd.concat(tables)


@memory.cache
def follow(layer, *, noise=1, length=40, learning_rate=0.03, epochs=EPOCHS):
    """Train networks on the recall; return share left, gates and slope after each epoch."""
    data = quieten(task_data("recall", length), noise)
    sizes = {"hidden": HIDDEN[layer], "num_steps": length, "features": 2}
    settings = {"learning_rate": learning_rate, **sizes}
    networks = [memory_network(layer, **settings, seed=seed) for seed in SEEDS]
    stack, rng = Stack(networks), np.random.default_rng(0)
    run = compile_pass(stack, stack.train_step, data.train, BATCH)
    rows = []
    for epoch in range(epochs + 1):
        for seed, (network, weights) in enumerate(zip(networks, stack.get_weights(), strict=True)):
            network.set_weights(weights)
            left = score("recall", length, network, data.validation)
            values = gate_means(layer, network, data.validation.inputs[:100])
            row = {"layer": layer, "noise": noise, "seed": seed, "epoch": epoch, "left": left}
            rows.append(row | values | {"slope": slopes(network, data.validation)[0]})
        run(rng.permutation(len(data.train)))
    return pd.DataFrame(rows)


def quieten(data, noise):
    """Return the data of a recall with all values but the first ones multiplied by `noise`."""
    factors = np.ones((data.train.inputs.shape[1], 2), "float32")
    factors[1:, 0] = noise
    parts = (Split(part.inputs * factors, part.labels) for part in (data.train, data.validation))
    return Dataset(*parts, data.test, class_names=(), name=data.name)


def gate_means(layer, network, inputs):
    """Return the means, over all units and all steps but the first, of what keeps and writes."""
    weights = network.get_layer("recurrent").get_weights()
    if layer == "gru":
        keeps = gru(inputs, *weights).update_gate[:, 1:].mean()
        return {"keeps": keeps, "writes": 1 - keeps}
    states = lstm(inputs, *weights)
    return {"keeps": states.forget_gate[:, 1:].mean(), "writes": states.input_gate[:, 1:].mean()}


def memory_epochs():
    """Gates of GRUs and LSTMs while they learn to recall over 40 steps, with or without noise."""
    runs = (("gru", 1), ("lstm", 1), ("gru", 0))
    return pd.concat(follow(layer, noise=noise) for layer, noise in runs)


def bias_grid(length):
    """Return the first biases of the forget gates, one learning rate, and the seeds."""
    biases = [np.log(length) if bias is None else bias for bias in BIASES.values()]
    return {"forget_bias": biases, "learning_rate": [0.01], "seed": list(SEEDS)}


def memory_bias():
    """LSTMs with different first biases of their forget gates recall a value: scores."""
    tables = []
    for length in BIAS_LENGTHS:
        table, _ = train("recall", "lstm", length, grid=bias_grid(length))
        table.insert(0, "bias", np.repeat(list(BIASES), len(SEEDS)))
        table.insert(0, "length", length)
        tables.append(table.drop(columns="parameters"))
    return pd.concat(tables)


def digit_data(reading):
    """Return the digits as series, of 8 rows or of 64 pixels, and their labels."""
    digits = load_digits(seed=0)
    parts = (digits.train, digits.validation, digits.test)
    splits = (Split(x.inputs.reshape(-1, *DIGIT_SHAPES[reading]), x.labels) for x in parts)
    return Dataset(*splits, class_names=digits.class_names, name="digits")


@memory.cache
def train_digits(reading, layer, *, epochs=15):
    """Train networks on digits that are read step by step: settings and accuracies."""
    num_steps, features = DIGIT_SHAPES[reading]
    sizes = {"hidden": DIGIT_HIDDEN[reading][layer], "num_steps": num_steps, "features": features}
    data = digit_data(reading)
    many = fit_many(
        lambda **settings: memory_network(layer, **sizes, classes=10, **settings),
        task_grid(), data, epochs=epochs, batch_size=BATCH, seed=0, progress=False,
    )  # fmt: skip
    scores = {part: many.evaluate(getattr(data, part))["accuracy"] for part in SIZES}
    table = many.networks.drop(columns="diverged")
    return table.assign(parameters=many.models[0].count_params(), **scores)


def memory_digits():
    """Networks of equal size read digits row by row and pixel by pixel: accuracies."""
    tables = []
    for reading in DIGIT_SHAPES:
        for layer in LAYERS:
            table = train_digits(reading, layer)
            table.insert(0, "reading", reading)
            table.insert(1, "layer", layer)
            tables.append(table)
    return pd.concat(tables)


def memory_seconds():
    """Processor time of an epoch on 2,000 series of 20 steps, of one network: five repetitions."""
    rows = [
        {"layer": layer, "repetition": i, "seconds": seconds}
        for layer in LAYERS
        for i, seconds in enumerate(epoch_seconds(layer, num_steps=20))
    ]
    return pd.DataFrame(rows)


def epoch_seconds(layer, *, num_steps, repetitions=5):
    """Return processor times of an epoch, in s, after a first one with the compilation."""
    data = task_data("recall", num_steps)
    network = memory_network(layer, hidden=HIDDEN[layer], num_steps=num_steps, features=2)
    run, times = compile_pass(network, network.train_step, data.train, BATCH), []
    for i in range(repetitions + 1):
        order = np.random.default_rng(i).permutation(len(data.train))
        start = time.process_time()
        run(order)
        times.append(time.process_time() - start)
    return times[1:]
