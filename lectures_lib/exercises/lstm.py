"""Checks of the chapters on LSTM and GRU."""

import math

import numpy as np

from lectures_lib.exercises import Case, exercise, lstm_memory

__all__ = ["lstm_memory"]  # its checks come with these


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


@exercise("lstm-cell-line", chapter="lstm/gates")
def _cell_line(rng):
    for steps, units in [(rng.integers(3, 6), 3), (6, 1), (1, 2)]:
        f = rng.uniform(0.2, 1, size=(steps, units))
        f[steps // 2, 0] = 0 if steps > 4 else f[steps // 2, 0]  # a drain
        # C_T is linear in C_k: start the cell line at every k in turn, with a one and no input.
        rows = []
        for k in range(steps):
            cell = np.ones(units)
            for gate in f[k:]:
                cell = gate * cell
            rows.append(cell)
        yield Case(
            rows,
            {"f": f},
            hint="From C_k to C_T the gates of the steps k + 1 ... T act: rows k and later.",
        )


@exercise("lstm-most-units", chapter="lstm/gates")
def _most_units(rng):
    forms = {"SimpleRNN": (1, 1), "GRU": (3, 2), "LSTM": (4, 1)}
    fixed = [(40_600, 1, "SimpleRNN"), (308, 3, "LSTM"), (134, 2, "GRU"), (135, 2, "GRU")]
    drawn = [(*rng.integers([2_000, 1], [30_000, 9]).tolist(), kind) for kind in forms]
    for budget, features, kind in [*fixed, (3, 5, "LSTM"), *drawn]:
        blocks, extra = forms[kind]
        linear = features + extra  # u (u + linear) <= budget // blocks
        units = (math.isqrt(linear**2 + 4 * (budget // blocks)) - linear) // 2
        yield Case(
            units,
            {"budget": budget, "features": features, "kind": kind},
            hint="The budget may be met exactly; and Keras' GRU has two biases for each block.",
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


@exercise("lstm-hold", chapter="lstm/gates")
def _hold(rng):
    for gain in (20.0, rng.uniform(6, 15)):
        # Three inputs (first feature, second feature, one) fix the three rows.
        given = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
        half = gain / 2
        wanted = [[-half, half, 0, gain], [half, -half, 0, gain], [-half, half, 1, gain]]
        yield Case(
            np.linalg.solve(given, wanted),
            {"gain": gain},
            hint="Rows: first feature, second feature, bias; columns: i, f, g, o.",
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


@exercise("lstm-network-size", chapter="lstm/comparison")
def _network_size(rng):
    drawn = rng.integers([2, 3, 3, 2], [6, 30, 30, 6], size=(2, 4)).tolist()
    for features, dense, hidden, outputs in [(1, 125, 250, 1), *drawn]:
        u = 3 * hidden  # the three blocks of a GRU; kernel, recurrent kernel, two rows of biases
        shapes = [(features, dense), (1, dense), (dense, dense), (1, dense)]
        shapes += [(dense, u), (hidden, u), (2, u), (hidden, u), (hidden, u), (2, u)]
        shapes += [(hidden, outputs), (1, outputs)]
        weights = sum(rows * columns for rows, columns in shapes)
        yield Case(
            weights,
            {"features": features, "dense": dense, "hidden": hidden, "outputs": outputs},
            hint="Weights are shared by all steps; the second GRU reads the states of the first.",
            mistakes={"A GRU of Keras has two biases for each block.": weights - 2 * u},
        )


@exercise("lstm-largest-step", chapter="lstm/comparison")
def _largest_step(rng):
    cases = [(0.32, 0.82, 8, 0.01), (1.62, -0.61, 5, 0.3), (-0.9, 0.2, 2, 1.0), (0.5, 2.0, 1, 0.1)]
    cases.append((-1.5, 0.2, 2, 1.0))
    cases.append((*rng.uniform([0.2, 0.3], [0.9, 1.2]).tolist(), int(rng.integers(4, 9)), 0.05))
    for newer, older, steps, tolerance in cases:
        # One matrix takes (error, error before, 1) to the next step.
        step = np.array([[newer, older, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        error = np.linalg.matrix_power(step, steps)[0, 2]
        yield Case(
            tolerance / abs(error),
            {"newer": newer, "older": older, "steps": steps, "tolerance": tolerance},
            hint="The first step from known values has no error but its own; d is positive.",
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


@exercise("lstm-blind-error", chapter="lstm/comparison")
def _blind_error(rng):
    for times, share in [(6, 0.5), (4, rng.uniform(0.1, 0.3)), (9, rng.uniform(0.7, 0.95))]:
        soft, stiff = rng.normal(size=(2, times))
        # A weight for "always 1" at each time, by least squares over cases with their shares.
        roots = np.sqrt([1 - share, share])
        left = [
            np.linalg.lstsq(roots[:, np.newaxis], roots * pair, rcond=None)[1].item()
            for pair in zip(soft, stiff, strict=True)
        ]
        yield Case(
            np.mean(left),
            {"soft": soft, "stiff": stiff, "share_stiff": share},
            hint="The best single curve is the mean with the shares as weights.",
        )
