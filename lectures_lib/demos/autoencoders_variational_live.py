"""The autoencoders of the chapter on the variational one that train in the page."""

import keras
import numpy as np
from keras import layers

from lectures_lib.data import Dataset, Split, load_digits
from lectures_lib.explore import source_of
from lectures_lib.playground.sample import SampledCode, summed_crossentropy
from lectures_lib.playground.training import train

__all__ = ["latent_plane", "plane_digits", "plane_network"]

TRAINED, MOVED = 1000, 120  # of the training digits: learnt, and shown with the validation digits
PIXELS, HIDDEN = 64, 32
NETWORKS = ["linear", "stacked", "variational"]
BETAS = [0.03, 0.1, 0.3, 1, 3, 10]


def plane_digits():
    """Return a `Dataset` of 8x8 digits whose validation split has 300, some of the training ones.

    >>> [len(split) for split in (plane_digits().train, plane_digits().validation)]
    [1000, 300]
    """
    digits = load_digits(seed=0)
    kept, moved = (
        Split(digits.train.inputs[rows], digits.train.labels[rows])
        for rows in (slice(TRAINED), slice(TRAINED, TRAINED + MOVED))
    )
    pairs = (moved.inputs, digits.validation.inputs), (moved.labels, digits.validation.labels)
    drawn = Split(*(np.concatenate(pair) for pair in pairs))
    return Dataset(kept, drawn, digits.test, digits.class_names, name="digits")


def plane_network(*, autoencoder, beta=1.0, learning_rate=2e-2, seed=0):
    """Build an autoencoder of flat 8x8 pictures with two numbers in the code.

    Args:
        autoencoder: "linear", "stacked" or "variational"; the last two have 32 hidden units (tanh)
            in both halves.
        beta: Weight of the divergence in the loss of the variational one.
        learning_rate: Step of Adam.
        seed: Decides initial weights and sampled codes. Sets the seeds of Python, NumPy and Keras.

    >>> [plane_network(autoencoder=name).count_params() for name in NETWORKS]
    [322, 4354, 4420]
    """
    if autoencoder not in NETWORKS:
        raise ValueError(f"autoencoder={autoencoder!r} is unknown. Pass one of {NETWORKS}.")
    keras.utils.set_random_seed(seed)
    hidden = [layers.Dense(HIDDEN, activation="tanh") for _ in range(2)]
    sampled = autoencoder == "variational"
    code = [layers.Dense(4), SampledCode(beta=beta, seed=seed)] if sampled else [layers.Dense(2)]
    output = layers.Dense(PIXELS, activation="sigmoid" if sampled else None)
    body = [*code, output] if autoencoder == "linear" else [hidden[0], *code, hidden[1], output]
    model = keras.Sequential([keras.Input((PIXELS,)), *body])
    loss = summed_crossentropy if sampled else "mean_squared_error"
    model.compile(keras.optimizers.Adam(learning_rate), loss)
    return model


def latent_plane():
    """Let the reader watch the plane of the codes unfold, and decode any place of it."""
    return train(
        plane_network, plane_digits(), name="latent-plane", kind="plane", epochs=100,
        caption="The codes of 300 unseen digits while an autoencoder learns; the place in the "
        "ring is decoded beside the plane.",
        source=source_of(latent_plane),
        labels={"beta": "β, weight of the divergence"},
        start={"autoencoder": "linear", "beta": 1, "learning_rate": 2e-2},
        autoencoder=NETWORKS, beta=BETAS, learning_rate=[1e-3, 2e-3, 5e-3, 1e-2, 2e-2],
        seed=list(range(10)),
    )  # fmt: skip
