"""No recorded file was changed by hand: each is what its recipe wrote."""

from hashlib import sha256

import pandas as pd

from lectures_lib.recorded import names
from recipes import __main__ as make


def test_recorded_files_have_the_sums_that_their_recipes_wrote():
    sums = make.SUMS.read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in map(str.split, sums)}
    files = [make.FOLDER / f"{name}.{kind}" for kind in ("csv", "npz") for name in names(kind=kind)]
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in files}
    changed = {name for name in {*listed, *found} if listed.get(name) != found.get(name)}
    assert not changed, "Make them anew: python -m recipes NAME"
    assert len(sums) == len(listed)


def test_a_recipe_notes_what_it_wrote_and_nothing_else(tmp_path, monkeypatch):
    sums = tmp_path / "SHA256SUMS"
    sums.write_text("0  a.csv\n1  digits_seeds.csv\n2  z.csv\n")
    table = pd.DataFrame({"loss": [0.25]})
    for name, value in {"SUMS": sums, "FOLDER": tmp_path}.items():
        monkeypatch.setattr(make, name, value)
    monkeypatch.setitem(make.RECIPES, "digits_seeds", lambda: table)
    other = tmp_path / "other"
    other.mkdir()
    make.main(["digits_seeds", "--folder", str(other)])
    assert "1  digits_seeds.csv" in sums.read_text()
    make.main(["digits_seeds"])
    digest = sha256((tmp_path / "digits_seeds.csv").read_bytes()).hexdigest()
    assert sums.read_text() == f"0  a.csv\n{digest}  digits_seeds.csv\n2  z.csv\n"
