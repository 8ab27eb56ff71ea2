"""Figures of networks that learn digits in the page: kernels and answers, and a pad."""

import numpy as np

from lectures_lib.playground.kinds import Kind, curves

__all__ = ["DIGITS", "PAD", "digit_text"]


def digit_text(split):
    """Return pictures and labels as text, a sign for each grey value from 0 to 16.

    >>> from lectures_lib.data import load_digits
    >>> packed = digit_text(load_digits(seed=0).validation)
    >>> len(packed["pictures"]) // 64, packed["labels"][:5]
    (180, '74760')
    """
    greys = np.rint(16 * split.inputs).astype(int)
    if split.inputs.shape[1:] != (8, 8, 1) or not np.array_equal(greys / 16, split.inputs):
        raise ValueError(
            f"The inputs have the shape {split.inputs.shape}, but this figure needs pictures "
            "(images, 8, 8, 1) whose values are multiples of 1/16, as load_digits gives them."
        )
    return {
        "pictures": "".join("0123456789abcdefg"[grey] for grey in greys.ravel()),
        "labels": "".join(str(label) for label in split.labels),
    }


def _draw_digits(run, state, page):
    """Draw the learning curves of a run, and the kernels of its first layer."""
    from lectures_lib.plots import show_image

    figure, place = curves(run.rows, width_ratios=[3, 2])
    kernels = np.asarray(run.model.layers[0].kernel)[:, :, 0]  # (rows, columns, filters)
    count = min(kernels.shape[-1], 10)
    cells = place.subgridspec(5, 2)
    largest = np.abs(kernels).max()
    for k in range(count):
        panel = figure.add_subplot(cells[k // 2, k % 2])
        show_image(kernels[:, :, k], axes=panel, limits=(-largest, largest), colours="RdBu_r")
    return figure


def _describe_digits(run, state, page):
    last = run.last
    kernels = min(run.model.layers[0].kernel.shape[-1], 10)
    return (
        f"Loss and accuracy over {last['epoch']} epochs, for training and validation, and "
        f"{kernels} kernels of the first layer. The last validation accuracy is "
        f"{last['accuracy']:.3f}."
    )


def _check_pad(name, controls, data, more):
    for control in ("learning_rate", "l2"):
        if control not in controls or min(controls[control]) <= 0:
            raise ValueError(f"{name}: a pad needs values above 0 of {control}: its axes are logs.")
    recorded = more.get("recorded", {})
    sides = [len(recorded.get(key, ())) for key in ("learning_rate", "l2")]
    found = [len(row) for row in recorded.get("accuracy", ())]
    if not found or found != [sides[1]] * sides[0]:
        raise ValueError(
            f"{name}: more['recorded'] needs learning_rate, l2 and accuracy, a row of accuracies "
            f"for each rate; the rows have {found} values, for {sides[0]} rates and {sides[1]} "
            "penalties."
        )


def _draw_pad(run, state, page):
    """Draw the learning curves of a run beside the recorded map, in which its place is marked."""
    import pandas as pd

    from lectures_lib.plots import COLOURS, plot_grid

    figure, place = curves(run.rows, width_ratios=[2, 3])
    plane, recorded = figure.add_subplot(place), page["recorded"]
    table = pd.DataFrame(
        recorded["accuracy"],
        index=pd.Index(recorded["learning_rate"], name="learning rate η"),
        columns=pd.Index(recorded["l2"], name="penalty λ"),
    )
    plot_grid(table.astype(float), axes=plane)
    down, right = (
        lambda x, first=values[0]: np.log10(x / first) + 0.5
        for values in (table.index, table.columns)
    )
    ends = np.array([table.index[0], table.index[-1]]) * [10**-0.5, 10**0.5]
    line = {"color": "black", "linewidth": 1.2, "scalex": False, "scaley": False}
    plane.plot(right(1 / ends), down(ends), "--", **line)
    ring = {"markersize": 18, "markerfacecolor": "none", "markeredgecolor": COLOURS[1]}
    plane.plot(right(state["l2"]), down(state["learning_rate"]), "o", markeredgewidth=2, **ring)
    plane.tick_params(axis="x", rotation=0)
    if len(table.columns) > 5:  # powers of ten side by side would touch
        plane.set_xticks(plane.get_xticks()[::2], plane.get_xticklabels()[::2])
    plane.set_title("recorded, and the line ηλ = 1")
    return figure


def _describe_pad(run, state, page):
    last = run.last
    reached = f"the validation accuracy is {last['accuracy']:.3f}"
    if run.lost:
        reached = "the loss is no number any more"
    recorded = page["recorded"]
    cells = [
        (rate * l2, accuracy)
        for rate, row in zip(recorded["learning_rate"], recorded["accuracy"], strict=True)
        for l2, accuracy in zip(recorded["l2"], row, strict=True)
    ]
    lost = [product for product, accuracy in cells if accuracy is None]
    best = max(accuracy for _, accuracy in cells if accuracy is not None)
    smallest = f", where the product of the two is {min(lost):g} or more" if lost else ""
    return (
        f"After {last['epoch']} epochs with learning rate {state['learning_rate']:g} and penalty "
        f"{state['l2']:g} {reached}. Beside the curves a recorded map of {len(cells)} pairs: the "
        f"best accuracy is {best:.3f}, and {len(lost)} are nan{smallest}."
    )


DIGITS = Kind(digit_text, _draw_digits, _describe_digits)
PAD = Kind(digit_text, _draw_pad, _describe_pad, _check_pad)
