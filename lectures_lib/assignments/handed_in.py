"""Read a notebook that somebody handed in, whatever program wrote it."""

import json
import re
from dataclasses import dataclass, field

import nbformat

__all__ = ["LARGEST", "Piece", "Unreadable", "images", "pieces", "read"]

LARGEST = 100_000_000  # bytes
MOST = 1000  # cells
FORMS = {b"PK": "a zip file", b"%PDF": "a PDF", b"\x1f\x8b": "packed", b"<": "a web page"}
PICTURE = re.compile(r"image/(png|jpeg|gif|webp)")
KINDS = ("code", "markdown", "raw")


class Unreadable(ValueError):
    """A file is no notebook that can be marked."""


@dataclass(eq=False)
class Piece:
    """A cell as somebody handed it in.

    `mark` names the cell that was handed out; `typed` the answer into whose check or test code was
    typed.
    """

    kind: str
    source: str
    mark: str = ""
    id: str = ""
    typed: str = ""
    attachments: dict = field(default_factory=dict)


def read(path):
    """Return the bytes of a file, but no more than are looked at."""
    with open(path, "rb") as file:
        return file.read(LARGEST + 1)


def pieces(raw):
    """Return the cells of a file as pieces, with the marks that they still have.

    Encodings, versions of the format and what stands behind the notebook do not matter.

    Raises:
        Unreadable: If the bytes are no notebook.
    """
    if len(raw) > LARGEST:
        raise Unreadable(
            f"is larger than {LARGEST // 10**6} MB. Ask for the file again, saved without outputs."
        )
    if not raw.strip(b"\0 \r\n\t"):
        raise Unreadable("is empty. Ask for the file again.")
    cells = _cells(raw)
    if not isinstance(cells, list) or not cells:
        raise Unreadable("is a notebook without cells. Ask for the file again.")
    if len(cells) > MOST:
        raise Unreadable(f"has {len(cells)} cells, and at most {MOST} are marked.")
    return [_piece(cell) for cell in cells if isinstance(cell, dict)]


def _cells(raw):
    text = raw.decode(json.detect_encoding(raw), "replace").lstrip("\ufeff \r\n\t")
    try:
        data, _ = json.JSONDecoder().raw_decode(text)
        if isinstance(data, dict) and "cells" not in data and "worksheets" in data:
            data = nbformat.convert(nbformat.from_dict(data), 4)
        return data["cells"]
    except Exception as error:  # of whatever somebody handed in
        what = next((what for start, what in FORMS.items() if raw.startswith(start)), "")
        cut = isinstance(error, json.JSONDecodeError) and text.startswith("{")
        what = what or ("cut off or damaged" if cut else "not a notebook")
        more = "" if what.startswith(("cut", "not")) else ", not a notebook"
        raise Unreadable(f"is {what}{more}. Ask for the file again.") from error


def _piece(cell):
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    mark = marks.get("grade_id") if isinstance(marks, dict) else None
    kind = cell.get("cell_type")
    return Piece(
        kind if kind in KINDS else "raw",
        _text(cell.get("source")),
        mark if isinstance(mark, str) else "",
        cell["id"] if isinstance(cell.get("id"), str) else "",
        attachments=images(cell.get("attachments")),
    )


def _text(source):
    """Return a source as one text that can be written, with the line ends of Unix."""
    parts = source if isinstance(source, list) else [source]
    text = "".join(part for part in parts if isinstance(part, str))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode("utf-8", "replace").decode("utf-8")


def images(attachments):
    """Return those attachments of a cell that are images: texts in base64."""
    found = {
        name: {
            kind: text
            for kind, data in kinds.items()
            if PICTURE.fullmatch(kind)
            and (text := _text(data))
            and re.fullmatch(r"[\w+/=\s]*", text, re.ASCII)
        }
        for name, kinds in (attachments.items() if isinstance(attachments, dict) else ())
        if isinstance(kinds, dict)
    }
    return {name: kinds for name, kinds in found.items() if kinds}
