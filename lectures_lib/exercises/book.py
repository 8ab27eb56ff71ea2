"""The folder of chapters: its notebooks, and what stands in their cells."""

import json
import re
from pathlib import Path

__all__ = [
    "BookNotFound",
    "BrokenExercise",
    "chapters",
    "find_book",
    "read_cells",
    "read_text_cells",
    "title_of",
]

KINDS_OF_CELLS = ("code", "markdown", "raw")


class BookNotFound(ValueError):
    """There is no folder with notebooks."""


class BrokenExercise(ValueError):
    """The cells of an exercise do not fit together."""


def find_book(given=None):
    """Return the folder with the notebooks: the one given, else `book` here or in the repository.

    >>> find_book("nowhere")
    Traceback (most recent call last):
    ...
    lectures_lib.exercises.book.BookNotFound: nowhere holds no notebooks. Give the folder book \
of the course's repository, as --book lectures/book.
    """
    here = [Path("book"), Path(__file__).parents[2] / "book"]
    for folder in [Path(given)] if given else here:
        if any(folder.glob("*/*.ipynb")):
            return folder
    if given:
        raise BookNotFound(
            f"{given} holds no notebooks. Give the folder book of the course's repository, "
            "as --book lectures/book."
        )
    raise BookNotFound(
        "The chapters are not installed with the package. Clone the course's repository and run "
        "this in it, or give its folder of chapters, as --book lectures/book."
    )


def chapters(book):
    """Return the paths of the notebooks, in the order of `_toc.yml` beside the folder."""
    book = Path(book)
    paths = [p for p in sorted(book.glob("*/*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    contents = book.resolve().parent / "_toc.yml"
    text = contents.read_text(encoding="utf-8") if contents.is_file() else ""
    listed = re.findall(r"file: \S+?/(\S+)", text)
    place = {name: number for number, name in enumerate(listed)}
    return sorted(
        paths, key=lambda p: place.get(p.relative_to(book).with_suffix("").as_posix(), len(place))
    )


def read_text_cells(path):
    """Yield `(source, figure)` of all cells; `figure` holds the name and the caption, if any."""
    for cell in read_cells(path, path.stem):
        yield cell["source"], cell["metadata"].get("mystnb", {}).get("figure", {})


def title_of(path):
    """Return the title of a notebook, the heading of its first cell."""
    first, _ = next(read_text_cells(path), ("", {}))
    return first.partition("\n")[0].removeprefix("# ")


def read_cells(path, chapter):
    """Return the cells of a notebook: each source as one text, and `where` it stands.

    Raises BrokenExercise for a file that is no notebook, and names a cell that is none.
    """
    try:
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
        numbered = list(enumerate(cells))
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenExercise(f"{chapter}.ipynb is not a notebook: {error!r}.") from error
    for number, cell in numbered:
        fault = _fault(cell)
        if fault:
            raise BrokenExercise(f"{chapter}.ipynb, cell {number}: {fault}.")
        cell["source"] = "".join(cell["source"])
        cell["where"] = f"{chapter}.ipynb, cell {number} (id {cell.get('id')})"
    return cells


def _fault(cell):
    """Return why something is no cell of a notebook, or an empty text."""
    if not isinstance(cell, dict) or cell.get("cell_type") not in KINDS_OF_CELLS:
        return f"its cell_type must be one of {', '.join(KINDS_OF_CELLS)}"
    source, metadata = cell.get("source"), cell.get("metadata")
    lines = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        return "its source must be a text, or a list of lines"
    if not isinstance(metadata, dict):
        return "it has no metadata; write {} if there is none"
    for name in ("exercise", "nbgrader", "mystnb"):
        if not isinstance(metadata.get(name, {}), dict):
            return f"{name} in its metadata is {metadata[name]!r}, but it must be {{...}}"
    figure = metadata.get("mystnb", {}).get("figure", {})
    return "" if isinstance(figure, dict) else f"its figure is {figure!r}, but it must be {{...}}"
