"""What went into each call of a step, and what came out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the shape."""
    op.add_column("attempts", sa.Column("request", sa.Text(), nullable=True))
    op.add_column("attempts", sa.Column("reply", sa.Text(), nullable=True))


def downgrade() -> None:
    """Change it back."""
    op.drop_column("attempts", "reply")
    op.drop_column("attempts", "request")
