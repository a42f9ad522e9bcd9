"""Roadshows and deal rooms; files that a further party may read."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0025_rooms"
down_revision = "0024_posted"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
KEPT = ("room_messages", "room_documents", "room_meetings")


def _ref(name: str, table: str, **how: object) -> sa.Column:
    return sa.Column(name, sa.Uuid, sa.ForeignKey(f"{table}.id"), **{"nullable": False} | how)


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def upgrade() -> None:
    op.create_table(
        "file_grants",
        _ref("file_id", "files", primary_key=True),
        sa.Column("party_id", sa.Uuid, primary_key=True),
        sa.Column("ground_id", sa.Uuid, primary_key=True),
    )
    op.create_index("ix_file_grants_ground_id", "file_grants", ["ground_id"])
    _roadshows()
    _rooms()
    _said()
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _roadshows() -> None:
    op.create_table(
        "roadshows",
        sa.Column("id", sa.Uuid, primary_key=True),
        _ref("market_id", "markets"),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("place", sa.String(200)),
        sa.Column("link", sa.String(200)),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("agenda", pg.JSONB, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("reason", sa.Text),
        _one_of("status", "draft", "announced", "held", "cancelled"),
        _one_of("kind", "online", "offline", "hybrid"),
        sa.CheckConstraint("capacity > 0 AND ends_at > starts_at", name="sizes"),
    )
    op.create_index("ix_roadshows_market_id", "roadshows", ["market_id", "id"])
    op.create_table(
        "roadshow_signups",
        sa.Column("id", sa.Uuid, primary_key=True),
        _ref("roadshow_id", "roadshows"),
        _ref("market_id", "markets"),
        _ref("party_id", "parties"),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("signed_up_at", TIME, nullable=False),
        sa.Column("attended", sa.Integer),
        _one_of("status", "seated", "waiting", "cancelled"),
        sa.CheckConstraint("seats > 0", name="seats"),
    )
    op.create_index(
        "uq_roadshow_signups_place", "roadshow_signups", ["roadshow_id", "place"], unique=True
    )
    op.create_index(
        "uq_roadshow_signups_party",
        "roadshow_signups",
        ["roadshow_id", "party_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'cancelled'"),
    )
    op.create_table(
        "roadshow_interests",
        _ref("roadshow_id", "roadshows", primary_key=True),
        _ref("party_id", "parties", primary_key=True),
        _ref("achievement_id", "achievements", nullable=True),
        sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("noted_at", TIME, nullable=False),
    )


def _rooms() -> None:
    op.create_table(
        "deal_rooms",
        sa.Column("id", sa.Uuid, primary_key=True),
        _ref("market_id", "markets"),
        _ref("achievement_id", "achievements"),
        _ref("owner_id", "parties"),
        _ref("buyer_id", "parties"),
        _ref("roadshow_id", "roadshows", nullable=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("requested_by", sa.String(60), nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("answer_due_at", TIME, nullable=False),
        sa.Column("answered_at", TIME),
        sa.Column("nda_text", sa.Text),
        sa.Column("nda_hash", sa.String(64)),
        sa.Column("owner_accepted_by", sa.String(60)),
        sa.Column("owner_accepted_at", TIME),
        sa.Column("buyer_accepted_by", sa.String(60)),
        sa.Column("buyer_accepted_at", TIME),
        sa.Column("opened_at", TIME),
        sa.Column("first_meeting_at", TIME),
        sa.Column("first_offer_at", TIME),
        sa.Column("agreed_at", TIME),
        sa.Column("agreed_offer", sa.Integer),
        _ref("listing_id", "listings", nullable=True),
        sa.Column("ended_at", TIME),
        sa.Column("reason", sa.Text),
        sa.Column("mediation_at", TIME),
        sa.Column("mediation_reason", sa.Text),
        _one_of(
            "status", "requested", "declined", "answering", "open", "agreed", "closed", "lapsed"
        ),
        sa.CheckConstraint(
            "opened_at IS NULL"
            " OR (owner_accepted_at IS NOT NULL AND buyer_accepted_at IS NOT NULL)",
            name="nda",
        ),
        sa.CheckConstraint(
            "(status = 'agreed') = (agreed_offer IS NOT NULL AND listing_id IS NOT NULL)",
            name="agreed",
        ),
    )
    op.create_index(
        "uq_deal_rooms_living",
        "deal_rooms",
        ["achievement_id", "buyer_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('requested', 'answering', 'open')"),
    )
    op.create_index("ix_deal_rooms_owner_id", "deal_rooms", ["owner_id", "id"])
    op.create_index("ix_deal_rooms_buyer_id", "deal_rooms", ["buyer_id", "id"])
    op.create_index("ix_deal_rooms_market_id", "deal_rooms", ["market_id", "requested_at"])


def _entry(table: str, *columns: object, by: str, at: str) -> None:
    op.create_table(
        table,
        _ref("room_id", "deal_rooms", primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column(by, sa.String(60), nullable=False),
        sa.Column(at, TIME, nullable=False),
        *columns,
    )


def _said() -> None:
    _entry(
        "room_messages",
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        by="sent_by",
        at="sent_at",
    )
    _entry(
        "room_documents",
        _ref("file_id", "files"),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        by="added_by",
        at="added_at",
    )
    op.create_index(
        "uq_room_documents_file_id", "room_documents", ["room_id", "file_id"], unique=True
    )
    _entry(
        "room_meetings",
        sa.Column("held_at", TIME, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("participants", pg.ARRAY(sa.String(200)), nullable=False),
        sa.CheckConstraint("minutes > 0", name="minutes"),
        by="recorded_by",
        at="recorded_at",
    )
    _entry(
        "room_offers",
        sa.Column("answers", sa.Integer),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("price_currency", sa.String(3), nullable=False),
        sa.Column("conversion_mode", sa.String(40), nullable=False),
        sa.Column("payment_terms", sa.Text, nullable=False),
        sa.Column("contract_terms", sa.Text, nullable=False),
        sa.Column("use_scope", sa.Text, nullable=False),
        sa.Column("valid_until", TIME, nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("offer_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("answered_by", sa.String(60)),
        sa.Column("answered_at", TIME),
        sa.Column("reason", sa.Text),
        _one_of("status", "waiting", "countered", "accepted", "declined", "withdrawn"),
        sa.CheckConstraint("price_minor > 0", name="price"),
        by="made_by",
        at="made_at",
    )


def downgrade() -> None:
    for table in (
        "room_offers",
        "room_meetings",
        "room_documents",
        "room_messages",
        "deal_rooms",
        "roadshow_interests",
        "roadshow_signups",
        "roadshows",
        "file_grants",
    ):
        op.drop_table(table)
