"""A page on how a class did: statuses, points, and the commonest first mistakes."""

import json
import math
import re
from collections import Counter, defaultdict
from html import escape
from statistics import mean, median

from lectures_lib.assignments.results import STATUSES
from lectures_lib.exercises.running import NOTHING
from lectures_lib.words import counted

__all__ = ["class_page", "first_mistakes"]

SHOWN = 3  # mistakes of an exercise
LONGEST = 300  # letters of a mistake
BARS = 10
MEANS = {
    "marked": "all answers have points",
    "unread": "an answer in words waits for a reader",
    "failed": "handed in, not marked",
    "missing": "nothing handed in",
}
STYLE = """
:root { color-scheme: light dark; --line: #8888; --bar: #2a78b8; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1, h2 { line-height: 1.2; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.3rem 0.6rem 0.3rem 0; text-align: left; vertical-align: top;
         border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { font-weight: bold; }
.number, td:first-child, th:first-child { white-space: nowrap; width: 1%; }
.number { text-align: right; }
.bar { background: var(--bar); height: 1.1rem; min-width: 0; }
section { margin-top: 1.5rem; }
h3 { margin: 1.2rem 0 0; overflow-wrap: anywhere; }
p { margin: 0.2rem 0; }
li { overflow-wrap: anywhere; }
"""


def class_page(results):
    """Return a self-contained page on the results of a class."""
    sums = [one.sum for one in results.students if one.status == "marked"]
    mistakes = first_mistakes(results)
    sections = [
        _statuses(results.students),
        _points(sums, results.points),
        "<section><h2>Exercises, and the commonest first mistakes</h2>"
        "<p>Mistakes that differ in numbers only are counted as one.</p>"
        + "".join(_exercise(name, results, mistakes[name]) for name in results.cells)
        + "</section>",
    ]
    title = f"{escape(results.name)}: {counted(len(results.students), 'student')}"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n" + "\n".join(sections) + "\n</main>\n</body>\n</html>\n"
    )


def _statuses(students):
    number = Counter(one.status for one in students)
    late = sum(one.late > 0 for one in students)
    rows = [[status, MEANS[status], number[status]] for status in STATUSES if number[status]]
    rows += [["late", "handed in after the deadline", late]] if late else []
    return _section("Who handed in", ["status", "", "students"], rows)


def _points(sums, points):
    if not sums:
        return "<section><h2>Points</h2><p>Nobody is marked.</p></section>"
    said = (
        f"<p>Of {points:g} points, the {len(sums)} who are marked have {mean(sums):.2f} in the "
        f"mean, and {median(sums):.2f} in the median.</p>"
    )
    width = math.ceil(points / BARS)
    number = Counter(int(min(one, points) // width) for one in sums)
    most = max(number.values())
    rows = []
    for bar in range(int(points // width) + 1):
        drawn = f'<div class="bar" style="width: {100 * number[bar] / most:.1f}%"></div>'
        rows.append([bar * width, drawn, number[bar]])
    return _section("Points", ["points from", "", "students"], rows, said=said)


def _exercise(cell, results, mistakes):
    most = results.cells[cell]
    known = [
        one.points[cell] for one in results.students
        if one.sum is not None and one.points.get(cell) is not None
    ]  # fmt: skip
    head = f"<h3>{escape(exercise(cell))}</h3>"
    if not known:
        return f"{head}<p>No answer has points yet, of {most:g}.</p>"
    right = sum(points >= most for points in known) / len(known)
    said = (
        f"<p>Right: {100 * right:.0f}% of {counted(len(known), 'answer')}. "
        f"Mean: {mean(known):.2f} of {counted(most, 'point')}.</p>"
    )
    empty = dict(mistakes).get(NOTHING)
    said += f"<p>{empty} left it empty.</p>" if empty else ""
    made = [one for one in mistakes if one[0] != NOTHING]
    items = [f"{counted(number, 'student')}: {escape(text)}" for text, number in made[:SHOWN]]
    if others := made[SHOWN:]:
        number = counted(sum(number for _, number in others), "student")
        items.append(f"and {counted(len(others), 'other')} ({number})")
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f"{head}{said}" + (f"<ul>{listed}</ul>" if listed else "")


def _section(title, heads, rows, *, said=""):
    """Return a table; the last column holds numbers, and the rest is text that is safe."""
    top = "".join(f"<th{_class(number, heads)}>{head}</th>" for number, head in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(f"<td{_class(n, heads)}>{cell}</td>" for n, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return (
        f"<section><h2>{title}</h2>{said}<table><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table></section>"
    )


def _class(number, heads):
    return ' class="number"' if number == len(heads) - 1 else ""


def exercise(cell):
    """Return the id of an exercise from that of the cell which is marked.

    >>> exercise("cnn-output-size-test"), exercise("rnn-clip-everything-answer")
    ('cnn-output-size', 'rnn-clip-everything')
    """
    return re.sub("-(test|answer)$", "", cell)


def first_mistakes(results):
    """Return `{cell: [(sentence, how many students), ...]}`: first mistakes, the commonest first.

    Sentences count as one if they differ in numbers or quoted code only; the commonest of them
    stands for all. Ties are in the order of the alphabet.
    """
    said = defaultdict(lambda: defaultdict(Counter))
    for student in results.students:
        if student.sum is None:
            continue
        for cell, sentence in _first(results.notebook(student), results.cells):
            said[cell][_alike(sentence)][sentence] += 1
    return defaultdict(list, {
        cell: _ranked((_ranked(texts.items())[0][0], texts.total()) for texts in groups.values())
        for cell, groups in said.items()
    })  # fmt: skip


def _ranked(numbers):
    """Return pairs of a sentence and its number, the largest number first.

    >>> _ranked([("b", 1), ("a", 1), ("c", 2)])
    [('c', 2), ('a', 1), ('b', 1)]
    """
    return sorted(numbers, key=lambda one: (-one[1], one[0]))


def _first(path, cells):
    """Yield each cell of a marked notebook that is not right, and its first sentence."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name not in cells or cell["cell_type"] != "code":
            continue
        texts = [
            "".join(one.get("text", ""))
            for one in cell.get("outputs", ())
            if one["output_type"] == "stream"
        ]
        wrong = re.search(r"^Not yet: (.+)$", "".join(texts), re.MULTILINE)
        if wrong:
            yield name, wrong[1].strip()[:LONGEST]


def _alike(sentence):
    """Return a sentence without its numbers and its code.

    >>> _alike("the function gives [1., -2e-3], expected 32, for n=3.") == _alike(
    ...     "the function gives [7.5, inf, 0], expected 16, for n=12.")
    True
    """
    text = re.sub(r"`[^`]*`", "`…`", sentence)
    text = re.sub(r"[-+]?(?:\b\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|\b(?:inf|nan)\b)", "#", text)
    return re.sub(r"#(?:[,;\s\[\]()]+#)+", "#", text)
