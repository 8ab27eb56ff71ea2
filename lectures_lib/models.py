"""Keras models of the course, built and compiled; every hyper-parameter is a keyword."""

from numbers import Integral

import keras

__all__ = [
    "cifar_cnn",
    "cifar_deeper",
    "cifar_dense",
    "digits_cnn",
    "digits_dense",
    "digits_linear",
]

DIGITS_SHAPE = (8, 8, 1)
DIGITS_CLASSES = 10
CIFAR_SHAPE = (32, 32, 3)
CIFAR_CLASSES = 10


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
    _check_sizes(filters=filters, kernel_size=kernel_size, hidden=hidden)
    _check_rates(l2=l2, learning_rate=learning_rate)
    keras.utils.set_random_seed(seed)
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
    _check_sizes(hidden=hidden)
    _check_rates(l2=l2, learning_rate=learning_rate)
    keras.utils.set_random_seed(seed)
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
    _check_rates(l2=l2, learning_rate=learning_rate)
    keras.utils.set_random_seed(seed)
    body = [keras.layers.Flatten(name="flatten")]
    return _classifier(body, l2=l2, learning_rate=learning_rate, name="digits_linear")


def cifar_cnn(*, dropout=0.0, batch_norm=False, augment=False, learning_rate=1e-3, seed=0):
    """Build the convolutional network of the CIFAR-10 chapter: three convolutions, logits.

    Architecture: M. Hjorth-Jensen's lectures on machine learning in physics (code C3), which take
    it from TensorFlow's tutorial on convolutional networks. The first three options are ours.

    Args:
        dropout: Share of the 1,024 inputs of the hidden layer that training sets to 0.
        batch_norm: Whether to normalise the feature maps before each activation.
        augment: Whether to train on pictures that are mirrored and moved by chance.
        learning_rate: Step of Adam.
        seed: Decides initial weights, dropout and augmentation. Sets the seeds of Python, NumPy
            and Keras.

    Returns:
        A compiled model from `(images, 32, 32, 3)` to logits of shape `(images, 10)`, with
        cross-entropy as loss and accuracy as metric.

    Raises:
        ValueError: If `dropout` is not a share below 1 or `learning_rate <= 0`.

    >>> cifar_cnn().count_params()  # 896 + 18,496 + 36,928 + 65,600 + 650
    122570
    """
    _check_rates(l2=0, learning_rate=learning_rate)
    _check_dropout(dropout)
    keras.utils.set_random_seed(seed)
    body = [
        *(_augmentation() if augment else ()),
        *_convolution(32, batch_norm=batch_norm, padding="valid"),
        keras.layers.MaxPooling2D(2),
        *_convolution(64, batch_norm=batch_norm, padding="valid"),
        keras.layers.MaxPooling2D(2),
        *_convolution(64, batch_norm=batch_norm, padding="valid"),
        keras.layers.Flatten(),
        *([keras.layers.Dropout(dropout)] if dropout else ()),
        keras.layers.Dense(64, activation="relu"),
    ]
    return _logits(body, learning_rate=learning_rate, name="cifar_cnn")


def cifar_deeper(*, dropout=0.3, learning_rate=3e-3, decay_steps=None, seed=0):
    """Build a network for CIFAR-10 that gets 4 of 5 test pictures right, yet trains in minutes.

    Four convolutions with batch normalisation, on pictures that are mirrored and moved by chance.
    Pooling comes before normalisation and activation, which then have a quarter of the work.

    Args:
        dropout: Share of the 2,048 inputs of the output layer that training sets to 0.
        learning_rate: First step of Adam.
        decay_steps: Steps over which the learning rate falls to 0 along half a cosine; constant if
            it is not given.
        seed: As in `cifar_cnn`.

    Returns:
        A compiled model from `(images, 32, 32, 3)` to logits of shape `(images, 10)`.

    Raises:
        ValueError: As in `cifar_cnn`.

    >>> cifar_deeper().count_params()
    206954
    """
    _check_rates(l2=0, learning_rate=learning_rate)
    _check_dropout(dropout)
    keras.utils.set_random_seed(seed)
    body = _augmentation()
    for filters, pool_size in ((32, 2), (64, 2), (96, 1), (128, 2)):
        body += _convolution(filters, batch_norm=True, padding="same", pool_size=pool_size)
    body += [keras.layers.Flatten(), keras.layers.Dropout(dropout)]
    if decay_steps is not None:
        learning_rate = keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps)
    return _logits(body, learning_rate=learning_rate, name="cifar_deeper")


def cifar_dense(*, hidden=40, learning_rate=1e-3, seed=0):
    """Build the dense baseline of `cifar_cnn`, of nearly the same number of parameters.

    Args:
        hidden: Units of the hidden layer.
        learning_rate, seed: As in `cifar_cnn`.

    Returns:
        A compiled model from `(images, 32, 32, 3)` to logits of shape `(images, 10)`.

    Raises:
        ValueError: If `hidden` is not a positive integer or `learning_rate <= 0`.

    >>> cifar_dense().count_params()  # (3072 + 1) * 40 + (40 + 1) * 10
    123330
    """
    _check_sizes(hidden=hidden)
    _check_rates(l2=0, learning_rate=learning_rate)
    keras.utils.set_random_seed(seed)
    body = [keras.layers.Flatten(), keras.layers.Dense(hidden, activation="relu")]
    return _logits(body, learning_rate=learning_rate, name="cifar_dense")


def _augmentation():
    """Return layers that, in training only, mirror images and move them by up to 3 pixels."""
    return [
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomTranslation(0.1, 0.1, fill_mode="reflect"),
    ]


def _convolution(filters, *, batch_norm, padding, pool_size=1):
    """Return a 3x3 convolution with ReLU, and what is to come between the two."""
    if not batch_norm:
        return [keras.layers.Conv2D(filters, 3, padding=padding, activation="relu")]
    return [
        keras.layers.Conv2D(filters, 3, padding=padding, use_bias=False),
        *([keras.layers.MaxPooling2D(pool_size)] if pool_size > 1 else ()),
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.ReLU(),
    ]


def _logits(body, *, learning_rate, name):
    """Put the input before and ten logits after the layers of `body`, and compile."""
    output = keras.layers.Dense(CIFAR_CLASSES, name="logits")
    model = keras.Sequential([keras.Input(CIFAR_SHAPE), *body, output], name=name)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def _classifier(body, *, l2, learning_rate, name):
    """Put the input before and the softmax output after the layers of `body`, and compile."""
    output = _dense(DIGITS_CLASSES, activation="softmax", l2=l2, name="output")
    model = keras.Sequential([keras.Input(DIGITS_SHAPE), *body, output], name=name)
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


def _check_sizes(**sizes):
    """Raise ValueError for the first size that is not a positive integer."""
    for name, size in sizes.items():
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            raise ValueError(
                f"{name}={size!r} is not a number of units or pixels. "
                f"Pass {name} as a positive integer, 1 or more."
            )


def _check_rates(*, l2, learning_rate):
    """Raise ValueError for a negative penalty or a learning rate that is not positive."""
    if not l2 >= 0:
        raise ValueError(f"l2={l2} would reward large weights. Pass l2=0 (no penalty) or more.")
    if not learning_rate > 0:
        raise ValueError(
            f"learning_rate={learning_rate} does not descend. Pass a learning_rate above 0."
        )


def _check_dropout(dropout):
    """Raise ValueError unless `dropout` is a share that leaves something."""
    if not 0 <= dropout < 1:
        raise ValueError(
            f"dropout={dropout} is not a share of the inputs. Pass 0 (none) or more, below 1."
        )
