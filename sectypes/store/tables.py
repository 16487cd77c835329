"""The tables of the cache database, as SQLAlchemy sees them.

The Alembic scripts in `schema/` are what makes them; a test proves that both agree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from sectypes.taxonomy import SECURITY_TYPES, AnswerStatus, Origin

__all__ = [
    "FACT_ORIGINS",
    "KEPT_MISSES",
    "OPINION_ORIGINS",
    "REVISION",
    "TICKER_WIDTH",
    "VERSION_TABLE",
    "UtcDateTime",
    "api_usage",
    "lookup_misses",
    "metadata",
    "override_history",
    "overrides",
    "second_opinions",
    "security_type_history",
    "security_types",
    "ticker_uses",
]

REVISION = "0003"
"""The schema that this version of the package needs: the newest script in `schema/versions`."""

VERSION_TABLE = "sectypes_schema_version"
"""Where Alembic keeps the revision; a name of our own, because a shared database has others."""

TICKER_WIDTH = 64
"""Widest key; the longest known form, an OCC option, has 21 characters."""

FACT_ORIGINS = tuple(one.value for one in Origin if not one.is_guess and one is not Origin.OVERRIDE)
"""Who may assert a fact. Guesses are not kept, and overrides have a table of their own."""

OPINION_ORIGINS = (Origin.OPENFIGI.value,)
"""Who is asked for a second opinion."""

KEPT_MISSES = (AnswerStatus.NOT_FOUND.value, AnswerStatus.REFUSED_SYMBOL.value)
"""Which kinds of no are kept; a failure says nothing about the ticker."""


class _TimeText(DATETIME):
    """SQLite's text for a time; written in one piece, because thousands are written at once."""

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:
        """To text with microseconds and offset."""
        return lambda time: None if time is None else time.isoformat(" ", "microseconds")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware times, kept as UTC; a naive one is refused, because nobody knows what it means.

    SQLite has no type for times: there they are text of one fixed width, which sorts as time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text with microseconds and offset on SQLite, timestamptz elsewhere."""
        if dialect.name != "sqlite":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(_TimeText())  # type: ignore[no-untyped-call]

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time needs its zone: {value.isoformat()} is naive")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From whatever zone the session has to UTC; one that names none is in UTC."""
        if value is None or value.tzinfo is None:
            return value and value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """JSON that is written as text made by the caller, and read as what it means."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSONB on PostgreSQL."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON())
        from sqlalchemy.dialects.postgresql import JSONB  # costs a tenth of a second

        return dialect.type_descriptor(JSONB())

    def bind_processor(self, dialect: Dialect) -> None:
        """Nothing is to be done to a text."""


def _one_of(column: str, values: tuple[str, ...], name: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def _id() -> Column[int]:
    # Wide, because PostgreSQL spends a number on every upsert; SQLite counts only in INTEGER.
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _ticker(*, unique: bool) -> Column[str]:
    return Column("ticker", String(TICKER_WIDTH), nullable=False, unique=unique)


def _asserted() -> tuple[Column[Any], ...]:
    """What a fact and an override say about a ticker."""
    return (
        Column("security_type", String(32), nullable=False),
        Column("subtype", String(32)),
        Column("leverage", Float, nullable=False, server_default=text("1.0")),
    )


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

security_types = Table(
    "security_types",
    metadata,
    _id(),
    _ticker(unique=True),
    *_asserted(),
    Column("origin", String(16), nullable=False),
    Column("raw_label", Text),
    Column("name", Text),
    Column("last_updated", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    # Last, so that SQLite reads past it only where it is asked for.
    Column("fmp_data", JsonText),
    _one_of("security_type", SECURITY_TYPES, "security_type"),
    _one_of("origin", FACT_ORIGINS, "origin"),
    Index("ix_security_types_expires_at", "expires_at"),
    Index("ix_security_types_last_updated", "last_updated"),
    Index("ix_security_types_security_type", "security_type"),
)

# A table of its own, because a fact that is asked for anew must not lose what was said against it.
second_opinions = Table(
    "second_opinions",
    metadata,
    _id(),
    _ticker(unique=True),
    *_asserted(),
    Column("origin", String(16), nullable=False),
    Column("raw_label", Text),
    Column("name", Text),
    Column("last_updated", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    _one_of("security_type", SECURITY_TYPES, "security_type"),
    _one_of("origin", OPINION_ORIGINS, "origin"),
)

security_type_history = Table(
    "security_type_history",
    metadata,
    _id(),
    _ticker(unique=False),
    Column("old_type", String(32), nullable=False),
    Column("new_type", String(32), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("raw_label", Text),
    Column("changed_at", UtcDateTime, nullable=False),
    # What the replaced fact said besides its type; missing for changes kept before schema 0002.
    Column("old_subtype", String(32)),
    Column("old_leverage", Float),
    Column("old_origin", String(16)),
    Column("old_label", Text),
    Column("old_seen", UtcDateTime),
    _one_of("old_type", SECURITY_TYPES, "old_type"),
    _one_of("new_type", SECURITY_TYPES, "new_type"),
    _one_of("origin", FACT_ORIGINS, "origin"),
    Index("ix_security_type_history_ticker", "ticker", "changed_at"),
)

overrides = Table(
    "overrides",
    metadata,
    _id(),
    _ticker(unique=True),
    *_asserted(),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    _one_of("security_type", SECURITY_TYPES, "security_type"),
)

override_history = Table(
    "override_history",
    metadata,
    _id(),
    _ticker(unique=False),
    *_asserted(),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("ended_at", UtcDateTime, nullable=False),
    _one_of("security_type", SECURITY_TYPES, "security_type"),
    Index("ix_override_history_ticker", "ticker", "ended_at"),
)

lookup_misses = Table(
    "lookup_misses",
    metadata,
    _id(),
    _ticker(unique=True),
    Column("status", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    _one_of("status", KEPT_MISSES, "status"),
    Index("ix_lookup_misses_expires_at", "expires_at"),
)

# A table of its own: counting must not rewrite facts with their payloads.
ticker_uses = Table(
    "ticker_uses",
    metadata,
    Column("ticker", String(TICKER_WIDTH), primary_key=True),
    Column("uses", BigInteger, nullable=False),
    CheckConstraint("uses >= 0", name="uses"),
)

api_usage = Table(
    "api_usage",
    metadata,
    Column("day", Date, primary_key=True),
    Column("calls", Integer, nullable=False),
    CheckConstraint("calls >= 0", name="calls"),
)
