"""The edition for runners: the chapters as notebooks that plain Jupyter, Colab and VS Code show.

Same cells, without marks that only the site reads: equations and figures have the numbers of the
pages, answers and solutions are closed, and pictures are stored, so that a notebook shows them
before it is run.
"""

import platform
import posixpath
import re
import struct
from base64 import b64decode
from pathlib import Path
from textwrap import shorten

import nbformat
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.util.logging import getLogger

from lectures_lib.book import BrokenChapter
from lectures_lib.explore import MIME_TYPE as EXPLORE
from lectures_lib.first_cell import TITLE, first_cell
from lectures_lib.playground.answering import MIME_TYPE as PLAYGROUND
from lectures_lib.prose import Prose, details
from lectures_lib.site import WRITING
from lectures_lib.site.model import book_of
from lectures_lib.site.notebooks import read
from lectures_lib.site.progress import tell
from lectures_lib.site.solutions import KEPT_BACK, give_nothing_away
from lectures_lib.words import counted

__all__ = ["FOLDER", "Numbered", "notebook", "setup"]

FOLDER = "notebooks"  # on the site
BRANCH = "notebooks"  # of the repository, at whose root the same notebooks stand
SET_UP = "set-up"
# As a kernel of this Python writes it, or JupyterLab marks each notebook as changed that it opens.
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    },
}
COMPARED = "nbval-check-output"
# Below pictures that are stored, and move only when their cell has run.
SLIDERS = " *(It has sliders when the cells up to here have run.)*"
PLAYGROUND_RUNS = " *(It answers when the cell above has run.)*"


class Numbered(Prose):
    """Text for notebooks beside the site: its numbers, and links to it and to other notebooks.

    Args:
        book: The `Book`.
        chapters: `{page: number}`.
        equations: `{label: number}`.
        figures: `{name: (page, number)}`.
        terms: `{term of the glossary: (page, anchor)}`.
        works: `{key: (page, anchor)}` of the bibliography.
    """

    def __init__(self, book, *, chapters, equations, figures, terms, works):
        super().__init__(book, book.site)
        self.chapters, self.equations, self.figures = chapters, equations, figures
        self.terms, self.works = terms, works

    def plain(self, text, chapter):
        for mark in ("<!-- chapter -->\n", "<!-- /chapter -->\n"):
            text = text.replace(mark, "")
        return super().plain(text, chapter)

    def tag(self, label):
        return self.equations[label]

    def equation(self, label, chapter):
        place, _ = self.labels[label]
        number = super().equation(label, chapter)
        if place == chapter:
            return number
        return f"[{number}]({super().address(f'book/{place}', f'equation-{label}', chapter)})"

    def figure(self, label, chapter):
        page, number = self.known(label, self.figures, "figure", chapter)
        return f"[Fig. {number}]({super().address(page, label, chapter)})"

    def term(self, text, term, chapter):
        page, anchor = self.known(term.lower(), self.terms, "term", chapter)
        return f"[{text}]({super().address(page, anchor, chapter)})"

    def work(self, key):
        return super().address(*self.works[key], "")

    def caption(self, name, text, more, chapter):
        """Return what stands below a figure."""
        return f"**Fig. {self.figures[name][1]}.** {self.plain(text, chapter)}{more}"

    def address(self, page, anchor, chapter):
        """Return another notebook for a chapter, and the site for all else."""
        if page in [one.page for one in self.book.chapters] and not anchor:
            return posixpath.relpath(f"{page}.ipynb", posixpath.dirname(f"book/{chapter}"))
        return super().address(page, anchor, chapter)


def notebook(chapter, prose, outputs):
    """Return a chapter as a notebook for runners.

    Args:
        chapter: The `Chapter`.
        prose: A `Numbered`.
        outputs: `{id of a cell: its outputs when the site was built}`.
    """
    cells = []
    for cell in chapter.cells:
        if cell.role == "audit" or cell.kind == "raw":
            continue
        if cell.kind == "markdown":
            cells.append(new_markdown_cell(prose.plain(cell.source, chapter.name), id=cell.id))
        elif cell.role == "solution":
            cells.append(_solution(cell))
        else:
            stored = [] if cell.role else outputs.get(cell.id, [])
            figures = _figures(cell, stored)
            texts = [prose.caption(*figure, chapter.name) for figure in figures]
            cells.append(_code(cell, [_plain_output(o, cell) for o in stored], texts))
            if texts:
                cells.append(new_markdown_cell("\n\n".join(texts), id=f"{cell.id}-caption"))
    if chapter.page in prose.chapters:
        cells[0].source = f"# {prose.chapters[chapter.page]}. {cells[0].source.removeprefix('# ')}"
    cells.insert(1, _folded(new_code_cell(first_cell(prose.book), id=SET_UP), TITLE))
    for number, cell in enumerate((c for c in cells if c.cell_type == "code"), start=1):
        _count(cell, number)
    return new_notebook(cells=cells, metadata=KERNEL)


def _code(cell, outputs, captions):
    made = new_code_cell(cell.source, id=cell.id, outputs=outputs)
    if COMPARED in cell.tags:
        made.metadata["tags"] = [COMPARED]
    return _folded(made, _title(captions)) if cell.folded else made


def _count(cell, number):
    """Number a cell that has outputs: nbval takes them for those of a run only then."""
    if cell.outputs:
        cell.execution_count = number
    for output in cell.outputs:
        if "execution_count" in output:
            output.execution_count = number


def _title(captions):
    """Return what a closed cell is called: its figure, as far as the first full stop.

    >>> _title(["**Fig. 3.** A [kernel](https://example.org/k.html) of $2^p$ *units*. More."])
    'A kernel of 2^p units'
    """
    text = re.sub(r"\]\([^)]*\)", "", captions[0].partition("** ")[2]) if captions else ""
    title = re.sub(r"[*$`\[\]]", "", text.partition(". ")[0].rstrip("."))
    return shorten(title, 70, placeholder=" ...") or "Code"


def _folded(cell, title):
    """Close a cell for JupyterLab, and for Colab, which shows the title instead."""
    cell.source = f"#@title {title}\n{cell.source}"
    cell.metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}
    return cell


def _solution(cell):
    """Return a solution as text: closed in every front end, and out of "Run all"."""
    return new_markdown_cell(details("Solution", f"```python\n{cell.source}\n```"), id=cell.id)


def _figures(cell, outputs):
    """Return `(name, caption, what to do)` of the figures that a cell shows."""
    if cell.figure:
        return [(cell.figure["name"], cell.caption, "")]
    found = []
    for data in (output.get("data", {}) for output in outputs):
        if EXPLORE in data:
            bundle = data[EXPLORE]
            more = SLIDERS if bundle["parameters"] else ""
            found.append((bundle["name"], bundle["caption"], more))
        elif PLAYGROUND in data:
            bundle = data[PLAYGROUND]
            found.append((bundle["figure"], bundle["caption"], PLAYGROUND_RUNS))
    return found


def _plain_output(output, cell):
    """Return an output with its picture and its description only, as a front end stores it."""
    output = nbformat.from_dict(output)
    if "image/png" in output.get("data", {}):
        for name in (EXPLORE, PLAYGROUND):
            output.data.pop(name, None)
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
        output.data["text/plain"] = alt or output.data["text/plain"]
        width, height = struct.unpack(">II", b64decode(output.data["image/png"][:64])[16:24])
        size = {"width": 600, "height": round(600 * height / width)}
        # nbviewer reads its alternative text here.
        output.metadata["image/png"] = size | {"alt": output.data["text/plain"]}
    return output


def _numbers(app):
    """Return the arguments of `Numbered` as Sphinx numbered and placed everything."""
    env, domains = app.env, app.env.domains
    chapters = {
        page: _dotted(title["secnumber"])
        for page, title in env.titles.items()
        if title.get("secnumber")
    }
    equations = {
        label: _dotted(env.toc_fignumbers[page]["displaymath"][f"equation-{label}"])
        for label, (page, _) in domains["math"].equations.items()
    }
    figures = {}
    for name, (page, anchor, *_) in domains["std"].anonlabels.items():
        number = env.toc_fignumbers.get(page, {}).get("figure", {}).get(anchor)
        if number:
            figures[name] = page, _dotted(number)
    terms = {
        name.lower(): place
        for (kind, name), place in domains["std"].objects.items()
        if kind == "term"
    }
    works = {
        citation.entry.key: (citation.bibliography_key.docname, citation.citation_id)
        for citation in domains["cite"].citations
    }
    return {
        "chapters": chapters, "equations": equations, "figures": figures, "terms": terms,
        "works": works,
    }  # fmt: skip


def _dotted(number):
    return ".".join(map(str, number))


def _executed(app, chapter):
    """Return `{id: outputs}` of a chapter as myst-nb has kept them."""
    cache = get_cache(app.env.mystnb_config.execution_cache_path)
    try:
        _, whole = cache.merge_match_into_notebook(read(chapter.path.read_text(encoding="utf-8")))
    except KeyError:  # it raised, which is said elsewhere
        return {}
    return {cell.id: cell.outputs for cell in whole.cells if cell.cell_type == "code"}


def _write(app, exception):
    """Write the edition beside the pages, and remove what an earlier build left there."""
    if exception is not None or app.builder.format != "html" or WRITING:
        return
    book, folder = book_of(app), Path(app.outdir, FOLDER)
    tell("step", f"Write {counted(len(book.chapters), 'notebook')}")
    prose, written = Numbered(book, **_numbers(app)), set()
    for chapter in book.chapters:
        try:
            shown = give_nothing_away(chapter) if KEPT_BACK else chapter
            made = notebook(shown, prose, _executed(app, chapter))
        except BrokenChapter as error:
            getLogger(__name__).warning("%s", error)
            made = new_notebook()
        nbformat.validate(made)
        path = folder / f"{chapter.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(made, path)
        written.add(path)
    for path in set(folder.rglob("*.ipynb")) - written:
        path.unlink()


def _link(app, pagename, templatename, context, doctree):
    """Let the buttons of a chapter open and download its notebook for runners."""
    if Path(app.env.doc2path(pagename)).suffix != ".ipynb":
        return
    path = f"{pagename.removeprefix('book/')}.ipynb"
    groups = {group.get("label"): group for group in context.get("header_buttons", ())}
    branch = app.config.html_theme_options.get("repository_branch") or "master"
    for button in groups.get("launch-buttons", {}).get("buttons", ()):
        button["url"] = launched(button["url"], branch, f"{pagename}.ipynb", path)
    for button in groups.get("download-buttons", {}).get("buttons", ()):
        if button.get("label") == "download-source-button":
            button["url"] = context["pathto"](f"{FOLDER}/{path}", 1)
            button["tooltip"] = "Download the notebook"


def launched(url, branch, page, path):
    """Return the address that opens a notebook of the edition instead of a chapter's source.

    >>> launched("https://hub/git-pull?repo=r&urlpath=lab/tree/r/book/a/b.ipynb&branch=main",
    ...          "main", "book/a/b.ipynb", "a/b.ipynb")
    'https://hub/git-pull?repo=r&urlpath=lab/tree/r/a/b.ipynb&branch=notebooks'
    """
    name = re.escape(branch)
    places = rf"(?<=/){name}(?=\?)|(?<=/blob/){name}(?=/)|(?<=branch=){name}"
    return re.sub(places, BRANCH, url).replace(page, path)


def setup(app):
    """Write the notebooks when the pages are written, which lead to them."""
    app.connect("html-page-context", _link, priority=900)  # after the theme
    app.connect("build-finished", _write)
