"""The models have the architecture, the penalty and the seed that their keywords ask for."""

import collections

import keras
import numpy as np
import pytest

from lectures_lib import models
from lectures_lib.from_scratch import conv2d, gru, lstm
from lectures_lib.models import digits_cnn, digits_dense, digits_linear

pytestmark = pytest.mark.slow

BUILDERS = [digits_cnn, digits_dense, digits_linear]


def counts(model):
    return {layer.name: layer.count_params() for layer in model.layers}


def test_cnn_parameters():
    model = digits_cnn()
    assert model.count_params() == 8660
    assert counts(model) == {
        "convolution": 10 * (3 * 3 + 1),
        "pooling": 0,
        "flatten": 0,
        "hidden": (4 * 4 * 10) * 50 + 50,
        "output": 50 * 10 + 10,
    }


def test_cnn_sizes_enter_where_they_belong():
    model = digits_cnn(filters=3, kernel_size=5, hidden=7)
    assert {layer.name: layer.output.shape[1:] for layer in model.layers} == {
        "convolution": (8, 8, 3),
        "pooling": (4, 4, 3),
        "flatten": (48,),
        "hidden": (7,),
        "output": (10,),
    }
    assert counts(model)["convolution"] == 3 * (5 * 5 + 1)


def test_dense_is_the_nearest_in_size():
    distance = {
        hidden: abs(digits_dense(hidden=hidden).count_params() - 8660) for hidden in (114, 115, 116)
    }
    assert min(distance, key=distance.get) == 115
    assert digits_dense().count_params() == 8660 - distance[115] == 65 * 115 + 116 * 10
    assert list(counts(digits_dense())) == ["flatten", "hidden", "output"]


def test_linear_parameters():
    assert counts(digits_linear()) == {"flatten": 0, "output": 650}


@pytest.mark.parametrize("build", BUILDERS)
def test_outputs_are_probabilities(build):
    images = np.random.default_rng(0).uniform(size=(5, 8, 8, 1)).astype("float32")
    probabilities = np.asarray(build()(images))
    assert probabilities.shape == (5, 10)
    assert probabilities.min() > 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def test_cnn_layers_compute_what_they_say():
    """The same forward pass from loops: cross-correlation, zero padding, maximum, ReLU, softmax."""
    model = digits_cnn(filters=2, kernel_size=3, hidden=4, seed=3)
    rng = np.random.default_rng(1)
    weights = [rng.normal(scale=0.5, size=array.shape) for array in model.get_weights()]
    model.set_weights(weights)
    image = rng.normal(size=(8, 8))  # also negative, so that ReLU has something to cut
    K, b, W_h, b_h, W_o, b_o = weights
    padded = np.pad(image, 1)
    maps = np.empty((8, 8, 2))
    for i in range(8):
        for j in range(8):
            maps[i, j] = np.tensordot(padded[i : i + 3, j : j + 3], K[:, :, 0], axes=2) + b
    corners = [(2 * i, 2 * j) for i in range(4) for j in range(4)]
    pooled = np.array([maps[i : i + 2, j : j + 2].max(axis=(0, 1)) for i, j in corners])
    assert (pooled < 0).any()
    pooled = np.maximum(pooled, 0)  # the maximum of ReLU is ReLU of the maximum
    hidden = np.maximum(pooled.ravel() @ W_h + b_h, 0)
    scores = np.exp(hidden @ W_o + b_o)
    got = np.asarray(model(image[None, :, :, None].astype("float32")))[0]
    np.testing.assert_allclose(got, scores / scores.sum(), rtol=1e-4)


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("l2", [0.0, 0.03])
def test_loss_is_cross_entropy_plus_penalty(build, l2):
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(20, 8, 8, 1)).astype("float32")
    labels = rng.integers(0, 10, size=20)
    model = build(l2=l2, seed=1)
    # Biases that are not zero: they must not be penalised.
    model.set_weights([w + 0.1 if w.ndim == 1 else w for w in model.get_weights()])
    probabilities = np.asarray(model(images))
    cross_entropy = -np.log(probabilities[np.arange(20), labels]).mean()
    penalty = l2 * sum((w.astype("float64") ** 2).sum() for w in model.get_weights() if w.ndim > 1)
    scores = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert scores["loss"] == pytest.approx(cross_entropy + penalty, rel=1e-5)
    assert scores["accuracy"] == pytest.approx(np.mean(probabilities.argmax(axis=1) == labels))


@pytest.mark.parametrize("build", BUILDERS)
def test_seed_decides_the_weights(build):
    first, again, other = build(seed=4), build(seed=4), build(seed=5)
    for a, b, c in zip(*(m.get_weights() for m in (first, again, other)), strict=True):
        np.testing.assert_array_equal(a, b)
        if a.ndim > 1:
            assert not np.array_equal(a, c)


@pytest.mark.parametrize("build", BUILDERS)
def test_one_step_is_plain_gradient_descent(build):
    """With all images black and equal labels, the output biases move by a known gradient."""
    images, labels = np.zeros((6, 8, 8, 1), "float32"), np.full(6, 3)
    model = build(learning_rate=0.25, seed=2)
    for _ in range(2):  # a momentum would show in the second step
        probabilities = np.asarray(model(images[:1]))[0]
        before = model.get_layer("output").get_weights()[1]
        model.train_on_batch(images, labels)
        after = model.get_layer("output").get_weights()[1]
        expected = before - 0.25 * (probabilities - np.eye(10)[3])
        np.testing.assert_allclose(after, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "settings", "text"),
    [
        (digits_cnn, {"filters": 0}, "filters=0 is not a whole number above 0"),
        (digits_cnn, {"kernel_size": 2.5}, "kernel_size=2.5 is not a whole number above 0"),
        (digits_cnn, {"hidden": -3}, "hidden=-3 is not a whole number above 0"),
        (digits_cnn, {"hidden": True}, "hidden=True is not a whole number above 0"),
        (digits_dense, {"hidden": "50"}, "hidden='50' is not a whole number above 0"),
        (digits_cnn, {"l2": -1e-3}, "l2=-0.001 would reward"),
        (digits_dense, {"l2": float("nan")}, "l2=nan would reward"),
        (digits_linear, {"l2": -1}, "l2=-1 would reward"),
        (digits_cnn, {"learning_rate": 0}, "learning_rate=0 .* above 0"),
        (digits_dense, {"learning_rate": -0.1}, "learning_rate=-0.1 .* above 0"),
        (digits_linear, {"learning_rate": 0.0}, "learning_rate=0.0 .* above 0"),
    ],
)
def test_errors_say_what_is_wrong(build, settings, text):
    with pytest.raises(ValueError, match=text):
        build(**settings)


def test_numpy_integers_are_sizes():
    assert digits_cnn(filters=np.int64(2)).get_layer("convolution").output.shape[-1] == 2


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_cifar_cnn_is_that_of_the_lecture():
    model = models.cifar_cnn()
    pooled = ["Conv2D", "MaxPooling2D"]
    assert kinds(model) == [*pooled, *pooled, "Conv2D", "Flatten", "Dense", "Dense"]
    shapes = [layer.output.shape[1:] for layer in model.layers]
    assert shapes[:5] == [(30, 30, 32), (15, 15, 32), (13, 13, 64), (6, 6, 64), (4, 4, 64)]
    assert [n for n in counts(model).values() if n] == [896, 18_496, 36_928, 65_600, 650]
    assert model.count_params() == 122_570
    assert type(model.optimizer) is keras.optimizers.Adam and float(
        model.optimizer.learning_rate
    ) == (pytest.approx(1e-3))


def test_the_residual_network_adds_normalises_and_pools():
    """Compare its logits with a loop over stages from scratch, weights and averages drawn."""
    model = models.cifar_residual(classes=7, seed=1)
    rng = np.random.default_rng(2)
    values = [rng.normal(scale=0.2, size=w.shape) for w in model.get_weights()]
    values = [np.abs(v) + 0.5 if w.path.endswith("variance") else v
              for v, w in zip(values, model.weights, strict=True)]  # fmt: skip
    model.set_weights(values)
    images = rng.uniform(size=(2, 32, 32, 3))
    left = [value.astype("float32") for value in values]

    def convolve(x, stride):
        kernel, gamma, beta, mean, variance = (left.pop(0) for _ in range(5))
        # "same" with stride 2 and an even size adds one zero, at the end.
        edges = (0, 1) if stride == 2 else (1, 1)
        padded = np.pad(x, ((0, 0), edges, edges, (0, 0)))
        return (
            gamma * (conv2d(padded, kernel, stride=stride) - mean) / np.sqrt(variance + 1e-3) + beta
        )

    x = images
    for filters in (24, 48, 64):
        x = np.maximum(convolve(x, 2), 0)
        assert x.shape[-1] == filters
        x = np.maximum(x + convolve(x, 1), 0)
    kernel, bias = left
    expected = x.mean(axis=(1, 2)) @ kernel + bias
    logits = model(images.astype("float32"), training=False)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "parameters", "taken_out"),
    [
        ({"residual": False}, 103_186, {"Add": 3}),
        ({"batch_norm": False}, 102_098 + 272, {"BatchNormalization": 6}),
        ({"global_pooling": False}, 103_186 + 960 * 10, {"GlobalAveragePooling2D": 1}),
        ({"augment": False}, 103_186, {"RandomFlip": 1, "RandomTranslation": 1}),
        ({"classes": 7}, 103_186 - 3 * 65, {}),
    ],
)
def test_options_of_the_residual_network_take_out_one_idea_each(options, parameters, taken_out):
    whole, model = models.cifar_residual(), models.cifar_residual(**options)
    assert model.count_params() == parameters
    before, after = (
        collections.Counter(type(step).__name__ for step in network.operations)
        for network in (whole, model)
    )
    assert before - after == taken_out


def test_the_lectures_network_can_be_normalised_and_augmented():
    model = models.cifar_cnn(batch_norm=True, augment=True)
    convolved = ["Conv2D", "BatchNormalization", "ReLU"]
    pooled = [*convolved, "MaxPooling2D"]
    body = [*pooled, *pooled, *convolved, "Flatten", "Dense", "Dense"]
    assert kinds(model) == ["RandomFlip", "RandomTranslation", *body]
    # 160 biases give way to scales, offsets and two averages each.
    assert model.count_params() == models.cifar_cnn().count_params() + 3 * 160
    steps = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    assert {layer.momentum for layer in steps} == {0.9}


CIFAR = [models.cifar_cnn, models.cifar_dense, models.cifar_residual]


@pytest.mark.parametrize("build", CIFAR)
def test_cifar_networks_return_logits(build):
    images = np.random.default_rng(0).uniform(size=(3, 32, 32, 3)).astype("float32")
    model = build(seed=2)
    logits = np.asarray(model(images, training=False))
    assert logits.shape == (3, 10)
    assert logits.min() < 0 and not np.allclose(logits.sum(axis=1), 1)
    labels = np.array([3, 0, 9])
    direct = np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[range(3), labels])
    loss = model.evaluate(images, labels, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(direct, rel=1e-5)
    again, other = (np.asarray(build(seed=seed)(images, training=False)) for seed in (2, 3))
    np.testing.assert_array_equal(again, logits)
    assert not np.allclose(other, logits)


def test_augmentation_moves_and_mirrors_in_training_only():
    model = models.cifar_residual()
    image = np.zeros((1, 32, 32, 3), "float32")
    image[0, 16, 4] = 1.0
    augment = model.layers[1:3]

    def seen(training):
        values = image
        for layer in augment:
            values = layer(values, training=training)
        return np.asarray(values)

    np.testing.assert_array_equal(seen(False), image)
    columns = {int(seen(True)[0, :, :, 0].sum(axis=0).argmax()) for _ in range(40)}
    assert min(columns) < 16 < max(columns)  # mirrored or not
    assert len(columns) > 4 and all(min(abs(c - 4), abs(c - 27)) <= 3 for c in columns)


@pytest.mark.parametrize("build", [models.cifar_cnn, models.cifar_residual])
def test_a_falling_learning_rate_ends_at_zero(build):
    rate = build(learning_rate=0.01, decay_steps=20).optimizer._learning_rate
    assert [float(rate(step)) for step in (0, 10, 20)] == pytest.approx([0.01, 0.005, 0])


@pytest.mark.parametrize("build", CIFAR)
def test_cifar_networks_refuse_a_learning_rate_of_zero(build):
    with pytest.raises(ValueError, match="learning_rate=0 does not descend"):
        build(learning_rate=0)


def test_recurrent_networks_of_the_lecture():
    """Parameters as the lecture prints them, and layers that are what they say."""
    sine = models.sine_rnn(one_step=True)
    assert sine.count_params() == 1457
    assert counts(sine) == {"one_step": 0, "recurrent": 1184, "hidden": 264, "output": 9}
    assert models.sine_rnn(num_steps=7, hidden=3).count_params() == 3 * 5 + 4 * 8 + 9
    assert models.series_rnn().count_params() == 40_601
    two = models.series_rnn(hidden=500, layers=2, activation="sigmoid")
    assert two.count_params() == 752_001
    settings = [(layer.activation.__name__, layer.return_sequences) for layer in two.layers[:2]]
    assert settings == [("sigmoid", True), ("sigmoid", False)]
    kinds = type(sine.optimizer), type(two.optimizer)
    assert kinds == (keras.optimizers.RMSprop, keras.optimizers.Adam)
    assert float(models.series_rnn(learning_rate=0.02).optimizer.learning_rate) == np.float32(0.02)


def test_gated_networks_of_the_lecture():
    lstm, gru = models.series_lstm(), models.series_gru()
    assert lstm.count_params() == 753_251
    assert gru.count_params() == 675_501
    kinds = [type(layer).__name__ for layer in (*lstm.layers, *gru.layers)]
    assert kinds == ["LSTM", "LSTM", "Dense", "Dense", "Dense", "GRU", "GRU", "Dense"]
    activations = [layer.activation.__name__ for layer in (*lstm.layers, *gru.layers)]
    assert activations == ["tanh", "tanh", "linear", "relu", "relu", "tanh", "tanh", "linear"]
    sizes = models.series_lstm(hidden=3, layers=1), models.series_gru(hidden=3, dense=5)
    assert [model.count_params() for model in sizes] == [
        4 * 3 * (1 + 3 + 1) + 4,
        (1 + 1) * 5 + (5 + 1) * 5 + 3 * 3 * (5 + 3 + 2) + 3 * 3 * (3 + 3 + 2) + 4,
    ]
    for build in (models.series_lstm, models.series_gru):
        model = build(hidden=2, learning_rate=0.02)
        assert type(model.optimizer) is keras.optimizers.Adam
        assert float(model.optimizer.learning_rate) == np.float32(0.02)
        assert keras.losses.get(model.loss) is keras.losses.mean_squared_error


@pytest.mark.parametrize("num_steps", [2, 10, 11])
def test_gated_networks_compute_what_they_say(num_steps):
    windows = np.random.default_rng(0).normal(size=(5, num_steps, 1))
    networks = (
        models.series_lstm(hidden=3, num_steps=num_steps, layers=3),
        models.series_gru(hidden=4, num_steps=num_steps, dense=2),
    )
    rng = np.random.default_rng(1)
    for model, dense, layer in zip(networks, (0, 2), (lstm, gru), strict=True):
        model.set_weights([rng.normal(size=a.shape) for a in model.get_weights()])
        values = windows
        for own in model.layers[:dense]:
            kernel, bias = own.get_weights()
            values = np.maximum(values @ kernel + bias, 0)
        for own in model.layers[dense:-1]:
            values = layer(values, *own.get_weights()).hidden
        kernel, bias = model.layers[-1].get_weights()
        np.testing.assert_allclose(model(windows), values[:, -1] @ kernel + bias, atol=1e-5)


def test_one_step_never_uses_the_recurrent_weights():
    windows = np.random.default_rng(0).normal(size=(5, 4, 1)).astype("float32")
    for one_step in (True, False):
        model = models.sine_rnn(one_step=one_step, seed=2)
        before = np.asarray(model(windows))
        recurrent = model.get_layer("recurrent").cell
        recurrent.recurrent_kernel.assign(3 * recurrent.recurrent_kernel)
        change = np.abs(np.asarray(model(windows)) - before).max()
        assert (change == 0) == one_step


def test_seeds_decide_the_weights_of_recurrent_networks():
    for build in (models.sine_rnn, models.series_rnn, models.series_lstm, models.series_gru):
        first, again, other = (build(hidden=3, seed=seed).get_weights() for seed in (1, 1, 2))
        np.testing.assert_array_equal(first[0], again[0])
        assert (first[0] != other[0]).all()


@pytest.mark.parametrize(
    ("build", "settings", "text"),
    [
        (models.sine_rnn, {"num_steps": 0}, "num_steps=0 is not a whole number above 0"),
        (models.sine_rnn, {"hidden": 2.0}, "hidden=2.0 is not a whole number above 0"),
        (models.sine_rnn, {"learning_rate": 0}, "learning_rate=0 does not descend"),
        (models.series_rnn, {"layers": 0}, "layers=0 is not a whole number above 0"),
        (models.series_rnn, {"learning_rate": -1}, "learning_rate=-1 does not descend"),
        (models.series_lstm, {"hidden": 0}, "hidden=0 is not a whole number above 0"),
        (models.series_lstm, {"layers": 1.5}, "layers=1.5 is not a whole number above 0"),
        (models.series_lstm, {"learning_rate": 0}, "learning_rate=0 does not descend"),
        (models.series_gru, {"dense": -2}, "dense=-2 is not a whole number above 0"),
        (models.series_gru, {"num_steps": True}, "num_steps=True is not a whole number above 0"),
        (models.series_gru, {"learning_rate": -1}, "learning_rate=-1 does not descend"),
    ],
)
def test_settings_of_recurrent_networks_are_checked(build, settings, text):
    with pytest.raises(ValueError, match=text):
        build(**settings)
