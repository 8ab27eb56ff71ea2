"""Checks of the chapter that looks beyond the gates."""

import itertools

import numpy as np

from lectures_lib.exercises import Case, Trained, exercise
from lectures_lib.physics import blinking_counts, bright_probability

LONGEST, WIDTH = 40, 240  # steps of a record, and of a padded one that is not learnt from


def padded_counts(records, *, shortest, width, rng):
    """Return counts `(records, width, 1)`, padded with -1 behind, the last states, and a guess.

    The guess is that of the exact filter: nobody is right more often.
    """
    seed = int(rng.integers(2**31))
    counts, bright = blinking_counts(records=records, num_steps=LONGEST, seed=seed)
    lengths = rng.integers(shortest, LONGEST + 1, size=(records, 1))
    padded = np.full((records, width, 1), -1, "float32")
    padded[:, :LONGEST, 0] = np.where(np.arange(LONGEST) < lengths, counts, -1)
    guess = bright_probability(counts) > 0.5
    last = (np.take_along_axis(values, lengths - 1, axis=1)[:, 0] for values in (bright, guess))
    return padded, *last


@exercise("lstm-unequal-lengths", chapter="lstm/outlook")
def _unequal_lengths(rng):
    counts, bright, _ = padded_counts(2000, shortest=30, width=LONGEST, rng=rng)
    hidden, labels, guess = padded_counts(2000, shortest=5, width=WIDTH, rng=rng)
    floor = np.mean(guess == labels)

    def reached(outputs, labels):
        """Return how far an accuracy is on the way from a coin to the exact filter."""
        right = np.mean((outputs[:, 0] > 0.5) == labels)
        return float((right - 0.5) / (floor - 0.5))

    yield Trained(
        {"counts": counts, "bright": bright.astype("float32")},
        hidden,
        labels,
        on=f"records of 5 to 40 steps, padded to {WIDTH}",
        threshold=0.93,
        baseline=0.85,
        output_shape=(1,),
        score=reached,
        score_name="share of what the exact filter gains over a coin",
        bands=(
            (
                0.85,
                "Padding alone changes the answer: which steps does the network skip, all those "
                "of -1, and none of those without a photon?",
            ),
            (1.0, "Nearly: more epochs or units."),
        ),
    )


def _by_paths(counts, switch, means):
    """Return how probable the bright state is at each step, as a sum over all histories."""
    counts, means = np.asarray(counts), np.asarray(means)
    found, total = np.zeros(len(counts)), 0.0
    for path in itertools.product((0, 1), repeat=len(counts)):
        path = np.array(path)
        moved = np.diff(path) != 0
        chance = np.prod(np.where(moved, switch, 1 - switch))
        chance *= np.prod(np.exp(-means[path]) * means[path] ** counts)
        found, total = found + chance * path, total + chance
    return found / total


@exercise("lstm-smoother", chapter="lstm/outlook")
def _smoother(rng):
    for steps in (1, 4, 9):
        counts = rng.poisson(1.2, size=steps)
        switch, means = rng.uniform(0.05, 0.3), (rng.uniform(0.2, 0.8), rng.uniform(1.5, 4.0))
        given = {"counts": counts, "switch": switch, "means": means}
        forward = bright_probability(counts[np.newaxis], switch=switch, means=means)[0]
        mistakes = {"This is the filter: later counts are missing.": forward}
        yield Case(
            _by_paths(counts, switch, means),
            given,
            hint="Forward times backward, divided by their sum over both states. Each count may "
            "enter once only.",
            mistakes=mistakes if steps > 1 else {},
        )
    # A strong source: products of all chances are too large for the computer.
    counts, means = rng.poisson(np.repeat([18, 25, 18], 20)), (18.0, 25.0)
    yield Case(
        bright_probability(counts[np.newaxis], smooth=True, switch=0.05, means=means)[0],
        {"counts": counts, "switch": 0.05, "means": means},
        hint="Divide forward and backward by their sum at every step: else they vanish or grow "
        "without limit.",
    )
