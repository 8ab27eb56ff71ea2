"""Keras' SimpleRNN layer and back-propagation through time, written in NumPy."""

import numpy as np

from lectures_lib.from_scratch.shapes import require_shape

__all__ = ["simple_rnn", "simple_rnn_backward"]

# The function, and its slope written with the value h that the function gave.
ACTIVATIONS = {
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "relu": (lambda z: np.maximum(z, 0), lambda h: (h > 0).astype(h.dtype)),
    "linear": (lambda z: z, np.ones_like),
    "sigmoid": (lambda z: (1 + np.tanh(z / 2)) / 2, lambda h: h * (1 - h)),
}


def _activation(name):
    """Return the pair of a function and its slope, or raise."""
    if name not in ACTIVATIONS:
        raise ValueError(f"activation={name!r} is unknown. Use one of {', '.join(ACTIVATIONS)}.")
    return ACTIVATIONS[name]


def recurrent_arrays(inputs, kernel, recurrent_kernel, bias, states, *, gates=1, bias_rows=()):
    """Raise unless all shapes fit; return the arrays as floats, zeros for None.

    A kernel has `gates` blocks of one column per unit, and `states` names the initial states.
    """
    hint = "A single series of numbers needs series[np.newaxis, :, np.newaxis]."
    require_shape("inputs", np.shape(inputs), ("batch", "time", "features"), hint)
    batch, _, features = np.shape(inputs)
    axis = "units" if gates == 1 else f"{gates} * units"
    require_shape("kernel", np.shape(kernel), (features, axis), "Axis 0: features of inputs.")
    columns = np.shape(kernel)[1]
    units = columns // gates
    if columns != gates * units:
        raise ValueError(f"kernel has {columns} columns, needs {axis}: a block for each gate.")
    shape = (units, columns)
    require_shape("recurrent_kernel", np.shape(recurrent_kernel), shape, "Units of kernel.")
    shape = (*bias_rows, columns)
    bias = np.zeros(shape, "float32") if bias is None else bias
    require_shape("bias", np.shape(bias), shape, "One number per unit of each block.")
    zeros = np.zeros((batch, units), "float32")
    states = {name: zeros if state is None else state for name, state in states.items()}
    for name, state in states.items():
        require_shape(name, np.shape(state), zeros.shape, "One state per series.")
    arrays = inputs, kernel, recurrent_kernel, bias, *states.values()
    dtype = np.result_type(np.float32, *map(np.asarray, arrays))  # integers become floats
    return [np.asarray(array, dtype) for array in arrays]


def states_before(states, initial):
    """Return the state before each step of `(batch, time, units)`: the last one is left out."""
    return np.concatenate([initial[:, np.newaxis], states], axis=1)[:, :-1]


def outer_sum(left, right):
    """Return the sum over series and steps of the outer products: the gradient of a kernel."""
    return np.tensordot(left, right, axes=((0, 1), (0, 1)))


def simple_rnn(
    inputs, kernel, recurrent_kernel, bias=None, *, initial_state=None, activation="tanh"
):
    """Return the states of all steps of Keras' SimpleRNN: h = f(x K + h_before R + b).

    Args:
        inputs: Series of shape `(batch, time, features)`.
        kernel, recurrent_kernel: Weights K `(features, units)` and R `(units, units)`, as in Keras.
        bias: b, of shape `(units,)`; None for zeros.
        initial_state: State before the first step, `(batch, units)`; None for zeros.
        activation: f: "tanh", "relu", "linear" or "sigmoid".

    Returns:
        States of shape `(batch, time, units)`; the last one is what Keras returns by default.

    Raises:
        ValueError: If an axis does not fit, or the activation is unknown.

    Elman (1990), Cognitive Science 14, 179.

    >>> impulse = np.array([1.0, 0.0, 0.0]).reshape(1, 3, 1)
    >>> simple_rnn(impulse, [[1.0]], [[0.5]], activation="linear").ravel().tolist()
    [1.0, 0.5, 0.25]
    """
    activate, _ = _activation(activation)
    inputs, kernel, recurrent_kernel, bias, state = recurrent_arrays(
        inputs, kernel, recurrent_kernel, bias, {"initial_state": initial_state}
    )
    driven = np.matmul(inputs, kernel) + bias  # (batch, time, units), all steps at once
    states = np.empty_like(driven)
    for t in range(states.shape[1]):
        states[:, t] = state = activate(driven[:, t] + state @ recurrent_kernel)
    return states


def simple_rnn_backward(
    grad_states, inputs, kernel, recurrent_kernel, bias=None, *, initial_state=None,
    activation="tanh",
):  # fmt: skip
    """Return the gradients of `simple_rnn` by back-propagation through time.

    Args:
        grad_states: Gradient of the loss for every state directly, not through later states;
            shape `(batch, time, units)`, zeros for states that the loss does not use.
        inputs, kernel, recurrent_kernel, bias, initial_state, activation: As for `simple_rnn`.

    Returns:
        Gradients for the inputs, kernel, recurrent kernel, bias and initial state, each in its
        shape.

    Raises:
        ValueError: As `simple_rnn`, and if `grad_states` has another shape than the states.

    Werbos (1990), Proceedings of the IEEE 78, 1550.

    >>> last = np.array([0.0, 0.0, 1.0]).reshape(1, 3, 1)
    >>> grads = simple_rnn_backward(last, np.ones((1, 3, 1)), [[1.0]], [[0.5]], activation="linear")
    >>> grads[0].ravel().tolist()
    [0.25, 0.5, 1.0]
    """
    given = inputs, kernel, recurrent_kernel, bias
    states = simple_rnn(*given, initial_state=initial_state, activation=activation)
    require_shape("grad_states", np.shape(grad_states), states.shape)
    arrays = recurrent_arrays(*given, {"initial_state": initial_state})
    inputs, kernel, recurrent_kernel, _, initial = arrays
    _, slope = _activation(activation)
    deltas = slope(states)  # (batch, time, units); becomes the gradient for what f is applied to
    from_later = np.zeros_like(initial)
    for t in reversed(range(states.shape[1])):
        deltas[:, t] *= np.asarray(grad_states)[:, t] + from_later
        from_later = deltas[:, t] @ recurrent_kernel.T
    grad_kernel = outer_sum(inputs, deltas)
    grad_recurrent = outer_sum(states_before(states, initial), deltas)
    return deltas @ kernel.T, grad_kernel, grad_recurrent, deltas.sum(axis=(0, 1)), from_later
