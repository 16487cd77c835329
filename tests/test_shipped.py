"""What stands at the top of the repository is found by a Python that is started there, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.notebooks import NOTEBOOKS

from sectypes.shipped import shipped

ROOT = Path(__file__).parent.parent

IN_THE_CHECKOUT = """
import sys
# As after `pip install .`: nothing points from the checkout's package to the folders beside it.
sys.meta_path[:] = [one for one in sys.meta_path if "editable" not in repr(one).lower()]
import importlib.util
assert importlib.util.find_spec("sectypes.schema") is None
import pandas as pd, sectypes
from sectypes.cli import run
assert sectypes.__file__.startswith(sys.argv[1])
print(*pd.Series(["VTSAX", "VMFXX"]).sectype.classify(), flush=True)
sys.exit(run(["lab", "--no-open", sys.argv[2]]))
"""


def test_a_python_started_in_a_checkout_does_the_main_job_and_copies_the_notebooks(tmp_path):
    settings = {
        "SECTYPES_DATABASE_URL": f"sqlite:///{tmp_path}/cache.db",
        "SECTYPES_OFFLINE": "1",
        "PYTHONWARNINGS": "error",
    }
    ran = subprocess.run(
        [sys.executable, "-c", IN_THE_CHECKOUT, str(ROOT), str(tmp_path / "lab")],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[0] == "mutual_fund cash"
    assert sorted(file.name for file in (tmp_path / "lab").iterdir()) == [
        file.name for file in NOTEBOOKS
    ]
    assert (tmp_path / "cache.db").stat().st_size > 0


def test_a_folder_that_is_nowhere_is_an_error():
    with pytest.raises(ModuleNotFoundError, match=r"sectypes\.nowhere"):
        shipped("nowhere")
