"""How often the offline rules are right, on a table of true types.

    python benchmarks/accuracy.py --truth us_symbols.csv.gz [--json] [--wrong 20]

The table has the columns symbol, name, truth, subtype, exchange, live. It is read as text: NA, NAN
and TRUE are tickers. Where no rule speaks, the package's default (equity) counts as the answer.

Two kinds of error matter. Dangerous: a company is called a fund, an ETF or cash, so its loss is
understated. Alarming: a fund of any kind is called a company. Their rates are shares of the
companies and of the funds; shares of all symbols would only look better. The report begins with
the figures that the project has set itself, each beside its bound.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sectypes.heuristics import guess
from sectypes.taxonomy import SECURITY_TYPES, SecurityType
from sectypes.tickers import canonical

COLUMNS = ("symbol", "name", "truth", "subtype", "exchange", "live")
TRUE_TYPE = {
    "equity": SecurityType.EQUITY,
    "etf": SecurityType.ETF,
    "closed_end_fund": SecurityType.MUTUAL_FUND,
    "mutual_fund": SecurityType.MUTUAL_FUND,
    "money_market": SecurityType.CASH,
    "crypto": SecurityType.CRYPTO,
    "currency": SecurityType.CASH,
}
EXCHANGES = frozenset(["NYQ", "ASE", "PCX", "BTS", "NMS", "NGM", "NCM"])
FUND_QUOTES = frozenset({"NAS"})
QUOTED_MONEY = frozenset({"CCC", "CCY"})
POOLED = (SecurityType.ETF, SecurityType.MUTUAL_FUND, SecurityType.CASH)
CUT = 30
PASSES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of truth."""

    symbol: str
    key: str
    name: str
    truth: SecurityType
    exchange: str
    live: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One way to ask: which rows, and what of each row the rules may see."""

    title: str
    keep: Callable[[Row], bool]
    name: Callable[[Row], str | None]
    exchange: Callable[[Row], str | None]


def _is_live_listing(row: Row) -> bool:
    return row.live and row.exchange in EXCHANGES


def _is_listing(row: Row) -> bool:
    return row.exchange in EXCHANGES | FUND_QUOTES


def _full_name(row: Row) -> str:
    return row.name


def _capitals(row: Row) -> str:
    return row.name.upper()


def _cut_name(row: Row) -> str:
    return row.name[:CUT].strip()


def _venue(row: Row) -> str:
    return row.exchange


def _nothing(row: Row) -> None:
    return None


LIVE, LISTED = "live, exchange-traded: full name", "all listed, funds included: full name"
CUT_NAME = "live, exchange-traded: name cut to 30, exchange"
SECTIONS = (
    Section(LIVE, _is_live_listing, _full_name, _nothing),
    Section("live, exchange-traded: full name in capitals", _is_live_listing, _capitals, _nothing),
    Section("live, exchange-traded: full name, exchange", _is_live_listing, _full_name, _venue),
    Section(CUT_NAME, _is_live_listing, _cut_name, _venue),
    Section("live, exchange-traded: name cut to 30", _is_live_listing, _cut_name, _nothing),
    Section(LISTED, _is_listing, _full_name, _nothing),
    Section("all listed, funds included: full name, exchange", _is_listing, _full_name, _venue),
    Section("every row: full name", lambda row: True, _full_name, _nothing),
    Section("every row: full name, exchange", lambda row: True, _full_name, _venue),
    Section("every row: ticker alone", lambda row: True, _nothing, _nothing),
)


def read_truth(path: Path) -> list[Row]:
    """Read the table of truth; wrong columns or an unknown class stop with the row's number."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        missing = set(COLUMNS) - set(table.fieldnames or ())
        if missing:
            raise SystemExit(f"{path}: no column {', '.join(sorted(missing))}")
        return [_row(path, number, fields) for number, fields in enumerate(table, start=2)]


def _row(path: Path, number: int, fields: Mapping[str, str]) -> Row:
    truth = TRUE_TYPE.get(fields["truth"])
    if truth is None:
        raise SystemExit(f"{path}, row {number}: unknown truth {fields['truth']!r}")
    return Row(
        fields["symbol"],
        canonical(fields["symbol"]),
        fields["name"],
        truth,
        fields["exchange"],
        fields["live"] == "1",
    )


def answer(row: Row, section: Section) -> tuple[SecurityType, str]:
    """Return the rules' answer for a row, and the rule; the default where no rule speaks."""
    found = guess(row.key, name=section.name(row), exchange=section.exchange(row))
    return (found.security_type, found.rule) if found else (SecurityType.EQUITY, "default")


def measure(rows: Sequence[Row], section: Section) -> dict[str, Any]:
    """Return confusion matrix, precision and recall, and both kinds of error for one section."""
    asked = [row for row in rows if section.keep(row)]
    answers = [answer(row, section) for row in asked]
    pairs = Counter((row.truth, said) for row, (said, _) in zip(asked, answers, strict=True))
    wrong = [
        {
            "symbol": row.symbol,
            "name": row.name,
            "exchange": row.exchange,
            "truth": row.truth.value,
            "answer": said.value,
            "rule": rule,
            "kind": _kind(row.truth, said),
        }
        for row, (said, rule) in zip(asked, answers, strict=True)
        if said is not row.truth
    ]
    kinds = Counter(error["kind"] for error in wrong)
    companies = sum(row.truth is SecurityType.EQUITY for row in asked)
    funds = sum(row.truth in POOLED for row in asked)
    return {
        "section": section.title,
        "symbols": len(asked),
        "accuracy": _share(len(asked) - len(wrong), len(asked)),
        "dangerous": {"count": kinds["dangerous"], "share": _share(kinds["dangerous"], companies)},
        "alarming": {"count": kinds["alarming"], "share": _share(kinds["alarming"], funds)},
        "classes": _classes(pairs),
        "confusion": {
            f"{truth} -> {said}": count for (truth, said), count in sorted(pairs.items())
        },
        "wrong": wrong,
    }


def _kind(truth: SecurityType, said: SecurityType) -> str:
    if truth is SecurityType.EQUITY and said in POOLED:
        return "dangerous"
    if truth in POOLED and said is SecurityType.EQUITY:
        return "alarming"
    return "other"


def _classes(pairs: Mapping[tuple[SecurityType, SecurityType], int]) -> dict[str, Any]:
    classes = {}
    for kind in map(SecurityType, SECURITY_TYPES):
        true = sum(count for (truth, _), count in pairs.items() if truth is kind)
        said = sum(count for (_, answer), count in pairs.items() if answer is kind)
        if true or said:
            right = pairs.get((kind, kind), 0)
            classes[kind.value] = {
                "symbols": true,
                "precision": _share(right, said),
                "recall": _share(right, true),
            }
    return classes


def measure_suffixes(rows: Sequence[Row]) -> dict[str, Any]:
    """Return how well five or more letters ending X tell fund quotes, with nothing but the ticker.

    Fund quotes are the rows on Nasdaq's fund network; coins and currency pairs are left out, since
    their spelling is decided before any suffix.
    """
    asked = [row for row in rows if row.exchange not in QUOTED_MONEY]
    found = [guess(row.key) for row in asked]
    says = [made is not None and made.rule.startswith("fund_suffix") for made in found]
    funds = [row.exchange in FUND_QUOTES for row in asked]
    both = sum(said and fund for said, fund in zip(says, funds, strict=True))
    money = [row.truth is SecurityType.CASH for row in asked]
    says_money = [made is not None and made.rule == "fund_suffix_xx" for made in found]
    both_money = sum(said and is_money for said, is_money in zip(says_money, money, strict=True))
    return {
        "symbols": len(asked),
        "funds": sum(funds),
        "precision": _share(both, sum(says)),
        "recall": _share(both, sum(funds)),
        "money_market_precision": _share(both_money, sum(says_money)),
        "money_market_recall": _share(both_money, sum(money)),
    }


def measure_speed(rows: Sequence[Row]) -> dict[str, float]:
    """Return names a second on one core, best of three passes, by processor and by wall clock."""
    asked = [(row.key, row.name, row.exchange) for row in rows if row.name]
    by_clock = {"processor": time.process_time, "wall": time.perf_counter}
    best: dict[str, float] = {}
    for label, clock in by_clock.items():
        for _ in range(PASSES):
            start = clock()
            for key, name, exchange in asked:
                guess(key, name=name, exchange=exchange)
            best[label] = max(best.get(label, 0.0), len(asked) / (clock() - start))
    return best


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def report(rows: Sequence[Row]) -> dict[str, Any]:
    """Measure everything, and hold it against the bounds."""
    figures: dict[str, Any] = {
        "sections": [measure(rows, section) for section in SECTIONS],
        "suffixes": measure_suffixes(rows),
        "names_per_second": measure_speed(rows),
    }
    return {"bounds": hold_against_bounds(figures), **figures}


def hold_against_bounds(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each figure that the project has set itself, its bound, and whether it is kept.

    A share of nothing (no fund in the table, say) keeps no bound and breaks none: `kept` is None.
    """
    sections = {section["section"]: section for section in figures["sections"]}
    live, listed, cut = sections[LIVE], sections[LISTED], sections[CUT_NAME]
    suffixes, speed = figures["suffixes"], figures["names_per_second"]["processor"]
    rows: tuple[tuple[str, float | None, str, float], ...] = (
        (f"{LIVE}: accuracy", live["accuracy"], "at least", 0.995),
        (f"{LIVE}: dangerous", live["dangerous"]["share"], "at most", 0.001),
        (f"{LIVE}: alarming", live["alarming"]["share"], "at most", 0.006),
        (f"{LISTED}: accuracy", listed["accuracy"], "at least", 0.997),
        (f"{CUT_NAME}: alarming", cut["alarming"]["share"], "at most", 0.10),
        ("ticker alone, fund suffix: precision", suffixes["precision"], "at least", 0.999),
        ("ticker alone, fund suffix: recall", suffixes["recall"], "at least", 0.999),
        ("names a second, processor time", speed, "at least", 100_000),
    )
    return [
        {
            "figure": figure,
            "value": value,
            "side": side,
            "bound": bound,
            "kept": None
            if value is None
            else (value >= bound if side == "at least" else value <= bound),
        }
        for figure, value, side, bound in rows
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.3%}"


def _figure(value: float | None) -> str:
    return _percent(value) if value is None or value <= 1 else f"{value:,.0f}"


def _section_lines(section: Mapping[str, Any], wrong: int) -> Iterable[str]:
    yield f"\n{section['section']}"
    yield f"  symbols {section['symbols']:,}   accuracy {_percent(section['accuracy'])}"
    for kind, of in (("dangerous", "companies"), ("alarming", "funds")):
        error = section[kind]
        yield f"  {kind:<10} {error['count']:>5}   {_percent(error['share'])} of {of}"
    yield f"  {'class':<14}{'symbols':>9}{'precision':>12}{'recall':>12}"
    for kind, figures in section["classes"].items():
        shares = f"{_percent(figures['precision']):>12}{_percent(figures['recall']):>12}"
        yield f"  {kind:<14}{figures['symbols']:>9,}{shares}"
    for line in _matrix_lines(section["confusion"]):
        yield f"  {line}"
    for error in section["wrong"][:wrong]:
        yield "  {kind}: {symbol} {name!r} ({exchange}) is {truth}, {rule} says {answer}".format(
            **error
        )


def _matrix_lines(confusion: Mapping[str, int]) -> Iterable[str]:
    pairs = {tuple(pair.split(" -> ")): count for pair, count in confusion.items()}
    truths = [kind for kind in SECURITY_TYPES if any(truth == kind for truth, _ in pairs)]
    answers = [kind for kind in SECURITY_TYPES if any(said == kind for _, said in pairs)]
    yield f"{'truth / answer':<14}" + "".join(f"{said:>12}" for said in answers)
    for truth in truths:
        yield f"{truth:<14}" + "".join(f"{pairs.get((truth, said), 0):>12,}" for said in answers)


def lines(figures: Mapping[str, Any], wrong: int = 0) -> Iterable[str]:
    """Return the report as text, one line after the other."""
    for row in figures["bounds"]:
        kept = {True: "kept", False: "NOT KEPT", None: "nothing to measure"}[row["kept"]]
        bound = f"{row['side']} {_figure(row['bound'])}"
        yield f"{row['figure']:<58}{_figure(row['value']):>10}   {bound:<18}{kept}"
    for section in figures["sections"]:
        yield from _section_lines(section, wrong)
    suffixes = figures["suffixes"]
    counts = f"{suffixes['funds']:,} of {suffixes['symbols']:,}"
    yield f"\nticker alone, fund quotes by suffix ({counts})"
    yield f"  precision {_percent(suffixes['precision'])}   recall {_percent(suffixes['recall'])}"
    yield (
        f"  money market (XX): precision {_percent(suffixes['money_market_precision'])}"
        f"   recall {_percent(suffixes['money_market_recall'])}"
    )
    speed = figures["names_per_second"]
    yield (
        f"\nnames a second: {speed['processor']:,.0f} by processor time,"
        f" {speed['wall']:,.0f} by the wall clock"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the table, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, required=True, help="CSV, plain or .gz")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--wrong", type=int, default=0, help="show so many errors a section")
    options = parser.parse_args(arguments)
    figures = report(read_truth(options.truth))
    if options.json:
        json.dump(figures, sys.stdout, indent=1)
        print()
    else:
        print("\n".join(lines(figures, options.wrong)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
