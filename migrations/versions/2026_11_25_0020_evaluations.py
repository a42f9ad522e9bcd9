"""Five-value evaluations, their panels and scores, market evaluations."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0020_evaluations"
down_revision = "0019_search"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
RUNNING = "status IN ('opened', 'panelled', 'scoring', 'explaining')"
APPEND_ONLY = (
    "evaluation_sheets", "evaluation_explanations", "evaluation_reports", "market_views",
)


def _evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("achievement_id", sa.Uuid, nullable=False),
        sa.Column("owner_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("subject", pg.JSONB, nullable=False),
        sa.Column("scheme", pg.JSONB, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("opened_by", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("scores_due_at", TIME),
        sa.Column("scores_opened_at", TIME),
        sa.Column("explain_due_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("published_at", TIME),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint(
            "status IN ('opened', 'panelled', 'scoring', 'explaining', 'concluded', 'cancelled')",
            name="status",
        ),
        sa.CheckConstraint("status <> 'cancelled' OR reason IS NOT NULL", name="reason"),
        sa.CheckConstraint("published_at IS NULL OR status = 'concluded'", name="published"),
    )
    op.create_index(
        "uq_evaluations_running", "evaluations", ["achievement_id"], unique=True,
        postgresql_where=sa.text(RUNNING),
    )
    for column in ("achievement_id", "market_id", "owner_id"):
        op.create_index(f"ix_evaluations_{column}", "evaluations", [column, "id"])


def _seats() -> None:
    op.create_table(
        "evaluation_seats",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("evaluation_id", sa.Uuid, sa.ForeignKey("evaluations.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("membership_id", sa.Uuid, sa.ForeignKey("memberships.id"), nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("unit_name", sa.String(200), nullable=False),
        sa.Column("chair", sa.Boolean, nullable=False),
        sa.Column("appointed_at", TIME, nullable=False),
        sa.Column("declared_at", TIME),
        sa.Column("left_at", TIME),
        sa.Column("departure", sa.String(10)),
        sa.Column("reason", sa.Text),
        sa.Column("handed_in_at", TIME),
        sa.Column("digest", sa.String(64)),
        sa.CheckConstraint("departure IN ('recused', 'replaced')", name="departure"),
        sa.CheckConstraint("(left_at IS NULL) = (departure IS NULL)", name="left"),
        sa.CheckConstraint("(handed_in_at IS NULL) = (digest IS NULL)", name="handed_in"),
        sa.CheckConstraint("handed_in_at IS NULL OR left_at IS NULL", name="scores_stay"),
    )
    for name, column in (("number", "number"), ("user", "user_id")):
        op.create_index(
            f"uq_evaluation_seats_{name}", "evaluation_seats", ["evaluation_id", column],
            unique=True, postgresql_where=sa.text("left_at IS NULL"),
        )
    op.create_index("ix_evaluation_seats_user_id", "evaluation_seats", ["user_id", "evaluation_id"])


def _sheets_and_reports() -> None:
    op.create_table(
        "evaluation_sheets",
        sa.Column("seat_id", sa.Uuid, sa.ForeignKey("evaluation_seats.id"), primary_key=True),
        sa.Column("evaluation_id", sa.Uuid, sa.ForeignKey("evaluations.id"), nullable=False),
        sa.Column("scores", pg.JSONB, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_evaluation_sheets_evaluation_id", "evaluation_sheets", ["evaluation_id"])
    op.create_table(
        "evaluation_explanations",
        sa.Column("evaluation_id", sa.Uuid, sa.ForeignKey("evaluations.id"), primary_key=True),
        sa.Column("seat", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("indicator", sa.String(40), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by_expert", sa.Boolean, nullable=False),
        sa.Column("explained_at", TIME, nullable=False),
    )
    op.create_table(
        "evaluation_reports",
        sa.Column("evaluation_id", sa.Uuid, sa.ForeignKey("evaluations.id"), primary_key=True),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("jws", sa.Text, nullable=False),
        sa.Column("concluded_at", TIME, nullable=False),
    )


def _market_views() -> None:
    op.create_table(
        "market_views",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("achievement_id", sa.Uuid, nullable=False),
        sa.Column("owner_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("stance", sa.String(20), nullable=False),
        sa.Column("price_low_minor", sa.BigInteger),
        sa.Column("price_high_minor", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("horizon", sa.String(20)),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("content_version", sa.Integer, nullable=False),
        sa.Column("stated_at", TIME, nullable=False),
        sa.Column("stated_by", sa.String(60), nullable=False),
        sa.CheckConstraint(
            "stance IN ('buy', 'license', 'invest', 'wait', 'no')", name="stance"
        ),
        sa.CheckConstraint(
            "horizon IN ('now', 'within_half_year', 'within_year', 'later')", name="horizon"
        ),
        sa.CheckConstraint(
            "(price_low_minor IS NULL) = (price_high_minor IS NULL)"
            " AND (price_low_minor IS NULL) = (currency IS NULL)"
            " AND price_low_minor <= price_high_minor",
            name="price",
        ),
    )
    op.create_index(
        "uq_market_views_version", "market_views", ["achievement_id", "party_id", "version"],
        unique=True,
    )
    op.create_index("ix_market_views_party_id", "market_views", ["party_id"])


def upgrade() -> None:
    _evaluations()
    _seats()
    _sheets_and_reports()
    _market_views()
    # Who completed another result with one of these, for the recusal of experts.
    op.create_index(
        "ix_achievements_completers", "achievements", ["completers"],
        postgresql_using="gin", postgresql_ops={"completers": "jsonb_path_ops"},
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_index("ix_achievements_completers", "achievements")
    for table in (
        "market_views", "evaluation_reports", "evaluation_explanations", "evaluation_sheets",
        "evaluation_seats", "evaluations",
    ):
        op.drop_table(table)
