"""The exercises of a book as a table, and as JSON."""

import json
from dataclasses import asdict

from lectures_lib.words import counted

__all__ = ["as_json", "as_table"]

COLUMNS = ("chapter", "id", "points", "minutes", "kind", "needs")


def as_table(exercises):
    """Return a line for each exercise, and the sums at the end."""
    rows = [COLUMNS]
    for exercise in exercises:
        needs = ", ".join(exercise.needs) or "-"
        rows.append((exercise.chapter, exercise.id, exercise.points, exercise.minutes,
                     exercise.kind, needs))  # fmt: skip
    texts = [[str(item) for item in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = [
        "  ".join(
            item.rjust(width) if name in ("points", "minutes") else item.ljust(width)
            for name, item, width in zip(COLUMNS, row, widths, strict=True)
        ).rstrip()
        for row in texts
    ]
    points, minutes = (sum(getattr(e, what) for e in exercises) for what in ("points", "minutes"))
    kinds = ", ".join(
        f"{sum(e.kind == kind for e in exercises)} {kind}"
        for kind in sorted({e.kind for e in exercises})
    )
    sums = counted(points, "point"), counted(minutes, "minute")
    total = f"{counted(len(exercises), 'exercise')} ({kinds}), {', '.join(sums)}"
    return "\n".join([*lines, "", total])


def as_json(exercises):
    """Return the same for programs, with title and task; without solutions."""
    wanted = (*COLUMNS, "title", "prompt")
    return json.dumps(
        [{key: asdict(exercise)[key] for key in wanted} for exercise in exercises],
        indent=1,
        ensure_ascii=False,
    )
