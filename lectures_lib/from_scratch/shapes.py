"""Shapes, numbers of weights and receptive fields of layers; errors for wrong shapes."""

import math

import numpy as np

__all__ = [
    "IMAGE_AXES", "LAYER_SETTINGS", "conv_output_size", "output_shapes", "parameter_count",
    "place_kernel", "receptive_field", "require_int", "require_shape",
]  # fmt: skip

IMAGE_AXES = ("height", "width", "channels")
LAYER_SETTINGS = {  # the settings of each kind of layer: its default, or ... if it must be given
    "conv": dict(filters=..., kernel_size=..., stride=1, padding="valid", dilation=1),
    "pool": dict(pool_size=..., stride=None, padding="valid"),
    "relu": {},
    "flatten": {},
    "dense": dict(units=...),
}


def require_shape(name, shape, axes, hint="Use one per output, settings as forward."):
    """Raise unless `shape` has these axes; an axis given as a number needs that size."""
    fits = [isinstance(axis, str) or axis == n for axis, n in zip(axes, shape, strict=False)]
    if len(shape) != len(axes) or not all(fits):
        raise ValueError(f"{name} has shape {shape}, needs ({', '.join(map(str, axes))}). {hint}")


def require_int(name, value, *, at_least=1, words=""):
    """Raise unless `value` is an integer that is large enough; `words` says what else it can be."""
    if not isinstance(value, int | np.integer) or value < at_least:
        raise ValueError(f"{name}={value!r}, but it must be {words}an integer >= {at_least}.")


def place_kernel(input_size, *, kernel_size, stride, padding, dilation):
    """Return positions, padding before, padding after and spanned pixels along one axis."""
    sizes = dict(input_size=input_size, kernel_size=kernel_size, stride=stride, dilation=dilation)
    for name, value in sizes.items():
        require_int(name, value)
    span = dilation * (kernel_size - 1) + 1
    before = after = 0
    if padding == "same":
        # ceil(input_size / stride) positions; as in TensorFlow an odd zero goes behind the image.
        total = max((math.ceil(input_size / stride) - 1) * stride + span - input_size, 0)
        before, after = total // 2, total - total // 2
    elif padding != "valid":
        require_int("padding", padding, at_least=0, words="'valid', 'same' or ")
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
    return place_kernel(input_size, **window)[0]


def _settings(layer):
    """Return a layer's window settings and its filters or units, None where it has none."""
    kind = layer.get("kind")
    if kind not in LAYER_SETTINGS:
        raise ValueError(f"Layer kind {kind!r} is unknown. Use one of {list(LAYER_SETTINGS)}.")
    s = dict(dilation=1) | LAYER_SETTINGS[kind] | layer
    if layer.keys() - {"kind"} - LAYER_SETTINGS[kind].keys() or ... in s.values():
        raise ValueError(f"{layer} needs the settings {LAYER_SETTINGS[kind]}; ... has no default.")
    units = s.get("filters", s.get("units"))
    require_int("filters or units", 1 if units is None else units)
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
            require_shape("conv or pool input", shape, IMAGE_AXES, "Put flatten after it.")
            weights *= window["kernel_size"] ** 2
            shape = (*[conv_output_size(n, **window) for n in shape[:2]], units or shape[2])
        elif units:
            require_shape("dense input", shape, ("features",), "Put flatten before it.")
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
