"""What OpenFIGI's answer to one job says about a security (contracts.md 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sectypes import heuristics, vocab
from sectypes.config import Secret
from sectypes.scenarios import CrashScenarios
from sectypes.sources.multiples import fund_multiple
from sectypes.sources.refusals import excerpt
from sectypes.taxonomy import (
    Answer,
    AnswerStatus,
    Classification,
    Label,
    Origin,
    SecurityType,
    Subtype,
)
from sectypes.tickers import canonical

__all__ = ["Job", "read_result"]

COMPOSITE_US = "US"
_MONEY_MARKET = Label(SecurityType.CASH, Subtype.MONEY_MARKET_FUND)
_FUNDS = (SecurityType.ETF, SecurityType.MUTUAL_FUND)
_RATES = CrashScenarios()


class Job(NamedTuple):
    """One question: an identifier of this kind, or a ticker on an exchange.

    Attributes
    ----------
    id_type : str
        `TICKER`, `ID_ISIN`, `ID_CUSIP`, `ID_CINS` or `ID_BB_GLOBAL`.
    value : str
        In OpenFIGI's spelling.
    exchange : str | None
        Bloomberg's code, where only one exchange is meant.
    """

    id_type: str
    value: str
    exchange: str | None = None

    def to_json(self) -> dict[str, str]:
        """The job as it goes over the wire."""
        where = {} if self.exchange is None else {"exchCode": self.exchange}
        return {"idType": self.id_type, "idValue": self.value, **where}


class _Reading(NamedTuple):
    """One row with what its words mean, name and form of the ticker included."""

    row: Mapping[str, Any]
    label: Label


def read_result(result: object, *, key: str, job: Job, secret: Secret | None = None) -> Answer:
    """Turn OpenFIGI's answer to one job into a typed answer.

    Parameters
    ----------
    result : object
        One element of the decoded body: `data`, `warning` or `error`. Not changed.
    key : str
        The canonical ticker of the holding.
    job : Job
        What was asked.
    secret : Secret | None
        Never shown, should the server repeat it.

    Returns
    -------
    Answer
        Found, with the row that decided as payload. Not found: nothing in it, another listing, or
        words that no table knows. Failed: a bad job, or not in the documented shape.

    Notes
    -----
    The composite row of the US decides, else the first row. Where rows contradict each other, the
    type with the higher crash rate stands: a company called fund would understate a loss.

    Examples
    --------
    >>> row = {"ticker": "DSU", "exchCode": "US", "name": "A SAMPLE FUND",
    ...        "securityType": "Closed-End Fund", "marketSector": "Equity"}
    >>> answer = read_result({"data": [row]}, key="DSU", job=Job("TICKER", "DSU", "US"))
    >>> answer.classification.security_type.value, answer.classification.raw_label
    ('mutual_fund', 'Closed-End Fund')
    >>> read_result({"warning": "No identifier found."}, key="X", job=Job("TICKER", "X")).note
    'No identifier found. (TICKER)'
    """
    if not isinstance(result, Mapping):
        return Answer(AnswerStatus.FAILED, note="the answer to this job is not an object")
    rows = result.get("data")
    if isinstance(rows, list) and rows:
        return _read_rows(rows, key, job)
    for word, status in (("warning", AnswerStatus.NOT_FOUND), ("error", AnswerStatus.FAILED)):
        said = result.get(word)
        if isinstance(said, str) and said.strip():
            # Older versions call it an error that they know no such identifier.
            is_unknown = said.strip().lower().startswith("no identifier found")
            note = f"{excerpt(said, secret)} ({job.id_type})"
            return Answer(AnswerStatus.NOT_FOUND if is_unknown else status, note=note)
    if rows == []:
        return Answer(AnswerStatus.NOT_FOUND, note=f"nothing found ({job.id_type})")
    return Answer(AnswerStatus.FAILED, note="the answer to this job has no data and no reason")


def _read_rows(given: Sequence[object], key: str, job: Job) -> Answer:
    rows = [row for row in given if isinstance(row, Mapping)]
    if not rows:
        return Answer(AnswerStatus.FAILED, note="the rows of the answer are not objects")
    if job.exchange is not None:
        rows = [row for row in rows if _is_listing(row, key, job.exchange)]
        if not rows:
            note = "foreign row: another ticker or exchange than asked for"
            return Answer(AnswerStatus.NOT_FOUND, note=note)
    first = min(rows, key=_distance)
    known = [_Reading(row, label) for row in rows if (label := _label(row, key)) is not None]
    if all(one.row is not first for one in known):
        words = vocab.openfigi_raw_label(first) or first.get("metadata") or "no words at all"
        note = f"no meaning here for OpenFIGI's words: {excerpt(str(words), None)}"
        return Answer(AnswerStatus.NOT_FOUND, note=note, payload=first)
    # The deciding row first: of several with the same rate, it stands.
    known.sort(key=lambda one: one.row is not first)
    chosen = max(known, key=lambda one: _RATES.rate(one.label.security_type))
    return _found(chosen, key, _notes(chosen, known, key, job))


def _is_listing(row: Mapping[str, Any], key: str, exchange: str) -> bool:
    return row.get("exchCode") == exchange and canonical(row.get("ticker")) == key


def _distance(row: Mapping[str, Any]) -> int:
    """How far a row is from the one that speaks for the security as a whole in the US."""
    if row.get("exchCode") != COMPOSITE_US:
        return 2
    return 0 if row.get("figi") and row.get("figi") == row.get("compositeFIGI") else 1


def _label(row: Mapping[str, Any], key: str) -> Label | None:
    """What the words say, and what ticker and name add where they agree."""
    label = vocab.openfigi_label(row)
    if label is None:
        return None
    name = _name(row)
    if label.subtype is Subtype.OPEN_END_FUND and _is_money_market(row, key, name):
        return _MONEY_MARKET
    if label.subtype is None:
        guess = heuristics.guess(key, name=name)
        if guess is not None and guess.security_type is label.security_type:
            return replace(label, subtype=guess.subtype)
    return label


def _is_money_market(row: Mapping[str, Any], key: str, name: str | None) -> bool:
    """OpenFIGI has no word of its own for these: the ticker's form or the name tells."""
    by_form = (heuristics.guess(one) for one in (key, canonical(row.get("ticker"))) if one)
    if any(guess is not None and guess.subtype is Subtype.MONEY_MARKET_FUND for guess in by_form):
        return True
    return heuristics.says_money_market(name) and not heuristics.says_etf(name)


def _notes(chosen: _Reading, known: Sequence[_Reading], key: str, job: Job) -> str:
    notes = []
    if len({one.label.security_type for one in known}) > 1:
        words = dict.fromkeys(vocab.openfigi_raw_label(one.row) for one in known)
        said = excerpt(", ".join(words), None)
        notes.append(f"rows contradict each other ({said}): the riskier one stands")
    if job.exchange is None:
        notes.append(f"by {job.id_type}")
        ticker = canonical(chosen.row.get("ticker"))
        if chosen.row.get("exchCode") == COMPOSITE_US and ticker not in {key, ""}:
            notes.append(f"its ticker there is {ticker}")
    return "; ".join(notes)


def _found(chosen: _Reading, key: str, note: str) -> Answer:
    row, label = chosen
    name = _name(row)
    classification = Classification(
        key,
        label.security_type,
        Origin.OPENFIGI,
        label.subtype,
        fund_multiple(name) if label.security_type in _FUNDS else 1.0,
        raw_label=vocab.openfigi_raw_label(row),
        name=name,
    )
    return Answer(AnswerStatus.FOUND, classification, note, payload=row)


def _name(row: Mapping[str, Any]) -> str | None:
    name = row.get("name")
    return name.strip() or None if isinstance(name, str) else None
