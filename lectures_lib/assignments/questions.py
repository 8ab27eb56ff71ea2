"""The short questions of the book for a learning platform: Moodle XML, or a package of QTI 2.1."""

import io
import re
import zipfile
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

__all__ = ["moodle", "qti", "write"]

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
CONTENT = "http://www.imsglobal.org/xsd/imscp_v1p1"
# In the order of what may hold the next: code, mathematics, strong, emphasis.
MARKS = re.compile(r"`([^`]+)`|\$([^$]+)\$|\*\*([^*]+)\*\*|\*([^*]+)\*")
TYPES = {"moodle": ".xml", "qti": ".zip"}


def html(text):
    r"""Return a text of a question as HTML; platforms show what stands between `\(` and `\)`.

    >>> html("Is $a < b$ *here*, in `c`?")
    'Is \\(a &lt; b\\) <em>here</em>, in <code>c</code>?'
    """
    made, end = [], 0
    for match in MARKS.finditer(text):
        code, mathematics, strong, emphasis = match.groups()
        made.append(escape(text[end : match.start()], quote=False))
        if code:
            made.append(f"<code>{escape(code, quote=False)}</code>")
        elif mathematics:
            made.append(rf"\({escape(mathematics, quote=False)}\)")
        else:
            name = "strong" if strong else "em"
            made.append(f"<{name}>{escape(strong or emphasis, quote=False)}</{name}>")
        end = match.end()
    return "".join(made) + escape(text[end:], quote=False)


def moodle(questions, titles):
    """Return questions as Moodle XML, a category a chapter.

    Args:
        questions: `Question` objects, in the order of the book.
        titles: `{chapter: title}`.
    """
    quiz, chapter = ET.Element("quiz"), None
    for question in questions:
        if question.chapter != chapter:
            chapter = question.chapter
            category = ET.SubElement(quiz, "question", type="category")
            title = titles[chapter].replace("/", "//")  # one of them alone is a level
            _text(ET.SubElement(category, "category"), f"$course$/top/{title}")
        kind = "numerical" if question.numeric else "multichoice"
        made = ET.SubElement(quiz, "question", type=kind)
        _text(ET.SubElement(made, "name"), question.name)
        _text(ET.SubElement(made, "questiontext", format="html"), f"<p>{html(question.text)}</p>")
        ET.SubElement(made, "defaultgrade").text = "1"
        if not question.numeric:
            for name, value in (("single", "true"), ("shuffleanswers", "true")):
                ET.SubElement(made, name).text = value
            ET.SubElement(made, "answernumbering").text = "none"
        for answer in question.answers:
            fraction = "100" if answer.right else "0"
            one = ET.SubElement(made, "answer", fraction=fraction, format="moodle_auto_format")
            if not question.numeric:
                one.set("format", "html")
                ET.SubElement(one, "text").text = html(answer.text)
            else:
                other = answer.value is None
                ET.SubElement(one, "text").text = "*" if other else f"{answer.value:.12g}"
                if not other:
                    ET.SubElement(one, "tolerance").text = f"{answer.tolerance:.12g}"
            _text(ET.SubElement(one, "feedback", format="html"), html(answer.sentence))
    ET.indent(quiz)
    return ET.tostring(quiz, encoding="utf-8", xml_declaration=True)


def _text(element, text):
    ET.SubElement(element, "text").text = text


def qti(questions):
    """Return questions as a package of QTI 2.1: a manifest, and a file of each question."""
    packed = io.BytesIO()
    manifest = ET.Element("manifest", xmlns=CONTENT, identifier="lectures-questions")
    about = ET.SubElement(manifest, "metadata")
    ET.SubElement(about, "schema").text = "QTIv2.1 Package"
    ET.SubElement(about, "schemaversion").text = "1.0.0"
    ET.SubElement(manifest, "organizations")
    resources = ET.SubElement(manifest, "resources")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for question in questions:
            name = f"{question.name}.xml"
            place = {"identifier": question.name, "type": "imsqti_item_xmlv2p1", "href": name}
            ET.SubElement(ET.SubElement(resources, "resource", place), "file", href=name)
            _put(package, name, _item(question))
        _put(package, "imsmanifest.xml", manifest)
    return packed.getvalue()


def _put(package, name, element):
    """Add a file without the time of day, so that the same book gives the same package."""
    ET.indent(element)
    text = ET.tostring(element, encoding="utf-8", xml_declaration=True)
    package.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)


def _item(question):
    """Return a question as an `assessmentItem`, with a sentence for each answer."""
    item = ET.Element(
        "assessmentItem", xmlns=QTI, identifier=question.name, title=question.name,
        adaptive="false", timeDependent="false",
    )  # fmt: skip
    kind = "float" if question.numeric else "identifier"
    response = ET.SubElement(
        item, "responseDeclaration", identifier="RESPONSE", cardinality="single", baseType=kind
    )
    names = {answer: f"A{place}" for place, answer in enumerate(question.answers)}
    right = f"{question.right.value:.12g}" if question.numeric else names[question.right]
    ET.SubElement(ET.SubElement(response, "correctResponse"), "value").text = right
    for name, base in (("SCORE", "float"), ("SAID", "identifier")):
        ET.SubElement(
            item, "outcomeDeclaration", identifier=name, cardinality="single", baseType=base
        )
    body = ET.SubElement(item, "itemBody")
    _inline(ET.SubElement(body, "p"), question.text)
    if question.numeric:
        ET.SubElement(
            ET.SubElement(body, "p"), "textEntryInteraction",
            responseIdentifier="RESPONSE", expectedLength="12",
        )  # fmt: skip
    else:
        choices = ET.SubElement(
            body, "choiceInteraction", responseIdentifier="RESPONSE", shuffle="true", maxChoices="1"
        )
        for answer, name in names.items():
            _inline(ET.SubElement(choices, "simpleChoice", identifier=name), answer.text)
    _scoring(ET.SubElement(item, "responseProcessing"), question, names)
    for answer, name in names.items():
        said = ET.SubElement(
            item, "modalFeedback", outcomeIdentifier="SAID", identifier=name, showHide="show"
        )
        _inline(said, answer.sentence)
    return item


def _scoring(processing, question, names):
    """Say which answer was given, and what it scores."""
    condition = ET.SubElement(processing, "responseCondition")
    *first, last = question.answers
    for place, answer in enumerate(first):
        branch = ET.SubElement(condition, "responseElseIf" if place else "responseIf")
        if question.numeric:
            test = ET.SubElement(
                branch, "equal", toleranceMode="absolute",
                tolerance=f"{answer.tolerance:.12g} {answer.tolerance:.12g}",
            )  # fmt: skip
            kind, value = "float", f"{answer.value:.12g}"
        else:
            test, kind, value = ET.SubElement(branch, "match"), "identifier", names[answer]
        ET.SubElement(test, "variable", identifier="RESPONSE")
        ET.SubElement(test, "baseValue", baseType=kind).text = value
        _outcome(branch, answer, names[answer])
    _outcome(ET.SubElement(condition, "responseElse"), last, names[last])


def _outcome(branch, answer, name):
    for what, kind, value in (
        ("SCORE", "float", "1" if answer.right else "0"),
        ("SAID", "identifier", name),
    ):
        put = ET.SubElement(branch, "setOutcomeValue", identifier=what)
        ET.SubElement(put, "baseValue", baseType=kind).text = value


def _inline(element, text):
    """Put a text with its marks into an element."""
    made = ET.fromstring(f"<p>{html(text)}</p>")
    element.text, element[:] = made.text, list(made)


def write(questions, titles, *, form, output):
    """Write questions to a file, which must not be there yet; return its path.

    Raises:
        ValueError: For a name that does not end as the format's do, and no questions.
        FileExistsError: If there is such a file.
    """
    path = Path(output)
    if path.suffix != TYPES[form]:
        raise ValueError(f"-o {output}, but a file of this format ends in {TYPES[form]}.")
    if not questions:
        raise ValueError("There are no questions in this part of the book. Choose another.")
    made = qti(questions) if form == "qti" else moodle(questions, titles)
    with path.open("xb") as file:
        file.write(made)
    return path
