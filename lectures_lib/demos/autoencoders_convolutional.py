"""Figures of the chapter on convolutional autoencoders."""

import numpy as np

from lectures_lib.data import shift_images
from lectures_lib.explore import explore, figure
from lectures_lib.from_scratch import conv2d_transpose
from lectures_lib.plots import draw_losses, draw_volumes, new_figure, show_image, use_style
from lectures_lib.words import counted

__all__ = [
    "blocks", "down_and_up", "learning_curve", "maps", "overlap", "reconstructions",
    "shifts",
]  # fmt: skip

use_style()


def blocks(spins, temperatures, block_spins):
    """Show Ising configurations, their block spins, and what these give back.

    Args:
        spins: Of shape `(temperatures, configurations, rows, columns)`.
        temperatures: As many, in J/kB.
        block_spins: Encoder, a function of an array and the side of a block; the decoder copies.
    """
    names = [f"{temperature:.2f}" for temperature in temperatures]

    def pictures(temperature, b):
        original = spins[names.index(temperature), 0]
        codes = block_spins(original, b)
        return original, codes, codes.repeat(b, axis=-2).repeat(b, axis=-1)

    def draw(temperature, b):
        original, codes, back = pictures(temperature, b)
        drawn, panels = new_figure(1, 3, height=2.1)
        shown = (original, codes, np.where(back != original, 2 * back, back))
        titles = (
            f"T = {temperature} J/$k_B$",
            f"code, {len(codes)} × {codes.shape[1]}",
            f"back: {np.mean(back != original):.1%} wrong",
        )
        for axes, picture, title in zip(panels, shown, titles, strict=True):
            show_image(picture, axes=axes, title=title, limits=(-2, 2), colours="RdBu")
        return drawn

    def describe(temperature, b):
        original, _, back = pictures(temperature, b)
        return (
            f"Left, {len(original)} by {original.shape[1]} spins at temperature {temperature}. "
            f"Middle, the majority in blocks of {b} by {b}. Right, the blocks copied back; "
            f"{np.mean(back != original):.1%} of the spins, drawn darker, are wrong."
        )

    return explore(
        draw, alt=describe, name="block-spins",
        caption="An Ising configuration, its block spins, and what they give back (wrong: darker).",
        temperature=names, b=[2, 4, 8, 16], start={"temperature": names[len(names) // 2]},
        labels={"temperature": "temperature T (J/kB)", "b": "side of a block"},
    )  # fmt: skip


def down_and_up(encoder, decoder):
    """Draw the volumes of two Keras models, from an image to a code and back."""
    rows = [_volumes(half) for half in (encoder, decoder)]
    drawn, both = new_figure(2, 1, height=4.6)
    said = []
    for axes, (shapes, names), way in zip(both, rows, ("Above", "Below"), strict=True):
        draw_volumes(shapes, names=names, axes=axes)
        for text in axes.texts:
            text.set_fontsize(11)
        sizes = (" by ".join(map(str, shape)) for shape in shapes)
        said.append(f"{way}: {', '.join(sizes)}, joined by {', '.join(names)}.")
    return figure(
        drawn, name="fig-down-and-up",
        caption="The volumes of the convolutional autoencoder, above from the image down to the "
        "code, below from the code up to the image.",
        alt=f"Two rows of blocks. {' '.join(said)}",
    )  # fmt: skip


def _volumes(model):
    """Return the shapes `(height, width, channels)` through a model, and the layers between."""
    shapes, names = [model.input_shape[1:]], []
    for layer in model.layers:
        if name := _name(layer):
            names.append(name)
            shapes.append(layer.output.shape[1:])
        elif len(layer.output.shape) > 2:  # a list that becomes an image again
            shapes[-1] = layer.output.shape[1:]
    return [(*shape, 1, 1)[: max(3, len(shape))] for shape in shapes], names


def _name(layer):
    """Return what stands on the arrow of a layer; nothing where it only renames the numbers."""
    kind = type(layer).__name__
    names = {"Conv2D": "CONV", "Conv2DTranspose": "UP", "UpSampling2D": "COPY", "Dense": "DENSE"}
    return "" if kind in ("Flatten", "Reshape", "Identity") else names.get(kind, kind.upper())


def learning_curve(history):
    """Show both losses of a run of Keras' `fit` with validation data."""
    drawn, said = draw_losses(history, ylabel="cross-entropy (nats per pixel)", log=False)
    return figure(
        drawn, name="fig-convolutional-fit",
        caption="Learning curves of the convolutional autoencoder.",
        alt=said,
    )  # fmt: skip


def reconstructions(images, rows):
    """Show digits and what codes give back, a method a row; black is ink.

    Args:
        images: Of shape `(images, height, width, 1)`, ink 1 and paper 0.
        rows: `{name: images}`, of the same shape.
    """
    lines = {"digit": images} | rows
    drawn, panels = new_figure(len(lines), len(images), height=1.0 + 0.75 * len(lines))
    errors = {name: np.mean((back - images) ** 2) for name, back in rows.items()}
    for line, (name, pictures) in zip(panels, lines.items(), strict=True):
        for axes, picture in zip(line, pictures, strict=True):
            show_image(-picture[..., 0], axes=axes, limits=(-1, 0))
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    said = "; ".join(f"{name} {error:.4f}" for name, error in errors.items())
    return figure(
        drawn, name="fig-convolutional-digits",
        caption="Test digits (top) and what comes back from their codes.",
        alt=f"{counted(len(images), 'digit')}, and below what each method gives back. Mean squared "
        f"errors of a pixel: {said}.",
    )  # fmt: skip


def overlap():
    """Show how many kernels a transposed convolution writes over each pixel of 10 x 10 inputs."""

    def counts_of(kernel_size, stride):
        ones = np.ones((1, 10, 10, 1)), np.ones((kernel_size, kernel_size, 1, 1))
        counts = conv2d_transpose(*ones, stride=stride)[0, ..., 0]
        inside = counts[5 * stride : 6 * stride, 5 * stride : 6 * stride]
        return counts, int(inside.min()), int(inside.max())

    def draw(kernel_size, stride):
        counts, low, high = counts_of(kernel_size, stride)
        drawn, axes = new_figure(height=3.0)
        show_image(counts, axes=axes, limits=(0, counts.max()))
        axes.set_title(f"kernel {kernel_size} × {kernel_size}, stride {stride}: "
                       f"{low} to {high} inside")  # fmt: skip
        drawn.colorbar(axes.images[0], ax=axes, shrink=0.8).set_label("kernels over a pixel")
        return drawn

    def describe(kernel_size, stride):
        counts, low, high = counts_of(kernel_size, stride)
        pattern = f"all {low} inside"
        if low < high:
            pattern = f"inside from {low} to {high} in a grid that repeats every {stride} pixels"
        return (
            f"Kernel {kernel_size}, stride {stride}: {len(counts)} by {len(counts)} pixels, each "
            f"with the number of kernels over it: {pattern}."
        )

    return explore(
        draw, alt=describe, name="transposed-overlap",
        caption="How many kernels a transposed convolution writes over each pixel.",
        kernel_size=[1, 2, 3, 4, 5, 6], stride=[1, 2, 3], start={"kernel_size": 3, "stride": 2},
        labels={"kernel_size": "kernel size", "stride": "stride"},
    )  # fmt: skip


def maps(images, codes):
    """Show digits `(images, height, width, 1)` and their codes `(images, rows, columns, maps)`."""
    number = codes.shape[-1]
    drawn, panels = new_figure(len(images), number + 1, height=1.1 * len(images), squeeze=False)
    for line, image, code in zip(panels, images, codes, strict=True):
        show_image(-image[..., 0], axes=line[0], limits=(-1, 0))
        for axes, latent in zip(line[1:], np.moveaxis(code, -1, 0), strict=True):
            show_image(latent, axes=axes)
    for axes, name in zip(panels[0], ["digit", *(f"map {k + 1}" for k in range(number))],
                          strict=True):  # fmt: skip
        axes.set_title(name)
    sides = " by ".join(map(str, codes.shape[1:3]))
    return figure(
        drawn, name="fig-latent-maps",
        caption="Test digits and their codes, maps of few pixels. Each map has its own scale.",
        alt=f"{counted(len(images), 'row')}: a digit, and beside it {counted(number, 'map')} of "
        f"{sides} pixels. The coarse maps are largest up to {codes.max():.1f}, their mean is "
        f"{codes.mean():.2f}.",
    )  # fmt: skip


def shifts(images, labels, encoder, step):
    """Show what becomes of a map of the code when a digit moves to the right.

    Args:
        images, labels: Digits `(images, height, width, 1)` and which they are.
        encoder: From images to maps `(images, rows, columns, maps)`.
        step: Pixels of the image to one of the maps.
    """
    still = np.asarray(encoder(images))
    chosen = int(np.argmax(still.std(axis=(0, 1, 2))))  # the map that changes most
    first = {digit: int(np.flatnonzero(labels == digit)[0]) for digit in (2, 4, 7)}

    def shifted(digit, shift):
        image = shift_images(images[first[digit]][np.newaxis], right=shift)
        whole = (shift + step // 2 - 1) // step
        old = shift_images(still[first[digit]][np.newaxis], right=whole)
        new = np.asarray(encoder(image))
        return image[0, ..., 0], new[0, ..., chosen], old[0, ..., chosen], whole

    def draw(digit, shift):
        image, new, old, whole = shifted(digit, shift)
        drawn, panels = new_figure(1, 3, height=2.1)
        show_image(-image, axes=panels[0], limits=(-1, 0), title=f"shifted by {shift} px")
        limits = still[..., chosen].min(), still[first[digit], ..., chosen].max()
        titles = "its map", f"old map, {whole} right"
        for axes, picture, title in zip(panels[1:], (new, old), titles, strict=True):
            show_image(picture, axes=axes, limits=limits, title=title)
        return drawn

    def describe(digit, shift):
        _, new, old, whole = shifted(digit, shift)
        inside = np.s_[1:-1, whole + 1 : -1]  # at the border the kernels see padding
        difference = np.sqrt(np.mean((new[inside] - old[inside]) ** 2))
        return (
            f"Left, the digit {digit} moved by {counted(shift, 'pixel')} to the right. Middle, a "
            f"map of its code. Right, the map of the unmoved digit, moved by "
            f"{counted(whole, 'column')}. Away from the border the two maps differ by "
            f"{difference:.2f} (root mean square); their largest value is {new.max():.2f}."
        )

    return explore(
        draw, alt=describe, name="shifted-code",
        caption="A shifted digit, one map of its code, and the old map moved by whole steps.",
        digit=[2, 4, 7], shift=[0, 1, 2, 3, 4, 5, 6, 7, 8], start={"shift": 4},
        labels={"digit": "digit", "shift": "shift (px)"},
    )  # fmt: skip
