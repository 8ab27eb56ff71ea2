"""Generated series."""

from typing import NamedTuple

import numpy as np

__all__ = ["SwitchedRecords", "noisy_sine", "switched_oscillator"]

STEP_RAD = 0.02  # the sine repeats after 314 times
PERIODS_MS, DECAY_MS = (12.0, 6.0), 8.0  # of the soft and of the stiff spring; of the amplitude
STRIKES_PER_MS = 1 / 12


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
    _check_noise(noise)
    sine = np.sin(STEP_RAD * np.arange(times))
    return sine + noise * np.random.default_rng(seed).random(times)


class SwitchedRecords(NamedTuple):
    """Records of `switched_oscillator`, one value for each step of 1 ms.

    Attributes:
        inputs: Array of shape `(series, times, 2)`: the change of velocity by a strike at the
            beginning of the step in m/s, mostly 0, and the command: -1 for the soft spring, 1 for
            the stiff one, mostly 0. The first step always has a command.
        positions: Array of shape `(series, times)`: measured at the end of the step, in mm.
        springs: Array of shape `(series, times)`: the spring in that step, -1 or 1.
    """

    inputs: np.ndarray
    positions: np.ndarray
    springs: np.ndarray


def switched_oscillator(*, series=64, times=150, switch=1 / 60, noise=0.05, seed=0):
    """Generate records of a damped oscillator that is struck, and whose spring is switched.

    It swings once in 12 ms on the soft spring and in 6 ms on the stiff one, and its amplitude
    falls to 1/e in 8 ms. Strikes of random size come every 12 ms on average. A rare command sets
    the spring until the next command; only the command itself says which spring it is.

    Args:
        series: Records, all independent.
        times: Steps of 1 ms in a record.
        switch: Probability of a command in a step. It may repeat the last one.
        noise: Standard deviation of the measured position in mm. The motion itself has about 0.6.
        seed: Decides strikes, commands and noise.

    Returns:
        `SwitchedRecords`.

    Raises:
        ValueError: If `series` or `times` is below 1, `switch` is no probability, or `noise`
            negative or not finite.

    >>> records = switched_oscillator(series=3, times=100)
    >>> records.inputs.shape, records.positions.shape
    ((3, 100, 2), (3, 100))
    """
    if series < 1 or times < 1:
        raise ValueError(f"series={series} of times={times} leave no record. Pass 1 or more each.")
    if not 0 <= switch <= 1:
        raise ValueError(f"switch={switch} is no probability. Pass a number from 0 to 1.")
    _check_noise(noise)
    rng, shape = np.random.default_rng(seed), (series, times)
    strikes = np.where(rng.random(shape) < STRIKES_PER_MS, rng.normal(size=shape), 0.0)
    given = rng.random(shape) < switch
    given[:, 0] = True
    commands = np.where(given, rng.choice([-1, 1], size=shape), 0)
    latest = np.maximum.accumulate(np.where(given, np.arange(times), 0), axis=1)
    springs = np.take_along_axis(commands, latest, axis=1)
    positions = _motion(strikes, springs) + noise * rng.normal(size=shape)
    return SwitchedRecords(np.stack([strikes, commands], axis=-1), positions, springs)


def _motion(strikes, springs):
    """Return the positions after each step, `(series, times)`, by exact steps of 1 ms."""
    from scipy.linalg import expm  # slow to import, and the other series do without

    constants = [(2 * np.pi / period) ** 2 + 1 / DECAY_MS**2 for period in PERIODS_MS]
    steps = np.stack([expm(np.array([[0, 1], [-k, -2 / DECAY_MS]])) for k in constants])
    state, positions = np.zeros((len(strikes), 2)), np.empty(strikes.shape)
    for t in range(strikes.shape[1]):
        state[:, 1] += strikes[:, t]
        chosen = steps[(springs[:, t] + 1) // 2]  # (series, 2, 2)
        state = np.einsum("sij,sj->si", chosen, state)
        positions[:, t] = state[:, 0]
    return positions


def _check_noise(noise):
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise={noise} is no size of a noise. Pass noise=0 or more, finite.")
