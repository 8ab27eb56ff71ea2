"""Figures of the chapter on tuning."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.explore import explore, figure, source_of
from lectures_lib.plots import new_figure, plot_grid, plot_history, use_style
from lectures_lib.words import counted

__all__ = [
    "best_of_many", "decay", "edge_of_stability", "learning_curves", "map_of", "maps", "networks",
    "seeds",
]  # fmt: skip

VALUES = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]

EPOCHS = (1, 2, 3, 5, 10, 20, 30, 50, 75, 100)
LABELS = {"eta": "learning rate η", "lam": "penalty λ"}
STEPS = np.arange(27)  # two epochs of 13 steps
ALIKE = 0.96  # the true accuracy of networks that are equally good

use_style()


def plain(value):
    """Return a number without a power of ten, such as 0.00001."""
    return np.format_float_positional(float(f"{value:g}"), trim="-")


def middle(values, k):
    """Return the value `k` of a list, or that in its middle if the list is shorter."""
    return values[k] if k < len(values) else values[len(values) // 2]


def learning_curves(histories):
    """Show the accuracies of networks with several learning rates and penalties.

    Args:
        histories: `{(learning rate, penalty): what Keras' fit recorded with validation data}`.
    """
    etas, lams = (sorted(set(values)) for values in zip(*histories, strict=True))
    drawn, axes = new_figure(
        len(etas), len(lams), height=1.2 + 1.1 * len(etas), squeeze=False, sharex=True, sharey=True
    )
    said = []
    for (eta, lam), scores in histories.items():
        panel = axes[etas.index(eta), lams.index(lam)]
        for name, label in (("accuracy", "train"), ("val_accuracy", "validation")):
            panel.plot(np.arange(1, len(scores[name]) + 1), scores[name], label=label)
        lost = np.flatnonzero(~np.isfinite(scores["loss"]))
        if len(lost):
            panel.text(
                0.5, 0.6, f"nan from\nepoch {lost[0] + 1} on", transform=panel.transAxes,
                ha="center", va="center",
            )  # fmt: skip
        end = (
            f"nan from epoch {lost[0] + 1} on" if len(lost) else f"{scores['val_accuracy'][-1]:.2f}"
        )
        said.append(f"{plain(eta)} and {plain(lam)}: {end}")
        panel.set(ylim=(0, 1.02))
    for panel, eta in zip(axes[:, 0], etas, strict=True):
        panel.set_ylabel(f"η = {plain(eta)}")
    for panel, lam in zip(axes[0], lams, strict=True):
        panel.set_title(f"λ = {plain(lam)}")
    for panel in axes[-1]:
        panel.set_xlabel("epoch")
    axes[0, 0].legend(loc="best")
    return figure(
        drawn, name="fig-loop",
        caption="Accuracy of the networks of the double loop against epochs; rows are learning "
        "rates, columns penalties.",
        alt="Learning curves in a table. The validation accuracy at the end, for learning rate and "
        f"penalty: {'; '.join(said)}.",
    )  # fmt: skip


def map_of(history, epoch, split):
    """Return accuracies after an epoch: rows are learning rates, columns penalties.

    Args:
        history: Tidy rows of `fit_many` over `learning_rate` and `l2`.
        epoch: Which epoch; the last one if training ended before.
        split: "train" or "validation".

    Returns:
        DataFrame; nan where the loss is no number any more.
    """
    epoch = min(epoch, history["epoch"].max())
    rows = history.query("epoch == @epoch and split == @split")
    scores = rows.assign(accuracy=rows["accuracy"].where(np.isfinite(rows["loss"])))
    table = scores.pivot(index="learning_rate", columns="l2", values="accuracy")
    return table.rename_axis(index="learning rate η", columns="penalty λ")


def _describe_good(scores):
    """Say where in the map the networks with an accuracy above 0.9 lie."""
    good = scores[scores > 0.9].reset_index()
    if good.empty:
        return ""
    rates, penalties = good.iloc[:, 0], good.iloc[:, 1]
    low, high = plain(rates.min()), plain(rates.max())
    said = f"rate {low}" if low == high else f"rates {low} to {high}"
    return f", at learning {said} and penalties up to {plain(penalties.max())}"


def maps(history):
    """Explore the accuracy over the grid while the networks train."""
    last = int(history["epoch"].max())
    epochs = sorted({epoch for epoch in EPOCHS if epoch < last} | {last})

    def draw(epoch, split):
        drawn, axes = new_figure(height=3.8)
        plot_grid(map_of(history, epoch, split), axes=axes)
        axes.set_title(f"{split} accuracy after {counted(epoch, 'epoch')}")
        return drawn

    def describe(epoch, split):
        table = map_of(history, epoch, split)
        scores, lost = table.stack().dropna(), table.isna().sum().sum()
        said = f"After {counted(epoch, 'epoch')} {np.sum(scores > 0.9)} of {table.size} networks "
        said += f"have a {split} accuracy above 0.9{_describe_good(scores)}."
        if len(scores):
            eta, lam = scores.idxmax()
            said += f" The best, {scores.max():.3f}, has learning rate {plain(eta)} and penalty "
            said += f"{plain(lam)}."
        if lost:
            said += f" The loss of {lost}, where both are large, is no number any more."
        return said

    return explore(
        draw, alt=describe, name="tuning-map",
        caption="Accuracy over the grid while the networks train; light is better, nan is a loss "
        "that is no number any more.",
        epoch=epochs, split=["validation", "train"], start={"epoch": last},
        labels={"epoch": "epochs", "split": "pictures"},
    )  # fmt: skip


def networks(history):
    """Explore the learning curves of one network of the grid."""
    final = map_of(history, history["epoch"].max(), "validation")
    rows_of = dict(iter(history.groupby(["learning_rate", "l2"])))

    def lost_at(rows):
        lost = rows.loc[~np.isfinite(rows["loss"]), "epoch"]
        return None if lost.empty else int(lost.min())

    def draw(eta, lam):
        drawn, (top, bottom) = new_figure(2, 1, height=4.8, height_ratios=[1.1, 1])
        rows = rows_of[eta, lam]
        finite = rows[np.isfinite(rows["loss"])]
        top.set(xlabel="epoch", ylabel="accuracy")
        if len(finite):
            plot_history(finite, quantity="accuracy", axes=top)
            top.legend(loc="center right")
        if lost_at(rows):
            top.set_title(f"loss is nan from epoch {lost_at(rows)} on")
        top.set(ylim=(0, 1.02), xlim=(0, rows["epoch"].max() + 1))
        plot_grid(final, axes=bottom, mark=(eta, lam), size=None)
        return drawn

    def describe(eta, lam):
        cell = f"Learning rate {plain(eta)}, penalty {plain(lam)}"
        rows = rows_of[eta, lam]
        if lost_at(rows):
            return f"{cell}: the loss is no number any more from epoch {lost_at(rows)} on."
        validation, train = (
            rows.loc[rows["split"] == split, "accuracy"] for split in ("validation", "train")
        )
        return (
            f"{cell}: the validation accuracy ends at {validation.iloc[-1]:.3f}, the train "
            f"accuracy at {train.iloc[-1]:.3f}; the largest validation accuracy on the way was "
            f"{validation.max():.3f}."
        )

    etas, lams = final.index.tolist(), final.columns.tolist()
    return explore(
        draw, alt=describe, name="tuning-curves",
        caption="Learning curves of one cell of the map, which is framed below.",
        eta=etas, lam=lams, labels=LABELS,
        start={"eta": middle(etas, 3), "lam": middle(lams, 2)},
    )  # fmt: skip


def decay(learning_rates, penalties):
    """Explore what the penalty alone does to a weight, step by step."""

    def draw(eta, lam):
        factor = 1 - 2 * eta * lam
        drawn, axes = new_figure(height=3.2)
        with np.errstate(over="ignore"):
            axes.plot(STEPS, factor**STEPS, "o-", markersize=4)
        axes.axhline(0, color="black", linewidth=0.8, linestyle="-")
        axes.set_yscale("symlog", linthresh=1)
        axes.set(xlabel="step", ylabel="weight / its first value", ylim=(-1e4, 1e4))
        axes.set_yticks([-1e4, -1e2, -1, 0, 1, 1e2, 1e4])
        axes.set_title(f"factor 1 − 2ηλ = {factor:g}".replace("-", "−"))
        return drawn

    def describe(eta, lam):
        factor = 1 - 2 * eta * lam
        size = abs(factor) ** 26
        if np.isclose(factor, -1):
            course = "keeps its size"
        elif size > 1:
            course = f"grows: after 26 steps it is {size:.2g} times as large"
        elif size > 0.995:
            course = "hardly shrinks: after 26 steps more than 99.5% is left"
        else:
            course = f"shrinks: after 26 steps {size:.2g} of its first value is left"
        sign = "changes sign at each step and " if factor < 0 else ""
        return (
            f"Learning rate {plain(eta)}, penalty {plain(lam)}, factor {factor:g}: the weight "
            f"{sign}{course}."
        )

    etas, lams = [float(eta) for eta in learning_rates], [float(lam) for lam in penalties]
    return explore(
        draw, alt=describe, name="weight-decay",
        caption="A weight on which only the penalty acts, over the 26 steps of two epochs. Above 1 "
        "and below −1 the scale is logarithmic.",
        eta=etas, lam=lams, labels=LABELS,
        start={"eta": middle(etas, 5), "lam": middle(lams, 4)},
    )  # fmt: skip


def seeds():
    """Explore mean and spread of the recorded grid over its seeds, on two scales of grey."""
    runs = recorded.load("digits_grid")
    runs["failed"] = runs["diverged"].notna()
    cells = runs.groupby(["largest_value", "learning_rate", "l2"]).agg(
        mean=("validation", "mean"), std=("validation", "std"), failed=("failed", "any")
    )

    def table_of(largest_value, quantity):
        rows = cells.loc[largest_value]
        table = rows[quantity].where(~rows["failed"]).unstack("l2")
        return table.rename_axis(index="learning rate η", columns="penalty λ")

    def draw(largest_value, quantity):
        drawn, axes = new_figure(height=3.8)
        limits = (0, 1) if quantity == "mean" else (0, 0.5)
        plot_grid(table_of(largest_value, quantity), axes=axes, limits=limits)
        what = "mean" if quantity == "mean" else "standard deviation"
        axes.set_title(f"{what} over five seeds, grey values 0 to {largest_value}")
        return drawn

    def describe(largest_value, quantity):
        means, stds = table_of(largest_value, "mean"), table_of(largest_value, "std")
        if quantity == "std":
            eta, lam = stds.stack().idxmax()
            return (
                f"Grey values up to {largest_value}: the standard deviation over seeds is largest, "
                f"{stds.max().max():.2f}, at learning rate {plain(eta)} and penalty {plain(lam)}; "
                f"at learning rate 0.1 with penalties up to 0.001 it is at most "
                f"{stds.iloc[4, :3].max():.3f}."
            )
        eta, lam = means.stack().idxmax()
        return (
            f"Grey values up to {largest_value}: the best mean validation accuracy is "
            f"{means.max().max():.3f}, at learning rate {plain(eta)} and penalty {plain(lam)}, "
            f"with a standard deviation of {stds.loc[eta, lam]:.3f} over seeds."
        )

    return explore(
        draw, alt=describe, name="tuning-spread",
        caption="Validation accuracy over five seeds (recorded runs): its mean, or its standard "
        "deviation, dark where it is small: there the answer is steady, right or wrong.",
        largest_value=[1, 16], quantity=["mean", "std"],
        labels={"largest_value": "largest grey value", "quantity": "over the seeds"},
    )  # fmt: skip


def largest_of(settings, images):
    """Return the accuracies that the best of equally good networks may show, and how likely.

    Args:
        settings: Number of networks, of a true accuracy of 0.96 and independent mistakes.
        images: On how many pictures each is measured.

    Returns:
        Accuracies and probabilities, both of shape `(images + 1,)`.
    """
    from scipy.stats import binom

    counts = np.arange(images + 1)
    at_most = binom.cdf(counts, images, ALIKE) ** settings  # all of them
    return counts / images, np.diff(at_most, prepend=0)


def best_of_many():
    """Explore how good the best of several equally good networks looks."""

    def mean_of(settings, images):
        accuracy, probability = largest_of(settings, images)
        return np.sum(accuracy * probability)

    def draw(settings, images):
        drawn, axes = new_figure(height=3.0)
        for k, label in ((1, "one network"), (settings, f"best of {settings}")):
            accuracy, probability = largest_of(k, images)
            shown = probability > 1e-4
            axes.plot(accuracy[shown], probability[shown], label=label)
        axes.axvline(ALIKE, color="black", linewidth=1, linestyle="-")
        axes.set(xlabel="measured accuracy", ylabel="probability", xlim=(0.9, 1.0))
        mean = mean_of(settings, images)
        axes.set_title(f"true 0.960, best of {settings} on average {mean:.3f}")
        axes.legend(loc="upper left")
        return drawn

    def describe(settings, images):
        return (
            f"Of {counted(settings, 'network')} of accuracy 0.96, measured on {images} pictures, "
            f"the best looks like {mean_of(settings, images):.3f} on average."
        )

    return explore(
        draw, alt=describe, name="best-of-many",
        caption="Measured accuracy of one network and of the best of several, all with a true "
        "accuracy of 0.96 (black line) and independent mistakes.",
        settings=[1, 2, 5, 10, 20, 49, 100, 200], images=[180, 360, 1000, 10000],
        start={"settings": 49, "images": 360},
        labels={"settings": "settings tried", "images": "pictures"},
    )  # fmt: skip


def recorded_map():
    """Return the mean validation accuracies of the recorded grid, None where a seed is lost."""
    runs = recorded.load("digits_grid").query("largest_value == 1")
    cells = runs.groupby(["learning_rate", "l2"])
    means = cells["validation"].mean().round(3)
    table = means.where(cells["diverged"].count() == 0).unstack("l2")
    return {
        "learning_rate": table.index.tolist(),
        "l2": table.columns.tolist(),
        "accuracy": table.astype(object).where(table.notna(), None).to_numpy().tolist(),
        "what": f"100 epochs, mean of {runs['seed'].nunique()} seeds",
    }


def edge_of_stability(digits):
    """Let the reader train at any learning rate and penalty, and change both during a run."""
    from lectures_lib.models import digits_cnn  # TensorFlow, which the first figures do not need
    from lectures_lib.playground.training import train

    return train(
        digits_cnn, digits, name="edge-of-stability", kind="pad", epochs=30,
        caption="Learning rate and penalty under your finger: each release trains 30 epochs and "
        "leaves a dot with its validation accuracy; or it changes both while the network trains.",
        source=source_of(edge_of_stability), more={"recorded": recorded_map()},
        labels={"learning_rate": "learning rate η", "l2": "penalty λ"},
        start={"learning_rate": 0.1, "l2": 1e-3},
        learning_rate=VALUES, l2=VALUES, seed=list(range(5)),
    )  # fmt: skip
