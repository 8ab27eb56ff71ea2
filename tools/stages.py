"""Run the tests in stages and stop at the first that fails: `python tools/stages.py [STAGE]`."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

YAML = ["_config.yml", "_toc.yml", ".yamllint", ".pre-commit-config.yaml", ".github"]
SCRIPTS = ["lectures_lib/site/assets/static", "tests", "benchmarks"]
COMPILER = Path("tools/wasm/node_modules")
TIMES = Path(".venv/cache/stages.json")  # seconds, on this machine
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LONGEST_TMPDIR = 60  # letters; Chromium's socket has 40 more, and the system takes 108
# What stages may need besides Python: names of the program, and the Debian package that brings it.
PROGRAMS = {
    "Firefox": (("firefox-esr", "firefox"), "firefox-esr"),
    "WebKitGTK's driver": (("WebKitWebDriver",), "webkit2gtk-driver"),
    "Xvfb": (("Xvfb",), "xvfb"),
}
COUNT = re.compile(r"(\d+) (passed|failed|skipped|xfailed|xpassed|errors?|deselected)\b")
SUMMARY = re.compile(r"=+ .*\b(\d+ \w+|no tests ran)\b.* in [\d.:]+m?s?.*=+$|^\d+ passed.* in ")
COUNTED = re.compile(r"^\d+ (pages?|notebooks|files already) .*|^\d+ pages?, .*")


@dataclass(frozen=True)
class Stage:
    """Commands that belong together, and what they do.

    `browser` says that they need Chromium, `needs` names what else of `PROGRAMS` they do, `part`
    that they are a part of another stage, and so run only when they are asked for.
    """

    name: str
    does: str
    commands: tuple
    browser: bool = False
    needs: tuple = ()
    part: bool = False


@dataclass
class Outcome:
    """What became of a stage: `passed`, `FAILED` or `SKIPPED`."""

    name: str
    result: str
    seconds: float = 0.0
    note: str = ""


def stages(environment):
    """Return all stages, in order."""
    python = sys.executable
    pytest = [python, "-m", "pytest", "-n", "2", "--dist"]
    # Two workers on two cores: more threads would only get into each other's way.
    one_thread = ["env", "TF_NUM_INTRAOP_THREADS=1", "TF_NUM_INTEROP_THREADS=1"]
    wasm = [python, "-m", "tools.wasm", "--check"]
    lint = (
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "ruff", "format", "--check", "."],
        [str(Path(python).with_name("oxlint")), *SCRIPTS],
        [python, "-m", "yamllint", "--strict", *YAML],
        [python, "tools/notebooks.py", "check"],
        [python, "-m", "tools.address", "--check"],
        # Workflows; a compiled program, which .ci/run installs and few have.
        *([["actionlint"]] if in_ci(environment) or shutil.which("actionlint") else []),
        # Whether the compiled script is that of its source; npm installs the compiler.
        *([wasm] if in_ci(environment) or COMPILER.exists() else []),
    )
    # Each worker begins with half of the tests, in order: most files prepare what they share once.
    unit = [*one_thread, *pytest, "worksteal", "-p", "tools.slow", "tests", "lectures_lib"]
    unit += ["recipes", "tools", "--ignore=tests/site"]
    quick = [*unit, "-m", "not slow"]
    walk = [*pytest, "loadfile", "--nbval-lax", "--nbval-cell-timeout=300"]  # a kernel for each
    walk += ["-p", "no:cacheprovider", "-p", "tools.walk", "_build/run"]
    remove = [python, "tools/stages.py", "--remove-build"]
    book = ["make", "--no-print-directory", "book"]
    # Each folder of tests/site is a stage of its own.
    apart = ["tests/site/engines", "tests/site/lab"]
    site, engines, lab = ([*pytest, "worksteal", folder] for folder in ("tests/site", *apart))
    site += [f"--ignore={folder}" for folder in apart]
    keep = environment.get("KEEP")
    return [
        Stage("lint", "style of code, notebooks and settings", lint),
        Stage("quick", "the tests of unit that are not marked slow", (quick,), part=True),
        Stage("unit", "every function and class against independent values", (unit,)),
        Stage("notebooks", "every notebook, cell by cell", (walk,)),
        Stage("book", "the site, of what changed", (book,))
        if keep
        else Stage("book", "the site, from nothing", (remove, book)),
        Stage("site", "every page in Chromium", (site,), browser=True),
        Stage("engines", "what may differ in Firefox and WebKit", (engines,), needs=(*PROGRAMS,)),
        Stage("lab", "the notebooks that people open, in JupyterLab", (lab,), browser=True),
    ]


@contextmanager
def short_folder():
    """Let a Chromium that starts here put its socket where the path is short enough for one."""
    if len(os.fsencode(tempfile.gettempdir())) <= LONGEST_TMPDIR:
        yield
        return
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        patch.dict(os.environ, TMPDIR=folder),
    ):
        yield


def find_browser(environment):
    """Return the path of a Chromium, or None; `CHROMIUM` names one that is not on PATH."""
    names = [environment["CHROMIUM"]] if environment.get("CHROMIUM") else BROWSERS
    path = environment.get("PATH")
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def missing_program(name, environment):
    """Return what to do where a program is not on PATH, or None."""
    names, package = PROGRAMS[name]
    if any(shutil.which(one, path=environment.get("PATH")) for one in names):
        return None
    return f"no {name} found: install {package}"


def run(chosen, environment):
    """Run stages until one fails and return their outcomes."""
    outcomes = []
    for stage in chosen:
        seconds = times().get(stage.name)
        last = f"; last time {duration(seconds)}" if seconds else ""
        print(f"\n=== {stage.name}: {stage.does}{last}", flush=True)
        outcomes.append(run_stage(stage, environment))
        if outcomes[-1].result == "FAILED":
            break
        if outcomes[-1].result == "passed":
            TIMES.parent.mkdir(parents=True, exist_ok=True)
            TIMES.write_text(json.dumps(times() | {stage.name: outcomes[-1].seconds}))
    return outcomes


def times():
    """Return how many seconds each stage took when it last passed, as far as is known."""
    try:
        return json.loads(TIMES.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def duration(seconds):
    """Return a time for people.

    >>> duration(8.4), duration(500), duration(3600)
    ('8 s', '8 min 20 s', '60 min 0 s')
    """
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def run_stage(stage, environment):
    """Run the commands of one stage, up to the first that fails."""
    missing = [missing_program(name, environment) for name in stage.needs]
    if stage.browser:
        browser = find_browser(environment)
        wanted = environment.get("CHROMIUM") or "Chromium"
        if browser is None:
            missing.append(f"no {wanted} found: install chromium, or set CHROMIUM=/path/to/it")
        else:
            environment = environment | {"CHROMIUM": browser}
    if note := "; ".join(filter(None, missing)):
        print(note, flush=True)
        return Outcome(stage.name, "FAILED" if in_ci(environment) else "SKIPPED", note=note)
    start, notes = time.monotonic(), []
    for command in stage.commands:
        code, found = stream(command, environment)
        notes += found
        if code != 0:
            what = " ".join("python" if part == sys.executable else part for part in command)
            notes.append("no test was found" if code == 5 and "pytest" in command else what)
            break
    result = "FAILED" if code else "passed"
    return Outcome(stage.name, result, time.monotonic() - start, "; ".join(notes))


def in_ci(environment):
    """Return whether this is continuous integration, where nothing may be skipped."""
    return environment.get("CI", "").lower() in {"true", "1"}


def stream(command, environment):
    """Run a command, show its output as it comes; return its code and the lines that count."""
    environment = environment | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True, errors="replace",
    )  # fmt: skip
    notes = []
    with process:
        for line in process.stdout:
            print(line, end="", flush=True)
            if SUMMARY.search(line.strip()):
                notes = [", ".join(" ".join(pair) for pair in COUNT.findall(line)) or "no tests"]
            elif COUNTED.match(line):
                notes.append(line.strip().rstrip("."))
    return process.returncode, notes


def summary(outcomes, chosen):
    """Return the table of outcomes, the stages that were not reached included."""
    left = [Outcome(stage.name, "not run") for stage in chosen[len(outcomes) :]]
    lines = ["", f"{'stage':<10} {'result':<8} {'seconds':>7}  counts"]
    for outcome in [*outcomes, *left]:
        seconds = f"{outcome.seconds:7.0f}"
        lines.append(f"{outcome.name:<10} {outcome.result:<8} {seconds}  {outcome.note}".rstrip())
    total = Counter()
    for outcome in outcomes:
        for number, word in COUNT.findall(outcome.note):
            total[word.rstrip("s") if word.startswith("error") else word] += int(number)
    failed = total["failed"] + total["error"]
    lines += ["", f"{total['passed']} passed, {failed} failed, {total['skipped']} skipped"]
    return "\n".join(lines)


def remove_build():
    """Remove the site and all that it was made from; what the notebooks stage left stays."""
    for path in Path("_build").glob("*"):
        if path.name not in {"executed", "live", "run"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def main(arguments, environment):
    """Run the stages that are asked for; return the exit code."""
    if arguments == ["--remove-build"]:
        remove_build()
        return 0
    chosen = stages(environment)
    names = [stage.name for stage in chosen]
    if arguments:
        unknown = [name for name in arguments if name not in names]
        if unknown:
            print(f"There is no stage {unknown[0]!r}. Choose: {', '.join(names)}", file=sys.stderr)
            return 2
    chosen = [s for s in chosen if s.name in arguments or not (arguments or s.part)]
    outcomes = run(chosen, environment)
    print(summary(outcomes, chosen), flush=True)
    return 1 if any(outcome.result == "FAILED" for outcome in outcomes) else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:], dict(os.environ)))
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        sys.exit(130)
