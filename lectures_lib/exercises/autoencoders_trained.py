"""Checks of networks that answers of the chapters on autoencoders train."""

import numpy as np

from lectures_lib.exercises import Trained, exercise


def explained(outputs, images):
    """Return the share of the variance about the mean picture that is given back.

    >>> explained(np.zeros((2, 3)), np.array([[1.0, 2, 3], [-1, -2, -3]]))
    0.0
    """
    return float(1 - np.mean((outputs - images) ** 2) / np.mean(images.var(axis=0)))


def drawn_digits(rng, *, images, hidden):
    """Return so many digits of MNIST to train with, and others, `(images, 28, 28, 1)`."""
    from lectures_lib.data import load_mnist

    mnist = load_mnist()
    parts = (mnist.train, mnist.validation, mnist.test)
    every = np.concatenate([part.inputs for part in parts])
    rows = rng.permutation(len(every))[: images + hidden]
    return every[rows[:images]], every[rows[images:]]


@exercise("autoencoders-upsampling", chapter="autoencoders/convolutional")
def _upsampling(rng):
    images, hidden = drawn_digits(rng, images=2000, hidden=1000)
    yield Trained(
        {"images": images},
        hidden,
        hidden,
        on="digits that it has not seen",
        threshold=0.8,
        baseline=0.76,  # 30 axes of PCA, cut off at 0 and 1, have 0.75
        output_shape=(28, 28, 1),
        score=explained,
        score_name="explained variance",
        most_parameters=60_000,
        largest_code=30,
        forbidden=("Conv2DTranspose",),
        bands=(
            (0.3, "That is hardly more than the mean picture: does the loss fall?"),
            (
                0.76,
                "PCA gives back as much: are there convolutions with activations on both sides of "
                "the code, and enough steps?",
            ),
            (1.0, "Nearly: more epochs, in smaller batches."),
        ),
    )
