"""Workers: which are alive; steps: whose approval is wanted, and whose results may be used again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STEP_TEXTS = ("approval", "result_key", "reused_from")


def upgrade() -> None:
    """Change the shape."""
    for name in _STEP_TEXTS:
        op.add_column("steps", sa.Column(name, sa.Text(), nullable=True))
    op.create_table(
        "workers",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_workers")),
    )
    op.create_table(
        "results",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_results")),
    )
    for column in ("made_at", "expires_at"):
        op.create_index(f"ix_results_{column}", "results", [column], unique=False)


def downgrade() -> None:
    """Change it back."""
    op.drop_table("results")
    op.drop_table("workers")
    for name in reversed(_STEP_TEXTS):
        op.drop_column("steps", name)
