"""The planted faults still fit the package; `python tests/planted.py` plants them (minutes)."""

from __future__ import annotations

import ast
import shutil

import planted
import pytest
from planted import FAULTS, ROOT, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.safeguard.replace(" ", "_"))
def test_a_fault_fits_its_file_and_leaves_it_readable(fault):
    package = ROOT / "sectypes"
    made = planted.planted(fault, package)
    assert made != (package / fault.file).read_text(encoding="utf-8")
    ast.parse(made)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.safeguard.replace(" ", "_"))
def test_the_tests_of_a_fault_are_there(fault):
    file, _, name = fault.tests[0].partition("::")
    functions = {
        one.name
        for one in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        if isinstance(one, ast.FunctionDef)
    }
    assert name.partition("[")[0] in functions | {""}


def test_a_fault_that_no_longer_fits_is_named(tmp_path):
    (tmp_path / "a.py").write_text("one = one\n")
    with pytest.raises(ValueError, match=r"^reading: its text is in a\.py 2 times, not once$"):
        planted.planted(Fault("reading", "a.py", "one", "two", ()), tmp_path)


def test_a_fault_that_is_not_caught_is_told(tmp_path):
    (tmp_path / "sectypes").mkdir()
    (tmp_path / "sectypes" / "a.py").write_text("ANSWER = 1\n")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    read = "__import__('pathlib').Path('sectypes/a.py').read_text()"
    (tmp_path / "test_a.py").write_text(
        f"def test_good():\n    assert '1' in {read}\n\ndef test_poor():\n    assert {read}\n"
    )
    fault = Fault("answers", "a.py", "1", "2", ("test_a.py::test_good",))
    assert planted.verdict_of(fault, tmp_path) == "caught"
    poor = fault._replace(tests=("test_a.py::test_poor",))
    assert planted.verdict_of(poor, tmp_path) == "NOT CAUGHT"
    absent = fault._replace(tests=("test_a.py::test_absent",))
    assert planted.verdict_of(absent, tmp_path).startswith("NO VERDICT")
    assert (tmp_path / "sectypes" / "a.py").read_text() == "ANSWER = 1\n"
