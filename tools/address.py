"""Write the address of the repository wherever it stands: `python -m tools.address [URL]`.

Given an address, it becomes `repository.url` of _config.yml, from which all links and the first
cells of the notebooks follow; with or without one, README and CITATION.cff then say the same.
`--check` changes nothing and says where another one stands.
"""

import argparse
import re
import sys
from pathlib import Path

import yaml

__all__ = ["main", "normal", "rewritten"]

CONFIG = Path("_config.yml")
# What stands before the address; the address ends where the line, a blank or a quote does.
PLACES = {
    ".yml": r"(?m)^(repository:\n(?:[ #].*\n)*?  url: )\S+",
    ".md": r"(git clone )\S+( && cd )\S+",
    ".cff": r"(?m)^(repository-code: )\S+",
}


def normal(url):
    """Return an address as the files have it, without `.git` or a last stroke.

    Raises:
        ValueError: If it is no address of a repository.

    >>> normal("https://github.com/me/fork.git")
    'https://github.com/me/fork'
    """
    short = url.removesuffix("/").removesuffix(".git")
    if not re.fullmatch(r"https://[\w.-]+(/[\w.-]+){2,}", short):
        raise ValueError(
            f"{url!r} is not the address of a repository. It must look like "
            "https://github.com/me/fork."
        )
    return short


def rewritten(text, url, *, kind):
    """Return the text of a file of a kind (`.yml`, `.md` or `.cff`) with the address in it.

    >>> rewritten("git clone https://old/x/y && cd y", "https://github.com/me/fork", kind=".md")
    'git clone https://github.com/me/fork && cd fork'
    """
    folder = url.rpartition("/")[2]
    return re.sub(
        PLACES[kind], lambda m: m[1] + url + (m[2] + folder if kind == ".md" else ""), text
    )


def current():
    """Return `repository.url`, normal."""
    return normal(yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["repository"]["url"])


def main(arguments=None):
    """Write, or check, all places; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.address")
    parser.add_argument("url", nargs="?", help="https://github.com/me/fork")
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(arguments)
    try:
        url = normal(options.url) if options.url else current()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    changed = []
    for path in [CONFIG, Path("README.md"), Path("CITATION.cff")]:
        old = path.read_text(encoding="utf-8")
        new = rewritten(old, url, kind=path.suffix)
        if new != old:
            changed.append(path)
            if not options.check:
                path.write_text(new, encoding="utf-8")
    for path in changed:
        print(f"{path}: {'has another address' if options.check else 'changed'}")
    if options.check and changed:
        print(f"Write {url} everywhere: make fork REPOSITORY={url}", file=sys.stderr)
        return 1
    print(f"{url} stands everywhere.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
