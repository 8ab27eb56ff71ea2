"""Figures of the chapter on CIFAR-10."""

import html

import numpy as np
import pandas as pd

from lectures_lib import recorded
from lectures_lib.data import CIFAR10_CLASSES, add_noise
from lectures_lib.explore import explore, figure
from lectures_lib.plots import COLOURS, draw_fit, draw_volumes, new_figure, show_image, use_style
from lectures_lib.words import counted

__all__ = [
    "LOOKED_AT", "NAMES", "classes", "curves", "disturbed", "filters", "learning_curves", "maps",
    "middle_share", "occluded", "origin", "photographs", "reliability", "saliencies", "steps",
    "transfer", "volumes",
]  # fmt: skip

NAMES = {  # networks of the recorded runs
    "dense": "dense network, 40 units",
    "dense_512": "dense network, 512 units",
    "frozen": "lecture's, random kernels",
    "patches": "400 patches as kernels",
    "lecture": "lecture's network",
    "falling": "with a falling rate",
    "six_convolutions": "six convolutions",
    "global_pooling": "with global pooling",
    "residual": "with residuals",
    "batch_norm": "with normalisation",
    "batch_norm_12": "normalisation, 12 epochs",
    "augment_12": "augmentation, 12 epochs",
    "lecture_12": "lecture's, both, 12 epochs",
}
LOOKED_AT = {
    "lecture": "lecture's network", "batch_norm": "with normalisation",
    "augment_12": "augmentation, 12 epochs",
}  # fmt: skip
SPLITS = "train", "validation"
FEWEST = 30  # pictures whose share is worth a point
STYLES = dict(zip(LOOKED_AT, ("o-", "s-", "^-"), strict=True))

use_style()


def key_of(label):
    """Return the key of a network by its name in figures."""
    return next(key for key, name in NAMES.items() if name == label)


def origin(pictures, reason=""):
    """Say in a box where a data set comes from, and why it is not CIFAR-10 if it is not."""
    from IPython.display import HTML

    real = pictures.name == "CIFAR-10"
    which = "those of CIFAR-10" if real else "generated, and not CIFAR-10"
    title = f"The pictures on this page are {which}."
    text = html.escape(reason).replace("\n", "<br>")
    text = text or f"{len(pictures.train):,} of 45,000 training pictures are used by the cells."
    return HTML(
        f'<div class="admonition note"><p class="admonition-title">{title}</p><p>{text}</p></div>'
    )


def photographs(split, class_names):
    """Explore how many pixels it takes to name the first twelve pictures of a split.

    Their classes stand over the pictures that are shown as they are.
    """
    names = [class_names[label] for label in split.labels[:12]]

    def draw(pixels):
        drawn, axes = new_figure(3, 4, height=4.4)
        for panel in axes.flat:
            panel.axis("off")
        for image, name, panel in zip(split.inputs, names, axes.flat, strict=False):
            size = len(image) // pixels
            coarse = image.reshape(pixels, size, pixels, size, -1).mean(axis=(1, 3))
            show_image(coarse, axes=panel, title=name if size == 1 else "?")
        return drawn

    def describe(pixels):
        whole = pixels == split.inputs.shape[1]
        said = ", ".join(names) if whole else "coarse blocks of colour, without their classes"
        return f"{counted(len(names), 'picture')} of {pixels} by {pixels} pixels: {said}."

    return explore(
        draw, alt=describe, name="photographs",
        caption="Training pictures, averaged over blocks; with all 32 pixels they have a name.",
        pixels=[4, 8, 16, 32], start={"pixels": 8}, labels={"pixels": "pixels on a side"},
    )  # fmt: skip


def volumes(network):
    """Draw the volumes of a `keras.Sequential` of convolutions, poolings and dense layers."""
    called = {"Conv2D": "CONV", "MaxPooling2D": "POOL", "Dense": "FC"}
    layers = [layer for layer in network.layers if type(layer).__name__ in called]
    names = [called[type(layer).__name__] for layer in layers]
    shapes = [network.input_shape[1:], *(layer.output.shape[1:] for layer in layers)]
    shapes = [(1,) * (3 - len(shape)) + tuple(shape) for shape in shapes]
    middle = len(names) // 2
    drawn, (top, bottom) = new_figure(2, 1, height=3.6)
    draw_volumes(shapes[: middle + 1], names=names[:middle], axes=top)
    draw_volumes(shapes[middle:], names=names[middle:], axes=bottom)
    blocks = ", ".join(" by ".join(map(str, shape)) for shape in shapes)
    return figure(
        drawn, name="fig-cifar-volumes",
        caption="The volumes of the lecture's network. The lower row goes on where the upper one "
        "ends.",
        alt=f"{len(shapes)} blocks, {blocks}, with arrows between them called {', '.join(names)}.",
    )  # fmt: skip


def learning_curves(history):
    """Show loss and accuracy of a run of Keras' `fit` with validation data."""
    drawn, said = draw_fit(history)
    return figure(
        drawn, name="fig-photo-fit",
        caption="Learning curves of the lecture's network on a part of the pictures.", alt=said,
    )  # fmt: skip


def steps():
    """Show the test accuracy of every network and seed (recorded runs)."""
    fixed = recorded.load("cifar10_patches").assign(model="patches")
    runs = pd.concat([recorded.load("cifar10_runs"), fixed])
    runs = runs[runs["model"].isin(NAMES)]
    drawn, axes = new_figure(height=4.3)
    for place, name in enumerate(NAMES):
        ends = runs.loc[runs["model"] == name, "test"]
        axes.plot(ends, len(ends) * [place], "o", color=COLOURS[0], markersize=5)
        axes.text(0.87, place, f"{ends.mean():.3f}", va="center", ha="right")
    for border in (4.5, 9.5):
        axes.axhline(border, color="0.6", linewidth=1)
    axes.set(xlabel="test accuracy", xlim=(0.45, 0.88), ylim=(len(NAMES) - 0.5, -0.5))
    axes.set_yticks(range(len(NAMES)), NAMES.values())
    means = runs.groupby("model")["test"].mean()
    said = [f"{name} {means[key]:.3f}" for key, name in NAMES.items()]
    return figure(
        drawn, name="fig-cifar-steps",
        caption="Accuracy on all 10,000 test pictures of CIFAR-10, one point for each of three "
        "seeds, and its mean (recorded runs). Above: opponents, and the lecture's network after "
        "ten epochs at a constant rate. Middle: eight epochs at a falling one, each network with "
        "one change more than the one before. Below: twelve epochs, for the last one, for the same "
        "with augmentation, and for the lecture's network with both.",
        alt=f"Points in rows, mean test accuracies: {', '.join(said)}.",
    )  # fmt: skip


def curves():
    """Explore the learning curves of the recorded runs."""
    history = recorded.load("cifar10_history")
    tables = {
        key: rows.pivot(index="epoch", columns="seed")
        for key, rows in history.groupby(["model", "split"])
    }

    def draw(run, quantity):
        drawn, axes = new_figure(height=3.2)
        for split, style in (("train", "-"), ("validation", "--")):
            table = tables[key_of(run), split][quantity]
            for seed in table:
                axes.plot(
                    table.index, table[seed], style, color=COLOURS[split == "validation"],
                    label=split if seed == 0 else None,
                )  # fmt: skip
        unit = " (nats)" if quantity == "loss" else ""
        axes.set(xlabel="epoch", ylabel=quantity + unit, xlim=(0.5, len(table) + 0.5))
        axes.set(ylim=(0.2, 1.0) if quantity == "accuracy" else (0, 2.2))
        axes.legend(title=run)
        return drawn

    def describe(run, quantity):
        train, validation = (tables[key_of(run), split][quantity] for split in SPLITS)
        best = validation.idxmax() if quantity == "accuracy" else validation.idxmin()
        return (
            f"{run}, three seeds: over {len(train)} epochs the train {quantity} goes from "
            f"{train.iloc[0].mean():.3f} to {train.iloc[-1].mean():.3f}, the validation {quantity} "
            f"from {validation.iloc[0].mean():.3f} to {validation.iloc[-1].mean():.3f}. The best "
            f"validation {quantity} comes after {', '.join(map(str, best))} epochs."
        )

    return explore(
        draw, name="photo-curves",
        caption="Learning curves of the recorded runs, a line for each of three seeds. The train "
        "curve is the mean during an epoch, with augmentation if any.",
        run=[
            "dense network, 40 units", "dense network, 512 units", "lecture's network",
            "with a falling rate", "six convolutions", "with global pooling", "with residuals",
            "with normalisation", "normalisation, 12 epochs", "augmentation, 12 epochs",
            "lecture's, both, 12 epochs",
        ],
        quantity=["accuracy", "loss"], start={"run": "lecture's network", "quantity": "loss"},
        labels={"run": "network"}, alt=describe,
    )  # fmt: skip


def confusion(model):
    """Return test pictures by seed, class and answer, `(seeds, 10, 10)` (recorded runs)."""
    counts = recorded.load("cifar10_confusion").query(f"model == '{model}'")
    order = counts.sort_values(["seed", "label", "predicted"])
    return order["images"].to_numpy().reshape(-1, 10, 10)


def classes():
    """Explore what the pictures of a class are taken for, and what is taken for it."""
    counts = {name: confusion(key) for key, name in LOOKED_AT.items()}

    def draw(class_name, run):
        label = CIFAR10_CLASSES.index(class_name)
        drawn, axes = new_figure(height=3.6)
        places = np.arange(10)[::-1]
        for shift, shares, options in [
            (0.2, counts[run][:, label] / 10, {"label": f"{class_name} taken for ..."}),
            (-0.2, counts[run][:, :, label] / 10,
             {"label": f"... taken for {class_name}", "hatch": "///", "alpha": 0.8}),
        ]:  # fmt: skip
            mean = shares.mean(axis=0)
            spread = np.abs([shares.min(axis=0), shares.max(axis=0)] - mean)
            bars = {"xerr": spread, "error_kw": {"elinewidth": 1}}
            axes.barh(places + shift, mean, 0.38, **bars, **options)
        axes.set_yticks(places, CIFAR10_CLASSES)
        axes.set(xlabel="test pictures (%)", xlim=(0, 100))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncol=2)
        return drawn

    def describe(class_name, run):
        mean, label = counts[run].mean(axis=0) / 10, CIFAR10_CLASSES.index(class_name)
        right = mean[label, label]
        np.fill_diagonal(mean, 0)
        worst, most = mean[label].argmax(), mean[:, label].argmax()
        return (
            f"{run}, mean of three seeds: {right:.1f} % of the pictures of class {class_name} are "
            f"recognised, and {mean[label, worst]:.1f} % are taken for {CIFAR10_CLASSES[worst]}. "
            f"Most often taken for {class_name} is {CIFAR10_CLASSES[most]}, "
            f"{mean[most, label]:.1f} % of its pictures."
        )

    return explore(
        draw, name="photo-classes",
        caption="What the 1,000 test pictures of a class are taken for, and what is taken for it; "
        "means of three seeds, with the lowest and the highest.",
        class_name=[
            "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
            "truck",
        ],
        run=["lecture's network", "with normalisation", "augmentation, 12 epochs"],
        start={"class_name": "cat"}, labels={"class_name": "class", "run": "network"},
        alt=describe,
    )  # fmt: skip


def reliability():
    """Show how often answers of a given probability are right (recorded runs)."""
    table = recorded.load("cifar10_calibration").query(f"images >= {FEWEST}")
    drawn, axes = new_figure(1, len(LOOKED_AT), height=2.9, sharey=True)
    said = []
    for panel, (key, name) in zip(axes, LOOKED_AT.items(), strict=True):
        panel.plot([0, 1], [0, 1], color="0.6", linewidth=1)
        for (_, temperature), run in table[table["model"] == key].groupby(["seed", "temperature"]):
            plain = temperature == 1
            panel.plot(
                run["confidence"], run["accuracy"], "o-" if plain else "s--", markersize=4,
                color=COLOURS[not plain],
            )  # fmt: skip
        panel.set_title(name.replace(", ", ",\n"))
        panel.set(xlabel="probability", xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1])
        confidence, accuracy = calibration(table, key)
        said.append(f"{name}: mean probability {confidence:.2f}, right {accuracy:.2f}")
    axes[0].set_ylabel("right answers")
    axes[0].legend(axes[0].lines[1:3], ["as trained", "divided by T"])
    return figure(
        drawn, name="fig-reliability",
        caption="Test pictures in tenths of the probability of the answer: mean probability and "
        "share of right answers, for three seeds (recorded runs); dashed after the logits were "
        "divided by one number. On the grey line the network is calibrated. Tenths with fewer than "
        "30 pictures are left out.",
        alt=f"Three panels with points that rise from left to right. {'; '.join(said)}.",
    )  # fmt: skip


def calibration(table, key):
    """Return the mean probability of a network's answers as trained, and how many are right."""
    rows = table[(table["model"] == key) & (table["temperature"] == 1)]
    return [
        np.average(rows[column], weights=rows["images"]) for column in ("confidence", "accuracy")
    ]


def filters(network):
    """Show the filters of the first convolution of a Keras model in colour."""
    kernels = next(w for w in network.get_weights() if w.ndim == 4)  # (rows, columns, 3, filters)
    count = kernels.shape[-1]
    drawn, axes = new_figure(-(-count // 8), 8, height=0.72 * -(-count // 8), squeeze=False)
    for panel in axes.flat:
        panel.axis("off")
    for f, panel in zip(range(count), axes.flat, strict=False):
        kernel = kernels[..., f]
        show_image(0.5 + 0.5 * kernel / np.abs(kernel).max(), axes=panel)
    return figure(
        drawn, name="fig-colour-filters",
        caption="The filters of the first layer, each on its own scale; grey is a weight of 0.",
        alt=f"{count} small colour squares. In some a bright side faces a dark one, others are "
        "mostly of one colour.",
    )  # fmt: skip


def maps(network, images):
    """Explore the feature maps of the convolutions of a network.

    Args:
        network: A `keras.Sequential` or other Keras model.
        images: `{name: image (height, width, 3)}`.
    """
    import keras

    stages = [layer.output for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    inside = keras.Model(network.inputs[0], stages)
    values = inside.predict(np.stack(list(images.values())), verbose=0)

    def draw(picture, convolution):
        here = values[convolution - 1][list(images).index(picture)]  # (height, width, channels)
        strongest = np.sort(here.mean(axis=(0, 1)).argsort()[::-1][:11])
        drawn, axes = new_figure(3, 4, height=4.0)
        for panel in axes.flat:
            panel.axis("off")
        show_image(images[picture], axes=axes.flat[0], title="input")
        for channel, panel in zip(strongest, axes.flat[1:], strict=False):
            show_image(here[..., channel], axes=panel, title=f"{channel}")
        return drawn

    def describe(picture, convolution):
        here = values[convolution - 1][list(images).index(picture)]
        return (
            f"The picture of class {picture} and {min(11, here.shape[-1])} of {here.shape[-1]} "
            f"feature maps of convolution {convolution}, {here.shape[0]} by {here.shape[1]} "
            f"pixels; {np.mean(here > 0):.0%} of all values are above 0."
        )

    return explore(
        draw, name="photo-maps",
        caption="A test picture and the eleven feature maps with the largest mean, each on its own "
        "grey scale.",
        picture=list(images), convolution=list(range(1, len(stages) + 1)),
        labels={"picture": "picture of class"}, alt=describe,
    )  # fmt: skip


def middle_share(values):
    """Return which share of maps `(images, height, width)` lies in the middle quarter."""
    high, wide = np.array(values.shape[1:]) // 4
    return values[:, high:-high, wide:-wide].sum() / values.sum()


def saliencies(images, maps):
    """Explore pictures beside maps of what an answer depends on.

    Args:
        images: `{name: image (height, width, 3)}`.
        maps: `{network: maps (images, height, width)}`, in the order of `images`.
    """

    def draw(picture):
        drawn, axes = new_figure(1, 1 + len(maps), height=2.5)
        show_image(images[picture], axes=axes[0], title=picture)
        for panel, (name, values) in zip(axes[1:], maps.items(), strict=True):
            here = values[list(images).index(picture)]
            show_image(here, axes=panel, title=name, colours="viridis")
        return drawn

    def describe(picture):
        at = list(images).index(picture)
        shares = [f"{n} {middle_share(v[at : at + 1]):.0%}" for n, v in maps.items()]
        return (
            f"A picture of class {picture} and grainy maps, spread over the whole picture. In its "
            f"middle quarter lie: {', '.join(shares)}."
        )

    return explore(
        draw, name="photo-saliency",
        caption="A test picture, and the saliency of its pixels for the most probable class, of "
        "the trained network and of one that was never trained; light is large.",
        picture=list(images), labels={"picture": "picture of class"}, alt=describe,
    )  # fmt: skip


def occluded(image, falls, name):
    """Show a picture and how much a score falls when a block of it is covered.

    Args:
        image: Array `(height, width, 3)`.
        falls: `{what covers: falls (rows, columns)}`.
        name: Class of the picture.
    """
    drawn, axes = new_figure(1, 1 + len(falls), height=2.5)
    show_image(image, axes=axes[0], title=name)
    largest = max(np.abs(values).max() for values in falls.values())
    said = []
    for panel, (cover, values) in zip(axes[1:], falls.items(), strict=True):
        options = {"limits": (-largest, largest), "colours": "RdBu_r"}
        show_image(values, axes=panel, title=cover, **options)
        row, column = np.unravel_index(values.argmax(), values.shape)
        said.append(
            f"Covered with {cover} the logit falls most, by {values.max():.1f}, for the block in "
            f"row {row + 1} and column {column + 1}, and rises by {-values.min():.1f} at most."
        )
    return figure(
        drawn, name="fig-occlusion",
        caption="A test picture, and by how much its logit falls when a block is covered. Red "
        "blocks speak for the class, blue ones against it.",
        alt=f"Left: a picture of class {name}. Then {len(falls)} maps of blocks. {' '.join(said)}",
    )  # fmt: skip


def transfer():
    """Show the accuracy on new classes against the number of labels (recorded runs)."""
    table = recorded.load("cifar10_transfer")
    means = table.pivot_table(index="labels", columns="method", values="test", sort=False)
    low, high = (table.groupby(["method", "labels"])["test"].agg(f) for f in ("min", "max"))
    drawn, axes = new_figure(height=3.0)
    for method, style in zip(means, ("o-", "s:", "^:", "D--", "v--"), strict=True):
        axes.plot(means.index, means[method], style, label=method, markersize=5)
        axes.fill_between(means.index, low[method], high[method], alpha=0.15, linewidth=0)
    axes.axhline(1 / 3, color="0.6", linewidth=1)
    axes.set(xscale="log", xlabel="labels of each class", ylabel="test accuracy")
    axes.set_xticks(means.index, means.index)
    axes.minorticks_off()
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    said = [
        f"{method} {column.iloc[0]:.2f} to {column.iloc[-1]:.2f}"
        for method, column in means.items()
    ]
    return figure(
        drawn, name="fig-transfer",
        caption="Accuracy on 3,000 test pictures of three new classes, mean and range of three "
        "seeds (recorded runs). On the bases a logistic regression; a new network trains for 800 "
        "steps. The grey line is guessing.",
        alt=f"Curves over {means.index[0]} to {means.index[-1]} labels: {', '.join(said)}.",
    )  # fmt: skip


def disturbed(image):
    """Explore how the accuracy falls with noise; `image` is an example, `(height, width, 3)`."""
    table = recorded.load("cifar10_disturbed").query("disturbance == 'noise'")
    falls = table.pivot_table(index="size", columns="model", values="accuracy")

    def draw(noise):
        drawn, (left, right) = new_figure(1, 2, height=3.1, width_ratios=[1, 1.9])
        show_image(np.clip(add_noise(image, noise=noise), 0, 1), axes=left)
        for key, name in LOOKED_AT.items():
            right.plot(falls.index, falls[key], STYLES[key], markersize=4, label=name)
        right.axvline(noise, color="black", linewidth=1)
        right.set(xlabel="noise (white = 1)", ylabel="test accuracy", ylim=(0, 0.9))
        right.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncol=2)
        return drawn

    def describe(noise):
        shares = [f"{name} {falls.loc[noise, key]:.3f}" for key, name in LOOKED_AT.items()]
        return f"Test accuracy at noise {noise:g}: {', '.join(shares)}."

    return explore(
        draw, name="photo-noise",
        caption="A test picture with noise of the given standard deviation, and the accuracy on "
        "all test pictures with such noise, mean of three seeds (recorded runs).",
        noise=[0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3], start={"noise": 0.1}, alt=describe,
    )  # fmt: skip
