"""Figures of the chapter on anomalies: pulses that pile up, and digits never shown."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.explore import explore, figure
from lectures_lib.plots import COLOURS, draw_losses, new_figure, show_image, use_style
from lectures_lib.words import counted

__all__ = [
    "by_digit", "by_distance", "copied", "digit_curve", "distance_table", "error_and_ink",
    "pulse_curve", "rocs", "score_table", "two_records",
]  # fmt: skip

SCORES = {
    "ink": "ink alone",
    "error of PCA": "error, PCA",
    "error of network": "error, network",
    "error per ink": "error, network, per ink",
    "likelihood": "likelihood, probabilistic PCA",
    "mixture": "likelihood, mixture in PCA",
    "mixture in shape": "likelihood, mixture in PCA, in shape",
    "neighbour": "nearest neighbour",
    "neighbour in code": "nearest neighbour in code",
    "neighbour in shape": "nearest neighbour in shape",
    "neighbour in shape axes": "nearest neighbour in PCA, in shape",
    "labels of normal": "unsure classifier of the normal ones",
    "few labels": "ten strange ones labelled",
}
RULES = {
    "likelihood ratio": ("likelihood ratio", "k-"), "second pulse": ("second pulse", "--"),
    "best pulse": ("rest of the best pulse", "-."), "PCA": ("error, PCA", ":"),
}  # fmt: skip
MARKED = {"ink": "x", "error of PCA": "s", "error of network": "o"}
INK = {"colours": "gray_r", "limits": (0, 1)}
SHOWN = 6

use_style()


def two_records(records):
    """Explore a record with one pulse, and the same with two of half the height.

    Args:
        records: Function that makes `count` records `(count, samples)`, in volt, of pulses at a
            `distance`, from a `seed` that decides places, heights and noise.
    """

    def pair(distance, record):
        return [records(1, distance=apart, seed=record)[0] for apart in (0, distance)]

    alone = np.array([pair(0, record)[0] for record in range(1, 6)])
    limits = alone.min() - 0.5, alone.max() + 0.5

    def draw(distance, record):
        drawn, panels = new_figure(1, 2, height=2.3, sharey=True)
        names = "normal", "two pulses"
        for axes, x, name in zip(panels, pair(distance, record), names, strict=True):
            axes.plot(x, linewidth=1)
            axes.set(xlabel="sample", title=name, ylim=limits)
        panels[0].set_ylabel("voltage (V)")
        return drawn

    def describe(distance, record):
        one, two = pair(distance, record)
        return (
            f"Two noisy curves over {counted(len(one), 'sample')}. One pulse: highest at sample "
            f"{one.argmax()} with {one.max():.1f} V. Two pulses, {counted(distance, 'sample')} "
            f"apart: highest at sample {two.argmax()} with {two.max():.1f} V."
        )

    return explore(
        draw, alt=describe, name="pile-up",
        caption="A record with one pulse; and with the same noise two pulses of half the height, "
        "of which the first stands at the same place.",
        distance=[1, 2, 4, 6, 8, 12, 16, 24, 32], record=range(1, 6),
        start={"distance": 8}, labels={"distance": "distance (samples)", "record": "record"},
    )  # fmt: skip


def pulse_curve(history, noise):
    """Show the learning curves of the autoencoder of pulses, beside the power of the noise."""
    drawn, said = draw_losses(
        history, ylabel="mean squared error (V²)", levels={"noise": noise}, height=2.4
    )
    return figure(
        drawn, name="fig-pile-up-fit", caption="Learning curves of the autoencoder of pulses.",
        alt=said,
    )  # fmt: skip


def digit_curve(history):
    """Show the learning curves of the autoencoder that never sees one digit."""
    drawn, said = draw_losses(history, ylabel="cross-entropy (nats)", height=2.4)
    return figure(
        drawn, name="fig-left-out-fit",
        caption="Learning curves of the network that never sees one digit.", alt=said,
    )  # fmt: skip


def rocs(curves, areas):
    """Show ROC curves: `curves` and `areas` map names to `(false, found)` and to their AUC."""
    drawn, axes = new_figure(height=3.2)
    for name, (false, found) in curves.items():
        axes.plot(false, found, label=f"{name}: {areas[name]:.2f}")
    axes.plot([0, 1], [0, 1], "-", color="grey", linewidth=1)
    axes.set(xlabel="false alarms, share of normal records", ylabel="share of pile-ups found")
    axes.set_aspect("equal")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    said = []
    for name, (false, found) in curves.items():
        at = np.interp(0.1, false, found)
        said.append(f"{name}, area {areas[name]:.2f}, finds {at:.2f} at 0.1 false alarms")
    return figure(
        drawn, name="fig-roc",
        caption="ROC curves, with the area under each. The grey line is chance.",
        alt=f"Curves from the lower left to the upper right: {'; '.join(said)}.",
    )  # fmt: skip


def distance_table():
    """Return AUCs by score (rows) and distance in samples (columns): medians of seeds.

    The network is there with each size of code, as "network 3".
    """
    runs = recorded.load("anomaly_pulses")
    rate = runs.loc[runs["code"] == 16, "learning_rate"].item()  # others were tried with 3 only
    runs = runs[runs["learning_rate"].isna() | (runs["learning_rate"] == rate)]
    sizes = runs["code"].map(lambda code: "" if code != code else f" {code:.0f}")
    table = runs.groupby(runs["score"] + sizes).median(numeric_only=True)
    table = table.filter(like="distance")
    return table.rename(columns=lambda name: int(name.removeprefix("distance")))


def by_distance():
    """Explore AUCs over the distance of two pulses, for autoencoders with codes of some sizes."""
    table = distance_table()

    def draw(code):
        drawn, axes = new_figure(height=3.6)
        for name, (label, form) in RULES.items():
            axes.plot(table.columns, table.loc[name], form, label=label)
        axes.plot(
            table.columns, table.loc[f"network {code}"], "o-", color=COLOURS[1], markersize=4,
            label=f"error, network, code of {code}",
        )  # fmt: skip
        axes.axhline(0.5, color="grey", linewidth=1)
        axes.set(xscale="log", xlabel="distance (samples)", ylabel="AUC", ylim=(0, 1.05))
        axes.set_xticks(table.columns, table.columns)
        axes.minorticks_off()
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
        return drawn

    def describe(code):
        names = {name: label for name, (label, _) in RULES.items()}
        names[f"network {code}"] = f"network with a code of {code}"
        said = [
            f"{label} {', '.join(f'{area:.2f}' for area in table.loc[name])}"
            for name, label in names.items()
        ]
        return f"AUC at {', '.join(map(str, table.columns))} samples: {'; '.join(said)}."

    return explore(
        draw, alt=describe, name="pile-up-distance",
        caption="How well two pulses are told from one, against their distance (recorded runs, "
        "medians of seeds). The grey line is chance.",
        code=[1, 3, 16], start={"code": 3}, labels={"code": "size of the code"},
    )  # fmt: skip


def digit_table():
    """Return the recorded AUCs by digit left out (rows) and score: medians of seeds."""
    return recorded.load("anomaly_digits").drop(columns="seed").groupby("digit").median()


def by_digit():
    """Show the AUC of two errors, and of ink alone, for each digit left out."""
    runs, table = recorded.load("anomaly_digits"), digit_table()
    drawn, axes = new_figure(height=3.0)
    said = []
    for k, (name, form) in enumerate(MARKED.items()):
        offset = 0.18 * (k - 1)
        axes.plot(runs["digit"] + offset, runs[name], "_", color=COLOURS[k], markersize=6)
        axes.plot(table.index + offset, table[name], form, color=COLOURS[k], label=SCORES[name])
        said.append(f"{SCORES[name]} {', '.join(f'{area:.2f}' for area in table[name])}")
    axes.axhline(0.5, color="grey", linewidth=1)
    axes.set(xlabel="digit left out of training", ylabel="AUC", ylim=(0, 1.2))
    axes.set_xticks(table.index)
    axes.legend(ncols=3, loc="upper center")
    return figure(
        drawn, name="fig-auc-by-digit",
        caption="AUC of three scores for each digit that was left out: medians of seeds, which "
        "are the small bars (recorded runs; five for 0 and 1, else three). Grey: chance.",
        alt=f"AUC for the digits 0 to 9: {'; '.join(said)}.",
    )  # fmt: skip


def error_and_ink(ink, error, new_ink, new_error, digit):
    """Show the error of pictures over their ink; the `new` ones are of the digit left out."""
    drawn, axes = new_figure(height=2.9)
    axes.plot(ink, error, "o", markersize=2, alpha=0.5, label="digits as in training")
    axes.plot(new_ink, new_error, "^", markersize=2.5, alpha=0.5, label=f"{digit}, never shown")
    axes.set(xlabel="ink (pixels)", ylabel="error per pixel")
    axes.legend()
    middle = [f"{np.median(values):.3g}" for values in (ink, error, new_ink, new_error)]
    return figure(
        drawn, name="fig-error-and-ink",
        caption="Error of the network against the ink of a picture.",
        alt=f"Two clouds of dots. Known digits: medians {middle[0]} pixels of ink and an error of "
        f"{middle[1]}, correlation {np.corrcoef(ink, error)[0, 1]:.2f}. Digit {digit}: "
        f"{middle[2]} and {middle[3]}.",
    )  # fmt: skip


def copied(pictures, labels, restore):
    """Explore what principal axes give back of a digit that they have never seen.

    Args:
        pictures: Of all digits, `(images, 28, 28, 1)`.
        labels: Their digits.
        restore: Function of pictures and a digit, to what axes without that digit give back.
    """
    table = digit_table()

    def found(digit):
        shown = pictures[labels == digit][:SHOWN]
        return shown, np.reshape(restore(shown, digit), shown.shape)

    def draw(digit):
        drawn, panels = new_figure(2, 1, height=2.3)
        shown, given = found(digit)
        areas = " and ".join(
            f"{table.loc[digit, f'error of {name}']:.2f} ({label})"
            for name, label in (("PCA", "PCA"), ("network", "network"))
        )
        for axes, images, title in zip(
            panels, (shown, given), (f"never shown; AUC {areas}", "given back"), strict=True
        ):
            show_image(np.hstack(images[..., 0]), axes=axes, title=title, **INK)
        return drawn

    def describe(digit):
        shown, given = found(digit)
        row = table.loc[digit]
        return (
            f"{counted(len(shown), 'picture')} of the digit {digit}, and what comes back from 30 "
            f"axes of the other digits, with an error of {np.mean((shown - given) ** 2):.3f} per "
            f"pixel. The AUC is {row['error of PCA']:.2f} by PCA and "
            f"{row['error of network']:.2f} by the network."
        )

    return explore(
        draw, alt=describe, name="left-out-digit",
        caption="Digits that PCA was never shown, and what it gives back (AUC: recorded runs).",
        digit=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], start={"digit": 1},
        labels={"digit": "digit left out"},
    )  # fmt: skip


def score_table():
    """Return AUCs by score: of the worst digit, the mean, and of the digits 1 and 0."""
    table = digit_table()[list(SCORES)].T
    found = table[[1, 0]].rename(columns={1: "digit 1", 0: "digit 0"})
    found.insert(0, "mean", table.mean(axis=1))
    found.insert(0, "worst digit", table.min(axis=1))
    return found.rename(index=SCORES).rename_axis(None).rename_axis(None, axis=1)
