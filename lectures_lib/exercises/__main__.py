"""List exercises and make assignments: `python -m lectures_lib.exercises list|assign|new`."""

import argparse
import sys
from importlib.util import find_spec

from lectures_lib.exercises.choose import choose, draw
from lectures_lib.exercises.listing import as_json, as_table
from lectures_lib.exercises.skeleton import add
from lectures_lib.exercises.source import find_book, read

__all__ = ["main"]


def parser():
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m lectures_lib.exercises", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="list|assign|new")
    book = argparse.ArgumentParser(add_help=False)
    book.add_argument("--book", help="folder with the chapters (default: book of the repository)")
    one = commands.add_parser("list", parents=[book], help="show the exercises of the book")
    one.add_argument("--chapter", default="", help="only these, as cnn or cnn/tuning")
    one.add_argument("--json", action="store_true", help="for programs")
    one.set_defaults(run=_list)
    two = commands.add_parser("assign", parents=[book], help="write an assignment")
    two.add_argument("ids", nargs="*", help="exercises, in this order")
    two.add_argument("-o", "--output", required=True, help="new folder, as week5")
    two.add_argument("--seed", type=int, required=True, help="fixes the hidden tests, and a draw")
    two.add_argument("--from", dest="places", action="append", default=[],
                     help="draw from a chapter, as chapter:cnn or chapter:lstm/gates")  # fmt: skip
    two.add_argument("--count", type=int, help="how many to draw")
    two.add_argument("--with-needs", action="store_true", help="add what exercises build on")
    two.add_argument("--title", help="title of the assignment (default: the folder's name)")
    two.add_argument("--due", help="day, as 2026-12-01")
    two.add_argument("--link", dest="links", action="append", default=[],
                     help="state of sliders, as cnn/tuning#map?rate=0.1")  # fmt: skip
    two.add_argument("--site", help="address of the rendered book")
    two.set_defaults(run=_assign)
    three = commands.add_parser("new", parents=[book], help="write the cells of a new exercise")
    three.add_argument("id", help="as cnn-my-idea")
    three.add_argument("--chapter", required=True, help="where, as cnn/tuning")
    three.add_argument("--kind", default="code", help="compute, code or explain")
    three.set_defaults(run=_new)
    return top


def main(arguments=None):
    """Run a command; return the exit code. Errors are one sentence, without a traceback."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _list(options):
    found = read(find_book(options.book))
    chosen = [e for e in found.values() if e.chapter.startswith(options.chapter)]
    if not chosen:
        known = sorted({e.chapter for e in found.values()})
        raise ValueError(f"--chapter {options.chapter}: there is none. Chapters are {known}.")
    print(as_json(chosen) if options.json else as_table(chosen))


def _assign(options):
    if find_spec("nbformat") is None:
        raise ValueError(
            "nbformat is missing. Install what assignments need: pip install "
            "'lectures-lib[grading]'"
        )
    from lectures_lib.exercises.assignment import assign

    ids, found = list(options.ids), read(find_book(options.book))
    if bool(options.places) != (options.count is not None):
        raise ValueError("--from and --count go together: --from chapter:cnn --count 4")
    if options.places:
        drawn = draw(found, options.places, count=options.count, seed=options.seed)
        ids += [name for name in drawn if name not in ids]
    if not ids:
        raise ValueError("No exercise is chosen. Give ids, or --from chapter:cnn --count 4")
    ids = [exercise.id for exercise in choose(found, ids, with_needs=options.with_needs)]
    names = ("output", "seed", "book", "title", "due", "links", "site")
    folder = assign(ids, **{name: getattr(options, name) for name in names})
    print(f"{folder}: {', '.join(ids)}")


def _new(options):
    for line in add(options.id, options.chapter, kind=options.kind, book=find_book(options.book)):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
