"""Train and evaluate one Keras model."""

import pandas as pd

from lectures_lib.training.checks import check_split, check_training, fixed_batch
from lectures_lib.training.loop import scores_by_epoch

__all__ = ["evaluate", "fit"]


def fit(model, data, *, epochs=100, batch_size=100, seed=0, progress=True):
    """Train `model` on `data.train` and record how it does on the train and validation splits.

    The weights become those that `model.fit` of Keras gives with the same batches; what Keras does
    around each epoch is left out, which takes longer than the training where networks are small.

    The rows of the train split are running averages, as in Keras: the mean over the batches of an
    epoch, each taken before its own update, while the weights change. The rows of the validation
    split belong to the weights at the end of the epoch. So the validation loss may well be the
    lower one at first. Both losses contain the L2 penalty. A diverged run has the loss `nan`.

    Args:
        model: A compiled Keras model; it is trained in place, from the weights that it has.
        data: A `Dataset`; its test split is not looked at.
        epochs: Passes through the train split.
        batch_size: Examples per gradient step.
        seed: Decides the order of the examples.
        progress: Whether to show a progress bar. The environment variable
            `LECTURES_VIEW=page` hides it in any case.

    Returns:
        A DataFrame with `2 * epochs` rows and the columns `epoch` (1 to `epochs`), `split`
        ("train" or "validation"), `loss` (for a cross-entropy in nats per example, plus the
        penalty) and one for each metric of the model, such as `accuracy`.

    Raises:
        ValueError: If the model is not built and compiled, if inputs or labels of a split do not
            fit to it or are not finite, if `epochs` or `batch_size` is below 1, or a batch has
            not the size that the model was built for.

    >>> from lectures_lib import data, models
    >>> history = fit(models.digits_linear(), data.load_digits(), epochs=2, progress=False)
    >>> history[["epoch", "split"]].to_numpy().tolist()
    [[1, 'train'], [1, 'validation'], [2, 'train'], [2, 'validation']]
    """
    check_training(model, data, epochs=epochs, batch_size=batch_size)
    model.optimizer.build(model.trainable_variables)
    by_epoch = scores_by_epoch(
        model, data, epochs=epochs, batch_size=batch_size, seed=seed, progress=progress
    )
    rows = [
        {"epoch": epoch, "split": split} | {name: float(value) for name, value in values.items()}
        for epoch, scores in enumerate(by_epoch, start=1)
        for split, values in scores.items()
    ]
    return pd.DataFrame(rows)


def evaluate(model, split):
    """Measure `model` on one split, with the weights that it has.

    Args:
        model: A compiled Keras model.
        split: A `Split`.

    Returns:
        A dictionary with `loss` (for a cross-entropy in nats per example, plus the L2 penalty) and
        the metrics of the model, such as `accuracy` (0 to 1).

    Raises:
        ValueError: If model and split do not fit, as in `fit`.

    >>> from lectures_lib import data, models
    >>> sorted(evaluate(models.digits_linear(), data.load_digits().validation))
    ['accuracy', 'loss']
    """
    check_split(model, split, name="evaluated")
    scores = model.evaluate(
        split.inputs, split.labels, batch_size=fixed_batch(model), verbose=0, return_dict=True
    )
    names = ["loss", *(name for name in scores if name != "loss")]
    return {name: float(scores[name]) for name in names}
