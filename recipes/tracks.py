"""A track's angle in a noisy picture: hand-made kernels, the likelihood and trained networks."""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from lectures_lib.data import detector_image

ANGLES = np.arange(0, 180, 15)
SEEDS = range(3)
NOISES = (0.5, 1.0, 1.5)
LABELLED = (500, 2000, 8000)
TEST_EVENTS = 2000
STEPS = 2500  # of 32 events: ten epochs of 8,000
MORE_STEPS = 8000  # where each event is also turned and mirrored


def events(count, *, noise, seed):
    """Return pictures `(count, 32, 32, 1)` of tracks and the positions of their angles."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(len(ANGLES), size=count)
    seeds = rng.integers(2**32, size=count)
    images = [
        detector_image("track", angle=ANGLES[label], noise=noise, seed=seed)[0]
        for label, seed in zip(labels, seeds, strict=True)
    ]
    return np.stack(images)[..., np.newaxis].astype("float32"), labels


def profiles(size, offsets):
    """Return tracks at all angles and offsets in pixels, `(angles, offsets, size, size)`."""
    row, column = np.indices((size, size)) - (size - 1) / 2
    angle = np.deg2rad(ANGLES)[:, np.newaxis, np.newaxis, np.newaxis]
    offset = np.asarray(offsets)[:, np.newaxis, np.newaxis]
    return np.exp(-((column * np.sin(angle) + row * np.cos(angle) - offset) ** 2) / 2)


def by_kernels(images, size, *, above=None):
    """Return the angle whose kernel of `size` pixels has the largest response anywhere.

    With `above` it is the angle with the largest sum of all responses beyond that number.
    """
    kernels = profiles(size, [0.0])[:, 0]
    kernels -= kernels.mean(axis=(1, 2), keepdims=True)
    kernels /= np.sqrt((kernels**2).sum(axis=(1, 2), keepdims=True))
    weights = np.moveaxis(kernels, 0, -1)[:, :, np.newaxis].astype("float32")

    def score(part):  # (images, angles)
        found = tf.nn.conv2d(part, weights, 1, "VALID").numpy()
        if above is None:
            return found.max(axis=(1, 2))
        return np.maximum(found - above, 0).sum(axis=(1, 2))

    parts = np.array_split(images, max(1, len(images) // 200))
    return np.concatenate([score(part) for part in parts]).argmax(axis=1)


def by_likelihood(images):
    """Return the angle of the track, of all angles and offsets, that explains a picture best."""
    tracks = profiles(32, np.arange(-5.5, 5.6, 0.5)).reshape(len(ANGLES), -1, 32 * 32)
    flat = images.reshape(len(images), -1)
    # With white Gaussian noise, log L = x.t - t.t/2 but for what all tracks share.
    fits = [(flat @ track.T - (track**2).sum(axis=1) / 2).max(axis=1) for track in tracks]
    return np.argmax(fits, axis=0)


def convolutional(seed):
    """The network of the chapter."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            keras.layers.Conv2D(12, 9, strides=2, activation="relu"),
            keras.layers.Conv2D(24, 5, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(len(ANGLES), activation="softmax"),
        ]
    )


def dense(seed):
    """A dense network with seventy times as many weights, half of whose inputs are dropped."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(len(ANGLES), activation="softmax"),
        ]
    )


def eight_of_each(images, labels):
    """Return events in all four orientations and their mirror images, with their angles."""
    images = np.concatenate([images, images[:, :, ::-1]])
    labels = np.concatenate([labels, (12 - labels) % 12])
    turned = [np.rot90(images, quarter, axes=(1, 2)) for quarter in range(4)]
    order = np.random.default_rng(0).permutation(4 * len(labels))  # the last tenth validates
    return np.concatenate(turned)[order], np.concatenate(
        [(labels + 6 * quarter) % 12 for quarter in range(4)]
    )[order]


def train(model, images, labels, *, steps=STEPS):
    """Train a network for some steps, and keep the epoch that is best on a tenth of the events."""
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    epochs = max(1, steps // (len(images) // 32))
    keep = keras.callbacks.EarlyStopping("val_accuracy", patience=epochs, restore_best_weights=True)
    model.fit(
        images, labels, batch_size=32, epochs=epochs, validation_split=0.1, callbacks=[keep],
        verbose=0,
    )  # fmt: skip
    return model


def track_angles():
    """Share of new events in which a method finds the right one of twelve angles."""
    rows = []
    for noise in NOISES:
        images, labels = events(TEST_EVENTS, noise=noise, seed=10)

        def add(method, found, noise=noise, labels=labels, seed=0, learnt=0):
            accuracy = np.mean(found == labels)
            rows.append({"method": method, "noise": noise, "events": learnt, "seed": seed,
                         "accuracy": accuracy})  # fmt: skip

        for size in (9, 15, 21, 27):
            add(f"kernels of {size} pixels", by_kernels(images, size))
        # A kernel's weights have the square sum 1: the noise of its response is that of a pixel.
        add("9 pixels, summed", by_kernels(images, 9, above=2 * noise))
        add("likelihood", by_likelihood(images))
        for seed in SEEDS:
            learnt, angles = events(max(LABELLED), noise=noise, seed=100 + seed)
            for count in LABELLED if noise == 1 else LABELLED[-1:]:
                for method, build in (("network", convolutional), ("dense network", dense)):
                    model = train(build(seed), learnt[:count], angles[:count])
                    found = model.predict(images, verbose=0).argmax(axis=1)
                    add(method, found, seed=seed, learnt=count)
            if noise >= 1:
                turned = eight_of_each(learnt, angles)
                for method, build in (("network", convolutional), ("dense network", dense)):
                    model = train(build(seed), *turned, steps=MORE_STEPS)
                    found = model.predict(images, verbose=0).argmax(axis=1)
                    add(f"{method}, turned events", found, seed=seed, learnt=max(LABELLED))
    return pd.DataFrame(rows)
