"""Whole processes: what importing costs, and what one answer on the command line costs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta

from benchmarks.made import NOW
from benchmarks.measuring import ROOT, Kind, Row, Sizes, Target, clean_environment, race
from sectypes.store import SqlStore
from sectypes.taxonomy import Classification, Origin, SecurityType

__all__ = ["command", "imports"]

PANDAS = "import pandas"
COMMAND = "import sys; from sectypes.cli import main; sys.exit(main())"
"""What the installed script `sectypes` does."""


def _start(code: str, *arguments: str, **environment: str) -> Callable[[], object]:
    """A process that runs code; it must end well."""
    given = clean_environment(**environment)
    return lambda: subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=True, cwd=ROOT, env=given, capture_output=True,
    )  # fmt: skip


def imports(sizes: Sizes) -> Iterator[Row]:
    """`import sectypes`, which loads pandas as well."""
    times = race({"ours": _start("import sectypes"), PANDAS: _start(PANDAS)}, sizes.starts)
    target = Target(Kind.TIMES_THEIRS, 1.1)
    yield times.row("import", "import sectypes, whole process", beside=PANDAS, target=target)


def command(sizes: Sizes) -> Iterator[Row]:
    """`sectypes classify SPY`, where the database knows it."""
    fact = Classification(
        "SPY", SecurityType.ETF, Origin.FMP, raw_label="isEtf", name="SPDR S&P 500 ETF Trust",
        observed_at=NOW, expires_at=NOW + timedelta(days=80),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/cache.db"
        with SqlStore(url) as store:
            store.put_facts([(fact, None)])
        ours = _start(COMMAND, "classify", "SPY", SECTYPES_DATABASE_URL=url)
        times = race({"ours": ours, PANDAS: _start(PANDAS)}, sizes.starts)
    work, target = "sectypes classify SPY, whole process", Target(Kind.TIMES_THEIRS, 1.5)
    yield times.row("command", work, beside=PANDAS, target=target)
