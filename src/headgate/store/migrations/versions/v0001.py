"""The first schema: changes, incidents, audit, leases, people and what belongs to them."""

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None


def upgrade() -> None:
    """The tables of the first schema exist."""
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "changes",
        sa.Column("id", key, primary_key=True),
        sa.Column("cluster", key, nullable=False),
        sa.Column("action", key, nullable=False),
        sa.Column("cause", key, nullable=False),
        sa.Column("target", key, nullable=False),
        sa.Column("incident", key, nullable=False),
        sa.Column("requester", key, nullable=False),
        sa.Column("proposed_at", key, nullable=False),
        sa.Column("state", key, nullable=False),
        sa.Column("started_at", key, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("changes_by_incident", "changes", ["incident"])
    op.create_index("changes_by_start", "changes", ["cluster", "action", "started_at"])
    op.create_index("changes_by_state", "changes", ["cluster", "state"])
    op.create_index("changes_newest", "changes", ["proposed_at", "id"])
    op.create_table(
        "journal",
        sa.Column("change_id", key, sa.ForeignKey("changes.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", key, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "incidents",
        sa.Column("id", key, primary_key=True),
        sa.Column("cluster", key, nullable=False),
        sa.Column("state", key, nullable=False),
        sa.Column("opened_at", key, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("incidents_by_state", "incidents", ["cluster", "state"])
    op.create_index("incidents_newest", "incidents", ["opened_at", "id"])
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", key, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("target", key, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
    )
    op.create_index("audit_by_target", "audit", ["target", "number"])
    op.create_table(
        "leases",
        sa.Column("name", key, primary_key=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("since", key, nullable=False),
        sa.Column("expires_at", key, nullable=False),
    )
    op.create_table(
        "users",
        sa.Column("name", key, primary_key=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("teams", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", key, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("id", key, primary_key=True),
        sa.Column("user", key, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("secret_hash", key, nullable=False, unique=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("created_at", key, nullable=False),
        sa.Column("expires_at", key, nullable=True),
        sa.Column("last_used_at", key, nullable=True),
    )
    op.create_index("tokens_by_user", "tokens", ["user"])
    op.create_table(
        "sessions",
        sa.Column("secret_hash", key, primary_key=True),
        sa.Column("user", key, nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", key, nullable=False),
        sa.Column("expires_at", key, nullable=False),
    )
    op.create_index("sessions_by_end", "sessions", ["expires_at"])
    op.create_index("sessions_by_user", "sessions", ["user"])
    op.create_table(
        "timeline",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("cluster", key, nullable=False),
        sa.Column("at", key, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
    )
    op.create_index("timeline_by_time", "timeline", ["cluster", "at"])
    op.create_table(
        "switches",
        sa.Column("name", key, primary_key=True),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", key, nullable=False),
    )
    op.create_table(
        "answers",
        sa.Column("actor", key, primary_key=True),
        sa.Column("key", key, primary_key=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", key, nullable=False),
    )
    op.create_index("answers_by_time", "answers", ["at"])
