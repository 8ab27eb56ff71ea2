"""Networks that take the noise off pulses at unknown places, one of them Bayes' formula."""

import keras
import numpy as np
import pandas as pd
from keras import layers, ops

from recipes.extrapolation import memory

SAMPLES, DECAY, NOISE_V = 64, 6, 0.4
PULSES = np.array([np.roll(np.exp(-np.arange(SAMPLES) / DECAY), p) for p in range(SAMPLES)])
SIZES = {"train": (8000, 2), "validation": (2000, 3), "test": (4000, 1)}  # records, seed
NETWORKS = ("dense", "wide", "convolutional", "formula")
RATES = {
    "dense": (3e-4, 1e-3, 3e-3, 1e-2),
    "wide": (3e-4, 1e-3, 3e-3, 1e-2),
    "convolutional": (1e-3, 3e-3, 1e-2),
    "formula": (3e-2,),  # not tuned
}
SEEDS = {"convolutional": range(3)}  # five of the others
EPOCHS, BATCH = 30, 128


def pulse_records(part):
    """Return noisy and clean records of a split, `(records, samples, 1)`, in volt.

    >>> noisy, clean = pulse_records("validation")
    >>> noisy.shape, float(clean.max()), f"{(noisy - clean).std():.1f}"
    ((2000, 64, 1), 1.0, '0.4')
    """
    count, seed = SIZES[part]
    rng = np.random.default_rng(seed)
    clean = PULSES[rng.integers(SAMPLES, size=count)]
    noisy = clean + NOISE_V * rng.normal(size=clean.shape)
    return np.float32(noisy)[..., np.newaxis], np.float32(clean)[..., np.newaxis]


class Around(layers.Layer):
    """Continue a record at both ends, by `steps` in all: it is a ring.

    >>> Around(3)(np.arange(4.0).reshape(1, 4, 1))[0, :, 0].numpy().astype(int).tolist()
    [3, 0, 1, 2, 3, 0, 1]
    """

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def call(self, inputs):
        """Return `(records, time + steps, features)`."""
        left = self.steps // 2
        ends = inputs[:, inputs.shape[1] - left :], inputs[:, : self.steps - left]
        return ops.concatenate([ends[0], inputs, ends[1]], axis=1)


def pulse_denoiser(network, *, learning_rate, seed):
    """Build a network that takes the noise off records of one pulse.

    >>> [pulse_denoiser(name, learning_rate=0.01, seed=0).count_params() for name in NETWORKS]
    [33088, 98880, 8209, 128]
    """
    keras.utils.set_random_seed(seed)
    if network == "formula":
        body = [
            Around(SAMPLES - 1), layers.Conv1D(1, SAMPLES, use_bias=False), layers.Softmax(axis=1),
            Around(SAMPLES - 1), layers.Conv1D(1, SAMPLES, use_bias=False),
        ]  # fmt: skip
    elif network == "convolutional":
        body = []
        for filters in (16, 16, 16, 1):
            activation = "relu" if filters > 1 else None
            body += [Around(14), layers.Conv1D(filters, 15, activation=activation)]
    else:
        units = 128 if network == "dense" else 256
        body = [layers.Dense(units, activation="relu") for _ in range(2)]
        body = [layers.Flatten(), *body, layers.Dense(SAMPLES), layers.Reshape((SAMPLES, 1))]
    model = keras.Sequential([keras.Input((SAMPLES, 1)), *body])
    model.compile(keras.optimizers.Adam(learning_rate), "mean_squared_error")
    return model


@memory.cache
def trained(network, learning_rate, seed, *, epochs=EPOCHS):
    """Train one network; return its best epoch, and its errors in validation and test, in V²."""
    model = pulse_denoiser(network, learning_rate=learning_rate, seed=seed)
    best = keras.callbacks.EarlyStopping("val_loss", patience=epochs, restore_best_weights=True)
    model.fit(
        *pulse_records("train"), epochs=epochs, batch_size=BATCH, verbose=0, callbacks=[best],
        validation_data=pulse_records("validation"),
    )  # fmt: skip
    errors = [
        model.evaluate(*pulse_records(part), batch_size=1000, verbose=0)
        for part in ("validation", "test")
    ]
    return best.best_epoch + 1, *errors


def denoising_pulses():
    """Errors of four networks on records of one pulse, by learning rate."""
    rows = []
    for network, rates in RATES.items():
        runs = {(rate, 0): trained(network, rate, 0) for rate in rates}
        best = min(rates, key=lambda rate: runs[rate, 0][1])
        runs |= {
            (best, seed): trained(network, best, seed) for seed in SEEDS.get(network, range(5))
        }
        rows += [(network, *run, run[0] == best, *found) for run, found in runs.items()]
    names = ["network", "learning_rate", "seed", "chosen", "epoch", "validation", "test"]
    return pd.DataFrame(rows, columns=names)
