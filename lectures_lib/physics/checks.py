"""What the systems refuse, and how they say that a solution was not reached."""

import math
import numbers

__all__ = ["ConvergenceError", "require_finite"]


class ConvergenceError(RuntimeError):
    """A solution was not reached; the text says how far it came and what to change."""


def require_finite(**values):
    """Raise ValueError for the first value that is not a finite number."""
    for name, value in values.items():
        if not isinstance(value, numbers.Real) or not math.isfinite(value):
            raise ValueError(f"{name}={value!r}, but it must be a finite number.")
