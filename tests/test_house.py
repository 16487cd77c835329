"""The rules of the house, checked on the source: floors, owners, sizes, prints, light import."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import sectypes
from sectypes import errors
from sectypes.store import SqlStore
from sectypes.taxonomy import Classification, Origin, SecurityType

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sectypes"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = sorted(m.name for m in pkgutil.walk_packages([str(PACKAGE)], "sectypes."))

OWNERS = {
    "alembic": {"store"},
    "dask": {"dask"},
    "ipywidgets": {"widgets"},
    "matplotlib": {"charts"},
    "msgspec": {"frozen", "store"},
    "platformdirs": {"config"},
    "psycopg2": {"store"},
    "requests": {"sources"},
    "sqlalchemy": {"store"},
    "tqdm": {"progress"},
    "typer": {"cli"},
    "urllib3": {"sources"},
    "yaml": {"backup", "plain_yaml", "scenarios"},
}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def imported(tree: ast.AST) -> set[str]:
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_library_has_one_owner(path):
    used = imported(ast.parse(path.read_text())) & OWNERS.keys()
    assert {name for name in used if room(path) not in OWNERS[name]} == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_and_bodies_stay_small(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    for function in functions(ast.parse(text)):
        first = (
            function.body[1]
            if ast.get_docstring(function) and function.body[1:]
            else function.body[0]
        )
        assert function.end_lineno - first.lineno < 40, f"{function.name} is too long"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_prints_or_catches_everything(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno}"
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in {"everything", "Exception", "BaseException"}, f"line {node.lineno}"


def test_imports_go_down_only():
    # In a process of its own: the linter sets up logging, which would silence ours.
    linted = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


@pytest.mark.parametrize("name", [n for n in MODULES if "._" not in n])
def test_public_names_exist_and_are_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for public in getattr(module, "__all__", ()):
        thing = getattr(module, public)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            assert thing.__doc__, f"{name}.{public} says nothing of itself"


LIGHT = """
import builtins, io, json, os, socket, sys
import pandas  # what the caller has loaded anyway
opened = []
sys.addaudithook(lambda event, args: opened.append([event, str(args[0])])
                 if event in {"open", "socket.connect", "os.getenv"} else None)
environ = os.environ.copy()
class Watched(dict):
    def __getitem__(self, name):
        opened.append(["environ", name])
        return dict.__getitem__(self, name)
    def get(self, name, default=None):
        opened.append(["environ", name])
        return dict.get(self, name, default)
os.environ = Watched(environ)
import sectypes
files = [what for event, what in opened if event == "open"
         and not what.endswith((".py", ".pyc", ".so")) and "__pycache__" not in what]
print(json.dumps({"modules": sorted(sys.modules), "files": files,
                  "other": [e for e in opened if e[0] != "open"]}))
"""


def test_importing_is_light_and_touches_nothing():
    ran = subprocess.run(
        [sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True, cwd=ROOT
    )
    seen = json.loads(ran.stdout)
    heavy = {"sqlalchemy", "requests", "matplotlib", "ipywidgets", "typer", "alembic", "yaml"}
    assert heavy & set(seen["modules"]) == set()
    assert seen["files"] == []
    assert seen["other"] == []


HOOK = {
    "pandas afterwards": "import sectypes; assert 'pandas' not in sys.modules; import pandas",
    "pandas before": "import pandas, sectypes",
    "a part of pandas first": "import sectypes; from pandas.api import types; import pandas",
    "sectypes twice before": "import sectypes; importlib.reload(sectypes); import pandas",
    "sectypes twice after": "import pandas, sectypes; importlib.reload(sectypes)",
    "pandas once more": "import sectypes, pandas; importlib.reload(pandas)",
    "pandas after a failure": """
import sectypes
sys.modules["numpy"] = None
try:
    import pandas
except ImportError:
    del sys.modules["numpy"]
    import pandas
""",
}


@pytest.mark.parametrize("order", HOOK)
def test_the_accessor_comes_with_pandas(order):
    code = f"""import importlib, sys\n{HOOK[order]}
assert pandas.Series.sectype is not None and pandas.DataFrame.sectype is not None
assert pandas.__spec__.loader is pandas.__loader__ and "sectypes" not in repr(pandas.__loader__)
assert not any(type(finder).__name__ == "_WithPandas" for finder in sys.meta_path)
"""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_one_answer_on_the_command_line_loads_no_frames(tmp_path):
    url, now = f"sqlite:///{tmp_path}/cache.db", datetime.now(UTC)
    fact = Classification(
        "SPY", SecurityType.ETF, Origin.FMP, observed_at=now, expires_at=now + timedelta(days=9)
    )
    with SqlStore(url) as store:
        store.put_facts([(fact, None)])
    code = (
        "import sys; from sectypes.cli import run; code = run(['classify', 'SPY'])\n"
        "print(code, *{name.partition('.')[0] for name in sys.modules})"
    )
    given = {"PATH": "", "HOME": str(tmp_path), "SECTYPES_DATABASE_URL": url}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=given
    )
    answer, (done, *modules) = ran.stdout.splitlines()[1], ran.stdout.splitlines()[-1].split()
    assert answer.split()[:5] == ["SPY", "etf", "1.00", "fmp", "database"]
    assert (done, ran.stderr) == ("0", "")
    frames = {"pandas", "numpy", "pyarrow"}
    assert {*frames, "alembic", "matplotlib", "requests", "dask"} & set(modules) == set()


@pytest.mark.parametrize("asked", [["--help"], ["audit", "--help"], ["cache", "list", "--help"]])
def test_help_loads_no_frames(asked):
    code = f"""import sys; from sectypes.cli import run; code = run({asked})
print(code, {{"pandas", "numpy", "sqlalchemy", "yaml"}} & set(sys.modules))"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "0 set()"


def test_the_wheel_lists_every_package():
    listed = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    )
    packages = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for top in ("sectypes", "schema", "notebooks")
        for init in (ROOT / top).rglob("__init__.py")
    }
    as_shipped = {n if n.startswith("sectypes") else f"sectypes.{n}" for n in packages}
    assert listed == as_shipped


def test_ci_runs_the_readmes_commands_to_the_letter():
    command = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
    assert command in (ROOT / ".ci/run").read_text().splitlines()
    readme = (ROOT / "README.md").read_text()
    assert command in readme
    assert "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/sectypes demo" in readme


def test_the_top_of_the_repository_is_as_agreed():
    tracked = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.splitlines()
    assert {Path(name).parts[0] for name in tracked} <= {
        *("pyproject.toml", "sectypes", "notebooks", "tests", "schema", "README.md"),
        *(".ci", "benchmarks", "LICENSE", ".gitignore", ".gitattributes"),
    }


def test_every_public_name_at_the_door_can_be_had():
    for name in sectypes.__all__:
        assert getattr(sectypes, name) is not None
    assert set(sectypes.__all__) <= set(dir(sectypes))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = sectypes.no_such_name


def test_every_exception_is_raised_somewhere():
    bases = {errors.SectypesError, errors.SourceError}
    kinds = [
        kind.__name__
        for name in errors.__all__
        if isinstance(kind := getattr(errors, name), type)
        and issubclass(kind, errors.SectypesError)
        and kind not in bases
    ]
    called = {
        node.func.id
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert [kind for kind in kinds if kind not in called] == []
