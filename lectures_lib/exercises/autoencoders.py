"""Checks of the chapters on autoencoders."""

import itertools

import numpy as np

from lectures_lib.exercises import (
    Case,
    autoencoders_anomalies,
    autoencoders_denoising,
    autoencoders_series,
    autoencoders_trained,
    exercise,
    variational_trained,
)

# Their checks.
__all__ = [
    "autoencoders_anomalies", "autoencoders_denoising", "autoencoders_series",
    "autoencoders_trained", "variational_trained",
]  # fmt: skip


@exercise("autoencoders-axes-needed", chapter="autoencoders/linear_and_pca")
def _axes_needed(rng):
    drawn = np.sort(rng.exponential(size=rng.integers(6, 12)))[::-1].round(3).tolist()
    for variances, share in [
        ([0.64, 0.18, 0.01], 0.05),
        ([4.0, 3.0, 2.0, 1.0], 0.35),
        ([4.0, 3.0, 2.0, 1.0], 0.05),
        ([30.0, 5.0, 3.0, 1.0, 1.0, 0.5], 0.08),
        ([5.0, 1.0], 0.9),
        ([5.0, 1.0], 1.0),
        (np.geomspace(1, 1e-3, 12), 0.0),
        (drawn, rng.uniform(0.03, 0.4)),
    ]:
        axes = 1
        while sum(variances[axes:]) > share * sum(variances):
            axes += 1
        yield Case(
            axes,
            {"variances": np.array(variances), "share": share},
            hint="Variances are squares already.",
            mistakes={"This is the index of the last axis; their number is one more.": axes - 1},
        )


@exercise("autoencoders-stacked-weights", chapter="autoencoders/stacked")
def _stacked_weights(rng):
    drawn = tuple(rng.integers(2, 60, size=3).tolist())
    for sizes in [(784, 100, 30), (3, 2), (10, 40, 7, 5), drawn]:
        for tied in (False, True):
            # One matrix with a row of biases after another, down and up again.
            layers = [*sizes, *sizes[-2::-1]]
            count = sum(np.ones((n + 1, m)).sum() for n, m in itertools.pairwise(layers))
            shared = sum(np.ones((n, m)).sum() for n, m in itertools.pairwise(sizes))
            yield Case(
                count - tied * shared,
                {"sizes": sizes, "tied": tied},
                hint="Two kernels for each pair of neighbours, or one if tied; biases both ways.",
                mistakes={
                    "Tied layers share kernels; each has biases of its own.": count // 2,
                    "The biases are missing.": (2 - tied) * shared,
                },
            )


@exercise("autoencoders-stable-cross-entropy", chapter="autoencoders/stacked")
def _stable_cross_entropy(rng):
    for z, x in [
        (rng.normal(scale=3, size=(2, 3)), rng.uniform(size=(2, 3))),
        (np.array([1000.0, 1000.0, -1000.0, 40.0]), np.array([0.25, 1.0, 0.75, 0.0])),
        (np.array([-800.0, -40.0, 0.0]), np.array([0.0, 0.9, 0.3])),
    ]:
        # -ln sigmoid(z) is the logarithm of 1 + exp(-z).
        losses = x * np.logaddexp(0, -z) + (1 - x) * np.logaddexp(0, z)
        yield Case(
            losses,
            {"z": z, "x": x},
            hint="One loss for each pixel; finite also at z = ±1000, where exp overflows.",
            finite=True,
            mistakes={
                "This is the mean; return the loss of each pixel.": losses.mean(),
                "The term ln(1 + exp(-|z|)) is missing.": np.maximum(z, 0) - z * x,
            },
        )


@exercise("autoencoders-best-estimate", chapter="autoencoders/denoising")
def _best_estimate(rng):
    weights = rng.uniform(0.2, 1, size=4)
    for values, probabilities, sigma in [
        ((-1.0, 1.0), (0.5, 0.5), 0.7),
        ((0.0, 1.0, 3.0), (0.6, 0.3, 0.1), 0.8),
        (np.sort(rng.uniform(0, 8, size=4)), weights / weights.sum(), rng.uniform(0.6, 1.5)),
    ]:
        y = np.linspace(min(values) - 1, max(values) + 0.7, 5)
        densities = [
            [p / sigma * np.exp(-(((a - v) / sigma) ** 2) / 2)
             for v, p in zip(values, probabilities, strict=True)]
            for a in y
        ]  # fmt: skip
        # The mean of x is where the expected squared error has its minimum.
        best = [np.polyfit(values, values, 0, w=np.sqrt(d))[0] for d in densities]
        yield Case(
            best,
            {"y": y, "values": np.array(values), "probabilities": np.array(probabilities),
             "sigma": sigma},
            hint="Each value counts by its own probability times the likelihood of y, normalised.",
        )  # fmt: skip


@exercise("autoencoders-axes-under-noise", chapter="autoencoders/denoising")
def _axes_under_noise(rng):
    drawn = np.sort(rng.exponential(size=rng.integers(5, 9)))[::-1].round(3).tolist()
    for variances, sigma in [
        ([4.0, 1.0, 0.3, 0.2, 0.04], 0.5),
        ([4.0, 1.0, 0.3, 0.2, 0.04], 0.7),
        ([9.0, 5.0, 4.0, 1.5], 2.0001),
        ([0.5, 0.1], 1.0),
        ([3.0, 2.0, 1.0], 0.1),
        (drawn, rng.uniform(0.5, 1.2)),
    ]:
        lost = [sum(variances[k:]) + k * sigma**2 for k in range(len(variances) + 1)]
        yield Case(
            [int(np.argmin(lost)), min(lost)],
            {"variances": np.array(variances), "sigma": sigma},
            tolerance=1e-9,
            hint="An axis kept brings sigma² of noise, an axis left out loses its variance.",
        )


def _counts(kernel_size, stride):
    """Count the kernels over each place of a long row, from 40 inputs; far from its ends."""
    counts = np.zeros(40 * stride + kernel_size, int)
    for i in range(40):
        counts[i * stride : i * stride + kernel_size] += 1
    return counts[15 * stride : 25 * stride]


@exercise("autoencoders-flat-kernel", chapter="autoencoders/convolutional")
def _flat_kernel(rng):
    inputs, step, blocks = rng.integers([3, 2, 1], [9, 5, 4]).tolist()
    flat = (inputs - 1 + blocks) * step
    hint = "The last kernel begins at (size - 1) * stride; all counts must be equal, not 0."
    for size, target, stride in [
        (7, 28, 4),
        (7, 15, 2),
        (5, 18, 3),
        (6, 11, 2),
        (9, 8, 1),
        (5, 15, 3),
        (5, 2, 2),
        (inputs, flat, step),
        (inputs, flat + 1, step),
    ]:
        sizes = [k for k in range(1, target + 1) if (size - 1) * stride + k == target]
        even = [k for k in sizes if np.ptp(_counts(k, stride)) == 0 and _counts(k, stride)[0] > 0]
        given = {"size": size, "target": target, "stride": stride}
        yield Case(even[0] if even else 0, given, hint=hint)


@exercise("autoencoders-chain-blocks", chapter="autoencoders/convolutional")
def _chain_blocks(rng):
    drawn = rng.uniform(0.2, 0.9), int(rng.integers(3, 8))
    for c, b in [(0.0, 3), (1.0, 4), (0.6, 1), (0.6, 2), (-0.5, 4), drawn]:
        error = 0.0
        for block in itertools.product([-1, 1], repeat=b):
            pairs = [(1 + c * s * t) / 2 for s, t in itertools.pairwise(block)]
            error += 0.5 * np.prod(pairs) * np.var(block)  # probability times loss
        yield Case(
            error,
            {"c": c, "b": b},
            hint="All b * b pairs count, also a spin with itself; divide by their number.",
        )


@exercise("autoencoders-bound-and-gap", chapter="autoencoders/variational")
def _bound_and_gap(rng):
    drawn = [(*rng.dirichlet(np.ones(n), size=2), rng.uniform(0.01, 0.3, size=n)) for n in (2, 5)]
    tight = np.array([0.5, 0.5]), np.array([0.25, 0.75]), np.array([0.1, 0.3])
    for prior, q, likelihood in [tight, *drawn]:
        evidence = prior @ likelihood
        gap = sum(q * (np.log(q) - np.log(prior * likelihood / evidence)))
        yield Case(
            [np.log(evidence) - gap, gap],
            {"prior": prior, "likelihood": likelihood, "q": q},
            hint="The bound first. The gap is ln p(x) minus the bound, and never negative.",
        )
