"""Checks of networks that answers of the chapter on gates train."""

import numpy as np

from lectures_lib.exercises import Trained, exercise
from lectures_lib.exercises.case import explained


def multiplexed(rng, *, series, num_steps):
    """Return two voltages and two commands `(series, time, 4)`, and what is held, a label a step.

    >>> inputs, held = multiplexed(np.random.default_rng(0), series=2, num_steps=300)
    >>> first, second = inputs[..., 2] == 1, inputs[..., 3] == 1
    >>> bool((held[first][:, 0] == inputs[first][:, 0]).all()), bool((first & second).any())
    (True, False)
    >>> bool((held[second][:, 0] == inputs[second][:, 1]).all())
    True
    """
    voltages = rng.uniform(-1, 1, size=(series, num_steps, 2))
    chance = rng.uniform(size=(series, num_steps))
    commands = np.stack([chance < 0.06, chance > 0.94], axis=-1)
    held = np.zeros((series, num_steps))
    for t in range(num_steps):
        held[:, t] = held[:, t - 1]
        for k in range(2):
            held[:, t] = np.where(commands[:, t, k], voltages[:, t, k], held[:, t])
    inputs = np.concatenate([voltages, commands], axis=-1)
    return inputs.astype("float32"), held[..., np.newaxis].astype("float32")


@exercise("lstm-multiplexer", chapter="lstm/gates")
def _multiplexer(rng):
    inputs, held = multiplexed(rng, series=800, num_steps=40)
    hidden, labels = multiplexed(rng, series=200, num_steps=200)
    yield Trained(
        {"inputs": inputs, "held": held},
        hidden,
        labels,
        on="records of 200 steps",
        threshold=0.98,
        baseline=0.965,  # the best window of twenty steps has 0.92
        output_shape=(200, 1),
        score=explained,
        score_name="explained variance",
        bands=(
            (0.3, "That is no memory: does the network answer at every step, from its states?"),
            (
                0.965,
                "A window, or a recurrent layer without gates, learns no more: which layer "
                "multiplies what it reads by what it is told?",
            ),
            (1.0, "Nearly: more epochs or units, or a larger rate with a clipped gradient."),
        ),
    )
