"""Answers out: the answers to distinct questions, spread over the rows of the caller's object.

The caller's object is never changed, and every result stands on its index.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sectypes.columns import Columns, questions
from sectypes.current import get_service
from sectypes.distinct import Codes
from sectypes.errors import InputError
from sectypes.moments import Moment
from sectypes.recent import Answers
from sectypes.service import SecurityTypeService
from sectypes.sorting import word_of
from sectypes.stated import (
    TYPE_DTYPE,
    larger_multiples,
    names_provider_words,
    stated_multiples,
    stated_types,
    under_usual_names,
)
from sectypes.taxonomy import (
    SECURITY_TYPES,
    Origin,
    Query,
    Resolution,
    SecurityType,
    ServedBy,
    Subtype,
)

__all__ = [
    "TYPE_DTYPE",
    "answered",
    "classify",
    "classify_async",
    "conflicts",
    "explain",
    "provider_says",
    "verify",
]

T = TypeVar("T")

_TYPE_CODES = {kind: code for code, kind in enumerate(SECURITY_TYPES)} | {None: -1}


def classify(
    columns: Columns, *, service: SecurityTypeService | None, progress: bool | None
) -> pd.Series:
    """Security type of each row.

    Parameters
    ----------
    columns : Columns
        What to read.
    service : SecurityTypeService | None
        Who answers; None for the current service.
    progress : bool | None
        See `SecurityTypeService.resolve`.

    Returns
    -------
    Series
        Of dtype `TYPE_DTYPE`, named ``security_type``, on the caller's index; missing where the
        ticker is blank.
    """
    codes, queries = questions(columns)
    answers = (service or get_service()).answer(queries, progress=progress)
    return _types(columns, codes, answers)


async def classify_async(
    columns: Columns, *, service: SecurityTypeService | None, progress: bool | None
) -> pd.Series:
    """As `classify`, without holding up the running event loop.

    Cancelling it stops what has not been started; see `SecurityTypeService.resolve_async`.
    """
    codes, queries = questions(columns)
    answers = await (service or get_service()).answer_async(queries, progress=progress)
    return _types(columns, codes, answers)


def _kept_beside(make: Callable[[Sequence[Resolution]], T]) -> Callable[[Answers], T]:
    """Make something of answers once, and keep it as long as they are kept."""
    made: weakref.WeakKeyDictionary[Answers, T] = weakref.WeakKeyDictionary()

    def made_of(answers: Answers) -> T:
        found = made.get(answers)
        if found is None:
            found = made[answers] = make(answers.resolutions)
        return found

    return made_of


@_kept_beside
def _type_numbers(answers: Sequence[Resolution]) -> pa.Array:
    facts = [answer.classification for answer in answers]
    numbers = [-1 if fact is None else _TYPE_CODES[fact.security_type._value_] for fact in facts]
    return pa.array(numbers, pa.int8())


def _types(columns: Columns, codes: Codes, answers: Answers) -> pd.Series:
    return _spread(columns, codes, _type_numbers(answers), "security_type")


def _spread(columns: Columns, codes: Codes, types: pa.Array, name: str) -> pd.Series:
    """Types of distinct rows, over all rows of the caller's object."""
    # Our own codes: nobody needs to look whether all of them are categories.
    spread = pd.Categorical.from_codes(_by_row(types, codes), dtype=TYPE_DTYPE, validate=False)
    return pd.Series(spread, index=columns.caller.index, name=name, copy=False)


def _by_row(entries: pa.Array, codes: Codes) -> npt.NDArray[np.int8]:
    """The entry of each row.

    Arrow reads codes of any width, where numpy would copy them to 64 bits first.
    """
    unsigned = codes.view(f"u{codes.dtype.itemsize}")  # so that Arrow need not look for negatives
    taken = pc.take(entries, pa.array(unsigned), boundscheck=False)
    rows = np.frombuffer(taken.buffers()[1], np.int8, len(codes))
    # The caller may write into what is his.
    return rows if rows.flags.writeable else rows.copy()


def explain(
    columns: Columns,
    *,
    service: SecurityTypeService | None,
    progress: bool | None,
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """Type, origin, age and reason of each row's answer, now or as of a past day.

    Parameters
    ----------
    columns : Columns
        What to read.
    service : SecurityTypeService | None
        Who answers; None for the current service.
    progress : bool | None
        See `SecurityTypeService.resolve`.
    as_of : date | datetime | str | None
        A day (its end, UTC) or an aware time in the past, as ISO text or not; None for now.

    Returns
    -------
    DataFrame
        On the caller's index: ticker (as the caller spells it), security_type, subtype, leverage
        (signed multiple, 1.0 for ordinary securities), origin (who asserts it), served_by (where
        it was found this time), as_of (aware UTC; missing for answers made on the spot), stale
        (older than it should be), reason (one line). All but ticker, served_by, stale and reason
        are missing where the ticker is blank.
    """
    codes, queries = questions(columns)
    answers = (service or get_service()).answer(queries, progress=progress, as_of=as_of)
    spread = _answer_table(answers).take(codes)
    spread.index = columns.caller.index
    spread.insert(0, "ticker", columns.ticker)
    return spread


def verify(
    columns: Columns, *, service: SecurityTypeService | None, progress: bool | None
) -> pd.DataFrame:
    """Ask a second source about what the first may have wrong.

    See `SecurityTypeService.verify`. What it says counts in all answers from then on.

    Returns
    -------
    DataFrame
        One row for each security that was doubtful: ticker, before (what the first source says;
        missing where it has no answer), second (the second source's word, or missing),
        security_type and subtype (the answer from now on), is_settled (whether a rule decides),
        note (who says what), failure (why it could not be asked; missing where it was).
    """
    _, queries = questions(columns)
    lines = (service or get_service()).verify(queries, progress=progress)
    fields = ("before", "security_type", "subtype", "is_settled")
    told = {name: [getattr(line, name) for line in lines] for name in fields}
    text = {
        name: [getattr(line, name) for line in lines]
        for name in ("ticker", "second", "note", "failure")
    }
    written = {name: pd.Series(values, dtype="str") for name, values in text.items()}
    return pd.DataFrame(
        {
            "ticker": written["ticker"],
            "before": pd.Categorical(_plain(told["before"]), dtype=TYPE_DTYPE),
            "second": written["second"],
            "security_type": pd.Categorical(_plain(told["security_type"]), dtype=TYPE_DTYPE),
            "subtype": _words(told["subtype"], Subtype),
            "is_settled": np.array(told["is_settled"], bool),
            "note": written["note"],
            "failure": written["failure"],
        },
        index=range(len(lines)),
    )


def _plain(words: Sequence[Any]) -> list[str | None]:
    return [word and word.value for word in words]


def answered(
    columns: Columns, *, service: SecurityTypeService | None, progress: bool | None
) -> pd.DataFrame:
    """The caller's frame with the columns that risk needs: answers beside the holdings.

    A frame that already has a ``security_type`` column keeps its answers and nobody is asked, so
    that what was computed from a saved frame can be computed again; see
    `sectypes.stated.stated_types` for when such a column is no answer.

    Returns
    -------
    DataFrame
        A copy of the caller's frame; the columns that were found stand under their usual names
        (``ticker``, ``provider_type``, ``value``, ...), the answers of `explain` behind them. A
        multiple that the frame states counts where the answer names a smaller one or none.

    Raises
    ------
    InputError
        Two columns read as one name, or a column cannot be read as what its name says.
    """
    frame = under_usual_names(columns)
    types = None if names_provider_words(columns) else stated_types(frame)
    if types is not None:
        return frame.assign(security_type=types)
    multiples = stated_multiples(frame)  # refused before anybody is asked
    answers = explain(columns, service=service, progress=progress).drop(columns="ticker")
    if multiples is not None:
        answers["leverage"] = larger_multiples(multiples, answers["leverage"].to_numpy())
    return frame.assign(**{str(name): answers[name] for name in answers})


@_kept_beside
def _answer_table(answers: Sequence[Resolution]) -> pd.DataFrame:
    """One row a distinct answer; only ever taken from."""
    facts = [answer.classification for answer in answers]
    return pd.DataFrame(
        {
            "security_type": _words([fact and fact.security_type for fact in facts], SecurityType),
            "subtype": _words([fact and fact.subtype for fact in facts], Subtype),
            "leverage": np.array([fact.leverage if fact else np.nan for fact in facts], float),
            "origin": _words([fact and fact.origin for fact in facts], Origin),
            "served_by": _words([answer.served_by for answer in answers], ServedBy),
            "as_of": pd.Series(
                [fact.observed_at if fact else None for fact in facts],
                dtype="datetime64[us, UTC]",
            ),
            "stale": np.array([answer.stale for answer in answers], bool),
            "reason": pd.Series([answer.reason for answer in answers], dtype="str"),
        },
        index=range(len(facts)),
    )


def _words(values: Sequence[Any], vocabulary: Any) -> pd.Categorical:
    """Words of a vocabulary, by their numbers: pandas would hash every text again."""
    codes: dict[str, int] = {word.value: code for code, word in enumerate(vocabulary)}
    numbers = [-1 if value is None else codes[value._value_] for value in values]
    dtype: Any = pd.CategoricalDtype(list(codes))
    made: pd.Categorical = pd.Categorical.from_codes(numbers, dtype=dtype)
    return made


def conflicts(
    columns: Columns, *, service: SecurityTypeService | None, progress: bool | None
) -> pd.DataFrame:
    """Rows where providers disagree with each other or with the answer.

    A provider's word that `vocab` does not know contradicts nobody.

    Returns
    -------
    DataFrame
        The caller's rows concerned, with four columns more: ``provider_says`` (the provider's
        word as a security type), ``security_type`` and ``origin`` (the answer), ``conflict``
        (what contradicts what, one line).

    Raises
    ------
    InputError
        There is no column with the providers' types.
    """
    if columns.provider_type is None:
        raise InputError(
            "conflicts need the providers' types: a column such as provider_type, or"
            " provider_type='...' (provider_types= on a Series)"
        )
    codes, queries = questions(columns)
    answers = (service or get_service()).resolve(queries, progress=progress)
    found = _conflict_table(queries, answers)
    rows = np.flatnonzero(found["conflict"].notna().to_numpy()[codes])
    caller = columns.caller
    frame = caller.to_frame() if isinstance(caller, pd.Series) else caller
    added = found.take(codes[rows])
    picked = frame.iloc[rows]
    added.index = picked.index
    return picked.assign(**{str(name): added[name] for name in added})


def _conflict_table(queries: Sequence[Query], answers: Sequence[Resolution]) -> pd.DataFrame:
    says = [_says(query) for query in queries]
    said_of: dict[str, dict[str, list[str]]] = {}
    for query, word in zip(queries, says, strict=True):
        if query.key and word is not None:
            by_type = said_of.setdefault(query.key, {})
            by_type.setdefault(word, []).append(query.provider or "provider")
    table = pd.DataFrame(
        {
            "provider_says": pd.Categorical(says, dtype=TYPE_DTYPE),
            "security_type": _words([answer.security_type for answer in answers], SecurityType),
            "origin": _words(
                [answer.classification and answer.classification.origin for answer in answers],
                Origin,
            ),
        }
    )
    lines = [
        _conflict(query, word, answer, said_of.get(query.key, {}))
        for query, word, answer in zip(queries, says, answers, strict=True)
    ]
    return table.assign(conflict=pd.Series(lines, dtype="str"))


def provider_says(columns: Columns) -> pd.Series:
    """Each row's provider type as a security type; missing where its word says nothing known.

    Returns
    -------
    Series
        Of dtype `TYPE_DTYPE`, named ``provider_says``, on the caller's index.
    """
    codes, queries = questions(columns)
    said = [_TYPE_CODES[_says(query)] for query in queries]
    return _spread(columns, codes, pa.array(said, pa.int8()), "provider_says")


def _says(query: Query) -> str | None:
    if query.is_cash:
        return "cash"
    label = word_of(query)
    return label.security_type.value if label else None


def _conflict(
    query: Query, word: str | None, answer: Resolution, said: Mapping[str, list[str]]
) -> str | None:
    lines = []
    if word is not None and answer.security_type is not None and word != answer.security_type:
        origin = answer.classification.origin.value if answer.classification else "nobody"
        who = query.provider or "provider"
        lines.append(f"{who} says {word}, {origin} says {answer.security_type.value}")
    if word is not None and len(said) > 1:
        parts = (f"{kind} ({', '.join(dict.fromkeys(who))})" for kind, who in said.items())
        lines.append(f"providers disagree: {', '.join(parts)}")
    return "; ".join(lines) or None
