"""The networks that readers try on the page: two for digits, some that learn three switches."""

import numpy as np

from lectures_lib.data import Dataset, charge_records, load_digits
from lectures_lib.models import digits_cnn, digits_dense, memory_network
from lectures_lib.training import evaluate, fit, fit_many
from recipes.digits import BATCH_SIZE, L2, SEEDS_EPOCHS

STEPS = 48
RECORDS = {"train": 2000, "validation": 200, "test": 200}
UNITS = {1: (6, 0.03, 25), 3: (3, 0.02, 16)}  # units: seeds, learning rate, epochs


def playground_digits():
    """Weights of the digits CNN and of the dense network, trained as in the chapter, seed 0."""
    digits, arrays = load_digits(seed=0), []
    for build in (digits_cnn, digits_dense):
        model = build(l2=L2, learning_rate=0.1, seed=0)
        fit(model, digits, epochs=SEEDS_EPOCHS, batch_size=BATCH_SIZE, seed=0, progress=False)
        arrays += model.get_weights()
    return arrays


def playground_gates():
    """LSTMs of one and of three units on records of charge, five arrays each, best seed first."""
    data = charge_data()
    return [
        np.stack(copies) for units in UNITS for copies in zip(*trained(units, data), strict=True)
    ]


def charge_data():
    """Return train, validation and test records, from seeds of their own."""
    splits = (
        charge_records(series=series, num_steps=STEPS, seed=seed)
        for seed, series in enumerate(RECORDS.values(), start=1)
    )
    return Dataset(*splits, class_names=())


def charge_network(units, *, learning_rate=0.01, seed=0):
    """Build a network that reads charge, drain and read, and answers at every step.

    >>> charge_network(1).count_params(), charge_network(3).count_params()
    (22, 88)
    """
    network = memory_network(
        "lstm", hidden=units, num_steps=STEPS, features=3, every_step=True,
        learning_rate=learning_rate, seed=seed,
    )  # fmt: skip
    network.get_layer("recurrent").unroll = False  # the same numbers; compiles faster
    return network


def trained(units, data, *, seeds=None, epochs=None):
    """Return the weights for each seed, the smallest validation loss first, every unit upright."""
    most, learning_rate, all_epochs = UNITS[units]
    many = fit_many(
        lambda seed: charge_network(units, learning_rate=learning_rate, seed=seed),
        {"seed": list(range(seeds or most))}, data, epochs=epochs or all_epochs, batch_size=50,
        progress=False,
    )  # fmt: skip
    losses = [evaluate(model, data.validation)["loss"] for model in many.models]
    return [upright(many.models[k].get_weights()) for k in np.argsort(losses)]


def upright(weights):
    """Change the sign of units whose output counts negatively; the network stays the same.

    If the candidate of a unit changes its sign, cell and hidden state do; what they are multiplied
    by must change it too.

    >>> K, R, b = np.ones((3, 4)), np.ones((1, 4)), np.ones(4)
    >>> turned = upright([K, R, b, np.array([[-2.0]]), np.zeros(1)])
    >>> turned[0][0].tolist(), turned[1][0].tolist(), turned[3].tolist()
    ([1.0, 1.0, -1.0, 1.0], [-1.0, -1.0, 1.0, -1.0], [[2.0]])
    """
    kernel, recurrent, bias, output, output_bias = weights
    signs = np.where(output[:, 0] < 0, -1, 1).astype(output.dtype)  # (units,)
    blocks = np.concatenate([np.ones_like(signs)] * 2 + [signs, np.ones_like(signs)])  # i, f, g, o
    return [
        kernel * blocks,
        signs[:, np.newaxis] * recurrent * blocks,
        bias * blocks,
        signs[:, np.newaxis] * output,
        output_bias,
    ]
