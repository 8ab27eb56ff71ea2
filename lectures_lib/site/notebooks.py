"""Which chapters are stale: a notebook's result depends on more than its own cells."""

import hashlib
import os
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import nbformat

from lectures_lib.site.dependencies import PACKAGE, library_files

__all__ = ["code_fingerprint", "read", "setup"]


def read(text):
    """Read a notebook and mark it with the fingerprint of all that its cells execute.

    jupyter-cache looks up results by the code cells and the kernel's name. The mark goes into
    the kernel's entry, so that a change in `lectures_lib` or in a package is a new look-up.
    """
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if "audit" in cell.metadata.get("tags", []):  # runs, and is not shown
            cell.metadata.tags.append("remove-cell")
    notebook.metadata.setdefault("kernelspec", {})["lectures_lib"] = code_fingerprint(notebook)
    return notebook


def code_fingerprint(notebook):
    """Return a hash of the library files that the notebook uses, of versions and of data."""
    data = Path(os.environ.get("LECTURES_DATA_DIR", ""), "cifar10.npz")
    digest = hashlib.sha256(f"{_versions()}\n{data.is_file()}".encode())
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for path in library_files(*cells):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _versions():
    """Return `name==version` of every package that the library declares."""
    lines = []
    for requirement in requires("lectures-lib") or []:
        name = re.match(r"[\w.-]+", requirement).group()
        for candidate in (name, f"{name}-cpu"):
            try:
                lines.append(f"{candidate}=={version(candidate)}")
            except PackageNotFoundError:
                continue
    return "\n".join(lines)


def setup(app):
    """Let Sphinx read a chapter again when its fingerprint has changed."""
    app.connect("env-get-outdated", _outdated)
    app.connect("env-purge-doc", lambda app, env, docname: _recorded(env).pop(docname, None))
    app.connect("env-merge-info", lambda app, env, names, other: _recorded(env).update(
        {name: _recorded(other)[name] for name in names if name in _recorded(other)}))  # fmt: skip
    app.connect("doctree-read", _record)


def _recorded(env):
    if not hasattr(env, "lectures_fingerprints"):
        env.lectures_fingerprints = {}
    return env.lectures_fingerprints


def _fingerprint(env, docname):
    path = Path(env.doc2path(docname))
    if path.suffix != ".ipynb":
        return None
    return code_fingerprint(nbformat.read(path, as_version=4))


def _outdated(app, env, added, changed, removed):
    return [
        docname
        for docname in env.found_docs - set(added) - set(changed)
        if _recorded(env).get(docname) != _fingerprint(env, docname)
    ]


def _record(app, doctree):
    docname = app.env.docname
    _recorded(app.env)[docname] = _fingerprint(app.env, docname)
