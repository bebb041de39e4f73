"""How far calls under way say that they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the shape."""
    op.add_column("steps", sa.Column("progress", sa.Text(), nullable=True))


def downgrade() -> None:
    """Change it back."""
    op.drop_column("steps", "progress")
