"""Keras' convolutional network layers and their gradients, written in NumPy."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

__all__ = [
    "average_pool2d", "average_pool2d_backward", "conv2d", "conv2d_backward", "conv_output_size",
    "cross_entropy", "cross_entropy_backward", "dense", "dense_backward", "max_pool2d",
    "max_pool2d_backward", "output_shapes", "parameter_count", "receptive_field", "relu",
    "relu_backward", "softmax", "softmax_backward",
]  # fmt: skip

IMAGE_AXES = ("height", "width", "channels")
LAYER_SETTINGS = {  # the settings of each kind of layer: its default, or ... if it must be given
    "conv": dict(filters=..., kernel_size=..., stride=1, padding="valid", dilation=1),
    "pool": dict(pool_size=..., stride=None, padding="valid"),
    "relu": {},
    "flatten": {},
    "dense": dict(units=...),
}


def _require_shape(name, shape, axes, hint="Use one per output, settings as forward."):
    """Raise unless `shape` has these axes; an axis given as a number needs that size."""
    fits = [isinstance(axis, str) or axis == n for axis, n in zip(axes, shape, strict=False)]
    if len(shape) != len(axes) or not all(fits):
        raise ValueError(f"{name} has shape {shape}, needs ({', '.join(map(str, axes))}). {hint}")


def _require_int(name, value, *, at_least=1, words=""):
    if not isinstance(value, int | np.integer) or value < at_least:
        raise ValueError(f"{name}={value!r}, but it must be {words}an integer >= {at_least}.")


def _place_kernel(input_size, *, kernel_size, stride, padding, dilation):
    """Return positions, padding before, padding after and spanned pixels along one axis."""
    sizes = dict(input_size=input_size, kernel_size=kernel_size, stride=stride, dilation=dilation)
    for name, value in sizes.items():
        _require_int(name, value)
    span = dilation * (kernel_size - 1) + 1
    before = after = 0
    if padding == "same":
        # ceil(input_size / stride) positions; as in TensorFlow an odd zero goes behind the image.
        total = max((math.ceil(input_size / stride) - 1) * stride + span - input_size, 0)
        before, after = total // 2, total - total // 2
    elif padding != "valid":
        _require_int("padding", padding, at_least=0, words="'valid', 'same' or ")
        before = after = padding
    padded = input_size + before + after
    if span > padded:
        raise ValueError(
            f"The kernel spans {span} pixels (kernel_size={kernel_size}, dilation={dilation}), but "
            f"the padded input has {padded}. Lower kernel_size or dilation, or raise padding."
        )
    return (padded - span) // stride + 1, before, after, span


def conv_output_size(input_size, *, kernel_size, stride=1, padding="valid", dilation=1):
    """Return how many positions a kernel takes along one axis of `input_size` pixels.

    `padding` is "valid" (none), "same" (as TensorFlow) or the number of zeros on each side; see
    Dumoulin and Visin (2016), arXiv:1603.07285. A kernel that does not fit is a ValueError.

    >>> conv_output_size(28, kernel_size=3), conv_output_size(28, kernel_size=3, stride=2)
    (26, 13)
    """
    window = dict(kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)
    return _place_kernel(input_size, **window)[0]


def _windows(inputs, window_shape, settings, *, fill=0.0):
    """View a padded copy as (batch, out_height, out_width, channels, *window_shape) and uncut."""
    hint = "Add an axis: inputs[np.newaxis] for the batch, inputs[..., np.newaxis] for channels."
    _require_shape("inputs", np.shape(inputs), ("batch", *IMAGE_AXES), hint)
    height, width = np.shape(inputs)[1:3]
    _, top, bottom, span_y = _place_kernel(height, kernel_size=window_shape[0], **settings)
    _, left, right, span_x = _place_kernel(width, kernel_size=window_shape[1], **settings)
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
    _require_shape("kernels", np.shape(kernels), axes, "Axis 2 holds the channels of the inputs.")
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
    _require_shape("grad_outputs", np.shape(grad_outputs), output_shape)
    # (batch, out_height, out_width, kernel_height, kernel_width, channels) before moveaxis
    grad_windows = np.moveaxis(np.tensordot(grad_outputs, kernels, axes=(3, 3)), 5, 3)
    # (channels, kernel_height, kernel_width, filters) before moveaxis
    grad_kernels = np.tensordot(windows, grad_outputs, axes=((0, 1, 2), (0, 1, 2)))
    grad_inputs = _sum_windows(grad_windows, inputs, settings)
    return grad_inputs, np.moveaxis(grad_kernels, 0, 2), np.sum(grad_outputs, axis=(0, 1, 2))


def _pool_windows(inputs, pool_size, stride, padding, *, fill=0.0):
    _require_int("pool_size", pool_size)
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
    _require_shape("grad_outputs", np.shape(grad_outputs), windows.shape[:4])
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
    _require_shape("grad_outputs", np.shape(grad_outputs), is_pixel.shape[:4])
    shares = grad_outputs / is_pixel.sum(axis=(4, 5))
    return _sum_windows(shares[..., np.newaxis, np.newaxis] * is_pixel, inputs, settings)


def relu(inputs):
    """Replace negative numbers by 0, in any shape."""
    return np.maximum(inputs, 0)


def relu_backward(grad_outputs, inputs):
    """Pass the gradient on where the input is positive; it is 0 at 0, as in TensorFlow."""
    return np.asarray(grad_outputs) * (np.asarray(inputs) > 0)


def dense(inputs, weights, bias=None):
    """Map (batch, features) to (batch, units) with weights (features, units) and bias (units,)."""
    _require_shape("inputs", np.shape(inputs), ("batch", len(weights)), "Flatten images first.")
    return np.matmul(inputs, weights) + (0 if bias is None else bias)


def dense_backward(grad_outputs, inputs, weights):
    """Return the gradients for the inputs, weights and bias of `dense`, each in its shape."""
    _require_shape("grad_outputs", np.shape(grad_outputs), dense(inputs, weights).shape)
    grad_inputs = np.matmul(grad_outputs, np.transpose(weights))
    grad_weights = np.matmul(np.transpose(inputs), grad_outputs)
    return grad_inputs, grad_weights, np.sum(grad_outputs, axis=0)


def softmax(logits):
    """Turn the last axis, the classes, into probabilities.

    >>> softmax([1000.0, 1000.0]).tolist()
    [0.5, 0.5]
    """
    # Without its maximum no logit overflows exp, and the ratios stay the same.
    exponentials = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_backward(grad_outputs, probabilities):
    """Return the gradient for the logits from the probabilities that `softmax` gave."""
    _require_shape("grad_outputs", np.shape(grad_outputs), np.shape(probabilities))
    mean = np.sum(np.multiply(grad_outputs, probabilities), axis=-1, keepdims=True)
    return np.multiply(probabilities, grad_outputs - mean)


def _label_probabilities(probabilities, labels):
    """Return p[label] of every row, shape (batch,), and the same clipped as Keras clips."""
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    _require_shape("probabilities", probabilities.shape, ("batch", "classes"), "Add an axis.")
    batch, classes = probabilities.shape
    _require_shape("labels", labels.shape, (batch,), "If they are one-hot, use labels.argmax(1).")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels go from {labels.min()} to {labels.max()} ({labels.dtype}), but must be "
            f"integers from 0 to {classes - 1}. Number the classes from 0 or widen the last layer."
        )
    if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
        raise ValueError("A row of probabilities does not sum to 1. Pass softmax(logits).")
    p = probabilities[np.arange(batch), labels]
    return p, np.clip(p, 1e-7, 1 - 1e-7)


def cross_entropy(probabilities, labels):
    """Return the batch mean of -log p[label], clipping p to 1e-7 ... 1 - 1e-7 as Keras does.

    `probabilities` is (batch, classes), `labels` holds (batch,) class numbers.

    >>> cross_entropy([[0.5, 0.5], [0.125, 0.875]], [0, 0]) / math.log(2)
    2.0
    """
    return float(np.mean(-np.log(_label_probabilities(probabilities, labels)[1])))


def cross_entropy_backward(probabilities, labels):
    """Return the gradient for the probabilities; it is 0 where p[label] is clipped.

    Passed on to `softmax_backward` it becomes (probabilities - one_hot) / batch.
    """
    p, clipped = _label_probabilities(probabilities, labels)
    grads = np.zeros(np.shape(probabilities), dtype=p.dtype)
    grads[np.arange(len(p)), labels] = -1 / clipped / len(p) * (p == clipped)
    return grads


def _settings(layer):
    """Return a layer's window settings and its filters or units, None where it has none."""
    kind = layer.get("kind")
    if kind not in LAYER_SETTINGS:
        raise ValueError(f"Layer kind {kind!r} is unknown. Use one of {list(LAYER_SETTINGS)}.")
    s = dict(dilation=1) | LAYER_SETTINGS[kind] | layer
    if layer.keys() - {"kind"} - LAYER_SETTINGS[kind].keys() or ... in s.values():
        raise ValueError(f"{layer} needs the settings {LAYER_SETTINGS[kind]}; ... has no default.")
    units = s.get("filters", s.get("units"))
    _require_int("filters or units", 1 if units is None else units)
    size = s.get("kernel_size", s.get("pool_size"))
    if size is None:
        return None, units
    stride = size if s["stride"] is None else s["stride"]
    window = dict(kernel_size=size, stride=stride, padding=s["padding"], dilation=s["dilation"])
    return window, units


def _walk(layers, input_shape):
    """Yield the output shape and the number of weights and biases of every layer."""
    shape = tuple(input_shape)
    for layer in layers:
        window, units = _settings(layer)
        weights = shape[-1] * (units or 0)
        if window:
            _require_shape("conv or pool input", shape, IMAGE_AXES, "Put flatten after it.")
            weights *= window["kernel_size"] ** 2
            shape = (*[conv_output_size(n, **window) for n in shape[:2]], units or shape[2])
        elif units:
            _require_shape("dense input", shape, ("features",), "Put flatten before it.")
            shape = (units,)
        elif layer["kind"] == "flatten":
            shape = (math.prod(shape),)
        yield shape, weights + units if units else 0


def output_shapes(layers, *, input_shape):
    """Return the shape after every layer (a dict, see LAYER_SETTINGS), without the batch axis.

    >>> conv = {"kind": "conv", "filters": 12, "kernel_size": 3}
    >>> output_shapes([conv, {"kind": "pool", "pool_size": 2}], input_shape=(32, 32, 3))
    [(30, 30, 12), (15, 15, 12)]
    """
    return [shape for shape, _ in _walk(layers, input_shape)]


def parameter_count(layers, *, input_shape):
    """Return the number of weights and biases of every layer."""
    return [count for _, count in _walk(layers, input_shape)]


def receptive_field(layers):
    """Return the side in input pixels of the window that one unit after `layers` sees.

    >>> receptive_field([{"kind": "conv", "filters": 4, "kernel_size": 3}] * 2)
    5
    """
    side = jump = 1  # jump: input pixels between neighbouring units
    for layer in layers:
        window, _ = _settings(layer)
        if layer["kind"] in ("flatten", "dense"):
            raise ValueError(f"A unit after {layer} sees the whole image. Stop before that layer.")
        if window:
            side += window["dilation"] * (window["kernel_size"] - 1) * jump
            jump *= window["stride"]
    return side
