"""Find answers in words in what was handed in, and put cells back that are missing."""

import ast
import re

from lectures_lib.assignments.handed_in import Piece
from lectures_lib.assignments.recognise import FIRST

__all__ = ["differ", "elsewhere", "end", "restored", "same", "words"]

SENTENCE = 8  # words of one's own that somebody should read
SENTENCES = re.compile(r"(?:[^\W\d_]+[,;:]? ){4}[^\W\d_]+")
OUTSIDE = "*This text stood outside the cell of the answer.*"


def words(found, mark, form):
    """Find an answer in words: the last cell with its mark, or the cells of one's own beside it."""
    exercise, cell = mark.removesuffix("-answer"), form.cells[mark]
    versions, remarks = [piece for piece in found if piece.mark == mark], []
    groups = []
    for piece in versions:  # a cell that was split has its first line once
        if FIRST.match(piece.source.lstrip()) or not groups:
            groups.append([])
        groups[-1].append(piece)
    filled = [group for group in groups if not all(same(piece, cell) for piece in group)]
    if not filled and (beside := _beside(found, mark, form)):
        filled = [beside]
    if not versions and not filled:
        return found, [f"lacks an answer to {exercise}"]
    if differ([group[0] for group in filled]):
        remarks = [f"has two answers to {exercise}, of which the last counts"]
    first, *rest = filled[-1] if filled else versions[-1:]
    _joined(first, [first, *rest])
    for piece in versions:
        piece.mark = ""
    first.kind, first.mark = cell.cell_type, mark
    if not filled:
        first.source = cell.source
    gone = [*rest, *(
        piece for piece in versions
        if piece is not first and (same(piece, cell) or same(piece, first))
    )]  # fmt: skip
    return [piece for piece in found if piece not in gone], remarks


def _beside(found, mark, form):
    """Return the cells of text that stand between the task of an answer and the next cell."""
    marks = [piece.mark for piece in found]
    start = next((marks.index(name) for name in (_task(mark), mark) if name in marks), len(found))
    text = []
    for piece in found[start + 1 :]:
        if piece.mark not in ("", mark):
            break
        if not piece.mark and prose(piece).strip():
            text.append(piece)
    return text


def prose(piece):
    r"""Return the text of a cell that people read; of code what is no program but sentences.

    Somebody may write into a cell of code, with or without the marks of a comment or string.

    >>> prose(Piece("code", "# It shortens,\n# and never turns.")), prose(Piece("code", "x = 1"))
    ('It shortens,\nand never turns.', '')
    """
    source = piece.source
    if piece.kind != "code":
        return source
    if piece.typed:  # it stood in the test of another answer
        return ""
    try:
        # Python warns of "\\d" where it reads it.
        body = ast.parse(re.sub(r"\\(\\|[^\n'\"])", "//", source)).body
    except (SyntaxError, ValueError):
        return source if SENTENCES.search(re.sub("#.*", "", source)) else ""
    if not all(
        isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in body
    ):
        return ""
    return re.sub("^#+ ?", "", source, flags=re.MULTILINE).strip("\"' \n")


def elsewhere(found, form):
    """Put texts that stand far from any answer into one that is empty, so that somebody reads them.

    Into the nearest above, or else the first; these are returned, too.
    """
    empty = [
        mark for mark in form.cells
        if form.part(mark, "solution") and mark not in form.checked
        and all(same(piece, form.cells[mark]) for piece in found if piece.mark == mark)
    ]  # fmt: skip
    moved, above = {}, empty[:1]
    for piece in found:
        above = [mark for mark in empty if piece.mark in (mark, _task(mark))] or above
        short = len(prose(piece).split()) < SENTENCE or FIRST.match(piece.source.lstrip())
        if above and not (piece.mark or short):
            moved.setdefault(above[0], []).append(piece)
    for mark, texts in moved.items():
        found = restored([piece for piece in found if piece not in texts], mark, form)
        answer = next(piece for piece in found if piece.mark == mark)
        _joined(answer, texts)
        answer.source = f"{OUTSIDE}\n\n{answer.source}"
    return found, moved


def _joined(answer, parts):
    """Give an answer the texts and attachments of several cells."""
    answer.source = "\n\n".join((prose(piece) or piece.source).strip() for piece in parts)
    answer.attachments = {
        name: data for piece in parts for name, data in piece.attachments.items()
    }  # fmt: skip


def _task(mark):
    return f"{mark.removesuffix('-answer')}-task"


def same(piece, cell):
    """Whether an answer is as it was handed out, or empty."""
    texts = [FIRST.sub("", text, count=1).split() for text in (piece.source, cell.source)]
    return texts[0] in ([], texts[1])


def differ(versions):
    """Whether several cells begin as an answer does, with different texts."""
    texts = {" ".join(one.source.split()) for one in versions if FIRST.match(one.source.lstrip())}
    return len(texts) > 1


def restored(found, mark, form):
    """Put a cell back that is missing, behind the one before it."""
    marks = [piece.mark for piece in found]
    needed = form.part(mark, "locked") or form.part(mark, "grade")
    if mark in marks or not needed:
        return found
    order = list(form.cells)
    before = [name for name in order[: order.index(mark)] if name in marks]
    at = 1 + marks.index(before[-1]) if before else 0
    if mark.endswith(("-check", "-test")):
        at = end(marks, at)
    cell = form.cells[mark]
    return [*found[:at], Piece(cell.cell_type, cell.source, mark), *found[at:]]


def end(marks, at):
    """Return where the cells without a mark end."""
    return next((n for n, mark in enumerate(marks[at:], at) if mark), len(marks))
