"""Figures of the chapter on the gates of LSTM and GRU."""

from functools import cache

import numpy as np

from lectures_lib import recorded
from lectures_lib.diagrams import draw_cell, draw_stack
from lectures_lib.explore import explore, figure
from lectures_lib.from_scratch import gru, lstm, simple_rnn
from lectures_lib.plots import COLOURS, draw_losses, new_figure, use_style

__all__ = [
    "cell", "cell_gradient", "cell_gradients", "charge_amplifier", "gru_cell", "inside",
    "learning_curve", "networks", "puzzle", "puzzle_error", "puzzle_gates", "simple_gradients",
]  # fmt: skip

SAMPLES = np.arange(60)
WRITE = {"never": [], "first pulse": [10], "second pulse": [30], "both pulses": [10, 30],
         "always": SAMPLES}  # fmt: skip
KEEP = {"always": SAMPLES, "not at sample 20": SAMPLES[SAMPLES != 20], "never": []}
READ = {"always": SAMPLES, "samples 50 to 55": np.arange(50, 56)}
STAGES = [
    ("where the cell sits: two layers, three steps", []),
    ("the whole cell; × and + act entry by entry", []),
    ("cell state: from the last step to the next", ["cell line"]),
    ("hidden state: comes in below, leaves at the right", ["inputs", "hidden"]),
    ("forget gate: how much is kept", ["forget"]),
    ("input gate: how much is written", ["input"]),
    ("candidate: what would be written", ["candidate"]),
    ("cell update: kept plus written", ["update"]),
    ("output gate: how much is shown", ["output"]),
    ("hidden state: what is shown", ["hidden"]),
]
SEEN = {
    "cell line": "the line for C along the top",
    "inputs": "the line for h and x along the bottom",
    "hidden": "the tanh of C, its product with o, and the lines h to the right and upward",
    "forget": "a box sigma, the arrow f from it, and a times sign on the cell line",
    "input": "a box sigma and the arrow i from it",
    "candidate": "a box tanh and the arrow g from it",
    "update": "the product of i and g and the plus sign on the cell line",
    "output": "the last box sigma and the arrow o from it",
}
UNITS, SEEDS = 30, range(5)  # of the measured gradients
BIASES, FACTORS = [1, 2, 3, 4, 5], [0, 0.5, 1, 2, 4]

use_style()


def _wire(axes, *points):
    axes.plot(*zip(*points, strict=True), "-", color="black", linewidth=1.5)


def _switch(axes, start, end, name, place):
    """Draw an open switch from `start` to `end`, its arm lifted, and its name at `place`."""
    (x, y), across = start, np.subtract(end, start)
    arm = np.add(start, 0.95 * across + 0.45 * np.array([-across[1], across[0]]))
    axes.plot([x, arm[0]], [y, arm[1]], "-", color=COLOURS[1], linewidth=2.5)
    axes.plot(*zip(start, end, strict=True), "o", color="black", markersize=5)
    axes.text(*place, name, color=COLOURS[1], fontsize=13, ha="center")


def charge_amplifier():
    """Show a capacitor with three switches."""
    drawn, axes = new_figure(height=2.7)
    _wire(axes, (0.6, 3), (1.5, 3))
    _switch(axes, (1.5, 3), (2.5, 3), "write", (1.9, 3.7))
    _wire(axes, (2.5, 3), (6, 3))
    _wire(axes, (3.3, 3), (3.3, 1.7))
    for y in (1.7, 1.4):
        axes.plot([2.8, 3.8], [y, y], "-", color=COLOURS[0], linewidth=4)
    _wire(axes, (3.3, 1.4), (3.3, 0.4))
    _wire(axes, (4.9, 3), (4.9, 2.2))
    _switch(axes, (4.9, 1.2), (4.9, 2.2), "drain", (5.65, 1.5))
    _wire(axes, (4.9, 1.2), (4.9, 0.4))
    for x in (3.3, 4.9):
        _wire(axes, (x - 0.3, 0.4), (x + 0.3, 0.4))
    axes.fill([6, 6, 7], [2.5, 3.5, 3], facecolor="white", edgecolor="black", zorder=3)
    _wire(axes, (7, 3), (7.6, 3))
    _switch(axes, (7.6, 3), (8.6, 3), "read", (8, 3.7))
    _wire(axes, (8.6, 3), (9.4, 3))
    for x, y, name in ((0.3, 3, "x"), (9.7, 3, "h"), (2.45, 1.45, "C")):
        axes.text(x, y, f"${name}$", fontsize=15, ha="center", va="center")
    axes.set(xlim=(0, 10), ylim=(0.1, 4.2))
    axes.axis("off")
    return figure(
        drawn, name="fig-charge-amplifier",
        caption="A capacitor that adds up charge, with three switches: write lets charge in, "
        "drain empties the capacitor, read shows what it holds.",
        alt="A circuit. A line comes from an input x at the left through an open switch, write, "
        "to a node. Below the node a capacitor C leads to ground, and beside it a second open "
        "switch, drain, also to ground. To the right a triangle, an amplifier, leads through a "
        "third open switch, read, to the output h.",
    )  # fmt: skip


@cache
def _charge():
    """Return the charge that arrives (pC), and what the output shall be, each `(60,)`."""
    charge = 0.2 * np.random.default_rng(3).normal(size=60)
    charge[[10, 30]] += (2.0, -1.5)
    return charge, np.where(np.isin(SAMPLES, READ["samples 50 to 55"]), charge[30], 0)


def puzzle_gates(write, keep, read):
    """Return the gates i, f, o and the states C, h of the puzzle, each `(60,)`."""
    choices = WRITE[write], KEEP[keep], READ[read]
    i, f, o = (np.isin(SAMPLES, samples).astype(float) for samples in choices)
    C, charge = np.zeros(60), _charge()[0]
    for t in SAMPLES:
        C[t] = f[t] * C[t - 1] + i[t] * charge[t]  # C[-1] is zero at the first step
    return i, f, o, C, o * C


def puzzle_error(write, keep, read):
    """Return the largest error of the output, in pC.

    >>> puzzle_error("second pulse", "always", "samples 50 to 55")
    np.float64(0.0)
    """
    return np.abs(puzzle_gates(write, keep, read)[-1] - _charge()[1]).max()


def puzzle():
    """Explore when the three switches of the capacitor must be closed."""
    charge, wanted = _charge()

    def draw(write, keep, read):
        *gates, C, h = puzzle_gates(write, keep, read)
        drawn, (top, middle, bottom) = new_figure(
            3, 1, height=4.8, sharex=True, height_ratios=[1.2, 0.8, 1.2]
        )
        top.plot(SAMPLES, charge, "--", color="0.4", linewidth=1, label="x arrives")
        top.plot(SAMPLES, C, color=COLOURS[0], linestyle="-", label="C holds")
        top.set(ylabel="charge (pC)", ylim=(-4.4, 3.2))
        top.legend(ncols=2, loc="lower left")
        for row, (name, gate) in enumerate(zip("ifo", gates, strict=True)):
            open_at = [(t - 0.5, 1) for t in np.flatnonzero(gate)]
            middle.broken_barh(open_at, (1.7 - row, 0.6), color=COLOURS[1])
            middle.text(-3, 2 - row, f"${name}$", va="center", ha="right", fontsize=12)
        middle.set(yticks=[], ylim=(-0.5, 2.6), xlim=(-2, 60), title="gates that are 1")
        steps = {"drawstyle": "steps-mid", "linestyle": "-"}
        bottom.plot(SAMPLES, wanted, color="0.75", linewidth=6, label="wanted", **steps)
        bottom.plot(SAMPLES, h, color="black", label="h shows", **steps)
        bottom.set(xlabel="sample", ylabel="charge (pC)", ylim=(-3.2, 4.4))
        bottom.legend(ncols=2, loc="upper left")
        error = puzzle_error(write, keep, read)
        said = "solved" if error < 1e-9 else f"largest error {error:.1f} pC"
        drawn.suptitle(said, fontsize=11)
        return drawn

    def describe(write, keep, read):
        C = puzzle_gates(write, keep, read)[3]
        return (
            f"Write {write}, keep {keep}, read {read}: at sample 50 the capacitor holds "
            f"{C[50]:.2f} pC, wanted are {charge[30]:.2f}; the largest error of the output is "
            f"{puzzle_error(write, keep, read):.2f} pC."
        )

    return explore(
        draw, alt=describe, name="gate-puzzle",
        caption="Above the charge that arrives and the charge that is held, in the middle the "
        "samples at which each gate is open, below the output.",
        write=["never", "first pulse", "second pulse", "both pulses", "always"],
        keep=["always", "not at sample 20", "never"], read=["always", "samples 50 to 55"],
        start={"write": "always", "keep": "always", "read": "samples 50 to 55"},
        labels={"write": "write (i)", "keep": "keep (f)", "read": "read (o)"},
    )  # fmt: skip


def cell():
    """Explore the LSTM cell, built up gate by gate, in the ten stages of the lecture."""

    def draw(stage):
        title, lit = STAGES[stage - 1]
        drawn, axes = new_figure(height=3.4)
        done = [part for _, parts in STAGES[4:stage] for part in parts]
        if stage == 1:
            draw_stack(axes)
        else:
            draw_cell(axes, lit=lit, drawn=None if stage == 2 else ["cell line", "inputs", *done])
        axes.set_title(f"{stage}: {title}")
        return drawn

    def describe(stage):
        title, lit = STAGES[stage - 1]
        if stage == 1:
            return (
                "Where the cell sits, two layers and three steps: two rows of three boxes, the "
                "lower middle one lit. C and h pass to the right, h also upward; x comes in from "
                "below."
            )
        parts = " and ".join(SEEN[part] for part in lit)
        return f"The LSTM cell, {title}. " + (f"Lit: {parts}." if lit else "Nothing is lit.")

    return explore(
        draw, alt=describe, name="lstm-cell", caption="The cell, built up gate by gate.",
        stage=range(1, 11), start={"stage": 5},
    )  # fmt: skip


def gru_cell():
    """Show the GRU cell as Keras computes it."""
    drawn, axes = new_figure(height=3.2)
    draw_cell(axes, cell="gru", lit=["update"])
    return figure(
        drawn, name="fig-gru-cell",
        caption="The GRU as Keras computes it, its update gate lit. The box with the recurrent "
        "kernel has no activation; the reset gate multiplies what comes out of it.",
        alt="A drawing of the GRU cell. A line for h runs along the top. From it a wire leads to a "
        "box with the recurrent kernel of the candidate, on to a circle where it is multiplied by "
        "the reset gate r, and to a box tanh. Lit are a box sigma with the arrow z, the product on "
        "the line, and a circle 1 minus z that leads to the product with the candidate.",
    )  # fmt: skip


def learning_curve(history, floor):
    """Show the loss of a run of Keras' `fit`; `floor` is that of the best window."""
    levels = {"best window of 20 steps": floor}
    drawn, said = draw_losses(history, ylabel="mean squared error (V²)", levels=levels)
    return figure(
        drawn, name="fig-hold-fit", alt=said,
        caption="Learning curves of an LSTM that holds a voltage by command. Dotted: who "
        "knows the last twenty steps, and nothing earlier.",
    )  # fmt: skip


def _looked_into(network, inputs):
    """Return the unit that counts most, its gates and its states, by name, each `(steps,)`."""
    layer, weights = network.layers[0], network.layers[0].get_weights()
    name = type(layer).__name__
    runs = {"LSTM": lstm, "GRU": gru}
    states = runs[name](inputs[np.newaxis], *weights) if name in runs else None
    hidden = states.hidden[0] if states else np.asarray(layer(inputs[np.newaxis]))[0]
    read_out = network.layers[-1].get_weights()[0]
    units = min(hidden.shape[-1], len(read_out))
    unit = int(np.argmax(hidden[:, :units].std(axis=0) * np.abs(read_out[:units]).max(axis=1)))
    if name == "LSTM":
        gates = {"$i$": states.input_gate, "$f$": states.forget_gate, "$o$": states.output_gate}
        lines = {"$C$": states.cell, "$h$": states.hidden}
    else:
        gates = {"$z$": states.update_gate, "$r$": states.reset_gate} if name == "GRU" else {}
        lines = {"$h$": hidden[np.newaxis]}
    pick = ({k: v[0, :, unit] for k, v in part.items()} for part in (gates, lines))
    return unit, *pick


def inside(network, inputs, labels):
    """Show one record, what a network answers, and gates and states of the unit that counts most.

    Args:
        network: `keras.Sequential` of a recurrent layer and a dense layer, for every step.
        inputs: Voltage and command, `(steps, 2)`.
        labels: What should be held, `(steps, 1)`.
    """
    answers = np.asarray(network(inputs[np.newaxis]))[0, :, 0]
    unit, gates, lines = _looked_into(network, inputs.astype("float32"))
    drawn, (top, middle, bottom) = new_figure(
        3, 1, height=5.6, sharex=True, height_ratios=[1.3, 1, 1]
    )
    at = np.flatnonzero(inputs[:, 1])
    top.plot(inputs[:, 0], color="0.7", linestyle="-", linewidth=1, label="voltage")
    top.plot(labels[:, 0], color="0.75", linestyle="-", linewidth=6, drawstyle="steps-post")
    top.plot(answers, color="black", linestyle="-", drawstyle="steps-post", label="answer")
    top.plot(at, inputs[at, 0], "o", color=COLOURS[1], label="command")
    top.set(ylabel="voltage (V)", ylim=(-1.2, 2))
    top.legend(ncols=3, loc="upper left")
    for axes, part, label in ((middle, gates, "gates"), (bottom, lines, "states")):
        for name, line in part.items():
            axes.plot(line, label=name)
        for step in at:
            axes.axvline(step, color=COLOURS[1], linewidth=0.7, linestyle=":")
        axes.set(ylabel=label)
        if part:
            axes.legend(ncols=3, loc="upper left", bbox_to_anchor=(0, 1.12))
    middle.set(ylim=(-0.08, 1.3))
    bottom.set_title(f"unit {unit}", loc="right", y=0.8)
    bottom.set(xlabel="step")
    free = np.setdiff1d(np.arange(len(inputs)), at)
    said = "; ".join(
        f"{name.strip('$')} is {line[at].mean():.2f} at a command and {line[free].mean():.2f} "
        "elsewhere"
        for name, line in gates.items()
        if len(at)
    )
    silent = "nothing can be said: no command comes" if gates else "there are no gates"
    return figure(
        drawn, name="fig-hold-gates",
        caption="A validation record, and inside the unit that counts most. Thick grey: what "
        "should be held; dotted lines: commands.",
        alt=f"A record of {len(inputs)} steps with {len(at)} commands; the answer is off by "
        f"{np.abs(answers - labels[:, 0]).mean():.2g} V on average. In unit {unit} on average "
        f"{said or silent}.",
    )  # fmt: skip


def networks():
    """Show how networks of equal weights learn to hold by command, against the learning rate."""
    table = recorded.load("holding_networks").query("epochs == 30")
    drawn, panels = new_figure(1, 2, height=3.4, sharey=True)
    said = []
    for axes, clipped in zip(panels, (True, False), strict=True):
        for k, (name, rows) in enumerate(table[table["clipped"] == clipped].groupby("network")):
            spread = rows.groupby("learning_rate")["test"].agg(["min", "median", "max"])
            bars = np.abs(spread[["min", "max"]].T - spread["median"])
            axes.errorbar(
                spread.index * 1.06 ** (k - 1), spread["median"], bars, marker="os^"[k],
                markersize=5, label=name, linewidth=1.2, color=COLOURS[k], capsize=2,
            )  # fmt: skip
            best = spread["median"].min()
            rate = spread["median"].idxmin()
            how = "clipped" if clipped else "not clipped"
            said.append(f"{name}, {how}, {best:.2g} at a rate of {rate:g}")
        axes.set(xscale="log", yscale="log", xlabel="learning rate")
        axes.set_title("clipped" if clipped else "not clipped")
    panels[0].set_ylabel("normalised error")
    panels[0].legend()
    return figure(
        drawn, name="fig-gate-networks",
        caption="Networks of some 350 weights that hold a voltage by command: error on test "
        "records after 30 epochs, median and range of five seeds (recorded runs).",
        alt=f"Two panels, error against learning rate. Smallest medians: {'; '.join(said)}.",
    )  # fmt: skip


def _first_weights(kind, seed):
    """Return a layer's first weights: Keras' usual initialisers, with a seed."""
    import keras

    layer = getattr(keras.layers, kind)(
        UNITS,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        recurrent_initializer=keras.initializers.Orthogonal(seed=seed),
    )
    layer.build((None, 50, 1))
    return [array.astype(float) for array in layer.get_weights()]


def _size_of_derivative(states_from):
    """Return the size of dS_t/dS_0 for t = 1 ... 50; `states_from` takes 30 first states."""
    directions = 1e-4 * np.eye(UNITS)
    up, down = states_from(directions), states_from(-directions)  # (30, time, 30)
    return np.linalg.norm((up - down) / 2e-4, axis=(0, 2)) / np.sqrt(UNITS)


@cache
def cell_gradients(forget_bias, factor, seed, *, gates=1):
    """Return the size of dC_t/dC_0, in full and as the product of forget gates: `(2, 50)`.

    The recurrent weights are multiplied by `factor`, those of the gates i, f, o by `gates` too.
    """
    x = np.random.default_rng(seed).normal(size=(1, 50, 1))
    kernel, recurrent, bias = _first_weights("LSTM", seed)
    bias[UNITS : 2 * UNITS] = forget_bias
    to_candidate = np.arange(4 * UNITS) // UNITS == 2
    layer = kernel, factor * recurrent * np.where(to_candidate, 1, gates), bias
    many, zeros = np.repeat(x, UNITS, axis=0), np.zeros((UNITS, UNITS))
    full = _size_of_derivative(lambda C: lstm(many, *layer, initial_state=(zeros, C)).cell)
    product = np.cumprod(lstm(x, *layer).forget_gate[0], axis=0)  # (time, units)
    return np.stack([full, np.sqrt(np.mean(product**2, axis=1))])


@cache
def simple_gradients():
    """Return the size of dH_t/dH_0 of simple networks, `(seeds, 50)`."""
    lines = []
    for seed in SEEDS:
        x = np.random.default_rng(seed).normal(size=(1, 50, 1)).repeat(UNITS, axis=0)
        layer = _first_weights("SimpleRNN", seed)
        lines.append(
            _size_of_derivative(lambda H, x=x, w=layer: simple_rnn(x, *w, initial_state=H))
        )
    return np.array(lines)


def cell_gradient():
    """Explore the derivative of the cell state with respect to an earlier one."""
    simple = np.median(simple_gradients(), axis=0)

    def lines(forget_bias, factor):
        return np.array([cell_gradients(forget_bias, factor, seed) for seed in SEEDS])

    def draw(forget_bias, factor):
        measured = lines(forget_bias, factor)
        full, product = np.median(measured, axis=0)
        drawn, axes = new_figure(height=3.3)
        steps, every = np.arange(1, 51), measured[:, 0]
        axes.fill_between(steps, every.min(0), every.max(0), color=COLOURS[0], alpha=0.25)
        axes.semilogy(steps, full, "-", color=COLOURS[0], label="LSTM, full derivative")
        axes.semilogy(steps, product, "--", color=COLOURS[1], label="product of the forget gates")
        axes.semilogy(steps, simple, color="0.5", linestyle=":", label="SimpleRNN, $h$")
        axes.set(xlabel="distance (steps)", ylabel="size of the derivative")
        axes.set(ylim=(1e-8, 1e5), yticks=10.0 ** np.arange(-8, 5, 2))
        axes.set_title(f"forget bias {forget_bias:g}, recurrent weights times {factor:g}")
        axes.legend(loc="lower left")
        return drawn

    def describe(forget_bias, factor):
        full, product = np.median(lines(forget_bias, factor), axis=0)[:, -1]
        return (
            f"Forget bias {forget_bias:g}, recurrent weights times {factor:g}: over 50 steps the "
            f"full derivative has the size {full:.1e}, the product of the forget gates "
            f"{product:.1e}, that of the simple network {simple[-1]:.1e}."
        )

    return explore(
        draw, alt=describe, name="cell-gradient",
        caption="Derivative of the cell state with respect to an earlier one, against the "
        "distance: medians of five seeds, and the range of the full derivative. Dotted: of the "
        "state of a simple network.",
        forget_bias=[1, 2, 3, 4, 5], factor=[0, 0.5, 1, 2, 4],
        start={"forget_bias": 1, "factor": 1},
        labels={"forget_bias": "forget bias", "factor": "recurrent weights times"},
    )  # fmt: skip
