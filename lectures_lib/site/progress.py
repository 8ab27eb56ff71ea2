"""What a build does and what is wrong, told to the command that started it.

`tools.build` names a pipe in the variable `LECTURES_PROGRESS`. One JSON list a line goes through
it: `["step", text]` for what begins, `["note", text]` for a part that is done, and
`["problem", text]` for each warning and error. Everything else is output, for the log.
"""

import json
import logging
import os
import re
from functools import partial

from sphinx.util import console
from sphinx.util.logging import WarningStreamHandler, getLogger

__all__ = ["readable", "setup", "tell"]

_pipes = []  # the one that is named, if any


def tell(kind, text):
    """Say what begins (`step`) or what is done (`note`)."""
    getLogger(__name__).info(text)
    _send(kind, text)


def _send(kind, text):
    for pipe in _pipes:
        print(json.dumps([kind, text]), file=pipe, flush=True)


def _problem(app, record):
    """Send a warning or an error on; Sphinx has made a place in a file of its location."""
    where, text = getattr(record, "location", None), logging.LogRecord.getMessage(record)
    _send("problem", readable(f"{where}: {text}" if where else text, app.srcdir))
    return True


def readable(text, folder):
    """Return a message with paths from the folder of the book on, and with cells.

    myst-nb counts cells from 10,000 on in steps of 10,000, and the lines in each from 1 or 2 on.

    >>> readable("/home/me/course/book/a.ipynb:30003: no such label", "/home/me/course")
    'book/a.ipynb, cell 3, line 2: no such label'
    >>> readable("/home/me/course/book/a.ipynb:100000: no such label", "/home/me/course")
    'book/a.ipynb, cell 10: no such label'
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).replace(f"{folder}{os.sep}", "").strip()
    return re.sub(r"\.ipynb:(\d{5,})\b", _place, text)


def _place(match):
    cell, line = divmod(int(match[1]), 10_000)
    return f".ipynb, cell {cell}" + (f", line {line - 1}" if line > 1 else "")


def _reading(app, env, docnames):
    from lectures_lib.words import counted

    if docnames:
        tell("step", f"Read {counted(len(docnames), 'page')}")


def _failed(app, exception):
    if exception is not None:
        error = exception.__cause__ or exception  # what a part of the build raised
        _send("problem", readable(f"{type(error).__name__}: {error}", app.srcdir))


def setup(app):
    """Open the pipe, when there is one."""
    if name := os.environ.pop("LECTURES_PROGRESS", ""):
        os.set_inheritable(int(name), False)  # kernels outlive a build that is killed
        _pipes[:] = [os.fdopen(int(name), "w", encoding="utf-8")]
        console.nocolor()  # in the log
        for handler in logging.getLogger("sphinx").handlers:
            if isinstance(handler, WarningStreamHandler):
                handler.addFilter(
                    partial(_problem, app)
                )  # the last, so only what counts comes here
    app.connect("env-before-read-docs", _reading, priority=900)  # after the execution
    app.connect("build-finished", _failed, priority=0)  # before those that fail once more
