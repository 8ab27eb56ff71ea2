"""Networks with and without gates, of equal size, on tasks that need a long memory."""

from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd

from lectures_lib.data import (
    Dataset,
    Split,
    adding_series,
    delayed_series,
    parity_series,
    recall_series,
)
from lectures_lib.from_scratch import (
    gru,
    gru_backward,
    lstm,
    lstm_backward,
    simple_rnn_backward,
)
from lectures_lib.models import memory_network
from lectures_lib.training import fit_many
from lectures_lib.training.batched import Stack
from lectures_lib.training.loop import compile_pass

OPEN = "lstm, bias ln T"  # an LSTM whose forget gates start open
LAYERS = ("rnn", "gru", "lstm")
SIZES = {"train": 2000, "validation": 500, "test": 1000}
AFTER = 10  # steps of a record after the first water has arrived
# Lengths of each task: the steps of a series, or the delay.
LENGTHS = {
    "recall": (40, 80),
    "adding": (20,),
    "delayed": (20,),
    "parity": (8,),
    "parity, every step": (20,),
}
RATES = {"rnn": (0.001, 0.003, 0.01, 0.03), "gru": (0.003, 0.01, 0.03, 0.1)}
RATES |= {"lstm": RATES["gru"], OPEN: RATES["gru"]}
# Where the best rate stood at an end of these, the grid goes on, each rate trained by itself.
FURTHER = {
    ("recall", "rnn", 40): (0.0003,), ("recall", "gru", 40): (0.3,),
    ("recall", "lstm", 40): (0.0003, 0.001), ("recall", OPEN, 40): (0.001,),
    ("recall", "rnn", 80): (0.0003,), ("recall", "gru", 80): (0.3,),
    ("recall", OPEN, 80): (0.0003, 0.001), ("delayed", "gru", 20): (0.3,),
    ("parity", "gru", 8): (0.3,),
}  # fmt: skip
CLIPS, SEEDS = (0.0, 1.0), tuple(range(5))  # largest norms of a gradient; 0 is no clipping
EPOCHS, OTHER_EPOCHS, BATCH = 20, 15, 32  # of the recall, of the other tasks
HIDDEN = {"rnn": 17, "gru": 9, "lstm": 8, OPEN: 8}
SLOPE_LENGTHS = (40, 80)
BACKWARD = {
    "rnn": simple_rnn_backward, "gru": gru_backward, "lstm": lstm_backward, OPEN: lstm_backward,
}  # fmt: skip
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
    """Return the share of right signs of a parity, else the normalised mean squared error.

    Of a delayed response the steps count at which its cause is known.
    """
    found, labels = answers(network, split), split.labels
    if task.startswith("parity"):
        return np.mean(found * labels > 0)
    if task == "delayed":
        found, labels = found[:, length:], labels[:, length:]
    return np.mean((found - labels) ** 2) / np.var(labels.astype("float64"))


def forget_bias(layer, length):
    """Return the first bias of the forget gates: ln T, or None for the layer's own.

    >>> [forget_bias(layer, 1) for layer in ("lstm", OPEN)]
    [None, 0.0]
    """
    return float(np.log(length)) if layer == OPEN else None


def task_network(layer, length, data, *, learning_rate, clip, seed):
    """Build a network for a task; `clip` is the largest norm of its gradient, 0 for any."""
    num_steps, features = data.train.inputs.shape[1:]
    network = memory_network(
        layer if layer in LAYERS else "lstm", hidden=HIDDEN[layer], num_steps=num_steps,
        features=features, every_step=data.train.labels.ndim == 3,
        forget_bias=forget_bias(layer, length), seed=seed,
    )  # fmt: skip
    adam = keras.optimizers.Adam(learning_rate, global_clipnorm=clip or None)
    network.compile(adam, "mean_squared_error")
    return network


def slopes(layer, weights, inputs):
    """Return the root mean square of the slope of the last answer to the value at each step."""
    *weights, kernel, _ = (array.astype("float64") for array in weights)
    last = np.zeros((*inputs.shape[:2], len(kernel)))
    last[:, -1] = kernel[:, 0]
    gradient = BACKWARD[layer](last, inputs.astype("float64"), *weights)[0]
    return np.sqrt(np.mean(gradient[..., 0] ** 2, axis=0))


@memory.cache
def train(task, layer, length, *, grid, epochs=EPOCHS):
    """Train the networks of a grid on one task: settings and scores, and all weights."""
    data = task_data(task, length)

    def build(**settings):
        return task_network(layer, length, data, **settings)

    many = fit_many(build, grid, data, epochs=epochs, batch_size=BATCH, seed=0, progress=False)
    scores = {
        part: [score(task, length, network, getattr(data, part)) for network in many.models]
        for part in ("validation", "test")
    }
    table = many.networks.drop(columns="diverged").assign(**scores)
    return table, [network.get_weights() for network in many.models]


def task_rates(task, layer, length):
    """Return the learning rates of a task.

    >>> task_rates("delayed", "gru", 20)
    [0.003, 0.01, 0.03, 0.1, 0.3]
    """
    return sorted([*RATES[layer], *FURTHER.get((task, layer, length), ())])


def train_all(task, layer, length):
    """Train all rates, with and without clipping, and all seeds: settings, scores and weights."""
    epochs = EPOCHS if task == "recall" else OTHER_EPOCHS
    tables, weights = [], []
    further = FURTHER.get((task, layer, length), ())
    for rates in (RATES[layer], *((rate,) for rate in further)):
        grid = {"learning_rate": list(rates), "clip": list(CLIPS), "seed": list(SEEDS)}
        table, own = train(task, layer, length, grid=grid, epochs=epochs)
        tables.append(table)
        weights += own
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values(["learning_rate", "clip", "seed"]), weights


def memory_tasks():
    """Networks of equal size on tasks of growing length, clipped or not: scores by rate."""
    tables = []
    for task, lengths in LENGTHS.items():
        for length in lengths:
            for layer in (*LAYERS, OPEN) if task == "recall" else LAYERS:
                table, _ = train_all(task, layer, length)
                table.insert(0, "task", task)
                table.insert(1, "layer", layer)
                table.insert(2, "length", length)
                tables.append(table)
    return pd.concat(tables)


@memory.cache
def in_own_order(clip, seed, *, length=80, learning_rate=0.003):
    """Train a simple network on the recall by Keras' `fit`; return its error on fresh records."""
    data = task_data("recall", length)
    settings = {"learning_rate": learning_rate, "clip": clip, "seed": seed}
    network = task_network("rnn", length, data, **settings)
    network.get_layer("recurrent").unroll = False  # the same numbers; it compiles faster
    network.fit(data.train.inputs, data.train.labels, epochs=EPOCHS, batch_size=BATCH, verbose=0)
    return score("recall", length, network, data.test)


def memory_again():
    """Simple networks: a recall in other orders of the batches, and longer trained adding."""
    rows = [
        {"task": "recall", "epochs": EPOCHS, "learning_rate": 0.003, "clip": clip, "seed": seed}
        | {"test": in_own_order(clip, seed)}
        for clip in CLIPS
        for seed in SEEDS
    ]
    grid = {"learning_rate": [0.003, 0.01], "clip": [1.0], "seed": list(SEEDS)}
    longer, _ = train("adding", "rnn", 20, grid=grid, epochs=4 * OTHER_EPOCHS)
    longer = longer.assign(task="adding", epochs=4 * OTHER_EPOCHS)
    return pd.concat([pd.DataFrame(rows), longer[list(rows[0])]])


def best_rate(table, *, largest=False):
    """Return the learning rate with the best mean score on the validation data.

    >>> rows = {"learning_rate": [1, 1, 2, 2], "validation": [0.0, 0.5, 0.2, 0.2]}
    >>> int(best_rate(pd.DataFrame(rows)))
    2
    """
    mean = table.groupby("learning_rate")["validation"].mean()
    return mean.idxmax() if largest else mean.idxmin()


def memory_slopes():
    """Slope of the recalled value to each sample after training with clipping, five seeds."""
    tables = []
    for length in SLOPE_LENGTHS:
        inputs = task_split("recall", length, series=200, seed=1).inputs
        for layer in (*LAYERS, OPEN):
            table, weights = train_all("recall", layer, length)
            clipped = table[table["clip"] == 1]
            chosen = clipped.index[clipped["learning_rate"] == best_rate(clipped)]
            values = np.array([slopes(layer, weights[row], inputs) for row in chosen])
            rows = {"layer": layer, "length": length, "step": np.arange(1, length + 1)}
            rows |= {"slope": np.median(values, axis=0)}
            rows |= {"low": values.min(axis=0), "high": values.max(axis=0)}
            tables.append(pd.DataFrame(rows))
    return pd.concat(tables)


@memory.cache
def follow(layer, *, noise=1, length=40, learning_rate=0.03, epochs=EPOCHS):
    """Train clipped networks on the recall; return error, gates and slope after each epoch."""
    data = quieten(task_data("recall", length), noise)
    settings = {"learning_rate": learning_rate, "clip": 1.0}
    networks = [task_network(layer, length, data, **settings, seed=seed) for seed in SEEDS]
    stack, rng = Stack(networks), np.random.default_rng(0)
    run = compile_pass(stack, stack.train_step, BATCH)(data.train)
    rows, inputs = [], data.validation.inputs[:200]
    for epoch in range(epochs + 1):
        for seed, (network, weights) in enumerate(zip(networks, stack.get_weights(), strict=True)):
            network.set_weights(weights)
            row = {"layer": layer, "noise": noise, "seed": seed, "epoch": epoch}
            row |= {"error": score("recall", length, network, data.validation)}
            row |= gate_means(layer, network, inputs)
            rows.append(row | {"slope": slopes(layer, weights, inputs)[0]})
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
