"""Networks for the 8x8 digits of scikit-learn."""

import keras

from lectures_lib.models.checks import begin

__all__ = ["digits_cnn", "digits_dense", "digits_linear"]

SHAPE = (8, 8, 1)
CLASSES = 10


def digits_cnn(*, filters=10, kernel_size=3, hidden=50, l2=0.0, learning_rate=0.1, seed=0):
    """Build the convolutional network of the digits chapter: one convolution, one hidden layer.

    Architecture: M. Hjorth-Jensen's lectures on machine learning in physics (code C2), after
    Y. LeCun et al., Proc. IEEE 86 (1998) 2278.

    Args:
        filters: Feature maps of the convolution.
        kernel_size: Rows and columns of a kernel, in pixels; the padding keeps 8x8 pixels.
        hidden: Units of the dense hidden layer.
        l2: Coefficient of the sum of squared weights (not biases) of all layers in the loss.
        learning_rate: Step of plain stochastic gradient descent.
        seed: Decides the initial weights. Sets the seeds of Python, NumPy and Keras.

    Returns:
        A compiled model from `(images, 8, 8, 1)` to probabilities of shape `(images, 10)`, with
        cross-entropy as loss and accuracy as metric.

    Raises:
        ValueError: If a size is not a positive integer, `l2 < 0` or `learning_rate <= 0`.

    >>> digits_cnn().count_params()  # 10 * (9 + 1) + (160 + 1) * 50 + (50 + 1) * 10
    8660
    """
    sizes = dict(filters=filters, kernel_size=kernel_size, hidden=hidden)
    begin(seed, learning_rate=learning_rate, l2=l2, **sizes)
    body = [
        keras.layers.Conv2D(
            filters,
            kernel_size,
            padding="same",
            activation="relu",
            kernel_regularizer=keras.regularizers.L2(l2),
            name="convolution",
        ),
        keras.layers.MaxPooling2D(2, name="pooling"),
        keras.layers.Flatten(name="flatten"),
        _dense(hidden, activation="relu", l2=l2, name="hidden"),
    ]
    return _classifier(body, l2=l2, learning_rate=learning_rate, name="digits_cnn")


def digits_dense(*, hidden=115, l2=0.0, learning_rate=0.1, seed=0):
    """Build the dense baseline of `digits_cnn`: it sees 64 pixels without their neighbourhood.

    With `hidden` units there are `65 * hidden + (hidden + 1) * 10` parameters. The default of 115
    gives 8,635, the nearest to the 8,660 of `digits_cnn`.

    Args:
        hidden: Units of the hidden layer.
        l2, learning_rate, seed: As in `digits_cnn`.

    Returns:
        A compiled model from `(images, 8, 8, 1)` to probabilities of shape `(images, 10)`.

    Raises:
        ValueError: If `hidden` is not a positive integer, `l2 < 0` or `learning_rate <= 0`.

    >>> digits_dense().count_params()
    8635
    """
    begin(seed, learning_rate=learning_rate, l2=l2, hidden=hidden)
    body = [
        keras.layers.Flatten(name="flatten"),
        _dense(hidden, activation="relu", l2=l2, name="hidden"),
    ]
    return _classifier(body, l2=l2, learning_rate=learning_rate, name="digits_dense")


def digits_linear(*, l2=0.0, learning_rate=0.1, seed=0):
    """Build the linear baseline of `digits_cnn`: softmax regression without a hidden layer.

    Args:
        l2, learning_rate, seed: As in `digits_cnn`.

    Returns:
        A compiled model from `(images, 8, 8, 1)` to probabilities of shape `(images, 10)`.

    Raises:
        ValueError: If `l2 < 0` or `learning_rate <= 0`.

    >>> digits_linear().count_params()  # (64 + 1) * 10
    650
    """
    begin(seed, learning_rate=learning_rate, l2=l2)
    body = [keras.layers.Flatten(name="flatten")]
    return _classifier(body, l2=l2, learning_rate=learning_rate, name="digits_linear")


def _classifier(body, *, l2, learning_rate, name):
    """Put the input before and the softmax output after the layers of `body`, and compile."""
    output = _dense(CLASSES, activation="softmax", l2=l2, name="output")
    model = keras.Sequential([keras.Input(SHAPE), *body, output], name=name)
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def _dense(units, *, activation, l2, name):
    """Return a dense layer whose weights, but not its biases, are penalised."""
    penalty = keras.regularizers.L2(l2)
    return keras.layers.Dense(units, activation=activation, kernel_regularizer=penalty, name=name)
