"""Build the site: `python -m tools.build`, which `make book` calls.

Sphinx works in `_build/work`. The site takes its place in `_build/html` as a whole, when it is
complete, and the notebooks that people open theirs in `_build/notebooks`: a build that fails, or is
killed, leaves the last ones as they were.

Shown are steps, chapters and what is wrong; all that other programs print is in `_build/book.log`.
"""

import errno
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tools import complete
from tools.stages import duration

__all__ = ["Busy", "Steps", "alone", "build", "main", "publish"]

BUILD = Path("_build")
FOLDER = "notebooks"  # the edition for runners, also by itself
WORK = BUILD / "work" / "_build"
LOG = BUILD / "book.log"
NEEDED = 500_000_000  # bytes: pages, executed notebooks, and the site twice while it is published
# Without the grammar of addresses, for which jsonschema takes 1.5 s to read; no setting is one.
PROGRAM = (
    "import sys; sys.modules['rfc3987_syntax'] = None; "
    "from jupyter_book.cli.main import main; main()"
)
INTERRUPTED = 130
WHAT_TO_DO = {
    errno.ENOSPC: "Make room on the disk.",
    **dict.fromkeys((errno.EACCES, errno.EROFS), "Clone the repository into a folder of your own."),
}
TAIL = 15  # lines of the log, where nothing else says why a build failed


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


class Steps:
    """Prints what begins, how many seconds it took, and on lines of their own parts of it."""

    def __init__(self):
        self.start = None  # of the step whose line is not ended

    def begin(self, text):
        self.end()
        print(f"{text} ...", end="", flush=True)
        self.start = time.monotonic()

    def note(self, text):
        if self.start is not None:
            print()
        self.start = None
        print(f"  {text}", flush=True)

    def end(self):
        if self.start is not None:
            print(f" {time.monotonic() - self.start:.0f} s", flush=True)
        self.start = None


def run(steps, writing):
    """Run Jupyter Book with its output in the log; return its code and what it complained about."""
    options = ["build", ".", "--path-output", str(BUILD / "work"), "-W", "-n", "--keep-going"]
    receiver, sender = os.pipe()
    environment = os.environ | {"LECTURES_PROGRESS": str(sender)}  # see lectures_lib.site.progress
    environment |= {"LECTURES_WRITE": "1"} if writing else {}
    problems = []
    with LOG.open("w") as log, os.fdopen(receiver, encoding="utf-8") as told:
        try:
            process = subprocess.Popen(
                [sys.executable, "-u", "-c", PROGRAM, *options], env=environment,
                pass_fds=[sender], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        finally:
            os.close(sender)
        try:
            for kind, text in map(json.loads, told):
                if kind == "problem":
                    problems.append(text)
                else:
                    (steps.begin if kind == "step" else steps.note)(text)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
    steps.end()
    return code, list(dict.fromkeys(problems))


def report(code, problems):
    """Print what was wrong, and where the rest is said."""
    if not problems:
        lines = LOG.read_text(encoding="utf-8", errors="replace").splitlines()
        problems = [*lines[-TAIL:], f"Jupyter Book ended with code {code}, as above."]
    print("", *problems, "", sep="\n", file=sys.stderr)
    print(f"All output is in {LOG}; the last site is as it was.", file=sys.stderr)


def build(*, writing=False):
    """Build, check and publish; return the exit code.

    With `writing` only what changed is written, in `_build/work`, and it is not published.
    """
    begun, steps = time.monotonic(), Steps()
    # Sphinx does not repeat the warnings of pages that it does not read again. So it forgets its
    # pages unless the last build ended without any; executed notebooks are kept elsewhere.
    passed = BUILD / "work" / ".passed"
    clean = passed.exists()
    if not clean and not writing:
        shutil.rmtree(WORK / ".doctrees", ignore_errors=True)
    passed.unlink(missing_ok=True)
    steps.begin("Look for changes")
    code, problems = run(steps, writing)
    if code:
        report(code, problems)
    elif not writing:
        print("Check the site", flush=True)
        code = complete.main(["--folder", str(WORK / "html")])
    if code == 0:
        if not writing:
            publish(WORK / "html", BUILD / "html")
            if (notebooks := WORK / "html" / FOLDER).is_dir():
                publish(notebooks, BUILD / FOLDER)
        if clean or not writing:
            passed.touch()
        print(f"Done in {duration(time.monotonic() - begun)}.", flush=True)
    elif (free := shutil.disk_usage(BUILD).free) < NEEDED:
        print(
            f"The disk is full: {free / 1e6:.0f} MB are free, a build needs up to "
            f"{NEEDED / 1e6:.0f} MB. Make room; the last site is as it was.",
            file=sys.stderr,
        )
    return code


def main(*, writing=False):
    """Build when no other build does; return the exit code."""
    try:
        with alone(BUILD):
            return build(writing=writing)
    except Busy as error:
        print(error, file=sys.stderr)
    except OSError as error:
        what = WHAT_TO_DO.get(error.errno, "See what may write there.")
        print(f"The site was not published: {error}. {what}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted; the last site is as it was.", file=sys.stderr)
        return INTERRUPTED
    return 1


if __name__ == "__main__":
    sys.exit(main())
