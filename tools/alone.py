"""Run each notebook that people open alone, as they do: `python tools/alone.py [notebooks]`.

Each runs in an empty folder, with an empty home and no network, in an environment that holds
the wheel of this package and what it asks for. `--packages tools/colab.txt` makes the
environment as Colab has it, and lets a notebook's first cell install the wheel there: without a
package index, so that nothing can be replaced. Standard library only; `make book` comes first.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MINUTES = 10  # for one chapter
# What TensorFlow's compiled part announces when it starts.
ANNOUNCED = re.compile(
    r"WARNING: All log messages before absl|[IWE]\d{4} |\d{4}-.*: [IWE] |To enable"
)
RUNNERS = ["ipykernel", "nbclient"]
# Read by every Python that starts: nothing but this machine can be reached, and who asks is told.
OFFLINE = """
import sys

def refuse(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0"):
        raise OSError(f"The network is switched off, but {host!r} was asked for.")

sys.addaudithook(refuse)
"""


@dataclass(frozen=True)
class Result:
    """What became of one notebook; `note` says why it failed, or what it wrote to stderr."""

    name: str
    passed: bool
    seconds: float
    note: str = ""

    def __str__(self):
        verdict = "passed" if self.passed else "FAILED"
        return f"{self.name:40} {verdict} {self.seconds:5.0f} s  {self.note}".rstrip()


def edition():
    """Return the notebooks that the last build made."""
    found = sorted(ROOT.glob("_build/notebooks/**/*.ipynb"))
    if not found:
        sys.exit("There are no notebooks in _build/notebooks. Make them first: make book")
    return found


def build_wheel(folder):
    """Build the package's wheel into a folder and return its path."""
    call(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT)
    (wheel,) = folder.glob("lectures_lib-*.whl")
    return wheel


def make_environment(folder, *, python, wanted):
    """Make an environment with the wanted packages and return its Python."""
    call(python, "-m", "venv", folder)
    inside = folder / "bin" / "python"
    call(inside, "-m", "pip", "install", "--quiet", *wanted)
    return inside


def call(*command):
    """Run a command; raise where it fails."""
    subprocess.run([str(part) for part in command], check=True, stdin=subprocess.DEVNULL)


def offline(folder, **more):
    """Return the variables of a reader without network, settings and data; the home is new."""
    home = folder / "home"
    home.mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(OFFLINE, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"HOME": str(home), "PYTHONPATH": str(folder), "PIP_NO_INDEX": "1"} | more


def run(notebook, *, name, python):
    """Run a notebook, given as a dictionary, in an empty folder."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "empty"
        folder.mkdir()
        path = folder / "chapter.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        options = ["--inplace", f"--timeout={60 * MINUTES}"]
        start = time.monotonic()
        done = subprocess.run(
            [str(python.parent / "jupyter-execute"), *options, path.name],
            cwd=folder, env=offline(Path(temporary) / "offline"), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.monotonic() - start
        if done.returncode:
            print(done.stderr, file=sys.stderr, flush=True)
            return Result(name, False, seconds, reason(done.stderr))
        written = json.loads(path.read_text(encoding="utf-8"))
    return Result(name, True, seconds, warnings_in(written))


def reason(text):
    """Return the last line that names an error, or the last of all."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()]
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", line)]
    return (named or [line for line in lines if line] or ["no message"])[-1]


def warnings_in(notebook):
    """Return how many lines an executed notebook wrote to stderr, and the first of them."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    texts = ["".join(o["text"]) for o in outputs if o.get("name") == "stderr"]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not ANNOUNCED.match(line)]
    return f"{len(lines)} lines on stderr: {lines[0]}" if lines else ""


def first_cell(notebook, wheel):
    """Return a notebook with the first cell, which installs the wheel here, and its proof.

    >>> cell = {"cell_type": "code", "id": "set-up", "source": 'NEEDED, SOURCE = "0.2.0", ""'}
    >>> made = first_cell({"cells": [cell], "nbformat": 4}, "lectures.whl")
    >>> [cell["source"] for cell in made["cells"]]
    ['NEEDED, SOURCE = "0.2.0", "file://lectures.whl"', 'import lectures_lib']
    """
    (source,) = ("".join(c["source"]) for c in notebook["cells"] if c.get("id") == "set-up")
    line = rf'\1"file://{wheel}"'
    source, made = re.subn(
        r'^(NEEDED, SOURCE = "[^"]*", )"[^"]*"', line, source, flags=re.MULTILINE
    )
    if made != 1:
        raise ValueError(f"Expected one line NEEDED, SOURCE = ... in the first cell: {source}")
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [empty | {"source": text} for text in (source, "import lectures_lib")]
    return notebook | {"cells": cells, "nbformat_minor": 4}


def main(arguments=None):
    """Make the environment, run the notebooks, print a table; return the exit code."""
    parser = argparse.ArgumentParser(prog="python tools/alone.py")
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--packages", type=Path, help="a list of the environment's own packages")
    parser.add_argument("--python", default=sys.executable, help="the Python of the environment")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wheel = build_wheel(folder)
        wanted = ["-r", options.packages] if options.packages else [wheel, *RUNNERS]
        python = make_environment(folder / "environment", python=options.python, wanted=wanted)
        return report(options.notebooks or edition(), python, wheel if options.packages else None)


def report(paths, python, wheel=None):
    """Run the notebooks one by one, print each result, and return the exit code.

    A `wheel` is first installed by the first cell of the first notebook.
    """
    jobs = [
        (f"{path.parent.name}/{path.stem}", json.loads(path.read_text(encoding="utf-8")))
        for path in paths
    ]
    if wheel:
        jobs.insert(0, ("first cell", first_cell(jobs[0][1], wheel)))
    failed = 0
    for name, notebook in jobs:
        result = run(notebook, name=name, python=python)
        print(result, flush=True)
        failed += not result.passed
    print(f"{len(jobs) - failed} passed, {failed} failed")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
