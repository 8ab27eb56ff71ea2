"""Grids of configurations, for many networks at once and for many runs."""

import itertools
import reprlib
from collections.abc import Iterable, Mapping

import pandas as pd

__all__ = ["configurations_of", "names_of", "text_of"]


def configurations_of(grid):
    """Return the configurations of a grid, in order, as a list of dictionaries."""
    need = 'A grid is {"name": [value, ...], ...}, or a list of such dictionaries.'
    if isinstance(grid, str) or not isinstance(grid, Iterable):
        raise ValueError(f"grid={reprlib.repr(grid)} is not a grid. {need}")
    configurations = []
    for part in [grid] if isinstance(grid, Mapping) else grid:
        if not isinstance(part, Mapping):
            raise ValueError(
                f"The grid contains {reprlib.repr(part)}, which is not a dictionary. {need}"
            )
        single = {name: value for name, value in part.items() if not _is_list(value)}
        if part is not grid and len(single) == len(part):
            configurations.append(single)
        elif single:
            name, value = next(iter(single.items()))
            raise ValueError(
                f"The grid has {name}={value!r}, which is not a list of values. {need} "
                f"Write {name!r}: [{value!r}] for this one value."
            )
        else:  # ParameterGrid of scikit-learn would sort the names
            product = itertools.product(*part.values())
            configurations += [dict(zip(part, values, strict=True)) for values in product]
    if not configurations or {} in configurations:
        raise ValueError(f"grid={reprlib.repr(grid)} has no configuration, or an empty one. {need}")
    return configurations


def _is_list(value):
    return pd.api.types.is_list_like(value, allow_sets=False) and not isinstance(value, Mapping)


def names_of(configurations):
    """Return the names of all configurations, each once."""
    return list(dict.fromkeys(name for configuration in configurations for name in configuration))


def text_of(configuration):
    """Return a configuration as people read it: `a=1, b='x'`."""
    return ", ".join(f"{name}={value!r}" for name, value in configuration.items())
