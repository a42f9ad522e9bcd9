"""Journal, clocks, timers, reactions, idempotency, signing keys, files."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0001_platform"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def append_only(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def upgrade() -> None:
    op.execute(REFUSE_CHANGE)
    op.create_table(
        "journal_epochs",
        sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("system_identifier", sa.BigInteger, nullable=False),
        sa.Column("timeline", sa.Integer, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
    )
    op.execute(
        "INSERT INTO journal_epochs SELECT 1, system_identifier, "
        "('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer, "
        "clock_timestamp() FROM pg_control_system()"
    )
    op.execute(
        "CREATE FUNCTION journal_epoch() RETURNS integer LANGUAGE sql STABLE "
        "AS $$ SELECT max(epoch) FROM journal_epochs $$"
    )
    op.create_table(
        "journal_heads",
        sa.Column("subject_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "journal_events",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("epoch", sa.Integer, nullable=False, server_default=sa.text("journal_epoch()")),
        sa.Column(
            "txid",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
        ),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("subject_version", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("market_at", TIME, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("request_id", sa.String(64)),
        sa.Column("public", pg.JSONB, nullable=False),
        sa.Column("restricted", pg.JSONB, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("audience", pg.ARRAY(sa.Uuid), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_journal_events_feed", "journal_events", ["epoch", "txid", "seq"])
    op.create_index(
        "uq_journal_events_subject",
        "journal_events",
        ["subject_id", "subject_version"],
        unique=True,
    )
    append_only("journal_events")
    op.create_table(
        "market_clocks",
        sa.Column("market_id", sa.Uuid, primary_key=True),
        sa.Column("sandbox", sa.Boolean, nullable=False),
        sa.Column("ahead", sa.Interval, nullable=False),
        sa.CheckConstraint("sandbox OR ahead = interval '0'", name="live_has_no_offset"),
    )
    op.create_table(
        "timers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("retry_at", TIME),
        sa.Column("parked_at", TIME),
        sa.Column("last_error", sa.String(2000)),
    )
    op.create_index("uq_timers_subject_kind", "timers", ["subject_id", "kind"], unique=True)
    op.create_index("ix_timers_due", "timers", ["due_at"])
    op.create_table(
        "reaction_cursors",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("txid", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("retry_at", TIME),
        sa.Column("last_error", sa.String(2000)),
    )
    op.create_table(
        "idempotency_answers",
        sa.Column("caller", sa.String(60), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", pg.JSONB),
        sa.Column("body", sa.LargeBinary),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.text("clock_timestamp()")),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(64), primary_key=True),
        sa.Column("public_jwk", pg.JSONB, nullable=False),
        sa.Column("private_box", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("retired_at", TIME),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("audience", sa.String(6), nullable=False),
        sa.Column("uploaded_by", sa.String(60), nullable=False),
        sa.Column(
            "uploaded_at", TIME, nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.CheckConstraint("audience IN ('public', 'market', 'owner')", name="audience"),
    )
    op.create_index("ix_files_party_id", "files", ["party_id"])


def downgrade() -> None:
    for table in (
        "files",
        "signing_keys",
        "idempotency_answers",
        "reaction_cursors",
        "timers",
        "market_clocks",
        "journal_events",
        "journal_heads",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION journal_epoch()")
    op.drop_table("journal_epochs")
    op.execute("DROP FUNCTION refuse_change()")
