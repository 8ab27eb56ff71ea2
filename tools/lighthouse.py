"""Lighthouse's marks of every page, as a table: `make lighthouse`.

Lighthouse measures the site as a slow phone would show it. It comes from npm, once.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading

from lectures_lib.book import contents
from tools import npm
from tools.npm import NODE
from tools.serve import Server
from tools.stages import find_browser

__all__ = ["main", "table"]

VERSION = "13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
BUDGET = 95


def marks(url, browser, program):
    """Return the mark of each category of one page, from 0 to 100."""
    command = [
        NODE, program, url, "--quiet", "--output=json",
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless --no-sandbox --disable-gpu",
    ]  # fmt: skip
    environment = os.environ | {"CHROME_PATH": browser}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)["categories"]
    return [round(100 * found[name]["score"]) for name in CATEGORIES]


def table(rows):
    """Return `{page: marks}` as text, and the pages that miss the budget.

    >>> print(table({"a": [99, 100, 100, 94]})[0])
    page  performance  accessibility  best-practices  seo
    a              99            100             100   94
    >>> table({"a": [99, 100, 100, 94]})[1]
    ['a']
    """
    width = max(map(len, [*rows, "page"]))
    lines = [f"{'page':{width}}  {'  '.join(CATEGORIES)}"]
    for page, numbers in rows.items():
        cells = (f"{n:{len(name)}}" for n, name in zip(numbers, CATEGORIES, strict=True))
        lines.append(f"{page:{width}}  {'  '.join(cells)}")
    return "\n".join(lines), [page for page, numbers in rows.items() if min(numbers) < BUDGET]


def main(arguments=None):
    """Measure pages, print the table; return 1 when one misses the budget."""
    parser = argparse.ArgumentParser(prog="python -m tools.lighthouse", description=__doc__)
    parser.add_argument("pages", nargs="*", help="as book/cnn/digits (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="of which the median counts")
    options = parser.parse_args(arguments)
    browser = find_browser(dict(os.environ))
    if browser is None:
        print("No Chromium found: install chromium, or set CHROMIUM=/path/to/it", file=sys.stderr)
        return 1
    program = npm.installed("lighthouse", VERSION) / "cli" / "index.js"
    rows = {}
    with Server("_build/html") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for page in options.pages or [*contents("_toc.yml"), "search"]:
            runs = [
                marks(f"{server.url}/{page}.html", browser, program) for _ in range(options.runs)
            ]
            rows[page] = [round(statistics.median(one)) for one in zip(*runs, strict=True)]
        server.shutdown()
    text, missed = table(rows)
    print(text)
    if missed:
        print(f"Below {BUDGET}: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
