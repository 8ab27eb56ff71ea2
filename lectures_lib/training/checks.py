"""Check a model and its data before TensorFlow reads them: its errors name its own insides."""

import keras
import numpy as np

__all__ = ["check_built", "check_split", "check_training", "loss_name"]

SPARSE = "sparse_categorical_crossentropy"


def check_training(model, data, **counts):
    """Raise ValueError for a count below 1 and for a split that `model` cannot be trained on."""
    for name, count in counts.items():
        if count < 1:
            raise ValueError(
                f"{name}={count}, but training needs at least 1. Pass {name}=1 or more."
            )
    for name in ("train", "validation"):
        check_split(model, getattr(data, name), name=name)


def check_split(model, split, *, name):
    """Raise ValueError unless `model` is ready and fits to the inputs and labels of a split."""
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"The model is {model!r}, but a Keras model is needed. "
            "Let the function that builds it return the model."
        )
    if not model.compiled or (model.loss is None and _trains_by_loss(model)):
        raise ValueError(
            "The model is not compiled with a loss, but training and evaluation need one. "
            'Call model.compile(optimizer, loss) before, for instance with "adam" and "mse".'
        )
    if len(split) == 0:
        raise ValueError(
            f"The {name} split has 0 examples, but at least 1 is needed. Pass a larger split."
        )
    check_built(model, split.inputs.shape[1:])
    _check_inputs(model, split.inputs, name=name)
    loss = keras.losses.get(model.loss) if isinstance(model.loss, str) else model.loss
    # What a loss of the reader's own needs is not known, nor what a model does that has none.
    if isinstance(getattr(model, "output_shape", None), tuple) and _is_of_keras(loss):
        _check_labels(model, split.labels, name=name)


def check_built(model, shape):
    """Raise ValueError for a model that does not know the shape of its inputs."""
    if not model.built:
        raise ValueError(
            "The model has no weights yet, because it was not told the shape of its inputs. "
            f"Begin it with keras.Input({shape}), or call it once with inputs of this shape."
        )


def loss_name(model):
    """Return Keras' long name of the loss of a compiled model, also of a string such as "mse"."""
    loss = keras.losses.get(model.loss)
    return getattr(loss, "name", None) or getattr(loss, "__name__", None)


def _trains_by_loss(model):
    return type(model).train_step is keras.Model.train_step and not model.losses


def _is_of_keras(loss):
    return getattr(loss, "__module__", "").startswith("keras.")


def _check_inputs(model, inputs, *, name):
    needed, shape = getattr(model, "input_shape", None), inputs.shape[1:]
    if isinstance(needed, tuple) and not _fits(shape, needed[1:]):
        change = f"Pass such inputs, or build the model with keras.Input({shape})."
        if _fits((*shape, 1), needed[1:]):
            axis = "channel" if len(needed) == 4 else "feature"
            change = f"Add the {axis} axis: inputs[..., np.newaxis]."
        raise ValueError(
            f"The {name} inputs have the shape {inputs.shape}, but the model reads "
            f"{_text(needed)}. {change}"
        )
    _check_finite(inputs, f"The {name} inputs")


def _check_labels(model, labels, *, name):
    outputs, shape, loss = model.output_shape, labels.shape[1:], loss_name(model)
    sparse, classes = loss == SPARSE, outputs[-1]
    needed = outputs[:-1] if sparse else outputs
    # Keras lets the last axis be left out if it has the length 1.
    forms = (shape, (*shape, 1), *([shape[:-1]] if shape[-1:] == (1,) else []))
    if not any(_fits(form, needed[1:]) for form in forms):
        change = f"Pass such labels, or build a model with outputs of shape {_text((0, *shape))}."
        if sparse and _fits(shape, outputs[1:]):
            change = (
                'These are one-hot: compile the model with loss="categorical_crossentropy", or '
                "pass labels.argmax(axis=-1)."
            )
        elif loss == "categorical_crossentropy" and any(_fits(f, outputs[1:-1]) for f in forms):
            change = (
                f'These are numbers of classes: compile the model with loss="{SPARSE}", or '
                f"pass keras.utils.to_categorical(labels, {classes})."
            )
        raise ValueError(
            f"The {name} labels have the shape {labels.shape}, but the outputs {_text(outputs)} "
            f"and the loss {loss} need labels of shape {_text(needed)}. {change}"
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
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"{what} are nan or infinite in {np.sum(~finite)} of {len(values)} examples, the first "
            f"at index {np.argmin(finite)}. Fill the gaps, or leave these examples out."
        )


def _fits(shape, needed):
    """Tell whether a shape is the needed one, whose axes of any length are None."""
    return len(shape) == len(needed) and all(
        n in (None, size) for size, n in zip(shape, needed, strict=True)
    )


def _text(shape):
    axes = ["examples", *("any" if size is None else str(size) for size in shape[1:])]
    return f"({', '.join(axes)})"
