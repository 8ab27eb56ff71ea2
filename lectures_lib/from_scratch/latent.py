"""Codes of few numbers: principal components, angles between subspaces, Gaussian codes."""

from typing import NamedTuple

import numpy as np

from lectures_lib.from_scratch.shapes import require_int, require_shape

__all__ = ["PCA", "gaussian_kl", "pca", "principal_angles", "reparametrise"]


class PCA(NamedTuple):
    """Principal components of a data set: what `pca` returns.

    Attributes:
        mean: Of the examples, shape `(features,)`.
        axes: Orthonormal rows, shape `(latent_dim, features)`, of falling variance; the sign of
            each is arbitrary.
        variances: Along all principal axes, also those left out; they fall. The squared error of
            a reconstruction, summed over the features, is on average `variances[latent_dim:].sum()`
            for the examples themselves, whose number is the divisor.
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray

    def encode(self, inputs):
        """Return the codes `(examples, latent_dim)` of inputs `(examples, features)`."""
        return (inputs - self.mean) @ self.axes.T

    def decode(self, codes):
        """Return the points `(examples, features)` of codes `(examples, latent_dim)`."""
        return codes @ self.axes + self.mean


def pca(inputs, *, latent_dim):
    """Find the plane of `latent_dim` dimensions nearest to the inputs, by singular values.

    Args:
        inputs: Array of shape `(examples, features)`; it need not be centred.
        latent_dim: Number of axes to keep, at most the smaller of the two sides.

    Returns:
        `PCA`.

    Raises:
        ValueError: If the shape or `latent_dim` does not fit.

    >>> line = pca([[1.0, 1.0], [2.0, 3.0], [3.0, 5.0]], latent_dim=1)
    >>> line.mean.tolist(), abs(line.axes).round(3).tolist(), line.variances.round(3).tolist()
    ([2.0, 3.0], [[0.447, 0.894]], [3.333, 0.0])
    """
    inputs = np.asarray(inputs, dtype=float)
    require_shape("inputs", inputs.shape, ("examples", "features"), "Flatten images first.")
    require_int("latent_dim", latent_dim)
    if latent_dim > min(inputs.shape):
        raise ValueError(
            f"latent_dim={latent_dim}, but {len(inputs)} examples of {inputs.shape[1]} features "
            f"have {min(inputs.shape)} axes at most. Lower latent_dim."
        )
    mean = inputs.mean(axis=0)
    # Q R = inputs - mean: R has the same axes and singular values, and is found in half the time.
    triangle = np.linalg.qr(inputs - mean, mode="r")
    _, singular_values, axes = np.linalg.svd(triangle, full_matrices=False)
    return PCA(mean, axes[:latent_dim], singular_values**2 / len(inputs))


def principal_angles(first, second):
    """Return the angles between the subspaces that the rows of two arrays span.

    The smallest is the least angle between a vector of one and a vector of the other; the next
    one the same at right angles to these two, and so on.

    Args:
        first, second: Arrays of shape `(vectors, features)`, each of independent rows, such as the
            axes of a PCA or the kernel of a linear decoder.

    Returns:
        Angles in radians, the largest first, as many as the smaller of the two has rows.

    Raises:
        ValueError: If the features differ, or the rows of one array depend on each other.

    Source: Björck and Golub (1973), Mathematics of Computation 27, 579.

    >>> x, y, slope = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 1.0]
    >>> np.degrees(principal_angles([x, y], [slope, x])).round(6).tolist()
    [45.0, 0.0]
    """
    require_shape("second", np.shape(second), ("vectors", np.shape(first)[-1]), "As for first.")
    bases = _orthonormal(first, name="first"), _orthonormal(second, name="second")
    smaller, larger = sorted(bases, key=len)
    overlaps = smaller @ larger.T
    cosines = np.linalg.svd(overlaps, compute_uv=False)[::-1]
    sines = np.linalg.svd(smaller - overlaps @ larger, compute_uv=False)
    # Each of the two is exact where the other is flat: the cosine of a small angle is nearly 1.
    small = cosines**2 > 0.5
    return np.where(small, np.arcsin(np.minimum(sines, 1)), np.arccos(np.minimum(cosines, 1)))


def _orthonormal(vectors, *, name):
    """Return an orthonormal basis of the rows, or raise if they depend on each other."""
    vectors = np.asarray(vectors, dtype=float)
    require_shape(name, vectors.shape, ("vectors", "features"), "Vectors are rows.")
    rank = np.linalg.matrix_rank(vectors)
    if rank < len(vectors):
        raise ValueError(
            f"{name} has {len(vectors)} rows, but they span {rank} dimensions. Leave out rows that "
            "depend on the others."
        )
    return np.linalg.qr(vectors.T)[0].T


def gaussian_kl(mean, log_variance):
    """Return the divergence of independent Gaussians from the standard normal, for each example.

    KL(N(mean, variance) || N(0, 1)), summed over the latent axes.

    Args:
        mean, log_variance: Arrays of shape `(examples, latent_dim)`; the natural logarithm of the
            variance, which may be any number.

    Returns:
        Array of shape `(examples,)`, in nats; 0 for a mean of 0 and a variance of 1.

    Raises:
        ValueError: If the shapes differ.

    Source: Kingma and Welling (2013), arXiv:1312.6114, appendix B.

    >>> gaussian_kl([[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]).tolist()
    [0.0, 12.5]
    """
    mean, log_variance = _gaussians(mean, log_variance)
    return np.sum(mean**2 + np.exp(log_variance) - 1 - log_variance, axis=1) / 2


def reparametrise(mean, log_variance, noise):
    """Turn standard normal noise into a sample of N(mean, variance): mean + sigma * noise.

    All chance is in `noise`, so that the sample can be differentiated by mean and variance: dz /
    d mean = 1 and dz / d log_variance = sigma * noise / 2.

    Args:
        mean, log_variance: As for `gaussian_kl`.
        noise: Array of the same shape, or `(samples, examples, latent_dim)` for several samples.

    Returns:
        Samples, in the shape of `noise`.

    Raises:
        ValueError: If a shape does not fit.

    Source: Kingma and Welling (2013), arXiv:1312.6114, section 2.4.

    >>> reparametrise([[1.0]], [[np.log(4.0)]], [[-0.5]]).tolist()
    [[0.0]]
    """
    mean, log_variance = _gaussians(mean, log_variance)
    require_shape("noise", np.shape(noise)[-2:], mean.shape, "One number for each mean.")
    return mean + np.exp(log_variance / 2) * noise


def _gaussians(mean, log_variance):
    """Return both as float arrays, or raise unless they have two equal axes."""
    require_shape("mean", np.shape(mean), ("examples", "latent_dim"), "One row per example.")
    require_shape("log_variance", np.shape(log_variance), np.shape(mean), "One for each mean.")
    return np.asarray(mean, dtype=float), np.asarray(log_variance, dtype=float)
