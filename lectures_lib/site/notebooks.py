"""Which chapters are stale: a notebook's result depends on more than its own cells."""

import hashlib
import os
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import nbformat

from lectures_lib.site.dependencies import PACKAGE, library_files
from lectures_lib.site.model import book_of
from lectures_lib.site.solutions import KEPT_BACK, hide_rubrics

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
    if KEPT_BACK:
        hide_rubrics(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    notebook.metadata.setdefault("kernelspec", {})["lectures_lib"] = code_fingerprint(code)
    return notebook


def code_fingerprint(cells):
    """Return a hash of the library files that cells of code use, of versions and of data."""
    data = Path(os.environ.get("LECTURES_DATA_DIR", ""), "cifar10.npz")
    digest = hashlib.sha256(f"{_versions()}\n{data.is_file()}".encode())
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


def _fingerprints(app):
    """Return `{page: fingerprint}` of all chapters, other ones without solutions."""
    if not hasattr(app, "lectures_fingerprints"):
        codes = {
            chapter.page: [c.source for c in chapter.cells if c.kind == "code"]
            for chapter in book_of(app).chapters
        }
        app.lectures_fingerprints = {
            page: (code_fingerprint(code), KEPT_BACK) for page, code in codes.items()
        }
    return app.lectures_fingerprints


def _outdated(app, env, added, changed, removed):
    known, now = _recorded(env), _fingerprints(app)
    pages = env.found_docs - set(added) - set(changed)
    return [page for page in pages if known.get(page) != now.get(page)]


def _record(app, doctree):
    _recorded(app.env)[app.env.docname] = _fingerprints(app).get(app.env.docname)
