"""Run the cells of one submission apart from all else: no network, no files, limits on everything.

bubblewrap keeps the process from the system; what comes out of it is read here, and trusted no
further than as text and numbers.
"""

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import cloudpickle
import psutil

from lectures_lib import exercises
from lectures_lib.assignments.inside import CORES, SECONDS, decoded
from lectures_lib.exercises.case import Outcome

__all__ = ["Done", "command", "run"]

PROGRAM = "bwrap"
PACKAGE = Path(__file__).parents[1]
MEMORY = 8_000_000_000  # bytes of addresses; TensorFlow takes five
ROOM = 500_000_000  # bytes of files
HOME = "/home/student"
OPEN = ("case", "compare", "results", "running", "source", "trained")
MOST = 50_000_000  # bytes that a submission may say
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")
ENDED = "it ended Python, or used up its memory or time"
MISSING = (
    "bubblewrap, which keeps students' code from your files and the marks, {}. Install it "
    "(apt-get install bubblewrap), or run this command in a virtual machine, where bubblewrap can "
    "start. With --unsafe their code runs with your rights."
)


@dataclass
class Done:
    """What became of a cell: what it printed, its error, and the outcomes of its questions."""

    said: str = ""
    error: tuple | None = None
    outcomes: list = field(default_factory=list)


def run(cells, *, start):
    """Return a `Done` for each of the cells, which are `(source, what, questions)`.

    Questions are put to `what`, a name or a `Packed` model; the source runs if that is None. A
    cell that ends its process costs itself only: all run again without it.
    """
    cells, lost = list(cells), {}
    while True:
        with tempfile.TemporaryDirectory() as folder:
            done, reached = _once(cells, start, folder)
        if reached is None:
            return [lost.get(number, one) for number, one in enumerate(done)]
        if cells[reached][2]:
            done[reached].outcomes.append(Outcome(fault=ENDED.removeprefix("it ")))
        done[reached].error = ("Ended", ENDED)
        lost[reached] = done[reached]
        cells[reached] = ("", None, ())


def command(files=(), *, unsafe=False):
    """Return how to start Python in a sandbox, with some files in its empty folder.

    Raises:
        ValueError: If bubblewrap is missing or cannot start.
    """
    python = [sys.executable, "-P", "-m", "lectures_lib.assignments.inside"]
    if unsafe:
        return python
    if shutil.which(PROGRAM) is None:
        raise ValueError(MISSING.format("is missing"))
    data = {name: os.environ[name] for name in ["LECTURES_DATA_DIR"] if name in os.environ}
    settings = {
        "HOME": HOME, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "MPLBACKEND": "agg",
        "PYTHONPATH": PACKAGE.parent, "TF_CPP_MIN_LOG_LEVEL": "3", **data,
    }  # fmt: skip
    python_itself = {sys.prefix, sys.base_prefix, Path(sys.executable).resolve().parents[1]}
    shown = [*SYSTEM, *python_itself, PACKAGE, *data.values()]
    # The checks know how each expected value is computed.
    checks = PACKAGE / "exercises"
    hidden = [path for path in checks.glob("[!_]*.py") if path.stem not in OPEN]
    start = (
        f"{PROGRAM} --unshare-all --unshare-user --die-with-parent --new-session --cap-drop ALL "
        f"--clearenv --proc /proc --dev /dev --size {ROOM} --tmpfs /tmp "
        f"--size {ROOM} --tmpfs {HOME} --chdir {HOME}"
    ).split()
    for option, *values in [
        *(("--ro-bind-try", path, path) for path in shown),
        *(("--ro-bind", "/dev/null", path) for path in hidden),
        *(("--tmpfs", path) for path in checks.glob("__pycache__")),
        *(("--ro-bind", path, f"{HOME}/{path.name}") for path in files),
        *(("--setenv", name, value) for name, value in settings.items()),
    ]:
        start += [option, *map(str, values)]
    tried = subprocess.run([*start, "true"], capture_output=True, text=True)
    if tried.returncode:
        raise ValueError(MISSING.format(f"cannot start here ({tried.stderr.strip()})"))
    return [*start, *python]


def _packed(cells, seconds):
    """Return cells as bytes; functions among the inputs with their code, which is hidden inside."""
    for name, module in sys.modules.items():
        if name.startswith(f"{exercises.__name__}.") and name.split(".")[2] not in OPEN:
            cloudpickle.register_pickle_by_value(module)
    return cloudpickle.dumps((cells, seconds, MEMORY))


def _once(cells, start, folder):
    """Run cells; return what became of those that were reached, and the one that ended it."""
    receiver, sender = os.pipe()
    process = subprocess.Popen(
        [*start, str(sender)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, pass_fds=[sender], cwd=folder,
    )  # fmt: skip
    os.close(sender)
    done, reached, text, size = [Done() for _ in cells], 0, bytearray(), 0
    seconds = max([SECONDS, *(one.seconds for _, _, questions in cells for one in questions)])
    try:
        with process.stdin as given, contextlib.suppress(BrokenPipeError):
            given.write(_packed(cells, seconds))
        while _in_time(process, receiver, seconds):
            part = os.read(receiver, 1 << 20)
            size += len(part)
            if not part or size > MOST:
                break
            text += part
            *lines, text = text.split(b"\n") if b"\n" in part else (text,)
            for message in map(json.loads, lines):
                if message.get("end"):
                    return done, None
                reached = _noted(message, done, reached)
    except Exception:  # the code inside wrote a message of its own
        return done, reached
    finally:
        os.close(receiver)
        process.kill()
        process.wait()
    return done, reached


def _in_time(process, receiver, seconds):
    """Wait for a message; return whether it came before too much time was used.

    Inside, the code is asked to stop long before.
    """
    begun, used = time.monotonic(), _used(process)
    while not select.select([receiver], [], [], 1)[0]:
        too_long = time.monotonic() - begun > 10 * seconds
        if too_long or _used(process) - used > 2 * CORES * seconds:
            return False
    return True


def _used(process):
    """Return how many seconds of the processor a process and all that it started have used."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in [parent := psutil.Process(process.pid), *parent.children(recursive=True)]:
            total += sum(one.cpu_times()[:4])  # with those of children that have ended
    return total


def _noted(message, done, reached):
    """Enter a message; return the number of the cell that is at work."""
    if "cell" in message:
        reached = min(max(int(message["cell"]), reached), len(done) - 1)
    elif "outcome" in message:
        given = message["outcome"]
        texts = {name: str(given[name])[:1000] for name in ("fault", "advice", "refusal")}
        done[reached].outcomes.append(Outcome(decoded(given["value"]), **texts))
    else:
        done[reached].said = str(message["said"])[:10_000]
        error = message["error"]
        done[reached].error = error and tuple(str(part)[:1000] for part in error[:2])
    return reached
