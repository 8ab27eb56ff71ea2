"""Figures of the book: one style, functions that take and return axes."""

import io
import itertools
import json

import matplotlib as mpl
import numpy as np
from matplotlib import _mathtext
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Polygon, Rectangle
from matplotlib.transforms import Bbox

from lectures_lib.words import counted

__all__ = [
    "COLOURS",
    "draw_dense_network",
    "draw_fit",
    "draw_losses",
    "draw_volumes",
    "figure_to_picture",
    "figure_to_png",
    "mark_window",
    "new_figure",
    "pack",
    "plot_confusion",
    "plot_grid",
    "plot_history",
    "show_image",
    "style",
    "true_colours",
    "use_style",
    "write_values",
]

# Okabe and Ito's palette: told apart with every common kind of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
LINE_STYLES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 3)))
WIDTH = 5.0  # inch: 360 points, so that 10-point text keeps some 9.7 pixels on a phone
DPI = 200
_mathtext.SHRINK_FACTOR = 0.85  # of exponents and indices, for the same reason; else 0.7

STYLE = {
    "figure.figsize": (WIDTH, 3.0),
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "axes.prop_cycle": mpl.cycler(color=COLOURS) + mpl.cycler(linestyle=LINE_STYLES),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.titlesize": 10,
    "font.size": 10,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "legend.handletextpad": 0.5,
    "legend.labelspacing": 0.3,
    "legend.columnspacing": 1.2,
    "lines.linewidth": 1.8,
    "image.cmap": "viridis",
    "image.interpolation": "nearest",
    "savefig.facecolor": "white",
}


def style():
    """Return a context in which figures have the book's style, whatever was set before."""
    return mpl.rc_context(STYLE)


def use_style():
    """Use the book's style for every figure of this process; notebooks show figures as `pack`ed."""
    mpl.rcParams.update(STYLE)
    try:
        from IPython import get_ipython
    except ImportError:
        return
    if get_ipython() is not None:
        formatters = get_ipython().display_formatter.formatters
        formatters["image/png"].for_type(Figure, _png_with_size)


def _png_with_size(figure):
    """Return a figure as IPython wants it: twice as many pixels as it takes on the screen."""
    width, height = (int(side * DPI / 2) for side in figure.get_size_inches())
    return figure_to_png(figure), {"width": width, "height": height}


def new_figure(rows=1, columns=1, *, height=3.0, **subplot_options):
    """Return a figure of the book's width and its axes, outside pyplot's list of figures.

    Args:
        rows, columns: Number of axes.
        height: Height of the figure in inch; the width is that of the page.
        subplot_options: As for `Figure.subplots`, such as `sharey=True`.

    >>> figure, axes = new_figure(1, 3, height=2)
    >>> axes.shape, figure.get_size_inches().tolist()
    ((3,), [5.0, 2.0])
    """
    with style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        return figure, figure.subplots(rows, columns, **subplot_options)


def show_image(image, *, axes, title="", limits=None, colours="gray"):
    """Draw an image of shape `(height, width)` or `(height, width, 3)` without ticks.

    Args:
        image: Grey values, or red, green and blue between 0 and 1.
        axes: Where to draw.
        title: What this panel shows, in a few words.
        limits: Values drawn black and white; the smallest and largest by default.
        colours: Name of a matplotlib colour map.

    Returns:
        The axes.
    """
    low, high = limits or (None, None)
    axes.imshow(image, cmap=colours, vmin=low, vmax=high)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title)
    axes.spines[:].set_visible(False)
    return axes


def mark_window(axes, *, row, column, height=1, width=1, colour=COLOURS[1]):
    """Draw a frame around pixels of an image, from its top left pixel on; return the axes."""
    corner = (column - 0.5, row - 0.5)
    axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=2))
    return axes


def write_values(values, *, axes, digits=0, size=9.5, limits=None):
    """Write each value of a matrix into its pixel, light on dark and dark on light."""
    low, high = limits or (np.min(values), np.max(values))
    for (i, j), value in np.ndenumerate(values):
        light = (value - low) < 0.5 * (high - low)
        text = f"{value:.{digits}f}".replace("-", "\u2212")
        label = axes.text(j, i, text, ha="center", va="center", fontsize=size)
        label.set(color="white" if light else "black", in_layout=False)  # inside: no layout needed
    return axes


def draw_dense_network(sizes, *, names, axes):
    """Draw a dense network with `sizes[i]` units in column `i`, joined all to all.

    >>> figure, axes = new_figure()
    >>> len(draw_dense_network([3, 4, 1], names=["in", "hidden", "out"], axes=axes).lines)
    16
    """
    columns = [np.linspace(-1, 1, size) * (size - 1) / 2 for size in sizes]
    for x, (left, right) in enumerate(itertools.pairwise(columns)):
        for start, end in itertools.product(left, right):
            axes.plot([x, x + 1], [start, end], "-", color="#888888", linewidth=0.8, zorder=1)
    for x, (units, name) in enumerate(zip(columns, names, strict=True)):
        axes.scatter(np.full(len(units), x), units, s=180, color=COLOURS[0], zorder=2)
        axes.text(x, -max(sizes) / 2 - 0.3, name, ha="center")
    axes.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(-max(sizes) / 2 - 0.5, max(sizes) / 2))
    axes.axis("off")
    return axes


def draw_volumes(shapes, *, names, axes):
    """Draw volumes of shape `(height, width, depth)` as blocks, with arrows called `names`.

    Sides are drawn as the square root of their number, so that small ones stay visible.

    >>> figure, axes = new_figure()
    >>> len(draw_volumes([(4, 4, 1), (2, 2, 3)], names=["CONV"], axes=axes).patches)
    6
    """
    right = 0.0
    for i, (height, width, depth) in enumerate(shapes):
        h, w, d = np.sqrt([height, width, depth])
        slant = 0.45 * w * np.array([1.0, 0.7])  # the width, seen at an angle
        corner = np.array([right, -(h + slant[1]) / 2])
        faces = [
            [(0, 0), (d, 0), (d, h), (0, h)],
            [(0, h), (d, h), (d + slant[0], h + slant[1]), (slant[0], h + slant[1])],
            [(d, 0), (d + slant[0], slant[1]), (d + slant[0], h + slant[1]), (d, h)],
        ]
        for face, colour in zip(faces, ("#CCE3F2", "#E6F1F9", "#99C7E6"), strict=True):
            axes.add_patch(Polygon(corner + face, facecolor=colour, edgecolor="black", lw=0.8))
        text = f"{height}×{width}\n×{depth}"
        axes.text(right + (d + slant[0]) / 2, -5.4, text, ha="center", va="top", fontsize=9.5)
        right += d + slant[0]
        if i < len(names):
            axes.annotate("", (right + 5.0, 0), (right + 0.4, 0), arrowprops={"arrowstyle": "->"})
            axes.text(right + 2.7, 0.5, names[i], ha="center", fontsize=9.5)
            right += 5.4
    axes.set(xlim=(-0.5, right + 1), ylim=(-8.5, 5.5), aspect="equal")
    axes.axis("off")
    return axes


def plot_history(history, *, quantity, axes):
    """Draw the learning curves of one run: tidy rows from `training.fit`; return the axes.

    Args:
        history: DataFrame with the columns `epoch`, `split` and the quantity.
        quantity: "loss" or "accuracy".
        axes: Where to draw.
    """
    for split, rows in history.groupby("split"):
        axes.plot(rows["epoch"], rows[quantity], label=split)
    unit = " (nats)" if quantity == "loss" else ""
    axes.set(xlabel="epoch", ylabel=quantity + unit)
    axes.legend()
    return axes


def draw_fit(history):
    """Draw loss and accuracy of a run of Keras' `fit` with validation data.

    Returns:
        `(figure, text)`: the text names epochs and last accuracies, for an alternative text.
    """
    scores = history.history
    figure, axes = new_figure(1, 2, height=2.6)
    for panel, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for name, label in ((quantity, "train"), (f"val_{quantity}", "validation")):
            marker = "o" if len(scores[name]) == 1 else None
            panel.plot(
                np.arange(1, len(scores[name]) + 1), scores[name], label=label, marker=marker
            )
        panel.set(xlabel="epoch", ylabel="loss (nats)" if quantity == "loss" else quantity)
        panel.legend()
    train, validation = scores["accuracy"][-1], scores["val_accuracy"][-1]
    epochs = counted(len(scores["loss"]), "epoch")
    return figure, (
        f"Loss and accuracy over {epochs}. At the end the accuracy is {train:.3f} on the training "
        f"and {validation:.3f} on the validation examples."
    )


def draw_losses(
    runs, *, ylabel, variance=1, levels=None, parts=("loss", "val_loss"), log=True, height=2.6
):
    """Draw the losses of one or several runs of Keras' `fit`, and horizontal lines.

    Args:
        runs: What `fit` has returned, or a dictionary from names to such histories.
        ylabel: What the vertical axis shows, with its unit.
        variance: What all losses are divided by.
        levels: Values of horizontal lines by name; the last one is dotted.
        parts: Names of the losses that are drawn.
        log: Whether the vertical axis is logarithmic.
        height: Of the figure, in inch.

    Returns:
        `(figure, text)`: the text names epochs, last values and lines, for an alternative text.

    >>> from types import SimpleNamespace
    >>> run = SimpleNamespace(history={"loss": [1.0, 0.5], "val_loss": [1.0, 0.25]})
    >>> draw_losses(run, ylabel="loss", levels={"mean": 1})[1]
    'Curves over 2 epochs. At the end: training 0.5; validation 0.25. Lines: mean 1.'
    """
    named = runs if isinstance(runs, dict) else {"": runs}
    labels = {"loss": "training", "val_loss": "validation"}
    figure, axes = new_figure(height=height)
    said = []
    for k, (name, history) in enumerate(named.items()):
        for row, part in enumerate(parts):
            losses = np.divide(history.history[part], variance)
            label = ", ".join(filter(None, [name, labels[part]])) if len(parts) > 1 else name
            place = k if len(named) > 1 else row
            axes.plot(
                np.arange(1, len(losses) + 1), losses, label=label, color=COLOURS[place % 7],
                linestyle=LINE_STYLES[row if len(parts) > 1 else place % 7],
                marker="o" * (len(losses) == 1),
            )  # fmt: skip
            said.append(f"{label} {losses[-1]:.3g}")
    levels = levels or {}
    for k, (name, level) in enumerate(levels.items()):
        style = ("--", ":")[(k - len(levels)) % 2]
        axes.axhline(level, color="black", linewidth=1, linestyle=style, label=name)
    axes.set(xlabel="epoch", ylabel=ylabel, yscale="log" if log else "linear")
    axes.legend()
    epochs = counted(len(losses), "epoch")
    text = f"Curves over {epochs}. At the end: {'; '.join(said)}."
    lines = ", ".join(f"{name} {level:.3g}" for name, level in levels.items())
    return figure, f"{text} Lines: {lines}." if lines else text


def plot_grid(scores, *, axes, mark=None, size=9.5, limits=(0, 1)):
    """Draw scores over a grid of two hyper-parameters as a heat map; return the axes.

    Args:
        scores: DataFrame whose index and columns are the values of the two; their names become
            the labels of the axes. Where it is `nan`, the cell says so.
        axes: Where to draw.
        mark: Pair of a row and a column value, whose cell gets a frame.
        size: Of the numbers, in points; None leaves them out.
        limits: Scores drawn with the darkest and with the lightest colour.

    >>> import pandas as pd
    >>> figure, axes = new_figure()
    >>> scores = pd.DataFrame([[0.9, np.nan]], index=[0.1], columns=[0.01, 1.0])
    >>> [text.get_text() for text in plot_grid(scores, axes=axes).texts]
    ['.90', 'nan']
    """
    import seaborn as sns

    low, high = limits
    values = scores.to_numpy(dtype=float)
    sns.heatmap(
        scores, ax=axes, vmin=low, vmax=high, cmap="viridis", cbar=False, square=False,
        linewidths=0.5, xticklabels=_powers(scores.columns), yticklabels=_powers(scores.index),
    )  # fmt: skip
    axes.set_facecolor("#dddddd")  # shows where there is no score
    axes.tick_params(axis="y", rotation=0)
    for (i, j), value in np.ndenumerate(values) if size else ():
        text = "nan" if np.isnan(value) else f"{value:.2f}".removeprefix("0")
        light = (value - low) < 0.5 * (high - low)
        axes.text(
            j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=size,
            color="white" if light else "black",
        )  # fmt: skip
    if mark is not None:
        row, column = scores.index.get_loc(mark[0]), scores.columns.get_loc(mark[1])
        frame = {"fill": False, "edgecolor": COLOURS[1], "linewidth": 3}
        axes.add_patch(Rectangle((column, row), 1, 1, **frame))
    return axes


def _powers(values):
    """Return tick labels: powers of 10 where the values are some.

    >>> _powers([0, 0.03, 0.1])
    ['0', '0.03', '$10^{-1}$']
    """
    powers = [f"{np.log10(value):.6g}" if value > 0 else "" for value in values]
    return [
        f"$10^{{{power}}}$" if power.lstrip("-").isdigit() else f"{value:g}"
        for power, value in zip(powers, values, strict=True)
    ]


def plot_confusion(counts, *, class_names, axes):
    """Draw a confusion matrix, rows the true class and columns the predicted one.

    Zeros are left out, so that the mistakes stand out; return the axes.
    """
    axes.imshow(np.sqrt(counts), cmap="Blues")  # the root makes single mistakes visible
    for (i, j), count in np.ndenumerate(counts):
        if count:
            colour = "white" if count > counts.max() / 2 else "black"
            label = axes.text(j, i, str(count), ha="center", va="center", color=colour)
            label.set(fontsize=9.5, in_layout=False)
    axes.set_xticks(range(len(class_names)), class_names)
    axes.set_yticks(range(len(class_names)), class_names)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.spines[:].set_visible(True)
    return axes


def figure_to_png(figure):
    """Return a figure as the bytes of a 256-colour PNG, the same bytes for the same figure."""
    return pack(figure_to_picture(figure))


def figure_to_picture(figure):
    """Return a figure as a Pillow image in full colour, with its `true_colours` as `info`.

    Raises:
        ValueError: If it is not a figure, or an axis has no finite limits.
    """
    from PIL import Image

    if not isinstance(figure, Figure):
        raise ValueError(f"draw returned {figure!r}; it must return a matplotlib figure")
    for axes in figure.axes:
        if not np.all(np.isfinite([*axes.get_xlim(), *axes.get_ylim()])):
            raise ValueError(f"an axis has limits {axes.get_xlim()}, {axes.get_ylim()}")
    raw = io.BytesIO()
    with style():
        figure.savefig(raw, format="rgba", dpi=DPI)
    width, height = (int(side * DPI) for side in figure.get_size_inches())
    picture = Image.frombytes("RGBA", (width, height), raw.getvalue()).convert("RGB")
    picture.info["true colours"] = true_colours(figure)
    return picture


def true_colours(figure):
    """Return where the colours of a drawn figure are values: what stays as it is in dark mode.

    Returns:
        A list of boxes, left, top, right and bottom in thousandths of the figure: images, heat
        maps, and axes with points or areas coloured by a map, all with their colour bars.

    >>> figure, (left, right) = new_figure(1, 2)
    >>> _ = show_image(np.eye(4), axes=left), right.plot([0, 1])
    >>> png = figure_to_png(figure)
    >>> [(left, right)] = [(box[0], box[2]) for box in true_colours(figure)]
    >>> 0 <= left < right < 500
    True
    """
    boxes, to_figure = [], figure.transFigure.inverted()
    for axes in filter(Axes.get_visible, figure.axes):
        for artist in (*axes.images, *axes.collections):
            if artist.get_array() is None or not artist.get_visible():
                continue
            whole, filled = axes.bbox, isinstance(artist, (AxesImage, QuadMesh))
            seen = Bbox.intersection(artist.get_window_extent(), whole) if filled else whole
            if seen:
                left, bottom, right, top = to_figure.transform(seen.get_points()).ravel()
                sides = 1000 * np.array([left, 1 - top, right, 1 - bottom])
                boxes.append(np.rint(sides).astype(int).tolist())
    return boxes


def pack(picture):
    """Return a Pillow image as the bytes of a PNG with the 256 colours that suit it best.

    The boxes of its `true_colours` stand in it as text.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    packed = io.BytesIO()
    palette = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    notes, boxes = PngInfo(), picture.info.get("true colours")
    if boxes:
        notes.add_text("true colours", json.dumps(boxes, separators=(",", ":")))
    palette.save(packed, "PNG", pnginfo=notes)
    return packed.getvalue()
