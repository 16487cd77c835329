"""The table: what each fault comes to, in each state of the cache. The tests and the page read it.

A cell is a fault and a state. It says what is answered and by whom, whether the answer is called
stale, which warnings are given, what is written, how many calls are made, and what the trail says
of FMP: a failure ("error") is never "not found" ("miss").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from support import fmp_server as fmp

__all__ = [
    "CELLS",
    "DATABASES",
    "DATABASE_FAULTS",
    "HEALTHY",
    "KEPT",
    "KEY",
    "PASSWORD",
    "RETRIED",
    "SICK",
    "STATES",
    "WAITS_S",
    "Cell",
    "Expected",
    "FmpFault",
    "cells_on",
]

KEY = "canary-k3y-5f19c0de"
PASSWORD = "canary-p@ss/w%rd:77"

# No rule speaks for these letters, so that a guess about them is the default, equity. FMP says
# that SICK is a closed-end fund; a person's override says that it is a bond.
SICK = "ZQA"
HEALTHY = "ZQB"
"""Asked in the same call, of a server that answers for it: an ETF."""
KEPT = "ZQC"
"""Asked in the same call, with a fresh fact in the database: an ETF."""

STATES = ("nothing cached", "fresh fact", "stale fact", "override")
DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Expected:
    """The outcome of one cell; `error` instead of all the rest, where the call raises."""

    type: str = ""
    origin: str = ""
    stale: bool = False
    warnings: tuple[str, ...] = ()
    written: str = "nothing"
    calls: int = 0
    fmp_says: str = ""
    error: str = ""


UNRESOLVED, STALE, STORE = "UnresolvedWarning", "StaleAnswerWarning", "StoreWarning"

GUESS = Expected("equity", "default", warnings=(UNRESOLVED,))
FACT = Expected("mutual_fund", "fmp")
OLD = Expected("mutual_fund", "fmp", stale=True, warnings=(STALE,))
DECIDED = Expected("bond", "override")


# -- FMP ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FmpFault:
    """One way in which FMP fails.

    Attributes
    ----------
    name
        For the page.
    reply
        What the server answers for SICK, or for any ticker; None where there is no server.
    at
        How FMP is reached: "server", or the trouble on the way.
    one_ticker
        Whether only SICK has the fault; then HEALTHY is asked as well.
    says
        "error" for a failure, "miss" for an unknown ticker, "hit" for an answer.
    calls
        Tries that are made.
    kept
        What is written in the database.
    quiet_s
        So long nobody is asked again.
    found
        The type, where the answer is one.
    timeout_s
        FMP_TIMEOUT.
    """

    name: str
    reply: fmp.Reply | None = None
    at: str = "server"
    one_ticker: bool = True
    says: str = "error"
    calls: int = 1
    kept: str = "nothing"
    quiet_s: float = 5 * 60
    found: str = ""
    timeout_s: float = 5.0

    def expected(self) -> Mapping[str, Expected]:
        """The outcome in each state."""
        said = {"calls": self.calls, "fmp_says": self.says, "written": self.kept}
        if self.found:
            asked = replace(FACT, type=self.found, **said)
            is_other = self.found != FACT.type
            renewed = replace(asked, written="change and fact" if is_other else "fact")
        else:
            asked, renewed = replace(GUESS, **said), replace(OLD, **said)
        return dict(zip(STATES, (asked, FACT, renewed, DECIDED), strict=True))


DAY_S = 24 * 3600.0
RETRIED = 3
WAITS_S = 30.0
"""So often a ticker is tried, and so long all waits between the tries take, at most."""

fails = FmpFault


def refuses_symbol(name: str, reply: fmp.Reply) -> FmpFault:
    """A "no" that is about this ticker alone is remembered for a day."""
    return FmpFault(name, reply, kept="miss", quiet_s=DAY_S)


def does_not_know(name: str, reply: fmp.Reply) -> FmpFault:
    """The ticker is unknown there."""
    return FmpFault(name, reply, says="miss", kept="miss", quiet_s=DAY_S)


def answers(name: str, reply: fmp.Reply, found: str) -> FmpFault:
    """Odd, but an answer."""
    return FmpFault(name, reply, says="hit", kept="fact", found=found, quiet_s=DAY_S)


def for_all(
    name: str, reply: fmp.Reply | None = None, *, at: str = "server", calls: int = 1, **more: float
) -> FmpFault:
    """Trouble that concerns every ticker."""
    return FmpFault(name, reply, at=at, one_ticker=False, calls=calls, **more)


def text(status: int, body: str) -> fmp.Reply:
    """A plain text under a status."""
    return fmp.Reply(status, body, {"Content-Type": "text/plain"})


FMP_FAULTS: tuple[FmpFault, ...] = (
    fails("400", text(400, f"Bad parameter near '{KEY}'")),
    for_all("401", fmp.invalid_key()),
    refuses_symbol("402 text: this symbol", fmp.premium_symbol()),
    for_all("402 text: Special Endpoint", fmp.special_endpoint()),
    for_all("402 text: Exclusive Endpoint", fmp.special_endpoint("Exclusive")),
    for_all("403 legacy endpoint", fmp.legacy_endpoint()),
    for_all("403 exclusive endpoint", fmp.exclusive_endpoint()),
    for_all("403 account suspended", fmp.suspended()),
    fails("404 text", text(404, "no such path")),
    fails("404 []", fmp.Reply(404, [])),
    fails("404 {}", fmp.Reply(404, {})),
    for_all("429 rate", fmp.rate_limit(), calls=RETRIED),
    for_all("429 rate, Retry-After 1 s", fmp.rate_limit(retry_after=1), calls=RETRIED),
    for_all("429 rate, Retry-After 1 h", fmp.rate_limit(retry_after=3600), quiet_s=3600.0),
    for_all("429 calls of the day", fmp.daily_limit()),
    for_all("429 bandwidth", fmp.bandwidth_limit()),
    for_all(
        "429 bandwidth, Retry-After 1 h", fmp.bandwidth_limit(retry_after=3600), quiet_s=3600.0
    ),
    fails("500", fmp.server_error(500), calls=RETRIED),
    fails("502", fmp.server_error(502), calls=RETRIED),
    fails("503", fmp.server_error(503), calls=RETRIED),
    fails("503, Retry-After 1 h", fmp.server_error(503, retry_after=3600), quiet_s=3600.0),
    fails("200 Error Message, unknown words", fmp.error_message(f"Out of order for {KEY}")),
    for_all("200 Error Message: Limit Reach", fmp.rate_limit(status=200), calls=RETRIED),
    for_all("200 Error Message: Invalid API KEY", fmp.invalid_key(status=200)),
    refuses_symbol("200 text: this symbol", fmp.premium_symbol(status=200)),
    does_not_know("200 []", fmp.empty_list()),
    does_not_know("200 {}", fmp.empty_object()),
    does_not_know("200 null", fmp.null_body()),
    fails("200 HTML", fmp.html_page()),
    fails("200 without a body", fmp.Reply(200, b"")),
    fails("200 truncated JSON", fmp.truncated_json(SICK)),
    fails("200 a number", fmp.Reply(200, 42)),
    does_not_know("200 another symbol's profile", fmp.foreign_profile()),
    answers("200 both flags true", fmp.both_flags(SICK), "etf"),
    does_not_know("200 flags missing", fmp.missing_flags(SICK)),
    answers("200 flags as strings", fmp.string_flags(SICK), "mutual_fund"),
    fails("200 with a body of 50 MB", fmp.huge_body(50)),
    fails("200 with a body of 50 MB in chunks", fmp.huge_body(50, chunked=True)),
    fails("200 with an endless slow body", fmp.endless_body(), calls=RETRIED, timeout_s=0.3),
    fails("200 with endless slow headers", fmp.endless_headers(), calls=RETRIED, timeout_s=0.3),
    fails("body cut off", fmp.cut_mid_body(SICK), calls=RETRIED),
    fails("connection reset", fmp.connection_reset(), calls=RETRIED),
    for_all("connection refused", at="refused", calls=RETRIED),
    for_all("the name is not known (DNS)", at="dns", calls=RETRIED),
    for_all("TLS: a certificate that nobody vouches for", at="tls"),
    fails("302 to another host", at="redirect"),
    fails("307 to another host", at="redirect 307"),
)


# -- databases ------------------------------------------------------------------------------


@dataclass(frozen=True)
class DatabaseFault:
    """One way in which the database fails, while FMP answers, and while FMP is down (503)."""

    name: str
    fmp_answers: Mapping[str, Expected]
    fmp_is_down: Mapping[str, Expected]
    databases: tuple[str, ...] = field(default=DATABASES)


def by_state(*outcomes: Expected) -> Mapping[str, Expected]:
    """One outcome for each state, in their order."""
    return dict(zip(STATES, outcomes, strict=True))


def with_store_warning(expected: Expected) -> Expected:
    """The same, and it is said that the database cannot be used."""
    return replace(expected, warnings=tuple(sorted({*expected.warnings, STORE})))


ASKED = replace(FACT, calls=1, fmp_says="hit")
NO_ANSWER = replace(GUESS, calls=RETRIED, fmp_says="error")
NOT_RENEWED = replace(OLD, calls=RETRIED, fmp_says="error")
RAISES = Expected(error="StoreSchemaError")

# What cannot be read is asked for again. Nobody can know the override then, and the warning says
# so. With both down there is only a guess, and it is called one.
CANNOT_BE_READ = (
    by_state(*[with_store_warning(ASKED)] * 4),
    by_state(*[with_store_warning(NO_ANSWER)] * 4),
)
CANNOT_BE_WRITTEN = (
    by_state(with_store_warning(ASKED), FACT, with_store_warning(ASKED), DECIDED),
    by_state(NO_ANSWER, FACT, NOT_RENEWED, DECIDED),
)
# What was read before it went is still known; the stale fact was fresh then.
MEMORY_KNOWS = (
    by_state(*map(with_store_warning, (ASKED, FACT, ASKED, DECIDED))),
    by_state(*map(with_store_warning, (NO_ANSWER, FACT, NOT_RENEWED, DECIDED))),
)
A_PERSON_MUST_ACT = (by_state(*[RAISES] * 4), by_state(*[RAISES] * 4))

DATABASE_FAULTS: tuple[DatabaseFault, ...] = (
    DatabaseFault("unreachable at start", *CANNOT_BE_READ),
    DatabaseFault("gone in the middle", *MEMORY_KNOWS),
    DatabaseFault("read-only", *CANNOT_BE_WRITTEN),
    DatabaseFault("locked by another writer", *CANNOT_BE_WRITTEN),
    DatabaseFault("locked as a whole", *CANNOT_BE_READ),
    DatabaseFault("corrupt file", *CANNOT_BE_READ),
    DatabaseFault("disk full", *CANNOT_BE_WRITTEN),
    DatabaseFault("schema of a newer version", *A_PERSON_MUST_ACT),
    DatabaseFault("wrong password", *CANNOT_BE_READ, databases=("postgresql",)),
)


# -- cells ----------------------------------------------------------------------------------

UP = FmpFault("nothing")
DOWN = FmpFault("503", fmp.server_error(503), one_ticker=False, calls=RETRIED)


@dataclass(frozen=True)
class Cell:
    """One fault in one state, on one kind of database."""

    database: str
    fault: str
    state: str
    expected: Expected
    fmp: FmpFault
    database_fault: str = ""

    def __str__(self) -> str:
        """For the name of its test."""
        return f"{self.database}: {self.fault}: {self.state}"


def cells_on(database: str) -> Iterator[Cell]:
    """All cells on one kind of database."""
    for one in FMP_FAULTS:
        for state, expected in one.expected().items():
            yield Cell(database, f"FMP {one.name}", state, expected, one)
    for fault in DATABASE_FAULTS:
        if database not in fault.databases:
            continue
        for told, how, outcomes in (
            ("", UP, fault.fmp_answers),
            (", FMP down", DOWN, fault.fmp_is_down),
        ):
            for state, expected in outcomes.items():
                name = f"database {fault.name}{told}"
                yield Cell(database, name, state, expected, how, fault.name)


CELLS: tuple[Cell, ...] = tuple(cell for one in DATABASES for cell in cells_on(one))
