"""Networks for the 32x32 pictures of CIFAR-10."""

import functools

import keras
from keras import layers

from lectures_lib.models.checks import begin

__all__ = ["cifar_cnn", "cifar_dense", "cifar_residual"]

SHAPE, CLASSES = (32, 32, 3), 10
batch_normalisation = functools.partial(layers.BatchNormalization, momentum=0.9)
WIDTHS = (24, 48, 64)  # feature maps of the stages, of 16x16, 8x8 and 4x4 pixels


def cifar_cnn(
    *, batch_norm=False, augment=False, learning_rate=1e-3, decay_steps=None, seed=0
):  # fmt: skip
    """Build the convolutional network of the CIFAR-10 chapter: three convolutions, logits.

    Architecture: M. Hjorth-Jensen's lectures on machine learning in physics (code C3), which take
    it from TensorFlow's tutorial on convolutional networks.

    Args:
        batch_norm: Whether to normalise the feature maps before each activation.
        augment: Whether to train on pictures that are mirrored, and moved by up to 3 pixels.
        learning_rate: First step of Adam.
        decay_steps: Steps in which the rate falls to 0 along half a cosine; constant without.
        seed: Decides initial weights. Sets the seeds of Python, NumPy and Keras.

    Returns:
        A compiled model from `(images, 32, 32, 3)` to logits of shape `(images, 10)`, with
        cross-entropy as loss and accuracy as metric.

    Raises:
        ValueError: If `learning_rate <= 0`.

    >>> cifar_cnn().count_params()  # 896 + 18,496 + 36,928 + 65,600 + 650
    122570
    """
    begin(seed, learning_rate=learning_rate)

    def convolve(filters):
        if batch_norm:
            return [layers.Conv2D(filters, 3, use_bias=False), batch_normalisation(), layers.ReLU()]
        return [layers.Conv2D(filters, 3, activation="relu")]

    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            *(_augmentation() if augment else []),
            *convolve(32),
            layers.MaxPooling2D(2),
            *convolve(64),
            layers.MaxPooling2D(2),
            *convolve(64),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(CLASSES, name="logits"),
        ],
        name="cifar_cnn",
    )
    return _compiled(model, learning_rate=learning_rate, decay_steps=decay_steps)


def cifar_dense(*, hidden=40, learning_rate=1e-3, seed=0):
    """Build the dense opponent of `cifar_cnn`; 40 units give it nearly as many parameters.

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
    begin(seed, learning_rate=learning_rate, hidden=hidden)
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Rescaling(4.0, offset=-2.0),
            layers.Flatten(),
            layers.Dense(hidden, activation="relu"),
            layers.Dense(CLASSES, name="logits"),
        ],
        name="cifar_dense",
    )
    return _compiled(model, learning_rate=learning_rate)


def cifar_residual(
    *, residual=True, batch_norm=True, global_pooling=True, augment=True, classes=CLASSES,
    learning_rate=2e-3, decay_steps=None, seed=0,
):  # fmt: skip
    """Build a residual network with fewer weights and multiplications than `cifar_cnn`.

    Three stages of two 3x3 convolutions each; the first halves height and width, the second adds
    to what it reads. The options take out one of its ideas each. Idea of the residual: K. He et
    al., Deep residual learning for image recognition, CVPR 2016.

    Args:
        residual: Whether the second convolution of a stage adds to its input, or replaces it.
        global_pooling: Whether the logits read the mean of each feature map, or all its pixels.
        classes: Number of logits.
        batch_norm, augment, learning_rate, decay_steps, seed: As in `cifar_cnn`.

    Returns:
        A compiled model from `(images, 32, 32, 3)` to logits of shape `(images, classes)`. Called
        as a function it needs `training=False`: Keras' layers augment unless they are told not to.

    Raises:
        ValueError: If `classes` is not a positive integer, or `learning_rate <= 0`.

    >>> cifar_residual().count_params()
    103186
    """
    begin(seed, learning_rate=learning_rate, classes=classes)

    def convolve(values, filters, strides=1):
        options = {"strides": strides, "padding": "same", "use_bias": not batch_norm}
        values = layers.Conv2D(filters, 3, **options)(values)
        return batch_normalisation()(values) if batch_norm else values

    inputs = values = keras.Input(SHAPE)
    for layer in _augmentation() if augment else []:
        values = layer(values)
    for filters in WIDTHS:
        values = layers.ReLU()(convolve(values, filters, strides=2))
        change = convolve(values, filters)
        values = layers.ReLU()(values + change if residual else change)
    pool = layers.GlobalAveragePooling2D if global_pooling else layers.Flatten
    outputs = layers.Dense(classes, name="logits")(pool(name="features")(values))
    model = keras.Model(inputs, outputs, name="cifar_residual")
    return _compiled(model, learning_rate=learning_rate, decay_steps=decay_steps)


def _augmentation():
    flip = layers.RandomFlip("horizontal")
    return [flip, layers.RandomTranslation(0.1, 0.1, fill_mode="reflect")]


def _compiled(model, *, learning_rate, decay_steps=None):
    if decay_steps is not None:
        learning_rate = keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model
