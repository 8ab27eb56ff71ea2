"""Train networks, one or many at a time; results are tidy rows."""

from lectures_lib.training.one import evaluate, fit

__all__ = ["evaluate", "fit"]
