"""Recurrent networks that read a stretch of a series and give one number."""

import keras

from lectures_lib.models.checks import begin

__all__ = ["series_gru", "series_lstm", "series_rnn", "sine_rnn"]


def sine_rnn(*, num_steps=4, hidden=32, one_step=False, learning_rate=1e-3, seed=0):
    """Build the recurrent network of the noisy sine: one recurrent layer, two dense ones.

    Architecture: M. Hjorth-Jensen's lectures on machine learning in physics (code C4).

    Args:
        num_steps: Values of the series that the network reads.
        hidden: Units of the recurrent layer.
        one_step: Whether the recurrent layer gets all values at once, as features of a single
            step, as in the lecture. Then its recurrent weights are never used.
        learning_rate: Step of RMSprop.
        seed: Decides the initial weights. Sets the seeds of Python, NumPy and Keras.

    Returns:
        A compiled model from `(windows, num_steps, 1)` to `(windows, 1)`, with the mean squared
        error as loss.

    Raises:
        ValueError: If a size is not a positive integer or `learning_rate <= 0`.

    >>> sine_rnn(one_step=True).count_params()  # 32 * (4 + 32 + 1) + (32 + 1) * 8 + (8 + 1)
    1457
    >>> sine_rnn().count_params()  # 32 * (1 + 32 + 1) + (32 + 1) * 8 + (8 + 1)
    1361
    """
    begin(seed, learning_rate=learning_rate, num_steps=num_steps, hidden=hidden)
    body = [
        *([keras.layers.Reshape((1, num_steps), name="one_step")] if one_step else ()),
        keras.layers.SimpleRNN(hidden, activation="relu", name="recurrent"),
        keras.layers.Dense(8, activation="relu", name="hidden"),
    ]
    return _regression(body, num_steps, keras.optimizers.RMSprop(learning_rate), name="sine_rnn")


def series_rnn(*, num_steps=2, hidden=200, layers=1, activation="tanh", learning_rate=1e-3, seed=0):
    """Build the recurrent network that continues the pairing energies.

    Architectures: M. Hjorth-Jensen's lectures on machine learning in physics. The defaults are
    code C5; `hidden=500, layers=2, activation="sigmoid"` is C6; `num_steps=1` is C9.

    Args:
        hidden: Units of each recurrent layer.
        layers: Recurrent layers, one above the other.
        activation: Activation of the recurrent layers.
        learning_rate: Step of Adam.
        num_steps, seed: As in `sine_rnn`.

    Returns:
        A compiled model from `(windows, num_steps, 1)` to `(windows, 1)`, with the mean squared
        error as loss.

    Raises:
        ValueError: If a size is not a positive integer or `learning_rate <= 0`.

    >>> series_rnn().count_params()  # 200 * (1 + 200 + 1) + (200 + 1)
    40601
    >>> series_rnn(hidden=500, layers=2, activation="sigmoid").count_params()
    752001
    """
    begin(seed, learning_rate=learning_rate, num_steps=num_steps, hidden=hidden, layers=layers)
    body = [
        keras.layers.SimpleRNN(hidden, activation=activation, return_sequences=above > 0)
        for above in reversed(range(layers))
    ]
    return _regression(body, num_steps, keras.optimizers.Adam(learning_rate), name="series_rnn")


def series_lstm(*, num_steps=2, hidden=250, layers=2, learning_rate=1e-3, seed=0):
    """Build the LSTM network that continues the pairing energies.

    Architecture: M. Hjorth-Jensen's lectures on machine learning in physics (code C7).

    Args:
        hidden: Units of each LSTM layer.
        layers: LSTM layers, one above the other.
        num_steps, learning_rate, seed: As in `series_rnn`.

    Returns:
        A compiled model with the inputs, outputs and loss of `series_rnn`.

    Raises:
        ValueError: If a size is not a positive integer or `learning_rate <= 0`.

    >>> series_lstm().count_params()  # 4 * 250 * (1 + 250 + 1) + 4 * 250 * (250 + 250 + 1) + 251
    753251
    """
    begin(seed, learning_rate=learning_rate, num_steps=num_steps, hidden=hidden, layers=layers)
    body = [
        keras.layers.LSTM(hidden, return_sequences=above > 0, unroll=_unroll(num_steps))
        for above in reversed(range(layers))
    ]
    return _regression(body, num_steps, keras.optimizers.Adam(learning_rate), name="series_lstm")


def series_gru(*, num_steps=2, hidden=250, dense=125, learning_rate=1e-3, seed=0):
    """Build the network of two dense and two GRU layers that continues the pairing energies.

    The dense layers treat every value of the window alike. Architecture: M. Hjorth-Jensen's
    lectures on machine learning in physics (code C8).

    Args:
        hidden: Units of each GRU layer.
        dense: Units of each dense layer.
        num_steps, learning_rate, seed: As in `series_rnn`.

    Returns:
        A compiled model with the inputs, outputs and loss of `series_rnn`.

    Raises:
        ValueError: If a size is not a positive integer or `learning_rate <= 0`.

    >>> [layer.count_params() for layer in series_gru().layers]  # of a GRU: 3 u (n + u + 2)
    [250, 15750, 282750, 376500, 251]
    """
    begin(seed, learning_rate=learning_rate, num_steps=num_steps, hidden=hidden, dense=dense)
    body = [keras.layers.Dense(dense, activation="relu") for _ in range(2)]
    body += [
        keras.layers.GRU(hidden, return_sequences=first, unroll=_unroll(num_steps))
        for first in (True, False)
    ]
    return _regression(body, num_steps, keras.optimizers.Adam(learning_rate), name="series_gru")


def _unroll(num_steps):
    """Tell whether to write out the loop over the steps: the same numbers, sooner if few."""
    return num_steps <= 10


def _regression(body, num_steps, optimizer, *, name):
    """Put the input before and one linear output after the layers of `body`, and compile."""
    output = keras.layers.Dense(1, name="output")
    model = keras.Sequential([keras.Input((num_steps, 1)), *body, output], name=name)
    model.compile(optimizer=optimizer, loss="mean_squared_error")
    return model
