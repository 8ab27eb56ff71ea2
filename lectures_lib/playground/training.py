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
        shown = {"image/png": base64.b64encode(picture).decode(), "text/plain": alt}
        return shown | {MIME_TYPE: texts | {"picture": shown["image/png"], "page": self.page}}


def train(
    build, data, *, name, caption, kind="digits", epochs=60, start=None,
    labels=None, source="", **controls,
) -> Training:  # fmt: skip
    """Let readers train a network: with Keras in a notebook, by the page's own engine on the page.

    Args:
        build: Function that returns a compiled `keras.Sequential`. It is called with the value of
            each control but `batch_size`.
        data: A `Dataset`; its test split is not looked at.
        name: Name of the figure, unique in the book.
        caption: One or two sentences below it.
        kind: What is shown beside the curves: "digits", kernels and what they answer to a digit
            that the reader draws.
        epochs: Length of a run.
        start: Starting value of each control; the first value where it is not given.
        labels: What each control is called, with units; the name by default.
        source: Where its code can be read, as in `Demo`.
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

    def built(state):
        return build(**{key: value for key, value in state.items() if key != "batch_size"})

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
    }
    made = Training(
        name,
        lambda **state: _draw(*run(*state.values())),
        lambda **state: _describe_run(*run(*state.values())),
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
    (180, '24793')
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


PACKED = {"digits": _digits}


def _draw(model, rows):
    """Draw the learning curves of a run, and the kernels of its first layer."""
    from lectures_lib.plots import new_figure, plot_history, show_image

    figure, axes = new_figure(2, 2, height=4.2, width_ratios=[3, 2])
    for panel, quantity in zip(axes[:, 0], ("loss", "accuracy"), strict=True):
        plot_history(rows, quantity=quantity, axes=panel)
    grid = axes[0, 1].get_gridspec()
    for panel in axes[:, 1]:
        panel.remove()
    kernels = np.asarray(model.layers[0].kernel)[:, :, 0]  # (rows, columns, filters)
    count = min(kernels.shape[-1], 10)
    cells = grid[:, 1].subgridspec(5, 2)
    largest = np.abs(kernels).max()
    for k in range(count):
        panel = figure.add_subplot(cells[k // 2, k % 2])
        show_image(kernels[:, :, k], axes=panel, limits=(-largest, largest), colours="RdBu_r")
    return figure


def _describe_run(model, rows):
    last = rows[rows["split"] == "validation"].iloc[-1]
    kernels = min(model.layers[0].kernel.shape[-1], 10)
    return (
        f"Loss and accuracy over {last['epoch']} epochs, for training and validation, and "
        f"{kernels} kernels of the first layer. The last validation accuracy is "
        f"{last['accuracy']:.3f}."
    )
