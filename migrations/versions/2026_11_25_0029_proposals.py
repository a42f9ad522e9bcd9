"""Proposals to demands, sealed until their deadline."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision: Final = "0029_proposals"
down_revision: Final = "0028_diagnosis"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime(timezone=True)
STATES: Final = (
    "'handed_in', 'withdrawn', 'opened', 'void', 'admitted', 'excluded', 'winner', 'not_chosen'"
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "proposals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id"), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("members", pg.JSONB, nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("handed_in_at", TIME, nullable=False),
        sa.Column("price_minor", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("content", pg.JSONB),
        sa.Column("void_reason", sa.String(40)),
        sa.Column("findings", pg.JSONB, nullable=False),
        sa.Column("grounds", pg.JSONB, nullable=False),
        sa.Column("proof", pg.JSONB),
        sa.Column("opened_at", TIME),
        sa.Column("decided_at", TIME),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint(f"status IN ({STATES})", name=op.f("ck_proposals_status")),
        sa.CheckConstraint(
            "num_nonnulls(price_minor, currency, content) IN (0, 3)"
            " AND (content IS NULL OR opened_at IS NOT NULL)",
            name=op.f("ck_proposals_opened"),
        ),
        sa.CheckConstraint(
            "(status = 'void') = (void_reason IS NOT NULL)", name=op.f("ck_proposals_void")
        ),
        sa.CheckConstraint(
            "status <> 'excluded' OR reason IS NOT NULL", name=op.f("ck_proposals_excluded")
        ),
    )
    op.create_index(
        "uq_proposals_party", "proposals", ["demand_id", "round", "party_id"], unique=True
    )
    op.create_index("uq_proposals_code", "proposals", ["demand_id", "code"], unique=True)
    op.create_index("ix_proposals_demand", "proposals", ["demand_id", "round", "id"])
    op.create_index("ix_proposals_party_id", "proposals", ["party_id", "id"])
    op.create_table(
        "proposal_versions",
        sa.Column("proposal_id", sa.Uuid, sa.ForeignKey("proposals.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("withdrawal", sa.Boolean, nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(60), nullable=False),
    )
    op.execute(
        "CREATE TRIGGER proposal_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON proposal_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "consortium_consents",
        sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id"), primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("lead_party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_table(
        "proposal_shares",
        sa.Column("proposal_id", sa.Uuid, sa.ForeignKey("proposals.id"), primary_key=True),
        sa.Column("holder", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("share", pg.JSONB, nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("proposal_shares", "consortium_consents", "proposal_versions", "proposals"):
        op.drop_table(table)
