"""One style sheet for all pages, with the rules that some page can use.

The theme and its extensions bring a dozen style sheets, which a browser fetches before it shows
anything; most of their rules are for parts that no page has.
"""

import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import tinycss2

from lectures_lib.site import WRITING
from lectures_lib.site.patches import style_sheets

__all__ = ["prune", "setup", "used_names"]

SHEET = "course.css"
# The theme's own come first; its layout does not list them with the others.
FIRST = ("basic.css", "styles/pydata-sphinx-theme.css")
# Scripts of the theme and of extensions that show or hide things by classes of their own.
SCRIPTS = ("*.js", "scripts/*.js")
# Two megabytes of icons; those in use are drawn in lectures.css.
UNUSED = ("scripts/fontawesome.js", "vendor/fontawesome")
# Our own sheets hold nothing to spare, and our scripts put names of classes together.
WHOLE = ("lectures.css",)
WORD = re.compile(r"[A-Za-z][\w-]*")
RELATIVE = re.compile(r"(?!data:|/|#|\w+:)")


class _Names(HTMLParser):
    """Collects classes and ids of a page."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("class", "id") and value:
                self.found.update(value.split())


def used_names(pages, scripts):
    """Return the classes and ids in HTML texts, and each word of the scripts that may add some.

    >>> sorted(used_names(['<p class="a b" id="c">d</p>'], ["x.classList.add('e')"]))
    ['a', 'add', 'b', 'c', 'classList', 'e', 'x']
    """
    names = _Names()
    for page in pages:
        names.feed(page)
    return names.found.union(*(WORD.findall(script) for script in scripts))


def prune(sheet, names, *, folder=""):
    """Return a style sheet without rules for classes and ids that are not among `names`.

    What stands inside `:not(...)`, `:is(...)` and their like does not count, so that a rule is
    rather kept than lost; without `names` all are kept. `folder` is put before relative addresses.

    >>> prune("a:hover, .x .y { color: red } .z:not(.w) { top: 0 }", {"x", "z"})
    'a:hover{ color: red }.z:not(.w) { top: 0 }'
    """
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    return _text(_kept(rules, names), folder)


def _kept(rules, names):
    for rule in rules:
        if rule.type == "error":
            raise ValueError(f"A style sheet cannot be read: {rule.message}")
        if rule.type == "qualified-rule":
            every = _selectors(rule.prelude)
            selectors = every if names is None else [s for s in every if _matches(s, names)]
            if not selectors:
                continue
            rule.prelude = _joined(selectors)
        elif rule.lower_at_keyword in ("charset", "import"):
            continue  # all sheets are one
        elif rule.lower_at_keyword == "font-face" and "fontawesome" in rule.serialize():
            continue
        elif rule.content is not None and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            rule.content = list(_kept(inner, names))
            if not rule.content:
                continue
        yield rule


def _selectors(prelude):
    """Return the parts of a selector list between its commas."""
    parts = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _joined(selectors):
    comma = tinycss2.parse_component_value_list(",")
    return sum(([*comma, *one] for one in selectors[1:]), list(selectors[0]))


def _matches(selector, names):
    """Return whether all classes and ids of a selector are among the names."""
    after_dot = False
    for token in selector:
        wanted = (token.type == "ident" and after_dot) or token.type == "hash"
        if wanted and token.value not in names:
            return False
        after_dot = token == "."
    return True


def _text(tokens, folder):
    """Write rules back, without comments and with single spaces."""
    tokens = list(tokens)
    _tidy(tokens, folder)
    return tinycss2.serialize(tokens)


def _tidy(tokens, folder):
    tokens[:] = [token for token in tokens if token.type != "comment"]
    for token in tokens:
        if token.type == "whitespace":
            token.value = " "
        elif token.type == "url" and RELATIVE.match(token.value):
            token.representation = f'url("{folder}{token.value}")'
        elif token.type == "function" and token.lower_name == "url":  # with quotes
            for text in token.arguments:
                if text.type == "string" and RELATIVE.match(text.value):
                    text.representation = f'"{folder}{text.value}"'
        for name in ("prelude", "content", "arguments"):
            if isinstance(inside := getattr(token, name, None), list):
                _tidy(inside, folder)


def _write(app, exception):
    """Write the one sheet, and remove what it stands for, when the pages are written."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    for name in UNUSED:
        path = static / name
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    others = [str(sheet.filename).removeprefix("_static/") for sheet in style_sheets(app.builder)]
    sheets = dict.fromkeys([*FIRST, *others])
    text = _imports(sheets) if WRITING else _pruned(sheets, out)
    # Renamed into place: a reader of the site never meets half a sheet.
    part = static / f"{SHEET}.part"
    part.write_text(text, encoding="utf-8")
    os.replace(part, static / SHEET)


def _imports(sheets):
    """Return a sheet of all rules, without looking for what pages use."""
    return "".join(f'@import "{name}";' for name in sheets)


def _pruned(sheets, out):
    """Return the rules of all sheets that some page can use."""
    static, text = out / "_static", ""
    pages = (path.read_text(encoding="utf-8") for path in out.rglob("*.html"))
    scripts = (path.read_text(encoding="utf-8") for place in SCRIPTS for path in static.glob(place))
    names = used_names(pages, scripts)
    for name in sheets:
        folder = f"{name.rpartition('/')[0]}/" if "/" in name else ""
        sheet = (static / name).read_text(encoding="utf-8")
        text += prune(sheet, None if name in WHOLE else names, folder=folder)
    return text


def _link(app, pagename, templatename, context, doctree):
    """Replace the sheets of all pages by the one; a page may have another of its own."""
    own = [sheet for sheet in context["css_files"] if sheet not in style_sheets(app.builder)]
    context["css_files"] = [f"_static/{SHEET}", *own]


def setup(app):
    """Let pages ask for the one sheet, and write it at the end of the build."""
    app.connect("html-page-context", _link, priority=900)  # after all who add some
    app.connect("build-finished", _write, priority=900)  # the theme writes one of its own then
