"""Check one's own answer to an exercise: `check("cnn-output-size", output_size)`.

A check computes the truth another way than the solution does, names the first case that fails,
and reports; it never raises, so that a book runs with its answers still open. Where the answer is
a network, it is measured on data that it has not seen.
"""

import difflib
import inspect
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from lectures_lib.exercises.case import Case, Trained
from lectures_lib.exercises.compare import judge
from lectures_lib.exercises.results import Summary, load, record

__all__ = ["Case", "Result", "Trained", "cases", "check", "exercise", "names", "summary"]

TOPICS = ("cnn", "rnn", "lstm", "autoencoders")
_checks, _chapters = {}, {}


@dataclass(frozen=True)
class Result:
    """What `check` found: shown as one line, true when the answer is right."""

    passed: bool
    message: str

    def __bool__(self):
        return self.passed

    def __repr__(self):
        return self.message


def exercise(name, *, chapter):
    """Register a function that yields the `Case`s of an exercise, or a `Trained`.

    It takes a NumPy generator, `rng`, and draws from it some of the inputs at least: an assignment
    is graded with other inputs than a reader of the book sees. `chapter` reads "cnn/digits".
    """

    def register(make):
        if name in _checks:
            raise ValueError(f"Two exercises are called {name!r}; rename one.")
        if list(inspect.signature(make).parameters) != ["rng"]:
            raise ValueError(
                f"The check of {name!r} takes {inspect.signature(make)}, but it must take (rng): "
                "draw inputs from that generator instead of making one."
            )
        _checks[name], _chapters[name] = make, chapter
        return make

    return register


def names(chapter=None):
    """Return the names of all exercises that have a check, sorted; or those of one chapter.

    >>> names("cnn/digits")[:2]
    ['cnn-confusion-matrix', 'cnn-next-writers']
    """
    for topic in TOPICS:
        import_module(f"lectures_lib.exercises.{topic}")
    if chapter is None:
        return sorted(_checks)
    if chapter not in _chapters.values():
        raise ValueError(
            f"No chapter {chapter!r} has checks. There are {sorted(set(_chapters.values()))}."
        )
    return sorted(name for name in _checks if _chapters[name] == chapter)


def summary(chapter=None):
    """Show what the last check said of each exercise, also before the kernel was restarted.

    `check` keeps that in the file exercise_results.json beside the notebook, if a person has it
    open in Jupyter, Colab or VS Code; the solutions of the book do not count.

    Args:
        chapter: All checks of one, as "cnn/digits"; if None, all that were tried in this folder.

    Raises:
        ValueError: If there is no such chapter, or a file of this name is not ours.

    >>> summary("lstm/gates")
    lstm-forget-bias  not tried
    lstm-gru-step     not tried
    lstm-multiplexer  not tried
    0 of 3 right
    """
    right = load()
    said = {True: "right", False: "not yet", None: "not tried"}
    return Summary({name: said[right.get(name)] for name in names(chapter)
                    if chapter or name in right})  # fmt: skip


def cases(name, seed=0):
    """Return the cases of an exercise; another seed draws other inputs.

    >>> cases("lstm-forget-bias")[0].given
    {'half_life': 1}
    """
    if not _known(name):
        raise ValueError(_unknown(name))
    return list(_checks[name](np.random.default_rng(seed)))


def check(name, answer, seed=0):
    """Compare an answer with the truth and report the first difference.

    Args:
        name: The exercise, as in the first line of its answer cell.
        answer: The function that this cell defines; or the model that it trains.
        seed: Which inputs are drawn; the hidden tests of an assignment take another.

    Returns:
        A `Result`; displayed in a notebook it reads `Right` or `Not yet` with the reason.
        A function that does not end is stopped after 10 s, training after 60 s; not on Windows,
        and not in threads.

    >>> check("cnn-dense-weights", 3072)
    Not yet: 3072 is not a function. Pass the function itself, without calling it.
    """
    if not _known(name):
        return Result(False, _unknown(name))
    result = _result(name, answer, seed)
    record(name, result.passed)
    return result


def _result(name, answer, seed):
    drawn = cases(name, seed)
    call = f'cases("{name}", seed={seed})' if seed else f'cases("{name}")'
    call = f"from lectures_lib.exercises import cases; {call}"
    for number, case in enumerate(drawn):
        earned, said = judge(case, answer, place=f"{call}[{number}].given")
        if earned < 1:
            return Result(False, f"Not yet: {said}")
    agreed = f"{len(drawn)} {'cases' if len(drawn) > 1 else 'case'} agree."
    return Result(True, f"Right: {said or agreed}")


def _known(name):
    """Load the checks of one topic only: some packages that they use are slow to import."""
    topic = str(name).partition("-")[0]
    if topic in TOPICS:
        import_module(f"lectures_lib.exercises.{topic}")
    return name in _checks or name in names()


def _unknown(name):
    near = difflib.get_close_matches(str(name), names(), n=1)
    return f"No exercise is called {name!r}. Did you mean {near or names()}?"
