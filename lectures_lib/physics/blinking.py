"""A molecule that blinks, and what its photons tell of its state at best."""

from numbers import Integral

import numpy as np

__all__ = ["blinking_counts", "bright_probability"]

SWITCH = 0.05
MEAN_COUNTS = (0.5, 2.0)


def blinking_counts(*, records, num_steps, seed=0):
    """Simulate a molecule that is dark or bright, and count its photons.

    In each step it switches with probability 0.05. The photons of a step have a Poisson
    distribution, of mean 0.5 in the dark state (background) and 2.0 in the bright one.

    Args:
        records: Number of records.
        num_steps: Steps of a record.
        seed: Decides all chance.

    Returns:
        Counts `(records, num_steps)`, integers, and states of the same shape, 1 where bright.

    Raises:
        ValueError: If `records` or `num_steps` is not a positive integer.

    >>> counts, bright = blinking_counts(records=1000, num_steps=20)
    >>> counts.shape, f"{counts[bright == 0].mean():.1f}, {counts[bright == 1].mean():.1f}"
    ((1000, 20), '0.5, 2.0')
    """
    for name, value in {"records": records, "num_steps": num_steps}.items():
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name}={value!r}, but it must be a positive integer.")
    rng = np.random.default_rng(seed)
    switched = rng.random((records, num_steps)) < SWITCH
    first = rng.integers(2, size=(records, 1))
    bright = (first + np.cumsum(switched, axis=1)) % 2
    return rng.poisson(np.array(MEAN_COUNTS)[bright]), bright


def bright_probability(counts, *, smooth=False, switch=SWITCH, means=MEAN_COUNTS):
    """Return how probable the bright state is at each step, given counts up to it or all counts.

    This is the forward algorithm for a hidden Markov chain; with `smooth` the forward-backward
    algorithm. Nobody who knows the counts only can be right more often.

    Args:
        counts: Photons, `(records, num_steps)`.
        smooth: Whether later counts are known too.
        switch: Probability that the state changes in a step.
        means: Mean counts of the dark and of the bright state.

    Returns:
        Probabilities `(records, num_steps)`.

    >>> counts = np.array([[4, 1, 0, 0]])
    >>> bright_probability(counts).round(2).tolist()
    [[0.98, 0.93, 0.63, 0.26]]
    >>> bright_probability(counts, smooth=True).round(2).tolist()
    [[0.9, 0.59, 0.32, 0.26]]
    """
    means, counts = np.array(means), np.asarray(counts)
    chances = np.exp(-means) * means ** counts[..., np.newaxis]  # (records, time, 2), less 1 / n!
    moves = np.array([[1 - switch, switch], [switch, 1 - switch]])
    forward = _along(chances, moves)
    if smooth:
        # What later counts say of the state: as forward, from the end, without the count itself.
        backward = _along(chances[:, ::-1], moves.T)[:, ::-1]
        forward = forward * (backward / chances)
    return forward[..., 1] / forward.sum(axis=-1)


def _along(chances, moves):
    """Return the scaled probability of counts so far and state, `(records, time, 2)`."""
    found, now = [], np.array([[0.5, 0.5]])
    for chance in np.moveaxis(chances, 1, 0):
        now = (now @ moves) * chance
        now = now / now.sum(axis=1, keepdims=True)
        found.append(now)
    return np.stack(found, axis=1)
