"""What the keepers of a shared cache need: uses, what a fact was before, what overrides were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sectypes.store.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TYPES = ("equity", "etf", "mutual_fund", "cash", "bond", "crypto", "derivative", "other")


def upgrade() -> None:
    table = "security_type_history"
    # All may be missing: changes that were kept before this script do not tell.
    op.add_column(table, sa.Column("old_subtype", sa.String(32)))
    op.add_column(table, sa.Column("old_leverage", sa.Float))
    op.add_column(table, sa.Column("old_origin", sa.String(16)))
    op.add_column(table, sa.Column("old_label", sa.Text))
    op.add_column(table, sa.Column("old_seen", UtcDateTime))
    op.create_table(
        "ticker_uses",
        sa.Column("ticker", sa.String(64), nullable=False),
        sa.Column("uses", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("ticker", name="pk_ticker_uses"),
        sa.CheckConstraint("uses >= 0", name=op.f("ck_ticker_uses_uses")),
    )
    _create_override_history()


def _create_override_history() -> None:
    table = "override_history"
    listed = ", ".join(f"'{word}'" for word in TYPES)
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite")),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.Column("ticker", sa.String(64), nullable=False),
        sa.Column("security_type", sa.String(32), nullable=False),
        sa.Column("subtype", sa.String(32)),
        sa.Column("leverage", sa.Float, nullable=False, server_default=sa.text("1.0")),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(f"security_type IN ({listed})", name=op.f(f"ck_{table}_security_type")),
    )
    op.create_index(f"ix_{table}_ticker", table, ["ticker", "ended_at"])
