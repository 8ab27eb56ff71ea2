"""Many networks at once have the weights that Keras gives each of them alone."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from lectures_lib import models
from lectures_lib.data import Dataset, Split, load_digits
from lectures_lib.training import evaluate, fit, fit_many

pytestmark = pytest.mark.slow

PENALTY = keras.regularizers.L2
IMAGES = ((7, 9, 2), "classes")
SERIES = ((5, 3), "values")

NETWORKS = {
    "fused": (IMAGES, lambda l2: [
        layers.Conv2D(4, (3, 2), padding="same", activation="relu", kernel_regularizer=PENALTY(l2)),
        layers.MaxPooling2D((2, 3)),
        layers.Flatten(),
        layers.Dense(3, activation="softmax", kernel_regularizer=PENALTY(l2)),
    ]),
    "fused, dilated, without bias": (IMAGES, lambda l2: [
        layers.Conv2D(5, 2, dilation_rate=(1, 3), use_bias=False, kernel_regularizer=PENALTY(l2)),
        layers.MaxPooling2D(3),
        layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    ]),
    "fused, with stride, twice": (IMAGES, lambda l2: [
        layers.Conv2D(4, 2, strides=(1, 2), activation="relu", kernel_regularizer=PENALTY(l2)),
        layers.MaxPooling2D(2),
        layers.Conv2D(3, (2, 1), activation="relu", bias_regularizer=PENALTY(l2)),
        layers.MaxPooling2D(2, strides=1),
        layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    ]),
    "not fused": (IMAGES, lambda l2: [
        layers.AveragePooling2D(2, padding="same"),
        layers.Conv2D(4, 3, padding="same", activation="tanh", kernel_regularizer=PENALTY(l2)),
        layers.MaxPooling2D(3, strides=2),
        layers.Conv2D(3, 1),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3, activation="softmax"),
    ]),
    "dense": (IMAGES, lambda l2: [
        layers.Flatten(),
        layers.Dense(6, activation="elu", kernel_regularizer=keras.regularizers.L1L2(l2, 2 * l2)),
        layers.Dense(3, activation="softmax", kernel_regularizer=keras.regularizers.L1(l2)),
    ]),
    "simple": (SERIES, lambda l2: [
        layers.SimpleRNN(6, return_sequences=True, recurrent_regularizer=PENALTY(l2)),
        layers.SimpleRNN(4, activation="sigmoid", go_backwards=True),
        layers.Dense(1),
    ]),
    "other steps": (SERIES, lambda l2: [
        layers.Reshape((3, 5)),
        layers.SimpleRNN(6, activation="relu", kernel_regularizer=PENALTY(l2)),
        layers.Dense(1),
    ]),
    "lstm": (SERIES, lambda l2: [
        layers.LSTM(4, return_sequences=True, kernel_regularizer=PENALTY(l2)),
        layers.LSTM(3),
        layers.Dense(1),
    ]),
    "gru": (SERIES, lambda l2: [
        layers.Dense(5, activation="relu", kernel_regularizer=PENALTY(l2)),
        layers.GRU(4, return_sequences=True),
        layers.GRU(3, reset_after=False, recurrent_regularizer=PENALTY(l2)),
        layers.Dense(1),
    ]),
}  # fmt: skip
OPTIMISERS = {
    "sgd": keras.optimizers.SGD,
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
    "rmsprop": keras.optimizers.RMSprop,
    "centred": lambda rate: keras.optimizers.RMSprop(rate, rho=0.8, momentum=0.5, centered=True),
    "adam": keras.optimizers.Adam,
    "amsgrad": lambda rate: keras.optimizers.Adam(rate, beta_1=0.7, amsgrad=True),
}
LOSSES = {"classes": "sparse_categorical_crossentropy", "values": "mse"}


def builder(network, optimiser="sgd"):
    """Return a `build` for `fit_many`; all weights are random, the biases too."""
    (shape, kind), body = NETWORKS[network]

    def build(learning_rate, l2, seed, **clipping):
        model = keras.Sequential([keras.Input(shape), *body(l2)])
        metrics = ["accuracy"] if kind == "classes" else None
        steps = OPTIMISERS[optimiser](learning_rate, **clipping)
        model.compile(steps, LOSSES[kind], metrics=metrics)
        rng = np.random.default_rng(seed)
        model.set_weights([rng.normal(0, 0.3, weight.shape) for weight in model.weights])
        return model

    return build


def dataset(network):
    """Return 23 examples to train on and 8 to validate."""
    (shape, kind), _ = NETWORKS[network]
    rng = np.random.default_rng(5)
    inputs = rng.normal(size=(31, *shape)).astype("float32")
    values = rng.normal(size=31).astype("float32")
    labels = rng.integers(3, size=31) if kind == "classes" else values
    train, validation = Split(inputs[:23], labels[:23]), Split(inputs[23:], labels[23:])
    return Dataset(train, validation, validation, class_names=(), name="")


def fit_with_keras(model, data, *, epochs, batch_size, seed):
    """Train with `model.fit`, batch by batch as `fit` documents it; return its scores."""
    model.run_eagerly = True  # for so few steps no graph is worth its making
    rng, rows = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = rng.permutation(len(data.train))
        history = model.fit(
            data.train.inputs[order], data.train.labels[order], shuffle=False, verbose=0,
            batch_size=batch_size, epochs=1,
            validation_data=(data.validation.inputs, data.validation.labels),
        ).history  # fmt: skip
        for prefix in ("", "val_"):
            rows.append([history[f"{prefix}{name}"][0] for name in model_scores(model)])
    return np.array(rows)


def model_scores(model):
    return ["loss", "accuracy"] if model.output_shape[-1] == 3 else ["loss"]


def assert_equals_keras(network, optimiser, *, learning_rates):
    build, data = builder(network, optimiser), dataset(network)
    grid = {"learning_rate": learning_rates, "l2": [0.0, 0.02], "seed": [7, 8]}
    settings = dict(epochs=2, batch_size=9, seed=4)
    many = fit_many(build, grid, data, progress=False, **settings)
    assert many.networks["diverged"].isna().all()
    for number in (1, 6):
        row = many.networks.loc[number]
        model = build(row["learning_rate"], row["l2"], int(row["seed"]))
        start = model.get_weights()
        scores = fit_with_keras(model, data, **settings)
        assert_same_weights(many.models[number], model)
        moved = [np.abs(w - s).max() for w, s in zip(model.get_weights(), start, strict=True)]
        assert number == 1 or min(moved) > 2e-4  # far more than the tolerance
        history = many.history.query("network == @number")
        np.testing.assert_allclose(history[model_scores(model)], scores, rtol=1e-4)


def assert_same_weights(model, expected):
    for ours, keras_weight in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(ours, keras_weight, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize(("network", "optimiser"), [("dense", "momentum"), ("gru", "adam")])
def test_one_network_trains_as_in_keras(network, optimiser):
    data, settings = dataset(network), dict(epochs=3, batch_size=9, seed=4)
    model, alone = (builder(network, optimiser)(0.01, 0.02, seed=3) for _ in range(2))
    scores = fit_with_keras(model, data, **settings)
    history = fit(alone, data, progress=False, **settings)
    assert_same_weights(alone, model)
    np.testing.assert_allclose(history[model_scores(model)], scores, rtol=1e-4)


@pytest.mark.parametrize("network", NETWORKS)
def test_layers_train_as_in_keras(network):
    assert_equals_keras(network, "sgd", learning_rates=[0.01, 0.1])


@pytest.mark.parametrize("optimiser", [name for name in OPTIMISERS if name != "sgd"])
def test_optimisers_step_as_in_keras(optimiser):
    assert_equals_keras("dense", optimiser, learning_rates=[0.003, 0.03])


CLIPPED = [
    {},
    {"clipnorm": 0.05},
    {"clipnorm": 0.3},
    {"clipvalue": 0.02},
    {"global_clipnorm": 0.1},
    {"clipnorm": 1e30, "learning_rate": 1e30},
    {"global_clipnorm": 1e30, "learning_rate": 1e30},
]


@pytest.mark.parametrize("network", ["fused", "simple"])
def test_each_network_is_clipped_as_in_keras(network):
    def build(row):
        return builder(network)(**{"learning_rate": 0.1, "l2": 0.02, "seed": 7} | CLIPPED[row])

    data, settings = dataset(network), dict(epochs=2, batch_size=9, seed=4)
    grid = {"row": list(range(len(CLIPPED)))}
    many = fit_many(build, grid, data, progress=False, **settings)
    assert many.networks["diverged"].isna().tolist() == [True] * 5 + [False] * 2
    free = many.models[0].get_weights()
    for row, found in enumerate(many.models):
        model = build(row)
        fit_with_keras(model, data, **settings)
        assert_same_weights(found, model)  # nan where Keras has nan
        moved = [np.abs(w - v).max() for w, v in zip(found.get_weights(), free, strict=True)]
        assert row == 0 or not max(moved) < 0.01  # the clipping acted


@pytest.fixture(scope="module")
def digits():
    """130 images to train on, so that the last batch of 50 is not a full one."""
    full = load_digits(seed=0)
    train = Split(full.train.inputs[:130], full.train.labels[:130])
    return Dataset(train, full.validation, full.test, full.class_names, name="")


@pytest.fixture(scope="module")
def some_diverge(digits):
    grid = {"learning_rate": [0.1, 10.0], "l2": [0.0, 0.001, 10.0]}
    return fit_many(models.digits_cnn, grid, digits, epochs=4, batch_size=50, progress=False)


def test_rows_are_in_the_order_of_the_grid(some_diverge):
    networks, history = some_diverge.networks, some_diverge.history
    assert networks["learning_rate"].tolist() == [0.1] * 3 + [10.0] * 3
    assert networks["l2"].tolist() == [0.0, 0.001, 10.0] * 2
    assert history["network"].tolist() == np.repeat(range(6), 8).tolist()
    assert history["l2"].tolist() == np.repeat([0.0, 0.001, 10.0] * 2, 8).tolist()
    assert history["epoch"].tolist() == np.repeat([1, 2, 3, 4], 2).tolist() * 6
    assert history["split"].tolist() == ["train", "validation"] * 24


def test_diverged_networks_are_told_from_their_first_epoch(some_diverge):
    losses = some_diverge.history.query("split == 'train'").pivot(
        index="network", columns="epoch", values="loss"
    )
    for network, first in some_diverge.networks["diverged"].items():
        finite = np.isfinite(losses.loc[network].to_numpy())
        expected = pd.NA if finite.all() else int(np.flatnonzero(~finite)[0]) + 1
        assert (first is pd.NA) == (expected is pd.NA) and (first is pd.NA or first == expected)
    # The penalty multiplies the weights by 1 - 2 * 10 * 10 at each step.
    assert some_diverge.networks["diverged"].notna().tolist()[::5] == [False, True]


def test_diverged_networks_do_not_disturb_the_others(some_diverge, digits):
    for network in (0, 1):
        model = models.digits_cnn(learning_rate=0.1, l2=[0.0, 0.001][network])
        fit(model, digits, epochs=4, batch_size=50, progress=False)
        assert_same_weights(some_diverge.models[network], model)
    assert np.isnan(some_diverge.models[5].get_weights()[0]).all()


def test_evaluate_measures_each_network(some_diverge, digits):
    table = some_diverge.evaluate(digits.test)
    assert table.columns.tolist() == ["learning_rate", "l2", "diverged", "loss", "accuracy"]
    for network in (0, 2, 5):
        alone = evaluate(some_diverge.models[network], digits.test)
        assert table["accuracy"][network] == pytest.approx(alone["accuracy"])
        assert table["loss"][network] == pytest.approx(alone["loss"], rel=1e-5, nan_ok=True)


def test_evaluate_takes_the_weights_that_the_models_have_now(digits):
    many = fit_many(models.digits_linear, {"seed": [0, 1]}, digits, epochs=1, progress=False)
    before = many.evaluate(digits.validation)["loss"]
    many.models[1].set_weights([2 * values for values in many.models[1].get_weights()])
    after = many.evaluate(digits.validation)["loss"]
    assert after[0] == before[0]
    assert after[1] == pytest.approx(evaluate(many.models[1], digits.validation)["loss"])


def test_evaluate_refuses_an_empty_split(some_diverge, digits):
    empty = Split(digits.test.inputs[:0], digits.test.labels[:0])
    with pytest.raises(ValueError, match="0 examples"):
        some_diverge.evaluate(empty)


def test_seed_decides_the_order_of_the_examples(digits):
    def losses(seed):
        many = fit_many(
            models.digits_linear, {"seed": [0]}, digits, epochs=1, seed=seed, batch_size=50,
            progress=False,
        )  # fmt: skip
        return many.history["loss"].tolist()

    assert losses(0) == losses(0) != losses(1)


def dense(*body, optimiser="sgd", loss="mse"):
    """Return a `build` of a small network for four numbers."""

    def build(rate=0.1):
        model = keras.Sequential([keras.Input((4,)), *(make(rate) for make in body)])
        model.compile(optimiser(rate) if callable(optimiser) else optimiser, loss)
        return model

    return build


def output(rate):
    return layers.Dense(2)


def branched(rate):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Add()([layers.Dense(2)(inputs), layers.Dense(2)(inputs)]))
    model.compile("sgd", "mse")
    return model


def frozen(rate):
    return layers.Dense(3, trainable=False)


UNSUPPORTED = {
    "branched": (branched, "The model is a Functional.*Sequential"),
    "layer": (
        dense(lambda rate: layers.Dropout(0.5, name="drop"), output),
        "Layer 'drop' is a Dropout, but fit_many trains layers of AveragePooling2D.*fit",
    ),
    "option": (
        dense(lambda rate: layers.Dense(2, activity_regularizer="l2", name="last")),
        "Layer 'last' has activity_regularizer=",
    ),
    "frozen": (dense(frozen, output), "Layer 'dense.*' is frozen"),
    "penalty": (
        dense(lambda rate: layers.Dense(2, kernel_regularizer="orthogonal_regularizer", name="d")),
        "Layer 'd' has the penalty OrthogonalRegularizer",
    ),
    "optimiser": (dense(output, optimiser="adagrad"), "optimiser is Adagrad.*RMSprop"),
    "optimiser's option": (
        dense(output, optimiser=lambda rate: keras.optimizers.SGD(rate, weight_decay=0.1)),
        "The optimiser has weight_decay=0.1",
    ),
    "schedule": (
        dense(
            output,
            optimiser=lambda rate: keras.optimizers.SGD(
                keras.optimizers.schedules.CosineDecay(rate, 10)
            ),
        ),
        "learning-rate schedule",
    ),
    "loss": (dense(output, loss="huber"), "The loss is 'huber'.*mean_squared_error"),
}


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_unsupported_parts_are_named(case):
    build, text = UNSUPPORTED[case]
    rng = np.random.default_rng(0)
    split = Split(rng.normal(size=(6, 4)).astype("float32"), rng.normal(size=(6, 2)))
    data = Dataset(split, split, split, class_names=(), name="")
    with pytest.raises(ValueError, match=text):
        fit_many(build, {"rate": [0.1, 0.2]}, data, progress=False)


@pytest.mark.parametrize(
    ("grid", "text"),
    [
        ({"filters": [10, 20]}, r"Network 1 has layer 0\.filters=20, but network 0 has 10.*sweep"),
        ({"hidden": [3, 3, 4]}, r"Network 2 has layer 3\.units=4, but network 0 has 3"),
        ({}, "no configuration"),
        ({"l2": []}, "no configuration"),
        ({"l2": 0.1}, r"l2=0\.1, which is not a list"),
    ],
)
def test_unfit_grids_are_refused(digits, grid, text):
    with pytest.raises(ValueError, match=text):
        fit_many(models.digits_cnn, grid, digits, progress=False)


def test_another_kind_of_layer_is_another_architecture(digits):
    def build(kind):
        pooling = {"max": layers.MaxPooling2D, "mean": layers.AveragePooling2D}[kind]
        model = keras.Sequential([keras.Input((8, 8, 1)), pooling(2), layers.Flatten()])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    with pytest.raises(
        ValueError, match=r"layer 0\.kind='AveragePooling2D', but .* 'MaxPooling2D'"
    ):
        fit_many(build, {"kind": ["max", "mean"]}, digits, progress=False)


def test_names_of_the_result_are_refused(digits):
    def build(loss):
        return models.digits_linear(l2=loss)

    with pytest.raises(ValueError, match="'loss', which is a column of the result"):
        fit_many(build, {"loss": [0.1]}, digits, progress=False)


@pytest.mark.parametrize(
    ("settings", "text"),
    [({"epochs": 0}, "epochs=0"), ({"batch_size": 0}, "batch_size=0")],
)
def test_counts_below_one_are_refused(digits, settings, text):
    with pytest.raises(ValueError, match=f"{text}, but training needs at least 1"):
        fit_many(models.digits_cnn, {"l2": [0.1]}, digits, progress=False, **settings)
