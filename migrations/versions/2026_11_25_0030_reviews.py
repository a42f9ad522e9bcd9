"""Reviews of proposals, results and objections."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision: Final = "0030_reviews"
down_revision: Final = "0029_proposals"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime(timezone=True)
REVIEW: Final = (
    "begun", "appointed", "presenting", "scoring", "opened", "bidding", "concluded", "failed",
)
FATES: Final = (
    "winner", "outranked", "route_taken", "above_route_budget", "below_minimum", "above_ceiling",
    "not_signed", "no_bid",
)
GROUNDS: Final = (
    "related_party", "scoring", "procedure", "qualification", "truth", "ownership", "other",
)
TABLES: Final = (
    "demand_objections", "demand_rankings", "demand_results", "proposal_scores",
    "demand_presentations", "demand_review_sheets", "demand_review_seats", "demand_reviews",
)


def _one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    told = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({told})", name=column)


def _column(name: str, kind: object, *, of: str | None = None, null: bool = False,
            key: bool = False) -> sa.Column:
    links = () if of is None else (sa.ForeignKey(f"{of}.id"),)
    return sa.Column(name, kind, *links, nullable=null, primary_key=key)


def upgrade() -> None:
    """Make the tables."""
    _reviews()
    _seats()
    _sheets()
    _results()
    _objections()


def _reviews() -> None:
    op.create_table(
        "demand_reviews",
        _column("id", sa.Uuid, key=True),
        _column("demand_id", sa.Uuid, of="demands"),
        _column("market_id", sa.Uuid, of="markets"),
        _column("posting", sa.Integer),
        _column("number", sa.Integer),
        _column("status", sa.String(12)),
        _column("begun_at", TIME),
        _column("reason", sa.Text, null=True),
        _column("seed_digest", sa.String(64), null=True),
        _column("seed_sealed", sa.LargeBinary, null=True),
        _column("seed", sa.String(64), null=True),
        _column("scores_due_at", TIME, null=True),
        _column("opened_at", TIME, null=True),
        _column("ended_at", TIME, null=True),
        _column("routes", pg.JSONB, null=True),
        _one_of("status", REVIEW),
    )
    op.create_index(
        "uq_demand_reviews_number", "demand_reviews", ["demand_id", "number"], unique=True
    )


def _seats() -> None:
    op.create_table(
        "demand_review_seats",
        _column("id", sa.Uuid, key=True),
        _column("review_id", sa.Uuid, of="demand_reviews"),
        _column("number", sa.Integer),
        _column("membership_id", sa.Uuid),
        _column("user_id", sa.Uuid),
        _column("party_id", sa.Uuid, of="parties"),
        _column("name", sa.String(200)),
        _column("unit_name", sa.String(200)),
        _column("chair", sa.Boolean),
        _column("appointed_at", TIME),
        _column("declared_at", TIME, null=True),
        _column("left_at", TIME, null=True),
        _column("departure", sa.String(10), null=True),
        _column("reason", sa.Text, null=True),
        _column("handed_in_at", TIME, null=True),
        _column("digest", sa.String(64), null=True),
        _one_of("departure", ("recused", "replaced")),
        sa.CheckConstraint("(left_at IS NULL) = (departure IS NULL)", name="left"),
        sa.CheckConstraint("(handed_in_at IS NULL) = (digest IS NULL)", name="handed_in"),
    )
    for column in ("number", "user_id"):
        op.create_index(
            f"uq_demand_review_seats_{column}",
            "demand_review_seats",
            ["review_id", column],
            unique=True,
            postgresql_where=sa.text("left_at IS NULL"),
        )


def _sheets() -> None:
    op.create_table(
        "demand_review_sheets",
        _column("seat_id", sa.Uuid, of="demand_review_seats", key=True),
        _column("review_id", sa.Uuid, of="demand_reviews"),
        _column("sealed", sa.LargeBinary),
        _column("scores", pg.JSONB, null=True),
    )
    op.create_index("ix_demand_review_sheets_review_id", "demand_review_sheets", ["review_id"])
    op.create_table(
        "demand_presentations",
        _column("review_id", sa.Uuid, of="demand_reviews", key=True),
        _column("proposal_id", sa.Uuid, key=True),
        _column("code", sa.String(20)),
        _column("place", sa.Integer),
        _column("starts_at", TIME),
        _column("state", sa.String(12)),
        _column("called_at", TIME, null=True),
        _column("ended_at", TIME, null=True),
        _one_of("state", ("waiting", "presenting", "done", "absent")),
    )
    op.create_table(
        "proposal_scores",
        _column("proposal_id", sa.Uuid, key=True),
        sa.Column("criterion", sa.Integer, primary_key=True, autoincrement=False),
        _column("review_id", sa.Uuid, of="demand_reviews", null=True),
        _column("name", sa.String(200), null=True),
        _column("points", sa.Integer),
        _column("total", sa.Integer, null=True),
        _column("count", sa.Integer, null=True),
        sa.CheckConstraint("points BETWEEN 0 AND 100", name="points"),
    )


def _results() -> None:
    op.create_table(
        "demand_results",
        _column("id", sa.Uuid, key=True),
        _column("demand_id", sa.Uuid, of="demands"),
        _column("number", sa.Integer),
        _column("review_id", sa.Uuid, of="demand_reviews"),
        _column("notice_seq", sa.Integer),
        _column("published_at", TIME),
        _column("ends_at", TIME, null=True),
        _column("winners", pg.ARRAY(sa.Uuid)),
        _column("over_at", TIME, null=True),
    )
    op.create_index(
        "uq_demand_results_number", "demand_results", ["demand_id", "number"], unique=True
    )
    op.create_table(
        "demand_rankings",
        _column("review_id", sa.Uuid, of="demand_reviews", key=True),
        _column("proposal_id", sa.Uuid, key=True),
        _column("party_id", sa.Uuid, of="parties"),
        _column("code", sa.String(20)),
        _column("rank", sa.Integer),
        _column("price_minor", sa.BigInteger, null=True),
        _column("currency", sa.String(3), null=True),
        _column("total", sa.String(20), null=True),
        _column("contributions", pg.JSONB),
        _column("route", sa.String(200), null=True),
        _column("fate", sa.String(20)),
        _one_of("fate", FATES),
    )
    op.create_index("ix_demand_rankings_rank", "demand_rankings", ["review_id", "rank"])


def _objections() -> None:
    op.create_table(
        "demand_objections",
        _column("id", sa.Uuid, key=True),
        _column("demand_id", sa.Uuid, of="demands"),
        _column("result_id", sa.Uuid, of="demand_results"),
        _column("market_id", sa.Uuid, of="markets"),
        _column("party_id", sa.Uuid, of="parties", null=True),
        _column("name", sa.String(200)),
        _column("contact", sa.String(200)),
        _column("ground", sa.String(20)),
        _column("text", sa.Text),
        _column("evidence", sa.Text),
        _column("files", pg.ARRAY(sa.Uuid)),
        _column("status", sa.String(10)),
        _column("filed_at", TIME),
        _column("filed_by", sa.String(60)),
        _column("decide_by_at", TIME, null=True),
        _column("decision", sa.Text, null=True),
        _column("decided_at", TIME, null=True),
        _column("decided_by", sa.String(60), null=True),
        _one_of("status", ("open", "upheld", "rejected", "withdrawn")),
        _one_of("ground", GROUNDS),
        sa.CheckConstraint(
            "(status IN ('upheld', 'rejected')) = (decision IS NOT NULL)", name="decision"
        ),
    )
    op.create_index("ix_demand_objections_demand_id", "demand_objections", ["demand_id", "id"])


def downgrade() -> None:
    """Remove them."""
    for table in TABLES:
        op.drop_table(table)
