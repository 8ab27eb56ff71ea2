"""What must never pass in silence: the build warns, and with `-W` it fails."""

import re
from html import unescape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

__all__ = ["setup"]

logger = logging.getLogger(__name__)


def setup(app):
    """Connect the checks."""
    app.connect("builder-inited", _pages_outside_the_contents)
    app.connect("doctree-resolved", _errors_in_outputs)
    app.connect("doctree-resolved", _pictures_without_description)
    app.connect("html-page-context", _broken_mathematics)


def _pages_outside_the_contents(app):
    """A chapter that is not in `_toc.yml` would be left out of the book without a word.

    README.md is for who writes one.
    """
    source = Path(app.srcdir)
    listed = set(app.config.external_site_map.as_json()["documents"])
    for path in sorted(source.glob("book/**/*")):
        page = path.relative_to(source).with_suffix("").as_posix()
        parts = path.relative_to(source).parts
        hidden = path.name == "README.md" or any(part.startswith((".", "_")) for part in parts)
        if path.suffix in {".md", ".ipynb"} and not hidden and page not in listed:
            logger.warning("%s is not in _toc.yml: add it there or delete it.", path)


def _cell(node):
    """Return the number of the notebook's cell that holds a node, counted from 1 as in myst-nb."""
    while node is not None and "cell_index" not in getattr(node, "attributes", ()):
        node = node.parent
    return "?" if node is None else node["cell_index"] + 1


def _errors_in_outputs(app, doctree, docname):
    for block in doctree.findall(nodes.literal_block):
        if block.astext().startswith("WARNING:") and _cell(block) != "?":  # on standard output
            path = app.env.doc2path(docname)
            logger.warning("%s: cell %s printed %s", path, _cell(block), block.astext()[:200])
        if "traceback" in block.get("classes", []):
            last = re.sub(r"\x1b\[[0-9;]*m", "", block.astext()).strip().splitlines()[-1]
            path = app.env.doc2path(docname)
            logger.warning("%s: code cell raised in cell %s: %s", path, _cell(block), last)


def _pictures_without_description(app, doctree, docname):
    """Matplotlib outputs get their hash as alt text unless the cell's metadata has one."""
    for image in doctree.findall(nodes.image):
        alt = image.get("alt", "")
        if not alt.strip() or re.search(r"_images/|[0-9a-f]{32}|jupyter_execute", alt):
            path = app.env.doc2path(docname)
            logger.warning(
                "%s: the picture in cell %s has no alt text. Set mystnb.image.alt in the cell's "
                "metadata.", path, _cell(image)
            )  # fmt: skip


def _broken_mathematics(app, pagename, templatename, context, doctree):
    for title in re.findall(r'class="katex-error" title="([^"]*)"', context.get("body", "")):
        logger.warning("a formula cannot be rendered: %s", unescape(title), location=pagename)
