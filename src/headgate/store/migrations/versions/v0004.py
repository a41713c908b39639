"""Channels are told of incidents, one thread each."""

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"


def upgrade() -> None:
    """The table of threads exists."""
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "notices",
        sa.Column("incident", key, primary_key=True),
        sa.Column("channel", key, primary_key=True),
        sa.Column("sent_at", key, nullable=True),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("notices_by_time", "notices", ["over", "sent_at"])
