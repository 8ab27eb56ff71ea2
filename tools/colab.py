"""Compare `tools/colab.txt` with what Colab publishes of its runtime: `python tools/colab.py`.

`--write` renews the versions in the list. Standard library only.
"""

import argparse
import re
import sys
from pathlib import Path
from urllib.request import urlopen

PUBLISHED = "https://raw.githubusercontent.com/googlecolab/backend-info/main"
LIST = Path(__file__).with_name("colab.txt")
PIN = re.compile(r"^([\w.-]+)==(\S+)$", re.MULTILINE)
PYTHON = re.compile(r"\bPython (3\.\d+)")


def name_of(package):
    """Return a package's name in the one form that all its spellings share.

    >>> name_of("ml_dtypes")
    'ml-dtypes'
    """
    return re.sub(r"[-_.]+", "-", package).lower()


def renewed(text, *, freeze, system):
    """Return the list with the versions of a runtime, and a sentence for each that was another.

    Args:
        text: the list, lines of `name==version` and comments.
        freeze: what `pip freeze` printed in the runtime.
        system: its `os-info.txt`, which names its Python.

    Raises:
        ValueError: If the runtime's texts name no package or no Python.

    >>> renewed("# Python 3.12\\nkeras==3.10.0\\n", freeze="keras==3.13.2", system="Python 3.12.1")
    ('# Python 3.12\\nkeras==3.13.2\\n', ['keras is 3.13.2 in Colab, not 3.10.0'])
    """
    found = {name_of(name): version for name, version in PIN.findall(freeze)}
    python = PYTHON.search(system)
    if not (found and python):
        raise ValueError("Expected lines of name==version, and a line Python 3.x beside them.")
    told = []

    def now(name, known, new):
        if new is None:
            told.append(f"{name} is no longer in Colab")
        elif new != known:
            told.append(f"{name} is {new} in Colab, not {known}")
        return new or known

    text = PYTHON.sub(lambda line: f"Python {now('Python', line[1], python[1])}", text)
    return PIN.sub(
        lambda line: f"{line[1]}=={now(line[1], line[2], found.get(name_of(line[1])))}", text
    ), told


def read(name):
    """Return the text of a file that Colab publishes."""
    with urlopen(f"{PUBLISHED}/{name}", timeout=60) as answer:
        return answer.read().decode()


def main(arguments=None):
    """Print what differs; return 1 where something does and is not written."""
    parser = argparse.ArgumentParser(prog="python tools/colab.py", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew the list")
    options = parser.parse_args(arguments)
    before = LIST.read_text(encoding="utf-8")
    try:
        texts = {"freeze": read("pip-freeze.txt"), "system": read("os-info.txt")}
        text, told = renewed(before, **texts)
    except (OSError, ValueError) as error:
        print(f"Colab's list could not be read: {error}", file=sys.stderr)
        return 1
    print("\n".join(told) or "The list is Colab's own.")
    if told and options.write:
        LIST.write_text(text, encoding="utf-8")
        print("tools/colab.txt is renewed. Then: python tools/alone.py --packages tools/colab.txt")
    elif told:
        print("Renew it: python tools/colab.py --write", file=sys.stderr)
    return int(bool(told) and not options.write)


if __name__ == "__main__":
    sys.exit(main())
