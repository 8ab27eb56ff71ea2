"""Compare an answer with the cases of a check; say what is wrong in one sentence."""

import contextlib
import io
import warnings
from dataclasses import dataclass

import numpy as np

__all__ = ["Case", "problem", "share"]


@dataclass(frozen=True)
class Case:
    """One question put to an answer, and the value it should give.

    `given` holds the keyword arguments of a function, or is None for an answer that is a value.
    `tolerance` is relative and absolute; `hint` says what a wrong value may come from.
    With `finite`, an overflow or a division by zero on the way to the value is an error too.
    """

    expected: object
    given: dict | None = None
    tolerance: float = 1e-6
    hint: str = ""
    finite: bool = False


def share(answer, cases, *, whole=False):
    """Return the share of cases that an answer gets right, and print what is wrong with the others.

    Nothing that the answer prints, warns of or raises gets out. With `whole` the share is 1 or 0.

    >>> share(abs, [Case(2.0), Case(3.0)])
    Not yet: your answer is <function abs>, which is not a number.
    0.0
    >>> share(lambda x: 2 * x, [Case(2.0, {"x": 1}), Case(9.0, {"x": 3})])
    Not yet: for x=3 the function gives 6, expected 9.
    0.5
    """
    found = []
    for case in cases:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            with contextlib.redirect_stdout(io.StringIO()):
                try:
                    found.append(problem(case, answer))
                except SystemExit:
                    found.append("the function ended the program.")
    wrong = [sentence for sentence in found if sentence]
    for sentence in dict.fromkeys(wrong):
        print(f"Not yet: {sentence}")
    return float(not wrong) if whole else 1 - len(wrong) / len(found)


def problem(case, answer):
    """Return what is wrong with one case in a sentence, or an empty string."""
    if case.given is None:
        where, value = "your answer is", answer
    elif not callable(answer):
        return f"{answer!r} is not a function. Pass the function itself, without calling it."
    else:
        call = ", ".join(f"{key}={_short(value)}" for key, value in case.given.items())
        where = f"for {call} the function gives"
        floats = dict.fromkeys(("over", "divide", "invalid"), "raise") if case.finite else {}
        try:
            with np.errstate(**floats):
                value = answer(**{key: _copy(item) for key, item in case.given.items()})
        except Exception as error:
            names = " Keep the names of the arguments." if isinstance(error, TypeError) else ""
            return f"for {call} the function raised {type(error).__name__}: {error}.{names}"
    if value is None or value is ...:
        return "nothing is filled in yet. Write your answer in the cell above and run both cells."
    problem = _difference(where, value, case)
    return f"{problem} {case.hint}".strip() if problem else ""


def _difference(where, value, case):
    if isinstance(case.expected, str):
        same = type(value) is str and value.strip().lower() == case.expected
        return "" if same else f"{where} {_short(value)}, not the right word."
    number = isinstance(value, (int, float, list, tuple)) or hasattr(value, "__array__")
    try:
        found = np.asarray(value, dtype=float) if number else None
    except (TypeError, ValueError):
        found = None
    expected = np.asarray(case.expected, dtype=float)
    if found is None or isinstance(value, bool):
        what = "a number" if expected.ndim == 0 else "an array of numbers"
        return f"{where} {_short(value)}, which is not {what}."
    if found.shape != expected.shape:
        return f"{where} an array of shape {found.shape}; it must be {expected.shape}."
    close = np.isclose(found, expected, rtol=case.tolerance, atol=case.tolerance)
    if close.all():
        return ""
    if expected.ndim == 0:
        return f"{where} {_short(value)}, expected {_short(case.expected)}."
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    return (
        f"{where} {_short(float(found[first]))} at index {first}, "
        f"expected {_short(float(expected[first]))}."
    )


def _copy(value):
    return value.copy() if isinstance(value, np.ndarray) else value


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
