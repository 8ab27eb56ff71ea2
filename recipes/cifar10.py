"""Long runs on CIFAR-10: they need the full data set, and two hours of processor time."""

import functools
import time
from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd

from lectures_lib import models
from lectures_lib.data import add_noise, load_cifar10, shift_images
from lectures_lib.from_scratch import softmax
from lectures_lib.training import evaluate, fit

TRAIN_IMAGES = 45_000
CONSTANT = ("dense", "dense_512", "frozen", "lecture")  # batches of 32, a constant rate
EPOCHS, SHORT, LONG = 10, 8, 12  # of these, of the others, and of those called "..._12"
FALLING_BATCH, FALLING_RATE = 64, 2e-3  # of the others
BARE = {"residual": False, "batch_norm": False, "global_pooling": False, "augment": False}
# One change after the other, from the lecture's network on; the last one takes longer, and so do
# its controls.
STEPS = {
    "six_convolutions": BARE,
    "global_pooling": BARE | {"global_pooling": True},
    "residual": BARE | {"global_pooling": True, "residual": True},
    "batch_norm": {"augment": False},
    "batch_norm_12": {"augment": False},
    "augment_12": {},
}
NETWORKS = (*CONSTANT, "falling", *STEPS, "lecture_12")
SEEDS = range(3)
RUNS = [(name, seed) for name in NETWORKS for seed in SEEDS]
LOOKED_AT = ("lecture", "batch_norm", "augment_12")
NOISES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
SHIFT, RENEWED = 8, 0.1
BINS = 10  # of the confidence
PATCH, KERNELS = 6, 400  # side of the patches that serve as kernels, and their number
PENALTIES = (300.0, 1000.0, 3000.0, 10_000.0)
NEW_CLASSES = (2, 5, 8)  # bird, dog, ship: the base has never seen them
LABELS = (5, 20, 100, 300)  # of each new class
ANEW_STEPS = 800  # of up to 32 pictures
# Trained networks are kept here, so that a stopped recipe goes on where it was.
memory = joblib.Memory(Path(__file__).parents[1] / ".recipes", verbose=0)


def epochs_of(name):
    """Return how often a network sees each picture.

    >>> [epochs_of(name) for name in ("lecture", "batch_norm", "augment_12")]
    [10, 8, 12]
    """
    return EPOCHS if name in CONSTANT else LONG if name.endswith("_12") else SHORT


def build(name, seed, *, images=TRAIN_IMAGES):
    """Build a network of `NETWORKS`, or the base, to be trained on so many pictures."""
    if name == "dense":
        return models.cifar_dense(seed=seed)
    if name == "dense_512":
        return models.cifar_dense(hidden=512, learning_rate=5e-4, seed=seed)
    if name == "lecture":
        return models.cifar_cnn(seed=seed)
    if name == "frozen":
        return frozen(models.cifar_cnn(seed=seed))
    falling = {
        "learning_rate": FALLING_RATE,
        "decay_steps": epochs_of(name) * images // FALLING_BATCH,
        "seed": seed,
    }
    if name == "falling":
        return models.cifar_cnn(**falling)
    if name == "lecture_12":  # the last step's training for the lecture's network
        return models.cifar_cnn(batch_norm=True, augment=True, **falling)
    if name == "base":
        return models.cifar_residual(classes=10 - len(NEW_CLASSES), **falling)
    return models.cifar_residual(**STEPS[name], **falling)


def frozen(model):
    """Return a network whose convolutions do not learn; their outputs are standardised."""
    *base, first, second = model.layers
    for layer in base:
        layer.trainable = False
    layers = [*base, keras.layers.BatchNormalization(scale=False, center=False), first, second]
    other = keras.Sequential([keras.Input(model.input_shape[1:]), *layers])
    other.compile(keras.optimizers.Adam(1e-3), loss=model.loss, metrics=["accuracy"])
    return other


@memory.cache
def run(name, seed):
    """Train one network: its history, its weights and how long it took."""
    cifar10 = load_cifar10(train_images=TRAIN_IMAGES)
    if name == "base":
        cifar10 = chosen(cifar10, [c for c in range(10) if c not in NEW_CLASSES])
    model = build(name, seed, images=len(cifar10.train))
    epochs, batch_size = epochs_of(name), 32 if name in CONSTANT else FALLING_BATCH
    wall, cpu = time.perf_counter(), time.process_time()
    history = fit(model, cifar10, epochs=epochs, batch_size=batch_size, seed=seed, progress=False)
    minutes = (time.perf_counter() - wall) / 60
    cpu_minutes = (time.process_time() - cpu) / 60
    # Measured after training, without augmentation.
    scores = {
        part: evaluate(model, getattr(cifar10, part))["accuracy"]
        for part in ("train", "validation", "test")
    }
    facts = {"parameters": model.count_params(), "epochs": epochs, "batch_size": batch_size}
    return {
        "history": history,
        "weights": model.get_weights(),
        "row": facts | scores | {"minutes": minutes, "cpu_minutes": cpu_minutes},
    }


def chosen(data, classes):
    """Return a data set of some classes, numbered anew in the order given."""
    number = np.full(10, -1)
    number[list(classes)] = range(len(classes))
    parts = {}
    for name in ("train", "validation", "test"):
        split = getattr(data, name)
        rows = np.isin(split.labels, classes)
        parts[name] = type(split)(split.inputs[rows], number[split.labels[rows]])
    names = [data.class_names[c] for c in classes]
    return type(data)(**parts, class_names=tuple(names))


@functools.cache
def trained(name, seed=0):
    """Return a network with its trained weights."""
    model = build(name, seed)
    model.set_weights(run(name, seed)["weights"])
    return model


def cifar10_runs():
    """Train each network on 45,000 pictures of CIFAR-10: accuracies, minutes on one core."""
    return pd.DataFrame([{"model": n, "seed": s} | run(n, s)["row"] for n, s in RUNS])


def cifar10_history():
    """Loss and accuracy of the networks of `cifar10_runs` after each epoch."""
    tables = [run(name, seed)["history"].assign(model=name, seed=seed) for name, seed in RUNS]
    table = pd.concat(tables)
    return table[["model", "seed", *table.columns.drop(["model", "seed"])]]


def cifar10_confusion():
    """Test pictures of each class, by the class that a network of `cifar10_runs` gives them."""
    from sklearn.metrics import confusion_matrix

    test = load_cifar10().test
    tables = []
    for name in LOOKED_AT:
        for seed in SEEDS:
            counts = confusion_matrix(test.labels, logits(name, seed, test.inputs).argmax(axis=1))
            rows = pd.DataFrame(counts).rename_axis("label").reset_index()
            tables.append(rows.melt("label", var_name="predicted", value_name="images"))
            tables[-1].insert(0, "model", name)
            tables[-1].insert(1, "seed", seed)
    return pd.concat(tables)


def cifar10_disturbed():
    """Test accuracy of networks of `cifar10_runs` on noisy and on shifted pictures."""
    test = load_cifar10().test
    disturbed = [("noise", noise, add_noise(test.inputs, noise=noise)) for noise in NOISES]
    disturbed.append(("shift", SHIFT, shift_images(test.inputs, right=SHIFT)))
    rows = [
        {
            "model": name, "seed": seed, "disturbance": kind, "size": size,
            "accuracy": np.mean(logits(name, seed, images).argmax(axis=1) == test.labels),
        }
        for name in LOOKED_AT for seed in SEEDS for kind, size, images in disturbed
    ]  # fmt: skip
    noisy = add_noise(test.inputs, noise=RENEWED)
    for name in LOOKED_AT[1:]:
        for seed in SEEDS:
            model = renewed(trained(name, seed), noisy[:2000])
            answers = model.predict(noisy, batch_size=500, verbose=0).argmax(axis=1)
            share = np.mean(answers == test.labels)
            facts = {"disturbance": "noise, averages renewed", "size": RENEWED, "accuracy": share}
            rows.append({"model": name, "seed": seed} | facts)
    return pd.DataFrame(rows)


def renewed(model, images):
    """Return a copy of a network whose normalisation takes its averages from `images`."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # the old averages count nothing
        elif isinstance(layer, keras.layers.RandomFlip | keras.layers.RandomTranslation):
            layer.call = lambda values, training=None: values
    copy(images, training=True)
    return copy


def cifar10_calibration():
    """Test pictures by the probability of a network's answer, in tenths, with its temperature."""
    data = load_cifar10()
    tables = []
    for name in LOOKED_AT:
        for seed in SEEDS:
            best = temperature(logits(name, seed, data.validation.inputs), data.validation.labels)
            outputs = logits(name, seed, data.test.inputs)
            for divisor in (1.0, best):
                confidence, answer = confident(outputs / divisor)
                right = answer == data.test.labels
                bins = np.minimum((BINS * confidence).astype(int), BINS - 1)
                table = pd.DataFrame({"bin": bins, "confidence": confidence, "right": right})
                means = table.groupby("bin", as_index=False).agg(
                    images=("right", "size"), confidence=("confidence", "mean"),
                    accuracy=("right", "mean"),
                )  # fmt: skip
                facts = {"model": name, "seed": seed, "temperature": divisor}
                tables.append(means.assign(**facts)[[*facts, *means.columns]])
    return pd.concat(tables)


def cifar10_noise():
    """What networks of `cifar10_runs` call 1,000 pictures of uniform noise, and how surely."""
    noise = np.random.default_rng(0).uniform(size=(1000, 32, 32, 3)).astype("float32")
    rows = []
    for name in LOOKED_AT:
        for seed in SEEDS:
            confidence, answer = confident(logits(name, seed, noise))
            rows += [
                {
                    "model": name, "seed": seed, "predicted": c, "images": np.sum(answer == c),
                    "confidence": confidence[answer == c].mean(),
                }
                for c in np.unique(answer)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def cifar10_patches():
    """Accuracy of a linear classifier behind kernels that are patches of pictures, not learnt."""
    return pd.DataFrame(patches(seed) for seed in SEEDS)


@memory.cache
def patches(seed):
    """Cut kernels out of training pictures, whiten and pool, and fit ridge regression."""
    import tensorflow as tf
    from sklearn.linear_model import RidgeClassifier
    from sklearn.preprocessing import StandardScaler

    data = load_cifar10(train_images=TRAIN_IMAGES)
    rng = np.random.default_rng(seed)

    def windows(images):  # (images, rows, columns, size * size * 3), each of mean 0 and scale 1
        size = [1, PATCH, PATCH, 1]
        cut = tf.image.extract_patches(images, size, [1, 1, 1, 1], [1, 1, 1, 1], "VALID")
        mean, variance = tf.nn.moments(cut, -1, keepdims=True)
        return (cut - mean) / tf.sqrt(variance + 1e-4)

    some = rng.choice(len(data.train), 2000, replace=False)
    flat = windows(data.train.inputs[some]).numpy().reshape(-1, PATCH * PATCH * 3)
    flat = flat[rng.choice(len(flat), 50_000, replace=False)]
    mean = flat.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(flat.T))
    whiten = (directions / np.sqrt(variances + 0.1)) @ directions.T
    kernels = (flat[:KERNELS] - mean) @ whiten
    kernels = whiten @ (kernels / np.linalg.norm(kernels, axis=1, keepdims=True)).T

    def features(images):
        pooled = []
        for part in np.array_split(images, len(images) // 100):
            found = (windows(part) - mean.astype("float32")) @ kernels.astype("float32")
            both = tf.concat([tf.nn.relu(found - 0.25), tf.nn.relu(-found - 0.25)], -1)
            pooled.append(tf.nn.avg_pool2d(both, 14, 13, "VALID").numpy().reshape(len(part), -1))
        return np.concatenate(pooled)

    cpu = time.process_time()
    scale = StandardScaler()
    train = scale.fit_transform(features(data.train.inputs))
    rest = {
        name: (scale.transform(features(getattr(data, name).inputs)), getattr(data, name).labels)
        for name in ("validation", "test")
    }
    models = [RidgeClassifier(alpha).fit(train, data.train.labels) for alpha in PENALTIES]
    best = max(models, key=lambda model: model.score(*rest["validation"]))
    return {
        "seed": seed, "kernels": KERNELS, "alpha": best.alpha,
        "train": best.score(train, data.train.labels),
        **{name: best.score(*pair) for name, pair in rest.items()},
        "cpu_minutes": (time.process_time() - cpu) / 60,
    }  # fmt: skip


def cifar10_transfer():
    """Test accuracy on three classes from few labels, with a base that never saw them, and anew."""
    return pd.concat(transfer(labels, seed) for labels in LABELS for seed in SEEDS)


@memory.cache
def transfer(labels, seed):
    """Learn the new classes from so many labels of each, in five ways; return a row for each."""
    data = chosen(load_cifar10(train_images=TRAIN_IMAGES), NEW_CLASSES)
    known = few(data.train.labels, labels, seed=seed)
    images, classes, test = data.train.inputs[known], data.train.labels[known], data.test
    found = {}
    for name, weights in (("frozen base", run("base", 0)["weights"]), ("untrained base", None)):
        base = build("base", 100 + seed)
        if weights is not None:
            base.set_weights(weights)
        features = keras.Model(base.input, base.get_layer("features").output)
        seen = [features.predict(x, batch_size=500, verbose=0) for x in (images, test.inputs)]
        found[name] = linear(seen[0], classes).predict(seen[1])
    flat = [x.reshape(len(x), -1) for x in (images, test.inputs)]
    found["linear in the pixels"] = linear(flat[0], classes).predict(flat[1])
    for name, augment in (("anew", False), ("anew, augmented", True)):
        model = models.cifar_residual(
            augment=augment, classes=len(NEW_CLASSES), learning_rate=FALLING_RATE,
            decay_steps=ANEW_STEPS, seed=seed,
        )  # fmt: skip
        batch_size = min(32, len(known))
        rows = np.resize(np.random.default_rng(seed).permutation(len(known)), 100 * batch_size)
        model.fit(
            images[rows], classes[rows], batch_size=batch_size, epochs=ANEW_STEPS // 100, verbose=0
        )
        found[name] = model.predict(test.inputs, batch_size=500, verbose=0).argmax(axis=1)
    return pd.DataFrame(
        {"method": method, "labels": labels, "seed": seed, "test": np.mean(answer == test.labels)}
        for method, answer in found.items()
    )


def few(labels, count, *, seed):
    """Return the rows of `count` examples of each class, drawn by chance."""
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [rng.choice(np.flatnonzero(labels == c), count, replace=False) for c in np.unique(labels)]
    )


def linear(inputs, labels):
    """Fit a linear classifier on standardised inputs, its penalty by cross-validation."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    grid = {"logisticregression__C": np.logspace(-5, 1, 7)}
    return GridSearchCV(model, grid, cv=5).fit(inputs, labels)


def logits(name, seed, images):
    """Return the logits of a trained network for images, shape `(images, 10)`."""
    return trained(name, seed).predict(images, batch_size=500, verbose=0)


def temperature(logits, labels):
    """Return the number by which to divide logits such that the labels are most probable."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    def loss(log_t):
        log_p = log_softmax(logits.astype(float) / np.exp(log_t), axis=1)
        return -np.mean(log_p[np.arange(len(labels)), labels])

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def confident(logits):
    """Return the largest probability for each picture, and the class that has it."""
    return softmax(logits).max(axis=1), logits.argmax(axis=1)


def cifar10_lecture():
    """Weights of the lecture's network of `cifar10_runs`, seed 0."""
    return run("lecture", 0)["weights"]


def cifar10_residual():
    """Weights of the residual network of `cifar10_runs`, augmentation, 12 epochs, seed 0."""
    return run("augment_12", 0)["weights"]


def cifar10_base():
    """Weights of a residual network for seven classes of CIFAR-10: not bird, dog and ship."""
    return run("base", 0)["weights"]
