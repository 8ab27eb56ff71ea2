"""Build the site: `python -m tools.build`, which `make book` calls.

Sphinx works in `_build/work`. The site takes its place in `_build/html` as a whole, when it is
complete, and the notebooks that people open theirs in `_build/notebooks`: a build that fails, or is
killed, leaves the last ones as they were.
"""

import errno
import fcntl
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from tools import complete

__all__ = ["Busy", "alone", "main", "publish"]

BUILD = Path("_build")
FOLDER = "notebooks"  # the edition for runners, also by itself
NEEDED = 500_000_000  # bytes: pages, executed notebooks, and the site twice while it is published
# Jupyter Book without the traceback of its own that it prints below every warning.
QUIETLY = (
    "import sys; from jupyter_book.cli.main import main; "
    "sys.excepthook = lambda kind, error, trace: print(error, file=sys.stderr); main()"
)


class Busy(RuntimeError):
    """Another build works in this folder."""


@contextmanager
def alone(folder):
    """Keep other builds of this folder out; the system gives way when the process ends.

    Raises:
        Busy: If there is one.
    """
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                "Another build works in this folder. Wait until it is done, or stop it."
            ) from None
        yield


def publish(made, place):
    """Put a copy of a folder in the place of another, as a whole."""
    new, old = place.with_name(f"{place.name}.new"), place.with_name(f"{place.name}.old")
    for left in (new, old):  # by a build that was killed just here
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(made, new)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def build():
    """Build, check and publish; return the exit code."""
    work = BUILD / "work" / "_build"
    # Sphinx does not repeat the warnings of pages that it does not read again. So it forgets its
    # pages unless the last build ended without any; executed notebooks are kept elsewhere.
    passed = BUILD / "work" / ".passed"
    if not passed.exists():
        shutil.rmtree(work / ".doctrees", ignore_errors=True)
    passed.unlink(missing_ok=True)
    options = ["build", ".", "--path-output", str(BUILD / "work")]
    options += ["-W", "-n", "--keep-going", "--quiet"]
    code = subprocess.run([sys.executable, "-c", QUIETLY, *options]).returncode
    code = code or complete.main(["--folder", str(work / "html")])
    if code == 0:
        publish(work / "html", BUILD / "html")
        if (notebooks := work / "html" / FOLDER).is_dir():
            publish(notebooks, BUILD / FOLDER)
        passed.touch()
    elif (free := shutil.disk_usage(BUILD).free) < NEEDED:
        print(
            f"The disk is full: {free / 1e6:.0f} MB are free, a build needs up to "
            f"{NEEDED / 1e6:.0f} MB. Make room; the last site is as it was.",
            file=sys.stderr,
        )
    return code


def main():
    """Build when no other build does; return the exit code."""
    try:
        with alone(BUILD):
            return build()
    except Busy as error:
        print(error, file=sys.stderr)
    except OSError as error:
        what = (
            "Make room on the disk." if error.errno == errno.ENOSPC else "See what may write there."
        )
        print(f"The site was not published: {error}. {what}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted; the last site is as it was.", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
