"""The folder of an assignment: a new one appears when all of it is there."""

import contextlib
import json
import tempfile
from pathlib import Path

__all__ = ["OutputExists", "course_of", "new_folder", "saved"]


class OutputExists(ValueError):
    """There is something where a folder is to be written."""


@contextlib.contextmanager
def new_folder(output, option):
    """Give an empty folder to write into; it becomes `output` at the end, or vanishes at an error.

    Args:
        output: A folder that does not exist yet, in one that does.
        option: What the command calls it, for the errors.
    """
    place = Path(output).resolve()
    if place.exists():
        raise OutputExists(
            f"{output} is there already, and nothing is overwritten. Give another folder, or move "
            "this one away."
        )
    if not place.parent.is_dir():
        raise ValueError(f"{option} {output}: there is no folder {place.parent}. Make it first.")
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as folder:
        whole = Path(folder, "whole")
        whole.mkdir()
        yield whole
        whole.rename(place)


def course_of(folder):
    """Return the course folder of an assignment, nbgrader's notebook, and what is known of it.

    Raises:
        ValueError: If the folder holds no assignment.
    """
    course = Path(folder, "nbgrader").resolve()
    about = saved(course / "assignment.json")  # names it where the folder holds another one, too
    source = next(course.glob(f"source/{about.get('name', '*')}/*.ipynb"), None)
    if source is None:
        raise ValueError(f"{folder} has no nbgrader/source. Give the folder that `assign` wrote.")
    return course, source, about


def saved(path):
    """Return what a file of JSON says; nothing if there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
