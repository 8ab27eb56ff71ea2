"""Marks for an answer, whatever names the notebook around it uses; and inputs written as code."""

import hashlib
import importlib
import math

import numpy as np

from lectures_lib.exercises import case, cases, compare, running, trained

__all__ = ["fingerprint", "literal", "marks"]

LONGEST = 60  # numbers that are written out; longer inputs are drawn again


def marks(answer, *, points, whole, tests):
    """Return the points of an answer.

    Args:
        answer: What a student wrote: a function, or a trained model.
        points: For an answer that is right.
        whole: Give all of them or none; else a share.
        tests: Function of NumPy, `Case` and `draw` that returns the cases.

    >>> marks(lambda n: n, points=2, whole=False, tests=lambda np, Case, draw: [Case(3, {"n": 3})])
    2.0
    """
    for module in (running, trained, compare):  # an answer may have replaced parts of them
        importlib.reload(module)
    drawn = tests(np, case.Case, draw)
    return round(points * compare.share(answer, drawn, whole=whole), 2)


def draw(exercise, seed, number, wanted):
    """Draw a case again; `wanted` is the fingerprint of what its seed decides.

    Raises ValueError if that is other than when the assignment was written.
    """
    again = cases(exercise, seed)[number]
    if fingerprint(again.drawn) != wanted:
        raise ValueError(
            f"The check of {exercise} draws other inputs than when this assignment was written. "
            "Install the version of the course's package that wrote it, and mark again."
        )
    return again


def fingerprint(given):
    """Return a short text that differs when inputs do; functions count as equal.

    >>> fingerprint({"x": np.array([1.0, 2.0])}) == fingerprint({"x": (1.0, 2.0)})
    True
    """
    plain = {key: _plain(value) for key, value in given.items()}
    return hashlib.sha256(repr(plain).encode()).hexdigest()[:16]


def _plain(value):
    if callable(value):
        return "function"
    array = np.asarray(value)
    if array.dtype.kind in "iuf":
        return array.shape, array.astype(float).tobytes()  # text of many numbers is slow to write
    return array.tolist()


def literal(value):
    """Return code for a number, a text, or a short sequence or array of them; None for the rest.

    >>> literal({"no": "data"}), literal((3, np.float64("nan"))), literal(np.zeros((0, 2), int))
    (None, '(3, np.float64(np.nan),)', "np.array([], dtype='int64').reshape((0, 2))")
    """
    if isinstance(value, np.ndarray):
        inner = literal(value.tolist()) if value.size <= LONGEST else None
        shape = "" if value.size else f".reshape({value.shape})"
        inner = "[]" if shape else inner
        return inner and f"np.array({inner}, dtype={value.dtype.name!r}){shape}"
    if isinstance(value, np.generic):
        inner = literal(value.item())
        return f"np.{value.dtype.name}({inner})" if value.dtype.kind in "iuf" else inner
    if isinstance(value, (list, tuple)):
        parts = [literal(item) for item in value]
        if None in parts:
            return None
        return f"[{', '.join(parts)}]" if isinstance(value, list) else f"({', '.join(parts)},)"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{'-' if value < 0 else ''}np.{'nan' if math.isnan(value) else 'inf'}"
    return repr(value) if isinstance(value, (bool, int, float, str)) else None
