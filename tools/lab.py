"""Open the notebooks in JupyterLab, as a working copy: `python -m tools.lab [FOLDER]`.

The folder is the reader's. A notebook that was not changed there is brought up to date; beside one
that was, the new version is written under another name. Nothing is ever overwritten or removed.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import nbformat

__all__ = ["main", "update"]

EDITION = Path("_build/notebooks")
HANDED = ".handed-out.json"  # what each notebook was when it was written here
SETTINGS = Path("_build/lab")
# A menu for instructors, and a question that asks another host.
OFF = ("@jupyter/nbgrader", "@jupyterlab/apputils-extension:announcements")


def update(edition, folder):
    """Bring a working copy up to date; return a sentence for each notebook that needs one.

    Args:
        edition: Folder of the notebooks as the last build made them.
        folder: The working copy; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / HANDED
    handed = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    said = []
    for path in sorted(edition.rglob("*.ipynb")):
        name, new = path.relative_to(edition).as_posix(), folder / path.relative_to(edition)
        mark = _mark(path)
        if handed.get(name, {}).get("cells") == mark and new.exists():
            continue  # the reader has this version, changed or not
        if new.exists() and handed.get(name, {}).get("shown") != _shown(new):
            new = _beside(new)
            said.append(f"{name} was changed here; its new version is {new.name} beside it.")
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, new)
        handed[name] = {"cells": mark, "shown": _shown(path)}
        record.write_text(json.dumps(handed, indent=1), encoding="utf-8")
    return said


def _beside(path):
    """Return a name that nothing has: digits-new.ipynb, digits-new-2.ipynb, ..."""
    names = (f"{path.stem}-new{f'-{n}' if n > 1 else ''}{path.suffix}" for n in range(1, 1000))
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())


def _mark(path):
    """Return a hash of what a reader reads and runs: a new picture or address is no new version."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["id"] != "set-up"]
    return _hash("\0".join(sources).encode())


def _shown(path):
    """Return a hash of what a notebook shows: JupyterLab notes its kernel when it opens one."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except ValueError:  # no notebook
        return _hash(path.read_bytes())
    return _hash(repr([(cell.source, cell.get("outputs")) for cell in cells]).encode())


def _hash(content):
    return hashlib.sha256(content).hexdigest()[:16]


def settings():
    """Write what is switched off in JupyterLab, and return the folder that says so."""
    path = SETTINGS / "labconfig" / "page_config.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"disabledExtensions": dict.fromkeys(OFF, True)}), encoding="utf-8")
    return SETTINGS.resolve()


def main(arguments=None):
    """Update the working copy, then start JupyterLab in it."""
    parser = argparse.ArgumentParser(prog="python -m tools.lab", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("notebooks"))
    options = parser.parse_args(arguments)
    if not EDITION.is_dir():
        print("There are no notebooks yet. Make them first: make book", file=sys.stderr)
        return 1
    try:
        said = update(EDITION, options.folder)
    except (OSError, ValueError) as error:
        print(f"{options.folder} cannot be brought up to date: {error}.", file=sys.stderr)
        return 1
    print(
        "\n".join([*said, f"JupyterLab opens {options.folder.resolve()} (Ctrl-C ends)"]), flush=True
    )
    os.environ["JUPYTER_CONFIG_PATH"] = str(settings())
    more = ["--allow-root"] if os.geteuid() == 0 else []
    os.execvp("jupyter", ["jupyter", "lab", f"--notebook-dir={options.folder}", *more])


if __name__ == "__main__":
    sys.exit(main())
