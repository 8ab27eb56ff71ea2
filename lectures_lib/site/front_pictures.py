"""The pictures of the front page, drawn by the networks and data of the chapters."""

import io
from functools import cache

import numpy as np

__all__ = ["SIZE", "picture"]

SIZE = 600, 360  # pixels
INKS = {"light": ("black", "white"), "dark": ("#e6e6e6", "#14181e")}  # lines, and paper
ANGLE, NOISE, EVENT = 60, 1.0, 11  # degrees, signal heights, seed: those of "matched-filter"
DIGITS = 6, 10  # rows and columns


@cache
def picture(name):
    """Return what a picture shows, in words, and its PNG bytes on light and on dark paper.

    Args:
        name: "see", "remember" or "compress".

    Raises:
        ValueError: If there is no such picture.

    >>> picture("compress")[0]
    'Sixty handwritten digits on a grid; each turns into its neighbours step by step.'
    >>> sorted(picture("compress")[1])
    ['dark', 'light']
    """
    from lectures_lib.plots import style

    drawings = {"see": _see, "remember": _remember, "compress": _compress}
    if name not in drawings:
        raise ValueError(f"There is no picture {name!r}. Use {', '.join(drawings)}.")
    files = {}
    for mode, (ink, paper) in INKS.items():
        with style():
            figure, alt = drawings[name](ink, paper)
            files[mode] = _png(figure, paper)
    return alt, files


def _png(figure, paper):
    """Return a figure on paper of a colour as the bytes of a PNG."""
    from PIL import Image

    from lectures_lib.plots import DPI, pack

    raw = io.BytesIO()
    figure.savefig(raw, format="rgba", dpi=DPI, facecolor=paper)
    return pack(Image.frombytes("RGBA", SIZE, raw.getvalue()).convert("RGB"))


def _blank(columns=1, **options):
    """Return a figure of `SIZE`, and its axes without frames."""
    from matplotlib.figure import Figure

    from lectures_lib.plots import DPI

    figure = Figure(figsize=[(side + 0.5) / DPI for side in SIZE], layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, columns, **options))
    for panel in axes:
        panel.axis("off")
    return figure, axes


def _see(ink, paper):
    """An event of the first chapter, a piece of track, and where the event answers to it."""
    from lectures_lib.data import detector_image
    from lectures_lib.from_scratch import conv2d

    noisy, _ = detector_image("track", angle=ANGLE, noise=NOISE, seed=EVENT)
    row, column = np.indices((9, 9)) - 4
    direction = np.deg2rad(ANGLE)
    kernel = np.exp(-((column * np.sin(direction) + row * np.cos(direction)) ** 2) / 2)
    kernel = (kernel - kernel.mean()) / np.linalg.norm(kernel - kernel.mean())
    response = conv2d(noisy[None, :, :, None], kernel[:, :, None, None])[0, :, :, 0]
    figure, axes = _blank(3, width_ratios=[4, 1.4, 4])
    axes[0].imshow(noisy, cmap="gray")
    axes[1].imshow(kernel, cmap="RdBu_r", vmin=-0.35, vmax=0.35)
    axes[2].imshow(response, cmap="magma", vmin=0)
    alt = (
        "Left a picture of a detector that looks like pure noise, in the middle a short slanted "
        "line, right a map of where the picture answers to it: a bright slanted track."
    )
    return figure, alt


def _remember(ink, paper):
    """What arrives at the trained LSTM of one unit, and what its cell holds."""
    from lectures_lib.data import pulse_train
    from lectures_lib.from_scratch import lstm
    from lectures_lib.plots import COLOURS
    from lectures_lib.playground.answering import NOISE_PC, RECORDS, gates_networks

    task, (_, weights) = pulse_train(RECORDS[0], noise_pc=NOISE_PC), gates_networks()[0]
    cell = lstm(task.inputs, *weights[:3]).cell[0, :, 0]
    cell = cell * np.sign(cell[np.abs(cell).argmax()])  # a unit may hold its charge upside down
    steps, charge = np.arange(len(cell)), task.inputs[0, :, 0]
    drained = np.flatnonzero(task.inputs[0, :, 1])
    figure, (axes,) = _blank()
    scale = np.max(np.abs(charge)) / cell.max()
    axes.vlines(steps, -2.6, -2.6 + charge / 2, color=ink, linewidth=3)
    blue = COLOURS[0 if ink == "black" else 4]
    axes.fill_between(steps, scale * cell, step="mid", color=blue, alpha=0.35, linewidth=0)
    axes.step(steps, scale * cell, where="mid", color=blue, linewidth=4)
    axes.plot(drained, np.full(len(drained), -0.6), "v", color=COLOURS[1], markersize=11)
    alt = (
        "Short pulses arrive below; above, a line rises with each of them and stays level in "
        "between, and falls to zero where a triangle marks it."
    )
    return figure, alt


def _compress(ink, paper):
    """Digits that the decoder of the variational chapter makes of pairs of numbers."""
    from matplotlib.colors import LinearSegmentedColormap

    from lectures_lib.demos.autoencoders_variational import decode

    rows, columns = DIGITS
    first, second = np.meshgrid(np.linspace(-2.2, 2.2, columns), np.linspace(1.8, -1.8, rows))
    drawn = decode("variational 2", np.stack([first.ravel(), second.ravel()], axis=1))
    sheet = drawn.reshape(rows, columns, 28, 28).swapaxes(1, 2).reshape(28 * rows, 28 * columns)
    figure, (axes,) = _blank()
    axes.imshow(sheet, cmap=LinearSegmentedColormap.from_list("ink", [paper, ink]), vmin=0, vmax=1)
    alt = "Sixty handwritten digits on a grid; each turns into its neighbours step by step."
    return figure, alt
