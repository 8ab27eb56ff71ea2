"""Figures of the chapter on linear autoencoders and principal components."""

import itertools

import numpy as np
from matplotlib.patches import Polygon

from lectures_lib import recorded
from lectures_lib.explore import explore, figure
from lectures_lib.from_scratch import pca
from lectures_lib.physics import onsager_magnetisation
from lectures_lib.plots import COLOURS, new_figure, show_image, use_style
from lectures_lib.words import counted, span

__all__ = [
    "angles", "bottleneck", "held_out", "ising_axes", "learning_curve", "magnet", "positions",
    "restored", "tilted_plane", "turned_code",
]  # fmt: skip

TILTS = list(range(-90, 100, 10))
SIZES = [1, 2, 5, 10, 20, 30, 50, 100, 200]

use_style()


def positions(points):
    """Explore positions `(points, 3)` from all sides, at the height of the x-y plane."""

    def across(view):
        angle = np.radians(view)
        return points[:, 0] * -np.sin(angle) + points[:, 1] * np.cos(angle)

    def draw(view):
        drawn, axes = new_figure(height=2.6)
        axes.plot(across(view), points[:, 2], "o", markersize=4, alpha=0.7)
        axes.set(xlabel="to the right", ylabel="z", aspect="equal")
        axes.set(xlim=(-1.5, 1.5), ylim=(-0.75, 0.75))
        return drawn

    def describe(view):
        seen = np.column_stack([across(view), points[:, 2]])
        wide, thin = np.sqrt(np.linalg.svd(np.cov(seen.T))[1])
        return (
            f"{counted(len(points), 'dot')} seen from {view} degrees: a cloud with a standard "
            f"deviation of {wide:.2f} along its length and {thin:.2f} across."
        )

    return explore(
        draw, alt=describe, name="orbit-views",
        caption="The measured positions, seen from one side; the z axis points up.",
        view=[0, 20, 40, 60, 80, 100, 120, 140, 160, 180],
        labels={"view": "direction of view (degrees)"},
    )  # fmt: skip


def bottleneck(inputs=3, code=2):
    """Draw an autoencoder with a narrow place in the middle."""
    columns = [(0, "x", inputs, "input x"), (3, "h", code, "code h"),
               (6, r"\hat x", inputs, "output")]  # fmt: skip
    drawn, axes = new_figure(height=2.7)
    halves = ((0, (1.55, 1.0), "#CCE3F2", "encoder f"), (3, (1.0, 1.55), "#F7D9C4", "decoder g"))
    for x, (a, b), tint, name in halves:
        corners = [(x, -a), (x, a), (x + 3, b), (x + 3, -b)]
        axes.add_patch(Polygon(corners, facecolor=tint, edgecolor="none", zorder=0))
        axes.text(x + 1.5, 1.75, name, ha="center", fontsize=13)
    places = [
        [(x, 1.1 * (size - 1) / 2 - 1.1 * i) for i in range(size)] for x, _, size, _ in columns
    ]
    for before, after in itertools.pairwise(places):
        for ends in itertools.product(before, after):
            axes.plot(*zip(*ends, strict=True), "-", color="0.4", linewidth=1)
    for (x, symbol, _, name), column in zip(columns, places, strict=True):
        for i, place in enumerate(column, start=1):
            axes.scatter(*place, s=560, color="white", edgecolor="black", zorder=3)
            axes.text(*place, f"${symbol}_{i}$", ha="center", va="center", fontsize=13, zorder=4)
        axes.text(x, -2.15, name, ha="center", fontsize=13)
    axes.set(xlim=(-0.9, 6.9), ylim=(-2.4, 2.2))
    axes.axis("off")
    return figure(
        drawn, name="fig-ae-bottleneck",
        caption="An autoencoder for positions: three numbers, a code of two, three numbers.",
        alt=f"Three columns of circles, {inputs}, {code} and {inputs}, named input x, code h and "
        "output; all circles of one column are joined to all of the next. The left half is "
        "named encoder f, the right half decoder g.",
    )  # fmt: skip


def tilted_plane(points):
    """Explore planes through the first principal axis of points `(points, 3)`."""
    scores = pca(points, latent_dim=3).encode(points)

    def error(tilt_deg):
        tilt = np.radians(tilt_deg)
        return np.mean((scores[:, 1:] @ [-np.sin(tilt), np.cos(tilt)]) ** 2)

    def draw(tilt_deg):
        drawn, (left, right) = new_figure(1, 2, height=2.9, width_ratios=[1.3, 1])
        direction = np.array([np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))])
        feet = (scores[:, 1:] @ direction)[:, np.newaxis] * direction
        sticks = np.stack([feet, scores[:, 1:], np.full_like(feet, np.nan)], axis=1)
        left.plot(*sticks.reshape(-1, 2).T, "-", color=COLOURS[1], linewidth=0.8)
        left.plot(*scores[:, 1:].T, "o", markersize=3.5, color=COLOURS[0])
        left.plot(*np.outer(direction, [-1.2, 1.2]), "-", color="black")
        left.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", title=f"error {error(tilt_deg):.4f}")
        left.set(xlabel="second axis", ylabel="third axis")
        right.plot(TILTS, [error(each) for each in TILTS], "-")
        right.plot(tilt_deg, error(tilt_deg), "o", color=COLOURS[1], markersize=8)
        right.set(xlabel="tilt (degrees)", ylabel="error", ylim=(0, None), xticks=(-90, 0, 90))
        return drawn

    def describe(tilt_deg):
        return (
            f"The plane, seen from its edge, is tilted by {tilt_deg} degrees against that of PCA; "
            f"sticks join the points to it. The mean squared length is {error(tilt_deg):.4f}. "
            f"On the right, the error against the tilt: {error(0):.4f} at 0 degrees, "
            f"{error(90):.4f} at 90 and minus 90."
        )

    return explore(
        draw, alt=describe, name="tilted-plane",
        caption="Left: the plane seen from its edge, along the first axis, and what each point "
        "loses. Right: the error against the tilt.",
        tilt_deg=[-90, -80, -70, -60, -50, -40, -30, -20, -10, 0, 10, 20, 30, 40, 50, 60, 70, 80,
                  90],
        start={"tilt_deg": 30}, labels={"tilt_deg": "tilt (degrees)"},
    )  # fmt: skip


def learning_curve(history, least):
    """Show the losses of `fit` above the least that is possible, `least`."""
    drawn, axes = new_figure(height=2.4)
    losses = history.history["loss"]
    axes.semilogy(range(1, len(losses) + 1), losses, label="linear autoencoder")
    axes.axhline(least, color="black", linestyle="--", linewidth=1.2, label="PCA")
    axes.set(xlabel="epoch", ylabel="mean squared error")
    axes.legend()
    return figure(
        drawn, name="fig-ae-fit", caption="The loss of a linear autoencoder, and that of PCA.",
        alt=f"The loss falls from {losses[0]:.3f} to {losses[-1]:.4f} in "
        f"{counted(len(losses), 'epoch')}; PCA has {least:.4f}.",
    )  # fmt: skip


def angles(epochs, halves):
    """Show angles to the plane of PCA; `halves` maps a name to degrees `(epochs, networks)`."""
    drawn, axes = new_figure(height=3.1)
    said = []
    for name, degrees in halves.items():
        (line,) = axes.plot(epochs, np.median(degrees, axis=1), label=name)
        edges = degrees.min(axis=1), degrees.max(axis=1)
        axes.fill_between(epochs, *edges, color=line.get_color(), alpha=0.2)
        said.append(
            f"{name} {np.median(degrees[0]):.0f} at first and {np.median(degrees[-1]):.3f} at "
            f"last, {span(degrees[-1].min(), degrees[-1].max(), '.3f')}"
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="epoch",
        ylabel="angle to PCA (degrees)",
        ylim=(1e-3, 120),
    )
    axes.legend(loc="lower left")
    return figure(
        drawn, name="fig-ae-angles",
        caption="The angle between the planes of ten linear autoencoders and that of PCA while "
        "they learn: median, and the range of all ten.",
        alt=f"Two falling curves over {span(min(epochs), max(epochs), 'd')} epochs, with wide "
        f"bands. Medians in degrees: {'; '.join(said)}.",
    )  # fmt: skip


def turned(flat, turn_deg, shear):
    """Return the matrix A of a rotation and a shear, and the codes h A."""
    turn = np.radians(turn_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    A = rotation @ [[1, shear], [0, 1]]
    return A, flat @ A


def turned_code(points):
    """Explore codes of the plane of PCA that a matrix turns and shears."""
    plane = pca(points, latent_dim=2)
    flat = plane.encode(points)
    lost = np.mean(np.sum((plane.decode(flat) - points) ** 2, axis=1))

    def draw(turn_deg, shear):
        A, codes = turned(flat, turn_deg, shear)
        drawn, (left, right) = new_figure(1, 2, height=2.9)
        left.plot(*codes.T, "o", markersize=4)
        left.set(xlabel="code, first number", ylabel="code, second number")
        correlation = np.corrcoef(codes.T)[0, 1]
        left.set_title(f"correlation {correlation:+.2f}".replace("-", "−"))
        rows = np.linalg.inv(A)
        right.plot(*(codes @ rows).T, "o", markersize=4)
        how = {"angles": "xy", "scale_units": "xy", "scale": 1, "color": COLOURS[1]}
        right.quiver([0, 0], [0, 0], *rows.T, width=0.015, zorder=3, **how)
        for row, name in zip(rows, "12", strict=True):
            label = right.text(*(1.25 * row), name, ha="center", va="center", fontsize=12)
            label.set_in_layout(False)
        right.set(xlabel="PCA axis 1", ylabel="PCA axis 2", title=f"outputs, error {lost:.4f}")
        for axes in (left, right):
            axes.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
        return drawn

    def describe(turn_deg, shear):
        A, codes = turned(flat, turn_deg, shear)
        first, second = np.linalg.inv(A)
        cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
        return (
            f"Turned by {turn_deg} degrees, shear {shear:g}: the numbers of the code have the "
            f"correlation {np.corrcoef(codes.T)[0, 1]:.2f}, the rows of the decoder, drawn as "
            f"arrows, form an angle of {np.degrees(np.arccos(cosine)):.0f} degrees. The outputs "
            "on the right are always the same dots."
        )

    return explore(
        draw, alt=describe, name="turned-code",
        caption="Left: the code. Right: the outputs on the plane of PCA, and the rows of the "
        "decoder.",
        turn_deg=[0, 15, 30, 45, 60, 75, 90], shear=[0.0, 0.5, 1.0], start={"turn_deg": 30},
        labels={"turn_deg": "rotation φ (degrees)", "shear": "shear"},
    )  # fmt: skip


def errors_by_size(found, test):
    """Return error on test digits and discarded variance, per pixel, by the size of the code."""
    sizes = [size for size in SIZES if size <= len(found.axes)]
    offsets = test - found.mean
    kept = np.cumsum(np.mean((offsets @ found.axes.T) ** 2, axis=0))
    error = np.mean(np.sum(offsets**2, axis=1)) - kept[np.array(sizes) - 1]
    discarded = found.variances.sum() - np.cumsum(found.variances)[np.array(sizes) - 1]
    return np.array(sizes), error / test.shape[1], discarded / test.shape[1]


def restored(found, test):
    """Explore what principal axes make of digits `(digits, 784)`."""
    sizes, errors, _ = errors_by_size(found, test)
    by_size = dict(zip(sizes.tolist(), errors, strict=True))

    def draw(latent_dim):
        drawn, rows = new_figure(2, 1, height=2.5)
        axes = found.axes[:latent_dim]
        outputs = (test[:5] - found.mean) @ axes.T @ axes + found.mean
        for images, panel, name in zip(
            (test[:5], outputs), rows, ("test digits", "restored"), strict=True
        ):
            row = np.hstack(images.reshape(5, 28, 28))
            show_image(row, axes=panel, limits=(0, 1), colours="gray_r", title=name)
        error = by_size[latent_dim]
        rows[1].set_xlabel(f"{counted(latent_dim, 'number')}: error {error:.4f} per pixel")
        return drawn

    def describe(latent_dim):
        return (
            f"Five digits and what {latent_dim} principal axes restore of them; the mean squared "
            f"error of all {len(test)} test digits is {by_size[latent_dim]:.4f} per pixel."
        )

    return explore(
        draw, alt=describe, name="restored-digits",
        caption="Digits that PCA has not seen, above, and what comes back through the code, below.",
        latent_dim=[1, 2, 5, 10, 20, 30, 50, 100, 200], start={"latent_dim": 10},
        labels={"latent_dim": "numbers in the code"},
    )  # fmt: skip


def held_out(by_examples, test):
    """Show errors of PCA on held-out digits and discarded variances.

    Args:
        by_examples: A `pca` of digits by the number of digits that gave the axes.
        test: Digits `(digits, 784)`.
    """
    runs = recorded.load("linear_codes")
    last = runs[runs["epoch"] == runs["epoch"].max()]
    drawn, axes = new_figure(height=3.3)
    said = []
    for (examples, found), colour in zip(by_examples.items(), COLOURS, strict=False):
        sizes, error, discarded = errors_by_size(found, test)
        axes.plot(sizes, error, "o-", color=colour, markersize=4, label=f"{examples:,}: test error")
        axes.plot(sizes, discarded, "--", color=colour, label=f"{examples:,}: discarded")
        said.append(f"axes from {examples:,} digits {error[-1]:.4f}, discarded {discarded[-1]:.4f}")
    axes.plot(last["latent_dim"], last["test"], "x", color="black", label="autoencoder")
    axes.set(xscale="log", yscale="log", xlabel="numbers in the code", ylabel="error per pixel")
    axes.legend(loc="lower left")
    return figure(
        drawn, name="fig-ae-held-out",
        caption="The error of PCA on held-out digits, and the discarded variance of the digits "
        "that gave the axes. Crosses: linear autoencoders, five seeds each (recorded runs).",
        alt=f"Errors per pixel that fall with the numbers in the code. At {sizes[-1]}: "
        f"{'; '.join(said)}. Crosses lie on or just above the test errors of the most digits.",
    )  # fmt: skip


def ising_axes(axes):
    """Show the first three of principal axes `(axes, 1024)` as pictures."""
    drawn, panels = new_figure(1, 3, height=2.0)
    said = []
    for panel, axis, name in zip(panels, axes, ("first", "second", "third"), strict=False):
        picture = 32 * axis.reshape(32, 32) * np.sign(axis.sum())
        show_image(picture, axes=panel, title=f"{name} axis", limits=(-2.5, 2.5), colours="RdBu_r")
        said.append(f"of the {name} {np.mean(picture > 0):.0%}")
    return figure(
        drawn, name="fig-ae-ising-axes",
        caption="The first three principal axes of the spins as pictures, with the same scale.",
        alt=f"Three pictures of 32 by 32 entries. Positive are {', '.join(said)}; the first has "
        "nearly one size everywhere, the others are broad waves with a fine grain.",
    )  # fmt: skip


def magnet(temperatures, spins, order):
    """Explore codes of one number of a magnet.

    Args:
        temperatures: In J / k_B.
        spins: Pictures `(temperatures, pictures, 32, 32)`.
        order: The first number of each code as a mean spin, `(temperatures, pictures)`.
    """

    def row(temperature):
        return int(np.argmin(np.abs(temperatures - temperature)))

    def draw(temperature):
        k = row(temperature)
        drawn, (left, right) = new_figure(1, 2, height=2.7, width_ratios=[1, 1.4])
        title = f"T = {temperatures[k]:.1f} J/$k_B$"
        show_image(spins[k, 0], axes=left, title=title, limits=(-1, 1))
        left.spines[:].set_visible(True)
        right.hist(order[k], bins=np.linspace(-1.05, 1.05, 22), color=COLOURS[0])
        for exact in {onsager_magnetisation(temperatures[k]).item() * s for s in (-1, 1)}:
            right.axvline(exact, color=COLOURS[1], linestyle="--")
        right.set(xlabel="first number / 32", ylabel="pictures", ylim=(0, 25), xlim=(-1.1, 1.1))
        return drawn

    def describe(temperature):
        k = row(temperature)
        exact = onsager_magnetisation(temperatures[k]).item()
        return (
            f"Temperature {temperatures[k]:g}: {np.mean(spins[k, 0] > 0):.0%} of the spins shown "
            f"are up. The first number of {counted(len(order[k]), 'picture')}, divided by 32, is "
            f"{np.abs(order[k]).mean():.2f} in size on average, with {np.mean(order[k] > 0):.0%} "
            f"of them positive; exact for an infinite lattice: {exact:.2f}."
        )

    return explore(
        draw, alt=describe, name="magnet-code",
        caption="Left: one of the pictures. Right: the first number of their codes; dashed, the "
        "exact magnetisation of an infinite magnet, up and down.",
        temperature=[1.5, 1.8, 2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.7, 3.0, 3.5],
        start={"temperature": 2.0}, labels={"temperature": "temperature T (J/kB)"},
    )  # fmt: skip
