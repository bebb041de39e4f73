"""keys and limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_HAS_KEY = sa.text("key_id IS NOT NULL")
_QUEUED = sa.text("waits_for IS NOT NULL")


def upgrade() -> None:
    """Change the shape."""
    op.add_column("runs", sa.Column("key_id", sa.Text(), nullable=True))
    op.create_index(
        "ix_runs_status_key_id",
        "runs",
        ["status", "key_id"],
        unique=False,
        sqlite_where=_HAS_KEY,
        postgresql_where=_HAS_KEY,
    )
    op.add_column("steps", sa.Column("gated", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("steps", sa.Column("pools", sa.Text(), nullable=True))
    op.add_column("steps", sa.Column("waits_for", sa.Text(), nullable=True))
    op.add_column("steps", sa.Column("queued_at", sa.Double(), nullable=True))
    op.create_index(
        "ix_steps_waits_for",
        "steps",
        ["waits_for", sa.literal_column("priority DESC"), "queued_at"],
        unique=False,
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "pools",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=True),
        sa.Column("burst", sa.Double(), nullable=True),
        sa.Column("split_by", sa.Text(), nullable=True),
        sa.Column("tokens", sa.Double(), nullable=True),
        sa.Column("filled_at", sa.Double(), nullable=True),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pools")),
    )
    op.create_table(
        "caps",
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("cap_nano", sa.BigInteger(), nullable=False),
        sa.Column("period_start", sa.Double(), nullable=False),
        sa.Column("spent_nano", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool"], ["pools.name"], name=op.f("fk_caps_pool_pools"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool", "period", name=op.f("pk_caps")),
    )
    op.create_table(
        "slots",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("reserved_nano", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("taken_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "idx", "pool", name=op.f("pk_slots")),
    )
    op.create_index("ix_slots_pool", "slots", ["pool"], unique=False)


def downgrade() -> None:
    """Change it back."""
    op.drop_index("ix_slots_pool", table_name="slots")
    op.drop_table("slots")
    op.drop_table("caps")
    op.drop_table("pools")
    op.drop_table("api_keys")
    op.drop_index("ix_steps_waits_for", table_name="steps", sqlite_where=_QUEUED, postgresql_where=_QUEUED)
    for name in ("queued_at", "waits_for", "pools", "gated"):
        op.drop_column("steps", name)
    op.drop_index(
        "ix_runs_status_key_id", table_name="runs", sqlite_where=_HAS_KEY, postgresql_where=_HAS_KEY
    )
    op.drop_column("runs", "key_id")
