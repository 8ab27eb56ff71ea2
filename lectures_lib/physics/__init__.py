"""Physical systems: the pairing model, motions, the Ising model, and a molecule that blinks."""

from lectures_lib.physics.blinking import blinking_counts, bright_probability
from lectures_lib.physics.checks import ConvergenceError
from lectures_lib.physics.ising import (
    ISING_CRITICAL_TEMPERATURE,
    ising_configurations,
    ising_energy,
    ising_magnetisation,
    onsager_magnetisation,
)
from lectures_lib.physics.motion import SwingWindows, driven_oscillator, lorenz, swing_windows
from lectures_lib.physics.pairing import exact_pairing_energy, pairing_energies

__all__ = [
    "ISING_CRITICAL_TEMPERATURE", "ConvergenceError", "SwingWindows", "blinking_counts",
    "bright_probability", "driven_oscillator", "exact_pairing_energy", "ising_configurations",
    "ising_energy", "ising_magnetisation", "lorenz", "onsager_magnetisation", "pairing_energies",
    "swing_windows",
]  # fmt: skip
