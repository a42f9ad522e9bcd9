"""Contract texts with their signatures, effect conditions, result notices."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision: Final = "0045_contract_texts"
down_revision: Final = "0044_fees"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime(timezone=True)
EFFECTIVE: Final = "effective_at IS NULL OR effective_at >= signed_at"


def upgrade() -> None:
    """Make the tables; what was signed before has taken effect by that."""
    op.add_column("deals", sa.Column("effective_at", TIME))
    op.execute("UPDATE deals SET effective_at = signed_at WHERE signed_at IS NOT NULL")
    op.create_check_constraint(op.f("ck_deals_effective"), "deals", EFFECTIVE)
    _make_texts()
    _make_conditions()
    _make_notices()


def _make_texts() -> None:
    op.create_table(
        "deal_texts",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("contract_version", sa.Integer, nullable=False),
        sa.Column("drafted_at", TIME, nullable=False),
        sa.Column("drafted_by", sa.String(60), nullable=False),
        sa.Column("parameters", pg.JSONB, nullable=False),
        sa.Column("model", pg.JSONB),
        sa.Column("file_id", sa.Uuid, sa.ForeignKey("files.id")),
        sa.Column("file_name", sa.String(200)),
        sa.Column("media_type", sa.String(100)),
        sa.CheckConstraint("kind IN ('generated', 'uploaded')", name="kind"),
        sa.CheckConstraint(
            "(kind = 'generated') = (model IS NOT NULL)"
            " AND (kind = 'uploaded') = (file_id IS NOT NULL)",
            name="content",
        ),
    )
    op.create_table(
        "deal_text_signatures",
        sa.Column("deal_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("side", sa.String(6), primary_key=True),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("user_ref", sa.String(60), nullable=False),
        sa.Column("signatory", sa.String(200), nullable=False),
        sa.Column("capacity", sa.String(20), nullable=False),
        sa.Column("authorisation_id", sa.Uuid, sa.ForeignKey("files.id")),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("signed_at", TIME, nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("signed_file_id", sa.Uuid, sa.ForeignKey("files.id")),
        sa.Column("evidence", pg.JSONB),
        sa.Column("naming_consent", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(
            ["deal_id", "number"],
            ["deal_texts.deal_id", "deal_texts.number"],
            name="fk_deal_text_signatures_text",
        ),
        sa.CheckConstraint("side IN ('buyer', 'seller')", name="side"),
        sa.CheckConstraint(
            "capacity IN ('legal_representative', 'authorised', 'in_person')", name="capacity"
        ),
        sa.CheckConstraint(
            "(capacity = 'authorised') = (authorisation_id IS NOT NULL)", name="authorisation"
        ),
    )


def _make_conditions() -> None:
    op.create_table(
        "deal_effect_conditions",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("due_on", sa.Date),
        sa.Column("fulfilled_on", sa.Date),
        sa.Column("evidence_id", sa.Uuid, sa.ForeignKey("files.id")),
        sa.Column("note", sa.Text),
        sa.Column("recorded_at", TIME),
        sa.Column("recorded_by", sa.String(60)),
        sa.CheckConstraint(
            "kind IN ('approval', 'guarantee', 'right_registration', 'first_payment', 'custom',"
            " 'licence_filing')",
            name="kind",
        ),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("(kind = 'first_payment') = (amount_minor IS NOT NULL)", name="payment"),
        sa.CheckConstraint("(fulfilled_on IS NULL) = (recorded_at IS NULL)", name="fulfilled"),
    )


def _make_notices() -> None:
    op.create_table(
        "deal_result_notices",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), nullable=False),
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
        sa.Column("duration", pg.JSONB, nullable=False),
    )
    op.create_index(
        "uq_deal_result_notices_deal_id", "deal_result_notices", ["deal_id"], unique=True
    )
    for column in ("market_id", "listing_id"):
        op.create_index(f"ix_deal_result_notices_{column}", "deal_result_notices", [column, "id"])


def downgrade() -> None:
    """Remove them; texts and signatures are lost."""
    for table in (
        "deal_result_notices",
        "deal_effect_conditions",
        "deal_text_signatures",
        "deal_texts",
    ):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_deals_effective"), "deals")
    op.drop_column("deals", "effective_at")
