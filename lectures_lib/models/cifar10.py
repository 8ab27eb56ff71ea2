"""Networks for the 32x32 pictures of CIFAR-10."""

import keras

from lectures_lib.models.checks import check_dropout, check_rates, check_sizes

__all__ = ["cifar_cnn", "cifar_deeper", "cifar_dense"]

SHAPE = (32, 32, 3)
CLASSES = 10


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
    check_rates(l2=0, learning_rate=learning_rate)
    check_dropout(dropout)
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
    check_rates(l2=0, learning_rate=learning_rate)
    check_dropout(dropout)
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

    The pixels, 0 to 1, are centred and scaled first: otherwise nine of ten hidden units end up
    below zero for every picture, and stay there.

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
    check_sizes(hidden=hidden)
    check_rates(l2=0, learning_rate=learning_rate)
    keras.utils.set_random_seed(seed)
    body = [
        keras.layers.Rescaling(4.0, offset=-2.0),
        keras.layers.Flatten(),
        keras.layers.Dense(hidden, activation="relu"),
    ]
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
    output = keras.layers.Dense(CLASSES, name="logits")
    model = keras.Sequential([keras.Input(SHAPE), *body, output], name=name)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model
