"""`sectypes lab`: the notebooks in the user's folder, never over what the user changed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.notebooks import NOTEBOOKS

from sectypes.cli import run

ONE = "01_quickstart.ipynb"


def copy(folder, *options):
    return run(["lab", "--no-open", *options, str(folder)])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_all_notebooks_are_copied_with_their_outputs(tmp_path, capsys):
    assert copy(tmp_path / "made" / "here") == 0
    for path in NOTEBOOKS:
        assert (tmp_path / "made" / "here" / path.name).read_bytes() == path.read_bytes()
    assert names(tmp_path / "made" / "here") == [path.name for path in NOTEBOOKS]
    assert capsys.readouterr().out.startswith(f"{len(NOTEBOOKS)} notebooks in ")


def test_the_folder_has_a_name_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["lab", "--no-open"]) == 0
    assert names(tmp_path) == ["sectypes-notebooks"]


def test_copying_again_says_nothing_new(tmp_path, capsys):
    assert [copy(tmp_path), copy(tmp_path)] == [0, 0]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("options", "kept"), [([], True), (["--force"], False)])
def test_what_was_changed_is_kept_unless_forced(tmp_path, capsys, options, kept):
    copy(tmp_path)
    (tmp_path / ONE).write_text("mine")
    (tmp_path / "own.ipynb").write_text("mine too")
    assert copy(tmp_path, *options) == 0
    assert ((tmp_path / ONE).read_text() == "mine") is kept
    assert (tmp_path / "own.ipynb").read_text() == "mine too"
    assert (f"{ONE} was changed and is kept" in capsys.readouterr().err) is kept


def test_a_deleted_notebook_comes_back(tmp_path):
    copy(tmp_path)
    (tmp_path / ONE).unlink()
    copy(tmp_path)
    assert ONE in names(tmp_path)


def test_a_file_in_the_way_is_an_error(tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert copy(tmp_path / "taken") == 1
    assert "cannot make the folder" in capsys.readouterr().err


def test_without_jupyterlab_the_message_ends_in_the_line_that_installs_it(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "jupyterlab", None)  # as if it were not installed
    assert run(["lab", str(tmp_path / "new")]) == 1
    assert capsys.readouterr().err.endswith("pip install 'sectypes[lab]'\n")
    assert names(tmp_path) == []
    assert copy(tmp_path / "new") == 0


def test_it_becomes_jupyterlab_with_the_options_given(tmp_path):
    code = "import sys; from sectypes.cli import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "lab", str(tmp_path), "--", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    told, version = ran.stdout.splitlines()
    assert told == f"{len(NOTEBOOKS)} notebooks in {tmp_path}"
    assert version.split(".")[0].isdigit()


def test_the_help_says_what_is_needed(capsys):
    assert run(["lab", "--help"]) == 0
    assert "no key and no network" in " ".join(capsys.readouterr().out.split())
