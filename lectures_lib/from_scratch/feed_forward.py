"""Dense layers, activations and the cross-entropy with their gradients, written in NumPy."""

import numpy as np

from lectures_lib.from_scratch.shapes import require_shape

__all__ = [
    "cross_entropy", "cross_entropy_backward", "dense", "dense_backward", "relu", "relu_backward",
    "softmax", "softmax_backward",
]  # fmt: skip


def relu(inputs):
    """Replace negative numbers by 0, in any shape."""
    return np.maximum(inputs, 0)


def relu_backward(grad_outputs, inputs):
    """Pass the gradient on where the input is positive; it is 0 at 0, as in TensorFlow."""
    return np.asarray(grad_outputs) * (np.asarray(inputs) > 0)


def dense(inputs, weights, bias=None):
    """Map (batch, features) to (batch, units) with weights (features, units) and bias (units,)."""
    require_shape("inputs", np.shape(inputs), ("batch", len(weights)), "Flatten images first.")
    return np.matmul(inputs, weights) + (0 if bias is None else bias)


def dense_backward(grad_outputs, inputs, weights):
    """Return the gradients for the inputs, weights and bias of `dense`, each in its shape."""
    require_shape("grad_outputs", np.shape(grad_outputs), dense(inputs, weights).shape)
    grad_inputs = np.matmul(grad_outputs, np.transpose(weights))
    grad_weights = np.matmul(np.transpose(inputs), grad_outputs)
    return grad_inputs, grad_weights, np.sum(grad_outputs, axis=0)


def softmax(logits):
    """Turn the last axis, the classes, into probabilities.

    >>> softmax([1000.0, 1000.0]).tolist()
    [0.5, 0.5]
    """
    # Without its maximum no logit overflows exp, and the ratios stay the same.
    exponentials = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_backward(grad_outputs, probabilities):
    """Return the gradient for the logits from the probabilities that `softmax` gave."""
    require_shape("grad_outputs", np.shape(grad_outputs), np.shape(probabilities))
    mean = np.sum(np.multiply(grad_outputs, probabilities), axis=-1, keepdims=True)
    return np.multiply(probabilities, grad_outputs - mean)


def _label_probabilities(probabilities, labels):
    """Return p[label] of every row, shape (batch,), and the same clipped as Keras clips."""
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    require_shape("probabilities", probabilities.shape, ("batch", "classes"), "Add an axis.")
    batch, classes = probabilities.shape
    require_shape("labels", labels.shape, (batch,), "If they are one-hot, use labels.argmax(1).")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels go from {labels.min()} to {labels.max()} ({labels.dtype}), but must be "
            f"integers from 0 to {classes - 1}. Number the classes from 0 or widen the last layer."
        )
    if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
        raise ValueError("A row of probabilities does not sum to 1. Pass softmax(logits).")
    p = probabilities[np.arange(batch), labels]
    return p, np.clip(p, 1e-7, 1 - 1e-7)


def cross_entropy(probabilities, labels):
    """Return the batch mean of -log p[label], clipping p to 1e-7 ... 1 - 1e-7 as Keras does.

    `probabilities` is (batch, classes), `labels` holds (batch,) class numbers.

    >>> round(cross_entropy([[0.5, 0.5], [0.125, 0.875]], [0, 0]), 4)  # 2 ln 2
    1.3863
    """
    return float(np.mean(-np.log(_label_probabilities(probabilities, labels)[1])))


def cross_entropy_backward(probabilities, labels):
    """Return the gradient for the probabilities; it is 0 where p[label] is clipped.

    Passed on to `softmax_backward` it becomes (probabilities - one_hot) / batch.
    """
    p, clipped = _label_probabilities(probabilities, labels)
    grads = np.zeros(np.shape(probabilities), dtype=p.dtype)
    grads[np.arange(len(p)), labels] = -1 / clipped / len(p) * (p == clipped)
    return grads
