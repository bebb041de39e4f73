"""Changed definitions of tools wait for a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the shape."""
    op.add_column("tools", sa.Column("pending", sa.Text(), nullable=True))


def downgrade() -> None:
    """Change it back."""
    op.drop_column("tools", "pending")
