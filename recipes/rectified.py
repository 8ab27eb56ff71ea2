"""Simple networks of rectified units that begin with the identity, on tasks of the gates."""

import keras
import pandas as pd

from lectures_lib.training import fit_many
from recipes import holding
from recipes import memory as remembering
from recipes.extrapolation import memory

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
LIMITS = (None, 1.0)  # of the gradient's norm
TASKS = {"hold": holding.STEPS, "adding": 20, "recall": 40}  # steps of a record


def rectified_network(*, num_steps, features, every_step, learning_rate, limit, seed):
    """Build a simple network of 17 ReLU units whose recurrent kernel begins as the identity.

    Source: Le, Jaitly and Hinton (2015), arXiv:1504.00941.

    >>> how = {"learning_rate": 0.01, "limit": 1.0, "seed": 0}
    >>> network = rectified_network(num_steps=40, features=2, every_step=True, **how)
    >>> network.count_params(), float(network.get_weights()[1].trace())
    (358, 17.0)
    """
    keras.utils.set_random_seed(seed)
    layer = keras.layers.SimpleRNN(
        holding.UNITS["SimpleRNN"], activation="relu", recurrent_initializer="identity",
        return_sequences=every_step,
    )  # fmt: skip
    network = keras.Sequential([keras.Input((num_steps, features)), layer, keras.layers.Dense(1)])
    network.compile(keras.optimizers.Adam(learning_rate, global_clipnorm=limit), "mse")
    return network


@memory.cache
def rectified(task, limit):
    """Train networks of all rates and seeds on one task; return a row for each."""
    length = TASKS[task]
    if task == "hold":
        data, epochs, score = holding.holding_data(), holding.EPOCHS, holding.normalised
    else:
        data = remembering.task_data(task, length)
        epochs = remembering.EPOCHS if task == "recall" else remembering.OTHER_EPOCHS

        def score(network, split):
            return remembering.score(task, length, network, split)

    num_steps, features = data.train.inputs.shape[1:]
    many = fit_many(
        lambda learning_rate, seed: rectified_network(
            num_steps=num_steps, features=features, every_step=task == "hold",
            learning_rate=learning_rate, limit=limit, seed=seed,
        ),
        {"learning_rate": list(RATES), "seed": list(holding.SEEDS)},
        data, epochs=epochs, batch_size=holding.BATCH, seed=0, progress=False,
    )  # fmt: skip
    rows = many.networks[["learning_rate", "seed"]].assign(task=task, clipped=limit is not None)
    for part in ("validation", "test"):
        rows[part] = [score(network, getattr(data, part)) for network in many.models]
    return rows


def rectified_networks():
    """Rectified units with the identity at the start: normalised errors on three tasks."""
    table = pd.concat(rectified(task, limit) for task in TASKS for limit in LIMITS)
    return table[["task", "clipped", "learning_rate", "seed", "validation", "test"]]
