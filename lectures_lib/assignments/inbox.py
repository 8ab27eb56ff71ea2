"""Look at what students handed in, before nbgrader does: it says nothing about cells it misses."""

from collections import Counter
from pathlib import Path

from lectures_lib.book import BrokenChapter, read_cells

__all__ = ["faults"]


def faults(folder, inbox):
    """Return `(number of notebooks, {file name: what is wrong})` of a folder of submissions.

    Args:
        folder: The assignment, as `assign` wrote it.
        inbox: Folder with a notebook of each student.
    """
    handed_out = next(Path(folder).glob("student/*.ipynb"), None)
    paths = sorted(Path(inbox).glob("*.ipynb"))
    if handed_out is None or not paths:
        where, what = (folder, "student/*.ipynb") if handed_out is None else (inbox, "*.ipynb")
        raise ValueError(f"{where} has no {what}. Give the assignment's folder, then the inbox.")
    wanted = _marked(handed_out)
    found = {path.name: _fault(path, wanted) for path in paths}
    return len(paths), {name: fault for name, fault in found.items() if fault}


def _fault(path, wanted):
    try:
        found = _marked(path)
    except BrokenChapter:
        return "is not a notebook. Ask for the file again."
    missing = [name for name in wanted if name not in found]
    twice = [name for name, number in found.items() if number > 1]
    if not found:
        return "has lost the metadata of all cells and would get 0. Ask for the file as saved."
    if missing:
        return f"lacks {', '.join(missing)}, and gets 0 there. Ask for the file again."
    return f"has {', '.join(twice)} twice; the last one counts." if twice else ""


def _marked(path):
    """Return how often each cell stands in a notebook that matters for marking."""
    marks = [cell.metadata.get("nbgrader", {}) for cell in read_cells(path, path.stem)]
    return Counter(mark["grade_id"] for mark in marks if mark.get("grade_id"))
