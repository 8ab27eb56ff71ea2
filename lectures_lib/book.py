"""The one model of the book: its contents, chapters, cells, works cited, demos and exercises.

`read_book` reads it once; the site, the assignments and the tools take from what it returns.
"""

import ast
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from lectures_lib.exercises.source import exercises_of, in_order

__all__ = [
    "DIRECTIVE", "Book", "BookNotFound", "BrokenChapter", "Cell", "Chapter", "Demo", "Work",
    "chapter_paths", "contents", "find_book", "read_book", "read_cells", "site_address",
]  # fmt: skip

# A fence of back ticks or colons: its name, what stands behind that, its options, its text.
DIRECTIVE = re.compile(
    r"^(`{3,}|:{3,})\{([\w-]+)\}[ ]*([^\n]*)\n((?::[\w-]+:[^\n]*\n)*)(.*?)^\1[ ]*$",
    re.DOTALL | re.MULTILINE,
)
KINDS_OF_CELLS = ("code", "markdown", "raw")
FOLDED = {"hide-input", "hide-cell"}
DEMOS = Path(__file__).parent / "demos"
# Arguments of `explore`, `figure` and `train` that are no sliders.
CALLS = {"explore", "figure", "train"}
OPTIONS = {
    "name", "caption", "alt", "start", "labels", "page", "epochs", "kind", "more", "source",
}  # fmt: skip


class BookNotFound(ValueError):
    """There is no folder with notebooks."""


class BrokenChapter(ValueError):
    """A file is no notebook, or holds what a notebook cannot show."""


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook; `where` it stands is for people."""

    id: str
    kind: str
    source: str
    where: str = ""
    metadata: dict = field(default_factory=dict, compare=False, repr=False)

    @property
    def tags(self):
        return set(self.metadata.get("tags", []))

    @property
    def role(self):
        """What the cell is for: answer, check, solution, rubric, audit, or nothing special."""
        return "audit" if "audit" in self.tags else self.exercise.get("role", "")

    @property
    def exercise(self):
        return self.metadata.get("exercise", {})

    @property
    def folded(self):
        """Whether its code is closed until a reader opens it."""
        return bool(FOLDED & self.tags)

    @property
    def figure(self):
        """Name and caption of the figure that it draws, as a dictionary."""
        return self.metadata.get("mystnb", {}).get("figure", {})

    @property
    def caption(self):
        return self.figure.get("caption", "")


@dataclass(frozen=True)
class Chapter:
    """A notebook of the book; its `name` reads "cnn/tuning"."""

    name: str
    path: Path
    cells: tuple

    @property
    def title(self):
        """The heading of its first cell."""
        return self.cells[0].source.partition("\n")[0].removeprefix("# ") if self.cells else ""

    @property
    def page(self):
        """Its name among the pages of the site."""
        return f"book/{self.name}"

    @property
    def sources(self):
        """The code that draws its figures: its cells, and its modules of `lectures_lib.demos`.

        What trains in the page may stand in a second one, whose name ends in `_live`; it counts
        where a cell imports it.
        """
        cells = [cell.source for cell in self.cells if cell.kind == "code"]
        module = self.name.replace("/", "_")
        live = f"{module}_live"
        names = [module, live] if any(live in cell for cell in cells) else [module]
        paths = [DEMOS / f"{name}.py" for name in names]
        return cells + [path.read_text(encoding="utf-8") for path in paths if path.is_file()]


@dataclass(frozen=True)
class Work:
    """A work that is cited: who, when, and where it can be read."""

    names: str
    year: str
    address: str = ""


@dataclass(frozen=True)
class Demo:
    """A figure of `explore`, `figure` or `train`; a slider whose values code makes has None.

    `trains` says that each state is a run, made where the figure is shown.
    """

    chapter: str
    name: str
    caption: str
    sliders: dict
    trains: bool = False


@dataclass(frozen=True)
class Book:
    """What stands in the folder `book` and in the two files beside it."""

    folder: Path
    chapters: tuple

    def __getitem__(self, name):
        return {chapter.name: chapter for chapter in self.chapters}[name]

    @cached_property
    def repository(self):
        """The address of the repository, `repository.url` of `_config.yml`, or an empty text."""
        config = self.folder.resolve().parent / "_config.yml"
        settings = yaml.safe_load(config.read_text(encoding="utf-8")) if config.is_file() else {}
        return (settings.get("repository") or {}).get("url", "")

    @property
    def site(self):
        """The address of the rendered book."""
        return site_address(self.repository)

    @cached_property
    def figures(self):
        """`{name: (chapter, caption)}` of the figures without states that have an address."""
        of_cells = {
            cell.figure.get("name"): (chapter.name, cell.caption)
            for chapter in self.chapters
            for cell in chapter.cells
            if cell.figure
        }
        still = [demo for demo in self._drawn if demo.trains or not demo.sliders]
        return of_cells | {demo.name: (demo.chapter, demo.caption) for demo in still}

    @cached_property
    def works(self):
        """`{key: Work}` of `references.bib`."""
        from pybtex.database import parse_file

        path = self.folder / "references.bib"
        entries = parse_file(str(path)).entries if path.is_file() else {}
        return {key: _work(entry) for key, entry in entries.items()}

    @cached_property
    def demos(self):
        """`{(chapter, name): Demo}` of the figures with sliders."""
        return {(d.chapter, d.name): d for d in self._drawn if d.sliders and not d.trains}

    @cached_property
    def trainings(self):
        """`{(chapter, name): Demo}` of the networks that train in the page."""
        return {(d.chapter, d.name): d for d in self._drawn if d.trains}

    @cached_property
    def _drawn(self):
        return [demo for chapter in self.chapters for demo in _demos(chapter)]

    @cached_property
    def exercises(self):
        """`{id: Exercise}` in the order of the book.

        Raises:
            BrokenExercise: If the cells of one do not fit together; the text says how to mend it.
        """
        return in_order((chapter.name, exercises_of(chapter)) for chapter in self.chapters)


def find_book(given=None):
    """Return the folder with the notebooks: the one given, else `book` here or in the repository.

    >>> find_book("nowhere")
    Traceback (most recent call last):
    ...
    lectures_lib.book.BookNotFound: nowhere holds no notebooks. Give the folder book of the \
course's repository, as --book lectures/book.
    """
    here = [Path("book"), Path(__file__).parents[1] / "book"]
    for folder in [Path(given)] if given else here:
        if any(folder.rglob("*.ipynb")):
            return folder
    raise BookNotFound(
        f"{given} holds no notebooks. Give the folder book of the course's repository, as --book "
        "lectures/book."
        if given
        else "The chapters are not installed with the package. Clone the course's repository and "
        "run this in it, or give its folder of chapters, as --book lectures/book."
    )


def read_book(folder=None):
    """Read the chapters of a folder (`find_book` says which if none is given).

    Raises:
        BookNotFound: If it holds no notebooks.
        BrokenChapter: If a file is no notebook; the text names the cell.

    >>> [chapter.name for chapter in read_book().chapters][:2]
    ['cnn/why_convolutions', 'cnn/convolution_layers']
    """
    folder = find_book(folder)
    made = []
    for path in chapter_paths(folder):
        name = path.relative_to(folder).with_suffix("").as_posix()
        made.append(Chapter(name, path, read_cells(path, name)))
    return Book(folder, tuple(made))


def chapter_paths(folder):
    """Return the paths of the notebooks, in the order of `_toc.yml` beside the folder."""
    folder = Path(folder)
    paths = [p for p in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    toc = folder.resolve().parent / "_toc.yml"
    places = {page: number for number, page in enumerate(contents(toc) if toc.is_file() else ())}

    def place(path):
        page = path.relative_to(folder.parent).with_suffix("").as_posix()
        return places.get(page, len(places))

    return sorted(paths, key=place)


def contents(toc):
    """Return the pages that `_toc.yml` lists, as "book/cnn/tuning", in the order of reading."""
    from sphinx_external_toc.parsing import parse_toc_yaml

    pages = parse_toc_yaml(toc)

    def below(page):
        yield page.docname
        for part in page.subtrees:
            for name in part.items:
                if isinstance(name, str) and name in pages:
                    yield from below(pages[name])

    return [str(name) for name in below(pages.root)]


def read_cells(path, name):
    """Return the cells of a notebook.

    Raises:
        BrokenChapter: For a file that is no notebook; the text names a cell that is none.
    """
    try:
        cells = list(json.loads(Path(path).read_text(encoding="utf-8"))["cells"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenChapter(f"{name}.ipynb is not a notebook: {error!r}.") from error
    made = []
    for number, cell in enumerate(cells):
        fault = _fault(cell)
        if fault:
            raise BrokenChapter(f"{name}.ipynb, cell {number}: {fault}.")
        where = f"{name}.ipynb, cell {number} (id {cell.get('id')})"
        source = "".join(cell["source"])
        made.append(Cell(cell.get("id"), cell["cell_type"], source, where, cell["metadata"]))
    return tuple(made)


def site_address(repository):
    """Return the address at which GitHub publishes a repository.

    >>> site_address("https://github.com/OWNER/lectures")
    'https://OWNER.github.io/lectures'
    """
    found = re.search(r"https://github\.com/([^/\s]+)/([^/\s]+)", repository)
    return f"https://{found[1]}.github.io/{found[2].removesuffix('.git')}" if found else ""


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


def _work(entry):
    """Return what a text says of an entry of the bibliography."""
    people = [
        " ".join(map(str, [*person.rich_prelast_names, *person.rich_last_names]))
        for person in entry.persons.get("author", ())
    ]
    names = f"{people[0]} and others" if len(people) > 2 else " and ".join(people)
    address = entry.fields.get("url", "")
    for name, host in (("doi", "https://doi.org"), ("eprint", "https://arxiv.org/abs")):
        if not address and name in entry.fields:
            address = f"{host}/{entry.fields[name]}"
    return Work(names or "?", entry.fields.get("year", "no year"), address)


def _demos(chapter):
    """Yield a `Demo` for each call that has a name, which is its address."""
    for source in chapter.sources:
        try:
            tree = ast.parse(source if re.search(r"\b(explore|figure|train)\(", source) else "")
        except SyntaxError:  # a line of IPython's own
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS:
                options = {keyword.arg: keyword.value for keyword in node.keywords}
                if isinstance(options.get("name"), ast.Constant):
                    yield _demo(chapter.name, options, trains=node.func.id == "train")


def _demo(chapter, options, *, trains):
    page, caption = options.get("page"), getattr(options.get("caption"), "value", "")
    pairs = zip(page.keys, page.values, strict=True) if isinstance(page, ast.Dict) else ()
    coarse = {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}
    sliders = {key: node for key, node in options.items() if key not in OPTIONS} | coarse
    values = {key: _values(node) for key, node in sliders.items()}
    text = caption if isinstance(caption, str) else ""
    return Demo(chapter, options["name"].value, text, values, trains)


def _values(node):
    """Return the values of a slider as they stand in addresses, or None if code makes them."""
    try:
        return [_text(value) for value in ast.literal_eval(node)]
    except (ValueError, TypeError):
        pass
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "range":
        return [str(value) for value in range(*map(ast.literal_eval, node.args))]
    return None


def _text(value):
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
