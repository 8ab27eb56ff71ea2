"""The network of the chapter on recurrent networks that trains in the page."""

import keras
import numpy as np
from keras import layers

from lectures_lib.data import Dataset, Split, pulse_records
from lectures_lib.explore import source_of
from lectures_lib.playground.series import UNIT
from lectures_lib.playground.training import train

__all__ = ["learn_to_recall", "recall_network", "recall_records"]

LENGTHS = [25, 30, 40, 60, 100]
EARLY = 20  # samples among which the pulse is
NOISE_V = 0.3
SIZES = {"train": 600, "validation": 200, "test": 200}


def recall_records():
    """Return a `Dataset` of records with a pulse among the first 20 samples, rounded to 0.2 V."""
    parts = {}
    for seed, (name, series) in enumerate(SIZES.items()):
        start = pulse_records(series=series, num_steps=2 * EARLY, noise_v=NOISE_V, seed=seed)
        rest = (series, LENGTHS[-1] - 2 * EARLY, 1)
        noise = NOISE_V * np.random.default_rng(100 + seed).normal(size=rest)
        volts = np.concatenate([start.inputs, noise], axis=1)
        parts[name] = Split((UNIT * np.rint(volts / UNIT)).astype("float32"), start.labels)
    return Dataset(**parts, class_names=("down", "up"), name="pulses")


def recall_network(*, num_steps, limit="none", learning_rate=3e-3, layer="SimpleRNN", seed=0):
    """Build a recurrent network of 16 units for the sign of a pulse.

    Args:
        num_steps: Samples of a record.
        limit: Limit of the norm of the whole gradient, as a text; "none" does not clip.
        learning_rate: Step of Adam.
        layer: "SimpleRNN", "GRU" or "LSTM".
        seed: Decides the initial weights. Sets the seeds of Python, NumPy and Keras.
    """
    kinds = {"SimpleRNN": layers.SimpleRNN, "GRU": layers.GRU, "LSTM": layers.LSTM}
    if layer not in kinds:
        raise ValueError(f"layer={layer!r} is no layer to compare. Pass one of {list(kinds)}.")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((num_steps, 1)), kinds[layer](16)])
    model.add(layers.Dense(2, activation="softmax"))
    clip = None if limit == "none" else float(limit)
    optimiser = keras.optimizers.Adam(learning_rate, global_clipnorm=clip)
    model.compile(optimiser, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def learn_to_recall():
    """Let the reader train on records of any length, and see the gradient that it learns from."""
    return train(
        recall_network, recall_records(), name="learn-to-recall", kind="recall", epochs=30,
        caption="A network of 16 units learns the sign of a pulse among the first 20 samples.",
        source=source_of(learn_to_recall),
        labels={"num_steps": "samples of a record", "limit": "limit c of the norm"},
        start={"num_steps": 40, "learning_rate": 3e-3},
        num_steps=LENGTHS, limit=["none", "1"], learning_rate=[1e-3, 3e-3, 1e-2],
        seed=list(range(10)),
    )  # fmt: skip
