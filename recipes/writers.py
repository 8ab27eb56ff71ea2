"""How often is the answer wrong for the next writer, and after a shift by one pixel?"""

from functools import partial

import keras
import numpy as np

from lectures_lib import models
from lectures_lib.data import shift_images
from lectures_lib.training import sweep
from recipes.digits import BATCH_SIZE, L2

FOLDS, SEEDS, STEPS = 5, 3, 1500  # 1,500 steps: 100 passes over four folds
SPLITS = ("shuffled", "writers")
TRAININGS = ("centred", "moved")
# Right, left, down, up by one pixel; zeros come in.
MOVES = ((0, 1), (0, -1), (1, 0), (-1, 0))


def pooled(*, seed):
    """Build three convolutions and a global maximum, which forgets where it was.

    >>> pooled(seed=0).count_params()
    10914
    """
    keras.utils.set_random_seed(seed)
    convolutions = [
        keras.layers.Conv2D(filters, 3, padding="same", activation="relu")
        for filters in (16, 24, 32)
    ]
    head = [keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(10, activation="softmax")]
    network = keras.Sequential([keras.Input((8, 8, 1)), *convolutions, *head])
    network.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return network


def deeper(*, seed):
    """Build four convolutions with dropout, smaller than the lecture's network.

    >>> deeper(seed=0).count_params()
    7356
    """
    keras.utils.set_random_seed(seed)
    layers = keras.layers

    def convolution(filters):
        return layers.Conv2D(filters, 3, padding="same", activation="relu")

    network = keras.Sequential([
        keras.Input((8, 8, 1)), convolution(10), convolution(10), layers.MaxPooling2D(2),
        layers.Dropout(0.1), convolution(16), convolution(16), layers.Flatten(),
        layers.Dropout(0.3), layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    rate = keras.optimizers.schedules.CosineDecay(5e-3, STEPS)
    network.compile(keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
    return network


NETWORKS = {
    "dense": partial(models.digits_dense, l2=L2),
    "lecture's CNN": partial(models.digits_cnn, l2=L2),
    "global pooling": pooled,
}
DEEPER = {"deeper network": deeper}  # tested on other writers only


def flat(images):
    """Return each image as a row."""
    return images.reshape(len(images), -1)


def spectrum(images):
    """Return the modulus of the Fourier transform, which a shift leaves alone (but at the edge).

    >>> one = np.zeros((1, 8, 8, 1))
    >>> one[0, 3:5, 2:6] = 1
    >>> bool(np.allclose(spectrum(one), spectrum(move(one, 1, 0))))
    True
    """
    return np.abs(np.fft.rfft2(images[..., 0], (16, 16))).reshape(len(images), -1)


def classical():
    """Return the methods without a network: what each takes of a picture, and its classifier."""
    from sklearn import neighbors, svm

    return {
        "nearest picture": (flat, neighbors.KNeighborsClassifier(1)),
        "support vectors": (flat, svm.SVC(C=10)),
        "support vectors on |FFT|": (spectrum, svm.SVC(C=10)),
    }


def move(images, down, right):
    """Return the images shifted by whole pixels, zeros coming in."""
    return shift_images(images, down=down, right=right, fill=0)


def with_moved(images, labels):
    """Return the images as they are and moved in each direction, with their labels."""
    moved = [images, *(move(images, *way) for way in MOVES)]
    return np.concatenate(moved), np.tile(labels, len(moved))


def folds(split):
    """Return `FOLDS` parts of the rows: five groups of writers, or five parts of a shuffled deck.

    scikit-learn's pictures stand in the order of the writers.
    """
    rows = np.arange(1797)
    if split == "shuffled":
        rows = np.random.default_rng(0).permutation(rows)
    return np.array_split(rows, FOLDS)


def digits_writers():
    """Test on writers that were learnt from and on others, centred and moved: accuracy, 5 folds."""
    folds, training = {"fold": list(range(FOLDS))}, {"training": list(TRAININGS)}
    splits, seeds = list(SPLITS), list(range(SEEDS))
    return sweep(run, [
        {"split": splits, **folds, "model": list(classical()), **training, "seed": [0]},
        {"split": splits, **folds, "model": list(NETWORKS), **training, "seed": seeds},
        {"split": ["writers"], **folds, "model": list(DEEPER), **training, "seed": seeds},
    ])  # fmt: skip


def run(split, fold, model, training, seed):
    """Return the accuracies on the fold that was left out, as it is and moved by one pixel."""
    from sklearn.datasets import load_digits

    inputs, labels = load_digits(return_X_y=True)
    images = (inputs.reshape(-1, 8, 8, 1) / 16).astype("float32")
    test = folds(split)[fold]
    train = np.setdiff1d(np.arange(len(labels)), test)
    learnt = images[train], labels[train]
    predict = trained(model, *(with_moved(*learnt) if training == "moved" else learnt), seed=seed)
    moved = [np.mean(predict(move(images[test], *way)) == labels[test]) for way in MOVES]
    return {"centred": np.mean(predict(images[test]) == labels[test]), "moved": np.mean(moved)}


def trained(model, images, labels, *, seed):
    """Train a method; return its function from images to classes."""
    if model in classical():
        view, classifier = classical()[model]
        classifier.fit(view(images), labels)
        return lambda new: classifier.predict(view(new))
    network = (NETWORKS | DEEPER)[model](seed=seed)
    rng = np.random.default_rng(seed)
    examples = STEPS * BATCH_SIZE
    passes = [rng.permutation(len(labels)) for _ in range(-(-examples // len(labels)))]
    order = np.concatenate(passes)[:examples]
    # All passes as one long epoch: each epoch of Keras costs as much as many steps.
    network.fit(images[order], labels[order], batch_size=BATCH_SIZE, shuffle=False, verbose=0)
    return lambda new: network.predict(new, verbose=0).argmax(axis=1)
