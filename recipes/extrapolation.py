"""Recurrent networks continue the pairing energies, with the settings of the lecture and others."""

import functools
import itertools
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from lectures_lib.data import Dataset, Split, split_known
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
    "C6, slower": (SIGMOIDS | {"learning_rate": 3e-4}, {"epochs": 800}),
    "C6, scaled": (SIGMOIDS, {"scaled": True, "epochs": 800}),
    "C6, tanh": (SIGMOIDS | {"activation": "tanh"}, {}),
}
SEEDS = range(10)
POINTS = (6, 8, 10, 12, 14, 16, 18)
GRID = {"hidden": (20, 200), "layers": (1, 2), "activation": ("tanh", "sigmoid", "relu")}
GRID_SEEDS = range(5)
GRID_END = 40
COUPLINGS = (-1.0, -0.5, -0.25, 0.25, 0.4, 0.5)
# The form of the inputs, and the size of the largest one that is trained on.
FORMS = (("x", 24.0), ("x", 1.0), ("energies", 24.0), ("energies", 1.0), ("energies", None),
         ("differences", 1.0))  # fmt: skip
LARGEST = {"energies": None, "differences": 1.0, "differences, longer": 1.0}
LONGER = {"hidden": 20, "learning_rate": 0.01, "epochs": 1000}
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


def read_as(series, form, largest):
    """Return inputs, labels and their unit: what a network reads of a series, and what it gives."""
    if form == "x":
        numbers, labels = 2.0 * np.arange(1, len(series) + 1)[:, np.newaxis], series
    else:
        numbers = np.diff(series) if form == "differences" else series
        numbers, labels = np.stack([numbers[:-2], numbers[1:-1]], axis=1), numbers[2:]
    known = KNOWN - len(series) + len(labels)  # windows, of which the last is for validation
    unit = np.abs(numbers[:known]).max() / largest if largest else 1.0
    unit_of_labels = unit if form == "differences" else 1.0
    inputs, labels = numbers[..., np.newaxis] / unit, labels / unit_of_labels
    parts = np.split(np.arange(len(labels)), [known - 1, known])
    splits = (Split(inputs[i].astype("float32"), labels[i].astype("float32")) for i in parts)
    return Dataset(*splits, class_names=()), unit, unit_of_labels


@memory.cache
def in_form(form, largest, *, coupling=0.5, seeds=10, epochs=150, **settings):
    """Train the lecture's network on 12 energies in one form; return its rows up to 40 particles.

    The largest input is a size, or None for inputs as they are.
    """
    particles = np.arange(2, GRID_END + 2, 2)
    series = pairing_energies(particles, coupling=coupling)
    data, unit, unit_of_labels = read_as(series, form, largest)
    build = functools.partial(series_rnn, num_steps=data.train.inputs.shape[1], **settings)
    many = fit_many(build, {"seed": list(range(seeds))}, data, epochs=epochs, batch_size=32)
    last = many.history.query("epoch == @epochs").pivot(
        index="network", columns="split", values="loss"
    )
    if form == "x":
        lines = np.array([np.asarray(model(data.test.inputs))[:, 0] for model in many.models])
    else:
        known = series[:KNOWN] if form == "energies" else np.diff(series[:KNOWN])
        lines = np.array([_continue(model, known, unit, unit_of_labels) for model in many.models])
        lines = lines if form == "energies" else series[KNOWN - 1] + np.cumsum(lines, axis=1)
    table = pd.DataFrame(lines, columns=[f"E{number}" for number in particles[KNOWN:]])
    table.insert(0, "validation", last["validation"])
    table.insert(0, "seed", range(seeds))
    return table


def _continue(model, known, unit, unit_of_labels):
    """Return the next values up to 40 particles, in the unit of what is known."""
    values = list(known)
    for _ in range(GRID_END // 2 - KNOWN):
        window = np.array(values[-2:], "float32").reshape(1, 2, 1) / np.float32(unit)
        values.append(float(np.asarray(model(window))[0, 0]) * unit_of_labels)
    return values[len(known) :]


def extrapolation_forms():
    """Energies of up to 40 particles, continued from 12 in several forms and scales; ten seeds."""
    tables = []
    for form, largest in FORMS:
        table = in_form(form, largest)
        table.insert(0, "largest", largest)
        table.insert(0, "form", form)
        tables.append(table)
    return pd.concat(tables)


def extrapolation_couplings():
    """As extrapolation_forms, at six couplings; also 20 units for 1,000 epochs (named: longer)."""
    tables = []
    for coupling, form in itertools.product(COUPLINGS, LARGEST):
        seeds = 50 if (coupling, form) == (0.5, "energies") else 10
        how = LONGER if form == "differences, longer" else {}
        name = form.partition(",")[0]
        table = in_form(name, LARGEST[form], coupling=coupling, seeds=seeds, **how)
        table.insert(0, "form", form)
        table.insert(0, "coupling", coupling)
        tables.append(table)
    return pd.concat(tables)
