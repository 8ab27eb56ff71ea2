"""Put in order what students handed in, before it is marked.

Answers come from the student, all else that matters from the notebook that was handed out. A cell
of nbgrader's may be lost, moved, doubled or changed, an answer may have lost its mark, its type or
its place: none of that costs points.
"""

import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from lectures_lib.assignments.essays import harmless
from lectures_lib.assignments.handed_in import Piece, pieces
from lectures_lib.assignments.in_words import differ, elsewhere, end, restored, same, words
from lectures_lib.assignments.recognise import form_of, recognised

__all__ = ["cleaned", "mended"]

NEW = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


def cleaned(raw, handed_out):
    """Return `(notebook, remarks)` of a file that was handed in.

    Args:
        raw: Its bytes.
        handed_out: The notebook that students got.

    Returns:
        The notebook as it is marked, without outputs; and sentences on answers that are missing
        or do not count. An answer that is not filled in, or wrong, is no fault.

    Raises:
        Unreadable: If it is no notebook of this assignment.
    """
    form = form_of(handed_out)
    found = recognised(pieces(raw), form)
    found, said = _locked(found, form), {}
    answers = [mark for mark in form.cells if form.part(mark, "solution")]
    for mark in answers:
        take = _code if mark in form.checked else words
        found, said[mark] = take(found, mark, form)
    found, moved = elsewhere(found, form)
    remarks = [remark for mark in answers if mark not in moved for remark in said[mark]]
    for mark in form.cells:
        found = restored(found, mark, form)
    for mark in form.checked:
        found = _tested(found, mark, form)
    if len(remarks) == len(answers) and all(remark.startswith("lacks") for remark in remarks):
        remarks = ["has no answer to any exercise; it may be another notebook"]
    return _notebook(found, form, handed_out), remarks


def mended(raw, notebook):
    """Return what `cleaned` has put in order, as a set of a few words.

    Args:
        raw: The bytes that were handed in.
        notebook: What `cleaned` made of them.
    """
    given, found = {(piece.mark, piece.source.strip()) for piece in pieces(raw)}, set()
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark and (mark["grade_id"], cell.source.strip()) not in given:
            locked = mark.get("locked") and not mark.get("solution")
            found.add("cells of nbgrader's put back" if locked else "answers put in order")
    return found


def _locked(found, form):
    """Put locked cells back as they were handed out; what was typed into them stands beside.

    So do tasks to which something was added. Of several the first counts; of checks and tests the
    last.
    """
    made, ends = [], {}
    for piece in found:
        ends.setdefault(piece.mark, [piece, piece])[1] = piece
    for piece in found:
        cell = form.cells.get(piece.mark)
        whole = cell is not None and cell.source.strip() in piece.source
        if not form.part(piece.mark, "locked") and not (piece.mark.endswith("-task") and whole):
            made.append(piece)
            continue
        exercise, _, role = piece.mark.rpartition("-")
        answer = f"{exercise}-answer" if role in ("check", "test") else ""
        typed = piece.source.replace(cell.source.strip(), "", 1).strip()
        if typed and answer in form.checked:
            made.append(Piece("code", typed, typed=answer))
        if piece is ends[piece.mark][answer in form.checked]:
            made.append(Piece(cell.cell_type, cell.source, piece.mark))
        if typed and whole and answer not in form.checked:
            made.append(Piece(cell.cell_type, typed))
    return made


def _defining(found, mark, form):
    """Return the cells of the student's that give the name of an answer a value."""
    name = form.checked[mark]
    defines = re.compile(
        rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{name}\b|^[^#\n=(]*\b{name}\b[^=\n(]*=(?!=)",
        re.MULTILINE,
    )
    return [
        piece for piece in found
        if piece.kind == "code" and not form.part(piece.mark, "locked")
        and defines.search(piece.source)
    ]  # fmt: skip


def _code(found, mark, form):
    """Find an answer in code: the last cell with its mark, or one that defines its name."""
    exercise, remarks = mark.removesuffix("-answer"), []
    versions = [piece for piece in found if piece.mark == mark]
    filled = [piece for piece in versions if not same(piece, form.cells[mark])]
    defining = [piece for piece in _defining(found, mark, form) if piece not in versions]
    typed = [piece for piece in defining if piece.typed == mark]
    others = [piece for piece in defining if not piece.typed]
    if filled:
        found = [piece for piece in found if piece not in typed]
        if typed:
            remarks = [f"has another answer to {exercise} below it, which does not count"]
        elif differ(filled):
            remarks = [f"has two answers to {exercise}, of which the last counts"]
    elif typed:
        filled = typed
    elif others:  # merged into another answer, or in a cell of its own
        filled = [piece for piece in others if not piece.mark]
    elif not versions:
        remarks = [f"lacks an answer to {exercise}"]
    if filled or others:
        found = [piece for piece in found if piece in filled or piece not in versions]
    for piece in filled or versions:
        piece.kind, piece.mark = "code", ""
    for piece in (filled or versions)[-1:]:
        piece.mark = mark
    return found, remarks


def _tested(found, mark, form):
    """Put the test of an answer behind the answer, with what the student wrote right after it."""
    name = f"{mark.removesuffix('-answer')}-test"
    test = next((piece for piece in found if piece.mark == name), None)
    answers = [piece for piece in found if piece.mark == mark] or _defining(found, mark, form)
    if test is None or not answers or found.index(answers[-1]) < found.index(test):
        return found
    found = [piece for piece in found if piece is not test]
    at = end([piece.mark for piece in found], found.index(answers[-1]) + 1)
    return [*found[:at], test, *found[at:]]


def _notebook(found, form, handed_out):
    """Return a notebook of pieces, with the metadata of what was handed out."""
    cells, taken = [], set(form.cells)
    for number, piece in enumerate(found):
        given = form.cells.get(piece.mark)
        name = piece.id
        if given is not None and not any(cell.id == piece.mark for cell in cells):
            name = piece.mark
        elif not re.fullmatch(r"(?!own-)[\w-]{1,64}", name, re.ASCII) or name in taken:
            name = f"own-{number}"
        taken.add(name)
        source = piece.source
        if piece.kind == "markdown" and (given is None or given.source.strip() != source.strip()):
            source = harmless(source, piece.attachments)
        cell = NEW[piece.kind](source, id=name)
        if given is not None and name == piece.mark:
            cell.metadata = nbformat.from_dict(given.metadata)
        if piece.kind == "markdown" and piece.attachments:
            cell.attachments = nbformat.from_dict(piece.attachments)
        cells.append(cell)
    made = nbformat.v4.new_notebook(cells=cells, metadata=nbformat.from_dict(handed_out.metadata))
    nbformat.validate(made)
    return made
