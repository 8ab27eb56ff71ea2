"""The parts of a data set, as read-only arrays."""

import contextlib
from dataclasses import dataclass
from numbers import Integral

import numpy as np

__all__ = [
    "Dataset", "Split", "as_numbers", "check_counts", "check_positive", "inputs_as_labels",
    "read_only",
]  # fmt: skip


# eq=False: comparing arrays element by element has no single truth value.
@dataclass(frozen=True, eq=False)
class Split:
    """Inputs and labels of one part of a data set.

    Attributes:
        inputs: Array whose first axis counts the examples; a list or a table becomes one.
        labels: Array of the same length.

    >>> len(Split(inputs=np.zeros((3, 8, 8, 1)), labels=np.array([4, 0, 9])))
    3
    """

    inputs: np.ndarray
    labels: np.ndarray

    def __post_init__(self):
        for name in ("inputs", "labels"):
            values = as_numbers(getattr(self, name), name=f"The {name[:-1]} data")
            object.__setattr__(self, name, values)
        if len(self.inputs) != len(self.labels):
            raise ValueError(
                f"The split has {len(self.inputs)} inputs and {len(self.labels)} labels, but needs "
                "one label for each input. Pass arrays whose first axes are equally long."
            )

    def __len__(self):
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """The three splits of a data set: learn from `train`, choose with `validation`, report `test`.

    Attributes:
        train, validation, test: One `Split` each, without common examples.
        class_names: `class_names[label]` is the name of a class.
        name: What the pictures are, such as "CIFAR-10".
    """

    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    name: str = ""


def as_numbers(values, *, name):
    """Return an array of real numbers; raise a ValueError that begins with `name` if it cannot be.

    >>> as_numbers([[1, 2.5]], name="start")
    array([[1. , 2.5]])
    """
    with contextlib.suppress(TypeError, ValueError):
        array = np.asarray(values)
        array = array.astype("float64") if array.dtype.kind in "OSU" else array
        if array.dtype.kind in "biuf":
            return array
    raise ValueError(
        f"{name}, a {type(values).__name__}, must be real numbers: leave out columns of texts and "
        "dates, write classes as numbers from 0, cut all parts to one length."
    )


def read_only(inputs, labels):
    """Return a `Split` whose arrays cannot be overwritten by mistake."""
    inputs.setflags(write=False)
    labels.setflags(write=False)
    return Split(inputs, labels)


def inputs_as_labels(data):
    """Return a `Dataset` whose labels are its inputs: what an autoencoder learns from.

    >>> images = Split(np.zeros((3, 28, 28, 1)), np.array([4, 0, 9]))
    >>> inputs_as_labels(Dataset(images, images, images, class_names=())).train.labels.shape
    (3, 28, 28, 1)
    """
    parts = (Split(part.inputs, part.inputs) for part in (data.train, data.validation, data.test))
    return Dataset(*parts, class_names=data.class_names, name=data.name)


def check_counts(classes, *counts):
    """Raise a `ValueError` if a split is too small to hold one image of each class."""
    for part, count in zip(("train", "validation", "test"), counts, strict=True):
        if not (isinstance(count, Integral) and count >= classes):
            raise ValueError(
                f"{part}_images={count}, but it must be a whole number of at least {classes}: "
                "one image of each class."
            )


def check_positive(**counts):
    """Raise ValueError for the first count that is not a positive integer."""
    for name, count in counts.items():
        if not isinstance(count, Integral) or isinstance(count, bool) or count < 1:
            raise ValueError(
                f"{name}={count!r} is not a whole number above 0. "
                f"Pass {name} as an integer, 1 or more."
            )
