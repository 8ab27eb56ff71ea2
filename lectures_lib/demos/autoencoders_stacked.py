"""Figures of the chapter on stacked autoencoders."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.explore import explore, figure
from lectures_lib.plots import COLOURS, draw_losses, new_figure, show_image, use_style
from lectures_lib.words import counted

__all__ = [
    "bent_line", "bent_orbit", "code_map", "codes_of_digits", "cut_orbit", "digit_of_strokes",
    "digits_curve", "error_by_code", "orbit_curve", "pixel_loss", "restored", "strokes",
]  # fmt: skip

METHODS = {
    "PCA": ("o:", COLOURS[6]), "PCA, cut off": ("s--", COLOURS[1]),
    "stacked": ("o-", COLOURS[0]), "convolutional": ("D-.", COLOURS[2]),
}  # fmt: skip
TICKS = 0.005, 0.01, 0.02, 0.05
LOOK = {
    0.0: "patches of ink and of holes without order",
    1e-4: "tangled pieces of lines",
    3e-4: "hooks, loops and bars, pieces of digits",
    1e-3: "single bars and nearly whole digits",
    3e-3: "six blurred digits and six pictures of mere noise",
    1e-2: "mere noise",
}

use_style()


def bent_line(points):
    """Explore how well a rod of fixed length, bent more and more, follows positions on an orbit.

    Args:
        points: Measured positions `(points, 3)` on three quarters of an ellipse.
    """
    along = np.linspace(-1, 1, 400)
    middle = 0.75 * np.pi - 0.5  # phase at the middle of the arc

    def rod(bend):
        turn = np.radians(bend) / 2
        half = 0.75 * np.pi  # of its length
        right = half * along if not bend else half / turn * np.sin(turn * along)
        up = 0 * along if not bend else half / turn * np.cos(turn * along)
        x = up * np.cos(middle) - right * np.sin(middle)
        y = 0.7 * (up * np.sin(middle) + right * np.cos(middle))
        shape = np.column_stack([x, y, 0.1 * x + 0.3 * y])
        return shape + points.mean(axis=0) - shape.mean(axis=0)

    def nearest(bend):
        apart = np.sum((points[:, np.newaxis] - rod(bend)) ** 2, axis=2)  # (points, places)
        return along[apart.argmin(axis=1)], apart.min(axis=1).mean()

    bends = [0, 45, 90, 135, 180, 225, 270, 315, 360]

    def draw(bend):
        drawn, (left, right) = new_figure(1, 2, height=2.7, width_ratios=[1.25, 1])
        codes, _ = nearest(bend)
        look = {"cmap": "viridis", "vmin": -1, "vmax": 1}
        left.scatter(*points[:, :2].T, c=codes, s=14, **look)
        left.plot(*rod(bend)[:, :2].T, "-", color=COLOURS[1], linewidth=2)
        left.set(xlabel="x", ylabel="y", aspect="equal", xlim=(-1.9, 1.9), ylim=(-1.7, 1.7))
        tried = bends[: bends.index(bend) + 1]
        right.plot(tried, [nearest(b)[1] for b in tried], "o-", markersize=4)
        right.plot(bend, nearest(bend)[1], "o", color="black", markersize=8)
        right.set(xlabel="bend (degrees)", xlim=(-20, 380), ylabel="squared distance")
        right.set(ylim=(0, 1.15 * nearest(0)[1]))
        return drawn

    def describe(bend):
        return (
            f"A line bent by {bend} degrees through {counted(len(points), 'dot')} on an arc: the "
            f"mean squared distance is {nearest(bend)[1]:.3f}."
        )

    return explore(
        draw, alt=describe, name="bent-line",
        caption="Positions on an orbit, seen along z, and a line as long as their arc, bent by the "
        "given angle. The colour of a dot is its code: the nearest place on the line.",
        bend=bends, labels={"bend": "bend (degrees)"},
    )  # fmt: skip


def orbit_curve(history):
    """Show the learning curves of the network that bends an orbit."""
    drawn, said = draw_losses(history, ylabel="mean squared error")
    return figure(
        drawn, name="fig-orbit-fit", caption="Learning curves of the bent line.", alt=said
    )


def digits_curve(history):
    """Show the learning curves of the stacked network of digits."""
    drawn, said = draw_losses(history, ylabel="cross-entropy (nats per pixel)")
    return figure(
        drawn, name="fig-stacked-fit", caption="Learning curves of the stacked network.", alt=said
    )


def bent_orbit(points, phase, codes, curve):
    """Show an orbit bent to one number.

    Args:
        points: Measured positions `(points, 3)`.
        phase: Their true phase in radians.
        codes: Their codes `(points, 1)`.
        curve: What the decoder makes of codes from the smallest to the largest, `(codes, 3)`.
    """
    drawn, (left, right) = new_figure(1, 2, height=2.7, width_ratios=[1.25, 1])
    left.plot(*points[:, :2].T, "o", markersize=2, alpha=0.4)
    left.plot(*curve[:, :2].T, "-", color=COLOURS[1], linewidth=2.5)
    left.set(xlabel="x", ylabel="y", aspect="equal", xlim=(-1.4, 1.4), ylim=(-1.2, 1.2))
    right.plot(np.degrees(phase), codes[:, 0], "o", markersize=2, alpha=0.6)
    right.set(xlabel="true phase (degrees)", ylabel="code")
    order = _order(phase, codes[:, 0])
    return figure(
        drawn, name="fig-bent-orbit",
        caption="Left: measured positions, seen along z, and all that the decoder can say. "
        "Right: the code of each position against its true phase.",
        alt=f"Left, dots along an ellipse and a line through them from x = {curve[0, 0]:.1f}, "
        f"y = {curve[0, 1]:.1f} to x = {curve[-1, 0]:.1f}, y = {curve[-1, 1]:.1f}. Right, codes "
        f"from {codes.min():.1f} to {codes.max():.1f}; their rank correlation with the phase is "
        f"{order:.2f}.",
    )  # fmt: skip


def _order(phase, codes):
    """Return the rank correlation of phases and codes."""
    ranks = (np.argsort(np.argsort(values)) for values in (phase, codes))
    return np.corrcoef(*ranks)[0, 1] if len(codes) > 1 else 0.0


def cut_orbit(phase, codes, lost):
    """Show the code of a closed orbit and what is lost at each place.

    Args:
        phase: Of places in rising order, in radians.
        codes: Their codes `(places, 1)`.
        lost: Squared distance of each place to what the decoder makes of its code.
    """
    drawn, (top, bottom) = new_figure(2, 1, height=3.4, sharex=True)
    degrees = np.degrees(phase)
    top.plot(degrees, codes[:, 0], "-")
    top.set(ylabel="code")
    bottom.semilogy(degrees, lost, "-", color=COLOURS[1])
    bottom.set(xlabel="phase (degrees)", ylabel="squared error")
    return figure(
        drawn, name="fig-cut-orbit",
        caption="A closed orbit: the code at each place, and the squared error there.",
        alt=f"Two curves over the phase. The code lies between {codes.min():.1f} and "
        f"{codes.max():.1f}, and is steepest near "
        f"{degrees[np.argmax(np.abs(np.diff(codes[:, 0])))]:.0f} degrees. The squared error is "
        f"{np.median(lost):.4f} in the median and {lost.max():.2f} at its largest, at "
        f"{degrees[lost.argmax()]:.0f} degrees.",
    )  # fmt: skip


def restored(images, rows):
    """Show digits and what codes give back; `rows` maps a name to pictures of their shape."""
    drawn, panels = new_figure(len(rows) + 1, 1, height=1.0 * (len(rows) + 1))
    said = []
    for axes, (name, pictures) in zip(panels, {"digits": images, **rows}.items(), strict=True):
        title = name
        if name != "digits":
            title += f": {np.mean((pictures - images) ** 2):.4f} per pixel"
            said.append(title)
        row = np.hstack(np.reshape(pictures, images.shape)[..., 0])
        show_image(row, axes=axes, title=title, limits=(0, 1), colours="gray_r")
    return figure(
        drawn, name="fig-restored-by-network",
        caption="Test digits, and what comes back through codes of the same size, with the mean "
        "squared error of the digits shown.",
        alt=f"{counted(len(images), 'digit')} in a row, and below what comes back. "
        f"Errors: {'; '.join(said)}.",
    )  # fmt: skip


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cross_entropy(target, output):
    return -target * np.log(output) - (1 - target) * np.log(1 - output)


def entropy(target):
    """Return the least cross-entropy of a target.

    >>> round(float(entropy(0.5)), 3), round(float(entropy(1.0)), 3)
    (0.693, 0.0)
    """
    inside = np.clip(target, 1e-12, 1 - 1e-12)
    return cross_entropy(inside, inside)


def pixel_loss():
    """Explore both losses of one pixel over its output and over what the sigmoid reads."""

    def draw(target, axis):
        z = np.linspace(-8, 8, 801)
        if axis == "output":
            outputs = along = np.linspace(3.4e-4, 1 - 3.4e-4, 801)
        else:
            outputs, along = sigmoid(z), z
        drawn, axes = new_figure(height=3.0)
        axes.plot(along, (outputs - target) ** 2, label="squared error")
        axes.plot(along, cross_entropy(target, outputs), label="cross-entropy")
        best = np.clip(target, sigmoid(-8), sigmoid(8))
        place = best if axis == "output" else np.log(best / (1 - best))
        label = f"H(x) = {entropy(target):.2f}"
        axes.plot([place], [entropy(target)], "s", color="black", label=label)
        axes.set(ylabel="loss of one pixel", ylim=(-0.2, 8.2), title=f"target x = {target:g}")
        axes.set(xlabel="output" if axis == "output" else "pre-activation z")
        axes.legend(loc="upper center")
        return drawn

    def describe(target, axis):
        end = sigmoid(8.0 if target < 0.5 else -8.0)
        flat = ", and hardly changes there" if axis == "pre-activation" else ""
        return (
            f"Losses of one pixel with target {target:g} over the {axis}. The cross-entropy has "
            f"its minimum of {entropy(target):.2f} at the target and rises to "
            f"{cross_entropy(target, end):.1f} at the far end; the squared error rises from 0 to "
            f"{(end - target) ** 2:.2f} only{flat}."
        )

    return explore(
        draw, alt=describe, name="pixel-loss",
        caption="Squared error and cross-entropy of one pixel. The square marks the entropy of "
        "the target.",
        target=[0, 0.1, 0.3, 0.5, 0.8, 1], axis=["output", "pre-activation"],
        start={"target": 1, "axis": "pre-activation"},
        labels={"target": "target x", "axis": "drawn over"},
    )  # fmt: skip


def codes_of_digits():
    """Return the recorded test errors by size (rows) and method (columns): medians of seeds."""
    table = recorded.load("digit_codes")
    wide = table.pivot_table(index="latent_dim", columns="method", values="test", aggfunc="median")
    return wide[list(METHODS)]


def error_by_code():
    """Show the recorded errors of PCA and of networks against the size of the code."""
    table, middle = recorded.load("digit_codes"), codes_of_digits()
    drawn, axes = new_figure(height=3.3)
    said = []
    for method, (form, colour) in METHODS.items():
        axes.plot(middle.index, middle[method], form, color=colour, label=method, markersize=4)
        seeds = table[table["method"] == method]
        axes.plot(seeds["latent_dim"], seeds["test"], "_", color=colour, markersize=9)
        said.append(f"{method} {', '.join(f'{error:.4f}' for error in middle[method])}")
    axes.set(xscale="log", yscale="log", xlabel="size of the code", ylabel="error per pixel")
    axes.set_xticks(middle.index, middle.index)
    axes.set_yticks(TICKS, map(str, TICKS))
    axes.minorticks_off()
    axes.legend()
    return figure(
        drawn, name="fig-error-by-code",
        caption="Mean squared error per pixel of 500 test digits against the size of the code: "
        "medians of three seeds, which are the small bars (recorded runs).",
        alt=f"Errors at {', '.join(map(str, middle.index))} numbers: {'; '.join(said)}.",
    )  # fmt: skip


def digit_of_strokes(image, output, kernels, codes):
    """Show a digit, its reconstruction and the six strokes with the largest codes.

    Args:
        image, output: Pictures of 784 pixels.
        kernels: A stroke a row, `(units, 784)`.
        codes: What each unit adds, `(units,)`.
    """
    drawn, panels = new_figure(2, 4, height=3.2)
    for axes, picture, name in zip(panels[:, 0], (image, output), ("digit", "output"), strict=True):
        show_image(
            np.reshape(picture, (28, 28)), axes=axes, title=name, colours="gray_r", limits=(0, 1)
        )
    largest = np.argsort(-codes, kind="stable")[:6]
    for axes in panels[:, 1:].flat:
        axes.axis("off")
    for axes, unit in zip(panels[:, 1:].flat, largest, strict=False):
        stroke, title = kernels[unit].reshape(28, 28), f"c = {codes[unit]:.2f}"
        show_image(stroke, axes=axes, title=title, colours="PuOr", limits=(-0.3, 0.3))
    used = codes[largest]
    return figure(
        drawn, name="fig-digit-of-strokes",
        caption="A test digit, its reconstruction, and the six strokes with the largest codes. "
        "Violet is ink, orange takes ink away.",
        alt=f"Left, a digit and its reconstruction. Right, {counted(len(largest), 'stroke')}, "
        f"with codes from {used.max():.2f} down to {used.min():.2f}: lines and hooks that add "
        "ink along a path and take some away beside it.",
    )  # fmt: skip


def strokes():
    """Explore the strokes of sparse networks over the weight of the penalty."""
    table = recorded.load("sparsity_runs").groupby("l1").median()
    kept = dict(zip(table.index, recorded.weights("sparsity_strokes"), strict=True))

    def draw(l1):
        drawn, panels = new_figure(3, 4, height=4.2)
        for axes, stroke in zip(panels.flat, kept[l1], strict=True):
            picture = stroke.reshape(28, 28).astype(float)
            show_image(picture, axes=axes, colours="PuOr", limits=(-0.2, 0.2))
        active, error = 100 * table.loc[l1, "active"], table.loc[l1, "test"]
        drawn.suptitle(
            f"penalty {l1:g}: {active:.3g} of 100 units active, error {error:.4f}", fontsize=10
        )
        return drawn

    def describe(l1):
        row = table.loc[l1]
        return (
            f"Twelve strokes at a penalty of {l1:g}: {LOOK[l1]}. Of 100 units "
            f"{100 * row['active']:.3g} are active in a digit, {100 * row['silent']:.0f} never; "
            f"the error is {row['test']:.4f}."
        )

    return explore(
        draw, alt=describe, name="sparse-strokes",
        caption="The strokes that the training digits use most (recorded runs). Violet is ink, "
        "orange takes ink away.",
        l1=[0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01], start={"l1": 0.001},
        labels={"l1": "penalty λ₁"},
    )  # fmt: skip


def code_map(labels, linear, bent):
    """Show digits on two maps of the plane, coloured by their class; each `(digits, 2)`."""
    drawn, panels = new_figure(1, 2, height=2.8)
    kept = []
    for axes, places, name in zip(
        panels, (linear, bent), ("PCA of the pixels", "t-SNE of the codes"), strict=True
    ):
        for k in range(10):
            if np.any(labels == k):
                axes.plot(*places[labels == k].T, "o", markersize=2, color=f"C{k % 7}", alpha=0.5)
                axes.text(*np.median(places[labels == k], axis=0), str(k), fontsize=11,
                          weight="bold", ha="center", va="center")  # fmt: skip
        axes.set(xticks=[], yticks=[], title=name)
        kept.append(f"{name} {_same_as_nearest(labels, places):.0%}")
    return figure(
        drawn, name="fig-code-map",
        caption="Test digits on two maps of the plane, coloured by their class, which neither "
        "method was told.",
        alt=f"Two clouds of {counted(len(labels), 'dot')} with the digits written at the middle "
        f"of their dots. Dots whose nearest neighbour is of the same class: {', '.join(kept)}.",
    )  # fmt: skip


def _same_as_nearest(labels, places):
    """Return the share of places whose nearest neighbour has the same label.

    >>> _same_as_nearest(np.array([0, 0, 1]), np.array([[0.0, 0], [1, 0], [1.5, 0]]))
    0.3333333333333333
    """
    distances = np.sum((places[:, np.newaxis] - places) ** 2, axis=2)
    np.fill_diagonal(distances, np.inf)
    return float(np.mean(labels[distances.argmin(axis=1)] == labels))
