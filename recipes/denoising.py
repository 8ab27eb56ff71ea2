"""Autoencoders of digits that remove noise, and sparse codes."""

import itertools

import keras
import numpy as np
import pandas as pd
from keras import layers
from scipy.ndimage import median_filter

from lectures_lib.data import inputs_as_labels, load_mnist
from lectures_lib.from_scratch import pca
from lectures_lib.models import PixelNoise, sparse_autoencoder
from lectures_lib.training import fit
from recipes.extrapolation import memory

EPOCHS, BATCH = 20, 64
SEEDS = tuple(range(3))
NOISES = (("gaussian", 0.25), ("gaussian", 0.5), ("masking", 0.5), ("salt and pepper", 0.1))
DENSE = {  # activation and units of the hidden layers
    "stacked": ("selu", (300, 100, 300)),
    "one layer": ("relu", (1000,)),
}
RATES = {
    "convolutional": (1e-3, 3e-3, 1e-2, 3e-2),
    "stacked": (3e-4, 1e-3, 3e-3, 1e-2),
    "one layer": (3e-4, 1e-3, 3e-3),
}
FIRST = NOISES[0]  # where rates are chosen
CONVOLUTIONAL_EPOCHS, DENSE_EPOCHS = 12, 30
SOFT_AXES = 300
THRESHOLDS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5)
WIDTHS = (0.5, 0.75, 1.0, 1.5, 2.0)
WINDOWS = (1, 3, 5, 7)
PENALTIES = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
STROKES = 12


def learn(model, seed, epochs=EPOCHS):
    """Train a network on the clean digits, in place; return its weights."""
    data = inputs_as_labels(load_mnist())
    fit(model, data, epochs=epochs, batch_size=BATCH, seed=seed, progress=False)
    return model.get_weights()


def denoiser(network, *, kind, noise, learning_rate, seed):
    """Build a network that learns to take one kind of noise off digits.

    >>> sizes = {"kind": "gaussian", "noise": 0.5, "learning_rate": 3e-3, "seed": 0}
    >>> [denoiser(name, **sizes).count_params() for name in ("convolutional", *DENSE)]
    [27169, 531884, 1569784]
    """
    keras.utils.set_random_seed(seed)
    if network == "convolutional":
        same = {"padding": "same", "activation": "relu"}
        body = [layers.Conv2D(32, 3, strides=stride, **same) for stride in (2, 1, 1)]
        body.append(layers.Conv2DTranspose(16, 4, strides=2, **same))
        body.append(layers.Conv2D(1, 3, padding="same", activation="sigmoid"))
    else:
        activation, sizes = DENSE[network]
        body = [layers.Dense(units, activation=activation) for units in sizes]
        body = [layers.Flatten(), *body, layers.Dense(784, activation="sigmoid")]
        body.append(layers.Reshape((28, 28, 1)))
    model = keras.Sequential([keras.Input((28, 28, 1)), PixelNoise(kind, noise, seed=seed), *body])
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy", metrics=["mse"])
    return model


@memory.cache
def denoised(network, kind, noise, learning_rate, seed, *, images=4000):
    """Train one denoiser; return its best epoch, its validation error, and its test errors."""
    model = denoiser(network, kind=kind, noise=noise, learning_rate=learning_rate, seed=seed)
    clean, noisy = disturbed("validation", kind, noise)
    epochs = CONVOLUTIONAL_EPOCHS if network == "convolutional" else DENSE_EPOCHS
    best = keras.callbacks.EarlyStopping(
        "val_mse", mode="min", patience=epochs, restore_best_weights=True
    )
    train = load_mnist().train.inputs[:images]
    history = model.fit(
        train, train, epochs=epochs, batch_size=BATCH, verbose=0, validation_data=(noisy, clean),
        callbacks=[best],
    )  # fmt: skip
    errors = []
    for other in NOISES:
        clean, noisy = disturbed("test", *other)
        errors.append(mean_square(np.asarray(model(noisy)) - clean))
    return best.best_epoch + 1, history.history["val_mse"][best.best_epoch], errors


def denoising_digits():
    """Errors of networks on noisy test digits, rates chosen at the first noise; three seeds."""
    rows = []
    for network, rates in RATES.items():
        runs = {(*FIRST, rate, 0): denoised(network, *FIRST, rate, 0) for rate in rates}
        best = min(rates, key=lambda rate: runs[*FIRST, rate, 0][1])
        for noise, seed in itertools.product(NOISES, SEEDS):
            runs[*noise, best, seed] = denoised(network, *noise, best, seed)
        for (*noise, rate, seed), (epoch, validation, errors) in runs.items():
            rows += [
                (network, *noise, rate, seed, rate == best, epoch, validation, *met, error)
                for met, error in zip(NOISES, errors, strict=True)
            ]
    names = "network kind noise learning_rate seed chosen epoch validation met_kind met_noise test"
    return pd.DataFrame(rows, columns=names.split())


@memory.cache
def shuffled(kind, noise, learning_rate, seed):
    """Train a convolutional denoiser on digits whose pixels are shuffled; return its test error."""
    network = denoiser(
        "convolutional", kind=kind, noise=noise, learning_rate=learning_rate, seed=seed
    )
    order = np.random.default_rng(seed).permutation(784)

    def moved(images):
        return images.reshape(-1, 784)[:, order].reshape(-1, 28, 28, 1)

    train = moved(load_mnist().train.inputs)
    network.fit(train, train, epochs=CONVOLUTIONAL_EPOCHS, batch_size=BATCH, verbose=0)
    clean, noisy = map(moved, disturbed("test", kind, noise))
    return mean_square(np.asarray(network(noisy)) - clean)


def denoising_shuffled():
    """Error of a convolutional denoiser of digits whose pixels are shuffled."""
    rows = [("gaussian", 0.25, 0, shuffled("gaussian", 0.25, 0.01, 0))]
    return pd.DataFrame(rows, columns=["kind", "noise", "seed", "test"])


def denoising_filters():
    """Errors on noisy test digits of methods that train nothing, fitted to the noise."""
    rows = [(kind, noise, *row) for kind, noise in NOISES for row in filters(kind, noise)]
    return pd.DataFrame(rows, columns=["kind", "noise", "method", "setting", "test"])


def disturbed(part, kind, noise):
    """Return the clean digits of one split, and the same with noise that is always the same."""
    clean = getattr(load_mnist(), part).inputs
    seed = 1 if part == "test" else 2
    return clean, np.asarray(PixelNoise(kind, noise, seed=seed)(clean, training=True))


def filters(kind, noise):
    """Yield name, setting and test error of methods without a network.

    Where there is a choice, that of the smallest error on the noisy validation digits. What needs
    pictures that are right on average is given them: without shift and shrinking by the noise.
    """
    (clean, noisy), (validation, noisy_validation) = (
        disturbed(part, kind, noise) for part in ("test", "validation")
    )
    lost, ones = replaced(kind, noise)
    yield "noisy", np.nan, mean_square(noisy - clean)
    methods = {
        "median": (WINDOWS, lambda images, size: median_filter(images, (1, size, size, 1))),
        "soft": (THRESHOLDS, lambda images, t: soft_threshold((images - ones) / (1 - lost), t)),
        "examples": (WIDTHS, lambda images, w: mean_example((images - ones) / (1 - lost), w)),
    }
    for method, (settings, function) in methods.items():
        errors = [mean_square(function(noisy_validation, s) - validation) for s in settings]
        best = settings[int(np.argmin(errors))]
        yield method, best, mean_square(function(noisy, best) - clean)
    yield "linear", np.nan, mean_square(linear_filter(noisy, kind, noise) - clean)


def replaced(kind, noise):
    """Return the shares of the pixels that noise replaces by 0 or 1, and by 1."""
    lost = 0.0 if kind == "gaussian" else noise
    return lost, lost / 2 if kind == "salt and pepper" else 0.0


def soft_threshold(images, level):
    """Shrink all coefficients on principal axes, by `level` over their standard deviation."""
    plane = principal(SOFT_AXES)
    codes = (images.reshape(len(images), -1) - plane.mean) @ plane.axes.T
    threshold = level / np.sqrt(plane.variances[:SOFT_AXES])
    codes = np.sign(codes) * np.maximum(np.abs(codes) - threshold, 0)
    return np.clip(codes @ plane.axes + plane.mean, 0, 1).reshape(images.shape)


def mean_example(images, width):
    """Return the mean training digit under Bayes' formula, for Gaussian noise of `width`."""
    examples = load_mnist().train.inputs.reshape(-1, 784).astype(float)
    flat = images.reshape(len(images), -1)
    logits = (flat @ examples.T - (examples**2).sum(axis=1) / 2) / width**2
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (odds @ examples / odds.sum(axis=1, keepdims=True)).reshape(images.shape)


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
    lost, ones = replaced(kind, noise)
    noisy_mean = (1 - lost) * mean + ones
    noisy_covariance = (1 - lost) ** 2 * covariance
    variance = (1 - lost) * squares + ones - noisy_mean**2
    np.fill_diagonal(noisy_covariance, variance + (noise**2 if kind == "gaussian" else 0))
    noisy_covariance += 1e-6 * np.eye(784)  # pixels that are always paper
    gain = np.linalg.solve(noisy_covariance, (1 - lost) * covariance)
    flat = (noisy.reshape(len(noisy), -1) - noisy_mean) @ gain + mean
    return np.clip(flat, 0, 1).reshape(noisy.shape)


def sparsity_runs():
    """Errors, cut off at 0 and 1, and active units of sparse autoencoders; three seeds."""
    digits, rows = load_mnist(), []
    for l1, seed in itertools.product(PENALTIES, SEEDS):
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
