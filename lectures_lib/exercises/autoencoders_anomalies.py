"""Checks of the chapter on anomalies."""

import numpy as np

from lectures_lib.exercises import Case, Trained, exercise

KNOWN = range(2, 10)  # digits that are shown; 0 and 1 never are


def real_share(normal, strange, threshold, strange_share):
    """Return the share of alarms above a threshold that are real.

    >>> real_share(np.array([0, 1, 2, 3]), np.array([1, 3]), 2, 0.5)
    0.6666666666666666
    """
    real = strange_share * np.mean(strange > threshold)
    return float(real / (real + (1 - strange_share) * np.mean(normal > threshold)))


@exercise("autoencoders-real-alarms", chapter="autoencoders/anomalies")
def _real_alarms(rng):
    for count, false_share, strange_share in [
        (100, 0.105, 0.01),
        (200, 0.0126, 1e-4),
        (50, 0.21, 0.5),
        (int(rng.integers(60, 300)), rng.uniform(0.03, 0.3), rng.uniform(0.001, 0.1)),
    ]:
        normal, strange = rng.normal(size=count), rng.normal(2, 1, size=90)
        # Lower the threshold from one normal score to the next, as long as few lie above.
        threshold = normal.max()
        for score in sorted(normal, reverse=True):
            if sum(normal > score) <= false_share * count:
                threshold = score
        yield Case(
            real_share(normal, strange, threshold, strange_share),
            {
                "normal": normal, "strange": strange, "false_share": false_share,
                "strange_share": strange_share,
            },
            hint="Of many events, how many are strange and above the threshold, and how many are "
            "normal and above it?",
            mistakes={
                "This takes as many strange events as normal ones for granted.":
                    real_share(normal, strange, threshold, 0.5)
                    if strange_share != 0.5 else np.nan,
                "This is the share of strange events that are found.": np.mean(strange > threshold),
                "np.quantile goes between two scores; the threshold is one of the normal scores.":
                    real_share(
                        normal, strange, np.quantile(normal, 1 - false_share), strange_share
                    ),
            },
        )  # fmt: skip


def both_found(outputs, labels):
    """Return the smaller AUC of those of zeros and of ones, among normal pictures.

    >>> both_found(np.array([[0.0], [2.0], [1.0], [2.0], [3.0]]), np.array([2, 9, 0, 0, 1]))
    0.625
    """
    from sklearn.metrics import roc_auc_score  # slow to import

    aucs = []
    for digit in (0, 1):
        judged = np.isin(labels, [*KNOWN, digit])
        aucs.append(roc_auc_score(labels[judged] == digit, outputs[judged, 0]))
    return float(min(aucs))


@exercise("autoencoders-never-shown", chapter="autoencoders/anomalies")
def _never_shown(rng):
    from lectures_lib.data import load_mnist

    mnist = load_mnist()
    parts = (mnist.train, mnist.validation, mnist.test)
    images = np.concatenate([part.inputs for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    known = rng.permutation(np.flatnonzero(np.isin(labels, KNOWN)))
    shown, hidden = known[:3000], known[3000:]
    hidden = np.concatenate([hidden, np.flatnonzero(~np.isin(labels, KNOWN))])
    yield Trained(
        {"images": images[shown], "labels": labels[shown]},
        images[hidden],
        labels[hidden],
        on="pictures, of which half show a digit that it has not seen",
        threshold=0.85,
        baseline=0.72,  # the distance of the ink from its mean has 0.68
        output_shape=(1,),
        score=both_found,
        score_name="smaller AUC",
        bands=(
            (
                0.5,
                "For one of the two digits that is worse than a coin, as are the error of an "
                "autoencoder, the amount of ink, and every score with the wrong sign.",
            ),
            (
                0.72,
                "One of the two digits is missed. What do the labels of the normal pictures teach?",
            ),
            (1.0, "Nearly: train the network that knows the labels for longer, or with dropout."),
        ),
    )
