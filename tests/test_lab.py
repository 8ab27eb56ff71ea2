"""The reader's working copy: brought up to date, never overwritten."""

import json

import nbformat
import pytest

from tools import lab


@pytest.fixture
def folders(tmp_path):
    edition, copy = tmp_path / "edition", tmp_path / "copy"

    def write(name="cnn/digits", *, text="one", set_up="a", picture="p"):
        output = nbformat.v4.new_output("display_data", {"text/plain": picture})
        cells = [
            nbformat.v4.new_code_cell(set_up, id="set-up"),
            nbformat.v4.new_code_cell(text, id="x", outputs=[output]),
        ]
        path = edition / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)

    def text(name):
        return (copy / name).read_text(encoding="utf-8")

    write()
    write("rnn/noisy_sine")
    assert lab.update(edition, copy) == []
    return edition, copy, write, text


def test_a_notebook_that_was_not_changed_is_brought_up_to_date(folders):
    edition, copy, write, text = folders
    write(text="two")
    assert lab.update(edition, copy) == []
    assert '"two"' in text("cnn/digits.ipynb") and '"one"' in text("rnn/noisy_sine.ipynb")
    assert len(list(copy.rglob("*.ipynb"))) == 2


def test_a_notebook_that_was_only_opened_or_one_that_was_run(folders):
    edition, copy, write, text = folders
    for name, change in (
        ("cnn/digits", lambda notebook: notebook.metadata.update(language_info={"name": "x"})),
        ("rnn/noisy_sine", lambda notebook: notebook.cells[1].outputs.clear()),
    ):
        notebook = nbformat.read(copy / f"{name}.ipynb", as_version=4)
        change(notebook)
        nbformat.write(notebook, copy / f"{name}.ipynb")
        write(name, text="two")
    said = lab.update(edition, copy)
    assert [sentence.split()[0] for sentence in said] == ["rnn/noisy_sine.ipynb"]
    assert '"two"' in text("cnn/digits.ipynb") and '"one"' in text("rnn/noisy_sine.ipynb")


def test_beside_a_changed_notebook_stands_the_new_version(folders):
    edition, copy, write, text = folders
    mine = copy / "cnn" / "digits.ipynb"
    mine.write_text("mine", encoding="utf-8")
    assert lab.update(edition, copy) == []  # nothing is new
    for number, name in enumerate(["digits-new.ipynb", "digits-new-2.ipynb"]):
        write(text=f"version {number}")
        said = f"cnn/digits.ipynb was changed here; its new version is {name} beside it."
        assert lab.update(edition, copy) == [said]
        assert f'"version {number}"' in text(f"cnn/{name}")
        assert lab.update(edition, copy) == []
    assert mine.read_text(encoding="utf-8") == "mine"
    assert '"version 0"' in text("cnn/digits-new.ipynb")


def test_another_address_or_picture_is_no_new_version(folders):
    edition, copy, write, _ = folders
    (copy / "cnn" / "digits.ipynb").write_text("mine", encoding="utf-8")
    write(set_up="another commit", picture="drawn by another version")
    assert lab.update(edition, copy) == []
    assert len(list(copy.rglob("*.ipynb"))) == 2


def test_a_notebook_that_was_removed_comes_back(folders):
    edition, copy, _, text = folders
    (copy / "cnn" / "digits.ipynb").unlink()
    assert lab.update(edition, copy) == []
    assert '"one"' in text("cnn/digits.ipynb")


def test_what_stood_there_before_the_first_time_is_kept(folders, tmp_path):
    edition = folders[0]
    mine = tmp_path / "other" / "cnn" / "digits.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    assert len(lab.update(edition, tmp_path / "other")) == 1
    assert mine.read_text(encoding="utf-8") == "mine"
    assert mine.with_name("digits-new.ipynb").is_file()


def test_without_notebooks_or_a_folder_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert lab.main([]) == 1
    assert "Make them first: make book" in capsys.readouterr().err
    lab.EDITION.mkdir(parents=True)
    (tmp_path / "notebooks").write_text("a file", encoding="utf-8")
    assert lab.main([]) == 1
    assert "notebooks cannot be brought up to date" in capsys.readouterr().err


def test_jupyterlab_starts_in_the_copy_without_menus_for_instructors(folders, monkeypatch):
    edition, copy, *_ = folders
    asked = []
    monkeypatch.chdir(edition.parent)
    monkeypatch.setattr(lab, "EDITION", edition)
    monkeypatch.setattr(lab.os, "execvp", lambda program, arguments: asked.extend(arguments))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    lab.main([str(copy)])
    assert asked[:3] == ["jupyter", "lab", f"--notebook-dir={copy}"]
    config = lab.Path(lab.os.environ["JUPYTER_CONFIG_PATH"]) / "labconfig" / "page_config.json"
    assert json.loads(config.read_text())["disabledExtensions"]["@jupyter/nbgrader"]
