"""The table as a page: `python -m faults.page`, in tests/, writes MATRIX.md anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from faults.table import CELLS, DATABASES, STATES, Cell, Expected, cells_on

__all__ = ["rendered"]

PAGE = Path(__file__).with_name("MATRIX.md")
HEAD = f"""# What happens when something breaks

Made from `tests/faults/table.py`; `tests/faults/test_matrix.py` runs each of the {len(CELLS)} cells
against a local FMP and real databases ({" and ".join(DATABASES)}).

The ticker is a closed-end fund of which FMP says `mutual_fund`, the override says `bond`, and no
rule knows its letters, so that a guess would be `equity`. Each cell says: type and origin, whether
the answer is marked stale, the warnings, what is written in the database, and the calls made.

Besides, in every cell: a fact does not become a guess without a warning, no guess is kept as a
fact, a failure is not remembered as "not found", the other tickers of the same call get their
answers, the next call says the same without asking again, the call ends within its bound
(FMP_TIMEOUT a try, three tries, 30 s of waits), and neither the key nor the database's password is
in any log, warning, error, traceback, record or table.
"""


def rendered() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, kind in (("FMP fails", "FMP "), ("The database fails", "database ")):
        parts.append(f"\n## {title}\n\n| fault | {' | '.join(STATES)} |\n| --- {'| --- ' * 4}|\n")
        parts += _lines([cell for cell in _all() if cell.fault.startswith(kind)], kind)
    return "".join(parts)


def _all() -> list[Cell]:
    """Each cell once: those that are the same on all databases, then the others."""
    found: dict[tuple[str, str], Cell] = {}
    for database in DATABASES:
        for cell in cells_on(database):
            found.setdefault((cell.fault, cell.state), cell)
    return list(found.values())


def _lines(cells: Iterable[Cell], kind: str) -> list[str]:
    rows: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.fault, {})[cell.state] = cell
    return [
        f"| {fault.removeprefix(kind)}{_only(fault)} |"
        f" {' | '.join(_told(row[state].expected) for state in STATES)} |\n"
        for fault, row in rows.items()
    ]


def _only(fault: str) -> str:
    on = {cell.database for cell in CELLS if cell.fault == fault}
    return "" if on == set(DATABASES) else f" ({', '.join(sorted(on))})"


def _told(expected: Expected) -> str:
    if expected.error:
        return f"raises {expected.error}, 0 calls"
    parts = [f"**{expected.type}** by {expected.origin}"]
    parts += ["stale"] * expected.stale
    parts += expected.warnings
    parts += [f"{expected.written} written"] if expected.written != "nothing" else []
    parts.append(f"{expected.calls} call{'' if expected.calls == 1 else 's'}")
    return ", ".join(parts)


if __name__ == "__main__":
    PAGE.write_text(rendered(), encoding="utf-8")
