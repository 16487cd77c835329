"""Jobs that need a process of their own, so that their peak memory is theirs alone.

python -m benchmarks.children column DTYPE ROWS DISTINCT build|classify|factorize
python -m benchmarks.children panel POSITIONS MOVES
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa

from benchmarks.made import column, warm_service

RESET = Path("/proc/self/clear_refs")
STATUS = Path("/proc/self/status")
WARM_UP_ROWS = 1_000
WARM_UP_MOVES = 20


def peak_bytes() -> int:
    """Most memory that this process held, since it was last made to forget it."""
    if STATUS.exists():
        # Not from getrusage, where a child starts with the peak of the process that made it.
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_peak() -> None:
    """Let the peak start anew at what is held now, where the system can (Linux)."""
    if RESET.exists():
        RESET.write_text("5")


def do_column(dtype: str, rows: str, distinct: str, job: str) -> dict[str, float]:
    """Build a column, and do one thing with it; everything else is loaded and warm before."""
    service = warm_service(int(distinct))
    jobs = {
        "build": len,
        "classify": lambda series: series.sectype.classify(service),
        "factorize": pd.factorize,
    }
    for work in jobs.values():
        work(column(dtype, WARM_UP_ROWS, int(distinct)))
    series = column(dtype, int(rows), int(distinct))
    gc.collect()
    # What is free but still held would be used again without being seen.
    pa.default_memory_pool().release_unused()
    forget_peak()
    jobs[job](series)
    return {"peak": peak_bytes()}


def do_panel(positions: str, moves: str) -> dict[str, float]:
    """Move sliders of a panel; growth counts after the first moves."""
    from benchmarks.panel import make_panel, move, open_figures

    panel = make_panel(int(positions))
    for step in range(WARM_UP_MOVES):
        move(panel, step)
    gc.collect()
    before = peak_bytes()
    seconds = sorted(move(panel, WARM_UP_MOVES + step) for step in range(int(moves)))
    return {
        "seconds": seconds[len(seconds) // 2],
        "grown": peak_bytes() - before,
        "figures": open_figures(),
    }


def main(job: str, *arguments: str) -> None:
    """Do one job and print what was seen."""
    print(json.dumps({"column": do_column, "panel": do_panel}[job](*arguments)))


if __name__ == "__main__":
    main(*sys.argv[1:])
