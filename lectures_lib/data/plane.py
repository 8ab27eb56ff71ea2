"""Points in space that lie near a plane."""

import numpy as np

__all__ = ["points_near_plane"]

SLOPES = 0.1, 0.3  # of the plane along x and y
FIRST_RAD, SPAN_RAD = -0.5, 1.5 * np.pi  # the part of the ellipse that is seen


def points_near_plane(*, points=60, noise=0.1, seed=0):
    """Generate positions on three quarters of an ellipse, as of an orbit, measured with noise.

    Without noise they lie in the plane z = 0.1 x + 0.3 y. After the example of a linear
    autoencoder in M. Hjorth-Jensen's lectures on machine learning in physics.

    Args:
        points: Number of positions.
        noise: Standard deviation of the error along each of the three axes, in units of the
            ellipse's larger half-axis in the x-y plane.
        seed: Decides the places on the ellipse and the noise.

    Returns:
        float32 array of shape `(points, 3)`: x, y and z. Their mean is not 0.

    Raises:
        ValueError: If `points` is below 1, or `noise` negative or not finite.

    >>> x, y, z = points_near_plane(noise=0.0).T
    >>> np.abs(z - 0.1 * x - 0.3 * y).max() < 1e-6
    np.True_
    """
    if points < 1:
        raise ValueError(f"points={points} leaves no data. Pass points=1 or more.")
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise={noise} is no standard deviation. Pass noise=0 or more.")
    rng = np.random.default_rng(seed)
    angles = FIRST_RAD + SPAN_RAD * rng.random(points)
    in_plane = np.stack([np.cos(angles), 0.7 * np.sin(angles)], axis=1)
    clean = np.column_stack([in_plane, in_plane @ SLOPES])
    return (clean + noise * rng.standard_normal(clean.shape)).astype("float32")
