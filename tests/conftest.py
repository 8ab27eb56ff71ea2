"""What tests of several files share."""

import os
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def empty_gradebook(tmp_path_factory):
    """A gradebook of nbgrader to copy: to make one, it starts a program that takes 3 s."""
    from nbgrader.api import Gradebook

    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:  # nbgrader starts `alembic` by its name
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        Gradebook(f"sqlite:///{path}").close()
    return path
