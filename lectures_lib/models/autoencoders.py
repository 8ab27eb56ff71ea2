"""Autoencoders: networks that give back their input through a code.

Every one, also the variational one, has two halves as attributes: `encoder`, a Keras model from
inputs to codes, and `decoder`, from codes to outputs. They share their weights with the whole,
before and after training. They learn from `data.inputs_as_labels(...)`, by `training.fit`.
"""

import functools
import math

import keras
from keras import layers, ops

from lectures_lib.models.checks import begin
from lectures_lib.models.layers import SumPenalty, Transposed

__all__ = [
    "Autoencoder", "convolutional_autoencoder", "encoder_classifier", "linear_autoencoder",
    "sparse_autoencoder", "stacked_autoencoder",
]  # fmt: skip

MNIST = (28, 28, 1)


class Autoencoder(keras.Sequential):
    """Layers in a row, of which the one named "code" ends the encoder.

    Attributes:
        encoder: Keras model of the layers up to "code".
        decoder: Keras model of the layers after it.

    >>> model = linear_autoencoder(latent_dim=2, shape=(3,))
    >>> model.encoder.output_shape, model.decoder.input_shape, model.decoder.output_shape
    ((None, 2), (None, 2), (None, 3))
    """

    @functools.cached_property
    def encoder(self):
        return keras.Sequential([keras.Input(self.input_shape[1:]), *self.layers[: self._end]])

    @functools.cached_property
    def decoder(self):
        code = self.layers[self._end - 1].output
        return keras.Sequential([keras.Input(code.shape[1:]), *self.layers[self._end :]])

    @property
    def _end(self):
        return [layer.name for layer in self.layers].index("code") + 1


def linear_autoencoder(*, latent_dim=30, shape=MNIST, learning_rate=1e-3, seed=0):
    """Build an autoencoder without activations, which can do no better than PCA.

    The rows of `decoder.layers[0].kernel` span the plane on which its outputs lie, displaced by
    the bias.

    Args:
        latent_dim: Size of the code.
        shape: Of one input: `(height, width, channels)` of an image, `(features,)` of a point.
        learning_rate: Step of Adam.
        seed: Decides the initial weights. Sets the seeds of Python, NumPy and Keras.

    Returns:
        A compiled `Autoencoder` from `(examples, *shape)` to the same, with the mean squared error
        as loss.

    Raises:
        ValueError: If `latent_dim` is not a positive integer or `learning_rate <= 0`.

    >>> linear_autoencoder().count_params()  # 784 * 30 + 30 + 30 * 784 + 784
    47854
    """
    begin(seed, learning_rate=learning_rate, latent_dim=latent_dim)
    body = [
        layers.Flatten(),
        layers.Dense(latent_dim, name="code"),
        layers.Dense(math.prod(shape), name="output"),
        layers.Reshape(shape),
    ]
    return _compiled(body, shape=shape, loss="mean_squared_error", learning_rate=learning_rate)


def stacked_autoencoder(
    *, hidden=300, latent_dim=30, tied=False, loss="binary_crossentropy", learning_rate=3e-3, seed=0
):
    """Build a deep autoencoder of digits: 784 - 300 - 30 - 300 - 784 units, SELU, sigmoid.

    The code has no activation.

    Args:
        hidden: Units of the layers before and after the code.
        latent_dim: Size of the code.
        tied: Whether the decoder uses the encoder's weights, transposed, with biases of its own.
        loss: "binary_crossentropy", or "mean_squared_error"; both are means over the pixels.
        learning_rate, seed: As in `linear_autoencoder`.

    Returns:
        A compiled `Autoencoder` from `(images, 28, 28, 1)`, of values from 0 to 1, to the same.

    Raises:
        ValueError: If a size is not a positive integer or `learning_rate <= 0`.

    >>> stacked_autoencoder().count_params(), stacked_autoencoder(tied=True).count_params()
    (489814, 245614)
    """
    begin(seed, learning_rate=learning_rate, hidden=hidden, latent_dim=latent_dim)
    body = _stacked_layers(hidden, latent_dim, tied=tied)
    return _compiled(body, shape=MNIST, loss=loss, learning_rate=learning_rate)


def sparse_autoencoder(*, latent_dim=100, l1=1e-3, learning_rate=1e-3, seed=0):
    """Build an autoencoder of digits whose codes are mostly 0: few strokes add up to an image.

    The code is the ReLU of a dense layer; its sum, times `l1`, is added to the loss. The output is
    linear in the code. Its stroke for each unit, a row of `decoder.layers[0].kernel`, is kept at
    length 1: otherwise small codes times long rows would escape the penalty. The encoder begins
    with the same rows, transposed, so that few units are silent from the start.

    Args:
        latent_dim: Size of the code.
        l1: Weight of the penalty beside the mean squared error of a pixel.
        learning_rate, seed: As in `linear_autoencoder`.

    Returns:
        A compiled `Autoencoder` from `(images, 28, 28, 1)` to the same. The loss is the mean
        squared error plus `l1` times the sum of the code, averaged over the images.

    Raises:
        ValueError: If `latent_dim` is not a positive integer, `l1 < 0` or `learning_rate <= 0`.

    Source: Olshausen and Field (1996), Nature 381, 607, for the idea.

    >>> sparse_autoencoder().count_params()  # 784 * 100 + 100 + 100 * 784 + 784
    157684
    """
    if not l1 >= 0:
        raise ValueError(f"l1={l1} would reward large codes. Pass l1=0 (no penalty) or more.")
    begin(seed, learning_rate=learning_rate, latent_dim=latent_dim)
    one_long = keras.constraints.UnitNorm(axis=1)
    active = layers.Dense(latent_dim, activation="relu", name="active")
    output = layers.Dense(math.prod(MNIST), kernel_constraint=one_long, name="output")
    body = [layers.Flatten(), active, SumPenalty(l1, name="code"), output, layers.Reshape(MNIST)]
    loss = "mean_squared_error"
    model = _compiled(body, shape=MNIST, loss=loss, learning_rate=learning_rate)
    output.kernel.assign(one_long(output.kernel))
    active.kernel.assign(ops.transpose(output.kernel))
    return model


def convolutional_autoencoder(
    *, filters=(16, 32), latent_dim=30, shape=MNIST, learning_rate=3e-3, seed=0
):
    """Build an autoencoder that halves the sides of an image, again and again, and back.

    By 3x3 convolutions of stride 2 and transposed ones, with ReLU; at the end a sigmoid.

    Args:
        filters: Of the convolutions, from the image to the code.
        latent_dim: Size of the code, made by a dense layer without activation; None leaves the
            maps of the last convolution as the code.
        shape: Height, width and channels of an image; each halving needs even sides.
        learning_rate, seed: As in `linear_autoencoder`.

    Returns:
        A compiled `Autoencoder` from `(images, *shape)`, of values from 0 to 1, to the same, with
        the binary cross-entropy as loss.

    Raises:
        ValueError: If a size is not a positive integer, a side cannot be halved so often, or
            `learning_rate <= 0`.

    >>> convolutional_autoencoder().count_params()
    105247
    >>> convolutional_autoencoder(filters=(16, 4), latent_dim=None).encoder.output_shape
    (None, 7, 7, 4)
    """
    sizes = {f"filters[{i}]": size for i, size in enumerate(filters)}
    code = {} if latent_dim is None else {"latent_dim": latent_dim}
    begin(seed, learning_rate=learning_rate, **sizes, **code)
    step = 2 ** len(filters)
    if not filters or shape[0] % step or shape[1] % step:
        raise ValueError(
            f"filters={filters} halves the sides {len(filters)} times, but shape={shape}. Pass at "
            f"least one filter, and a height and width that {step} divides."
        )
    half = dict(kernel_size=3, strides=2, padding="same")
    body = [layers.Conv2D(n, activation="relu", **half) for n in filters]
    body += _code_layers(latent_dim, maps=(shape[0] // step, shape[1] // step, filters[-1]))
    body += [layers.Conv2DTranspose(n, activation="relu", **half) for n in filters[-2::-1]]
    body += [layers.Conv2DTranspose(shape[-1], activation="sigmoid", **half)]
    return _compiled(body, shape=shape, loss="binary_crossentropy", learning_rate=learning_rate)


def encoder_classifier(encoder, *, classes=10, frozen=False, learning_rate=1e-3):
    """Build a classifier: a copy of an encoder, with its weights, and one dense layer on its codes.

    With the encoder of an autoencoder that was not trained it is a plain classifier. The dense
    layer begins with zeros: codes can be large, and random weights times large codes would be firm
    opinions, which few labels do not correct.

    Args:
        encoder: Half of an `Autoencoder`; it stays as it is.
        classes: Number of outputs.
        frozen: Whether the copy keeps its weights in training, so that only the dense layer learns.
        learning_rate: Step of Adam.

    Returns:
        A compiled model from the inputs of the encoder to logits of shape `(images, classes)`, with
        cross-entropy as loss and accuracy as metric.

    Raises:
        ValueError: If `classes` is not a positive integer or `learning_rate <= 0`.

    >>> model = encoder_classifier(convolutional_autoencoder().encoder, frozen=True)
    >>> model.count_params(), sum(values.numpy().size for values in model.trainable_weights)
    (52180, 310)
    """
    begin(learning_rate=learning_rate, classes=classes)
    copy = keras.models.clone_model(encoder)
    copy.set_weights(encoder.get_weights())
    copy.trainable = not frozen
    output = layers.Dense(classes, kernel_initializer="zeros", name="logits")
    model = keras.Sequential([keras.Input(encoder.input_shape[1:]), copy, layers.Flatten(), output])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    return model


def _stacked_layers(hidden, latent_dim, *, tied=False):
    """Return the layers of `stacked_autoencoder`."""
    # The initial weights that keep the variance through SELU: Klambauer et al. (2017).
    selu = dict(activation="selu", kernel_initializer="lecun_normal")
    down = [layers.Dense(hidden, **selu), layers.Dense(latent_dim, name="code")]
    if tied:
        up = [Transposed(down[1], activation="selu"), Transposed(down[0], activation="sigmoid")]
    else:
        up = [layers.Dense(hidden, **selu), layers.Dense(math.prod(MNIST), activation="sigmoid")]
    return [layers.Flatten(), *down, *up, layers.Reshape(MNIST)]


def _code_layers(latent_dim, *, maps):
    """Return the layers between the maps of the encoder and those of the decoder."""
    if latent_dim is None:
        return [layers.Identity(name="code")]
    back = [layers.Dense(math.prod(maps), activation="relu"), layers.Reshape(maps)]
    return [layers.Flatten(), layers.Dense(latent_dim, name="code"), *back]


def _compiled(body, *, shape, loss, learning_rate):
    """Put the input before the layers of `body`, and compile."""
    model = Autoencoder([keras.Input(shape), *body])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=loss)
    return model
