"""A forecast is what `model.predict` gives, step after step."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from lectures_lib.models import series_rnn
from lectures_lib.training import forecast

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(3)


def with_random_weights(model):
    model.set_weights([RNG.normal(0, 0.4, weight.shape) for weight in model.weights])
    return model


def model_of(num_steps, features):
    """Return a network with two recurrent layers, dropout and random weights, biases too."""
    body = [
        keras.layers.Dropout(0.5),
        keras.layers.SimpleRNN(5, return_sequences=True),
        keras.layers.GRU(4),
        keras.layers.Dense(features),
    ]
    return with_random_weights(keras.Sequential([keras.Input((num_steps, features)), *body]))


def step_by_step(model, start, steps):
    """Continue one series by `model.predict`; start: `(num_steps, features)`."""
    values = list(start)
    for _ in range(steps):
        window = np.array(values[-len(start) :])[np.newaxis]
        values.append(model.predict(window, verbose=0)[0])
    return np.array(values[len(start) :])


def test_one_series():
    model = with_random_weights(series_rnn(num_steps=3, hidden=7, layers=2))
    known = RNG.normal(size=8)
    expected = step_by_step(model, known[-3:, None], 5)[:, 0]
    for start in (known, known[-3:].tolist()):
        found = forecast(model, start, steps=5)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(np.diff(expected)).min() > 1e-3


def test_several_series_and_features():
    model = model_of(4, 3)
    start = RNG.normal(size=(2, 6, 3))
    expected = [step_by_step(model, series[-4:], 7) for series in start]
    np.testing.assert_allclose(forecast(model, start, steps=7), expected, atol=1e-5)
    single = model_of(4, 1)
    expected = [step_by_step(single, series[:, None], 2)[:, 0] for series in start[:, :4, 0]]
    np.testing.assert_allclose(forecast(single, start[:, :4, 0], steps=2), expected, atol=1e-5)


def test_the_next_forecast_uses_the_new_weights():
    model = model_of(2, 1)
    before = forecast(model, [0.5, 0.1], steps=3)
    with_random_weights(model)
    after = forecast(model, [0.5, 0.1], steps=3)
    expected = step_by_step(model, np.array([[0.5], [0.1]]), 3)[:, 0]
    np.testing.assert_allclose(after, expected, atol=1e-6)
    assert np.abs(after - before).max() > 0.01


def test_a_forecast_does_not_keep_its_model_alive():
    model = model_of(2, 1)
    forecast(model, [0.5, 0.1], steps=1)
    reference = weakref.ref(model)
    del model
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize(
    ("start", "steps", "text"),
    [
        ([1.0], 2, "start has 1 times and 1 features, but the model reads 2 times and 1"),
        (np.zeros((2, 4, 3)), 2, "has 4 times and 3 features, but the model reads 2 times and 1"),
        (
            np.zeros((20, 1)), 2,
            r"has 1 times and .* reads 2 times .* The shape \(20, 1\) is read as \(series, times\)"
            r": for one series pass start\[np\.newaxis\], or start\[:, 0\]\.",
        ),
        (np.zeros((1, 1, 2, 1)), 2, r"start has the shape \(1, 1, 2, 1\)\. Pass \(times,\)"),
        (1.0, 2, r"start has the shape \(\)"),
        ([], 2, r"start has the shape \(0,\)"),
        ([0.0, np.nan], 2, "not finite. Pass a series without gaps"),
        ([0.0, 1.0], 0, "steps=0 is not a number of steps ahead. Pass a positive integer"),
        ([0.0, 1.0], 1.5, "steps=1.5 is not"),
    ],
)  # fmt: skip
def test_starts_that_do_not_fit_are_refused(start, steps, text):
    with pytest.raises(ValueError, match=text):
        forecast(series_rnn(hidden=2), start, steps=steps)


def test_a_series_of_several_features_is_told_from_several_series():
    with pytest.raises(ValueError, match=r"for one series pass start\[np\.newaxis\]\.$"):
        forecast(model_of(4, 3), np.zeros((9, 3)), steps=2)


def test_a_column_may_be_many_series_of_one_time():
    model, start = model_of(1, 1), RNG.normal(size=(5, 1))
    expected = [step_by_step(model, series[:, None], 2)[:, 0] for series in start]
    np.testing.assert_allclose(forecast(model, start, steps=2), expected, atol=1e-5)


def test_models_for_any_length_read_all_times():
    model, known = model_of(None, 1), RNG.normal(size=6)
    for start in (known, known[2:]):  # the second length with the program of the first
        expected = step_by_step(model, start[:, None], 3)[:, 0]
        np.testing.assert_allclose(forecast(model, start, steps=3), expected, atol=1e-5)


def test_models_that_were_built_by_a_call_read_any_number_of_series():
    model = keras.Sequential([keras.layers.GRU(3), keras.layers.Dense(1)])
    model(np.zeros((3, 4, 1)))
    known = RNG.normal(size=4)
    expected = step_by_step(with_random_weights(model), known[:, None], 2)[:, 0]
    np.testing.assert_allclose(forecast(model, known, steps=2), expected, atol=1e-5)


def test_models_without_shapes_are_refused():
    unbuilt = keras.Sequential([keras.layers.GRU(1)])
    with pytest.raises(ValueError, match=r"Begin it with keras\.Input\(\(num_steps, features\)\)"):
        forecast(unbuilt, [0, 1], steps=2)


def test_models_that_predict_something_else_are_refused():
    classes = keras.Sequential([keras.Input((2, 1)), keras.layers.GRU(3)])
    with pytest.raises(ValueError, match=r"from \(None, 2, 1\) to \(None, 3\), so its predictions"):
        forecast(classes, [0, 1], steps=2)


def test_forecasts_of_many_models_raise_no_warning(caplog):
    """TensorFlow warns in its own log, not by Python's warnings."""
    tf.get_logger().addHandler(caplog.handler)
    for seed in range(8):
        forecast(series_rnn(hidden=2, seed=seed), [0.0, 1.0], steps=2)
    tf.get_logger().removeHandler(caplog.handler)
    assert caplog.text == ""
