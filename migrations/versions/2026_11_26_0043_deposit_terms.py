"""Deposits: what the winner's becomes, where each stands, on which ground it is lost."""

import sqlalchemy as sa
from alembic import op

revision = "0043_deposit_terms"
down_revision = "0042_bank_statements"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATUSES = "'applied', 'qualified', 'refused', 'deposited', 'lapsed', 'withdrawn'"
DEPOSIT = (
    "num_nonnulls(bidder_code, bank_reference, received_at, deposit_entry_id) ="
    " CASE WHEN status = 'deposited' THEN 4"
    " WHEN status IN ({ended}) AND bidder_code IS NOT NULL THEN 4 ELSE 0 END"
)
# What the ledger's holds, the registrations and the deals in default tell of earlier deposits.
# Whatever went back was paid out by the bank then.
EARLIER = """
INSERT INTO deposits (registration_id, listing_id, market_id, party_id, currency, amount_minor,
                      state, due_at, deal_id, refunded_at, ground)
SELECT r.id, r.listing_id, r.market_id, r.party_id, l.currency,
       coalesce(h.amount_minor, l.deposit_minor),
       CASE WHEN r.forfeited_at IS NOT NULL THEN 'forfeited'
            WHEN h.state = 'held' THEN 'held'
            WHEN h.state = 'posted' THEN 'price'
            WHEN h.state = 'voided' THEN 'returned'
            WHEN r.status = 'qualified' THEN 'due'
            ELSE 'dropped' END,
       coalesce(r.deposit_due_at, l.opens_at),
       h.deal_id,
       CASE WHEN h.state = 'voided' AND r.forfeited_at IS NULL THEN
           (SELECT max(e.at) FROM entries e WHERE e.subject_id = h.id AND e.kind = 'release') END,
       CASE WHEN r.forfeited_at IS NULL THEN NULL
            WHEN r.status = 'withdrawn' THEN 'withdrawal'
            WHEN r.defaulted_deal_id IS NULL THEN 'all_silent'
            ELSE (SELECT CASE WHEN d.default_reason = 'not_paid' THEN 'not_paid'
                              ELSE 'not_signed' END FROM deals d WHERE d.id = r.defaulted_deal_id)
       END
FROM registrations r
JOIN listings l ON l.id = r.listing_id
LEFT JOIN holds h ON h.id = r.id
WHERE l.deposit_minor > 0 AND (r.status IN ('qualified', 'deposited') OR h.id IS NOT NULL)
"""


def upgrade() -> None:
    op.add_column(
        "listings",
        sa.Column("deposit_becomes", sa.String(20), nullable=False, server_default="price"),
    )
    op.alter_column("listings", "deposit_becomes", server_default=None)
    op.create_check_constraint(
        op.f("ck_listings_deposit_becomes"),
        "listings",
        "deposit_becomes IN ('price', 'performance_bond')",
    )
    _replace_checks(STATUSES + ", 'excluded'", "'lapsed', 'withdrawn', 'excluded'")
    op.add_column("deals", sa.Column("default_side", sa.String(6)))
    op.execute("UPDATE deals SET default_side = 'buyer' WHERE status = 'defaulted'")
    op.create_check_constraint(
        op.f("ck_deals_default_side"), "deals", "default_side IN ('buyer', 'seller')"
    )
    op.create_check_constraint(
        op.f("ck_deals_default_side_known"),
        "deals",
        "(status = 'defaulted') = (default_side IS NOT NULL)",
    )
    _create_deposits()


def _replace_checks(statuses: str, ended: str) -> None:
    for name, condition in (
        ("status", f"status IN ({statuses})"),
        ("deposit", DEPOSIT.format(ended=ended)),
        ("forfeited", f"forfeited_at IS NULL OR status IN ('deposited', {ended})"),
    ):
        op.drop_constraint(op.f(f"ck_registrations_{name}"), "registrations")
        op.create_check_constraint(op.f(f"ck_registrations_{name}"), "registrations", condition)


def _create_deposits() -> None:
    op.create_table(
        "deposits",
        sa.Column("registration_id", sa.Uuid, sa.ForeignKey("registrations.id"), primary_key=True),
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("deal_id", sa.Uuid),
        sa.Column("refund_due_at", TIME),
        sa.Column("refunded_at", TIME),
        sa.Column("ground", sa.String(20)),
        sa.CheckConstraint(
            "state IN ('due', 'dropped', 'held', 'price', 'bond', 'returning', 'returned',"
            " 'in_funds', 'forfeited')",
            name="state",
        ),
        sa.CheckConstraint(
            "ground IN ('withdrawal', 'all_silent', 'not_signed', 'not_paid', 'false_material',"
            " 'collusion')",
            name="ground",
        ),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("(state = 'forfeited') = (ground IS NOT NULL)", name="forfeited"),
        sa.CheckConstraint("(state = 'returned') = (refunded_at IS NOT NULL)", name="returned"),
    )
    op.create_index("ix_deposits_market_id", "deposits", ["market_id", "state", "registration_id"])
    op.create_index("ix_deposits_deal_id", "deposits", ["deal_id"])
    op.create_index("ix_deposits_listing_id", "deposits", ["listing_id"])
    op.create_index(
        "ix_deposits_refund_due_at",
        "deposits",
        ["market_id", "refund_due_at"],
        postgresql_where=sa.text("state = 'returning'"),
    )
    op.execute(EARLIER)


def downgrade() -> None:
    op.drop_table("deposits")
    op.drop_constraint(op.f("ck_deals_default_side_known"), "deals")
    op.drop_constraint(op.f("ck_deals_default_side"), "deals")
    op.drop_column("deals", "default_side")
    # An earlier version knows who withdrew, and nothing of who was excluded.
    op.execute("UPDATE registrations SET status = 'withdrawn' WHERE status = 'excluded'")
    _replace_checks(STATUSES, "'lapsed', 'withdrawn'")
    op.drop_constraint(op.f("ck_listings_deposit_becomes"), "listings")
    op.drop_column("listings", "deposit_becomes")
