"""Train all networks of a grid at once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from lectures_lib.training.batched import Stack
from lectures_lib.training.checks import check_split, check_training
from lectures_lib.training.grid import configurations_of
from lectures_lib.training.loop import compile_pass, scores_by_epoch

__all__ = ["ManyNetworks", "fit_many"]

COLUMNS = {"network", "diverged", "epoch", "split", "loss", "accuracy"}
EVALUATION_BATCH = 500


@dataclass(frozen=True, eq=False)
class ManyNetworks:
    """Trained networks of one architecture: what `fit_many` returns.

    Attributes:
        networks: DataFrame with one row per network: a column for each name of the grid, and
            `diverged`, the first epoch whose train loss is not finite (`<NA>` where all are). Its
            index `network` counts from 0.
        history: DataFrame with the rows of `fit` for every network: `network`, the columns of the
            grid, `epoch`, `split`, `loss` and, where the models measure it, `accuracy`.
        models: The networks as compiled Keras models, in the same order, with trained weights.
    """

    networks: pd.DataFrame
    history: pd.DataFrame
    models: list

    @cached_property
    def _stack(self):
        return Stack(self.models)

    @cached_property
    def _over(self):
        return compile_pass(self._stack, self._stack.test_step, EVALUATION_BATCH)

    def evaluate(self, split):
        """Measure all networks on a split, as `evaluate` does for one, with the weights they have.

        Returns:
            `networks` with the columns `loss` and, where the models measure it, `accuracy`.

        Raises:
            ValueError: If models and split do not fit, as in `fit`.
        """
        check_split(self.models[0], split, name="evaluated")
        self._stack.set_weights([model.get_weights() for model in self.models])
        return self.networks.assign(**self._over(split)(np.arange(len(split))))


def fit_many(build, grid, data, *, epochs=100, batch_size=100, seed=0, progress=True):
    """Train the networks of a grid over learning rate, L2 and seed, all at the same time.

    Each network gets the weights that `fit` would give it, to float32 rounding, from the same
    initial weights and with the same batches. All networks are one TensorFlow program, which pays
    where a step of a single one is shorter than what TensorFlow does around it.
    A network whose loss becomes infinite or nan stays as it is then, and does not disturb the
    others.

    Args:
        build: Function that returns a compiled `keras.Sequential`, such as `models.digits_cnn`.
            It is called with the settings of each network.
        grid: Dictionary from keywords of `build` to lists of values; all combinations are trained.
            They may decide about learning rate, clipping, L1 or L2 penalty and initial weights,
            but not about the architecture: see `sweep` for that, and for other forms of a grid.
        data: A `Dataset`; its test split is not looked at.
        epochs: Passes through the train split.
        batch_size: Examples per gradient step.
        seed: Decides the order of the examples, which is the same for all networks.
        progress: Whether to show a progress bar. The environment variable
            `LECTURES_VIEW=page` hides it in any case.

    Returns:
        `ManyNetworks` in the order of the grid, whose last name changes fastest.

    Raises:
        ValueError: If the grid is empty, the networks differ in their architecture, something in
            them is not supported (the text names it), or model and data do not fit, as in `fit`.

    >>> from lectures_lib import data, models
    >>> grid = {"learning_rate": [0.1, 1e9], "l2": [0.0, 0.001]}
    >>> many = fit_many(models.digits_linear, grid, data.load_digits(), epochs=2, progress=False)
    >>> many.networks.to_numpy().tolist()
    [[0.1, 0.0, <NA>], [0.1, 0.001, <NA>], [1000000000.0, 0.0, <NA>], [1000000000.0, 0.001, 1]]
    >>> many.history.columns.tolist()
    ['network', 'learning_rate', 'l2', 'epoch', 'split', 'loss', 'accuracy']
    """
    settings = configurations_of(grid)
    for name in COLUMNS & settings[0].keys():
        raise ValueError(
            f"The grid has the name {name!r}, which is a column of the result already. "
            "Give this keyword of `build` another name."
        )
    models = [build(**setting) for setting in settings]
    check_training(models[0], data, epochs=epochs, batch_size=batch_size)
    stack = Stack(models)
    scores = list(
        scores_by_epoch(
            stack, data, epochs=epochs, batch_size=batch_size, seed=seed, progress=progress
        )
    )
    for model, weights in zip(models, stack.get_weights(), strict=True):
        model.set_weights(weights)
    networks = pd.DataFrame(settings).rename_axis("network")
    many = ManyNetworks(
        networks=networks.assign(diverged=_diverged(scores)),
        history=_history(networks, scores),
        models=models,
    )
    vars(many)["_stack"] = stack  # where `cached_property` looks for it
    return many


def _diverged(scores):
    """Return the first epoch of every network whose train loss is not finite, or <NA>."""
    finite = np.isfinite([epoch["train"]["loss"] for epoch in scores])  # (epochs, networks)
    first = pd.Series(finite.argmin(axis=0) + 1, dtype="Int64")
    return first.mask(finite.all(axis=0))


def _history(networks, scores):
    """Return tidy rows, network by network, epoch by epoch, train before validation."""
    tables = [
        networks.reset_index().assign(epoch=epoch, split=split, **values)
        for epoch, by_split in enumerate(scores, start=1)
        for split, values in by_split.items()
    ]
    return pd.concat(tables).sort_values("network", kind="stable", ignore_index=True)
