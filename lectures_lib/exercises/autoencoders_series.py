"""Checks of the chapter on autoencoders of a time series."""

import numpy as np

from lectures_lib.exercises import Case, Trained, exercise
from lectures_lib.exercises.case import explained
from lectures_lib.physics import swing_windows


def best_swing(x, time_s, frequencies):
    """Return frequency and amplitude of the best swing, by the normal equations.

    >>> time_s = np.arange(9.0)
    >>> best_swing(3 * np.sin(0.5 * time_s + 1), time_s, [0.4, 0.5, 0.6]).round(6).tolist()
    [0.5, 3.0]
    """
    found = []
    for frequency in frequencies:
        c, s = np.cos(frequency * time_s), np.sin(frequency * time_s)
        normal = np.array([[c @ c, c @ s], [c @ s, s @ s]])
        a, b = np.linalg.solve(normal, [c @ x, s @ x])
        found.append((np.sum((x - a * c - b * s) ** 2), frequency, np.hypot(a, b)))
    return np.array(min(found)[1:])


@exercise("autoencoders-swing-fit", chapter="autoencoders/series")
def _swing_fit(rng):
    frequencies = np.linspace(0.6, 1.4, 41)
    even = 0.8 * np.arange(24)
    for time_s, noise in [
        (even, 0.0),
        (even, 0.1),
        (even[:7], 0.05),  # not much more than a period
        (np.sort(rng.uniform(0, 19, 15)), 0.1),  # read at any time
        (even, 0.5),
    ]:
        drive, phase = frequencies[rng.integers(3, 38)], rng.uniform(0, 2 * np.pi)
        x = rng.uniform(0.5, 3) * np.cos(drive * time_s + phase)
        x = x + noise * rng.normal(size=x.shape)
        given = {"x": x, "time_s": time_s, "frequencies": frequencies}
        right = best_swing(**given)
        yield Case(
            right,
            given,
            hint="Is the phase free, and is each frequency judged by the residual of its own fit?",
            mistakes={
                "This is a² + b²; the amplitude is its root.": right * [1, right[1]],
                "The amplitude comes first; return the frequency first.": right[::-1],
            },
        )


@exercise("autoencoders-three-numbers", chapter="autoencoders/series")
def _three_numbers(rng):
    slowest, seed = rng.uniform(0.6, 0.8), int(rng.integers(1000, 2**31))
    band = {"slowest": slowest, "fastest": slowest + 0.8}
    hidden = swing_windows(windows=1000, seed=seed + 1, **band)
    yield Trained(
        {"windows": swing_windows(windows=2000, seed=seed, **band).measured},
        hidden.measured,
        hidden.motion,
        on="windows that it has not seen",
        threshold=0.95,
        baseline=0.9,  # a code of two numbers has up to 0.89, three axes of PCA some 0.7
        output_shape=(24, 1),
        score=explained,
        score_name="explained variance",
        largest_code=3,
        bands=(
            (-0.1, "That is worse than a flat line: do the readings come back in their own order?"),
            (0.3, "That is hardly more than a flat line: does the loss fall?"),
            (
                0.9,
                "A flat space of three axes keeps no more than 0.8: do encoder and decoder both "
                "bend, has the code all three numbers, and has the loss stopped falling?",
            ),
            (1.0, "Nearly: more epochs, or another rate."),
        ),
    )
