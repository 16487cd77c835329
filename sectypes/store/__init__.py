"""The cache database: facts, misses, overrides and the count of calls, for all processes at once.

An SQLite file by default, a PostgreSQL by URL. Only facts live here: what a source asserted, with
the time when it did. A guess is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from itertools import filterfalse
from types import TracebackType
from typing import Any

from sqlalchemy import Connection

from sectypes.config import Secret
from sectypes.errors import InputError
from sectypes.records import Stored
from sectypes.store import rows, sql
from sectypes.store.connect import as_secret
from sectypes.store.engine import Database
from sectypes.store.upkeep import Restored, Upkeep
from sectypes.taxonomy import Classification, Miss, Origin, SecurityType, Subtype

__all__ = ["Restored", "SqlStore"]

_UTC_NOW = partial(datetime.now, UTC)


class SqlStore(Upkeep):
    """The cache database, shared by threads and processes.

    It is opened by the first call, not before. An SQLite file makes and upgrades its tables
    itself; a PostgreSQL, which others use too, only by `sectypes db upgrade`. Each call that
    writes is one transaction. Keys are canonical tickers (`sectypes.tickers.canonical`).

    A row that somebody wrote by hand and that cannot be read counts as not known; a `StoreWarning`
    names it, and the other rows are not touched by it.

    Every call may raise `StoreUnavailable`, where the database cannot be used, and
    `StoreSchemaError`, where its tables are of another version. Neither holds the URL.

    Parameters
    ----------
    url : Secret | str | None
        ``sqlite:///FILE``, ``sqlite://`` (in memory, for this process alone),
        ``postgresql://USER:PASSWORD@HOST:PORT/NAME``; None for a file in the user's data folder
        that only the user can read.
    clock : Callable[[], datetime]
        Aware UTC now.
    batch : int
        Rows a statement.

    Raises
    ------
    ConfigError
        The URL cannot be read, or names another kind of database.

    Examples
    --------
    >>> from datetime import UTC, datetime, timedelta
    >>> seen = datetime(2026, 1, 1, tzinfo=UTC)
    >>> fact = Classification("DSU", SecurityType.MUTUAL_FUND, Origin.FMP, observed_at=seen)
    >>> with SqlStore("sqlite://") as store:
    ...     store.put_facts([(fact, {"symbol": "DSU", "isFund": True})])
    ...     store.lookup(["DSU", "SPY"]).facts["DSU"].security_type.value
    1
    'mutual_fund'
    """

    def __init__(
        self,
        url: Secret | str | None = None,
        *,
        clock: Callable[[], datetime] = _UTC_NOW,
        batch: int = 500,
    ) -> None:
        url = as_secret(url)  # no plain text in this frame, which a traceback may show
        if batch < 1:
            raise ValueError(f"batch must be at least 1 (it is {batch})")
        self._database = Database(url)
        self._clock = clock
        self._batch = batch

    def __repr__(self) -> str:
        # A traceback may ask while the URL is being refused.
        label = self._database.label if "_database" in vars(self) else "without a database"
        return f"{type(self).__name__}({label})"

    def __enter__(self) -> SqlStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next call opens new ones (in memory: an empty database)."""
        self._database.close()

    # -- facts and misses -------------------------------------------------------------------

    def lookup(self, keys: Sequence[str], *, now: datetime | None = None) -> Stored:
        """What is known about `keys`; overrides are not mixed in.

        Keys that no table can hold (blank, wider than 64 characters, NUL) are never found. What is
        fresh `now` is a matter of the store's clock where the caller names no time.
        """
        usable = rows.usable_keys(keys)
        if not usable:
            return Stored()
        return self._database.read(partial(self._look_up, usable, now or self._clock()))

    def _look_up(self, keys: Sequence[str], now: datetime, connection: Connection) -> Stored:
        facts = sql.select_facts(connection, keys)
        late = {
            key
            for key, fact in facts.items()
            if (until := fact.expires_at) is not None and until <= now
        }
        open_ = [*late, *filterfalse(facts.__contains__, keys)]
        misses = sql.select_misses(connection, open_)
        return Stored(facts, misses, sql.select_opinions(connection, keys), late)

    def put_facts(self, facts: Iterable[tuple[Classification, Mapping[str, Any] | None]]) -> int:
        """Keep facts with what their source sent, all or none of them.

        The newest `observed_at` wins, whoever writes last; one that is more than `CLOCK_SLACK`
        ahead of the store's clock is a mistake, and loses against any other. A change of type
        leaves a row in the history, and a remembered "no" that is older than the fact goes.

        Parameters
        ----------
        facts : Iterable[tuple[Classification, Mapping[str, Any] | None]]
            Each with its `observed_at`, and the source's payload where there is one.

        Returns
        -------
        int
            How many were newer than what was known.

        Raises
        ------
        InputError
            A guess, an override, a fact without its time or with an impossible key is among them;
            `row` is the position.
        """
        now = self._clock()
        given = rows.fact_rows(facts, now)
        if not given:
            return 0
        upsert = partial(sql.upsert_facts, rows=given, batch=self._batch, now=now)
        return self._database.write(upsert)

    def put_misses(self, misses: Iterable[Miss]) -> None:
        """Remember which keys their source does not know or does not tell, all or none.

        Facts are not touched. Of one key the newest is kept; a key that no table can hold is
        left out.

        Raises
        ------
        InputError
            A failure is among them: it says nothing about its ticker.
        """
        given = rows.miss_rows(misses)
        if given:
            upsert = partial(sql.upsert_misses, rows=given, batch=self._batch, now=self._clock())
            self._database.write(upsert)

    def put_opinions(self, opinions: Iterable[Classification]) -> None:
        """Keep what the second source says, beside the facts; the newest `observed_at` wins.

        Raises
        ------
        InputError
            A guess, or an opinion without its time or with an impossible key is among them.
        """
        now = self._clock()
        given = rows.fact_rows(((one, None) for one in opinions), now)
        if given:
            upsert = partial(sql.upsert_opinions, rows=given, batch=self._batch, now=now)
            self._database.write(upsert)

    def isins(self, keys: Iterable[str]) -> dict[str, str]:
        """The ISINs that came with the facts about `keys`; those without one are left out."""
        usable = rows.usable_keys(keys)
        if not usable:
            return {}
        return self._database.read(partial(sql.select_isins, keys=usable))

    # -- overrides --------------------------------------------------------------------------

    def overrides(self) -> dict[str, Classification]:
        """All overrides by key, expired ones included; the note is the `raw_label`."""
        return self._database.read(sql.select_overrides)

    def set_override(
        self,
        key: str,
        security_type: SecurityType,
        *,
        note: str,
        author: str,
        subtype: Subtype | None = None,
        leverage: float = 1.0,
        expires_at: datetime | None = None,
    ) -> Classification:
        """Keep a person's own decision, in place of an earlier one on the same key.

        Parameters
        ----------
        key : str
            Canonical ticker.
        security_type : SecurityType
            The decision.
        note, author : str
            Why, and who says so.
        subtype : Subtype | None
            Finer kind.
        leverage : float
            Signed multiple of the underlying.
        expires_at : datetime | None
            Aware time from which it no longer counts; None for never.

        Raises
        ------
        InputError
            The key, the leverage or the time cannot be kept, or the time is past.
        """
        made = Classification(
            key,
            SecurityType(security_type),
            Origin.OVERRIDE,
            subtype=subtype,
            leverage=leverage,
            raw_label=note,
            observed_at=self._clock(),
            expires_at=expires_at,
        )
        row = rows.override_row(made, author=author)
        if made.expires_at is not None and made.expires_at <= self._clock():
            raise InputError(
                f"the override of {key} would never count: {made.expires_at.isoformat()} is past"
            )
        ended_at = self._clock()
        self._database.write(partial(sql.upsert_override, row=row, ended_at=ended_at))
        return made

    def remove_override(self, key: str) -> bool:
        """Take an override back; whether there was one."""
        delete = partial(sql.delete_override, key=key, ended_at=self._clock())
        return rows.is_key(key) and self._database.write(delete)

    # -- budget -----------------------------------------------------------------------------

    def count_calls(self, day: date, n: int, limit: int | None) -> int:
        """Reserve calls to a source, before they are made, for all processes together.

        Parameters
        ----------
        day : date
            The day that the calls count for.
        n : int
            How many are wanted, 0 or more.
        limit : int | None
            How many a day may have; None for any number.

        Returns
        -------
        int
            How many may be made: `n`, or what the limit leaves.
        """
        if n < 0:
            raise ValueError(f"n must not be negative (it is {n})")
        count = partial(sql.count_calls, day=day, n=n, limit=limit)
        return self._database.write(count, exclusive=False)

    def calls_on(self, day: date) -> int:
        """Calls reserved on a day."""
        return self._database.read(partial(sql.calls_on, day=day))
