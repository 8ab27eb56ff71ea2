"""Check one's own answer to an exercise: `check("cnn-output-size", output_size)`.

A check computes the truth another way than the solution does, names the first case that fails,
and reports; it never raises, so that a book runs with its answers still open.
"""

import difflib
import inspect
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from lectures_lib.exercises.compare import Case, problem

__all__ = ["Case", "Result", "cases", "check", "exercise", "names"]

CHAPTERS = ("cnn", "rnn", "lstm", "autoencoders")
_checks = {}


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
    """Register a function that yields the `Case`s of an exercise.

    It takes a NumPy generator, `rng`, and draws from it some of the inputs at least: an assignment
    is graded with other inputs than a reader of the book sees.
    """

    def register(make):
        if name in _checks:
            raise ValueError(f"Two exercises are called {name!r}; rename one.")
        if list(inspect.signature(make).parameters) != ["rng"]:
            raise ValueError(
                f"The check of {name!r} takes {inspect.signature(make)}, but it must take (rng): "
                "draw inputs from that generator instead of making one."
            )
        _checks[name] = make
        return make

    return register


def names():
    """Return the names of all exercises that have a check, sorted."""
    for chapter in CHAPTERS:
        import_module(f"lectures_lib.exercises.{chapter}")
    return sorted(_checks)


def cases(name, seed=0):
    """Return the cases of an exercise; another seed draws other inputs.

    >>> cases("lstm-hold")[0].given
    {'gain': 20.0}
    """
    if not _known(name):
        raise ValueError(_unknown(name))
    return list(_checks[name](np.random.default_rng(seed)))


def check(name, answer, seed=0):
    """Compare an answer with the truth and report the first difference.

    Args:
        name: The exercise, as in the first line of its answer cell.
        answer: The function that this cell defines.
        seed: Which inputs are drawn; the hidden tests of an assignment take another.

    Returns:
        A `Result`; displayed in a notebook it reads `Right` or `Not yet` with the reason.

    >>> check("cnn-dense-weights", 3072)
    Not yet: 3072 is not a function. Pass the function itself, without calling it.
    """
    if not _known(name):
        return Result(False, _unknown(name))
    drawn = cases(name, seed)
    for case in drawn:
        wrong = problem(case, answer)
        if wrong:
            return Result(False, f"Not yet: {wrong}")
    return Result(True, f"Right: {len(drawn)} {'cases' if len(drawn) > 1 else 'case'} agree.")


def _known(name):
    """Load the checks of one topic only: some packages that they use are slow to import."""
    topic = str(name).partition("-")[0]
    if topic in CHAPTERS:
        import_module(f"lectures_lib.exercises.{topic}")
    return name in _checks or name in names()


def _unknown(name):
    near = difflib.get_close_matches(str(name), names(), n=1)
    return f"No exercise is called {name!r}. Did you mean {near or names()}?"
