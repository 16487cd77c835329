"""Which blocks of one input are counted together: no position twice, and nothing in silence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sectypes.errors import HoldingsWarning, warn
from sectypes.holdings.cells import Block, some
from sectypes.holdings.rows import read_rows
from sectypes.tickers import canonical

__all__ = ["apart", "without_repeats"]


def without_repeats(blocks: Sequence[Block]) -> list[Block]:
    """Leave out blocks of values alone that repeat positions of blocks with quantities.

    Such a block is a summary of the others where all of its securities stand there as well, with
    the same values as far as they are known.

    Warns
    -----
    HoldingsWarning
        For each block that is left out, and for each that shares securities and is counted.
    """
    detailed = [block for block in blocks if _has_units(block)]
    if len(detailed) in (0, len(blocks)):
        return list(blocks)
    known = _worths(detailed)
    return [block for block in blocks if _has_units(block) or not _repeats(block, known)]


def apart(blocks: Sequence[Block]) -> list[Block]:
    """Name the sheets that positions are in as their accounts, where there are several.

    Warns
    -----
    HoldingsWarning
        With the sheets whose positions are counted together.
    """
    used = [block for block in blocks if block.sheet is not None and _has_rows(block)]
    sheets = list(dict.fromkeys(block.sheet for block in used))
    if len(sheets) < 2:
        return list(blocks)
    names = some([repr(sheet) for sheet in sheets])
    warn(
        f"{blocks[0].label}: the sheets {names} are counted together, as "
        "accounts of one portfolio: if they show the same positions at different times, or "
        "twice, keep one of them",
        HoldingsWarning,
    )
    return [replace(block, title=block.title or block.sheet) for block in blocks]


def _has_units(block: Block) -> bool:
    return "units" in block.header.columns


def _has_rows(block: Block) -> bool:
    return next(read_rows(block, [], []), None) is not None


def _worths(blocks: Iterable[Block]) -> dict[str, float]:
    """What each security of the blocks is worth in all; missing where a part is unknown."""
    worths: dict[str, float] = {}
    for block in blocks:
        for row in read_rows(block, [], []):
            codes = (canonical(block.text(row, role)) for role in ("ticker", "cusip", "isin"))
            key = next(filter(None, codes), None) or (block.text(row, "name") or "").upper()
            worths[key] = worths.get(key, 0.0) + block.worth(row)
    return worths


def _repeats(block: Block, known: dict[str, float]) -> bool:
    """Whether a block of values only says again what is known; warns where it may."""
    # Positions that were closed have a value of zero: they stand in no list of what is held.
    worths = {key: worth for key, worth in _worths([block]).items() if worth}
    shared = [key for key in worths if key in known]
    if not shared:
        return False
    agree = all(
        math.isnan(known[key])
        or math.isnan(worths[key])
        or math.isclose(known[key], worths[key], rel_tol=0.01, abs_tol=0.01)
        for key in shared
    )
    where = f"{block.label}: the table at row {block.line}"
    securities = some(shared)
    if agree and len(shared) == len(worths):
        warn(
            f"{where} has values only and repeats positions that have quantities elsewhere "
            f"({securities}): it is left out",
            HoldingsWarning,
        )
        return True
    warn(
        f"{where} has values only and is counted, though some of its securities have quantities "
        f"elsewhere ({securities}): delete it if it repeats them",
        HoldingsWarning,
    )
    return False
