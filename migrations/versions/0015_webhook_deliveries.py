"""What came of telling the webhook of a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the shape."""
    op.add_column("runs", sa.Column("webhook", sa.Text(), nullable=True))


def downgrade() -> None:
    """Change it back."""
    op.drop_column("runs", "webhook")
