"""What students write in Markdown is shown as HTML: nothing in it may run, or be fetched."""

import re

import bleach
from bs4 import BeautifulSoup, Comment
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

__all__ = ["TAGS", "clean", "harmless"]

LONGEST = 100_000  # letters of a text that is rendered
# What Markdown itself makes, and what stands in lines; nothing that hides or moves what follows.
TAGS = {
    "a", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "font", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s", "span", "strong",
    "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "alt": r".*", "start": r"\d+", "title": r".*",
    "color": r"[\w#]+", "width": r"[\d.]+(px|%)?", "height": r"[\d.]+(px|%)?",
    "href": r"(?!\s*data:).*",
    # No address is asked when a text is shown, of another host or of the reader's own server.
    "src": r"[\w.%-]+|data:image/(png|jpeg|gif|webp);base64,[\w+/=\s]*",
    "class": r"highlight|anchor-link|language-\w+|[a-z]{1,2}\d?",  # the last: colours of code
}  # fmt: skip
ALIGNED = re.compile(r' style="text-align:(?:left|right|center)"')  # columns of tables
# What MathJax takes for links, styles and extensions.
COMMANDS = re.compile(r"\\(href|require|style|class|cssId|html\w*)\b")


def harmless(source, attachments=()):
    r"""Return a text in Markdown; as a block of code if it could run or fetch something.

    >>> harmless("For $a<b$ it *is* so, `<b>` or not."), harmless("<b onclick=f()>Ada</b>")
    ('For $a<b$ it *is* so, `<b>` or not.', '```text\n<b onclick=f()>Ada</b>\n```')
    """
    if _is_harmless(source, attachments):
        return source
    fence = "`" * max([3, *(len(ticks) + 1 for ticks in re.findall("`+", source))])
    return f"{fence}text\n{source}\n{fence}"


def _is_harmless(source, attachments):
    if len(source) > LONGEST or COMMANDS.search(source):
        return False
    known = {name: {"image/png": ""} for name in attachments}
    try:
        renderer = IPythonRenderer(escape=False, attachments=known)
        html = MarkdownWithMath(renderer=renderer).render(source)
    except (InvalidNotebook, RecursionError):  # nor can nbgrader show it
        return False
    html = ALIGNED.sub("", html)
    return _parts(clean(html)) == _parts(html)


def clean(html, *, tags=TAGS):
    """Return HTML in which nothing can run; of elements those that are named, or `TAGS`."""
    return bleach.clean(
        html, tags=tags, attributes=_allowed, protocols={"http", "https", "mailto", "data"}
    )


def _allowed(tag, name, value):
    if name == "id":
        return bool(re.fullmatch(r"h\d", tag))
    form = ATTRIBUTES.get(name)
    return form is not None and bool(re.fullmatch(form, value, re.DOTALL | re.IGNORECASE))


def _parts(html):
    """Return the tags of a page with their attributes, where they end, and its text."""
    page = BeautifulSoup(html, "html.parser")
    for comment in page.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    tags = [(tag.name, sorted(tag.attrs.items(), key=str)) for tag in page.find_all(True)]
    return tags, re.findall(r"</\w+", html), "".join(page.get_text().split())
