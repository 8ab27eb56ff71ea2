"""The recurrent layer against Keras, its gradients against TensorFlow and finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lectures_lib.from_scratch import simple_rnn, simple_rnn_backward

BATCH, TIME, FEATURES, UNITS = 3, 6, 2, 4
ACTIVATIONS = ["tanh", "relu", "linear", "sigmoid"]
NAMES = ["inputs", "kernel", "recurrent_kernel", "bias", "initial_state"]


def arguments(seed=0):
    """Return the five arrays, none of them zero and no two axes of one size."""
    rng = np.random.default_rng(seed)
    shapes = [(BATCH, TIME, FEATURES), (FEATURES, UNITS), (UNITS, UNITS), (UNITS,), (BATCH, UNITS)]
    return dict(zip(NAMES, (0.7 * rng.normal(size=shape) for shape in shapes), strict=True))


def keras_layer(given, *, bias=True, **settings):
    layer = keras.layers.SimpleRNN(UNITS, use_bias=bias, dtype="float64", **settings)
    layer.build((None, TIME, FEATURES))
    names = NAMES[1:4] if bias else NAMES[1:3]
    layer.set_weights([given[name] for name in names])
    return layer


def weighted_sum(given, weights, activation):
    return np.sum(weights * simple_rnn(**given, activation=activation))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_states_are_those_of_keras(activation):
    given = arguments()
    layer = keras_layer(given, activation=activation, return_sequences=True)
    expected = layer(given["inputs"], initial_state=given["initial_state"])
    states = simple_rnn(**given, activation=activation)
    assert states.dtype == np.float64 and states.shape == (BATCH, TIME, UNITS)
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-5)
    last = keras_layer(given, activation=activation)
    np.testing.assert_allclose(
        states[:, -1], last(given["inputs"], initial_state=given["initial_state"]), atol=1e-5
    )


def test_default_is_tanh_from_zeros_without_bias():
    given = arguments(1)
    expected = keras_layer(given, bias=False, return_sequences=True)(given["inputs"])
    states = simple_rnn(given["inputs"], given["kernel"], given["recurrent_kernel"])
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-5)
    assert simple_rnn(np.ones((1, 2, 1), int), [[1]], [[1]], [0]).dtype == np.float64


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_those_of_tensorflow(activation):
    given, weights = arguments(2), np.random.default_rng(3).normal(size=(BATCH, TIME, UNITS))
    layer = keras_layer(given, activation=activation, return_sequences=True)
    inputs, initial = tf.Variable(given["inputs"]), tf.Variable(given["initial_state"])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weights * layer(inputs, initial_state=initial))
    variables = [inputs, *(weight.value for weight in layer.weights), initial]
    expected = tape.gradient(loss, variables)
    grads = simple_rnn_backward(weights, **given, activation=activation)
    for name, grad, reference in zip(NAMES, grads, expected, strict=True):
        np.testing.assert_allclose(grad, reference, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_those_of_finite_differences(activation):
    given, weights = arguments(4), np.random.default_rng(5).normal(size=(BATCH, TIME, UNITS))
    grads = simple_rnn_backward(weights, **given, activation=activation)
    for name, grad in zip(NAMES, grads, strict=True):
        assert grad.shape == given[name].shape
        for index in np.ndindex(grad.shape):
            values = []
            for step in (1e-6, -1e-6):
                moved = given[name].copy()
                moved[index] += step
                values.append(weighted_sum(given | {name: moved}, weights, activation))
            difference = (values[0] - values[1]) / 2e-6
            assert grad[index] == pytest.approx(difference, abs=1e-6), (name, index)


def test_a_loss_of_the_last_state_alone_without_bias_and_state():
    given = arguments(6)
    inputs, weights = given["inputs"], np.zeros((BATCH, TIME, UNITS))
    weights[:, -1] = 1.0
    layer = keras_layer(given, bias=False)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(inputs))
    expected = tape.gradient(loss, [weight.value for weight in layer.weights])
    grads = simple_rnn_backward(weights, inputs, given["kernel"], given["recurrent_kernel"])
    np.testing.assert_allclose(grads[1], expected[0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(grads[2], expected[1], rtol=1e-9, atol=1e-9)


def test_arguments_stay_as_they_are():
    given = arguments(7)
    copies = {name: array.copy() for name, array in given.items()}
    for activation in ACTIVATIONS:
        simple_rnn_backward(simple_rnn(**given, activation=activation), **given)
    for name in NAMES:
        np.testing.assert_array_equal(given[name], copies[name])


def test_sigmoid_of_large_numbers_does_not_overflow():
    states = simple_rnn([[[1000.0], [-1000.0]]], [[1.0]], [[0.0]], activation="sigmoid")
    np.testing.assert_array_equal(states.ravel(), [1.0, 0.0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"inputs": np.zeros((TIME, FEATURES))},
            r"inputs has shape \(6, 2\), needs \(batch, time, features\). A single series",
        ),
        ({"kernel": np.zeros((5, UNITS))}, r"kernel has shape \(5, 4\), needs \(2, units\)"),
        (
            {"recurrent_kernel": np.zeros((UNITS, 5))},
            r"recurrent_kernel has shape \(4, 5\), needs \(4, 4\). Units of kernel",
        ),
        ({"bias": np.zeros(5)}, r"bias has shape \(5,\), needs \(4\). One number per unit"),
        (
            {"initial_state": np.zeros(UNITS)},
            r"initial_state has shape \(4,\), needs \(3, 4\). One state per series",
        ),
        (
            {"activation": "softmax"},
            "activation='softmax' is unknown. Use one of tanh, relu, linear, sigmoid",
        ),
    ],
)
def test_errors_name_what_does_not_fit(changes, message):
    for call in (simple_rnn, lambda **given: simple_rnn_backward(np.zeros(1), **given)):
        with pytest.raises(ValueError, match=message):
            call(**(arguments() | changes))


def test_a_gradient_of_the_last_state_only_is_refused():
    message = r"grad_states has shape \(3, 4\), needs \(3, 6, 4\). Use one per output"
    with pytest.raises(ValueError, match=message):
        simple_rnn_backward(np.zeros((BATCH, UNITS)), **arguments())
