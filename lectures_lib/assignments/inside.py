"""Run a student's cells, and put questions to the answers: `mark` starts this in a sandbox.

Code of a student may change everything here. So no expected value, label or threshold comes in, and
outside nothing that goes out counts but the values, which are compared there.
"""

import base64
import contextlib
import io
import json
import os
import pickle
import resource
import signal
import sys
from dataclasses import asdict, replace

import numpy as np

from lectures_lib import exercises
from lectures_lib.assignments.models import Packed, limited, packed
from lectures_lib.exercises import running
from lectures_lib.exercises.case import Outcome, OutOfTime
from lectures_lib.exercises.compare import attempt, endless, numbers

__all__ = ["CORES", "SECONDS", "decoded", "encoded", "main"]

SECONDS = 15  # for a cell, where no network is trained
SAID = 2000  # letters of what a cell prints
CORES = os.cpu_count() or 1
LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 100_000_000,
    resource.RLIMIT_NPROC: 256,
}
# The clock of the processor; five times as long on the wall, for what sleeps.
CLOCKS = {
    signal.ITIMER_PROF: (signal.SIGPROF, CORES),
    signal.ITIMER_REAL: (signal.SIGALRM, 5),
}


class _Said(io.StringIO):
    """Keeps the beginning of what is printed."""

    def write(self, text):
        super().write(text[: max(0, SAID - self.tell())])
        return len(text)


def encoded(value):
    """Return a value as data for JSON: numbers with all their digits, the rest in a few words.

    >>> decoded(encoded([0.1, 3])), decoded(encoded(7)), decoded(encoded(None))
    (array([0.1, 3. ]), 7, None)
    """
    if value is None:
        return None
    if isinstance(value, Packed):
        return {"model": value.text}
    array = np.asarray(value) if not isinstance(value, np.ma.MaskedArray) else np.array("")
    if array.dtype.kind not in "iufc" and (array := numbers(value)) is None:
        return {"text": running.short(value)}
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": array.dtype.str, "shape": array.shape, "data": data}


class _Described:
    """Stands for a value that is no number."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def decoded(data):
    """Return the value that `encoded` wrote; raises an error for all else."""
    if data is None:
        return None
    if "model" in data:
        return Packed(str(data["model"]))
    if "text" in data:
        return _Described(str(data["text"])[:300])
    dtype = np.dtype(data["dtype"])
    if dtype.kind not in "iufc":
        raise ValueError(f"A value of type {dtype} is no number.")
    array = np.frombuffer(base64.b64decode(data["data"]), dtype).reshape(data["shape"])
    return array if array.ndim else array.item()


def main():
    """Read cells from stdin, run them in order, and write what became of each to a channel."""
    channel = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    cells, seconds, memory = pickle.load(sys.stdin.buffer)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for `input()`, to the end
    running.CLOCKS.clear()
    running.CLOCKS.update(CLOCKS)
    for name, limit in {**LIMITS, resource.RLIMIT_AS: memory}.items():
        resource.setrlimit(name, (limit, limit))

    def tell(**message):
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    exercises.check = exercises.summary = lambda *arguments, **options: None
    shell, failed = _shell(), {}
    for number, (source, what, questions) in enumerate(cells):
        tell(cell=number)
        if what is None:
            done = _run(shell, source, seconds)
            failed |= {source: done["error"]} if done["error"] else {}
            tell(**done)
        for question in questions:
            outcome = _asked(shell.user_ns, what, question, failed)
            tell(outcome=asdict(outcome))
            if endless(outcome):
                break
    tell(end=True)


def _shell():
    """Return IPython without a kernel, which keeps no history and shows no traceback."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.showtraceback = shell.showsyntaxtraceback = lambda *arguments, **options: None
    shell.enable_gui = lambda *arguments, **options: None  # for %matplotlib
    return shell


def _run(shell, source, seconds):
    """Run a cell; return what it printed, and its error as name and text."""
    said, error, what = _Said(), None, ""
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            with running.time_limit(seconds):
                result = shell.run_cell(source)
            error = result.error_before_exec or result.error_in_exec
            what = error and running.raised(error)[0]
    except OutOfTime as late:
        error, what = late, f"did not end within {seconds:g} s"
    if isinstance(error, SyntaxError) and error.lineno:
        what += f", at line {error.lineno} of your cell"
    return {"said": said.getvalue(), "error": what and [type(error).__name__, what]}


def _asked(space, what, question, failed):
    """Return the `Outcome` of one question to a name or a `Packed` model, its value encoded."""
    with contextlib.redirect_stdout(_Said()), contextlib.redirect_stderr(_Said()):
        try:
            if isinstance(what, Packed):
                outcome = attempt(replace(question, given={}), what.model())
            elif what not in space:
                return Outcome(refusal=_missing(what, failed))
            else:
                outcome = _tried(question, space[what])
            return replace(outcome, value=encoded(outcome.value))
        except Exception as error:  # a value that raises where it is looked at, or no model
            if isinstance(what, Packed):
                return Outcome(refusal=f"the model cannot be measured: {error}")
            return Outcome(None, *running.raised(error))


def _missing(name, failed):
    """Say why there is no answer: the cell that names it has failed, or no cell does."""
    said = [error for source, (_, error) in failed.items() if name in source]
    return f"there is no {name}: " + (f"the cell {said[-1]}." if said else "no cell defines it.")


def _tried(question, answer):
    """Return the `Outcome` of an answer; its value is the model itself where that has limits."""
    models = [answer]

    def kept(**given):
        models.append(answer(**given))
        return models[-1]

    is_function = callable(answer) and not hasattr(answer, "predict")
    if not limited(question):
        return attempt(question, answer)
    outcome = attempt(question, kept if is_function else answer)
    return outcome if outcome.refusal else replace(outcome, value=packed(models[-1]))


if __name__ == "__main__":
    main()
