"""How a figure is taken: turns between ours and the alternatives, medians, children for memory."""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

__all__ = [
    "ROOT",
    "WARM_UPS",
    "Kind",
    "Processors",
    "Row",
    "Sizes",
    "Target",
    "Times",
    "child",
    "clean_environment",
    "race",
]

ROOT = Path(__file__).parent.parent
WARM_UPS = 1
PROCESSORS = Path("/proc/stat")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured; the defaults are the sizes that the targets are meant for.

    Attributes
    ----------
    rows, distinct : int
        Rows of the large column, and distinct tickers in it.
    explained : int
        Rows that are explained.
    frame : int
        Rows of the small frame.
    tickers : int
        Distinct tickers looked up and written.
    missing, delay, limit
        Tickers that nobody knows yet, seconds until the server answers, seconds between calls.
    sequential : int
        Of them the sequential loop does so many; its time is scaled.
    portfolios, positions, many : int
        Portfolios compared, rows of each, and portfolios for the test of linearity.
    looped : int
        Portfolios that the scalar loop does, and tickers of the row-wise loop; both are scaled.
    moves : int
        Moves of a slider of the panel.
    starts, children : int
        Processes started on each side for their time, and for their memory.
    runs : int
        Rounds of everything else.
    """

    rows: int = 10_000_000
    distinct: int = 20_000
    explained: int = 1_000_000
    frame: int = 30
    tickers: int = 10_000
    missing: int = 100
    delay: float = 0.2
    limit: float = 0.1
    sequential: int = 10
    portfolios: int = 100_000
    positions: int = 30
    many: int = 1_000_000
    looped: int = 1_000
    moves: int = 500
    starts: int = 9
    children: int = 3
    runs: int = 5


class Kind(StrEnum):
    """What a target limits."""

    AT_MOST = "at most"
    TIMES_THEIRS = "times theirs"
    TIMES_FASTER = "times faster"


@dataclass(frozen=True, slots=True)
class Target:
    """What a row must reach."""

    kind: Kind
    limit: float

    def is_met(self, ours: float, ratio: float | None) -> bool | None:
        """Whether it is reached; None where there is nothing to compare with."""
        if self.kind is Kind.AT_MOST:
            return ours <= self.limit
        if ratio is None:
            return None
        if self.kind is Kind.TIMES_THEIRS:
            return ratio <= self.limit
        return 1 / ratio >= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    measure, work : str
        The name for `--only`, and what is done.
    ours : float
        In `unit`.
    unit : str
        `s`, `B/row` or `MB`.
    beside : str
        The alternative.
    theirs : float | None
        In `unit`; None where there is no alternative, or it is not installed.
    ratio : float | None
        Ours by theirs.
    target : Target | None
        None for a figure that is shown for comparison only.
    met : bool | None
        None where there is no target, or it is one for the full sizes and these are smaller.
    note : str
        What must be known to read the line.
    stolen : float | None
        Share of the processors' time that this machine had work for and its host gave to others,
        while this was measured; None where the system does not tell.
    """

    measure: str
    work: str
    ours: float
    unit: str = "s"
    beside: str = ""
    theirs: float | None = None
    ratio: float | None = None
    target: Target | None = None
    met: bool | None = None
    note: str = ""
    stolen: float | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of each side, one for each round; a side that could not be had is missing."""

    seconds: Mapping[str, list[float]]

    def of(self, side: str) -> float:
        """Median of one side."""
        return statistics.median(self.seconds[side])

    def row(
        self,
        measure: str,
        work: str,
        *,
        side: str = "ours",
        beside: str = "",
        target: Target | None = None,
        scale: float = 1.0,
        at_full_size: bool = True,
        note: str = "",
    ) -> Row:
        """The line for one side beside another."""
        ours, theirs, ratio = self.of(side), None, None
        if beside in self.seconds:
            theirs = self.of(beside) * scale
            ratio = ours / theirs
        elif beside:
            note = note or "not installed; see benchmarks/README.md"
        judged = target is not None and (at_full_size or target.kind is not Kind.AT_MOST)
        met = target.is_met(ours, ratio) if target is not None and judged else None
        return Row(measure, work, ours, "s", beside, theirs, ratio, target, met, note)


def race(
    sides: Mapping[str, Callable[..., object] | None],
    runs: int,
    *,
    prepare: Callable[[], object] | None = None,
) -> Times:
    """Time all sides in turns: A B B A, so that a machine that slows down hits both.

    Parameters
    ----------
    sides : Mapping[str, Callable | None]
        What each does; None for one that is not installed, which is left out.
    runs : int
        Rounds that count, after one that warms up.
    prepare : Callable | None
        Makes what a side is given; its time does not count.
    """
    able = {name: work for name, work in sides.items() if work is not None}
    seconds: dict[str, list[float]] = {name: [] for name in able}
    try:
        for number in range(WARM_UPS + runs):
            for name, work in _in_turn(able, number):
                given = () if prepare is None else (prepare(),)
                _set_aside()
                start = time.perf_counter()
                work(*given)
                took = time.perf_counter() - start
                if number >= WARM_UPS:
                    seconds[name].append(took)
    finally:
        gc.unfreeze()
    return Times(seconds)


def _in_turn(
    sides: Mapping[str, Callable[..., object]], number: int
) -> list[tuple[str, Callable[..., object]]]:
    """The sides to and fro, so that nobody always follows the one that leaves most behind."""
    order = list(sides.items())
    return order[::-1] if number % 2 else order


def _set_aside() -> None:
    """Let nobody pay for the garbage of the one before, nor for walking what others hold.

    The collector stays on: what a side makes itself, it pays for.
    """
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class Processors:
    """What the processors did since the machine started, in the system's ticks.

    Attributes
    ----------
    busy : int
        They worked for this machine.
    stolen : int
        This machine had work for them, and its host gave them to others ("steal" in proc(5)).
    """

    busy: int
    stolen: int

    @classmethod
    def now(cls) -> Processors | None:
        """As they stand; None where the system does not tell."""
        if not PROCESSORS.exists():
            return None
        user, nice, system, _, _, irq, softirq, steal = _ticks(PROCESSORS.read_text())
        return cls(user + nice + system + irq + softirq, steal)

    def stolen_until(self, later: Processors) -> float:
        """Share of the wanted time that went to others; 0.0 where none was wanted."""
        stolen = later.stolen - self.stolen
        return stolen / max(1, later.busy - self.busy + stolen)


def _ticks(told: str) -> list[int]:
    """The first eight numbers of the line for all processors."""
    return [int(number) for number in told.split(maxsplit=9)[1:9]]


def clean_environment(**changes: str) -> dict[str, str]:
    """This process's environment without what would change an answer, or what a start costs.

    A package that was installed has its bytecode, as pandas has; a checkout must be allowed to
    write it, or it is compiled anew at each start.
    """
    ours = ("FMP_", "SECTYPES_", "SECURITY_TYPE_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, **changes}


def child(job: str, *arguments: object) -> dict[str, Any]:
    """What one job of `benchmarks.children` reports, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.children", job, *map(str, arguments)]
    ran = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, cwd=ROOT, env=clean_environment()
    )
    return json.loads(ran.stdout)
