"""The data that a check draws are those of which its task speaks."""

import numpy as np

from lectures_lib.exercises import cases


def test_records_have_one_to_four_pulses():
    (task,) = cases("rnn-last-pulse")
    for records in (task.given["records"], task.inputs):
        noise = np.median(np.abs(records)) / 0.6745  # most samples have no pulse
        pulses = (np.abs(records[..., 0]) > 3.9 * noise).sum(axis=1)
        shares = np.bincount(pulses, minlength=8) / len(records)
        np.testing.assert_allclose(shares[1:5], 0.25, atol=0.05)


def test_records_of_unequal_lengths_are_as_long_as_said():
    (task,) = cases("lstm-unequal-lengths")
    for counts, lengths, width in (
        (task.given["counts"], range(30, 41), 40),
        (task.inputs, range(5, 41), 240),
    ):
        known = counts[..., 0] >= 0
        assert counts.shape[1] == width
        assert set(known.sum(axis=1)) == set(lengths)
        assert (np.diff(known.astype(int), axis=1) <= 0).all()  # padded behind
        assert (counts[~known] == -1).all()
