"""Networks with and without gates on an oscillator whose spring is switched by rare commands."""

import numpy as np
import pandas as pd

from lectures_lib.data import Dataset, Split, switched_oscillator
from lectures_lib.models import memory_network
from lectures_lib.training import fit_many
from recipes.extrapolation import memory

HIDDEN = {"rnn": 38, "gru": 21, "lstm": 18}  # 1597, 1597 and 1531 parameters
SIZES = {"train": 64, "validation": 32, "test": 100}
TIMES, EPOCHS, BATCH = 150, 200, 32
# The simple network is the most sensitive to its learning rate, and gets one more to choose from.
RATES = {"rnn": (0.001, 0.003, 0.01), "gru": (0.003, 0.01), "lstm": (0.003, 0.01)}
SEEDS = tuple(range(5))
CURVE_EPOCHS = (1, 2, 5, *range(10, EPOCHS + 1, 10))


def regime_data():
    """Return train, validation and test records, from seeds of their own."""
    splits = []
    for seed, series in enumerate(SIZES.values(), start=1):
        records = switched_oscillator(series=series, times=TIMES, seed=seed)
        arrays = records.inputs, records.positions[..., np.newaxis]
        splits.append(Split(*(array.astype("float32") for array in arrays)))
    return Dataset(*splits, class_names=())


def regime_network(layer, *, learning_rate, seed, hidden=None):
    """Build a network that answers at every step.

    >>> networks = [regime_network(layer, learning_rate=0.01, seed=0) for layer in HIDDEN]
    >>> [network.count_params() for network in networks]
    [1597, 1597, 1531]
    """
    network = memory_network(
        layer, hidden=hidden or HIDDEN[layer], num_steps=TIMES, features=2, every_step=True,
        learning_rate=learning_rate, seed=seed,
    )  # fmt: skip
    network.get_layer("recurrent").unroll = False  # the same numbers; it would compile for minutes
    return network


@memory.cache
def trained(layer, learning_rate, *, seeds=SEEDS, epochs=EPOCHS):
    """Return the losses of one kind of network at some epochs, and the weights at the end."""
    many = fit_many(
        lambda seed: regime_network(layer, learning_rate=learning_rate, seed=seed),
        {"seed": list(seeds)}, regime_data(), epochs=epochs, batch_size=BATCH, progress=False,
    )  # fmt: skip
    rows = many.history.query("epoch in @CURVE_EPOCHS")
    losses = rows.pivot(index=["seed", "epoch"], columns="split", values="loss")
    return losses.reset_index(), [model.get_weights() for model in many.models]


def regime_curves():
    """Train networks on the switched oscillator: losses over the epochs; five seeds."""
    return pd.concat(
        trained(layer, rate)[0].assign(layer=layer, learning_rate=rate)
        for layer in RATES
        for rate in RATES[layer]
    )[["layer", "learning_rate", "seed", "epoch", "train", "validation"]]


def regime_networks():
    """Weights of the trained networks: RNN, GRU, LSTM, five arrays each, seeds as first axis."""
    curves = regime_curves()
    arrays = []
    for layer in RATES:
        weights = trained(layer, best_rate(curves, layer))[1]
        arrays += [np.stack(copies) for copies in zip(*weights, strict=True)]
    return arrays


def best_rate(curves, layer):
    """Return the learning rate with the smallest median validation loss at the end.

    >>> rows = {"layer": "gru", "epoch": 5, "learning_rate": [1, 2, 2], "validation": [3, 9, 1.5]}
    >>> best_rate(pd.DataFrame(rows), "gru")
    1.0
    """
    last = curves[(curves["layer"] == layer) & (curves["epoch"] == curves["epoch"].max())]
    return float(last.groupby("learning_rate")["validation"].median().idxmin())
