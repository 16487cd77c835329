"""What the database does for those who look after it: lists, counts, history, backup, uses."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sectypes.records import Change, Contents, Dump, Kept, OverrideEntry
from sectypes.store import rows, sql, upkeep_sql
from sectypes.store.engine import Database, read_revision
from sectypes.store.reading import listed_flaws
from sectypes.store.upkeep_sql import Restored
from sectypes.taxonomy import Classification, SecurityType

__all__ = ["Restored", "Upkeep"]


class Upkeep:
    """The calls of `SqlStore` that no lookup needs."""

    _database: Database
    _clock: Callable[[], datetime]
    _batch: int

    # -- what there is ----------------------------------------------------------------------

    def contents(self) -> Contents:
        """How many facts, remembered "no"s, overrides and changes there are."""
        return self._database.read(partial(upkeep_sql.select_contents, now=self._clock()))

    def list_facts(
        self,
        *,
        security_type: SecurityType | None = None,
        is_stale: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Classification]:
        """Some of the facts, in the order of their keys.

        Parameters
        ----------
        security_type : SecurityType | None
            Only these; None for all.
        is_stale : bool
            Only those that are expired.
        limit, offset : int | None, int
            At most so many, after so many others.

        Raises
        ------
        ValueError
            A number is negative.
        """
        if offset < 0 or (limit is not None and limit < 0):
            raise ValueError(f"limit and offset must not be negative ({limit}, {offset})")
        kind = None if security_type is None else SecurityType(security_type).value
        select = partial(
            upkeep_sql.select_page,
            now=self._clock(),
            security_type=kind,
            is_stale=is_stale,
            limit=limit,
            offset=offset,
        )
        return self._database.read(select)

    def due(self, before: datetime) -> list[Kept]:
        """The facts that were seen before a time or are expired, with the uses of their tickers.

        Those seen in the future, by a wrong clock, are among them.
        """
        return self._database.read(partial(upkeep_sql.select_due, before=before, now=self._clock()))

    def add_uses(self, counts: Mapping[str, int]) -> None:
        """Add to how often tickers were asked for; those that cannot be keys are left out."""
        made = [{"ticker": key, "uses": counts[key]} for key in sorted(counts) if rows.is_key(key)]
        if made:
            self._database.write(partial(upkeep_sql.add_uses, rows=made, batch=self._batch))

    # -- history ----------------------------------------------------------------------------

    def history(self, key: str) -> list[Change]:
        """The changes of one fact, the oldest first."""
        if not rows.is_key(key):
            return []
        return self._database.read(partial(upkeep_sql.select_history, key=key))

    def past(self, keys: Sequence[str], at: datetime) -> dict[str, Classification]:
        """What the facts about `keys` said at a time, without those not yet known then.

        A name is the newest known one: names have no history.
        """
        select = partial(upkeep_sql.select_past, keys=rows.usable_keys(keys), at=at)
        return self._database.read(select)

    def past_overrides(self, at: datetime) -> dict[str, Classification]:
        """The overrides that were in force at a time, by key; also those taken back since."""
        return self._database.read(partial(upkeep_sql.select_past_overrides, at=at))

    def override_entries(self) -> list[OverrideEntry]:
        """All overrides with their authors, expired ones included, in the order of their keys."""
        return self._database.read(sql.select_override_entries)

    # -- backup -----------------------------------------------------------------------------

    def dump(self) -> Dump:
        """All facts, all overrides and all second opinions."""
        return self._database.read(upkeep_sql.select_all)

    def restore(
        self,
        facts: Iterable[tuple[Classification, Any | None]],
        overrides: Iterable[OverrideEntry],
        opinions: Iterable[Classification] = (),
        *,
        force: bool = False,
        dry_run: bool = False,
    ) -> Restored:
        """Write what a backup holds, all of it or nothing.

        Parameters
        ----------
        facts : Iterable[tuple[Classification, Any | None]]
            Each with its payload.
        overrides : Iterable[OverrideEntry]
            They never replace an override that is there.
        opinions : Iterable[Classification]
            What the second source said.
        force : bool
            Older facts and opinions replace newer ones as well.
        dry_run : bool
            Only tell what would happen.

        Raises
        ------
        InputError
            Something among them cannot be kept; `row` is the position.
        """
        now = self._clock()
        work = partial(
            upkeep_sql.restore,
            facts=rows.fact_rows(facts, now),
            made=[rows.override_row(one.made, author=one.author) for one in overrides],
            opinions=rows.fact_rows(((one, None) for one in opinions), now),
            batch=self._batch,
            now=now,
            is_forced=force,
            dry_run=dry_run,
        )
        return self._database.read(work) if dry_run else self._database.write(work)

    # -- health -----------------------------------------------------------------------------

    def now(self) -> datetime:
        """The time by the store's clock; aware UTC."""
        return self._clock()

    @property
    def is_open(self) -> bool:
        """Whether this process has used the database and not closed it."""
        return self._database.is_open

    @property
    def label(self) -> str:
        """What the database is called in messages; no part of an URL with a password."""
        return self._database.label

    def revision(self) -> str | None:
        """The revision of the schema, whichever it is; None where there is none."""
        return self._database.read(read_revision, checked=False)

    def unreadable(self) -> str | None:
        """The rows that cannot be read, in words; None where all of them can.

        All facts, opinions, overrides and misses are read for it.
        """
        flaws = self._database.read(upkeep_sql.select_flaws)
        return listed_flaws(flaws) if flaws else None

    def free_bytes(self) -> int | None:
        """Bytes left on the disk of an SQLite file; None where there is no file to look at.

        Raises
        ------
        OSError
            The disk does not tell.
        """
        folder = self._database.folder
        return None if folder is None else shutil.disk_usage(folder).free
