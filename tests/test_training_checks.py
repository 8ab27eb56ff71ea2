"""A model and data that do not fit are named in one sentence, before TensorFlow reads them."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from lectures_lib import models
from lectures_lib.data import Dataset, Split, make_windows
from lectures_lib.training import ManyNetworks, evaluate, fit, fit_many, forecast

pytestmark = pytest.mark.slow

SPARSE, ONE_HOT = "sparse_categorical_crossentropy", "categorical_crossentropy"


def dense(inputs, outputs, loss="mse", *, activation=None):
    """Return a network without hidden layers from one shape to another."""
    size = int(np.prod(outputs))
    body = [layers.Flatten(), layers.Dense(size, activation), layers.Reshape(outputs)]
    model = keras.Sequential([keras.Input(inputs), *body])
    model.compile("sgd", loss)
    return model


def classifier(loss=SPARSE):
    return dense((8, 8, 1), (3,), loss, activation="softmax")


def recurrent(num_steps, *, features=1):
    body = [layers.SimpleRNN(2), layers.Dense(features)]
    model = keras.Sequential([keras.Input((num_steps, features)), *body])
    model.compile("sgd", "mse")
    return model


def unbuilt():
    model = keras.Sequential([layers.Flatten(), layers.Dense(3)])
    model.compile("sgd", SPARSE)
    return model


def uncompiled():
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])


def without_loss():
    model = uncompiled()
    model.compile("sgd")
    return model


def without_train_step():
    return models.variational_autoencoder(hidden=2, shape=(8, 8, 1))


IMAGES, CLASSES, WINDOWS = np.ones((6, 8, 8, 1)), np.arange(6) % 3, np.ones((6, 12, 1))
GAPS = np.where(np.arange(6)[:, None, None, None] > 3, np.nan, IMAGES)

UNFIT = {
    "no channels": (
        classifier, IMAGES[..., 0], CLASSES,
        r"The {} inputs have the shape \(6, 8, 8\), but the model reads \(examples, 8, 8, 1\)\. "
        r"Add the channel axis: inputs\[\.\.\., np\.newaxis\]\.",
    ),
    "no features": (
        lambda: recurrent(12), WINDOWS[..., 0], CLASSES,
        r"\(6, 12\), but the model reads \(examples, 12, 1\)\. Add the feature axis: inputs\[",
    ),
    "other size": (
        classifier, np.ones((6, 9, 8, 1)), CLASSES,
        r"The {} inputs have the shape \(6, 9, 8, 1\), but the model reads \(examples, 8, 8, 1\)\. "
        r"Pass such inputs, or build the model with keras\.Input\(\(9, 8, 1\)\)\.",
    ),
    "more steps": (
        lambda: models.sine_rnn(num_steps=4, hidden=2), WINDOWS, CLASSES,
        r"The {} inputs have the shape \(6, 12, 1\), but the model reads \(examples, 4, 1\)\. Pass",
    ),
    "more features": (
        lambda: recurrent(None), np.ones((6, 12, 2)), CLASSES,
        r"the shape \(6, 12, 2\), but the model reads \(examples, any, 1\)\. Pass",
    ),
    "own train_step": (
        without_train_step, IMAGES[..., 0], CLASSES,
        r"the shape \(6, 8, 8\), but the model reads \(examples, 8, 8, 1\)\. Add the channel",
    ),
    "gaps": (
        classifier, GAPS, CLASSES,
        "The {} inputs are nan or infinite in 2 of 6 examples, the first at index 4. Fill",
    ),
    "gaps in the labels": (
        lambda: recurrent(12), WINDOWS, [1, 2, np.inf, 3, 4, np.nan],
        "The {} labels are nan or infinite in 2 of 6 examples, the first at index 2. Fill",
    ),
    "one-hot": (
        classifier, IMAGES, np.eye(3)[CLASSES],
        r"The {} labels have the shape \(6, 3\), but the outputs \(examples, 3\) and the loss "
        r"sparse_categorical_crossentropy need labels of shape \(examples\)\. "
        r'For one-hot labels compile the model with loss="categorical_crossentropy"\.',
    ),
    "numbers": (
        lambda: classifier(keras.losses.CategoricalCrossentropy()), IMAGES, CLASSES,
        r"The {} labels have the shape \(6,\), but the outputs \(examples, 3\) and the loss "
        r"categorical_crossentropy need labels of shape \(examples, 3\)\. "
        r'For numbers of classes compile the model with loss="sparse_categorical_crossentropy"\.',
    ),
    "numbers in a column": (
        lambda: classifier(ONE_HOT), IMAGES, CLASSES[:, None], r"\(6, 1\).*For numbers of classes",
    ),
    "more outputs": (
        lambda: dense((8, 8, 1), (2,)), IMAGES, CLASSES,
        r"the shape \(6,\), but the outputs \(examples, 2\) and the loss mean_squared_error need "
        r"labels of shape \(examples, 2\)\. Pass such labels, .* outputs of shape \(examples\)\.",
    ),
    "more labels": (
        lambda: dense((8, 8, 1), (1,), "mae"), IMAGES, np.ones((6, 4)),
        r"\(6, 4\), .* labels of shape \(examples, 1\)\. Pass .* outputs of shape \(examples, 4\)",
    ),
    "one label for all steps": (
        lambda: dense((8, 8, 1), (5, 1)), IMAGES, CLASSES, r"need labels of shape \(examples, 5, 1",
    ),
    "one-hot at each step": (
        lambda: dense((8, 8, 1), (5, 3), SPARSE), IMAGES, np.ones((6, 5, 3)), "For one-hot",
    ),
    "not of the range": (
        lambda: dense((8, 8, 1), (1,), SPARSE), IMAGES, CLASSES, "from 0 to 2, but the 1 outputs",
    ),
    "unbuilt": (
        unbuilt, IMAGES, CLASSES,
        r"no weights yet, because .* Begin it with keras\.Input\(\(8, 8, 1\)\), or call it once",
    ),
    "uncompiled": (
        uncompiled, IMAGES, CLASSES,
        r"The model is <Sequential .*>, but a Keras model compiled with a loss is needed\. Call",
    ),
    "without loss": (without_loss, IMAGES, CLASSES, "compiled with a loss is needed"),
    "no model": (
        lambda: None, IMAGES, CLASSES, "The model is None, but a Keras .*return the model",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNFIT)
def test_what_does_not_fit_is_named(case):
    build, inputs, labels, text = UNFIT[case]
    split = Split(inputs, labels)
    data = Dataset(split, split, split, class_names=())
    with pytest.raises(ValueError, match=text.format("train")):
        fit(build(), data, progress=False)
    with pytest.raises(ValueError, match=text.format("train")):
        fit_many(lambda seed: build(), {"seed": [0, 1]}, data, progress=False)
    with pytest.raises(ValueError, match=text.format("evaluated")):
        evaluate(build(), split)
    many = ManyNetworks(pd.DataFrame(index=[0]), history=None, models=[build()])
    with pytest.raises(ValueError, match=text.format("evaluated")):
        many.evaluate(split)


def test_the_validation_split_is_checked_too():
    build, inputs, labels, text = UNFIT["no channels"]
    train, validation = Split(IMAGES, CLASSES), Split(inputs, labels)
    data = Dataset(train, validation, validation, class_names=())
    with pytest.raises(ValueError, match=text.format("validation")):
        fit(build(), data, progress=False)


def own_loss(labels, outputs):
    """The mean squared error of the labels that there are."""
    known = labels == labels
    return keras.ops.mean(keras.ops.where(known, labels - outputs[:, 0], 0.0) ** 2)


class Unsaid(keras.Model):
    """A model of the reader's own, which cannot tell the shape of its inputs."""

    def __init__(self):
        super().__init__()
        self.recurrent = layers.SimpleRNN(1)

    def call(self, inputs):
        return self.recurrent(inputs)


class Copying(keras.Model):
    """A model with steps of its own, which have no use for the labels."""

    def train_step(self, batch):
        return super().train_step((batch[0], batch[0]))

    def test_step(self, batch):
        return super().test_step((batch[0], batch[0]))


def copying():
    inputs = keras.Input((12, 1))
    model = Copying(inputs, layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    return model


def unsaid():
    model = Unsaid()
    model(np.ones((1, 3, 1), "float32"))
    model.compile("sgd", "mse")
    return model


FITTING = {
    "lists": (lambda: dense((2,), (1,)), [[1, 2], [3, 4], [5, 6]], [1, 2, 3]),
    "table": (
        lambda: dense((2,), (1,)),
        pd.DataFrame({"a": [1, 2, 3], "b": [4.0, 5.0, 6.0]}),
        pd.Series([1, 2, 3], index=[7, 8, 9]),
    ),
    "bytes": (classifier, np.full((6, 8, 8, 1), 200, "uint8"), CLASSES.astype("uint8")),
    "column of classes": (classifier, IMAGES, CLASSES[:, None].astype(float)),
    "one-hot": (lambda: classifier(ONE_HOT), IMAGES, np.eye(3)[CLASSES]),
    "column of labels": (lambda: dense((8, 8, 1), ()), IMAGES, np.ones((6, 1))),
    "any length": (lambda: recurrent(None), WINDOWS, CLASSES),
    "steps, features": (lambda: dense((12, 1), (5, 3)), WINDOWS, np.ones((6, 5, 3))),
    "steps": (lambda: dense((12, 1), (5, 1)), WINDOWS, np.ones((6, 5))),
    "large values as labels": (lambda: dense((12, 1), (3,)), WINDOWS, np.full((6, 3), 255)),
    "own train_step": (without_train_step, IMAGES, CLASSES),
    "own train_step with a loss": (copying, WINDOWS, np.ones((6, 3))),
    "own class": (unsaid, WINDOWS, CLASSES),
    "own loss": (
        lambda: dense((12, 1), (2,), own_loss), WINDOWS, [1, np.nan, 2, 3, np.nan, 4]
    ),
    "list of losses": (lambda: dense((12, 1), (2,), ["mse"]), WINDOWS, np.ones((6, 2))),
}  # fmt: skip


@pytest.mark.parametrize("case", FITTING)
def test_what_fits_is_trained_as_in_keras(case):
    build, inputs, labels = FITTING[case]
    model, alone = build(), build()
    alone.set_weights(model.get_weights())
    split = Split(inputs, labels)
    fit(model, Dataset(split, split, split, class_names=()), epochs=1, progress=False)
    order = np.random.default_rng(0).permutation(len(split))
    arrays = (np.asarray(part).astype("float32")[order] for part in (inputs, labels))
    alone.fit(*arrays, batch_size=100, epochs=1, shuffle=False, verbose=0)
    if case != "own train_step":  # it draws codes
        for found, expected in zip(model.get_weights(), alone.get_weights(), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    scores = evaluate(model, split)
    assert np.isfinite(scores["loss"])


@pytest.mark.parametrize("dtype", ["float64", "uint8", "bool"])
def test_fit_many_reads_numbers_of_any_dtype(dtype):
    def build(seed=0):
        keras.utils.set_random_seed(seed)
        body = [layers.Conv2D(2, 3), layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(3)]
        model = keras.Sequential([keras.Input((8, 8, 1)), *body])
        model.compile("sgd", "mse")
        return model

    rng = np.random.default_rng(1)
    split = Split(rng.integers(0, 2, IMAGES.shape).astype(dtype), rng.normal(size=(6, 3)))
    data = Dataset(split, split, split, class_names=())
    many = fit_many(build, {"seed": [4]}, data, epochs=2, progress=False)
    alone = build(4)
    fit(alone, data, epochs=2, progress=False)
    for found, expected in zip(many.models[0].get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


DATES = pd.DataFrame({"day": pd.to_datetime(["2024-01-01", "2024-01-02"]), "energy": [1.0, 2.0]})
NO_NUMBERS = {
    "dates": (DATES, "DataFrame"),
    "days": (DATES["day"], "Series"),
    "texts": (["cat", "dog"], "list"),
    "unequal lengths": ([[1, 2], [3]], "list"),
    "complex": (np.array([1j, 2]), "ndarray"),
}


@pytest.mark.parametrize("case", NO_NUMBERS)
def test_what_is_no_number_is_named(case):
    values, kind = NO_NUMBERS[case]
    text = f", a {kind}, must be real numbers: leave out columns of texts and dates"
    with pytest.raises(ValueError, match=f"The input data{text}"):
        Split(values, [0, 1])
    with pytest.raises(ValueError, match=f"The label data{text}"):
        Split([0, 1], values)
    with pytest.raises(ValueError, match=f"The series{text}"):
        make_windows(values, num_steps=1)
    with pytest.raises(ValueError, match=f"start{text}"):
        forecast(models.series_rnn(hidden=2), values, steps=1)


def test_a_split_keeps_its_arrays():
    inputs, labels = np.ones((2, 3)), np.array([0, 1], "uint8")
    inputs.setflags(write=False)
    split = Split(inputs, labels)
    assert split.inputs is inputs and split.labels is labels
    assert not split.inputs.flags.writeable


def of_batches(batch_size):
    """Return a recurrent network that keeps its state from batch to batch."""
    model = keras.Sequential([
        keras.Input((12, 1), batch_size=batch_size),
        keras.layers.SimpleRNN(2, stateful=True),
        keras.layers.Dense(1),
    ])  # fmt: skip
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    ("size", "batch_size", "text"),
    [
        (
            3,
            100,
            r"built for batches of 3, .* batch_size=100 and the .* Pass batch_size=3 and a mul",
        ),
        (
            4,
            4,
            "batches of 4, .* batch_size=4 and the train split has 6 examples. Pass batch_size=4",
        ),
    ],
)
def test_a_batch_that_a_stateful_network_cannot_read_is_named(size, batch_size, text):
    split = Split(WINDOWS, CLASSES)
    data = Dataset(split, split, split, class_names=())
    with pytest.raises(ValueError, match=text):
        fit(of_batches(size), data, batch_size=batch_size, progress=False)
    with pytest.raises(ValueError, match="batch_size=4 and the evaluated split has 6 examples"):
        evaluate(of_batches(4), split)
    with pytest.raises(ValueError, match=r"begins each window with a state of zeros\. Build it"):
        forecast(of_batches(size), WINDOWS[0, :, 0], steps=2)


def test_a_network_of_batches_is_measured_with_them():
    model, other = of_batches(3), of_batches(3)
    other.set_weights(model.get_weights())
    outputs = np.concatenate([other.predict_on_batch(WINDOWS[rows : rows + 3]) for rows in (0, 3)])
    loss = np.mean((outputs[:, 0] - CLASSES) ** 2)
    assert evaluate(model, Split(WINDOWS, CLASSES))["loss"] == pytest.approx(loss, rel=1e-5)


def test_a_dataset_in_the_place_of_a_grid_is_named_in_few_words():
    split = Split(WINDOWS, CLASSES)
    data = Dataset(split, split, split, class_names=())
    with pytest.raises(ValueError, match=r"^grid=<?Dataset.{,60} is not a grid\. A grid is"):
        fit_many(lambda seed: recurrent(12), data, {"seed": [0]}, progress=False)
