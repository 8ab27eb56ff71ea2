"""Build the site without Jupyter Book, by the newest Sphinx: `python -m tools.way_out`.

Jupyter Book 1 is at its end, and holds Sphinx and its extensions back. This shows each week that
the course can do without: Jupyter Book writes `conf.py` once, and Sphinx 9 with the newest
extensions builds what it is for. `make book` comes first; no chapter is executed here.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

__all__ = ["main", "newest"]

FOLDER = Path("_build/way_out")
LEFT = (".git", ".venv", ".uv", ".recipes", "_build", "node_modules", "__pycache__")
BOOK = re.compile(r"^((?:sphinx|myst|pydata)[\w-]*)==", re.MULTILINE)


def newest(requirements):
    """Return what to install: Sphinx 9, and its extensions in whatever version fits.

    >>> newest("jupyter-book==1.0\\nsphinx==7.4\\nmyst-nb==1.4.0\\nnumpy>=2")
    ['sphinx>=9,<10', 'myst-nb']
    """
    return ["sphinx>=9,<10" if name == "sphinx" else name for name in BOOK.findall(requirements)]


def main():
    """Build and check the site; return the exit code."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    source = FOLDER.resolve() / "source"
    shutil.copytree(".", source, ignore=shutil.ignore_patterns(*LEFT))
    shutil.copytree("_build/executed", source / "_build" / "executed")
    python = FOLDER.resolve() / "venv" / "bin" / "python"
    packages = newest(Path("requirements.txt").read_text(encoding="utf-8"))
    steps = (
        [sys.executable, "-m", "venv", python.parents[1]],
        [python, "-m", "pip", "install", "--quiet", *packages],
        [Path(sys.executable).with_name("jupyter-book"), "config", "sphinx", source],
        [python, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", ".", "_build/html"],
        [python, "-m", "tools.complete"],
    )
    environment = os.environ | {"PYTHONPATH": str(source)}
    for step in steps:
        inside = source if step[0] == python else None
        if subprocess.run(step, cwd=inside, env=environment, check=False).returncode:
            print(f"Failed: {' '.join(map(str, step))}", file=sys.stderr)
            return 1
        if "install" in step:  # what is not newer there comes from here
            name = sysconfig.get_path("purelib", vars={"base": str(python.parents[1])})
            Path(name, "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
