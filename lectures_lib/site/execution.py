"""Execute the chapters that changed several at a time; myst-nb alone takes one after the other.

What the notebooks stage of the tests has executed is not executed again.
"""

import json
import os
from copy import deepcopy
from pathlib import Path

import nbformat
from joblib import Parallel, delayed
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution

from lectures_lib.site.notebooks import read
from lectures_lib.site.progress import tell
from lectures_lib.words import counted

__all__ = ["MEMORY", "executed_file", "peak_memory", "setup"]

KERNELS = 4  # at most; each may take a gigabyte of memory
# The last cell of a run: the most memory that its kernel had, in kB (macOS counts bytes).
MEMORY = """
import resource, sys
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(most // 1024 if sys.platform == "darwin" else most)
"""


def _execute(app, env, docnames):
    """Put the results of all chapters to be read into the cache where myst-nb looks for them.

    A chapter that fails leaves nothing there: myst-nb executes it again and reports.
    """
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path)
    stale = {
        path: notebook for path, notebook in _notebooks(env, docnames) if _new(cache, notebook)
    }
    for path in list(stale):
        if kept := _kept(app, path, stale[path]):
            _store(app, cache, path, kept, kept.metadata.lectures.seconds)
            del stale[path]
    if not stale:
        return
    runs = [delayed(_run)(path, stale[path], config.execution_timeout) for path in stale]
    jobs = min(KERNELS, os.cpu_count() or 1)
    tell("step", f"Execute {counted(len(stale), 'chapter')}, {jobs} at a time")
    # Processes, though the kernels do the work: they can be stopped when a result cannot be kept.
    # Without a name for what gives the results, or the traceback would keep it, and them, at work.
    for number, (path, result) in enumerate(
        Parallel(jobs, return_as="generator_unordered")(runs), 1
    ):
        name = path.relative_to(app.srcdir).with_suffix("").as_posix().removeprefix("book/")
        good = result is not None and result.err is None
        end = f"{result.time:.0f} s" if good else "failed"
        tell("note", f"{number:>{len(str(len(stale)))}}/{len(stale)}  {name}  {end}")
        if good:
            _store(app, cache, path, result.nb, result.time)


def _store(app, cache, path, notebook, seconds):
    """Put an executed chapter into the cache; its last cell says how much memory that took."""
    _keep_peak_memory(app, path, int(notebook.cells.pop().outputs[0].text))
    bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def executed_file(root, chapter):
    """Return where the notebooks stage keeps what the cells of a chapter showed."""
    return Path(root, "_build", "executed", f"{chapter}.ipynb")


def _kept(app, path, notebook):
    """Return a chapter with what the notebooks stage kept of just these cells, or None."""
    name = path.relative_to(Path(app.srcdir, "book")).with_suffix("").as_posix()
    try:
        executed = nbformat.read(executed_file(app.srcdir, name), as_version=4)
    except (OSError, ValueError):
        return None
    *cells, memory = executed.cells
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.source for cell in code] != [cell.source for cell in cells]:
        return None
    if executed.metadata.lectures.code != notebook.metadata.kernelspec.lectures_lib:
        return None
    made = deepcopy(notebook)
    for cell, done in zip((c for c in made.cells if c.cell_type == "code"), cells, strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    made.cells.append(memory)
    made.metadata.lectures = executed.metadata.lectures
    return made


def _notebooks(env, docnames):
    """Yield `(path, notebook)` of the chapters that can be read at all."""
    for path in (Path(env.doc2path(docname)) for docname in docnames):
        if path.suffix == ".ipynb":
            try:
                yield path, read(path.read_text(encoding="utf-8"))
            except ValueError:  # not JSON: the parser will say so, with the file
                continue


def _new(cache, notebook):
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return True
    return False


def _run(path, notebook, timeout):
    """Return the path and what became of the notebook, or None if its kernel died."""
    notebook.cells.append(nbformat.v4.new_code_cell(MEMORY))
    try:
        result = single_nb_execution(
            notebook, cwd=str(path.parent), allow_errors=False, timeout=timeout
        )
    except RuntimeError:
        return path, None
    return path, result


def peak_memory(app):
    """Return `{page: kB}`: the most memory that each chapter's kernel had when it was last run."""
    try:
        return json.loads(_memory_file(app).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _memory_file(app):
    return Path(app.env.mystnb_config.execution_cache_path, "peak_memory.json")


def _keep_peak_memory(app, path, kilobytes):
    page = path.relative_to(app.srcdir).with_suffix("").as_posix()
    known = peak_memory(app) | {page: kilobytes}
    _memory_file(app).write_text(json.dumps(known), encoding="utf-8")


def setup(app):
    """Execute before Sphinx begins to read."""
    app.connect("env-before-read-docs", _execute)
