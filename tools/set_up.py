"""Set up `.venv`, the environment of the book: `make` runs this when it is missing or out of date.

Any Python 3 can start it: it looks for one that fits, and where there is none, uv fetches one into
`.uv`. Standard library only; nothing is written outside the folder of the repository, except pip's
own cache.
"""
# Python 3.6 must be able to read this file, to say there what is wrong.
# ruff: noqa: RUF005

import ast
import glob
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
READY = os.path.join(VENV, ".ready")
LOG = os.path.join(VENV, "set_up.log")
UV = os.path.join(ROOT, ".uv")  # uv, and the Python that it fetched
UV_CACHE = os.path.join(VENV, "cache", "uv")
VERSIONS = ((3, 13), (3, 12), (3, 11))
INSTALL = "Install Python 3.12, or name one that fits: make PYTHON=/path/to/python3.12"
# pip's settings that uv has too, and those that change nothing here; with any other, pip installs.
FOR_UV = {
    "index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
    "constraint": "UV_CONSTRAINT", "cert": "SSL_CERT_FILE", "trusted-host": "UV_INSECURE_HOST",
}  # fmt: skip
INDIFFERENT = re.compile(
    "(default-)?timeout|retries|(no-)?cache-dir|config-file|disable-pip-version-check|no-input|"
    "progress-bar|quiet|verbose|log|user|target|prefix|require-virtualenv|root-user-action"
)
NEEDED_GB = 4.0  # the environment has 2.6 GB; pip unpacks and caches beside it
UPDATE_GB = 1.0
UNREACHABLE = re.compile(
    "NewConnectionError|ConnectionError|ConnectTimeout|ReadTimeout|Read timed out|Max retries|"
    "name resolution|ProxyError|SSLError|from versions: none"
)


class SetUpError(Exception):
    """What went wrong and what to do, as one paragraph."""


def main():
    """Make or update `.venv`; return the exit code."""
    try:
        if up_to_date():
            os.utime(READY, None)
            return 0
        set_up()
    except SetUpError as error:
        print(f"\nSet-up stopped: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\nSet-up stopped: {explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up was interrupted. The next `make` starts it again.", file=sys.stderr)
        return 130
    return 0


def fingerprint():
    """Return the folder and a hash of the files that decide what is installed."""
    digest = hashlib.sha256()
    for name in ("requirements.txt", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return f"{ROOT}\n{digest.hexdigest()}\n"


def read(path):
    """Return the text of a file, or nothing when it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def up_to_date():
    """Return whether a complete `.venv` of this folder holds what the two files ask for."""
    return read(READY) == fingerprint() and venv_works()


def venv_works():
    """Return whether the Python of `.venv` runs, and fits."""
    return version_of(venv_python()) in VERSIONS


def venv_python():
    """Return the path of the Python of `.venv`."""
    return os.path.join(VENV, "bin", "python")


def version_of(python):
    """Return (major, minor) of a Python command, or None when it does not run."""
    command = [python, "-c", "import sys; print('%d %d' % sys.version_info[:2])"]
    try:
        output = subprocess.check_output(command, stderr=subprocess.DEVNULL)
        return tuple(int(part) for part in output.split())
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def find_python(running=None, chosen=None):
    """Return the path of a Python that fits: the running one, another on PATH, or a fetched one.

    `PYTHON=...` given to make chooses: no other one is taken then.
    """
    running = running or sys.version_info[:2]
    chosen = chosen or os.environ.get("SET_UP_PYTHON")
    if tuple(running) in VERSIONS:
        # Run from the very .venv that may be removed, when that is activated.
        inside = os.path.abspath(sys.executable).startswith(VENV + os.sep)
        return getattr(sys, "_base_executable", sys.executable) if inside else sys.executable
    here = "{} is Python {}.{}".format(chosen or sys.executable, *running)
    if chosen:
        raise SetUpError(f"{here}, but the course needs Python 3.11, 3.12 or 3.13. {INSTALL}")
    for version in VERSIONS:
        path = shutil.which("python{}.{}".format(*version))
        if path and version_of(path) == version:
            print(f"{here}, which does not fit; taking {path}.")
            return path
    return fetched_python() or fetch_python(here)


def fetched_python():
    """Return the path of a Python that uv fetched before, or None."""
    found = glob.glob(glob.escape(UV) + "/python/cpython-3.12.*/bin/python3.12")
    return next((path for path in found if version_of(path) == (3, 12)), None)


def fetch_python(here):
    """Return the path of a Python that uv fetches; uv comes from the package index."""
    none = f"No Python 3.11 to 3.13 here ({here})"
    print(f"{none}: fetching Python 3.12 with uv, 50 MB, into .uv", flush=True)
    if not agreed():
        raise SetUpError(f"{none}. {INSTALL}")
    check_modules(sys.executable)
    os.makedirs(VENV, exist_ok=True)  # for the log
    shutil.rmtree(UV, ignore_errors=True)
    try:
        with Step("Fetch Python 3.12"):
            run_logged([sys.executable, "-m", "venv", UV])
            pip(UV, "install", "uv")
            run_logged([os.path.join(UV, "bin", "uv"), "python", "install", "3.12"])
            if not fetched_python():
                raise SetUpError("What uv fetched does not run.")
    except SetUpError as error:
        raise SetUpError(f"{none}, and fetching one failed. {INSTALL}. {error}") from None
    return fetched_python()


def agreed():
    """Return whether to go on; who sits at a terminal is asked."""
    if not (sys.stdin and sys.stdin.isatty()):
        return True
    try:
        return input("Go on? [Y/n] ").strip().lower() in ("", "y", "yes")
    except EOFError:
        return False


def check_processor(system=None, processor=None):
    """Raise where TensorFlow has no build that fits."""
    here = system or platform.system(), processor or platform.machine()
    if here == ("Darwin", "x86_64"):
        raise SetUpError(
            "TensorFlow has no build for Macs with Intel processors since version 2.17, and the "
            "course needs 2.18. Open its notebooks in Colab or Binder, from the site's pages."
        )


def set_up():
    """Make `.venv`, or bring a complete one up to date."""
    check_processor()
    update = read(READY).split("\n")[0] == ROOT and venv_works()
    check_disk(UPDATE_GB if update else NEEDED_GB)
    python = None if update else find_python()
    print("Setting up .venv (once): 2 minutes or more, 2.6 GB. Ctrl-C is safe.", flush=True)
    if not update:
        check_modules(python)
        with Step(f"Make .venv with {python}"):
            make_venv(python)
    # Without the stamp an interrupted update is made anew; a failed one leaves things as they were.
    old = READY + ".old"
    if update:
        os.replace(READY, old)
    try:
        with Step("Install the packages of requirements.txt"):
            install_packages()
        with Step("Install lectures_lib"):
            pip(VENV, "install", "--no-deps", "-e", ".")
        with Step("Prepare the fonts of the figures"):
            run_logged([venv_python(), "-c", "import jupyter_book, matplotlib.font_manager"])
    except SetUpError:
        if update:
            os.replace(old, READY)
        raise
    with open(READY, "w", encoding="utf-8") as file:
        file.write(fingerprint())
    if update:
        os.remove(old)


class Step:
    """Print what is done, and how long it took."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        self.start = time.time()
        print(f"  {self.text} ...", end="", flush=True)

    def __exit__(self, kind, error, trace):
        seconds = time.time() - self.start
        print(" failed" if kind else f" {seconds:.0f} s", flush=True)


def check_disk(needed):
    """Refuse to start when the disk would fill up half-way."""
    free = shutil.disk_usage(ROOT).free / 1e9
    free += size_of_unfinished() if needed == NEEDED_GB else 0
    if free < needed:
        raise SetUpError(
            f"{ROOT} has {free:.1f} GB of free disk space, but the set-up needs {needed:.0f} GB. "
            "Make room, or clone the repository on a larger disk."
        )


def size_of_unfinished():
    """Return the GB of a `.venv` that is about to be removed."""
    total = 0
    for folder, _, names in os.walk(VENV):
        total += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
    return total / 1e9


def check_modules(python):
    """Some Linux systems ship Python without the modules that make environments."""
    command = [python, "-c", "import ensurepip, venv"]
    if subprocess.call(command, stderr=subprocess.DEVNULL) != 0:
        major, minor = version_of(python)
        raise SetUpError(
            f"{python} has no venv or ensurepip module. On Debian and Ubuntu: "
            f"apt-get install python{major}.{minor}-venv. Or name another Python: "
            "make PYTHON=/path/to/python3.12"
        )


def make_venv(python):
    """Make `.venv`; what an interrupted set-up left there goes first."""
    if os.path.islink(VENV) or os.path.isfile(VENV):
        os.remove(VENV)
    elif os.path.isdir(VENV):
        shutil.rmtree(VENV)
    os.mkdir(VENV)
    run_logged([python, "-m", "venv", VENV])


def install_packages():
    """Install what requirements.txt names: with uv, or with pip, which then says why that fails."""
    uv = [os.path.join(VENV, "bin", "uv"), "pip", "install", "--python", venv_python()]
    try:
        settings = settings_for_uv()
        pip(VENV, "install", "--retries", "1", "uv")
        run_logged(uv + ["--compile-bytecode", "-r", "requirements.txt"], **settings)
    except (SetUpError, subprocess.CalledProcessError):
        pip(VENV, "install", "-r", "requirements.txt")
    finally:
        shutil.rmtree(UV_CACHE, ignore_errors=True)


def settings_for_uv():
    """Return pip's settings as variables for uv; raise where uv cannot follow them."""
    command = [venv_python(), "-m", "pip", "config", "list"]
    lines = subprocess.check_output(command, stderr=subprocess.DEVNULL, universal_newlines=True)
    settings = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip does
    for section in ("global.", "install.", ":env:."):  # a later one counts more
        for line in lines.splitlines():
            name, _, value = line[len(section) :].partition("=")
            if not line.startswith(section) or INDIFFERENT.fullmatch(name):
                continue
            if name not in FOR_UV:
                raise SetUpError(f"uv has no setting like pip's {name}.")
            values = ast.literal_eval(value).split()
            settings[FOR_UV[name]] = ("," if name == "find-links" else " ").join(values)
    return settings


def pip(folder, *arguments):
    """Run pip of an environment, its output in the log."""
    quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    python = os.path.join(folder, "bin", "python")
    run_logged([python, "-m", "pip", arguments[0]] + quiet + list(arguments[1:]))


def run_logged(command, **settings):
    """Run a command in the repository; raise with the end of its output when it fails."""
    environment = dict(os.environ, PIP_USER="0", PYTHONUNBUFFERED="1")
    environment["MPLCONFIGDIR"] = os.path.join(VENV, "cache", "matplotlib")
    # uv writes into this folder only, and trusts the certificates that the system trusts.
    environment.update(UV_CACHE_DIR=UV_CACHE, UV_PYTHON_INSTALL_BIN="0", UV_SYSTEM_CERTS="1")
    environment.update(UV_PYTHON_INSTALL_DIR=os.path.join(UV, "python"), **settings)
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX"):
        environment.pop(name, None)
    start = len(read(LOG))
    with open(LOG, "a", encoding="utf-8") as log:
        log.write("$ {}\n".format(" ".join(command)))
        log.flush()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.wait()  # it got Ctrl-C too
            raise
    if code != 0:
        raise SetUpError(explain_output(command, code, read(LOG)[start:]))


def explain_output(command, code, output):
    """Say in a paragraph why a command failed, then show the end of what it printed."""
    noise = re.compile("is ignored|^WARNING: Retrying")
    lines = [line for line in output.strip().split("\n")[1:] if not noise.search(line)]
    # pip's message may not have fitted on the disk either.
    if "No space left on device" in output or shutil.disk_usage(ROOT).free < 50e6:
        reason = "The disk is full. Make room (about 4 GB) and run make again."
    elif UNREACHABLE.search(output):
        reason = (
            "The package index cannot be reached, or lacks a package. Check the network, the "
            "proxy and `pip config list`, and run make again."
        )
    else:
        reason = f"{os.path.basename(command[0])} ended with code {code}."
    shown = "\n".join("  | " + line[:200] for line in lines[-5:])
    return f"{reason} The full log is .venv/set_up.log; its last lines:\n{shown}"


def explain(error):
    """Say what an operating system error means for the set-up."""
    if shutil.disk_usage(ROOT).free < 50e6:
        return "The disk is full. Make room (about 4 GB) and run make again."
    if isinstance(error, PermissionError) or not os.access(ROOT, os.W_OK):
        return (
            f"{error.filename or ROOT} cannot be written ({error.strerror}). Clone the repository "
            "into a folder of your own, or change its permissions."
        )
    return f"{error}."


if __name__ == "__main__":
    sys.exit(main())
