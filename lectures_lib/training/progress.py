"""The progress bar of long loops; it stays out of the rendered page."""

import os

from tqdm.auto import tqdm

__all__ = ["progress_bar"]


def progress_bar(total, *, unit, shown=True):
    """Return a tqdm bar over `total` steps, each called `unit`.

    It is disabled unless `shown`, and where the environment variable `LECTURES_VIEW=page` says
    that the output becomes a page.

    >>> progress_bar(3, unit="run", shown=False).disable
    True
    """
    hidden = not shown or os.environ.get("LECTURES_VIEW") == "page"
    return tqdm(total=total, unit=unit, disable=hidden)
