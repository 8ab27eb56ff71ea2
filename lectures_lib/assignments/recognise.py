"""Tell which cells of a submission are which of those that were handed out."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

__all__ = ["FIRST", "Form", "form_of", "recognised"]

# What an answer begins with: in code, and in words.
FIRST = re.compile(
    r"^[ \t]*(?:#+[ \t]*exercise:[ \t]*([\w-]+)|<!--[ \t]*exercise:[ \t]*([\w-]+)[ \t]*-->)[ \t]*$",
    re.MULTILINE,
)
CHECK = re.compile(r'check\("([\w-]+)", (\w+)\)')
HIDDEN = re.compile(r"# Hidden tests of ([\w-]+)")


@dataclass
class Form:
    """What was handed out: cells by their names in order, and what each check looks at."""

    cells: dict
    checked: dict  # {answer: name}

    def part(self, mark, what):
        """Whether a cell is `locked`, or an answer (`solution`)."""
        return mark in self.cells and self.cells[mark].metadata.get("nbgrader", {}).get(what, False)


def form_of(handed_out):
    """Return the `Form` of the notebook that students got."""
    cells = {cell.id: cell for cell in handed_out.cells}
    checks = [CHECK.match(cell.source) for cell in cells.values() if cell.cell_type == "code"]
    return Form(cells, {f"{check[1]}-answer": check[2] for check in checks if check})


def recognised(pieces, form):
    """Return pieces with the marks of what they are; answers in words that were merged apart."""
    found = [part for piece in pieces for part in _split(piece)]
    for piece in found:
        piece.mark = _mark(piece, form)
    return found


def _split(piece):
    """Yield a cell; or its parts, if answers in words were merged into it."""
    starts = [match.start() for match in FIRST.finditer(piece.source) if match[2]]
    if piece.kind != "markdown" or not starts:
        yield piece
        return
    texts = [piece.source[start:end] for start, end in pairwise([0, *starts, None])]
    for number, text in enumerate(text for text in texts if text.strip()):
        yield replace(piece, source=text, **({"mark": "", "id": ""} if number else {}))


def _mark(piece, form):
    """Return which cell of those handed out this is, or an empty text."""
    if form.part(piece.mark, "locked"):
        return piece.mark
    source = piece.source.strip()
    for pattern, role in ((FIRST, "answer"), (HIDDEN, "test"), (CHECK, "check")):
        match = pattern.match(source)
        if match and (mark := f"{match[1] or match[2]}-{role}") in form.cells:
            return mark
    for mark in (piece.mark, piece.id):
        if mark in form.cells:
            return mark
    same = (mark for mark, cell in form.cells.items() if source and cell.source.strip() == source)
    return next(same, "")
