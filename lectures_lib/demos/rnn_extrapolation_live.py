"""The network of the chapter on extrapolation that trains in the page."""

import numpy as np

from lectures_lib.data import split_known
from lectures_lib.explore import source_of
from lectures_lib.models import series_rnn
from lectures_lib.playground.training import train

__all__ = ["unfolding"]


def unfolding(energies, *, known=12):
    """Let the reader train the network of code C5, whose forecasts become a fan over the seeds.

    Args:
        energies: Energies in units of the level spacing δ, for 2, 4, 6, ... particles.
        known: How many of them it learns from; the last of their windows is for validation.
    """
    values = [float(energy) for energy in np.asarray(energies)]
    return train(
        series_rnn, split_known(values, known=known), name="energies-unfolding", kind="energies",
        epochs=150, source=source_of(unfolding),
        caption="The forecast of the pairing energies while a network learns: each finished seed "
        "leaves a thin line.",
        more={"series": {"values": values, "known": known, "distance": 2}},
        labels={"hidden": "hidden units"}, start={"learning_rate": 1e-3, "hidden": 200},
        seed=list(range(20)), learning_rate=[1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2],
        hidden=[20, 50, 100, 200],
    )  # fmt: skip
