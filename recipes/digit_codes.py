"""Codes of digits on equal terms: principal axes, dense and convolutional autoencoders."""

import math
import time

import keras
import numpy as np
import pandas as pd
from keras import layers

from lectures_lib.data import load_mnist
from lectures_lib.from_scratch import pca
from lectures_lib.models import convolutional_autoencoder, stacked_autoencoder
from recipes.extrapolation import memory

LATENT_DIMS = (2, 10, 30, 100)
SEEDS, BATCH = range(3), 64
SHORT_EPOCHS, EPOCHS = 8, 20
# Units of the dense encoder, or filters of the convolutional one, its activation, and first rates
# of Adam to choose from, which fall to 0 as a cosine; the choice is that of the smallest validation
# error after a short run.
TRIED = {
    "stacked": (
        ("300", "selu", (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2)),
        ("300 tied", "selu", (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2)),
        ("500-300", "relu", (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2)),
    ),
    "convolutional": (
        ("16-32", "relu", (4e-3, 8e-3, 1.6e-2, 3.2e-2)),
        ("32-64", "relu", (4e-3, 8e-3, 1.6e-2, 3.2e-2)),
    ),
}
# The stacked network with a code of 30, trained and built otherwise, and rates, which do not fall.
VARIANTS = {
    "cross-entropy": {}, "squared error": {"loss": "mean_squared_error"}, "tied": {"tied": True},
}  # fmt: skip
VARIANT_RATES = (1e-3, 2e-3, 4e-3)


def stacked(units, latent_dim, *, activation, learning_rate, seed):
    """Build a dense autoencoder: these units, a code without activation, the units mirrored.

    >>> stacked([300], 30, activation="selu", learning_rate=1e-3, seed=0).count_params()
    489814
    """
    keras.utils.set_random_seed(seed)
    start = {"selu": "lecun_normal", "relu": "he_normal"}[activation]
    options = {"activation": activation, "kernel_initializer": start}
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten()])
    for size in units:
        model.add(layers.Dense(size, **options))
    model.add(layers.Dense(latent_dim))
    for size in reversed(units):
        model.add(layers.Dense(size, **options))
    model.add(layers.Dense(784, activation="sigmoid"))
    model.add(layers.Reshape((28, 28, 1)))
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy")
    return model


def built(method, shape, latent_dim, *, activation, learning_rate, seed):
    """Return a network of the table, compiled."""
    if shape.endswith("tied"):
        return stacked_autoencoder(
            hidden=int(shape.split()[0]), latent_dim=latent_dim, tied=True,
            learning_rate=learning_rate, seed=seed,
        )  # fmt: skip
    sizes = [int(size) for size in shape.split("-")]
    if method == "stacked":
        options = {"activation": activation, "learning_rate": learning_rate, "seed": seed}
        return stacked(sizes, latent_dim, **options)
    return convolutional_autoencoder(
        filters=tuple(sizes), latent_dim=latent_dim, learning_rate=learning_rate, seed=seed
    )


@memory.cache
def trained(method, shape, activation, latent_dim, learning_rate, seed, *, epochs):
    """Train one network on 4,000 digits; return its row of the table.

    Errors are mean squared errors per pixel, of grey values from 0 to 1; minutes are those of the
    processor, for the training alone, on one core.
    """
    digits = load_mnist()
    options = {"activation": activation, "learning_rate": learning_rate, "seed": seed}
    model = built(method, shape, latent_dim, **options)
    row = {"method": method, "shape": shape, "activation": activation, "latent_dim": latent_dim}
    row |= {"learning_rate": learning_rate, "seed": seed, "epochs": epochs}
    row |= {"parameters": model.count_params()}
    start, images = time.process_time(), digits.train.inputs
    steps = epochs * math.ceil(len(images) / BATCH)
    model.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.fit(images, images, epochs=epochs, batch_size=BATCH, verbose=0)
    minutes = (time.process_time() - start) / 60
    return row | errors(lambda images: np.asarray(model(images)), digits) | {"minutes": minutes}


def errors(restore, digits):
    """Return the mean squared error per pixel of each split."""
    parts = ((name, getattr(digits, name).inputs) for name in ("train", "validation", "test"))
    return {name: float(np.mean((restore(images) - images) ** 2.0)) for name, images in parts}


@memory.cache
def variant(network, learning_rate, seed, *, epochs):
    """Train one of the variants; return its row of the table."""
    digits, settings = load_mnist(), {"learning_rate": learning_rate, "seed": seed}
    model = stacked_autoencoder(**settings, **VARIANTS[network])
    images = digits.train.inputs
    model.fit(images, images, epochs=epochs, batch_size=BATCH, verbose=0)
    row = {"network": network, **settings, "epochs": epochs, "parameters": model.count_params()}
    return row | errors(lambda images: np.asarray(model(images)), digits)


def autoencoder_errors():
    """Errors of stacked autoencoders by loss, and with tied weights; one or three seeds a rate."""
    rows = []
    for name in VARIANTS:
        found = {(rate, 0): variant(name, rate, 0, epochs=EPOCHS) for rate in VARIANT_RATES}
        best = min(VARIANT_RATES, key=lambda rate: found[rate, 0]["validation"])
        rows += (
            found | {(best, seed): variant(name, best, seed, epochs=EPOCHS) for seed in SEEDS}
        ).values()
    return pd.DataFrame(rows)


def digit_code_choices():
    """Errors of autoencoders of digits after 8 epochs, by shape and learning rate; one seed."""
    return pd.DataFrame(
        trained(method, shape, activation, size, rate, 0, epochs=SHORT_EPOCHS)
        for method, shapes in TRIED.items()
        for size in LATENT_DIMS
        for shape, activation, rates in shapes
        for rate in rates
    )


def digit_codes():
    """Errors of digits restored from 2 to 100 numbers by PCA and two networks; three seeds."""
    tried = digit_code_choices()
    best = tried.loc[tried.groupby(["method", "latent_dim"], sort=False)["validation"].idxmin()]
    rows = [principal(size, cut=cut) for cut in (False, True) for size in LATENT_DIMS]
    rows += [
        trained(
            row.method, row.shape, row.activation, row.latent_dim, row.learning_rate, seed,
            epochs=EPOCHS,
        )
        for row in best.itertuples()
        for seed in SEEDS
    ]  # fmt: skip
    table = pd.DataFrame(rows)[list(rows[-1])]
    return table.astype({"seed": "Int64", "epochs": "Int64"})


def principal(latent_dim, *, cut):
    """Return the row of PCA, whose outputs may be cut off at 0 and 1 as a sigmoid does."""
    digits, start = load_mnist(), time.process_time()
    plane = pca(digits.train.inputs.reshape(-1, 784).astype(float), latent_dim=latent_dim)
    minutes = (time.process_time() - start) / 60

    def restore(images):
        outputs = plane.decode(plane.encode(images.reshape(-1, 784))).reshape(images.shape)
        return np.clip(outputs, 0, 1) if cut else outputs

    row = {"method": "PCA, cut off" if cut else "PCA", "latent_dim": latent_dim}
    row |= {"parameters": 784 * (latent_dim + 1)}
    return row | errors(restore, digits) | {"minutes": minutes}
