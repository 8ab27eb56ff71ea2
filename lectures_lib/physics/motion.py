"""Motions: a driven oscillator, and the Lorenz equations."""

import math

import numpy as np

from lectures_lib.physics.checks import ConvergenceError, require_finite

__all__ = ["driven_oscillator", "lorenz"]


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
