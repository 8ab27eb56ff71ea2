"""Checks of denoisers that answers of the chapter on noise train."""

import numpy as np

from lectures_lib.data import load_mnist
from lectures_lib.exercises import Trained, exercise
from lectures_lib.exercises.case import explained


def photons(pictures, rng):
    """Return counts of photons, float32: a background of 0.5, and 4 in a pixel of brightness 1.

    >>> bright = photons(np.ones((100, 28, 28, 1)), np.random.default_rng(0))
    >>> f"{bright.mean():.1f}", f"{bright.var():.1f}"
    ('4.5', '4.5')
    """
    return rng.poisson(0.5 + 4 * np.asarray(pictures)).astype("float32")


@exercise("autoencoders-few-photons", chapter="autoencoders/denoising")
def _few_photons(rng):
    digits = load_mnist()
    train, test = digits.train.inputs, digits.test.inputs
    pictures = train[rng.permutation(len(train))[:2000]]
    yield Trained(
        {"counts": photons(pictures, rng), "pictures": pictures},
        photons(test, rng),
        test,
        on="other digits with other counts",
        threshold=0.92,
        baseline=0.875,  # the best linear filter has 0.85, and dense networks no more
        output_shape=(28, 28, 1),
        score=explained,
        score_name="explained variance",
        bands=(
            (
                0.0,
                "That is worse than the mean picture. Does your network draw blank paper? "
                "Remember the slopes of the two losses, and start again with the other one.",
            ),
            (0.5, "Are these pictures between 0 and 1, one for each picture of counts?"),
            (
                0.875,
                "A linear filter or a dense network reaches no more: which layer uses the same "
                "weights at every place of a picture?",
            ),
            (1.0, "Nearly: a few more epochs or filters, or a wider view of each output."),
        ),
    )
