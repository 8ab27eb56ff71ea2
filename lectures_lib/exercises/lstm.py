"""Checks of the chapters on LSTM and GRU."""

import math

import numpy as np

from lectures_lib.exercises import (
    Case,
    exercise,
    gates_trained,
    lstm_memory,
    lstm_oscillators,
    lstm_outlook,
)

__all__ = ["gates_trained", "lstm_memory", "lstm_oscillators", "lstm_outlook"]  # their checks


@exercise("lstm-forget-bias", chapter="lstm/gates")
def _forget_bias(rng):
    from scipy.optimize import brentq  # slow to import

    for half_life in (1, 400, *rng.uniform(2, 50, size=2).round(1).tolist()):
        yield Case(
            round(brentq(lambda b, n=half_life: n * np.log1p(np.exp(-b)) - np.log(2), -5, 20), 11)
            + 0.0,
            {"half_life": half_life},
            hint="half_life equal gates multiply to one half; then solve for the pre-activation.",
            mistakes={
                "After half_life steps this leaves 1/e, not one half.": (
                    -np.log(np.expm1(1 / half_life))
                )
            },
        )


@exercise("lstm-gru-step", chapter="lstm/gates")
def _gru_step(rng):
    for series, features, units in [(2, 3, 2), (3, 1, int(rng.integers(3, 6)))]:
        x, h = rng.normal(size=(series, features)), rng.normal(size=(series, units))
        K, R = rng.normal(size=(features, 3 * units)), rng.normal(size=(units, 3 * units))
        b = rng.normal(size=(2, 3 * units))
        new, turned = np.empty((2, series, units))
        for row, j in np.ndindex(series, units):  # a number at a time
            own = [x[row] @ K[:, j + k * units] + b[0, j + k * units] for k in range(3)]
            linked = [h[row] @ R[:, j + k * units] + b[1, j + k * units] for k in range(3)]
            z, r = (1 / (1 + math.exp(-own[k] - linked[k])) for k in range(2))
            candidate = math.tanh(own[2] + r * linked[2])
            new[row, j] = candidate + z * (h[row, j] - candidate)
            turned[row, j] = h[row, j] + z * (candidate - h[row, j])
        yield Case(
            new,
            {"x": x, "h": h, "K": K, "R": R, "b": b},
            hint="Blocks z, r, candidate; r multiplies h R + b' as a whole.",
            mistakes={"z is turned round: an update gate of 1 keeps h.": turned},
        )


@exercise("lstm-parity-weights", chapter="lstm/long_memory")
def _parity_weights(rng):
    for gain in (20.0, rng.uniform(5, 15)):
        # Four inputs (x, a, b, one) fix the rows; only x + a - b counts.
        given = np.array([[0, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0, 1, 1, 1]])
        ones = given @ [1, 1, -1, 0]
        wanted = gain * (ones[:, np.newaxis] - [0.5, 1.5])
        yield Case(
            np.linalg.solve(given, wanted),
            {"gain": gain},
            hint="Rows: the bit, then the units a and b of the step before, then the bias.",
        )


@exercise("lstm-held-command", chapter="lstm/comparison")
def _held_command(rng):
    for records, times in [(3, rng.integers(10, 15)), (5, 7), (1, 4)]:
        commands = rng.choice([-1, 0, 1], size=(records, times), p=[0.15, 0.7, 0.15])
        commands[0, :2] = 0, -1
        expected = []
        for row in commands:
            before = [row[: t + 1][row[: t + 1] != 0] for t in range(times)]
            expected.append([found[-1] if len(found) else 0 for found in before])
        yield Case(
            expected,
            {"commands": commands},
            hint="Each record begins without a command; a later command replaces the earlier one.",
        )
