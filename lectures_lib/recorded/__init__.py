"""Results of long runs: small tables and trained weights, with the command that made each.

The first lines of a table, which begin with `#`, hold that command and the versions it ran with;
weights have them as the entry `header`. The programs are in the folder `recipes` of the repository.
"""

import os
from importlib import resources

import numpy as np

from lectures_lib.keras_settings import differing, sentences

__all__ = ["compare", "load", "names", "weights"]


def names(*, kind="csv"):
    """Return the sorted names of the recorded tables, or of the weights with `kind="npz"`.

    >>> "digits_seeds" in names(), "cifar10_lecture" in names(kind="npz")
    (True, True)
    """
    files = (file.name for file in resources.files(__name__).iterdir())
    return sorted(name.removesuffix(f".{kind}") for name in files if name.endswith(f".{kind}"))


def load(name):
    """Read the recorded result `name`.

    Args:
        name: One of `names()`.

    Returns:
        A pandas DataFrame with one row per run (or per epoch of a set of runs). Accuracies go from
        0 to 1; the loss of a diverged run is `nan`.

    Raises:
        ValueError: If there is no such result; the text lists those that exist.

    >>> load("digits_seeds").columns.tolist()
    ['model', 'seed', 'parameters', 'train', 'validation', 'test']
    """
    import pandas as pd

    with _open(name, "csv") as file:
        return pd.read_csv(file, comment="#")


def weights(name):
    """Read the trained weights `name`.

    Args:
        name: One of `names(kind="npz")`.

    Returns:
        The list of arrays for `set_weights` of the Keras model. (Where a recipe trained several
        networks, its docstring tells their order.)

    Raises:
        ValueError: If there are no such weights; the text lists those that exist.

    >>> sum(values.size for values in weights("cifar10_lecture"))
    122570
    """
    with _open(name, "npz") as file, np.load(file) as arrays:
        return [arrays[f"arr_{i}"] for i in range(len(arrays.files) - 1)]  # without the header


def compare(what, yours, *, recorded, within):
    """Print what a recorded run gave beside what this run gives, for instance after a change.

    Where the site is built and tested (the environment variable `LECTURES_VIEW` is `page`) nothing
    has been changed, and the two must agree.

    Args:
        what: The quantity, with its unit if it has one.
        yours: Its value in this run.
        recorded: Its value in the recorded run, with the digits to be shown.
        within: How far runs on different machines may lie apart.

    Raises:
        ValueError: Where the site is built, if they lie farther apart.

    >>> compare("test accuracy", 0.91, recorded=0.964, within=0.02)
    test accuracy: recorded run 0.964, yours 0.910
    """
    digits = len(str(recorded).partition(".")[2])
    line = f"{what}: recorded run {recorded}, yours {yours:.{digits}f}"
    if os.environ.get("LECTURES_VIEW") == "page" and not abs(yours - recorded) <= within:
        raise ValueError(f"{line}, more than {within} apart. Correct the text, or the code.")
    print(line, *sentences(differing()), sep="\n")  # noqa: T201, the reader sees it below the cell


def _open(name, kind):
    if name not in names(kind=kind):
        raise ValueError(
            f"There is no recorded {name!r}. Pass one of: {', '.join(names(kind=kind))}. "
            "New ones are made with python -m recipes."
        )
    return resources.files(__name__).joinpath(f"{name}.{kind}").open("rb")
