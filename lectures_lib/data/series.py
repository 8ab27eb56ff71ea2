"""Generated series."""

import numpy as np

__all__ = ["noisy_sine"]

STEP_RAD = 0.02  # the sine repeats after 314 times


def noisy_sine(*, times=1000, noise=2.0, seed=0):
    """Generate a slow sine plus noise that is uniform between 0 and `noise`.

    The noise has the mean `noise / 2` and the variance `noise**2 / 12`. Source: M. Hjorth-Jensen's
    lectures on machine learning in physics (code C4).

    Args:
        times: Length of the series.
        noise: Largest value of the noise, in units of the amplitude of the sine.
        seed: Decides the noise. A longer series begins with the shorter one of the same seed.

    Returns:
        Array of shape `(times,)`: `sin(0.02 t) + noise * U(0, 1)` for t = 0, 1, ...

    Raises:
        ValueError: If `times` is below 1, or `noise` negative or not finite.

    >>> noisy_sine(times=3, noise=0.0).round(3).tolist()
    [0.0, 0.02, 0.04]
    """
    if times < 1:
        raise ValueError(f"times={times} leaves no series. Pass times=1 or more.")
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise={noise} is no size of a noise. Pass noise=0 or more, finite.")
    sine = np.sin(STEP_RAD * np.arange(times))
    return sine + noise * np.random.default_rng(seed).random(times)
