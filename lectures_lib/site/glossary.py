"""The letters above a glossary: each leads to the first of its terms."""

from docutils import nodes
from sphinx import addnodes

__all__ = ["setup"]


def _letters(app, doctree, docname):
    for glossary in list(doctree.findall(addnodes.glossary)):
        first, line = {}, nodes.paragraph(classes=["letters"])
        for term in glossary.findall(nodes.term):
            first.setdefault(term.astext()[0].upper(), term["ids"][0])
        for letter, place in first.items():
            line += [nodes.reference("", letter, refid=place, internal=True), nodes.Text(" ")]
        glossary.parent.insert(glossary.parent.index(glossary), line)


def setup(app):
    """Add the line when a page is written."""
    app.connect("doctree-resolved", _letters)
