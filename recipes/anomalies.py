"""Scores of what was never shown: digits left out of training, and piled-up pulses."""

import keras
import numpy as np
import pandas as pd
from keras import layers
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from lectures_lib.data import load_mnist
from lectures_lib.from_scratch import pca
from recipes.extrapolation import memory

LEFT_OUT, SEEDS, MORE_SEEDS = range(10), range(3), range(5)
OFTEN = 0, 1  # the digits with more seeds
CODE, AXES, MIXED, LABELLED = 10, 30, 10, 10
RATE = 8e-3  # the best one for a code of 10 in `digit_code_choices`
EPOCHS, BATCH = 6, 64


def auc(strange, normal):
    """Return the share of pairs in which the strange one has the higher score; ties count half.

    >>> auc([2.0, 3.0], [1.0, 2.0])
    0.875
    """
    is_strange = np.arange(len(strange) + len(normal)) < len(strange)
    return float(roc_auc_score(is_strange, np.concatenate([strange, normal])))


def left_out(digit, *, seed):
    """Return pictures to train with, other normal ones, and all of one digit, which is strange.

    >>> [pictures.shape for pictures in left_out(1, seed=0)]
    [(3600, 28, 28, 1), (900, 28, 28, 1), (500, 28, 28, 1)]
    """
    mnist = load_mnist(seed=seed)
    parts = {"train": [mnist.train], "other": [mnist.validation, mnist.test]}
    normal = [
        np.concatenate([part.inputs[part.labels != digit] for part in parts[name]])
        for name in ("train", "other")
    ]
    every = mnist.train, mnist.validation, mnist.test
    return *normal, np.concatenate([part.inputs[part.labels == digit] for part in every])


def network(*, learning_rate, seed):
    """Build the convolutional autoencoder of the chapter; its fourth layer gives the code.

    >>> network(learning_rate=0.01, seed=0).count_params()
    42507
    """
    keras.utils.set_random_seed(seed)
    options = {"strides": 2, "padding": "same"}
    model = keras.Sequential([keras.Input((28, 28, 1))])
    model.add(layers.Conv2D(16, 3, activation="relu", **options))
    model.add(layers.Conv2D(32, 3, activation="relu", **options))
    model.add(layers.Flatten())
    model.add(layers.Dense(CODE))
    model.add(layers.Dense(7 * 7 * 32, activation="relu"))
    model.add(layers.Reshape((7, 7, 32)))
    model.add(layers.Conv2DTranspose(16, 3, activation="relu", **options))
    model.add(layers.Conv2DTranspose(1, 3, activation="sigmoid", **options))
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy")
    return model


def fitted(train, *, learning_rate, seed, epochs=EPOCHS):
    """Return a trained network."""
    model = network(learning_rate=learning_rate, seed=seed)
    model.fit(train, train, epochs=epochs, batch_size=BATCH, verbose=0)
    return model


def flat(images):
    """Return each image as a row."""
    return images.reshape(len(images), -1).astype(float)


def unit(rows):
    """Return the rows with the length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def nearest(train):
    """Return the score of a distance to the nearest training row."""
    found = NearestNeighbors(n_neighbors=1).fit(train)
    return lambda rows: found.kneighbors(rows)[0][:, 0]


def mixture_of(plane, codes):
    """Return a mixture of Gaussians fitted to codes in a plane."""
    limit = 0.02 * plane.variances.mean()  # else a Gaussian may shrink to a point
    return GaussianMixture(MIXED, reg_covar=limit, random_state=0).fit(codes)


def shape_scores(train):
    """Return scores of flat pictures by the principal axes of pictures of length 1."""
    plane = Plane(unit(train))
    codes = plane.encode(unit(train))
    mixture, by_code = mixture_of(plane, codes), nearest(codes)
    return {
        "mixture in shape": lambda rows: -mixture.score_samples(plane.encode(unit(rows))),
        "neighbour in shape axes": lambda rows: by_code(plane.encode(unit(rows))),
    }


class Plane:
    """The first principal axes of flat pictures, `(pictures, pixels)`.

    >>> plane = Plane(np.array([[0.0, 0, 0], [0, 4, 0], [0, 0, 1], [0, 4, 1]]), axes=1)
    >>> plane.encode(np.array([[7.0, 4, 0]])).round(3).tolist(), float(plane.outside)
    ([[2.0]], 0.125)
    """

    def __init__(self, train, *, axes=AXES):
        self.mean = train.mean(axis=0)
        variances, directions = np.linalg.eigh(np.cov(train.T, bias=True))
        self.variances, self.axes = variances[-axes:], directions[:, -axes:]
        self.axes = self.axes * np.where(self.axes.sum(axis=0) < 0, -1, 1)
        self.outside = variances[:-axes].mean()  # along each other axis

    def encode(self, rows):
        return (rows - self.mean) @ self.axes

    def decode(self, codes):
        return self.mean + codes @ self.axes.T


def plane_scores(train, plane):
    """Return scores of flat pictures by principal axes, pictures themselves, and ink."""
    codes = plane.encode(train)
    mixture = mixture_of(plane, codes)
    by_pixel, by_shape = nearest(train), nearest(unit(train))

    def cut_error(rows):
        return np.mean((rows - np.clip(plane.decode(plane.encode(rows)), 0, 1)) ** 2, axis=1)

    def likelihood(rows):  # -2 ln p of probabilistic PCA, and a constant
        found = plane.encode(rows)
        outside = np.sum((rows - plane.decode(found)) ** 2, axis=1)
        return np.sum(found**2 / plane.variances, axis=1) + outside / plane.outside

    return {
        "ink": lambda rows: rows.sum(axis=1),
        "error of PCA": cut_error,
        "likelihood": likelihood,
        "mixture": lambda rows: -mixture.score_samples(plane.encode(rows)),
        "neighbour": by_pixel,
        "neighbour in shape": lambda rows: by_shape(unit(rows)),
    }


def network_scores(train, model):
    """Return scores of flat pictures by a trained network."""
    encoder = keras.Sequential(model.layers[:4])

    def ask(asked, rows):
        images = rows.reshape(-1, 28, 28, 1).astype("float32")
        return asked.predict(images, batch_size=500, verbose=0).reshape(len(rows), -1).astype(float)

    codes = ask(encoder, train)
    scales = codes.std(axis=0)
    by_code = nearest(codes / scales)

    def error(rows):
        return np.mean((rows - ask(model, rows)) ** 2, axis=1)

    return {
        "error of network": error,
        "error per ink": lambda rows: error(rows) / np.mean(rows**2, axis=1),
        "neighbour in code": lambda rows: by_code(ask(encoder, rows) / scales),
    }


def few_labels(plane, train, normal, strange, *, seed):
    """Return the AUC of logistic regression on principal components, with a few strange ones."""
    order = np.random.default_rng(seed).permutation(len(strange))
    shown, hidden = strange[order[:LABELLED]], strange[order[LABELLED:]]
    rows = plane.encode(np.concatenate([train, shown]))
    labels = np.arange(len(rows)) >= len(train)
    rule = LogisticRegression(C=0.1, class_weight="balanced", max_iter=200).fit(rows, labels)
    return auc(*(rule.decision_function(plane.encode(part)) for part in (hidden, normal)))


@memory.cache
def scored(digit, seed, *, learning_rate):
    """Return AUCs of all scores, and the correlation of the network's error with ink."""
    train, normal, strange = left_out(digit, seed=seed)
    model = fitted(train, learning_rate=learning_rate, seed=seed)
    train, normal, strange = flat(train), flat(normal), flat(strange)
    plane = Plane(train)
    scores = plane_scores(train, plane) | shape_scores(train) | network_scores(train, model)
    row = {name: auc(score(strange), score(normal)) for name, score in scores.items()}
    row["few labels"] = few_labels(plane, train, normal, strange, seed=seed)
    error, ink = scores["error of network"](normal), normal.sum(axis=1)
    row["ink and error"] = float(np.corrcoef(error, ink)[0, 1])
    row["restored"] = float(error.mean())
    return row


@memory.cache
def unsure(digit, seed, *, learning_rate=2e-3):
    """Return the AUC of a classifier of the nine other digits, which is unsure of the tenth."""
    mnist = load_mnist(seed=seed)
    labels = mnist.train.labels[mnist.train.labels != digit]
    train, normal, strange = left_out(digit, seed=seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((28, 28, 1))])
    model.add(layers.Conv2D(16, 3, strides=2, activation="relu"))
    model.add(layers.Conv2D(32, 3, strides=2, activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10))  # logits
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss)
    model.fit(train, labels, epochs=EPOCHS, batch_size=32, verbose=0)
    surest = [logsumexp(model.predict(part, verbose=0), axis=1) for part in (strange, normal)]
    return auc(-surest[0], -surest[1])


def anomaly_digits():
    """AUC of scores for each digit left out of training; three seeds, five for 0 and 1."""
    return pd.DataFrame(
        {"digit": digit, "seed": seed}
        | scored(digit, seed, learning_rate=RATE)
        | {"labels of normal": unsure(digit, seed)}
        for digit in LEFT_OUT
        for seed in (MORE_SEEDS if digit in OFTEN else SEEDS)
    )


SAMPLES, DECAY, NOISE_V = 64, 6, 0.3
SHAPE = np.exp(-np.arange(SAMPLES) / DECAY)


def around(shape):
    """Return a shape at every place of the ring, `(place, sample)`."""
    return np.array([np.roll(shape, place) for place in range(len(shape))])


PULSES = around(SHAPE)
HEIGHTS_V = 1, 3
PASSES = 10  # in which the shape of a pulse is learnt
DISTANCES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
CODES, CHOSEN_CODE = (1, 3, 16), 3
PULSE_RATES, PULSE_RATE = (3e-4, 1e-3, 3e-3, 1e-2), 3e-3  # the last two come out alike
PULSE_SEEDS = range(3)
PULSE_EPOCHS, PULSE_BATCH = 20, 128
TRAINED, MEASURED = 20_000, 2000


def pulse_records(count, *, distance=0, seed):
    """Return records of a pulse, or of two halves of one at a distance, `(records, samples)`, in V.

    >>> pulse_records(3, distance=5, seed=0).shape
    (3, 64)
    """
    rng = np.random.default_rng(seed)
    places = rng.integers(SAMPLES, size=count)
    clean = (PULSES[places] + PULSES[(places + distance) % SAMPLES]) / 2
    clean *= rng.uniform(*HEIGHTS_V, size=(count, 1))
    return clean + NOISE_V * rng.normal(size=clean.shape)


def rest(records, limits=(0, np.inf)):
    """Return what the best pulse with a height between limits leaves over."""
    overlaps = records @ PULSES.T
    heights = np.clip(overlaps.max(axis=1) / (SHAPE @ SHAPE), *limits)
    return records - heights[:, np.newaxis] * PULSES[overlaps.argmax(axis=1)]


def turned(records, shape):
    """Return records turned round the ring to where a shape agrees best with their start.

    >>> turned(np.roll(SHAPE, 9)[np.newaxis], SHAPE).argmax()
    np.int64(0)
    """
    best = (records @ around(shape).T).argmax(axis=1)
    samples = best[:, np.newaxis] + np.arange(len(shape))
    return np.take_along_axis(records, samples % len(shape), axis=1)


def learnt_shape(records):
    """Return the mean of records that are turned to agree with the mean before, from a spike on."""
    shape = np.eye(SAMPLES)[0]
    for _ in range(PASSES):
        shape = turned(records, shape - shape.mean()).mean(axis=0)
    return shape - shape.mean()


def log_likelihood(records, distance):
    """Return ln p of records of two halves at a distance, over all places and heights.

    Constants that no distance changes are left out.
    """
    pairs = (PULSES + np.roll(PULSES, distance, axis=1)) / 2
    heights = np.linspace(*HEIGHTS_V, 21)[:, np.newaxis, np.newaxis]
    overlaps, squares = records @ pairs.T, np.sum(pairs[0] ** 2)
    terms = (heights * overlaps - heights**2 * squares / 2) / NOISE_V**2
    highest = terms.max(axis=(0, 2))
    return highest + np.log(np.exp(terms - highest[:, np.newaxis]).sum(axis=(0, 2)))


def pulse_network(code, *, learning_rate, seed):
    """Build a dense autoencoder of records.

    >>> pulse_network(3, learning_rate=0.003, seed=0).count_params()
    50499
    """
    keras.utils.set_random_seed(seed)
    units = [layers.Dense(128, "relu") for _ in range(4)]
    body = [*units[:2], layers.Dense(code), *units[2:], layers.Dense(SAMPLES)]
    model = keras.Sequential([keras.Input((SAMPLES,)), *body])
    model.compile(keras.optimizers.Adam(learning_rate), "mean_squared_error")
    return model


@memory.cache
def pulse_scored(code, learning_rate, seed):
    """Return the validation error of a network of pulses, in V², and the AUC at each distance."""
    model = pulse_network(code, learning_rate=learning_rate, seed=seed)
    train, unseen = (pulse_records(n, seed=k + seed) for n, k in ((TRAINED, 0), (MEASURED, 50)))
    model.fit(train, train, epochs=PULSE_EPOCHS, batch_size=PULSE_BATCH, verbose=0)

    def restore(records):
        return model.predict(records, batch_size=1000, verbose=0)

    found = float(np.mean((restore(unseen) - unseen) ** 2))
    return {"validation": found} | at_distances(lambda x, _: left(x, restore(x)), seed)


def left(records, restored):
    """Return the squared error of each record."""
    return np.sum((records - restored) ** 2, axis=1)


def at_distances(score, seed):
    """Return the AUC of `score(records, distance)` at each distance."""
    normal = pulse_records(MEASURED, seed=100 + seed)
    found = {}
    for distance in DISTANCES:
        strange = pulse_records(MEASURED, distance=distance, seed=200 + 50 * seed + distance)
        found[f"distance{distance}"] = auc(score(strange, distance), score(normal, distance))
    return found


def pulse_rules(seed):
    """Return scores of records without a network, by name."""
    train = pulse_records(TRAINED, seed=seed)
    plane = pca(train, latent_dim=CHOSEN_CODE)
    shape = learnt_shape(train)
    line = pca(turned(train, shape), latent_dim=1)

    def beside_line(x):
        x = turned(x, shape)
        return x - line.decode(line.encode(x))

    return {
        "area": lambda x, _: x.sum(axis=1),
        "PCA": lambda x, _: left(x, plane.decode(plane.encode(x))),
        "turned": lambda x, _: np.sum(beside_line(x) ** 2, axis=1),
        "turned, second": lambda x, _: (beside_line(x) @ around(shape).T).max(axis=1),
        "best pulse": lambda x, _: np.sum(rest(x, HEIGHTS_V) ** 2, axis=1),
        "second pulse": lambda x, _: (rest(x) @ PULSES.T).max(axis=1),
        "likelihood ratio": lambda x, d: log_likelihood(x, d) - log_likelihood(x, 0),
    }


@memory.cache
def ruled(seed):
    """Return the AUCs at each distance of all scores without a network, by name."""
    return {name: at_distances(score, seed) for name, score in pulse_rules(seed).items()}


def anomaly_pulses():
    """AUC of scores for pile-ups by the distance of their pulses; seeds of data and networks."""
    rows = [
        {"score": name, "seed": seed} | areas
        for seed in range(5)
        for name, areas in ruled(seed).items()
    ]
    runs = {(CHOSEN_CODE, rate, 0) for rate in PULSE_RATES}
    runs |= {(code, PULSE_RATE, 0) for code in CODES}
    runs |= {(CHOSEN_CODE, PULSE_RATE, seed) for seed in PULSE_SEEDS}
    rows += [
        {"score": "network", "code": code, "learning_rate": rate, "seed": seed}
        | pulse_scored(code, rate, seed)
        for code, rate, seed in sorted(runs)
    ]
    return pd.DataFrame(rows).astype({"code": "Int64"})
