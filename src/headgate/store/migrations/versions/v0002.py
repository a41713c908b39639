"""The history of what moves: names of series, their newest samples, and chunks of older ones."""

import sqlalchemy as sa
from alembic import op

revision = "v0002"
down_revision = "v0001"


def upgrade() -> None:
    """The tables of the history exist."""
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "series_names",
        sa.Column("cluster", key, primary_key=True),
        sa.Column("kind", key, primary_key=True),
        sa.Column("first", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("from_ms", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("owner", key, nullable=False),
        sa.Column("name", key, nullable=False),
        sa.Column("uid", key, nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
    )
    op.create_index("series_by_name", "series_names", ["cluster", "kind", "owner", "name"])
    op.create_table(
        "series_rows",
        sa.Column("cluster", key, primary_key=True),
        sa.Column("kind", key, primary_key=True),
        sa.Column("step_s", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("block", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "series_chunks",
        sa.Column("cluster", key, primary_key=True),
        sa.Column("kind", key, primary_key=True),
        sa.Column("step_s", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("block", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("from_ms", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index(
        "series_chunks_by_end", "series_chunks", ["cluster", "kind", "step_s", "until_ms"]
    )
