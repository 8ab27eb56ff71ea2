"""Long runs on series: the noisy sine of the lecture, and forecasts of two equations of motion."""

import keras
import numpy as np
import pandas as pd

from lectures_lib.data import noisy_sine, split_in_time
from lectures_lib.models import series_rnn, sine_rnn
from lectures_lib.physics import driven_oscillator, lorenz
from lectures_lib.training import evaluate, fit_many, forecast, sweep

PARTS = ("train", "validation", "test")
SINE_BATCH = 16
SINE_TIMES, SINE_TRAIN, SINE_VALIDATION = 2000, 800, 200
# The lecture's sizes on five series, with its epochs and fewer; then other sizes and longer windows
# on the last series, whose noise has nearly the expected variance in all parts.
SINE_SERIES = range(5)
SINE_RUNS = [
    {
        "model": ["one_step", "recurrent", "dense"],
        "hidden": [32],
        "num_steps": [4],
        "series": list(SINE_SERIES),
        "epochs": [20, 100],
    },
    {
        "model": ["recurrent"],
        "hidden": [2, 8, 128],
        "num_steps": [4],
        "series": [4],
        "epochs": [100],
    },
    {
        "model": ["recurrent", "dense"],
        "hidden": [32],
        "num_steps": [8, 16],
        "series": [4],
        "epochs": [100],
    },
]
SINE_SEEDS = range(10)
SINE_CURVE_EPOCHS = (1, 2, 3, 5, 7, 10, 15, *range(20, 101, 10))

SYSTEMS = ("oscillator", "lorenz")
STEPS = {"oscillator": 0.5, "lorenz": 0.1}  # from value to value: in s, and in the time of Lorenz
NUM_STEPS, SERIES_TRAIN, SERIES_VALIDATION, SERIES_TEST = 10, 1000, 500, 2000
SERIES_EPOCHS, SERIES_BATCH, SERIES_RATE = 150, 50, 5e-3
RECURRENT_UNITS, DENSE_UNITS = 24, 54  # 649 parameters each
SERIES_SEEDS, STARTS = range(5), 200
AHEAD = (1, 2, 3, 5, 7, *range(10, 81, 5))


def sine_data(series, *, num_steps):
    """Return the parts of a noisy sine; the train part is as long as the lecture's."""
    values = noisy_sine(times=SINE_TIMES, seed=series)
    return split_in_time(values, train=SINE_TRAIN, validation=SINE_VALIDATION, num_steps=num_steps)


def sine_network(model, *, hidden, num_steps, seed):
    """Build one network of the noisy sine; "dense" has as many parameters as "recurrent".

    >>> sizes = {"hidden": 32, "num_steps": 16, "seed": 0}
    >>> [sine_network(model, **sizes).count_params() for model in ("recurrent", "dense")]
    [1361, 1367]
    """
    if model == "dense":
        units = round(hidden * (hidden + 10) / (num_steps + 9))
        optimizer = keras.optimizers.RMSprop(1e-3)
        return _dense([units, 8], "relu", num_steps=num_steps, optimizer=optimizer, seed=seed)
    network = sine_rnn(num_steps=num_steps, hidden=hidden, one_step=model == "one_step", seed=seed)
    network.get_layer("recurrent").unroll = True  # the same numbers, sooner
    return network


def _dense(sizes, activation, *, num_steps, optimizer, seed):
    """Build a dense network from `(windows, num_steps, 1)` to `(windows, 1)`."""
    keras.utils.set_random_seed(seed)
    hidden = [keras.layers.Dense(size, activation=activation) for size in sizes]
    layers = [keras.layers.Flatten(), *hidden, keras.layers.Dense(1)]
    network = keras.Sequential([keras.Input((num_steps, 1)), *layers])
    network.compile(optimizer, "mean_squared_error")
    return network


def sine_networks():
    """Train the networks of the noisy sine, each kind from ten seeds: mean squared errors."""
    return sweep(run_sine, SINE_RUNS)


def run_sine(model, hidden, num_steps, series, epochs, *, seeds=SINE_SEEDS):
    """Return the scores of one architecture on one series, one row per seed."""
    many, data = train_sine(model, hidden, num_steps, series, epochs, seeds=seeds)
    return _scores(many, data)


def train_sine(model, hidden, num_steps, series, epochs, *, seeds=SINE_SEEDS):
    """Return the trained networks of one architecture, and their data."""
    data = sine_data(series, num_steps=num_steps)
    many = fit_many(
        lambda seed: sine_network(model, hidden=hidden, num_steps=num_steps, seed=seed),
        {"seed": list(seeds)}, data, epochs=epochs, batch_size=SINE_BATCH, seed=series,
        progress=False,
    )  # fmt: skip
    return many, data


def _scores(many, data):
    """Return one row per network: its settings, its parameters and the errors on all parts."""
    errors = {part: many.evaluate(getattr(data, part))["loss"] for part in PARTS}
    table = many.networks.drop(columns="diverged")
    return table.assign(parameters=many.models[0].count_params(), **errors)


def sine_curves():
    """Train the recurrent network of the noisy sine with more and fewer units: ten seeds."""
    return sweep(run_sine_curve, {"hidden": [2, 8, 32, 128]})


def run_sine_curve(hidden, *, epochs=SINE_CURVE_EPOCHS[-1]):
    """Return the losses of one size over the epochs, with mean and range over the seeds."""
    many, _ = train_sine("recurrent", hidden, 4, SINE_SERIES[-1], epochs)
    return summarise_losses(many.history)


def summarise_losses(history):
    """Return mean, smallest and largest loss over the networks, at some epochs.

    >>> rows = {"epoch": [1, 1], "split": ["train"] * 2, "loss": [0.5, 0.75], "network": [0, 1]}
    >>> summarise_losses(pd.DataFrame(rows)).to_numpy().tolist()
    [[1, 'train', 0.625, 0.5, 0.75]]
    """
    chosen = history[history["epoch"].isin(SINE_CURVE_EPOCHS)]
    losses = chosen.groupby(["epoch", "split"])["loss"]
    return losses.agg(loss="mean", low="min", high="max").reset_index()


def motion(system):
    """Return the series of an equation of motion, of shape `(times,)`, in its own units."""
    times = SERIES_TRAIN + SERIES_VALIDATION + SERIES_TEST
    if system == "oscillator":  # hardly damped: its own motion and that of the drive, all along
        time_s = STEPS[system] * np.arange(times)
        return driven_oscillator(time_s, damping_per_s=0.001, drive_rad_per_s=0.7)[:, 0]
    settling = 200  # until it is on the attractor
    return lorenz(STEPS[system] * np.arange(settling + times))[settling:, 0]


def motion_data(system, *, noise=0.0):
    """Return the parts of a motion, scaled to the deviation of its train part, with noise added."""
    from sklearn.preprocessing import StandardScaler

    values = motion(system)
    values = values + noise * values.std() * np.random.default_rng(0).normal(size=len(values))
    sizes = {"train": SERIES_TRAIN, "validation": SERIES_VALIDATION, "num_steps": NUM_STEPS}
    return split_in_time(values, **sizes, scaler=StandardScaler())


def motion_network(model, *, seed):
    """Build a recurrent or a dense network for a motion, with 649 parameters.

    >>> [motion_network(model, seed=0).count_params() for model in ("recurrent", "dense")]
    [649, 649]
    """
    optimizer = keras.optimizers.Adam(SERIES_RATE)
    if model == "dense":
        return _dense([DENSE_UNITS], "tanh", num_steps=NUM_STEPS, optimizer=optimizer, seed=seed)
    network = series_rnn(
        num_steps=NUM_STEPS, hidden=RECURRENT_UNITS, learning_rate=SERIES_RATE, seed=seed
    )
    network.layers[0].unroll = True  # the same numbers, sooner
    return network


def linear_network(split):
    """Return the linear prediction of a split with the least squares, as a Keras model."""
    num_steps = split.inputs.shape[1]
    inputs = split.inputs[:, :, 0].astype("float64")
    design = np.column_stack([inputs, np.ones(len(split))])
    weights = np.linalg.lstsq(design, split.labels, rcond=None)[0]
    network = _dense([], None, num_steps=num_steps, optimizer="sgd", seed=0)
    network.set_weights([weights[:-1, np.newaxis], weights[-1:]])
    return network


def motion_networks():
    """Train networks of equal size on two motions, with and without noise: mean squared errors."""
    runs = [{"system": list(SYSTEMS), "noise": [0.0], "model": ["linear", "recurrent", "dense"]}]
    runs += [{"system": ["lorenz"], "noise": [0.2], "model": ["linear", "recurrent", "dense"]}]
    return sweep(run_motion, runs)


def run_motion(system, noise, model, *, seeds=SERIES_SEEDS, epochs=SERIES_EPOCHS):
    """Return the scores of one kind of network on one motion, one row per seed."""
    networks, data = train_motion(system, noise, model, seeds=seeds, epochs=epochs)
    rows = [
        {"seed": seed, "parameters": network.count_params()}
        | {part: evaluate(network, getattr(data, part))["loss"] for part in PARTS}
        for seed, network in enumerate(networks)
    ]
    return pd.DataFrame(rows)


def train_motion(system, noise, model, *, seeds=SERIES_SEEDS, epochs=SERIES_EPOCHS):
    """Return the trained networks of one kind, a single one if it is linear, and their data."""
    data = motion_data(system, noise=noise)
    if model == "linear":
        return [linear_network(data.train)], data
    many = fit_many(
        lambda seed: motion_network(model, seed=seed), {"seed": list(seeds)}, data,
        epochs=epochs, batch_size=SERIES_BATCH, seed=0, progress=False,
    )  # fmt: skip
    return many.models, data


def motion_horizon():
    """Forecast two motions up to 80 steps ahead: errors in standard deviations of the series."""
    return sweep(run_horizon, {"system": list(SYSTEMS), "model": ["linear", "recurrent", "dense"]})


def run_horizon(system, model, *, seeds=SERIES_SEEDS, epochs=SERIES_EPOCHS):
    """Return the error against the steps ahead, one row per seed and step."""
    networks, data = train_motion(system, 0.0, model, seeds=seeds, epochs=epochs)
    rows = [horizon_errors(network, data.test).assign(seed=i) for i, network in enumerate(networks)]
    return pd.concat(rows, ignore_index=True)


def horizon_errors(network, split):
    """Return the errors over evenly spaced starts in a split: `ahead`, `rms` and `typical`.

    The typical error is the geometric mean, whose logarithm grows by the Lyapunov exponent.
    """
    windows = np.linspace(0, len(split) - max(AHEAD), STARTS, dtype=int)
    predictions = forecast(network, split.inputs[windows], steps=max(AHEAD))[..., 0]
    truth = split.labels[windows[:, np.newaxis] + np.arange(max(AHEAD))]
    errors = np.abs(predictions.astype("float64") - truth)[:, np.array(AHEAD) - 1]
    rms = np.sqrt(np.mean(errors**2, axis=0))
    typical = np.exp(np.mean(np.log(np.maximum(errors, 1e-12)), axis=0))
    return pd.DataFrame({"ahead": AHEAD, "rms": rms, "typical": typical})
