"""What demos and playgrounds share on a page: a numbered figure with a still picture, and files."""

import html
import io
import json
import shutil

from docutils import nodes
from myst_nb.core.render import create_figure_context
from PIL import Image

from lectures_lib.site import WRITING, pages
from lectures_lib.site.model import book_of, doctree_of

__all__ = [
    "NOWHERE",
    "WITHOUT_SCRIPTS",
    "figure",
    "keep_files",
    "picture_tags",
    "shown",
    "true_shape",
]

NOWHERE = "polygon(0 0)"  # the shape where no colours are values
WITHOUT_SCRIPTS = (
    "<noscript><p>This figure is a picture here: its controls need JavaScript, which is off.</p>"
    "</noscript>"
)


def figure(renderer, data, content, *, name, caption, classes, source):
    """Return a node as a figure with number, name and caption, as myst-nb makes its own.

    Args:
        renderer, data: What a renderer of myst-nb gets.
        content: The node.
        name, caption, classes: Of the figure.
        source: The file of the library that draws it, or None; its caption links to it.
    """
    holder, markdown = nodes.Element(), renderer.renderer
    options = {"name": name, "caption": caption, "classes": classes}
    with markdown.current_node_context(holder), create_figure_context(markdown, options, data.line):
        markdown.current_node.append(content)
    _add_source(holder, _source_address(markdown.sphinx_env.app, source))
    return list(holder.children)


def _source_address(app, source):
    """Return where the code of a figure of the library can be read, or an empty text."""
    repository = book_of(app).repository.removesuffix(".git")
    branch = app.config.html_theme_options.get("repository_branch") or "main"
    return f"{repository}/blob/{branch}/lectures_lib/{source}" if repository and source else ""


def _add_source(figure, address):
    """Let the caption of a figure end with a link to its code, where there is one."""
    for caption in figure.findall(nodes.caption) if address else ():
        link = nodes.reference("", "Source", refuri=address, classes=["figure-source"])
        caption += [nodes.Text(" "), link]


def true_shape(png):
    """Return the part of a picture whose colours are values, as a shape of CSS.

    >>> from PIL import Image
    >>> from lectures_lib.plots import pack
    >>> picture = Image.new("RGB", (100, 50))
    >>> picture.info["true colours"] = [[0, 100, 500, 1000]]
    >>> true_shape(pack(picture))
    'polygon(0 0,0% 10%,50% 10%,50% 100%,0% 100%,0% 10%,0 0)'
    """
    with Image.open(io.BytesIO(png)) as picture:
        boxes = json.loads(picture.info.get("true colours", "[]"))
    points = ["0 0"]
    for left, top, right, bottom in boxes:
        around = (left, top), (right, top), (right, bottom), (left, bottom), (left, top)
        points += [*(f"{x / 10:g}% {y / 10:g}%" for x, y in around), "0 0"]
    return f"polygon({','.join(points)})"


def picture_tags(address, *, alt, size, classes, shape):
    """Return the HTML of a picture.

    In dark mode the page turns it around, and shows above it once more what must keep its colours.

    Args:
        address: Of the file.
        alt: What it shows.
        size: Width and height in pixels.
        classes: Of the picture.
        shape: What `true_shape` says of it; without one the picture stands alone.
    """
    rest = f'width="{size[0]}" height="{size[1]}" loading="lazy" decoding="async">'
    drawn = f'<img class="{classes}" src="{address}" alt="{html.escape(alt)}" {rest}'
    if not shape:
        return drawn
    style = f'style="clip-path:{shape}"'
    return f'{drawn}<img class="true-colours" src="{address}" alt="" {style} {rest}'


def shown(app, kind):
    """Yield what the pages of the book show of a kind of node, as the name of the page and bundle.

    Raises:
        ValueError: If two bundles have the same name.
    """
    found = {}
    for docname in pages(app):
        for node in doctree_of(app, docname).findall(kind):
            name = node["bundle"]["name"]
            if name in found:
                raise ValueError(f"{docname}: {found[name]} shows {name!r} already; rename one.")
            found[name] = docname
            yield node["bundle"]


def keep_files(folder, files):
    """Write files below a folder of the site, and remove all others.

    Args:
        folder: The folder.
        files: From paths in it to what they hold: bytes, or a `Path` whose content is that of all
            files of the same name, and is copied where there is none.
    """
    for path in () if WRITING else folder.rglob("*.*"):
        if path.relative_to(folder).as_posix() not in files:
            path.unlink()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif not path.exists():
            shutil.copyfile(content, path)
