"""The pairing model of nuclei: approximate and exact energies."""

import itertools
import math

import numpy as np

from lectures_lib.physics.checks import ConvergenceError, require_finite

__all__ = ["exact_pairing_energy", "pairing_energies"]

TOLERANCE = 1e-12  # of the last correction of an amplitude
SMALLEST_STEP = 1e-6  # of the coupling, in level spacings
MOST_EXACT_PARTICLES = 12


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


def _require_model(particles, level_spacing, coupling):
    if not isinstance(particles, int | np.integer) or particles < 2 or particles % 2:
        raise ValueError(f"particles={particles}, but they come in pairs: take an even integer.")
    require_finite(level_spacing=level_spacing, coupling=coupling)
    if level_spacing <= 0:
        raise ValueError(f"level_spacing={level_spacing}, but it must be above 0.")
    require_finite(coupling_per_level_spacing=coupling / level_spacing)
