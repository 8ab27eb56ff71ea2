"""What a build leaves in the site after a figure is renamed, changed or gone: nothing of before."""

from types import SimpleNamespace

from lectures_lib.site import frames, playgrounds


def built(tmp_path, **demos):
    """Return a Sphinx that has read one page with some demos, `name=[frames]`."""
    bundles = [{"name": name, "files": files} for name, files in demos.items()]
    page = frames.nodes.Element("")
    page += [frames.explore_controls(bundle=bundle) for bundle in bundles]
    for name, files in demos.items():
        store = tmp_path / "doctrees" / frames.FOLDER / name
        store.mkdir(parents=True, exist_ok=True)
        for file in files:
            (store / file).write_bytes(file.encode())
    return SimpleNamespace(
        builder=SimpleNamespace(format="html"), doctreedir=tmp_path / "doctrees",
        env=SimpleNamespace(found_docs={"book/one"}, get_doctree=lambda name: page),
        outdir=tmp_path / "html",
    )  # fmt: skip


def shown(app):
    """Return the frames in the site, as `name/file`."""
    folder = app.outdir / frames.FOLDER
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_frames_of_before_leave_the_site(tmp_path):
    first = built(tmp_path, wave=["a.png", "b.png"], fall=["c.png"])
    frames._copy_frames(first, None)
    assert shown(first) == ["fall/c.png", "wave/a.png", "wave/b.png"]
    # One figure is drawn anew, one gets another name.
    second = built(tmp_path, wave=["b.png", "d.png"], drop=["c.png"])
    frames._copy_frames(second, None)
    assert shown(second) == ["drop/c.png", "wave/b.png", "wave/d.png"]
    third = built(tmp_path)
    frames._copy_frames(third, None)
    assert shown(third) == []


def test_a_build_that_failed_takes_nothing_away(tmp_path):
    frames._copy_frames(built(tmp_path, wave=["a.png"]), None)
    frames._copy_frames(built(tmp_path), RuntimeError())
    assert shown(built(tmp_path)) == ["wave/a.png"]


def test_playgrounds_of_before_leave_the_site(tmp_path):
    app = built(tmp_path)
    folder = app.outdir / playgrounds.FOLDER
    folder.mkdir(parents=True)
    (folder / "gates.js").touch()
    playgrounds._write_files(app, RuntimeError())
    assert (folder / "gates.js").exists()
    playgrounds._write_files(app, None)
    assert list(folder.iterdir()) == []
