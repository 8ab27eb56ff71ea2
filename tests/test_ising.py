"""The Ising model against Onsager's formulas, all states of small lattices, and its own rules."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ellipk

from lectures_lib.physics import (
    ISING_CRITICAL_TEMPERATURE,
    ising,
    ising_configurations,
    ising_energy,
    ising_magnetisation,
    onsager_magnetisation,
)


def bond_energy(lattice):
    """Return the energy per spin, bond by bond."""
    rows, columns = lattice.shape
    total = 0
    for i in range(rows):
        for j in range(columns):
            total -= int(lattice[i, j]) * int(lattice[(i + 1) % rows, j])
            total -= int(lattice[i, j]) * int(lattice[i, (j + 1) % columns])
    return total / lattice.size


def mean_and_error(values):
    return values.mean(), values.std() / np.sqrt(len(values))


def test_energy_and_magnetisation_of_any_lattice():
    spins = np.random.default_rng(0).choice([-1, 1], size=(2, 3, 4, 6)).astype("int8")
    energies = ising_energy(spins)
    assert energies.shape == (2, 3)
    for at in np.ndindex(2, 3):
        assert energies[at] == pytest.approx(bond_energy(spins[at]))
        assert ising_magnetisation(spins)[at] == pytest.approx(int(spins[at].sum()) / 24)
    assert ising_energy(np.ones((8, 300), "int8")) == -2
    assert len(np.unique(energies)) > 2


@pytest.mark.parametrize("temperature", [1.7, 2.4, 3.6])
def test_means_are_those_of_all_states_of_a_small_lattice(temperature):
    states = 2 * (np.arange(2**16)[:, np.newaxis] >> np.arange(16) & 1) - 1
    states = states.reshape(-1, 4, 4).astype("int8")
    energy, magnetisation = ising_energy(states), abs(ising_magnetisation(states))
    weights = np.exp(-16 * (energy + 2) / temperature)
    weights /= weights.sum()
    settings = dict(sides=(4, 4), configurations=6000, sweeps=60, seed=5)
    ours = ising_configurations(temperature, **settings)
    for values, exact in (
        (ising_energy(ours), weights @ energy),
        (abs(ising_magnetisation(ours)), weights @ magnetisation),
        (ising_energy(ours) ** 2, weights @ energy**2),
    ):
        mean, error = mean_and_error(values)
        assert abs(mean - exact) < 3.5 * error
        assert error < 0.03


def transfer_matrix_means(rows, columns, temperature):
    """Return energy per spin and mean squared magnetisation by products of transfer matrices."""
    states = 2 * (np.arange(2**columns)[:, np.newaxis] >> np.arange(columns) & 1) - 1
    inside = np.sum(states * np.roll(states, 1, axis=1), axis=1)

    def log_sum(beta, field):
        own = beta * inside + field * states.sum(axis=1)
        matrix = np.exp(own[:, np.newaxis] + beta * states @ states.T)
        return np.log(np.trace(np.linalg.matrix_power(matrix, rows)))

    beta, step, spins = 1 / temperature, 1e-3, rows * columns
    energy = -(log_sum(beta + step, 0) - log_sum(beta - step, 0)) / (2 * step) / spins
    curvature = log_sum(beta, step) - 2 * log_sum(beta, 0) + log_sum(beta, -step)
    return energy, curvature / step**2 / spins**2


@pytest.mark.parametrize("sides", [(4, 6), (8, 4)])
@pytest.mark.parametrize("temperature", [2.0, 3.0])
def test_means_of_unequal_sides_are_those_of_the_transfer_matrix(sides, temperature):
    settings = dict(sides=sides, configurations=6000, sweeps=80, seed=2)
    ours = ising_configurations(temperature, **settings)
    exact = transfer_matrix_means(*sides, temperature)
    for values, expected in zip(
        (ising_energy(ours), ising_magnetisation(ours) ** 2), exact, strict=True
    ):
        mean, error = mean_and_error(values)
        assert abs(mean - expected) < 3.5 * error
        assert error < 0.01


def onsager_energy(temperature):
    """Return the energy per spin of the infinite lattice (Onsager 1944)."""
    K = 1 / temperature
    kappa = 2 * np.sinh(2 * K) / np.cosh(2 * K) ** 2
    factor = 2 * np.tanh(2 * K) ** 2 - 1
    return -(1 + 2 / np.pi * factor * ellipk(kappa**2)) / np.tanh(2 * K)


def test_a_larger_lattice_agrees_with_onsager_away_from_the_critical_point():
    temperatures = np.array([1.5, 2.0, 3.0, 4.5])
    spins = ising_configurations(
        temperatures, sides=(32, 32), configurations=100, sweeps=150, seed=1
    )
    assert spins.shape == (4, 100, 32, 32) and spins.dtype == np.int8
    assert set(np.unique(spins)) == {-1, 1}
    for i, temperature in enumerate(temperatures):
        energy, error = mean_and_error(ising_energy(spins[i]))
        assert abs(energy - onsager_energy(temperature)) < 4 * error + 1e-3
        size, error = mean_and_error(abs(ising_magnetisation(spins[i])))
        if temperature < ISING_CRITICAL_TEMPERATURE:
            assert abs(size - onsager_magnetisation(temperature)) < 4 * error + 1e-3
            assert error < 0.003
        else:
            mean, error = mean_and_error(ising_magnetisation(spins[i]))
            assert abs(mean) < 4 * error and size < 0.15


def test_both_signs_of_the_order_come_in_equal_numbers():
    spins = ising_configurations(1.8, sides=(8, 12), configurations=40, sweeps=50)
    signs = np.sign(ising_magnetisation(spins))
    assert signs.tolist() == [1, -1] * 20


def test_onsagers_magnetisation():
    assert round(ISING_CRITICAL_TEMPERATURE, 6) == 2.269185
    assert np.sinh(2 / ISING_CRITICAL_TEMPERATURE) == pytest.approx(1, abs=1e-12)
    # The formula as Yang wrote it, with x = e^(-4 K).
    x = np.exp(-4 / 1.9)
    other = ((1 + x) / (1 - x) ** 2 * np.sqrt(1 - 6 * x + x**2)) ** 0.25
    assert onsager_magnetisation(1.9) == pytest.approx(other, rel=1e-12)
    above = ISING_CRITICAL_TEMPERATURE * np.array([1 + 1e-9, 1.1, 10])
    assert onsager_magnetisation(above).tolist() == [0, 0, 0]
    near = ISING_CRITICAL_TEMPERATURE * (1 - np.array([1e-6, 1e-8]))
    low, lower = onsager_magnetisation(near)
    assert np.log(low / lower) / np.log(100) == pytest.approx(1 / 8, abs=1e-4)  # the exponent
    assert onsager_magnetisation(1e-3) == 1
    assert onsager_magnetisation([[1.0, 3.0]]).shape == (1, 2)


@pytest.mark.parametrize("temperature", [0.8, 2.0, 6.5])
def test_flips_obey_detailed_balance(temperature):
    """The rate to flip over the rate to flip back is the ratio of the Boltzmann factors."""
    uniform = ((np.arange(100_000) + 0.5) / 100_000).astype("float32")
    agreement = np.array([-4, -2, 0, 2, 4], "int8")
    rates = [ising._flips(np.full(len(uniform), a), uniform, temperature).mean() for a in agreement]
    metropolis = np.minimum(1, np.exp(-2 * agreement / temperature))
    assert_allclose(rates, metropolis, atol=1.1e-5)
    assert rates[:3] == [1, 1, 1]


def test_a_cold_lattice_stays_in_order():
    spins = ising_configurations(1e-3, sides=(6, 4), configurations=3, sweeps=20)
    assert_array_equal(ising_energy(spins), -2)


def test_every_site_sees_its_own_four_neighbours(monkeypatch):
    """Each field that the sweep uses is the one of the lattice as it stands then."""
    seen = []

    def record(agreement, uniform, temperature):
        seen.append(agreement.copy())
        return uniform < 0.5

    monkeypatch.setattr(ising, "_flips", record)
    settings = dict(sides=(4, 6), configurations=2, seed=3)
    before = ising_configurations(2.0, sweeps=2, **settings)  # the same chance as the one below
    seen.clear()
    after = ising_configurations(2.0, sweeps=3, **settings)
    black = np.add.outer(np.arange(4), np.arange(6)) % 2 == 0
    lattice = before.astype(int)
    for colour, agreement in zip((black, ~black), seen[-2:], strict=True):
        around = sum(np.roll(lattice, step, axis) for step in (1, -1) for axis in (1, 2))
        expected = (lattice * around)[:, colour].reshape(2, 4, 3)
        assert_array_equal(np.moveaxis(agreement, 2, 0), expected)
        lattice = np.where(colour, after, lattice)
    assert_array_equal(lattice, after)
    assert len(np.unique(seen)) > 3


def test_the_seed_decides_and_each_temperature_has_its_own_stream():
    settings = dict(sides=(6, 8), configurations=5, sweeps=7)
    first = ising_configurations([2.0, 3.0], seed=4, **settings)
    assert_array_equal(ising_configurations([2.0, 3.0], seed=4, **settings), first)
    assert not np.array_equal(ising_configurations([2.0, 3.0], seed=5, **settings), first)
    assert_array_equal(ising_configurations(2.0, seed=4, **settings), first[0])
    assert_array_equal(ising_configurations([2.0, 2.5, 4.0], seed=4, **settings)[0], first[0])
    same = ising_configurations([3.0, 3.0], seed=4, **settings)
    assert not np.array_equal(same[0], same[1])
    assert ising_configurations([[2.0], [3.0]], seed=4, **settings).shape == (2, 1, 5, 6, 8)


def test_no_sweeps_leave_perfect_order():
    spins = ising_configurations(2.0, sides=(4, 6), configurations=3, sweeps=0)
    assert_array_equal(ising_magnetisation(spins), [1, -1, 1])


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (dict(sides=(5, 4)), r"sides=\(5, 4\), but .* even sides .* with an odd side"),
        (dict(sides=(4, 7)), r"sides=\(4, 7\), but"),
        (dict(sides=(2, 4)), r"sides=\(2, 4\), but .* at least 4"),
        (dict(sides=(4,)), r"sides=\(4,\), but the lattice needs two"),
        (dict(sides=(4.5, 4)), r"sides=\(4.5, 4\), but"),
        (dict(configurations=0), "configurations=0, but it must be an integer of at least 1"),
        (dict(sweeps=-1), "sweeps=-1, but it must be an integer of at least 0"),
        (dict(sweeps=2.5), "sweeps=2.5, but it must be an integer"),
    ],
)
def test_errors_say_what_to_change(settings, text):
    with pytest.raises(ValueError, match=text):
        ising_configurations(2.0, **settings)


@pytest.mark.parametrize("function", [ising_configurations, onsager_magnetisation])
@pytest.mark.parametrize("temperature", [0, -1.0, np.nan, np.inf])
def test_errors_of_the_temperature(function, temperature):
    text = "must be above 0" if temperature in (0, -1) else "must be a finite number"
    with pytest.raises(ValueError, match=f"^temperature=.*{text}"):
        function([1.0, temperature])
