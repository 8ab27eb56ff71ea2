"""Figures of the chapter on tuning."""

from lectures_lib import recorded
from lectures_lib.explore import source_of
from lectures_lib.plots import use_style

__all__ = ["edge_of_stability"]

VALUES = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]

use_style()


def recorded_map():
    """Return the mean validation accuracies of the recorded grid, None where a seed is lost."""
    runs = recorded.load("digits_grid").query("largest_value == 1")
    cells = runs.groupby(["learning_rate", "l2"])
    means = cells["validation"].mean().round(3)
    table = means.where(cells["diverged"].count() == 0).unstack("l2")
    return {
        "learning_rate": table.index.tolist(),
        "l2": table.columns.tolist(),
        "accuracy": table.astype(object).where(table.notna(), None).to_numpy().tolist(),
        "what": f"100 epochs, mean of {runs['seed'].nunique()} seeds",
    }


def edge_of_stability(digits):
    """Let the reader train at any learning rate and penalty, and change both during a run."""
    from lectures_lib.models import digits_cnn  # TensorFlow, which the first figures do not need
    from lectures_lib.playground.training import train

    return train(
        digits_cnn, digits, name="edge-of-stability", kind="pad", epochs=30,
        caption="Learning rate and penalty under your finger: each release trains 30 epochs and "
        "leaves a dot with its validation accuracy; or it changes both while the network trains.",
        source=source_of(edge_of_stability), more={"recorded": recorded_map()},
        labels={"learning_rate": "learning rate η", "l2": "penalty λ"},
        start={"learning_rate": 0.1, "l2": 1e-3},
        learning_rate=VALUES, l2=VALUES, seed=list(range(5)),
    )  # fmt: skip
