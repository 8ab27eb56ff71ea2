"""Figures of the chapter that asks whether gates pay."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.explore import explore, figure
from lectures_lib.from_scratch import gru, lstm, simple_rnn
from lectures_lib.physics import pairing_energies
from lectures_lib.plots import COLOURS, draw_losses, new_figure, use_style
from lectures_lib.words import counted, span

__all__ = [
    "AHEAD", "COMMANDS", "LAYERS", "after_commands", "curves", "epochs", "feedback",
    "five_runs", "flip_flop", "learning_curves", "network_states", "predictions", "record",
    "regime_curve", "wait",
]  # fmt: skip

KNOWN = 12
AHEAD = [f"E{n}" for n in range(26, 42, 2)]  # columns of recorded forecasts
LAYERS = {"SimpleRNN": "rnn", "LSTM": "lstm", "GRU": "gru"}
COMMANDS = {  # at 0 and at 40 ms
    "soft, soft again": (-1, -1),
    "stiff, stiff again": (1, 1),
    "stiff, then soft": (1, -1),
    "soft, then stiff": (-1, 1),
}
GREY = {"alpha": 0.15, "color": "grey"}
ZERO = {"color": "black", "linewidth": 0.8, "linestyle": "-"}
WAIT_MS = 1000
FIVE_RUNS = "layer == 'gru' and clip == 0 and learning_rate == 0.01"

use_style()


def learning_curves(histories):
    """Show the training losses (solid) and validation losses (dashed) of runs of Keras' `fit`."""
    drawn, said = draw_losses(histories, ylabel="loss (δ²)", height=2.8)
    return figure(
        drawn, name="fig-gated-fit", alt=said,
        caption="Learning curves of C7 and C8; the validation loss is of one window.",
    )  # fmt: skip


def epochs():
    """Explore what networks forecast as training goes on."""
    runs = recorded.load("gated_runs").query("hidden >= 200")
    particles = np.arange(2, 42, 2)
    series = pairing_energies(particles)

    def found(network, passes):
        rows = runs[runs["network"].eq(network) & runs["epoch"].eq(passes)]
        lines = rows[AHEAD].to_numpy()
        error = np.median(np.mean((lines - series[KNOWN:]) ** 2, axis=1))
        return lines, f"train loss {rows['train'].median():.0e}, test error {error:.0e}"

    def draw(network, passes):
        lines, losses = found(network, passes)
        drawn, axes = new_figure(height=3.2)
        axes.plot(particles, series, "o", color="black", markersize=4, label="true")
        axes.plot(particles[KNOWN:], lines.T, "-", color="0.65", linewidth=0.9)
        axes.plot(particles[KNOWN:], np.median(lines, axis=0), "-", color=COLOURS[1],
                  linewidth=2.2, label=f"{network}, median")  # fmt: skip
        axes.axvspan(2, particles[KNOWN - 1], **GREY)
        axes.set(xlabel="particles X", ylabel="energy (δ)", ylim=(-2.5, 0.1), title=losses)
        axes.legend(loc="lower left")
        return drawn

    def describe(network, passes):
        lines, losses = found(network, passes)
        ends = lines[:, -1]
        return (
            f"{network} after {passes} epochs: at 40 particles the median is "
            f"{np.median(ends):.2f}, seeds {span(ends.min(), ends.max())}, true "
            f"{series[-1]:.2f}; {losses}."
        )

    return explore(
        draw, alt=describe, name="gated-epochs",
        caption="Forecasts of ten seeds (grey) and their median as training goes on; the shaded "
        "part is known (recorded runs).",
        network=["C5", "C7", "C8"], passes=[25, 50, 100, 150, 250, 500, 1000],
        start={"network": "C7", "passes": 150}, labels={"passes": "epochs"},
    )  # fmt: skip


def feedback(particles, single, free):
    """Show errors of a network beside those of recorded networks whose gates are held.

    Args:
        particles: Where the errors are, `(points,)`.
        single, free: Errors of single steps from true energies and of the free forecast.
    """
    held = recorded.load("gated_frozen").query("epoch == 150")[AHEAD].to_numpy()
    held = held - pairing_energies(range(26, 42, 2))
    drawn, axes = new_figure(height=3.0)
    axes.plot(particles, single, "--", color=COLOURS[0], label="single steps")
    axes.plot(particles, free, "-", color=COLOURS[1], label="free forecast")
    axes.plot(np.arange(26, 42, 2), held.T, ":", color=COLOURS[2], linewidth=1.2)
    axes.plot([], [], ":", color=COLOURS[2], label="free, gates held (recorded)")
    axes.axhline(0, **ZERO)
    axes.set(xlabel="particles X", ylabel="error (δ)")
    axes.legend(loc="lower left")
    return figure(
        drawn, name="fig-error-feedback",
        caption="Errors of C7: of single steps from true energies, of the free forecast, and of "
        "five recorded networks whose gates are held as they are at 24 particles.",
        alt=f"At {particles[-1]} particles single steps are off by {single[-1]:.2f}, the free "
        f"forecast by {free[-1]:.2f}; with the gates held five networks are off by "
        f"{span(held[:, -1].min(), held[:, -1].max())}.",
    )  # fmt: skip


def _log(records, number, *, axes, below):
    """Draw the log of one record, and shade both panels where the spring is stiff."""
    strikes, commands = records.inputs[number].T
    time_ms = np.arange(len(strikes))
    stiff = np.append(records.springs[number] > 0, False)
    for panel in (axes, below):
        panel.fill_between(
            np.arange(len(stiff)), 0, 1, where=stiff, step="post", color="0.9",
            transform=panel.get_xaxis_transform(),
        )  # fmt: skip
    axes.vlines(time_ms, 0, strikes, color=COLOURS[0], linewidth=2)
    for command, marker in ((-1, "v"), (1, "^")):
        at_ms = time_ms[commands == command]
        axes.plot(at_ms, np.full(len(at_ms), 2.6), marker, color=COLOURS[1], markersize=7)
    axes.set(ylabel="blow (m/s)", ylim=(-3, 3.2))


def record(records, number):
    """Show the log and the positions of one record."""
    drawn, (top, bottom) = new_figure(2, 1, height=3.8, sharex=True, height_ratios=[1, 1.4])
    _log(records, number, axes=top, below=bottom)
    positions, (strikes, commands) = records.positions[number], records.inputs[number].T
    time_ms = np.arange(1, len(positions) + 1)
    bottom.plot(time_ms, positions, "o", color="black", markersize=2.5)
    bottom.set(xlabel="time (ms)", ylabel="position (mm)")
    given = counted(np.count_nonzero(commands), "command")
    return figure(
        drawn, name="fig-switched-oscillator",
        caption="One record. Above the log: blows (bars) and commands (triangles, up for stiff, "
        "down for soft). Below the measured position. The spring is stiff where shaded.",
        alt=f"Above, {counted(np.count_nonzero(strikes), 'bar')} and {given} in {len(positions)} "
        f"ms. Below, dots between {positions.min():.1f} and {positions.max():.1f} mm ring after "
        "each larger bar, faster on the shaded parts.",
    )  # fmt: skip


def regime_curve(history, levels):
    """Show the losses of a run of `fit` with validation data, and some levels by name."""
    drawn, said = draw_losses(
        history, ylabel="mean squared error (mm²)", levels=levels, height=2.8
    )  # fmt: skip
    return figure(
        drawn, name="fig-regime-fit", alt=said,
        caption="Learning curves on the switched oscillator; horizontal lines are simple rules "
        "on the validation records.",
    )  # fmt: skip


def predictions(records, lines, number):
    """Show what some rules say about one record.

    Args:
        records: A `SwitchedRecords`.
        lines: Positions `(records, times)` by name of the rule.
        number: Which record.
    """
    rows = len(lines) + 1
    drawn, panels = new_figure(rows, 1, height=1.2 + 1.35 * len(lines), sharex=True)
    true, said = records.positions[number], []
    for panel, (name, line) in zip(panels[1:], lines.items(), strict=True):
        _log(records, number, axes=panels[0], below=panel)
        panel.plot(np.arange(1, len(true) + 1), true, "o", color="black", markersize=2)
        panel.plot(np.arange(1, len(true) + 1), line[number], "-", color=COLOURS[1])
        panel.set(ylabel="mm")
        panel.set_title(name)
        off = line[number] - true
        stiff = records.springs[number] > 0
        parts = [
            f"{np.sqrt(np.mean(off[part] ** 2)):.2f} mm on the {spring} spring"
            for part, spring in ((~stiff, "soft"), (stiff, "stiff"))
            if part.any()
        ]
        said.append(f"{name}: {', '.join(parts)}")
    panels[-1].set(xlabel="time (ms)")
    return figure(
        drawn, name="fig-regime-predictions",
        caption="Predictions (lines) and measured positions (dots) of one test record, below its "
        "log. The spring is stiff where shaded.",
        alt=f"Root mean square errors. {'; '.join(said)}.",
    )  # fmt: skip


def curves(variance, level):
    """Show recorded validation errors, divided by their variance, with and without clipping.

    Args:
        variance: Of the validation positions, in mm².
        level: Normalised error of the linear rule on them.
    """
    table = (
        recorded.load("regime_curves").query("best == 1").set_index(["layer", "clip"]).sort_index()
    )
    drawn, panels = new_figure(2, len(LAYERS), height=4.0, sharex=True, sharey=True)
    said = []
    for row, clip in enumerate((True, False)):
        for axes, (name, layer) in zip(panels[row], LAYERS.items(), strict=True):
            ends = []
            for _, own in table.loc[(layer, float(clip))].groupby("seed"):
                share = own["validation"] / variance
                axes.semilogy(own["epoch"], share, color=COLOURS[row], linewidth=1)
                ends.append(share.iloc[-1])
            axes.axhline(level, **ZERO)
            axes.set_title(f"{name}\n{'' if clip else 'not '}clipped")
            said.append(f"{name}, {'' if clip else 'not '}clipped, "
                        f"{span(min(ends), max(ends), '.3f')}")  # fmt: skip
    panels[0, 0].set(ylim=(4e-3, 1.5))
    for axes in panels[1]:
        axes.set(xlabel="epoch")
    for axes in panels[:, 0]:
        axes.set(ylabel="nmse")
    return figure(
        drawn, name="fig-regime-plateau",
        caption="Normalised validation error of five seeds each, at the best rate. Above "
        "with clipping, below without; the horizontal line is the linear rule (recorded runs).",
        alt=f"Six panels of falling lines over {table['epoch'].max()} epochs or less. At the end: "
        f"{'; '.join(said)}. The horizontal line is at {level:.2f}.",
    )  # fmt: skip


def network_states(name, seed, inputs):
    """Return the states of a recorded clipped network, and its five arrays of weights."""
    place = list(LAYERS).index(name)
    stored = recorded.weights("regime_networks")[5 * place : 5 * place + 5]
    weights = [array[seed] for array in stored]
    by_hand = {"SimpleRNN": simple_rnn, "LSTM": lstm, "GRU": gru}[name]
    return by_hand(inputs, *weights[:3]), weights


def ringings():
    """Return the true ringing after a blow of 1 m/s on the soft and on the stiff spring."""
    after_ms = np.arange(1, 31)
    rings = [np.sin(w * after_ms) / w for w in (2 * np.pi / 12, 2 * np.pi / 6)]
    return np.exp(-after_ms / 8) * np.array(rings)


def after_commands(*, wait):
    """Return logs `(4, times, 2)`: two commands 40 ms apart, silence, and one blow."""
    log = np.zeros((len(COMMANDS), 40 + wait + 30, 2))
    log[:, [0, 40], 1] = list(COMMANDS.values())
    log[:, 40 + wait, 0] = 1
    return log


def wait():
    """Explore what recorded networks still know of a command after a second of silence."""
    log, true = after_commands(wait=WAIT_MS), ringings()
    rings = {}
    for name in LAYERS:
        for seed in range(5):
            states, weights = network_states(name, seed, log)
            hidden = states if name == "SimpleRNN" else states.hidden
            rings.setdefault(name, []).append((hidden @ weights[3] + weights[4])[:, -30:, 0])

    def found(network, commands):
        own = np.array(rings[network])[:, list(COMMANDS).index(commands)]
        nearest = np.mean((own[:, np.newaxis] - true) ** 2, axis=2).argmin(axis=1)
        return own, int(np.sum(nearest == (COMMANDS[commands][1] > 0)))

    def draw(network, commands):
        own, right = found(network, commands)
        drawn, axes = new_figure(height=3.0)
        for ring, name, style in zip(true, ("soft", "stiff"), ("-", "--"), strict=True):
            axes.plot(range(1, 31), ring, style, color="0.75", linewidth=5, label=f"true, {name}")
        axes.plot(range(1, 31), own.T, "-", color=COLOURS[1], linewidth=1)
        axes.plot([], [], "-", color=COLOURS[1], label=network)
        axes.set(xlabel="time after the blow (ms)", ylabel="position (mm)", ylim=(-1.3, 1.9),
                 title=f"{commands}: {right} of 5 seeds obey")  # fmt: skip
        axes.legend(loc="upper right")
        return drawn

    def describe(network, commands):
        own, right = found(network, commands)
        peaks, spring = own.max(axis=1), int(COMMANDS[commands][1] > 0)
        return (
            f"{network} after the commands {commands.replace(', ', ' and ')}: {right} of 5 seeds "
            f"ring like the last command; their peaks are {span(peaks.min(), peaks.max())} mm "
            f"high, that of the true ringing {true[spring].max():.2f} mm."
        )

    return explore(
        draw, alt=describe, name="regime-wait",
        caption="What five clipped networks say to one blow, 1,000 ms after the second of two "
        "commands; in grey the true ringing on either spring (recorded runs).",
        network=["SimpleRNN", "LSTM", "GRU"],
        commands=["soft, soft again", "stiff, stiff again", "stiff, then soft",
                  "soft, then stiff"],
        start={"network": "SimpleRNN", "commands": "soft, then stiff"},
    )  # fmt: skip


def flip_flop(seed=0):
    """Show the cells of a recorded LSTM in silence after a command, and where they settle."""
    log = np.zeros((2, 300, 2))
    log[:, 0, 1] = -1, 1
    states = network_states("LSTM", seed, log)[0]
    drawn, (left, middle, right) = new_figure(3, 1, height=5.0)
    left.plot(states.cell[1], "-", linewidth=1)
    left.set(xlabel="time after the command stiff (ms)", ylabel="cell states C")
    numbers = np.arange(states.cell.shape[2])
    for k, name in enumerate(("soft", "stiff")):
        marks = {"color": COLOURS[k], "label": f"after {name}"}
        middle.plot(numbers, states.cell[k, -1], "v^"[k], **marks)
        right.plot(numbers, states.forget_gate[k, -1], "v^"[k], **marks)
    middle.axhline(0, **ZERO)
    middle.set(ylabel="C in the end")
    middle.legend(ncols=2, loc="upper left", bbox_to_anchor=(0, 1.3))
    right.set(xlabel="cell", ylabel="forget gate", ylim=(0, 1))
    gates = states.forget_gate[:, 100:].max()
    apart = int(np.sum(np.abs(states.cell[0, -1] - states.cell[1, -1]) > 0.3))
    return figure(
        drawn, name="fig-flip-flop",
        caption="The cells of a recorded LSTM in silence. Above: after the command stiff. Below: "
        "states and forget gates 300 ms after either command.",
        alt=f"{len(numbers)} lines that move for some tens of ms and then stay level; "
        f"{apart} of them end more than 0.3 apart after the two commands, while no forget gate is "
        f"above {gates:.2f}.",
    )  # fmt: skip


def five_runs():
    """Show the validation errors of five recorded networks that differ in their seeds only."""
    table = recorded.load("regime_curves").query(FIVE_RUNS)
    drawn, axes = new_figure(height=3.2)
    said = []
    styles = ("-", "--", "-.", ":", "-")
    for (seed, rows), style in zip(table.groupby("seed"), styles, strict=True):
        axes.semilogy(rows["epoch"], rows["validation"], style, label=f"seed {seed}")
        at = rows.set_index("epoch")["validation"]
        said.append(f"seed {seed} {at[60]:.3f}, then {at.iloc[-1]:.3f}")
    axes.set(xlabel="epoch", ylabel="validation error (mm²)")
    axes.legend()
    return figure(
        drawn, name="fig-five-runs",
        caption="Validation errors of five GRUs with different seeds.",
        alt=f"Five falling curves on a logarithmic scale. Errors after 60 epochs and at the end: "
        f"{'; '.join(said)}.",
    )  # fmt: skip
