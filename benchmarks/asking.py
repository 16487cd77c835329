"""Tickers that nobody knows yet: what the rate limit costs, and what waiting in line costs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.alternatives import sequential_loop
from benchmarks.made import SlowServer, facts, profiles, tickers
from benchmarks.measuring import Kind, Row, Sizes, Target, race
from sectypes.service import SecurityTypeService
from sectypes.sources import FmpSource
from sectypes.store import SqlStore

__all__ = ["missing"]

MOST_ROUNDS = 3


def missing(sizes: Sizes) -> Iterator[Row]:
    """A server that needs its time, a limit on the calls, and an empty SQLite file each round."""
    keys, given = tickers(sizes.missing), facts(min(sizes.sequential, sizes.missing))
    with (
        tempfile.TemporaryDirectory() as folder,
        SlowServer(profiles(sizes.missing), sizes.delay) as server,
    ):
        numbers = iter(range(10_000))
        settings = server.settings(fmp_rate_limit_delay=sizes.limit)

        def empty() -> Path:
            path = Path(folder, f"{next(numbers)}.db")
            with SqlStore(f"sqlite:///{path}") as store:
                store.lookup(["T"])
            return path

        def ask(path: Path) -> None:
            with SecurityTypeService(
                source=FmpSource(settings), store=SqlStore(f"sqlite:///{path}"), settings=settings
            ) as service:
                service.resolve(keys, progress=False)

        times = race(
            {
                "ours": ask,
                "sequential loop": lambda path: sequential_loop(path, server, given, sizes.limit),
            },
            min(sizes.runs, MOST_ROUNDS),
            prepare=empty,
        )
    work = f"{sizes.missing} missing tickers, server {sizes.delay} s, limit {sizes.limit} s"
    floor, target = sizes.missing * sizes.limit, Target(Kind.TIMES_THEIRS, 1.1)
    ours = times.of("ours")
    ratio = ours / floor
    yield Row(
        "missing", work, ours, "s", "the limit's floor", floor, ratio, target,
        target.is_met(ours, ratio), "the floor is reckoned: tickers x limit",
    )  # fmt: skip
    yield times.row(
        "missing",
        work,
        beside="sequential loop",
        scale=sizes.missing / len(given),
        note=f"the loop did {len(given)} tickers; its time is scaled",
    )
