"""A figure of recurrent networks that learn side by side in the page to recall a first value."""

import numpy as np

from lectures_lib.playground.kinds import Kind
from lectures_lib.playground.series import check_lengths, sign_text, state_gradients

__all__ = ["RACE"]

KEEP = {"GRU": "update", "LSTM": "forget"}  # the gates that keep a state
LEAST, FAINTEST = 1e-4, 1e-9  # of the errors and of the gradients that are shown


def _values(split):
    """Return the values of series as text; marker and label are those of the first step.

    >>> from lectures_lib.data import Split
    >>> _values(Split(np.array([[[0.4, 1.0], [-2.0, 0.0]]]), np.array([0.4])))
    {'signs': 'oc', 'unit': 0.2}
    """
    wanted = split.inputs.shape[2:] == (2,) and np.array_equal(split.labels, split.inputs[:, 0, 0])
    if not wanted or not (split.inputs[..., 1] == (np.arange(split.inputs.shape[1]) == 0)).all():
        raise ValueError(
            f"The inputs have the shape {split.inputs.shape}, but a race needs series (series, "
            "steps, 2) as recall_series gives them: a value, and a marker at the first step, whose "
            "value is the label."
        )
    return sign_text(split.inputs[..., 0])


def _check(name, controls, data, more):
    if "layer" not in controls or "num_steps" not in controls:
        raise ValueError(f"{name}: a race needs the controls layer and num_steps.")
    check_lengths(name, controls, data, more)


def _errors(run):
    """Return the validation errors by epoch, 1 for always answering the mean."""
    rows = run.rows[run.rows["split"] == "validation"]
    return rows["loss"].to_numpy() / np.var(run.data.validation.labels.astype(float))


def _gates(layer, run):
    """Return what keeps the state of each unit while a series is read, `(steps, units)`."""
    from lectures_lib.from_scratch import gru, lstm

    if layer not in KEEP:
        return None
    examples = run.data.validation
    k = np.argmax(examples.labels > 0.5)  # the first with a large value
    weights = run.model.layers[0].get_weights()
    states = {"GRU": gru, "LSTM": lstm}[layer](examples.inputs[k : k + 1], *weights)
    return getattr(states, f"{KEEP[layer]}_gate")[0]


def _norms(run):
    return state_gradients(run.model, run.data.train.inputs[:32], run.data.train.labels[:32])


def _draw(runs, state, page):
    """Draw the errors of the runs beside the gates of the chosen one and the gradients of all."""
    from lectures_lib.plots import COLOURS, new_figure

    layer, steps = state["layer"], np.arange(1, state["num_steps"] + 1)
    figure, axes = new_figure(2, 2, height=4.2, width_ratios=[1, 1])
    (errors, gates), (spare, norms) = axes
    place = spare.get_gridspec()[:, 0]
    spare.remove()
    errors.set_subplotspec(place)
    for k, (name, run) in enumerate(runs.items()):
        values, lengths = np.maximum(_errors(run), LEAST), np.maximum(_norms(run), FAINTEST)
        errors.semilogy(np.arange(1, len(values) + 1), values, label=name)
        norms.semilogy(steps, lengths)
        if name == layer and (kept := _gates(name, run)) is not None:
            gates.plot(steps, kept, "-", color="0.6", linewidth=0.7)
            gates.plot(steps, kept.mean(axis=1), "-", color=COLOURS[k])
    errors.axhline(1, color="black", linewidth=0.8, linestyle="--")
    errors.set(xlabel="epoch", title="error on new series (1: the mean)", ylim=(LEAST / 10, 3))
    errors.legend(loc="lower left")
    kept = f"{KEEP[layer]} gates of the {layer}" if layer in KEEP else f"no gates: {layer}"
    gates.set(ylim=(0, 1.02), title=kept)
    norms.set(xlabel="step", ylim=(FAINTEST, 1), title="gradient in the state")
    return figure


def _say(runs, state, page):
    layer, run = state["layer"], runs[state["layer"]]
    last = ", ".join(f"{name} {_errors(each)[-1]:.2g}" for name, each in runs.items())
    kept, norms = _gates(layer, run), _norms(run)
    keep = f"The {layer} has no gates"
    if kept is not None:
        best = kept[1:].prod(axis=0).max()
        keep = f"Of the state after step 1, the best {KEEP[layer]} gate of the {layer} keeps "
        keep += f"{best:.2g} to the end"
    return (
        f"After {run.last['epoch']} epochs on series of {state['num_steps']} steps the error on "
        f"new series, 1 for always answering the mean, is {last}. {keep}; the gradient in its "
        f"first state is {norms[0] / norms[-1]:.1g} times that in the last."
    )


RACE = Kind(_values, _draw, _say, _check, batch_size=32, rivals="layer")
