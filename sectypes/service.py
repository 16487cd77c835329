"""The service: true security types for any number of holdings, and the reason for each.

It groups the questions by key, lets `lookup` ask the rooms once a key, and lets `precedence`
decide. What those who look after the cache call is in `keeping`. Which service answers when none
is named is `current`'s to say.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from types import TracebackType
from typing import TYPE_CHECKING

from sectypes import precedence
from sectypes.cache import utc_now
from sectypes.config import Settings
from sectypes.doubts import warn_about
from sectypes.errors import InputError
from sectypes.given import all_of, readable
from sectypes.keeping import Keeping
from sectypes.lookup import Lookup, Track
from sectypes.moments import Moment, moment
from sectypes.opinions import spoken
from sectypes.progress import tracker
from sectypes.recent import Answers
from sectypes.sorting import as_rows, label_of, sort_rows
from sectypes.taxonomy import Query, Resolution, SecurityType, TypeSource
from sectypes.tickers import canonical

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["SecurityTypeService"]


class _Default(Enum):
    """Stands for "as the settings say", which is not the same as None, "without"."""

    AS_CONFIGURED = "as configured"


AS_CONFIGURED = _Default.AS_CONFIGURED


class SecurityTypeService(Keeping):
    """Answers what a holding is, who says so and since when.

    Parameters
    ----------
    source : TypeSource | None
        Who is asked for tickers that no cache knows. By default FMP, where the settings carry a
        key and are not offline; None for nobody.
    store : SqlStore | None
        The database. By default the one of the settings (an SQLite file in the user's data
        folder where none is set); None for none.
    second : TypeSource | None
        Who is asked for a second opinion: where `source` has no answer, if the settings say so,
        and by `verify`. By default OpenFIGI, unless the settings are offline; None for nobody.
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
        second: TypeSource | _Default | None = AS_CONFIGURED,
        settings: Settings | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = Settings.from_env() if settings is None else settings
        self._clock = clock
        self._overrides = {}
        self._overrides_read_at = None
        self._lookup = Lookup(
            _configured_source(self.settings) if isinstance(source, _Default) else source,
            _configured_store(self.settings, clock) if isinstance(store, _Default) else store,
            self.settings,
            clock,
            second=_configured_second(self.settings) if isinstance(second, _Default) else second,
        )
        asked: list[TypeSource | None] = [self._lookup.source]
        asked += [self._lookup.second.source] if self._lookup.second else []
        self._asked = {one.name: spoken(one.name) for one in asked if one is not None}
        self._made_at = clock()

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
        if self._lookup.store is not None and self._lookup.store.is_open:
            self._lookup.write_uses()
        second = self._lookup.second
        for room in (self._lookup.source, second and second.source, self._lookup.store):
            close = getattr(room, "close", None)
            if close is not None:
                close()

    # -- answers ----------------------------------------------------------------------------

    def resolve(
        self,
        queries: Iterable[Query | str],
        *,
        progress: bool | None = None,
        as_of: Moment | None = None,
    ) -> list[Resolution]:
        """Answer each query, with the way the answer was found.

        All queries with the same key are one security, and what any of their rows says is
        evidence for it; rows that say that they are cash, a coin or an option are answered from
        the row. Each distinct key is looked up once; of several threads that ask for the same
        ticker at the same time one asks the source, and the others wait for its answer.

        Parameters
        ----------
        queries : Iterable[Query | str]
            Rows, or bare tickers in any spelling; a single text is one ticker.
        progress : bool | None
            Whether to show a bar while a source is asked; None shows one on a terminal and in a
            notebook, for ten calls or more.
        as_of : date | datetime | str | None
            Answer as the facts and overrides of the database stood at the end of that UTC day, or
            at that time, given as ISO text or not; nobody is asked. None for now.

        Returns
        -------
        list[Resolution]
            One for each query, in order. A blank ticker has no classification, unless its row
            says that it is cash.

        Warns
        -----
        UnresolvedWarning
            Some answers are the default, or missing; or a source that is asked could not answer,
            because it refused or failed, or the budget is spent, and nobody knew a fact.
        StaleAnswerWarning
            Some facts are out of date and could not be renewed.
        StoreWarning
            The database could not be used.

        Raises
        ------
        StoreSchemaError
            The database has another schema than this version needs.
        StoreUnavailable
            The past was asked for, and there is no database that can be read.
        InputError
            `as_of` is no day and no time with its zone, or is later than today (UTC); or a ticker
            is no text.
        """
        return list(self.answer(queries, progress=progress, as_of=as_of).resolutions)

    def answer(
        self,
        queries: Iterable[Query | str],
        *,
        progress: bool | None = None,
        as_of: Moment | None = None,
    ) -> Answers:
        """As `resolve`; the same list has the same object, as long as its answers are the same.

        So what is made of the answers can be kept beside them, in a weak dictionary.

        Examples
        --------
        >>> service = SecurityTypeService(source=None, store=None, settings=Settings())
        >>> len(service.answer(["VTSAX", "SPAXX"]))
        2
        """
        given = all_of(queries)
        answers = self._answer(given, tracker(progress), threading.Event(), as_of)
        self._tell(answers)
        return answers

    async def resolve_async(
        self,
        queries: Iterable[Query | str],
        *,
        progress: bool | None = None,
        as_of: Moment | None = None,
    ) -> list[Resolution]:
        """As `resolve`, without holding up the running event loop.

        The work is done in a thread of the loop's pool, under the same rate limit and budget as
        everybody else's. Cancelling the task stops what has not been started; calls that are in
        flight end by themselves, and their answers are kept.

        Examples
        --------
        >>> service = SecurityTypeService(source=None, store=None, settings=Settings())
        >>> [answer] = asyncio.run(service.resolve_async(["VTSAX"]))
        >>> answer.security_type.value
        'mutual_fund'
        """
        answers = await self.answer_async(queries, progress=progress, as_of=as_of)
        return list(answers.resolutions)

    async def answer_async(
        self,
        queries: Iterable[Query | str],
        *,
        progress: bool | None = None,
        as_of: Moment | None = None,
    ) -> Answers:
        """As `resolve_async`, as one record; see `answer`."""
        given = all_of(queries)
        stop = threading.Event()
        try:
            answers = await asyncio.to_thread(self._answer, given, tracker(progress), stop, as_of)
        except asyncio.CancelledError:
            stop.set()
            raise
        self._tell(answers)
        return answers

    def _answer(
        self,
        given: tuple[Query | str, ...],
        track: Track,
        stop: threading.Event,
        as_of: Moment | None,
    ) -> Answers:
        if not given:
            return Answers.of(())
        if as_of is not None:
            return self._answer_past(as_rows(readable(given)), moment(as_of, name="as_of"))
        overrides = self._current_overrides()
        state = self._lookup.state(overrides)
        answers = self._lookup.again(given, state)
        if answers is None:
            rows = as_rows(readable(given))
            aside, wanted = sort_rows(rows, overrides)
            listed = (
                [row for number, row in enumerate(rows) if number not in aside] if aside else rows
            )
            found = self._lookup.look_up(listed, wanted, track=track, stop=stop)
            answers = Answers.of(
                precedence.decide(rows, overrides=overrides, aside=aside, **found._asdict())
            )
            self._lookup.keep(given, state, found.known, answers)
        return answers

    def _answer_past(self, rows: Sequence[Query], at: datetime) -> Answers:
        today = self._clock().date()
        if at > moment(today, name="today"):
            raise InputError(
                f"as_of must not be later than today, {today} in UTC: it is {at:%Y-%m-%d %H:%M}"
            )
        overrides = self._needed_store("history").past_overrides(at)
        aside, wanted = sort_rows(rows, overrides)
        past = self._lookup.know_past(wanted, at)
        return Answers.of(precedence.decide(rows, overrides=overrides, known=past, aside=aside))

    def _tell(self, answers: Answers) -> None:
        """Count answers, and warn about those that are doubtful."""
        self._lookup.metrics.served(len(answers), answers.doubtful)
        warn_about(answers.doubtful, self._asked)

    def get_security_types(
        self, tickers: Iterable[str], portfolio_data: object = None
    ) -> dict[str, str]:
        """Map each ticker to its security type: the older system's call.

        Parameters
        ----------
        tickers : Iterable[str]
            In any spelling, or a single one; blank and missing ones are left out.
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
        rows = [
            row.replace(
                provider_type=(word := words.get(row.key, row.provider_type)),
                is_cash=row.is_cash or _is_cash(word),
            )
            for row in as_rows(list(dict.fromkeys(readable(all_of(tickers)))))
        ]
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


def _is_cash(word: str | None) -> bool:
    """Whether the word is cash; older portfolio data say so of positions, not of asset classes."""
    label = label_of(word, None)
    return label is not None and label.security_type is SecurityType.CASH


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


def _configured_source(settings: Settings) -> TypeSource | None:
    if settings.offline or not settings.fmp_api_key:
        return None
    from sectypes.sources import FmpSource

    return FmpSource(settings)


def _configured_second(settings: Settings) -> TypeSource | None:
    if settings.offline:
        return None
    from sectypes.sources import OpenFigiSource

    return OpenFigiSource(settings)


def _configured_store(settings: Settings, clock: Callable[[], datetime]) -> SqlStore:
    from sectypes.store import SqlStore

    return SqlStore(settings.database_url, clock=clock)
