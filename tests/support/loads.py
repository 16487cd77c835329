"""What child processes do for the tests of limits: each prints one line of JSON and ends.

Run as ``python -m support.loads NAME ARGUMENT``, with `tests` on the path.
"""

from __future__ import annotations

import json
import random
import resource
import string
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from sectypes.config import Settings
from sectypes.errors import SectypesError
from sectypes.holdings import read_holdings
from sectypes.scenarios import CrashScenarios, RiskLimits
from sectypes.service import SecurityTypeService
from sectypes.store import SqlStore

__all__ = ["in_child", "peak_mb"]

_ALPHABET = string.printable + "ÄÖéß漢\U0001f600\u202e\ud800"


def in_child(work: str, *arguments: str, seconds: float = 30, memory_mb: int = 2000) -> Any:
    """What a child process says, which may use only so much processor time and memory."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "support.loads",
            work,
            str(memory_mb),
            str(int(seconds)),
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-500:]}"
    return json.loads(done.stdout)


def peak_mb() -> float:
    """Most memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _tickers(count: int, numbers: random.Random) -> list[str]:
    return ["".join(numbers.choices(_ALPHABET, k=numbers.randint(0, 12))) for _ in range(count)]


def random_tickers(count: str, database: str) -> dict[str, float]:
    """Resolve so many random tickers in ten calls; the growth after the first, and their times."""
    store = SqlStore(database) if database else None
    service = SecurityTypeService(source=None, store=store, settings=Settings(offline=True))
    numbers, took, peaks, answers = random.Random(7), [], [], 0
    for _ in range(10):
        given = _tickers(int(count) // 10, numbers)
        begun = time.process_time()
        answers += sum(one.query.ticker in given[:1] or True for one in service.resolve(given))
        took.append(time.process_time() - begun)
        peaks.append(peak_mb())
    stored = 0 if store is None else store.contents().facts
    service.close()
    return {
        "answers": answers,
        "growth_mb": peaks[-1] - peaks[1],
        "slowing": min(took[-3:]) / min(took[:3]),
        "stored": stored,
    }


def read(path: str) -> dict[str, Any]:
    """Read a file of holdings; what became of it, and what it cost."""
    base, begun = peak_mb(), time.process_time()
    try:
        told = f"{len(read_holdings(path))} rows"
    except SectypesError as error:
        told = str(error)
    return {"told": told, "mb": peak_mb() - base, "seconds": time.process_time() - begun}


def scenarios(*paths: str) -> list[dict[str, Any]]:
    """Read each file as scenarios and as limits; what became of it, and what it cost."""
    done = []
    for path in paths:
        base, begun, told = peak_mb(), time.process_time(), []
        for kind in (CrashScenarios, RiskLimits):
            try:
                told.append(repr(kind.from_yaml(path)))
            except SectypesError as error:
                told.append(f"{type(error).__name__}: {error}")
        took = time.process_time() - begun
        done.append({"told": told, "mb": peak_mb() - base, "seconds": took})
    return done


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    most = int(sys.argv[2]) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[3]), int(sys.argv[3])))
    works = {"random_tickers": random_tickers, "read": read, "scenarios": scenarios}
    sys.stdout.write(json.dumps(works[sys.argv[1]](*sys.argv[4:])))
