"""Windows hold the right values, the parts share none, and the scaler sees the train part only."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from lectures_lib.data import (
    make_windows,
    noisy_sine,
    split_in_time,
    split_known,
    switched_oscillator,
)

PARTS = ("train", "validation", "test")


def parts_of(dataset):
    return [getattr(dataset, part) for part in PARTS]


@pytest.mark.parametrize(("num_steps", "horizon"), [(1, 1), (4, 1), (3, 5), (2, 9), (9, 2)])
def test_a_series_that_is_its_own_index(num_steps, horizon):
    windows = make_windows(np.arange(11), num_steps=num_steps, horizon=horizon)
    assert len(windows) == 11 - num_steps - horizon + 1
    for i, (inputs, label) in enumerate(zip(windows.inputs, windows.labels, strict=True)):
        assert inputs[:, 0].tolist() == list(range(i, i + num_steps))
        assert label == i + num_steps - 1 + horizon


def test_features_stay_together_and_the_first_is_predicted():
    series = np.arange(7)[:, np.newaxis] + [0, 100, 200]  # the hundreds are the feature
    windows = make_windows(series, num_steps=2, horizon=3)
    assert windows.inputs.tolist() == [
        [[0, 100, 200], [1, 101, 201]],
        [[1, 101, 201], [2, 102, 202]],
        [[2, 102, 202], [3, 103, 203]],
    ]
    assert windows.labels.tolist() == [4, 5, 6]


def test_arrays_suit_keras_and_belong_to_nobody_else():
    series = np.linspace(0, 1, 9)
    for split in (
        make_windows(series, num_steps=3),
        *parts_of(split_in_time(series, train=3, validation=3, num_steps=2)),
    ):
        for array in (split.inputs, split.labels):
            assert array.dtype == "float32"
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 7
    series[:] = -1  # still the caller's, and no longer that of the windows
    assert split.labels.min() > 0


@pytest.mark.parametrize("features", [(), (1,), (3,)])
def test_parts_are_consecutive_and_share_no_value(features):
    size = 23 * int(np.prod(features))
    series = np.arange(size).reshape(23, *features)
    parts = split_in_time(series, train=9, validation=6, num_steps=3, horizon=2)
    first = series.reshape(23, -1)[:, 0]
    stretches = np.split(np.arange(23), [9, 15])
    used = []
    for part, times in zip(parts_of(parts), stretches, strict=True):
        expected = make_windows(series[times], num_steps=3, horizon=2)
        np.testing.assert_array_equal(part.inputs, expected.inputs)
        np.testing.assert_array_equal(part.labels, first[times[4:]])
        used.append({*part.inputs.ravel().tolist(), *part.labels.tolist()})
    assert not (used[0] & used[1] or used[1] & used[2] or used[0] & used[2])


def test_scaler_is_fitted_on_the_train_part_only():
    rng = np.random.default_rng(4)
    series = rng.normal([5, -3], [2, 0.5], size=(40, 2))
    series[20:] += 1000  # would move the mean if the scaler saw it
    scaler = StandardScaler()
    parts = split_in_time(series, train=20, validation=8, num_steps=4, scaler=scaler)
    mean, deviation = series[:20].mean(axis=0), series[:20].std(axis=0)
    np.testing.assert_allclose(parts.test.inputs[0], (series[28:32] - mean) / deviation, rtol=1e-6)
    expected = (series[24:28, 0] - mean[0]) / deviation[0]
    np.testing.assert_allclose(parts.validation.labels, expected, rtol=1e-6)
    np.testing.assert_allclose(parts.train.labels, (series[4:20, 0] - mean[0]) / deviation[0],
                               rtol=1e-5)  # fmt: skip
    # The caller's own scaler, to go back to the units of the series.
    back = scaler.inverse_transform(parts.train.inputs[3])
    np.testing.assert_allclose(back, series[3:7], rtol=1e-5)


def test_one_window_in_each_part_is_enough():
    parts = split_in_time(np.arange(12), train=4, validation=4, num_steps=3)
    assert [part.labels.tolist() for part in parts_of(parts)] == [[3], [7], [11]]


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        (np.arange(6), {"num_steps": 5, "horizon": 2}, "has 6 times.*need at least 7"),
        (np.arange(0), {"num_steps": 1}, "has 0 times.*need at least 2"),
        (np.zeros((2, 3, 4)), {"num_steps": 1}, r"\(2, 3, 4\).*one series at a time"),
        (np.float64(3), {"num_steps": 1}, r"shape \(\)"),
        (np.zeros((5, 0)), {"num_steps": 1}, r"\(5, 0\)"),
        ([0, 1, np.nan, np.inf, 4], {"num_steps": 1}, "at 2 of 5 times, the first at index 2"),
        (np.array([[0, 1], [0, np.nan]]), {"num_steps": 1}, "at 1 of 2 times.*index 1"),
        (np.arange(6), {"num_steps": 0}, "num_steps=0.*1 or more"),
        (np.arange(6), {"num_steps": 2.0}, "num_steps=2.0"),
        (np.arange(6), {"num_steps": True}, "num_steps=True"),
        (np.arange(6), {"num_steps": 2, "horizon": 0}, "horizon=0"),
    ],
)
def test_what_cannot_be_cut(series, options, message):
    with pytest.raises(ValueError, match=message):
        make_windows(series, **options)


@pytest.mark.parametrize(
    ("train", "validation", "message"),
    [
        (4, 8, "the train part has 4 times.*need at least 5"),
        (8, 4, "the validation part has 4 times"),
        (10, 6, "Of 20 times, the test part has 4 times"),
        (10, 10, "the test part has 0 times"),
        (15, 15, "the test part has 0 times"),
        (0, 10, "train=0"),
        (10, 0.5, "validation=0.5"),
    ],
)
def test_parts_that_are_too_short(train, validation, message):
    with pytest.raises(ValueError, match=message):
        split_in_time(np.arange(20), train=train, validation=validation, num_steps=3, horizon=2)


def test_gaps_are_found_in_every_part():
    series = np.arange(20.0)
    series[17] = np.nan
    with pytest.raises(ValueError, match="index 17"):
        split_in_time(series, train=10, validation=5, num_steps=2)


def test_noise_is_uniform_above_the_sine():
    series = noisy_sine(times=40_000, noise=3.0, seed=5)
    noise = series - np.sin(np.arange(40_000) / 50)
    assert 0 <= noise.min() < 0.001
    assert 2.999 < noise.max() < 3
    assert noise.mean() == pytest.approx(1.5, abs=0.02)
    assert noise.var() == pytest.approx(9 / 12, rel=0.02)
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.02


def test_the_seed_decides_the_noise():
    series = noisy_sine(times=50, seed=2)
    np.testing.assert_array_equal(series, noisy_sine(times=60, seed=2)[:50])
    assert np.abs(series - noisy_sine(times=50, seed=3)).max() > 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [({"times": 0}, "times=0"), ({"noise": -1.0}, "noise=-1.0"), ({"noise": np.nan}, "noise=nan")],
)
def test_what_is_no_noisy_sine(options, message):
    with pytest.raises(ValueError, match=message):
        noisy_sine(**options)


def test_known_values_are_split_without_a_common_label():
    series = np.arange(20.0) ** 2
    parts = split_known(series, known=12, num_steps=3)
    np.testing.assert_array_equal(parts.train.labels, series[3:11])
    np.testing.assert_array_equal(parts.validation.labels, series[11:12])
    np.testing.assert_array_equal(parts.test.labels, series[12:])
    np.testing.assert_array_equal(parts.train.inputs[-1, :, 0], series[7:10])
    np.testing.assert_array_equal(parts.test.inputs[0, :, 0], series[9:12])


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (3, r"known=3 of 9 values with num_steps=2 leaves .* from 4 to 8\."),
        (9, "known=9 of 9 values"),
        (2.5, "known=2.5 is not a whole number above 0"),
    ],
)
def test_too_few_or_too_many_known_values(known, message):
    with pytest.raises(ValueError, match=message):
        split_known(np.arange(9.0), known=known)


def test_springs_are_those_of_the_last_command():
    records = switched_oscillator(series=7, times=90, switch=0.1, seed=4)
    commands = records.inputs[..., 1]
    assert (commands[:, 0] != 0).all()
    for own, springs in zip(commands, records.springs, strict=True):
        last = None
        for command, spring in zip(own, springs, strict=True):
            last = command or last
            assert spring == last
    assert set(np.unique(commands)) == {-1, 0, 1}


def test_oscillator_follows_its_equation_of_motion():
    from scipy.integrate import solve_ivp

    records = switched_oscillator(series=2, times=60, switch=0.15, noise=0, seed=1)
    strikes = records.inputs[..., 0]
    assert (np.diff(records.springs) != 0).any(axis=1).all()
    for own, springs, positions in zip(strikes, records.springs, records.positions, strict=True):
        x = v = 0.0
        for strike, spring, position in zip(own, springs, positions, strict=True):
            omega = 2 * np.pi / (12 if spring < 0 else 6)
            constant = omega**2 + 1 / 8**2

            def change(_, state, constant=constant):
                return state[1], -2 / 8 * state[1] - constant * state[0]

            x, v = solve_ivp(change, (0, 1), (x, v + strike), rtol=1e-9, atol=1e-9).y[:, -1]
            assert position == pytest.approx(x, abs=1e-6)


def test_strikes_commands_and_noise_are_as_often_and_as_large_as_asked():
    sizes = {"series": 300, "times": 100, "seed": 2}
    quiet = switched_oscillator(**sizes, switch=0.05, noise=0)
    noisy = switched_oscillator(**sizes, switch=0.05, noise=0.3)
    np.testing.assert_array_equal(quiet.inputs, noisy.inputs)
    assert np.std(noisy.positions - quiet.positions) == pytest.approx(0.3, rel=0.02)
    strikes, commands = quiet.inputs[:, 1:].reshape(-1, 2).T
    assert np.mean(strikes != 0) == pytest.approx(1 / 12, abs=0.005)
    assert np.std(strikes[strikes != 0]) == pytest.approx(1, abs=0.05)
    assert np.mean(commands != 0) == pytest.approx(0.05, abs=0.005)
    assert abs(quiet.springs[:, 0].mean()) < 0.2
    never = switched_oscillator(**sizes, switch=0)
    assert (never.springs == never.inputs[:, :1, 1]).all()
    other = switched_oscillator(series=300, times=100, switch=0.05, noise=0, seed=3)
    assert not np.array_equal(other.springs, quiet.springs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"series": 0}, "series=0 of times=150 leave no record"),
        ({"times": -1}, "series=64 of times=-1 leave no record"),
        ({"switch": 1.1}, "switch=1.1 is no probability"),
        ({"switch": float("nan")}, "switch=nan is no probability"),
        ({"noise": -0.1}, "noise=-0.1 is no size of a noise"),
    ],
)
def test_what_is_no_switched_oscillator(options, message):
    with pytest.raises(ValueError, match=message):
        switched_oscillator(**options)
