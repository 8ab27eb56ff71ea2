"""Small networks of one recurrent layer, with or without gates, to compare their memories."""

import keras

from lectures_lib.models.checks import begin

__all__ = ["memory_network"]

LAYERS = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def memory_network(
    layer, *, hidden, num_steps, features=1, classes=None, every_step=False, forget_bias=None,
    learning_rate=1e-2, seed=0,
):  # fmt: skip
    """Build a network of one recurrent layer and one dense layer.

    Args:
        layer: "rnn", "gru" or "lstm".
        hidden: Units of the recurrent layer.
        num_steps, features: Steps of a series, and numbers in each step.
        classes: Outputs of a softmax; None for one linear output.
        every_step: Whether the network answers at every step, or only at the last.
        forget_bias: First bias of the forget gates of an LSTM; None for Keras' choice of 1.
        learning_rate: Step of Adam.
        seed: Decides the initial weights. Sets the seeds of Python, NumPy and Keras.

    Returns:
        A compiled model from `(series, num_steps, features)` to `(series, 1)`, with the mean
        squared error as loss, or to probabilities `(series, classes)`, with cross-entropy as loss
        and accuracy as metric; with `every_step` the time is the second axis of the outputs.

    Raises:
        ValueError: If `layer` is unknown, a size is not a positive integer, `learning_rate <= 0`
            or another layer than an LSTM shall get a `forget_bias`.

    >>> sizes = {"rnn": 17, "gru": 9, "lstm": 8}  # nearly the same number of parameters
    >>> networks = [memory_network(k, hidden=n, num_steps=5, features=2) for k, n in sizes.items()]
    >>> [network.count_params() for network in networks]
    [358, 361, 361]
    """
    if layer not in LAYERS:
        raise ValueError(f'layer={layer!r} is not known. Pass "rnn", "gru" or "lstm".')
    if forget_bias is not None and layer != "lstm":
        raise ValueError(
            f"forget_bias={forget_bias} was given for {layer!r}, which has no forget gates. "
            'Leave it out, or pass layer="lstm".'
        )
    sizes = dict(hidden=hidden, num_steps=num_steps, features=features, classes=classes or 1)
    begin(seed, learning_rate=learning_rate, **sizes)
    recurrent = LAYERS[layer](hidden, return_sequences=every_step, unroll=True, name="recurrent")
    output = keras.layers.Dense(classes or 1, activation="softmax" if classes else None)
    model = keras.Sequential([keras.Input((num_steps, features)), recurrent, output], name=layer)
    if forget_bias is not None:
        kernel, recurrent_kernel, bias = recurrent.get_weights()
        bias[hidden : 2 * hidden] = forget_bias  # gates in the order i, f, g, o
        recurrent.set_weights([kernel, recurrent_kernel, bias])
    loss = "sparse_categorical_crossentropy" if classes else "mean_squared_error"
    metrics = ["accuracy"] if classes else None
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=metrics)
    return model
