"""Measure a network that an answer has trained, on data that it has not seen."""

import copy
import math
import sys

import numpy as np

from lectures_lib.exercises.case import Outcome, OutOfTime
from lectures_lib.exercises.running import NOTHING, raised, run, short, time_limit

__all__ = ["attempt", "scored"]

DIVERGED = "The training has diverged: a smaller learning rate may help."


def attempt(case, answer):
    """Let an answer train its model; return an `Outcome` with its outputs. Labels play no part."""
    try:
        model, fault = _model(case, answer)
        if fault:
            return Outcome(refusal=fault)
        outputs, fault = _outputs(case, model)
        return Outcome(outputs, refusal=fault)
    except OutOfTime:
        advice = "Train for fewer epochs, or a smaller network."
        return Outcome(refusal=f"the answer did not end within {case.seconds:g} s. {advice}")
    except (Exception, SystemExit) as error:
        fault, advice = raised(error)
        return Outcome(refusal=f"the answer {fault}. {advice}".strip())


def _model(case, answer):
    """Return the model that is the answer, or that the answer trains, and what is wrong with it."""
    if answer is ...:
        return None, NOTHING
    if _is_model(answer):
        told = "Pass the function that builds and trains it: it is called with other data."
        return answer, f"this is a model. {told}" if case.given else ""
    if not callable(answer):
        wanted = "a function that trains one" if case.given else "a trained one"
        return None, f"{short(answer)} is not a Keras model. Pass {wanted}."
    model = run(answer, case.given, seconds=case.seconds)
    if model is ...:
        return None, NOTHING
    if model is None:
        return None, "the function returns nothing. End it with return and the model."
    if not _is_model(model):
        return None, f"the function returns a {type(model).__name__}. Return the Keras model."
    return model, ""


def _is_model(answer):
    """Return whether an answer is a Keras model, without importing Keras, which is slow."""
    return isinstance(answer, getattr(sys.modules.get("keras"), "Model", ()))


def _layers(model):
    """Yield the layers of a model, also those inside other layers."""
    inside = [*model.layers]
    while inside:
        layer = inside.pop(0)
        wrapped = [getattr(layer, name, None) for name in ("layer", "forward_layer")]
        within = [*getattr(layer, "layers", ()), *filter(None, wrapped)]
        inside = [*within, *inside]
        if not hasattr(layer, "layers"):
            yield layer


def _unlike(case, model):
    """Return what the layers of a model have that the task does not allow."""
    kinds = {type(layer).__name__ for layer in _layers(model)}
    if refused := kinds & set(case.forbidden):
        return f"the model has a layer {min(refused)}; the task asks for one without it."
    recurrent = kinds & {"SimpleRNN", "LSTM", "GRU"}
    if case.recurrent and recurrent != {case.recurrent}:
        others = " and a ".join(sorted(recurrent - {case.recurrent}))
        if not others:
            return f"the model has no {case.recurrent} layer."
        return f"the model has a {others} layer; the task asks for {case.recurrent} alone."
    if case.largest_code:
        # A wrapped layer, as in `TimeDistributed`, has no output of its own.
        flatten = sys.modules["keras"].tree.flatten
        passed = flatten([getattr(layer, "output", ()) for layer in _layers(model)])
        code = min((math.prod(x.shape[1:]) for x in passed), default=0)
        if code > case.largest_code:
            return (
                f"the narrowest layer of the model passes on {code:,} numbers; the code may have "
                f"at most {case.largest_code:,}."
            )
        if (numbers := _passed_on(model, case.inputs[:1])) > case.largest_code:
            return (
                f"{numbers:,} numbers of an input reach the output, more than the "
                f"{case.largest_code:,} of the code: is there a way round it?"
            )
    return ""


def _passed_on(model, example):
    """Return how many numbers of one example its outputs depend on: the rank of the derivatives."""
    import tensorflow as tf

    count = math.prod(model(example, training=False).shape[1:])
    inputs = tf.repeat(tf.constant(example, "float32"), count, axis=0)  # one for each output
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = tf.reshape(model(inputs, training=False), (count, count))
        own = tf.linalg.trace(outputs)
    slopes = np.reshape(tape.gradient(own, inputs), (count, -1))  # (outputs, inputs)
    sizes = np.linalg.svd(slopes, compute_uv=False)
    return int(np.sum(sizes > 1e-4 * sizes[0]))


def _outputs(case, model):
    """Return the outputs of a model for all inputs, and what is wrong with them."""
    if fault := _unlike(case, model):
        return None, fault
    if case.most_parameters and model.count_params() > case.most_parameters:
        return None, (
            f"the model has {model.count_params():,} parameters; at most {case.most_parameters:,} "
            "are allowed."
        )
    shape = getattr(model, "input_shape", None)
    stateful = any(getattr(layer, "stateful", False) for layer in _layers(model))
    batch = shape[0] if stateful and isinstance(shape, tuple) else None
    if batch and len(case.inputs) % batch:
        return None, (
            f"the model reads batches of {batch} examples only, as a stateful layer needs it. "
            "Build it without a batch size and stateful=True, and set_weights of this one."
        )
    try:
        with time_limit(case.seconds):
            found = model.predict(copy.deepcopy(case.inputs), batch_size=batch, verbose=0)
    except Exception:
        one = case.inputs.shape[1:]
        if not isinstance(shape, tuple) or shape[1:] == one:
            raise
        return None, (
            f"the model reads inputs of shape {shape[1:]}, but an example here has the shape {one}."
        )
    return found, ""


def scored(case, outputs):
    """Return what outputs earn, from 0 to 1, and the sentence that says so."""
    wanted = (len(case.inputs), *case.output_shape)
    if not isinstance(outputs, np.ndarray) or outputs.shape != wanted:
        gives = outputs.shape[1:] if isinstance(outputs, np.ndarray) else type(outputs).__name__
        return 0.0, (
            f"the model gives {gives} for an example, but it must give an output of shape "
            f"{case.output_shape}."
        )
    outputs = outputs.astype(float)  # it may be of half precision
    if not np.isfinite(outputs).all():
        return 0.0, f"outputs of the model are nan or inf. {DIVERGED}"
    score = float(case.score(outputs, case.labels))
    found = (
        f"{case.score_name} {score:.3f} on {len(case.inputs):,} {case.on}; "
        f"at least {case.threshold:.2f} is needed."
    )
    if score >= case.threshold:
        return 1.0, found
    advice = [sentence for below, sentence in case.bands if score < below]
    part = (score - case.baseline) / (case.threshold - case.baseline)
    return max(0.0, part), " ".join([found, *advice[:1]])
