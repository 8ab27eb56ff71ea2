"""Keep the chapters clean: `python tools/notebooks.py check|strip [files]`.

`strip` removes outputs and execution counts, except in cells that nbval compares (by their tag
`nbval-check-output`), which count as the first; `check` says where there are any.
"""

import copy
import sys
from pathlib import Path

import nbformat
import nbformat.reader
from nbstripout import strip_output

from lectures_lib.book import chapter_paths

COMPARED = "nbval-check-output"
# What editors leave behind, beside outputs and counts.
TRACES = ["metadata.widgets", "metadata.signature", "metadata.language_info.version"] + [
    f"cell.metadata.{key}" for key in ("ExecuteTime", "execution", "collapsed", "scrolled")
]


def stripped(notebook):
    """Return the notebook as it should be committed."""
    notebook = copy.deepcopy(notebook)
    kept = [COMPARED in cell.metadata.get("tags", ()) for cell in notebook.cells]
    for cell, keep in zip(notebook.cells, kept, strict=True):
        cell.metadata["keep_output"] = keep
    strip_output(notebook, keep_output=False, keep_count=False, keep_id=True, extra_keys=TRACES)
    for cell, keep in zip(notebook.cells, kept, strict=True):
        del cell.metadata["keep_output"]
        if keep:  # nbval refuses the outputs of a cell that was never run
            cell.execution_count = 1
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = 1
    return notebook


def problems(notebook):
    """Return what keeps a notebook from being committed, as sentences."""
    found = []
    for number, (cell, clean) in enumerate(
        zip(notebook.cells, stripped(notebook).cells, strict=True)
    ):
        if cell.get("outputs") != clean.get("outputs"):
            found.append(f"cell {number} has an output or its count")
        elif cell != clean:
            found.append(f"cell {number} has an execution count or an editor's traces")
        if COMPARED in cell.metadata.get("tags", ()) and not cell.get("outputs"):
            found.append(f"cell {number} has the tag {COMPARED} but no output: run and save it")
    if notebook.metadata != stripped(notebook).metadata:
        found.append("the metadata holds an editor's traces")
    identities = [cell.get("id") for cell in notebook.cells]
    if None in identities or len(set(identities)) < len(identities):
        found.append("some cells have no id of their own; open and save it in JupyterLab")
    return found


def main(arguments):
    """Check or change notebooks; return the exit code."""
    if not arguments or arguments[0] not in {"check", "strip"}:
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    paths = [Path(name) for name in arguments[1:]] or chapter_paths("book")
    wrong = 0
    for path in paths:
        # Not nbformat.read, which adds missing ids without a word.
        notebook = nbformat.reader.reads(path.read_text(encoding="utf-8"))
        if arguments[0] == "strip":
            replace(path, notebook, stripped(notebook))
        else:
            for sentence in problems(notebook):
                print(f"{path}: {sentence}.", file=sys.stderr)
                wrong += 1
    if wrong:
        print("Outputs go with: .venv/bin/python tools/notebooks.py strip", file=sys.stderr)
    elif arguments[0] == "check":
        print(f"{len(paths)} notebooks without outputs")
    return min(wrong, 1)


def replace(path, old, new):
    """Write a notebook that has changed."""
    if new != old:
        nbformat.write(new, path)
        print(f"{path}: changed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
