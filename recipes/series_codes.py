"""Autoencoders of windows of a driven oscillator, beside principal axes and the physicist's fit."""

import time

import keras
import numpy as np
import pandas as pd
from keras import layers
from sklearn.mixture import GaussianMixture

from lectures_lib.physics import swing_windows
from recipes.anomalies import auc
from recipes.extrapolation import memory

WINDOWS, TIMES, BATCH = 2000, 24, 50
KICK_M_PER_S = 0.5
HEADLINE, SEEDS = 3, range(5)
EPOCHS, FEWER_EPOCHS = 40, 20  # of a recurrent network, which takes longer all the same
OTHERS = {1: 1, 2: 1, 4: 5, 6: 1}  # sizes of other codes of the dense network, and their seeds
RATES = {
    "dense": (0.001, 0.003, 0.01, 0.03),
    "convolutional": (0.001, 0.003, 0.01, 0.03),
    "recurrent": (0.003, 0.01, 0.03, 0.1),
}
FORWARDS = "recurrent, forwards"  # its decoder begins with the first reading
NEAR = 10, 20, 40, 80  # parallel windows that span a plane
MIXED = 10  # Gaussians
NEIGHBOURS = 10
FREQUENCIES = np.linspace(0.6, 1.4, 321)  # of the fit, in rad/s


def coders(kind, latent_dim, times=TIMES):
    """Return the layers of an encoder and of a decoder.

    >>> [len(part) for part in coders("recurrent", 3)]
    [2, 3]
    """
    if kind == "dense":
        encoder = [layers.Flatten(), *(layers.Dense(64, "relu") for _ in range(2))]
        decoder = [layers.Dense(64, "relu") for _ in range(2)]
        decoder += [layers.Dense(times), layers.Reshape((times, 1))]
    elif kind == "convolutional":
        step = {"strides": 2, "padding": "same"}
        encoder = [layers.Conv1D(n, 5, activation="relu", **step) for n in (16, 32)]
        encoder += [layers.Flatten()]
        decoder = [layers.Dense(times // 4 * 32, "relu"), layers.Reshape((times // 4, 32))]
        decoder += [layers.Conv1DTranspose(16, 5, activation="relu", **step)]
        decoder += [layers.Conv1DTranspose(1, 5, **step)]
    else:  # recurrent
        encoder = [layers.GRU(32)]
        decoder = [layers.RepeatVector(times)]
        decoder += [layers.GRU(32, return_sequences=True)]
        decoder += [layers.TimeDistributed(layers.Dense(1))]
    return [*encoder, layers.Dense(latent_dim)], decoder


def autoencoder(kind, latent_dim, *, learning_rate=0.01, seed=0, times=TIMES, epochs=EPOCHS):
    """Return a compiled autoencoder of two parts; every gradient is clipped to a norm of 1.

    The learning rate falls to zero along a cosine.

    >>> [autoencoder(kind, 3).count_params() for kind in RATES]
    [11931, 6692, 7044]
    """
    keras.utils.set_random_seed(seed)
    encoder, decoder = coders(kind, latent_dim, times)
    model = keras.Sequential([
        keras.Sequential([keras.Input((times, 1)), *encoder]),
        keras.Sequential([keras.Input((latent_dim,)), *decoder]),
    ])  # fmt: skip
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * WINDOWS // BATCH)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), "mean_squared_error")
    return model


def data(name, **options):
    """Return windows that networks learn from (`train`), that choose a rate, or that test it."""
    seed = {"train": 0, "validation": 1, "test": 2}[name]
    return swing_windows(windows=WINDOWS if name == "train" else 1000, seed=seed, **options)


def normalised(found, windows):
    """Return the mean squared error against the true motion over the motion's mean square.

    >>> normalised(0, data("test"))
    1.0
    """
    return float(np.mean((found - windows.motion) ** 2) / np.mean(windows.motion**2))


def residuals(found, windows):
    """Return the mean squared residual of each window, measured less restored."""
    return np.mean((np.asarray(found) - windows.measured) ** 2, axis=(1, 2))


def fitted(windows):
    """Return the least-squares swings of one frequency each, `(windows, time, 1)`."""
    x, best = windows.measured[..., 0], np.full(len(windows.measured), np.inf)
    found, angle = np.zeros(x.shape), 0.8 * np.arange(x.shape[1])
    for drive in FREQUENCIES:
        basis = np.linalg.qr(np.stack([np.cos(drive * angle), np.sin(drive * angle)], axis=1))[0]
        swing = x @ basis @ basis.T
        lost = np.sum((x - swing) ** 2, axis=1)
        found = np.where((lost < best)[:, np.newaxis], swing, found)
        best = np.minimum(lost, best)
    return found[..., np.newaxis]


def axes_of(windows, latent_dim):
    """Return the function that projects windows on the principal axes of these ones."""
    x = windows.measured[..., 0]
    mean = x.mean(axis=0)
    axes = np.linalg.svd(x - mean, full_matrices=False)[2][:latent_dim]
    return lambda other: (mean + (other.measured[..., 0] - mean) @ axes.T @ axes)[..., np.newaxis]


def planes_of(windows, latent_dim, *, near):
    """Return the function that projects windows on planes of these ones.

    Each of these windows has a plane: the first axes of those most parallel to it, of either sign.
    Another window is projected on the plane of the one that it is most parallel to.
    """
    x = windows.measured[..., 0]
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    nearest = np.argpartition(-np.abs(unit @ unit.T), near, axis=1)[:, :near]
    axes = np.linalg.svd(x[nearest], full_matrices=False)[2][:, :latent_dim]

    def restore(other):
        rows = other.measured[..., 0]
        own = axes[np.abs(rows @ unit.T).argmax(axis=1)]
        codes = np.einsum("nt,nct->nc", rows, own)
        return np.einsum("nc,nct->nt", codes, own)[..., np.newaxis]

    return restore


def mixture_score(windows):
    """Return how improbable other windows are in a mixture of Gaussians fitted to these ones."""
    mixture = GaussianMixture(MIXED, reg_covar=1e-3, max_iter=300, random_state=0)
    mixture.fit(windows.measured[..., 0])
    return lambda other: -mixture.score_samples(other.measured[..., 0])


def forecast_scores(order):
    """Return how badly AR(`order`) of the training windows forecasts each of other windows."""

    def parts(windows):
        x = windows.measured[..., 0]
        pairs = np.lib.stride_tricks.sliding_window_view(x, order + 1, axis=1)
        return pairs[..., :-1], pairs[..., -1]

    past, later = parts(data("train"))
    weights = np.linalg.lstsq(past.reshape(-1, order), later.ravel())[0]

    def score(windows):
        past, later = parts(windows)
        return np.mean((later - past @ weights) ** 2, axis=1)

    return score


def read_from(codes, wanted, new_codes, truth):
    """Return the R² with which the ten nearest codes tell a quantity.

    >>> x = np.linspace(0, 1, 200)[:, np.newaxis]
    >>> round(read_from(x, x, x, x), 2)
    1.0
    """
    scale = codes.std(axis=0) + 1e-9
    distance = np.sum(((new_codes[:, np.newaxis] - codes) / scale) ** 2, axis=2)
    near = np.argpartition(distance, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    lost = np.sum((wanted[near].mean(axis=1) - truth) ** 2)
    return float(1 - lost / np.sum((truth - wanted.mean(axis=0)) ** 2))


def quantities(windows):
    """Return what the code may tell: frequency, amplitude and the phase, as a point of a circle."""
    phase = windows.phase_rad
    return {
        "frequency": windows.drive_rad_per_s[:, np.newaxis],
        "amplitude": windows.amplitude_m[:, np.newaxis],
        "phase": np.stack([np.cos(phase), np.sin(phase)], axis=1),
    }


def meaning(encode):
    """Return the R² of each quantity from codes, and that of a shuffled frequency."""
    train, test = data("train"), data("test")
    codes, new = encode(train.measured), encode(test.measured)
    known, true = quantities(train), quantities(test)
    row = {name: read_from(codes, known[name], new, true[name]) for name in known}
    shuffled = np.random.default_rng(0).permutation(known["frequency"])
    return row | {"shuffled": read_from(codes, shuffled, new, true["frequency"])}


@memory.cache
def trained(kind, latent_dim, learning_rate, seed, *, epochs=EPOCHS):
    """Train one autoencoder; return its row of the table."""
    settings = {"learning_rate": learning_rate, "seed": seed, "epochs": epochs}
    model = autoencoder(kind, latent_dim, **settings)
    train = data("train").measured
    way = -1 if kind == "recurrent" else 1  # a recurrent decoder begins with the end
    start = time.process_time()
    model.fit(train, train[:, ::way], epochs=epochs, batch_size=BATCH, verbose=0)
    row = {"method": kind, "latent_dim": latent_dim, "learning_rate": learning_rate, "seed": seed}
    row |= {"parameters": model.count_params(), "seconds": time.process_time() - start}

    def restore(windows):
        return model.predict(windows.measured, verbose=0)[:, ::way]

    row |= errors(restore) | meaning(lambda x: model.layers[0].predict(x, verbose=0))
    if way < 0:
        longer = autoencoder(kind, latent_dim, times=2 * TIMES)
        longer.set_weights(model.get_weights())
        windows = data("test", times=2 * TIMES)
        found = longer.predict(windows.measured, verbose=0)[:, ::-1]
        row["longer"] = normalised(found, windows)
        row["later_half"] = normalised(
            found[:, TIMES:], windows._replace(motion=windows.motion[:, TIMES:])
        )
    return row


def errors(restore):
    """Return errors of a method on ordinary windows, and how well its residual finds kicks."""
    row = {name: normalised(restore(data(name)), data(name)) for name in ("validation", "test")}
    return row | {"kick": kicks_found(lambda windows: residuals(restore(windows), windows))}


def kicks_found(score):
    """Return the AUC of a score of windows that are kicked, beside others."""
    kicked, ordinary = data("test", kick_m_per_s=KICK_M_PER_S), swing_windows(windows=1000, seed=3)
    return auc(score(kicked), score(ordinary))


def series_codes():
    """Windows of a driven oscillator, restored from a few numbers: errors, meaning and kicks."""
    rows = []
    for size in range(1, 11):
        restore = axes_of(data("train"), size)
        rows.append({"method": "PCA", "latent_dim": size} | errors(restore))
    rows.append({"method": "fit", "latent_dim": HEADLINE} | errors(fitted))
    for order in (2, 4, 8, 12, 16):
        kick = kicks_found(forecast_scores(order))
        rows.append({"method": "forecast", "latent_dim": order, "kick": kick})
    planes = [errors(planes_of(data("train"), HEADLINE, near=near)) for near in NEAR]
    best_planes = min(planes, key=lambda row: row["validation"])
    rows.append({"method": "planes", "latent_dim": HEADLINE} | best_planes)
    kick = kicks_found(mixture_score(data("train")))
    rows.append({"method": "mixture", "latent_dim": MIXED, "kick": kick})
    best, fewer = {}, {"epochs": FEWER_EPOCHS}
    for kind, rates in RATES.items():
        how = fewer if kind == "recurrent" else {}
        tried = [trained(kind, HEADLINE, rate, 0, **how) for rate in rates]
        best[kind] = min(tried, key=lambda row: row["validation"])["learning_rate"]
        rows += [row for row in tried if row["learning_rate"] != best[kind]]
        rows += [trained(kind, HEADLINE, best[kind], seed, **how) for seed in SEEDS]
    rows.append(trained(FORWARDS, HEADLINE, best["recurrent"], 0, **fewer))
    for size, seeds in OTHERS.items():
        rows += [trained("dense", size, best["dense"], seed) for seed in range(seeds)]
    columns = list(dict.fromkeys(name for row in rows[::-1] for name in row))
    return pd.DataFrame(rows)[columns].astype({"seed": "Int64"})
