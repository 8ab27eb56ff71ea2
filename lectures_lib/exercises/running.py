"""Run a student's code: for a limited time, and say which line of theirs failed."""

import contextlib
import copy
import os
import re
import signal
import textwrap
import threading
import traceback
from pathlib import Path

import numpy as np

from lectures_lib.exercises.case import OutOfTime

__all__ = ["NOTHING", "raised", "run", "short", "time_limit"]

NOTHING = "nothing is filled in yet. Write your answer in the cell above and run both cells."
# What Python says of a call whose arguments have other names, or another number.
CALL = re.compile(r"unexpected keyword argument|missing \d+ required|takes \d+ positional")
LABEL = re.compile(r"Received a label value of \S+ which is outside the valid range of \[[^)]*\)")
# What Python makes up itself, and what TensorFlow makes of a function.
MADE = re.compile(r"<frozen|<__array_function__|.*__autograph_generated")
# Timers that stop an answer, their signals, and how many seconds of theirs count as one: the clock
# on the wall; where marks are given, that of the processor.
CLOCKS = {signal.ITIMER_REAL: (signal.SIGALRM, 1)} if hasattr(signal, "setitimer") else {}
LIBRARIES = {Path(__file__).parents[1], Path(os.__file__).parent}  # ours, and Python's


@contextlib.contextmanager
def time_limit(seconds):
    """Raise `OutOfTime` after some seconds, and leave no signal handler behind.

    There is no limit on Windows, in threads, and while compiled code runs, such as NumPy's.

    >>> with time_limit(10):
    ...     print(6 * 7)
    42
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise OutOfTime

    before = {}
    for timer, (number, factor) in CLOCKS.items():
        handler = signal.signal(number, stop)
        # Again every second: Python drops what is raised while it clears away an object.
        before[timer] = number, handler, signal.setitimer(timer, factor * seconds, 1)
    try:
        yield
    finally:
        for timer, (number, handler, left) in before.items():
            signal.setitimer(timer, *left)
            signal.signal(number, handler or signal.SIG_DFL)


def run(function, given, *, seconds):
    """Call a function with copies of what is given, for a limited time.

    >>> run(lambda x: 2 * x, {"x": 3}, seconds=10)
    6
    """
    given = copy.deepcopy(given)
    with time_limit(seconds):
        return function(**given)


def raised(error):
    """Return what was raised and at which line of the student's, and advice, or an empty text.

    >>> raised(ValueError("too small"))
    ('raised ValueError: too small', '')
    """
    said = traceback.format_exception_only(error)[-1].strip().removesuffix(".")
    names = isinstance(error, TypeError) and CALL.search(said)
    if label := LABEL.search(said):  # TensorFlow says it after many lines on its own insides
        said = f"{type(error).__name__}: {label[0]}"
    said = textwrap.shorten(said, 300, placeholder=" ...")
    advice = "Keep the names of the arguments." if names else ""
    return f"raised {said}{_place(error)}", advice


def _place(error):
    """Return the last line of an error that is the student's own, with its number."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_own(frame.filename)]
    if not own:
        return ""
    name, number, line = own[-1].filename, own[-1].lineno, own[-1].line
    where = Path(name).name if Path(name).is_file() else "your cell"  # a cell is no file
    text = f": `{textwrap.shorten(line, 100, placeholder=' ...')}`" if line else ""
    return f", at line {number} of {where}{text}"


def _is_own(name):
    path = Path(name)
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    return not (installed or LIBRARIES & set(path.parents) or MADE.match(name))


def short(value):
    """Write a value in a few words: large arrays by their shape.

    >>> short(1 / 3), short([1, 2]), short(np.zeros((3, 5))), short(object())
    ('0.333333', '[1, 2]', '<array of shape (3, 5)>', 'a object')
    """
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
    written = str(value.item()) if isinstance(value, np.generic) else repr(value)
    return f"a {type(value).__name__}" if " object at 0x" in written else written
