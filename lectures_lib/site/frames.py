"""The page view of `explore`: frames as files under native sliders, without a kernel."""

import base64
import hashlib
import html
import io
import json
import struct
from pathlib import Path

from docutils import nodes
from myst_nb.core.render import MimeRenderPlugin, create_figure_context
from PIL import Image

from lectures_lib.explore import MIME_TYPE
from lectures_lib.site import WRITING, pages
from lectures_lib.site.model import book_of, doctree_of

__all__ = ["ExploreRenderer", "setup"]

FOLDER = "_demos"
NOWHERE = "polygon(0 0)"  # the shape where no colours are values
WITHOUT_SCRIPTS = (
    "<noscript><p>This figure is a picture here: its controls need JavaScript, which is off.</p>"
    "</noscript>"
)


class explore_controls(nodes.General, nodes.Element):
    """The picture and controls of one demo; `bundle` and `files` say which."""


class ExploreRenderer(MimeRenderPlugin):
    """Turn the bundle of an `explore` call into a numbered figure (a myst-nb entry point)."""

    mime_priority_overrides = (("*", MIME_TYPE, 1),)

    @staticmethod
    def handle_mime(renderer, data, inline):
        if inline or data.mime_type != MIME_TYPE:
            return None
        bundle = dict(data.content)
        frames = [base64.b64decode(frame) for frame in bundle.pop("frames")]
        bundle["size"] = struct.unpack(">II", frames[0][16:24])  # width, height in the PNG head
        shapes = [true_shape(frame) for frame in frames]
        bundle["shapes"] = list(dict.fromkeys(shapes))
        bundle["shape"] = [bundle["shapes"].index(shape) for shape in shapes]  # of each frame
        bundle["files"] = [f"{hashlib.sha256(frame).hexdigest()[:16]}.png" for frame in frames]
        store = _store(renderer.renderer.sphinx_env.app, bundle["name"])
        store.mkdir(parents=True, exist_ok=True)
        for file, frame in zip(bundle["files"], frames, strict=True):
            (store / file).write_bytes(frame)
        address = source_address(renderer.renderer.sphinx_env.app, bundle["source"])
        return _figure(renderer, bundle, data.line, address)


def _store(app, name):
    """Where frames wait beside the doctrees that refer to them, until the site is written."""
    return Path(app.doctreedir) / FOLDER / name


def source_address(app, source):
    """Return where the code of a figure of the library can be read, or an empty text."""
    repository = book_of(app).repository.removesuffix(".git")
    branch = app.config.html_theme_options.get("repository_branch") or "main"
    return f"{repository}/blob/{branch}/lectures_lib/{source}" if repository and source else ""


def _figure(renderer, bundle, line, address):
    """Return the demo as a figure node with number, name and caption, as myst-nb makes its own."""
    holder, markdown = nodes.Element(), renderer.renderer
    options = {"name": bundle["name"], "caption": bundle["caption"], "classes": "explore-figure"}
    with markdown.current_node_context(holder), create_figure_context(markdown, options, line):
        markdown.current_node.append(explore_controls(bundle=bundle))
    add_source(holder, address)
    return list(holder.children)


def add_source(holder, address):
    """Let the caption of a figure end with a link to its code, where there is one."""
    for caption in holder.findall(nodes.caption) if address else ():
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


def _visit_html(self, node):
    bundle = node["bundle"]
    name, start = bundle["name"], bundle["start"]
    base = "../" * self.builder.current_docname.count("/") + f"{FOLDER}/{name}/"
    picture = picture_tags(
        base + bundle["files"][start],
        alt=bundle["alts"][start],
        size=bundle["size"],
        classes="explore-still",
        shape=bundle["shapes"][bundle["shape"][start]] if bundle["shapes"] != [NOWHERE] else "",
    )
    if not bundle["parameters"]:
        self.body.append(f'<div class="figure-still">{picture}</div>')
        raise nodes.SkipNode
    keys = ("name", "parameters", "alts", "files", "start", "shapes", "shape")
    data = {key: bundle[key] for key in keys} | {"base": base}
    # "<" cannot end the script element early, whatever a label or alt text contains.
    payload = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    self.body.append(
        f'<div class="explore" data-demo="{name}">{picture}{WITHOUT_SCRIPTS}'
        f'<script type="application/json">{payload}</script></div>'
    )
    raise nodes.SkipNode


def _visit_other(self, node):
    self.body.append(html.escape(node["bundle"]["alts"][node["bundle"]["start"]]))
    raise nodes.SkipNode


def _copy_frames(app, exception):
    """Bring the frames that the pages refer to into the site, and remove all others."""
    if exception is not None or app.builder.format != "html":
        return
    wanted = {}
    for docname in pages(app):
        for node in doctree_of(app, docname).findall(explore_controls):
            name = node["bundle"]["name"]
            if name in wanted:
                raise ValueError(f"{docname}: a second demo is called {name!r}; rename one.")
            wanted[name] = set(node["bundle"]["files"])
    out = Path(app.outdir) / FOLDER
    for path in () if WRITING else out.glob("*/*"):
        if path.name not in wanted.get(path.parent.name, ()):
            path.unlink()
    for name, files in wanted.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        for file in files:
            if not (out / name / file).exists():
                (out / name / file).write_bytes((_store(app, name) / file).read_bytes())


def setup(app):
    """Register the node and the copying of its files."""
    app.add_node(explore_controls, html=(_visit_html, None), text=(_visit_other, None))
    app.connect("build-finished", _copy_frames)
