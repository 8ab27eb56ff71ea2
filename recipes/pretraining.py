"""Convolutional autoencoders of digits: their errors, and what they save where labels are few."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from lectures_lib.data import Dataset, Split, inputs_as_labels, load_mnist
from lectures_lib.from_scratch import pca
from lectures_lib.models import (
    convolutional_autoencoder,
    encoder_classifier,
    stacked_autoencoder,
)
from lectures_lib.physics import ISING_CRITICAL_TEMPERATURE, ising_configurations
from lectures_lib.training import fit
from recipes.extrapolation import memory

LATENT_DIMS = (2, 5, 10, 30, 100)
CODE_FILTERS = (1, 4)  # of maps of 7x7 numbers each, left as they are
SEEDS, EPOCHS, BATCH = range(3), 12, 64
BUILDERS = {
    "stacked": stacked_autoencoder,
    "convolutional": convolutional_autoencoder,
    "maps": lambda latent_dim, seed: convolutional_autoencoder(
        filters=(16, latent_dim // 49), latent_dim=None, seed=seed
    ),
}
NETWORKS = [
    *((kind, size) for kind in ("stacked", "convolutional") for size in LATENT_DIMS),
    *(("maps", 49 * filters) for filters in CODE_FILTERS),
]
LABELS, LABEL_SEEDS, ENCODERS = (10, 50, 100, 500), range(10), 5
LABEL_STEPS = (("", 200), (", longer", 600))  # the longer one with most labels only
LABEL_EPOCHS, LABEL_BATCH = 4, 50
KERNEL_SEEDS, PLACES = range(5), tuple(np.ndindex(3, 3))


@memory.cache
def train_autoencoder(kind, latent_dim, seed):
    """Return the weights of an autoencoder that has seen the 4,000 digits, without their labels."""
    model = BUILDERS[kind](latent_dim=latent_dim, seed=seed)
    data = inputs_as_labels(load_mnist())
    fit(model, data, epochs=EPOCHS, batch_size=BATCH, seed=seed, progress=False)
    return model.get_weights()


def trained(kind, latent_dim, seed):
    """Return a trained autoencoder."""
    model = BUILDERS[kind](latent_dim=latent_dim, seed=seed)
    model.set_weights(train_autoencoder(kind, latent_dim, seed))
    return model


def squared_error(model, images):
    """Return the mean squared error of a pixel."""
    return float(np.mean((np.asarray(model(images)) - images) ** 2))


def convolutional_errors():
    """Autoencoders of digits, dense and convolutional: mean squared errors of a pixel, 3 seeds."""
    rows, mnist = [], load_mnist()
    for kind, latent_dim in NETWORKS:
        for seed in SEEDS:
            model = trained(kind, latent_dim, seed)
            row = {"network": kind, "latent_dim": latent_dim, "seed": seed}
            row |= {"parameters": model.count_params()}
            for part in ("train", "validation", "test"):
                row[part] = squared_error(model, getattr(mnist, part).inputs)
            rows.append(row)
    return pd.DataFrame(rows)


def convolutional_pictures():
    """Ten digits given back by stacked and convolutional networks (2, 5, 10, 30, 100 numbers)."""
    images = load_mnist().test.inputs[:10]
    return [
        np.array([_grey(trained(kind, size, 0), images) for size in LATENT_DIMS])
        for kind in ("stacked", "convolutional")
    ]


def _grey(model, images):
    """Return what a network gives back, as whole numbers from 0 to 255."""
    return np.round(255 * np.asarray(model(images))[..., 0]).astype("uint8")


def convolutional_maps():
    """Weights of the convolutional autoencoder whose code are four maps of 7x7 numbers."""
    return train_autoencoder("maps", 4 * 49, 0)


def pretrained_encoder():
    """Weights of the encoder, to 30 numbers, of an autoencoder trained on 4,000 digits."""
    return trained("convolutional", 30, 0).encoder.get_weights()


def few_labels():
    """Share of right digits after 10 to 500 labels, by networks and without, ten seeds."""
    return pd.concat(run_labels(labels, seed) for labels in LABELS for seed in LABEL_SEEDS)


def labelled(labels, seed):
    """Return the rows of the train split whose labels are known, as many of each digit.

    >>> np.bincount(load_mnist().train.labels[labelled(20, seed=3)]).tolist()
    [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    """
    tens = np.random.default_rng(seed).permutation(400)[: labels // 10]
    return (10 * tens[:, np.newaxis] + np.arange(10)).ravel()


@memory.cache
def run_labels(labels, seed):
    """Train every kind of classifier on the same labels; return a row for each."""
    mnist, known = load_mnist(), labelled(labels, seed)
    encoder = trained("convolutional", 30, seed % ENCODERS).encoder
    fresh = convolutional_autoencoder(latent_dim=30, seed=ENCODERS + seed).encoder
    guesses = {
        name + how: train_classifier(start, mnist, known, steps=steps, seed=seed)
        for how, steps in (LABEL_STEPS if labels == LABELS[-1] else LABEL_STEPS[:1])
        for name, start in (("plain", fresh), ("tuned", encoder))
    } | without_network(encoder, mnist, known)
    rows = []
    for variant, guess in guesses.items():
        row = {"labels": labels, "variant": variant, "seed": seed}
        for name in ("validation", "test"):
            part = getattr(mnist, name)
            row[name] = np.mean(guess(part.inputs) == part.labels)
        rows.append(row)
    return pd.DataFrame(rows)


def train_classifier(encoder, mnist, known, *, steps, seed):
    """Train a classifier on the known labels for a fixed number of steps; return its guesses."""
    model = encoder_classifier(encoder)
    batch_size = min(LABEL_BATCH, len(known))
    rows = np.resize(known, steps * batch_size // LABEL_EPOCHS)  # again and again
    part = Split(mnist.train.inputs[rows], mnist.train.labels[rows])
    data = Dataset(part, mnist.validation, mnist.test, class_names=mnist.class_names)
    fit(model, data, epochs=LABEL_EPOCHS, batch_size=batch_size, seed=seed, progress=False)
    return lambda images: np.asarray(model(images)).argmax(axis=1)


def without_network(encoder, mnist, known):
    """Return guesses by logistic regression and by the nearest example, on pixels and codes."""
    axes = pca(_flat(mnist.train.inputs), latent_dim=30)
    features = {
        "pixels": _flat,
        "pca": lambda images: axes.encode(_flat(images)),
        "code": lambda images: np.asarray(encoder(images)),
    }
    guesses = {}
    for name, feature in features.items():
        scale = feature(mnist.train.inputs).std()  # of all 4,000, one number
        for method, classifier in (
            ("logistic", LogisticRegression(max_iter=2000)),
            ("nearest", KNeighborsClassifier(1)),
        ):
            classifier.fit(feature(mnist.train.inputs[known]) / scale, mnist.train.labels[known])
            guesses[f"{method} {name}"] = _guess(classifier, feature, scale)
    return guesses


def _guess(classifier, feature, scale):
    """Return the function from images to the digits that a classifier sees in them."""
    return lambda images: classifier.predict(feature(images) / scale)


def _flat(images):
    return images.reshape(len(images), -1)


def block_kernels():
    """One kernel of 3x3 weights, trained on critical Ising configurations: five seeds."""
    rows = []
    for seed in KERNEL_SEEDS:
        model, images = train_kernel(seed), critical_spins()[120:]
        row = {"seed": seed, "wrong": np.mean((np.asarray(model(images)) > 0.5) != images)}
        weights = model.get_weights()[0].ravel()
        rows.append(row | {f"w{i}{j}": w for (i, j), w in zip(PLACES, weights, strict=True)})
    return pd.DataFrame(rows)


def critical_spins():
    """Return 150 Ising configurations at the critical temperature, spins as 0 and 1."""
    temperatures = [1.8, ISING_CRITICAL_TEMPERATURE, 3.0]  # the draw of the chapter
    spins = ising_configurations(temperatures, configurations=150, sweeps=300, seed=1)[1]
    return (spins[..., np.newaxis] > 0).astype("float32")


def train_kernel(seed):
    """Train an autoencoder of 20 numbers, stride 2, on 120 configurations."""
    train, test = (Split(part, part) for part in np.split(critical_spins(), [120]))
    model = convolutional_autoencoder(
        filters=(1,), latent_dim=None, shape=(32, 32, 1), learning_rate=0.03, seed=seed
    )
    data = Dataset(train, test, test, class_names=())
    fit(model, data, epochs=60, batch_size=10, progress=False)
    return model
