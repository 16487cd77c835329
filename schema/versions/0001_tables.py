"""The tables of the cache; adopts the one table of the older system, where it is there.

The lists of allowed words are written out: a script tells what the schema was at its time, however
the package goes on.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import JSONB

from sectypes.errors import StoreSchemaError
from sectypes.store.tables import JsonText, UtcDateTime
from sectypes.tickers import canonical

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TYPES = ("equity", "etf", "mutual_fund", "cash", "bond", "crypto", "derivative", "other")
ORIGINS = ("provider", "fmp", "openfigi", "snapshot")
MISSES = ("not_found", "refused_symbol")

FACT_LIFE = timedelta(days=90)
OLDER = "security_types_older_system"

# A type changed by hand, with plain SQL, is a new assertion: it must not look as old as the
# former one, or the next fact would replace it unseen. The package sets the time itself.
TOUCH = """\
CREATE FUNCTION sectypes_touch() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.last_updated = now(); RETURN NEW; END $$"""
TRIGGER = """\
CREATE TRIGGER security_types_touch BEFORE UPDATE ON security_types FOR EACH ROW
WHEN (OLD.last_updated = NEW.last_updated
      AND (OLD.security_type, OLD.subtype, OLD.leverage)
          IS DISTINCT FROM (NEW.security_type, NEW.subtype, NEW.leverage))
EXECUTE FUNCTION sectypes_touch()"""


def upgrade() -> None:
    is_adopting = not context.is_offline_mode() and _has_older_table()
    if is_adopting:
        op.rename_table("security_types", OLDER)
    _create_facts()
    _create_history()
    _create_overrides()
    _create_misses()
    op.create_table(
        "api_usage",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.CheckConstraint("calls >= 0", name=op.f("ck_api_usage_calls")),
        sa.PrimaryKeyConstraint("day", name="pk_api_usage"),
    )
    if context.get_context().dialect.name == "postgresql":
        op.execute(TOUCH)
        op.execute(TRIGGER)
    if is_adopting:
        _copy_older_rows()


def _key(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite")),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.Column("ticker", sa.String(64), nullable=False),
    )


def _asserted() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("security_type", sa.String(32), nullable=False),
        sa.Column("subtype", sa.String(32)),
        sa.Column("leverage", sa.Float, nullable=False, server_default=sa.text("1.0")),
    )


def _one_of(table: str, column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def _create_facts() -> None:
    table = "security_types"
    op.create_table(
        table,
        *_key(table),
        *_asserted(),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("raw_label", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("last_updated", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("fmp_data", sa.JSON().with_variant(JSONB(), "postgresql")),
        sa.UniqueConstraint("ticker", name=f"uq_{table}_ticker"),
        _one_of(table, "security_type", TYPES),
        _one_of(table, "origin", ORIGINS),
    )
    for column in ("expires_at", "last_updated", "security_type"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _create_history() -> None:
    table = "security_type_history"
    op.create_table(
        table,
        *_key(table),
        sa.Column("old_type", sa.String(32), nullable=False),
        sa.Column("new_type", sa.String(32), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("raw_label", sa.Text),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        _one_of(table, "old_type", TYPES),
        _one_of(table, "new_type", TYPES),
        _one_of(table, "origin", ORIGINS),
    )
    op.create_index(f"ix_{table}_ticker", table, ["ticker", "changed_at"])


def _create_overrides() -> None:
    table = "overrides"
    op.create_table(
        table,
        *_key(table),
        *_asserted(),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.UniqueConstraint("ticker", name=f"uq_{table}_ticker"),
        _one_of(table, "security_type", TYPES),
    )


def _create_misses() -> None:
    table = "lookup_misses"
    op.create_table(
        table,
        *_key(table),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("observed_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("ticker", name=f"uq_{table}_ticker"),
        _one_of(table, "status", MISSES),
    )
    op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])


# -- the older system's table ---------------------------------------------------------------


def _has_older_table() -> bool:
    if not sa.inspect(op.get_bind()).has_table("security_types"):
        return False
    found = _columns("security_types")
    if not {"ticker", "security_type"} <= found:
        raise StoreSchemaError(
            "the database has a table security_types that is neither this package's nor the older"
            " system's: rename it, or name another database in SECTYPES_DATABASE_URL",
            found=None,
            needed=revision,
        )
    return "origin" not in found


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def _copy_older_rows() -> None:
    """Copy each ticker's newest row; spellings of one ticker become one, so the table stays too."""
    found = _columns(OLDER)
    wanted = ("ticker", "security_type", "fmp_data", "last_updated", "created_at")
    words = ", ".join(name if name in found else f"NULL AS {name}" for name in wanted)
    older = op.get_bind().exec_driver_sql(f"SELECT {words} FROM {OLDER}")  # noqa: S608
    rows: dict[str, dict[str, Any]] = {}
    for ticker, kind, data, updated, created in older:
        row = _as_fact(
            canonical(str(ticker or "")), kind, data, _utc(updated or created), _utc(created)
        )
        known = rows.get(row["ticker"])
        if row["ticker"] and (known is None or known["last_updated"] < row["last_updated"]):
            rows[row["ticker"]] = row
    columns = [sa.column("ticker"), sa.column("security_type"), sa.column("leverage")]
    columns += [sa.column("origin"), sa.column("raw_label"), sa.column("name")]
    columns += [sa.column(name, UtcDateTime) for name in ("last_updated", "expires_at")]
    columns += [sa.column("created_at", UtcDateTime), sa.column("fmp_data", JsonText)]
    if rows:
        op.bulk_insert(sa.table("security_types", *columns), list(rows.values()))


def _as_fact(
    key: str, kind: str | None, data: object, updated: datetime, created: datetime
) -> dict[str, Any]:
    """With FMP's profile it is FMP's fact; without, somebody's word, to be asked for again."""
    profile = _profile(data)
    is_proven = isinstance(profile, dict) and bool(profile)
    name = profile.get("companyName") if isinstance(profile, dict) else None
    word = str(kind or "").strip().lower()
    return {
        "ticker": key,
        # A word that the taxonomy does not know takes the conservative rate.
        "security_type": word if word in TYPES else "other",
        "leverage": 1.0,
        "origin": "fmp" if is_proven else "provider",
        "raw_label": kind,
        "name": name if isinstance(name, str) else None,
        "last_updated": updated,
        "expires_at": updated + FACT_LIFE if is_proven else updated,
        "created_at": created,
        "fmp_data": None if profile is None else json.dumps(profile),
    }


def _profile(data: object) -> Any:
    """What is no JSON proves nothing; the older table keeps it."""
    try:
        return json.loads(data) if isinstance(data, str) else data
    except (ValueError, RecursionError):
        return None


def _utc(time: object) -> datetime:
    """The older system wrote UTC without saying so; a missing or unreadable time is long ago."""
    try:
        read = datetime.fromisoformat(time) if isinstance(time, str) else time
        if isinstance(read, datetime):
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return datetime(1970, 1, 1, tzinfo=UTC)
