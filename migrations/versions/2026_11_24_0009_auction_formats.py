"""Every bidding format: states, sealed bids, openings, reserves, priority rights, awards."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0009_auction_formats"
down_revision = "0008_auctions"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
CODE = sa.String(12)
STATUSES = (
    "scheduled", "free", "timed", "sealed", "between", "falling", "opening", "matching", "paused",
    "awarded", "failed", "confirmed", "offering", "cancelled", "annulled",
)
EARLIER = ("scheduled", "free", "timed", "awarded", "failed", "confirmed")
# What a term means that older terms do not name.
TERMS = """{
  "direction": "up", "kind": "online_bidding", "reserve_secret": false, "extensions_max": null,
  "round_s": null, "rounds": null, "gap_s": null, "eliminate": null, "interval_s": null,
  "criteria": null, "sealing": null, "holders": null, "threshold": null, "priority_mode": "none",
  "priority_window_s": null, "fault_tolerance_s": 10, "resumption_notice_s": 600,
  "standby_count": 0, "silent_forfeits": false
}"""


def _append_only(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _of_auction(**more) -> sa.Column:
    return sa.Column("auction_id", sa.Uuid, sa.ForeignKey("auctions.id"), **more)


def _states(statuses: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_auctions_status"), "auctions")
    names = ", ".join(f"'{status}'" for status in statuses)
    op.create_check_constraint(op.f("ck_auctions_status"), "auctions", f"status IN ({names})")


def upgrade() -> None:
    op.drop_constraint(op.f("ck_auctions_leader_has_price"), "auctions")
    op.drop_column("auctions", "leader_id")
    op.alter_column("auctions", "status", type_=sa.String(10))
    _states(STATUSES)
    op.add_column("auctions", sa.Column("licence", pg.JSONB))
    op.add_column("auctions", sa.Column("running_since", TIME))
    op.add_column(
        "auctions", sa.Column("extensions", sa.Integer, nullable=False, server_default="0")
    )
    op.add_column("auctions", sa.Column("round_no", sa.Integer, nullable=False, server_default="0"))
    op.add_column(
        "auctions",
        sa.Column("eliminated", pg.ARRAY(CODE), nullable=False, server_default="{}"),
    )
    op.add_column("auctions", sa.Column("pause", pg.JSONB))
    op.add_column("auctions", sa.Column("rerun_of", sa.Uuid, sa.ForeignKey("auctions.id")))
    for name in ("extensions", "round_no", "eliminated"):
        op.alter_column("auctions", name, server_default=None)
    op.execute(sa.text("UPDATE auctions SET terms = CAST(:more AS jsonb) || terms").bindparams(more=TERMS))
    op.create_check_constraint(
        op.f("ck_auctions_leader_has_price"), "auctions", "(leader_code IS NULL) = (leading_minor IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_auctions_pause_while_paused"), "auctions", "(pause IS NULL) = (status <> 'paused')"
    )

    op.add_column("bids", sa.Column("kind", sa.String(5), nullable=False, server_default="bid"))
    op.add_column(
        "bids", sa.Column("origin", sa.String(8), nullable=False, server_default="bidder")
    )
    op.add_column("bids", sa.Column("round_no", sa.Integer, nullable=False, server_default="0"))
    for name in ("kind", "origin", "round_no"):
        op.alter_column("bids", name, server_default=None)
    op.add_column("bids", sa.Column("sealed", sa.LargeBinary))
    op.alter_column("bids", "amount_minor", nullable=True)
    op.alter_column("bids", "currency", nullable=True)
    op.alter_column("bids", "phase", type_=sa.String(10))
    op.create_check_constraint(op.f("ck_bids_kind"), "bids", "kind IN ('bid', 'limit')")
    op.create_check_constraint(
        op.f("ck_bids_open_or_sealed"), "bids", "(amount_minor IS NULL) <> (sealed IS NULL)"
    )
    op.create_index(
        "ix_bids_sealed",
        "bids",
        ["auction_id", "kind", "bidder_code", "sequence"],
        postgresql_where=sa.text("sealed IS NOT NULL AND refusal IS NULL"),
    )
    _openings()
    _rights()


def _openings() -> None:
    op.create_table(
        "bid_openings",
        sa.Column("bid_id", sa.Uuid, sa.ForeignKey("bids.id"), primary_key=True),
        _of_auction(nullable=False),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("void_reason", sa.String(60)),
        sa.Column("proof", pg.JSONB),
    )
    op.create_table(
        "bid_shares",
        sa.Column("bid_id", sa.Uuid, sa.ForeignKey("bids.id"), primary_key=True),
        sa.Column("holder", sa.Integer, primary_key=True, autoincrement=False),
        _of_auction(nullable=False),
        sa.Column("share", pg.JSONB, nullable=False),
    )
    for table in ("bid_openings", "bid_shares"):
        op.create_index(f"ix_{table}_auction_id", table, ["auction_id"])
        _append_only(table)
    op.create_table(
        "bid_scores",
        _of_auction(primary_key=True),
        sa.Column("bidder_code", CODE, primary_key=True),
        sa.Column("points", pg.ARRAY(sa.BigInteger), nullable=False),
    )
    op.create_table(
        "auction_reserves",
        _of_auction(primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
    )
    op.create_table(
        "published_heads",
        _of_auction(primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
    )
    _append_only("published_heads")


def _rights() -> None:
    op.create_table(
        "priority_holders",
        _of_auction(primary_key=True),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("basis", sa.String(200), nullable=False),
        sa.Column("notified_at", TIME, nullable=False),
        sa.Column("waived_at", TIME),
    )
    op.create_table(
        "award_queue",
        _of_auction(primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column("bidder_code", CODE, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("outcome", sa.String(9), nullable=False),
        sa.Column("deal_id", sa.Uuid),
        sa.Column("shortfall_minor", sa.BigInteger),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'asked', 'confirmed', 'signed', 'defaulted', 'declined')",
            name="outcome",
        ),
    )


def downgrade() -> None:
    for table in (
        "award_queue", "priority_holders", "published_heads", "auction_reserves", "bid_scores",
        "bid_shares", "bid_openings",
    ):
        op.drop_table(table)
    op.drop_index("ix_bids_sealed", "bids")
    op.drop_constraint(op.f("ck_bids_open_or_sealed"), "bids")
    op.drop_constraint(op.f("ck_bids_kind"), "bids")
    op.alter_column("bids", "phase", type_=sa.String(9))
    op.alter_column("bids", "amount_minor", nullable=False)
    op.alter_column("bids", "currency", nullable=False)
    for name in ("sealed", "round_no", "origin", "kind"):
        op.drop_column("bids", name)
    for name in (op.f("ck_auctions_pause_while_paused"), op.f("ck_auctions_leader_has_price")):
        op.drop_constraint(name, "auctions")
    for name in ("licence", "running_since", "extensions", "round_no", "eliminated", "pause", "rerun_of"):
        op.drop_column("auctions", name)
    _states(EARLIER)
    op.alter_column("auctions", "status", type_=sa.String(9))
    op.add_column("auctions", sa.Column("leader_id", sa.Uuid))
    op.execute(
        "UPDATE auctions a SET leader_id = r.party_id FROM registrations r "
        "WHERE r.listing_id = a.listing_id AND r.bidder_code = a.leader_code"
    )
    op.create_check_constraint(
        op.f("ck_auctions_leader_has_price"),
        "auctions",
        "(leader_id IS NULL) = (leading_minor IS NULL)",
    )
