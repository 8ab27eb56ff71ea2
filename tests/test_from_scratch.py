"""Every NumPy layer against Keras, every gradient against TensorFlow's GradientTape."""

import itertools
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from lectures_lib.from_scratch import (
    average_pool2d,
    average_pool2d_backward,
    conv2d,
    conv2d_backward,
    conv2d_transpose,
    conv_output_size,
    cross_entropy,
    cross_entropy_backward,
    dense,
    dense_backward,
    max_pool2d,
    max_pool2d_backward,
    output_shapes,
    parameter_count,
    receptive_field,
    relu,
    relu_backward,
    softmax,
    softmax_backward,
)

BATCH, HEIGHT, WIDTH, CHANNELS, FILTERS = 2, 7, 9, 3, 5
PADDINGS = ["valid", "same", 0, 1, 2]
CONV = {"kind": "conv", "filters": 10, "kernel_size": 3, "padding": "same"}
POOL = {"kind": "pool", "pool_size": 2}
POOLS = {
    "max": (max_pool2d, max_pool2d_backward, keras.layers.MaxPooling2D),
    "average": (average_pool2d, average_pool2d_backward, keras.layers.AveragePooling2D),
}


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def images(height=HEIGHT, width=WIDTH):
    return draw(BATCH, height, width, CHANNELS, seed=1)


def assert_close(actual, expected):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def tf_outputs_and_gradients(function, variables, seed=9):
    """Return the outputs, random gradients for them and TensorFlow's for the variables."""
    variables = [tf.Variable(variable) for variable in variables]
    with tf.GradientTape() as tape:
        outputs = function(*variables)
        grad_outputs = draw(*outputs.shape, seed=seed)
        loss = tf.reduce_sum(outputs * grad_outputs)
    return outputs, grad_outputs, tape.gradient(loss, variables)


def tf_pad(inputs, padding, **kwargs):
    """Return the padded inputs and what to ask TensorFlow for afterwards."""
    if isinstance(padding, str):
        return inputs, padding
    pads = [[0, 0], [padding, padding], [padding, padding], [0, 0]]
    return tf.pad(inputs, pads, **kwargs), "valid"


def tf_conv2d(inputs, kernels, bias, *, stride, padding, dilation):
    """Convolve in TensorFlow, which takes a dilation with no stride, and on some processors not.

    The dilated kernel is therefore written out with the zeros between its weights.
    """
    if dilation > 1:
        rows, columns = kernels.shape[:2]
        spread = np.zeros((dilation * (rows - 1) + 1, dilation * (columns - 1) + 1, rows, columns))
        for i, j in np.ndindex(rows, columns):
            spread[i * dilation, j * dilation, i, j] = 1
        kernels = tf.einsum("yxij,ijcf->yxcf", spread.astype("float32"), kernels)
    inputs, padding = tf_pad(inputs, padding)
    return tf.nn.conv2d(inputs, kernels, stride, padding.upper()) + bias


@pytest.mark.parametrize("size", [(7, 9), (8, 6)])
@pytest.mark.parametrize("kernel_shape", [(2, 3), (3, 2), (1, 1)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_conv2d_and_its_gradients_match_tensorflow(stride, padding, dilation, kernel_shape, size):
    settings = dict(stride=stride, padding=padding, dilation=dilation)
    inputs = images(*size)
    kernels = draw(*kernel_shape, CHANNELS, FILTERS, seed=2)
    bias = draw(FILTERS, seed=3)
    expected, grad_outputs, expected_grads = tf_outputs_and_gradients(
        lambda *variables: tf_conv2d(*variables, **settings), [inputs, kernels, bias]
    )
    assert_close(conv2d(inputs, kernels, bias, **settings), expected)
    grads = conv2d_backward(grad_outputs, inputs, kernels, **settings)
    for grad, expected_grad in zip(grads, expected_grads, strict=True):
        assert_close(grad, expected_grad)


@pytest.mark.parametrize(
    "stride, padding, dilation",
    [*itertools.product([1, 2, 3], ["valid", "same"], [1]), (1, "valid", 2), (1, "same", 2)],
)
def test_conv2d_matches_the_keras_layer(stride, padding, dilation):
    layer = keras.layers.Conv2D(
        FILTERS, (2, 3), strides=stride, padding=padding, dilation_rate=dilation
    )
    layer.build((None, HEIGHT, WIDTH, CHANNELS))
    kernels, bias = draw(2, 3, CHANNELS, FILTERS, seed=2), draw(FILTERS, seed=3)
    layer.set_weights([kernels, bias])
    settings = dict(stride=stride, padding=padding, dilation=dilation)
    assert_close(conv2d(images(), kernels, bias, **settings), layer(images()))
    layer.set_weights([kernels, 0 * bias])
    assert_close(conv2d(images(), kernels, **settings), layer(images()))


@pytest.mark.parametrize("size", [(1, 4), (3, 2), (5, 6)])
@pytest.mark.parametrize("kernel_shape", [(2, 3), (4, 1), (5, 4)])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_conv2d_transpose_matches_the_keras_layer(stride, padding, kernel_shape, size):
    layer = keras.layers.Conv2DTranspose(FILTERS, kernel_shape, strides=stride, padding=padding)
    layer.build((None, *size, CHANNELS))
    kernels, bias = draw(*kernel_shape, FILTERS, CHANNELS, seed=2), draw(FILTERS, seed=3)
    layer.set_weights([kernels, bias])
    settings = dict(stride=stride, padding=padding)
    assert_close(conv2d_transpose(images(*size), kernels, bias, **settings), layer(images(*size)))
    layer.set_weights([kernels, 0 * bias])
    assert_close(conv2d_transpose(images(*size), kernels, **settings), layer(images(*size)))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride, kernel_shape", [(1, (2, 3)), (2, (3, 2)), (3, (2, 5))])
def test_conv2d_transpose_is_the_transposed_matrix(stride, kernel_shape, padding):
    settings = dict(stride=stride, padding=padding)
    y, kernels = draw(1, 3, 4, FILTERS, seed=1), draw(*kernel_shape, CHANNELS, FILTERS, seed=2)
    up = conv2d_transpose(y, kernels, **settings)
    x = draw(*up.shape, seed=3)
    down = conv2d(x, kernels, **settings)
    assert down.shape == y.shape
    assert np.sum(down * y) == pytest.approx(np.sum(x * up), rel=1e-4)
    # Column by column: conv2d of a unit vector is a column, conv2d_transpose of one a row.
    ones = np.eye(x.size)[[0, x.size // 2, x.size - 1]].reshape(3, *x.shape[1:])
    rows = conv2d_transpose(np.eye(y.size).reshape(-1, *y.shape[1:]), kernels, **settings)
    columns = conv2d(ones, kernels, **settings).reshape(3, -1)
    assert_close(columns, rows.reshape(y.size, -1)[:, [0, x.size // 2, x.size - 1]].T)
    assert np.any(columns != 0, axis=1).sum() >= 2


def test_conv2d_transpose_puts_down_the_kernel_unflipped():
    impulse = np.zeros((1, 2, 3, 1))
    impulse[0, 1, 2] = 10.0
    kernel = np.arange(6.0).reshape(2, 3, 1, 1)
    output = conv2d_transpose(impulse, kernel, stride=3)[0, :, :, 0]
    assert output.shape == (6, 9)
    np.testing.assert_array_equal(output[3:5, 6:9], 10 * kernel[..., 0, 0])
    assert output.sum() == 10 * kernel.sum()


def test_conv2d_does_not_change_its_arguments():
    inputs, kernels = images(), draw(2, 3, CHANNELS, FILTERS)
    copies = inputs.copy(), kernels.copy()
    outputs = conv2d(inputs, kernels, np.ones(FILTERS))
    conv2d_backward(outputs, inputs, kernels)
    np.testing.assert_array_equal(inputs, copies[0])
    np.testing.assert_array_equal(kernels, copies[1])


def tf_pool(inputs, pool_class, *, pool_size, stride, padding):
    if not isinstance(padding, int):
        layer = pool_class(pool_size, strides=stride, padding=padding)
        return layer(inputs)
    if pool_class is keras.layers.MaxPooling2D:
        padded, valid = tf_pad(inputs, padding, constant_values=float("-inf"))
        return pool_class(pool_size, strides=stride, padding=valid)(padded)
    # Sums over the padded image divided by sums over equally padded ones: real pixels only.
    pool = pool_class(pool_size, strides=stride)
    return pool(tf_pad(inputs, padding)[0]) / pool(tf_pad(tf.ones_like(inputs), padding)[0])


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("size", [(7, 9), (8, 6)])
@pytest.mark.parametrize("padding", ["valid", "same", 1])
@pytest.mark.parametrize("stride", [None, 1, 2, 3])
@pytest.mark.parametrize("pool_size", [2, 3])
@pytest.mark.parametrize("with_ties", [False, True])
def test_pooling_and_its_gradient_match_keras(name, size, padding, stride, pool_size, with_ties):
    forward, backward, pool_class = POOLS[name]
    settings = dict(pool_size=pool_size, stride=stride, padding=padding)
    inputs = images(*size) - 3  # mostly negative, so that a padding zero would be the maximum
    if with_ties:
        inputs = np.round(inputs)
    expected, grad_outputs, [expected_grad] = tf_outputs_and_gradients(
        lambda x: tf_pool(x, pool_class, **settings), [inputs]
    )
    assert_close(forward(inputs, **settings), expected)
    assert_close(backward(grad_outputs, inputs, **settings), expected_grad)


@pytest.mark.parametrize("name", POOLS)
def test_pooling_defaults_are_those_of_keras(name):
    forward, backward, pool_class = POOLS[name]
    expected, grad_outputs, [expected_grad] = tf_outputs_and_gradients(pool_class(2), [images()])
    assert_close(forward(images()), expected)
    assert_close(backward(grad_outputs, images()), expected_grad)


def test_integer_images_are_pooled_and_convolved_as_floats():
    inputs = -np.arange(9, dtype="int8").reshape(1, 3, 3, 1)  # int8 has no -inf for the padding
    settings = dict(pool_size=2, stride=2, padding="same")
    maxima = max_pool2d(inputs, **settings)
    assert maxima.ravel().tolist() == [0, -2, -6, -8]
    assert maxima.dtype == np.float32
    assert average_pool2d(inputs, **settings).ravel().tolist() == [-2, -3.5, -6.5, -8]
    assert conv2d(inputs, -np.ones((1, 1, 1, 1))).ravel().tolist() == list(range(9))


def test_relu_and_its_gradient_match_tensorflow():
    inputs = np.round(images())  # contains zeros
    assert np.any(inputs == 0)
    expected, grad_outputs, [expected_grad] = tf_outputs_and_gradients(tf.nn.relu, [inputs])
    assert_close(relu(inputs), expected)
    assert_close(relu_backward(grad_outputs, inputs), expected_grad)


def test_dense_and_its_gradients_match_keras_and_tensorflow():
    inputs, weights, bias = draw(4, 7, seed=1), draw(7, 3, seed=2), draw(3, seed=3)
    layer = keras.layers.Dense(3)
    layer.build((None, 7))
    layer.set_weights([weights, bias])
    assert_close(dense(inputs, weights, bias), layer(inputs))
    assert_close(dense(inputs, weights), layer(inputs) - bias)
    _, grad_outputs, expected_grads = tf_outputs_and_gradients(
        lambda x, w, b: x @ w + b, [inputs, weights, bias]
    )
    grads = dense_backward(grad_outputs, inputs, weights)
    for grad, expected_grad in zip(grads, expected_grads, strict=True):
        assert_close(grad, expected_grad)


def test_softmax_and_its_gradient_match_tensorflow():
    logits = 5 * draw(4, 6)
    expected, grad_outputs, [expected_grad] = tf_outputs_and_gradients(tf.nn.softmax, [logits])
    assert_close(softmax(logits), expected)
    assert_close(softmax_backward(grad_outputs, softmax(logits)), expected_grad)


def test_softmax_of_large_logits_is_finite():
    assert_close(softmax([[1000.0, 1000.0, -1000.0]]), [[0.5, 0.5, 0.0]])


def test_cross_entropy_matches_keras():
    probabilities, labels = softmax(draw(4, 6)), np.array([5, 0, 3, 3])
    expected = keras.losses.SparseCategoricalCrossentropy()(labels, probabilities)
    actual = cross_entropy(probabilities, labels)
    assert type(actual) is float
    assert actual == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize("label", [0, 1])
def test_certain_predictions_are_clipped_as_in_keras(label):
    probabilities = np.array([[1.0, 0.0]])
    expected = keras.losses.SparseCategoricalCrossentropy()(np.array([label]), probabilities)
    actual = cross_entropy(probabilities, [label])
    # Keras normalises again after clipping, which changes the loss by less than 1e-6.
    assert actual == pytest.approx(float(expected), abs=1e-6)
    assert actual == pytest.approx((1e-7, 7 * np.log(10))[label], rel=1e-6)
    assert np.all(cross_entropy_backward(probabilities, [label]) == 0)


def test_cross_entropy_gradient_matches_tensorflow():
    probabilities, labels = softmax(draw(4, 6)), np.array([5, 0, 3, 3])
    variable = tf.Variable(probabilities)
    with tf.GradientTape() as tape:
        clipped = tf.clip_by_value(tf.gather(variable, labels, batch_dims=1), 1e-7, 1 - 1e-7)
        loss = tf.reduce_mean(-tf.math.log(clipped))
    expected = tf.convert_to_tensor(tape.gradient(loss, variable))
    assert_close(cross_entropy_backward(probabilities, labels), expected)


def finite_differences(function, point, step=1e-6):
    grad = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        shift = np.zeros_like(point)
        shift[index] = step
        grad[index] = (function(point + shift) - function(point - shift)) / (2 * step)
    return grad


def test_gradients_match_finite_differences():
    logits, labels = draw(3, 4).astype(float), np.array([1, 3, 3])
    probabilities, grad_outputs = softmax(logits), draw(3, 4, seed=5).astype(float)
    assert_close(
        cross_entropy_backward(probabilities, labels),
        finite_differences(lambda p: cross_entropy(p, labels), probabilities),
    )
    assert_close(
        softmax_backward(grad_outputs, probabilities),
        finite_differences(lambda z: np.sum(grad_outputs * softmax(z)), logits),
    )


def test_softmax_and_cross_entropy_together_have_the_gradient_p_minus_one_hot():
    logits, labels = draw(3, 4).astype(float), np.array([1, 3, 3])
    p = softmax(logits)
    grad = softmax_backward(cross_entropy_backward(p, labels), p)
    np.testing.assert_allclose(grad, (p - np.eye(4)[labels]) / 3, atol=1e-12)
    assert_close(grad, finite_differences(lambda z: cross_entropy(softmax(z), labels), logits))


def count_positions(input_size, kernel_size, stride, padding, dilation):
    """Put the kernel down pixel by pixel and count where all of it lies on the padded input."""
    pixels = range(-padding, input_size + padding)
    starts = itertools.count(-padding, stride)
    fits = (all(start + dilation * i in pixels for i in range(kernel_size)) for start in starts)
    return len(list(itertools.takewhile(bool, fits)))


def test_conv_output_size_counts_the_positions():
    grid = itertools.product(range(1, 10), range(1, 5), range(1, 4), range(4), range(1, 4))
    fitting = 0
    for n, k, s, p, d in grid:
        settings = dict(kernel_size=k, stride=s, padding=p, dilation=d)
        expected = count_positions(n, k, s, p, d)
        if expected:
            assert conv_output_size(n, **settings) == expected, (n, settings)
            fitting += 1
        else:
            with pytest.raises(ValueError, match=f"the padded input has {n + 2 * p}"):
                conv_output_size(n, **settings)
    assert fitting > 1000


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_conv_output_size_matches_keras(padding):
    for n, k, s, d in itertools.product([5, 8, 9, 12], [1, 2, 3], [1, 2, 3, 4], [1, 2]):
        if s > 1 and d > 1:
            continue  # Keras does not offer both
        layer = keras.layers.Conv2D(1, (k, 1), strides=s, padding=padding, dilation_rate=d)
        expected = layer(np.zeros((1, n, 4, 1))).shape[1]
        actual = conv_output_size(n, kernel_size=k, stride=s, padding=padding, dilation=d)
        assert actual == expected, (n, k, s, d)


def keras_model(layers, input_shape):
    built = [keras.Input(input_shape)]
    for layer in layers:
        settings = {name: value for name, value in layer.items() if name != "kind"}
        if "stride" in settings:
            settings["strides"] = settings.pop("stride")
        if "dilation" in settings:
            settings["dilation_rate"] = settings.pop("dilation")
        name = dict(conv="Conv2D", pool="MaxPooling2D", relu="ReLU", flatten="Flatten")
        built.append(getattr(keras.layers, name.get(layer["kind"], "Dense"))(**settings))
    return keras.Sequential(built)


WORKED_EXAMPLE = [
    {"kind": "conv", "filters": 12, "kernel_size": 3, "stride": 1, "padding": "same"},
    {"kind": "relu"},
    {"kind": "pool", "pool_size": 2, "stride": 2, "padding": "valid"},
    {"kind": "flatten"},
    {"kind": "dense", "units": 10},
]
DIGITS = [CONV, POOL, {"kind": "flatten"}, *({"kind": "dense", "units": n} for n in (50, 10))]
DILATED = [
    {"kind": "conv", "filters": 4, "kernel_size": 3, "dilation": 2},
    {"kind": "pool", "pool_size": 3, "stride": 2, "padding": "same"},
    {"kind": "conv", "filters": 6, "kernel_size": 2, "stride": 2},
]


@pytest.mark.parametrize(
    "layers, input_shape",
    [(WORKED_EXAMPLE, (32, 32, 3)), (DIGITS, (8, 8, 1)), (DILATED, (15, 22, 2))],
)
def test_shapes_and_parameters_match_keras(layers, input_shape):
    expected = keras_model(layers, input_shape).layers
    shapes = output_shapes(layers, input_shape=input_shape)
    assert shapes == [layer.output.shape[1:] for layer in expected]
    counts = parameter_count(layers, input_shape=input_shape)
    assert counts == [layer.count_params() for layer in expected]


def test_shapes_and_parameters_of_the_chapter_examples():
    shapes = output_shapes(WORKED_EXAMPLE, input_shape=(32, 32, 3))
    assert shapes == [(32, 32, 12), (32, 32, 12), (16, 16, 12), (3072,), (10,)]
    assert parameter_count(WORKED_EXAMPLE, input_shape=(32, 32, 3)) == [336, 0, 0, 0, 30730]
    assert parameter_count(DIGITS, input_shape=(8, 8, 1)) == [100, 0, 0, 8050, 510]
    assert sum(parameter_count(DIGITS, input_shape=(8, 8, 1))) == 8660


@pytest.mark.parametrize("layer", [CONV | {"padding": 2}, POOL | {"padding": 1}])
def test_shapes_with_padding_as_a_number_match_the_arrays(layer):
    kernels = np.zeros((3, 3, CHANNELS, 10))
    outputs = conv2d(images(), kernels, padding=2) if "filters" in layer else None
    outputs = max_pool2d(images(), padding=1) if outputs is None else outputs
    assert output_shapes([layer], input_shape=(HEIGHT, WIDTH, CHANNELS)) == [outputs.shape[1:]]


def random_network(rng):
    layers = []
    for _ in range(rng.integers(1, 4)):
        stride, dilation = [(1, 1), (2, 1), (3, 1), (1, 2)][rng.integers(4)]
        size = int(rng.integers(1, 4))
        conv = dict(kind="conv", filters=1, kernel_size=size, stride=stride, dilation=dilation)
        pool = dict(kind="pool", pool_size=size) | ({"stride": stride} if stride > 1 else {})
        layers += [conv if rng.random() < 0.6 else pool, {"kind": "relu"}]
    return layers


def seen_by_the_middle_unit(layers, lit):
    """Return which of the lit images make the unit in the middle of the last layer positive.

    Forward only: with kernels of ones and images of zeros and ones nothing can cancel.
    """
    model = keras_model(layers, lit.shape[1:])
    for layer in model.layers:
        layer.set_weights([np.full_like(w, w.ndim > 1) for w in layer.get_weights()])
    outputs = np.asarray(model(lit))
    return outputs[:, outputs.shape[1] // 2, outputs.shape[2] // 2, 0] > 0


@pytest.mark.parametrize("seed", range(20))
def test_receptive_field_matches_the_pixels_that_matter(seed):
    layers = random_network(np.random.default_rng(seed))
    rows_lit = np.eye(90)[:, :, np.newaxis, np.newaxis] * np.ones((1, 1, 90, 1))
    rows = np.flatnonzero(seen_by_the_middle_unit(layers, rows_lit))
    # A stride longer than the next kernel leaves holes, so the extent is compared.
    assert rows[0] > 0 and rows[-1] < 89
    assert np.ptp(rows) + 1 == receptive_field(layers), layers


def test_receptive_field_of_a_known_network_is_filled():
    conv = {"kind": "conv", "filters": 1, "kernel_size": 3}
    layers = [conv, {"kind": "relu"}, POOL, conv, POOL]
    assert receptive_field(layers) == 10
    pixels_lit = np.eye(22 * 22).reshape(-1, 22, 22, 1)
    assert seen_by_the_middle_unit(layers, pixels_lit).sum() == 10 * 10
    assert receptive_field([]) == receptive_field([{"kind": "relu"}]) == 1


PIXELS = np.zeros((2, 7, 9, 3))


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: conv_output_size(4, kernel_size=3, dilation=2),
            r"spans 5 pixels \(kernel_size=3, dilation=2\), but the padded input has 4. "
            "Lower kernel_size or dilation, or raise padding",
        ),
        (lambda: conv_output_size(0, kernel_size=3), "input_size=0.*must be an integer >= 1"),
        (lambda: conv_output_size(4, kernel_size=0), "kernel_size=0, but it must be an integer"),
        (lambda: conv_output_size(4, kernel_size=2.0), r"kernel_size=2\.0, but it must be an int"),
        (lambda: conv_output_size(4, kernel_size=3, stride=0), "stride=0, but it must be"),
        (lambda: conv_output_size(4, kernel_size=3, dilation=-1), "dilation=-1, but it must be"),
        (
            lambda: conv_output_size(4, kernel_size=3, padding="full"),
            "padding='full', but it must be 'valid', 'same' or an integer >= 0",
        ),
        (lambda: conv_output_size(4, kernel_size=3, padding=-1), "padding=-1, but .* >= 0"),
        (
            lambda: conv2d(PIXELS[0], np.zeros((2, 3, 3, 5))),
            r"inputs has shape \(7, 9, 3\), needs \(batch, height, width, channels\). Add an axis",
        ),
        (
            lambda: conv2d(PIXELS, np.zeros((2, 3, 3))),
            r"kernels has shape \(2, 3, 3\), needs \(kernel_height, kernel_width, 3, filters\)",
        ),
        (
            lambda: conv2d(PIXELS, np.zeros((2, 3, 4, 5))),
            r"kernels has shape \(2, 3, 4, 5\), needs \(kernel_height, kernel_width, 3, filters\). "
            "Axis 2 holds the channels of the inputs",
        ),
        (lambda: conv2d(PIXELS, np.zeros((8, 3, 3, 5))), "spans 8 pixels.* input has 7"),
        (lambda: conv2d(PIXELS, np.zeros((2, 3, 3, 5)), stride=0), "stride=0"),
        (
            lambda: conv2d_backward(PIXELS, PIXELS, np.zeros((2, 3, 3, 5))),
            r"grad_outputs has shape \(2, 7, 9, 3\), needs \(2, 6, 7, 5\). Use one per output",
        ),
        (
            lambda: conv2d_transpose(PIXELS, np.zeros((2, 3, 3, 5))),
            r"kernels has shape \(2, 3, 3, 5\), needs \(kernel_height, kernel_width, filters, 3\). "
            "Axis 3 holds the channels of the inputs",
        ),
        (lambda: conv2d_transpose(PIXELS[0], np.zeros((2, 3, 5, 3))), "inputs has .* Add an axis"),
        (
            lambda: conv2d_transpose(PIXELS, np.zeros((2, 3, 5, 3)), padding=1),
            "padding=1, but it must be 'valid' or 'same'",
        ),
        (lambda: conv2d_transpose(PIXELS, np.zeros((2, 3, 5, 3)), stride=0), "stride=0, but it"),
        (lambda: max_pool2d(PIXELS[0]), "inputs has shape .*Add an axis"),
        (lambda: average_pool2d(PIXELS, pool_size=(2, 2)), r"pool_size=\(2, 2\), but it must be"),
        (lambda: max_pool2d(PIXELS, padding=2), "padding=2 must be below pool_size=2. Lower"),
        (lambda: average_pool2d(PIXELS, pool_size=8), "spans 8 pixels.* input has 7"),
        (lambda: max_pool2d_backward(PIXELS, PIXELS), r"grad_outputs .* needs \(2, 3, 4, 3\)"),
        (lambda: average_pool2d_backward(PIXELS, PIXELS), r"grad_outputs .* needs \(2, 3, 4, 3\)"),
        (
            lambda: dense(PIXELS, np.zeros((3, 4))),
            r"inputs has shape \(2, 7, 9, 3\), needs \(batch, 3\). Flatten images first",
        ),
        (lambda: dense(np.zeros((2, 5)), np.zeros((3, 4))), r"\(2, 5\), needs \(batch, 3\)"),
        (
            lambda: dense_backward(np.zeros((2, 3)), np.zeros((2, 5)), np.zeros((5, 4))),
            r"grad_outputs has shape \(2, 3\), needs \(2, 4\)",
        ),
        (lambda: softmax_backward(np.zeros(3), np.zeros((2, 3))), r"grad_outputs .*\(2, 3\)"),
        (lambda: cross_entropy([0.5, 0.5], 0), r"probabilities .* needs \(batch, classes\)"),
        (lambda: cross_entropy([[0.5, 0.5]], [0, 1]), r"labels has shape \(2,\), needs \(1\)"),
        (lambda: cross_entropy([[0.5, 0.5]], [[0, 1]]), r"one-hot, use labels.argmax\(1\)"),
        (lambda: cross_entropy([[0.5, 0.5]], [2]), "labels go from 2 .*integers from 0 to 1"),
        (lambda: cross_entropy([[0.5, 0.5]], [-1]), "labels go from -1 .*integers from 0 to 1"),
        (lambda: cross_entropy_backward([[0.5, 0.5]], [0.0]), r"\(float64\), but must be integers"),
        (lambda: cross_entropy([[3.0, -1.0]], [0]), r"does not sum to 1. Pass softmax\(logits\)"),
        (
            lambda: output_shapes([{"kind": "lstm"}], input_shape=(8,)),
            r"'lstm' is unknown. Use one of \['conv', 'pool', 'relu', 'flatten', 'dense'\]",
        ),
        (lambda: receptive_field([{"filters": 3}]), "kind None is unknown"),
        (
            lambda: output_shapes([CONV | {"strides": 2}], input_shape=(8, 8, 1)),
            "'strides': 2.* needs the settings .*'stride': 1",
        ),
        (
            lambda: parameter_count([{"kind": "dense"}], input_shape=(8,)),
            "{'kind': 'dense'} needs the settings {'units': Ellipsis}; ... has no default",
        ),
        (lambda: output_shapes([CONV | {"filters": 0}], input_shape=(8, 8, 1)), "filters or units"),
        (
            lambda: output_shapes([CONV], input_shape=(8, 8)),
            r"conv or pool input has shape \(8, 8\), needs \(height, width, channels\)",
        ),
        (
            lambda: output_shapes([{"kind": "dense", "units": 2}], input_shape=(8, 8, 1)),
            r"dense input has shape \(8, 8, 1\), needs \(features\). Put flatten before it",
        ),
        (lambda: receptive_field([CONV, {"kind": "flatten"}]), "flatten.*sees the whole image"),
        (lambda: receptive_field(WORKED_EXAMPLE[-1:]), "dense.*sees the whole image"),
    ],
)
def test_errors_say_what_is_wrong_and_what_to_change(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_importing_the_module_does_not_import_tensorflow():
    code = "import sys, lectures_lib.from_scratch; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "lectures_lib.from_scratch" in modules
    assert not {"tensorflow", "keras", "scipy", "matplotlib"} & set(modules)
