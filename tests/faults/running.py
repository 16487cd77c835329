"""Running a cell: real server, real database, one call, and all that can be seen of it."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from support import fmp_server as fmp
from support.databases import Clock
from support.faulty_databases import FAULTS, PostgresDatabase, SqliteDatabase
from support.faulty_server import NO_SUCH_HOST, TlsServer, closed_port
from support.fmp_server import FmpServer

from faults.secrets import error_texts, object_texts, recorded_logs
from faults.table import HEALTHY, KEPT, SICK, STATES, Cell
from sectypes.config import Secret, Settings
from sectypes.errors import SectypesError
from sectypes.service import SecurityTypeService
from sectypes.sources import FmpSource
from sectypes.store import SqlStore
from sectypes.taxonomy import Attempt, Classification, Origin, Resolution, SecurityType, Subtype

__all__ = ["Hurried", "Place", "Run", "run_cell"]

Database = SqliteDatabase | PostgresDatabase

NOTHING, FRESH, STALE, OVERRIDE = STATES
KEPT_ROWS = (
    "SELECT 'fact', ticker, security_type, origin, CAST(last_updated AS text) FROM security_types",
    "SELECT 'miss', ticker, status, '', CAST(observed_at AS text) FROM lookup_misses",
    "SELECT 'override', ticker, security_type, '', '' FROM overrides",
    "SELECT 'change', ticker, old_type, new_type, '' FROM security_type_history",
)
GONE = "gone in the middle"
LASTING = ("corrupt file", "disk full")


class Hurried:
    """A clock on which waiting costs no time."""

    def __init__(self) -> None:
        self.waited = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return time.monotonic() + self.waited

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        """Count the wait instead of waiting."""
        with self._lock:
            self.waited += seconds
        return stop.is_set()


@dataclass
class Place:
    """What all cells share: the servers, databases that nothing happens to, and one that is mended.

    Making a PostgreSQL database takes longer than a cell, so those faults that can be taken back
    share one.
    """

    server: FmpServer
    elsewhere: FmpServer
    tls: TlsServer
    healthy: dict[str, Database]
    stores: dict[str, SqlStore]
    clock: Clock
    make: Callable[[str], Database]
    mended: PostgresDatabase

    @contextmanager
    def breakable(self, cell: Cell) -> Iterator[Database]:
        """An empty database for a fault."""
        if cell.database == "postgresql" and cell.database_fault not in LASTING:
            self.mended.clear()
            yield self.mended
            return
        made = self.make(cell.database)
        yield made
        made.drop()


@dataclass(frozen=True)
class Seen:
    """One answer and what came with it."""

    answers: dict[str, Resolution]
    warnings: tuple[str, ...]
    warned: str
    error: SectypesError | None
    calls: int

    def brief(self, ticker: str) -> tuple[str, str, bool]:
        """Type, origin, stale."""
        answer = self.answers[ticker]
        made = answer.classification
        return ("", "", False) if made is None else (made.security_type, made.origin, answer.stale)

    def from_fmp(self, ticker: str) -> list[Attempt]:
        """The lines of the trail that tell what FMP said."""
        return [one for one in self.answers[ticker].trail if one.room == "fmp"]


@dataclass(frozen=True)
class Run:
    """All that can be seen of a cell."""

    cell: Cell
    first: Seen
    again: Seen
    before: set[tuple[object, ...]]
    after: set[tuple[object, ...]]
    origins: set[str]
    seconds: float
    waited: float
    requests_elsewhere: int
    shown: tuple[str, ...]

    @property
    def written(self) -> str:
        """What was written about SICK: "fact", "change", "miss" or "nothing"."""
        about = {str(row[0]) for row in self.after - self.before if row[1] == SICK}
        return " and ".join(sorted(about)) or "nothing"


def run_cell(cell: Cell, place: Place) -> Run:
    """Make the state, break what the cell says, ask, and look."""
    place.clock.now = Clock.now
    for server in (place.server, place.elsewhere, place.tls):
        server.unscript()
        server.requests.clear()
        server.calls.clear()
    if not cell.database_fault:
        database, store = place.healthy[cell.database], place.stores[cell.database]
        database.clear()
        _make_state(cell, store, place.clock)
        return _run(cell, place, database)
    with place.breakable(cell) as database:
        with SqlStore(database.url, clock=place.clock) as store:
            _make_state(cell, store, place.clock)
        return _run(cell, place, database)


def _make_state(cell: Cell, store: SqlStore, clock: Clock) -> None:
    now = clock()
    lives = {FRESH: (-1, 89), STALE: (-100, -10)}
    if cell.database_fault == GONE:
        lives[STALE] = (-89, 0.01)  # it expires between the first call and the one that is watched
    made = [(KEPT, SecurityType.ETF, Subtype.ETF, (-1, 89))]
    if cell.state in lives:
        kind = SecurityType.MUTUAL_FUND
        made.append((SICK, kind, Subtype.CLOSED_END_FUND, lives[cell.state]))
    store.put_facts(
        (
            Classification(
                key,
                kind,
                Origin.FMP,
                subtype,
                raw_label="sample",
                observed_at=now + timedelta(days=seen),
                expires_at=now + timedelta(days=until),
            ),
            None,
        )
        for key, kind, subtype, (seen, until) in made
    )
    if cell.state == OVERRIDE:
        store.set_override(SICK, SecurityType.BOND, note="sample", author="ada")


def _run(cell: Cell, place: Place, database: Database) -> Run:
    hurried = Hurried()
    before = _kept(database)
    with recorded_logs() as logs, _service_for(cell, place, database, hurried) as service:
        _break_fmp(cell, place)
        tried = _tries(cell, place, database)
        hurried.waited = 0.0
        begun = time.monotonic()
        first = _ask(service, cell, tried)
        seconds, waited = time.monotonic() - begun, hurried.waited
        place.clock.advance(seconds=10 if cell.database_fault else _quiet_s(cell) - 1)
        again = _ask(service, cell, tried)
        shown = [*logs, *object_texts(service), *object_texts(service.settings)]
    for seen in (first, again):
        shown += [seen.warned, *map(repr, seen.answers.values())]
        shown += [answer.reason for answer in seen.answers.values()]
    shown += error_texts(first.error) if first.error else []
    shown += [one.path for one in place.server.requests]
    if not cell.database_fault:
        shown.append(database.text())
    after = _kept(database)
    return Run(
        cell,
        first,
        again,
        before,
        after,
        {str(row[3]) for row in after if row[0] == "fact"},
        seconds,
        waited,
        len(place.elsewhere.requests),
        tuple(shown),
    )


def _quiet_s(cell: Cell) -> float:
    return cell.fmp.quiet_s if cell.state in (NOTHING, STALE) else 60.0


@contextmanager
def _service_for(
    cell: Cell, place: Place, database: Database, hurried: Hurried
) -> Iterator[SecurityTypeService]:
    """A service in whose database the fault is, from the start or since its first call."""
    settings = place.server.settings(
        fmp_base_url=_base_url(cell, place), fmp_timeout=cell.fmp.timeout_s
    )
    clock = place.clock
    with FmpSource(settings, clock=hurried, sleep=hurried.sleep) as source:
        if not cell.database_fault:
            yield _service(source, place.stores[cell.database], settings, clock)
            return
        fault = FAULTS[cell.database_fault][cell.database](database)
        if cell.database_fault != GONE:
            with fault as url, SqlStore(Secret(url), clock=clock) as store:
                yield _service(source, store, settings, clock)
            return
        with SqlStore(Secret(database.url), clock=clock) as store:
            service = _service(source, store, settings, clock)
            service.resolve([KEPT] if cell.state == NOTHING else [KEPT, SICK])
            place.server.calls.clear()
            clock.advance(hours=1)
            with fault:
                yield service


def _service(
    source: FmpSource, store: SqlStore, settings: Settings, clock: Clock
) -> SecurityTypeService:
    return SecurityTypeService(source=source, store=store, settings=settings, clock=clock)


def _base_url(cell: Cell, place: Place) -> str:
    return {
        "refused": f"http://127.0.0.1:{closed_port()}/stable",
        "dns": NO_SUCH_HOST,
        "tls": place.tls.url,
    }.get(cell.fmp.at, place.server.url)


def _break_fmp(cell: Cell, place: Place) -> None:
    reply = cell.fmp.reply
    if cell.fmp.at.startswith("redirect"):
        # The same machine under another name: another host.
        other = place.elsewhere.url.replace("127.0.0.1", "localhost")
        status = 307 if "307" in cell.fmp.at else 302
        reply = fmp.redirect(f"{other}/profile?symbol={SICK}", status)
    if reply is not None:
        place.server.script(SICK if cell.fmp.one_ticker else None, reply, forever=True)


def _tries(cell: Cell, place: Place, database: Database) -> Callable[[], int]:
    """Counts the tries for SICK: those that arrive or, where none can, those that were counted."""
    if cell.fmp.at in ("refused", "dns", "tls"):
        return lambda: int(str(sum(row[0] for row in database.rows("SELECT calls FROM api_usage"))))
    return lambda: place.server.calls.count(SICK)


def _ask(service: SecurityTypeService, cell: Cell, tries: Callable[[], int]) -> Seen:
    asked = [SICK]
    if not cell.database_fault:
        asked += [HEALTHY, KEPT] if cell.fmp.one_ticker else [KEPT]
    before, error, answers = tries(), None, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answers = service.resolve(asked, progress=False)
        except SectypesError as raised:
            error = raised
    return Seen(
        {answer.query.ticker: answer for answer in answers},
        tuple(sorted({one.category.__name__ for one in caught})),
        "\n".join(str(one.message) for one in caught),
        error,
        tries() - before,
    )


def _kept(database: Database) -> set[tuple[object, ...]]:
    """What the tables hold: facts, misses, overrides, and what changed."""
    return set(database.rows(" UNION ALL ".join(KEPT_ROWS)))
