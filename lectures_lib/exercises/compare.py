"""Compare an answer with the cases of a check; say what is wrong in one sentence."""

import contextlib
import copy
import io
import re
import traceback
import warnings
from dataclasses import dataclass
from numbers import Real

import numpy as np

__all__ = ["Case", "problem", "share"]

# What Python says of a call whose arguments have other names, or another number.
CALL = re.compile(r"unexpected keyword argument|missing \d+ required|takes \d+ positional")


@dataclass(frozen=True)
class Case:
    """One question put to an answer, and the value it should give.

    `given` holds the keyword arguments of the function that is the answer.
    `tolerance` is relative and absolute; `hint` says what a wrong value may come from.
    With `finite`, an overflow or a division by zero on the way to the value is an error too.
    A case that does not `count` costs marks when it is wrong and earns none when it is right: an
    edge that a wrong idea meets by chance, or one whose value the check has shown.
    """

    expected: object
    given: dict
    tolerance: float = 1e-6
    hint: str = ""
    finite: bool = False
    counts: bool = True


def share(answer, cases, *, whole=False):
    """Return what an answer deserves, from 0 to 1, and print what is wrong.

    That is the share of right cases among those that count, times that among the others.
    Nothing that the answer prints, warns of or raises gets out. With `whole` it is 1 or 0.

    >>> share(lambda x: 2 * x, [Case(2.0, {"x": 1}), Case(9.0, {"x": 3})])
    Not yet: for x=3 the function gives 6, expected 9.
    0.5
    """
    right, wrong = {True: [], False: []}, []
    for case in cases:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            with contextlib.redirect_stdout(io.StringIO()):
                wrong.append(problem(case, answer))
        right[case.counts].append(not wrong[-1])
    for sentence in dict.fromkeys(filter(None, wrong)):
        print(f"Not yet: {sentence}")
    if whole:
        return float(not any(wrong))
    return float(np.prod([sum(group) / len(group) for group in right.values() if group]))


def problem(case, answer):
    """Return what is wrong with one case in a sentence, or an empty string; never raise."""
    call = ", ".join(f"{key}={_short(value)}" for key, value in case.given.items())
    try:
        return _problem(case, answer, f"for {call} the function")
    except (Exception, SystemExit) as error:
        said = traceback.format_exception_only(error)[-1].strip().removesuffix(".")
        names = isinstance(error, TypeError) and CALL.search(said)
        more = " Keep the names of the arguments." if names else ""
        return f"for {call} the function raised {said}.{more}"


def _problem(case, answer, where):
    if not callable(answer):
        return f"{_short(answer)} is not a function. Pass the function itself, without calling it."
    value = _called(answer, copy.deepcopy(case.given), case.finite)
    if value is ...:
        return "nothing is filled in yet. Write your answer in the cell above and run both cells."
    if value is None:
        return f"{where} returns nothing. End it with return and the result."
    problem = _difference(value, case)
    return f"{where} gives {problem} {case.hint}".strip() if problem else ""


def _called(answer, given, finite):
    """Call an answer in a frame that does not hold what it should give."""
    with np.errstate(**(dict.fromkeys(("over", "divide", "invalid"), "raise") if finite else {})):
        return answer(**given)


def _difference(value, case):
    expected = np.asarray(case.expected, dtype=float)
    what = "a number" if expected.ndim == 0 else "an array of numbers"
    found = _numbers(value)
    if found is None:
        return f"{_short(value)}, which is not {what}."
    if found.dtype.kind == "c":
        return f"{_short(value)}, which is complex; it must be real."
    if found.shape != expected.shape:
        wanted = f"an array of shape {expected.shape}" if expected.ndim else "a single number"
        had = f"an array of shape {found.shape}" if found.ndim else "a single number"
        return f"{had}; it must be {wanted}."
    with np.errstate(invalid="ignore"):  # operators: an answer may replace np.isclose
        slack = case.tolerance * (1 + abs(expected))
        near = np.isfinite(expected) & (abs(found - expected) <= slack)
        close = (found == expected) | near
    if close.all():
        return ""
    if expected.ndim == 0:
        return f"{_short(value)}, expected {_short(case.expected)}."
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    return (
        f"{_short(float(found[first]))} at index {first}, "
        f"expected {_short(float(expected[first]))}."
    )


def _numbers(value):
    """Return an array of numbers, or None for what only looks like one: text, truth, dates."""
    if isinstance(value, np.ma.MaskedArray):
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # parts of different shapes
        return None
    if array.dtype.kind == "O" and all(isinstance(item, Real) for item in array.flat):
        return array.astype(float)  # fractions
    if array.dtype.kind == "c":
        return array
    return array.astype(float) if array.dtype.kind in "iuf" else None


def _short(value):
    """Write a value in a few words: large arrays by their shape."""
    try:
        array = np.asarray(value) if isinstance(value, (list, tuple, np.ndarray)) else None
    except ValueError:  # parts of different shapes
        return f"a {type(value).__name__} of {len(value)} parts of different shapes"
    if array is not None and array.size > 12:
        return f"<array of shape {array.shape}>"
    if array is not None:
        return np.array2string(array, precision=4, separator=", ").replace("\n", "")
    if callable(value):
        return f"<function {getattr(value, '__name__', '')}>"
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    return str(value.item()) if isinstance(value, np.generic) else repr(value)
