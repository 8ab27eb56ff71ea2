"""The search lists first the pages that say a word most often.

Sphinx's index knows only on which pages a word stands; here each word's pages are put in the order
of how often, and `assets/static/search.js` reads the order.
"""

import json
from collections import Counter, defaultdict
from pathlib import Path

from lectures_lib.site.model import doctree_of

__all__ = ["in_order", "setup"]

BEFORE, AFTER = "Search.setIndex(", ")"


def in_order(index, counts):
    """Return `{word: its pages}`, those first that have it most often.

    Args:
        index: The index as Sphinx writes it; a page with a word in a title has it in `titleterms`
            only.
        counts: A `Counter` of words for each page.

    >>> index = {"terms": {"gate": [0, 1], "loss": 1}, "titleterms": {"gate": 2}}
    >>> in_order(index, [Counter(gate=2), Counter(gate=5, loss=1), Counter(gate=9)])
    {'gate': [2, 1, 0], 'loss': [1]}
    """
    pages = defaultdict(set)
    for words in (index["terms"], index["titleterms"]):
        for word, found in words.items():
            pages[word].update(found if isinstance(found, list) else [found])
    return {
        word: sorted(found, key=lambda page: (-counts[page][word], page))
        for word, found in pages.items()
    }


def _write(app, exception):
    path = Path(app.outdir, "searchindex.js")
    if exception is not None or app.builder.format != "html" or not path.exists():
        return
    language = app.builder.indexer.lang
    text = path.read_text(encoding="utf-8")
    index = json.loads(text.removeprefix(BEFORE).removesuffix(AFTER))
    counts = [
        Counter(map(language.stem, language.split(doctree_of(app, name).astext())))
        for name in index["docnames"]
    ]
    index["terms"] = in_order(index, counts)
    written = json.dumps(index, separators=(",", ":"), sort_keys=True)
    path.write_text(f"{BEFORE}{written}{AFTER}", encoding="utf-8")


def setup(app):
    """Put the index in order when the pages are written."""
    app.connect("build-finished", _write)
