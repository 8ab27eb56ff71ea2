"""Systems that make series: the pairing model of nuclei, an oscillator, the Lorenz equations."""

import itertools
import math
import numbers

import numpy as np

__all__ = [
    "ConvergenceError", "driven_oscillator", "exact_pairing_energy", "lorenz", "pairing_energies",
]  # fmt: skip

TOLERANCE = 1e-12  # of the last correction of an amplitude
SMALLEST_STEP = 1e-6  # of the coupling, in level spacings
MOST_EXACT_PARTICLES = 12


class ConvergenceError(RuntimeError):
    """A solution was not reached; the text says how far it came and what to change."""


def pairing_energies(particles, *, level_spacing=1.0, coupling=0.5):
    """Return the correlation energy of the pairing model by coupled-cluster doubles (CCD).

    `particles` fill the lower half of as many equidistant levels, two per level, and a force of
    strength `coupling` scatters pairs between levels; it attracts where positive. The equations
    have many solutions. The one returned grows out of zero coupling: a step of the coupling is
    kept only if every correction of Newton's method is at most half of the one before, and if no
    eigenvalue of the equations changed its sign, as happens where the solution ends.

    Args:
        particles: Positive even number, or a list or array of shape (systems,) of them.
        level_spacing: Distance of neighbouring levels; the unit of the energies is its unit.
        coupling: Strength of the force, in the same unit.

    Returns:
        Energy minus that of the filled lower half: a float, or an array of shape (systems,).

    Raises:
        ConvergenceError: If the solution ends before `coupling`, in level spacings: with 20
            particles at 0.802, with more than 72 below 0.5, and nowhere between -2 and 0.

    Source: Henderson et al. (2014), arXiv:1403.6818; the energies of the lecture are these.

    >>> pairing_energies([2, 40]).round(4).tolist()
    [-0.0308, -1.7065]
    """
    sizes = np.asarray(particles)
    if sizes.ndim > 1 or not sizes.size:
        raise ValueError(f"particles has shape {sizes.shape}, but must be a number or (systems,).")
    energies = [_pairing_energy(size, level_spacing, coupling) for size in sizes.ravel()]
    return np.array(energies) if sizes.ndim else energies[0]


def exact_pairing_energy(particles, *, level_spacing=1.0, coupling=0.5):
    """Return the correlation energy of the pairing model by diagonalising its Hamiltonian.

    The force keeps pairs together, so that a state is a choice of levels for the pairs. Arguments
    and unit are as in `pairing_energies`, for one system of at most 12 particles (924 states).

    >>> round(exact_pairing_energy(4), 6), round(pairing_energies(4), 6)
    (-0.083226, -0.083362)
    """
    _require_model(particles, level_spacing, coupling)
    if particles > MOST_EXACT_PARTICLES:
        raise ValueError(
            f"particles={particles} has {math.comb(particles, particles // 2)} states, too many to "
            f"diagonalise. Take at most {MOST_EXACT_PARTICLES} particles, or `pairing_energies`."
        )
    pairs = particles // 2
    states = np.array(list(itertools.combinations(range(particles), pairs)))
    filled = np.zeros((len(states), particles))  # (states, levels), the reference first
    np.put_along_axis(filled, states, 1, axis=1)
    one_moved = filled @ filled.T == pairs - 1
    # A pair that scatters into its own level adds -coupling / 2 to every state, which drops out.
    excitation = 2 * level_spacing * (states.sum(axis=1) - states[0].sum())
    hamiltonian = np.diag(excitation) - coupling / 2 * one_moved
    return float(np.linalg.eigvalsh(hamiltonian)[0])


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
    _require_finite(
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
        that all digits are lost after a time of about 25.

    Source: Lorenz (1963), Deterministic nonperiodic flow, J. Atmos. Sci. 20, 130.

    >>> lorenz([0, 1, 2]).round(2).tolist()
    [[0.0, 1.0, 1.05], [-9.72, -9.71, 28.63], [-7.4, -8.26, 24.43]]
    """
    _require_finite(sigma=sigma, rho=rho, beta=beta)

    def change(_, state):
        x, y, z = state.tolist()
        return sigma * (y - x), x * (rho - z) - y, x * y - beta * z

    return _integrate(change, time, start, axes=("x", "y", "z"), name="time")


def _pairing_energy(particles, level_spacing, coupling):
    _require_model(particles, level_spacing, coupling)
    strength = coupling / level_spacing / 2
    amplitudes, reached = _pairing_amplitudes(particles // 2, strength)
    if reached != strength:
        raise ConvergenceError(
            f"The CCD equations for particles={particles} could not be solved at "
            f"coupling={coupling}: their solution was followed from 0 as far as "
            f"coupling={2 * level_spacing * reached:.7g} (level_spacing={level_spacing}). "
            f"Take a coupling nearer to 0, or {'fewer' if coupling > 0 else 'more'} particles."
        )
    return float(0 - coupling / 2 * amplitudes.sum())


def _pairing_amplitudes(levels, strength):
    """Follow the CCD amplitudes from zero strength; return them and the strength reached.

    The strength is coupling / level_spacing / 2. Amplitudes have shape (filled, empty levels), each
    counted from the middle outwards; this makes them symmetric.
    """
    amplitudes, reached, step = np.zeros((levels, levels)), 0.0, strength
    while reached != strength:
        trial = strength if abs(step) >= abs(strength - reached) else reached + step
        found = _newton(amplitudes, trial)
        if found is not None:
            amplitudes, reached, step = found, trial, 2 * step
        elif abs(trial - reached) > SMALLEST_STEP:
            step = (trial - reached) / 2
        else:
            break
    return amplitudes, reached


def _newton(amplitudes, strength):
    """Return the solution near the amplitudes, or None where Newton's method does not lead to it.

    Each correction must be at most half of the one before (Deuflhard 2004, Newton Methods for
    Nonlinear Problems), and the eigenvalues at the solution positive, as they are at strength 0.
    """
    last = np.inf
    while last > TOLERANCE:
        correction, system = _newton_correction(amplitudes, strength)
        if correction is None or not (size := np.abs(correction).max()) <= last / 2:
            return None
        amplitudes, last = amplitudes + correction, size
    return amplitudes if np.linalg.eigvals(system).real.min() > 0 else None


def _newton_correction(t, G):
    """Return the correction of amplitudes (filled, empty) and the matrix of the system behind it.

    Both are None where an amplitude's own equation turns flat: there it has two solutions.
    """
    levels = np.arange(len(t))
    D = 2 * (levels[:, np.newaxis] + levels + 1 + G)  # excitation energies in level spacings
    s = t.sum(axis=1)  # over the empty levels; the same over the filled ones
    pair_sums = s[:, np.newaxis] + s
    residual = -G * np.outer(1 + s, 1 + s) + (D + 2 * G * pair_sums) * t - 2 * G * t**2
    slope = D + 2 * G * pair_sums - 4 * G * t  # by the amplitude, at fixed sums
    if slope.min() <= 0:
        return None, None
    by_row = (2 * G * t - G * (1 + s)) / slope  # by the sum of its row; of its column: by_row.T
    # The corrections summed over a row are those of s: one equation for each row.
    system = np.eye(len(t)) + np.diag(by_row.sum(axis=1)) + by_row.T
    try:
        change = np.linalg.solve(system, -(residual / slope).sum(axis=1))
    except np.linalg.LinAlgError:  # singular
        return None, None
    return -residual / slope - by_row * change[:, np.newaxis] - by_row.T * change, system


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


def _require_model(particles, level_spacing, coupling):
    if not isinstance(particles, int | np.integer) or particles < 2 or particles % 2:
        raise ValueError(f"particles={particles}, but they come in pairs: take an even integer.")
    _require_finite(level_spacing=level_spacing, coupling=coupling)
    if level_spacing <= 0:
        raise ValueError(f"level_spacing={level_spacing}, but it must be above 0.")
    _require_finite(coupling_per_level_spacing=coupling / level_spacing)


def _require_finite(**values):
    for name, value in values.items():
        if not isinstance(value, numbers.Real) or not math.isfinite(value):
            raise ValueError(f"{name}={value!r}, but it must be a finite number.")
