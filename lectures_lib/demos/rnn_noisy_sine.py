"""Figures of the chapter on forecasts of noisy and of chaotic series."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.data import noisy_sine
from lectures_lib.explore import explore, figure
from lectures_lib.from_scratch import simple_rnn
from lectures_lib.plots import COLOURS, draw_losses, new_figure, use_style
from lectures_lib.words import counted

__all__ = [
    "best_linear", "best_of_all", "block_means", "fit_output", "horizon", "intervals",
    "learning_curves", "linear", "memory", "networks", "records", "resonator", "running_mean",
    "series", "shift", "windows",
]  # fmt: skip

STEP_RAD, FLOOR = 0.02, 1 / 3
TRAIN, SEEN = 800, 1000  # values of the train part; with those of the validation part
SERIES = range(5)
WINDOWS = (1, 2, 4, 8, 16, 32, 64, 128)
RIDGES = (0, 10, 30, 100, 300, 1000, 3000)
BLACK = {"color": "black", "linewidth": 1}

use_style()


def _floor(axes, *, upright=False):
    line = axes.axvline if upright else axes.axhline
    line(FLOOR, linestyle=":", label="noise floor", **BLACK)


def series(values):
    """Explore how much of a noisy sine `(times,)` must be seen."""

    def draw(steps):
        drawn, axes = new_figure(height=2.8)
        axes.plot(values[:steps], "o", markersize=2.5)
        axes.set(xlabel="step t", ylabel="signal (amplitudes)", ylim=(-1.2, 3.2))
        axes.xaxis.get_major_locator().set_params(integer=True)
        return drawn

    def describe(steps):
        seen = values[:steps]
        return (
            f"A cloud of {counted(len(seen), 'point')} between {seen.min():.1f} and "
            f"{seen.max():.1f}, {STEP_RAD * len(seen) / (2 * np.pi):.2f} periods of a slow wave."
        )

    return explore(
        draw, alt=describe, name="noisy-sine",
        caption="The first points of the noisy sine.",
        steps=[20, 50, 100, 200, 300, 600, 1000], labels={"steps": "points in view"},
    )  # fmt: skip


def best_linear(num_steps, *, noise=2.0):
    """Return the squared error of the best linear forecast of a noisy sine of random phase.

    >>> round(float(best_linear(4)), 3)
    0.406
    """
    from scipy.linalg import solve_toeplitz

    r = np.cos(STEP_RAD * np.arange(num_steps + 1)) / 2
    column = r[:-1] + noise**2 / 12 * (np.arange(num_steps) == 0)
    return 0.5 + noise**2 / 12 - r[1:] @ solve_toeplitz(column, r[1:])


def best_of_all(num_steps, *, windows=4000):
    """Return the squared error of the mean over all phases that a window does not exclude."""
    rng = np.random.default_rng(0)
    phases = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    waves = np.sin(phases[:, np.newaxis] + STEP_RAD * np.arange(num_steps + 1))
    true = waves[rng.integers(1000, size=windows)]  # (windows, num_steps + 1)
    noisy = true[:, :-1] + 2 * rng.random((windows, num_steps))
    noise = noisy[:, np.newaxis] - waves[:, :-1]
    possible = np.all((noise >= 0) & (noise <= 2), axis=2)  # (windows, phases)
    forecast = possible @ waves[:, -1] / possible.sum(axis=1)
    return FLOOR + np.mean((forecast - true[:, -1]) ** 2)


def linear(values, num_steps, *, ridge=0.0):
    """Fit a linear forecast to the train part of a series; return squared errors of all parts.

    Returns:
        `(train, validation, test)`; a penalty on squared weights, `ridge`, leaves out the constant.
    """
    values = values - values[:TRAIN].mean()
    windows = np.lib.stride_tricks.sliding_window_view(values, num_steps)[:-1]
    labels, place = values[num_steps:], np.arange(num_steps, len(values))
    X = np.column_stack([windows, np.ones(len(windows))])
    penalty = ridge * np.diag(np.append(np.ones(num_steps), 0))
    A, y = X[place < TRAIN], labels[place < TRAIN]
    errors = (X @ np.linalg.solve(A.T @ A + penalty, A.T @ y) - labels) ** 2
    parts = place < TRAIN, (place >= TRAIN) & (place < SEEN), place >= SEEN
    return tuple(errors[part].mean() for part in parts)


def block_means(values, width):
    """Fit the next value to the means of the last four blocks of `width` values; as `linear`."""
    values = values - values[:TRAIN].mean()
    sums = np.append(0, np.cumsum(values))
    place = np.arange(4 * width, len(values))
    ends = place[:, np.newaxis] - width * np.arange(4)  # (places, 4): index after each block
    X = np.column_stack([(sums[ends] - sums[ends - width]) / width, np.ones(len(place))])
    fitted = place < TRAIN
    weights = np.linalg.lstsq(X[fitted], values[place[fitted]])[0]
    errors = (X @ weights - values[place]) ** 2
    parts = fitted, (place >= TRAIN) & (place < SEEN), place >= SEEN
    return tuple(errors[part].mean() for part in parts)


def learning_curves(history, baseline):
    """Show the losses of a run of Keras' `fit`, with the noise floor and a baseline.

    Args:
        history: What `fit` with validation data has returned.
        baseline: Test error of a linear forecast.
    """
    levels = {"linear, test": baseline, "noise floor": FLOOR}
    drawn, said = draw_losses(history, ylabel="squared error", levels=levels, log=False)
    drawn.axes[0].set(ylim=(0.28, 0.62))
    drawn.axes[0].legend(loc="upper right", ncols=2)
    return figure(
        drawn, name="fig-sine-fit", alt=said,
        caption="Learning curves of the lecture's network on windows.",
    )  # fmt: skip


def networks():
    """Show errors of networks on windows of four values, for five noise series."""
    runs = recorded.load("sine_networks")
    kinds = {"one_step": "lecture,\n(1, 4)", "recurrent": "recurrent,\n(4, 1)", "dense": "dense"}
    fitted = np.array([linear(noisy_sine(times=2000, seed=s), 4) for s in SERIES])
    drawn, panels = new_figure(1, 2, height=3.2, sharey=True)
    said = []
    for axes, (epochs, rows) in zip(panels, runs.groupby("epochs"), strict=True):
        for part, marker, column in (("train", "o", 0), ("test", "s", 2)):
            x = (0.36 if column else 0) + np.linspace(-0.13, 0.13, 5) - 0.18
            for place, kind in enumerate(kinds):
                errors = rows[rows["model"] == kind].groupby("series")[part]
                mean = errors.mean()
                spread = [mean - errors.min(), errors.max() - mean]
                axes.errorbar(
                    place + x, mean, spread, fmt=marker, markersize=4, color=COLOURS[column // 2],
                    elinewidth=1, label=part if place == 0 else None,
                )  # fmt: skip
                if column:
                    axes.plot(place + x, fitted[:, 2], "x", color="black", markersize=6)
                    name = kind.replace("_", " ")
                    said.append(f"{name}, {epochs} epochs, {mean.min():.2f} to {mean.max():.2f}")
        _floor(axes)
        axes.set_xticks(range(3), kinds.values(), fontsize=10)
        axes.set(title=f"{epochs} epochs", ylim=(0.28, 0.5))
    panels[0].set_ylabel("squared error")
    panels[0].legend(loc="upper left")
    return figure(
        drawn, name="fig-sine-networks",
        caption="Errors of ten networks of each kind on five noise series: mean and range "
        "(recorded runs). Crosses: AR(4), fitted to the same series.",
        alt=f"Mean test errors: {'; '.join(said)}. AR(4) has {fitted[:, 2].min():.2f} to "
        f"{fitted[:, 2].max():.2f}.",
    )  # fmt: skip


def shift(values, predictions):
    """Explore the error between a series and predictions that are drawn in the wrong place.

    Args:
        values: The test part of a series, `(times,)`.
        predictions: Those of all windows with a label, `(times - num_steps,)`.
    """
    shifts = np.arange(-8, 5)

    def place(shift):
        return np.arange(len(predictions)) + len(values) - len(predictions) + shift

    def error(shift):
        at = place(shift)
        inside = (at >= 0) & (at < len(values))
        return np.mean((predictions[inside] - values[at[inside]]) ** 2)

    def draw(shift):
        drawn, (top, bottom) = new_figure(2, 1, height=4.4)
        top.plot(values, "o", markersize=3, color="0.5", label="series")
        top.plot(place(shift), predictions, "-", color=COLOURS[1], label="prediction")
        middle = len(values) // 2
        top.set(xlim=(middle - 30, middle + 30), ylim=(-1.2, 4.9), ylabel="signal")
        top.set_xlabel("step in the test part")
        top.legend(loc="upper right", ncols=2)
        bottom.plot(shifts, [error(s) for s in shifts], "o-", markersize=4)
        bottom.plot(shift, error(shift), "o", color="black", markersize=8)
        _floor(bottom)
        bottom.set(xlabel="shift of the predictions (steps)", ylabel="squared error")
        bottom.set(ylim=(0.15, 0.55), title=f"squared error {error(shift):.3f}")
        bottom.legend(loc="lower right")
        return drawn

    def describe(shift):
        way = "early" if shift < 0 else "late"
        at = f"{counted(abs(shift), 'step')} too {way}" if shift else "in the right place"
        return (
            f"The predictions are {at}: squared error {error(shift):.3f}, "
            f"{'below' if error(shift) < FLOOR else 'above'} the noise floor."
        )

    return explore(
        draw, alt=describe, name="sine-shift",
        caption="Predictions of the linear forecast moved along the time axis, and the squared "
        "error of what is drawn.",
        shift=[-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4], start={"shift": 0},
        labels={"shift": "shift (steps)"},
    )  # fmt: skip


def windows():
    """Show errors of linear forecasts from windows of growing length: free, held, and of means.

    The penalty is the one of `RIDGES` with the smallest error on validation values.
    """
    noisy = [noisy_sine(times=2000, seed=seed) for seed in SERIES]

    def held(values, p):
        found = (linear(values, p, ridge=ridge) for ridge in RIDGES)
        return min(found, key=lambda errors: errors[1])

    plain = np.array([[linear(values, p) for p in WINDOWS] for values in noisy]).mean(axis=0)
    ridge = np.array([[held(values, p) for p in WINDOWS] for values in noisy]).mean(axis=0)
    means = [np.mean([block_means(v, p // 4)[2] for v in noisy]) for p in WINDOWS[2:]]
    drawn, axes = new_figure(height=3.2)
    axes.semilogx(range(1, 129), [best_linear(p) for p in range(1, 129)], label="best possible")
    axes.plot(WINDOWS, plain[:, 2], "s", markersize=6, label="fitted, test")
    axes.plot(WINDOWS, plain[:, 0], "o", markersize=4, label="fitted, train")
    axes.plot(WINDOWS, ridge[:, 2], "^", color="black", markersize=5, label="with penalty, test")
    look = {"color": COLOURS[3], "markersize": 5}
    axes.plot(WINDOWS[2:], means, "D", label="four means, test", **look)
    _floor(axes)
    axes.set(xlabel="values in the window", ylabel="squared error", ylim=(0.25, 0.6))
    axes.set_xticks(WINDOWS, WINDOWS)
    axes.minorticks_off()
    axes.legend(loc="upper right")
    best = plain[:, 2].argmin()
    return figure(
        drawn, name="fig-sine-window",
        caption="Linear forecasts from windows of growing length, means over five noise series. "
        "Line: the best possible one for a sine of random phase.",
        alt=f"Test errors fall until a window of {WINDOWS[best]} values, {plain[best, 2]:.3f}, and "
        f"rise to {plain[-1, 2]:.3f} at {WINDOWS[-1]}, where the train error is "
        f"{plain[-1, 0]:.3f}. There it is {ridge[-1, 2]:.3f} with a penalty, and {means[-1]:.3f} "
        "with four means.",
    )  # fmt: skip


def _linear_states(values, K, R):
    return simple_rnn(values[np.newaxis, :, np.newaxis], K, R, activation="linear")[0]


def resonator(values, memory, *, omega=STEP_RAD):
    """Return the states of two linear units that turn and forget, `(times, 2)`."""
    turn = np.array([[np.cos(omega), np.sin(omega)], [-np.sin(omega), np.cos(omega)]])
    return _linear_states(values, [[1 / memory, 0]], (1 - 1 / memory) * turn)


def running_mean(values, memory):
    """Return the states of one linear unit, an RC filter, `(times, 1)`."""
    return _linear_states(values, [[1 / memory]], [[1 - 1 / memory]])


def fit_output(states, values):
    """Fit the next value to the state on the train part, but its first 50; return all forecasts."""
    X = np.column_stack([states, np.ones(len(states))])[:-1]
    fitted = slice(50, TRAIN - 1)
    return X @ np.linalg.lstsq(X[fitted], values[1:][fitted])[0]  # of steps 1, 2, ...


def memory(values):
    """Explore forecasts of a running mean and of a resonator whose output is fitted."""
    units = {"running mean": running_mean, "resonator": resonator}
    memories = (2, 5, 10, 20, 40, 80, 160, 320)
    found = {
        (name, m): fit_output(states(values, m), values)
        for name, states in units.items()
        for m in memories
    }
    errors = {key: np.mean((f[SEEN - 1 :] - values[SEEN:]) ** 2) for key, f in found.items()}
    baseline, time = linear(values, 4)[2], np.arange(len(values))

    def draw(memory, units):
        drawn, (top, bottom) = new_figure(2, 1, height=4.6)
        top.plot(time[1:], found[units, memory], "-", linewidth=1, label=units)
        top.plot(time, np.sin(STEP_RAD * time) + 1, label="sine + 1")
        top.set(xlim=(1130, 1500), ylim=(-0.5, 3.3), xlabel="step t", ylabel="signal")
        top.legend(loc="upper right", ncols=2)
        for name, colour, marker in zip(("running mean", "resonator"), COLOURS, "os", strict=False):
            line = [errors[name, m] for m in memories]
            bottom.semilogx(memories, line, marker + "-", color=colour, markersize=4, label=name)
        bottom.plot(memory, errors[units, memory], "o", color="black", markersize=8)
        bottom.axhline(baseline, linestyle="-.", label="AR(4)", **BLACK)
        _floor(bottom)
        bottom.set(xlabel="memory (steps)", ylabel="squared error, test", ylim=(0.3, 0.95))
        bottom.set_xticks(memories, memories)
        bottom.minorticks_off()
        bottom.legend(loc="upper left", ncols=2)
        return drawn

    def describe(memory, units):
        return (
            f"A {units} with a memory of {memory} steps: test error {errors[units, memory]:.3f}; "
            f"AR(4) has {baseline:.3f}."
        )

    return explore(
        draw, alt=describe, name="sine-memory",
        caption="Forecasts of recurrent layers of one and of two linear units with a fitted "
        "output. Above: forecast and sine. Below: error against the memory.",
        memory=[2, 5, 10, 20, 40, 80, 160, 320], units=["running mean", "resonator"],
        start={"memory": 10}, labels={"memory": "memory (steps)"},
    )  # fmt: skip


def records():
    """Show test errors of networks that were trained along records, and what they learnt."""
    runs = recorded.load("sine_records")
    names = list(runs["network"].unique())
    noisy = [noisy_sine(times=2000, seed=seed) for seed in SERIES]
    lines = {
        "AR(4)": np.mean([linear(values, 4)[2] for values in noisy]),
        "AR(16)": np.mean([linear(values, 16)[2] for values in noisy]),
    }
    drawn, (left, right) = new_figure(1, 2, height=3.4, width_ratios=[1.2, 1])
    for place, name in enumerate(names):
        rows = runs[runs["network"] == name]
        x = rows["test"].clip(upper=0.45)
        y = place + np.linspace(-0.25, 0.25, len(rows))
        left.plot(x, y, "o", color=COLOURS[0], markersize=3.5)
        left.plot([rows["test"].median()] * 2, [place - 0.4, place + 0.4], "-", **BLACK)
    for (name, error), side in zip(lines.items(), ("left", "right"), strict=True):
        left.axvline(error, color="0.5", linewidth=1, linestyle="-")
        left.text(error, -0.55, name, ha=side, va="bottom", fontsize=9.5, color="0.3")
    _floor(left, upright=True)
    left.set_yticks(range(len(names)), [name.replace(", ", "\n", 1) for name in names])
    left.set(xlabel="squared error, test", xlim=(0.32, 0.46), ylim=(len(names) - 0.5, -0.5))
    longest = runs[runs["network"] == "2 linear, 100 steps"]
    time = np.arange(SEEN, len(noisy[0]))
    floors = [np.mean((v[SEEN:] - np.sin(STEP_RAD * time) - 1) ** 2) for v in noisy]
    above = longest["test"] - np.array(floors)[longest["series"]]
    right.plot(longest["radius"], above, "o", markersize=4)
    right.set(xlabel="spectral radius", ylabel="error above the sine's", xlim=(0.74, 1.02))
    medians = runs.groupby("network", sort=False)["test"].median()
    said = "; ".join(f"{name} {error:.3f}" for name, error in medians.items())
    return figure(
        drawn, name="fig-sine-records",
        caption="Networks trained along 800 values, five series and five starts each (recorded). "
        "Left: test errors, those above 0.45 drawn there, and their medians. Right: error above "
        "that of a forecast that knows the sine, against the spectral radius that was learnt.",
        alt=f"Median test errors: {said}; {', '.join(f'{n} {e:.3f}' for n, e in lines.items())}. "
        f"With the learnt spectral radius the error above the sine's falls: rank correlation "
        f"{longest['radius'].corr(above, method='spearman'):.2f}.",
    )  # fmt: skip


def intervals(values, ends):
    """Show forecast intervals beside the series, and how many values lie in those of many networks.

    Args:
        values: A stretch of the series, `(times,)`.
        ends: Lower and upper ends of the intervals, `(times, 2)`.
    """
    drawn, (left, right) = new_figure(1, 2, height=3.0)
    time = np.arange(len(values))
    left.fill_between(time, *ends.T, alpha=0.3, color=COLOURS[0])
    inside = (ends[:, 0] < values) & (values < ends[:, 1])
    left.plot(time[inside], values[inside], "o", color="0.4", markersize=2.5)
    left.plot(time[~inside], values[~inside], "x", color=COLOURS[1], markersize=5)
    left.set(xlabel="step in the test part", ylabel="signal", xlim=(0, min(300, len(values))))
    left.set_title(f"{inside.mean():.3f} inside")
    runs = recorded.load("sine_intervals")
    names = list(runs["forecast"].unique())
    for place, name in enumerate(names):
        rows = runs[runs["forecast"] == name]
        x = place + np.linspace(-0.25, 0.25, len(rows))
        right.plot(x, rows["coverage"], "o", color=COLOURS[0], markersize=3.5)
    right.axhline(0.8, linestyle="--", **BLACK)
    apart = ["\n" * (k % 2) + name for k, name in enumerate(names)]
    right.set_xticks(range(len(names)), apart)
    right.set(xlim=(-0.5, len(names) - 0.5), ylabel="share of values inside", ylim=(0.6, 0.9))
    means = runs.groupby("forecast", sort=False)["coverage"].mean()
    said = "; ".join(f"{name} {share:.3f}" for name, share in means.items())
    return figure(
        drawn, name="fig-sine-intervals",
        caption="Intervals that should hold 80 % of the values. Left: of your network; crosses lie "
        "outside. Right: the share inside, five series and five starts (recorded).",
        alt=f"Of {len(values)} test values {inside.mean():.3f} lie in the band. Mean shares of the "
        f"recorded runs: {said}.",
    )  # fmt: skip


def _typical(errors):
    """Return the geometric mean over the starts; its logarithm grows by the Lyapunov exponent."""
    return np.exp(np.mean(np.log(np.maximum(np.abs(errors), 1e-12)), axis=0))


def horizon(truth, forecasts, *, step, exponent):
    """Explore how far forecasts that feed on themselves stay close to a chaotic motion.

    Args:
        truth: The motion from many starts, `(starts, steps)`, in standard deviations.
        forecasts: By name, arrays of the same shape.
        step: Time between two values.
        exponent: The Lyapunov exponent, in the inverse of that time.
    """
    times = step * np.arange(1, truth.shape[1] + 1)
    curves = {name: _typical(found - truth) for name, found in forecasts.items()}
    runs = recorded.load("motion_horizon").query(
        "system == 'lorenz' and model == 'recurrent, long'"
    )
    longer = runs.groupby("ahead")["typical"].mean()

    def reach(name):
        beyond = np.flatnonzero(curves[name] > 0.1)
        return step * (beyond[0] if len(beyond) else len(times))

    def draw(begin, forecast):
        drawn, (top, bottom) = new_figure(2, 1, height=4.8)
        row = begin * (len(truth) - 1) // 4
        top.plot(times, truth[row], label="truth")
        top.plot(times, forecasts[forecast][row], label=forecast)
        top.set(xlim=(0, times[-1]), ylim=(-3, 4.2), ylabel="x (deviations)")
        top.legend(loc="upper right", ncols=2)
        for name, curve in curves.items():
            bottom.semilogy(times, curve, linewidth=2.5 if name == forecast else 1.2, label=name)
        bottom.semilogy(step * longer.index, longer, color="0.5", label="trained for longer")
        line = times[times < 5.5]
        bottom.plot(line, 0.0008 * np.exp(exponent * line), "-", **BLACK)
        bottom.axhline(0.1, color="0.6", linewidth=1, linestyle="-")
        bottom.set(xlim=(0, times[-1]), ylim=(3e-5, 5), ylabel="typical error", xlabel="time ahead")
        bottom.legend(loc="lower right", ncols=2)
        return drawn

    def describe(begin, forecast):
        said = "; ".join(f"{name} {reach(name):.1f}" for name in curves)
        return (
            f"Forecast of {forecast} from start {begin}. The typical error of the forecasts stays "
            f"within 0.1 for these times: {said}."
        )

    return explore(
        draw, alt=describe, name="series-horizon",
        caption="Forecasts that feed on themselves. Above: one forecast and the truth. Below: "
        "typical error over all starts, and in grey that of networks trained ten times as long "
        "(recorded); black: the slope of the Lyapunov exponent; level line: an error of 0.1.",
        forecast=list(forecasts), begin=[0, 1, 2, 3, 4], start={"forecast": list(forecasts)[-1]},
        labels={"begin": "start"},
    )  # fmt: skip
