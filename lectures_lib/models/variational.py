"""The variational autoencoder: codes with a distribution, from which new images can be drawn."""

import math

import keras
import tensorflow as tf
from keras import layers, ops

from lectures_lib.models.checks import begin

__all__ = ["VariationalAutoencoder", "variational_autoencoder"]


class VariationalAutoencoder(keras.Model):
    """A variational autoencoder of images with values from 0 to 1.

    The loss is minus the evidence lower bound (ELBO), in nats per image: the binary cross-entropy,
    summed over the pixels, of a code that is sampled once for each image, plus `beta` times the
    divergence of the code's distribution from the standard normal one. Both terms are metrics,
    `reconstruction` and `kl`. Called on images it gives the outputs for the mean codes, without
    chance. Labels are ignored.

    Args:
        encoder: Keras model from images to a pair: mean and logarithm of the variance of the code,
            each `(images, latent_dim)`.
        decoder: Keras model from codes to the probability of white for each pixel.
        beta: Weight of the divergence; 1 for the ELBO.
        seed: Decides the sampled codes.

    Source: Kingma and Welling (2013), arXiv:1312.6114; beta: Higgins et al. (2017), ICLR.
    """

    def __init__(self, encoder, decoder, *, beta=1.0, seed=None, **settings):
        super().__init__(**settings)
        self.encoder, self.decoder, self.beta = encoder, decoder, beta
        self.chance = keras.random.SeedGenerator(seed)
        self.means = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction", "kl")]
        self.build(encoder.input_shape)

    input_shape = property(lambda self: self.encoder.input_shape, doc="Of a batch of images.")

    @property
    def metrics(self):
        """What Keras resets and reports."""
        return self.means

    def call(self, images):
        return self.decoder(self.encoder(images)[0])

    def terms(self, images):
        """Return loss, reconstruction term and divergence, means over the images, in nats."""
        mean, log_variance = self.encoder(images)
        noise = keras.random.normal(ops.shape(mean), seed=self.chance)
        outputs = self.decoder(mean + ops.exp(log_variance / 2) * noise)
        pixels = keras.losses.binary_crossentropy(images[..., None], outputs[..., None])
        reconstruction = ops.sum(pixels) / ops.cast(ops.shape(images)[0], pixels.dtype)
        kl = ops.mean(ops.sum(mean**2 + ops.exp(log_variance) - 1 - log_variance, axis=1)) / 2
        return reconstruction + self.beta * kl, reconstruction, kl

    def train_step(self, data):
        """Move the weights by one step; return the running means of the terms before it."""
        images = keras.utils.unpack_x_y_sample_weight(data)[0]
        with tf.GradientTape() as tape:
            terms = self.terms(images)
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(terms[0], weights), weights)
        return self._count(terms, images)

    def test_step(self, data):
        """Return the running means of the terms, of the weights as they are."""
        images = keras.utils.unpack_x_y_sample_weight(data)[0]
        return self._count(self.terms(images), images)

    def _count(self, terms, images):
        for mean, term in zip(self.means, terms, strict=True):
            mean.update_state(term, sample_weight=ops.shape(images)[0])
        return self.get_metrics_result()


def variational_autoencoder(
    *, latent_dim=2, hidden=200, beta=1.0, shape=(28, 28, 1), learning_rate=3e-3, seed=0
):
    """Build a variational autoencoder with one hidden layer (ReLU) in the encoder and the decoder.

    Args:
        latent_dim, hidden: Size of the code, and units of each hidden layer.
        beta: Weight of the divergence in the loss, 0 or more.
        shape: Height, width and channels of an image.
        learning_rate: Step of Adam.
        seed: Decides initial weights and sampled codes. Sets the seeds of Python, NumPy and Keras.

    Returns:
        A compiled `VariationalAutoencoder` from `(images, *shape)`, of values from 0 to 1.

    Raises:
        ValueError: If a size is not a positive integer, `beta < 0` or `learning_rate <= 0`.

    >>> vae = variational_autoencoder()
    >>> vae.count_params()  # 785 * 200 + 2 * 201 * 2 + 3 * 200 + 201 * 784
    315988
    >>> mean, log_variance = vae.encoder(ops.zeros((5, 28, 28, 1)))
    >>> print(mean.shape, log_variance.shape, vae.decoder(mean).shape)
    (5, 2) (5, 2) (5, 28, 28, 1)
    """
    if not beta >= 0:
        raise ValueError(f"beta={beta} would reward a divergence. Pass beta=0 or more.")
    begin(seed, learning_rate=learning_rate, latent_dim=latent_dim, hidden=hidden)
    images = keras.Input(shape)
    seen = layers.Dense(hidden, activation="relu")(layers.Flatten()(images))
    code = [layers.Dense(latent_dim, name=name)(seen) for name in ("mean", "log_variance")]
    decoder = keras.Sequential([
        keras.Input((latent_dim,)),
        layers.Dense(hidden, activation="relu"),
        layers.Dense(math.prod(shape), activation="sigmoid"),
        layers.Reshape(shape),
    ])  # fmt: skip
    model = VariationalAutoencoder(keras.Model(images, code), decoder, beta=beta, seed=seed)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate))
    return model
