"""Figures of the chapter on noise: what can be removed, and by whom."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.explore import explore, figure
from lectures_lib.plots import COLOURS, draw_losses, new_figure, show_image, use_style
from lectures_lib.words import counted, span

__all__ = [
    "aligned", "denoised", "digit_curve", "digit_errors", "kernels", "noise_kinds", "noisy_records",
    "posterior", "pulse_curve", "pulse_errors", "pulses_from_noise", "score",
]  # fmt: skip

NOISE_V = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0]
PULSE_NETWORKS = {
    "dense": "dense, 128 units", "wide": "dense, 256 units", "convolutional": "ReLU, convolutional",
    "formula": "Bayes' formula",
}  # fmt: skip
METHODS = {
    "median": "median filter", "soft": "soft threshold", "linear": "best linear filter",
    "stacked": "dense, bottleneck", "one layer": "dense, 1,000 units",
    "convolutional": "convolutional",
}  # fmt: skip
MARKERS = ("v", "s", "D", "^", "P", "o")
INK = {"colours": "gray_r", "limits": (0, 1)}

use_style()


def noisy_records(noisy, clean, *, noise_v):
    """Explore whether pulses can be found by eye.

    Args:
        noisy, clean: Records `(records, samples)` in volt, of which the first three are shown.
        noise_v: Standard deviation of their noise in volt.
    """
    pulses, unit = clean[:3], (noisy - clean)[:3] / noise_v

    def draw(noise):
        drawn, panels = new_figure(len(pulses), 1, height=3.4, sharex=True)
        for axes, record in zip(panels, pulses + noise * unit, strict=True):
            axes.plot(record, linewidth=1)
            axes.set(ylim=(-2.4, 3.2))
        panels[len(panels) // 2].set_ylabel("voltage (V)")
        axes.set_xlabel("sample")
        return drawn

    def describe(noise):
        largest = (pulses + noise * unit).argmax(axis=1)
        said = [
            f"{found} (the pulse begins at {pulse.argmax()})"
            for found, pulse in zip(largest, pulses, strict=True)
        ]
        return (
            f"{counted(len(pulses), 'curve')} under a noise of {noise:g} V, largest at the samples "
            f"{', '.join(said)}."
        )

    return explore(
        draw, alt=describe, name="noisy-record",
        caption="Three records as measured, under more or less noise.",
        noise=[0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0], start={"noise": 0.4},
        labels={"noise": "noise (V)"},
    )  # fmt: skip


def posterior(pulses, place_probabilities, wiener):
    """Explore records with one pulse, two estimates of it, and how probable each place is.

    Args:
        pulses: Clean pulses at all places, `(places, samples)`, in volt.
        place_probabilities, wiener: Functions of records `(records, samples)` and the noise in
            volt, to `(records, places)` and `(records, samples)`.
    """
    places = [round(share * len(pulses)) for share in (0.16, 0.47, 0.78)]

    def found(noise_v, record):
        noise = np.random.default_rng(2 + record).normal(size=pulses.shape[1])
        noisy = (pulses[places[record - 1]] + noise_v * noise)[np.newaxis]
        likely = place_probabilities(noisy, noise_v)
        return noisy[0], likely[0], (likely @ pulses)[0], wiener(noisy, noise_v)[0]

    def draw(noise_v, record):
        noisy, likely, mean, linear = found(noise_v, record)
        drawn, (top, bottom) = new_figure(2, 1, height=4.2, sharex=True, height_ratios=[3, 1.4])
        top.plot(noisy, "-", color="0.65", linewidth=1, label="measured")
        clean = pulses[places[record - 1]]
        top.plot(clean, "--", color="black", linewidth=1.2, label="clean")
        top.plot(linear, ":", color=COLOURS[0], label="Wiener")
        top.plot(mean, "-", color=COLOURS[1], label="conditional mean")
        top.set(ylabel="voltage (V)", ylim=(-1.4, 2.6), title=f"noise {noise_v:g} V")
        top.legend(ncols=2, loc="upper right")
        bottom.bar(np.arange(len(likely)), likely, color=COLOURS[1])
        bottom.set(xlabel="sample", ylabel="P(place)", ylim=(0, 1.05))
        return drawn

    def describe(noise_v, record):
        _, likely, mean, linear = found(noise_v, record)
        return (
            f"Record {record} with noise of {noise_v:g} V, its pulse at sample "
            f"{places[record - 1]}: the most probable place is sample {likely.argmax()}, with "
            f"probability {likely.max():.2f}. The conditional mean rises to {mean.max():.2f} V, "
            f"the Wiener estimate to {linear.max():.2f} V."
        )

    return explore(
        draw, alt=describe, name="pulse-posterior",
        caption="Above: a record and two estimates of its pulse. Below: how probable each place "
        "is.",
        noise_v=NOISE_V, record=[1, 2, 3], start={"noise_v": 0.4}, labels={"noise_v": "noise (V)"},
    )  # fmt: skip


def pulse_curve(history, wiener, limit):
    """Show the losses of the dense network beside the errors of Wiener filter and Bayes."""
    levels = {"Wiener": wiener, "limit": limit}
    drawn, said = draw_losses(history, ylabel="squared error (V²)", levels=levels)
    axes = drawn.axes[0]
    axes.set(ylim=(0.003, 0.06))
    axes.set_yticks([0.005, 0.01, 0.02, 0.05], ["0.005", "0.01", "0.02", "0.05"])
    axes.minorticks_off()
    return figure(
        drawn, name="fig-dense-pulses",
        caption="Learning curves of the dense network; lines: the best linear filter, and the "
        "limit of all methods.",
        alt=said,
    )  # fmt: skip


def digit_curve(history):
    """Show the losses of the convolutional denoiser."""
    drawn, said = draw_losses(history, ylabel="cross-entropy (nats per pixel)", log=False)
    return figure(
        drawn, name="fig-denoiser-fit",
        caption="Learning curves of the convolutional network, on noisy digits.",
        alt=said,
    )  # fmt: skip


def aligned(first, second, shape):
    """Return two learnt kernels of the ring as a function of the delay, and by how much they moved.

    Which output of the first convolution stands for which place is free: a common move of both
    kernels changes nothing, and neither does a constant in the first. Both are taken out.

    >>> shape = np.array([4.0, 2, 1, 0])
    >>> [part.tolist() for part in aligned(np.roll(shape, 1), shape[::-1], shape)[:2]]
    [[4.0, 2.0, 1.0, 0.0], [4.0, 2.0, 1.0, 0.0]]
    """
    back = np.roll(second[::-1], 1)
    moves = [np.roll(first, -k) @ shape for k in range(len(first))]
    move = int(np.argmax(moves))
    first, back = np.roll(first, -move), np.roll(back, -move)
    return first - first.mean() + shape.mean(), back, move


def kernels(first, second, shape, noise_v):
    """Show both learnt kernels `(samples,)` beside those of Bayes' formula.

    Args:
        first, second: Kernels of the two convolutions of the network.
        shape: The pulse, in volt.
        noise_v: Standard deviation of the noise.
    """
    match, pulse, _ = aligned(first * noise_v**2, second, shape)
    drawn, panels = new_figure(1, 2, height=2.5, sharey=True)
    names = ("first kernel × σ²", "second kernel, reversed")
    for axes, learnt, name in zip(panels, (match, pulse), names, strict=True):
        axes.plot(learnt, "o", markersize=3, color=COLOURS[1], label="learnt")
        axes.plot(shape, "-", color="black", linewidth=1.2, label="formula")
        axes.set(xlabel="sample", title=name)
        axes.legend()
    panels[0].set(ylabel="voltage (V)")
    off = [np.sqrt(np.mean((learnt - shape) ** 2)) for learnt in (match, pulse)]
    return figure(
        drawn, name="fig-pulse-kernels",
        caption="The two kernels of the network, moved to a common place, and those of Bayes' "
        "formula.",
        alt="Two panels: learnt kernels as dots, the pulse of the formula as a line that jumps to "
        f"{shape.max():.1f} V and decays. The dots of the first lie {off[0]:.2f} V off the line "
        f"(root mean square), those of the second {off[1]:.2f} V off.",
    )  # fmt: skip


def pulse_errors(wiener, limit):
    """Show recorded test errors of networks on pulses, beside the Wiener filter and the limit."""
    runs = recorded.load("denoising_pulses").query("chosen")
    drawn, axes = new_figure(height=2.4)
    said = []
    for place, (key, name) in enumerate(PULSE_NETWORKS.items()):
        errors = runs.loc[runs["network"] == key, "test"]
        axes.semilogx(errors, [place] * len(errors), "o", color=COLOURS[place], markersize=5)
        said.append(f"{name} {span(errors.min(), errors.max(), '.4f')}")
    for value, name, style in ((wiener, "Wiener", "--"), (limit, "limit", ":")):
        axes.axvline(value, color="black", linewidth=1.2, linestyle=style, label=name)
    axes.set(xlabel="mean squared error (V²)", xlim=(0.004, 0.03), ylim=(3.5, -0.5))
    axes.set_xticks([0.005, 0.01, 0.02], ["0.005", "0.01", "0.02"])
    axes.minorticks_off()
    axes.set_yticks(range(len(PULSE_NETWORKS)), PULSE_NETWORKS.values())
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return figure(
        drawn, name="fig-pulse-errors",
        caption="Errors on unseen records of networks that learnt from 8,000, one point a seed "
        "(recorded runs); lines: the best linear filter and the limit.",
        alt=f"Dots beside two lines. Errors in square volt: {'; '.join(said)}. The Wiener filter "
        f"is at {wiener:.4f}, the limit at {limit:.4f}.",
    )  # fmt: skip


def noise_kinds(clean, noisy):
    """Show a picture `(28, 28)`, and a dictionary of noisy ones by the name of their noise."""
    drawn, panels = new_figure(1, 1 + len(noisy), height=1.6)
    show_image(clean, axes=panels[0], title="clean\n", **INK)
    for axes, (name, picture) in zip(panels[1:], noisy.items(), strict=True):
        title = name.replace("salt and pepper", "salt, pepper")
        show_image(picture, axes=axes, title="\n".join(title.rsplit(" ", 1)), **INK)
    ink = np.mean(clean > 0.5)
    return figure(
        drawn, name="fig-noise-kinds",
        caption="One digit, clean and with three kinds of noise. 0 is paper and drawn white, 1 is "
        "ink and drawn black.",
        alt=f"A digit, {ink:.0%} of whose pixels are ink, clean and with noise: "
        f"{', '.join(noisy)}.",
    )  # fmt: skip


def denoised(clean, found):
    """Explore what methods make of noisy digits.

    Args:
        clean: Pictures `(digits, 28, 28)`.
        found: By the name of the noise, by the name of the method: pictures like `clean`.
    """

    def error(noise, method, digit):
        return np.mean((found[noise][method][digit - 1] - clean[digit - 1]) ** 2)

    def draw(noise, digit):
        pictures = {"clean": clean} | found[noise]
        drawn, panels = new_figure(2, (len(pictures) + 1) // 2, height=4.0)
        for axes in panels.flat:
            axes.set_axis_off()
        for axes, (name, shown) in zip(panels.flat, pictures.items(), strict=False):
            axes.set_axis_on()
            title = name if name == "clean" else f"{name}\n{error(noise, name, digit):.4f}"
            show_image(shown[digit - 1], axes=axes, title=title, **INK)
        return drawn

    def describe(noise, digit):
        errors = ", ".join(f"{name} {error(noise, name, digit):.4f}" for name in found[noise])
        return f"Digit {digit} with {noise}. Mean squared errors: {errors}."

    return explore(
        draw, alt=describe, name="denoised-digits",
        caption="A test digit, its noisy version, and what three methods make of it, each with its "
        "error. The linear filter is fitted to this noise, the network to one kind only.",
        noise=list(found), digit=list(range(1, len(clean) + 1)), start={"noise": list(found)[1]},
        labels={"noise": "noise", "digit": "picture"},
    )  # fmt: skip


def digit_errors():
    """Show the recorded errors of six methods on digits with four noises."""
    nets, filters = recorded.load("denoising_digits"), recorded.load("denoising_filters")
    own = (nets["kind"] == nets["met_kind"]) & (nets["noise"] == nets["met_noise"])
    nets = nets[own & nets["chosen"]]
    noises = list(dict.fromkeys(zip(filters["kind"], filters["noise"], strict=True)))
    drawn, axes = new_figure(height=3.2)
    said = []
    for k, ((method, name), marker) in enumerate(zip(METHODS.items(), MARKERS, strict=True)):
        said.append([])
        table = filters[filters["method"] == method]
        if table.empty:
            table = nets[nets["network"] == method]
        for place, (kind, noise) in enumerate(noises):
            errors = table.loc[table["kind"].eq(kind) & table["noise"].eq(noise), "test"]
            axes.semilogy([place + (k - 2.5) / 9] * len(errors), errors, marker, color=COLOURS[k],
                          markersize=5, label=None if place else name)  # fmt: skip
            said[-1].append(f"{errors.median():.4f}")
        said[-1] = f"{name} {', '.join(said[-1])}"
    axes.set(ylabel="mean squared error", ylim=(0.002, 0.3))
    axes.set_yticks([0.003, 0.01, 0.03, 0.1], ["0.003", "0.01", "0.03", "0.1"])
    axes.minorticks_off()
    names = [f"{kind.replace('gauss', 'Gauss')}\n{noise:g}" for kind, noise in noises]
    axes.set_xticks(range(len(noises)), names)
    axes.legend(ncols=2, loc="upper left")
    return figure(
        drawn, name="fig-digit-errors",
        caption="Errors on 500 test digits; each method is fitted to the noise that it meets. "
        "Networks: one point a seed (recorded runs).",
        alt=f"Errors for {', '.join(name.replace(chr(10), ' ') for name in names)}, medians: "
        f"{'; '.join(said)}.",
    )  # fmt: skip


def score(y, density, mean):
    """Show a density over measurements, and the best estimate as a function of the measurement."""
    drawn, (left, right) = new_figure(1, 2, height=2.5)
    left.plot(y, density, color=COLOURS[0])
    left.set(xlabel="measured", ylabel="probability density")
    right.plot(y, mean, color=COLOURS[1], label="best estimate")
    right.plot(y, y, "--", color="black", linewidth=1, label="as measured")
    right.set(xlabel="measured", ylabel="estimate")
    right.legend()
    return figure(
        drawn, name="fig-score",
        caption="Left: how probable a measurement is. Right: the best estimate of the value; it "
        "moves the measurement uphill on the left.",
        alt=f"Left, a density between {density.min():.2f} and {density.max():.2f}, highest at "
        f"{abs(y[density.argmax()]):.1f} from 0. Right, a curve that rises from {mean[0]:.2f} to "
        f"{mean[-1]:.2f}, beside the diagonal.",
    )  # fmt: skip


def pulses_from_noise(path, sigmas):
    """Show how noise becomes a pulse: states `(steps, samples)` at falling noise, in volt."""
    shown = np.linspace(0, len(path) - 1, min(4, len(path))).astype(int)
    drawn, panels = new_figure(len(shown), 1, height=1.1 * len(shown) + 0.4, sharex=True)
    for axes, step in zip(np.atleast_1d(panels), shown, strict=True):
        axes.plot(path[step], linewidth=1.2)
        axes.set_title(f"σ = {sigmas[step]:.2g} V", loc="right")
    np.atleast_1d(panels)[-1].set(xlabel="sample")
    drawn.supylabel("voltage (V)", fontsize=10)
    return figure(
        drawn, name="fig-pulses-from-noise",
        caption="From noise to a pulse in small steps, each towards the conditional mean at its "
        "level of noise.",
        alt=f"{counted(len(shown), 'curve')}, from {sigmas[0]:.2g} to {sigmas[-1]:.2g} V of noise. "
        f"The first lies between {path[0].min():.1f} and {path[0].max():.1f} V, the last between "
        f"{path[-1].min():.1f} and {path[-1].max():.1f} V with its peak at sample "
        f"{path[-1].argmax()}.",
    )  # fmt: skip
