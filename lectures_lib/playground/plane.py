"""A figure of autoencoders with two numbers in the code that learn in the page: their plane."""

from dataclasses import replace

import numpy as np

from lectures_lib.playground.kinds import Kind
from lectures_lib.playground.pictures import digit_text
from lectures_lib.playground.sample import SampledCode

__all__ = ["PLANE", "codes", "divergence", "largest_angle", "neighbours_alike", "principal"]

PRIOR = np.sqrt(-2 * np.log(0.05))  # the circle that holds 95 % of a standard normal distribution
COLOURS = ("#0072b2", "#c44e00", "#00805c", "#b0307a", "#6b4fc0", "#8a6d00", "#007d8f", "#c4242b",
           "#7a4a2b", "#555555")  # fmt: skip
TILES = 8  # pictures on each side of the grid that is decoded


def _flat(data):
    """Return a `Dataset` of flat pictures that are their own labels."""
    parts = {name: getattr(data, name) for name in ("train", "validation", "test")}
    flat = {k: s.inputs.reshape(len(s), -1) for k, s in parts.items()}
    return replace(data, **{k: replace(parts[k], inputs=x, labels=x) for k, x in flat.items()})


def principal(train, unseen):
    """Return what the page compares with: the plane of PCA, fitted to flat pictures.

    Returns:
        A dictionary: `axes`, two of length 1, one after the other, `spread`, the sum of squares of
        `unseen` about the mean of `train`, and `error`, the share of it that PCA leaves.

    >>> points = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, -3.0, 0.0]])
    >>> found = principal(points, points + [0, 0, 2])
    >>> np.abs(found["axes"]).tolist(), found["spread"], round(found["error"], 3)
    ([0.0, 1.0, 0.0, 1.0, 0.0, 0.0], 36.0, 0.444)
    """
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:2]
    away = (unseen - mean).astype(float)
    spread = float((away**2).sum())
    error = float(((away - away @ axes.T @ axes) ** 2).sum()) / spread
    return {"axes": np.round(axes.ravel(), 7).tolist(), "spread": spread, "error": error}


def _given(data):
    flat = _flat(data)
    return {"principal": principal(flat.train.inputs, flat.validation.inputs)}


def _halves(model):
    """Return the layers of the encoder and of the decoder."""
    end = 1 + next(k for k, layer in enumerate(model.layers) if layer.output.shape[-1] == 2)
    return model.layers[:end], model.layers[end:]


def _through(layers, values):
    for layer in layers:
        values = layer(values)
    return np.asarray(values)


def codes(model, pictures):
    """Return the codes `(pictures, 2)` of flat pictures; sampled ones at their means."""
    return _through(_halves(model)[0], pictures)


def divergence(model, pictures):
    """Return the mean divergence in nats of the codes of flat pictures; None without sampling."""
    encoder = _halves(model)[0]
    if not isinstance(encoder[-1], SampledCode):
        return None
    mean, log_variance = np.split(_through(encoder[:-1], pictures), 2, axis=1)
    return float((mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean() / 2)


def largest_angle(model, axes):
    """Return the largest angle in degrees of the plane of a linear decoder to that of `axes`."""
    from scipy.linalg import subspace_angles

    kernel = np.asarray(model.layers[-1].kernel, dtype=float)
    return float(np.degrees(subspace_angles(kernel.T, np.reshape(axes, (2, -1)).T).max()))


def neighbours_alike(found, labels):
    """Return the share of codes `(codes, 2)` whose nearest other code has the same label.

    >>> neighbours_alike(np.array([[0, 0], [0, 1], [5, 5], [5, 7]]), np.array([3, 3, 3, 8]))
    0.5
    """
    distances = np.square(found[:, np.newaxis] - found).sum(axis=2).astype(float)
    np.fill_diagonal(distances, np.inf)
    return float(np.mean(labels[distances.argmin(axis=1)] == labels))


def _error(run, page):
    unseen = _flat(run.data).validation.inputs
    away = np.asarray(run.model(unseen)) - unseen
    return float((away**2).sum() / page["principal"]["spread"])


def _frame(found, sampled):
    """Return centre and half the width of the plane that is drawn."""
    centre = np.zeros(2) if sampled else found.mean(axis=0)
    half = 1.08 * np.abs(found - centre).max()
    return centre, max(half, 4) if sampled else half


def _draw(run, state, page):
    """Draw codes of unseen digits, and the pictures that the decoder makes of the plane."""
    from lectures_lib.plots import new_figure, show_image

    unseen, model = run.data.validation, run.model
    encoder, decoder = _halves(model)
    sampled = isinstance(encoder[-1], SampledCode)
    found = codes(model, unseen.inputs.reshape(len(unseen), -1))
    centre, half = _frame(found, sampled)
    figure, (plane, tiles) = new_figure(1, 2, height=2.8)
    for digit, colour in enumerate(COLOURS):
        here = found[unseen.labels == digit]
        plane.scatter(*here.T, s=16, marker=f"${digit}$", color=colour, linewidth=0.2)
    if sampled:
        turn = np.linspace(0, 2 * np.pi, 100)
        plane.plot(PRIOR * np.cos(turn), PRIOR * np.sin(turn), "--", color="black", linewidth=0.8)
    ends = np.array([-1, 1]) * half
    plane.set(xlim=centre[0] + ends, ylim=centre[1] + ends, xlabel="$z_1$", ylabel="$z_2$")
    plane.set_aspect("equal")
    steps = half * (2 * np.arange(TILES) + 1 - TILES) / TILES
    grid = np.stack(np.meshgrid(centre[0] + steps, centre[1] - steps), axis=-1)
    pictures = _through(decoder, grid.reshape(-1, 2).astype("float32"))
    framed = np.pad(pictures.reshape(TILES, TILES, 8, 8), [(0, 0), (0, 0), (1, 1), (1, 1)])
    wall = framed.swapaxes(1, 2).reshape(10 * TILES, -1)
    show_image(wall, axes=tiles, limits=(0, 1), colours="gray_r", title="decoded")
    return figure


def _say(run, state, page):
    unseen, model, pca = run.data.validation, run.model, page["principal"]
    pictures = unseen.inputs.reshape(len(unseen), -1)
    found = codes(model, pictures)
    more, cost = "", divergence(model, pictures)
    if cost is not None:
        more = f", and the divergence is {cost:.2f} nats at β = {state['beta']:g}"
    elif len(model.layers) == 2:
        angle = largest_angle(model, pca["axes"])
        more = f", and the largest angle between its plane and that of PCA is {angle:.2g} degrees"
    return (
        f"The codes of {len(unseen)} unseen digits, and the pictures of a grid of codes. After "
        f"{run.last['epoch']} epochs the error of the {state['autoencoder']} network, 1 for the "
        f"mean picture, is {_error(run, page):.3f}; PCA has {pca['error']:.3f}{more}. "
        f"For {neighbours_alike(found, unseen.labels):.0%} of the codes the nearest other one is "
        "that of the same digit."
    )


def _check(name, controls, data, more):
    missing = [key for key in ("autoencoder", "beta") if key not in controls]
    if missing:
        raise ValueError(f"{name}: a plane needs the controls autoencoder and beta.")


PLANE = Kind(digit_text, _draw, _say, _check, batch_size=50, learns=_flat, given=_given)
