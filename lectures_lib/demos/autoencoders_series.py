"""Figures of the chapter on autoencoders of a time series."""

import numpy as np

from lectures_lib import recorded
from lectures_lib.explore import explore, figure
from lectures_lib.plots import COLOURS, draw_losses, new_figure, use_style
from lectures_lib.words import counted, span

__all__ = ["codes", "errors", "kicks", "learning_curves", "medians", "spectra", "windows"]

STEP_S = 0.8
METHODS = {
    "PCA": ("s--", COLOURS[1]), "dense": ("o-", COLOURS[0]),
    "convolutional": ("D-.", COLOURS[2]), "recurrent": ("^:", COLOURS[3]),
}  # fmt: skip
TICKS = 0.001, 0.01, 0.1, 1
TRACES = 3  # windows in one picture
PLACES = -1.5, -0.75, 0, 0.75, 1.5  # of a number of the code, in its standard deviations

use_style()


def windows(named):
    """Explore arrays `{name: (windows, time, 1)}`, in m, and what their first axes give back."""
    rows = {name: x[..., 0].astype(float) for name, x in named.items()}
    bases = {name: np.linalg.svd(x, full_matrices=False)[2] for name, x in rows.items()}

    def found(form, axes):
        x, basis = rows[form], bases[form][:axes]  # (windows, time), (axes, time)
        back = x @ basis.T @ basis
        return x[:TRACES], back[:TRACES], np.sum((x - back) ** 2) / np.sum(x**2)

    def draw(form, axes):
        drawn, panel = new_figure(height=2.6)
        given, back, left = found(form, axes)
        time_s = STEP_S * np.arange(given.shape[1])
        for colour, x, y in zip(COLOURS, given, back, strict=False):
            panel.plot(time_s, x, "o", color=colour, markersize=3.5)
            panel.plot(time_s, y, "-", color=colour, linewidth=1.2)
        low, high = rows[form][:TRACES].min(), rows[form][:TRACES].max()
        panel.set(xlabel="time (s)", ylabel="position (m)", ylim=(1.2 * low, 1.2 * high))
        panel.set_title(f"{left:.1%} of the mean square left out", fontsize=10)
        return drawn

    def describe(form, axes):
        given, back, left = found(form, axes)
        return (
            f"{counted(len(given), 'window')}, {form}: dots between {given.min():.1f} and "
            f"{given.max():.1f} m. Lines from {counted(axes, 'number')} a window miss by up to "
            f"{np.abs(given - back).max():.2f} m, and leave out {left:.1%} of the mean square."
        )

    return explore(
        draw, alt=describe, name="swing-windows",
        caption="Dots: three windows of a kind. Lines: what the first axes of PCA, made from all "
        "windows of that kind, give back of them.",
        form=list(named), axes=range(1, 11),
        labels={"form": "kind of windows", "axes": "axes of PCA"},
    )  # fmt: skip


def spectra(named):
    """Show how much of the mean square each axis holds, for the windows of `windows`."""
    drawn, axes = new_figure(height=2.8)
    said = []
    for k, (name, x) in enumerate(named.items()):
        shares = np.linalg.svd(x[..., 0].astype(float), compute_uv=False) ** 2
        shares = shares / shares.sum()
        axes.semilogy(
            range(1, len(shares) + 1), np.maximum(shares, 1e-12), "o-", color=COLOURS[k],
            markersize=4, label=name,
        )  # fmt: skip
        said.append(f"{name} {np.sum(shares > 1e-4)}")
    axes.set(xlabel="axis", ylabel="share of the mean square", ylim=(1e-7, 2))
    axes.legend()
    return figure(
        drawn, name="fig-swing-spectra",
        caption="Shares of the mean square of the motion along its principal axes; below "
        "the frame there is nothing but rounding.",
        alt=f"Falling curves. Axes that hold more than 0.0001: {', '.join(said)}.",
    )  # fmt: skip


def learning_curves(runs):
    """Show the losses of several runs of Keras' `fit`, in m²."""
    drawn, said = draw_losses(
        runs, ylabel="squared error (m²)", parts=("loss",), levels={"noise": 0.01}
    )
    return figure(
        drawn, name="fig-swing-fits", alt=said,
        caption="Training losses of autoencoders with a code of three numbers; dotted, the "
        "variance of the measuring error.",
    )  # fmt: skip


def chosen():
    """Return the recorded rows of each method at the learning rate that was chosen."""
    table = recorded.load("series_codes")
    seeds = table.groupby(["method", "learning_rate"])["seed"].nunique()
    rates = {method: rows.idxmax()[1] for method, rows in seeds.groupby("method")}
    rate = table["method"].map(rates)
    return table[table["learning_rate"].isna() | (table["learning_rate"] == rate)]


def medians(column="test"):
    """Return recorded medians over seeds: a row for each size of the code, a column a method."""
    rows = chosen().query("latent_dim <= 8 and method in @METHODS")
    wide = rows.pivot_table(index="latent_dim", columns="method", values=column, aggfunc="median")
    return wide[list(METHODS)]


def errors():
    """Show the recorded errors of principal axes and networks against the size of the code."""
    table, middle = chosen(), medians()
    fit = table.loc[table["method"] == "fit", "test"].item()
    drawn, axes = new_figure(height=3.2)
    said = []
    for method, (form, colour) in METHODS.items():
        found = middle[method].dropna()
        axes.semilogy(found, form, color=colour, label=method, markersize=4)
        seeds = table[(table["method"] == method) & table["latent_dim"].isin(found.index)]
        axes.semilogy(seeds["latent_dim"], seeds["test"], "_", color=colour, markersize=9)
        pairs = (f"{error:.4f} with {size}" for size, error in found.items())
        said.append(f"{method} {', '.join(pairs)}")
    axes.axhline(fit, color="black", linewidth=1, label="fit of a swing")
    axes.set(xlabel="numbers in the code", ylabel="normalised error")
    axes.set_yticks(TICKS, map(str, TICKS))
    axes.legend()
    return figure(
        drawn, name="fig-swing-errors",
        caption="Squared error against the true motion, over the motion's mean square, on windows "
        "that no method has seen (recorded runs): five seeds with three numbers and, for the dense "
        "network, with four, and their median; else one seed.",
        alt=f"Falling curves over {counted(len(middle), 'size')} of a code. Errors: "
        f"{'; '.join(said)}. The fit has {fit:.4f}.",
    )  # fmt: skip


def codes(codes, drive_rad_per_s, decode):
    """Move a code of three numbers and see the window that is decoded.

    Args:
        codes: Of windows, `(windows, 3)`; with other sizes the further numbers stay at their mean.
        drive_rad_per_s: Their frequencies.
        decode: Makes windows `(codes, time, 1)` of codes.
    """
    mean, spread = codes.mean(axis=0), codes.std(axis=0)
    moved = min(3, codes.shape[1])
    grid = np.stack(np.meshgrid(*[PLACES] * moved, indexing="ij"), axis=-1).reshape(-1, moved)
    every = np.tile(mean, (len(grid), 1)).astype("float32")
    every[:, :moved] += grid * spread[:moved]
    decoded = np.asarray(decode(every))[..., 0]
    found = {tuple(place): window for place, window in zip(grid, decoded, strict=True)}
    rates = np.linspace(0.3, 1.8, 151)

    def look(first, second, third):
        window = found[(first, second, third)[:moved]]
        time_s = STEP_S * np.arange(len(window))
        waves = np.exp(1j * np.outer(rates, time_s))
        return time_s, window, rates[np.argmax(np.abs(waves @ (window - window.mean())))]

    def draw(first, second, third):
        drawn, (left, right) = new_figure(1, 2, height=2.8)
        shown = left.scatter(
            *codes[:, :2].T if codes.shape[1] > 1 else (codes[:, 0], 0 * codes[:, 0]),
            c=drive_rad_per_s, s=4, cmap="viridis",
        )  # fmt: skip
        drawn.colorbar(shown, ax=left, label="frequency (rad/s)")
        place = mean[:2] + spread[:2] * np.array([first, second])[: len(mean[:2])]
        left.plot(*(place if len(place) > 1 else (*place, 0)), "X", color="red", markersize=10)
        left.set(xlabel="first number", ylabel="second number")
        time_s, window, rate = look(first, second, third)
        right.plot(time_s, window, "o-", markersize=3)
        right.set(xlabel="time (s)", ylabel="position (m)", ylim=(-5, 5))
        right.set_title(f"strongest at {rate:.2f} rad/s")
        return drawn

    def describe(first, second, third):
        _, window, rate = look(first, second, third)
        return (
            f"The decoded window lies between {window.min():.2f} and {window.max():.2f} m, begins "
            f"with {window[0]:.2f} m and is strongest at {rate:.2f} rad/s."
        )

    return explore(
        draw, alt=describe, name="swing-codes",
        caption="Left: codes of unseen windows, coloured by the frequency, and a code that you "
        "move. Right: the window that the decoder makes of it. The sliders count in standard "
        "deviations.",
        first=[-1.5, -0.75, 0, 0.75, 1.5], second=[-1.5, -0.75, 0, 0.75, 1.5],
        third=[-1.5, 0, 1.5], start={"first": 0.75, "second": 0, "third": 0},
        labels={"first": "first number", "second": "second number", "third": "third number"},
    )  # fmt: skip


def kicks():
    """Show how well several scores find a kick (recorded runs)."""
    table = chosen()
    rows = {
        "fit of a swing": table["method"] == "fit",
        "planes of neighbours": table["method"] == "planes",
        "mixture of Gaussians": table["method"] == "mixture",
        "forecast by AR(16)": (table["method"] == "forecast") & (table["latent_dim"] == 16),
        "PCA, 9 numbers": (table["method"] == "PCA") & (table["latent_dim"] == 9),
        "PCA, 3 numbers": (table["method"] == "PCA") & (table["latent_dim"] == 3),
    }
    for method in ("dense", "convolutional", "recurrent"):
        rows[f"{method}, 3 numbers"] = (table["method"] == method) & (table["latent_dim"] == 3)
    drawn, axes = new_figure(height=3.2)
    said = []
    for place, (name, which) in enumerate(rows.items()):
        found = table.loc[which, "kick"]
        trained = len(found) > 1  # from several seeds
        axes.plot(found, [place] * len(found), "o", color=COLOURS[trained], markersize=5)
        said.append(f"{name} {span(found.min(), found.max())}")
    axes.axvline(0.5, color="black", linewidth=1, linestyle=":", label="chance")
    axes.set(xlabel="AUC", xlim=(0.45, 1.01), ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(range(len(rows)), rows)
    axes.legend(loc="lower right")
    return figure(
        drawn, name="fig-swing-kicks",
        caption="How well a residual tells kicked windows from others: networks over five seeds "
        "(recorded runs).",
        alt=f"Dots in rows. AUC: {'; '.join(said)}.",
    )  # fmt: skip
