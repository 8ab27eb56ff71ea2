"""The page view of `playground`: a figure with scripts, on the pages that show one only."""

import html
import itertools
import struct
import zlib
from base64 import b64decode
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.core.render import MimeRenderPlugin
from rjsmin import jsmin
from sphinx.util.docutils import SphinxDirective

from lectures_lib.playground.answering import (
    MIME_TYPE,
    PARTS,
    SCRIPTS,
    STYLE,
    TRAINING,
    asset,
    start,
    start_line,
    still,
)
from lectures_lib.site import WRITING, figures, front_pictures
from lectures_lib.site.dependencies import PACKAGE

__all__ = ["PlaygroundRenderer", "playground_box", "setup"]

FOLDER = "_playgrounds"
OPTIONS = {"still": directives.unchanged_required}  # of a small version


class playground_box(nodes.General, nodes.Element):
    """Where a playground stands; `bundle` has its name, caption and alt text."""


class training_again(nodes.General, nodes.Element):
    """Where a network that trains on another page does so too, without sliders; `name` says it."""


class TrainAgain(SphinxDirective):
    """`{train-again} name`: a small version of a figure of another page, and a text below it.

    Its still picture is that of the figure, or the one of `front_pictures` that `still` names.
    """

    required_arguments = 1
    has_content = True
    option_spec = OPTIONS

    def run(self):
        text = nodes.container(classes=["playground-below"])
        self.state.nested_parse(self.content, self.content_offset, text)
        still = self.options.get("still", "")
        return [training_again(name=self.arguments[0], still=still), text]


class PlaygroundRenderer(MimeRenderPlugin):
    """Turn what a `playground` or `train` call gives into a numbered figure (a myst-nb entry)."""

    mime_priority_overrides = (("*", MIME_TYPE, 1),)

    @staticmethod
    def handle_mime(renderer, data, inline):
        if inline or data.mime_type != MIME_TYPE:
            return None
        bundle = data.content
        return figures.figure(
            renderer, data, playground_box(bundle=bundle), name=bundle["figure"],
            caption=bundle["caption"], classes="playground-figure", source=bundle.get("source"),
        )  # fmt: skip


def _place(name):
    """Return the id of the element in which a playground starts."""
    return f"{name}-playground"


def _files(app, bundle):
    """Return data and still picture of a playground, `{file: bytes}`.

    While somebody writes they are made anew only when the library has changed: it takes seconds.
    """
    name = bundle["name"]
    if "page" in bundle:
        line = start_line("training", _place(name), bundle["page"])
        return {f"{name}.js": line.encode(), f"{name}.png": b64decode(bundle["picture"])}
    made = [Path(app.outdir, FOLDER, f"{name}.{kind}") for kind in ("js", "png")]
    if WRITING and all(path.is_file() for path in made):
        changed = max(path.stat().st_mtime for path in PACKAGE.rglob("*.*"))
        if min(path.stat().st_mtime for path in made) > changed:
            return {path.name: path.read_bytes() for path in made}
    return {f"{name}.js": start(name, _place(name)).encode(), f"{name}.png": still(name)[0]}


def _version(content):
    return f"?v={zlib.crc32(content):08x}"


def _visit_html(self, node):
    bundle = node["bundle"]
    self.body.append(_box(self.builder, bundle))
    raise nodes.SkipNode


def _visit_again(self, node):
    for bundle in figures.shown(self.builder.app, playground_box):
        if bundle["name"] == node["name"] and "page" in bundle:
            self.body.append(_box(self.builder, bundle, small=True, still=node["still"]))
            raise nodes.SkipNode
    raise ValueError(f"No page has a network called {node['name']!r} that trains in the page.")


def _box(builder, bundle, *, small=False, still=""):
    """Return the HTML of a playground: its picture, or that which `still` names; what starts it."""
    name = bundle["name"]
    root = "../" * builder.current_docname.count("/")
    base = f"{root}{FOLDER}/{name}"
    files = _files(builder.app, bundle)
    script = f"{base}.js{_version(files[f'{name}.js'])}"
    if still:
        picture = front_pictures.tags(still, root=root, classes="playground-still")
    else:
        content = files[f"{name}.png"]
        picture = figures.picture_tags(
            f"{base}.png",
            alt=bundle["alt"],
            size=struct.unpack(">II", content[16:24]),  # in the PNG head
            classes="playground-still",
            shape=shape if (shape := figures.true_shape(content)) != figures.NOWHERE else "",
        )
    opened = f'<div class="playground" id="{_place(name)}"{" data-small" * small}>{picture}'
    opened += figures.WITHOUT_SCRIPTS
    if "page" not in bundle:
        return f'{opened}</div><script defer src="{script}"></script>'
    engine = f"{base}-engine.js{_version(_engine(bundle['page']))}"
    return (
        f'{opened}<p><button type="button" class="playground-begin" hidden '
        f'data-scripts="{engine} {script}">Train it here</button> '
        '<span role="status"></span></p></div>'
    )


def _engine(page):
    """Return the scripts that a figure's networks need to train in the page, as one file."""
    networks = page["networks"].values()
    made_of = [part for n in networks for part in (*n["layers"], n["loss"], n["optimiser"])]
    used = {part["kind"] for part in made_of}
    files = [file for file, kinds in PARTS.items() if used.intersection(kinds)]
    return "".join(jsmin(asset(f)) + "\n" for f in (*files, *TRAINING[page["kind"]])).encode()


def _visit_other(self, node):
    self.body.append(html.escape(node["bundle"]["alt"]) if "bundle" in node else "")
    raise nodes.SkipNode


def _add_scripts(app, pagename, templatename, context, doctree):
    """Let a page with a playground load what it needs, and no other page."""
    boxes = doctree.findall(playground_box) if doctree else ()
    bundles = [box["bundle"] for box in boxes]
    needed = [("begin.js",) if "page" in bundle else SCRIPTS[bundle["name"]] for bundle in bundles]
    needed += [("begin.js",) for _ in doctree.findall(training_again)] if doctree else []
    for file in dict.fromkeys(itertools.chain(*needed)):
        app.add_js_file(f"playground/{file}", defer="defer")
    if needed:
        app.add_css_file(f"playground/{STYLE}")


def _write_files(app, exception):
    """Write data and still picture of each playground of the book, and remove all others."""
    if exception is not None or app.builder.format != "html":
        return
    files = {}
    for bundle in figures.shown(app, playground_box):
        files |= _files(app, bundle)
        if "page" in bundle:
            files[f"{bundle['name']}-engine.js"] = _engine(bundle["page"])
    figures.keep_files(Path(app.outdir) / FOLDER, files)
    for path in Path(app.outdir, "_static", "playground").glob("*.js"):
        path.write_text(jsmin(path.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app):
    """Register the node and what its pages need."""
    app.add_node(playground_box, html=(_visit_html, None), text=(_visit_other, None))
    app.add_node(training_again, html=(_visit_again, None), text=(_visit_other, None))
    app.add_directive("train-again", TrainAgain)
    app.connect("html-page-context", _add_scripts)
    app.connect("build-finished", _write_files)
