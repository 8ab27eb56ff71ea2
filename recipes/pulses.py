"""Networks that remember the sign of a pulse: with gates, clipping, and a smaller rate."""

import keras
import pandas as pd

from lectures_lib.data import Dataset, pulse_records
from lectures_lib.training import fit_many
from recipes.extrapolation import memory

SIZES = {"train": 2000, "validation": 1000, "test": 2000}
UNITS = {"SimpleRNN": 17, "GRU": 9, "LSTM": 8}  # 323, 324 and 320 weights
NETWORKS = {  # the layer, the learning rate, and the limit of the gradient's norm
    "SimpleRNN": ("SimpleRNN", 3e-3, None),
    "SimpleRNN, clipped": ("SimpleRNN", 3e-3, 1.0),
    "SimpleRNN, slow": ("SimpleRNN", 1e-3, None),
    "GRU": ("GRU", 3e-3, None),
    "GRU, slow": ("GRU", 1e-3, None),
    "LSTM": ("LSTM", 3e-3, None),
    "LSTM, slow": ("LSTM", 1e-3, None),
}
SEEDS = range(10)
EPOCHS, BATCH = 60, 32
RATES, LIMITS, FEW_SEEDS = (0.003, 0.01, 0.03), (0.0, 1.0), range(3)  # 0: no limit


def pulse_data():
    """Return train, validation and test records, from seeds of their own."""
    splits = [pulse_records(series=n, seed=seed) for seed, n in enumerate(SIZES.values(), start=1)]
    return Dataset(*splits, class_names=("down", "up"))


def pulse_network(name, *, seed):
    """Build a network of `NETWORKS`.

    >>> names = ("SimpleRNN", "GRU", "LSTM, slow")
    >>> [pulse_network(name, seed=0).layers[0].count_params() for name in names]
    [323, 324, 320]
    """
    return _network(*NETWORKS[name], seed=seed)


def _network(kind, rate, limit, *, seed):
    keras.utils.set_random_seed(seed)
    layer = getattr(keras.layers, kind)(UNITS[kind])
    network = keras.Sequential([keras.Input((60, 1)), layer, keras.layers.Dense(2)])
    network.compile(
        keras.optimizers.Adam(rate, global_clipnorm=limit),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return network


@memory.cache
def trained(name, seed):
    """Train a network: shares answered rightly at the end, and in its best epoch."""
    data, network = pulse_data(), pulse_network(name, seed=seed)
    best = keras.callbacks.EarlyStopping("val_loss", patience=EPOCHS, restore_best_weights=True)
    history = network.fit(
        data.train.inputs, data.train.labels, epochs=EPOCHS, batch_size=BATCH, verbose=0,
        validation_data=(data.validation.inputs, data.validation.labels), callbacks=[best],
    )  # fmt: skip
    shares = history.history["val_accuracy"]
    _, test = network.evaluate(data.test.inputs, data.test.labels, verbose=0)
    return {
        "best_epoch": best.best_epoch + 1, "validation": shares[best.best_epoch], "test": test,
        "last": shares[-1],
    }  # fmt: skip


def pulse_networks():
    """Train networks on pulses: shares right in the epoch of the smallest loss, and in the last."""
    runs = [(name, seed) for name in NETWORKS for seed in SEEDS]
    return pd.DataFrame(
        {"network": name, "seed": seed} | trained(name, seed) for name, seed in runs
    )


@memory.cache
def at_rates(kind):
    """Train networks of one kind at all rates, with and without a limit: a row for each."""
    data = pulse_data()

    def build(learning_rate, limit, seed):
        return _network(kind, learning_rate, limit or None, seed=seed)

    grid = {"learning_rate": list(RATES), "limit": list(LIMITS), "seed": list(FEW_SEEDS)}
    many = fit_many(build, grid, data, epochs=EPOCHS, batch_size=BATCH, progress=False)
    found = [many.evaluate(part)["accuracy"] for part in (data.validation, data.test)]
    return many.networks.drop(columns="diverged").assign(validation=found[0], test=found[1])


def pulse_rates():
    """Train networks on pulses at several rates, clipped and not: shares right at the end."""
    return pd.concat(at_rates(kind).assign(network=kind) for kind in UNITS)
