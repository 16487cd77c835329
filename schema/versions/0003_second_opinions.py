"""What the second source says about tickers, beside the facts and never in their place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sectypes.store.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TYPES = ("equity", "etf", "mutual_fund", "cash", "bond", "crypto", "derivative", "other")


def upgrade() -> None:
    table = "second_opinions"
    listed = ", ".join(f"'{word}'" for word in TYPES)
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite")),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.Column("ticker", sa.String(64), nullable=False),
        sa.Column("security_type", sa.String(32), nullable=False),
        sa.Column("subtype", sa.String(32)),
        sa.Column("leverage", sa.Float, nullable=False, server_default=sa.text("1.0")),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("raw_label", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("last_updated", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.UniqueConstraint("ticker", name=f"uq_{table}_ticker"),
        sa.CheckConstraint(f"security_type IN ({listed})", name=op.f(f"ck_{table}_security_type")),
        sa.CheckConstraint("origin IN ('openfigi')", name=op.f(f"ck_{table}_origin")),
    )
