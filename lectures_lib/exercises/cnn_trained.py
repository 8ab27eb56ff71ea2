"""Checks of networks that answers of the convolution chapters train."""

import numpy as np

from lectures_lib.data import add_noise, load_digits, load_shapes
from lectures_lib.exercises import Trained, exercise

__all__ = ["tracks"]

FEW_EVENTS = 200
FEW_PICTURES = 10  # of each new class
NEW_CLASSES = "disc", "cross", "checkerboard"


def tracks(angles, *, offsets, size=32):
    """Return tracks at angles in degrees and distances from the centre, `(tracks, size, size)`."""
    row, column = np.mgrid[:size, :size] - (size - 1) / 2
    angle = np.deg2rad(angles)[:, np.newaxis, np.newaxis]
    distance = column * np.sin(angle) + row * np.cos(angle) - offsets[:, np.newaxis, np.newaxis]
    return np.exp(-0.5 * distance**2)


@exercise("cnn-few-events", chapter="cnn/why_convolutions")
def _few_events(rng):
    positions = np.arange(0.0, 180.0, 15.0)

    def events(count):
        labels = rng.integers(12, size=count)
        clean = tracks(positions[labels], offsets=rng.uniform(-5, 5, size=count))
        images = clean + rng.normal(size=clean.shape)
        return images[..., np.newaxis].astype("float32"), labels

    images, labels = events(FEW_EVENTS)
    hidden, angles = events(1000)
    yield Trained(
        {"images": images, "labels": labels},
        hidden,
        angles,
        on="pictures of new events",
        threshold=0.8,
        baseline=0.65,
        output_shape=(12,),
        bands=(
            (
                0.2,
                "That is guessing: does the loss fall? Few events make few steps, so it takes more "
                "epochs. And do labels stay with their pictures?",
            ),
            (
                0.35,
                "200 events as they are teach more. If you turn or mirror them: are the new labels "
                "right?",
            ),
            (0.65, "200 events alone teach no more. What is a turned or a mirrored event?"),
            (1.0, "Use all eight turned and mirrored pictures, and train a little longer."),
        ),
    )


@exercise("cnn-light-network", chapter="cnn/convolution_layers")
def _light_network(rng):
    shapes = load_shapes(
        train_images=2000, validation_images=10, test_images=1000, seed=int(rng.integers(2**32))
    )
    yield Trained(
        {"inputs": shapes.train.inputs, "labels": shapes.train.labels},
        shapes.test.inputs,
        shapes.test.labels,
        on="pictures that it has not seen",
        threshold=0.8,
        baseline=0.75,
        output_shape=(10,),
        most_parameters=10_000,
        bands=(
            (0.2, "That is guessing: does the loss fall, and do labels stay with their pictures?"),
            (
                0.75,
                "The units see too little, a dense layer has most of the weights, or it learns "
                "too slowly: more convolutions, each with a pooling, the largest value of each map "
                "behind them, and a learning rate of 0.003.",
            ),
            (1.0, "Nearly: more filters in the last convolution, or more epochs."),
        ),
    )


@exercise("cnn-new-classes", chapter="cnn/cifar10")
def _new_classes(rng):
    seed = int(rng.integers(2**32))
    shapes = load_shapes(train_images=4000, validation_images=10, test_images=2000, seed=seed)
    new = rng.permutation([shapes.class_names.index(name) for name in NEW_CLASSES])
    number = np.full(len(shapes.class_names), -1)
    number[new] = range(len(new))
    old = np.setdiff1d(np.arange(len(number)), new)
    known = np.isin(shapes.train.labels, old)
    few = np.concatenate([np.flatnonzero(shapes.train.labels == c)[:FEW_PICTURES] for c in new])
    hidden = np.isin(shapes.test.labels, new)
    yield Trained(
        {
            "inputs": shapes.train.inputs[known],
            "labels": np.searchsorted(old, shapes.train.labels[known]),
            "few_inputs": shapes.train.inputs[few],
            "few_labels": number[shapes.train.labels[few]],
        },
        shapes.test.inputs[hidden],
        number[shapes.test.labels[hidden]],
        on="pictures of the new classes that it has not seen",
        threshold=0.85,
        baseline=0.75,
        output_shape=(len(new),),
        seconds=120,
        bands=(
            (
                0.4,
                "That is guessing: does the loss of the head fall, over a hundred epochs or more, "
                "and do labels stay with their pictures?",
            ),
            (
                0.8,
                "Thirty pictures alone teach no more. Train on the seven classes first, freeze "
                "what that network has learnt, and let the head learn for a hundred epochs.",
            ),
            (
                1.0,
                "Nearly: train the seven classes for longer, or the head on mirrored pictures too.",
            ),
        ),
    )


@exercise("cnn-slipping-scanner", chapter="cnn/digits")
def _slipping_scanner(rng):
    from sklearn import datasets  # slow to import

    raw = datasets.load_digits()  # in the order of the writers
    images = (raw.images[..., np.newaxis] / 16).astype("float32")
    first = rng.integers(len(images) - 360 + 1)
    held = np.arange(first, first + 360)
    padded = np.pad(images[held], ((0, 0), (1, 1), (1, 1), (0, 0)))
    corners = rng.choice([(0, 1), (2, 1), (1, 0), (1, 2)], size=360)
    yield Trained(
        {"inputs": np.delete(images, held, axis=0), "labels": np.delete(raw.target, held)},
        np.stack(
            [image[i : i + 8, j : j + 8] for image, (i, j) in zip(padded, corners, strict=True)]
        ),
        raw.target[held],
        on="pictures of other writers, each moved by one pixel",
        threshold=0.9,
        baseline=0.6,
        output_shape=(10,),
        most_parameters=3000,
        bands=(
            (0.2, "That is guessing: does the loss fall, and do labels stay with their pictures?"),
            (0.6, "With a dense layer behind `Flatten`, centred pictures alone teach no more."),
            (1.0, "Show it pictures moved in all four directions, and train it with Adam."),
        ),
    )


@exercise("cnn-through-noise", chapter="cnn/digits")
def _through_noise(rng):
    test = load_digits(seed=0).test
    inputs = np.repeat(test.inputs, 5, axis=0)  # noise moves the score of 360 pictures by 0.02
    yield Trained(
        {},
        add_noise(inputs, noise=0.5, seed=rng.integers(2**32)),
        np.repeat(test.labels, 5),
        on="pictures, each test picture five times under noise of its own",
        threshold=0.73,
        baseline=0.71,
        output_shape=(10,),
        bands=(
            (0.2, "That is guessing: has the network been trained?"),
            (
                0.71,
                "This chapter's networks, trained on clean pictures, reach no more. Add new noise "
                "in every epoch; if you do, try more units and the optimiser Adam.",
            ),
            (1.0, "Nearly: more units, or more epochs."),
        ),
    )


@exercise("cnn-any-unit", chapter="cnn/tuning")
def _any_unit(rng):
    from sklearn import datasets  # slow to import

    raw = datasets.load_digits()
    order = rng.permutation(len(raw.target))
    white = 10 ** rng.uniform(-7, -4)
    images = (raw.images[order, ..., np.newaxis] / 16 * white).astype("float32")
    labels = raw.target[order]
    yield Trained(
        {"inputs": images[360:], "labels": labels[360:]},
        images[:360],
        labels[:360],
        on="pictures of the same camera, in volts",
        threshold=0.9,
        baseline=0.5,
        output_shape=(10,),
        bands=(
            (0.5, "No learning rate is good for such small inputs: can the model change the unit?"),
            (1.0, "Nearly: choose the learning rate on pictures that you hold back."),
        ),
    )
