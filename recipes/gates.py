"""LSTM and GRU networks continue the pairing energies; what freezing their gates changes."""

import functools

import keras
import numpy as np
import pandas as pd
from scipy.special import expit

from lectures_lib.data import Dataset, Split, split_known
from lectures_lib.models import series_gru, series_lstm, series_rnn
from lectures_lib.physics import pairing_energies
from lectures_lib.training import fit_many, forecast
from lectures_lib.training.batched import Stack
from lectures_lib.training.loop import scores_by_epoch
from recipes.extrapolation import GRID_END, GRID_SEEDS, KNOWN, SEEDS, memory

# The builders of the lecture's networks, and the numbers of units: those of the lecture last.
GATED = {
    "C5": (series_rnn, (10, 50, 200)),
    "C7": (series_lstm, (10, 50, 250)),
    "C8": (series_gru, (10, 50, 250)),
}
GATED_EPOCHS = (25, 50, 100, 150, 250, 500, 1000)
FROZEN_EPOCHS = (50, 100, 150, 250, 500)
MANY_SEEDS = {"C7": 20, "C8, no dense layers": 10}


def gated_runs():
    """Energies of 26 to 40 particles from 12 known ones, as training goes on; ten or five seeds."""
    tables = []
    for network, (_, sizes) in GATED.items():
        for hidden in sizes:
            seeds = list(SEEDS if hidden == sizes[-1] else GRID_SEEDS)
            table = followed(network, hidden, seeds=seeds, epochs=GATED_EPOCHS)
            table.insert(0, "network", network)
            tables.append(table)
    tables.append(from_number(list(SEEDS), GATED_EPOCHS[3]))
    return pd.concat(tables)


@memory.cache
def followed(network, hidden, *, seeds, epochs):
    """Train networks on the first energies; return their rows at some epochs.

    Columns: the losses at that epoch, the mean squared error of single steps from true windows on
    the unseen points, and the energies that the network continues the known ones with.
    """
    particles = np.arange(2, GRID_END + 2, 2)
    series = pairing_energies(particles)
    data = split_known(series, known=KNOWN)
    rows = []
    for epoch, scores, models in _training(_builder(network, hidden), data, seeds, epochs):
        for i, (seed, model) in enumerate(zip(seeds, models, strict=True)):
            single = np.asarray(model(data.test.inputs))[:, 0] - data.test.labels
            lines = forecast(model, series[KNOWN - 2 : KNOWN], steps=len(series) - KNOWN)
            row = {"hidden": hidden, "seed": seed, "epoch": epoch}
            row |= {split: float(values["loss"][i]) for split, values in scores.items()}
            row["one_step"] = float(np.mean(single**2))
            names = (f"E{number}" for number in particles[KNOWN:])
            rows.append(row | dict(zip(names, lines.tolist(), strict=True)))
    return pd.DataFrame(rows).sort_values(["seed", "epoch"], ignore_index=True)


def _builder(network, hidden):
    """Return the builder of one size; the dense layers of C8 are half as wide as its GRUs."""
    if network not in GATED:
        return functools.partial(grus_alone, hidden=hidden)
    build = functools.partial(GATED[network][0], hidden=hidden)
    return functools.partial(build, dense=hidden // 2) if network == "C8" else build


def _training(build, data, seeds, epochs):
    """Train as `fit_many` does; yield epoch, scores and networks at the epochs asked for."""
    models = [build(seed=seed) for seed in seeds]
    stack = Stack(models)
    by_epoch = scores_by_epoch(
        stack, data, epochs=max(epochs), batch_size=32, seed=0, progress=False
    )
    for epoch, scores in enumerate(by_epoch, start=1):
        if epoch in epochs:
            for model, weights in zip(models, stack.get_weights(), strict=True):
                model.set_weights(weights)
            yield epoch, scores, models


def gated_seeds():
    """Energies by C7, twenty seeds, and by C8 without its dense layers, ten, after 150 epochs."""
    tables = []
    for network, seeds in MANY_SEEDS.items():
        table = followed(network, 250, seeds=list(range(seeds)), epochs=(150,))
        table.insert(0, "network", network)
        tables.append(table)
    return pd.concat(tables)


def grus_alone(*, hidden, seed):
    """Build C8 without its dense layers.

    >>> grus_alone(hidden=250, seed=0).count_params()  # 3 * 250 * 253 + 3 * 250 * 502 + 251
    566501
    """
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((2, 1))])
    model.add(keras.layers.GRU(hidden, return_sequences=True, unroll=True))
    model.add(keras.layers.GRU(hidden, unroll=True))
    model.add(keras.layers.Dense(1))
    model.compile("adam", "mean_squared_error")
    return model


def from_number(seeds, epochs):
    """Train C9, from the number of particles to the energy; return rows as `followed` does."""
    particles = np.arange(2, GRID_END + 2, 2)
    numbers = particles.astype("float32").reshape(-1, 1, 1)
    energies = pairing_energies(particles).astype("float32")
    borders = [KNOWN - 1, KNOWN]
    parts = zip(np.split(numbers, borders), np.split(energies, borders), strict=True)
    data = Dataset(*(Split(*part) for part in parts), class_names=())
    build = functools.partial(series_rnn, num_steps=1)
    many = fit_many(build, {"seed": seeds}, data, epochs=epochs, batch_size=32, progress=False)
    last = many.history.query("epoch == @epochs").pivot(
        index="network", columns="split", values="loss"
    )
    answers = [np.asarray(model(data.test.inputs))[:, 0] for model in many.models]
    lines = pd.DataFrame(answers, columns=[f"E{number}" for number in particles[KNOWN:]])
    first = {"network": "C9", "hidden": 200, "seed": seeds, "epoch": epochs}
    scores = pd.DataFrame(first | {split: last[split] for split in ("train", "validation")})
    return pd.concat([scores, lines], axis=1)


def gated_frozen():
    """Energies that C7 continues while its gates stay as they are at 24 particles; five seeds."""
    return frozen(list(GRID_SEEDS), FROZEN_EPOCHS)


def frozen(seeds, epochs):
    """Train C7 and return, after each of the epochs, the energies that it continues so."""
    particles = np.arange(2, GRID_END + 2, 2)
    series = pairing_energies(particles)
    data = split_known(series, known=KNOWN)
    rows = []
    for epoch, _, models in _training(series_lstm, data, seeds, epochs):
        for seed, model in zip(seeds, models, strict=True):
            line = continue_frozen(model.get_weights(), series[:KNOWN], steps=len(series) - KNOWN)
            names = (f"E{number}" for number in particles[KNOWN:])
            rows.append({"seed": seed, "epoch": epoch} | dict(zip(names, line, strict=True)))
    return pd.DataFrame(rows).sort_values(["seed", "epoch"], ignore_index=True)


def continue_frozen(weights, known, *, steps):
    """Continue a series by an LSTM network whose gates keep what they are at its last window."""
    values = list(known)
    gates = lstm_network(weights, values[-2:])[1]
    for _ in range(steps):
        values.append(lstm_network(weights, values[-2:], gates=gates)[0])
    return np.array(values[len(known) :])


def lstm_network(weights, window, *, gates=None):
    """Return the answer of an LSTM network to one window, and its gates i, f, o.

    Args:
        weights: As Keras orders them: three arrays for each LSTM layer, two for the output.
        window: The values that it reads.
        gates: What the gates shall be instead, in the form in which they are returned: a list
            over the layers of lists over the steps.
    """
    *layers, kernel, bias = weights
    values, found = np.reshape(window, (-1, 1)), []
    for layer in range(len(layers) // 3):
        K, R, b = layers[3 * layer : 3 * layer + 3]
        h = C = np.zeros(len(R))
        states, found_here = [], []
        for t, value in enumerate(values):
            i, f, g, o = np.split(value @ K + h @ R + b, 4)
            i, f, o = gates[layer][t] if gates else expit([i, f, o])
            C = f * C + i * np.tanh(g)
            h = o * np.tanh(C)
            states.append(h)
            found_here.append((i, f, o))
        values = np.array(states)
        found.append(found_here)
    return (h @ kernel + bias).item(), found
