"""Tasks of growing memory: their statistics and physics, and the networks that are set on them."""

import keras
import numpy as np
import pytest
from scipy.signal import lsim

from lectures_lib import data
from lectures_lib.models import memory_network
from lectures_lib.recorded import load
from recipes import memory as recipe

SIZES = {"rnn": 17, "gru": 9, "lstm": 8}


def test_recall_asks_for_the_first_value_among_noise_of_the_same_kind():
    task = data.recall_series(series=4000, num_steps=6, seed=3)
    values, markers = task.inputs[..., 0], task.inputs[..., 1]
    np.testing.assert_array_equal(task.labels, values[:, 0])
    np.testing.assert_array_equal(markers, np.broadcast_to([1, 0, 0, 0, 0, 0], markers.shape))
    np.testing.assert_allclose(np.cov(values.T), np.eye(6) / 3, atol=0.03)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=0.03)
    assert values.min() >= -1
    assert values.max() <= 1


@pytest.mark.parametrize("num_steps", [2, 7, 12])
def test_adding_marks_one_value_in_each_half(num_steps):
    task = data.adding_series(series=4000, num_steps=num_steps, seed=2)
    values, markers = task.inputs[..., 0], task.inputs[..., 1]
    half = num_steps // 2
    assert np.isin(markers, [0, 1]).all()
    assert (markers[:, :half].sum(axis=1) == 1).all()
    assert (markers[:, half:].sum(axis=1) == 1).all()
    assert (markers.sum(axis=0) > 0).all()  # every step is marked somewhere
    np.testing.assert_allclose(task.labels, (values * markers).sum(axis=1), rtol=1e-6)
    assert task.labels.mean() == pytest.approx(1, abs=0.03)
    assert task.labels.var() == pytest.approx(1 / 6, abs=0.01)


@pytest.mark.parametrize("num_steps", [2, 7])
def test_a_record_has_one_pulse_in_its_first_half(num_steps):
    quiet = data.pulse_records(series=400, num_steps=num_steps, height_v=1.5, noise_v=0, seed=2)
    assert quiet.inputs.shape == (400, num_steps, 1)
    voltages = quiet.inputs[..., 0]
    row, place = np.nonzero(voltages)
    np.testing.assert_array_equal(row, range(400))
    assert set(place) == set(range(num_steps // 2))
    np.testing.assert_array_equal(voltages[row, place], np.where(quiet.labels == 1, 1.5, -1.5))
    assert quiet.labels.mean() == pytest.approx(0.5, abs=0.08)


def test_the_records_noise_has_its_standard_deviation():
    noisy = data.pulse_records(series=3000, num_steps=4, noise_v=0.2, seed=5).inputs[:, 2:]
    assert noisy.std() == pytest.approx(0.2, rel=0.03)
    with pytest.raises(ValueError, match="num_steps=1 has no first half"):
        data.pulse_records(series=3, num_steps=1)
    with pytest.raises(ValueError, match="noise_v=-1 is no standard deviation"):
        data.pulse_records(series=3, noise_v=-1)


def test_parity_is_the_product_of_signs():
    task = data.parity_series(series=500, num_steps=9, seed=4)
    signs = 1 - 2 * task.inputs
    np.testing.assert_array_equal(task.labels, np.cumprod(signs, axis=1))
    assert task.inputs.mean() == pytest.approx(0.5, abs=0.03)
    assert abs(task.labels[:, -1].mean()) < 0.1


@pytest.mark.parametrize("delay", [0, 3])
def test_delayed_temperature_solves_its_equation(delay):
    """SciPy solves 2 s T' = -T + 2 P for a power that is constant in between."""
    task = data.delayed_series(series=3, num_steps=15, delay=delay, noise_k=0.0, seed=1)
    for power, temperature in zip(task.inputs[..., 0], task.labels[..., 0], strict=True):
        held = np.append(power, 0.0)
        _, solution, _ = lsim(([2.0], [2.0, 1.0]), held, np.arange(16.0), interp=False)
        np.testing.assert_allclose(temperature[delay:], solution[1 : 16 - delay], atol=1e-6)
        np.testing.assert_array_equal(temperature[:delay], 0)


def test_thermometer_adds_noise_of_the_given_size():
    quiet, noisy = (
        data.delayed_series(series=500, num_steps=20, delay=2, noise_k=size, seed=5)
        for size in (0.0, 0.3)
    )
    np.testing.assert_array_equal(quiet.inputs, noisy.inputs)
    assert np.std(noisy.labels - quiet.labels) == pytest.approx(0.3, rel=0.03)
    assert set(np.unique(quiet.inputs)) == {-1, 1}


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (data.recall_series, {}),
        (data.adding_series, {}),
        (data.parity_series, {}),
        (data.delayed_series, {"delay": 1}),
    ],
)
def test_series_belong_to_their_seed_and_are_read_only(make, settings):
    first, same, other = (make(series=5, num_steps=4, seed=seed, **settings) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.inputs, same.inputs)
    assert not np.array_equal(first.inputs, other.inputs)
    assert first.inputs.dtype == first.labels.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        first.labels[0] = 0
    with pytest.raises(ValueError, match=r"series=0 .*1 or more"):
        make(series=0, num_steps=4, **settings)
    with pytest.raises(ValueError, match=r"num_steps=True .*1 or more"):
        make(series=5, num_steps=True, **settings)


def test_impossible_tasks_are_refused():
    with pytest.raises(ValueError, match=r"num_steps=1 .*two markers.*2 or more"):
        data.adding_series(series=5, num_steps=1)
    for delay in (-1, 1.5):
        with pytest.raises(ValueError, match=rf"delay={delay} .*0 or more"):
            data.delayed_series(series=5, num_steps=4, delay=delay)
    with pytest.raises(ValueError, match=r"noise_k=nan .*0 or more"):
        data.delayed_series(series=5, num_steps=4, delay=1, noise_k=np.nan)


@pytest.mark.parametrize("layer", SIZES)
def test_network_is_one_recurrent_and_one_dense_layer(layer):
    network = memory_network(layer, hidden=5, num_steps=4, features=3, learning_rate=0.02, seed=1)
    kinds = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
    recurrent = kinds[layer](5)
    recurrent.build((None, 4, 3))
    recurrent.set_weights(network.layers[0].get_weights())
    inputs = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    kernel, bias = network.layers[1].get_weights()
    expected = np.asarray(recurrent(inputs)) @ kernel + bias
    np.testing.assert_allclose(network(inputs), expected, atol=1e-6)
    assert float(network.optimizer.learning_rate) == pytest.approx(0.02)
    assert network.loss == "mean_squared_error"
    again, other = (
        memory_network(layer, hidden=5, num_steps=4, features=3, seed=seed) for seed in (1, 2)
    )
    for own, same, different in zip(
        network.get_weights(), again.get_weights(), other.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(own, same)
        assert np.array_equal(own, different) == (
            own.ndim == 1 or (layer == "gru" and len(own) == 2)
        )


def test_network_answers_at_every_step_or_with_classes():
    sizes = {"hidden": 5, "num_steps": 6}
    every = memory_network("rnn", **sizes, every_step=True)
    last = memory_network("rnn", **sizes)
    inputs = np.random.default_rng(0).normal(size=(3, 6, 1)).astype("float32")
    assert every(inputs).shape == (3, 6, 1)
    np.testing.assert_allclose(every(inputs)[:, -1], last(inputs), atol=1e-6)
    classifier = memory_network("lstm", **sizes, classes=4)
    np.testing.assert_allclose(np.sum(classifier(inputs), axis=1), 1, atol=1e-6)
    assert classifier(inputs).shape == (3, 4)
    assert classifier.loss == "sparse_categorical_crossentropy"


@pytest.mark.parametrize(("forget_bias", "expected"), [(None, 1.0), (0.0, 0.0), (3.5, 3.5)])
def test_forget_bias_is_that_of_the_second_block(forget_bias, expected):
    network = memory_network("lstm", hidden=3, num_steps=2, forget_bias=forget_bias)
    bias = network.layers[0].get_weights()[2]
    np.testing.assert_array_equal(bias, [0, 0, 0, *[expected] * 3, 0, 0, 0, 0, 0, 0])


def test_networks_that_cannot_be_built_are_refused():
    sizes = {"hidden": 3, "num_steps": 2}
    with pytest.raises(ValueError, match=r"layer='LSTM' .*\"rnn\", \"gru\" or \"lstm\""):
        memory_network("LSTM", **sizes)
    with pytest.raises(ValueError, match=r"forget_bias=1\.0 .*'gru'.*layer=\"lstm\""):
        memory_network("gru", **sizes, forget_bias=1.0)
    for name in ("hidden", "num_steps", "features", "classes"):
        with pytest.raises(ValueError, match=rf"{name}=-1 .*1 or more"):
            memory_network("rnn", **{**sizes, name: -1})
    with pytest.raises(ValueError, match=r"learning_rate=0 .*above 0"):
        memory_network("rnn", **sizes, learning_rate=0)


@pytest.mark.parametrize("task", recipe.LENGTHS)
def test_parts_of_a_task_share_no_series(task):
    parts = recipe.task_data(task, 4)
    sizes = [len(getattr(parts, part)) for part in recipe.SIZES]
    assert sizes == [2000, 500, 1000]
    assert not np.array_equal(parts.train.inputs[:500], parts.validation.inputs)
    assert not np.array_equal(parts.validation.inputs, parts.test.inputs[:500])
    every_step = task in ("delayed", "parity, every step")
    assert parts.test.labels.ndim == (3 if every_step else 2 if task == "parity" else 1)


def test_parity_at_the_end_is_the_last_of_every_step():
    end, every = (
        recipe.task_split(task, 5, series=20, seed=1) for task in ("parity", "parity, every step")
    )
    np.testing.assert_array_equal(end.labels, every.labels[:, -1])


@pytest.mark.parametrize(
    ("task", "shape"), [("recall", (200,)), ("delayed", (200, 6, 1)), ("parity", (200, 1))]
)
def test_scores_are_shares(task, shape):
    labels = np.random.default_rng(0).normal(size=shape)
    split = data.Split(np.zeros((200, 6, 1)), labels)
    counted = labels[:, 2:] if task == "delayed" else labels
    expected = np.square(counted - 0.3).mean() / np.square(counted - counted.mean()).mean()
    if task == "parity":
        expected = np.mean(labels > 0)
    assert recipe.score(task, 2, lambda inputs: np.full(shape, 0.3), split) == pytest.approx(
        expected
    )


@pytest.mark.parametrize("layer", SIZES)
def test_slopes_agree_with_differences(layer):
    network = memory_network(layer, hidden=4, num_steps=5, features=2, seed=2)
    split = data.recall_series(series=3, num_steps=5, seed=1)
    found = []
    for step in range(5):
        up, down = split.inputs.copy(), split.inputs.copy()
        up[:, step, 0] += 1e-2
        down[:, step, 0] -= 1e-2
        found.append(np.sqrt(np.mean((np.asarray(network(up) - network(down)) / 2e-2) ** 2)))
    ours = recipe.slopes(layer, network.get_weights(), split.inputs)
    np.testing.assert_allclose(ours, found, rtol=0.02, atol=1e-5)


def test_networks_of_a_task_are_clipped_and_open():
    parts = recipe.task_data("parity, every step", 6)
    settings = {"learning_rate": 0.02, "seed": 0}
    network = recipe.task_network(recipe.OPEN, 6, parts, clip=1.0, **settings)
    assert network.optimizer.global_clipnorm == 1
    assert network.output_shape == (None, 6, 1)
    bias = network.layers[0].get_weights()[2]
    np.testing.assert_allclose(bias[8:16], np.log(6), rtol=1e-6)
    free = recipe.task_network("rnn", 6, parts, clip=0.0, **settings)
    assert free.optimizer.global_clipnorm is None
    assert float(free.optimizer.learning_rate) == pytest.approx(0.02)


def test_networks_of_a_comparison_have_nearly_equal_numbers_of_weights():
    parts, settings = recipe.task_data("recall", 4), {"learning_rate": 0.01, "clip": 0, "seed": 0}
    counts = [
        recipe.task_network(layer, 4, parts, **settings).count_params() for layer in recipe.HIDDEN
    ]
    assert counts == [358, 361, 361, 361]


def test_gate_means_leave_out_the_first_step():
    inputs = data.recall_series(series=6, num_steps=3, seed=1).inputs
    network = memory_network("lstm", hidden=2, num_steps=3, features=2, forget_bias=50.0)
    means = recipe.gate_means("lstm", network, inputs)
    assert means["keeps"] == pytest.approx(1)
    assert 0.3 < means["writes"] < 0.7
    network = memory_network("gru", hidden=2, num_steps=3, features=2)
    kernel, recurrent_kernel, bias = network.layers[0].get_weights()
    kernel[:, :2] = recurrent_kernel[:, :2] = 0
    kernel[1, :2] = 50  # the marker opens the update gates, at the first step only
    network.layers[0].set_weights([kernel, recurrent_kernel, bias])
    means = recipe.gate_means("gru", network, inputs)
    assert means == pytest.approx({"keeps": 0.5, "writes": 0.5})


@pytest.mark.slow
def test_training_comes_out_again():
    length = recipe.LENGTHS["delayed"][-1]
    grid = {"learning_rate": [0.01], "clip": [0.0, 1.0], "seed": [3]}
    again, _ = recipe.train.func("delayed", "rnn", length, grid=grid, epochs=recipe.OTHER_EPOCHS)
    rows = load("memory_tasks").query("task == 'delayed' and layer == 'rnn' and length == @length")
    rows = rows[(rows["learning_rate"] == 0.01) & (rows["seed"] == 3)]
    np.testing.assert_allclose(
        rows[["validation", "test"]], again[["validation", "test"]], rtol=0.3
    )


def test_quiet_records_keep_the_value_and_the_marker():
    parts = recipe.task_data("recall", 4)
    quiet = recipe.quieten(parts, 0)
    first = parts.train.inputs[:, :1]
    np.testing.assert_array_equal(quiet.train.inputs[:, :1], first)
    np.testing.assert_array_equal(quiet.train.inputs[:, 1:], 0)
    np.testing.assert_array_equal(quiet.validation.labels, parts.validation.labels)
    half = recipe.quieten(parts, 0.5).validation.inputs
    np.testing.assert_allclose(half[:, 1:, 0], parts.validation.inputs[:, 1:, 0] / 2)
