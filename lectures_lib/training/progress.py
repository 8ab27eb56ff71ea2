"""The progress bar of long loops; it stays out of the rendered page."""

import os
import sys

from tqdm import tqdm

__all__ = ["progress_bar"]


def progress_bar(total, *, unit, shown=True):
    """Return a tqdm bar over `total` steps, each called `unit`.

    It is disabled unless `shown`, and where the environment variable `LECTURES_VIEW=page` says
    that the output becomes a page.

    >>> progress_bar(3, unit="run", shown=False).disable
    True
    """
    hidden = not shown or os.environ.get("LECTURES_VIEW") == "page"
    # As text, and gone at the end: a widget would be an error where a saved notebook is opened.
    return tqdm(total=total, unit=unit, disable=hidden, file=sys.stdout, leave=False, ncols=80)
