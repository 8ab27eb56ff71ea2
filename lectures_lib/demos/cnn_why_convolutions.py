"""Figures of the chapter on why convolutions."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.data import detector_image
from lectures_lib.explore import explore, figure
from lectures_lib.from_scratch import conv2d
from lectures_lib.plots import draw_fit, new_figure, show_image, use_style
from lectures_lib.words import counted

__all__ = [
    "equivariance", "event", "kernels", "learning_curves", "matched_filter", "methods",
    "neighbours", "toeplitz", "weights_against_size",
]  # fmt: skip

SIZES = [8, 16, 28, 32, 58, 64, 96, 128, 160, 200]

use_style()


def event(noisy, clean):
    """Explore a picture of a detector, `(rows, columns)`, with the noise turned up and down."""

    def recorded_at(noise):
        return clean + noise * (noisy - clean)

    def draw(noise):
        drawn, axes = new_figure(height=2.8)
        show_image(recorded_at(noise), axes=axes, title=f"noise {noise:g}")
        return drawn

    def describe(noise):
        brightest = np.unravel_index(recorded_at(noise).argmax(), clean.shape)
        return (
            f"A grey picture of {len(clean)} by {len(clean)} pixels with a straight track under a "
            f"noise of {noise:g} times the signal. Its brightest pixel has {clean[brightest]:.0%} "
            "of the track's height."
        )

    return explore(
        draw, alt=describe, name="track", caption="One event as recorded under more or less noise.",
        noise=[0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5], start={"noise": 1.0},
        labels={"noise": "noise (signal = 1)"},
    )  # fmt: skip


def matched_filter(line_kernel):
    """Explore the response of one event to a kernel at any angle.

    Args:
        line_kernel: Function from an angle in degrees to a kernel `(size, size)`.
    """

    def respond(angle, noise):
        image, clean = detector_image("track", angle=60, noise=noise, seed=11)
        kernel = line_kernel(angle)
        answers = conv2d(np.stack([image, clean])[..., None], kernel[:, :, None, None])
        return image, kernel, *answers[..., 0]

    def draw(angle, noise):
        drawn, axes = new_figure(1, 3, height=2.4, width_ratios=[4, 1.5, 4])
        image, kernel, response, _ = respond(angle, noise)
        show_image(image, axes=axes[0], title=f"noise {noise:g}")
        show_image(kernel, axes=axes[1], title="kernel")
        title = f"response, largest {response.max():.1f}"
        show_image(response, axes=axes[2], title=title, limits=(-4, 6))
        return drawn

    def describe(angle, noise):
        track = respond(60, noise)[3]
        on_track = track > 0.8 * track.max()
        response = respond(angle, noise)[2]
        return (
            f"Event with a track at 60 degrees and noise {noise:g}, kernel at {angle} degrees. The "
            f"response has the mean {response[on_track].mean():.1f} on the track, a standard "
            f"deviation of {response[~on_track].std():.1f} elsewhere, and the largest value "
            f"{response.max():.1f}."
        )

    return explore(
        draw, alt=describe, name="matched-filter",
        caption="An event with a track at 60°, a kernel, and its response at every position where "
        "it fits. The grey scale of the response is the same for all angles.",
        angle=range(0, 180, 15), noise=[0.5, 1.0, 1.5], start={"angle": 30, "noise": 1.0},
        labels={"angle": "angle of the kernel (degrees)", "noise": "noise (signal heights)"},
    )  # fmt: skip


def learning_curves(history):
    """Show loss and accuracy of a run of Keras' `fit` with validation data."""
    drawn, said = draw_fit(history)
    return figure(
        drawn, name="fig-track-curves",
        caption="Learning curves of the network that looks for tracks.",
        alt=said,
    )  # fmt: skip


def kernels(learnt, line_kernel):
    """Show learnt kernels `(rows, columns, 1, filters)` above pieces of track made by hand."""
    count = min(learnt.shape[-1], 12)
    above = -(-count // 6)
    drawn, axes = new_figure(above + 2, 6, height=0.9 * (above + 2), squeeze=False)
    for panel in axes.flat:
        panel.axis("off")
    for k, panel in zip(range(count), axes.flat, strict=False):
        largest = np.abs(learnt[:, :, 0, k]).max()
        show_image(learnt[:, :, 0, k], axes=panel, limits=(-largest, largest))
    for angle, panel in zip(range(0, 180, 15), axes[above:].flat, strict=True):
        show_image(line_kernel(angle), axes=panel, title=f"{angle}°")
    return figure(
        drawn, name="fig-track-kernels",
        caption="Above: kernels of the first layer that the network has learnt, each on its own "
        "grey scale. Below: kernels made by hand.",
        alt=f"{counted(count, 'small grey picture')}, most with a broad bright stripe beside a "
        "dark one, at several angles and off the centre; below them straight bright lines through "
        "the centre at 0 to 165 degrees.",
    )  # fmt: skip


def methods():
    """Show how often each method finds the right angle, against the noise (recorded runs)."""
    runs = recorded.load("track_angles")
    most = runs[runs["events"].isin([0, runs["events"].max()])]
    table = most.pivot_table(index="method", columns="noise", values="accuracy")
    table = table.sort_values(1.0)
    drawn, axes = new_figure(height=3.0)
    for name, row in table.iterrows():
        style = "o-" if "network" in name else "s--" if "pixels" in name else "D:"
        axes.plot(table.columns, row, style, label=name, markersize=5)
    axes.axhline(1 / 12, color="0.6", linewidth=1)
    axes.set(xlabel="noise (signal heights)", ylabel="right angle", ylim=(0, 1.02))
    axes.set_xticks(table.columns)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), reverse=True)
    said = [f"{name} {row[1.0]:.2f}" for name, row in table[::-1].iterrows()]
    return figure(
        drawn, name="fig-track-methods",
        caption="Share of new events in which the right one of twelve angles is found; networks "
        "learnt from 8,000 events, mean of three seeds (recorded runs). The grey line is guessing.",
        alt=f"Curves that fall with the noise. At noise 1: {', '.join(said)}.",
    )  # fmt: skip


def neighbours(photograph, distances, correlation):
    """Show a grey photograph and how alike its pixels are at distances in pixels."""
    drawn, (left, right) = new_figure(1, 2, height=2.4, width_ratios=[1.3, 1])
    show_image(photograph[::4, ::4], axes=left)
    right.semilogx(distances, correlation, "o-")
    right.set(xlabel="distance (pixels)", ylabel="correlation", ylim=(0, 1.05))
    right.set_xticks([1, 10, 100], ["1", "10", "100"])
    return figure(
        drawn, name="fig-neighbours",
        caption="Neighbouring pixels of a photograph are alike, distant ones much less.",
        alt="Left: a grey photograph. Right: the correlation between its pixels falls from "
        f"{correlation[0]:.2f} at a distance of {counted(distances[0], 'pixel')} to "
        f"{correlation[-1]:.2f} at {distances[-1]}.",
    )  # fmt: skip


def layer_weights(size, colours, units):
    """Return the weights and biases of a dense layer and of a 3x3 convolution."""
    return units * (size**2 * colours + 1), units * (3**2 * colours + 1)


def weights_against_size():
    """Explore how many weights a layer has for a picture of any size."""

    def draw(size, colours, units):
        drawn, axes = new_figure(height=2.9)
        dense, conv = np.array([layer_weights(s, colours, units) for s in SIZES]).T
        axes.loglog(SIZES, dense, label="dense layer")
        axes.loglog(SIZES, conv, label="3 × 3 convolution")
        for count in layer_weights(size, colours, units):
            axes.plot(size, count, "o", color="black")
            side = "left" if size < 58 else "right"
            axes.annotate(f"{count:,}", (size, count), (0, 7), textcoords="offset points", ha=side)
        axes.set(xlabel="height and width (pixels)", ylabel="weights and biases", ylim=(10, 1e9))
        axes.set_xticks([8, 16, 32, 64, 128, 200], ["8", "16", "32", "64", "128", "200"])
        axes.minorticks_off()
        axes.legend(loc="upper left")
        return drawn

    def describe(size, colours, units):
        dense, conv = layer_weights(size, colours, units)
        return (
            f"For {size} by {size} pixels, colours: {colours}, and {units} units the dense layer "
            f"has {dense:,} weights and biases, the convolution {conv:,}."
        )

    return explore(
        draw, alt=describe, name="weights-against-size",
        caption="Weights and biases of one layer against the size of the image.",
        size=[8, 16, 28, 32, 58, 64, 96, 128, 160, 200], colours=[1, 3], units=[10, 100, 1000],
        start={"size": 32, "colours": 3, "units": 100},
        labels={"size": "height and width (pixels)", "units": "units or filters"},
    )  # fmt: skip


def toeplitz():
    """Explore the matrix of a one-dimensional convolution."""

    def weights(length, kernel_size, stride):
        """Return which weight (1, 2, ..., 0 for none) joins each input to each output."""
        outputs = (length - kernel_size) // stride + 1
        offset = np.arange(length) - stride * np.arange(outputs)[:, np.newaxis]
        return np.where((offset >= 0) & (offset < kernel_size), offset + 1, 0)

    def draw(length, kernel_size, stride):
        matrix = weights(length, kernel_size, stride)
        drawn, axes = new_figure(height=3.4)
        axes.imshow(np.ma.masked_equal(matrix, 0), cmap="viridis", vmin=0, vmax=5.5)
        for (i, j), weight in np.ndenumerate(matrix):
            label = axes.text(j, i, f"$w_{weight - 1}$" if weight else "0", ha="center")
            colour = "white" if 0 < weight < 4 else "black"
            label.set(va="center", color=colour, in_layout=False)
        axes.set(xlabel="input $j$", ylabel="output $i$", xticks=range(length))
        axes.set_yticks(range(len(matrix)))
        axes.set_title(f"{np.count_nonzero(matrix)} of {matrix.size} entries are not zero")
        return drawn

    def describe(length, kernel_size, stride):
        matrix = weights(length, kernel_size, stride)
        further = f", in each next row {stride} further right." if len(matrix) > 1 else "."
        return (
            f"A matrix of {len(matrix)} by {length} entries, {np.count_nonzero(matrix)} of them "
            f"not zero. The {kernel_size} weights stand in the first row at the left{further}"
        )

    return explore(
        draw, alt=describe, name="toeplitz",
        caption="The matrix of a one-dimensional convolution. Equal colours and labels are equal "
        "weights.",
        length=[6, 8, 10, 12], kernel_size=[2, 3, 4, 5], stride=[1, 2, 3],
        start={"length": 8, "kernel_size": 3}, labels={"length": "length of the input"},
    )  # fmt: skip


def equivariance(image, kernel, dense):
    """Explore which map follows a shift of its input.

    Args:
        image: Array `(size, size)`.
        kernel: Array `(k, k)`.
        dense: Weights of a dense layer with as many outputs as the convolution has,
            `((size - k + 1)**2, size**2)`.
    """
    side = len(image) - len(kernel) + 1

    def moved(values, pixels):
        result = np.zeros_like(values)
        result[:, pixels:] = values[:, : values.shape[1] - pixels]
        return result

    def apply(layer, values):
        if layer == "dense layer":
            return (dense @ values.ravel()).reshape(side, side)
        stride = 2 if layer == "convolution, stride 2" else 1
        batch, weights = values[None, :, :, None], kernel[:, :, None, None]
        return conv2d(batch, weights, stride=stride)[0, :, :, 0]

    def error(layer, pixels):
        """Return the output, its difference from the first, moved along, and the largest of it."""
        step = 2 if layer == "convolution, stride 2" else 1
        output = apply(layer, moved(image, pixels))
        difference = output - moved(apply(layer, image), pixels // step)
        return output, difference, np.abs(difference)[:, 6:].max()

    def draw(layer, pixels):
        drawn, axes = new_figure(1, 3, height=2.3)
        output, difference, largest = error(layer, pixels)
        show_image(moved(image, pixels), axes=axes[0], title="input", limits=(0, 1))
        show_image(output, axes=axes[1], title="output", limits=(-2, 2))
        show_image(difference, axes=axes[2], title=f"difference: {largest:.2f}", limits=(-2, 2))
        return drawn

    return explore(
        draw, name="equivariance",
        caption="Input, output, and what is left after subtracting the first output, moved along "
        "(for stride 2 by half the shift, rounded down). The number is the largest difference away "
        "from the left edge.",
        layer=["convolution", "convolution, stride 2", "dense layer"], pixels=range(7),
        start={"pixels": 3},
        labels={"layer": "map", "pixels": "shift to the right (pixels)"},
        alt=lambda layer, pixels: (
            f"Bright spots moved by {counted(pixels, 'pixel')} to the right, map: {layer}. The "
            f"output and the first output, moved along, differ by {error(layer, pixels)[2]:.2f} at "
            "most."
        ),
    )  # fmt: skip
