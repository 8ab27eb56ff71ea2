"""Look at what students handed in, before it is marked."""

from pathlib import Path

import nbformat

from lectures_lib.assignments.clean import cleaned
from lectures_lib.assignments.handed_in import Unreadable, read

__all__ = ["faults"]


def faults(folder, inbox=None):
    """Return `(number of files, {name: what costs points})` of what was handed in.

    What `mark` puts in order is no fault.

    Args:
        folder: The assignment, as `assign` wrote it.
        inbox: Folder with a notebook of each student; what `collect` put into the assignment
            if None.
    """
    handed_out = next(Path(folder).glob("student/*.ipynb"), None)
    collected = Path(folder, "nbgrader", "submitted")
    if inbox is None:
        inbox = collected
        found = {path.parts[-3]: path for path in sorted(inbox.glob("*/*/*.ipynb"))}
    else:
        found = {path.name: path for path in sorted(Path(inbox).glob("*.ipynb*"))}
    if handed_out is not None and not found and inbox == collected:
        raise ValueError(f"{inbox} has no notebook. Collect first, or name the folder with them.")
    if handed_out is None or not found:
        where, what = (folder, "student/*.ipynb") if handed_out is None else (inbox, "*.ipynb")
        raise ValueError(f"{where} has no {what}. Give the assignment's folder, then the inbox.")
    form = nbformat.read(handed_out, as_version=4)
    said = {name: _fault(path, form) for name, path in found.items()}
    return len(found), {name: fault for name, fault in said.items() if fault}


def _fault(path, form):
    if path.suffix != ".ipynb":
        return "does not end in .ipynb, and is left out. Rename it."
    try:
        _, remarks = cleaned(read(path), form)
    except Unreadable as error:
        return str(error)
    return f"{'; it '.join(remarks)}. Ask the student." if remarks else ""
