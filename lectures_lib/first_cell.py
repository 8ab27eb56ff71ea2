"""The first cell of every notebook that leaves the book: it finds this package or installs it."""

import subprocess

from lectures_lib import __version__

__all__ = ["NO_ADDRESS", "TITLE", "commit", "first_cell"]

NO_ADDRESS = "github.com/OWNER/"  # in repository.url until the course has one
TITLE = "Run this first: it finds the course's package, or installs it"
# It stands alone, for there may be no package yet. An exception that renders itself is shown as one
# sentence, and still ends "Run all".
CODE = """\
import contextlib
import importlib.util
import os
import re
import subprocess
import sys

NEEDED, SOURCE = "{version}", "{source}"


class SetUp(Exception):
    def _render_traceback_(self):
        return [str(self)]


def number(version):
    return [int(part) for part in re.findall(r"\\d+", version)[:3]]


try:
    from lectures_lib import __version__ as found
except ImportError:
    found = "0"
if number(found) < number(NEEDED):
    if not SOURCE:
        raise SetUp(
            f"lectures_lib {{NEEDED}} is missing, and this copy of the course has no address to "
            "install it from: install it from the folder of the course (python -m pip install "
            "FOLDER), restart the kernel and run this cell again."
        )
    pip = [sys.executable, "-m", "pip", "install", "--quiet", f"lectures-lib @ {{SOURCE}}"]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        errors = [line for line in lines if line.lower().startswith("error")]
        reason = (errors or lines[-1:])[0]  # below an error stand hints and news of pip
        raise SetUp(
            f"lectures_lib {{NEEDED}} could not be installed ({{reason}}): check the network, or "
            f"install {{SOURCE}} yourself, restart the kernel and run this cell again."
        )
    if "lectures_lib" in sys.modules:
        raise SetUp(f"lectures_lib {{NEEDED}} is installed now: restart the kernel to use it.")
    importlib.invalidate_caches()
    if importlib.util.find_spec("lectures_lib") is None:
        raise SetUp(
            f"pip has installed lectures_lib {{NEEDED}}, but not where this kernel looks for it "
            f"({{sys.prefix}}): restart the kernel and run this cell again. If that does not help, "
            "choose a kernel of the environment that pip belongs to."
        )
# What TensorFlow writes when it starts goes to the log of the server.
with contextlib.suppress(OSError, ValueError):
    os.dup2(sys.stderr.fileno(), 2)
"""


def first_cell(book):
    """Return the code of the first cell; the version of the package that it installs is fixed.

    >>> from lectures_lib.book import read_book
    >>> "raise SetUp(" in first_cell(read_book())
    True
    """
    known = book.repository and NO_ADDRESS not in book.repository
    source = f"git+{book.repository}@{commit(book.folder)}" if known else ""
    return CODE.format(version=__version__, source=source).strip()


def commit(folder):
    """Return the commit that a folder is checked out at, or the tag of this version without git."""
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return f"v{__version__}"
