"""What a figure of a network that trains is made of; in the page that is `train_<kind>.js`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Kind", "Run", "curves"]


@dataclass(frozen=True)
class Run:
    """A finished run: model, rows of `training.fit`, data, and the weights that it began with."""

    model: object
    rows: object
    data: object
    start: list

    @property
    def last(self):
        """The last row of the validation."""
        return self.rows[self.rows["split"] == "validation"].iloc[-1]

    @property
    def lost(self):
        """Whether a loss was no number any more."""
        return not np.isfinite(self.rows["loss"]).all()


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes:
        pack: From a `Split` to what the page gets of it, ready for JSON.
        draw, say: From a `Run`, the values of the controls and what the page gets to a figure, and
            to its alternative text.
        check: Raises ValueError where name, controls, data and `more` do not make such a figure.
        batch_size: Examples in a step, where no control says it.
        rivals: A control whose values all train together; `draw` and `say` get a run of each, by
            value.
        learns: From the `Dataset` to what Keras learns from, where that is not the same.
        given: From the `Dataset` to what else the page gets, ready for JSON.
    """

    pack: Callable
    draw: Callable
    say: Callable
    check: Callable = lambda name, controls, data, more: None
    batch_size: int = 100
    rivals: str = ""
    learns: Callable = lambda data: data
    given: Callable = lambda data: {}


def curves(rows, *, width_ratios):
    """Draw the learning curves of a run; return the figure, and the place to the right of them."""
    from lectures_lib.plots import new_figure, plot_history

    figure, axes = new_figure(2, 2, height=4.2, width_ratios=width_ratios)
    for panel, quantity in zip(axes[:, 0], ("loss", "accuracy"), strict=True):
        plot_history(rows, quantity=quantity, axes=panel)
    grid = axes[0, 1].get_gridspec()
    for panel in axes[:, 1]:
        panel.remove()
    return figure, grid[:, 1]
