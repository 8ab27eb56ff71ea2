"""Check a model and its data before TensorFlow reads them: its errors name its own insides."""

import keras
import numpy as np

from lectures_lib.keras_settings import check_setting

__all__ = ["check_built", "check_split", "check_training", "fixed_batch", "loss_name"]

SPARSE = "sparse_categorical_crossentropy"


def check_training(model, data, **counts):
    """Raise ValueError for a count below 1 and for a split that `model` cannot be trained on."""
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name}={count}, but training needs at least 1. Pass 1 or more.")
    for name in ("train", "validation"):
        check_split(model, getattr(data, name), name=name, batch_size=counts["batch_size"])


def check_split(model, split, *, name, batch_size=None):
    """Raise ValueError unless `model` is ready and fits to the inputs and labels of a split."""
    check_setting("backend")
    own_step = getattr(type(model), "train_step", None) is not keras.Model.train_step
    if not (getattr(model, "compiled", False) and (model.loss or model.losses or own_step)):
        raise ValueError(
            f"The model is {model!r}, but a Keras model compiled with a loss is needed. Call "
            "model.compile(optimizer, loss), and return the model from the function that builds it."
        )
    if len(split) == 0:
        raise ValueError(
            f"The {name} split has 0 examples, but at least 1 is needed. Pass a larger split."
        )
    check_built(model, split.inputs.shape[1:])
    _check_inputs(model, split.inputs, name=name)
    _check_batches(model, len(split), name=name, batch_size=batch_size)
    # What other losses or steps do with the labels is not known.
    loss = keras.losses.get(model.loss) if isinstance(model.loss, str) else model.loss
    if getattr(loss, "__module__", "").startswith("keras.") and not own_step:
        _check_labels(model, split.labels, name=name)


def check_built(model, shape):
    """Raise ValueError for a model that has no weights yet, or does not run on TensorFlow."""
    check_setting("backend")
    if not model.built:
        raise ValueError(
            "The model has no weights yet, because it was not told the shape of its inputs. "
            f"Begin it with keras.Input({shape}), or call it once with inputs of this shape."
        )


def fixed_batch(model):
    """Return how many examples a batch of a model with a stateful layer has; None is any number."""
    stateful = any(getattr(layer, "stateful", False) for layer in model.layers)
    return model.input_shape[0] if stateful else None


def loss_name(model):
    """Return Keras' long name of the loss of a compiled model, also of a string such as "mse"."""
    loss = keras.losses.get(model.loss)
    return getattr(loss, "name", None) or getattr(loss, "__name__", None)


def _check_inputs(model, inputs, *, name):
    needed, shape = getattr(model, "input_shape", None), inputs.shape[1:]
    if isinstance(needed, tuple) and not _fits(shape, needed[1:]):
        change = f"Pass such inputs, or build the model with keras.Input({shape})."
        if _fits((*shape, 1), needed[1:]):
            axis = "channel" if len(needed) == 4 else "feature"
            change = f"Add the {axis} axis: inputs[..., np.newaxis]."
        raise ValueError(
            f"The {name} inputs have the shape {inputs.shape}, but the model reads "
            f"{_text(needed[1:])}. {change}"
        )
    _check_finite(inputs, f"The {name} inputs")


def _check_batches(model, examples, *, name, batch_size):
    fixed = fixed_batch(model)
    if fixed and ((batch_size or fixed) != fixed or examples % fixed):
        raise ValueError(
            f"The model was built for batches of {fixed}, as a stateful layer needs it, but "
            f"batch_size={batch_size or fixed} and the {name} split has {examples} examples. Pass "
            f"batch_size={fixed} and a multiple of it, or build without batch size and stateful."
        )


def _check_labels(model, labels, *, name):
    outputs, shape, loss = getattr(model, "output_shape", None), labels.shape[1:], loss_name(model)
    if not isinstance(outputs, tuple):
        return
    sparse, classes = loss == SPARSE, outputs[-1]
    needed = outputs[1:-1] if sparse else outputs[1:]
    if not _fits(_squeeze(shape), _squeeze(needed)):
        change = f"Pass such labels, or build a model with outputs of shape {_text(shape)}."
        if sparse and shape == outputs[1:]:
            change = 'For one-hot labels compile the model with loss="categorical_crossentropy".'
        elif loss == "categorical_crossentropy" and _squeeze(shape) == outputs[1:-1]:
            change = f'For numbers of classes compile the model with loss="{SPARSE}".'
        raise ValueError(
            f"The {name} labels have the shape {labels.shape}, but the outputs "
            f"{_text(outputs[1:])} and the loss {loss} need labels of shape {_text(needed)}. "
            f"{change}"
        )
    _check_finite(labels, f"The {name} labels")
    lowest, highest = labels.min(), labels.max()
    if sparse and (lowest < 0 or highest >= classes):
        raise ValueError(
            f"The labels of the {name} split go from {lowest} to {highest}, but the {classes} "
            f"outputs of the model stand for the labels 0 to {classes - 1}. "
            f"Renumber the labels, or build a model with more outputs."
        )


def _check_finite(values, what):
    if not (finite := np.isfinite(values).reshape(len(values), -1).all(axis=1)).all():
        raise ValueError(
            f"{what} are nan or infinite in {np.sum(~finite)} of {len(values)} examples, the first "
            f"at index {np.argmin(finite)}. Fill the gaps, or leave these examples out."
        )


def _fits(shape, needed):
    """Tell whether a shape is the needed one, whose axes of any length are None."""
    pairs = zip(shape, needed, strict=False)
    return len(shape) == len(needed) and all(n in (None, size) for size, n in pairs)


def _squeeze(shape):
    """Leave out the last axis if it has the length 1: Keras' losses add it again."""
    return shape[:-1] if shape[-1:] == (1,) else shape


def _text(shape):
    return f"({', '.join(['examples', *('any' if n is None else str(n) for n in shape)])})"
