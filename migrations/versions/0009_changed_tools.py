"""Tools know the number of their last change, so that who keeps them in memory reads only what changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the shape."""
    # What a process of the version before registers has the number 0, and is seen at the next start.
    op.add_column("tools", sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_index("ix_tools_changed", "tools", ["changed"], unique=False)


def downgrade() -> None:
    """Change it back."""
    op.drop_index("ix_tools_changed", table_name="tools")
    op.drop_column("tools", "changed")
