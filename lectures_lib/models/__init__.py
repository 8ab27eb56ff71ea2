"""Keras models of the course, built and compiled; every hyper-parameter is a keyword."""

from lectures_lib.models.autoencoders import (
    Autoencoder,
    convolutional_autoencoder,
    encoder_classifier,
    linear_autoencoder,
    sparse_autoencoder,
    stacked_autoencoder,
)
from lectures_lib.models.cifar10 import cifar_cnn, cifar_dense, cifar_residual
from lectures_lib.models.digits import digits_cnn, digits_dense, digits_linear
from lectures_lib.models.layers import PixelNoise
from lectures_lib.models.memory import memory_network
from lectures_lib.models.series import series_gru, series_lstm, series_rnn, sine_rnn
from lectures_lib.models.variational import VariationalAutoencoder, variational_autoencoder

__all__ = [
    "Autoencoder", "PixelNoise", "VariationalAutoencoder", "cifar_cnn", "cifar_dense",
    "cifar_residual", "convolutional_autoencoder", "digits_cnn", "digits_dense", "digits_linear",
    "encoder_classifier", "linear_autoencoder", "memory_network", "series_gru", "series_lstm",
    "series_rnn", "sine_rnn", "sparse_autoencoder", "stacked_autoencoder",
    "variational_autoencoder",
]  # fmt: skip
