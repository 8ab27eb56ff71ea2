"""Figures of the chapter that measures how far a network remembers."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from lectures_lib import recorded
from lectures_lib.data import adding_series, delayed_series, parity_series, recall_series
from lectures_lib.explore import explore, figure
from lectures_lib.from_scratch import lstm
from lectures_lib.plots import COLOURS, draw_losses, new_figure, use_style
from lectures_lib.words import counted, span

__all__ = [
    "adding_curve", "answer", "best_runs", "delay_curve", "first_epochs", "inside", "parity_curves",
    "recall_curve", "scores", "slopes", "tasks", "windows",
]  # fmt: skip

MAKERS = {"recall": recall_series, "adding": adding_series, "parity": parity_series}
UNITS = {"recall": " V", "adding": " MeV", "parity": "", "delay": " K"}
ERROR = "normalised mean squared error"
# Recorded names of layers: name and colour.
LAYERS = {
    "rnn": ("SimpleRNN", COLOURS[2]),
    "gru": ("GRU", COLOURS[0]),
    "lstm": ("LSTM", COLOURS[1]),
    "lstm, bias ln T": ("LSTM, bias ln T", COLOURS[3]),
}
BASELINES = {"recall": 1, "adding": 1, "delay": 0.011, "parity": 0.5, "parity, every step": 0.5}
VOLTAGES = (-0.8, 0.1, 0.4, 0.8)
QUANTITIES = ("error", "keeps", "writes", "slope")
ASKED = 12  # steps after which an answer was asked

use_style()


def _record(task, length):
    """Return values, markers (or None) and labels of one record; for "delay", `length` = d."""
    if task == "delay":
        split = delayed_series(series=1, num_steps=length + 20, delay=length, seed=3)
    else:
        split = MAKERS[task](series=1, num_steps=length, seed=3)
    markers = split.inputs[0, :, 1] if split.inputs.shape[2] == 2 else None
    return split.inputs[0, :, 0], markers, np.ravel(split.labels[0])


def tasks():
    """Explore one record of each task at several lengths."""

    def draw(task, length):
        values, markers, labels = _record(task, length)
        steps = np.arange(1, len(values) + 1)
        drawn, (top, bottom) = new_figure(2, 1, height=4.0, sharex=True)
        top.step(steps, values, where="mid", linestyle="-", linewidth=1.2)
        if markers is not None:
            marked = np.flatnonzero(markers)
            top.plot(steps[marked], values[marked], "o", color=COLOURS[1], label="marked")
            top.legend(loc="upper right", bbox_to_anchor=(1, 1.28))
        names = {"recall": "voltage (V)", "adding": "energy (MeV)", "parity": "pulse"}
        low = -0.2 if task in ("adding", "parity") else -1.2
        top.set(ylabel=names.get(task, "power (kW)"), ylim=(low, 1.2))
        every = len(labels) > 1
        bottom.plot(steps if every else steps[-1:], labels, "s-" if every else "s",
                    color="black", markersize=4)  # fmt: skip
        unit = f" ({UNITS[task].strip()})" if UNITS[task] else ""
        bottom.set(xlabel="step", ylabel=f"answer{unit}",
                   ylim=(-3, 3) if task == "delay" else (-1.3, 2.1))  # fmt: skip
        bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
        top.set_title(f"{task}, {'d' if task == 'delay' else 'T'} = {length}", loc="left")
        return drawn

    def describe(task, length):
        values, markers, labels = _record(task, length)
        last = f"{labels[-1]:.2f}{UNITS[task]}"
        if markers is None:
            what = f"the heating of {length} steps before, smoothed"
            if task == "parity":
                what = "minus 1 after an odd number of pulses, else 1"
            return (
                f"{task.capitalize()}, length {length}: {np.sum(values > 0)} of {len(values)} "
                f"inputs high, the others low. An answer at every step: {what}; the last is {last}."
            )
        read = " and ".join(
            f"{values[step]:.2f}{UNITS[task]} at step {step + 1}"
            for step in np.flatnonzero(markers)
        )
        return (
            f"{task.capitalize()}, {length} steps of noise, marked: {read}; the answer at the end "
            f"is {last}."
        )

    return explore(
        draw, alt=describe, name="memory-tasks",
        caption="One record of each task: above what comes in, below what has to come out.",
        task=["recall", "adding", "parity", "delay"], length=[5, 10, 20, 40],
        start={"length": 20}, labels={"length": "length T, or delay d"},
    )  # fmt: skip


def windows(errors, *, delay, noise):
    """Show the errors of linear windows `{samples: error}`, and that of the noise alone."""
    drawn, axes = new_figure(height=2.7)
    axes.semilogy(list(errors), list(errors.values()), "o", markersize=4)
    axes.axvline(delay + 0.5, color="0.5", linestyle="--", linewidth=1)
    axes.axhline(noise, color="black", linestyle=":", linewidth=1, label="thermometer's noise")
    axes.set(xlabel="samples in the window", ylabel="normalised error")
    axes.legend(loc="lower left")
    ends = [
        f"{errors[key]:.3f} with {counted(key, 'sample')}" for key in (min(errors), max(errors))
    ]
    return figure(
        drawn, name="fig-windows",
        caption="Normalised mean squared error of linear windows for the delay; the vertical line "
        "stands between the last window that sees no cause and the first that does.",
        alt=f"Dots on a logarithmic scale, from {' to '.join(ends)}; the dotted line of the noise "
        f"is at {noise:.3f}, the vertical one behind {counted(delay, 'sample')}.",
    )  # fmt: skip


def _curves(runs, variance):
    """Draw the losses of one run, or of runs by name, divided by a variance."""
    drawn, said = draw_losses(runs, ylabel="normalised error", variance=variance)
    drawn.axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    return drawn, said


def recall_curve(history, variance):
    """Show the learning curves of a network that recalls."""
    drawn, said = _curves(history, variance)
    return figure(
        drawn, name="fig-recall-curve", alt=said,
        caption="Learning curves of a simple network on the recall, in units of the variance.",
    )  # fmt: skip


def adding_curve(history, variance):
    """Show the learning curves of a network that adds."""
    drawn, said = _curves(history, variance)
    return figure(
        drawn, name="fig-adding-curve", alt=said,
        caption="Learning curves of a GRU on the adding problem, in units of the variance.",
    )  # fmt: skip


def delay_curve(history, variance):
    """Show the learning curves of a network that answers at each step."""
    drawn, said = _curves(history, variance)
    return figure(
        drawn, name="fig-delay-curve", alt=said,
        caption="Learning curves of a simple network on the delay, in units of the variance.",
    )  # fmt: skip


def parity_curves(runs):
    """Show the learning curves of runs `{name: history}` on the parity, whose variance is 1."""
    drawn, said = _curves(runs, 1)
    return figure(
        drawn, name="fig-parity-curves", alt=said,
        caption="Learning curves on the parity: an answer at the end only, or at every step.",
    )  # fmt: skip


def slopes(fresh):
    """Explore the slope of the answer to each sample, before and after training.

    Args:
        fresh: At the start, `{(network, length): (seeds, length)}`, named as in `scores`.
    """
    after = recorded.load("memory_slopes")
    names = {name: layer for layer, (name, *_) in LAYERS.items()}

    def trained(network, length):
        return after[(after["layer"] == names[network]) & (after["length"] == length)]

    def draw(network, length):
        rows, steps = fresh[network, length], np.arange(1, length + 1)
        drawn, axes = new_figure(height=3.2)
        bands = {"at the start": (rows.min(axis=0), np.median(rows, axis=0), rows.max(axis=0))}
        table = trained(network, length)
        if len(table):
            bands["trained"] = tuple(table[key].to_numpy() for key in ("low", "slope", "high"))
        for k, (label, band) in enumerate(bands.items()):
            low, middle, high = (np.maximum(line, 1e-25) for line in band)
            axes.fill_between(steps, low, high, alpha=0.25, color=COLOURS[k])
            axes.semilogy(steps, middle, ("-", "--")[k], color=COLOURS[k], label=label)
        axes.set(xlabel="step of the sample", ylabel="slope of the answer (V/V)")
        axes.set(ylim=(1e-21, 1e3), yticks=10.0 ** np.arange(-20, 4, 4))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        first = f"{np.median(rows[:, 0]):.0e}".replace("e-", "e−")
        axes.set_title(f"{network}, T = {length}: {first} at step 1")
        axes.legend(loc="lower right")
        return drawn

    def describe(network, length):
        before, table = np.median(fresh[network, length], axis=0), trained(network, length)
        text = (
            f"{network.replace('ln T', 'logarithm of T')}, {length} steps: at the start the slope "
            f"is {before[0]:.1e} at step 1 and {before[-1]:.2f} at the last step"
        )
        if not len(table):
            return text + "."
        first, last = table.iloc[0], table["slope"].iloc[-1]
        return text + (
            f"; trained it is {first['slope']:.1e} at step 1, with seeds from {first['low']:.1e} "
            f"to {first['high']:.1e}, and {last:.2g} at the last."
        )

    return explore(
        draw, alt=describe, name="memory-slopes",
        caption="Slope of the answer at the end to the voltage at each step: medians of five "
        "seeds, and their range.",
        network=["SimpleRNN", "GRU", "LSTM", "LSTM, bias ln T"], length=[10, 20, 40, 80],
        start={"network": "LSTM", "length": 40}, labels={"length": "length T"},
    )  # fmt: skip


def best_runs(task, layer, length, clip):
    """Return the recorded runs at the rate with the best mean score on the validation records.

    >>> best_runs("recall", "gru", 40, 1)["test"].max() < 0.01
    np.True_
    """
    runs = recorded.load("memory_tasks").replace({"task": {"delayed": "delay"}})
    same = runs["task"].eq(task) & runs["layer"].eq(layer)
    runs = runs[same & runs["length"].eq(length) & runs["clip"].eq(clip)]
    mean = runs.groupby("learning_rate")["validation"].mean()
    best = mean.idxmax() if task.startswith("parity") else mean.idxmin()
    return runs[runs["learning_rate"].eq(best)]


def scores():
    """Explore the scores of all layers on each task, with and without clipping."""

    def found(case):
        """Return name, clipping, best rate and the scores of five seeds, in order."""
        task, _, length = case.rpartition(", ")
        layers = [*LAYERS][: 4 if task == "recall" else 3]
        for layer in layers:
            for clip in (1, 0):
                rows = best_runs(task, layer, int(length), clip)
                yield LAYERS[layer], clip, rows["learning_rate"].iloc[0], rows["test"].to_numpy()

    def draw(case):
        drawn, axes = new_figure(height=3.4)
        ticks = {}
        for place, ((name, colour), clip, _, values) in enumerate(found(case)):
            x = place + 0.4 * (place // 2)
            face = colour if clip else "white"
            label = {0: "clipped", 1: "not clipped"}.get(place)
            spread = x + np.linspace(-0.18, 0.18, len(values))
            axes.plot(spread, np.sort(values), "o", color=colour, markerfacecolor=face, label=label)
            axes.plot([x - 0.25, x + 0.25], [np.median(values)] * 2, "-", color="black")
            if clip:
                ticks[x + 0.5] = name.replace(", ", ",\n")
        task = case.rpartition(", ")[0]
        axes.axhline(BASELINES[task], color="0.4", linestyle="-", linewidth=1)
        if task.startswith("parity"):
            axes.set(ylabel="share of right answers", ylim=(0.4, 1.2), yticks=[0.5, 0.75, 1])
        else:
            axes.set(ylabel=ERROR, yscale="log", ylim=(2e-5, 20))
        axes.set_xticks(list(ticks), list(ticks.values()))
        axes.legend(loc="upper left", ncols=2)
        return drawn

    def describe(case):
        what = "right answers" if case.startswith("parity") else ERROR
        said = [
            f"{name.replace('ln T', 'logarithm of T')}, {'' if clip else 'not '}clipped, "
            f"{np.median(values):.2g} ({span(values.min(), values.max(), '.2g')}) at the rate "
            f"{rate:g}"
            for (name, _), clip, rate, values in found(case)
        ]
        return f"{case}: median {what}: {'; '.join(said)}."

    return explore(
        draw, alt=describe, name="memory-scores",
        caption="Scores on fresh records at the best rate of each network: five seeds, and their "
        "median (bar). Grey: the mean, a coin, or for the delay the noise of the thermometer, "
        "which the linear window reaches (recorded runs).",
        case=["recall, 40", "recall, 80", "adding, 20", "delay, 20", "parity, 8",
              "parity, every step, 20"],
        start={"case": "recall, 40"}, labels={"case": "task, and length T or delay d"},
    )  # fmt: skip


def first_epochs():
    """Show gates and slopes of networks while they learn to recall."""
    table = recorded.load("memory_epochs")
    groups = {
        "GRU": ("gru", 1, COLOURS[0], "-"),
        "LSTM": ("lstm", 1, COLOURS[1], "--"),
        "GRU, no noise": ("gru", 0, COLOURS[2], ":"),
    }
    drawn, panels = new_figure(4, 1, height=6.8, sharex=True)
    said = []
    for name, (layer, noise, colour, style) in groups.items():
        rows = table[table["layer"].eq(layer) & table["noise"].eq(noise)]
        for seed, of_seed in rows.groupby("seed"):
            for axes, quantity in zip(panels, QUANTITIES, strict=True):
                axes.plot(of_seed["epoch"], of_seed[quantity], style, color=colour, linewidth=1.3,
                          label=name if seed == 0 else None)  # fmt: skip
        ends = rows.groupby("epoch")["keeps"].median().iloc[[0, -1]]
        known = (rows.query("epoch == epoch.max()")["error"] < 0.1).sum()
        said.append(f"{name} {ends.iloc[0]:.2f} to {ends.iloc[1]:.2f}, solved by {known}")
    panels[0].set(ylabel="error", ylim=(-0.05, 1.5), yticks=[0, 0.5, 1])
    panels[0].legend(loc="upper center", ncols=3)
    panels[1].set(ylabel="keeps", ylim=(0.4, 1.05), yticks=[0.5, 0.75, 1])
    panels[2].set(ylabel="writes", ylim=(0, 0.6))
    panels[3].set(ylabel="slope (V/V)", xlabel="epoch", yscale="log")
    panels[3].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure(
        drawn, name="fig-first-epochs",
        caption="Five GRUs (solid) and five LSTMs (dashed) during the recall of 40 steps, and five "
        "GRUs without noise (dotted): the normalised error, the gate that keeps (update gate, "
        "forget gate), what writes "
        "(one minus the update gate, input gate), and the slope of the answer to the first sample.",
        alt="Four panels over the epochs. Median of the gate that keeps from start to end, and "
        f"how many of five solve the task: {'; '.join(said)}. The slopes of those that solve it "
        "rise from below one millionth to about one at once.",
    )  # fmt: skip


def answer(network, inputs):
    """Return the answers `(series, time)` of an LSTM and a dense layer, and all gates and states.

    Args:
        network: A Keras model, which may have been trained on series of another length.
        inputs: Series of shape `(series, time, features)`.
    """
    *weights, kernel, bias = (array.astype(float) for array in network.get_weights())
    states = lstm(inputs.astype(float), *weights)
    return states.hidden @ kernel[:, 0] + bias[0], states


def inside(networks):
    """Explore what trained LSTMs `{asked: network}` do beyond the length of their training."""

    def found(asked, noise):
        inputs = recall_series(series=len(VOLTAGES), num_steps=48, seed=21).inputs.astype(float)
        inputs[:, 1:, 0] *= noise
        inputs[:, 0, 0] = VOLTAGES
        return answer(networks[asked], inputs)

    def draw(asked, noise):
        answers, states = found(asked, noise)
        steps = np.arange(1, answers.shape[1] + 1)
        drawn, (top, bottom) = new_figure(2, 1, height=4.4, sharex=True)
        for axes in (top, bottom):
            axes.axvspan(1, ASKED, color="0.88")
        for k, voltage in enumerate(VOLTAGES):
            top.plot(steps, answers[k], "-", color=COLOURS[k], linewidth=1.4)
            top.plot(ASKED, voltage, "o", color=COLOURS[k], markersize=6)
        top.set(ylabel="answer (V)", ylim=(-2.2, 2.2), title=f"asked {asked}")
        bottom.plot(steps, states.forget_gate[-1], "-", linewidth=1.2)
        bottom.set(xlabel="step", ylabel="forget gates", ylim=(0, 1.02))
        return drawn

    def describe(asked, noise):
        answers, states = found(asked, noise)
        said = [
            f"{voltage:g} V: {row[ASKED - 1]:.2f} V at step {ASKED}, {row[-1]:.2f} V at step 48"
            for voltage, row in zip(VOLTAGES, answers, strict=True)
        ]
        gates = states.forget_gate[:, 1:].mean(axis=(0, 1))
        return (
            f"Asked {asked}, {'noise' if noise else 'no noise'} after the first voltage. Answers "
            f"to {'; to '.join(said)}. Mean forget gates {span(gates.min(), gates.max())}."
        )

    return explore(
        draw, alt=describe, name="memory-inside",
        caption="A trained LSTM. Above: its answers to four first voltages; dots: what was right "
        "when it was asked. Below: its forget gates in one record. Grey: the steps it was "
        "trained on.",
        asked=["at the end", "at every step"], noise=[0, 1], start={"noise": 1},
        labels={"noise": "noise times"},
    )  # fmt: skip
