"""Keras' convolution and pooling layers and their gradients, written in NumPy."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lectures_lib.from_scratch.shapes import (
    IMAGE_AXES,
    place_kernel,
    require_int,
    require_shape,
)

__all__ = [
    "average_pool2d", "average_pool2d_backward", "conv2d", "conv2d_backward", "conv2d_transpose",
    "max_pool2d", "max_pool2d_backward",
]  # fmt: skip


def _windows(inputs, window_shape, settings, *, fill=0.0):
    """View a padded copy as (batch, out_height, out_width, channels, *window_shape) and uncut."""
    hint = "Add an axis: inputs[np.newaxis] for the batch, inputs[..., np.newaxis] for channels."
    require_shape("inputs", np.shape(inputs), ("batch", *IMAGE_AXES), hint)
    height, width = np.shape(inputs)[1:3]
    _, top, bottom, span_y = place_kernel(height, kernel_size=window_shape[0], **settings)
    _, left, right, span_x = place_kernel(width, kernel_size=window_shape[1], **settings)
    # Integers become floats, so that padding can be -inf.
    inputs = np.asarray(inputs, dtype=np.result_type(np.asarray(inputs), np.float32))
    padded = np.pad(inputs, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    windows = sliding_window_view(padded, (span_y, span_x), axis=(1, 2), writeable=True)
    s, d = settings["stride"], settings["dilation"]
    return windows[:, ::s, ::s, :, ::d, ::d], padded[:, top : top + height, left : left + width]


def _sum_windows(grad_windows, inputs, settings):
    """Add the gradient of every window entry to the pixel it was read from."""
    zeros = np.zeros(np.shape(inputs), dtype=grad_windows.dtype)
    windows, pixels = _windows(zeros, grad_windows.shape[4:], settings)
    # Windows share pixels, but one position of the kernel never reads a pixel twice.
    for i, j in np.ndindex(grad_windows.shape[4:]):
        windows[..., i, j] += grad_windows[..., i, j]
    return pixels


def _conv_windows(inputs, kernels, settings):
    windows, _ = _windows(inputs, np.shape(kernels)[:2], settings)
    axes = ("kernel_height", "kernel_width", windows.shape[3], "filters")
    require_shape("kernels", np.shape(kernels), axes, "Axis 2 holds the channels of the inputs.")
    return windows


def conv2d(inputs, kernels, bias=None, *, stride=1, padding="valid", dilation=1):
    """Cross-correlate images with kernels (never flipped), as Keras' Conv2D does.

    `inputs` is (batch, height, width, channels), `kernels` (kernel_height, kernel_width, channels,
    filters), `bias` (filters,); returns (batch, out_height, out_width, filters). Wrong axes raise a
    ValueError. The settings are those of `conv_output_size`.

    >>> edge = np.array([0.0, 0.0, 1.0, 1.0]).reshape(1, 1, 4, 1)
    >>> conv2d(edge, np.array([-1.0, 1.0]).reshape(1, 2, 1, 1)).ravel().tolist()
    [0.0, 1.0, 0.0]
    """
    settings = dict(stride=stride, padding=padding, dilation=dilation)
    windows = _conv_windows(inputs, kernels, settings)
    # Summed over channels, kernel_height and kernel_width.
    outputs = np.tensordot(windows, kernels, axes=((3, 4, 5), (2, 0, 1)))
    return outputs if bias is None else outputs + bias


def conv2d_backward(grad_outputs, inputs, kernels, *, stride=1, padding="valid", dilation=1):
    """Return the gradients for the inputs, kernels and bias of `conv2d`, each in its shape."""
    settings = dict(stride=stride, padding=padding, dilation=dilation)
    windows = _conv_windows(inputs, kernels, settings)
    output_shape = (*windows.shape[:3], np.shape(kernels)[3])
    require_shape("grad_outputs", np.shape(grad_outputs), output_shape)
    # (batch, out_height, out_width, kernel_height, kernel_width, channels) before moveaxis
    grad_windows = np.moveaxis(np.tensordot(grad_outputs, kernels, axes=(3, 3)), 5, 3)
    # (channels, kernel_height, kernel_width, filters) before moveaxis
    grad_kernels = np.tensordot(windows, grad_outputs, axes=((0, 1, 2), (0, 1, 2)))
    grad_inputs = _sum_windows(grad_windows, inputs, settings)
    return grad_inputs, np.moveaxis(grad_kernels, 0, 2), np.sum(grad_outputs, axis=(0, 1, 2))


def conv2d_transpose(inputs, kernels, bias=None, *, stride=1, padding="valid"):
    """Put down the kernels, times each pixel, and add them up, as Keras' Conv2DTranspose does.

    Without bias it is the transpose of a matrix, that of `conv2d` with the same kernels and
    settings on images of the size of the outputs: sum(conv2d(x) * y) = sum(x * conv2d_transpose(y))
    for all x and y. It is not the inverse.

    Args:
        inputs: Array of shape `(batch, height, width, channels)`.
        kernels: Array of shape `(kernel_height, kernel_width, filters, channels)`.
        bias: Array of shape `(filters,)`, or none.
        stride: Pixels of the outputs from one pixel of the inputs to the next.
        padding: "same" cuts the outputs to `stride` times the sides of the inputs; "valid" keeps
            also what the kernels put beyond, `max(kernel_size - stride, 0)` pixels more.

    Returns:
        Array of shape `(batch, out_height, out_width, filters)`.

    Raises:
        ValueError: If an axis, the stride or the padding does not fit.

    Source: Dumoulin and Visin (2016), arXiv:1603.07285, section 4.

    >>> ones = np.ones((1, 1, 3, 1))
    >>> conv2d_transpose(ones, np.ones((1, 3, 1, 1)), stride=2)[0, 0].ravel().tolist()
    [1.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0]
    """
    if padding not in ("valid", "same"):
        raise ValueError(f"padding={padding!r}, but it must be 'valid' or 'same'.")
    require_int("stride", stride)
    require_shape("inputs", np.shape(inputs), ("batch", *IMAGE_AXES), "Add an axis for the batch.")
    axes = ("kernel_height", "kernel_width", "filters", np.shape(inputs)[3])
    require_shape("kernels", np.shape(kernels), axes, "Axis 3 holds the channels of the inputs.")
    # (batch, height, width, filters, kernel_height, kernel_width) after moveaxis
    patches = np.moveaxis(np.tensordot(inputs, kernels, axes=(3, 3)), 5, 3)
    beyond = [max(size - stride, 0) if padding == "valid" else 0 for size in np.shape(kernels)[:2]]
    sides = [n * stride + more for n, more in zip(np.shape(inputs)[1:3], beyond, strict=True)]
    outputs = np.empty((len(patches), *sides, patches.shape[3]))
    outputs = _sum_windows(patches, outputs, dict(stride=stride, padding=padding, dilation=1))
    return outputs if bias is None else outputs + bias


def _pool_windows(inputs, pool_size, stride, padding, *, fill=0.0):
    require_int("pool_size", pool_size)
    if isinstance(padding, int | np.integer) and padding >= pool_size:
        raise ValueError(f"padding={padding} must be below pool_size={pool_size}. Lower padding.")
    settings = dict(stride=pool_size if stride is None else stride, padding=padding, dilation=1)
    return _windows(inputs, (pool_size, pool_size), settings, fill=fill)[0], settings


def max_pool2d(inputs, *, pool_size=2, stride=None, padding="valid"):
    """Keep the largest pixel of each window and channel; stride=None means stride=pool_size.

    `inputs` is (batch, height, width, channels), as is the result; padding is never the maximum.

    >>> max_pool2d(np.arange(8.0).reshape(1, 2, 4, 1)).ravel().tolist()
    [5.0, 7.0]
    """
    return _pool_windows(inputs, pool_size, stride, padding, fill=-np.inf)[0].max(axis=(4, 5))


def max_pool2d_backward(grad_outputs, inputs, *, pool_size=2, stride=None, padding="valid"):
    """Give each window's gradient to its maximum; of equal ones to the first, row by row.

    >>> max_pool2d_backward([[[[3.0]]]], np.ones((1, 2, 2, 1)))[0, :, :, 0].tolist()
    [[3.0, 0.0], [0.0, 0.0]]
    """
    windows, settings = _pool_windows(inputs, pool_size, stride, padding, fill=-np.inf)
    require_shape("grad_outputs", np.shape(grad_outputs), windows.shape[:4])
    first = windows.reshape(*windows.shape[:4], -1).argmax(axis=4)[..., np.newaxis]
    grad_windows = np.asarray(grad_outputs)[..., np.newaxis] * (first == np.arange(pool_size**2))
    return _sum_windows(grad_windows.reshape(windows.shape), inputs, settings)


def average_pool2d(inputs, *, pool_size=2, stride=None, padding="valid"):
    """Average each window over its real pixels, not over padding; otherwise as `max_pool2d`."""
    windows, _ = _pool_windows(inputs, pool_size, stride, padding)
    is_pixel, _ = _pool_windows(np.ones_like(inputs), pool_size, stride, padding)
    return windows.sum(axis=(4, 5)) / is_pixel.sum(axis=(4, 5))


def average_pool2d_backward(grad_outputs, inputs, *, pool_size=2, stride=None, padding="valid"):
    """Share each window's gradient equally among its real pixels."""
    is_pixel, settings = _pool_windows(np.ones_like(inputs), pool_size, stride, padding)
    require_shape("grad_outputs", np.shape(grad_outputs), is_pixel.shape[:4])
    shares = grad_outputs / is_pixel.sum(axis=(4, 5))
    return _sum_windows(shares[..., np.newaxis, np.newaxis] * is_pixel, inputs, settings)
