"""Networks with and without gates on an oscillator whose spring is switched by rare commands."""

import itertools

import keras
import numpy as np
import pandas as pd

from lectures_lib.data import Dataset, Split, switched_oscillator
from lectures_lib.from_scratch import gru, lstm, simple_rnn
from lectures_lib.models import memory_network
from lectures_lib.training.batched import Stack
from lectures_lib.training.loop import scores_by_epoch
from recipes.extrapolation import memory

SIZES = {"train": 64, "validation": 32, "test": 100}
TIMES, EPOCHS, BATCH = 150, 600, 32
SCORED = (200, EPOCHS)
SEEDS = tuple(range(5))
HIDDEN = {"rnn": 38, "lstm": 18, "gru": 21}  # 1597, 1531 and 1597 parameters
CLIPS = (1.0, 0.0)  # the largest norm of all gradients together; 0 for no limit
# Learning rates and epochs of each layer; the simple one gets three times the epochs of the gates.
RATES = {"rnn": (0.0003, 0.001, 0.003, 0.01), "lstm": (0.003, 0.01, 0.03, 0.1)}
RATES |= {"gru": (0.01, 0.03, 0.1)}
SHOWN = {("gru", 0.0): (0.01,)}  # further rates whose learning curves are kept
LAST = {"rnn": EPOCHS, "lstm": SCORED[0], "gru": SCORED[0]}
INDEX = ["clip", "learning_rate", "seed"]
CURVE_EPOCHS = (1, 2, 5, *range(10, 200, 10), *range(200, EPOCHS + 1, 20))
LEFT = 0.2  # normalised error of a network that has left the plateau: half of that at 0.43
WAITS_MS = (150, 1000)
COMMANDS = ((-1, -1), (1, 1), (1, -1), (-1, 1))  # at 0 and at 40 ms
BY_HAND = {
    "rnn": simple_rnn,
    "gru": lambda *arrays: gru(*arrays).hidden,
    "lstm": lambda *arrays: lstm(*arrays).hidden,
}


def regime_data():
    """Return train, validation and test records, from seeds of their own."""
    splits = []
    for seed, series in enumerate(SIZES.values(), start=1):
        records = switched_oscillator(series=series, times=TIMES, seed=seed)
        arrays = records.inputs, records.positions[..., np.newaxis]
        splits.append(Split(*(array.astype("float32") for array in arrays)))
    return Dataset(*splits, class_names=())


def regime_network(layer, *, learning_rate, seed, clip=0.0):
    """Build a network that answers at every step.

    >>> [regime_network(k, learning_rate=0.01, seed=0).count_params() for k in HIDDEN]
    [1597, 1531, 1597]
    """
    network = memory_network(
        layer, hidden=HIDDEN[layer], num_steps=TIMES, features=2, every_step=True, seed=seed,
    )  # fmt: skip
    network.get_layer("recurrent").unroll = False  # the same numbers; it would compile for minutes
    adam = keras.optimizers.Adam(learning_rate, global_clipnorm=clip or None)
    network.compile(adam, "mean_squared_error")
    return network


def answers(layer, weights, inputs):
    """Return the positions that a network gives at every step, `(records, times)`.

    >>> network = regime_network("gru", learning_rate=0.01, seed=0)
    >>> inputs = regime_data().test.inputs[:2]
    >>> by_hand = answers("gru", network.get_weights(), inputs)
    >>> bool(np.allclose(by_hand, network(inputs)[..., 0], atol=1e-5))
    True
    """
    *recurrent, kernel, bias = weights
    return (BY_HAND[layer](inputs, *recurrent) @ kernel + bias)[..., 0]


def obeys(layer, weights, *, wait):
    """Tell for each pair of commands whether the last one decides the ringing after a wait.

    The commands come 40 ms apart; after `wait` ms more of silence there is one blow. A network
    obeys if its answer to it is nearer to the ringing on the right spring than to the other.
    """
    log = np.zeros((len(COMMANDS), 40 + wait + 30, 2))
    log[:, [0, 40], 1] = COMMANDS
    log[:, 40 + wait, 0] = 1
    rings = answers(layer, weights, log)[:, np.newaxis, 40 + wait :]  # (commands, 1, 30)
    after_ms = np.arange(1, 31)
    true = np.exp(-after_ms / 8) * np.array(
        [np.sin(w * after_ms) / w for w in (2 * np.pi / 12, 2 * np.pi / 6)]
    )
    nearest = np.mean((rings - true) ** 2, axis=2).argmin(axis=1)
    return nearest == (np.array(COMMANDS)[:, 1] > 0)


@memory.cache
def trained(layer, *, rates, clips=CLIPS, seeds=SEEDS, epochs=EPOCHS, scored=SCORED):
    """Train all limits, rates and seeds of one kind of network at once.

    Returns:
        A table of the validation loss, a row for each network and a column for each epoch; a table
        of scores; and the weights of each network at the end.
    """
    data = regime_data()
    networks = pd.DataFrame(
        itertools.product(clips, rates, seeds), columns=["clip", "learning_rate", "seed"]
    )
    stack = Stack([regime_network(layer, **row) for row in networks.to_dict("records")])
    losses, tables = [], []
    by_epoch = scores_by_epoch(stack, data, epochs=epochs, batch_size=BATCH, seed=0, progress=False)
    for epoch, scores in enumerate(by_epoch, start=1):
        losses.append(scores["validation"]["loss"])
        if epoch in scored:
            rows = [_scores(layer, weights, data.test) for weights in stack.get_weights()]
            first = networks.assign(
                epoch=epoch, train=scores["train"]["loss"], validation=losses[-1]
            )
            tables.append(first.join(pd.DataFrame(rows)))
    curves = pd.DataFrame(
        np.transpose(losses), pd.MultiIndex.from_frame(networks), range(1, epochs + 1)
    )
    return curves, pd.concat(tables), stack.get_weights()


def _scores(layer, weights, test):
    """Return the normalised error on test records, and how many pairs of commands are obeyed."""
    square = (answers(layer, weights, test.inputs) - test.labels[..., 0]) ** 2
    found = {"test": square.mean() / np.var(test.labels)}
    return found | {f"obeys_{w}": obeys(layer, weights, wait=w).sum() for w in WAITS_MS}


def best_rate(layer, clip):
    """Return the rate with the smallest mean error on the validation records at the end."""
    last = {
        rate: trained(layer, rates=(rate,), epochs=LAST[layer])[0].loc[clip].iloc[:, -1].mean()
        for rate in RATES[layer]
    }
    return min(last, key=last.get)


def regime_runs():
    """Scores of networks on the switched oscillator by rate, clipped and not; five seeds each."""
    tables = []
    level = np.var(regime_data().validation.labels)
    for layer, rates in RATES.items():
        for rate in rates:
            curves, scores, _ = trained(layer, rates=(rate,), epochs=LAST[layer])
            left = (curves < LEFT * level).to_numpy()
            first = np.where(left.any(axis=1), left.argmax(axis=1) + 1, 0)  # 0: never
            scores = scores.join(pd.Series(first, curves.index, name="left"), on=INDEX)
            scores.insert(0, "layer", layer)
            scores["best"] = [int(rate == best_rate(layer, clip)) for clip in scores["clip"]]
            tables.append(scores)
    return pd.concat(tables)


def regime_curves():
    """Validation losses on the switched oscillator as training goes on, at the best rates."""
    tables = []
    for layer in RATES:
        for clip in CLIPS:
            best = best_rate(layer, clip)
            for rate in sorted({best, *SHOWN.get((layer, clip), ())}):
                curves = trained(layer, rates=(rate,), epochs=LAST[layer])[0].loc[[clip]]
                rows = curves[curves.columns.intersection(CURVE_EPOCHS)]
                rows = rows.rename_axis(columns="epoch").stack().rename("validation").reset_index()
                rows.insert(0, "layer", layer)
                tables.append(rows.assign(best=int(rate == best)))
    return pd.concat(tables)


def regime_networks():
    """Weights of the clipped SimpleRNN, LSTM and GRU: five arrays each, seeds as first axis."""
    arrays = []
    for layer in RATES:
        rate = best_rate(layer, CLIPS[0])
        weights = trained(layer, rates=(rate,), epochs=LAST[layer])[2]
        arrays += [np.stack(copies) for copies in zip(*weights[: len(SEEDS)], strict=True)]
    return arrays
