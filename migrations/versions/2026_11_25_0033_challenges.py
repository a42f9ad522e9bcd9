"""Challenge events, the board's own table, and the statistics of the board."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0033_challenges"
down_revision = "0032_demand_auctions"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATUSES = (
    "draft", "submitted", "diagnosing", "returned", "reviewed", "refused", "merged", "split",
    "posted", "closed", "evaluating", "noticed", "contracted", "accepted", "terminated",
    "unanswered", "withdrawn",
)
REASONS = (
    "no_proposal", "none_eligible", "no_suitable", "auction_failed", "not_signed",
    "withdrawn_by_poster", "other",
)
APPEND_ONLY = ("challenge_notices", "challenge_results", "challenge_awards")

# As app/demands/domain/demand.py says who may know a demand; a test holds them together.
SEEN = (
    "d.status IN ('posted', 'closed', 'evaluating', 'noticed', 'contracted', 'accepted',"
    " 'terminated', 'unanswered') OR (d.status = 'withdrawn' AND d.posted_at IS NOT NULL)"
)
SHOW = f"""
CREATE FUNCTION demand_on_board(d demands) RETURNS void LANGUAGE sql AS $$
    INSERT INTO demand_board AS b (
        demand_id, market_id, party_id, status, known, technology_field, cooperation_mode,
        edition_id, due_on, low_minor, amount_minor, listed_at, closes_at
    )
    SELECT d.id, d.market_id, d.party_id, d.status, {SEEN}, d.technology_field,
        d.cooperation_mode, d.edition_id, d.due_on,
        CASE d.budget_currency WHEN 'CNY' THEN d.budget_low_minor ELSE -1 END,
        CASE d.budget_currency WHEN 'CNY' THEN d.budget_high_minor ELSE -1 END,
        coalesce(d.posted_at, d.created_at), d.closes_at
    ON CONFLICT (demand_id) DO UPDATE SET
        status = excluded.status, known = excluded.known,
        technology_field = excluded.technology_field,
        cooperation_mode = excluded.cooperation_mode, edition_id = excluded.edition_id,
        due_on = excluded.due_on, low_minor = excluded.low_minor,
        amount_minor = excluded.amount_minor, listed_at = excluded.listed_at,
        closes_at = excluded.closes_at
    WHERE (b.status, b.known, b.technology_field, b.cooperation_mode, b.edition_id, b.due_on,
            b.low_minor, b.amount_minor, b.listed_at, b.closes_at)
        IS DISTINCT FROM (excluded.status, excluded.known, excluded.technology_field,
            excluded.cooperation_mode, excluded.edition_id, excluded.due_on, excluded.low_minor,
            excluded.amount_minor, excluded.listed_at, excluded.closes_at)
$$
"""
FOLLOW = """
CREATE FUNCTION demand_board_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM demand_on_board(NEW);
    RETURN NULL;
END
$$
"""
ON_CHANGE = """
CREATE TRIGGER demands_on_board AFTER INSERT OR UPDATE ON demands
FOR EACH ROW EXECUTE FUNCTION demand_board_follows()
"""


def one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{column} IN ({', '.join(repr(value) for value in values)})", name=column
    )


def upgrade() -> None:
    make_board()
    make_facts()
    op.execute("CREATE SEQUENCE challenge_numbers")
    make_challenges()
    make_results()
    make_money()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def make_board() -> None:
    op.create_table(
        "demand_board",
        sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id"), primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("known", sa.Boolean, nullable=False),
        sa.Column("technology_field", sa.String(40), nullable=False),
        sa.Column("cooperation_mode", sa.String(40), nullable=False),
        sa.Column("edition_id", sa.Uuid),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("low_minor", sa.BigInteger, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("listed_at", TIME, nullable=False),
        sa.Column("closes_at", TIME),
        sa.Column("region_code", sa.String(6)),
        sa.Column("words", pg.TSVECTOR),
        one_of("status", STATUSES),
    )
    for name, columns in (
        ("newest", ["listed_at", "demand_id"]),
        ("field", ["technology_field", "listed_at", "demand_id"]),
        ("edition", ["edition_id", "listed_at", "demand_id"]),
        ("closing", ["closes_at", "demand_id"]),
        ("amount", ["amount_minor", "demand_id"]),
        ("party_id", ["party_id", "listed_at", "demand_id"]),
    ):
        op.create_index(f"ix_demand_board_{name}", "demand_board", columns)
    op.create_index(
        "ix_demand_board_words",
        "demand_board",
        ["words"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    # Rows stay narrow: words are read only where the index cannot tell.
    op.execute("ALTER TABLE demand_board ALTER COLUMN words SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE demand_board SET (toast_tuple_target = 256)")
    op.execute("ALTER TABLE demand_board ALTER COLUMN words SET STATISTICS 1000")
    op.execute(SHOW)
    op.execute(FOLLOW)
    op.execute(ON_CHANGE)
    op.execute("SELECT demand_on_board(d) FROM demands d")


def make_facts() -> None:
    op.create_table(
        "demand_facts",
        sa.Column("demand_id", sa.Uuid, primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("posted_at", TIME),
        sa.Column("technology_field", sa.String(40)),
        sa.Column("region_code", sa.String(6)),
        sa.Column("edition_id", sa.Uuid),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("open_budget", sa.Boolean, nullable=False),
        sa.Column("proposals", sa.Integer),
        sa.Column("first_answer_at", TIME),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(20)),
        sa.Column("taken_up_at", TIME),
        sa.Column("taken_minor", sa.BigInteger, nullable=False),
        sa.Column("said", pg.JSONB, nullable=False),
        one_of("outcome", ("running", "taken_up", "not_taken_up")),
        one_of("reason", REASONS),
    )
    op.create_index("ix_demand_facts_posted_at", "demand_facts", ["posted_at"])


def make_challenges() -> None:
    op.create_table(
        "challenges",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("notice_count", sa.Integer, nullable=False),
        sa.Column("terms_hash", sa.String(64)),
        sa.Column("announced_at", TIME),
        sa.Column("stages_done", sa.Integer, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("reason", sa.Text),
        one_of("status", ("draft", "announced", "running", "finished", "cancelled")),
        sa.CheckConstraint(
            "status IN ('draft', 'cancelled') OR num_nonnulls(announced_at, terms_hash) = 2",
            name="announced",
        ),
        sa.CheckConstraint("status <> 'cancelled' OR reason IS NOT NULL", name="reason"),
    )
    op.create_index("uq_challenges_number", "challenges", ["number"], unique=True)
    op.create_index("ix_challenges_market_id", "challenges", ["market_id", "id"])
    op.create_table(
        "challenge_notices",
        challenge_id(),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
    )
    op.create_table(
        "challenge_demands",
        sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id"), primary_key=True),
        sa.Column("challenge_id", sa.Uuid, sa.ForeignKey("challenges.id"), nullable=False),
        sa.Column("attached_at", TIME, nullable=False),
    )
    op.create_index(
        "ix_challenge_demands_challenge_id", "challenge_demands", ["challenge_id", "demand_id"]
    )


def challenge_id() -> sa.Column[object]:
    return sa.Column("challenge_id", sa.Uuid, sa.ForeignKey("challenges.id"), primary_key=True)


def make_results() -> None:
    op.create_table(
        "challenge_results",
        challenge_id(),
        sa.Column("stage", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("proposal_id", sa.Uuid, primary_key=True),
        sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
    )


def make_money() -> None:
    op.create_table(
        "challenge_awards",
        challenge_id(),
        sa.Column("prize", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("proposal_id", sa.Uuid, nullable=False),
        sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("funding", sa.String(10), nullable=False),
        sa.Column("reference", sa.String(200)),
        sa.Column("awarded_at", TIME, nullable=False),
        one_of("funding", ("escrow", "outside")),
        sa.CheckConstraint("(funding = 'outside') = (reference IS NOT NULL)", name="reference"),
    )
    op.create_index(
        "uq_challenge_awards_proposal",
        "challenge_awards",
        ["challenge_id", "proposal_id"],
        unique=True,
    )
    op.create_table(
        "challenge_funds",
        challenge_id(),
        sa.Column("prize", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("escrow_id", sa.Uuid, nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("paid_at", TIME, nullable=False),
        sa.Column("returned_minor", sa.BigInteger),
        sa.Column("returned_at", TIME),
    )


def downgrade() -> None:
    for table in ("funds", "awards", "results", "demands", "notices"):
        op.drop_table(f"challenge_{table}")
    op.drop_table("challenges")
    op.execute("DROP SEQUENCE challenge_numbers")
    op.drop_table("demand_facts")
    op.execute("DROP TRIGGER demands_on_board ON demands")
    op.execute("DROP FUNCTION demand_board_follows()")
    op.execute("DROP FUNCTION demand_on_board(demands)")
    op.drop_table("demand_board")
