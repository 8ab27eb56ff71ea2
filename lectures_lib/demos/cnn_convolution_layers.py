"""Figures of the chapter on layers."""

import numpy as np

from lectures_lib.explore import explore, figure
from lectures_lib.from_scratch import (
    average_pool2d,
    conv2d,
    conv_output_size,
    max_pool2d,
    receptive_field,
)
from lectures_lib.plots import (
    draw_dense_network,
    draw_fit,
    draw_volumes,
    mark_window,
    new_figure,
    show_image,
    use_style,
    write_values,
)
from lectures_lib.words import counted

__all__ = [
    "channels", "dense_network", "fields", "kernels", "learning", "learning_curves", "line",
    "pictures", "pooling", "volumes", "window",
]  # fmt: skip

COLOUR_NAMES = "red", "green", "blue"
WINDOW_KERNELS = {
    "vertical edge": np.array([[-1, 0, 1]] * 3),
    "horizontal edge": np.array([[-1, 0, 1]] * 3).T,
    "mean": np.full((3, 3), 1 / 9),
}
SUMS = {
    "vertical edge": "The right column minus the left one gives",
    "horizontal edge": "The lower row minus the upper one gives",
    "mean": "Their mean is",
}
LENGTH = 9  # pixels of the line
STEPS = {  # stride and dilation
    "stride 1": (1, 1), "stride 2": (2, 1), "stride 3": (3, 1), "dilation 2": (1, 2),
    "dilation 3": (1, 3),
}  # fmt: skip
MOMENTS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 400]

use_style()


def with_minus(text):
    """Return a text with true minus signs."""
    return text.replace("-", "\N{MINUS SIGN}")


def filtered(image, kernel, **options):
    """Return the response of a grey image `(height, width)` to a kernel."""
    weights = np.asarray(kernel)[:, :, np.newaxis, np.newaxis]
    return conv2d(image[np.newaxis, :, :, np.newaxis], weights, **options)[0, :, :, 0]


def dense_network(sizes=(3, 4, 4, 1)):
    """Draw a dense network with these numbers of units."""
    drawn, axes = new_figure(height=2.4)
    hidden = [f"hidden {k + 1}" for k in range(len(sizes) - 2)]
    draw_dense_network(sizes, names=["input", *hidden, "output"], axes=axes)
    return figure(
        drawn, name="fig-dense-network",
        caption="A dense network: every unit is joined to every unit of the layer before.",
        alt=f"Columns of {', '.join(map(str, sizes))} circles, called input, "
        f"{', '.join([*hidden, 'output'])}. Lines join every circle with all circles of the next "
        "column.",
    )  # fmt: skip


def volumes(shapes, names):
    """Draw volumes `(height, width, depth)` and the layers between them."""
    drawn, axes = new_figure(height=2.3)
    draw_volumes(shapes, names=names, axes=axes)
    blocks = ", ".join(" by ".join(map(str, shape)) for shape in shapes)
    return figure(
        drawn, name="fig-volumes",
        caption="The volumes of a small convolutional network for pictures of 32 × 32 pixels in "
        "three colours.",
        alt=f"{len(shapes)} blocks from left to right, {blocks}, with arrows between them called "
        f"{', '.join(names)}.",
    )  # fmt: skip


def pictures(split, class_names):
    """Show two colour pictures of each class, five classes in a row."""
    bands = -(-len(class_names) // 5)
    drawn, axes = new_figure(2 * bands, 5, height=1.9 * bands, squeeze=False)
    for panel in axes.flat:
        panel.axis("off")
    for label, name in enumerate(class_names):
        band, column = divmod(label, 5)
        rows = np.flatnonzero(split.labels == label)[:2]
        for panel, row in zip(axes[2 * band : 2 * band + 2, column], rows, strict=False):
            show_image(split.inputs[row], axes=panel)
        axes[2 * band, column].set_title(name.replace(" ", "\n"))
    return figure(
        drawn, name="fig-shapes", caption="Two pictures of each class, made by the computer.",
        alt="A table of small coloured pictures with noise, each a figure on a ground of another "
        f"colour, of the classes {', '.join(class_names)}. Colour, place and size differ within a "
        "class.",
    )  # fmt: skip


def window(image):
    """Explore the windows of a grey image: its upper left 8 by 8 pixels are shown."""
    image = image[:8, :8]
    answers = {name: filtered(image, kernel) for name, kernel in WINDOW_KERNELS.items()}

    def draw(row, column, kernel):
        weights, output = WINDOW_KERNELS[kernel], answers[kernel]
        seen = image[row : row + 3, column : column + 3]
        drawn, axes = new_figure(2, 2, height=5.0, height_ratios=[2, 1])
        for values, panel, title in [
            (image, axes[0, 0], "image"), (output, axes[0, 1], "output"),
        ]:  # fmt: skip
            show_image(values, axes=panel, title=title)
            write_values(values, axes=panel)
        mark_window(axes[0, 0], row=row, column=column, height=3, width=3)
        mark_window(axes[0, 1], row=row, column=column)
        show_image(weights, axes=axes[1, 0], title="kernel", limits=(-2, 2))
        write_values(weights, axes=axes[1, 0], digits=2 if kernel == "mean" else 0)
        axes[1, 1].axis("off")
        signed = "1/9·{x:.0f}" if kernel == "mean" else "({w:.0f})·{x:.0f}"
        products = [
            " + ".join(signed.format(w=w, x=x) for w, x in zip(*pair, strict=True))
            for pair in zip(weights, seen, strict=True)
        ]
        text = "\n+ ".join(products) + f"\n= {output[row, column]:.3g}"
        axes[1, 1].text(0.5, 0.5, with_minus(text), ha="center", va="center")
        return drawn

    def describe(row, column, kernel):
        seen = image[row : row + 3, column : column + 3]
        rows = "; ".join(", ".join(f"{ink:.0f}" for ink in line) for line in seen)
        return (
            f"Kernel '{kernel}'. The window at row {row}, column {column} holds, row by row, "
            f"{rows}. {SUMS[kernel]} {answers[kernel][row, column]:.3g}."
        )

    return explore(
        draw, alt=describe, name="window",
        caption="One window of a digit, the kernel, and the sum that becomes one pixel of the "
        "output.",
        row=list(range(image.shape[0] - 2)), column=list(range(image.shape[1] - 2)),
        kernel=list(WINDOW_KERNELS), start={"row": min(2, image.shape[0] - 3), "column": 1},
        labels={"row": "row of the window", "column": "column of the window"},
    )  # fmt: skip


def channels(picture, filters, *, bias, row, column):
    """Explore one window of a colour picture, the slices of a filter, and their sums.

    Args:
        picture: Red, green and blue, `(height, width, 3)`.
        filters: `{name: weights (k, k, 3)}`.
        bias: The number that is added once.
        row, column: Upper left pixel of the window.
    """

    def parts(filter):
        weights = filters[filter]
        height, width = weights.shape[:2]
        seen = picture[row : row + height, column : column + width]
        return seen, weights, (seen * weights).sum(axis=(0, 1))

    def draw(filter):
        seen, weights, sums = parts(filter)
        drawn, axes = new_figure(3, 4, height=4.4, width_ratios=[1.7, 1, 1, 0.9])
        show_image(picture, axes=axes[0, 0], title="picture", limits=(0, 1))
        response = conv2d(picture[np.newaxis], weights[..., np.newaxis])[0, :, :, 0] + bias
        strongest = max(np.abs(response).max(), 1e-9)
        limits = (-strongest, strongest)
        show_image(response, axes=axes[2, 0], title="output", limits=limits, colours="RdBu_r")
        height, width = weights.shape[:2]
        mark_window(axes[0, 0], row=row, column=column, height=height, width=width, colour="black")
        mark_window(axes[2, 0], row=row, column=column, colour="black")
        largest = max(np.abs(weights).max(), 1e-9)
        for k, name in enumerate(COLOUR_NAMES):
            title = "filter" if k == 0 else ""
            show_image(seen[:, :, k], axes=axes[k, 1], title=name, limits=(0, 1))
            write_values(seen[:, :, k], axes=axes[k, 1], digits=1, limits=(0, 1))
            limits = (-largest, largest)
            show_image(weights[:, :, k], axes=axes[k, 2], title=title, limits=limits)
            write_values(weights[:, :, k], axes=axes[k, 2], limits=limits)
            text = with_minus(f"sum {sums[k]:.1f}")
            axes[k, 3].text(0.5, 0.5, text, ha="center", va="center")
            axes[k, 3].axis("off")
        added = " + ".join(f"({value:.1f})" if value < 0 else f"{value:.1f}" for value in sums)
        text = f"{added}\n+ bias {bias:g}\n= {sums.sum() + bias:.1f}"
        axes[1, 0].text(0.5, 0.5, with_minus(text), ha="center", va="center")
        axes[1, 0].axis("off")
        return drawn

    def describe(filter):
        *_, sums = parts(filter)
        pairs = zip(sums, COLOUR_NAMES, strict=True)
        each = ", ".join(f"{value:.1f} in {name}" for value, name in pairs)
        return (
            f"Filter '{filter}' at row {row}, column {column}: the sums of products are {each}; "
            f"with the bias {bias:g} the output is {sums.sum() + bias:.1f}."
        )

    return explore(
        draw, alt=describe, name="channels",
        caption="One window of a colour picture in its three channels, the three slices of a "
        "filter, and the sums that become one number of the output (red positive, blue negative).",
        filter=list(filters),
    )  # fmt: skip


def line_windows(kernel_size, padding, step):
    """Return the pixels under each window of the padded line, shape `(outputs, kernel_size)`."""
    stride, dilation = STEPS[step]
    try:
        outputs = conv_output_size(
            LENGTH, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
        )
    except ValueError:
        return np.empty((0, kernel_size), dtype=int)
    first = stride * np.arange(outputs)[:, np.newaxis]
    return first + dilation * np.arange(kernel_size) - padding


def line():
    """Explore which pixels of a line are read, for all settings of a kernel."""

    def draw(kernel_size, padding, step):
        windows = line_windows(kernel_size, padding, step)
        drawn, axes = new_figure(height=2.4)
        for pixel in range(-padding, LENGTH + padding):
            inside = 0 <= pixel < LENGTH
            colour = "#56B4E9" if inside else "#DDDDDD"
            axes.plot(pixel, 0, "s", markersize=19, color=colour)
            label = f"×{np.count_nonzero(windows == pixel)}" if inside else "0"
            axes.text(pixel, 0, label, ha="center", va="center")
        for read in windows:
            x = read.mean()
            axes.plot(x, 1, "o", markersize=12, color="#E69F00")
            for pixel in read:
                axes.plot([pixel, x], [0.12, 0.9], "-", color="black", linewidth=0.7)
        span, room = STEPS[step][1] * (kernel_size - 1) + 1, LENGTH + 2 * padding
        found = f"outputs: {len(windows)}"
        axes.set_title(found if len(windows) else f"invalid: spans {span}, has {room}")
        axes.set(xlim=(-3, LENGTH + 2), ylim=(-0.4, 1.4), xticks=[])
        axes.set_yticks([0, 1], ["input", "output"])
        axes.spines[:].set_visible(False)
        return drawn

    def describe(kernel_size, padding, step):
        windows = line_windows(kernel_size, padding, step)
        if not len(windows):
            return f"Invalid: kernel {kernel_size} with {step} and padding {padding} does not fit."
        times = [np.count_nonzero(windows == pixel) for pixel in range(LENGTH)]
        return (
            f"Kernel {kernel_size}, padding {padding}, {step}: "
            f"{counted(len(windows), 'output')}. From left to right the nine pixels are read "
            f"{', '.join(map(str, times))} times."
        )

    return explore(
        draw, alt=describe, name="output-size",
        caption="A line of nine pixels with zeros as padding (grey), and the windows that read it. "
        "The number in each pixel says how many windows read it.",
        kernel_size=[1, 2, 3, 4, 5], padding=[0, 1, 2],
        step=["stride 1", "stride 2", "stride 3", "dilation 2", "dilation 3"],
        start={"kernel_size": 3, "padding": 0},
        labels={"step": "stride or dilation", "padding": "padding (zeros on each side)"},
    )  # fmt: skip


def kernels(picture, chosen):
    """Show a grey picture and its responses to kernels, `{name: kernel}`."""
    rows = -(-(len(chosen) + 1) // 2)
    drawn, axes = new_figure(rows, 2, height=1.75 * rows)
    for panel in axes.flat:
        panel.axis("off")
    show_image(picture, axes=axes.flat[0], title="picture", limits=(0, 1))
    said = []
    for panel, (name, kernel) in zip(axes.flat[1:], chosen.items(), strict=False):
        response = filtered(picture, kernel, padding="same")
        edges = abs(np.sum(kernel)) < 1e-9  # such kernels answer 0 to a uniform patch
        show_image(response, axes=panel, title=name, limits=(-1, 1) if edges else (0, 1))
        inner = response[2:-2, 2:-2]  # without the padding
        said.append(f"{name} from {inner.min():.2f} to {inner.max():.2f}")
    return figure(
        drawn, name="fig-kernels",
        caption="A photograph and its responses to kernels. Where the weights add up to 0, middle "
        "grey is 0.",
        alt="A Chinese pavilion between trees, and its responses away from the border: "
        f"{'; '.join(said)}.",
    )  # fmt: skip


def pooling(values, size):
    """Show max and average pooling of one map `(height, width)` over windows of a size."""
    one = values[np.newaxis, :, :, np.newaxis]
    pooled = {
        "max": max_pool2d(one, pool_size=size)[0, :, :, 0],
        "average": average_pool2d(one, pool_size=size)[0, :, :, 0],
    }
    drawn, axes = new_figure(2, 2, height=3.6)
    axes[0, 1].axis("off")
    shown = {"before pooling": values}
    shown |= {
        f"{kind}, {found.shape[0]} × {found.shape[1]}": found for kind, found in pooled.items()
    }
    for panel, (title, image) in zip(axes.flat[[0, 2, 3]], shown.items(), strict=True):
        show_image(image, axes=panel, title=title, limits=(0, 1.5))
    rows, columns = pooled["max"].shape
    return figure(
        drawn, name="fig-pooling",
        caption="The vertical edges of a photograph after ReLU, and after pooling; all drawn at "
        "one size.",
        alt=f"Light lines along the roofs of a building. Pooling over {size} by {size} pixels "
        f"leaves {rows} by {columns} values, with mean {pooled['max'].mean():.2f} for max and "
        f"{pooled['average'].mean():.2f} for average pooling.",
    )  # fmt: skip


def learning_curves(history):
    """Show loss and accuracy of a run of Keras' `fit` with validation data."""
    drawn, said = draw_fit(history)
    return figure(
        drawn, name="fig-layers-history",
        caption="Learning curves of the network: the mean over each epoch for the training "
        "pictures, the value at its end for the validation pictures.",
        alt=said,
    )  # fmt: skip


def layers_of(depth, pooling):
    """Return convolutions of 3 pixels, each with a pooling of two pixels behind it or not."""
    block = [{"kind": "conv", "filters": 1, "kernel_size": 3}]
    return (block + [{"kind": "pool", "pool_size": 2}] * pooling) * depth


def sides_of(layers):
    """Return the receptive field of a pixel and behind each layer."""
    return [1, *(receptive_field(layers[: n + 1]) for n in range(len(layers)))]


def fields():
    """Explore the receptive fields of the layers of a network."""

    def draw(depth, pooling):
        layers = layers_of(depth, pooling)
        sides, names = sides_of(layers), ["pixel", *(layer["kind"] for layer in layers)]
        drawn, axes = new_figure(height=3.4)
        bars = axes.barh(range(len(sides)), sides, left=[-side / 2 for side in sides])
        for bar, name in zip(bars, names, strict=True):
            bar.set(hatch="//" if name == "pool" else "", edgecolor="white")
        for level, side in enumerate(sides):
            axes.text(side / 2 + sides[-1] / 50, level, f"{side}", va="center")
        reach = 0.62 * sides[-1] + 1
        axes.set(xlabel="position in the image (pixels from the centre)", xlim=(-reach, reach))
        axes.set_yticks(range(len(sides)), names)
        return drawn

    def describe(depth, pooling):
        sides = sides_of(layers_of(depth, pooling))
        return (
            f"{counted(depth, 'convolution')} of 3 pixels, "
            f"{'a pooling after each' if pooling else 'no pooling'}. From the pixel up to the last "
            f"layer a unit sees {', '.join(map(str, sides))} pixels."
        )

    return explore(
        draw, alt=describe, name="receptive-field",
        caption="What one unit of each layer sees of the image, with kernels of 3 pixels; the "
        "image is at the bottom, the last layer at the top. Hatched: after pooling two pixels.",
        depth=[1, 2, 3, 4, 5, 6], pooling=[False, True], start={"depth": 2},
        labels={"depth": "convolutions", "pooling": "pool after each convolution"},
    )  # fmt: skip


def learning(runs, target):
    """Explore how a filter comes to its target.

    Args:
        runs: `{learning rate: (kernels (steps + 1, 3, 3), losses (steps + 1,))}`.
        target: The kernel to be learnt.
    """
    last = min(len(losses) for _, losses in runs.values()) - 1
    moments = [moment for moment in MOMENTS if moment <= last]
    start = 0.1 if 0.1 in runs else list(runs)[-1]

    def draw(step, learning_rate):
        kernels, losses = runs[learning_rate]
        drawn, axes = new_figure(1, 3, height=2.3, width_ratios=[1, 1, 1.6])
        shown = {
            f"step {step}\nmean {kernels[step].mean().round(2) + 0.0:.2f}": kernels[step],
            f"target\nmean {target.mean():.0f}": target,
        }
        for panel, (title, values) in zip(axes, shown.items(), strict=False):
            values = values.round(1) + 0.0  # no minus zero
            show_image(values, axes=panel, title=with_minus(title), limits=(-2, 2))
            write_values(values, axes=panel, digits=1)
        axes[2].semilogy(losses)
        axes[2].plot(step, losses[step], "o", color="black")
        axes[2].set(xlabel="step", ylabel="loss", ylim=(1e-8, 30))
        return drawn

    def describe(step, learning_rate):
        kernels, losses = runs[learning_rate]
        return (
            f"At step {step} with learning rate {learning_rate:g} the loss is {losses[step]:.3g} "
            f"and the largest error of a weight {np.abs(kernels[step] - target).max():.2f}."
        )

    return explore(
        draw, alt=describe, name="learn-filter",
        caption="A filter on its way to the Sobel kernel, with the loss on a logarithmic axis.",
        step=moments, learning_rate=list(runs),
        start={"step": min(10, moments[-1]), "learning_rate": start},
    )  # fmt: skip
