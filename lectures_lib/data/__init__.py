"""Data sets and their splits, as read-only arrays; importing them needs no TensorFlow."""

from lectures_lib.data.charge import charge_records, pulse_train
from lectures_lib.data.cifar10 import (
    CIFAR10_CLASSES,
    DatasetDamaged,
    DatasetUnavailable,
    load_cifar10,
)
from lectures_lib.data.detector import detector_image
from lectures_lib.data.digits import load_digits, read_digit
from lectures_lib.data.disturb import add_noise, shift_images
from lectures_lib.data.memory import (
    adding_series,
    delayed_series,
    parity_series,
    pulse_records,
    recall_series,
)
from lectures_lib.data.mnist import load_mnist
from lectures_lib.data.plane import points_near_plane
from lectures_lib.data.series import SwitchedRecords, noisy_sine, switched_oscillator
from lectures_lib.data.shapes import load_shapes
from lectures_lib.data.splits import Dataset, Split, inputs_as_labels
from lectures_lib.data.windows import make_windows, split_in_time, split_known

__all__ = [
    "CIFAR10_CLASSES", "Dataset", "DatasetDamaged", "DatasetUnavailable", "Split",
    "SwitchedRecords", "add_noise", "adding_series", "charge_records", "delayed_series",
    "detector_image", "inputs_as_labels", "load_cifar10", "load_digits", "load_mnist",
    "load_shapes", "make_windows", "noisy_sine", "parity_series", "points_near_plane",
    "pulse_records", "pulse_train", "read_digit", "recall_series", "shift_images",
    "split_in_time", "split_known", "switched_oscillator",
]  # fmt: skip
