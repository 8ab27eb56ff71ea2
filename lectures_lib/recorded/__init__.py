"""Results of long runs, kept as small CSV files beside the command that recreates each of them.

The first lines of a file, which begin with `#`, hold that command and the versions it ran with;
`lectures_lib.recorded.make` is the program.
"""

from importlib import resources

__all__ = ["load", "names"]


def names():
    """Return the sorted names of the recorded results, as a list.

    >>> "digits_seeds" in names()
    True
    """
    files = (file.name for file in resources.files(__name__).iterdir())
    return sorted(name.removesuffix(".csv") for name in files if name.endswith(".csv"))


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
    if name not in names():
        raise ValueError(
            f"There is no recorded result {name!r}. Pass one of: {', '.join(names())}. "
            "New results are made with python -m lectures_lib.recorded.make."
        )
    import pandas as pd

    with resources.files(__name__).joinpath(f"{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#")
