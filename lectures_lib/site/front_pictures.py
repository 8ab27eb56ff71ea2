"""The pictures of the front page, drawn by the networks and data of the chapters."""

import html
import io
import zlib
from functools import cache

import numpy as np

__all__ = ["FOLDER", "picture", "tags"]

FOLDER = "_front"  # in the site

SIZE = 600, 300  # pixels
INKS = {"light": ("black", "white"), "dark": ("#e6e6e6", "#121212")}  # lines, and paper
ANGLE, NOISE, EVENT = 60, 1.0, 11  # degrees, signal heights, seed: those of "matched-filter"
DIGITS = 5, 10  # rows and columns


@cache
def picture(name):
    """Return what a picture shows, in words, and its PNG bytes on light and on dark paper.

    Args:
        name: "see", "remember", "compress" or "network".

    Raises:
        ValueError: If there is no such picture.

    >>> picture("compress")[0]
    'Fifty handwritten digits on a grid; each turns into its neighbours step by step.'
    >>> sorted(picture("compress")[1])
    ['dark', 'light']
    """
    from lectures_lib.plots import style

    drawings = {"see": _see, "remember": _remember, "compress": _compress, "network": _network}
    if name not in drawings:
        raise ValueError(f"There is no picture {name!r}. Use {', '.join(drawings)}.")
    files = {}
    for mode, (ink, paper) in INKS.items():
        with style():
            figure, alt = drawings[name](ink, paper)
            files[mode] = _png(figure, paper)
    return alt, files


def tags(name, *, root, classes=""):
    """Return the HTML of a picture: for both modes, of which the page shows one.

    Args:
        name: As in `picture`.
        root: The way from the page to the root of the site, as "../".
        classes: Of both images.
    """
    alt, files = picture(name)
    return "".join(
        f'<img class="only-{mode} {classes}" src="{root}{FOLDER}/{name}-{mode}.png'
        f'?v={zlib.crc32(content):08x}" alt="{html.escape(alt)}" width="{SIZE[0]}" '
        f'height="{SIZE[1]}" loading="lazy" decoding="async">'
        for mode, content in files.items()
    )


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
    from lectures_lib.playground.answering import NOISE_PC, RECORDS, gates_networks
    from lectures_lib.plots import COLOURS

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
    alt = "Fifty handwritten digits on a grid; each turns into its neighbours step by step."
    return figure, alt


def _network(ink, paper):
    """A test digit, and what the network of the digits' playground answers."""
    from lectures_lib.data import load_digits
    from lectures_lib.playground.answering import digits_networks, forward
    from lectures_lib.plots import COLOURS

    image, (_, layers, weights) = load_digits(seed=0).test.inputs[:1], digits_networks()[0]
    answer = forward(layers, weights, image)[-1][0]
    figure, (left, right) = _blank(2, width_ratios=[3, 4])
    left.imshow(image[0, :, :, 0], cmap="gray_r", vmin=0, vmax=1)
    blue = COLOURS[0 if ink == "black" else 4]
    right.barh(range(10), np.ones(10), color="none", edgecolor=ink, linewidth=0.4)
    right.barh(range(10), answer, color=blue)
    for digit in range(10):
        right.text(-0.05, digit, str(digit), color=ink, fontsize=8, ha="right", va="center")
    right.set(xlim=(-0.15, 1.05), ylim=(9.6, -0.6))
    alt = (
        f"A handwritten {int(answer.argmax())} on 8 by 8 pixels, and ten bars, one for each digit: "
        f"a trained network gives it {answer.max():.0%} for the {int(answer.argmax())}."
    )
    return figure, alt
