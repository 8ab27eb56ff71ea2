"""Write the branch that Colab, Binder and nbgitpuller open: `python -m tools.branch FOLDER`.

It holds the notebooks, and for Binder the environment with the package as it was at this commit.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from lectures_lib.book import read_book
from lectures_lib.first_cell import commit

__all__ = ["main", "write"]

EDITION = Path("_build/notebooks")
BINDER = Path(".binder")
README = """\
# Notebooks of the course

Made by a build of {repository}, commit {commit}; do not edit them here.
Open one in Colab or Binder from its page on {site}, or clone this branch.
To read one only, open it here or in nbviewer, which show formulas, figures and closed answers; the
folder `book` of the main branch has the sources, which neither shows well.
"""


def write(folder, book):
    """Write the branch into a new folder.

    Raises:
        FileExistsError: If the folder is there.
    """
    shutil.copytree(EDITION, folder)
    shutil.copytree(BINDER, folder / BINDER)
    for name in ("requirements.txt", "LICENSE-TEXT"):
        shutil.copy(name, folder)
    made, script = commit(book.folder), folder / BINDER / "postBuild"
    package = f'"lectures-lib @ git+{book.repository}@{made}"'
    text, changed = re.subn(r"(--no-deps) \.$", rf"\1 {package}", script.read_text(), flags=re.M)
    if changed != 1:
        raise ValueError(f"{BINDER}/postBuild has no line that ends with --no-deps and a dot.")
    script.write_text(text, encoding="utf-8")
    texts = {"repository": book.repository, "commit": made, "site": book.site}
    (folder / "README.md").write_text(README.format(**texts), encoding="utf-8")


def main(arguments=None):
    """Write the branch; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.branch", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new folder")
    options = parser.parse_args(arguments)
    try:
        write(options.folder, read_book("book"))
    except (OSError, ValueError) as error:
        print(f"The branch was not written: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
