"""Series cut into windows: some steps as inputs, a later value as label."""

import numpy as np

from lectures_lib.data.splits import Dataset, as_numbers, check_positive, read_only

__all__ = ["make_windows", "split_in_time", "split_known"]


def make_windows(series, *, num_steps, horizon=1):
    """Cut a series into all its windows, each with the value that is to be predicted from it.

    Window `i` holds `series[i : i + num_steps]`. Its label is
    `series[i + num_steps - 1 + horizon]`, `horizon` steps after the last input. Nothing is padded.

    Args:
        series: Array of shape `(times,)` or `(times, features)`, at equal distances in time.
        num_steps: Times in a window.
        horizon: Steps from the last input to the label.

    Returns:
        A `Split` of `times - num_steps - horizon + 1` windows. Inputs have the shape
        `(windows, num_steps, features)`, labels `(windows,)`, of the first feature. Both are
        float32, in the units of the series, and read-only.

    Raises:
        ValueError: If the series has another shape, contains what is no finite number, or is too
            short for one window; if a number of steps is not a positive integer.

    >>> windows = make_windows(np.arange(6), num_steps=3, horizon=2)
    >>> windows.inputs[:, :, 0].tolist(), windows.labels.tolist()
    ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [4.0, 5.0])
    """
    check_positive(num_steps=num_steps, horizon=horizon)
    series = _checked(series)
    _check_length(len(series), "The series", num_steps, horizon)
    return _windows(series, num_steps, horizon)


def split_in_time(series, *, train, validation, num_steps, horizon=1, scaler=None):
    """Cut a series into three consecutive stretches, and each of them into windows.

    A window never crosses a border, so no value of the series is in two parts.

    Args:
        series: Array of shape `(times,)` or `(times, features)`, at equal distances in time.
        train, validation: Times in the first and in the second stretch; the rest is for testing.
        num_steps, horizon: As in `make_windows`.
        scaler: A transformer of scikit-learn, such as `StandardScaler()`. It is fitted in place,
            on the train stretch only, and applied to all three.

    Returns:
        A `Dataset` without classes, of `stretch - num_steps - horizon + 1` windows each, as
        `make_windows` gives them; scaled, if there is a scaler.

    Raises:
        ValueError: As in `make_windows`, for each stretch.

    >>> parts = split_in_time(np.arange(12), train=5, validation=3, num_steps=2)
    >>> [part.labels.tolist() for part in (parts.train, parts.validation, parts.test)]
    [[2.0, 3.0, 4.0], [7.0], [10.0, 11.0]]
    """
    check_positive(num_steps=num_steps, horizon=horizon, train=train, validation=validation)
    series = _checked(series)
    stretches = np.split(series, [train, train + validation])
    lengths = train, validation, len(series) - train - validation
    for name, length in zip(("train", "validation", "test"), lengths, strict=True):
        _check_length(length, f"Of {len(series)} times, the {name} part", num_steps, horizon)
    if scaler is not None:
        scaler.fit(stretches[0])
        stretches = [scaler.transform(stretch) for stretch in stretches]
    splits = (_windows(stretch, num_steps, horizon) for stretch in stretches)
    return Dataset(*splits, class_names=(), name="series")


def split_known(series, *, known, num_steps=2):
    """Split the windows of a short series, of which only the first values are known.

    Where every value counts, windows may share their inputs, but no label is in two parts.

    Args:
        series: Array of shape `(times,)`, at equal distances.
        known: Values to learn from. Of their windows the last one is for validation.
        num_steps: Times in a window.

    Returns:
        A `Dataset` without classes, of `known - num_steps - 1` windows to train on, one to
        validate, and for each later value one to test.

    Raises:
        ValueError: As in `make_windows`; if `known` leaves nothing to train on or to test.

    >>> parts = split_known(np.arange(9), known=6)
    >>> [part.labels.tolist() for part in (parts.train, parts.validation, parts.test)]
    [[2.0, 3.0, 4.0], [5.0], [6.0, 7.0, 8.0]]
    """
    check_positive(known=known)
    windows = make_windows(series, num_steps=num_steps)
    if not num_steps + 2 <= known < len(series):
        raise ValueError(
            f"known={known} of {len(series)} values with num_steps={num_steps} leaves nothing to "
            f"train on or to test. Pass a number from {num_steps + 2} to {len(series) - 1}."
        )
    borders = [known - num_steps - 1, known - num_steps]
    parts = zip(np.split(windows.inputs, borders), np.split(windows.labels, borders), strict=True)
    return Dataset(*(read_only(*part) for part in parts), class_names=(), name="series")


def _windows(series, num_steps, horizon):
    """Return the windows of a series of shape `(times, features)`."""
    views = np.lib.stride_tricks.sliding_window_view(series[:-horizon], num_steps, axis=0)
    inputs = np.ascontiguousarray(views.swapaxes(1, 2), dtype="float32")  # time before features
    return read_only(inputs, series[num_steps - 1 + horizon :, 0].astype("float32"))


def _checked(series):
    """Return a series as float64 array of shape `(times, features)`."""
    series = as_numbers(series, name="The series").astype("float64")
    if series.ndim not in (1, 2) or (series.ndim == 2 and series.shape[1] == 0):
        raise ValueError(
            f"The series has the shape {series.shape}, but (times,) or (times, features) is "
            "needed. Pass one series at a time."
        )
    series = series[:, np.newaxis] if series.ndim == 1 else series
    finite = np.isfinite(series).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"The series is not finite at {np.sum(~finite)} of {len(series)} times, the first at "
            f"index {np.argmin(finite)}. Fill the gaps, or cut the series there."
        )
    return series


def _check_length(times, what, num_steps, horizon):
    """Raise ValueError if a stretch is too short for one window and its label."""
    if times < num_steps + horizon:
        raise ValueError(
            f"{what} has {max(times, 0)} times, but num_steps={num_steps} and horizon={horizon} "
            f"need at least {num_steps + horizon}. Shorten the window, or pass a longer part."
        )
