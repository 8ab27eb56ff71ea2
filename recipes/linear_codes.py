"""Linear autoencoders of handwritten digits: how close they come to PCA."""

import numpy as np
import pandas as pd

from lectures_lib.data import inputs_as_labels, load_mnist
from lectures_lib.from_scratch import pca, principal_angles
from lectures_lib.models import linear_autoencoder
from lectures_lib.training import evaluate, fit, sweep

LATENT_DIMS = 2, 5, 10, 20, 30, 50, 100
SEEDS = 0, 1, 2, 3, 4
EPOCHS = 10, 40


def linear_codes():
    """Errors of linear autoencoders of digits, and angles to PCA; seven codes, five seeds each."""
    grid = {"latent_dim": list(LATENT_DIMS), "seed": list(SEEDS)}
    return sweep(coded, grid, n_jobs=1, progress=False)


def coded(latent_dim, seed, *, epochs=EPOCHS):
    """Train one network; return its rows at some epochs.

    Columns: the mean squared errors per pixel on the training and test digits, and of the angles
    between the plane of the decoder and that of PCA the largest and the median, in degrees.
    """
    data = inputs_as_labels(load_mnist())
    digits = data.train.inputs.reshape(len(data.train), -1)
    axes = pca(digits, latent_dim=latent_dim).axes
    model = linear_autoencoder(latent_dim=latent_dim, learning_rate=3e-3, seed=seed)
    rows, done = [], 0
    for epoch in epochs:
        fit(model, data, epochs=epoch - done, batch_size=100, seed=done, progress=False)
        done = epoch
        kernel = np.asarray(model.get_layer("output").kernel)
        angles = np.degrees(principal_angles(kernel, axes))
        errors = {name: evaluate(model, getattr(data, name))["loss"] for name in ("train", "test")}
        rows.append(
            {"epoch": epoch, **errors, "largest_deg": angles[0], "median_deg": np.median(angles)}
        )
    return pd.DataFrame(rows)
