"""Many networks of one architecture as one TensorFlow program, read off their Keras models.

Weights get a first axis that counts the networks. All networks see the same batch, so a first
convolution is one matrix product for all of them; for the rest TensorFlow maps Keras' own layers,
loss and optimiser over the networks.
"""

import itertools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from lectures_lib.training.checks import loss_name
from lectures_lib.training.fused import can_fuse, convolve_and_pool
from lectures_lib.training.supported import CLIPPING, LOSSES, check_alike, check_supported

__all__ = ["Stack"]


class Stack:
    """Compiled Keras models of one architecture, to be trained together.

    Its methods have the names and the meaning that they have for a Keras model.

    Args:
        models: They may differ in initial weights, L1 and L2 penalties, learning rate and clipping.

    Attributes:
        weights: Keras variables of shape `(networks, ...)`, one for each weight of a model.

    Raises:
        ValueError: If the models differ in more than that, or have a layer, an option, an optimiser
            or a loss that is not supported; the text names it.
    """

    def __init__(self, models):
        check_supported(models[0])
        check_alike(models)
        first, compiled = models[0], models[0].get_compile_config()
        self.layers = first.layers
        self.loss = keras.losses.get(first.loss)
        self.accuracy = LOSSES[loss_name(first)] if compiled["metrics"] == ["accuracy"] else None
        columns = zip(*(model.get_weights() for model in models), strict=True)
        self.weights = [keras.Variable(np.stack(copies)) for copies in columns]
        weights = iter(range(len(self.weights)))
        self.of_layer = [list(itertools.islice(weights, len(x.weights))) for x in self.layers]
        columns = zip(*(model.trainable_variables for model in models), strict=True)
        self.penalties = [_coefficients([w.regularizer for w in column]) for column in columns]
        self.rates = np.array([float(m.optimizer.learning_rate) for m in models], "float32")
        settings = [model.optimizer.get_config() for model in models]
        self.limits = np.array([[s[kind] or 0 for kind in CLIPPING] for s in settings], "float32")
        self.optimiser = type(first.optimizer).from_config(settings[0] | dict.fromkeys(CLIPPING))
        self.optimiser.build(self.weights)
        self.examples = tf.Variable(0.0)
        names = ("loss", "accuracy") if self.accuracy else ("loss",)
        self.totals = {name: tf.Variable(tf.zeros(len(models))) for name in names}

    def train_step(self, batch):
        """Move the weights of every network by one step; count the scores before it."""
        weights = [variable.value for variable in self.weights]
        with tf.GradientTape() as tape:
            scores = self._scores(*batch)
            # No network's loss depends on the weights of another. So the gradient of their sum is
            # the gradient of each, even beside a loss that is nan.
            total = tf.reduce_sum(scores["loss"])
        gradients = tape.gradient(total, weights)
        if self.limits.any():
            arguments = gradients, self.limits
            gradients = tf.vectorized_map(_clip, arguments, fallback_to_while_loop=False)
        for variable, gradient in zip(self.weights, gradients, strict=True):
            rates = self.rates.reshape(-1, *(1 for _ in variable.shape[1:]))
            self.optimiser.update_step(gradient, variable, tf.constant(rates))
        self.optimiser.iterations.assign_add(1)
        self._count(scores, batch)

    def test_step(self, batch):
        """Count the scores of the weights as they are."""
        self._count(self._scores(*batch), batch)

    def reset_metrics(self):
        """Forget the scores of all batches."""
        for total in (self.examples, *self.totals.values()):
            total.assign(tf.zeros_like(total))

    def get_metrics_result(self):
        """Return the mean scores over the examples since `reset_metrics`, `(networks,)` each."""
        return {name: total / self.examples for name, total in self.totals.items()}

    def get_weights(self):
        """Return, for each network, its weights as Keras' `get_weights` orders them."""
        return list(zip(*(variable.numpy() for variable in self.weights), strict=True))

    def set_weights(self, weights):
        """Take the weights of each network, in the form of `get_weights`."""
        for variable, copies in zip(self.weights, zip(*weights, strict=True), strict=True):
            variable.assign(np.stack(copies))

    def _count(self, scores, batch):
        examples = tf.cast(tf.shape(batch[1])[0], "float32")
        self.examples.assign_add(examples)
        for name, score in scores.items():
            self.totals[name].assign_add(examples * score)

    def _scores(self, inputs, labels):
        """Return the loss, with penalty, and the accuracy on a batch; each `(networks,)`."""
        weights = [[self.weights[i].value for i in indices] for indices in self.of_layer]
        inputs = tf.cast(inputs, "float32")
        stacked, done = self._convolve(weights, inputs)

        def measure(arguments):
            own_weights, *own_inputs = arguments
            values = own_inputs[0] if own_inputs else inputs
            for layer, of_layer in zip(self.layers[done:], own_weights, strict=True):
                values = layer.stateless_call(of_layer, _state(layer), values)[0]
            return tf.reduce_mean(self.loss(labels, values)), values

        arguments = (weights[done:],) if stacked is None else (weights[done:], stacked)
        losses, outputs = tf.vectorized_map(measure, arguments, fallback_to_while_loop=False)
        scores = {"loss": losses + self._penalty()}
        if self.accuracy:
            repeated = tf.broadcast_to(labels, (len(self.rates), *tf.unstack(tf.shape(labels))))
            hits = tf.cast(self.accuracy(repeated, outputs), "float32")  # (networks, batch)
            scores["accuracy"] = tf.reduce_mean(hits, range(1, len(hits.shape)))
        return scores

    def _convolve(self, weights, inputs):
        """Apply the layers up to the last convolution, at which `vectorized_map` would be slow.

        Return the outputs, `(networks, batch, ...)` or None, and the number of layers done.
        """
        last = max((i for i, x in enumerate(self.layers) if type(x) is layers.Conv2D), default=-1)
        stacked, i = None, 0
        while i <= last:
            layer = self.layers[i]
            if stacked is None and can_fuse(*self.layers[i : i + 2]):
                stacked = convolve_and_pool(layer, self.layers[i + 1], weights[i], inputs)
                i += 1
            elif stacked is None and not weights[i]:
                inputs = layer(inputs)
            else:
                stacked = _one_by_one(layer, weights[i], inputs, stacked)
            i += 1
        return stacked, i

    def _penalty(self):
        """Return the penalty of every network, `(networks,)`."""
        total = tf.zeros(len(self.rates))
        for variable, penalty in zip(self.weights, self.penalties, strict=True):
            axes = list(range(1, len(variable.shape)))
            for coefficient, size in zip(penalty, (tf.abs, tf.square), strict=True):
                if np.any(coefficient):
                    total += coefficient * tf.reduce_sum(size(variable.value), axes)
        return total


def _clip(arguments):
    """Clip the gradients of one network as Keras' optimisers do; a limit of 0 means not at all."""
    gradients, limits = arguments  # limits: (3,), as CLIPPING
    norm = tf.sqrt(tf.add_n([tf.reduce_sum(x**2) for x in gradients]))
    by_norm, by_value, by_global_norm = tf.unstack(limits)
    ways = (
        (by_norm, [tf.clip_by_norm(x, by_norm) for x in gradients]),
        (by_value, [tf.clip_by_value(x, -by_value, by_value) for x in gradients]),
        (by_global_norm, tf.clip_by_global_norm(gradients, by_global_norm, use_norm=norm)[0]),
    )
    for limit, clipped in ways:
        gradients = [tf.where(limit > 0, *pair) for pair in zip(clipped, gradients, strict=True)]
    return gradients


def _state(layer):
    """Return what a layer keeps beside its weights: nothing that the supported ones ever use."""
    return [variable.value for variable in layer.non_trainable_variables]


def _one_by_one(layer, weights, inputs, stacked):
    """Apply a layer to each network's own values, or all to `inputs`, one after the other.

    TensorFlow's convolutions on a CPU disturb each other when several run at a time.
    """

    def apply(arguments):
        own_weights, *own_values = arguments
        values = own_values[0] if own_values else inputs
        return layer.stateless_call(list(own_weights), _state(layer), values)[0]

    arguments = (tuple(weights),) if stacked is None else (tuple(weights), stacked)
    return tf.map_fn(apply, arguments, fn_output_signature="float32", parallel_iterations=1)


def _coefficients(penalties):
    """Return the L1 and the L2 coefficients of one weight, an array of shape `(2, networks)`."""
    pairs = [(getattr(x, "l1", 0.0), getattr(x, "l2", 0.0)) for x in penalties]
    return np.array(pairs, "float32").T
