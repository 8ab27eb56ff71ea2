"""Layers that Keras lacks, for autoencoders."""

import math

import keras
from keras import layers, ops

__all__ = ["PixelNoise", "SumPenalty", "Transposed"]

NOISES = ("gaussian", "masking", "salt and pepper")


class PixelNoise(layers.Layer):
    """Disturb images, in training only; `layer(images, training=True)` does it at any time.

    Args:
        kind: "gaussian" adds Gaussian noise, "masking" sets pixels to 0, "salt and pepper" to 0 or
            1 by equal chance.
        noise: Standard deviation of "gaussian", for the others the share of pixels.
        seed: Decides the noise of the first call and of all that follow.

    Raises:
        ValueError: If there is no such kind, or `noise` is negative or a share above 1.

    >>> half = PixelNoise("masking", 0.5, seed=1)(ops.ones((1, 100, 100, 1)), training=True)
    >>> print(f"{float(ops.mean(half)):.1f}")
    0.5
    """

    def __init__(self, kind, noise, *, seed=None, **settings):
        super().__init__(**settings)
        if kind not in NOISES:
            raise ValueError(f"kind={kind!r} is unknown. Pass one of: {', '.join(NOISES)}.")
        if not 0 <= noise < math.inf or (kind != "gaussian" and noise > 1):
            raise ValueError(
                f"noise={noise} does not fit kind={kind!r}. Pass a standard deviation of 0 or more "
                "for 'gaussian', else a share of the pixels from 0 to 1."
            )
        self.kind, self.noise, self.chance = kind, noise, keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        if not training:
            return images
        if self.kind == "gaussian":
            return images + self.noise * keras.random.normal(ops.shape(images), seed=self.chance)
        uniform = keras.random.uniform(ops.shape(images), seed=self.chance)
        ones = (uniform < self.noise / 2) if self.kind == "salt and pepper" else (uniform < 0)
        return ops.where(uniform < self.noise, ops.cast(ones, images.dtype), images)


class SumPenalty(layers.Layer):
    """Pass codes on, and add `l1` times their absolute sum, averaged over the batch, to the loss.

    Keras' own activity regulariser divided by the size of the batch in some versions only.
    """

    def __init__(self, l1, **settings):
        super().__init__(**settings)
        self.l1 = l1

    def call(self, codes):
        self.add_loss(self.l1 * ops.mean(ops.sum(ops.abs(codes), axis=-1)))
        return codes


class Transposed(layers.Layer):
    """A dense layer that uses the kernel of another one, transposed, and its own bias."""

    def __init__(self, layer, *, activation, **settings):
        super().__init__(**settings)
        self.tied_to, self.activation = layer, keras.activations.get(activation)

    def build(self, _):
        self.bias = self.add_weight(shape=self.tied_to.kernel.shape[:1], initializer="zeros")

    def call(self, codes):
        return self.activation(ops.matmul(codes, ops.transpose(self.tied_to.kernel)) + self.bias)
