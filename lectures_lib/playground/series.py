"""Figures of networks that learn from series in the page: a forecast, and recall."""

import numpy as np

from lectures_lib.playground.kinds import Kind, curves

__all__ = ["ENERGIES", "RECALL", "UNIT", "check_lengths", "sign_text", "state_gradients"]

UNIT = 0.2  # series travel as text, a sign for each multiple of it
ZERO, FURTHEST = ord("m"), 17  # the sign for 0, and units either way


def _numbers(split):
    """Return a few windows of a series of numbers, and their labels."""
    return {"numbers": split.inputs.ravel().tolist(), "labels": split.labels.ravel().tolist()}


def _check_energies(name, controls, data, more):
    series = more.get("series", {})
    values, known = np.asarray(series.get("values", ())), series.get("known", 0)
    if not series.get("distance", 0) > 0 or values.ndim != 1 or not 0 < known < len(values):
        raise ValueError(
            f"{name}: more['series'] needs values, a list of numbers, known, how many of them the "
            f"network learns from, and distance, in particles; it has {len(values)} values and "
            f"known={known}. Pass known from 1 to {max(len(values) - 1, 1)}."
        )
    shape = data.train.inputs.shape[1:]
    if len(shape) != 2 or shape[1] != 1 or shape[0] > known:
        raise ValueError(
            f"{name}: the inputs have the shape {data.train.inputs.shape}, but a forecast needs "
            f"windows (windows, steps, 1) of at most known={known} steps. Pass what split_known "
            "gives."
        )
    if "seed" not in controls:
        raise ValueError(f"{name}: a fan of forecasts needs seeds. Pass seed=[0, 1, 2].")


def _forecast(run, page):
    """Return the true values as an array, and the forecast after the known ones."""
    from lectures_lib.training import forecast

    values, known = np.array(page["series"]["values"]), page["series"]["known"]
    return values, forecast(run.model, values[:known], steps=len(values) - known)


def _draw_energies(run, state, page):
    """Draw the losses of a run beside its forecast."""
    from lectures_lib.plots import COLOURS, new_figure

    values, predicted = _forecast(run, page)
    known, distance = page["series"]["known"], page["series"]["distance"]
    figure, (losses, axes) = new_figure(1, 2, height=3.2, width_ratios=[2, 3])
    for split, rows in run.rows.groupby("split"):
        losses.semilogy(rows["epoch"], rows["loss"], label=split)
    losses.set(xlabel="epoch", ylabel="loss (δ²)")
    losses.legend()
    particles = distance * np.arange(1, len(values) + 1)
    dots = {"color": "black", "markersize": 4.5}
    axes.plot(particles[:known], values[:known], "o", label="known", **dots)
    axes.plot(particles[known:], values[known:], "o", fillstyle="none", label="true", **dots)
    axes.plot(particles[known:], predicted, "-", color=COLOURS[1], label="forecast")
    low = values.min()
    axes.set(xlabel="particles", ylabel="energy (δ)", ylim=(1.5 * low, values.max() - 0.2 * low))
    axes.legend(loc="lower left")
    return figure


def _describe_energies(run, state, page):
    values, predicted = _forecast(run, page)
    known, last = page["series"]["known"], page["series"]["distance"] * len(values)
    lost = ": the loss is no number any more" if run.lost else ""
    return (
        f"Losses over {run.last['epoch']} epochs{lost}, and {known} known energies, the "
        f"{len(values) - known} true ones after them and their forecast, which for {last} "
        f"particles is {predicted[-1]:.3f} with seed {state['seed']}; the true energy is "
        f"{values[-1]:.3f}."
    )


def sign_text(values):
    """Return values as text, a sign for each, and the `UNIT` of which they are multiples.

    >>> sign_text(np.array([0.4, -2.0, 0.0]))
    {'signs': 'ocm', 'unit': 0.2}
    """
    counts = np.rint(values / UNIT).astype(int)
    if np.abs(counts).max() > FURTHEST or not np.allclose(counts * UNIT, values, atol=1e-5):
        raise ValueError(
            f"The series go to {np.abs(values).max():g}, but this figure needs multiples of "
            f"{UNIT}, at most {FURTHEST * UNIT:g} in size. Round them to that."
        )
    return {"signs": "".join(chr(ZERO + count) for count in counts.ravel()), "unit": UNIT}


def _signs(split):
    """Return series of one feature as text, and their labels.

    >>> from lectures_lib.data import Split
    >>> _signs(Split(np.array([[[0.4], [-2.0]], [[0.0], [0.2]]]), np.array([1, 0])))
    {'signs': 'ocmn', 'unit': 0.2, 'labels': '10'}
    """
    if split.inputs.shape[2:] != (1,):
        raise ValueError(
            f"The inputs have the shape {split.inputs.shape}, but this figure needs series "
            "(series, steps, 1)."
        )
    return sign_text(split.inputs) | {"labels": "".join(str(label) for label in split.labels)}


def check_lengths(name, controls, data, more):
    """Refuse lengths beyond that of the series."""
    steps = data.train.inputs.shape[1]
    if max(controls.get("num_steps", [steps])) > steps:
        raise ValueError(
            f"{name}: num_steps goes to {max(controls['num_steps'])}, but the series of the data "
            f"have {steps} steps. Pass longer series, or smaller numbers."
        )


def state_gradients(model, inputs, labels):
    """Return the norm of the gradient of the loss in the state after each step, `(steps,)`.

    Args:
        model: A compiled Keras `Sequential` that begins with a recurrent layer.
        inputs, labels: One batch; the loss is its mean.
    """
    import tensorflow as tf

    layer, *rest = model.layers
    states, hidden = layer.cell.get_initial_state(len(inputs)), []
    with tf.GradientTape() as tape:
        for t in range(inputs.shape[1]):
            output, states = layer.cell(tf.constant(inputs[:, t]), states)
            tape.watch(output)
            states = [output, *states[1:]]  # the watched one goes on
            hidden.append(output)
        for after in rest:
            output = after(output)
        loss = model.compute_loss(y=tf.constant(labels), y_pred=output)
    return np.array([np.linalg.norm(gradient) for gradient in tape.gradient(loss, hidden)])


def _gradients(run):
    """Return the norms for 32 training series, at the beginning of a run and at its end."""
    batch = run.data.train.inputs[:32], run.data.train.labels[:32]
    end = run.model.get_weights()
    found = []
    for weights in (run.start, end):
        run.model.set_weights(weights)
        found.append(state_gradients(run.model, *batch))
    return found


def _draw_recall(run, state, page):
    """Draw the learning curves of a run beside the gradient in the state after each step."""
    figure, place = curves(run.rows, width_ratios=[1, 1])
    axes = figure.add_subplot(place)
    for norms, label in zip(_gradients(run), ("before training", "after"), strict=True):
        axes.semilogy(np.arange(1, len(norms) + 1), np.maximum(norms, 1e-30), label=label)
    axes.set(xlabel="sample", title="gradient in the state")
    axes.legend()
    return figure


def _describe_recall(run, state, page):
    shares = [norms[0] / norms[-1] for norms in _gradients(run)]
    reached = f"the validation accuracy is {run.last['accuracy']:.3f}"
    if run.lost:
        reached = "the loss is no number any more"
    return (
        f"After {run.last['epoch']} epochs {reached}. The gradient in the first state is "
        f"{shares[0]:.1g} times that in the last before training, and {shares[1]:.1g} times after."
    )


ENERGIES = Kind(_numbers, _draw_energies, _describe_energies, _check_energies, batch_size=32)
RECALL = Kind(_signs, _draw_recall, _describe_recall, check_lengths, batch_size=32)
