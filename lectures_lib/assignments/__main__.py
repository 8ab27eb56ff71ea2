"""Choose, hand out, mark: `python -m lectures_lib.assignments list|assign|collect|mark|...`."""

import argparse
import secrets
import sys
from collections import defaultdict
from functools import partial
from importlib.util import find_spec

from lectures_lib.assignments.choose import choose, draw, place_of
from lectures_lib.assignments.listing import as_json, as_table
from lectures_lib.assignments.questions import write
from lectures_lib.assignments.skeleton import add
from lectures_lib.book import read_book
from lectures_lib.questions import questions_of
from lectures_lib.words import counted

__all__ = ["main", "parser"]

ENVIRONMENT = (
    "Activate the course's environment: source .venv/bin/activate (`make .venv/.ready` sets it up)."
)


def parser():
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m lectures_lib.assignments", description=__doc__)
    commands = top.add_subparsers(
        required=True, metavar="list|assign|inspect|collect|mark|report|new|questions"
    )
    book = argparse.ArgumentParser(add_help=False)
    book.add_argument("--book", help="folder with the chapters (default: book of the repository)")
    one = commands.add_parser("list", parents=[book], help="show the exercises of the book")
    one.add_argument("--chapter", help="only these, as cnn or cnn/tuning")
    one.add_argument("--json", action="store_true", help="for programs")
    one.set_defaults(run=_list)
    _add_assign(commands.add_parser("assign", parents=[book], help="write an assignment"))
    three = commands.add_parser("inspect", help="name what costs points in submissions")
    three.add_argument("assignment", help="its folder, as week5")
    three.add_argument("inbox", nargs="?", help="folder with a notebook of each student (default: "
                       "what is collected)")  # fmt: skip
    three.set_defaults(run=_inspect)
    _add_collect(commands.add_parser("collect", help="take in what students handed in"))
    _add_mark(commands.add_parser("mark", help="mark what was handed in, in a sandbox"))
    _add_report(commands.add_parser("report", help="marks, feedback, and a page on the class"))
    four = commands.add_parser("new", parents=[book], help="write the cells of a new exercise")
    four.add_argument("id", help="as cnn-my-idea")
    four.add_argument("--chapter", required=True, help="where, as cnn/tuning")
    four.add_argument("--kind", default="code", help="compute, code, train or explain")
    four.set_defaults(run=_new)
    five = commands.add_parser(
        "questions", parents=[book], help="write the short questions for a learning platform"
    )
    five.add_argument("-o", "--output", required=True, help="new file, as questions.xml or .zip")
    five.add_argument("--format", required=True, choices=["moodle", "qti"], help="Moodle or QTI")
    five.add_argument("--chapter", help="only these, as cnn or cnn/tuning")
    five.set_defaults(run=_questions)
    return top


def _add_assign(two):
    two.add_argument("ids", nargs="*", help="exercises, in this order")
    two.add_argument("-o", "--output", required=True, help="new folder, as week5")
    two.add_argument("--seed", type=int, help="fixes the hidden tests, and a draw (default: new)")
    two.add_argument("--from", dest="places", action="append", default=[],
                     help="draw from a chapter, as cnn or lstm/gates")  # fmt: skip
    two.add_argument("--count", type=int, help="how many to draw")
    two.add_argument("--with-needs", action="store_true", help="add what exercises build on")
    two.add_argument("--title", help="title of the assignment (default: the folder's name)")
    two.add_argument("--due", help='2026-12-01, or "2026-12-01 23:59 Europe/Berlin"')
    two.add_argument("--link", dest="links", action="append", default=[],
                     help="state of sliders, as cnn/why_convolutions#matched-filter?angle=60, or "
                     "what 'Copy link' on the site gives")  # fmt: skip
    two.add_argument("--site", help="address of the rendered book")
    two.set_defaults(run=_assign)


def _add_collect(command):
    command.add_argument("assignment", help="its folder, as week5")
    command.add_argument("downloads", nargs="+", help="zips, folders or notebooks")
    command.add_argument("--roster", required=True, help="the students, as the platform exports")
    command.add_argument("--extensions", help="table with the columns id and due")
    command.add_argument("--zone", help="of times that name none, as Europe/Berlin")
    command.set_defaults(run=_collect)


def _add_mark(command):
    command.add_argument("assignment", help="its folder, as week5")
    command.add_argument("-j", "--jobs", type=int, default=2, help="submissions at a time")
    command.add_argument("--again", action="store_true", help="mark also what is marked")
    command.add_argument("--unsafe", action="store_true", help="without a sandbox")
    command.set_defaults(run=_mark)


def _add_report(command):
    command.add_argument("assignment", help="its folder, as week5")
    command.add_argument("--to", required=True, help="new folder, as marks5")
    command.add_argument("--into", help="Moodle's grading worksheet, or Canvas' gradebook")
    command.add_argument("--column", help="its column for the marks, if it is not found")
    command.add_argument("--hide-tests", action="store_true", help="not in the feedback")
    command.add_argument("--anyway", action="store_true", help="though not all is marked")
    command.set_defaults(run=_report)


def main(arguments=None):
    """Run a command; return the exit code. Errors are one sentence, without a traceback."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError) as error:
        what = getattr(error, "filename", None) and f"{error.filename}: {error.strerror}"
        print(f"error: {what or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is done stays done; the same command goes on.", file=sys.stderr)
        return 130
    return 0


def _list(options):
    found = read_book(options.book).exercises
    place = options.chapter
    chosen = place_of(found, place, "--chapter") if place else list(found.values())
    print(as_json(chosen) if options.json else as_table(chosen))


def _assign(options):
    if find_spec("nbformat") is None:
        raise ValueError(f"nbformat is missing. {ENVIRONMENT}")
    from lectures_lib.assignments.assignment import assign, remarks

    seed = secrets.randbits(63) if options.seed is None else options.seed
    if seed < 0:
        raise ValueError(f"--seed {seed}, but it must be a whole number from 0 on.")
    book = read_book(options.book)
    ids = _ids(options, book.exercises, seed)
    chosen = choose(book.exercises, ids, with_needs=options.with_needs)
    texts = {name: getattr(options, name) for name in ("output", "title", "due", "links", "site")}
    folder = assign([exercise.id for exercise in chosen], seed=seed, book=book, **texts)
    print(
        f"{as_table(chosen)}\n\nWrote {folder} with the seed {seed}; --seed {seed} writes it again."
    )
    print(f"Hand out what is in {folder / 'student'}, and keep the rest to yourself.")
    for remark in remarks(book, options.due):
        print(f"warning: {remark}", file=sys.stderr)


def _ids(options, found, seed):
    """Return the ids that are given, and after them those that are drawn."""
    if bool(options.places) != (options.count is not None):
        raise ValueError("--from and --count go together: --from cnn --count 4")
    if not options.ids and not options.places:
        raise ValueError("No exercise is chosen. Give ids, or --from cnn --count 4")
    if not options.places:
        return options.ids
    drawn = draw(
        found, options.places, count=options.count, seed=seed, taken=options.ids,
        with_needs=options.with_needs,
    )  # fmt: skip
    return options.ids + drawn


def _inspect(options):
    _need_nbgrader()
    from lectures_lib.assignments.inbox import faults

    number, found = faults(options.assignment, options.inbox)
    for name, fault in found.items():
        print(f"{name} {fault}")
    print(f"{number - len(found)} of {number} notebooks have all answers where they count.")


def _collect(options):
    _need_nbgrader()
    from lectures_lib.assignments.collect import collect
    from lectures_lib.assignments.collected import summary

    done = collect(
        options.assignment, options.downloads, roster=options.roster,
        extensions=options.extensions, zone=options.zone,
    )  # fmt: skip
    print("\n".join(summary(done, zone=options.zone)))


def _need_nbgrader():
    if find_spec("nbgrader") is None:
        raise ValueError(f"nbgrader is missing. {ENVIRONMENT}")


def _mark(options):
    _need_nbgrader()
    if options.jobs < 1:
        raise ValueError(f"-j {options.jobs}, but it must be 1 or more.")
    from tqdm import tqdm

    from lectures_lib.assignments.mark import mark
    from lectures_lib.assignments.results import listed

    faults, mended = {}, defaultdict(list)
    with tqdm(desc="Mark", unit=" submissions") as bar:
        for bar.n, bar.total, student, mends, fault in mark(
            options.assignment, jobs=options.jobs, unsafe=options.unsafe, again=options.again
        ):
            bar.refresh()
            faults |= {student: fault} if fault else {}
            for what in mends:
                mended[what].append(student)
    for student, fault in faults.items():
        print(f"{student} could not be marked: {fault}")
    others = "" if bar.n else " All are marked already; with --again they are marked anew."
    print(f"Marked {counted(bar.n - len(faults), 'submission')}.{others}")
    for what, names in sorted(mended.items()):
        print(f"{what[0].upper()}{what[1:]}: {listed(names)}.")
    if mended:
        place = f"{options.assignment}/nbgrader"
        print(f"Compare {place}/autograded with {place}/submitted, where all stays as it came.")


def _report(options):
    _need_nbgrader()
    from tqdm import tqdm

    from lectures_lib.assignments.report import report

    texts = {name: getattr(options, name)
             for name in ("to", "into", "column", "hide_tests", "anyway")}  # fmt: skip
    seen = partial(tqdm, desc="Feedback", unit=" pages")
    for sentence in report(options.assignment, seen=seen, **texts):
        print(sentence)


def _new(options):
    for line in add(options.id, options.chapter, kind=options.kind, book=read_book(options.book)):
        print(line)


def _questions(options):
    book, place = read_book(options.book), options.chapter
    titles = {chapter.name: chapter.title for chapter in book.chapters}
    if place and not any(f"{name}/".startswith(f"{place}/") for name in titles):
        raise ValueError(f"--chapter {place}: there is none. Chapters are {list(titles)}.")
    found = list(questions_of(book).values())
    chosen = [one for one in found if not place or f"{one.chapter}/".startswith(f"{place}/")]
    path = write(chosen, titles, form=options.format, output=options.output)
    print(f"Wrote {counted(len(chosen), 'question')} to {path}.")


if __name__ == "__main__":
    sys.exit(main())
