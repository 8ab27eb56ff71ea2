"""Data sets and their splits, as read-only arrays; importing them needs no TensorFlow."""

from lectures_lib.data.cifar10 import (
    CIFAR10_CLASSES,
    DatasetDamaged,
    DatasetUnavailable,
    load_cifar10,
)
from lectures_lib.data.detector import detector_image
from lectures_lib.data.digits import load_digits
from lectures_lib.data.disturb import add_noise, shift_images
from lectures_lib.data.series import noisy_sine
from lectures_lib.data.shapes import load_shapes
from lectures_lib.data.splits import Dataset, Split
from lectures_lib.data.windows import make_windows, split_in_time, split_known

__all__ = [
    "CIFAR10_CLASSES",
    "Dataset",
    "DatasetDamaged",
    "DatasetUnavailable",
    "Split",
    "add_noise",
    "detector_image",
    "load_cifar10",
    "load_digits",
    "load_shapes",
    "make_windows",
    "noisy_sine",
    "shift_images",
    "split_in_time",
    "split_known",
]
