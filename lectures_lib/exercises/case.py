"""What a check asks: a value that a function gives, or what a trained network reaches.

Marking reloads the other modules of checks; what is compared by its class stands here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Case", "OutOfTime", "Outcome", "Trained", "accuracy"]


class OutOfTime(BaseException):
    """A student's code ran for too long; an `except Exception` in it does not catch this."""


@dataclass(frozen=True)
class Case:
    """One question put to an answer, and the value it should give.

    `given` holds the keyword arguments of the function that is the answer.
    `tolerance` is relative and absolute; `hint` says what a wrong value may come from.
    `mistakes` holds values that usual mistakes give, each by the sentence that is said in place of
    the hint. With `finite`, an overflow or a division by zero on the way is an error too.
    A case that does not `count` costs marks when it is wrong and earns none when it is right: an
    edge that a wrong idea meets by chance, or one whose value the check has shown.
    A function that runs for more than `seconds` is stopped.
    """

    expected: object
    given: dict
    tolerance: float = 1e-6
    hint: str = ""
    finite: bool = False
    counts: bool = True
    mistakes: dict = field(default_factory=dict)
    seconds: float = 10

    @property
    def drawn(self):
        """What a seed decides."""
        return self.given


@dataclass(frozen=True)
class Outcome:
    """What became of an answer that was tried: the value it gave, or what is wrong.

    `fault` goes on after "the function", as "raised ValueError", and `advice` follows it; `refusal`
    is a whole sentence.
    """

    value: object = None
    fault: str = ""
    advice: str = ""
    refusal: str = ""


def accuracy(outputs, labels):
    """Return the share of examples whose largest output is that of their class.

    Outputs have the shape `(examples, classes)`: logits or probabilities.

    >>> accuracy(np.array([[0.1, 0.9], [3.0, -1.0]]), np.array([1, 1]))
    0.5
    """
    return float((outputs.argmax(axis=1) == labels).mean())


def explained(outputs, labels):
    """Return the share of the variance of all labels that outputs of as many numbers explain.

    >>> explained(np.array([[1.0], [2.0]]), np.array([1.0, 3.0]))
    0.5
    """
    return float(1 - np.mean((outputs.reshape(labels.shape) - labels) ** 2) / np.var(labels))


@dataclass(frozen=True)
class Trained:
    """A network's score on data that it has not seen, and the score that is needed.

    The answer is a function that takes `given`, and builds and trains a Keras model within
    `seconds`; where nothing is given, it may be the trained model itself. The model reads `inputs`
    of shape `(examples, ...)` and gives `output_shape` for each of them; `score` takes outputs and
    `labels` and returns a number, more being better.

    A message reads: {score_name} 0.93 on 360 {on}; at least {threshold} is needed. Below the
    threshold comes the sentence of the first of `bands`, pairs of a score and a sentence in rising
    order, whose score is not reached. The threshold earns all points, `baseline` none: what a
    network reaches that lacks the idea. A limit on weights and biases is `most_parameters`; one on
    the numbers that an autoencoder passes on, by its narrowest layer and in all, is `largest_code`.
    A layer of a class that is named in `forbidden` is refused; a model may hold only recurrent
    layers of the kind `recurrent`, such as "LSTM", and must hold one.
    """

    given: dict
    inputs: np.ndarray
    labels: np.ndarray
    on: str
    threshold: float
    baseline: float
    output_shape: tuple
    bands: tuple = ()
    score: Callable = accuracy
    score_name: str = "accuracy"
    most_parameters: int | None = None
    largest_code: int | None = None
    forbidden: tuple = ()
    recurrent: str | None = None
    seconds: float = 60
    counts: bool = True

    @property
    def drawn(self):
        """What a seed decides."""
        return self.given | {"hidden inputs": self.inputs, "hidden labels": self.labels}
