"""Labels know when their run was accepted, so that the newest runs with one are found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INDEX = ("key", "value", "created_at", "run_id")


def upgrade() -> None:
    """Change the shape."""
    # A process of the version before writes 0, and its runs are listed last under their labels.
    op.add_column(
        "run_labels", sa.Column("created_at", sa.Double(), server_default=sa.text("0"), nullable=False)
    )
    op.execute(
        "UPDATE run_labels SET created_at ="
        " (SELECT runs.created_at FROM runs WHERE runs.id = run_labels.run_id)"
    )
    op.create_index("ix_run_labels_newest", "run_labels", list(_INDEX), unique=False)
    op.drop_index("ix_run_labels_key_value", table_name="run_labels")


def downgrade() -> None:
    """Change it back."""
    op.create_index("ix_run_labels_key_value", "run_labels", ["key", "value"], unique=False)
    op.drop_index("ix_run_labels_newest", table_name="run_labels")
    op.drop_column("run_labels", "created_at")
