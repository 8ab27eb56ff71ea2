"""A new folder that appears when all of it is there."""

import contextlib
import tempfile
from pathlib import Path

__all__ = ["OutputExists", "new_folder"]


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
