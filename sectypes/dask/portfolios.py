"""Before and after of the portfolios of a collection, each of which may lie in many partitions.

Only numbers travel between the partitions: of each row its portfolio, what it says (see `facts`)
and its amount. They are shuffled by portfolio, and `sectypes.comparison.compare` works on whole
portfolios, as many at a time as a worker's memory holds easily. Nothing is added up before that:
the arithmetic is pandas', row by row, and so is the result.
"""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd

from sectypes import comparison, frames
from sectypes.checks import or_design
from sectypes.columns import ColumnNames, frame_columns, named_columns, usual_names
from sectypes.dask.facts import Facts, Rows, in_tree, numbered, placed
from sectypes.headings import Headings, folded
from sectypes.risk.book import numbers
from sectypes.risk.many import exposures_of, places_of
from sectypes.risk.score import assumptions
from sectypes.risk.weights import weigh
from sectypes.scenarios import CrashScenarios
from sectypes.service import SecurityTypeService
from sectypes.stated import risk_names

__all__ = ["compare"]

_ROWS_AT_ONCE = 250_000
_ANSWERS = ("security_type", "leverage", "origin")
_CARRIED = ("portfolio", "account", "subtype", "served_by", "as_of", "stale", "reason")
_ENCODED = pd.DataFrame(
    {
        **dict.fromkeys(("portfolio", "row", "fact", "currency"), pd.Series(dtype=np.int64)),
        "amount": pd.Series(dtype=np.float64),
    }
)


def compare(
    frame: Any, service: SecurityTypeService | None, **options: Any
) -> comparison.Comparison | pd.DataFrame:
    """`sectypes.comparison.compare` of a Dask DataFrame; see `DaskFrameAccessor.compare`."""
    named, options = named_columns(options)
    inspect.signature(comparison.compare).bind(None, **options)  # a TypeError before any work
    read = risk_names(Headings(frame.columns))
    frame = frame.assign(**{name: frame[own] for name, own in read.items() if own != name})
    layout = _Layout.of(frame._meta, named, options.pop("by", None))
    wanted = frame[list(layout.wanted)]
    if layout.by is None:
        columns = frame_columns(wanted.compute(), named)
        held = frames.answered(columns, service=service, progress=None)
        whole: comparison.Comparison = comparison.compare(held, **options)
        return whole
    parts = wanted.to_delayed()
    seen: _Seen = in_tree(parts, _Look(layout), _Seen.together)
    with placed(seen.facts.first_rows()):
        columns = frame_columns(seen.facts.frame(), {})
        answered = frames.answered(columns, service=service, progress=None)
    if options.get("exposures") is not None:
        # A partition may hold none of the portfolios that the exposures name: all are named here.
        given = exposures_of(options["exposures"])
        places_of(seen.labels.rename(layout.by), given.index)
        options["exposures"] = given.reindex(seen.labels)
    notes = _notes(seen.currencies, options.get("fx"))
    compared = pd.concat(_shuffled(parts, seen, _Books.of(layout, seen, answered, options)))
    if seen.currencies:  # of which a partition knows some; the rest of its notes holds for all
        rates = or_design("scenarios", options.get("scenarios"), CrashScenarios)
        notes = [*assumptions(rates, options.get("max_betas"), tuple(notes))]
    else:
        notes = [*filter(None, compared["note"].unique())]
    compared = compared.sort_index().assign(note="; ".join(notes))
    return compared.set_axis(seen.labels.rename(layout.by), axis="index")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which columns of the frame mean what."""

    roles: Mapping[str, Any]
    given: tuple[str, ...]
    by: Any
    amount: str
    currency: str | None
    wanted: tuple[Any, ...]

    @classmethod
    def of(cls, meta: pd.DataFrame, named: ColumnNames, by: Any) -> _Layout:
        weigh(meta, by=by)  # refuses a frame without the columns that weights need
        found = frame_columns(meta, named)
        roles = usual_names(found)
        amount = "weight" if "weight" in meta else "value"
        currency = "currency" if "currency" in meta and amount == "value" else None
        named_other = {folded(str(name)) for name in roles.values()}
        given = tuple(name for name in _ANSWERS if name in meta and name not in named_other)
        extra = [by, currency] if by is not None else [currency, *_CARRIED]
        names = [*roles.values(), *given, amount, *(name for name in extra if name in meta)]
        return cls(roles, given, by, amount, currency, tuple(dict.fromkeys(names)))

    def described(self, part: pd.DataFrame) -> pd.DataFrame:
        """What the rows say, under the usual names."""
        said = {**self.roles, **dict(zip(self.given, self.given, strict=True))}
        return pd.DataFrame({name: part[column] for name, column in said.items()})


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one pass over the collection finds out."""

    facts: Facts
    labels: pd.Index[Any]
    lengths: tuple[int, ...]
    currencies: Counter[Any]

    @classmethod
    def together(cls, parts: Sequence[_Seen]) -> _Seen:
        labels = parts[0].labels.append([part.labels for part in parts[1:]])
        return cls(
            Facts.together([part.facts for part in parts]),
            pd.Index(pd.factorize(labels)[1]),
            tuple(length for part in parts for length in part.lengths),
            sum((part.currencies for part in parts), Counter()),
        )


@dataclass(frozen=True, slots=True)
class _Look:
    """Find out what a partition holds."""

    layout: _Layout

    def __call__(self, part: pd.DataFrame) -> _Seen:
        words: Counter[Any] = Counter()
        if self.layout.currency is not None:
            counted = part[self.layout.currency].value_counts(dropna=False)
            for word, count in zip(counted.index, counted, strict=True):
                words[None if pd.isna(word) else word] += int(count)
        labels = pd.Index(pd.factorize(part[self.layout.by])[1])
        return _Seen(Facts.of(self.layout.described(part)), labels, (len(part),), words)


def _notes(currencies: Counter[Any], fx: Mapping[str, float] | None) -> list[str]:
    """What `weigh` says about the currencies of all rows, or why it refuses them."""
    if not currencies:
        return []
    # One portfolio a currency, so that nothing is mixed: that is looked for in whole portfolios.
    words = pd.Series(list(currencies), dtype=object)
    known = words.notna() & words.astype(str).str.strip().ne("")
    named = weigh(_amounts(words), by="book", fx=fx).notes
    blank = sum(count for count, word in zip(currencies.values(), known, strict=True) if not word)
    return [note.replace(f"{int((~known).sum())} rows", f"{blank} rows", 1) for note in named]


def _amounts(words: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"value": 1.0, "currency": words, "book": range(len(words))})


def _shuffled(parts: Sequence[Any], seen: _Seen, books: _Books) -> list[pd.DataFrame]:
    """Every portfolio's row of the result, by the portfolio's number; in the workers."""
    # As one delayed value it is one node of the graph, whatever the number of partitions.
    shared = dask.delayed(books, traverse=False)
    starts = np.cumsum([0, *seen.lengths])
    encoded = dd.from_delayed(
        [
            dask.delayed(_Books.encode)(shared, part, int(start))
            for part, start in zip(parts, starts[:-1], strict=True)
        ],
        meta=_ENCODED,
        verify_meta=False,
    )
    groups = max(1, math.ceil(seen.facts.rows / _ROWS_AT_ONCE))
    whole = encoded.shuffle(on="portfolio", npartitions=groups)
    results = dask.compute(*(dask.delayed(_Books.compare)(shared, p) for p in whole.to_delayed()))
    # An empty group says nothing, unless all are: then it says which columns there would be.
    return [result for result in results if len(result)] or [results[0]]


@dataclass(frozen=True, slots=True)
class _Books:
    """What the workers need to turn rows into numbers, and numbers into portfolios.

    Portfolios and currencies are numbered in order of appearance; -1 is a missing one.
    """

    layout: _Layout
    numbers: dict[tuple[Any, ...], int]
    answered: pd.DataFrame
    labels: pd.Index[Any]
    currencies: pd.Index[Any]
    options: dict[str, Any]

    @classmethod
    def of(
        cls, layout: _Layout, seen: _Seen, answered: pd.DataFrame, options: dict[str, Any]
    ) -> _Books:
        named = [word for word in seen.currencies if word is not None]
        return cls(
            layout,
            seen.facts.numbers(),
            answered,
            seen.labels.astype(object),
            pd.Index(named, dtype=object),
            options,
        )

    def encode(self, part: pd.DataFrame, start: int) -> pd.DataFrame:
        """The rows of a partition as numbers; its first is row `start` of the collection."""
        layout = self.layout
        rows = np.arange(start, start + len(part))
        with placed(rows):
            amounts = numbers(part[layout.amount], layout.amount)
        said = np.full(len(part), -1)
        if layout.currency is not None:
            said = _codes(part[layout.currency], self.currencies)
        return pd.DataFrame(
            {
                "portfolio": _codes(part[layout.by], self.labels),
                "row": rows,
                "fact": numbered(layout.described(part), self.numbers),
                "currency": said,
                "amount": amounts,
            }
        )

    def compare(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Compare whole portfolios, given as numbers in any order."""
        rows = rows.sort_values("row")
        held = self.answered.take(rows["fact"].to_numpy()).reset_index(drop=True)
        held[self.layout.amount] = rows["amount"].to_numpy()
        if self.layout.currency is not None:
            held["currency"] = _values(rows["currency"], self.currencies)
        held[self.layout.by] = _values(rows["portfolio"], self.labels)
        with placed(rows["row"].to_numpy()):
            compared: pd.DataFrame = comparison.compare(held, by=self.layout.by, **self.options)
        return compared.set_axis(pd.unique(rows["portfolio"]), axis="index")


def _codes(column: pd.Series, known: pd.Index[Any]) -> Rows:
    """Position of each value in `known`, -1 for a missing one."""
    codes, values = pd.factorize(column)
    return np.append(known.get_indexer(pd.Index(values).astype(object)), -1)[codes]


def _values(codes: pd.Series, known: pd.Index[Any]) -> Any:
    """What `_codes` numbered."""
    return np.concatenate([known.to_numpy(), np.array([None])])[codes.to_numpy()]
