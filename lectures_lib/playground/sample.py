"""What makes a Keras `Sequential` a variational autoencoder: a sampled code, and a summed loss."""

import keras
from keras import ops

__all__ = ["SampledCode", "summed_crossentropy"]


class SampledCode(keras.layers.Layer):
    """Draw a code for each example from the Gaussian that the layer before gives, and price it.

    Inputs are means and logarithms of the variance, `(examples, 2 * latent_dim)`. In training the
    output is a draw, otherwise the mean. `beta` times the divergence of the Gaussian from the
    standard normal distribution, a mean over the examples in nats, is added to the loss.

    Args:
        beta: Weight of the divergence.
        seed: Decides the draws.

    >>> code = SampledCode(beta=0.5)
    >>> outputs = code(ops.array([[2.0, 0.0, 0.0, 0.0]]))
    >>> print(outputs.numpy(), float(code.losses[0]))
    [[2. 0.]] 1.0
    """

    def __init__(self, *, beta=1.0, seed=None, **settings):
        super().__init__(**settings)
        self.beta, self.chance = beta, keras.random.SeedGenerator(seed)

    def compute_output_shape(self, shape):
        return (*shape[:-1], shape[-1] // 2)

    def call(self, inputs, training=False):
        mean, log_variance = ops.split(inputs, 2, axis=-1)
        kl = ops.sum(mean**2 + ops.exp(log_variance) - 1 - log_variance, axis=-1) / 2
        self.add_loss(self.beta * ops.mean(kl))
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), seed=self.chance)
        return mean + ops.exp(log_variance / 2) * noise


def summed_crossentropy(labels, outputs):
    """Return the binary cross-entropy of each example, a sum over its values, in nats.

    >>> float(summed_crossentropy(ops.ones((1, 4)), ops.full((1, 4), 0.5))[0] / ops.log(2.0))
    4.0
    """
    return keras.losses.binary_crossentropy(labels, outputs) * ops.shape(outputs)[-1]
