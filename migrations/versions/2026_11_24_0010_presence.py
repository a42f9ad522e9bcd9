"""Signs of life of the API processes, and the times without any."""

from alembic import op
import sqlalchemy as sa

revision = "0010_presence"
down_revision = "0009_auction_formats"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

# Another process's fresh sign is enough: most signs read one row and write nothing.
BEAT = """
CREATE FUNCTION presence_beat(absence_min interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    last_at timestamptz;
    beat_at timestamptz;
BEGIN
    SELECT last_beat_at INTO last_at FROM presence;
    IF NOT FOUND THEN
        INSERT INTO presence (single, last_beat_at) VALUES (true, clock_timestamp())
        ON CONFLICT DO NOTHING;
        RETURN;
    END IF;
    IF clock_timestamp() - last_at < interval '250 milliseconds' THEN
        RETURN;
    END IF;
    SELECT last_beat_at INTO last_at FROM presence FOR UPDATE;
    beat_at := clock_timestamp();
    IF beat_at - last_at > absence_min THEN
        INSERT INTO absences (from_at, until_at) VALUES (last_at, beat_at);
    END IF;
    IF beat_at > last_at THEN
        UPDATE presence SET last_beat_at = beat_at;
    END IF;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("single", sa.Boolean, primary_key=True, autoincrement=False),
        sa.Column("last_beat_at", TIME, nullable=False),
        sa.CheckConstraint("single", name="one_row"),
    )
    op.create_table(
        "absences",
        sa.Column("from_at", TIME, primary_key=True),
        sa.Column("until_at", TIME, nullable=False),
        sa.CheckConstraint("from_at < until_at", name="period"),
    )
    op.create_index("ix_absences_until_at", "absences", ["until_at"])
    op.execute(
        "CREATE TRIGGER absences_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON absences "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(BEAT)
    op.add_column("market_clocks", sa.Column("moved_at", TIME))


def downgrade() -> None:
    op.drop_column("market_clocks", "moved_at")
    op.execute("DROP FUNCTION presence_beat(interval)")
    op.drop_table("absences")
    op.drop_table("presence")
