"""LSTM and GRU: every gate against Keras' cells, gradients against TensorFlow and differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lectures_lib.from_scratch import gru, gru_backward, lstm, lstm_backward

# batch, time, features, units: all different, one unit, one feature, one step
SIZES = [(3, 6, 2, 4), (2, 5, 4, 3), (1, 7, 3, 1), (4, 1, 1, 2)]
CASES = ["lstm", "gru", "gru_before"]
GATES = {"lstm": 4, "gru": 3, "gru_before": 3}
FORWARD = {
    "lstm": lstm,
    "gru": gru,
    "gru_before": lambda *args, **kwargs: gru(*args, reset_after=False, **kwargs),
}
BACKWARD = {
    "lstm": lstm_backward,
    "gru": gru_backward,
    "gru_before": lambda *args, **kwargs: gru_backward(*args, reset_after=False, **kwargs),
}
WEIGHTS = ["kernel", "recurrent_kernel", "bias"]


def arguments(case, sizes=SIZES[0], seed=0):
    """Return the arrays by name, none of them zero; the initial state of the LSTM is a pair."""
    rng = np.random.default_rng(seed)
    batch, time, features, units = sizes
    columns = GATES[case] * units
    shapes = {
        "inputs": (batch, time, features),
        "kernel": (features, columns),
        "recurrent_kernel": (units, columns),
        "bias": (2, columns) if case == "gru" else (columns,),
    }
    given = {name: 0.8 * rng.normal(size=shape) for name, shape in shapes.items()}
    hidden, cell = 0.8 * rng.normal(size=(2, batch, units))
    return given | {"initial_state": (hidden, cell) if case == "lstm" else hidden}


def keras_layer(case, given, *, bias=True, **settings):
    """Return Keras' layer with our weights."""
    units = given["recurrent_kernel"].shape[0]
    settings = dict(use_bias=bias, dtype="float64", return_sequences=True) | settings
    if case == "lstm":
        layer = keras.layers.LSTM(units, **settings)
    else:
        layer = keras.layers.GRU(units, reset_after=case == "gru", **settings)
    layer.build(given["inputs"].shape)
    layer.set_weights([given[name] for name in (WEIGHTS if bias else WEIGHTS[:2])])
    return layer


def keras_states(given, case):
    """Return Keras' initial state for our argument."""
    return list(given["initial_state"]) if case == "lstm" else given["initial_state"]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("case", CASES)
def test_hidden_states_are_those_of_keras(case, sizes):
    given = arguments(case, sizes)
    layer = keras_layer(case, given, return_state=True)
    hidden, *last = layer(given["inputs"], initial_state=keras_states(given, case))
    states = FORWARD[case](**given)
    batch, time, _, units = sizes
    assert all(state.shape == (batch, time, units) for state in states)
    assert all(state.dtype == np.float64 for state in states)
    np.testing.assert_allclose(states.hidden, hidden, rtol=0, atol=1e-5)
    np.testing.assert_allclose(states.hidden[:, -1], last[0], rtol=0, atol=1e-5)
    if case == "lstm":
        np.testing.assert_allclose(states.cell[:, -1], last[1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_defaults_are_zeros(case):
    given = arguments(case, seed=1)
    arrays = [given[name] for name in ("inputs", "kernel", "recurrent_kernel")]
    expected = keras_layer(case, given, bias=False)(given["inputs"])
    np.testing.assert_allclose(FORWARD[case](*arrays).hidden, expected, rtol=0, atol=1e-5)


def test_the_gru_resets_after_the_product_by_default():
    given = arguments("gru")
    default, after = gru(**given).hidden, gru(**given, reset_after=True).hidden
    np.testing.assert_array_equal(default, after)
    given["bias"] = given["bias"][0]
    before, after = gru(**given, reset_after=False), gru(**given | {"bias": None})
    assert np.abs(before.hidden - after.hidden).max() > 0.01


def logistic(values):
    return 1 / (1 + np.exp(-values))


def lstm_by_equations(inputs, kernel, recurrent_kernel, bias, initial_state):
    """Yield i, f, g, o, C, h of every step from the six equations, a number at a time."""
    (h, c), units = initial_state, recurrent_kernel.shape[0]

    def gate(block, x):
        columns = range(block * units, (block + 1) * units)
        return np.array([
            [kernel[:, j] @ x[b] + recurrent_kernel[:, j] @ h[b] + bias[j] for j in columns]
            for b in range(len(x))
        ])  # fmt: skip

    for x in np.swapaxes(inputs, 0, 1):
        i, f, g, o = (gate(block, x) for block in range(4))
        i, f, g, o = logistic(i), logistic(f), np.tanh(g), logistic(o)
        c = c * f + i * g
        h = o * np.tanh(c)
        yield i, f, g, o, c, h


@pytest.mark.parametrize("sizes", SIZES)
def test_every_gate_of_the_lstm_follows_its_equation(sizes):
    given = arguments("lstm", sizes, seed=2)
    steps = list(lstm_by_equations(**given))
    for k, name in enumerate(lstm(**given)._fields):
        expected = np.stack([step[k] for step in steps], axis=1)
        np.testing.assert_allclose(
            getattr(lstm(**given), name), expected, rtol=0, atol=1e-12, err_msg=name
        )


def test_the_fields_are_in_the_order_of_the_equations():
    assert lstm(**arguments("lstm"))._fields == (
        "input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden",
    )  # fmt: skip
    names = ("update_gate", "reset_gate", "candidate", "hidden")
    assert gru(**arguments("gru"))._fields == names


def probed(given, case, step, overrides):
    """Return hidden state, and cell if any, of Keras' cell at `step` with columns overridden.

    `overrides` gives blocks of columns a bias of their own and no other weight, so that a gate is
    fixed: what is left over in the output is one gate of the original weights.
    """
    units = given["recurrent_kernel"].shape[0]
    changed = {name: given[name].copy() for name in WEIGHTS}
    for block, value in overrides.items():
        columns = slice(block * units, (block + 1) * units)
        changed["kernel"][:, columns] = changed["recurrent_kernel"][:, columns] = 0
        changed["bias"][..., columns] = 0
        changed["bias"].reshape(-1, GATES[case] * units)[0, columns] = value
    states = FORWARD[case](**given)
    old = list(given["initial_state"]) if case == "lstm" else [given["initial_state"]]
    if step > 0:
        names = ("hidden", "cell")[: len(old)]
        old = [getattr(states, name)[:, step - 1] for name in names]
    if case == "lstm":
        cell = keras.layers.LSTMCell(units, dtype="float64")
    else:
        cell = keras.layers.GRUCell(units, reset_after=case == "gru", dtype="float64")
    cell.build(given["inputs"][:, 0].shape)
    cell.set_weights([changed[name] for name in WEIGHTS])
    return [np.asarray(new) for new in cell(given["inputs"][:, step], old)[1]], old


OPEN, SHUT = 40.0, -40.0


@pytest.mark.parametrize("step", [0, 1, 5])
def test_every_gate_of_the_lstm_is_that_of_keras(step):
    given = arguments("lstm", seed=3)
    states = lstm(**given)

    def check(name, expected):
        actual = getattr(states, name)[:, step]
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5, err_msg=name)

    # C = i when f is shut and g = 1; C = g when i is open; C = f C_before when i is shut.
    check("input_gate", probed(given, "lstm", step, {1: SHUT, 2: OPEN})[0][1])
    check("candidate", probed(given, "lstm", step, {0: OPEN, 1: SHUT})[0][1])
    (_, kept), (_, old) = probed(given, "lstm", step, {0: SHUT})
    check("forget_gate", kept / old)
    # h = o tanh(1) when f is shut, i open and g = 1.
    read, _ = probed(given, "lstm", step, {0: OPEN, 1: SHUT, 2: OPEN})
    check("output_gate", read[0] / np.tanh(1.0))
    new, _ = probed(given, "lstm", step, {})
    check("hidden", new[0])
    check("cell", new[1])


@pytest.mark.parametrize("case", ["gru", "gru_before"])
@pytest.mark.parametrize("step", [0, 1, 5])
def test_every_gate_of_the_gru_is_that_of_keras(case, step):
    given = arguments(case, seed=4)
    states = FORWARD[case](**given)

    def check(name, expected):
        actual = getattr(states, name)[:, step]
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5, err_msg=name)

    # h = candidate when z = 0; h = z (h_before - 1) + 1 when the candidate is 1.
    check("candidate", probed(given, case, step, {0: SHUT})[0][0])
    (new,), (old,) = probed(given, case, step, {2: OPEN})
    check("update_gate", (new - 1) / (old - 1))
    check("hidden", probed(given, case, step, {})[0][0])
    # With one link from a unit to itself, the candidate tells r: see the next line.
    diagonal = given | {"recurrent_kernel": given["recurrent_kernel"].copy()}
    diagonal["recurrent_kernel"][:, 8:] = np.eye(4)
    diagonal["bias"] = np.zeros_like(given["bias"]) + given["bias"]
    diagonal["bias"][..., 8:] = 0
    diagonal["kernel"] = given["kernel"].copy()
    diagonal["kernel"][:, 8:] = 0
    states = FORWARD[case](**diagonal)
    (new,), (old,) = probed(diagonal, case, step, {0: SHUT})  # tanh(r h_before)
    check("reset_gate", np.arctanh(new) / old)


def tensorflow_gradients(case, given, weights):
    """Return the gradients of a weighted sum of hidden states by name, the states' at the end."""
    layer = keras_layer(case, given)
    inputs = tf.Variable(given["inputs"])
    states = tf.nest.map_structure(tf.Variable, keras_states(given, case))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weights * layer(inputs, initial_state=states))
    variables = [inputs, *(weight.value for weight in layer.weights), *tf.nest.flatten([states])]
    return tape.gradient(loss, variables)


def flat(gradients):
    """Return our gradients as one list, a pair of initial states as two."""
    *arrays, state = gradients
    return [*arrays, *(state if isinstance(state, tuple) else [state])]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("which", ["all states", "last state"])
def test_gradients_are_those_of_tensorflow(case, sizes, which):
    given = arguments(case, sizes, seed=5)
    weights = np.random.default_rng(6).normal(size=(*sizes[:2], sizes[3]))
    if which == "last state":
        weights[:, :-1] = 0
    expected = tensorflow_gradients(case, given, weights)
    grads = BACKWARD[case](weights, **given)
    assert grads._fields == ("inputs", *WEIGHTS, "initial_state")
    for k, (grad, reference) in enumerate(zip(flat(grads), expected, strict=True)):
        assert grad.shape == reference.shape
        np.testing.assert_allclose(grad, reference, rtol=1e-9, atol=1e-9, err_msg=str(k))


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_finite_differences(case):
    given = arguments(case, (2, 4, 3, 2), seed=7)
    weights = np.random.default_rng(8).normal(size=(2, 4, 2))
    grads = flat(BACKWARD[case](weights, **given))
    arrays = [given[name] for name in ("inputs", *WEIGHTS)] + flat([given["initial_state"]])

    def loss(arrays):
        *first, state = [*arrays[:4], tuple(arrays[4:]) if case == "lstm" else arrays[4]]
        return np.sum(weights * FORWARD[case](*first, initial_state=state).hidden)

    for k, grad in enumerate(grads):
        for index in np.ndindex(grad.shape):
            values = []
            for step in (1e-6, -1e-6):
                moved = [array.copy() for array in arrays]
                moved[k][index] += step
                values.append(loss(moved))
            assert grad[index] == pytest.approx(np.diff(values)[0] / -2e-6, abs=1e-7), (k, index)


@pytest.mark.parametrize("case", CASES)
def test_a_loss_without_bias_and_initial_state(case):
    given, weights = arguments(case, seed=9), np.random.default_rng(10).normal(size=(3, 6, 4))
    layer = keras_layer(case, given, bias=False)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weights * layer(given["inputs"]))
    expected = tape.gradient(loss, [weight.value for weight in layer.weights])
    arrays = [given[name] for name in ("inputs", "kernel", "recurrent_kernel")]
    grads = BACKWARD[case](weights, *arrays)
    np.testing.assert_allclose(grads.kernel, expected[0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(grads.recurrent_kernel, expected[1], rtol=1e-9, atol=1e-9)
    assert grads.bias.shape == given["bias"].shape


@pytest.mark.parametrize(("features", "units"), [(1, 250), (250, 250), (3, 5), (5, 3)])
@pytest.mark.parametrize("case", CASES)
def test_parameters_are_as_many_as_the_formula_says(case, features, units):
    formula = {
        "lstm": 4 * units * (features + units + 1),
        "gru": 3 * units * (features + units + 2),
        "gru_before": 3 * units * (features + units + 1),
    }
    given = arguments(case, (1, 1, features, units))
    assert sum(given[name].size for name in WEIGHTS) == formula[case]
    assert keras_layer(case, given).count_params() == formula[case]


def test_the_gradient_along_the_cell_line_is_the_product_of_the_forget_gates():
    given = arguments("lstm", seed=11)
    given["recurrent_kernel"] = np.zeros_like(given["recurrent_kernel"])  # gates: of inputs only
    states = lstm(**given)
    product = np.prod(states.forget_gate, axis=1)
    hidden, cell = given["initial_state"]
    step = 1e-6
    up, down = (
        lstm(**given | {"initial_state": (hidden, cell + sign * step)}).cell[:, -1]
        for sign in (1, -1)
    )
    np.testing.assert_allclose((up - down) / (2 * step), product, rtol=0, atol=1e-9)
    weights = np.zeros_like(states.hidden)
    weights[:, -1] = 1
    last = states.output_gate[:, -1] * (1 - np.tanh(states.cell[:, -1]) ** 2)
    grad_hidden, grad_cell = lstm_backward(weights, **given).initial_state
    np.testing.assert_allclose(grad_cell, last * product, rtol=1e-12)
    np.testing.assert_array_equal(grad_hidden, 0)
    given = arguments("lstm", seed=11)  # with links, the gates carry gradient too
    states = lstm(**given)
    last = states.output_gate[:, -1] * (1 - np.tanh(states.cell[:, -1]) ** 2)
    grad = lstm_backward(weights, **given).initial_state[1]
    assert np.abs(grad - last * np.prod(states.forget_gate, axis=1)).max() > 1e-3


@pytest.mark.parametrize("case", CASES)
def test_lists_of_integers_become_floats_and_arguments_stay(case):
    columns = GATES[case]
    bias = [[0] * columns] * 2 if case == "gru" else [0] * columns
    states = FORWARD[case]([[[1], [2]]], [[1] * columns], [[1] * columns], bias)
    assert states.hidden.dtype == np.float64 and 0 < states.hidden.min() < states.hidden.max() < 1
    given, weights = arguments(case, seed=12), np.ones((3, 6, 4))
    copies = tf.nest.map_structure(np.copy, given)
    BACKWARD[case](weights, **given)
    tf.nest.map_structure(np.testing.assert_array_equal, given, copies)
    small = tf.nest.map_structure(np.float32, given)
    assert {state.dtype for state in FORWARD[case](**small)} == {np.dtype("float32")}


def test_gates_of_large_numbers_do_not_overflow():
    weights, link = [[1000.0] * 4], np.zeros((1, 4))
    states = lstm([[[1.0], [-1.0]]], weights, link)
    np.testing.assert_array_equal(states.forget_gate.ravel(), [1.0, 0.0])
    np.testing.assert_array_equal(states.cell.ravel(), [1.0, 0.0])
    states = gru([[[-1.0], [1.0]]], weights[0][:3] * np.ones((1, 3)), link[:, :3])
    np.testing.assert_array_equal(states.hidden.ravel(), [-1.0, -1.0])


@pytest.mark.parametrize(
    ("case", "changes", "message"),
    [
        (
            "lstm",
            {"inputs": np.zeros((6, 2))},
            r"inputs has shape \(6, 2\), needs \(batch, time, features\). A single series",
        ),
        ("lstm", {"kernel": np.zeros((5, 16))}, r"kernel has shape \(5, 16\), needs \(2, 4 \* un"),
        ("lstm", {"kernel": np.zeros((2, 18))}, r"18 columns, needs 4 \* units: a block for each"),
        ("gru", {"kernel": np.zeros((2, 13))}, r"kernel has 13 columns, needs 3 \* units"),
        (
            "lstm",
            {"recurrent_kernel": np.zeros((4, 4))},
            r"recurrent_kernel has shape \(4, 4\), needs \(4, 16\). Units of kernel",
        ),
        ("lstm", {"bias": np.zeros(4)}, r"bias has shape \(4,\), needs \(16\). One number per"),
        ("gru", {"bias": np.zeros(12)}, r"bias has shape \(12,\), needs \(2, 12\). One number"),
        ("gru_before", {"bias": np.zeros((2, 12))}, r"bias has shape \(2, 12\), needs \(12\)"),
        ("lstm", {"initial_state": np.zeros((3, 4))}, "initial_state has 3 parts, needs 2: hidden"),
        (
            "lstm",
            {"initial_state": (np.zeros(4), np.zeros((3, 4)))},
            r"initial hidden state has shape \(4,\), needs \(3, 4\). One state per series",
        ),
        (
            "lstm",
            {"initial_state": (np.zeros((3, 4)), np.zeros((3, 5)))},
            r"initial cell has shape \(3, 5\), needs \(3, 4\). One state per series",
        ),
        ("gru", {"initial_state": np.zeros((1, 4))}, r"initial_state has shape \(1, 4\), needs"),
    ],
)
def test_errors_name_what_does_not_fit(case, changes, message):
    given = arguments(case) | changes
    with pytest.raises(ValueError, match=message):
        FORWARD[case](**given)
    with pytest.raises(ValueError, match=message):
        BACKWARD[case](np.zeros((3, 6, 4)), **given)


@pytest.mark.parametrize("case", CASES)
def test_a_gradient_of_the_last_state_only_is_refused(case):
    message = r"grad_hidden has shape \(3, 4\), needs \(3, 6, 4\). Use one per output"
    with pytest.raises(ValueError, match=message):
        BACKWARD[case](np.zeros((3, 4)), **arguments(case))
