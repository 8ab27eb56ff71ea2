"""Compare an answer with the cases of a check; say what is wrong in one sentence."""

import contextlib
import io
import itertools
import logging
import warnings
from dataclasses import replace
from numbers import Real

import numpy as np

from lectures_lib.exercises import trained
from lectures_lib.exercises.case import Outcome, OutOfTime, Trained
from lectures_lib.exercises.running import NOTHING, raised, run, short

__all__ = ["attempt", "endless", "graded", "judge", "numbers", "share", "verdict"]

LONGEST = 70  # letters of what a function was given
ENDLESS = "did not end within"


def share(answer, cases, *, whole=False):
    """Return what an answer deserves, from 0 to 1, and print what is wrong.

    That is the share of right cases among those that count, times that among the others; a network
    earns a part by its score. Nothing that the answer prints, warns of or raises gets out. After
    a case that does not end, no other is tried. With `whole` it is 1 or 0.

    >>> from lectures_lib.exercises import Case
    >>> share(lambda x: 2 * x, [Case(2.0, {"x": 1}), Case(9.0, {"x": 3})])
    Not yet: the function gives 6, expected 9, for x=3.
    0.5
    """
    outcomes = []
    with _silence():
        for case in cases:
            outcomes.append(attempt(case, answer))
            if endless(outcomes[-1]):
                break
        part, wrong = graded(cases, outcomes, whole=whole)
    for sentence in wrong:
        print(f"Not yet: {sentence}")  # noqa: T201, the reader sees it below the cell
    return part


def graded(cases, outcomes, *, whole=False):
    """Return what the outcomes of cases deserve, as `share` does, and what is wrong with them.

    Cases beyond the last outcome were not tried.
    """
    earned, wrong = {True: [], False: []}, []
    for case, outcome in itertools.zip_longest(cases, outcomes):
        part, said = verdict(case, outcome) if outcome else (0.0, "")
        wrong += [said] * (part < 1)
        earned[case.counts].append(part)
    sentences = list(filter(None, dict.fromkeys(wrong)))
    if whole:
        return float(not wrong), sentences
    shares = [sum(group) / len(group) for group in earned.values() if group]
    return float(np.prod(shares)), sentences


def endless(outcome):
    """Return whether an answer did not end, so that no other case needs to be tried."""
    return ENDLESS in outcome.fault or ENDLESS in outcome.refusal


@contextlib.contextmanager
def _silence():
    """Let nothing out: nbgrader gives 0 to a cell that writes to stderr, where TensorFlow logs."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def judge(case, answer, *, place=""):
    """Return what an answer earns for one case, from 0 to 1, and a sentence; never raise.

    Args:
        case: A `Case` or a `Trained`.
        answer: A function, or a trained model.
        place: Code that holds what the function is given, for when that is too long to print.

    >>> from lectures_lib.exercises import Case
    >>> judge(Case(6, {"x": 3}), lambda x: 2 * x)
    (1.0, '')
    """
    return verdict(case, attempt(case, answer), place=place)


def attempt(case, answer):
    """Try an answer and return its `Outcome`; never raise. What is expected plays no part."""
    if isinstance(case, Trained):
        return trained.attempt(case, answer)
    careful = dict.fromkeys(("over", "divide", "invalid"), "raise") if case.finite else {}
    try:
        if answer is ...:
            return Outcome(refusal=NOTHING)
        if not callable(answer):
            advice = "Pass the function itself, without calling it."
            return Outcome(refusal=f"{short(answer)} is not a function. {advice}")
        with np.errstate(**careful):  # `run`, which an answer can look up, holds no case
            value = run(answer, case.given, seconds=case.seconds)
        return Outcome(refusal=NOTHING) if value is ... else Outcome(value)
    except OutOfTime:
        fault = f"{ENDLESS} {case.seconds:g} s"
        return Outcome(fault=fault, advice="Is there a loop that never stops?")
    except (Exception, SystemExit) as error:
        return Outcome(None, *raised(error))


def verdict(case, outcome, *, place=""):
    """Return what an `Outcome` earns for a case, from 0 to 1, and a sentence; never raise."""
    if outcome.refusal:
        return 0.0, outcome.refusal
    fault, advice = outcome.fault, outcome.advice
    try:
        if isinstance(case, Trained):
            return trained.scored(case, outcome.value)
        if not fault:
            fault = _fault(outcome.value, case)
            advice = _advice(outcome.value, case) if fault else ""
    except Exception as error:  # a value that raises where it is looked at
        fault, advice = raised(error)
    if not fault:
        return 1.0, ""
    given, printed = _given(case.given)
    found = f"To see these inputs: {place}" if place and not printed else ""
    return 0.0, " ".join(filter(None, [f"the function {fault}{given}.", advice, found]))


def _given(given):
    """Return the inputs of a function in a few words, and whether these are all of them.

    >>> _given({"x": np.array([1.0, 2.0]), "steps": 3}), _given({"x": np.zeros((2, 9)), "n": 1})
    ((', for x=[1., 2.], steps=3', True), (', for x of shape (2, 9), n=1', False))
    """
    texts = {key: short(value) for key, value in given.items()}
    whole = ", ".join(f"{key}={text}" for key, text in texts.items())
    if len(whole) <= LONGEST and "<" not in whole:
        return f", for {whole}" * bool(given), True
    parts = [
        f"{key} of shape {value.shape}" if isinstance(value, np.ndarray) else f"{key}={texts[key]}"
        for key, value in given.items()
        if not callable(value)
    ]
    return f", for {', '.join(parts)}" * bool(parts), False


def _advice(value, case):
    """Return what is said of a wrong value: the sentence of a known mistake, or the hint."""
    for sentence, mistake in case.mistakes.items():
        if value is not None and not _fault(value, replace(case, expected=mistake)):
            return sentence
    return "End it with return and the result." if value is None else case.hint


def _fault(value, case):
    """Return what is wrong with a value, as "gives 6, expected 9", or an empty text."""
    if value is None:
        return "returns nothing"
    expected = np.asarray(case.expected, dtype=float)
    what = "a number" if expected.ndim == 0 else "an array of numbers"
    found = numbers(value)
    if found is None:
        return f"gives {short(value)}, which is not {what}"
    if found.dtype.kind == "c":
        return f"gives {short(value)}, which is complex, but it must be real"
    if found.shape != expected.shape:
        had, wanted = (
            f"an array of shape {array.shape}" if array.ndim else "a single number"
            for array in (found, expected)
        )  # fmt: skip
        return f"gives {had}, but it must be {wanted}"
    with np.errstate(invalid="ignore"):  # operators: an answer may replace np.isclose
        slack = case.tolerance * (1 + abs(expected))
        near = np.isfinite(expected) & (abs(found - expected) <= slack)
        close = (found == expected) | near
    if close.all():
        return ""
    if expected.ndim == 0:
        return f"gives {short(value)}, expected {short(case.expected)}"
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    return (
        f"gives {short(float(found[first]))} at index {first}, "
        f"expected {short(float(expected[first]))}"
    )


def numbers(value):
    """Return an array of floats or complex numbers; None for text, truth, dates and their like."""
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
    small = array.dtype.kind == "V" and np.can_cast(array.dtype, float)  # bfloat16 and its kin
    return array.astype(float) if array.dtype.kind in "iuf" or small else None
