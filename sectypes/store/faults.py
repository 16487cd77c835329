"""What a driver's error means, in our words: what is wrong, what to do, whether to try again."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from sectypes.errors import StoreUnavailable

__all__ = ["explain_argument", "explain_file", "explain_postgresql", "explain_sqlite"]


class _Fault(NamedTuple):
    sign: str
    says: str
    retryable: bool


_DAMAGED = (
    "is damaged or no SQLite database: move the file away, and a new one is made and filled again"
)
_FOREIGN = (
    "has other tables under the names of ours: rename them, or name another database in"
    " SECTYPES_DATABASE_URL"
)

# By the beginning of SQLite's name for the error.
_SQLITE = (
    _Fault("SQLITE_NOTADB", _DAMAGED, retryable=False),
    _Fault("SQLITE_CORRUPT", _DAMAGED, retryable=False),
    _Fault("SQLITE_READONLY", "cannot be written: the file or its folder is read-only", False),
    _Fault("SQLITE_BUSY", "is locked by another program for too long", retryable=True),
    _Fault("SQLITE_LOCKED", "is locked by another program for too long", retryable=True),
    _Fault("SQLITE_FULL", "cannot grow: the disk is full", retryable=True),
    _Fault(
        "SQLITE_CANTOPEN",
        "cannot be opened: check that its folder exists and that you may read and write there",
        retryable=False,
    ),
    _Fault("SQLITE_IOERR", "cannot be read or written: the disk fails or is full", retryable=True),
    # A statement that fits our tables does not fit these.
    _Fault("SQLITE_ERROR", _FOREIGN, retryable=False),
)

# By the beginning of the SQLSTATE (PostgreSQL manual, appendix A).
_POSTGRESQL = (
    _Fault("28", "refuses the user or the password", retryable=False),
    _Fault("3D", "does not exist on its server", retryable=False),
    _Fault("42P07", _FOREIGN, retryable=False),
    _Fault("42703", _FOREIGN, retryable=False),
    _Fault("42501", "refuses: the user lacks a right on the tables", retryable=False),
    _Fault("25006", "cannot be written: the server or the user is read-only", retryable=False),
    _Fault("53100", "cannot grow: the server's disk is full", retryable=True),
    _Fault("53", "has no connection or memory left", retryable=True),
    _Fault("55P03", "is locked by another program for too long", retryable=True),
    _Fault("57014", "took too long", retryable=True),
    _Fault("57", "is being shut down or started", retryable=True),
)

# While connecting there is no SQLSTATE, only libpq's words (in the server's language).
_CONNECTING = (
    _Fault("authentication failed", "refuses the user or the password", retryable=False),
    _Fault("no password supplied", "refuses the user: it wants a password", retryable=False),
    _Fault("pg_hba.conf", "refuses connections of this user from here", retryable=False),
    _Fault("does not exist", "refuses: the user or the database does not exist", retryable=False),
)

# What libpq says of a part of the URL that it does not take, before it connects.
_ARGUMENT = _Fault(
    "invalid ",
    "cannot be opened: the port, an argument or the value of one cannot be used in its URL"
    " (SECTYPES_DATABASE_URL)",
    retryable=False,
)

_BUSY = _Fault("", "is busy: all connections are in use", retryable=True)
_UNREACHABLE = _Fault(
    "",
    "cannot be reached: check that the server runs, and host, port and name in"
    " SECTYPES_DATABASE_URL",
    retryable=True,
)


def explain_sqlite(label: str, error: SQLAlchemyError) -> StoreUnavailable:
    """What an error of SQLite means for the database called `label`."""
    if isinstance(error, PoolTimeoutError):
        return _unavailable(label, _BUSY)
    name = str(getattr(_cause(error), "sqlite_errorname", ""))
    for fault in _SQLITE:
        if name.startswith(fault.sign):
            return _unavailable(label, fault)
    return _unavailable(label, _unexpected(error, name))


def explain_file(label: str, error: OSError) -> StoreUnavailable:
    """Why an SQLite file cannot even be made."""
    says = f"cannot be made: {error.strerror}; name another place in SECTYPES_DATABASE_URL"
    return _unavailable(label, _Fault("", says, retryable=False))


def explain_argument(label: str) -> StoreUnavailable:
    """Why a database whose URL has an impossible argument cannot be opened."""
    return _unavailable(label, _ARGUMENT)


def explain_postgresql(label: str, error: SQLAlchemyError) -> StoreUnavailable:
    """What an error of PostgreSQL or of the way to it means."""
    if isinstance(error, PoolTimeoutError):
        return _unavailable(label, _BUSY)
    cause = _cause(error)
    state = getattr(cause, "pgcode", None)
    if state is None and str(cause).startswith(_ARGUMENT.sign):
        return explain_argument(label)
    if state is None and type(cause).__name__ in {"OperationalError", "InterfaceError"}:
        words = str(cause)
        known = (fault for fault in _CONNECTING if fault.sign in words)
        return _unavailable(label, next(known, _UNREACHABLE))
    for fault in _POSTGRESQL:
        if str(state).startswith(fault.sign):
            return _unavailable(label, fault)
    return _unavailable(label, _unexpected(error, f"SQLSTATE {state}"))


def _cause(error: SQLAlchemyError) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else None


def _unexpected(error: SQLAlchemyError, code: str) -> _Fault:
    return _Fault("", f"failed unexpectedly ({type(error).__name__}, {code})", retryable=False)


def _unavailable(label: str, fault: _Fault) -> StoreUnavailable:
    return StoreUnavailable(f"{label} {fault.says}", source="database", retryable=fault.retryable)
