"""A molecule that blinks: its own statistics, and what is known of it as sums over all paths."""

import itertools

import numpy as np
import pytest

from lectures_lib.physics import blinking_counts, bright_probability


def test_the_molecule_has_the_statistics_of_its_description():
    counts, bright = blinking_counts(records=4000, num_steps=50, seed=1)
    assert counts.shape == bright.shape == (4000, 50)
    assert np.mean(np.diff(bright) != 0) == pytest.approx(0.05, abs=0.002)
    assert bright.mean() == pytest.approx(0.5, abs=0.01)
    for state, mean in ((0, 0.5), (1, 2.0)):
        of_state = counts[bright == state]
        assert of_state.mean() == pytest.approx(mean, rel=0.02)
        assert of_state.var() == pytest.approx(mean, rel=0.03)
    again = blinking_counts(records=4000, num_steps=50, seed=1)
    assert np.array_equal(counts, again[0]) and np.array_equal(bright, again[1])


@pytest.mark.parametrize(
    "sizes", [{"records": 0, "num_steps": 3}, {"records": 2, "num_steps": 1.5}]
)
def test_sizes_are_checked(sizes):
    with pytest.raises(ValueError, match="positive integer"):
        blinking_counts(**sizes)


@pytest.mark.parametrize("smooth", [False, True])
def test_probabilities_are_sums_over_all_histories(smooth):
    counts = np.array([[3, 0, 1, 0, 2, 5], [0, 0, 1, 1, 0, 0]])
    switch, means = 0.2, np.array([0.4, 1.7])
    found = bright_probability(counts, smooth=smooth, switch=switch, means=means)
    for record, row in zip(counts, found, strict=True):
        for step in range(6):
            known = record if smooth else record[: step + 1]
            chances = {}
            for path in itertools.product((0, 1), repeat=len(known)):
                of_counts = np.exp(-means[list(path)]) * means[list(path)] ** known
                moved = np.diff(path) != 0
                chances[path] = np.prod(of_counts) * np.prod(np.where(moved, switch, 1 - switch))
            bright = sum(chance for path, chance in chances.items() if path[step])
            assert row[step] == pytest.approx(bright / sum(chances.values()), rel=1e-12)


def test_nobody_is_right_more_often_than_the_smoother():
    counts, bright = blinking_counts(records=2000, num_steps=40, seed=2)
    wrong = [np.mean((bright_probability(counts, smooth=s) > 0.5) != bright) for s in (False, True)]
    assert wrong[0] == pytest.approx(0.12, abs=0.005) and wrong[1] == pytest.approx(0.07, abs=0.005)
