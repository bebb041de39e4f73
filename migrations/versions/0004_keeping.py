"""keeping."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_runs_dead_job", "runs", ["finished_at", "id"], "dead_job IS NOT NULL"),
    ("ix_runs_undo_at", "runs", ["undo_at"], "undo_at IS NOT NULL"),
    ("ix_runs_finished_at", "runs", ["finished_at"], "finished_at IS NOT NULL"),
    ("ix_runs_plan_id", "runs", ["plan_id"], "plan_id IS NOT NULL"),
    ("ix_steps_deadline_at", "steps", ["deadline_at"], "deadline_at IS NOT NULL AND finished_at IS NULL"),
    ("ix_steps_poisoned", "steps", ["finished_at", "run_id", "idx"], "status = 'poisoned'"),
)


def upgrade() -> None:
    """Change the shape."""
    op.add_column("runs", sa.Column("dead_job", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("undoing", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("undo_at", sa.Double(), nullable=True))
    op.add_column("steps", sa.Column("deadline", sa.Double(), nullable=True))
    op.add_column("steps", sa.Column("deadline_at", sa.Double(), nullable=True))
    op.add_column("artifacts", sa.Column("used_at", sa.Double(), nullable=True))
    op.create_table(
        "undos",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("tool_version", sa.Integer(), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("usd_nano", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_undos_run_id_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "idx", "revision", name=op.f("pk_undos")),
    )
    for name, table, columns, where in _INDEXES:
        op.create_index(
            name,
            table,
            columns,
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def downgrade() -> None:
    """Change it back."""
    for name, table, _, where in reversed(_INDEXES):
        op.drop_index(name, table_name=table, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.drop_table("undos")
    op.drop_column("artifacts", "used_at")
    op.drop_column("steps", "deadline_at")
    op.drop_column("steps", "deadline")
    for name in ("undo_at", "undoing", "dead_job"):
        op.drop_column("runs", name)
