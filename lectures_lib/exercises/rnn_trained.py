"""Checks of networks that answers of the recurrent chapters train."""

import functools

import numpy as np

from lectures_lib.exercises import Trained, exercise
from lectures_lib.exercises.case import explained
from lectures_lib.physics import lorenz, pairing_energies

KEPT = 0.7  # of the old value, by the circuit of rnn-four-steps
QUANTILES = np.array([0.1, 0.9])
KNOWN, ASKED = 12, 8  # energies of a series


def circuit(records):
    """Return what a circuit shows at the end that keeps a part of its value at each step."""
    value = np.zeros(len(records))
    for x in records.T:
        value = KEPT * value + (1 - KEPT) * x
    return value


@exercise("rnn-four-steps", chapter="rnn/noisy_sine")
def _four_steps(rng):
    records, hidden = rng.normal(size=(1000, 4)), rng.normal(size=(1000, 12))
    yield Trained(
        {"records": records.astype("float32"), "labels": circuit(records).astype("float32")},
        hidden[..., np.newaxis].astype("float32"),
        circuit(hidden),
        on="records of twelve values",
        threshold=0.98,
        baseline=0.95,  # what the last four values explain
        output_shape=(1,),
        score=explained,
        score_name="explained variance",
        bands=(
            (0.5, "That is no better than the last value alone: does the loss fall?"),
            (
                0.95,
                "The last four values alone teach no more: is every value a step of its own, "
                "and can the rule of four go on for twelve?",
            ),
            (1.0, "Nearly: more epochs, or units whose states stay small."),
        ),
    )


def _linear_error(series, windows, labels, num_steps=4):
    """Return the squared error of a linear forecast that is fitted to a series."""
    known = np.lib.stride_tricks.sliding_window_view(series, num_steps + 1)
    weights = np.linalg.lstsq(_with_ones(known[:, :-1]), known[:, -1])[0]
    return np.mean((_with_ones(windows[:, -num_steps:]) @ weights - labels) ** 2)


def _with_ones(rows):
    return np.column_stack([rows, np.ones(len(rows))])


@exercise("rnn-beat-ar4", chapter="rnn/noisy_sine")
def _beat_ar4(rng):
    sine = np.sin(0.02 * np.arange(3100) + rng.uniform(0, 2 * np.pi))
    values = sine + 2 * rng.random(len(sine))
    series, windows = values[:1000], np.lib.stride_tricks.sliding_window_view(values[1000:-1], 100)
    labels = values[1100:]
    linear = _linear_error(series, windows, labels)
    floor = np.mean((labels - sine[1100:] - 1) ** 2)

    def gained(outputs, labels):
        return float((linear - np.mean((outputs[:, 0] - labels) ** 2)) / (linear - floor))

    yield Trained(
        {"series": series},
        windows[..., np.newaxis].astype("float32"),
        labels,
        on="values after windows of a hundred",
        threshold=0.4,
        baseline=0.25,
        output_shape=(1,),
        score=gained,
        score_name="share of the way from AR(4) to the sine",
        seconds=120,
        bands=(
            (
                0.0,
                "AR(4) is better: has the network learnt noise by heart, or does it forecast "
                "another value than the next one?",
            ),
            (
                0.25,
                "Many free weights on a window alone teach no more than this: fewer do, as those "
                "of a state that is carried along the record.",
            ),
            (1.0, "Nearly: try other starts, and keep the one with the best validation loss."),
        ),
    )


def _digits(outputs, labels):
    """Return the digits that are right: minus the logarithm of the normalised squared error."""
    return float(-np.log10(np.mean((outputs[:, 0] - labels) ** 2) / np.var(labels)))


@exercise("rnn-echo-state", chapter="rnn/noisy_sine")
def _echo_state(rng):
    start = rng.uniform([-5, -5, 10], [5, 5, 30])
    values = lorenz(0.1 * np.arange(2500), start=tuple(start))[200:, 1]
    values = (values - values[:1200].mean()) / values[:1200].std()
    windows = np.lib.stride_tricks.sliding_window_view(values[1200:-1], 100)
    yield Trained(
        {"series": values[:1200]},
        windows[..., np.newaxis].astype("float32"),
        values[1300:],
        on="values that it has not seen",
        threshold=4.0,
        baseline=3.0,
        output_shape=(1,),
        score=_digits,
        score_name="digits",
        bands=(
            (
                0.2,
                "That is no better than guessing: are the states those of the same weights, and "
                "the labels the next values?",
            ),
            (
                3.0,
                "A linear fit to a window, or gradients for a minute alone teach no more: some "
                "hundred random units, and a fit of their states by least squares.",
            ),
            (
                1e9,
                "Nearly: a smaller penalty, more units, in double precision; leave out the first "
                "states.",
            ),
        ),
    )


def _pinball(ends, labels):
    """Return the pinball loss of `(examples, 2)` quantiles."""
    error = labels[:, np.newaxis] - ends
    return np.maximum(QUANTILES * error, (QUANTILES - 1) * error).sum(axis=1).mean()


@exercise("rnn-calibrated", chapter="rnn/noisy_sine")
def _calibrated(rng):
    wave = np.sin(0.1 * np.arange(5100) + rng.uniform(0, 2 * np.pi))
    values = wave + (1 + 0.9 * wave) * rng.uniform(-1, 1, size=len(wave))
    rows = np.lib.stride_tricks.sliding_window_view(values, 21)
    known, hidden = rows[:3000], rows[3080:]
    X, labels = _with_ones(known[:, :20]), known[:, 20]
    weights = np.linalg.lstsq(X, labels)[0]
    width = np.quantile(labels - X @ weights, QUANTILES)
    middle = _with_ones(hidden[:, :20]) @ weights
    constant = _pinball(middle[:, np.newaxis] + width, hidden[:, 20])

    def saved(outputs, labels):
        return float(1 - _pinball(outputs, labels) / constant)

    yield Trained(
        {
            "windows": known[:, :20, np.newaxis].astype("float32"),
            "labels": labels.astype("float32"),
        },
        hidden[:, :20, np.newaxis].astype("float32"),
        hidden[:, 20],
        on="later values",
        threshold=0.16,
        baseline=0.03,
        output_shape=(2,),
        score=saved,
        score_name="saved loss",
        bands=(
            (
                -0.5,
                "Far from it: is the first output the lower end, and does the label have a second "
                "axis, so that it meets both?",
            ),
            (
                0.03,
                "A constant width alone teaches no more: does the network end with two outputs "
                "behind units that are not linear, and is its loss the pinball loss?",
            ),
            (1.0, "Nearly: more epochs or units."),
        ),
    )


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
