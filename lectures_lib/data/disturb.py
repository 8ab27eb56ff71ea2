"""Disturb images as a detector or a camera would."""

import numpy as np

__all__ = ["add_noise", "shift_images"]


def add_noise(images, *, noise, seed=0):
    """Add Gaussian noise of standard deviation `noise` to each value of the images.

    Args:
        images: Array of any shape; grey values, or red, green and blue.
        noise: In the units of the images.
        seed: Decides the noise.

    Returns:
        A float32 array of the same shape, not cut off at 0 and 1.

    >>> noisy = add_noise(np.zeros((2, 100, 100, 1)), noise=0.1)
    >>> print(f"{noisy.std():.2f}")
    0.10
    """
    if not noise >= 0:
        raise ValueError(f"noise={noise} is no standard deviation. Pass noise=0 or more.")
    rng = np.random.default_rng(seed)
    return (images + noise * rng.standard_normal(images.shape, "float32")).astype("float32")


def shift_images(images, *, down=0, right=0, fill=None):
    """Move images by whole pixels.

    Args:
        images: Array of shape `(images, height, width, channels)`.
        down, right: Pixels; negative ones move up and to the left.
        fill: Value of the pixels that become free; by default those at the edge are repeated.

    Returns:
        An array of the same shape.

    >>> row = np.arange(1, 5).reshape(1, 1, 4, 1)
    >>> shift_images(row, right=1).ravel().tolist()
    [1, 1, 2, 3]
    >>> shift_images(row, right=-2, fill=0).ravel().tolist()
    [3, 4, 0, 0]
    """
    height, width = images.shape[1:3]
    margin = ((0, 0), (abs(down), abs(down)), (abs(right), abs(right)), (0, 0))
    how = {"mode": "edge"} if fill is None else {"constant_values": fill}
    top, left = abs(down) - down, abs(right) - right
    return np.pad(images, margin, **how)[:, top : top + height, left : left + width]
