"""Keras' network layers and their gradients, written in NumPy."""

from lectures_lib.from_scratch.convolution import (
    average_pool2d,
    average_pool2d_backward,
    conv2d,
    conv2d_backward,
    conv2d_transpose,
    max_pool2d,
    max_pool2d_backward,
)
from lectures_lib.from_scratch.feed_forward import (
    cross_entropy,
    cross_entropy_backward,
    dense,
    dense_backward,
    relu,
    relu_backward,
    softmax,
    softmax_backward,
)
from lectures_lib.from_scratch.gated import gru, gru_backward, lstm, lstm_backward
from lectures_lib.from_scratch.latent import PCA, gaussian_kl, pca, principal_angles, reparametrise
from lectures_lib.from_scratch.recurrent import simple_rnn, simple_rnn_backward
from lectures_lib.from_scratch.shapes import (
    conv_output_size,
    output_shapes,
    parameter_count,
    receptive_field,
)

__all__ = [
    "PCA", "average_pool2d", "average_pool2d_backward", "conv2d", "conv2d_backward",
    "conv2d_transpose", "conv_output_size", "cross_entropy", "cross_entropy_backward", "dense",
    "dense_backward", "gaussian_kl", "gru", "gru_backward", "lstm", "lstm_backward",
    "max_pool2d", "max_pool2d_backward", "output_shapes", "parameter_count", "pca",
    "principal_angles", "receptive_field", "relu", "relu_backward", "reparametrise",
    "simple_rnn", "simple_rnn_backward", "softmax", "softmax_backward",
]  # fmt: skip
