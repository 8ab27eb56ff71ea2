"""Checks of networks that answers of the chapters on autoencoders train."""

import numpy as np

from lectures_lib.exercises import Trained, exercise

AROUND = 2000  # points of the whole space
ON_A_CURVE = 0.01  # upper quartile of the distance to the nearest neighbour
STRENGTHS = 2.4, 1.8, 1.2  # standard deviations along the axes that are asked for
BACKGROUND = 0.1  # along all others


def on_an_orbit(rng, count, axes):
    """Return positions on three quarters of an ellipse, measured with an error of 0.1.

    The ellipse has the half-axes 1 and 0.7, along two rows of `axes`, `(2, 3)`.
    """
    phase = 1.5 * np.pi * rng.random(count) - 0.5
    ellipse = np.stack([np.cos(phase), 0.7 * np.sin(phase)], axis=1)
    return ellipse @ axes + 0.1 * rng.normal(size=(count, 3))


def spread(outputs):
    """Return the upper quartile of the distances to the nearest neighbour.

    >>> spread(np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 2.0]]))
    1.0
    """
    distances = np.sum((outputs[:, np.newaxis] - outputs) ** 2, axis=2)
    np.fill_diagonal(distances, np.inf)
    return float(np.quantile(np.sqrt(distances.min(axis=1)), 0.75))


def bent(outputs, positions):
    """Return by how much the error is below that of the best line, or -1 if it is no curve."""
    if spread(outputs[len(positions) :]) > ON_A_CURVE:
        return -1.0
    line = np.cov(positions.T, bias=True)
    straight = np.trace(line) - np.linalg.eigvalsh(line)[-1]
    lost = np.mean(np.sum((outputs[: len(positions)] - positions) ** 2, axis=1))
    return float(1 - lost / straight)


@exercise("autoencoders-one-number", chapter="autoencoders/stacked")
def _one_number(rng):
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0][:2]
    positions, unseen = (on_an_orbit(rng, count, axes) for count in (600, 1000))
    everywhere = rng.uniform(-1.2, 1.2, size=(AROUND, 3))
    yield Trained(
        {"positions": positions.astype("float32")},
        np.concatenate([unseen, everywhere]).astype("float32"),
        unseen,
        on="points, a third of them on the orbit",
        threshold=0.75,
        baseline=0.4,
        output_shape=(3,),
        score=bent,
        score_name="gain over the straight line",
        seconds=120,
        bands=(
            (
                -0.9,
                "Points from all over the space do not come back on a curve, so more than one "
                "number is passed on: how wide is the code?",
            ),
            (0.4, "A straight line keeps about as much: must encoder and decoder not bend?"),
            (1.0, "Nearly: train for longer, or from another start."),
        ),
    )


def in_order(codes, scores):
    """Return the smallest of the correlations, in size, of each number with that of its rank."""
    pairs = zip(codes.T, scores.T, strict=True)
    # A number that is the same for all points correlates with nothing.
    return float(min(
        abs(np.mean((c - c.mean()) * (s - s.mean()))) / (c.std() * s.std() + 1e-12)
        for c, s in pairs
    ))  # fmt: skip


@exercise("autoencoders-ordered-code", chapter="autoencoders/linear_and_pca")
def _ordered_code(rng):
    widths = np.array([*STRENGTHS, *[BACKGROUND] * 3])
    scores = widths * rng.normal(size=(2000, len(widths)))
    rotation = np.linalg.qr(rng.normal(size=(len(widths), len(widths))))[0]
    points = scores @ rotation + rng.normal(size=len(widths))
    yield Trained(
        {"points": points[:1000].astype("float32")},
        points[1000:].astype("float32"),
        scores[1000:, : len(STRENGTHS)],
        on="points that it has not seen",
        threshold=0.99,
        baseline=0.98,  # PCA of the codes reaches 0.97
        output_shape=(len(STRENGTHS),),
        score=in_order,
        score_name="smallest correlation",
        bands=(
            (
                0.98,
                "The code of a linear autoencoder is any basis of the plane: which numbers "
                "would PCA of its outputs give, and in which order?",
            ),
            (1.0, "Nearly: train for longer, so that the plane is that of PCA."),
        ),
    )


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
