"""The GPU-seconds of each call, of its step and of its run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("runs", "steps", "attempts")


def upgrade() -> None:
    """Change the shape."""
    for table in _TABLES:
        op.add_column(
            table, sa.Column("gpu_seconds", sa.Double(), nullable=False, server_default=sa.text("0"))
        )


def downgrade() -> None:
    """Change it back."""
    for table in _TABLES:
        op.drop_column(table, "gpu_seconds")
