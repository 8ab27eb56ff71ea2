"""Checks of networks that answers of the recurrent chapters train."""

import functools

import numpy as np

from lectures_lib.exercises import Trained, exercise
from lectures_lib.physics import pairing_energies

KNOWN, ASKED = 12, 8  # energies of a series


@functools.cache
def _series_of_couplings():
    """Return energies of 2 to 40 particles in level spacings, `(couplings, 20)`."""
    couplings = np.delete(np.arange(-100, 51), 100) / 100  # from -1 to 0.5, without 0
    particles = np.arange(2, 2 * (KNOWN + ASKED) + 2, 2)
    return np.array([pairing_energies(particles, coupling=g) for g in couplings])


def skill(forecasts, true, *, rule, unit):
    """Return 1 - error / error of a rule, both root mean squares of errors in units of series.

    >>> skill(np.array([[1.1]]), np.array([[1.0]]), rule=np.array([[1.2]]), unit=1.0).round(2)
    np.float64(0.5)
    """
    ours, theirs = (np.sqrt(np.mean(((f - true) / unit) ** 2)) for f in (forecasts, rule))
    return 1 - ours / theirs


@exercise("rnn-other-systems", chapter="rnn/extrapolation")
def _other_systems(rng):
    series = _series_of_couplings()
    inner = 1 + rng.permutation(len(series) - 2)  # no coupling beyond those that are learnt from
    held = np.zeros(len(series), bool)
    held[inner[:50]] = True
    spacings = rng.uniform(0.5, 2, size=(len(series), 1))
    seen, hidden = rng.permutation((spacings * series)[~held]), (spacings * series)[held]
    known, true = hidden[:, :KNOWN], hidden[:, KNOWN:]
    places = np.arange(KNOWN, KNOWN + ASKED)
    rule = [np.polyval(np.polyfit(range(KNOWN - 3, KNOWN), row[-3:], 2), places) for row in known]
    yield Trained(
        {
            "known": seen[:, :KNOWN, np.newaxis].astype("float32"),
            "coming": seen[:, KNOWN:].astype("float32"),
        },
        known[..., np.newaxis].astype("float32"),
        true,
        on="systems that it has not seen",
        threshold=0.8,
        baseline=0.0,
        output_shape=(ASKED,),
        score=functools.partial(skill, rule=np.array(rule), unit=np.abs(known[:, -1:])),
        score_name="skill",
        bands=(
            (
                0.0,
                "The same second difference does better. Must a network learn what that rule "
                "knows? And does it see two systems alike that differ in their unit only?",
            ),
            (
                1.0,
                "Better than the rule. Are the second differences that the network reads, and "
                "what the rule leaves over, of the size 1? Then train for longer.",
            ),
        ),
    )
