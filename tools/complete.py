"""Is the built site whole? `python -m tools.complete`, after every build.

Sphinx does not look at what its templates, our frames and earlier builds leave in the folder.
"""

import argparse
import json
import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lectures_lib.book import contents

__all__ = ["Page", "main", "problems"]

# What a browser fetches without being asked; `a` is for the reader to follow.
LOADING = {"script", "img", "iframe", "source", "audio", "video", "embed", "object", "track"}
LOADING_RELATIONS = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "manifest"}
ANYWHERE = "404.html"  # shown for any address that does not exist, so its own are absolute
NOT_A_DESCRIPTION = re.compile(r"_images/|[0-9a-f]{16}|^\S+\.(png|jpe?g|gif|svg|webp)$", re.I)


@dataclass
class Page:
    """What one HTML file refers to and offers."""

    path: Path
    names: set = field(default_factory=set)  # targets of #fragments
    links: list = field(default_factory=list)  # addresses
    loads: list = field(default_factory=list)  # addresses that are fetched with the page
    alts: list = field(default_factory=list)  # (address, alt text or None) of its images
    demos: list = field(default_factory=list)  # the data of its sliders

    @property
    def root(self):
        """How the page addresses the root of the site: "../" once or twice, or "/course/"."""
        return next((x.partition("_static/")[0] for x in self.loads if "_static/" in x), "")


class _Reader(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.page, self.demo, self.text = page, None, None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        page = self.page
        page.names |= {values[key] for key in ("id", "name") if values.get(key)}
        addresses = [values[key] for key in ("src", "href", "data") if values.get(key)]
        relations = set((values.get("rel") or "").lower().split())
        page.links += addresses if tag != "base" else []
        if tag in LOADING or (tag == "link" and relations & LOADING_RELATIONS):
            page.loads += addresses
        if tag == "img":
            page.alts.append((values.get("src", ""), values.get("alt")))
        if tag == "div" and "explore" in (values.get("class") or "").split():
            self.demo = values.get("data-demo", "")
        if tag == "script" and self.demo is not None and values.get("type") == "application/json":
            self.text = ""

    def handle_data(self, data):
        if self.text is not None:
            self.text += data

    def handle_endtag(self, tag):
        if tag == "script" and self.text is not None:
            self.page.demos.append((self.demo, self.text))
            self.demo = self.text = None


def read_page(path):
    """Parse one HTML file."""
    page = Page(path)
    reader = _Reader(page)
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    return page


def problems(site, toc):
    """Return what is missing or wrong in the site as sentences, and its counts."""
    documents = contents(toc)
    pages = {path: read_page(path) for path in sorted(site.glob("**/*.html")) if _ours(path, site)}
    found = [
        f"{name}.html is missing, but {toc.name} lists {name}. Run make clean, then make book."
        for name in documents
        if site / f"{name}.html" not in pages
    ]
    for path in pages:
        name = path.relative_to(site).with_suffix("").as_posix()
        if name.startswith("book/") and name not in documents:
            found.append(
                f"{name}.html is a page of an earlier build; {toc.name} does not list it. "
                f"List it there, or remove the page: rm {path}"
            )
    counts = {"pages": len(documents), "demos": 0, "frames": 0}
    for page in pages.values():
        sentences = [*_links(page, pages, site), *_loads(page), *_alts(page), *_demos(page, counts)]
        where = page.path.relative_to(site).as_posix()
        found += [f"{where}: {sentence}" for sentence in dict.fromkeys(sentences)]
    return found, counts


def _ours(path, site):
    """Whether a file is a page, not a part of the theme in `_static`."""
    return not path.relative_to(site).parts[0].startswith("_")


def _is_elsewhere(address):
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in {"http", "https"}


def _links(page, pages, site):
    for address in page.links:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = page.path
        if parts.path:
            base, path = page.path.parent, unquote(parts.path)
            if page.path == site / ANYWHERE:
                if not path.startswith("/"):
                    yield f"{address} leads elsewhere from each folder. Begin it with {page.root}"
                    continue
                base, path = site, path.removeprefix(page.root)
            target = (base / path).resolve()
        if target.is_dir():
            target = target / "index.html"
        if not target.is_relative_to(site) or not target.is_file():
            yield f"{address} does not exist in the site. Correct the link or add the file."
            continue
        # In "#name?eta=0.1" the part after the question mark is the state of a demo.
        name = unquote(parts.fragment).partition("?")[0]
        if name and target in pages and name not in pages[target].names:
            yield f"{address} leads to a place that {target.name} does not have."


def _loads(page):
    for address in page.loads:
        if _is_elsewhere(address):
            yield f"{address} would be loaded from another host. Ship it with the book."


def _alts(page):
    for address, alt in page.alts:
        if alt is None or NOT_A_DESCRIPTION.search(alt.strip()):
            yield f"the image {address} has the alt text {alt!r}. Say what it shows."


def _demos(page, counts):
    for name, text in page.demos:
        try:
            data = json.loads(text)
            base, files = data["base"], data["files"]
        except (ValueError, KeyError, TypeError) as error:
            yield f"the demo {name!r} has no readable list of frames ({error!r})."
            continue
        counts["demos"] += 1
        counts["frames"] += len(files)
        missing = [file for file in files if not (page.path.parent / base / file).is_file()]
        if missing or not files:
            some = ", ".join(base + file for file in missing[:3]) or "the list is empty"
            yield (
                f"the demo {name!r} lacks {len(missing)} of {len(files)} frames ({some}). "
                "Run make clean, then make book."
            )


def main(arguments=None):
    """Check the site; print its counts, or what is wrong; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.complete")
    parser.add_argument("--folder", type=Path, default=Path("_build/html"))
    parser.add_argument("--toc", type=Path, default=Path("_toc.yml"))
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        print(f"There is no site in {options.folder}. Build it first: make book", file=sys.stderr)
        return 1
    found, counts = problems(options.folder.resolve(), options.toc)
    for sentence in found:
        print(sentence, file=sys.stderr)
    if found:
        print(f"The site is not complete: see the {len(found)} lines above.", file=sys.stderr)
        return 1
    words = [f"{n} {what if n != 1 else what.removesuffix('s')}" for what, n in counts.items()]
    print(", ".join(words) + ".")
    return 0


if __name__ == "__main__":
    sys.exit(main())
