"""Figures of the chapter that continues a series beyond its end."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.explore import explore, figure
from lectures_lib.physics import exact_pairing_energy, pairing_energies
from lectures_lib.plots import COLOURS, draw_losses, new_figure, use_style
from lectures_lib.words import counted, span

__all__ = [
    "by_eye", "coupling_series", "ensemble", "far", "formats", "forms", "knobs", "learning_curve",
    "levels", "other_couplings", "pairing", "plateau", "polynomial", "recurrence",
    "same_second_difference", "second_differences",
]  # fmt: skip

KNOWN, EXACT = 12, (2, 4, 6, 8, 10)
# What a network reads, and the largest of its inputs; None: as they are.
FORMS = {"x, up to 24": ("x", 24), "x, up to 1": ("x", 1),
         "energies, up to 24": ("energies", 24), "energies, up to 1": ("energies", 1),
         "energies, as they are": ("energies", None),
         "differences, up to 1": ("differences", 1)}  # fmt: skip
GREY = {"alpha": 0.15, "color": "grey"}
ZERO = {"color": "black", "linewidth": 0.8, "linestyle": "-"}

use_style()


def same_second_difference(values, steps):
    """Continue a series by the parabola through its last three values.

    >>> same_second_difference([1, 4, 9], 2).tolist()
    [16.0, 25.0]
    """
    n = np.arange(1.0, steps + 1)
    slope = values[-1] - values[-2]
    return values[-1] + n * slope + n * (n + 1) / 2 * (slope - values[-2] + values[-3])


def recurrence(values, *, order, steps, windows=None):
    """Continue a series by a linear recurrence, fitted by least squares to its first windows."""
    whole = np.lib.stride_tricks.sliding_window_view(values, order + 1)[:windows]
    rows = np.column_stack([whole[:, :-1], np.ones(len(whole))])
    weights = np.linalg.lstsq(rows, whole[:, -1], rcond=None)[0]
    values = list(values)
    for _ in range(steps):
        values.append(weights @ [*values[-order:], 1])
    return np.array(values[-steps:])


def polynomial(values, *, degree, steps):
    """Continue a series by a polynomial fitted to all of it."""
    fit = np.polynomial.Polynomial.fit(np.arange(len(values)), values, degree)
    return fit(len(values) + np.arange(steps))


def by_eye(energies):
    """Explore how polynomials continue a series, before and after its end is shown.

    Args:
        energies: For 2, 4, ... particles, more than `KNOWN` of them.
    """
    particles = 2 * np.arange(1, len(energies) + 1)
    ahead = len(energies) - KNOWN

    def draw(degree, answer):
        drawn, axes = new_figure(height=2.8)
        axes.plot(particles[:KNOWN], energies[:KNOWN], "o", markersize=5, label="known")
        line = polynomial(energies[:KNOWN], degree=degree, steps=ahead)
        axes.plot(particles[KNOWN:], line, "--", label=f"polynomial of degree {degree}")
        if answer:
            axes.plot(particles[KNOWN:], energies[KNOWN:], "s", markersize=4, label="computed")
        axes.axvspan(2, particles[KNOWN - 1], **GREY)
        axes.set(xlabel="particles X", ylabel="energy (δ)", ylim=(1.5 * energies.min(), 0.1))
        axes.legend(loc="lower left")
        return drawn

    def describe(degree, answer):
        last = polynomial(energies[:KNOWN], degree=degree, steps=ahead)[-1]
        rest = f"the computed energy is {energies[-1]:.3f}" if answer else "the rest is not shown"
        return (
            f"{KNOWN} falling energies. A polynomial of degree {degree} continues them to "
            f"{last:.3f} at {particles[-1]} particles; {rest}."
        )

    return explore(
        draw, alt=describe, name="continued-by-eye",
        caption="Twelve energies of a series, and polynomials, fitted to them, that continue it.",
        degree=[1, 2, 3, 4, 6, 8], answer=[False, True],
        labels={"answer": "show the other energies"},
    )  # fmt: skip


def _mean_square(lines, true):
    return np.mean((lines - true) ** 2, axis=-1)


def _lines(rows, steps):
    """Return recorded forecasts `(seeds, steps)` from 26 particles on."""
    first = 2 * KNOWN + 2
    return rows[[f"E{n}" for n in range(first, first + 2 * steps, 2)]].to_numpy()


def levels():
    """Show how pairs fill the levels, and how the force moves one of them."""
    drawn, panels = new_figure(1, 2, height=2.5)
    for axes, filled in zip(panels, [(0, 1, 2), (0, 1, 4)], strict=True):
        axes.hlines(range(6), 0, 1, color="black", linewidth=1.2)
        for level in range(6):
            axes.text(1.1, level, f"p = {level + 1}", va="center")
        for level in filled:
            axes.plot([0.35, 0.65], [level] * 2, "o", color=COLOURS[0], markersize=9)
        axes.set(xlim=(-0.3, 1.7), ylim=(-0.6, 5.6))
        axes.axis("off")
    arrow = {"arrowstyle": "->", "color": COLOURS[1], "linewidth": 2}
    panels[1].annotate("", (0.5, 3.75), (0.5, 2.1), arrowprops=arrow)
    return figure(
        drawn, name="fig-pairing-levels",
        caption="Six particles in six levels. Left: the three pairs fill the lower half. Right: "
        "the force has moved one pair up.",
        alt="Two ladders of six lines. On the left one, two dots sit on each of the three lowest "
        "lines. On the right one, the pair of the third line has moved to the fifth.",
    )  # fmt: skip


def pairing():
    """Explore the energies for several couplings."""
    particles = np.arange(2, 42, 2)
    known = {}

    def of(coupling):
        if coupling not in known:
            exact = [exact_pairing_energy(n, coupling=coupling) for n in EXACT]
            known[coupling] = pairing_energies(particles, coupling=coupling), np.array(exact)
        return known[coupling]

    def draw(coupling):
        drawn, axes = new_figure(height=3.0)
        ccd, exact = of(coupling)
        axes.plot(particles, ccd, "o-", markersize=4, label="CCD")
        axes.plot(EXACT, exact, "x", markersize=8, label="exact")
        axes.set(xlabel="particles X", ylabel="correlation energy (δ)", ylim=(-5.6, 0.2))
        axes.set_title(f"CCD is off by {ccd[4] / exact[4] - 1:+.2%} for ten particles")
        axes.legend(loc="lower left")
        return drawn

    def describe(coupling):
        ccd, exact = of(coupling)
        return (
            f"At coupling {coupling:g} the correlation energy goes from {ccd[0]:.3f} for 2 "
            f"particles to {ccd[-1]:.3f} for 40; CCD is off by {ccd[4] / exact[4] - 1:+.2%} for 10."
        )

    return explore(
        draw, alt=describe, name="pairing-coupling",
        caption="Correlation energies of the pairing model in units of the level spacing δ.",
        coupling=[-1.0, -0.75, -0.5, -0.25, -0.1, 0.1, 0.25, 0.4, 0.5, 0.55, 0.6],
        start={"coupling": 0.5}, labels={"coupling": "coupling g (δ)"},
    )  # fmt: skip


def formats():
    """Show the two forms in which a series can be learnt."""
    drawn, axes = new_figure(height=3.4)
    arrow = {"arrowstyle": "->", "linewidth": 1.2}

    def box(x, y, text, colour="#CCE3F2"):
        look = {"boxstyle": "round,pad=0.3", "facecolor": colour, "edgecolor": "black"}
        axes.text(x, y, text, ha="center", va="center", bbox=look, fontsize=13)

    for column in range(3):
        left = 3.4 * column
        box(left, 4, f"x = {24 + 2 * column}")
        box(left + 1.7, 4, f"$y_{{{12 + column}}}$", "white")
        axes.annotate("", (left + 1.3, 4), (left + 0.75, 4), arrowprops=arrow)
    for row in range(2):
        left, y = 3.4 * row, 2 - 1.6 * row
        for k, place in enumerate((0, 1.1, 3.3)):
            box(left + place, y, f"$y_{{{11 + row + k}}}$", "#CCE3F2" if k < 2 else "white")
        axes.annotate("", (left + 2.85, y), (left + 1.55, y), arrowprops=arrow)
        axes.text(left + 2.2, y + 0.2, "F", ha="center")
    axes.annotate("", (4.5, 0.75), (3.5, 1.65), arrowprops=arrow | {"color": COLOURS[1]})
    axes.set(xlim=(-0.9, 9.2), ylim=(-0.3, 4.7))
    axes.axis("off")
    return figure(
        drawn, name="fig-two-formats",
        caption="The same series in two forms. Above, a number of particles gives an energy. "
        "Below, two energies give the next one, and each answer becomes an input.",
        alt="Above, three pairs of boxes: x = 24 leads to y12, x = 26 to y13, x = 28 to y14. "
        "Below, y11 and y12 lead through F to y13, then y12 and y13 through F to y14; an arrow "
        "carries the answer y13 down to the inputs.",
    )  # fmt: skip


def learning_curve(history):
    """Show both losses of a run of Keras' `fit` with validation data."""
    drawn, said = draw_losses(history, ylabel="loss (δ²)")
    return figure(
        drawn, name="fig-c5-fit", alt=said,
        caption="Learning curves of the recurrent network; the validation loss is of one window.",
    )  # fmt: skip


def ensemble(series, lines, others):
    """Show the forecasts of several networks as a band, and how far they are off.

    Args:
        series: All energies, `(points,)`, from 2 particles on.
        lines: Forecasts of the last of them, `(seeds, steps)`.
        others: Forecasts of rules, arrays of shape `(steps,)` by name.
    """
    true, particles = series[-lines.shape[1] :], 2 * np.arange(1, len(series) + 1)
    ahead, last = particles[-len(true) :], particles[-len(true) - 1]
    drawn, (top, bottom) = new_figure(2, 1, height=4.6, sharex=True)
    for axes, zero in ((top, 0), (bottom, true)):
        low, high = lines.min(axis=0) - zero, lines.max(axis=0) - zero
        axes.fill_between(ahead, low, high, color=COLOURS[1], alpha=0.3, label="band of networks")
        axes.plot(ahead, (lines - zero).T, "-", color=COLOURS[1], linewidth=0.6)
        axes.axvspan(2, last, **GREY)
    top.plot(particles, series, "o", color="black", markersize=4, label="true")
    bottom.axhline(0, **ZERO)
    for k, (name, values) in enumerate(others.items()):
        bottom.plot(ahead, values - true, ("--", ":")[k % 2], color=COLOURS[(0, 2)[k % 2]],
                    label=name)  # fmt: skip
    top.set(ylabel="energy (δ)")
    bottom.set(xlabel="particles X", ylabel="error (δ)")
    top.legend(loc="lower left")
    bottom.legend(loc="upper left")
    inside = np.sum((lines.min(axis=0) <= true) & (true <= lines.max(axis=0)))
    off = lines[:, -1] - true[-1]
    return figure(
        drawn, name="fig-ensemble",
        caption="Above: the band of networks that differ in their initial weights only, and the "
        "true energies. Below: how far networks and rules are off. The known points lie in grey.",
        alt=f"Energies fall from 2 to {particles[-1]} particles. {counted(len(lines), 'network')} "
        f"from {ahead[0]} on form a narrow band, which holds {inside} of {len(true)} true points; "
        f"at the end it is off by {span(off.min(), off.max(), '.3f')}.",
    )  # fmt: skip


def forms():
    """Show the test errors of one network that reads the series in several forms and scales."""
    runs, series = recorded.load("extrapolation_forms"), pairing_energies(range(2, 42, 2))
    true, known = series[KNOWN:], series[:KNOWN]
    drawn, axes = new_figure(height=3.1)
    said = []
    for place, (name, (form, largest)) in enumerate(FORMS.items()):
        size = runs["largest"].isna() if largest is None else runs["largest"].eq(largest)
        errors = _mean_square(_lines(runs[runs["form"].eq(form) & size], len(true)), true)
        colour = COLOURS[("x", "energies", "differences").index(form)]
        axes.semilogx(errors, [place] * len(errors), "o", color=colour, markersize=4.5)
        axes.semilogx(np.median(errors), place, "|", color="black", markersize=16)
        said.append(f"{name} {np.median(errors):.1e}")
    best = _mean_square(same_second_difference(known, len(true)), true)
    axes.axvline(best, color="black", linewidth=1, linestyle="--")
    axes.set(xlabel="test error (δ²)", ylim=(len(FORMS) - 0.5, -0.5))
    axes.set_yticks(range(len(FORMS)), FORMS)
    return figure(
        drawn, name="fig-forms",
        caption="Test errors of the same 200 units, ten seeds each, by what they read; the bar is "
        "the median, the dashed line the rule of the same second difference (recorded runs).",
        alt=f"Marks on a logarithmic scale. Median test errors: {'; '.join(said)}. The dashed line "
        f"is at {best:.1e}.",
    )  # fmt: skip


def second_differences(energies, known):
    """Show the second differences of all energies, of which the first `known` are known."""
    particles = 2 * np.arange(1, len(energies) + 1)
    second = 1000 * np.diff(energies, 2)
    drawn, axes = new_figure(height=2.7)
    axes.plot(particles[1:-1], second, "o", markersize=4)
    axes.axhline(second[known - 3], linestyle="--", color=COLOURS[1])
    axes.axvspan(2, particles[known - 2], **GREY)
    axes.set(xlabel="particles X", ylabel="second difference (0.001 δ)")
    return figure(
        drawn, name="fig-second-differences",
        caption="Second differences of the energies; the dashed line is the last known one.",
        alt=f"Dots from {second[0]:.1f} at 4 particles by way of {second[known - 3]:.2f}, the last "
        f"known one, to {second[-1]:.1f} at {particles[-2]}. The largest, {second.max():.2f}, is "
        f"at {particles[1 + second.argmax()]} particles.",
    )  # fmt: skip


def other_couplings():
    """Show the errors of networks and rules for series of other couplings."""
    runs = recorded.load("extrapolation_couplings")
    runs = runs.query("seed < 10 and form != 'differences, longer'")
    couplings = sorted(runs["coupling"].unique())
    drawn, axes = new_figure(height=3.4)
    said = {}
    for place, coupling in enumerate(couplings):
        series = pairing_energies(range(2, 42, 2), coupling=coupling)
        true, known = series[KNOWN:], series[:KNOWN]
        ways = {
            f"networks on {form}": _lines(rows, len(true))
            for form, rows in runs[runs["coupling"].eq(coupling)].groupby("form", sort=False)
        }
        windows = KNOWN - 3  # those that the networks learn from
        rule = recurrence(known, order=2, steps=len(true), windows=windows)
        ways["linear recurrence"] = rule[np.newaxis]
        ways["same second difference"] = same_second_difference(known, len(true))[np.newaxis]
        for k, (name, lines) in enumerate(ways.items()):
            share = np.sqrt(_mean_square(lines, true)) / abs(true[-1])
            label, x = name if place == 0 else None, place + 0.16 * (k - 1.5)
            axes.semilogy([x] * len(share), share, "os^D"[k], color=COLOURS[(1, 3, 0, 2)[k]],
                          markersize=4.5, label=label)  # fmt: skip
            said.setdefault(name, []).append(f"{np.median(share):.1e}")
    axes.set_xticks(range(len(couplings)), [f"{g:g}".replace("-", "−") for g in couplings])
    axes.set(xlabel="coupling g (δ)", ylabel="relative error", ylim=(2e-5, 3))
    axes.legend(loc="upper left", ncols=2)
    texts = [f"{name} {', '.join(shares)}" for name, shares in said.items()]
    return figure(
        drawn, name="fig-other-couplings",
        caption="Forecasts from 24 to 40 particles at six couplings: root of the test error, "
        "divided by the energy of 40 particles; ten seeds each (recorded runs).",
        alt=f"Relative errors on a logarithmic scale at the couplings "
        f"{', '.join(f'{g:g}' for g in couplings)}. Medians: {'; '.join(texts)}.",
    )  # fmt: skip


def knobs():
    """Explore how many known points and which activation a network needs."""
    grid = recorded.load("extrapolation_grid").query("hidden == 200 and layers == 1")
    series, particles = pairing_energies(range(2, 42, 2)), np.arange(2, 42, 2)

    def found(known, activation):
        rows = grid[grid["known"].eq(known) & grid["activation"].eq(activation)]
        lines = rows[[f"E{n}" for n in particles[known:]]].to_numpy()
        return lines, np.median(_mean_square(lines, series[known:]))

    def draw(known, activation):
        lines, error = found(known, activation)
        drawn, axes = new_figure(height=3.0)
        axes.plot(particles, series, "o", color="black", markersize=4, label="true")
        axes.plot(particles[known:], lines.T, "-", color=COLOURS[1], linewidth=1)
        axes.plot([], [], "-", color=COLOURS[1], label="networks")
        axes.axvspan(2, particles[known - 1], **GREY)
        axes.set(xlabel="particles X", ylabel="energy (δ)", ylim=(-2.3, 0.2))
        axes.set_title(f"median test error {error:.1e}")
        axes.legend(loc="lower left")
        return drawn

    def describe(known, activation):
        lines, error = found(known, activation)
        return (
            f"{known} known points, {activation} units: at 40 particles the five networks give "
            f"{span(lines[:, -1].min(), lines[:, -1].max())}, true is {series[-1]:.2f}; median "
            f"test error {error:.1e}."
        )

    return explore(
        draw, alt=describe, name="extrapolation-knobs",
        caption="Forecasts of five networks of 200 units, which know the points in grey (recorded "
        "runs).",
        known=[6, 8, 10, 12, 14, 16, 18], activation=["tanh", "relu", "sigmoid"],
        start={"known": 12}, labels={"known": "known points"},
    )  # fmt: skip


def plateau(histories, variance):
    """Show the training losses of some runs of Keras' `fit`, and the variance of the labels."""
    drawn, said = draw_losses(
        histories, ylabel="training loss (δ²)", levels={"variance": variance}, parts=("loss",)
    )  # fmt: skip
    return figure(
        drawn, name="fig-sigmoid-plateau", alt=said,
        caption="Training losses of two recurrent layers. The horizontal line is the variance of "
        "the labels: the best that a constant can do.",
    )  # fmt: skip


def far():
    """Show how far rules and networks are off up to 60 particles."""
    runs, energies = recorded.load("extrapolation_runs"), pairing_energies(range(2, 62, 2))
    known, true = energies[:KNOWN], energies[KNOWN:]
    steps, ahead = len(true), 2 * np.arange(KNOWN + 1, len(energies) + 1)
    rules = {
        "linear recurrence": recurrence(known, order=2, steps=steps, windows=KNOWN - 3),
        "same second difference": same_second_difference(known, steps),
        "polynomial, degree 2": polynomial(known, degree=2, steps=steps),
    }
    networks = {"one layer of 200": "C5", "two layers of 500": "C6, tanh"}
    drawn, axes = new_figure(height=3.4)
    said = []
    for k, (name, key) in enumerate(networks.items()):
        off = _lines(runs[runs["network"].eq(key)], steps) - true
        look = {"color": COLOURS[(1, 3)[k]], "alpha": 0.45, "label": f"tanh, {name}"}
        axes.fill_between(ahead, off.min(axis=0), off.max(axis=0), **look)
        said.append(f"{name} {span(off[:, -1].min(), off[:, -1].max())}")
    for k, (name, values) in enumerate(rules.items()):
        axes.plot(ahead, values - true, ("--", ":", "-.")[k], color=COLOURS[(0, 2, 6)[k]],
                  label=name)  # fmt: skip
        said.append(f"{name} {values[-1] - true[-1]:.2f}")
    axes.axhline(0, **ZERO)
    axes.set(xlabel="particles X", ylabel="error (δ)", ylim=(-0.12, 0.42))
    axes.legend(loc="upper left")
    return figure(
        drawn, name="fig-far",
        caption="How far forecasts from 24 particles are off; for networks the band of ten seeds "
        "(recorded runs).",
        alt=f"Errors over 26 to 60 particles. At 60: {'; '.join(said)}.",
    )  # fmt: skip


def coupling_series(couplings, energies, lines):
    """Explore rules on a series of couplings, beside the forecasts of networks.

    Args:
        couplings, energies: The series, `(points,)`.
        lines: Forecasts of the last of them by networks, `(seeds, steps)`.
    """
    ways = {
        "recurrence of 2 values": (recurrence, {"order": 2}),
        "recurrence of 3 values": (recurrence, {"order": 3}),
        "polynomial, degree 2": (polynomial, {"degree": 2}),
        "polynomial, degree 4": (polynomial, {"degree": 4}),
        "polynomial, degree 6": (polynomial, {"degree": 6}),
    }

    def found(way, known):
        rule, options = ways[way]
        values = rule(energies[:known], steps=len(energies) - known, **options)
        return values, _mean_square(values, energies[known:])

    def draw(way, known):
        values, error = found(way, known)
        drawn, axes = new_figure(height=3.1)
        band = lines.min(axis=0), lines.max(axis=0)
        axes.fill_between(couplings[-lines.shape[1] :], *band, color=COLOURS[3], alpha=0.5,
                          label="networks")  # fmt: skip
        axes.plot(couplings, energies, "o", color="black", markersize=4, label="true")
        axes.plot(couplings[known:], values, "-", color=COLOURS[1], label=way)
        axes.axvspan(couplings[0], couplings[known - 1], **GREY)
        axes.set(xlabel="coupling g (δ)", ylabel="energy (δ)", ylim=(-2.3, 0.6))
        axes.set_title(f"test error of the rule {error:.1e}")
        axes.legend(loc="lower left")
        return drawn

    def describe(way, known):
        values, error = found(way, known)
        return (
            f"{way}, {known} known couplings: {values[-1]:.2f} at coupling {couplings[-1]:g}, true "
            f"{energies[-1]:.2f}; test error {error:.1e}. The networks end "
            f"{span(lines[:, -1].min(), lines[:, -1].max())}."
        )

    return explore(
        draw, alt=describe, name="coupling-series",
        caption="Correlation energies of 20 particles over the coupling. The rule knows the grey "
        "part; the networks, a band of ten seeds, know the couplings below zero.",
        way=["recurrence of 2 values", "recurrence of 3 values", "polynomial, degree 2",
             "polynomial, degree 4", "polynomial, degree 6"],
        known=[12, 16, 20, 24, 28], start={"known": 20},
        labels={"way": "rule", "known": "known couplings"},
    )  # fmt: skip
