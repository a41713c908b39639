"""The timeline tells what became different; what was last known and restore points are kept."""

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"


def upgrade() -> None:
    """The timeline has its further columns, and the tables of the past exist."""
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    with op.batch_alter_table("timeline") as table:
        table.add_column(sa.Column("kind", key, nullable=False, server_default="deploy"))
        table.add_column(sa.Column("before", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("after", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("source", sa.Text(), nullable=False, server_default="timeline"))
        table.add_column(sa.Column("since", key, nullable=True))
        table.add_column(sa.Column("away", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("times", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("last_at", key, nullable=True))
    op.create_index("timeline_by_resource", "timeline", ["cluster", "resource", "at"])
    op.create_table(
        "looks",
        sa.Column("cluster", key, primary_key=True),
        sa.Column("at", key, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "restore_points",
        sa.Column("id", key, primary_key=True),
        sa.Column("cluster", key, nullable=False),
        sa.Column("at", key, nullable=False),
        sa.Column("change", key, nullable=False),
        sa.Column("same_until", key, nullable=True),
        sa.Column("parts", sa.Text(), nullable=False),
    )
    op.create_index("restore_points_newest", "restore_points", ["cluster", "at", "id"])
    op.create_table(
        "restore_parts",
        sa.Column("digest", key, primary_key=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "restore_holds",
        sa.Column("point", key, sa.ForeignKey("restore_points.id"), primary_key=True),
        sa.Column("part", key, primary_key=True),
        sa.Column("digest", key, nullable=False),
    )
    op.create_index("restore_holds_by_digest", "restore_holds", ["digest"])
