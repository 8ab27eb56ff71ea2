"""Figures of the chapter on recurrent networks."""

from functools import cache

import numpy as np

from lectures_lib import recorded
from lectures_lib.explore import explore, figure
from lectures_lib.from_scratch import simple_rnn, simple_rnn_backward
from lectures_lib.plots import COLOURS, draw_fit, new_figure, use_style

__all__ = [
    "cliff", "descend", "fixed_points", "gradient_norms", "gradients", "learning_curves",
    "loss_and_slopes", "memory", "orbit", "random_matrix", "recall", "records", "schmitt_trigger",
    "sequences", "stable_points", "unrolled",
]  # fmt: skip

STATE, INPUT, OUTPUT = "#99C7E6", "#EEEEEE", "#F7D9C4"
NETWORKS = {"linear": ("linear", 0.1), "tanh, weak input": ("tanh", 0.1),
            "tanh, strong input": ("tanh", 1.0)}  # fmt: skip
DISTANCES = np.arange(51)
LIMITS = {"none": np.inf, "1": 1.0, "0.3": 0.3, "0.1": 0.1}
START = (5.0, -2.3)  # of the descent: w and b

use_style()


def records(voltages, signs):
    """Explore how far back the pulse lies in two records, one of each sign.

    Args:
        voltages: Records `(records, steps, 1)` in volt.
        signs: Signs of their pulses, +1 or -1.
    """
    steps = voltages.shape[1]
    shown = [voltages[np.flatnonzero(signs == sign)[0], :, 0] for sign in (1, -1)]
    pulses = [int(np.abs(record).argmax()) for record in shown]

    def draw(samples):
        drawn, panels = new_figure(2, 1, height=3.2, sharex=True)
        seen = np.arange(max(steps - samples, 0), steps)
        for axes, record in zip(panels, shown, strict=True):
            axes.plot(seen, record[seen], "o-", markersize=2.5, linewidth=1.3)
            axes.axvspan(-1, seen[0] - 0.5, color="0.85")
            axes.set(ylabel="voltage (V)", xlim=(-1, steps), ylim=(-2.9, 2.9))
        axes.set_xlabel("sample")
        return drawn

    def describe(samples):
        said = [
            f"in the {place} one {f'a pulse at sample {at}' if at >= steps - samples else 'noise'}"
            for place, at in zip(("upper", "lower"), pulses, strict=True)
        ]
        return (
            f"The last {min(samples, steps)} of {steps} samples of two records: {', '.join(said)}."
        )

    return explore(
        draw, alt=describe, name="hidden-pulse",
        caption="The ends of two records; what a window does not see is grey.",
        samples=[5, 10, 20, 30, 40, 50, 60], labels={"samples": "last samples in the window"},
    )  # fmt: skip


def _circle(axes, x, y, name, colour):
    axes.scatter([x], [y], s=560, color=colour, edgecolor="black", linewidth=0.7, zorder=3)
    axes.text(x, y - 0.02, name, ha="center", va="center", fontsize=12, zorder=4)


def _arrow(axes, start, end, name=""):
    look = {"arrowstyle": "-|>", "color": "0.35", "shrinkA": 13, "shrinkB": 13}
    axes.annotate("", end, start, arrowprops=look)
    offset = (0, 0.1) if start[1] == end[1] else (0.16, -0.05)
    axes.text(*np.mean([start, end], axis=0) + offset, name, ha="center", color=COLOURS[1])


def _chain(axes, steps, *, inputs, outputs, named=True):
    """Draw an unrolled network; `inputs` and `outputs` are the steps that have one."""
    K, R, W = "KRW" if named else ("", "", "")
    for t in range(1, steps + 1):
        _circle(axes, t, 0, f"$H_{t}$", STATE)
        if t > 1:
            _arrow(axes, (t - 1, 0), (t, 0), R)
        if t in inputs:
            _circle(axes, t, -1, f"$X_{t}$", INPUT)
            _arrow(axes, (t, -1), (t, 0), K)
        if t in outputs:
            _circle(axes, t, 1, f"$Y_{t}$", OUTPUT)
            _arrow(axes, (t, 0), (t, 1), W)
    axes.set(xlim=(0.5, steps + 0.5), ylim=(-1.4, 1.4))
    axes.axis("off")


def unrolled():
    """Show a recurrent network with its loop, and unrolled over four steps."""
    drawn, (left, right) = new_figure(1, 2, height=3.0, width_ratios=[1.1, 4])
    for y, name, colour in ((0, "$H$", STATE), (-1, "$X$", INPUT), (1, "$Y$", OUTPUT)):
        _circle(left, 0, y, name, colour)
    _arrow(left, (0, -1), (0, 0), "K")
    _arrow(left, (0, 0), (0, 1), "W")
    loop = {"arrowstyle": "-|>", "color": "0.35", "connectionstyle": "arc3,rad=1.6"}
    left.annotate("", (-0.13, -0.2), (-0.13, 0.2), arrowprops=loop)
    left.text(-0.76, 0, "R", ha="center", va="center", color=COLOURS[1])
    left.set(xlim=(-0.9, 0.4), ylim=(-1.4, 1.4))
    left.axis("off")
    _chain(right, 4, inputs=range(1, 5), outputs=range(1, 5))
    return figure(
        drawn, name="fig-unrolled",
        caption="A recurrent network (left), and the same network unrolled over four steps.",
        alt="Left: an input X, a state H with an arrow R to itself, an output Y. Right: four "
        "states in a row, each joined to the next by an arrow with the same name R; each has an "
        "input below, by an arrow K, and an output above, by an arrow W.",
    )  # fmt: skip


def sequences():
    """Show what can go in and out of a recurrent network, with an example of each."""
    kinds = {
        "many to one": ("detector record → sign\nreview → good or bad", [1, 2, 3], [3]),
        "one to many": ("start → trajectory\npicture → caption", [1], [1, 2, 3]),
        "many to many": ("noisy → clean signal\nspeech → sounds", [1, 2, 3], [1, 2, 3]),
        "first in, then out": ("sentence → translation\npast → forecast", [1, 2], [3, 4]),
    }
    drawn, panels = new_figure(2, 2, height=5.2)
    for axes, (kind, (examples, inputs, outputs)) in zip(panels.flat, kinds.items(), strict=True):
        _chain(axes, max(outputs), inputs=inputs, outputs=outputs, named=False)
        axes.set(xlim=(0.5, 4.5), ylim=(-2.6, 1.4))
        axes.set_title(kind, loc="left")
        axes.text(0.5, -1.55, examples, va="top", fontsize=10)
    return figure(
        drawn, name="fig-sequences",
        caption="What comes in (grey), what goes out (orange), and two examples of each kind.",
        alt="Four chains of states. Many to one: three inputs, one output at the end, as for a "
        "detector record. One to many: one input, three outputs, as for a trajectory. Many to "
        "many: an input and an output at each of three steps, as for a noisy signal. First in, "
        "then out: two inputs, and after them two outputs, as for a translation.",
    )  # fmt: skip


def _impulse(w, unit):
    """Return the states of one unit after an impulse of 1 at step 1, `(61,)`."""
    x = np.zeros((1, 60, 1))
    x[0, 0] = 1
    return np.append(0, simple_rnn(x, [[1.0]], [[float(w)]], activation=unit)[0, :, 0])


def memory():
    """Explore what one unit keeps of an impulse, linear or tanh."""

    def draw(w):
        drawn, axes = new_figure(height=2.7)
        for unit, line in (("linear", "o-"), ("tanh", "s--")):
            axes.plot(_impulse(w, unit), line, markersize=3, linewidth=1.2, label=unit)
        axes.axhline(0, color="black", linewidth=0.8, linestyle="-")
        axes.set(xlabel="step", ylabel="state h", ylim=(-1.1, 1.6))
        axes.legend(loc="upper right")
        return drawn

    def describe(w):
        said = []
        for unit in ("linear", "tanh"):
            h = _impulse(w, unit)
            said.append(
                f"the state of a {unit} unit is {h[1]:.2f} after the impulse, {h[2]:.2f} one step "
                f"later, {h[11]:.2g} after 10 steps and {h[51]:.2g} after 50"
            )
        return f"With w = {w:g} {'; '.join(said)}."

    return explore(
        draw, alt=describe, name="memory-of-impulse",
        caption="The state of a linear and of a tanh unit after an impulse of 1 at step 1.",
        w=[-0.9, -0.5, 0, 0.5, 0.8, 0.9, 0.95, 0.99, 1, 1.05],
        start={"w": 0.9}, labels={"w": "recurrent weight w"},
    )  # fmt: skip


def _fixed_points(w, b):
    """Return the solutions of h = tanh(w h + b), and whether each is stable."""
    from scipy.optimize import brentq

    def residual(h):
        return np.tanh(w * h + b) - h

    grid = np.linspace(-1.0001, 1.0003, 400)
    changes = np.flatnonzero(np.diff(np.sign(residual(grid))))
    points = [brentq(residual, grid[i], grid[i + 1]) for i in changes]
    return [(h, abs(w * (1 - h**2)) < 1) for h in points]


def stable_points(w, b=0.0):
    """Return the stable fixed points of one tanh unit.

    >>> [round(h, 3) for h in stable_points(2.0)], [round(h, 3) for h in stable_points(2.0, 0.6)]
    ([-0.958, 0.958], [0.989])
    """
    return [h for h, stable in _fixed_points(w, b) if stable]


def fixed_points(weights):
    """Show the map of one unit without input for some recurrent weights, with two paths on it."""
    drawn, panels = new_figure(1, len(weights), height=2.9, squeeze=False)
    said = []
    for w, axes in zip(weights, panels[0], strict=True):
        h = np.linspace(-1.05, 1.05, 300)
        axes.plot(h, h, color="0.6", linestyle="-", linewidth=1)
        axes.plot(h, np.tanh(w * h), color="black", linestyle="-")
        for start, colour, line in ((0.4, COLOURS[0], "-"), (-0.4, COLOURS[1], "--")):
            path = [start]
            for _ in range(30):
                path.append(np.tanh(w * path[-1]))
            old, new = np.repeat(path[:-1], 2), np.repeat(path[1:], 2)
            axes.plot(old, np.append(start, new[:-1]), line, color=colour, linewidth=1.4)
        for point, stable in _fixed_points(w, 0.0):
            fill = "full" if stable else "none"
            axes.plot(point, point, "o", markersize=8, color="black", fillstyle=fill)
        axes.set(xlabel="old state", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), title=f"w = {w:g}")
        axes.set_aspect("equal")
        stable = " and ".join(f"{point:.2f}" for point in stable_points(w))
        said.append(f"for w = {w:g} the stable points are at {stable}")
    panels[0, 0].set_ylabel("new state")
    return figure(
        drawn, name="fig-fixed-points",
        caption="The map of one unit without input (black curve) and two paths on it: each "
        "vertical line goes to the new state, each horizontal one makes it the old state. Where "
        "the curve meets the diagonal is a fixed point: stable (filled) or not (open).",
        alt=f"Curves of tanh that cross a diagonal: {'; '.join(said)}. The paths go there.",
    )  # fmt: skip


def schmitt_trigger(voltages, signs):
    """Explore how one unit stores the sign of a pulse.

    Args:
        voltages: Records `(records, steps, 1)` in volt.
        signs: Signs of their pulses, +1 or -1.
    """
    up = 3 * np.sin(np.linspace(0, 2.5 * np.pi, 500))  # up, down and up again, slowly

    def states(w, k, x):
        return simple_rnn(x, [[float(k)]], [[float(w)]])[:, :, 0]

    def right(w, k):
        return np.mean(np.sign(states(w, k, voltages)[:, -1]) == signs)

    def draw(w, k):
        drawn, (left, panel) = new_figure(1, 2, height=2.8, width_ratios=[1, 1.6])
        loop = states(w, k, up[np.newaxis, :, np.newaxis])[0]
        left.plot(up[100:], loop[100:], linewidth=1.4)
        left.set(xlabel="slow input x (V)", ylabel="state h", ylim=(-1.1, 1.1))
        for sign, line in ((1, "-"), (-1, "--")):
            row = np.flatnonzero(signs == sign)[0]
            panel.plot(states(w, k, voltages[row : row + 1])[0], line, linewidth=1.3)
        panel.set(xlabel="sample", ylim=(-1.1, 1.1), title=f"{right(w, k):.2f} of all right")
        return drawn

    def describe(w, k):
        loop = states(w, k, up[np.newaxis, :, np.newaxis])[0]
        falling, rising = loop[200], loop[400]  # x = 0 on the way down, and on the way up
        return (
            f"With w = {w:g}, k = {k:g} and no input the state is {falling:.2f} on the way down "
            f"and {rising:.2f} on the way up. {right(w, k):.2f} of all records are answered "
            "rightly."
        )

    return explore(
        draw, alt=describe, name="schmitt-trigger",
        caption="Left: the state while the input goes slowly up and down. Right: the state in the "
        "two records of the first figure, pulse up (solid) and pulse down (dashed).",
        w=[0.9, 1.2, 1.6, 2, 3, 6, 12], k=[0.5, 1, 1.5, 2.5, 5, 10], start={"w": 0.9, "k": 1},
        labels={"w": "recurrent weight w", "k": "input weight k"},
    )  # fmt: skip


def learning_curves(history):
    """Show loss and accuracy of a run of Keras' `fit` with validation data."""
    drawn, said = draw_fit(history)
    return figure(
        drawn, name="fig-pulse-fit", alt=said,
        caption="Learning curves of a recurrent network that is asked for the sign of the pulse.",
    )  # fmt: skip


def recall():
    """Show in how many records trained networks know the sign: marks for each seed."""
    runs = recorded.load("pulse_networks")
    networks = dict(list(runs.groupby("network", sort=False)))
    drawn, axes = new_figure(height=0.9 + 0.36 * len(networks))
    for place, rows in enumerate(networks.values()):
        lines = (place - 0.17) * np.ones(len(rows)), (place + 0.17) * np.ones(len(rows))
        axes.plot(rows["test"], lines[0], "o", color=COLOURS[0], markersize=4.5)
        axes.plot(rows["last"], lines[1], "o", color=COLOURS[1], markersize=4.5, fillstyle="none")
    axes.set(xlabel="share of records answered rightly", xlim=(0.45, 1.02))
    axes.set_yticks(range(len(networks)), networks)
    axes.set_ylim(len(networks) - 0.5, -0.5)
    said = [
        f"{name} {rows['test'].min():.2f} to {rows['test'].max():.2f} and {rows['last'].min():.2f} "
        f"to {rows['last'].max():.2f}"
        for name, rows in networks.items()
    ]
    return figure(
        drawn, name="fig-pulse-seeds",
        caption="Networks of some 320 weights, trained on the pulses for 60 epochs, ten seeds "
        "each: filled, with the weights of the best epoch by validation (test records); open, with "
        "those of the last (recorded runs).",
        alt=f"Marks on two lines for each network, best and last epoch: {'; '.join(said)}.",
    )  # fmt: skip


def _oscillation(matrix, steps):
    """Return the states (x, v) from x = 1, v = 0 on, `(steps + 1, 2)`."""
    start = np.array([[1.0, 0.0]])
    states = simple_rnn(
        np.zeros((1, steps, 1)), np.zeros((1, 2)), matrix, initial_state=start, activation="linear"
    )
    return np.concatenate([start, states[0]])


def orbit(omega):
    """Explore the orbit that Euler's method makes, beside the exact one; omega in rad/s."""
    from scipy.linalg import expm

    change = np.array([[0, 1], [-(omega**2), 0]])

    def states(dt, matrix):
        return _oscillation(matrix.T, round(10 / dt))

    def euler(dt):
        """Return Euler's orbit, its last energy per mass and the spectral radius of its step."""
        x, v = states(dt, np.eye(2) + dt * change).T
        energy = (v[-1] ** 2 + (omega * x[-1]) ** 2) / 2
        return x, v, energy, np.hypot(1, omega * dt)

    def draw(dt):
        drawn, axes = new_figure(height=3.7)
        x, v = states(dt, expm(dt * change)).T
        axes.plot(x, v / omega, "-", color="0.6", linewidth=1.2)
        x, v, energy, radius = euler(dt)
        axes.plot(x, v / omega, "o-", color=COLOURS[0], markersize=3, linewidth=1.2)
        axes.plot(1, 0, "s", color="black")
        axes.set(xlabel="position x (m)", ylabel="velocity v/ω (m)", xlim=(-3, 3), ylim=(-2.3, 2.3))
        axes.set_aspect("equal")
        axes.set_title(f"ϱ = {radius:.3f}, {float(f'{energy:.2g}'):g} J/kg after 10 s")
        return drawn

    def describe(dt):
        _, _, energy, radius = euler(dt)
        return (
            f"Euler steps of {dt:g} s go outward: spectral radius {radius:.4f}; the energy, "
            f"{omega**2 / 2:g} joule per kilogram at the start, is {energy:.3g} after 10 s."
        )

    return explore(
        draw, alt=describe, name="euler-orbit",
        caption="Ten seconds of the oscillator as a recurrent network of two linear units, Euler's "
        "method, from the square on; grey: the exact orbit. What leaves the frame is not drawn.",
        dt=[0.005, 0.01, 0.02, 0.05, 0.1, 0.2], start={"dt": 0.05},
        labels={"dt": "step Δt (s)"},
    )  # fmt: skip


def random_matrix(radius, units, *, seed):
    """Return a square matrix of normal random numbers with this spectral radius."""
    matrix = np.random.default_rng(seed).normal(size=(units, units))
    return matrix * radius / np.abs(np.linalg.eigvals(matrix)).max()


def gradient_norms(radius, network, *, seed, units=30):
    """Return the mean norm of G at distances 0 to 50 from the last state, whose own is 1."""
    activation, strength = NETWORKS[network]
    R = random_matrix(radius, units, seed=seed)
    rng = np.random.default_rng(seed + 100)
    inputs = strength * rng.normal(size=(20, len(DISTANCES), units))
    E = np.zeros_like(inputs)
    E[:, -1] = rng.normal(size=units)
    E /= np.linalg.norm(E[0, -1])
    # With K = I the gradient for the inputs is D, and G = D R^T one step earlier.
    D = simple_rnn_backward(E, inputs, np.eye(units), R, activation=activation)[0]
    G = np.concatenate([D[:, 1:] @ R.T, E[:, -1:]], axis=1)
    return np.linalg.norm(G, axis=-1).mean(axis=0)[::-1]


def gradients():
    """Explore the norm of the gradient of three networks against the distance in time."""

    @cache
    def norms(radius, network):  # (seeds, distances)
        return np.array([gradient_norms(radius, network, seed=seed) for seed in range(10)])

    def draw(radius):
        drawn, axes = new_figure(height=3.4)
        for network, colour in zip(NETWORKS, COLOURS, strict=False):
            rows = norms(radius, network)
            band = rows.min(axis=0), rows.max(axis=0)
            axes.fill_between(DISTANCES, *band, alpha=0.2, color=colour, linewidth=0)
            axes.semilogy(DISTANCES, np.median(rows, axis=0), color=colour, label=network)
        estimate, line = float(radius) ** DISTANCES, {"color": "black", "linewidth": 0.9}
        axes.semilogy(DISTANCES, estimate, "-", label="ϱ to the power of the distance", **line)
        axes.set(xlabel="distance from the last state (steps)", ylabel="norm of the gradient")
        axes.set(ylim=(1e-25, 1e13), yticks=10.0 ** np.arange(-24, 13, 6))
        axes.legend(loc="upper left" if radius < 1.05 else "lower left")
        return drawn

    def describe(radius):
        said = []
        for network in NETWORKS:
            rows = norms(radius, network)[:, 50]
            said.append(f"{network}, {np.median(rows):.1e} ({rows.min():.1e} to {rows.max():.1e})")
        return (
            f"Spectral radius {radius:g}, median norm of the gradient after 50 steps: "
            f"{'; '.join(said)}; the estimate is {radius**50:.1e}."
        )

    return explore(
        draw, alt=describe, name="gradient-in-time",
        caption="Norm of the gradient of the last state against the distance in time: median and "
        "range of ten random matrices, for each of three networks.",
        radius=[0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5],
        start={"radius": 0.9}, labels={"radius": "spectral radius ϱ"},
    )  # fmt: skip


def loss_and_slopes(w, b, *, steps=50):
    """Return losses `(N,)` and slopes `(N, 2)` for w and b of N networks of one sigmoid unit.

    The state starts at 0.5 and has no input; the loss is its squared distance from 0.7 at the end.
    All networks are one layer of N units whose recurrent kernel is diagonal.
    """
    layer = np.zeros((1, steps, 1)), np.zeros((1, len(w))), np.diag(w), b
    how = {"initial_state": np.full((1, len(w)), 0.5), "activation": "sigmoid"}
    H = simple_rnn(*layer, **how)
    E = np.zeros_like(H)
    E[:, -1] = 2 * (H[:, -1] - 0.7)
    _, _, for_w, for_b, _ = simple_rnn_backward(E, *layer, **how)
    return (H[0, -1] - 0.7) ** 2, np.stack([np.diag(for_w), for_b], axis=-1)


def descend(starts, *, learning_rate, max_norm, updates):
    """Return the paths `(updates + 1, N, 2)` of w and b; `max_norm=np.inf` does not clip."""
    path = [np.array(starts)]
    for _ in range(updates):
        _, slopes = loss_and_slopes(*path[-1].T)
        norm = np.linalg.norm(slopes, axis=-1, keepdims=True)
        slopes = slopes * np.minimum(1, max_norm / np.maximum(norm, 1e-30))
        path.append(path[-1] - learning_rate * slopes)
    return np.array(path)


def cliff():
    """Explore gradient descent on a landscape with a cliff, with and without clipping."""
    w, b = np.linspace(2.5, 6.5, 161), np.linspace(-3.5, -0.5, 121)
    h = np.full((121, 161), 0.5)
    for _ in range(50):
        h = 1 / (1 + np.exp(-(w * h + b[:, np.newaxis])))

    def path_of(learning_rate, limit):
        how = {"learning_rate": learning_rate, "max_norm": LIMITS[limit], "updates": 60}
        return descend([START], **how)[:, 0]  # (61, 2)

    def longest(path):
        return np.linalg.norm(np.diff(path, axis=0), axis=1).max()

    def draw(learning_rate, limit):
        path = path_of(learning_rate, limit)
        drawn, axes = new_figure(height=3.5)
        edges = {"extent": (2.5, 6.5, -3.5, -0.5), "origin": "lower", "aspect": "auto"}
        picture = axes.imshow(np.abs(h - 0.7), cmap="Blues_r", **edges)
        axes.plot(*path.T, "o-", color=COLOURS[1], markersize=3, linewidth=1)
        axes.plot(*START, "s", color="black", markersize=7)
        axes.plot(*path[-1], "*", color="black", markersize=11)
        axes.set(xlabel="recurrent weight w", ylabel="bias b", xlim=(2.5, 6.5), ylim=(-3.5, -0.5))
        drawn.colorbar(picture, label="root of the loss")
        axes.set_title(f"longest step {longest(path):.3g}")
        return drawn

    def describe(learning_rate, limit):
        path = path_of(learning_rate, limit)
        loss = loss_and_slopes(*path[-1:].T)[0][0]
        return (
            f"Learning rate {learning_rate:g}, limit {limit}: the path of 60 steps ends at w = "
            f"{path[-1, 0]:.3g}, b = {path[-1, 1]:.3g}, loss {loss:.2g}; its longest step is "
            f"{longest(path):.3g}."
        )

    return explore(
        draw, alt=describe, name="clipped-descent",
        caption="60 steps of gradient descent from the square; the star is the end, if it is on "
        "the map. The edge that runs from the middle to the lower right is the cliff.",
        learning_rate=[0.03, 0.1, 0.3, 1, 3], limit=["none", "1", "0.3", "0.1"],
        start={"learning_rate": 0.1},
        labels={"learning_rate": "learning rate", "limit": "limit c of the norm"},
    )  # fmt: skip
