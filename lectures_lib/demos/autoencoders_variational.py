"""Figures of the chapter on the variational autoencoder."""

import functools

import numpy as np
from matplotlib import colormaps
from scipy.special import expit

from lectures_lib import recorded
from lectures_lib.data import load_mnist
from lectures_lib.explore import explore, figure
from lectures_lib.plots import COLOURS, new_figure, use_style
from lectures_lib.words import counted, span

__all__ = [
    "beta_temperature", "code_planes", "decode", "decoded_grid", "divergence_by_axis", "evidence",
    "ising_bound", "learning_curve", "own_digits", "plain_samples", "recorded_code", "samples",
    "scheme", "trial_gaussian",
]  # fmt: skip

NETWORKS = ["variational 2", "plain 2", "variational 10", "plain 10"]
CODES = {
    "mean 2": 16, "log variance 2": 17, "plain 2": 18, "mean 10": 21, "plain 10": 23,
    "centre 10": 24, "covariance 10": 25,
}  # fmt: skip
STYLES = {0.25: "o-", 1: "s--", 4: "^-.", 16: "v:", 784: "x-"}
PRIORS = {
    ("variational", "standard normal"): "variational",
    ("plain", "Gaussian"): "plain, Gaussian afterwards",
    ("plain", "mixture"): "plain, mixture afterwards",
}
TEMPERATURE_C = 2 / np.log(1 + np.sqrt(2))

use_style()


@functools.cache
def _arrays():
    return recorded.weights("variational_networks")


def recorded_code(name):
    """Return codes of 500 test digits, or what was fitted to those of the training digits.

    >>> recorded_code("mean 2").shape, recorded_code("covariance 10").shape
    ((500, 2), (10, 10))
    """
    return _arrays()[CODES[name]]


def decode(name, codes):
    """Return pictures `(codes, 28, 28)` that a recorded network makes of codes.

    >>> decode("plain 10", np.zeros((3, 10))).shape
    (3, 28, 28)
    """
    first = 4 * NETWORKS.index(name)
    kernel, bias, output_kernel, output_bias = _arrays()[first : first + 4]
    hidden = np.maximum(codes @ kernel + bias, 0)
    return expit(hidden @ output_kernel + output_bias).reshape(-1, 28, 28)


def _rows(rows, *, names, axes):
    """Draw rows of pictures, each `(pictures, 28, 28)`, as one image with a name per row."""
    tiles = [[np.pad(picture, 1) for picture in row] for row in rows]
    axes.imshow(np.block(tiles), cmap="gray_r", vmin=0, vmax=1)
    axes.set_yticks(30 * np.arange(len(rows)) + 15, names)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _grey(pictures):
    """Return the share of pixels that are neither ink nor paper."""
    return np.mean((pictures > 0.2) & (pictures < 0.8))


def decoded_grid(*, side=13, reach=3.0):
    """Explore what the decoder of two numbers draws along the rows of a square grid."""
    steps = np.linspace(-reach, reach, side).round(2)
    places = np.stack(np.meshgrid(steps, steps), axis=-1)  # (z2, z1, 2)
    pictures = decode("variational 2", places.reshape(-1, 2)).reshape(side, side, 28, 28)
    labels, codes = load_mnist().test.labels, recorded_code("mean 2")
    half = reach * side / (side - 1)  # a picture is centred on its place

    def nearest(place):
        return labels[np.linalg.norm(codes - place, axis=1).argmin()]

    def draw(second):
        row = np.abs(steps - second).argmin()
        drawn, (whole, line) = new_figure(2, 1, height=4.6, height_ratios=[5, 1])
        image = pictures[::-1].swapaxes(1, 2).reshape(28 * side, 28 * side)
        whole.imshow(image, cmap="gray_r", vmin=0, vmax=1, extent=(-half, half, -half, half))
        cell = reach / (side - 1)
        whole.axhspan(steps[row] - cell, steps[row] + cell, fill=False, color=COLOURS[1])
        whole.set(xlabel="$z_1$", ylabel="$z_2$")
        line.imshow(np.hstack(pictures[row, ::2]), cmap="gray_r", vmin=0, vmax=1)
        line.axis("off")
        return drawn

    def describe(second):
        row = np.abs(steps - second).argmin()
        said = ", ".join(str(nearest(place)) for place in places[row, ::2])
        return (
            f"{side} by {side} pictures that change little by little. In the row at {second:g} "
            f"the nearest digits are {said}. {_grey(pictures[row]):.0%} of its pixels are grey."
        )

    return explore(
        draw, alt=describe, name="decoded-grid",
        caption="What a decoder draws for pairs of numbers on a grid; below, every second picture "
        "of the framed row. No training digit is among them.",
        second=[-3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0],
        start={"second": 0.0}, labels={"second": "second number"},
    )  # fmt: skip


def plain_samples():
    """Show what a plain decoder makes of four kinds of codes."""
    rng = np.random.default_rng(1)
    plain = recorded_code("plain 10")
    fitted = recorded_code("centre 10"), recorded_code("covariance 10")
    kinds = {
        "digits": plain[:7],
        "half-way": (plain[:7] + plain[1:8]) / 2,
        "standard\nnormal": rng.normal(size=(7, 10)),
        "fitted\nGaussian": rng.multivariate_normal(*fitted, size=7),
    }
    pictures = [decode("plain 10", codes) for codes in kinds.values()]
    drawn, axes = new_figure(height=2.9)
    _rows(pictures, names=kinds, axes=axes)
    ink = [f"{name} {row.sum() / 7:.0f}" for name, row in zip(kinds, pictures, strict=True)]
    return figure(
        drawn, name="fig-plain-samples",
        caption="A plain decoder's answers to codes of test digits, to means of two such codes, to "
        "codes from a standard normal distribution, and from a Gaussian with the mean and "
        "covariance of the training digits' codes.",
        alt=f"Four rows of seven pictures. Mean ink: {', '.join(ink)}.".replace("\n", " "),
    )  # fmt: skip


def scheme():
    """Show picture and code, and the two networks between them."""
    drawn, axes = new_figure(height=2.6)
    for y, name, fill in ((1, "z", "#F7D9C4"), (0, "x", "#CCE3F2")):
        axes.scatter([0], [y], s=1300, color=fill, edgecolor="black", zorder=3)
        axes.text(0, y - 0.01, f"${name}$", ha="center", va="center", fontsize=18, zorder=4)
    wire = {"arrowstyle": "-|>", "linewidth": 1.6, "shrinkA": 20, "shrinkB": 20}
    bent = wire | {"connectionstyle": "arc3,rad=-0.35"}
    axes.annotate("", (0, 0), (0, 1), arrowprops=bent | {"color": COLOURS[0]})
    dashed = bent | {"color": COLOURS[1], "linestyle": "--"}
    axes.annotate("", (0, 1), (0, 0), arrowprops=dashed)
    axes.annotate("", (0, 1), (-1.3, 1), arrowprops=wire | {"shrinkA": 0})
    text = {"va": "center", "fontsize": 12}
    axes.text(-1.35, 1, "prior $p(z)$", ha="right", **text)
    axes.text(0.42, 0.5, "decoder\n$p(x\\,|\\,z)$", color=COLOURS[0], **text)
    answer = "encoder\n$q(z\\,|\\,x)$: $\\mu(x)$, $\\sigma(x)$"
    axes.text(-0.42, 0.5, answer, ha="right", color=COLOURS[1], **text)
    axes.set(xlim=(-2.6, 1.6), ylim=(-0.3, 1.3))
    axes.axis("off")
    return figure(
        drawn, name="fig-vae-scheme",
        caption="The model (solid): a code from the prior, a picture from the decoder. The encoder "
        "(dashed) guesses which codes a picture may have come from.",
        alt="A circle z above a circle x. An arrow from the prior to z, an arrow of the decoder "
        "from z to x, and a dashed arrow of the encoder back from x to z.",
    )  # fmt: skip


def trial_gaussian(energy, trial, *, reach=2.6):
    """Explore trial Gaussians beside the posterior of a code of one number.

    Args:
        energy: Function of an array of codes: -ln p(x, z).
        trial: Function of mean and width of a Gaussian: the mean energy, and the entropy.
    """
    line = np.linspace(-reach, reach, 401)
    weights = np.exp(-energy(line))
    Z = np.trapezoid(weights, line)

    def draw(mean, sigma):
        mean_energy, entropy = trial(mean, sigma)
        drawn, axes = new_figure(height=3.0)
        axes.fill_between(line, weights / Z, color="0.8", label="posterior")
        q = np.exp(-((line - mean) ** 2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
        axes.plot(line, q, label="trial q")
        axes.set(xlabel="code z", ylabel="density", ylim=(0, 2.2), xlim=(-reach, reach))
        free = f"⟨E⟩ − S = {mean_energy:.2f} − ({entropy:.2f}) = {mean_energy - entropy:.2f}"
        axes.set_title(f"{free},  true {-np.log(Z):.2f}".replace("-", "−"))
        axes.legend(loc="upper left")
        return drawn

    def describe(mean, sigma):
        mean_energy, entropy = trial(mean, sigma)
        return (
            f"A trial Gaussian of mean {mean:g} and width {sigma:g} beside a posterior whose "
            f"highest peak is at {abs(line[weights.argmax()]):.2f}. The mean energy is "
            f"{mean_energy:.2f}, the entropy {entropy:.2f}; their difference, the free energy, is "
            f"{mean_energy - entropy:.2f} nats, true {-np.log(Z):.2f}."
        )

    return explore(
        draw, name="trial-gaussian", alt=describe,
        caption="The posterior of a code after the reading (grey), and a trial Gaussian.",
        mean=[0, 0.4, 0.8, 1.2, 1.3, 1.6], sigma=[0.1, 0.2, 0.3, 0.5, 0.8],
        start={"mean": 0.4, "sigma": 0.5}, labels={"mean": "mean of q", "sigma": "width of q"},
    )  # fmt: skip


def learning_curve(history):
    """Show both terms of a run of Keras' `fit` with validation data."""
    drawn, panels = new_figure(1, 2, height=2.4)
    said = []
    for axes, name in zip(panels, ("reconstruction", "divergence"), strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            terms = history.history[key]
            axes.plot(range(1, len(terms) + 1), terms, label=label)
        said.append(f"the {name} from {terms[0]:.1f} to {terms[-1]:.1f}")
        axes.set(xlabel="epoch", ylabel="nats", title=name)
    panels[0].legend()
    return figure(
        drawn, name="fig-variational-fit",
        caption="Learning curves of both terms of the bound, in nats a picture.",
        alt=f"Two panels over {counted(len(terms), 'epoch')}. On validation digits {said[0]}, and "
        f"{said[1]} nats.",
    )  # fmt: skip


def own_digits(rows):
    """Show digits, and what a network has made, a row of pictures of 28 x 28 pixels each.

    Args:
        rows: `{name: pictures}`, each of shape `(pictures, pixels)`, ink 1 and paper 0.
    """
    pictures = [np.reshape(row, (-1, 28, 28)) for row in rows.values()]
    drawn, axes = new_figure(height=2.4)
    _rows(pictures, names=rows, axes=axes)
    grey = [f"{name} {_grey(row):.0%}" for name, row in zip(rows, pictures, strict=True)]
    return figure(
        drawn, name="fig-own-digits",
        caption="Digits, the same through their mean codes, and pictures from codes of the prior.",
        alt=f"Rows of {len(pictures[0])} pictures. Grey pixels: {', '.join(grey)}.",
    )  # fmt: skip


def code_planes(*, shown=250):
    """Show where a plain and a variational encoder of two numbers put test digits."""
    labels, tab10 = load_mnist().test.labels, colormaps["tab10"]
    drawn, panels = new_figure(1, 2, height=3.0)
    said = []
    for axes, title, name in zip(
        panels, ("plain", "variational"), ("plain 2", "mean 2"), strict=True
    ):
        codes = recorded_code(name)
        for digit in range(10):
            here = codes[:shown][labels[:shown] == digit]
            axes.scatter(*here.T, s=22, marker=f"${digit}$", color=tab10(digit), linewidth=0.2)
        axes.set(xlabel="$z_1$", ylabel="$z_2$", title=title)
        said.append(f"{title} from {codes.min():.1f} to {codes.max():.1f}")
    angle, radius = np.linspace(0, 2 * np.pi, 100), np.sqrt(-2 * np.log(0.05))
    panels[1].plot(radius * np.cos(angle), radius * np.sin(angle), "--", color="black", linewidth=1)
    panels[1].set_aspect("equal")
    inside = np.mean(np.sum(codes**2, axis=1) < radius**2)
    return figure(
        drawn, name="fig-code-planes",
        caption="Codes of test digits, the mean codes for the variational network. The circle "
        "should hold 95 % of a standard normal distribution.",
        alt=f"Two clouds of digits. Codes: {', '.join(said)}. The plain cloud is stretched and "
        f"uneven, the variational one round; {inside:.0%} of its codes lie inside the circle.",
    )  # fmt: skip


def samples():
    """Show recorded pictures that four models of digits draw."""
    drawn, axes = new_figure(height=2.9)
    rows = recorded.weights("variational_drawn")[0] / 255
    names = ["PCA,\nmixture", "plain,\nGaussian", "plain,\nmixture", "variational"]
    _rows(rows[:, :7], names=names, axes=axes)
    grey = [f"{name} {_grey(row):.0%}" for name, row in zip(names, rows, strict=True)]
    return figure(
        drawn, name="fig-vae-samples",
        caption="Pictures drawn by four models with ten numbers in the code: PCA and plain "
        "networks with a distribution fitted to their codes, the variational network with its "
        "standard normal prior.",
        alt=f"Four rows of seven pictures. Grey pixels: {', '.join(grey)}.".replace("\n", " "),
    )  # fmt: skip


def evidence():
    """Show minus ln p of test digits, and the bound, against the size of the code."""
    table, runs = recorded.load("variational_evidence"), recorded.load("variational_beta")
    runs = runs.query("beta == 1 and pixels == 'grey' and latent_dim <= 20")
    sizes = sorted(set(table["latent_dim"]) - {0})
    drawn, axes = new_figure(height=3.0)
    said = []
    for k, ((model, prior), label) in enumerate(PRIORS.items()):
        own = table[table["model"].eq(model) & table["prior"].eq(prior)]
        for row in own.itertuples():
            place = sizes.index(row.latent_dim) + 0.12 * (k - 1)
            axes.plot(place, row.nats, "osD"[k], color=COLOURS[k], markersize=4)
        axes.plot([], [], "osD"[k], color=COLOURS[k], label=label)
        means = own.groupby("latent_dim")["nats"].mean()
        said.append(f"{label} {', '.join(f'{nats:.1f}' for nats in means)}")
    for row in runs[runs["latent_dim"].isin(sizes)].itertuples():
        bound = row.reconstruction + row.kl
        axes.plot(sizes.index(row.latent_dim) - 0.12, bound, "_", color=COLOURS[0], markersize=10)
    axes.plot([], [], "_", color=COLOURS[0], markersize=10, label="variational, −ELBO")
    several = table.query("latent_dim == 0 and components == 50")["nats"].mean()
    axes.axhline(several, color="black", linewidth=1, linestyle=":", label="fifty mean pictures")
    axes.set(xlabel="numbers in the code", ylabel="nats per digit")
    axes.set_xticks(range(len(sizes)), sizes)
    axes.set_ylim(top=1.22 * axes.get_ylim()[1] - 0.22 * axes.get_ylim()[0])  # for the legend
    axes.legend(loc="upper right", ncols=2)
    return figure(
        drawn, name="fig-evidence",
        caption="$-\\ln p(x)$ of unseen digits, five seeds each (recorded runs), and the bound of "
        "the variational network; lower is better.",
        alt=f"Dots at {', '.join(map(str, sizes))} numbers in the code. Mean nats: "
        f"{'; '.join(said)}. The line of fifty mean pictures is at {several:.1f}.",
    )  # fmt: skip


def _by_beta():
    runs = recorded.load("variational_beta").query("latent_dim == 10 and pixels == 'grey'")
    return runs.groupby("beta")


def divergence_by_axis():
    """Show how many nats each axis of the code carries, for several beta."""
    columns = [f"axis{i}" for i in range(1, 11)]
    means = _by_beta()[columns].mean()
    drawn, axes = new_figure(height=2.8)
    said = []
    for beta, style in STYLES.items():
        values = means.loc[beta]
        axes.plot(range(1, 11), values, style, markersize=5, label=f"β = {beta:g}")
        said.append(f"{(values > 0.1).sum()} at beta {beta:g}")
    axes.set(xlabel="axis of the code", ylabel="divergence (nats)", ylim=(-0.2, 4.4))
    axes.set_xticks(range(1, 11))
    axes.legend(loc="upper right", ncols=2)
    return figure(
        drawn, name="fig-kl-by-axis",
        caption="Divergence of each axis of the code on test digits, the largest first; means of "
        "five seeds (recorded runs).",
        alt=f"Falling curves over ten axes. Axes above 0.1 nats: {', '.join(said)}.",
    )  # fmt: skip


def beta_temperature():
    """Explore reconstructions and samples by the weight of the divergence in training."""
    rebuilt, made = recorded.weights("variational_pictures")  # (betas, pictures, 28, 28)
    means = _by_beta()[["reconstruction", "kl"]].mean()
    digits = load_mnist().test.inputs[:6, ..., 0]

    def draw(beta):
        i = means.index.get_loc(beta)
        drawn, axes = new_figure(height=2.8)
        rows = [digits, rebuilt[i] / 255, made[i] / 255]
        _rows(rows, names=["test digits", "rebuilt", "samples"], axes=axes)
        axes.set_title("β = {:g}: {:.0f} + {:.0f} nats".format(beta, *means.loc[beta]))
        return drawn

    def describe(beta):
        apart = made[means.index.get_loc(beta)].astype(float).std(axis=0).mean() / 255
        return (
            "Six test digits, their reconstructions and six samples at beta {:g}. Reconstruction "
            "{:.1f}, divergence {:.1f} nats. ".format(beta, *means.loc[beta])
            + f"The samples differ from each other by {apart:.3f} per pixel."
        )

    return explore(
        draw, name="beta-temperature", alt=describe,
        caption="Six test digits, their reconstructions from the mean codes, and six samples from "
        "the prior. The terms, reconstruction and divergence, are means of five seeds.",
        beta=[0, 0.25, 1, 4, 16, 784], start={"beta": 1}, labels={"beta": "β"},
    )  # fmt: skip


def ising_bound():
    """Show the bound for magnets beside their exact entropy, by temperature."""
    means = recorded.load("variational_ising").groupby("temperature").mean()
    drawn, axes = new_figure(height=3.0)
    axes.semilogx(means["bound"], "o", label="variational, 1 number")
    axes.plot(means["independent"], "--", label="independent spins, given |m|")
    axes.plot(means["entropy"], "-", color="black", label="exact entropy")
    axes.axhline(np.log(2), linestyle=":", color="0.5")
    axes.axvline(TEMPERATURE_C, linestyle=":", color="0.5")
    axes.set(xlabel="temperature ($J/k_B$)", ylabel="nats per spin", ylim=(0, 0.78))
    axes.set_xticks([1, 2, 3, 5, 8], ["1", "2", "3", "5", "8"], minor=False)
    axes.minorticks_off()
    axes.legend(loc="lower right")
    gap = means["bound"] - means["entropy"]
    return figure(
        drawn, name="fig-ising-bound",
        caption="The bound on the entropy of Ising configurations, 16 × 16 spins, five seeds "
        "(recorded runs). Dotted: ln 2, and the critical temperature.",
        alt=f"The bound lies above the exact entropy everywhere, by {span(gap.min(), gap.max())} "
        f"nats per spin, most at temperature {gap.idxmax():g}; it runs along the curve of "
        "independent spins.",
    )  # fmt: skip
