"""A convolution and its pooling as one matrix product, for many networks and the same images."""

import keras
import tensorflow as tf
from keras import layers

__all__ = ["can_fuse", "convolve_and_pool"]


def can_fuse(layer, following=None):
    """Tell whether the largest value of each window can be taken before bias and activation.

    It can be where the activation never decreases, as the bias is the same within a channel.
    """
    return (
        type(layer) is layers.Conv2D
        and type(following) is layers.MaxPooling2D
        and layer.activation in (keras.activations.linear, keras.activations.relu)
        and layer.groups == 1
        and {layer.data_format, following.data_format} == {"channels_last"}
        and following.padding == "valid"
        and following.strides == following.pool_size
    )


def convolve_and_pool(layer, pooling, weights, images):
    """Convolve one batch of images with the kernels of all networks, and keep the largest values.

    Return `(networks, batch, rows, columns, filters)`. As all networks see the same images, each
    of the offsets in the pooling window is a single matrix product, and only a part of its result
    as large as the pooled images goes on to bias and activation.
    """
    kernel, *bias = weights  # (networks, kernel rows, kernel columns, channels, filters)
    networks, *window, _, filters = kernel.shape
    columns = tf.reshape(tf.transpose(kernel, (1, 2, 3, 0, 4)), (-1, networks * filters))
    patches = tf.image.extract_patches(
        images,
        (1, *window, 1),
        (1, *layer.strides, 1),
        (1, *layer.dilation_rate, 1),
        layer.padding.upper(),
    )  # (batch, rows, columns, weights of a filter)
    (p, q), (height, width) = pooling.pool_size, patches.shape[1:3]
    rows, cols = height // p, width // q
    split = tf.reshape(patches[:, : p * rows, : q * cols], (-1, rows, p, cols, q, len(columns)))
    offsets = tf.reshape(tf.transpose(split, (2, 4, 0, 1, 3, 5)), (p * q, -1, len(columns)))
    largest = tf.reshape(_largest_product(offsets, columns), (-1, rows, cols, networks, filters))
    values = tf.transpose(largest, (3, 0, 1, 2, 4))
    return layer.activation(values + bias[0][:, None, None, None] if bias else values)


@tf.custom_gradient
def _largest_product(patches, kernels):
    """Return the largest of the products `patches[i] @ kernels`, element by element.

    TensorFlow's own gradient of a pooling takes as long as all the rest. As there, the first of
    equal values gets the gradient. The patches are data and get none.
    """
    patches = tf.unstack(patches)
    tree = [[patch @ kernels for patch in patches]]
    while len(tree[-1]) > 1:
        tree.append([_larger(*pair) for pair in _pairs(tree[-1])])

    def gradient(upstream):
        parts = [upstream]
        for level in tree[-2::-1]:
            shares = zip(parts, _pairs(level), strict=True)
            parts = [part for above, pair in shares for part in _share(above, *pair)]
        return None, tf.add_n(
            [tf.transpose(p) @ part for p, part in zip(patches, parts, strict=True)]
        )

    return tree[-1][0], gradient


def _pairs(values):
    """Return neighbours two by two; the last one alone if their number is odd."""
    return [values[i : i + 2] for i in range(0, len(values), 2)]


def _larger(first, second=None):
    return first if second is None else tf.maximum(first, second)


def _share(gradient, first, second=None):
    """Give the gradient of the larger value to the one of the two that it came from."""
    if second is None:
        return [gradient]
    to_first = tf.where(first >= second, gradient, 0.0)
    return [to_first, gradient - to_first]
