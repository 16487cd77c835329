"""The service: true security types for any number of holdings, and the reason for each.

It groups the questions by key, lets `lookup` ask the rooms once a key, and lets `precedence`
decide. Which service answers when none is named is `current`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from types import TracebackType
from typing import TYPE_CHECKING

from sectypes import precedence
from sectypes.cache import utc_now
from sectypes.config import Settings
from sectypes.errors import (
    InputError,
    StaleAnswerWarning,
    StoreUnavailable,
    UnresolvedWarning,
    warn,
)
from sectypes.lookup import Lookup
from sectypes.progress import tracker
from sectypes.taxonomy import (
    SECURITY_TYPES,
    Classification,
    Origin,
    Query,
    Resolution,
    SecurityType,
    TypeSource,
)
from sectypes.tickers import canonical

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["SecurityTypeService", "as_query"]

OVERRIDES_LIFE_S = 30.0


class _Default(Enum):
    """Stands for "as the settings say", which is not the same as None, "without"."""

    AS_CONFIGURED = "as configured"


AS_CONFIGURED = _Default.AS_CONFIGURED


class SecurityTypeService:
    """Answers what a holding is, who says so and since when.

    Parameters
    ----------
    source : TypeSource | None
        Who is asked for tickers that no cache knows. By default FMP, where the settings carry a
        key and are not offline; None for nobody.
    store : SqlStore | None
        The database. By default the one of the settings (an SQLite file in the user's data
        folder where none is set); None for none.
    settings : Settings | None
        By default read from the environment.
    clock : Callable[[], datetime]
        Aware UTC now; tests pass their own.

    Notes
    -----
    Thread-safe. Works without a database and without a network: what cannot be asked is answered
    by an older fact (marked stale), by rules, by the provider's word or by the conservative
    default, and the answer says which.

    Examples
    --------
    >>> service = SecurityTypeService(source=None, store=None, settings=Settings())
    >>> [answer] = service.resolve(["VTSAX"])
    >>> answer.security_type.value, answer.classification.origin.value
    ('mutual_fund', 'heuristic')
    """

    def __init__(
        self,
        *,
        source: TypeSource | _Default | None = AS_CONFIGURED,
        store: SqlStore | _Default | None = AS_CONFIGURED,
        settings: Settings | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = Settings.from_env() if settings is None else settings
        self._clock = clock
        self._lookup = Lookup(
            _configured_source(self.settings) if isinstance(source, _Default) else source,
            _configured_store(self.settings, clock) if isinstance(store, _Default) else store,
            self.settings,
            clock,
        )
        self._overrides: Mapping[str, Classification] = {}
        self._overrides_read_at: datetime | None = None

    def __repr__(self) -> str:
        source = self._lookup.source
        return (
            f"SecurityTypeService(source={source.name if source else None},"
            f" store={self._lookup.store!r}, in memory={len(self._lookup.memory)})"
        )

    def __enter__(self) -> SecurityTypeService:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back connections; the service can be used again afterwards."""
        for room in (self._lookup.source, self._lookup.store):
            close = getattr(room, "close", None)
            if close is not None:
                close()

    # -- answers ----------------------------------------------------------------------------

    def resolve(
        self, queries: Iterable[Query | str], *, progress: bool | None = None
    ) -> list[Resolution]:
        """Answer each query, with the way the answer was found.

        All queries with the same key are one security, and what any of their rows says is
        evidence for it; rows that say that they are cash, a coin or an option are answered from
        the row. Each distinct key is looked up once.

        Parameters
        ----------
        queries : Iterable[Query | str]
            Rows, or bare tickers in any spelling.
        progress : bool | None
            Whether to show a bar while a source is asked; None shows one on a terminal and in a
            notebook, for ten calls or more.

        Returns
        -------
        list[Resolution]
            One for each query, in order. A blank ticker has no classification, unless its row
            says that it is cash.

        Warns
        -----
        UnresolvedWarning
            Some answers are the default, or missing.
        StaleAnswerWarning
            Some facts are out of date and could not be renewed.
        StoreWarning
            The database could not be used.

        Raises
        ------
        StoreSchemaError
            The database has another schema than this version needs.
        """
        rows = [as_query(one) if isinstance(one, str) else one for one in queries]
        overrides = self._current_overrides() if rows else {}
        wanted = dict.fromkeys(
            row.key
            for row in rows
            if row.key not in overrides and not precedence.answers_itself(row)
        )
        known = self._lookup.know(list(wanted), track=tracker(progress))
        answers = precedence.decide(rows, overrides=overrides, known=known)
        _warn_about(answers)
        return answers

    def get_security_types(
        self, tickers: Iterable[str], portfolio_data: object = None
    ) -> dict[str, str]:
        """Map each ticker to its security type: the older system's call.

        Parameters
        ----------
        tickers : Iterable[str]
            In any spelling; blank ones are left out.
        portfolio_data : object, optional
            A mapping of ticker to ``{"type": ...}``, or an object whose ``standardized_input``
            is one. A type of cash is believed; any other word counts as the provider's.

        Returns
        -------
        dict[str, str]
            Type by ticker, in the caller's spelling.

        Examples
        --------
        >>> service = SecurityTypeService(source=None, store=None, settings=Settings())
        >>> service.get_security_types(["SGOV", "VTSAX"], {"SGOV": {"type": "cash"}})
        {'SGOV': 'cash', 'VTSAX': 'mutual_fund'}
        """
        words = _provider_words(portfolio_data)
        rows = []
        for ticker in dict.fromkeys(tickers):
            key = canonical(ticker)
            word = words.get(key)
            rows.append(Query(ticker, key, provider_type=word))
        return {
            answer.query.ticker: answer.security_type.value
            for answer in self.resolve(rows)
            if answer.security_type is not None
        }

    def get_enhanced_security_type(self, ticker: str, original_type: str | None = None) -> str:
        """Type of one ticker; a provider's cash stays cash: the older system's call.

        Raises
        ------
        InputError
            The ticker is blank.

        Examples
        --------
        >>> service = SecurityTypeService(source=None, store=None, settings=Settings())
        >>> service.get_enhanced_security_type("VTSAX", "equity")
        'mutual_fund'
        """
        data = {ticker: {"type": original_type}} if original_type else None
        types = self.get_security_types([ticker], data)
        if ticker not in types:
            raise InputError("a blank ticker has no security type")
        return types[ticker]

    # -- overrides --------------------------------------------------------------------------

    def override(
        self,
        ticker: str,
        security_type: SecurityType | str,
        *,
        note: str,
        author: str,
        expires: datetime | None = None,
    ) -> Classification:
        """Decide the type of a ticker yourself; no refresh replaces it.

        Parameters
        ----------
        ticker : str
            In any spelling.
        security_type : SecurityType | str
            One of `sectypes.SECURITY_TYPES`.
        note, author : str
            Why, and who says so; shown with every answer.
        expires : datetime | None
            Aware time from which the override no longer counts.

        Raises
        ------
        InputError
            A blank ticker or an unknown type.
        StoreUnavailable
            There is no database to keep it in.
        """
        key = canonical(ticker)
        if not key:
            raise InputError("an override needs a ticker")
        if security_type not in SECURITY_TYPES:
            raise InputError(
                f"{str(security_type)!r} is no security type;"
                f" use one of {', '.join(SECURITY_TYPES)}"
            )
        made = self._needed_store().set_override(
            key, SecurityType(security_type), note=note, author=author, expires_at=expires
        )
        self._overrides_read_at = None
        return made

    def overrides(self) -> dict[str, Classification]:
        """All overrides in force, by key."""
        return dict(self._needed_store().overrides())

    def remove_override(self, ticker: str) -> bool:
        """Take an override back; whether there was one."""
        removed = self._needed_store().remove_override(canonical(ticker))
        self._overrides_read_at = None
        return removed

    def _needed_store(self) -> SqlStore:
        if self._lookup.store is None:
            raise StoreUnavailable(
                "overrides need a database; this service has none", source="database"
            )
        return self._lookup.store

    def _current_overrides(self) -> Mapping[str, Classification]:
        """Overrides as of at most half a minute ago: others may set them at any time."""
        now = self._clock()
        read_at = self._overrides_read_at
        if read_at is None or (now - read_at).total_seconds() > OVERRIDES_LIFE_S:
            self._overrides = self._lookup.try_store(
                "read", lambda store: store.overrides(), self._overrides
            )
            self._overrides_read_at = now
        return {key: one for key, one in self._overrides.items() if one.is_fresh(now)}


def as_query(ticker: str) -> Query:
    """A bare ticker as a question."""
    return Query(ticker, canonical(ticker))


def _provider_words(portfolio_data: object) -> dict[str, str]:
    """The older portfolio data as provider words by key."""
    entries = getattr(portfolio_data, "standardized_input", portfolio_data)
    if entries is None:
        return {}
    if not isinstance(entries, Mapping):
        raise InputError(
            "portfolio_data must be a mapping of ticker to {'type': ...}, or have one as"
            f" .standardized_input; it is {type(portfolio_data).__name__}"
        )
    return {
        canonical(ticker): entry["type"]
        for ticker, entry in entries.items()
        if isinstance(entry, Mapping) and isinstance(entry.get("type"), str)
    }


def _warn_about(answers: Iterable[Resolution]) -> None:
    unresolved: dict[str, None] = {}
    stale: dict[str, None] = {}
    for answer in answers:
        if answer.classification is None or answer.classification.origin is Origin.DEFAULT:
            unresolved[answer.query.ticker or "(blank)"] = None
        elif answer.stale:
            stale[answer.query.ticker] = None
    if unresolved:
        warn(
            f"{len(unresolved)} without a known type, counted at the single-stock rate:"
            f" {_sample(unresolved)}. See explain().",
            UnresolvedWarning,
        )
    if stale:
        warn(f"{len(stale)} answered from out-of-date facts: {_sample(stale)}", StaleAnswerWarning)


def _sample(names: Iterable[str], most: int = 8) -> str:
    short = [name if len(name) <= 40 else name[:39] + "…" for name in names]
    shown = ", ".join(short[:most])
    return shown if len(short) <= most else f"{shown} and {len(short) - most} more"


def _configured_source(settings: Settings) -> TypeSource | None:
    if settings.offline or not settings.fmp_api_key:
        return None
    from sectypes.sources import FmpSource

    return FmpSource(settings)


def _configured_store(settings: Settings, clock: Callable[[], datetime]) -> SqlStore:
    from sectypes.store import SqlStore

    return SqlStore(settings.database_url, clock=clock)
