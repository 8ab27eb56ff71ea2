"""Checks of the chapters on LSTM and GRU."""

import math

import numpy as np

from lectures_lib.exercises import (
    Case,
    exercise,
    gates_trained,
    lstm_oscillators,
    lstm_outlook,
)

__all__ = ["gates_trained", "lstm_oscillators", "lstm_outlook"]  # their checks come with these


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


@exercise("lstm-adding-floor", chapter="lstm/long_memory")
def _adding_floor(rng):
    points, shares = np.polynomial.legendre.leggauss(3)  # exact for a square
    drawn = (*rng.integers([5, 1], [9, 4]).tolist(), rng.uniform(0.4, 3))
    for marked, remembered, width in [(2, 1, 1.0), (2, 0, 1.0), (3, 3, 2.0), drawn]:
        one = np.sum(shares / 2 * (width * points / 2) ** 2)  # of one forgotten value
        forgotten = marked - remembered
        yield Case(
            sum([one] * forgotten),
            {"marked": marked, "remembered": remembered, "width": width},
            tolerance=1e-9,
            hint="Guess the mean of what is forgotten; the variances of independent values add up.",
            mistakes={
                "What is remembered makes no error.": one * marked,
                "Variances of independent values add up, standard deviations do not.": (
                    one * forgotten**2
                ),
                "The variance grows with the square of the width.": forgotten / 12,
            },
        )


@exercise("lstm-signal-to-noise", chapter="lstm/long_memory")
def _signal_to_noise(rng):
    drawn = (rng.uniform(0.6, 0.95), rng.uniform(0.05, 0.5), int(rng.integers(4, 12)), 0.7)
    for forget, leak, steps, noise in [(0.9, 0.05, 12, 0.5), (1.0, 0.01, 100, 2.0), drawn]:
        # The cell is linear: its weights for the first value and for each sample of noise.
        weights, cell = [], np.array([1.0])
        for _ in range(steps):
            cell = np.append(forget * cell, leak)
        weights = cell * np.r_[1.0, np.full(steps, noise)]
        yield Case(
            weights[0] / np.linalg.norm(weights[1:]),
            {"forget": forget, "leak": leak, "steps": steps, "noise": noise},
            hint="Variances of independent samples add up, and older noise is forgotten too.",
            mistakes={
                "Independent samples do not add up: their variances do.": (
                    weights[0] / sum(weights[1:])
                ),
                "Older noise is forgotten as well as the value.": (
                    weights[0] / (noise * leak * np.sqrt(steps))
                ),
            },
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


@exercise("lstm-delay-line", chapter="lstm/long_memory")
def _delay_line(rng):
    for delay in (3, 1, int(rng.integers(4, 9))):
        before = rng.normal(size=(delay, delay))  # states are rows
        after = np.hstack([np.zeros((delay, 1)), before[:, :-1]])
        yield Case(
            np.linalg.solve(before, after),
            {"delay": delay},
            hint="States are rows: column k of R makes the new unit k. The oldest value is lost.",
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
