"""Refuse settings that no network can have."""

from numbers import Integral

__all__ = ["check_rates", "check_sizes"]


def check_sizes(**sizes):
    """Raise ValueError for the first size that is not a positive integer."""
    for name, size in sizes.items():
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            raise ValueError(
                f"{name}={size!r} is not a number of units, steps or pixels. "
                f"Pass {name} as a positive integer, 1 or more."
            )


def check_rates(*, l2, learning_rate):
    """Raise ValueError for a negative penalty or a learning rate that is not positive."""
    if not l2 >= 0:
        raise ValueError(f"l2={l2} would reward large weights. Pass l2=0 (no penalty) or more.")
    if not learning_rate > 0:
        raise ValueError(
            f"learning_rate={learning_rate} does not descend. Pass a learning_rate above 0."
        )
