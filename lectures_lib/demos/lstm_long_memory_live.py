"""The networks of the chapter on long memory that train in the page, side by side."""

import keras
import numpy as np
from keras import layers

from lectures_lib.data import Dataset, Split, recall_series
from lectures_lib.explore import source_of
from lectures_lib.playground.series import UNIT
from lectures_lib.playground.training import train

__all__ = ["memory_race", "race_network", "race_records"]

LENGTHS = [10, 20, 30, 40, 60]
SIZES = {"train": 1000, "validation": 200, "test": 200}
LAYERS = {"SimpleRNN": layers.SimpleRNN, "GRU": layers.GRU, "LSTM": layers.LSTM}
UNITS = {"SimpleRNN": 17, "GRU": 9, "LSTM": 8}  # 358, 361 and 361 weights


def race_records():
    """Return a `Dataset` of `recall_series`, rounded to multiples of 0.2."""
    parts = {}
    for seed, (name, series) in enumerate(SIZES.items()):
        inputs = recall_series(series=series, num_steps=LENGTHS[-1], seed=seed).inputs.copy()
        inputs[..., 0] = UNIT * np.rint(inputs[..., 0] / UNIT)
        parts[name] = Split(inputs, inputs[:, 0, 0])
    return Dataset(**parts, class_names=(), name="recall")


def race_network(*, layer, num_steps, limit="none", learning_rate=1e-2, seed=0):
    """Build a network of about 360 weights that gives the first value of a series.

    Args:
        layer: "SimpleRNN", "GRU" or "LSTM", of 17, 9 or 8 units.
        num_steps: Steps of a series.
        limit: Limit of the norm of the whole gradient, as a text; "none" does not clip.
        learning_rate: Step of Adam.
        seed: Decides the initial weights. Sets the seeds of Python, NumPy and Keras.

    >>> [race_network(layer=layer, num_steps=5).count_params() for layer in LAYERS]
    [358, 361, 361]
    """
    if layer not in LAYERS:
        raise ValueError(f"layer={layer!r} is no layer to compare. Pass one of {list(LAYERS)}.")
    keras.utils.set_random_seed(seed)
    recurrent = LAYERS[layer](UNITS[layer])
    model = keras.Sequential([keras.Input((num_steps, 2)), recurrent, layers.Dense(1)])
    clip = None if limit == "none" else float(limit)
    optimiser = keras.optimizers.Adam(learning_rate, global_clipnorm=clip)
    model.compile(optimiser, "mean_squared_error")
    return model


def memory_race():
    """Let the reader train the three layers side by side, and look into their gates."""
    return train(
        race_network, race_records(), name="memory-race", kind="race", epochs=40,
        caption="A SimpleRNN, a GRU and an LSTM with 360 weights each learn to give the first "
        "value of a series of noise.",
        source=source_of(memory_race),
        labels={"layer": "network shown", "num_steps": "steps of a series",
                "limit": "limit c of the norm"},
        start={"layer": "GRU", "num_steps": 20, "learning_rate": 1e-2},
        num_steps=LENGTHS, limit=["none", "1"], learning_rate=[1e-3, 3e-3, 1e-2, 3e-2],
        seed=list(range(10)), layer=list(LAYERS),
    )  # fmt: skip
