"""Generated colour pictures of ten classes, for where CIFAR-10 cannot be had."""

import numpy as np

from lectures_lib.data.splits import Dataset, check_counts, read_only

__all__ = ["load_shapes"]

SIZE_PX = 32
SMALLEST_RADIUS_PX, LARGEST_RADIUS_PX = 5, 11
LARGEST_TILT = 0.25  # radians; more would make horizontal stripes vertical ones
WAVES = 2 * np.pi / 0.8  # the patterns repeat after 0.8 radii
SLOPE = 0.06  # of the gradient, per pixel


def _lattice(u, v):
    """Return the distance to the next point of a square lattice with a spacing of 0.8."""
    return np.hypot((u + 0.4) % 0.8 - 0.4, (v + 0.4) % 0.8 - 0.4)


# Each class gives, in units of the radius, how far a point (u, v) lies inside of the figure.
FIGURES = {
    "disc": lambda u, v: 1 - np.hypot(u, v),
    "ring": lambda u, v: 0.25 - abs(np.hypot(u, v) - 0.75),
    "square": lambda u, v: 0.85 - np.maximum(abs(u), abs(v)),
    "triangle": lambda u, v: 0.5 - np.maximum(-v, v / 2 + abs(u) * np.sqrt(3) / 2),
    "cross": lambda u, v: np.minimum(0.25 - np.minimum(abs(u), abs(v)), 1 - np.hypot(u, v)),
    "horizontal stripes": lambda u, v: np.sin(WAVES * v) / WAVES,
    "vertical stripes": lambda u, v: np.sin(WAVES * u) / WAVES,
    "checkerboard": lambda u, v: np.sin(WAVES * u) * np.sin(WAVES * v) / WAVES,
    "spots": lambda u, v: 0.25 - _lattice(u, v),
    "gradient": lambda u, v: SLOPE * v,
}


def load_shapes(
    *, train_images=4_000, validation_images=1_000, test_images=1_000, noise=0.1, seed=0
):
    """Generate pictures of ten classes with the shapes and types of CIFAR-10.

    A picture shows a disc, a ring, ... of a random colour, place, size and tilt on a background
    of another random colour. The two colours have the same distribution, so that neither a colour
    nor the mean brightness tells the class. Flips and shifts keep the class, quarter turns do not.

    Args:
        train_images, validation_images, test_images: Pictures per split, at least 10 each; the
            classes are equally frequent, to one picture.
        noise: Standard deviation of the Gaussian noise of each colour value, in units of the
            largest value; the noisy values are clipped.
        seed: Decides the pictures.

    Returns:
        A `Dataset`. Inputs have the shape `(images, 32, 32, 3)`, are float32, and give red, green
        and blue from 0 to 1; labels have the shape `(images,)` and are int64. The arrays are
        read-only.

    Raises:
        ValueError: If a split is too small, or `noise` is negative or not finite.

    >>> shapes = load_shapes(train_images=40, validation_images=10, test_images=20)
    >>> shapes.train.inputs.shape, np.bincount(shapes.test.labels).tolist()
    ((40, 32, 32, 3), [2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    >>> shapes.class_names[:3]
    ('disc', 'ring', 'square')
    """
    counts = train_images, validation_images, test_images
    check_counts(len(FIGURES), *counts)
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise={noise} is no standard deviation. Pass noise=0 or more.")
    # A generator for each split: its pictures do not change with the size of another split.
    rngs = np.random.default_rng(seed).spawn(len(counts))
    splits = [_pictures(*pair, noise) for pair in zip(counts, rngs, strict=True)]
    return Dataset(*splits, class_names=tuple(FIGURES), name="generated shapes")


def _pictures(images, rng, noise):
    """Return a `Split` of `images` pictures in random order."""
    labels = rng.permutation(np.arange(images) % len(FIGURES))
    cover = _covers(labels, rng)[..., np.newaxis]  # (images, 32, 32, 1)
    background = rng.random((images, 1, 1, 3), dtype="float32")
    # At least a quarter apart in each colour, and as uniform as the background.
    figure = (background + rng.uniform(0.25, 0.75, background.shape).astype("float32")) % 1
    inputs = background + cover * (figure - background)
    inputs += np.float32(noise) * rng.standard_normal(inputs.shape, dtype="float32")
    return read_only(np.clip(inputs, 0, 1, out=inputs), labels)


def _covers(labels, rng):
    """Return how much of each pixel the figures cover, from 0 to 1, shape `(images, 32, 32)`."""
    radius = rng.uniform(SMALLEST_RADIUS_PX, LARGEST_RADIUS_PX, (len(labels), 1, 1))
    room = (SIZE_PX - 1) / 2 - radius  # from the centre of the picture, so that figures fit in
    row, column = np.indices((SIZE_PX, SIZE_PX))[:, np.newaxis] - (SIZE_PX - 1) / 2
    x = (column - room * rng.uniform(-1, 1, radius.shape)) / radius
    y = (room * rng.uniform(-1, 1, radius.shape) - row) / radius  # rows count downwards
    tilt = rng.uniform(-LARGEST_TILT, LARGEST_TILT, radius.shape)
    u, v = np.cos(tilt) * x + np.sin(tilt) * y, np.cos(tilt) * y - np.sin(tilt) * x
    covers = np.empty(u.shape, dtype="float32")
    for label, inside in enumerate(FIGURES.values()):
        chosen = labels == label
        distance_px = radius[chosen] * inside(u[chosen], v[chosen])
        covers[chosen] = np.clip(0.5 + distance_px, 0, 1)  # an edge of one pixel
    return covers
