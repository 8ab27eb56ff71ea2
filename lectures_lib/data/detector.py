"""Generated pictures of a particle detector."""

import numpy as np

__all__ = ["detector_image"]

TRACK_SIGMA_PX = 1.0
SPOT_SIGMA_PX = 1.2
SPOT_CELL_PX = 8
MAX_SPOTS = 5


def detector_image(kind, *, size=32, noise=0.3, angle=None, seed=0):
    """Generate the picture of a particle detector, with and without noise.

    A "track" is one straight line, at most a sixth of the image from its centre, with a Gaussian
    profile of standard deviation 1 pixel. "spots" are up to five round Gaussian spots of standard
    deviation 1.2 pixels, one in each of as many cells of 8x8 pixels, their centres at least
    5 pixels apart. The signal is 1 on the line, or in the centre of a spot.

    Args:
        kind: "track" or "spots".
        size: Rows and columns of the image, in pixels.
        noise: Standard deviation of the Gaussian noise, in units of the noise-free peak height.
        angle: Angle of the track, counter-clockwise from the horizontal, in degrees; random if
            it is not given.
        seed: Decides the picture and its noise.

    Returns:
        `(noisy, clean)`, two float64 arrays of shape `(size, size)`, in units of the noise-free
        peak height. The noise does not change the clean picture of a seed.

    Raises:
        ValueError: If `kind` is unknown, `size` is below 8 or `noise` is negative.

    >>> noisy, clean = detector_image("spots", size=16, noise=0.0)
    >>> noisy.shape, bool((noisy == clean).all())
    ((16, 16), True)
    """
    if kind not in ("track", "spots"):
        raise ValueError(
            f'kind={kind!r} is not a known picture. Pass kind="track" or kind="spots".'
        )
    if size < 8:
        raise ValueError(f"size={size} is too small: the picture needs at least 8 pixels a side.")
    if not noise >= 0:
        raise ValueError(f"noise={noise} is no standard deviation. Pass noise=0 or more.")
    rng = np.random.default_rng(seed)
    clean = _spots(size, rng) if kind == "spots" else _track(size, rng, angle)
    return clean + noise * rng.normal(size=clean.shape), clean


def _track(size, rng, degrees):
    """Return a straight track, shape `(size, size)`, of height 1."""
    angle = rng.uniform(0, np.pi)
    angle = angle if degrees is None else np.deg2rad(degrees)
    offset = rng.uniform(-size / 6, size / 6)
    row, column = np.indices((size, size)) - (size - 1) / 2  # from the centre of the image
    distance = column * np.sin(angle) + row * np.cos(angle) - offset  # rows count downwards
    return np.exp(-(distance**2) / (2 * TRACK_SIGMA_PX**2))


def _spots(size, rng):
    """Return up to five spots of height 1, shape `(size, size)`."""
    cells = size // SPOT_CELL_PX
    chosen = rng.choice(cells**2, size=min(MAX_SPOTS, cells**2), replace=False)
    corners = SPOT_CELL_PX * np.stack(np.divmod(chosen, cells), axis=1)  # (spots, 2)
    # 1.5 pixels around the middle of a cell: neighbours stay 5 pixels, four sigma, apart.
    centres = corners + (SPOT_CELL_PX - 1) / 2 + rng.uniform(-1.5, 1.5, size=corners.shape)
    row, column = np.indices((size, size))
    squared = (row - centres[:, 0, None, None]) ** 2 + (column - centres[:, 1, None, None]) ** 2
    return np.exp(-squared / (2 * SPOT_SIGMA_PX**2)).sum(axis=0)
