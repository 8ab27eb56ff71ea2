"""The compiled loop over epochs and batches, for one Keras model or for many at once."""

import numpy as np
import tensorflow as tf

from lectures_lib.training.progress import progress_bar

__all__ = ["compile_pass", "scores_by_epoch"]


def scores_by_epoch(model, data, *, epochs, batch_size, seed, progress):
    """Train on `data.train`, and yield the scores of both splits after each epoch.

    Args:
        model: A Keras model, or a `Stack` of them, which has the same four methods.
        data, epochs, batch_size, seed, progress: As in `fit`.

    Yields:
        A dictionary with the running averages of "train" and the scores of "validation", each a
        dictionary as `get_metrics_result` gives it.
    """
    train = compile_pass(model, model.train_step, batch_size)(data.train)
    validate = compile_pass(model, model.test_step, batch_size)(data.validation)
    in_order = np.arange(len(data.validation))
    rng = np.random.default_rng(seed)
    with progress_bar(epochs, unit="epoch", shown=progress) as bar:
        for _ in range(epochs):
            order = rng.permutation(len(data.train))
            yield {"train": train(order), "validation": validate(in_order)}
            bar.update()


def compile_pass(model, step, batch_size):
    """Compile one pass of `step`: of a split it makes a function of the order of the examples.

    A step of a small network is shorter than what Keras' `fit` does around each of its epochs;
    here the batches of an epoch are one call. For a split of the same shapes nothing is compiled
    again.
    """

    @tf.function
    def run(inputs, labels, order):
        for start in tf.range(0, tf.size(order), batch_size):
            rows = order[start : start + batch_size]
            step((tf.gather(inputs, rows), tf.gather(labels, rows)))

    def over(split):
        examples = tf.constant(split.inputs), tf.constant(split.labels)

        def scores(order):
            model.reset_metrics()
            run(*examples, tf.constant(order))
            return {name: np.float64(score) for name, score in model.get_metrics_result().items()}

        return scores

    return over
