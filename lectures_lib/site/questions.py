"""The directive `question`: a short question that a page checks by itself.

What it says is in the page as text: without scripts, and on paper, the reasons are a folded part.
`question.js` hides that, and says the one that belongs to what was answered.
"""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

from lectures_lib.book import BrokenChapter
from lectures_lib.questions import parse, questions_of
from lectures_lib.site.model import book_of

__all__ = ["setup"]

SCRIPT = "question.js"


class question_part(nodes.General, nodes.TextElement):
    """Text between two pieces of HTML, `before` and `after`."""


class AskedQuestion(SphinxDirective):
    """`:::{question} name`, as `lectures_lib.questions` describes it."""

    required_arguments = 1
    has_content = True

    def run(self):
        chapter = self.env.docname.removeprefix("book/")
        try:
            question = parse(self.arguments[0], "\n".join(self.content), chapter)
        except BrokenChapter as error:
            raise self.error(str(error)) from None
        field = f'<fieldset class="question" id="question-{question.name}">'
        box = question_part(before=field, after="</fieldset>", asks=True)
        box += self.part('<legend><span class="question-mark">Question</span> ', question.text)
        box[-1]["after"] = "</legend>"
        if question.numeric:
            box += nodes.raw("", _number(question.name), format="html")
        else:
            for number, answer in enumerate(question.answers):
                box += self.part(_choice(question.name, number), answer.text)
                box[-1]["after"] = "</label></div>"
        reasons = question_part(before=REASONS, after="</ul></details>")
        for answer in question.answers:
            item = question_part(before=_item(answer), after="</li>")
            item += self.part("<strong>" if answer.right else "<em>", answer.text)
            item[-1]["after"] = "</strong> is right. " if answer.right else "</em>: "
            item += self.part("<span>", answer.sentence)
            item[-1]["after"] = "</span>"
            reasons += item
        box += [question_part(before=BUTTON, after=""), reasons]
        return [box]

    def part(self, before, text):
        """Return text with the marks of the book between `before` and an end to be set."""
        made, _ = self.state.inline_text(text, self.lineno)
        return question_part("", "", *made, before=before, after="")


BUTTON = (
    '<div class="question-check"><button type="button" hidden>Check</button>'
    '<span class="question-before" hidden>Answered correctly before.</span>'
    '<span role="status"></span></div>'
)
REASONS = "<details><summary>The answers, each with its reason</summary><ul>"


def _choice(name, number):
    place = f"question-{name}-{number}"
    return (
        f'<div class="question-answer"><input type="radio" name="{name}" id="{place}">'
        f'<label for="{place}">'
    )


def _number(name):
    place = f"question-{name}-number"
    return (
        f'<div class="question-answer"><label for="{place}">Your number</label> '
        f'<input type="text" inputmode="decimal" autocomplete="off" id="{place}"></div>'
    )


def _item(answer):
    right = " data-right" * answer.right
    if answer.value is None:
        return f"<li{right}>"
    return f'<li{right} data-value="{answer.value}" data-tolerance="{answer.tolerance}">'


def _visit_html(self, node):
    self.body.append(node["before"])


def _depart_html(self, node):
    self.body.append(node["after"])


def _pass(self, node):
    pass


def _add_script(app, pagename, templatename, context, doctree):
    """Let a page with a question load the script, and no other page."""
    if doctree and any("asks" in part for part in doctree.findall(question_part)):
        app.add_js_file(SCRIPT, defer="defer")


def _twice(app, env):
    """Name a question that has the name of another: a page knows its own only."""
    try:
        questions_of(book_of(app))
    except BrokenChapter as error:
        getLogger(__name__).warning("%s", error)


def setup(app):
    """Register the directive and what its pages need."""
    app.add_node(question_part, html=(_visit_html, _depart_html), text=(_pass, _pass))
    app.add_directive("question", AskedQuestion)
    app.connect("html-page-context", _add_script)
    app.connect("env-check-consistency", _twice)
