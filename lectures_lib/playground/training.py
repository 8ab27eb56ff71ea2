"""A network that trains where it is shown: in a notebook with Keras, in the page without a kernel.

`train(build, data, ...)` returns a `Training`. In a notebook it is sliders over a run of
`training.fit`. When the site is built (`LECTURES_VIEW` is `page`) it also holds what the page needs
to train the same network by itself, with the same sliders. Elsewhere it is the picture of the run
with the starting values.
"""

import base64
import itertools
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from lectures_lib.explore import Demo, check_texts, describe, parameter_of, start_value, view_of
from lectures_lib.playground.answering import MIME_TYPE, TRAINING
from lectures_lib.training import fit

__all__ = ["Training", "train"]

BATCH_SIZE = 100  # where no control sets it
SETTINGS = ("learning_rate", "l2", "batch_size", "seed")  # all others change the architecture


@dataclass(frozen=True)
class Training(Demo):
    """A `Demo` of which each state is a run; `page` is what trains it without a kernel."""

    page: dict = field(default_factory=dict, repr=False)

    def views(self, view):
        """Return the picture of the starting run by MIME type; for the page, what trains it."""
        if view != "page":
            return super().views(view)
        picture, alt = self.png(self.start), self.alt_text(self.start)
        texts = {"name": self.name, "figure": self.name, "caption": self.caption, "alt": alt}
        texts["source"] = self.source
        shown = {"image/png": base64.b64encode(picture).decode(), "text/plain": alt}
        return shown | {MIME_TYPE: texts | {"picture": shown["image/png"], "page": self.page}}


def train(
    build, data, *, name, caption, kind="digits", epochs=60, start=None,
    labels=None, source="", more=None, **controls,
) -> Training:  # fmt: skip
    """Let readers train a network: with Keras in a notebook, by the page's own engine on the page.

    Args:
        build: Function that returns a compiled `keras.Sequential`. It is called with the value of
            each control but `batch_size`.
        data: A `Dataset`; its test split is not looked at.
        name: Name of the figure, unique in the book.
        caption: One or two sentences below it.
        kind: What is shown beside the curves: "digits", kernels and what they answer to a digit
            that the reader draws, or "pad", a plane of `learning_rate` and `l2`, both above 0.
        epochs: Length of a run.
        start: Starting value of each control; the first value where it is not given.
        labels: What each control is called, with units; the name by default.
        source: Where its code can be read, as in `Demo`.
        more: What else the page gets. A pad needs `recorded`, a map of finished runs: the lists
            `learning_rate` and `l2`, `accuracy`, a row for each rate with None for nan, and `what`,
            a few words about them.
        controls: The values of each control. `learning_rate`, `l2`, `batch_size` and `seed` belong
            to the training; all others are arguments of `build` that change the architecture.

    Returns:
        A `Training`, which displays itself as the last expression of a cell.

    Raises:
        ValueError: If a text or value is missing or contradictory, or the page cannot train the
            network; the text says what it can.
    """
    start, labels = start or {}, labels or {}
    check_texts(name, caption, "a run")
    if kind not in TRAINING:
        raise ValueError(f"{name}: kind={kind!r} is unknown. Pass one of: {', '.join(TRAINING)}.")
    parameters = tuple(
        parameter_of(name, key, values, labels, {}) for key, values in controls.items()
    )
    unknown = sorted({*start, *labels} - controls.keys())
    if unknown:
        raise ValueError(
            f"{name}: start or labels name {unknown[0]!r}, which is not a control. The controls "
            f"are {', '.join(controls)}."
        )
    full_start = {p.name: start_value(name, p, start) for p in parameters}
    if kind == "pad":
        _check_pad(name, controls, more or {})

    def built(state):
        given = {key: value for key, value in state.items() if key != "batch_size"}
        if "learning_rate" in given:
            given["learning_rate"] = float(given["learning_rate"])  # Keras refuses 1
        return build(**given)

    @cache
    def run(*values):
        state = dict(zip(controls, values, strict=True))
        model = built(state)
        size = state.get("batch_size", BATCH_SIZE)
        rows = fit(
            model, data, epochs=epochs, batch_size=size, seed=state.get("seed", 0), progress=False
        )
        return model, rows

    page = {
        "kind": kind,
        "epochs": epochs,
        "batchSize": BATCH_SIZE,
        "controls": [describe(p, full_start) | {"values": list(p.page_values)} for p in parameters],
        "examples": {part: PACKED[kind](getattr(data, part)) for part in ("train", "validation")},
    } | (more or {})
    draw, say = SHOWN[kind]
    made = Training(
        name,
        lambda **state: draw(*run(*state.values()), state, page),
        lambda **state: say(*run(*state.values()), state, page),
        caption,
        parameters,
        full_start,
        source,
        page=page | _networks(built, parameters, full_start),
    )
    view = view_of()
    return replace(made, shown=made.views(view), view=view)


def _networks(built, parameters, start):
    """Return the names that change the architecture, and each architecture by their values."""
    from lectures_lib.playground.network import description

    free = [p for p in parameters if p.name not in SETTINGS]
    found = {}
    for values in itertools.product(*(p.page_values for p in free)):
        state = start | {p.name: value for p, value in zip(free, values, strict=True)}
        found[" ".join(f"{value:g}" for value in values)] = description(built(state))
    return {"structure": [p.name for p in free], "networks": found}


def _digits(split):
    """Return pictures and labels as text, a sign for each grey value from 0 to 16.

    >>> from lectures_lib.data import load_digits
    >>> packed = _digits(load_digits(seed=0).validation)
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


PACKED = {"digits": _digits, "pad": _digits}


def _curves(rows, *, width_ratios):
    """Draw the learning curves of a run; return the figure, and the place to the right of them."""
    from lectures_lib.plots import new_figure, plot_history

    figure, axes = new_figure(2, 2, height=4.2, width_ratios=width_ratios)
    for panel, quantity in zip(axes[:, 0], ("loss", "accuracy"), strict=True):
        plot_history(rows, quantity=quantity, axes=panel)
    grid = axes[0, 1].get_gridspec()
    for panel in axes[:, 1]:
        panel.remove()
    return figure, grid[:, 1]


def _draw(model, rows, state, page):
    """Draw the learning curves of a run, and the kernels of its first layer."""
    from lectures_lib.plots import show_image

    figure, place = _curves(rows, width_ratios=[3, 2])
    kernels = np.asarray(model.layers[0].kernel)[:, :, 0]  # (rows, columns, filters)
    count = min(kernels.shape[-1], 10)
    cells = place.subgridspec(5, 2)
    largest = np.abs(kernels).max()
    for k in range(count):
        panel = figure.add_subplot(cells[k // 2, k % 2])
        show_image(kernels[:, :, k], axes=panel, limits=(-largest, largest), colours="RdBu_r")
    return figure


def _describe_run(model, rows, state, page):
    last = rows[rows["split"] == "validation"].iloc[-1]
    kernels = min(model.layers[0].kernel.shape[-1], 10)
    return (
        f"Loss and accuracy over {last['epoch']} epochs, for training and validation, and "
        f"{kernels} kernels of the first layer. The last validation accuracy is "
        f"{last['accuracy']:.3f}."
    )


def _check_pad(name, controls, more):
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


def _draw_pad(model, rows, state, page):
    """Draw the learning curves of a run beside the recorded map, in which its place is marked."""
    import pandas as pd

    from lectures_lib.plots import COLOURS, plot_grid

    figure, place = _curves(rows, width_ratios=[2, 3])
    plane, recorded = figure.add_subplot(place), page["recorded"]
    table = pd.DataFrame(
        recorded["accuracy"],
        index=pd.Index(recorded["learning_rate"], name="learning rate η"),
        columns=pd.Index(recorded["l2"], name="penalty λ"),
    )
    plot_grid(table.astype(float), axes=plane, size=7)
    down, right = (
        lambda x, first=values[0]: np.log10(x / first) + 0.5
        for values in (table.index, table.columns)
    )
    ends = np.array([table.index[0], table.index[-1]]) * [10**-0.5, 10**0.5]
    line = {"color": "black", "linewidth": 1.2, "scalex": False, "scaley": False}
    plane.plot(right(1 / ends), down(ends), "--", **line)
    ring = {"markersize": 18, "markerfacecolor": "none", "markeredgecolor": COLOURS[1]}
    plane.plot(right(state["l2"]), down(state["learning_rate"]), "o", markeredgewidth=2, **ring)
    plane.tick_params(labelsize=8)
    plane.tick_params(axis="x", rotation=0)
    plane.set_title("recorded, and the line ηλ = 1")
    return figure


def _describe_pad(model, rows, state, page):
    last = rows[rows["split"] == "validation"].iloc[-1]
    reached = f"the validation accuracy is {last['accuracy']:.3f}"
    if not np.isfinite(rows["loss"]).all():
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


# How a finished run is drawn and described, by the kind of its figure.
SHOWN = {"digits": (_draw, _describe_run), "pad": (_draw_pad, _describe_pad)}
