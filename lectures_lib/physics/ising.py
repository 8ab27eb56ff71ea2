"""The two-dimensional Ising model: spins of +1 and -1 on a square lattice with periodic edges.

Each pair of neighbours has the energy -J s s'. Energies are in units of J, temperatures in J / k_B.
"""

import math

import numpy as np

from lectures_lib.physics.checks import require_finite

__all__ = [
    "ISING_CRITICAL_TEMPERATURE", "ising_configurations", "ising_energy", "ising_magnetisation",
    "onsager_magnetisation",
]  # fmt: skip

ISING_CRITICAL_TEMPERATURE = 2 / math.log(1 + math.sqrt(2))  # 2.269, of the infinite lattice


def ising_configurations(temperatures, *, sides=(32, 32), configurations=50, sweeps=500, seed=0):
    """Draw configurations of the Ising model by Metropolis' method, all at the same time.

    The lattice is coloured as a chessboard: the spins of one colour do not see each other, so that
    half of the lattice is updated at once. Each configuration is the end of a chain of its own
    and independent of the others. The chains begin in perfect order, up and down by turns. To
    forget it they need most sweeps at the critical temperature, about as L^2.2 for a side of L;
    with 32 spins the magnetisation is 0.65 there after 500 sweeps as after 2,000.

    Args:
        temperatures: A number or an array of them, in J / k_B, above 0. From about 10 on nearly
            every flip is accepted, and the chains forget slowly again.
        sides: Rows and columns of the lattice, both even and at least 4.
        configurations: How many at each temperature.
        sweeps: Trials for each spin.
        seed: Decides the chance. It has a stream of its own for the first, second, ... temperature.

    Returns:
        int8 array of shape `(*temperatures.shape, configurations, rows, columns)`.

    Raises:
        ValueError: If a temperature, a side or a count is not as above.

    Source: Metropolis et al. (1953), J. Chem. Phys. 21, 1087.

    >>> spins = ising_configurations([1.5, 4.0], sides=(8, 12), configurations=20, sweeps=50)
    >>> spins.shape
    (2, 20, 8, 12)
    >>> abs(ising_magnetisation(spins)).mean(axis=1).round(1).tolist()
    [1.0, 0.2]
    """
    temperatures = np.asarray(temperatures, dtype=float)
    for temperature in temperatures.ravel().tolist():
        _require_temperature(temperature)
    for name, value, least in [("configurations", configurations, 1), ("sweeps", sweeps, 0)]:
        if not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name}={value!r}, but it must be an integer of at least {least}.")
    if len(sides) != 2 or any(side != int(side) or side < 4 or side % 2 for side in sides):
        raise ValueError(
            f"sides={sides}, but the lattice needs two even sides of at least 4 spins: with an odd "
            "side, neighbours across the edge would have the same colour of the chessboard."
        )
    rngs = np.random.default_rng(seed).spawn(temperatures.size)
    lattices = [
        _metropolis(temperature, sides, configurations, sweeps, rng)
        for temperature, rng in zip(temperatures.ravel(), rngs, strict=True)
    ]
    return np.reshape(lattices, (*temperatures.shape, configurations, *sides))


def ising_energy(spins):
    """Return the energy per spin in J, `(...)` for spins of shape `(..., rows, columns)`.

    >>> ising_energy([[1, 1, 1, -1]] * 4).tolist()  # a stripe with two walls
    -1.0
    """
    spins = np.asarray(spins)
    neighbours = np.roll(spins, 1, axis=-1) + np.roll(spins, 1, axis=-2)  # each pair once
    return -(spins * neighbours).mean(axis=(-2, -1))


def ising_magnetisation(spins):
    """Return the mean spin, from -1 to 1, `(...)` for spins of shape `(..., rows, columns)`.

    >>> ising_magnetisation([[1, 1, 1, -1]] * 4).tolist()
    0.5
    """
    return np.mean(spins, axis=(-2, -1))


def onsager_magnetisation(temperature):
    """Return the absolute mean spin of the infinite lattice, (1 - sinh(2 J / k_B T)^-4)^(1/8).

    Args:
        temperature: A number or an array of them, in J / k_B, above 0.

    Returns:
        An array of the same shape, 0 from the critical temperature on.

    Raises:
        ValueError: If a temperature is not a finite number above 0.

    Source: Yang (1952), Phys. Rev. 85, 808, for the formula that Onsager announced.

    >>> onsager_magnetisation([1.0, 2.0, 2.26, 2.3]).round(3).tolist()
    [0.999, 0.911, 0.613, 0.0]
    """
    temperature = np.asarray(temperature, dtype=float)
    for value in temperature.ravel().tolist():
        _require_temperature(value)
    with np.errstate(over="ignore"):  # at low temperatures the power is 0
        order = 1 - np.sinh(2 / temperature) ** -4.0
    return np.maximum(order, 0) ** (1 / 8)


def _metropolis(temperature, sides, chains, sweeps, rng):
    """Return the spins at the end of the chains, `(chains, rows, columns)`."""
    rows, columns = sides
    start = np.where(np.arange(chains) % 2, -1, 1).astype("int8")
    # Squares (i, 2j + i % 2) of the chessboard are colours[0, i, j], the others colours[1, i, j].
    colours = np.tile(start, (2, rows, columns // 2, 1))
    for _ in range(sweeps):
        for colour in (0, 1):
            spins, others = colours[colour], colours[1 - colour]
            neighbours = np.roll(others, 1, axis=0) + np.roll(others, -1, axis=0) + others
            neighbours[1 - colour :: 2] += np.roll(others[1 - colour :: 2], -1, axis=1)
            neighbours[colour::2] += np.roll(others[colour::2], 1, axis=1)
            uniform = rng.random(spins.shape, dtype="float32")
            spins *= 1 - 2 * _flips(spins * neighbours, uniform, temperature).view("int8")
    lattice = np.empty((chains, rows, columns), "int8")
    for i in range(rows):
        lattice[:, i, i % 2 :: 2], lattice[:, i, 1 - i % 2 :: 2] = colours[:, i].swapaxes(1, 2)
    return lattice


def _flips(agreement, uniform, temperature):
    """Tell which spins flip: those with uniform < exp(-2 agreement / temperature).

    `agreement`, the sum of s s' over the four neighbours, is -4, -2, 0, 2 or 4, so two comparisons
    do instead of an exponential for each spin. A flip costs the energy 2 agreement.
    """
    thresholds = np.exp(-np.array([4, 8]) / temperature).astype("float32")
    affordable = (uniform < thresholds[0]).view("int8") + (uniform < thresholds[1])  # 0, 1, 2
    return agreement <= 2 * affordable


def _require_temperature(temperature):
    require_finite(temperature=temperature)
    if temperature <= 0:
        raise ValueError(f"temperature={temperature}, but it must be above 0, in J / k_B.")
