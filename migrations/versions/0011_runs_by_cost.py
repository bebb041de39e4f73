"""Runs are found by what they cost."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NAME = "ix_runs_spent_nano"


def upgrade() -> None:
    """Change the shape."""
    op.create_index(_NAME, "runs", ["spent_nano", "created_at", "id", "status"], unique=False)


def downgrade() -> None:
    """Change it back."""
    op.drop_index(_NAME, table_name="runs")
