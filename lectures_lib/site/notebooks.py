"""Which chapters are stale: a notebook's result depends on more than its own cells."""

import ast
import hashlib
import os
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import nbformat

__all__ = ["code_fingerprint", "library_modules", "read", "setup"]

PACKAGE = Path(__file__).parents[1]
# Read at build time, not by the kernel: a change there needs no new execution.
NOT_EXECUTED = {"site"}


def read(text):
    """Read a notebook and mark it with the fingerprint of all that its cells execute.

    jupyter-cache looks up results by the code cells and the kernel's name. The mark goes into
    the kernel's entry, so that a change in `lectures_lib` or in a package is a new look-up.
    """
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:  # a mark for the tests, of no use to readers
        cell.source = cell.source.removeprefix("# NBVAL_CHECK_OUTPUT\n")
    notebook.metadata.setdefault("kernelspec", {})["lectures_lib"] = code_fingerprint(notebook)
    return notebook


def code_fingerprint(notebook):
    """Return a hash of the library files that the notebook uses, of versions and of data."""
    data = Path(os.environ.get("LECTURES_DATA_DIR", ""), "cifar10.npz")
    digest = hashlib.sha256(f"{_versions()}\n{data.is_file()}".encode())
    for path in library_modules(_imports_of_notebook(notebook)):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def library_modules(names, *, package=PACKAGE):
    """Return the files behind dotted module names, with all that they import, sorted.

    A package counts with every file in it, data included.

    >>> [path.name for path in library_modules({"lectures_lib.live"})]
    ['__init__.py', 'live.py']
    """
    found, todo = {package / "__init__.py"}, set(names)
    seen = set()
    while todo:
        name = todo.pop()
        seen.add(name)
        parts = name.split(".")[1:]
        if not parts or parts[0] in NOT_EXECUTED:
            continue
        folder, module = package / parts[0], package / f"{parts[0]}.py"
        files = [module] if module.exists() else sorted(folder.rglob("*"))
        files = [f for f in files if f.is_file() and "__pycache__" not in f.parts]
        found.update(files)
        for path in files:
            if path.suffix == ".py":
                todo |= _imports(path.read_text(encoding="utf-8")) - seen
    return sorted(found)


def _imports(source):
    """Return the dotted names of `lectures_lib` modules that Python source imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] == "lectures_lib"}


def _imports_of_notebook(notebook):
    names = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            source = re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", cell.source)
            try:
                names |= _imports(source)
            except SyntaxError:  # the kernel will report it, with the cell
                continue
    return names


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
