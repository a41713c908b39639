"""The tables. Columns hold what queries need; the rest of a value stands beside them as JSON.

Times are text of fixed length in UTC (``codec.instant``), so that they sort alike in both
databases and can be read by a person with a database shell.
"""

import sqlalchemy as sa

METADATA = sa.MetaData()

# Sorted and compared byte by byte in both databases, whatever locale PostgreSQL was made with.
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_AT = _KEY

CHANGES = sa.Table(
    "changes",
    METADATA,
    sa.Column("id", _KEY, primary_key=True),
    sa.Column("cluster", _KEY, nullable=False),
    sa.Column("action", _KEY, nullable=False),
    sa.Column("cause", _KEY, nullable=False),
    sa.Column("target", _KEY, nullable=False),
    sa.Column("incident", _KEY, nullable=False),
    sa.Column("requester", _KEY, nullable=False),
    sa.Column("proposed_at", _AT, nullable=False),
    sa.Column("state", _KEY, nullable=False),
    sa.Column("started_at", _AT, nullable=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("changes_newest", "proposed_at", "id"),
    sa.Index("changes_by_state", "cluster", "state"),
    sa.Index("changes_by_incident", "incident"),
    sa.Index("changes_by_start", "cluster", "action", "started_at"),
)

JOURNAL = sa.Table(
    "journal",
    METADATA,
    sa.Column("change_id", _KEY, sa.ForeignKey("changes.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", _AT, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
)

INCIDENTS = sa.Table(
    "incidents",
    METADATA,
    sa.Column("id", _KEY, primary_key=True),
    sa.Column("cluster", _KEY, nullable=False),
    sa.Column("state", _KEY, nullable=False),
    sa.Column("opened_at", _AT, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("incidents_newest", "opened_at", "id"),
    sa.Index("incidents_by_state", "cluster", "state"),
)

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", _AT, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("target", _KEY, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Index("audit_by_target", "target", "number"),
)

LEASES = sa.Table(
    "leases",
    METADATA,
    sa.Column("name", _KEY, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("since", _AT, nullable=False),
    sa.Column("expires_at", _AT, nullable=False),
)

USERS = sa.Table(
    "users",
    METADATA,
    sa.Column("name", _KEY, primary_key=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("teams", sa.Text, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created_at", _AT, nullable=False),
)

TOKENS = sa.Table(
    "tokens",
    METADATA,
    sa.Column("id", _KEY, primary_key=True),
    sa.Column("user", _KEY, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("secret_hash", _KEY, nullable=False, unique=True),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("created_at", _AT, nullable=False),
    sa.Column("expires_at", _AT, nullable=True),
    sa.Column("last_used_at", _AT, nullable=True),
    sa.Index("tokens_by_user", "user"),
)

SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("secret_hash", _KEY, primary_key=True),
    sa.Column("user", _KEY, nullable=False),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("created_at", _AT, nullable=False),
    sa.Column("expires_at", _AT, nullable=False),
    sa.Index("sessions_by_user", "user"),
    sa.Index("sessions_by_end", "expires_at"),
)

TIMELINE = sa.Table(
    "timeline",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("cluster", _KEY, nullable=False),
    sa.Column("at", _AT, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("resource", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("kind", _KEY, nullable=False, server_default="deploy"),
    sa.Column("before", sa.Text, nullable=False, server_default=""),
    sa.Column("after", sa.Text, nullable=False, server_default=""),
    sa.Column("source", sa.Text, nullable=False, server_default="timeline"),
    sa.Column("since", _AT, nullable=True),
    sa.Column("away", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("times", sa.Integer, nullable=False, server_default="1"),
    sa.Column("last_at", _AT, nullable=True),
    sa.Index("timeline_by_time", "cluster", "at"),
    sa.Index("timeline_by_resource", "cluster", "resource", "at"),
)

LOOKS = sa.Table(
    "looks",
    METADATA,
    sa.Column("cluster", _KEY, primary_key=True),
    sa.Column("at", _AT, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

RESTORE_POINTS = sa.Table(
    "restore_points",
    METADATA,
    sa.Column("id", _KEY, primary_key=True),
    sa.Column("cluster", _KEY, nullable=False),
    sa.Column("at", _AT, nullable=False),
    sa.Column("change", _KEY, nullable=False),
    sa.Column("same_until", _AT, nullable=True),
    sa.Column("parts", sa.Text, nullable=False),
    sa.Index("restore_points_newest", "cluster", "at", "id"),
)

RESTORE_PARTS = sa.Table(
    "restore_parts",
    METADATA,
    sa.Column("digest", _KEY, primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

RESTORE_HOLDS = sa.Table(
    "restore_holds",
    METADATA,
    sa.Column("point", _KEY, sa.ForeignKey("restore_points.id"), primary_key=True),
    sa.Column("part", _KEY, primary_key=True),
    sa.Column("digest", _KEY, nullable=False),
    sa.Index("restore_holds_by_digest", "digest"),
)
"""Which part of which point has which content."""

SWITCHES = sa.Table(
    "switches",
    METADATA,
    sa.Column("name", _KEY, primary_key=True),
    sa.Column("on", sa.Boolean, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", _AT, nullable=False),
)

NOTICES = sa.Table(
    "notices",
    METADATA,
    sa.Column("incident", _KEY, primary_key=True),
    sa.Column("channel", _KEY, primary_key=True),
    sa.Column("sent_at", _AT, nullable=True),
    sa.Column("over", sa.Boolean, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("notices_by_time", "over", "sent_at"),
)

ANSWERS = sa.Table(
    "answers",
    METADATA,
    sa.Column("actor", _KEY, primary_key=True),
    sa.Column("key", _KEY, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", _AT, nullable=False),
    sa.Index("answers_by_time", "at"),
)

SERIES_NAMES = sa.Table(
    "series_names",
    METADATA,
    sa.Column("cluster", _KEY, primary_key=True),
    sa.Column("kind", _KEY, primary_key=True),
    sa.Column("first", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("from_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("owner", _KEY, nullable=False),
    sa.Column("name", _KEY, nullable=False),
    sa.Column("uid", _KEY, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=True),
    sa.Index("series_by_name", "cluster", "kind", "owner", "name"),
)

SERIES_ROWS = sa.Table(
    "series_rows",
    METADATA,
    sa.Column("cluster", _KEY, primary_key=True),
    sa.Column("kind", _KEY, primary_key=True),
    sa.Column("step_s", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

SERIES_CHUNKS = sa.Table(
    "series_chunks",
    METADATA,
    sa.Column("cluster", _KEY, primary_key=True),
    sa.Column("kind", _KEY, primary_key=True),
    sa.Column("step_s", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("from_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("series_chunks_by_end", "cluster", "kind", "step_s", "until_ms"),
)
