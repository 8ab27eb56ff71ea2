"""Figures of the chapter that looks beyond the gates."""

import numpy as np
import pandas as pd

from lectures_lib import recorded
from lectures_lib.explore import explore, figure
from lectures_lib.physics import bright_probability
from lectures_lib.plots import COLOURS, draw_losses, new_figure, use_style
from lectures_lib.words import counted, span

__all__ = [
    "attention_weights", "best_runs", "blinking", "learning_curve", "padding", "recall",
    "smoothing",
]  # fmt: skip

NETWORKS = {"forward": "GRU", "stacked": "two GRUs", "bidirectional": "bidirectional GRU"}
WAYS = {
    "zeros": "padded with 0", "zeros, masked": "padded with 0, masked",
    "minus ones": "padded with −1", "minus ones, masked": "padded with −1, masked",
}  # fmt: skip

use_style()


def best_runs(table):
    """Return the rows of each network at the learning rate that its recipe ran with all seeds."""
    kept = []
    for _, rows in table.groupby("network", sort=False):
        tried = rows["learning_rate"]
        kept.append(rows[tried == tried.mode().item()])
    return pd.concat(kept)


def blinking(counts, bright):
    """Explore records of a molecule: its counts, its state, and what is known of the state."""
    past, whole = bright_probability(counts), bright_probability(counts, smooth=True)

    def draw(record):
        drawn, (top, bottom) = new_figure(2, 1, height=3.8, sharex=True)
        steps = np.arange(1, counts.shape[1] + 1)
        top.bar(steps, counts[record], color=COLOURS[0])
        bottom.fill_between(
            steps, bright[record], step="mid", color="grey", alpha=0.3, label="bright"
        )
        bottom.plot(steps, past[record], "--", color=COLOURS[1], label="from the past")
        bottom.plot(steps, whole[record], "-", color=COLOURS[2], label="from the whole record")
        top.set(ylabel="photons")
        bottom.set(xlabel="step", ylabel="probability", ylim=(-0.05, 1.05))
        bottom.legend(loc="upper right")
        return drawn

    def describe(record):
        wrong = [np.sum((p[record] > 0.5) != bright[record]) for p in (past, whole)]
        switches = counted(np.sum(np.diff(bright[record]) != 0), "switch").replace("hs", "hes")
        return (
            f"Record {record}: {counts[record].sum()} photons, {switches}. "
            f"Of {counts.shape[1]} steps the past alone gets {wrong[0]} wrong, the whole record "
            f"{wrong[1]}."
        )

    return explore(
        draw, alt=describe, name="blinking-record",
        caption="Photons of a molecule that blinks, and how probable the bright state is: from "
        "the counts so far, and from all counts. Grey: when it was bright.",
        record=[0, 1, 2, 3, 4, 5, 6, 7], start={"record": 1}, labels={"record": "record"},
    )  # fmt: skip


def learning_curve(history):
    """Show both losses of a run of Keras' `fit` with validation data."""
    drawn, said = draw_losses(history, ylabel="cross-entropy", log=False)
    return figure(
        drawn, name="fig-bidirectional-fit", alt=said,
        caption="Learning curves of the bidirectional network.",
    )  # fmt: skip


def smoothing(past, whole):
    """Show how often trained networks are wrong, beside the best that can be had.

    Args:
        past, whole: Shares of wrong steps of the exact filter and of the exact smoother.
    """
    runs = best_runs(recorded.load("outlook_smoothing"))
    drawn, axes = new_figure(height=2.4)
    said = []
    for place, (key, name) in enumerate(NETWORKS.items()):
        wrong = runs.loc[runs["network"] == key, "test"]
        axes.plot(wrong, [place] * len(wrong), "o", color=COLOURS[place], markersize=5)
        said.append(f"{name} {span(wrong.min(), wrong.max(), '.3f')}")
    for value, name, style in ((past, "filter", "--"), (whole, "smoother", ":")):
        axes.axvline(value, color="black", linewidth=1.2, linestyle=style, label=f"exact {name}")
    axes.set(xlabel="wrong steps", xlim=(0.05, 0.14), ylim=(2.5, -0.5))
    axes.set_yticks(range(3), NETWORKS.values())
    axes.legend(loc="center")
    return figure(
        drawn, name="fig-smoothing",
        caption="Shares of wrong steps on unseen records, five seeds each (recorded runs); the "
        "lines are the best that can be had from the past and from the whole record.",
        alt=f"Dots beside two lines. Shares of wrong steps: {'; '.join(said)}. The exact filter is "
        f"at {past:.3f}, the exact smoother at {whole:.3f}.",
    )  # fmt: skip


def padding():
    """Show how often networks that learnt from padded records are wrong, as padding grows."""
    runs = recorded.load("outlook_padding")
    columns = [name for name in runs.columns if name.startswith("steps")]
    widths = [int(name.removeprefix("steps")) for name in columns]
    drawn, axes = new_figure(height=3.0)
    said = []
    for k, (key, name) in enumerate(WAYS.items()):
        wrong = runs.loc[runs["way"] == key, columns].to_numpy()
        look = {"color": COLOURS[k // 2], "linestyle": ("--", "-")[k % 2]}
        for row in wrong:
            axes.plot(widths, row, marker="o", markersize=3, linewidth=1, **look)
        axes.plot([], [], label=name, **look)
        at_ends = (
            span(column.min(), column.max(), ".3f") for column in (wrong[:, 0], wrong[:, -1])
        )
        said.append(f"{name} {' and '.join(at_ends)}")
    floor = runs.loc[runs["way"] == "exact filter", columns[0]].item()
    axes.axhline(floor, color="black", linewidth=1, linestyle=":", label="exact filter")
    axes.set(xlabel="steps of a padded record", ylabel="wrong answers", ylim=(0.08, 0.52))
    axes.set_xscale("log", base=2)
    axes.set_xticks(widths, widths)
    axes.legend(loc="upper left")
    return figure(
        drawn, name="fig-padding",
        caption="Wrong answers to the same 4,000 records, padded to several widths, after training "
        "at the smallest; five seeds each (recorded runs).",
        alt=f"Shares of wrong answers at {widths[0]} and at {widths[-1]} steps: {'; '.join(said)}. "
        f"The exact filter has {floor:.3f}.",
    )  # fmt: skip


def attention_weights(weights):
    """Show where the weights of an attention lie; `weights` has the shape `(records, time)`."""
    drawn, axes = new_figure(height=2.3)
    image = axes.imshow(weights, aspect="auto", cmap="Blues", vmin=0, vmax=1,
                        extent=(0.5, weights.shape[1] + 0.5, len(weights) + 0.5, 0.5))  # fmt: skip
    axes.set(xlabel="step", ylabel="record")
    axes.grid(visible=False)
    drawn.colorbar(image, ax=axes, label="weight")
    largest = weights.argmax(axis=1) + 1
    return figure(
        drawn, name="fig-attention-weights",
        caption="Where the query of the last step finds its answer: weights of the attention, a "
        "record a row.",
        alt=f"{counted(len(weights), 'row')} of weights over {counted(weights.shape[1], 'step')}. "
        f"The largest weight of a record lies at step {span(largest.min(), largest.max(), 'd')} "
        f"and is {span(weights.max(axis=1).min(), weights.max(axis=1).max())}.",
    )  # fmt: skip


def recall():
    """Show the recorded errors of three networks that recall, at one length and at longer ones."""
    runs = recorded.load("outlook_recall")
    runs = best_runs(runs[runs["epochs"] == runs["epochs"].max()])
    columns = [name for name in runs.columns if name.startswith("steps")]
    lengths = [int(name.removeprefix("steps")) for name in columns]
    drawn, axes = new_figure(height=3.0)
    said = []
    for k, (name, rows) in enumerate(runs.groupby("network", sort=False)):
        errors = rows[columns].to_numpy()
        places = np.array(lengths) * 1.04 ** (k - 1)
        axes.loglog(places, errors.T, "o", color=COLOURS[k], markersize=4)
        axes.loglog(places, np.median(errors, axis=0), "-", color=COLOURS[k], label=name)
        said.append(f"{name} {', '.join(f'{m:.1e}' for m in np.median(errors, axis=0))}")
    axes.axhline(1, color="black", linewidth=1, linestyle=":", label="mean of all labels")
    axes.set(xlabel="steps of a record", ylabel="normalised error")
    axes.set_xticks(lengths, lengths)
    axes.minorticks_off()
    axes.legend()
    return figure(
        drawn, name="fig-recall-beyond",
        caption="Normalised squared errors of the recall, learnt from records of the smallest "
        "length: five seeds and their median (recorded runs).",
        alt=f"Errors on a logarithmic scale at {', '.join(map(str, lengths))} steps. Medians: "
        f"{'; '.join(said)}.",
    )  # fmt: skip
