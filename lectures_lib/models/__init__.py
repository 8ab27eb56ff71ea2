"""Keras models of the course, built and compiled; every hyper-parameter is a keyword."""

from lectures_lib.models.cifar10 import cifar_cnn, cifar_deeper, cifar_dense
from lectures_lib.models.digits import digits_cnn, digits_dense, digits_linear
from lectures_lib.models.series import series_rnn, sine_rnn

__all__ = [
    "cifar_cnn",
    "cifar_deeper",
    "cifar_dense",
    "digits_cnn",
    "digits_dense",
    "digits_linear",
    "series_rnn",
    "sine_rnn",
]
