"""Convolutional autoencoders of digits: maps as codes, and what they save where labels are few."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from lectures_lib.data import Dataset, Split, inputs_as_labels, load_mnist
from lectures_lib.from_scratch import pca
from lectures_lib.models import convolutional_autoencoder, encoder_classifier
from lectures_lib.training import fit
from recipes.extrapolation import memory

CODE_FILTERS = 4  # of maps of 7x7 numbers each, left as they are
SEEDS, EPOCHS, BATCH = range(3), 12, 64
BUILDERS = {
    "convolutional": convolutional_autoencoder,
    "maps": lambda latent_dim, seed: convolutional_autoencoder(
        filters=(16, latent_dim // 49), latent_dim=None, seed=seed
    ),
}
LABELS, LABEL_SEEDS, ENCODERS = (10, 50, 100, 500), range(10), 5
LABEL_STEPS = (("", 200), (", longer", 600))  # the longer one with most labels only
LABEL_EPOCHS, LABEL_BATCH = 4, 50


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


def map_errors():
    """Autoencoders whose code are four maps of 7x7 numbers: mean squared errors of a pixel."""
    rows, mnist = [], load_mnist()
    for seed in SEEDS:
        model = trained("maps", 49 * CODE_FILTERS, seed)
        row = {"seed": seed, "parameters": model.count_params()}
        rows.append(
            row
            | {
                part: squared_error(model, getattr(mnist, part).inputs)
                for part in ("train", "validation", "test")
            }
        )
    return pd.DataFrame(rows)


def convolutional_maps():
    """Weights of the convolutional autoencoder whose code are four maps of 7x7 numbers."""
    return train_autoencoder("maps", 49 * CODE_FILTERS, 0)


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
