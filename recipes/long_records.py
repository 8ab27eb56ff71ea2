"""Recurrent networks trained along a whole record of the noisy sine, many at once.

Keras spends its time on calls where a network has eleven weights, so that here all networks, each
with a series of its own, take each step together; a test compares the weights with those of Keras.
"""

import itertools
from statistics import NormalDist

import keras
import numpy as np
import pandas as pd

from lectures_lib.data import noisy_sine
from recipes.extrapolation import memory

TRAIN, VALIDATION, TEST, WASHOUT = 800, 200, 1000, 50
SERIES, SEEDS = range(5), range(5)
PARTS = {
    "train": slice(WASHOUT, TRAIN), "validation": slice(TRAIN, TRAIN + VALIDATION),
    "test": slice(TRAIN + VALIDATION, None),
}  # fmt: skip
QUANTILES = 0.1, 0.9
# Units, tanh or linear, learning rate, length of the stretches, state carried or not, epochs.
NETWORKS = {
    "2 linear, 20 steps, state dropped": (2, False, 3e-3, 20, False, 1500),
    "2 linear, 20 steps": (2, False, 3e-3, 20, True, 1500),
    "2 linear, 100 steps": (2, False, 3e-3, 100, True, 1500),
    "8 tanh, 100 steps": (8, True, 1e-3, 100, True, 1500),
}
INTERVAL_NETWORK = NETWORKS["2 linear, 100 steps"]
CLIP, BETA_1, BETA_2, EPSILON = 1.0, 0.9, 0.999, 1e-7  # as in Keras


def records(series=SERIES):
    """Return inputs and labels of several series, `(series, times, 1)`, less their train mean."""
    times = TRAIN + VALIDATION + TEST
    values = np.stack([noisy_sine(times=times + 1, seed=seed) for seed in series])[..., np.newaxis]
    values -= values[:, :TRAIN].mean(axis=1, keepdims=True)
    return values[:, :-1], values[:, 1:]


def initial_weights(units, outputs, *, seed):
    """Return Keras' initial K, R, b of a SimpleRNN and W, c of a dense layer on its states."""
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.SimpleRNN(units, return_sequences=True), keras.layers.Dense(outputs)]
    return keras.Sequential([keras.Input((None, 1)), *layers]).get_weights()


def stacked(weights):
    """Return the weights of networks as arrays with the networks first, biases as rows."""
    arrays = [np.stack(arrays).astype("float64") for arrays in zip(*weights, strict=True)]
    return [a[:, np.newaxis] if a.ndim == 2 else a for a in arrays]


def states(weights, x, start, *, tanh):
    """Return the states of all networks, `(networks, steps, units)`; `start` is the one before."""
    K, R, b = weights[:3]
    h, found = start, []
    for driven in np.moveaxis(x @ K + b, 1, 0):
        h = driven + (h[:, np.newaxis] @ R)[:, 0]
        h = np.tanh(h) if tanh else h
        found.append(h)
    return np.stack(found, axis=1)


def gradients(weights, x, start, d_output, H, *, tanh):
    """Return the gradients of all weights by back-propagation through one stretch."""
    _, R, _, W, _ = weights
    d_h = d_output @ W.swapaxes(1, 2)
    d_z, after = np.zeros_like(H), 0
    for t in reversed(range(H.shape[1])):
        after = d_h[:, t] + after
        d_z[:, t] = after * (1 - H[:, t] ** 2 if tanh else 1)
        after = (d_z[:, t : t + 1] @ R.swapaxes(1, 2))[:, 0]
    before = np.concatenate([start[:, np.newaxis], H[:, :-1]], axis=1)
    d_K, d_R, d_W = (
        one.swapaxes(1, 2) @ other for one, other in ((x, d_z), (before, d_z), (H, d_output))
    )
    d_b, d_c = (array.sum(axis=1, keepdims=True) for array in (d_z, d_output))
    return [d_K, d_R, d_b, d_W, d_c]


def squares(outputs, y):
    """Return the squared errors and their slopes; outputs and labels `(networks, steps, 1)`."""
    return (outputs - y) ** 2, 2 * (outputs - y)


def gaussian(outputs, y):
    """Return minus the log-likelihood, less a constant, of a mean and a log of a deviation."""
    mean, log = outputs[..., :1], outputs[..., 1:]
    z = (y - mean) * np.exp(-log)
    return log + z**2 / 2, np.concatenate([-z * np.exp(-log), 1 - z**2], axis=-1)


def quantiles(outputs, y):
    """Return the pinball loss, whose best outputs are `QUANTILES` of the label, and its slopes."""
    q = np.array(QUANTILES)
    too_low = y > outputs
    losses = np.where(too_low, q * (y - outputs), (1 - q) * (outputs - y))
    return losses.sum(-1, keepdims=True), np.where(too_low, -q, 1 - q)


def along(weights, x, y, *, length, carried, loss, tanh, learn=None):
    """Go along the records in stretches; return weights, states and losses.

    The state is carried from stretch to stretch, or begins at 0 in each; `learn` takes weights and
    their gradients after each stretch and returns new weights.
    """
    start = np.zeros((len(x), weights[1].shape[-1]))
    found, losses = [], []
    for first in range(0, x.shape[1], length):
        part = slice(first, first + length)
        H = states(weights, x[:, part], start, tanh=tanh)
        values, slopes = loss(H @ weights[3] + weights[4], y[:, part])
        if learn:
            slopes = slopes / H.shape[1]  # of the mean over the stretch
            slopes = gradients(weights, x[:, part], start, slopes, H, tanh=tanh)
            weights = learn(weights, slopes)
        found.append(H)
        losses.append(values[..., 0])
        start = H[:, -1] if carried else start
    return weights, np.concatenate(found, axis=1), np.concatenate(losses, axis=1)


def adam(rate):
    """Return a step of Adam as a function; each network's gradient is clipped by its own norm."""
    taken, first, second = 0, [0.0] * 5, [0.0] * 5

    def learn(weights, slopes):
        nonlocal taken, first, second
        taken += 1
        norm = np.sqrt(sum((g**2).sum(axis=(1, 2), keepdims=True) for g in slopes))
        slopes = [g * CLIP / np.maximum(norm, CLIP) for g in slopes]
        first = [BETA_1 * m + (1 - BETA_1) * g for m, g in zip(first, slopes, strict=True)]
        second = [BETA_2 * v + (1 - BETA_2) * g**2 for v, g in zip(second, slopes, strict=True)]
        size = rate * np.sqrt(1 - BETA_2**taken) / (1 - BETA_1**taken)
        steps = [m / (np.sqrt(v) + EPSILON) for m, v in zip(first, second, strict=True)]
        return [w - size * step for w, step in zip(weights, steps, strict=True)]

    return learn


def train(weights, x, y, *, epochs, rate, **settings):
    """Train each network along its record; return the weights and the epoch of its best validation.

    The validation values follow the train values, so that the state goes on into them.
    """
    best, learn = np.full(len(x), np.inf), adam(rate)
    kept, best_epoch = weights, np.zeros(len(x), int)
    seen = TRAIN + VALIDATION
    for epoch in range(1, epochs + 1):
        weights, _, _ = along(weights, x[:, :TRAIN], y[:, :TRAIN], learn=learn, **settings)
        _, _, losses = along(weights, x[:, :seen], y[:, :seen], **settings)
        validation = losses[:, TRAIN:].mean(axis=1)
        better = validation < best
        best, best_epoch = np.where(better, validation, best), np.where(better, epoch, best_epoch)
        kept = [
            np.where(better[:, np.newaxis, np.newaxis], new, old)
            for new, old in zip(weights, kept, strict=True)
        ]
    return kept, best_epoch


@memory.cache
def trained(units, tanh, rate, length, carried, epochs, loss):
    """Train one network from each seed on each series; return weights, outputs and best epochs."""
    pairs = list(itertools.product(SERIES, SEEDS))
    x, y = (values[[series for series, _ in pairs]] for values in records())
    outputs = 1 if loss == "squares" else 2
    weights = stacked([initial_weights(units, outputs, seed=seed) for _, seed in pairs])
    settings = {"length": length, "carried": carried, "loss": LOSSES[loss], "tanh": tanh}
    weights, best_epoch = train(weights, x, y, epochs=epochs, rate=rate, **settings)
    _, H, losses = along(weights, x, y, **settings)
    table = pd.DataFrame(pairs, columns=["series", "seed"]).assign(best_epoch=best_epoch)
    for part, inside in PARTS.items():
        table[part] = losses[:, inside].mean(axis=1)
    turns = np.linalg.eigvals(weights[1])  # (networks, units)
    largest = turns[np.arange(len(turns)), np.abs(turns).argmax(axis=1)]
    table = table.assign(radius=np.abs(largest), angle=np.abs(np.angle(largest)))
    return table, H @ weights[3] + weights[4], y


def sine_records():
    """Train recurrent networks along records of the noisy sine: squared errors, and what R does."""
    tables = [
        trained(*settings, "squares")[0].assign(network=name) for name, settings in NETWORKS.items()
    ]
    return pd.concat(tables)[["network", *tables[0].columns[:-1]]]


def sine_intervals():
    """Forecast intervals of 80 % for the noisy sine: how many test values lie in, and the width."""
    rows = []
    inside = PARTS["test"]
    for loss in ("gaussian", "quantiles"):
        table, outputs, y = trained(*INTERVAL_NETWORK, loss)
        ends = outputs[:, inside]
        if loss == "gaussian":
            mean, deviation = ends[..., :1], np.exp(ends[..., 1:])
            ends = mean + NormalDist().inv_cdf(QUANTILES[1]) * deviation * np.array([-1, 1])
        rows.append(table[["series", "seed"]].assign(forecast=loss, **_quality(ends, y[:, inside])))
    rows.append(window_intervals())
    return pd.concat(rows)[["forecast", "series", "seed", "coverage", "width", "score"]]


def window_intervals(num_steps=16):
    """Return the intervals of a linear forecast from a window, by its errors in validation."""
    x, y = (values[..., 0] for values in records())
    rows = []
    for series in SERIES:
        windows = np.lib.stride_tricks.sliding_window_view(x[series], num_steps)
        X, labels = np.column_stack([windows, np.ones(len(windows))]), y[series, num_steps - 1 :]
        fitted = slice(0, TRAIN - num_steps + 1)
        errors = labels - X @ np.linalg.lstsq(X[fitted], labels[fitted], rcond=None)[0]
        held, test = errors[fitted.stop : -TEST], errors[-TEST:]
        ends = np.quantile(held, QUANTILES) * np.ones((1, TEST, 1))
        quality = _quality(ends, test[np.newaxis, :, np.newaxis])
        rows.append({"series": series, "seed": 0} | {k: v[0] for k, v in quality.items()})
    return pd.DataFrame(rows).assign(forecast="window")


def _quality(ends, y):
    """Return coverage, mean width and pinball loss of intervals `(networks, times, 2)`."""
    covered = (ends[..., :1] < y) & (y < ends[..., 1:])
    width = ends[..., 1] - ends[..., 0]
    score = quantiles(ends, y)[0][..., 0]
    return {
        "coverage": covered[..., 0].mean(axis=1), "width": width.mean(axis=1),
        "score": score.mean(axis=1),
    }  # fmt: skip


LOSSES = {"squares": squares, "gaussian": gaussian, "quantiles": quantiles}
