"""Checks of networks that answers of the chapter on the worth of gates train."""

import functools

import numpy as np

from lectures_lib.data import switched_oscillator
from lectures_lib.exercises import Trained, exercise
from lectures_lib.exercises.case import explained

READINGS, AHEAD, STEP_S = 30, 10, 0.1
GRAVITY_M_PER_S2 = 9.81


@exercise("lstm-without-gates", chapter="lstm/comparison")
def _without_gates(rng):
    seen, hidden = (
        switched_oscillator(series=series, seed=int(rng.integers(1000, 2**31)))
        for series in (128, 200)
    )
    yield Trained(
        {
            "inputs": seen.inputs.astype("float32"),
            "positions": seen.positions[..., np.newaxis].astype("float32"),
        },
        hidden.inputs.astype("float32"),
        hidden.positions[..., np.newaxis],
        on="records of other blows and commands",
        threshold=0.7,
        baseline=0.6,
        output_shape=(150, 1),
        recurrent="SimpleRNN",
        score=explained,
        score_name="explained variance",
        seconds=120,
        bands=(
            (0.3, "Even a linear rule does better: is there an answer at every step?"),
            (
                0.6,
                "A window alone teaches no more, nor does a network on the plateau: limit the "
                "gradients, and go on with small steps.",
            ),
            (1.0, "Off the plateau: more epochs, or a smaller learning rate at the end."),
        ),
    )


def pendulums(rng, count):
    """Return readings `(count, 30)` of swinging pendulums in rad, and the angles 1 s later.

    Length, amplitude and phase differ; a reading every 0.1 s has an error of 0.02 rad.

    >>> readings, later = pendulums(np.random.default_rng(0), 3)
    >>> readings.shape, later.shape
    ((3, 30), (3,))
    """
    omega2 = GRAVITY_M_PER_S2 / rng.uniform(0.5, 1.5, size=count)
    angle, speed = rng.uniform(0.2, 2.8, size=count), np.zeros(count)
    before, parts = rng.integers(0, 40, size=count), 10
    angles = []
    for _ in range(40 + READINGS + AHEAD):
        angles.append(angle.copy())
        for _ in range(parts):  # leapfrog
            speed -= omega2 * np.sin(angle) * STEP_S / parts / 2
            angle += speed * STEP_S / parts
            speed -= omega2 * np.sin(angle) * STEP_S / parts / 2
    angles, rows = np.array(angles).T, np.arange(count)
    places = before[:, np.newaxis] + np.arange(READINGS)
    readings = angles[rows[:, np.newaxis], places] + 0.02 * rng.normal(size=places.shape)
    return readings, angles[rows, before + READINGS - 1 + AHEAD]


def _skill(outputs, labels, *, linear):
    """Return 1 - error / error of the linear rule, both root mean squares."""
    return float(1 - np.sqrt(np.mean((outputs[:, 0] - labels) ** 2)) / linear)


@exercise("lstm-pendulum", chapter="lstm/comparison")
def _pendulum(rng):
    readings, later = pendulums(rng, 2000)
    hidden, true = pendulums(rng, 1000)
    weights = np.linalg.lstsq(readings, later)[0]
    linear = np.sqrt(np.mean((hidden @ weights - true) ** 2))
    yield Trained(
        {"readings": readings[..., np.newaxis].astype("float32"), "later": later.astype("float32")},
        hidden[..., np.newaxis].astype("float32"),
        true,
        on="pendulums that it has not seen",
        threshold=0.5,
        baseline=0.1,
        output_shape=(1,),
        score=functools.partial(_skill, linear=linear),
        score_name="skill",
        seconds=120,
        bands=(
            (
                0.1,
                "Least squares on the readings do as well: does the loss fall, and has training "
                "gone on long enough?",
            ),
            (1.0, "Better than the linear rule: more epochs, and a smaller rate at the end."),
        ),
    )
