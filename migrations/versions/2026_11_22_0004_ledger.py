"""Tables of ledger: accounts, entries, postings, holds."""

from alembic import op
import sqlalchemy as sa

revision = "0004_ledger"
down_revision = "0003_markets"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

# Statement-level, because an entry is zero only once all its postings are there. The count
# tells whether the entry had postings before this statement: an entry is written once.
CHECK_POSTINGS = """
CREATE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad uuid;
BEGIN
    SELECT entry_id INTO bad FROM inserted
    GROUP BY entry_id, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not sum to zero', bad USING ERRCODE = 'check_violation';
    END IF;
    SELECT n.entry_id INTO bad
    FROM (SELECT entry_id, count(*) AS legs FROM inserted GROUP BY entry_id) n
    WHERE n.legs <> (SELECT count(*) FROM postings p WHERE p.entry_id = n.entry_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % has its postings already', bad USING ERRCODE = 'check_violation';
    END IF;
    SELECT i.entry_id INTO bad
    FROM inserted i JOIN entries e ON e.id = i.entry_id JOIN accounts a ON a.id = i.account_id
    WHERE e.market_id <> a.market_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % crosses markets', bad USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""

# Deferred to the commit: without it an empty entry could be filled later by someone else.
CHECK_ENTRY = """
CREATE FUNCTION check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM postings WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'entry % has no postings', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""


def append_only(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("party_id", sa.Uuid),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.Uuid),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("side", sa.String(6), nullable=False),
        sa.Column("limited", sa.Boolean, nullable=False),
        sa.UniqueConstraint(
            "market_id",
            "party_id",
            "purpose",
            "subject_id",
            "currency",
            name="uq_accounts_key",
            postgresql_nulls_not_distinct=True,
        ),
        sa.UniqueConstraint("id", "currency", name="uq_accounts_id_currency"),
        sa.CheckConstraint("purpose IN ('bank', 'funds', 'held', 'escrow')", name="purpose"),
        sa.CheckConstraint("side IN ('debit', 'credit')", name="side"),
    )
    op.create_index("ix_accounts_party_id", "accounts", ["party_id"])
    op.create_table(
        "entries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reference", sa.String(2000)),
        sa.Column("subject_id", sa.Uuid),
        sa.Column("reverses_id", sa.Uuid, sa.ForeignKey("entries.id")),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.UniqueConstraint("reverses_id", name="uq_entries_reverses_id"),
    )
    op.create_index("ix_entries_subject_id", "entries", ["subject_id"])
    op.create_table(
        "postings",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("entry_id", sa.Uuid, sa.ForeignKey("entries.id"), nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "currency"],
            ["accounts.id", "accounts.currency"],
            name="fk_postings_account_id",
        ),
        sa.UniqueConstraint("entry_id", "account_id", name="uq_postings_entry_id"),
        sa.CheckConstraint("amount_minor <> 0", name="amount"),
    )
    op.create_index("ix_postings_account_id", "postings", ["account_id", "seq"])
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("deal_id", sa.Uuid),
        sa.CheckConstraint("state IN ('held', 'posted', 'voided')", name="state"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("(state = 'posted') = (deal_id IS NOT NULL)", name="deal"),
    )
    op.create_index("ix_holds_subject_id", "holds", ["subject_id"])
    op.execute(CHECK_POSTINGS)
    op.execute(CHECK_ENTRY)
    op.execute(
        "CREATE TRIGGER postings_balance AFTER INSERT ON postings "
        "REFERENCING NEW TABLE AS inserted "
        "FOR EACH STATEMENT EXECUTE FUNCTION check_postings()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER entries_have_postings AFTER INSERT ON entries "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry()"
    )
    for table in ("accounts", "entries", "postings"):
        append_only(table)


def downgrade() -> None:
    for table in ("holds", "postings", "entries", "accounts"):
        op.drop_table(table)
    op.execute("DROP FUNCTION check_postings()")
    op.execute("DROP FUNCTION check_entry()")
