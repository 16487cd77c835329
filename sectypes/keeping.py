"""What those who look after the cache call: overrides, history, refresh, backup, health."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sectypes import health, precedence, refresh
from sectypes.config import Settings
from sectypes.errors import InputError, StoreUnavailable
from sectypes.given import all_of, readable
from sectypes.health import CacheStatistics, Health
from sectypes.lookup import Lookup
from sectypes.moments import Moment, end_of
from sectypes.progress import tracker
from sectypes.records import Change, OverrideEntry
from sectypes.refresh import RefreshSummary
from sectypes.sorting import as_rows
from sectypes.taxonomy import (
    SECURITY_TYPES,
    Classification,
    Query,
    Resolution,
    SecurityType,
)
from sectypes.tickers import canonical
from sectypes.verifying import Verification, verify

if TYPE_CHECKING:
    from sectypes.backup import ImportSummary
    from sectypes.store import SqlStore

__all__ = ["Keeping"]

OVERRIDES_LIFE_S = 30.0


class Keeping:
    """The calls of `SecurityTypeService` that look after what it knows."""

    settings: Settings
    _clock: Callable[[], datetime]
    _lookup: Lookup
    _made_at: datetime
    _overrides: Mapping[str, Classification]
    _overrides_read_at: datetime | None

    # -- overrides --------------------------------------------------------------------------

    def override(
        self,
        ticker: str,
        security_type: SecurityType | str,
        *,
        note: str,
        author: str,
        expires: Moment | None = None,
    ) -> Classification:
        """Decide the type of a ticker yourself; no refresh and no import replaces it.

        Parameters
        ----------
        ticker : str
            In any spelling.
        security_type : SecurityType | str
            One of `sectypes.SECURITY_TYPES`.
        note, author : str
            Why, and who says so; shown with every answer.
        expires : date | datetime | str | None
            Last day (UTC) on which the override counts, or the aware time from which it no longer
            does; either may be ISO text.

        Raises
        ------
        InputError
            A blank ticker, an unknown type, or a time that is past or without its zone.
        StoreUnavailable
            There is no database to keep it in.
        """
        key = _key(ticker, "an override")
        if security_type not in SECURITY_TYPES:
            raise InputError(
                f"{str(security_type)!r} is no security type;"
                f" use one of {', '.join(SECURITY_TYPES)}"
            )
        until = None if expires is None else end_of(expires, name="expires")
        made = self._needed_store("overrides").set_override(
            key, SecurityType(security_type), note=note, author=author, expires_at=until
        )
        self._overrides_read_at = None
        return made

    def overrides(self) -> dict[str, Classification]:
        """All overrides in force, by key."""
        now = self._clock()
        made = self._needed_store("overrides").overrides()
        return {key: one for key, one in made.items() if one.is_fresh(now)}

    def remove_override(self, ticker: str) -> bool:
        """Take an override back; whether there was one. `as_of` still knows it."""
        removed = self._needed_store("overrides").remove_override(canonical(ticker))
        self._overrides_read_at = None
        return removed

    def _needed_store(self, purpose: str) -> SqlStore:
        if self._lookup.store is None:
            raise StoreUnavailable(
                f"{purpose} need a database; this service has none", source="database"
            )
        return self._lookup.store

    def _current_overrides(self) -> Mapping[str, Classification]:
        """Overrides as of at most half a minute ago: others may set them at any time."""
        now = self._clock()
        self._lookup.careful.warn_while_unreadable()
        read_at = self._overrides_read_at
        if read_at is None or (now - read_at).total_seconds() > OVERRIDES_LIFE_S:
            self._overrides = self._lookup.careful.use(
                "read",
                lambda store: {
                    made.ticker: made.replace(raw_label=f"{made.raw_label} ({author})")
                    for made, author in store.override_entries()
                },
                self._overrides,
            )
            self._overrides_read_at = now
        return {key: one for key, one in self._overrides.items() if one.is_fresh(now)}

    # -- second opinions --------------------------------------------------------------------

    def verify(
        self, queries: Iterable[Query | str], *, progress: bool | None = None
    ) -> list[Verification]:
        """Ask the second source about what the first may have wrong.

        Asked are tickers that FMP calls equity and others call a fund, and tickers of which nobody
        knows a fact. What it says is kept, and counts in all answers from then on.

        Parameters
        ----------
        queries : Iterable[Query | str]
            Rows, or bare tickers in any spelling.
        progress : bool | None
            As in `resolve`.

        Returns
        -------
        list[Verification]
            One for each security that was doubtful, in the order of the rows; those that no rule
            settles are for a person to decide, with `override`.

        Raises
        ------
        SourceRefused
            There is no second source to ask: the settings are offline, or it was left out.

        Examples
        --------
        >>> from sectypes.service import SecurityTypeService
        >>> service = SecurityTypeService(source=None, store=None, second=None, settings=Settings())
        >>> service.verify(["DSU"])
        Traceback (most recent call last):
            ...
        sectypes.errors.SourceRefused: there is no second source to ask
        """
        rows = as_rows(readable(all_of(queries)))
        return verify(self._lookup, rows, self._current_overrides(), track=tracker(progress))

    # -- refresh ----------------------------------------------------------------------------

    def history(self, ticker: str) -> list[Change]:
        """Each change of the fact about a ticker, the oldest first.

        Raises
        ------
        StoreUnavailable
            There is no database, or it cannot be used.
        """
        return self._needed_store("histories").history(canonical(ticker))

    def force_refresh(self, ticker: str) -> Resolution:
        """Ask for one ticker anew, whatever is known about it.

        Returns
        -------
        Resolution
            The answer from now on: an override still goes before it, and where nobody could be
            asked the older fact stands.

        Raises
        ------
        InputError
            The ticker is blank.
        SourceRefused
            There is nobody to ask.
        StoreUnavailable
            The database cannot be used.
        """
        key = _key(ticker, "a refresh")
        known = {}
        if precedence.is_askable(key):
            known = {key: refresh.refresh_one(self._lookup, key, track=tracker(False))}
        overrides = self._current_overrides()
        [answer] = precedence.decide([Query(ticker, key)], overrides=overrides, known=known)
        return answer

    def bulk_refresh(
        self,
        tickers: Iterable[str],
        *,
        max_calls: int | None = None,
        accept: bool = False,
        dry_run: bool = False,
        progress: bool | None = None,
    ) -> RefreshSummary:
        """Ask for many tickers anew, in their order, in batches that are kept as they arrive.

        Parameters
        ----------
        tickers : Iterable[str]
            In any spelling; blank ones are left out.
        max_calls : int | None
            At most so many calls, within the daily limit.
        accept : bool
            Write changed types however many they are. Otherwise, where more than 2% of the known
            types and at least 5 would change in one run, none of these changes is written.
        dry_run : bool
            Only tell what it would cost.
        progress : bool | None
            As in `resolve`.

        Raises
        ------
        SourceRefused
            There is nobody to ask.
        StoreUnavailable
            The database cannot be used.
        """
        keys = filter(None, map(canonical, all_of(tickers)))
        return self._refresh(keys, max_calls, accept, dry_run, progress)

    def refresh_stale(
        self,
        days: float = 90,
        *,
        max_calls: int | None = None,
        accept: bool = False,
        dry_run: bool = False,
        progress: bool | None = None,
    ) -> RefreshSummary:
        """Ask anew for facts that are expired or older than `days`, as `bulk_refresh` does.

        The oldest and most used come first, so that a small budget is spent where it matters. A
        run that was broken off is resumed by the next one.

        Raises
        ------
        InputError
            `days` is negative.
        """
        keys = refresh.due_keys(self._lookup, days)
        return self._refresh(keys, max_calls, accept, dry_run, progress)

    def warm(
        self,
        tickers: Iterable[str],
        *,
        max_calls: int | None = None,
        accept: bool = False,
        dry_run: bool = False,
        progress: bool | None = None,
    ) -> RefreshSummary:
        """Ask for those of many tickers that no cache settles, as `bulk_refresh` does."""
        keys = refresh.open_keys(self._lookup, filter(None, map(canonical, all_of(tickers))))
        return self._refresh(keys, max_calls, accept, dry_run, progress)

    def _refresh(
        self,
        keys: Iterable[str],
        max_calls: int | None,
        accept: bool,
        dry_run: bool,
        progress: bool | None,
    ) -> RefreshSummary:
        return refresh.refresh(
            self._lookup,
            keys,
            track=tracker(progress),
            most=max_calls,
            accept=accept,
            dry_run=dry_run,
        )

    def list_facts(
        self,
        *,
        security_type: SecurityType | str | None = None,
        is_stale: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Classification]:
        """Some of the facts in the database, in the order of their tickers.

        Parameters
        ----------
        security_type : SecurityType | str | None
            Only these; None for all.
        is_stale : bool
            Only those that are out of date.
        limit, offset : int | None, int
            At most so many, after so many others.

        Raises
        ------
        StoreUnavailable
            There is no database, or it cannot be used.
        """
        return self._needed_store("lists of facts").list_facts(
            security_type=None if security_type is None else SecurityType(security_type),
            is_stale=is_stale,
            limit=limit,
            offset=offset,
        )

    def override_entries(self) -> list[OverrideEntry]:
        """All overrides with their authors, expired ones included."""
        return self._needed_store("overrides").override_entries()

    # -- backup -----------------------------------------------------------------------------

    def export_cache(self, path: str | Path) -> int:
        """Write all facts and overrides to a .yaml, .json or .parquet file; how many.

        Raises
        ------
        InputError
            Another suffix, or the file cannot be written.
        StoreUnavailable
            There is no database, or it cannot be used.
        """
        from sectypes import backup  # loads the formats

        return backup.export_cache(self._needed_store("backups"), path)

    def import_cache(
        self, path: str | Path, *, force: bool = False, dry_run: bool = False
    ) -> ImportSummary:
        """Read what `export_cache` wrote, all of it or nothing.

        Parameters
        ----------
        path : str | Path
            The file.
        force : bool
            Its facts replace newer ones as well. Overrides are never replaced.
        dry_run : bool
            Only tell what would happen.

        Raises
        ------
        InputError
            The file is not as it must be; the error names record and field.
        StoreUnavailable
            There is no database, or it cannot be used.
        """
        from sectypes import backup

        store = self._needed_store("backups")
        life = timedelta(seconds=self.settings.cache_ttl)
        summary, keys = backup.import_cache(store, path, force=force, dry_run=dry_run, life=life)
        if not dry_run:
            self._lookup.forget(keys)
            self._overrides_read_at = None
        return summary

    # -- health -----------------------------------------------------------------------------

    def cache_stats(self) -> CacheStatistics:
        """What the cache holds, and what the service has done since it was made."""
        return health.statistics(self._lookup, self._made_at)

    def health_check(self) -> Health:
        """Try database, schema, disk and source out; spends at most one call."""
        return health.check(self._lookup)

    def health_report(self) -> str:
        """Health and numbers as text for people; spends at most one call."""
        return health.report(self._lookup, self._made_at)


def _key(ticker: str, purpose: str) -> str:
    key = canonical(ticker)
    if not key:
        raise InputError(f"{purpose} needs a ticker")
    return key
