"""Checks of the chapters on recurrent networks."""

import numpy as np

from lectures_lib.exercises import Case, Trained, exercise, rnn_trained
from lectures_lib.physics import exact_pairing_energy

__all__ = ["rnn_trained"]  # its checks come with these


@exercise("rnn-last-pulse", chapter="rnn/recurrent_networks")
def _last_pulse(rng):
    noise = rng.uniform(0.2, 0.4)

    def detected(count):
        records, labels = noise * rng.normal(size=(count, 60, 1)), np.empty(count, int)
        for record, pulses in zip(range(count), rng.integers(1, 5, size=count), strict=True):
            places = np.sort(rng.choice(50, size=pulses, replace=False))
            signs = rng.choice([-1, 1], size=pulses)
            records[record, places, 0] += 6.5 * noise * signs
            labels[record] = signs[-1] > 0
        return records.astype("float32"), labels

    records, labels = detected(1500)
    hidden, last = detected(1000)
    yield Trained(
        {"records": records, "labels": labels},
        hidden,
        last,
        on="records that it has not seen",
        threshold=0.95,
        baseline=0.86,
        output_shape=(2,),
        bands=(
            (
                0.6,
                "That is guessing: does the loss fall? A recurrent network may need another start, "
                "a clipped gradient or more epochs.",
            ),
            (
                0.87,
                "Short kernels with global pooling do not know what came last; a state does. If "
                "your network has one, train for longer.",
            ),
            (1.0, "Nearly: more epochs, or triggers as a start."),
        ),
    )


@exercise("rnn-step", chapter="rnn/recurrent_networks")
def _step(rng):
    for series, features, units in [(2, 3, 4), (5, 1, int(rng.integers(2, 6)))]:
        X, H = rng.normal(size=(series, features)), rng.normal(size=(series, units))
        K, R = rng.normal(size=(features, units)), rng.normal(size=(units, units))
        b, ended = rng.normal(size=units), np.arange(series) % 2 == 1
        # One dense layer on the inputs and the old states side by side, number by number.
        rows = np.hstack([X, H, np.ones((series, 1))])
        weights = np.vstack([K, R, b])
        new = [[np.tanh(sum(row * column)) for column in weights.T] for row in rows]
        stays = np.where(ended[:, np.newaxis], H, new)
        yield Case(
            stays,
            {"X": X, "H": H, "K": K, "R": R, "b": b, "ended": ended},
            hint="X @ K + H @ R + b goes through tanh as a whole, unless the series has ended.",
            mistakes={
                "R is transposed: row i holds what leaves unit i.": np.where(
                    ended[:, np.newaxis], H, np.tanh(X @ K + H @ R.T + b)
                ),
                "A series that has ended keeps its old state.": new,
                "A series that has ended keeps its old state, it is not set to 0.": np.where(
                    ended[:, np.newaxis], 0, new
                ),
                "It is turned round: True is for a series that has ended.": np.where(
                    ended[:, np.newaxis], new, H
                ),
            },
        )


@exercise("rnn-scalar-gradient", chapter="rnn/recurrent_networks")
def _scalar_gradient(rng):
    drawn = (rng.uniform(0.4, 0.9), rng.normal(size=5).tolist())
    for w, x in [(0.5, [1.0, 0.0, 2.0]), (-0.8, [0.3, -1.2, 0.7, 2.0, 1.1]), drawn]:
        # The last state is a polynomial in w, whose coefficients are the inputs.
        last = np.polynomial.Polynomial(x[::-1])
        yield Case(
            last(w) * last.deriv()(w),
            {"w": w, "x": np.array(x)},
            hint="w acts at every step: add the share of each. And dL/dh of the last state is h.",
            mistakes={
                "The slope of the last state is right; dL/dh of that state is h.": last.deriv()(w),
                "This is the share of the last step; w acts at every step.": (
                    last(w) * np.polyval(x[:-1], w)
                ),
            },
        )


@exercise("rnn-euler-weights", chapter="rnn/recurrent_networks")
def _euler_weights(rng):
    drawn = rng.uniform([0.5, 0.1, 0.05], [3, 0.9, 0.4]).tolist()
    for omega, friction, dt in [(2.0, 0.3, 0.1), (0.7, 0.0, 0.5), drawn]:
        before = rng.normal(size=(2, 2))  # two states (x, v), one per row
        after = [[x + dt * v, v + dt * (-(omega**2) * x - 2 * friction * v)] for x, v in before]
        yield Case(
            np.linalg.solve(before, after),
            {"omega": omega, "friction": friction, "dt": dt},
            hint="States are rows: column 0 of R makes the new position, column 1 the velocity.",
            mistakes={
                "This is the transposed matrix, for states as columns; here they are rows.": (
                    np.linalg.solve(before, after).T
                ),
                "Look at the friction: the equation has 2 gamma v, with a minus.": [
                    [1, -(omega**2) * dt],
                    [dt, 1 + 2 * friction * dt],
                ],
                "The friction is 2 gamma v; this is half of it.": [
                    [1, -(omega**2) * dt],
                    [dt, 1 - friction * dt],
                ],
            },
        )


@exercise("rnn-growth", chapter="rnn/extrapolation")
def _growth(rng):
    drawn = rng.uniform([-1, -0.9], [1, -0.3], size=(2, 2)).tolist()
    for a, b in [(1.62, -0.61), (0.5, -0.9), (-1.2, 0.3), *drawn]:
        eigenvalues = np.linalg.eigvals([[a, b], [1.0, 0.0]])
        yield Case(
            max(np.hypot(eigenvalues.real, eigenvalues.imag)),
            {"a": a, "b": b},
            hint="It is the size of the larger root, also of a negative or complex one.",
        )


@exercise("rnn-four-particles", chapter="rnn/extrapolation")
def _four_particles(rng):
    drawn = rng.uniform([0.5, 0.3], [2, 1]).tolist()
    for level_spacing, coupling in [(1.0, 0.5), (2.0, -1.5), drawn]:
        yield Case(
            exact_pairing_energy(4, level_spacing=level_spacing, coupling=coupling),
            {"level_spacing": level_spacing, "coupling": coupling},
            hint="Subtract the energy of the state (0, 1) from the lowest eigenvalue.",
        )
