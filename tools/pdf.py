"""The whole book as one PDF, printed by a headless Chromium: `make pdf`.

What a reader opens on a click (hints, solutions, the code of drawings) stays closed; sliders are
printed in their starting state.

The PDF lies in the site, whose pages then link to it. The next `make book` takes both away: what it
builds may not be what was printed.
"""

import argparse
import io
import os
import re
import sys
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright
from pypdf import PdfWriter

from lectures_lib.book import contents
from lectures_lib.site.front import PDF_PLACE
from lectures_lib.words import counted
from tools.serve import Server
from tools.stages import find_browser, short_folder

__all__ = ["main", "write"]

SITE = Path("_build/html")
SCALE = 0.8  # 82 letters of code to a line
NAME = "course.pdf"  # in the site
MARGIN = dict.fromkeys(("top", "bottom", "left", "right"), "18mm")
# Pictures far below are fetched late; links within the site lead to the published one.
PREPARE = """site => {
  for (const image of document.images) image.loading = "eager";
  for (const link of document.querySelectorAll("a[href]"))
    if (link.origin === location.origin && link.pathname !== location.pathname)
      link.href = site + link.pathname.slice(1) + link.hash;
}"""
LOADED = "[...document.images].every(image => image.complete) && document.fonts.status === 'loaded'"


def write(browser, url, pages, site):
    """Print pages one after the other and return the PDF, with an outline of their titles."""
    whole = PdfWriter()
    sheet = browser.new_page(color_scheme="light")
    for page in pages:
        sheet.goto(f"{url}/{page}.html", wait_until="load")
        sheet.evaluate(PREPARE, site)
        sheet.wait_for_function(LOADED)
        printed = sheet.pdf(
            format="A4", margin=MARGIN, scale=SCALE, print_background=True, tagged=True
        )
        whole.append(io.BytesIO(printed), outline_item=sheet.locator("h1").last.inner_text())
    sheet.close()
    return whole


def link(site):
    """Let the pages that have a place for it link to the PDF in the site; return their number."""
    size, places = (site / NAME).stat().st_size / 1e6, re.compile(PDF_PLACE.format(".*?"))
    shown = PDF_PLACE.format(f'<a href="../{NAME}">Download the book as PDF</a> ({size:.1f} MB)')
    pages = [path for path in site.glob("book/*.html") if places.search(path.read_text("utf-8"))]
    for path in pages:
        path.write_text(places.sub(shown, path.read_text("utf-8")), encoding="utf-8")
    return len(pages)


def _published(page):
    """Return the address of the published site, which its pages name."""
    found = re.search(r'<meta property="og:url" content="([^"]*?/)book/', page)
    return found[1] if found else ""


def main(arguments=None):
    """Print the book; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.pdf", description=__doc__)
    parser.parse_args(arguments)
    output = SITE / NAME
    path = find_browser(dict(os.environ))
    if path is None:
        print("No Chromium found: install chromium, or set CHROMIUM=/path/to/it", file=sys.stderr)
        return 1
    pages = contents("_toc.yml")
    site = _published((SITE / f"{pages[0]}.html").read_text(encoding="utf-8"))
    with Server(SITE) as server, short_folder(), sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        book = write(browser, server.url, pages, site)
        book.add_metadata({"/Title": book.outline[0].title if book.outline else ""})
        book.write(output)
        browser.close()
        server.shutdown()
    linked = link(SITE)
    print(
        f"{output}: {len(book.pages)} sheets, {output.stat().st_size / 1e6:.1f} MB; "
        f"{counted(linked, 'page')} of the site link to it"
    )
    return 0 if linked else 1


if __name__ == "__main__":
    sys.exit(main())
