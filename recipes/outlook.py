"""What came after the gates: looking ahead, padding, attention, and recurrences in parallel."""

import keras
import numpy as np
import pandas as pd
from keras import layers, ops

from lectures_lib.data import recall_series
from lectures_lib.physics import blinking_counts, bright_probability
from recipes.extrapolation import memory

SEEDS = range(5)
STEPS = 40  # of a record that is learnt from
BATCH = 50
# Networks of nearly the same number of weights, and learning rates to choose from.
SMOOTHERS = ("forward", "stacked", "bidirectional")
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
SMOOTHING_EPOCHS = 6
# What fills the end of a record, and what the mask takes for padding (None: no mask).
PADDINGS = {
    "zeros": (0.0, None), "zeros, masked": (0.0, 0.0),
    "minus ones": (-1.0, None), "minus ones, masked": (-1.0, -1.0),
}  # fmt: skip
PADDING_EPOCHS = 12
SHORTEST = 5
LENGTHS = (40, 80, 160)
RECALLS = ("attention", "GRU", "minGRU")
RECALL_RATES = (0.01, 0.03, 0.1, 0.3)
RECALL_EPOCHS, FEW_EPOCHS = 15, 5


def scan(a, b):
    """Return all h = a h + b along the time, from h = 0, in rounds that double the reach.

    >>> float(scan(np.full((1, 3, 1), 0.5), np.ones((1, 3, 1)))[0, -1, 0])
    1.75
    """
    reach = 1
    while reach < a.shape[1]:
        b = ops.concatenate([b[:, :reach], a[:, reach:] * b[:, :-reach] + b[:, reach:]], axis=1)
        a = ops.concatenate([a[:, :reach], a[:, reach:] * a[:, :-reach]], axis=1)
        reach *= 2
    return b


class MinGRU(layers.Layer):
    """A GRU whose gate and candidate see the input only; an update gate of 1 keeps."""

    def __init__(self, units):
        super().__init__()
        self.update = layers.Dense(units, activation="sigmoid")
        self.candidate = layers.Dense(units)

    def call(self, inputs):
        """Return the states at all steps, `(series, time, units)`."""
        keep = self.update(inputs)
        return scan(keep, (1 - keep) * self.candidate(inputs))


def compiled(outputs, inputs, loss, learning_rate):
    """Return a compiled model; every gradient is clipped to a norm of 1."""
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(learning_rate, clipnorm=1.0), loss)
    return model


def smoother(kind, *, learning_rate, seed):
    """Build a network that says at each step how probable the bright state is.

    >>> [smoother(k, learning_rate=0.01, seed=0).count_params() for k in SMOOTHERS]
    [929, 874, 947]
    """
    keras.utils.set_random_seed(seed)
    x = inputs = keras.Input((None, 1))
    if kind == "bidirectional":
        x = layers.Bidirectional(layers.GRU(11, return_sequences=True))(x)
    else:
        for units in (16,) if kind == "forward" else (9, 9):
            x = layers.GRU(units, return_sequences=True)(x)
    outputs = layers.Dense(1, activation="sigmoid")(x)
    return compiled(outputs, inputs, "binary_crossentropy", learning_rate)


def recaller(kind, *, num_steps, learning_rate, seed):
    """Build a network that recalls a marked value at the end.

    >>> sizes = {"num_steps": 5, "learning_rate": 0.01, "seed": 0}
    >>> [recaller(kind, **sizes).count_params() for kind in RECALLS]
    [361, 361, 358]
    """
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((num_steps, 2))
    if kind == "attention":
        attention = layers.MultiHeadAttention(num_heads=1, key_dim=36, output_shape=1)
        outputs = attention(inputs[:, -1:], inputs)[:, 0]
    else:
        states = layers.GRU(9)(inputs) if kind == "GRU" else MinGRU(51)(inputs)[:, -1]
        outputs = layers.Dense(1)(states)
    return compiled(outputs, inputs, "mean_squared_error", learning_rate)


def chosen(train, kinds, rates):
    """Return rows of kind, rate, seed and results; the rate that is chosen has all seeds.

    It is chosen by the first of the results, the validation, of seed 0.

    >>> rows = chosen(lambda kind, rate, seed: (abs(rate - 2),), ["a"], [1, 2, 3])
    >>> [row[1:3] for row in rows]
    [(1, 0), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (3, 0)]
    """
    rows = []
    for kind in kinds:
        found = {(rate, 0): train(kind, rate, 0) for rate in rates}
        best = min(rates, key=lambda rate: found[rate, 0][0])
        found |= {(best, seed): train(kind, best, seed) for seed in SEEDS if seed}
        rows += [(kind, *setting, *found[setting]) for setting in sorted(found)]
    return rows


@memory.cache
def smoothed(kind, learning_rate, seed, *, records=2000, epochs=SMOOTHING_EPOCHS):
    """Train a smoother; return its shares of wrong steps, in validation and in test."""
    counts, bright = blinking_counts(records=records, num_steps=STEPS, seed=0)
    model = smoother(kind, learning_rate=learning_rate, seed=seed)
    arrays = counts[..., np.newaxis].astype("float32"), bright[..., np.newaxis].astype("float32")
    model.fit(*arrays, epochs=epochs, batch_size=BATCH, verbose=0)
    wrong = []
    for other, number in ((1, 500), (2, 2000)):
        counts, bright = blinking_counts(records=number, num_steps=STEPS, seed=other)
        found = model.predict(counts[..., np.newaxis].astype("float32"), verbose=0)[..., 0]
        wrong.append(np.mean((found > 0.5) != bright))
    return tuple(wrong)


def outlook_smoothing():
    """Train networks to find when a molecule was bright: shares of wrong steps; five seeds."""
    rows = chosen(smoothed, SMOOTHERS, RATES)
    return pd.DataFrame(rows, columns=["network", "learning_rate", "seed", "validation", "test"])


def unequal_records(*, records, num_steps, padding, seed):
    """Return padded counts `(records, num_steps, 1)`, last states, and those of the exact filter.

    >>> unequal_records(records=1, num_steps=9, padding=-1, seed=4)[0][0, :, 0].tolist()
    [1.0, 0.0, 2.0, 2.0, 1.0, 2.0, 0.0, -1.0, -1.0]
    """
    longest = min(num_steps, STEPS)
    counts, bright = blinking_counts(records=records, num_steps=longest, seed=seed)
    rng = np.random.default_rng([seed, 1])
    lengths = rng.integers(min(SHORTEST, longest), longest + 1, size=(records, 1))
    padded = np.full((records, num_steps), padding, "float32")
    inside = np.arange(longest) < lengths
    padded[:, :longest][inside] = counts[inside]
    of_last = [
        np.take_along_axis(values, lengths - 1, axis=1)[:, 0]
        for values in (bright, bright_probability(counts) > 0.5)
    ]
    return padded[..., np.newaxis], *of_last


@memory.cache
def with_padding(way, seed, *, records=2000, epochs=PADDING_EPOCHS):
    """Train a network on padded records; return its errors at several widths of the table."""
    padding, masked = PADDINGS[way]
    inputs, labels, _ = unequal_records(records=records, num_steps=STEPS, padding=padding, seed=0)
    keras.utils.set_random_seed(seed)
    x = start = keras.Input((None, 1))
    x = x if masked is None else layers.Masking(masked)(x)
    outputs = layers.Dense(1, activation="sigmoid")(layers.GRU(16)(x))
    model = compiled(outputs, start, "binary_crossentropy", 0.01)
    model.fit(inputs, labels.astype("float32"), epochs=epochs, batch_size=BATCH, verbose=0)
    wrong = []
    for num_steps in LENGTHS:
        inputs, labels, _ = unequal_records(
            records=4000, num_steps=num_steps, padding=padding, seed=2
        )
        wrong.append(np.mean((model.predict(inputs, verbose=0)[:, 0] > 0.5) != labels))
    return tuple(wrong)


def outlook_padding():
    """Train networks on padded records, and pad others further: shares of errors; five seeds."""
    rows = [(way, seed, *with_padding(way, seed)) for way in PADDINGS for seed in SEEDS]
    _, labels, guess = unequal_records(records=4000, num_steps=STEPS, padding=-1, seed=2)
    rows.append(("exact filter", 0, *[np.mean(guess != labels)] * len(LENGTHS)))
    return pd.DataFrame(rows, columns=["way", "seed", *(f"steps{n}" for n in LENGTHS)])


@memory.cache
def recalled(kind, learning_rate, seed, *, num_steps=STEPS, records=2000, epochs=RECALL_EPOCHS):
    """Train a network to recall; return its normalised errors: validation, and several lengths."""
    data = recall_series(series=records, num_steps=num_steps, seed=0)
    sizes = {"learning_rate": learning_rate, "seed": seed}
    model = recaller(kind, num_steps=num_steps, **sizes)
    model.fit(data.inputs, data.labels, epochs=epochs, batch_size=BATCH, verbose=0)
    errors = []
    for other, length in ((1, num_steps), (2, num_steps), (2, 2 * num_steps), (2, 4 * num_steps)):
        longer = model
        if length != num_steps:
            longer = recaller(kind, num_steps=length, **sizes)
            longer.set_weights(model.get_weights())
        test = recall_series(series=1000, num_steps=length, seed=other)
        found = longer.predict(test.inputs, verbose=0)[:, 0]
        errors.append(np.mean((found - test.labels) ** 2) / np.var(test.labels))
    return tuple(errors)


def outlook_recall():
    """Train attention, GRU and minGRU to recall: normalised squared errors; five seeds."""
    rows = [(RECALL_EPOCHS, *row) for row in chosen(recalled, RECALLS, RECALL_RATES)]
    for kind in RECALLS[:2]:
        rates = [row[2] for row in rows if row[1] == kind]
        best = max(rates, key=rates.count)
        rows += [
            (FEW_EPOCHS, kind, best, s, *recalled(kind, best, s, epochs=FEW_EPOCHS)) for s in SEEDS
        ]
    first = ["epochs", "network", "learning_rate", "seed", "validation"]
    return pd.DataFrame(rows, columns=[*first, *(f"steps{n * STEPS}" for n in (1, 2, 4))])
