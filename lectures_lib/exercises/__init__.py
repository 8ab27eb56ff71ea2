"""Check one's own answer to an exercise: `check("cnn-output-size", output_size)`.

A check computes the truth another way than the solution does, names the first case that fails,
and reports; it never raises, so that a book runs with its answers still open.
"""

import difflib
from dataclasses import dataclass
from importlib import import_module

import numpy as np

__all__ = ["Case", "Result", "check", "exercise", "names"]

CHAPTERS = ("cnn", "rnn", "lstm", "autoencoders")
_checks = {}


@dataclass(frozen=True)
class Case:
    """One question put to an answer, and the value it should give.

    `given` holds the keyword arguments of a function, or is None for an answer that is a value.
    `tolerance` is relative and absolute; `hint` says what a wrong value may come from.
    """

    expected: object
    given: dict | None = None
    tolerance: float = 1e-6
    hint: str = ""


@dataclass(frozen=True)
class Result:
    """What `check` found: shown as one line, true when the answer is right."""

    passed: bool
    message: str

    def __bool__(self):
        return self.passed

    def __repr__(self):
        return self.message


def exercise(name):
    """Register a function that yields the `Case`s of an exercise."""

    def register(cases):
        if name in _checks:
            raise ValueError(f"Two exercises are called {name!r}; rename one.")
        _checks[name] = cases
        return cases

    return register


def names():
    """Return the names of all exercises that have a check, sorted."""
    for chapter in CHAPTERS:
        import_module(f"lectures_lib.exercises.{chapter}")
    return sorted(_checks)


def check(name, answer):
    """Compare an answer, a function or a value, with the truth and report the first difference.

    Args:
        name: The exercise, as in the first line of its answer cell.
        answer: What that cell defines.

    Returns:
        A `Result`; displayed in a notebook it reads `Right` or `Not yet` with the reason.

    >>> check("cnn-dense-weights", 3072)
    Not yet: 3072 is not a function. Pass the function itself, without calling it.
    """
    known = names()
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        return Result(False, f"No exercise is called {name!r}. Did you mean {near or known}?")
    count = 0
    for case in _checks[name]():
        count += 1
        problem = _problem(case, answer)
        if problem:
            return Result(False, f"Not yet: {problem}")
    return Result(True, f"Right: {count} {'cases' if count > 1 else 'case'} agree.")


def _problem(case, answer):
    """Return what is wrong with one case in a sentence, or an empty string."""
    if case.given is None:
        where, value = "your answer is", answer
    elif not callable(answer):
        return f"{answer!r} is not a function. Pass the function itself, without calling it."
    else:
        call = ", ".join(f"{key}={_short(value)}" for key, value in case.given.items())
        where = f"for {call} the function gives"
        try:
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
