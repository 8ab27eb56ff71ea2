"""What it takes to hold a value by command, to add, and to drain: single units, and networks."""

import keras
import numpy as np
import pandas as pd

from lectures_lib.data import Dataset, Split
from lectures_lib.from_scratch import simple_rnn
from lectures_lib.training import fit_many
from recipes.extrapolation import memory

UNITS = {"SimpleRNN": 17, "GRU": 9, "LSTM": 8}  # layers of 340, 351 and 352 weights on 2 features
STEPS, LONG = 40, 200
RATES, HIGH, LOW = (0.003, 0.01, 0.03, 0.1), (0.3,), (0.001, 0.003, 0.01)
LOWEST = (0.001,)  # for the simple networks after few epochs
LIMITS = (None, 1.0)  # of the gradient's norm
SEEDS = range(5)
EPOCHS, LONGER, BATCH = 30, 150, 32
TASKS = ("hold", "add", "add and drain")
SIGNALS = ("linear", "tanh")


def held_records(*, series, num_steps, seed):
    """Return records of a voltage and a command, and the voltage at the last command: a `Split`.

    >>> task = held_records(series=1, num_steps=400, seed=0)
    >>> at = task.inputs[..., 1] == 1
    >>> bool((task.labels[at][:, 0] == task.inputs[at][:, 0]).all()), at.mean().round(2)
    (True, np.float64(0.07))
    """
    rng = np.random.default_rng(seed)
    voltage = rng.uniform(-1, 1, size=(series, num_steps))
    write = rng.uniform(size=voltage.shape) < 0.1
    held = np.zeros_like(voltage)
    for t in range(num_steps):
        held[:, t] = np.where(write[:, t], voltage[:, t], held[:, t - 1])
    inputs = np.stack([voltage, write], axis=-1)
    return Split(inputs.astype("float32"), held[..., np.newaxis].astype("float32"))


def charge_records(task, *, series, num_steps, seed):
    """Return charges and a command to drain, and the charge held: a `Split`; "add" never drains."""
    rng = np.random.default_rng(seed)
    charge = rng.uniform(0, 1, size=(series, num_steps))
    drain = (rng.uniform(size=charge.shape) < 0.1) & (task == "add and drain")
    held = np.zeros_like(charge)
    for t in range(num_steps):
        held[:, t] = np.where(drain[:, t], 0, held[:, t - 1]) + charge[:, t]
    inputs = np.stack([charge, drain], axis=-1)
    return Split(inputs.astype("float32"), held[..., np.newaxis].astype("float32"))


def unit_data(task, *, seed):
    """Return 100 records of one task of a single unit."""
    how = {"series": 100, "num_steps": STEPS, "seed": seed}
    return held_records(**how) if task == "hold" else charge_records(task, **how)


def unit_states(numbers, inputs, signal):
    """Return the states of one unit with the numbers w, k, m, b, a column with ones beside it."""
    w, k, m, b = numbers
    # A linear unit with |w| > 1 may leave all bounds; it is cut where nothing depends on it.
    with np.errstate(over="ignore", invalid="ignore"):
        h = simple_rnn(inputs, [[k], [m]], [[w]], [b], activation=signal)
    h = np.nan_to_num(np.clip(h, -1e9, 1e9)).ravel().astype(float)
    return np.column_stack([h, np.ones(len(h))])


def unit_error(numbers, data, signal, read_out=None):
    """Return the normalised squared error of one unit and its linear read-out, fitted if not given.

    >>> data = charge_records("add", series=9, num_steps=9, seed=0)
    >>> bool(unit_error([1, 1, 0, 0], data, "linear")[0] < 1e-9)
    True
    """
    states, labels = unit_states(numbers, data.inputs, signal), data.labels.ravel().astype(float)
    read_out = np.linalg.lstsq(states, labels)[0] if read_out is None else read_out
    return np.mean((states @ read_out - labels) ** 2) / np.var(labels), read_out


@memory.cache
def best_unit(task, signal, seed):
    """Search the numbers w, k, m, b of one unit by differential evolution; measure on new data."""
    from scipy.optimize import differential_evolution

    train, test = unit_data(task, seed=100 + seed), unit_data(task, seed=200 + seed)

    # k goes over powers of ten, so that a unit may stay in its linear part.
    def numbers(found):
        return [found[0], found[1] * 10 ** found[4], *found[2:4]]

    bounds = [(-2, 15), (-10, 10), (-20, 20), (-5, 5), (-4, 0.5)]
    found = differential_evolution(
        lambda x: unit_error(numbers(x), train, signal)[0], bounds,
        seed=seed, maxiter=50, popsize=10, tol=1e-8,
    )  # fmt: skip
    best = numbers(found.x)
    error, read_out = unit_error(best, train, signal)
    row = dict(zip("wkmb", best, strict=True))
    return row | {"train": error, "test": unit_error(best, test, signal, read_out)[0]}


def unit_limits():
    """Search for the best single unit on three tasks of a capacitor; three starts of the search."""
    runs = [(task, signal, seed) for task in TASKS for signal in SIGNALS for seed in range(3)]
    return pd.DataFrame(
        {"task": task, "unit": signal, "seed": seed} | best_unit(task, signal, seed)
        for task, signal, seed in runs
    )


def holding_network(kind, *, learning_rate, limit, seed, num_steps=STEPS):
    """Build a network that answers at every step.

    >>> how = {"learning_rate": 0.01, "limit": 1.0, "seed": 0}
    >>> [holding_network(kind, **how).layers[0].count_params() for kind in UNITS]
    [340, 351, 352]
    """
    keras.utils.set_random_seed(seed)
    layer = getattr(keras.layers, kind)(UNITS[kind], return_sequences=True)
    network = keras.Sequential([keras.Input((num_steps, 2)), layer, keras.layers.Dense(1)])
    network.compile(keras.optimizers.Adam(learning_rate, global_clipnorm=limit), "mse")
    return network


def holding_data():
    """Return train, validation and test records, from seeds of their own."""
    parts = ((1000, 11), (500, 12), (1000, 13))
    splits = (held_records(series=n, num_steps=STEPS, seed=seed) for n, seed in parts)
    return Dataset(*splits, class_names=())


def normalised(network, split):
    """Return the mean squared error of a network over the variance of the labels."""
    answers = network.predict(split.inputs, verbose=0, batch_size=500)
    return float(np.mean((answers - split.labels) ** 2) / np.var(split.labels))


@memory.cache
def held(kind, limit, epochs=EPOCHS, rates=RATES, seeds=tuple(SEEDS)):
    """Train networks of one kind; return their normalised squared errors, a row for each."""
    data = holding_data()
    long = held_records(series=300, num_steps=LONG, seed=14)
    many = fit_many(
        lambda learning_rate, seed: holding_network(
            kind, learning_rate=learning_rate, limit=limit, seed=seed
        ),
        {"learning_rate": list(rates), "seed": list(seeds)},
        data, epochs=epochs, batch_size=BATCH, progress=False,
    )  # fmt: skip
    rows = []
    for (_, setting), model in zip(many.networks.iterrows(), many.models, strict=True):
        longer = holding_network(kind, learning_rate=1.0, limit=None, seed=0, num_steps=LONG)
        longer.set_weights(model.get_weights())
        rows.append({
            "network": kind, "clipped": limit is not None,
            "learning_rate": setting["learning_rate"], "seed": int(setting["seed"]),
            "validation": normalised(model, data.validation),
            "test": normalised(model, data.test), "long": normalised(longer, long),
        })  # fmt: skip
    return rows


def holding_networks():
    """Train networks of equal weights to hold a voltage by command: normalised squared errors."""
    runs = [(kind, limit, EPOCHS, rates) for kind in UNITS for limit in LIMITS
            for rates in (RATES, HIGH)]  # fmt: skip
    runs += [("SimpleRNN", limit, EPOCHS, LOWEST) for limit in LIMITS]
    runs.append(("SimpleRNN", 1.0, LONGER, LOW))
    return pd.DataFrame(
        {"epochs": epochs} | row
        for kind, limit, epochs, rates in runs
        for row in held(kind, limit, epochs=epochs, rates=rates)
    )
