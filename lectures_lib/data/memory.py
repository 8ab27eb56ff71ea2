"""Generated tasks whose answer depends on something that happened long ago."""

from numbers import Integral

import numpy as np

from lectures_lib.data.splits import check_positive, read_only

__all__ = ["adding_series", "delayed_series", "parity_series", "pulse_records", "recall_series"]

MIXING_S = 2.0
GAIN_K_PER_KW = 2.0


def recall_series(*, series, num_steps, seed=0):
    """Generate noise whose first value has to be given at the end.

    Args:
        series: Number of series.
        num_steps: Steps of a series.
        seed: Decides all values.

    Returns:
        A `Split`. Inputs `(series, num_steps, 2)`: a value, uniform between -1 and 1, and a marker,
        1 at the first step and 0 later. Labels `(series,)`: the first value, of variance 1/3.

    Raises:
        ValueError: If `series` or `num_steps` is not a positive integer.

    >>> task = recall_series(series=4, num_steps=3)
    >>> bool((task.inputs[:, 0, 0] == task.labels).all()), task.inputs[0, :, 1].tolist()
    (True, [1.0, 0.0, 0.0])
    """
    check_positive(series=series, num_steps=num_steps)
    values = np.random.default_rng(seed).uniform(-1, 1, size=(series, num_steps))
    return _marked(values, np.zeros((series, 1), dtype=int))


def adding_series(*, series, num_steps, seed=0):
    """Generate noise in which two values are marked, whose sum has to be given at the end.

    Source: after the adding problem of S. Hochreiter and J. Schmidhuber, Neural Computation 9
    (1997) 1735.

    Args:
        series, num_steps, seed: As in `recall_series`; at least 2 steps.

    Returns:
        A `Split`. Inputs `(series, num_steps, 2)`: a value, uniform between 0 and 1, and a marker,
        1 at one step of the first half and at one of the second. Labels `(series,)`: the sum of
        the two marked values, of variance 1/6.

    Raises:
        ValueError: If `series` is not a positive integer, or `num_steps` not one of 2 or more.

    >>> task = adding_series(series=4, num_steps=5)
    >>> bool(np.allclose((task.inputs[..., 0] * task.inputs[..., 1]).sum(axis=1), task.labels))
    True
    """
    check_positive(series=series, num_steps=num_steps)
    if num_steps < 2:
        raise ValueError(f"num_steps={num_steps} has no place for two markers. Pass 2 or more.")
    rng, half = np.random.default_rng(seed), num_steps // 2
    values = rng.uniform(size=(series, num_steps))
    first, second = rng.integers(0, half, series), rng.integers(half, num_steps, series)
    return _marked(values, np.stack([first, second], axis=1))


def parity_series(*, series, num_steps, seed=0):
    """Generate random bits, whose parity so far has to be given at every step.

    Args:
        series, num_steps, seed: As in `recall_series`.

    Returns:
        A `Split`. Inputs `(series, num_steps, 1)`: 0 or 1. Labels of the same shape: 1 where the
        number of ones up to this step is even, -1 where it is odd.

    Raises:
        ValueError: If `series` or `num_steps` is not a positive integer.

    >>> task = parity_series(series=1, num_steps=5, seed=1)
    >>> task.inputs[0, :, 0].tolist(), task.labels[0, :, 0].tolist()
    ([0.0, 1.0, 1.0, 1.0, 0.0], [1.0, -1.0, 1.0, -1.0, -1.0])
    """
    check_positive(series=series, num_steps=num_steps)
    bits = np.random.default_rng(seed).integers(0, 2, size=(series, num_steps, 1))
    odd = np.cumsum(bits, axis=1) % 2
    return read_only(bits.astype("float32"), (1 - 2 * odd).astype("float32"))


def delayed_series(*, series, num_steps, delay, noise_k=0.1, seed=0):
    """Generate the power of a heater at the inlet of a pipe and the temperature at its outlet.

    The water needs `delay` steps of 1 s through the pipe and mixes around the thermometer:
    2 s dT/dt = -T + 2 K/kW * P(t - delay). P and T are deviations from their means; the heater is
    switched at random each second and is constant in between, for which the solution is exact.

    Args:
        series, num_steps, seed: As in `recall_series`.
        delay: Steps until the water arrives, 0 or more.
        noise_k: Standard deviation of the thermometer's noise, in K.

    Returns:
        A `Split`. Inputs `(series, num_steps, 1)`: the power during each second, 1 or -1 kW.
        Labels of the same shape: the temperature at the end of it, in K. Until the first water
        arrives it is 0, but for the noise.

    Raises:
        ValueError: If `series` or `num_steps` is not a positive integer, `delay` is not an integer
            of 0 or more, or `noise_k` is negative.

    >>> task = delayed_series(series=1, num_steps=4, delay=2, noise_k=0.0)
    >>> task.inputs[0, :, 0].tolist(), [f"{T:.3f}" for T in task.labels[0, :, 0]]
    ([1.0, 1.0, 1.0, -1.0], ['0.000', '0.000', '0.787', '1.264'])
    """
    check_positive(series=series, num_steps=num_steps)
    _check_delay(delay, noise_k)
    rng = np.random.default_rng(seed)
    power_kw = rng.choice([-1.0, 1.0], size=(series, num_steps))
    kept = np.exp(-1 / MIXING_S)
    temperature_k = np.zeros((series, num_steps))
    for t in range(delay, num_steps):
        before = temperature_k[:, t - 1] if t else 0.0
        temperature_k[:, t] = kept * before + (1 - kept) * GAIN_K_PER_KW * power_kw[:, t - delay]
    temperature_k += noise_k * rng.normal(size=temperature_k.shape)
    arrays = (array[..., np.newaxis].astype("float32") for array in (power_kw, temperature_k))
    return read_only(*arrays)


def pulse_records(*, series, num_steps=60, height_v=2.0, noise_v=0.3, seed=0):
    """Generate records of a detector: one pulse, up or down, in the first half, and noise.

    Args:
        series, num_steps, seed: As in `adding_series`.
        height_v, noise_v: Size of the pulse and standard deviation of the noise, in volt.

    Returns:
        A `Split`. Inputs `(series, num_steps, 1)` in volt; labels `(series,)`: 1 up, 0 down.

    Raises:
        ValueError: As `adding_series`, and if `noise_v` is negative.

    >>> records = pulse_records(series=2, num_steps=4, noise_v=0, seed=1)
    >>> records.inputs.sum(axis=1).ravel().tolist(), records.labels.tolist()
    ([-2.0, 2.0], [0, 1])
    """
    check_positive(series=series, num_steps=num_steps)
    if num_steps < 2:
        raise ValueError(f"num_steps={num_steps} has no first half. Pass 2 or more.")
    if not noise_v >= 0:
        raise ValueError(f"noise_v={noise_v} is no standard deviation. Pass noise_v=0 or more.")
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=series)
    records = noise_v * rng.normal(size=(series, num_steps, 1))
    places = rng.integers(num_steps // 2, size=series)
    records[np.arange(series), places, 0] += height_v * (2 * labels - 1)
    return read_only(records.astype("float32"), labels)


def _marked(values, places):
    """Return values `(series, time)` with markers at `places` `(series, markers)`, and sums."""
    markers = np.zeros_like(values)
    np.put_along_axis(markers, places, 1.0, axis=1)
    sums = np.take_along_axis(values, places, axis=1).sum(axis=1)
    return read_only(np.stack([values, markers], axis=-1).astype("float32"), sums.astype("float32"))


def _check_delay(delay, noise_k):
    if not isinstance(delay, Integral) or delay < 0:
        raise ValueError(f"delay={delay!r} is not a number of steps. Pass an integer, 0 or more.")
    if not noise_k >= 0:
        raise ValueError(f"noise_k={noise_k} is no standard deviation. Pass noise_k=0 or more.")
