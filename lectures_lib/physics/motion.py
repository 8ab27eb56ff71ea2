"""Motions: a driven oscillator, windows of many, and the Lorenz equations."""

import math
from typing import NamedTuple

import numpy as np

from lectures_lib.physics.checks import ConvergenceError, require_finite

__all__ = ["SwingWindows", "driven_oscillator", "lorenz", "swing_windows"]

DAMPING_PER_S, STEP_S = 0.2, 0.8  # of `swing_windows`, whose omega0 is 1 rad/s


def driven_oscillator(
    time_s, *, omega0_rad_per_s=1.0, damping_per_s=0.2, drive_m_per_s2=1.0,
    drive_rad_per_s=0.5, start=(1.0, 0.0),
):  # fmt: skip
    """Return the motion x'' = -2 gamma x' - omega0² x + A cos(Omega t) of a driven oscillator.

    Args:
        time_s: Ascending times in s, shape (times,); `start` holds at the first.
        omega0_rad_per_s: Natural angular frequency omega0.
        damping_per_s: Decay rate gamma of the amplitude; at omega0 the oscillations cease.
        drive_m_per_s2: Amplitude A of the driving acceleration; 0 leaves the oscillator free.
        drive_rad_per_s: Angular frequency Omega of the drive.
        start: Position in m and velocity in m/s.

    Returns:
        Array of shape (times, 2): position in m, velocity in m/s. Beyond all bounds it raises a
        ConvergenceError.

    >>> driven_oscillator([0, 10, 20]).round(3).tolist()
    [[1.0, 0.0], [0.076, 0.651], [-1.231, 0.201]]
    """
    require_finite(
        omega0_rad_per_s=omega0_rad_per_s, damping_per_s=damping_per_s,
        drive_m_per_s2=drive_m_per_s2, drive_rad_per_s=drive_rad_per_s,
    )  # fmt: skip

    def change(time, state):
        x, v = state.tolist()  # plain numbers are faster
        force = drive_m_per_s2 * math.cos(drive_rad_per_s * time)
        return v, -2 * damping_per_s * v - omega0_rad_per_s**2 * x + force

    return _integrate(change, time_s, start, axes=("position", "velocity"), name="time_s")


class SwingWindows(NamedTuple):
    """Windows of `swing_windows`.

    Attributes:
        measured: Array of shape `(windows, time, 1)`: the measured position in m.
        motion: Array of the same shape: the position without the error of the measurement.
        drive_rad_per_s: Angular frequency of the drive, `(windows,)`.
        amplitude_m: Amplitude of the settled motion, `(windows,)`.
        phase_rad: Its phase in the middle of the window, from -pi to pi, `(windows,)`.
    """

    measured: np.ndarray
    motion: np.ndarray
    drive_rad_per_s: np.ndarray
    amplitude_m: np.ndarray
    phase_rad: np.ndarray


def swing_windows(
    *, windows=2000, slowest=0.6, fastest=1.4, times=24, noise_m=0.1, free_m=0.0,
    kick_m_per_s=0.0, seed=0,
):  # fmt: skip
    """Return windows of driven oscillators whose free motion has died away, unless it is asked for.

    The oscillator is that of `driven_oscillator` with omega0 = 1 rad/s and gamma = 0.2/s, read
    every 0.8 s. The amplitude of the drive is uniform from 0.5 to 1.5 m/s², its phase is any.

    Args:
        windows: How many, all independent.
        slowest, fastest: Between them the drive's angular frequency is uniform, in rad/s.
        times: Readings in a window.
        noise_m: Standard deviation of the error of a reading.
        free_m: Standard deviation of a free motion at the start, of both its parts.
        kick_m_per_s: Change of velocity, of either sign, at a random time of the middle half.
        seed: Decides everything. Longer windows and kicks leave frequencies and drives as they are.

    Returns:
        `SwingWindows`.

    Raises:
        ValueError: If `windows` or `times` is below 1.

    >>> swing_windows(windows=3, times=40).measured.shape
    (3, 40, 1)
    """
    if windows < 1 or times < 1:
        raise ValueError(f"windows={windows} of times={times} leave nothing. Pass 1 or more each.")
    rng = np.random.default_rng(seed)
    drive = rng.uniform(slowest, fastest, windows)
    strength, start = rng.uniform(0.5, 1.5, windows), rng.uniform(0, 2 * np.pi, windows)
    parts, sign, place = (
        rng.normal(size=(2, windows, 1)),
        rng.choice([-1, 1], windows),
        rng.random(windows),
    )
    answer = strength * np.exp(1j * start) / (1 - drive**2 + 2j * DAMPING_PER_S * drive)
    time_s = STEP_S * np.arange(times)
    motion = (answer[:, np.newaxis] * np.exp(1j * np.outer(drive, time_s))).real
    motion += free_m * (parts * _free(time_s)[:, np.newaxis]).sum(axis=0)
    since = time_s - (0.25 + 0.5 * place[:, np.newaxis]) * time_s[-1]
    motion += (
        kick_m_per_s * sign[:, np.newaxis] * np.where(since > 0, _free(np.maximum(since, 0))[1], 0)
    )
    measured = motion + noise_m * np.random.default_rng([seed, 1]).normal(size=motion.shape)
    middle = np.angle(answer * np.exp(1j * drive * time_s.mean()))
    arrays = (values[..., np.newaxis].astype("float32") for values in (measured, motion))
    return SwingWindows(*arrays, drive, np.abs(answer), middle)


def _free(time_s):
    """Return two free motions, that of a cosine and that after a kick of 1 m/s, `(2, ...)`."""
    own = np.sqrt(1 - DAMPING_PER_S**2)
    return np.exp(-DAMPING_PER_S * time_s) * np.stack(
        [np.cos(own * time_s), np.sin(own * time_s) / own]
    )


def lorenz(time, *, sigma=10.0, rho=28.0, beta=8 / 3, start=(0.0, 1.0, 1.05)):
    """Return x, y, z of Lorenz' convection: x' = s(y - x), y' = x(r - z) - y, z' = xy - bz.

    Args:
        time: Ascending times, without unit, shape (times,); `start` holds at the first.
        sigma: Viscosity over heat conduction, s.
        rho: Heating from below, r; from 24.74 on the motion is chaotic.
        beta: Shape of the rolls, b.
        start: x (speed of the rolls), y and z (temperatures across them and upwards).

    Returns:
        Array of shape (times, 3). At `rho=28` two neighbouring motions part as e^(0.9 time), so
        that all digits are lost after a time of about 25. A processor that rounds differently
        then follows another course, of the same averages.

    Source: Lorenz (1963), Deterministic nonperiodic flow, J. Atmos. Sci. 20, 130.

    >>> lorenz([0, 1, 2]).round(2).tolist()
    [[0.0, 1.0, 1.05], [-9.72, -9.71, 28.63], [-7.4, -8.26, 24.43]]
    """
    require_finite(sigma=sigma, rho=rho, beta=beta)

    def change(_, state):
        x, y, z = state.tolist()
        return sigma * (y - x), x * (rho - z) - y, x * y - beta * z

    return _integrate(change, time, start, axes=("x", "y", "z"), name="time")


def _integrate(change, time, start, *, axes, name):
    """Return the states of shape (times, axes) of an ordinary differential equation."""
    from scipy.integrate import solve_ivp  # slow to import, and the energies do without

    time, start = np.asarray(time, dtype=float), np.asarray(start, dtype=float)
    if time.ndim != 1 or len(time) < 2 or not np.isfinite(time).all() or np.diff(time).min() <= 0:
        raise ValueError(
            f"{name} has shape {time.shape}, but it must be a list of at least two finite times, "
            "each later than the one before."
        )
    if start.shape != (len(axes),) or not np.isfinite(start).all():
        raise ValueError(f"start={start.tolist()}, but it needs finite {', '.join(axes)}.")
    settings = dict(method="DOP853", rtol=1e-10, atol=1e-10)
    with np.errstate(all="ignore"):  # a solution that grows beyond all bounds is reported below
        result = solve_ivp(change, time[[0, -1]], start, t_eval=time, **settings)
    if not result.success or not np.isfinite(result.y).all():
        raise ConvergenceError(
            f"The solution could not be followed from {name}={time[0]} to {time[-1]}: "
            f"{result.message} Take a shorter time, or smaller constants and start."
        )
    return result.y.T
