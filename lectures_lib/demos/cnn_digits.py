"""Figures of the chapter on digits."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.data import shift_images
from lectures_lib.explore import explore, figure, source_of
from lectures_lib.plots import (
    COLOURS,
    draw_fit,
    new_figure,
    plot_confusion,
    show_image,
    use_style,
)
from lectures_lib.words import counted

__all__ = [
    "classes", "confusion", "failures", "feature_maps", "filters", "learning_curves",
    "methods", "seeds", "shifts", "train_here", "writers",
]  # fmt: skip

MOST_FAILURES, MOST_MAPS = 28, 20
SHIFTS = range(-2, 3)

use_style()


def show_digit(image, *, axes, title=""):
    """Draw a picture `(8, 8, 1)`, dark where there is ink."""
    show_image(image[:, :, 0], axes=axes, title=title, limits=(0, 1), colours="gray_r")


def classes(split):
    """Show five pictures of each class, `(images, 8, 8, 1)`."""
    drawn, axes = new_figure(5, 10, height=2.8)
    for label in range(10):
        rows = np.flatnonzero(split.labels == label)[:5]
        for panel in axes[:, label]:
            panel.axis("off")
        for panel, row in zip(axes[:, label], rows, strict=False):
            show_digit(split.inputs[row], axes=panel)
        axes[0, label].set_title(label)
    return figure(
        drawn, name="fig-digits", caption="Five pictures of each class.",
        alt="A table of handwritten digits on 8 by 8 pixels, five of each class from 0 to 9. Some "
        "ones look like sevens, and some eights have no holes.",
    )  # fmt: skip


def learning_curves(history):
    """Show loss and accuracy of a run of Keras' `fit` with validation data."""
    drawn, said = draw_fit(history)
    return figure(
        drawn, name="fig-history",
        caption="Learning curves of the network: the mean over each epoch for the training "
        "pictures, the value at its end for the validation pictures.",
        alt=said,
    )  # fmt: skip


def train_here(digits):
    """Let the reader train the network of the chapter, with other settings and own digits."""
    from lectures_lib.models import digits_cnn  # TensorFlow, which the first figures do not need
    from lectures_lib.playground.training import train

    return train(
        digits_cnn, digits, name="train-digits", source=source_of(train_here),
        caption="A network that learns while you watch: it answers to the drawing as it is at that "
        "moment. Each slider starts it anew; the run before stays as a grey line.",
        labels={"learning_rate": "learning rate η", "l2": "penalty λ", "hidden": "hidden units"},
        start={"learning_rate": 0.1, "l2": 1e-3, "filters": 10, "hidden": 50, "batch_size": 100},
        learning_rate=[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
        l2=[0, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1], filters=[1, 2, 5, 10, 20],
        hidden=[5, 10, 20, 50, 100], batch_size=[10, 20, 50, 100, 200, 500], seed=list(range(10)),
    )  # fmt: skip


def confusion(labels, predicted):
    """Show how often each class, a row, was predicted as each other, a column."""
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(labels, predicted, labels=range(10))
    drawn, axes = new_figure(height=3.9)
    plot_confusion(counts, class_names=range(10), axes=axes)
    mistakes = counts - np.diag(counts.diagonal())
    true, said = np.unravel_index(mistakes.argmax(), mistakes.shape)
    return figure(
        drawn, name="fig-confusion", caption="Confusion matrix of the test pictures.",
        alt=f"A matrix of ten by ten counts; {counts.trace()} of {counts.sum()} pictures lie on "
        f"the diagonal. The most frequent mistake is {true} taken for {said}, "
        f"{counted(mistakes.max(), 'time')}.",
    )  # fmt: skip


def failures(split, probabilities):
    """Show the pictures that a network gets wrong, the first 28 of them.

    Args:
        split: Pictures with their labels.
        probabilities: What the network answers, `(images, 10)`.
    """
    predicted = probabilities.argmax(axis=1)
    everything = np.flatnonzero(predicted != split.labels)
    wrong = everything[:MOST_FAILURES]
    rows = max(1, -(-len(wrong) // 7))
    drawn, axes = new_figure(rows, 7, height=1.2 * rows, squeeze=False)
    for panel in axes.flat:
        panel.axis("off")
    for panel, i in zip(axes.flat, wrong, strict=False):
        title = f"{split.labels[i]} as {predicted[i]}\n{probabilities[i].max():.0%}"
        show_digit(split.inputs[i], axes=panel, title=title)
    if len(everything) > len(wrong):
        drawn.suptitle(f"the first {len(wrong)} of {len(everything)}", fontsize=10)
    if len(wrong) == 0:
        axes[0, 3].text(0.5, 0.5, "No picture is wrong.", ha="center")
    listed = ", ".join(f"{split.labels[i]} as {predicted[i]}" for i in wrong)
    return figure(
        drawn, name="fig-failures",
        caption="Test pictures that the network gets wrong: true class, predicted class and its "
        "probability.",
        alt=f"{len(wrong)} of {counted(len(everything), 'picture')} with true and predicted class: "
        f"{listed or 'none'}.",
    )  # fmt: skip


def seeds(scores):
    """Show the accuracy of several networks for many seeds.

    Args:
        scores: `{name of a network: accuracies}`.
    """
    import seaborn as sns

    drawn, axes = new_figure(height=1.2 + 0.4 * len(scores))
    sns.swarmplot(scores, ax=axes, orient="h", color=COLOURS[0], size=4)  # equal ones side by side
    axes.locator_params(axis="x", nbins=5)
    axes.set(xlabel="validation accuracy", ylabel="")
    said = [
        f"{name} between {min(values):.3f} and {max(values):.3f}" for name, values in scores.items()
    ]
    return figure(
        drawn, name="fig-seeds",
        caption="Validation accuracy of networks that differ in their seed only; one mark a seed.",
        alt=f"Marks on a line for each network: {'; '.join(said)}.",
    )  # fmt: skip


def _table(training):
    """Return mean accuracies of the recorded runs: rows are methods, columns (split, tested on)."""
    runs = recorded.load("digits_writers").query("training == @training")
    return runs.groupby(["model", "split"])[["centred", "moved"]].mean().unstack("split")


def writers():
    """Show what each method loses on writers that it has not learnt from."""
    table = _table("centred")["centred"].dropna().sort_values("writers")
    drawn, axes = new_figure(height=2.8)
    axes.hlines(table.index, table["writers"], table["shuffled"], color="0.6", linewidth=1)
    for split, marker, label in (("writers", "o", "other writers"), ("shuffled", "D", "the same")):
        axes.plot(table[split], table.index, marker, label=label)
    axes.set(xlabel="accuracy", xlim=(0.9, 1))
    axes.legend(title="tested on", loc="upper left", bbox_to_anchor=(1, 1))
    said = [
        f"{name} {row['writers']:.3f} instead of {row['shuffled']:.3f}"
        for name, row in table.iterrows()
    ]
    return figure(
        drawn, name="fig-writers",
        caption="Accuracy on the writers that a method has learnt from, and on others; mean of "
        "five folds, and of three seeds for networks (recorded runs).",
        alt=f"Two marks for each method; on other writers all are lower: {', '.join(said)}.",
    )  # fmt: skip


def filters(kernels):
    """Show the kernels `(rows, columns, channels, filters)` of a first convolution."""
    count = min(kernels.shape[-1], MOST_MAPS)
    rows = -(-count // 5)
    drawn, axes = new_figure(rows, 5, height=1.15 * rows, squeeze=False)
    strongest = np.abs(kernels).max()
    for panel in axes.flat:
        panel.axis("off")
    for k, panel in zip(range(count), axes.flat, strict=False):
        limits = (-strongest, strongest)
        show_image(kernels[:, :, 0, k], axes=panel, title=k, limits=limits, colours="RdBu_r")
    return figure(
        drawn, name="fig-filters",
        caption="The filters after training, all on one scale: red is positive, blue negative.",
        alt=f"{counted(count, 'small picture')} of {kernels.shape[0]} by {kernels.shape[1]} "
        f"weights between {-strongest:.1f} and {strongest:.1f}. Some have a positive and a "
        "negative side, others no clear pattern.",
    )  # fmt: skip


def feature_maps(split, maps):
    """Explore what the filters answer to one picture of each class.

    Args:
        split: Pictures with their labels.
        maps: `{name of a layer: its outputs, (images, rows, columns, filters)}`.
    """
    first = [np.flatnonzero(split.labels == label)[0] for label in range(10)]
    filters = min(next(iter(maps.values())).shape[-1], MOST_MAPS)
    signed = [layer for layer, values in maps.items() if values.min() < 0]

    def draw(digit, layer):
        rows = -(-filters // 5)
        drawn, axes = new_figure(rows, 6, height=1.25 * rows, squeeze=False)
        for panel in axes.flat:
            panel.axis("off")
        show_digit(split.inputs[first[digit]], axes=axes[0, 0], title="input")
        limits, colours = ((-2, 2), "RdBu_r") if layer in signed else ((0, 2), "gray")
        for k, panel in zip(range(filters), axes[:, 1:].flat, strict=False):
            values = maps[layer][first[digit], :, :, k]
            show_image(values, axes=panel, title=f"filter {k}", limits=limits, colours=colours)
        return drawn

    def describe(digit, layer):
        values = maps[layer][first[digit], :, :, :filters]
        weak = np.flatnonzero(values.max(axis=(0, 1)) < 0.2)
        return (
            f"The maps of the digit {digit} after {layer}: filter {values.max((0, 1)).argmax()} "
            f"gives the largest value, and {np.mean(values > 0):.0%} of all values are positive. "
            f"Filters whose map stays below 0.2: {', '.join(map(str, weak)) or 'none'}."
        )

    return explore(
        draw, alt=describe, name="feature-maps",
        caption="A picture (dark is ink) and its feature maps: red and blue are positive and "
        "negative values up to 2; where there are no negative ones, light is large.",
        digit=range(10), layer=list(maps), start={"digit": 3, "layer": list(maps)[-1]},
        labels={"layer": "after which layer"},
    )  # fmt: skip


def shifts(predict, split):
    """Explore how much of the accuracy is left when all pictures are moved.

    Args:
        predict: `{name of a method: function from images to classes}`.
        split: Pictures with their labels.
    """

    states = [(down, right) for down in SHIFTS for right in SHIFTS]
    moved = {
        (down, right): shift_images(split.inputs, down=down, right=right, fill=0)
        for down, right in states
    }
    everything = np.concatenate(list(moved.values()))
    right_or_wrong = {
        name: (classify(everything) == np.tile(split.labels, len(states)))
        for name, classify in predict.items()
    }
    scores = {
        name: dict(zip(states, hits.reshape(len(states), -1).mean(axis=1), strict=True))
        for name, hits in right_or_wrong.items()
    }

    def draw(right, down):
        drawn, (left, panel) = new_figure(1, 2, height=2.4, width_ratios=[1, 2.4])
        show_digit(moved[down, right][0], axes=left)
        left.spines[:].set_visible(True)
        names = list(predict)[::-1]
        bars = panel.barh(names, [scores[name][down, right] for name in names])
        panel.bar_label(bars, fmt="%.2f", padding=3)
        panel.set(xlabel="accuracy", xlim=(0, 1.15))
        return drawn

    def describe(right, down):
        side, way = ("right" if right > 0 else "left"), ("down" if down > 0 else "up")
        ways = [f"{counted(abs(right), 'pixel')} to the {side}"] * (right != 0)
        ways += [f"{counted(abs(down), 'pixel')} {way}"] * (down != 0)
        found = [f"{name} {of_states[down, right]:.2f}" for name, of_states in scores.items()]
        return f"Accuracy with pictures moved by {' and '.join(ways) or '0 pixels'}: " + (
            f"{'; '.join(found)}."
        )

    return explore(
        draw, alt=describe, name="shifted-digits",
        caption="All validation pictures moved by some pixels (one is shown), and how many of them "
        "are still recognised.",
        right=SHIFTS, down=SHIFTS, start={"right": 1, "down": 0},
        labels={"right": "shift to the right (pixels)", "down": "shift down (pixels)"},
    )  # fmt: skip


def methods():
    """Explore recorded accuracies on other writers: what was learnt from, and what was tested."""
    tables = {training: _table(training).xs("writers", axis=1, level=1) for training in (
        "centred", "moved")}  # fmt: skip
    names = tables["centred"].sort_values("moved").index

    def draw(trained_on, tested_on):
        drawn, axes = new_figure(height=2.6)
        bars = axes.barh(names, tables[trained_on].loc[names, tested_on])
        axes.bar_label(bars, fmt="%.3f", padding=3)
        axes.set(xlabel="accuracy on other writers", xlim=(0, 1.15))
        return drawn

    def describe(trained_on, tested_on):
        column = tables[trained_on].loc[names, tested_on]
        said = ", ".join(f"{name} {value:.3f}" for name, value in column[::-1].items())
        return (
            f"Accuracy of methods that learnt {trained_on} pictures and were tested on {tested_on} "
            f"ones: {said}."
        )

    return explore(
        draw, alt=describe, name="moved-digits",
        caption="Accuracy on other writers, with pictures as they are (centred) or moved by one "
        "pixel; mean of five folds, and of three seeds for networks (recorded runs).",
        trained_on=["centred", "moved"], tested_on=["centred", "moved"],
        start={"tested_on": "moved"},
        labels={"trained_on": "learnt pictures", "tested_on": "test pictures"},
    )  # fmt: skip
