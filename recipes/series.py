"""Long runs on windows of the noisy sine, and forecasts of two equations of motion."""

import itertools

import keras
import numpy as np
import pandas as pd

from lectures_lib.data import noisy_sine, split_in_time
from lectures_lib.from_scratch import simple_rnn
from lectures_lib.models import series_rnn, sine_rnn
from lectures_lib.physics import driven_oscillator, lorenz
from lectures_lib.training import fit_many, forecast, sweep

PARTS = ("train", "validation", "test")
SINE_BATCH = 16
SINE_TIMES, SINE_TRAIN, SINE_VALIDATION = 2000, 800, 200
# The lecture's sizes on five series, with its epochs and fewer.
SINE_SERIES = range(5)
SINE_RUNS = {
    "model": ["one_step", "recurrent", "dense"], "series": list(SINE_SERIES), "epochs": [20, 100],
}  # fmt: skip
SINE_HIDDEN, SINE_STEPS = 32, 4
SINE_SEEDS = range(10)

SYSTEMS = ("oscillator", "lorenz")
STEPS = {"oscillator": 0.5, "lorenz": 0.1}  # from value to value: in s, and in the time of Lorenz
NUM_STEPS, SERIES_TRAIN, SERIES_VALIDATION, SERIES_TEST = 10, 1000, 500, 2000
SERIES_EPOCHS, SERIES_BATCH, SERIES_RATE = 150, 50, 5e-3
LONG_EPOCHS = 1500
RECURRENT_UNITS, DENSE_UNITS = 24, 54  # 649 parameters each
RANDOM_UNITS = 300
MODELS = (
    *("linear", "recurrent", "dense", "recurrent, long", "dense, long"),
    *("echo state", "random window", "random window, chosen at 10"),
)  # fmt: skip
SERIES_SEEDS, STARTS = range(5), 200
AHEAD = (1, 2, 3, 5, 7, *range(10, 81, 5))
# Steps ahead at which random networks are chosen, on validation values.
CHOSEN_AT = {"echo state": 30, "random window": 30, "random window, chosen at 10": 10}
WASHOUT = 50  # states that still know of the start
# Settings of random networks: the size of input weights, the ridge, and for the echo state the
# spectral radius, for the random window its length.
SIZES, RIDGES = (0.5, 1.0, 2.0), (1e-8, 1e-6, 1e-4)
RADII, LENGTHS = (0.6, 0.9, 1.1), (3, 5, 10)


def sine_data(series, *, num_steps):
    """Return the parts of a noisy sine; the train part is as long as the lecture's."""
    values = noisy_sine(times=SINE_TIMES, seed=series)
    return split_in_time(values, train=SINE_TRAIN, validation=SINE_VALIDATION, num_steps=num_steps)


def sine_network(model, *, hidden=SINE_HIDDEN, num_steps=SINE_STEPS, seed=0):
    """Build one network of the noisy sine; "dense" has as many parameters as "recurrent".

    >>> [sine_network(model).count_params() for model in ("recurrent", "dense")]
    [1361, 1356]
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


def run_sine(model, series, epochs, *, seeds=SINE_SEEDS):
    """Return the scores of one kind of network on one series, one row per seed."""
    data = sine_data(series, num_steps=SINE_STEPS)
    many = fit_many(
        lambda seed: sine_network(model, seed=seed), {"seed": list(seeds)}, data,
        epochs=epochs, batch_size=SINE_BATCH, seed=series, progress=False,
    )  # fmt: skip
    errors = {part: many.evaluate(getattr(data, part))["loss"] for part in PARTS}
    return many.networks.drop(columns="diverged").assign(**errors)


def motion(system):
    """Return the series of an equation of motion, of shape `(times,)`, in its own units."""
    times = SERIES_TRAIN + SERIES_VALIDATION + SERIES_TEST
    if system == "oscillator":  # hardly damped: its own motion and that of the drive, all along
        time_s = STEPS[system] * np.arange(times)
        return driven_oscillator(time_s, damping_per_s=0.001, drive_rad_per_s=0.7)[:, 0]
    settling = 200  # until it is on the attractor
    return lorenz(STEPS[system] * np.arange(settling + times))[settling:, 0]


def motion_data(system):
    """Return the parts of a motion, scaled to the deviation of its train part."""
    from sklearn.preprocessing import StandardScaler

    sizes = {"train": SERIES_TRAIN, "validation": SERIES_VALIDATION, "num_steps": NUM_STEPS}
    return split_in_time(motion(system), **sizes, scaler=StandardScaler())


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


def motion_horizon():
    """Forecast two motions up to 80 steps ahead: errors in standard deviations of the series."""
    runs = [{"system": ["oscillator"], "model": list(MODELS[:3])}]
    runs += [{"system": ["lorenz"], "model": list(MODELS)}]
    return sweep(run_horizon, runs)


def run_horizon(system, model, *, seeds=SERIES_SEEDS):
    """Return the error against the steps ahead, one row per seed and step."""
    if model in CHOSEN_AT:
        errors = [random_horizon(model, seed=seed) for seed in seeds]
    else:
        networks, data = train_motion(system, model, seeds=seeds)
        errors = [horizon_errors(network, data.test) for network in networks]
    return pd.concat([rows.assign(seed=i) for i, rows in enumerate(errors)], ignore_index=True)


def train_motion(system, model, *, seeds=SERIES_SEEDS, epochs=SERIES_EPOCHS):
    """Return the trained networks of one kind, a single one if it is linear, and their data."""
    data = motion_data(system)
    if model == "linear":
        return [linear_network(data.train)], data
    if model.endswith(", long"):
        kind = model.removesuffix(", long")
        return [train_long(kind, data.train, seed=seed) for seed in seeds], data
    many = fit_many(
        lambda seed: motion_network(model, seed=seed), {"seed": list(seeds)}, data,
        epochs=epochs, batch_size=SERIES_BATCH, seed=0, progress=False,
    )  # fmt: skip
    return many.models, data


def train_long(kind, split, *, seed, epochs=LONG_EPOCHS):
    """Return a network trained with clipping, at a rate that falls to 0."""
    network = motion_network(kind, seed=seed)
    steps = epochs * -(-len(split) // SERIES_BATCH)
    rate = keras.optimizers.schedules.CosineDecay(SERIES_RATE, steps)
    adam = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    network.compile(adam, "mean_squared_error", steps_per_execution=10)
    network.fit(split.inputs, split.labels, epochs=epochs, batch_size=SERIES_BATCH, verbose=0)
    return network


def horizon_errors(network, split):
    """Return the errors of a network on windows, over evenly spaced starts in a split."""
    starts = np.linspace(0, len(split) - max(AHEAD), STARTS, dtype=int)
    predictions = forecast(network, split.inputs[starts], steps=max(AHEAD))[..., 0]
    truth = split.labels[starts[:, np.newaxis] + np.arange(max(AHEAD))]
    return summarise_errors(predictions.astype("float64") - truth)


def summarise_errors(errors):
    """Return `ahead`, `rms` and `typical` of errors `(starts, steps)`.

    The typical error is the geometric mean, whose logarithm grows by the Lyapunov exponent.

    >>> summarise_errors(np.repeat([[1.0], [-4.0]], 80, axis=1)).head(1).to_numpy().round(2)
    array([[1.  , 2.92, 2.  ]])
    """
    errors = np.abs(errors[:, np.array(AHEAD) - 1])
    rms = np.sqrt(np.mean(errors**2, axis=0))
    typical = np.exp(np.mean(np.log(np.maximum(errors, 1e-12)), axis=0))
    return pd.DataFrame({"ahead": AHEAD, "rms": rms, "typical": typical})


def scaled_rolls():
    """Return the motion of Lorenz, scaled to the deviation of its train part."""
    values = motion("lorenz")
    return (values - values[:SERIES_TRAIN].mean()) / values[:SERIES_TRAIN].std()


def random_horizon(model, *, seed):
    """Return the errors of a random network whose settings are chosen on the validation part."""
    values, stretch = scaled_rolls(), SERIES_TRAIN + SERIES_VALIDATION
    continued, own = (echo_state, RADII) if model == "echo state" else (random_window, LENGTHS)
    ahead = CHOSEN_AT[model]
    held = np.arange(SERIES_TRAIN + NUM_STEPS, stretch - ahead, 5)

    def errors(setting, firsts, steps):
        found = continued(values, firsts, *setting, steps=steps, seed=seed)
        return found - values[firsts[:, np.newaxis] + np.arange(steps)]

    settings = itertools.product(own, SIZES, RIDGES)
    best = min(settings, key=lambda setting: np.mean(errors(setting, held, ahead)[:, -1] ** 2))
    starts = np.linspace(0, SERIES_TEST - NUM_STEPS - max(AHEAD), STARTS, dtype=int)
    return summarise_errors(errors(best, stretch + NUM_STEPS + starts, max(AHEAD)))


def ridge(features, labels, strength):
    """Return output weights with a penalty on their squares, the last one a constant."""
    X = np.column_stack([features, np.ones(len(features))])
    return np.linalg.solve(X.T @ X + strength * np.eye(X.shape[1]), X.T @ labels)


def echo_state(values, firsts, radius, size, strength, *, steps, seed):
    """Continue a series from several places by an echo-state network, `(places, steps)`."""
    rng = np.random.default_rng(seed)
    R = rng.normal(size=(RANDOM_UNITS, RANDOM_UNITS))
    R *= radius / np.abs(np.linalg.eigvals(R)).max()
    K, b = size * rng.uniform(-1, 1, size=(1, RANDOM_UNITS)), rng.uniform(-1, 1, RANDOM_UNITS)
    states = simple_rnn(values[np.newaxis, :, np.newaxis], K, R, b)[0]
    fitted = slice(WASHOUT, SERIES_TRAIN - 1)
    w = ridge(states[fitted], values[1:][fitted], strength)
    H, found = states[firsts - 1], []
    for _ in range(steps):
        found.append(H @ w[:-1] + w[-1])
        H = np.tanh(found[-1][:, np.newaxis] @ K + H @ R + b)
    return np.stack(found, axis=1)


def random_window(values, firsts, length, size, strength, *, steps, seed):
    """Continue a series by random tanh units on a window, without a state; as `echo_state`."""
    rng = np.random.default_rng(seed)
    K = size * rng.uniform(-1, 1, size=(length, RANDOM_UNITS))
    b = rng.uniform(-1, 1, RANDOM_UNITS)
    windows = np.lib.stride_tricks.sliding_window_view(values[:SERIES_TRAIN], length)
    w = ridge(np.tanh(windows[:-1] @ K + b), values[length:SERIES_TRAIN], strength)
    window, found = values[firsts[:, np.newaxis] + np.arange(-length, 0)], []
    for _ in range(steps):
        found.append(np.tanh(window @ K + b) @ w[:-1] + w[-1])
        window = np.column_stack([window[:, 1:], found[-1]])
    return np.stack(found, axis=1)
