"""Keras' LSTM and GRU layers and back-propagation through their gates, written in NumPy.

A gate is a sigmoid of W x + U h_before + b, between 0 (shut) and 1 (open), one for each unit. All
kernels lie in one array, as in Keras: a block of columns for each gate, in the order i, f, g, o
(`lstm`) or z, r, candidate (`gru`).
"""

from typing import NamedTuple

import numpy as np

from lectures_lib.from_scratch.recurrent import (
    ACTIVATIONS,
    outer_sum,
    recurrent_arrays,
    states_before,
)
from lectures_lib.from_scratch.shapes import require_shape

__all__ = ["GRUStates", "Gradients", "LSTMStates", "gru", "gru_backward", "lstm", "lstm_backward"]

sigmoid, sigmoid_slope = ACTIVATIONS["sigmoid"]
tanh, tanh_slope = ACTIVATIONS["tanh"]


class LSTMStates(NamedTuple):
    """Every gate and state of `lstm` at every step: arrays of shape `(batch, time, units)`."""

    input_gate: np.ndarray
    forget_gate: np.ndarray
    candidate: np.ndarray
    output_gate: np.ndarray
    cell: np.ndarray
    hidden: np.ndarray


class GRUStates(NamedTuple):
    """Every gate and state of `gru` at every step: arrays of shape `(batch, time, units)`."""

    update_gate: np.ndarray
    reset_gate: np.ndarray
    candidate: np.ndarray
    hidden: np.ndarray


class Gradients(NamedTuple):
    """Gradients of a layer, each in the shape of what it belongs to.

    `initial_state` is one array for `gru`, and the pair of hidden state and cell for `lstm`.
    """

    inputs: np.ndarray
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    initial_state: np.ndarray | tuple[np.ndarray, np.ndarray]


def _lstm_arrays(inputs, kernel, recurrent_kernel, bias, initial_state):
    """Return the arrays of `lstm` as floats, the hidden state and the cell at the end."""
    pair = (None, None) if initial_state is None else initial_state
    if len(pair) != 2:
        raise ValueError(f"initial_state has {len(pair)} parts, needs 2: hidden state and cell.")
    states = dict(zip(("initial hidden state", "initial cell"), pair, strict=True))
    return recurrent_arrays(inputs, kernel, recurrent_kernel, bias, states, gates=4)


def lstm(inputs, kernel, recurrent_kernel, bias=None, *, initial_state=None):
    """Return every gate and state of Keras' LSTM: C = f C_before + i g, then h = o tanh(C).

    The gates i, f, o are sigmoids and the candidate g a tanh of x K + h_before R + b.

    Args:
        inputs: Series of shape `(batch, time, features)`.
        kernel, recurrent_kernel: Weights K `(features, 4 * units)` and R `(units, 4 * units)`, as
            in Keras: blocks of `units` columns in the order i, f, g, o.
        bias: b, of shape `(4 * units,)`; None for zeros. (Keras starts f's block at one.)
        initial_state: Hidden state and cell before the first step, each `(batch, units)`; None for
            zeros.

    Returns:
        `LSTMStates`; `hidden` is what Keras returns, its last step by default.

    Raises:
        ValueError: If an axis does not fit.

    Hochreiter and Schmidhuber (1997), Neural Computation 9, 1735; with the forget gate of Gers,
    Schmidhuber and Cummins (1999).

    >>> open_, shut, weights = 30.0, -30.0, np.zeros((1, 4))
    >>> keep = lstm(np.zeros((1, 3, 1)), weights, weights, [shut, open_, 0, open_],
    ...             initial_state=([[0.0]], [[0.7]]))
    >>> keep.cell.ravel().round(6).tolist()
    [0.7, 0.7, 0.7]
    """
    given = inputs, kernel, recurrent_kernel, bias, initial_state
    inputs, kernel, recurrent_kernel, bias, hidden, cell = _lstm_arrays(*given)
    driven = np.matmul(inputs, kernel) + bias  # (batch, time, 4 * units), all steps at once
    states = np.empty((6, *driven.shape[:2], hidden.shape[1]), driven.dtype)
    for t in range(driven.shape[1]):
        i, f, g, o = np.split(driven[:, t] + hidden @ recurrent_kernel, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
        cell = f * cell + i * g
        hidden = o * tanh(cell)
        states[:, :, t] = i, f, g, o, cell, hidden
    return LSTMStates(*states)


def lstm_backward(grad_hidden, inputs, kernel, recurrent_kernel, bias=None, *, initial_state=None):
    """Return the gradients of `lstm` by back-propagation through time.

    The gradient of the cell passes from a step to the one before through the forget gate alone,
    where no weight stands, and beside it through the gates, which read the hidden state.

    Args:
        grad_hidden: Gradient of the loss for every hidden state directly, not through later ones;
            shape `(batch, time, units)`, zeros for states that the loss does not use.
        inputs, kernel, recurrent_kernel, bias, initial_state: As for `lstm`.

    Returns:
        `Gradients`.

    Raises:
        ValueError: As `lstm`, and if `grad_hidden` has another shape than the hidden states.

    >>> open_, shut, weights = 30.0, -30.0, np.zeros((1, 4))
    >>> grads = lstm_backward([[[0.0], [0.0], [1.0]]], np.zeros((1, 3, 1)), weights, weights,
    ...                       [shut, 0, 0, open_])
    >>> grads.initial_state[1].round(6).tolist()  # three forget gates of one half
    [[0.125]]
    """
    given = inputs, kernel, recurrent_kernel, bias
    i, f, g, o, cell, hidden = lstm(*given, initial_state=initial_state)
    require_shape("grad_hidden", np.shape(grad_hidden), hidden.shape)
    inputs, kernel, recurrent_kernel, _, hidden_0, cell_0 = _lstm_arrays(*given, initial_state)
    old = states_before(cell, cell_0)
    to_cell = [g * sigmoid_slope(i), old * sigmoid_slope(f), i * tanh_slope(g)]
    to_hidden, cell_to_hidden = tanh(cell) * sigmoid_slope(o), o * tanh_slope(tanh(cell))
    later_hidden, later_cell = np.zeros_like(hidden_0), np.zeros_like(cell_0)
    deltas = np.empty((*hidden.shape[:2], kernel.shape[1]), hidden.dtype)  # for what gates act on
    for t in reversed(range(hidden.shape[1])):
        grad_h = np.asarray(grad_hidden)[:, t] + later_hidden
        grad_c = grad_h * cell_to_hidden[:, t] + later_cell
        blocks = [*(grad_c * slope[:, t] for slope in to_cell), grad_h * to_hidden[:, t]]
        deltas[:, t] = np.concatenate(blocks, axis=1)  # (batch, 4 * units)
        later_hidden, later_cell = deltas[:, t] @ recurrent_kernel.T, grad_c * f[:, t]
    weights = outer_sum(inputs, deltas), outer_sum(states_before(hidden, hidden_0), deltas)
    bias = deltas.sum(axis=(0, 1))
    return Gradients(deltas @ kernel.T, *weights, bias, (later_hidden, later_cell))


def _gru_arrays(inputs, kernel, recurrent_kernel, bias, state, reset_after):
    """Return the arrays of `gru` as floats, the bias split into that of x K and that of h R."""
    given = inputs, kernel, recurrent_kernel, bias, {"initial_state": state}
    *kernels, bias, state = recurrent_arrays(*given, gates=3, bias_rows=(2,) if reset_after else ())
    return *kernels, *(bias if reset_after else (bias, np.zeros_like(bias))), state


def gru(inputs, kernel, recurrent_kernel, bias=None, *, initial_state=None, reset_after=True):
    """Return every gate and state of Keras' GRU: h = z h_before + (1 - z) candidate.

    An update gate z of 1 keeps the old state, as in Cho et al. (2014), arXiv:1406.1078; other
    texts exchange z and 1 - z. z and r are sigmoids of x K + h_before R + b, each of its block.

    Args:
        inputs: Series of shape `(batch, time, features)`.
        kernel, recurrent_kernel: Weights K `(features, 3 * units)` and R `(units, 3 * units)`, as
            in Keras: blocks of `units` columns in the order z, r, candidate.
        bias: With `reset_after` of shape `(2, 3 * units)`, one row for x K and one for h_before R;
            without, `(3 * units,)`. None for zeros.
        initial_state: State before the first step, `(batch, units)`; None for zeros.
        reset_after: Whether r multiplies h_before R, candidate = tanh(x K + b + r (h_before R +
            b')) as in Keras by default, or h_before, candidate = tanh(x K + b + (r h_before) R).

    Returns:
        `GRUStates`; `hidden` is what Keras returns, its last step by default.

    Raises:
        ValueError: If an axis does not fit.

    >>> states = gru(np.zeros((1, 2, 1)), np.zeros((1, 3)), np.zeros((1, 3)), initial_state=[[1.0]])
    >>> states.hidden.ravel().tolist()  # every gate is one half, the candidate is zero
    [0.5, 0.25]
    """
    given = inputs, kernel, recurrent_kernel, bias
    arrays = _gru_arrays(*given, initial_state, reset_after)
    inputs, kernel, recurrent_kernel, bias, linked_bias, hidden = arrays
    driven = np.matmul(inputs, kernel) + bias  # (batch, time, 3 * units), all steps at once
    units = hidden.shape[1]
    states = np.empty((4, *driven.shape[:2], units), driven.dtype)
    for t in range(driven.shape[1]):
        linked = hidden @ recurrent_kernel + linked_bias
        z, r = np.split(sigmoid(driven[:, t] + linked)[:, : 2 * units], 2, axis=1)
        last = linked[:, 2 * units :]
        inner = r * last if reset_after else (r * hidden) @ recurrent_kernel[:, 2 * units :]
        candidate = tanh(driven[:, t, 2 * units :] + inner)
        hidden = z * hidden + (1 - z) * candidate
        states[:, :, t] = z, r, candidate, hidden
    return GRUStates(*states)


def gru_backward(
    grad_hidden, inputs, kernel, recurrent_kernel, bias=None, *, initial_state=None,
    reset_after=True,
):  # fmt: skip
    """Return the gradients of `gru` by back-propagation through time.

    Args:
        grad_hidden: Gradient of the loss for every state directly, not through later ones; shape
            `(batch, time, units)`, zeros for states that the loss does not use.
        inputs, kernel, recurrent_kernel, bias, initial_state, reset_after: As for `gru`.

    Returns:
        `Gradients`.

    Raises:
        ValueError: As `gru`, and if `grad_hidden` has another shape than the states.

    >>> zeros = np.zeros((1, 3))
    >>> gru_backward([[[0.0], [1.0]]], np.zeros((1, 2, 1)), zeros, zeros).initial_state.tolist()
    [[0.25]]
    """
    settings = dict(initial_state=initial_state, reset_after=reset_after)
    z, r, candidate, hidden = gru(inputs, kernel, recurrent_kernel, bias, **settings)
    require_shape("grad_hidden", np.shape(grad_hidden), hidden.shape)
    arrays = _gru_arrays(inputs, kernel, recurrent_kernel, bias, *settings.values())
    inputs, kernel, recurrent_kernel, _, linked_bias, initial = arrays
    old, at = states_before(hidden, initial), 2 * initial.shape[1]
    deltas = np.empty((*hidden.shape[:2], kernel.shape[1]), hidden.dtype)
    later = np.zeros_like(initial)
    for t in reversed(range(hidden.shape[1])):
        grad = np.asarray(grad_hidden)[:, t] + later
        inner = grad * (1 - z[:, t]) * tanh_slope(candidate[:, t])
        through = inner, r[:, t], old[:, t], recurrent_kernel[:, at:], linked_bias[at:], reset_after
        grad_r, later = _candidate_backward(*through)
        grad_z = grad * (old - candidate)[:, t]
        gates = [grad_z * sigmoid_slope(z[:, t]), grad_r * sigmoid_slope(r[:, t])]
        deltas[:, t] = np.concatenate([*gates, inner], axis=1)  # (batch, 3 * units)
        later += grad * z[:, t] + deltas[:, t, :at] @ recurrent_kernel[:, :at].T
    weights = _gru_weight_gradients(deltas, old, r, reset_after)
    return Gradients(deltas @ kernel.T, outer_sum(inputs, deltas), *weights, later)


def _candidate_backward(inner, r, old, recurrent_kernel, bias, reset_after):
    """Return the gradients of a step for r and, through the candidate alone, the old state."""
    if reset_after:
        return inner * (old @ recurrent_kernel + bias), (inner * r) @ recurrent_kernel.T
    product = inner @ recurrent_kernel.T  # gradient for r * old
    return product * old, product * r


def _gru_weight_gradients(deltas, old, r, reset_after):
    """Return the gradients for the recurrent kernel and the bias."""
    at = 2 * old.shape[2]
    bias = deltas.sum(axis=(0, 1))
    if not reset_after:
        parts = outer_sum(old, deltas[..., :at]), outer_sum(r * old, deltas[..., at:])
        return np.concatenate(parts, axis=1), bias
    linked = np.concatenate([deltas[..., :at], r * deltas[..., at:]], axis=2)  # for h_before R + b'
    return outer_sum(old, linked), np.stack([bias, linked.sum(axis=(0, 1))])
