"""Train and evaluate a Keras classifier; results are tidy rows, one per epoch and split."""

import os

import keras
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

__all__ = ["evaluate", "fit"]


def fit(model, data, *, epochs=100, batch_size=100, seed=0, progress=True):
    """Train `model` on `data.train` and record how it does on the train and validation splits.

    The rows of the train split are Keras' running averages: the mean over the batches of an epoch,
    each taken before its own update, while the weights change. The rows of the validation split
    belong to the weights at the end of the epoch. So the validation loss may well be the lower one
    at first. Both losses contain the L2 penalty. A diverged run has the loss `nan`.

    Args:
        model: A compiled Keras classifier with accuracy as metric; it is trained in place, from
            the weights that it has.
        data: A `Dataset`; its test split is not looked at.
        epochs: Passes through the train split.
        batch_size: Examples per gradient step.
        seed: Decides the order of the examples. Sets the seeds of Python, NumPy and Keras.
        progress: Whether to show a progress bar. The environment variable
            `LECTURES_VIEW=page` hides it in any case.

    Returns:
        A DataFrame of shape `(2 * epochs, 4)` with the columns `epoch` (1 to `epochs`), `split`
        ("train" or "validation"), `loss` (nats per example, plus the penalty) and `accuracy`.

    Raises:
        ValueError: If a split is empty, `epochs` or `batch_size` is below 1, or a label has no
            output of the model.

    >>> from lectures_lib import data, models
    >>> history = fit(models.digits_linear(), data.load_digits(), epochs=2, progress=False)
    >>> history[["epoch", "split"]].to_numpy().tolist()
    [[1, 'train'], [1, 'validation'], [2, 'train'], [2, 'validation']]
    """
    _check_counts(epochs=epochs, batch_size=batch_size)
    for name in ("train", "validation"):
        _check_split(model, getattr(data, name), name=name)
    keras.utils.set_random_seed(seed)
    history = model.fit(
        data.train.inputs,
        data.train.labels,
        validation_data=(data.validation.inputs, data.validation.labels),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[_ProgressBar(epochs, shown=progress)],
        verbose=0,
    ).history
    return _tidy(history)


def evaluate(model, split):
    """Measure the loss and the accuracy of `model` on one split, with the weights that it has.

    Args:
        model: A compiled Keras classifier with accuracy as metric.
        split: A `Split`.

    Returns:
        A dictionary with `loss` (nats per example, plus the L2 penalty) and `accuracy` (0 to 1).

    Raises:
        ValueError: If the split is empty, or a label has no output of the model.

    >>> from lectures_lib import data, models
    >>> sorted(evaluate(models.digits_linear(), data.load_digits().validation))
    ['accuracy', 'loss']
    """
    _check_split(model, split, name="evaluated")
    scores = model.evaluate(split.inputs, split.labels, verbose=0, return_dict=True)
    return {name: float(scores[name]) for name in ("loss", "accuracy")}


class _ProgressBar(keras.callbacks.Callback):
    """A tqdm bar over the epochs; hidden on the rendered page."""

    def __init__(self, epochs, *, shown):
        super().__init__()
        self.hidden = not shown or os.environ.get("LECTURES_VIEW") == "page"
        self.epochs = epochs

    def on_train_begin(self, logs=None):
        self.bar = tqdm(total=self.epochs, unit="epoch", disable=self.hidden)

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix(accuracy=f"{logs['val_accuracy']:.3f}", refresh=False)
        self.bar.update()

    def on_train_end(self, logs=None):
        self.bar.close()


def _tidy(history):
    """Turn the dictionary of lists that Keras returns into rows, epoch by epoch."""
    epochs = np.arange(1, len(history["loss"]) + 1)
    tables = [
        pd.DataFrame(
            {
                "epoch": epochs,
                "split": split,
                "loss": history[f"{prefix}loss"],
                "accuracy": history[f"{prefix}accuracy"],
            }
        )
        for split, prefix in (("train", ""), ("validation", "val_"))
    ]
    return pd.concat(tables).sort_values(["epoch", "split"], ignore_index=True)


def _check_counts(**counts):
    """Raise ValueError for the first count below 1."""
    for name, count in counts.items():
        if count < 1:
            raise ValueError(
                f"{name}={count}, but training needs at least 1. Pass {name}=1 or more."
            )


def _check_split(model, split, *, name):
    """Raise ValueError for an empty split, and for labels that the model has no output for."""
    if len(split) == 0:
        raise ValueError(
            f"The {name} split has 0 examples, but at least 1 is needed. Pass a larger split."
        )
    outputs = model.output_shape[-1]
    lowest, highest = int(np.min(split.labels)), int(np.max(split.labels))
    if lowest < 0 or highest >= outputs:
        raise ValueError(
            f"The labels of the {name} split go from {lowest} to {highest}, but the {outputs} "
            f"outputs of the model stand for the labels 0 to {outputs - 1}. "
            f"Renumber the labels, or build a model with more outputs."
        )
