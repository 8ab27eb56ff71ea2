"""Checks of networks that answers of the chapter on the variational autoencoder train."""

import numpy as np

from lectures_lib.data import load_mnist
from lectures_lib.exercises import Trained, exercise

LEARNT, HIDDEN = 3000, 500  # digits
REACH, STEPS = 4.0, 61  # of the grid over the plane of codes


def plane_of_codes():
    """Return points `(points, 2)` of a grid over the plane, and the prior's share of each.

    >>> codes, shares = plane_of_codes()
    >>> codes.shape, round(float(shares.sum()), 3), (shares @ codes**2).round(2).tolist()
    ((3721, 2), 1.0, [1.0, 1.0])
    """
    axis = np.linspace(-REACH, REACH, STEPS)
    codes = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    weights = np.exp(-np.sum(codes**2, axis=1) / 2)
    return codes, weights / weights.sum()


def log_evidence(outputs, pictures):
    """Return ln p(x) of pictures `(pictures, pixels)`, in nats: the integral over the plane.

    `outputs` are the probabilities `(points, pixels)` that the decoder gives for `plane_of_codes`.
    """
    shares = plane_of_codes()[1]
    f = np.clip(outputs, 1e-6, 1 - 1e-6)
    logs = pictures @ (np.log(f) - np.log(1 - f)).T + np.log(1 - f).sum(axis=1) + np.log(shares)
    highest = logs.max(axis=1)
    return highest + np.log(np.exp(logs - highest[:, np.newaxis]).sum(axis=1))


def saved(outputs, pictures):
    """Return the share of the nats of the mean picture that codes of the prior save."""
    f = np.clip(pictures.mean(axis=0), 1e-6, 1 - 1e-6)
    alone = np.mean(pictures @ np.log(f) + (1 - pictures) @ np.log(1 - f))
    return float(1 - log_evidence(outputs, pictures).mean() / alone)


@exercise("autoencoders-mean-for-sum", chapter="autoencoders/variational")
def _mean_for_sum(rng):
    mnist = load_mnist()
    parts = (mnist.train, mnist.validation, mnist.test)
    digits = np.concatenate([part.inputs.reshape(-1, 784) for part in parts])
    digits = digits[rng.permutation(len(digits))[: LEARNT + HIDDEN]]
    yield Trained(
        {"pictures": digits[:LEARNT]},
        plane_of_codes()[0].astype("float32"),
        digits[LEARNT:].astype(float),
        on="codes of the plane",
        threshold=0.14,
        baseline=0.08,
        output_shape=(784,),
        score=saved,
        score_name="share of saved nats",
        bands=(
            (
                0.08,
                "These codes tell no digits apart: how many nats is one pixel, and how many a "
                "picture? And what keeps the codes of the digits where the prior is?",
            ),
            (1.0, "Nearly: is each term a sum over its numbers? Then train for longer."),
        ),
    )
