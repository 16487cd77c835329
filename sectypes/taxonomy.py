"""The words of the package: types, origins, and the frozen records that rooms exchange.

Records that exist once for each ticker are `sectypes.frozen.Record`s.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import repeat
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, final

from sectypes.frozen import Record

__all__ = [
    "EVIDENCE",
    "NOT_ANY_MORE",
    "SECURITY_TYPES",
    "Answer",
    "AnswerStatus",
    "Attempt",
    "Classification",
    "Label",
    "Miss",
    "Origin",
    "Outcome",
    "Query",
    "Resolution",
    "SecurityType",
    "ServedBy",
    "Subtype",
    "TypeSource",
    "questions_of",
]

_NOTHING: Mapping[str, Iterable[Any]] = MappingProxyType({})


class SecurityType(StrEnum):
    """What a position is, as far as its crash rate is concerned."""

    EQUITY = "equity"
    ETF = "etf"
    MUTUAL_FUND = "mutual_fund"
    CASH = "cash"
    BOND = "bond"
    CRYPTO = "crypto"
    DERIVATIVE = "derivative"
    OTHER = "other"


SECURITY_TYPES: tuple[str, ...] = tuple(kind.value for kind in SecurityType)
"""All security types, in the order that every categorical of the package uses."""


class Subtype(StrEnum):
    """Finer than the type, and optional: known only where there is evidence."""

    ADR = "adr"
    BILL = "bill"
    CLOSED_END_FUND = "closed_end_fund"
    COMMON_STOCK = "common_stock"
    CONVERTIBLE = "convertible"
    CRYPTOCURRENCY = "cryptocurrency"
    CURRENCY = "currency"
    ETF = "etf"
    ETN = "etn"
    FUTURE = "future"
    HEDGE_FUND = "hedge_fund"
    MONEY_MARKET_FUND = "money_market_fund"
    MORTGAGE_BACKED = "mortgage_backed"
    MUNICIPAL = "municipal"
    NOTE = "note"
    OPEN_END_FUND = "open_end_fund"
    OPTION = "option"
    PARTNERSHIP = "partnership"
    PRECIOUS_METAL = "precious_metal"
    PREFERRED = "preferred"
    PRIVATE_EQUITY_FUND = "private_equity_fund"
    REIT = "reit"
    RIGHT = "right"
    STRUCTURED_PRODUCT = "structured_product"
    UNIT = "unit"
    WARRANT = "warrant"


class Origin(StrEnum):
    """Who asserted an answer. A cache is never an origin."""

    OVERRIDE = "override"
    PROVIDER = "provider"
    FMP = "fmp"
    OPENFIGI = "openfigi"
    SNAPSHOT = "snapshot"
    HEURISTIC = "heuristic"
    DEFAULT = "default"

    @property
    def is_guess(self) -> bool:
        """Whether nobody asserted the answer: rules and the default are guesses."""
        return self in (Origin.HEURISTIC, Origin.DEFAULT)


class ServedBy(StrEnum):
    """Where an answer was found this time."""

    INPUT = "input"
    MEMORY = "memory"
    DATABASE = "database"
    NETWORK = "network"
    RULES = "rules"


class Outcome(StrEnum):
    """What a room said when it was asked."""

    HIT = "hit"
    MISS = "miss"
    EXPIRED = "expired"
    STALE = "stale"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Label:
    """What a provider's word means.

    Attributes
    ----------
    security_type : SecurityType
        The type that the word stands for.
    subtype : Subtype | None
        The finer kind, where the word tells.
    listed : bool
        Whether the word names something that is looked up by its ticker. A row that says "cash",
        "cryptocurrency" or "option" is not the listed security that happens to share its letters
        (USD, BTC and CASH are listed securities as well), so no source is asked about it.
    """

    security_type: SecurityType
    subtype: Subtype | None = None
    listed: bool = True


@final
class Classification(Record, frozen=True, gc=False):
    """One assertion about one ticker: who says that it is what, and since when.

    Attributes
    ----------
    ticker : str
        The key: one canonical spelling for all ways to write the ticker.
    security_type : SecurityType
        The asserted type.
    origin : Origin
        Who asserts it.
    subtype : Subtype | None
        Finer kind, where there is evidence.
    leverage : float
        Signed multiple of the underlying: 1.0 ordinary, 3.0 a 3x fund, -1.0 an inverse fund.
    raw_label : str | None
        The origin's own words: ``isFund`` for FMP, ``mutual fund`` for Plaid, the rule's name for
        a heuristic, the note for an override.
    name : str | None
        The security's name as the origin knows it.
    observed_at, expires_at : datetime | None
        When it was asserted and until when it counts as fresh; aware UTC. None for answers that
        are made on the spot and not kept.
    """

    ticker: str
    security_type: SecurityType
    origin: Origin
    subtype: Subtype | None = None
    leverage: float = 1.0
    raw_label: str | None = None
    name: str | None = None
    observed_at: datetime | None = None
    expires_at: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Whether the assertion still counts at `now` (no expiry means always)."""
        return self.expires_at is None or now < self.expires_at


@final
class Query(Record, frozen=True, gc=False):
    """One distinct question: a ticker together with what its row says about it.

    Attributes
    ----------
    ticker : str
        The caller's spelling; "" for a blank one.
    key : str
        The canonical spelling; "" for a blank ticker.
    name : str | None
        The security's name as the holding carries it.
    provider : str | None
        plaid, snaptrade, csv, yaml, or None.
    provider_type : str | None
        The provider's own word for the type.
    is_cash : bool
        Whether the provider's row says that this position is cash.
    identifier : str | None
        The security's ISIN, CUSIP or FIGI, as the holding carries it; it outranks the ticker.
    exchange : str | None
        Code of the exchange where it is listed.
    """

    ticker: str
    key: str
    name: str | None = None
    provider: str | None = None
    provider_type: str | None = None
    is_cash: bool = False
    identifier: str | None = None
    exchange: str | None = None


EVIDENCE = Query.__struct_fields__[2:]
"""What a question says besides its ticker and key, all of it optional."""


def questions_of(
    tickers: Iterable[str], keys: Iterable[str], said: Mapping[str, Iterable[Any]] = _NOTHING
) -> list[Query]:
    """Make questions from columns of equal length.

    Parameters
    ----------
    tickers, keys : Iterable[str]
        As in `Query`.
    said : Mapping[str, Iterable]
        What rows say besides, by field; fields without a column are absent.

    Examples
    --------
    >>> questions_of(["dsu"], ["DSU"], {"is_cash": [False]})[0].key
    'DSU'
    """
    rest = (
        said[field] if field in said else repeat(absent)
        for field, absent in zip(EVIDENCE, Query.__struct_defaults__, strict=True)
    )
    return list(map(Query, tickers, keys, *rest))


class Attempt(NamedTuple):
    """One line of a trail: which room was asked, what came of it, and a note for people."""

    room: str
    outcome: Outcome
    note: str = ""

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.room}: {self.outcome.value}" + (f" ({self.note})" if self.note else "")


@final
class Resolution(Record, frozen=True, gc=False):
    """The answer to one query, with the way it was found.

    Attributes
    ----------
    query : Query
        The question.
    classification : Classification | None
        The answer; None only for a ticker that is blank.
    served_by : ServedBy
        Where the answer was found this time.
    stale : bool
        Whether the answer is older than it should be.
    trail : tuple[Attempt, ...]
        What each asked room said, in order.
    """

    query: Query
    classification: Classification | None
    served_by: ServedBy
    stale: bool = False
    trail: tuple[Attempt, ...] = ()

    @property
    def security_type(self) -> SecurityType | None:
        """The type, or None for a blank ticker."""
        return self.classification.security_type if self.classification else None

    @property
    def reason(self) -> str:
        """Why this answer, on one line: what was decisive, then what went wrong before it."""
        decisive = [a.note for a in self.trail if a.outcome in _DECISIVE and a.note]
        obstacles = [str(a) for a in self.trail if a.outcome in _OBSTACLES and a.note]
        return "; ".join(decisive[-1:] + obstacles)


_DECISIVE = frozenset({Outcome.HIT, Outcome.STALE})
_OBSTACLES = frozenset({Outcome.ERROR, Outcome.MISS, Outcome.SKIPPED})


class AnswerStatus(StrEnum):
    """How a source answered one question."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    REFUSED_SYMBOL = "refused_symbol"
    """This ticker is outside the plan; others may be answered."""
    REFUSED = "refused"
    """The key or the endpoint is refused: asking for more tickers is pointless."""
    THROTTLED = "throttled"
    """The quota is spent, for now."""
    FAILED = "failed"
    """No usable answer: no connection, an error on their side, a broken body."""


NOT_ANY_MORE = "not asked any more: "
"""What a note begins with that passes on the answer to another ticker, which concerns all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source said about one ticker.

    Attributes
    ----------
    status : AnswerStatus
        Found, or which kind of no.
    classification : Classification | None
        Set exactly when the status is found.
    note : str
        For the trail; never holds a secret.
    payload : Mapping[str, Any] | None
        What the source sent, to be kept beside the fact.
    retry_after : float | None
        Seconds, where a throttled source told them.
    """

    status: AnswerStatus
    classification: Classification | None = None
    note: str = ""
    payload: Mapping[str, Any] | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """A remembered "no": the source does not know the ticker, or refuses or failed to tell.

    Attributes
    ----------
    ticker : str
        The key.
    status : AnswerStatus
        Which kind of no. A failure stays a failure, however often it is read back.
    note : str
        What the source said.
    observed_at, expires_at : datetime
        When it was said and until when it is not asked again; aware UTC.
    """

    ticker: str
    status: AnswerStatus
    note: str
    observed_at: datetime
    expires_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether the "no" still counts at `now`."""
        return now < self.expires_at


class TypeSource(Protocol):
    """Somebody who can be asked for the type of listed securities."""

    @property
    def name(self) -> str:
        """Short name for trails and statistics."""

    @property
    def origin(self) -> Origin:
        """Whose assertions these are."""

    def fetch(self, keys: Sequence[str]) -> Generator[tuple[str, Answer], None, None]:
        """Ask for each distinct key; answers come as they arrive, exactly one for each key.

        Never raises for what happens to one ticker or to the network: that is an `Answer`.
        Closing the iterator early stops what has not been started.
        """
