"""The energies against published ones, another solver and the full Fock space; the motions against
formulas and an integrator of our own."""

import re
import subprocess
import sys
from functools import reduce
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import root

from lectures_lib.exercises.lstm_oscillators import pendulums
from lectures_lib.physics import (
    ConvergenceError,
    driven_oscillator,
    exact_pairing_energy,
    lorenz,
    pairing,
    pairing_energies,
)

# The 20 energies of the lecture, for 2, 4, ... 40 particles; they stopped iterating a little early.
PUBLISHED = [
    -0.03077640549, -0.08336233266, -0.1446729567, -0.2116753732, -0.2830637392,
    -0.3581341341, -0.436462435, -0.5177783846, -0.6019067271, -0.6887363571,
    -0.7782028952, -0.8702784034, -0.9649652536, -1.062292565, -1.16231451,
    -1.265109911, -1.370782966, -1.479465113, -1.591317992, -1.70653767,
]  # fmt: skip


def in_order(particles, spacing, coupling):
    """Return the amplitudes of the package, both axes counted upwards in energy."""
    strength = coupling / spacing / 2
    amplitudes, reached = pairing._pairing_amplitudes(particles // 2, strength)
    assert reached == strength
    return amplitudes[::-1]  # filled levels were counted downwards


def ccd_residual(t, spacing, coupling):
    """Return the left side of the CCD equations and the energy denominators, from the lecture."""
    pairs, G = len(t), coupling / 2
    filled, empty = np.arange(pairs) * spacing - G, np.arange(pairs, 2 * pairs) * spacing
    D = 2 * (empty - filled[:, np.newaxis])
    over_j, over_b = np.einsum("ja->a", t), np.einsum("ib->i", t)[:, np.newaxis]
    linear = -G + D * t - G * over_b - G * over_j
    return linear + 2 * G * (over_j + over_b) * t - 2 * G * t**2 - G * over_j * over_b, D


def iterated_energy(particles, spacing, coupling):
    """Return the CCD energy by the lecture's damped iteration."""
    t = np.zeros((particles // 2, particles // 2))
    for _ in range(2000):
        residual, D = ccd_residual(t, spacing, coupling)
        t -= 0.3 * residual / D
    assert np.abs(residual / D).max() < 1e-13
    return -coupling / 2 * t.sum()


def full_space_energy(levels, spacing, coupling):
    """Return the correlation energy of half-filled levels in the full Fock space."""
    one, sign, lower = np.eye(2), np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [0.0, 0.0]])
    sites = 2 * levels  # up and down of each level; Jordan and Wigner's matrices
    removes = [
        reduce(np.kron, [sign] * site + [lower] + [one] * (sites - site - 1))
        for site in range(sites)
    ]
    number = sum(remove.T @ remove for remove in removes)
    energy = sum(site // 2 * spacing * r.T @ r for site, r in enumerate(removes))
    pair = sum(removes[2 * p + 1] @ removes[2 * p] for p in range(levels))
    hamiltonian = energy - coupling / 2 * pair.T @ pair
    half = np.flatnonzero(np.diag(number) == levels)
    ground = np.linalg.eigvalsh(hamiltonian[np.ix_(half, half)])[0]
    pairs = levels // 2
    return ground - (spacing * pairs * (pairs - 1) - coupling / 2 * pairs)


def test_the_published_energies():
    energies = pairing_energies(np.arange(2, 42, 2))
    assert energies.shape == (20,)
    assert_allclose(energies, PUBLISHED, rtol=0, atol=2e-7)
    assert_allclose(pairing_energies([40, 2, 6]), np.array(PUBLISHED)[[19, 0, 2]], atol=2e-7)


@pytest.mark.parametrize(
    ("coupling", "published", "tolerance"),
    [(-1, -1.019822621, 2e-8), (-0.05, -0.004037522178, 1e-9), (0.05, -0.004334904077, 1e-9)],
)
def test_the_published_energies_of_20_particles(coupling, published, tolerance):
    assert pairing_energies(20, coupling=coupling) == pytest.approx(published, abs=tolerance)


@pytest.mark.parametrize(
    ("particles", "coupling", "energy"),
    [(50, 0.5, -2.34335), (60, 0.5, -3.13380), (20, 0.8, -4.8062)],
)
def test_energies_beyond_the_published_ones(particles, coupling, energy):
    digits = 4 if coupling == 0.8 else 5
    assert round(pairing_energies(particles, coupling=coupling), digits) == energy


@pytest.mark.parametrize("spacing", [0.3, 1, 2.5])
@pytest.mark.parametrize("coupling", [-0.4, 0, 1e-3, 0.7, 6])
def test_one_pair_has_a_closed_form(spacing, coupling):
    closed = spacing - np.sqrt(spacing**2 + coupling**2 / 4)
    settings = dict(level_spacing=spacing, coupling=coupling)
    assert pairing_energies(2, **settings) == pytest.approx(closed, rel=1e-9, abs=1e-15)
    assert exact_pairing_energy(2, **settings) == pytest.approx(closed, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("energy_of", [pairing_energies, exact_pairing_energy])
def test_the_energy_scales_with_the_unit(energy_of):
    energy = energy_of(6, level_spacing=0.8, coupling=0.6)
    assert energy_of(6, level_spacing=2.4, coupling=1.8) == pytest.approx(3 * energy, rel=1e-12)
    assert energy_of(6, level_spacing=2.4, coupling=0.6) != pytest.approx(3 * energy, rel=0.1)


@pytest.mark.parametrize(
    ("particles", "spacing", "coupling"),
    [(4, 1.3, -0.9), (6, 0.7, 1.1), (20, 1, -1), (20, 1, 0.75), (24, 1.5, 0.9)],
)
def test_the_solution_is_the_one_of_the_damped_iteration(particles, spacing, coupling):
    t = in_order(particles, spacing, coupling)
    residual, D = ccd_residual(t, spacing, coupling)
    assert np.abs(residual).max() < 1e-12 * np.abs(D * t).max()
    energy = pairing_energies(particles, level_spacing=spacing, coupling=coupling)
    assert energy == pytest.approx(-coupling / 2 * t.sum(), rel=1e-13)
    assert energy == pytest.approx(iterated_energy(particles, spacing, coupling), rel=1e-10)


@pytest.mark.parametrize("coupling", [-1.9, 0.5, 0.79])
def test_the_solution_is_the_one_that_grows_from_zero(coupling):
    particles = 20  # close to the end of the solution, at 0.802
    t = np.zeros((particles // 2, particles // 2))
    for strength in np.linspace(0, coupling / 2, 200)[1:]:
        for _ in range(6):
            t = t + pairing._newton_correction(t, strength)[0]
    energy = pairing_energies(particles, coupling=coupling)
    assert energy == pytest.approx(-coupling / 2 * t.sum(), rel=1e-11)


@pytest.mark.parametrize("coupling", [-1.5, 0.5, 1.0])
def test_no_other_solution_passes_for_the_right_one(coupling):
    rng, energies, passed = np.random.default_rng(0), set(), set()
    for _ in range(80):
        t = rng.normal(size=(3, 3)) * 10 ** rng.uniform(-1, 1)
        solution = root(
            lambda t: ccd_residual(t.reshape(3, 3), 1, coupling)[0].ravel(),
            (t + t.T)[::-1].ravel(),
        )
        t = solution.x.reshape(3, 3)[::-1]
        if solution.success and np.allclose(t, t.T, atol=1e-6):
            energies.add(round(-coupling / 2 * t.sum(), 5))
            if pairing._newton((t + t.T) / 2, coupling / 2) is not None:
                passed.add(round(-coupling / 2 * t.sum(), 5))
    assert len(energies) >= 4
    assert passed == {round(pairing_energies(6, coupling=coupling), 5)}


@pytest.mark.parametrize(
    ("particles", "spacing", "coupling", "word"),
    [(74, 1, 0.5, "fewer"), (20, 2.0, 2.0, "fewer"), (4, 1, -3.1, "more")],
)
def test_where_the_solution_ends_the_error_says_so(particles, spacing, coupling, word):
    with pytest.raises(ConvergenceError) as error:
        pairing_energies([6, particles], level_spacing=spacing, coupling=coupling)
    text = str(error.value)
    assert f"particles={particles} could not be solved at coupling={coupling}" in text
    assert f"(level_spacing={spacing})" in text and "coupling nearer to 0" in text
    assert f"or {word} particles" in text
    reached = float(re.search(r"as far as coupling=(\S+)", text)[1])
    before = pairing_energies(particles, level_spacing=spacing, coupling=0.9999 * reached)
    assert before < pairing_energies(particles, level_spacing=spacing, coupling=0.99 * reached)
    with pytest.raises(ConvergenceError):
        pairing_energies(particles, level_spacing=spacing, coupling=1.0001 * reached)


def test_how_far_the_solution_reaches():
    assert pairing_energies(72) < pairing_energies(70) < pairing_energies(68)
    assert pairing_energies(20, coupling=0.802) < pairing_energies(20, coupling=0.801)
    for particles, coupling in [(74, 0.5), (20, 0.8021)]:
        with pytest.raises(ConvergenceError):
            pairing_energies(particles, coupling=coupling)


def test_a_weak_force_needs_only_the_second_order():
    for coupling in (-1e-7, 1e-7, 1e-9):
        second_order = -sum(coupling**2 / 8 / (i + a + 1) for i in range(5) for a in range(5))
        assert pairing_energies(10, coupling=coupling) == pytest.approx(second_order, rel=1e-6)


@pytest.mark.parametrize("particles", [2, 4, 6, 20, 72])
def test_every_repulsion_of_less_than_two_spacings_is_solved(particles):
    energies = [pairing_energies(particles, coupling=coupling) for coupling in (-1.999, -1, -0.1)]
    assert energies[0] < energies[1] < energies[2] < 0


def test_no_force_no_energy():
    energies = pairing_energies([2, 8], coupling=0)
    assert energies.tolist() == [0, 0] and not np.signbit(energies).any()
    assert exact_pairing_energy(8, coupling=0) == 0


@pytest.mark.parametrize("number", [6, np.int64(6), np.array(6)])
def test_one_number_of_particles_gives_a_float(number):
    energy = pairing_energies(number)
    assert type(energy) is float and energy == pairing_energies([6])[0]


@pytest.mark.parametrize(
    ("particles", "energy"),
    [(4, -0.0832257156), (6, -0.1440736194), (8, -0.2102575472), (10, -0.2804481932)],
)
def test_exact_energies(particles, energy):
    assert exact_pairing_energy(particles) == pytest.approx(energy, abs=6e-11)


@pytest.mark.parametrize(("spacing", "coupling"), [(1, 0.5), (1.3, 0.9), (0.7, -0.3), (0.5, 3.0)])
def test_the_exact_energy_is_that_of_the_full_space(spacing, coupling):
    ours = exact_pairing_energy(4, level_spacing=spacing, coupling=coupling)
    assert ours == pytest.approx(full_space_energy(4, spacing, coupling), abs=1e-12)


@pytest.mark.parametrize("energy_of", [pairing_energies, exact_pairing_energy])
@pytest.mark.parametrize(
    ("particles", "settings", "text"),
    [
        (3, {}, "particles=3, but they come in pairs"),
        (0, {}, "particles=0, but"),
        (-2, {}, "particles=-2, but"),
        (4.0, {}, "particles=4.0, but .* take an even integer"),
        (True, {}, "particles=True, but"),
        (4, dict(level_spacing=0), "level_spacing=0, but it must be above 0"),
        (4, dict(level_spacing=-1.0), "level_spacing=-1.0, but"),
        (4, dict(level_spacing=float("inf")), "level_spacing=inf, but it must be a finite"),
        (4, dict(level_spacing=1e-320), "coupling_per_level_spacing=inf"),
        (4, dict(coupling=float("nan")), "coupling=nan, but it must be a finite number"),
        (4, dict(coupling=[0.5]), r"coupling=\[0.5\], but it must be a finite number"),
    ],
)
def test_errors_of_the_pairing_model(energy_of, particles, settings, text):
    with pytest.raises(ValueError, match=text):
        energy_of(particles, **settings)


def test_errors_of_the_lists_and_limits():
    with pytest.raises(ValueError, match="particles=5, but they come in pairs"):
        pairing_energies([4, 5])
    for particles in ([], [[2, 4]]):
        with pytest.raises(ValueError, match=r"must be a number or \(systems,\)"):
            pairing_energies(particles)
    with pytest.raises(ValueError, match=r"particles=14 has 3432 states.* at most 12 particles"):
        exact_pairing_energy(14)


def oscillation(time, omega0, gamma, drive, omega, start):
    """Return position and velocity: the steady state and what decays, as complex exponentials."""
    steady = drive / (omega0**2 - omega**2 + 2j * gamma * omega)
    root = np.sqrt(complex(gamma**2 - omega0**2))
    rates = np.array([-gamma + root, -gamma - root])
    steady_start = steady * np.exp(1j * omega * time[0])
    missing = [start[0] - steady_start.real, start[1] - (1j * omega * steady_start).real]
    shares = np.linalg.solve(np.stack([np.ones(2), rates]), missing)
    decays = shares * np.exp(rates * (time[:, np.newaxis] - time[0]))  # (times, 2)
    driven = steady * np.exp(1j * omega * time)
    position = driven.real + decays.sum(axis=1).real
    return np.stack([position, (1j * omega * driven).real + (rates * decays).sum(axis=1).real], 1)


@pytest.mark.parametrize(
    ("omega0", "gamma", "drive", "omega", "start"),
    [
        (1.0, 0.2, 1.0, 0.5, (1.0, 0.0)),
        (2.0, 0.3, 1.7, 2.0, (-0.4, 1.1)),  # in resonance
        (1.2, 1.9, 0.8, 0.7, (0.5, -2.0)),  # overdamped
        (3.0, 0.1, 0.0, 0.5, (0.2, 0.6)),  # free
        (1.5, 0.0, 0.0, 0.5, (1.0, -1.0)),  # undamped
        (1.0, -0.05, 0.6, 1.4, (0.0, 0.1)),  # growing
    ],
)
def test_the_oscillator_moves_as_the_formula_says(omega0, gamma, drive, omega, start):
    time_s = np.array([0.3, 0.4, 1.7, 5.0, 11.1, 20.0])  # neither from 0 nor in equal steps
    ours = driven_oscillator(
        time_s, omega0_rad_per_s=omega0, damping_per_s=gamma, drive_m_per_s2=drive,
        drive_rad_per_s=omega, start=start,
    )  # fmt: skip
    assert ours.shape == (6, 2)
    assert_allclose(ours, oscillation(time_s, omega0, gamma, drive, omega, start), atol=3e-9)


def test_the_oscillator_of_the_lecture_is_the_default():
    time_s = np.linspace(0, 20, 41)
    lecture = oscillation(time_s, 1.0, 0.2, 1.0, 0.5, (1.0, 0.0))
    assert_allclose(driven_oscillator(time_s), lecture, atol=3e-9)


def lorenz_change(state, sigma, rho, beta):
    x, y, z = state
    return np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])


def test_lorenz_agrees_with_runge_and_kutta():
    constants, state, step = (9.0, 31.0, 2.0), np.array([1.0, -2.0, 20.0]), 1e-3
    expected = [state]
    for _ in range(3000):
        k1 = lorenz_change(state, *constants)
        k2 = lorenz_change(state + step / 2 * k1, *constants)
        k3 = lorenz_change(state + step / 2 * k2, *constants)
        k4 = lorenz_change(state + step * k3, *constants)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        expected.append(state)
    time = np.array([0, 0.5, 0.9, 3.0])
    ours = lorenz(time, sigma=9.0, rho=31.0, beta=2.0, start=(1.0, -2.0, 20.0))
    assert_allclose(ours, np.array(expected)[[0, 500, 900, 3000]], rtol=1e-6, atol=1e-6)


def test_lorenz_rests_at_its_fixed_points():
    side = np.sqrt(8 / 3 * 27)
    for point in [(0, 0, 0), (side, side, 27), (-side, -side, 27)]:
        assert_allclose(lorenz([0, 2, 5], start=point), [point] * 3, atol=1e-6)


def test_lorenz_turned_by_half_a_turn_is_lorenz():
    time, turn = np.linspace(0, 8, 9), np.array([-1, -1, 1])
    ours = lorenz(time, start=(1, 2, 20))
    assert_allclose(lorenz(time, start=(-1, -2, 20)), ours * turn, atol=1e-9)
    assert np.ptp(ours[:, 0]) > 10


def test_lorenz_shrinks_volumes():
    constants, start, step = dict(sigma=9.0, rho=20.0, beta=2.0), np.array([1.0, 2.0, 15.0]), 1e-4
    columns = [
        lorenz([0, 0.3], start=start + shift, **constants)[1]
        - lorenz([0, 0.3], start=start - shift, **constants)[1]
        for shift in step * np.eye(3)
    ]
    volume = np.linalg.det(np.array(columns) / (2 * step))
    assert volume == pytest.approx(np.exp(-(9.0 + 1 + 2.0) * 0.3), rel=1e-5)


def test_lorenz_forgets_its_start():
    first, second = (lorenz([0, 20], start=(1 + shift, 2, 20))[1] for shift in (0, 1e-9))
    growth_rate = np.log(np.linalg.norm(first - second) / 1e-9) / 20
    assert 0.7 < growth_rate < 1.1  # the largest Lyapunov exponent is 0.906
    assert_allclose(lorenz([0, 1])[0], (0.0, 1.0, 1.05))


@pytest.mark.parametrize("motion", [driven_oscillator, lorenz])
@pytest.mark.parametrize("time", [[0, 2, 1], [0, 0], [1], 3.0, [[0, 1]], [0, np.nan], []])
def test_errors_of_the_times(motion, time):
    name = "time_s" if motion is driven_oscillator else "time"
    with pytest.raises(ValueError, match=rf"^{name} has shape \(.* each later than the one before"):
        motion(time)


@pytest.mark.parametrize("start", [(1.0,), (1.0, 2.0, 3.0, 4.0), 5.0, (np.nan,) * 3, (np.inf, 0)])
def test_errors_of_the_starts(start):
    with pytest.raises(ValueError, match=r"start=.* needs finite position, velocity"):
        driven_oscillator([0, 1], start=start)
    with pytest.raises(ValueError, match=r"start=.* needs finite x, y, z"):
        lorenz([0, 1], start=start)


@pytest.mark.parametrize(
    ("motion", "name"),
    [
        *((lorenz, name) for name in ("sigma", "rho", "beta")),
        *((driven_oscillator, name) for name in ("omega0_rad_per_s", "damping_per_s")),
        *((driven_oscillator, name) for name in ("drive_m_per_s2", "drive_rad_per_s")),
    ],
)
def test_errors_of_the_constants(motion, name):
    with pytest.raises(ValueError, match=f"^{name}=nan, but it must be a finite number"):
        motion([0, 1], **{name: float("nan")})


def test_a_motion_beyond_all_bounds_is_an_error():
    with pytest.raises(ConvergenceError, match=r"from time_s=0.0 to 20.0: .* shorter time"):
        driven_oscillator([0, 20], damping_per_s=-1000)


def test_importing_is_cheap():
    code = "import sys, lectures_lib.physics; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "lectures_lib.physics" in modules
    assert not {"tensorflow", "keras", "scipy", "matplotlib"} & set(modules)


def test_the_angle_asked_for_is_that_of_a_pendulum_a_second_after_its_last_reading():
    """Against the elliptic function; half a metre of thread, let go at 0.2 rad, without errors."""
    from scipy.special import ellipj, ellipk

    fixed = SimpleNamespace(
        uniform=lambda low, high, size: np.full(size, low),
        integers=lambda low, high, size: np.full(size, low),
        normal=lambda *given, size: np.zeros(size),
    )
    readings, later = pendulums(fixed, 2)
    m = np.sin(0.1) ** 2  # of half the amplitude
    times_s = np.append(0.1 * np.arange(30), 3.9)
    sn = ellipj(ellipk(m) - np.sqrt(9.81 / 0.5) * times_s, m)[0]
    exact = 2 * np.arcsin(np.sin(0.1) * sn)
    np.testing.assert_allclose(np.append(readings[1], later[1]), exact, atol=0.005)
