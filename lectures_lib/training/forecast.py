"""Continue a series with a network that predicts its next value."""

import weakref
from numbers import Integral

import numpy as np
import tensorflow as tf

from lectures_lib.data.splits import as_numbers
from lectures_lib.training.checks import check_built, fixed_batch

__all__ = ["forecast"]

_compiled = weakref.WeakKeyDictionary()  # the loop of each model; its weights may change


def forecast(model, start, *, steps):
    """Continue series: predict the next value, append it to what the model reads, and repeat.

    All steps are one compiled loop. It is compiled at the first call for a model.

    Args:
        model: A Keras model from `(series, num_steps, features)` to the next values, of shape
            `(series, features)`.
        start: The last known values, at least `num_steps` of them, the latest last: of shape
            `(times,)` for one series of one feature, `(series, times)` for several, or
            `(series, times, features)`.
        steps: Values to predict.

    Returns:
        Predictions, a float32 array of shape `(steps,)`, `(series, steps)` or
        `(series, steps, features)`.

    Raises:
        ValueError: If the model does not predict what it reads, or `start` has another number of
            axes or of features, too few times, or a value that is no finite number; if `steps` is
            not a positive integer.

    >>> import keras
    >>> ones = keras.initializers.Ones()
    >>> layers = [keras.layers.Flatten(), keras.layers.Dense(1, kernel_initializer=ones)]
    >>> fibonacci = keras.Sequential([keras.Input((2, 1)), *layers])
    >>> [int(value) for value in forecast(fibonacci, [0, 1], steps=6)]
    [1, 2, 3, 5, 8, 13]
    """
    num_steps, features = _sizes(model)
    if not isinstance(steps, Integral) or steps < 1:
        raise ValueError(
            f"steps={steps!r} is not a number of steps ahead. Pass a positive integer."
        )
    values = as_numbers(start, name="start").astype("float32")
    whole = _with_all_axes(values)  # (series, times, features)
    num_steps = num_steps or whole.shape[1]  # None: the model reads series of any length
    if whole.shape[1] < num_steps or whole.shape[2] != features:
        change = f"Pass the last {num_steps} values, or more."
        if values.ndim == 2 and values.shape[1] == features:
            change = (
                f"The shape {values.shape} is read as (series, times): for one series pass "
                f"start[np.newaxis]{', or start[:, 0]' if features == 1 else ''}."
            )
        raise ValueError(
            f"start has {whole.shape[1]} times and {whole.shape[2]} features, but the model reads "
            f"{num_steps} times and {features} features. {change}"
        )
    if not np.isfinite(whole).all():
        raise ValueError("start has values that are not finite. Pass a series without gaps.")
    if model not in _compiled:
        _compiled[model] = _compile(model)
    window = tf.constant(whole[:, -num_steps:])
    predictions = _compiled[model](window, tf.constant(steps)).numpy()
    return predictions.reshape({1: (steps,), 2: (-1, steps), 3: predictions.shape}[values.ndim])


def _sizes(model):
    """Return `num_steps` and `features` of a model that predicts what it reads."""
    check_built(model, "(num_steps, features)")
    if fixed := fixed_batch(model):
        raise ValueError(
            f"The model was built for batches of {fixed}, but a forecast begins each window with a "
            "state of zeros. Build it without batch size and stateful; set_weights of this one."
        )
    shapes = [getattr(model, name, ()) for name in ("input_shape", "output_shape")]
    if len(shapes[0]) != 3 or len(shapes[1]) != 2 or shapes[0][2] != shapes[1][1]:
        raise ValueError(
            f"The model goes from {shapes[0]} to {shapes[1]}, so its predictions cannot be its "
            "next inputs. Pass a model from (None, num_steps, features) to (None, features)."
        )
    return shapes[0][1:]


def _with_all_axes(values):
    if values.ndim not in (1, 2, 3) or values.size == 0:
        raise ValueError(
            f"start has the shape {values.shape}. Pass (times,) for one series, (series, times) "
            "for several, or (series, times, features)."
        )
    return {1: values[None, :, None], 2: values[..., None]}.get(values.ndim, values)


def _compile(model):
    """Return the compiled loop; it keeps the weights, but not the model, in memory."""
    reference = weakref.ref(model)

    @tf.function
    def run(window, steps):
        predictions = tf.TensorArray("float32", size=steps)
        for step in tf.range(steps):
            value = reference()(window, training=False)  # (series, features)
            predictions = predictions.write(step, value)
            window = tf.concat([window[:, 1:], value[:, tf.newaxis]], axis=1)
        return tf.transpose(predictions.stack(), (1, 0, 2))

    # Compiled here once for all; TensorFlow warns of functions that are compiled at every call.
    return run.get_concrete_function(
        tf.TensorSpec((None, *model.input_shape[1:]), "float32"), tf.TensorSpec((), "int32")
    )
