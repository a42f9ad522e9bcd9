"""The broker's desk: pairs as they were found, cases, matchmaking days and their plans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0038_match_cases"
down_revision = "0037_match_subscriptions"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
CASES = "'taken', 'meeting_arranged', 'met', 'offered', 'won', 'declined', 'released', 'dismissed'"


def upgrade() -> None:
    _pairs()
    _cases()
    _days()


def _pairs() -> None:
    op.create_table(
        "match_pairs",
        sa.Column("demand_id", sa.Uuid, _entry(), primary_key=True),
        sa.Column("achievement_id", sa.Uuid, _entry(), primary_key=True),
        sa.Column("found_by", sa.String(12), primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("technology_field", sa.String(40)),
        sa.Column("demand_revision", sa.Integer, nullable=False),
        sa.Column("achievement_revision", sa.Integer, nullable=False),
        sa.Column("score_ppm", sa.Integer, nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("result_id", sa.Uuid, sa.ForeignKey("match_results.id"), nullable=False),
        sa.Column("place", sa.SmallInteger, nullable=False),
        sa.CheckConstraint("found_by IN ('achievement', 'demand')", name="found_by"),
        sa.CheckConstraint("verdict IN ('strong', 'possible', 'none')", name="verdict"),
    )
    op.create_index("ix_match_pairs_achievement_id", "match_pairs", ["achievement_id"])
    best = (sa.text("score_ppm DESC"), sa.text("demand_id"), sa.text("achievement_id"))
    op.create_index("ix_match_pairs_best", "match_pairs", [sa.text("market_id"), *best])
    of_field = (sa.text("market_id"), sa.text("technology_field"), *best)
    op.create_index("ix_match_pairs_field", "match_pairs", list(of_field))


def _entry() -> sa.ForeignKey:
    return sa.ForeignKey("match_entries.id", ondelete="CASCADE")


def _cases() -> None:
    op.create_table(
        "match_cases",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("broker_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("demand_id", sa.Uuid, nullable=False),
        sa.Column("achievement_id", sa.Uuid, nullable=False),
        sa.Column("demand_party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("achievement_party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("demand_title", sa.String(200), nullable=False),
        sa.Column("achievement_title", sa.String(200), nullable=False),
        sa.Column("result_id", sa.Uuid, sa.ForeignKey("match_results.id"), nullable=False),
        sa.Column("found_by", sa.String(12), nullable=False),
        sa.Column("match", pg.JSONB, nullable=False),
        sa.Column("acts", sa.Integer, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("acted_at", TIME, nullable=False),
        sa.Column("meeting_at", TIME),
        sa.CheckConstraint(f"status IN ({CASES})", name="status"),
        sa.CheckConstraint("found_by IN ('achievement', 'demand')", name="found_by"),
    )
    op.create_index(
        "uq_match_cases_pair",
        "match_cases",
        ["demand_id", "achievement_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'released'"),
    )
    for whose in ("market_id", "broker_id", "demand_party_id", "achievement_party_id"):
        op.create_index(f"ix_match_cases_{whose}", "match_cases", [whose, "id"])
    op.create_table(
        "match_case_acts",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("match_cases.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("acted_at", TIME, nullable=False),
        sa.Column("facts", pg.JSONB, nullable=False),
        sa.Column("note", sa.Text),
    )


def _days() -> None:
    op.create_table(
        "matchmaking_days",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("setting", pg.JSONB, nullable=False),
        sa.Column("plan", pg.JSONB),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint(
            "status IN ('draft', 'planned', 'published', 'cancelled')", name="status"
        ),
    )
    op.create_index("ix_matchmaking_days_market_id", "matchmaking_days", ["market_id", "id"])
    op.create_table(
        "matchmaking_plans",
        sa.Column("day_id", sa.Uuid, sa.ForeignKey("matchmaking_days.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
    )


def downgrade() -> None:
    for name in (
        "matchmaking_plans",
        "matchmaking_days",
        "match_case_acts",
        "match_cases",
        "match_pairs",
    ):
        op.drop_table(name)
