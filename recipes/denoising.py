"""Dense autoencoders of digits: narrow codes, noise to remove, sparse codes."""

import itertools

import numpy as np
import pandas as pd
from scipy.ndimage import median_filter

from lectures_lib.data import inputs_as_labels, load_mnist
from lectures_lib.from_scratch import pca
from lectures_lib.models import (
    PixelNoise,
    denoising_autoencoder,
    sparse_autoencoder,
    stacked_autoencoder,
)
from lectures_lib.training import fit
from recipes.extrapolation import memory

EPOCHS, LONGER, BATCH = 20, 72, 64
SEEDS, FEW_SEEDS = tuple(range(5)), tuple(range(3))
LATENT_DIMS = (2, 5, 10, 30, 100)
KINDS = {
    "stacked": {},
    "tied": {"tied": True},
    "squared error": {"loss": "mean_squared_error"},
}
SIZES = {"wide": {"hidden": 300, "latent_dim": 100}, "narrow": {"hidden": 100, "latent_dim": 30}}
TRAINED = {
    "gaussian": (0.25, 0.5, 1.0),
    "masking": (0.25, 0.5, 0.75),
    "salt and pepper": (0.1, 0.25, 0.5),
}
TESTED = {
    "gaussian": (0.0, 0.1, 0.25, 0.5, 0.75, 1.0),
    "masking": (0.0, 0.1, 0.25, 0.5, 0.75, 0.9),
    "salt and pepper": (0.0, 0.05, 0.1, 0.25, 0.5, 0.75),
}
AXES = (5, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300)
WINDOWS = (1, 3, 5)
PENALTIES = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
STROKES = 12


def learn(model, seed, epochs=EPOCHS):
    """Train a network on the clean digits, in place; return its weights."""
    data = inputs_as_labels(load_mnist())
    fit(model, data, epochs=epochs, batch_size=BATCH, seed=seed, progress=False)
    return model.get_weights()


def autoencoder_errors():
    """Errors of stacked autoencoders by the size of their code; five seeds."""
    runs = [("stacked", size) for size in LATENT_DIMS] + [("tied", 30), ("squared error", 30)]
    return pd.concat(
        stacked_errors(*run, seed) for run, seed in itertools.product(runs, SEEDS)
    )  # fmt: skip


@memory.cache
def stacked_errors(network, latent_dim, seed, *, epochs=EPOCHS):
    """Return one row: mean squared errors per pixel, and the cross-entropy of the test digits."""
    model = stacked_autoencoder(latent_dim=latent_dim, seed=seed, **KINDS[network])
    learn(model, seed, epochs)
    row = {"network": network, "latent_dim": latent_dim, "seed": seed}
    digits = load_mnist()
    for name in ("train", "validation", "test"):
        images = getattr(digits, name).inputs
        row[name] = mean_square(np.asarray(model(images)) - images)
    outputs = np.clip(np.asarray(model(images), dtype=float), 1e-7, 1 - 1e-7)  # as Keras does
    logs = images * np.log(outputs) + (1 - images) * np.log(1 - outputs)
    return pd.DataFrame([row | {"cross_entropy": -logs.mean()}])


def denoising_runs():
    """Errors on noisy test digits: filters fitted to the noise, and networks; three seeds."""
    rows = [
        {"method": method, "kind": kind, "noise": noise, "setting": setting, "test": error}
        for kind, levels in TESTED.items()
        for noise in levels
        for method, setting, error in filters(kind, noise)
    ]
    runs = [("wide", "gaussian", 0.0), ("narrow", "gaussian", 0.0), ("narrow", "gaussian", 0.5)]
    runs += [("wide", kind, noise) for kind, levels in TRAINED.items() for noise in levels]
    runs.append(("longer", "gaussian", 0.5))  # wide, three times as many epochs
    for (method, kind, noise), seed in itertools.product(runs, FEW_SEEDS):
        size = "narrow" if method == "narrow" else "wide"
        epochs = LONGER if method == "longer" else 24
        model = denoising_autoencoder(**SIZES[size])
        model.set_weights(denoiser(size, kind, noise, seed, epochs=epochs))
        trained = {"method": method, "trained_kind": kind, "trained_noise": noise, "seed": seed}
        for test_kind, levels in TESTED.items():
            for level in levels:
                clean, noisy = disturbed("test", test_kind, level)
                error = mean_square(np.asarray(model(noisy)) - clean)
                rows.append(trained | {"kind": test_kind, "noise": level, "test": error})
    return pd.DataFrame(rows)


@memory.cache
def denoiser(size, kind, noise, seed, *, epochs=24):
    """Train one denoising autoencoder; return its weights."""
    return learn(
        denoising_autoencoder(kind=kind, noise=noise, seed=seed, **SIZES[size]), seed, epochs
    )


def disturbed(part, kind, noise):
    """Return the clean digits of one split, and the same with noise that is always the same."""
    clean = getattr(load_mnist(), part).inputs
    seed = 1 if part == "test" else 2
    return clean, np.asarray(PixelNoise(kind, noise, seed=seed)(clean, training=True))


def filters(kind, noise):
    """Yield name, setting and test error of methods without a network.

    PCA is given images without the shift and the shrinking that replaced pixels bring. Where there
    is a choice, that of the smallest error on the noisy validation digits.
    """
    (clean, noisy), (validation, noisy_validation) = (
        disturbed(part, kind, noise) for part in ("test", "validation")
    )
    yield "noisy", np.nan, mean_square(noisy - clean)
    windows = [(1, size, size, 1) for size in WINDOWS]
    medians = [lambda images, s=size: median_filter(images, size=s) for size in windows]
    lost, white = replaced(kind, noise)
    planes = [lambda images, n=n: projected((images - white) / (1 - lost), n) for n in AXES]
    for method, settings, functions in (("median", WINDOWS, medians), ("pca", AXES, planes)):
        errors = [mean_square(f(noisy_validation) - validation) for f in functions]
        best = int(np.argmin(errors))
        yield method, settings[best], mean_square(functions[best](noisy) - clean)
    yield "linear", np.nan, mean_square(linear_filter(noisy, kind, noise) - clean)


def replaced(kind, noise):
    """Return the shares of the pixels that noise replaces by black or white, and by white."""
    lost = 0.0 if kind == "gaussian" else noise
    return lost, lost / 2 if kind == "salt and pepper" else 0.0


def projected(images, latent_dim):
    """Return images projected on principal axes of the training digits, cut off at 0 and 1."""
    plane = principal(max(AXES))
    axes = plane.axes[:latent_dim]
    flat = images.reshape(len(images), -1) - plane.mean
    return np.clip(flat @ axes.T @ axes + plane.mean, 0, 1).reshape(images.shape)


@memory.cache
def principal(latent_dim):
    """Return the principal components of the training digits."""
    return pca(load_mnist().train.inputs.reshape(-1, 784), latent_dim=latent_dim)


def linear_filter(noisy, kind, noise):
    """Clean images by the linear map that is best for the training digits, cut off at 0 and 1.

    Its gain is cov(clean, noisy) / cov(noisy), from the moments of the noise.
    """
    train = load_mnist().train.inputs.reshape(-1, 784).astype(float)
    mean, covariance, squares = train.mean(axis=0), np.cov(train.T, bias=True), (train**2).mean(0)
    lost, white = replaced(kind, noise)
    noisy_mean = (1 - lost) * mean + white
    noisy_covariance = (1 - lost) ** 2 * covariance
    variance = (1 - lost) * squares + white - noisy_mean**2
    np.fill_diagonal(noisy_covariance, variance + (noise**2 if kind == "gaussian" else 0))
    noisy_covariance += 1e-6 * np.eye(784)  # pixels that are always black
    gain = np.linalg.solve(noisy_covariance, (1 - lost) * covariance)
    flat = (noisy.reshape(len(noisy), -1) - noisy_mean) @ gain + mean
    return np.clip(flat, 0, 1).reshape(noisy.shape)


def denoising_network():
    """Weights of the wide denoiser of Gaussian noise 0.5, seed 0, rounded to 16 bits."""
    return [array.astype("float16") for array in denoiser("wide", "gaussian", 0.5, 0)]


def sparsity_runs():
    """Errors, cut off at 0 and 1, and active units of sparse autoencoders; three seeds."""
    digits, rows = load_mnist(), []
    for l1, seed in itertools.product(PENALTIES, FEW_SEEDS):
        model = sparse_autoencoder(l1=l1)
        model.set_weights(sparse(l1, seed))
        row = {"l1": l1, "seed": seed}
        for name in ("train", "test"):
            images = getattr(digits, name).inputs
            row[name] = mean_square(np.clip(model(images), 0, 1) - images)
        active = np.asarray(model.encoder(images)) > 0
        used = np.asarray(model.encoder(digits.train.inputs)) > 0
        rows.append(row | {"active": active.mean(), "silent": 1 - used.any(axis=0).mean()})
    return pd.DataFrame(rows)


@memory.cache
def sparse(l1, seed, *, epochs=EPOCHS):
    """Train one sparse autoencoder; return its weights."""
    return learn(sparse_autoencoder(l1=l1, seed=seed), seed, epochs)


def sparsity_strokes():
    """For each penalty the twelve strokes that digits use most, `(12, 784)`, seed 0, 16 bits."""
    strokes = []
    for l1 in PENALTIES:
        model = sparse_autoencoder(l1=l1)
        model.set_weights(sparse(l1, 0))
        codes = np.asarray(model.encoder(load_mnist().train.inputs))
        most = np.argsort(-codes.mean(axis=0), kind="stable")[:STROKES]
        strokes.append(model.get_weights()[2][most].astype("float16"))
    return strokes


def mean_square(errors):
    """Return the mean squared error per pixel."""
    return float(np.mean(np.square(errors, dtype=float)))
