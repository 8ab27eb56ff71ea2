"""Recurrent networks continue the pairing energies, with the settings of the lecture and others."""

import functools
import itertools
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from lectures_lib.data import split_known
from lectures_lib.models import series_rnn
from lectures_lib.physics import pairing_energies
from lectures_lib.training import fit_many, forecast

KNOWN = 12
SIGMOIDS = {"hidden": 500, "layers": 2, "activation": "sigmoid"}
# Settings of the networks, and what is particular in their training.
NETWORKS = {
    "C5": ({}, {}),
    "C6": (SIGMOIDS, {}),
    "C6, longer": (SIGMOIDS, {"epochs": 800}),
    "C6, scaled": (SIGMOIDS, {"scaled": True, "epochs": 800}),
    "C6, tanh": (SIGMOIDS | {"activation": "tanh"}, {}),
}
SEEDS = range(10)
POINTS = (6, 8, 10, 12, 14, 16, 18)
GRID = {"hidden": (20, 200), "layers": (1, 2), "activation": ("tanh", "sigmoid", "relu")}
GRID_SEEDS = range(5)
GRID_END = 40
# Trained settings are kept here, so that a stopped recipe goes on where it was.
memory = joblib.Memory(Path(__file__).parents[1] / ".recipes", verbose=0)


@memory.cache
def continued(settings, *, known, seeds, end, epochs=150, scaled=False):
    """Train networks on the first `known` energies; return their rows up to `end` particles."""
    particles = np.arange(2, end + 2, 2)
    series = energies = pairing_energies(particles)
    if scaled:
        scaler = StandardScaler().fit(energies[:known, np.newaxis])
        series = scaler.transform(energies[:, np.newaxis])[:, 0]
    build = functools.partial(series_rnn, **settings)
    data = split_known(series, known=known)
    many = fit_many(build, {"seed": list(seeds)}, data, epochs=epochs, batch_size=32)
    last = many.history.query("epoch == @epochs").pivot(
        index="network", columns="split", values="loss"
    )
    start, steps = series[known - 2 : known], len(series) - known
    predictions = np.array([forecast(model, start, steps=steps) for model in many.models])
    if scaled:
        predictions = predictions * scaler.scale_ + scaler.mean_
    columns = [f"E{number}" for number in particles[known:]]
    table = pd.DataFrame(predictions, columns=columns)
    table.insert(0, "train", last["train"])
    table.insert(1, "validation", last["validation"])
    table.insert(0, "seed", list(seeds))
    return table


def extrapolation_runs():
    """Energies of up to 60 particles, continued from 12 known ones; ten seeds for each network."""
    tables = []
    for name, (settings, training) in NETWORKS.items():
        table = continued(settings, known=KNOWN, seeds=SEEDS, end=60, **training)
        table.insert(0, "network", name)
        tables.append(table)
    return pd.concat(tables)


def extrapolation_grid():
    """Energies of up to 40 particles, continued from 6 to 18 known ones; five seeds each."""
    tables = []
    for known, *values in itertools.product(POINTS, *GRID.values()):
        settings = dict(zip(GRID, values, strict=True))
        table = continued(settings, known=known, seeds=GRID_SEEDS, end=GRID_END)
        table = table.drop(columns=["train", "validation"])
        tables.append(table.assign(known=known, **settings))
    table = pd.concat(tables)
    first = ["known", *GRID, "seed"]
    return table[[*first, *(f"E{number}" for number in range(14, GRID_END + 2, 2))]]
