"""Long runs on CIFAR-10: they need the full data set, and about an hour and a half on two cores."""

import functools
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from lectures_lib import models
from lectures_lib.data import add_noise, load_cifar10, shift_images
from lectures_lib.training import evaluate, fit

BATCHES = {"deeper": 100}
EPOCHS = {"deeper": 8}
TRAIN_IMAGES = 45_000
SEEDS = {"dense": 3, "lecture": 3, "dropout": 2, "batch_norm": 2, "augment": 2, "deeper": 1}
RUNS = [(name, seed) for name, seeds in SEEDS.items() for seed in range(seeds)]
LOOKED_AT = ("lecture", "augment", "deeper")
NOISES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
SHIFTS = (0, 1, 2, 3, 4, 6, 8)


def _deeper(seed):
    steps = EPOCHS["deeper"] * TRAIN_IMAGES // BATCHES["deeper"]
    return models.cifar_deeper(decay_steps=steps, seed=seed)


BUILDERS = {
    "dense": models.cifar_dense,
    "lecture": models.cifar_cnn,
    "dropout": functools.partial(models.cifar_cnn, dropout=0.5),
    "batch_norm": functools.partial(models.cifar_cnn, batch_norm=True),
    "augment": functools.partial(models.cifar_cnn, augment=True),
    "deeper": _deeper,
}
# Trained networks are kept here, so that a stopped recipe goes on where it was.
memory = joblib.Memory(Path(__file__).parents[1] / ".recipes", verbose=0)


@memory.cache
def run(name, seed):
    """Train one network: its history, its weights and how long it took."""
    model = BUILDERS[name](seed=seed)
    cifar10 = load_cifar10(train_images=TRAIN_IMAGES)
    wall, cpu = time.perf_counter(), time.process_time()
    history = fit(
        model, cifar10, epochs=EPOCHS.get(name, 10), batch_size=BATCHES.get(name, 32), seed=seed
    )
    return {
        "history": history,
        "weights": model.get_weights(),
        "minutes": (time.perf_counter() - wall) / 60,
        "cpu_minutes": (time.process_time() - cpu) / 60,
        "test": evaluate(model, cifar10.test),
    }


def cifar10_runs():
    """Train each network on 45,000 pictures of CIFAR-10: accuracies, minutes on two cores."""
    rows, cifar10 = [], load_cifar10(train_images=TRAIN_IMAGES)
    for name, seed in RUNS:
        result, model = run(name, seed), trained(name, seed)
        rows.append(
            {
                "model": name,
                "seed": seed,
                "parameters": model.count_params(),
                "epochs": EPOCHS.get(name, 10),
                "batch_size": BATCHES.get(name, 32),
                # Measured after training, without dropout and augmentation.
                "train": evaluate(model, cifar10.train)["accuracy"],
                "validation": evaluate(model, cifar10.validation)["accuracy"],
                "test": result["test"]["accuracy"],
                "minutes": result["minutes"],
                "cpu_minutes": result["cpu_minutes"],
            }
        )
    return pd.DataFrame(rows)


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
        counts = confusion_matrix(test.labels, predict(name, test.inputs))
        rows = pd.DataFrame(counts).rename_axis("label").reset_index()
        tables.append(rows.melt("label", var_name="predicted", value_name="images"))
        tables[-1].insert(0, "model", name)
    return pd.concat(tables)


def cifar10_disturbed():
    """Test accuracy of networks of `cifar10_runs` on noisy and on shifted pictures."""
    test = load_cifar10().test
    disturbed = [("noise", noise, add_noise(test.inputs, noise=noise)) for noise in NOISES]
    disturbed += [("shift", right, shift_images(test.inputs, right=right)) for right in SHIFTS]
    rows = [
        {"model": name, "disturbance": kind, "size": size, "accuracy": accuracy}
        for name in LOOKED_AT
        for kind, size, images in disturbed
        for accuracy in [np.mean(predict(name, images) == test.labels)]
    ]
    return pd.DataFrame(rows)


@functools.cache
def trained(name, seed=0):
    """Return a network with its trained weights."""
    model = BUILDERS[name](seed=seed)
    model.set_weights(run(name, seed)["weights"])
    return model


def predict(name, images):
    """Return the most probable class of each image, shape `(images,)`."""
    return trained(name).predict(images, batch_size=500, verbose=0).argmax(axis=1)


def cifar10_lecture():
    """Weights of the lecture's network of `cifar10_runs`, seed 0."""
    return run("lecture", 0)["weights"]


def cifar10_deeper():
    """Weights of the deeper network of `cifar10_runs`."""
    return run("deeper", 0)["weights"]
