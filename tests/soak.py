"""Half an hour of an analyst's use in two minutes, and whether anything grows meanwhile.

    python tests/soak.py [--seconds 120] [--tickers 1000000]

prints its figures and ends with 1 where one of them is beyond its bound; the tests run six seconds
of it. With ``--tickers`` so many random tickers are resolved instead.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import tempfile
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from support import loads
from support.fmp_server import FmpServer, profile, server_error

from sectypes.service import SecurityTypeService
from sectypes.sources import FmpSource
from sectypes.store import SqlStore

BOUNDS = {"rss_mb": 24.0, "threads": 0.0, "files": 2.0, "sockets": 2.0}
"""Growth that is allowed between the end of the warm-up and the end; a pool keeps a connection."""
NAMES = [f"T{number:03d}" for number in range(300)]


class Clock:
    """A clock that the load moves on, so that facts expire and are renewed."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def held() -> dict[str, float]:
    """What this process holds now."""
    gc.collect()
    resident = next(
        int(line.split()[1])
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )
    targets = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            targets.append(str(handle.readlink()))
        except OSError:  # closed meanwhile: the one that lists the folder
            continue
    sockets = sum(target.startswith("socket:") for target in targets)
    return {
        "rss_mb": resident / 1024,
        "threads": float(threading.active_count()),
        "files": float(len(targets) - sockets),
        "sockets": float(sockets),
    }


def one_round(service: SecurityTypeService, server: FmpServer, clock: Clock, number: int) -> int:
    """A minute's work of four analysts on one service, with its faults; how many answers."""
    numbers = random.Random(number)
    server.script(numbers.choice(NAMES), server_error(404))
    books = [numbers.sample(NAMES, 60) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = sum(map(len, threads.map(service.resolve, books)))
    frame = pd.DataFrame({"ticker": books[0], "value": 1.0})
    frame.sectype.compare(service=service).to_markdown()
    ticker = numbers.choice(NAMES)
    service.override(ticker, "etf", note=f"round {number}", author="soak")
    service.force_refresh(numbers.choice(NAMES))
    service.remove_override(ticker)
    service.cache_stats()
    service.health_check()
    clock.now += timedelta(days=numbers.choice([0, 1, 40]))
    if number % 10 == 9:
        service.close()  # as a kernel that rests; the next use opens it again
    server.requests.clear()
    server.calls.clear()
    return answers


def soak(seconds: float) -> dict[str, object]:
    """Load one service for so long; what it held after a third and at the end."""
    import sectypes  # noqa: F401  registers the accessor

    clock = Clock()
    profiles = {name: profile(name, is_etf=number % 2 == 0) for number, name in enumerate(NAMES)}
    with tempfile.TemporaryDirectory() as folder, FmpServer(profiles) as server:
        settings = server.settings(cache_size=200)
        store = SqlStore(f"sqlite:///{folder}/cache.db", clock=clock)
        service = SecurityTypeService(
            source=FmpSource(settings), store=store, settings=settings, clock=clock
        )
        begun, rounds, answers, warm = time.monotonic(), 0, 0, None
        while (gone := time.monotonic() - begun) < seconds:
            answers += one_round(service, server, clock, rounds)
            rounds += 1
            if warm is None and gone > seconds / 3:
                service.close()
                warm = held()
        service.close()
        end = held()
    growth = {name: end[name] - (warm or end)[name] for name in BOUNDS}
    return {"rounds": rounds, "answers": answers, "warm": warm, "end": end, "growth": growth}


def main() -> int:
    """Run it, print the figures, and say by the exit code whether they are within the bounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--tickers", type=int)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if asked.tickers:
        sys.stdout.write(json.dumps(loads.random_tickers(str(asked.tickers), "")) + "\n")
        return 0
    told = soak(asked.seconds)
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    grown = [name for name, most in BOUNDS.items() if told["growth"][name] > most]  # type: ignore[index]
    verdict = f"beyond its bound: {', '.join(grown)}" if grown else f"within its bounds: {BOUNDS}"
    sys.stdout.write(verdict + "\n")
    return bool(grown)


if __name__ == "__main__":
    sys.exit(main())
