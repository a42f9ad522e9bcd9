"""Bank statements, arrivals, payment orders (banking)."""

import sqlalchemy as sa
from alembic import op

revision = "0042_bank_statements"
down_revision = "0041_ledger_purposes"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _market() -> sa.Column:
    return sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False)


def _money(name: str = "amount_minor", **how: bool) -> sa.Column:
    return sa.Column(name, sa.BigInteger, nullable=how.get("nullable", False))


def _currency() -> sa.Column:
    return sa.Column("currency", sa.String(3), nullable=False)


def upgrade() -> None:
    op.execute("CREATE SEQUENCE payment_order_numbers")
    op.execute("CREATE SEQUENCE payment_batch_numbers")
    op.create_table(
        "bank_accounts",
        sa.Column("id", sa.Uuid, primary_key=True),
        _market(),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("holder_name", sa.String(200), nullable=False),
        sa.Column("account_number", sa.String(32), nullable=False),
        sa.Column("bank_name", sa.String(200), nullable=False),
        sa.Column("bank_code", sa.String(12)),
        sa.Column("of_exchange", sa.Boolean, nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.Column("entered_by", sa.String(60), nullable=False),
    )
    op.create_index("ix_bank_accounts_party_id", "bank_accounts", ["party_id", "id"])
    op.create_index(
        "ix_bank_accounts_account_number", "bank_accounts", ["market_id", "account_number"]
    )
    op.create_table(
        "payment_references",
        sa.Column("reference", sa.String(12), primary_key=True),
        _market(),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("target_id", sa.Uuid, nullable=False),
        sa.UniqueConstraint("target_id", name="uq_payment_references_target_id"),
        sa.CheckConstraint("kind IN ('deposit', 'payment', 'funds')", name="kind"),
    )
    _create_statements()
    _create_lines()
    _create_orders()


def _create_statements() -> None:
    op.create_table(
        "bank_statements",
        sa.Column("id", sa.Uuid, primary_key=True),
        _market(),
        sa.Column("file_id", sa.Uuid, sa.ForeignKey("files.id"), nullable=False),
        sa.Column("account_number", sa.String(32), nullable=False),
        sa.Column("line_count", sa.Integer, nullable=False),
        _currency(),
        _money("opening_minor", nullable=True),
        _money("closing_minor", nullable=True),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("imported_at", TIME, nullable=False),
        sa.Column("imported_by", sa.String(60), nullable=False),
    )
    op.create_index("ix_bank_statements_market_id", "bank_statements", ["market_id", "id"])


def _create_lines() -> None:
    op.create_table(
        "bank_lines",
        sa.Column("id", sa.Uuid, primary_key=True),
        _market(),
        sa.Column("statement_id", sa.Uuid, sa.ForeignKey("bank_statements.id"), nullable=False),
        sa.Column("account_number", sa.String(32), nullable=False),
        sa.Column("serial", sa.String(100), nullable=False),
        sa.Column("direction", sa.String(6), nullable=False),
        _money(),
        _money("assigned_minor"),
        _currency(),
        sa.Column("at", TIME, nullable=False),
        sa.Column("counterparty_name", sa.String(200), nullable=False),
        sa.Column("counterparty_account", sa.String(200), nullable=False),
        sa.Column("counterparty_bank", sa.String(200), nullable=False),
        sa.Column("remark", sa.Text, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("doubt", sa.String(20)),
        sa.Column("doubt_detail", sa.Text),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint("direction IN ('credit', 'debit')", name="direction"),
        sa.CheckConstraint(
            "status IN ('new', 'booked', 'queued', 'returned', 'ignored')", name="status"
        ),
        sa.CheckConstraint(
            "doubt IN ('no_target', 'several_targets', 'target_closed', 'amount_differs',"
            " 'payer_differs', 'refused', 'return_failed', 'no_order')",
            name="doubt",
        ),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("assigned_minor BETWEEN 0 AND amount_minor", name="assigned"),
        sa.CheckConstraint(
            "(status IN ('booked', 'returned')) = (assigned_minor = amount_minor)", name="rest"
        ),
        sa.CheckConstraint("(status = 'ignored') <= (reason IS NOT NULL)", name="reason"),
    )
    op.create_index(
        "uq_bank_lines_serial",
        "bank_lines",
        ["market_id", "account_number", "serial"],
        unique=True,
    )
    op.create_index("ix_bank_lines_market_id", "bank_lines", ["market_id", "id"])
    op.create_index("ix_bank_lines_statement_id", "bank_lines", ["statement_id", "id"])
    op.create_table(
        "bank_line_parts",
        sa.Column("line_id", sa.Uuid, sa.ForeignKey("bank_lines.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("target_id", sa.Uuid, nullable=False),
        _money(),
        _currency(),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.CheckConstraint(
            "kind IN ('deposit', 'payment', 'funds', 'return', 'order')", name="kind"
        ),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
    )
    op.create_index("ix_bank_line_parts_target_id", "bank_line_parts", ["target_id"])


def _create_orders() -> None:
    op.create_table(
        "payment_batches",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String(24), nullable=False),
        _market(),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("order_count", sa.Integer, nullable=False),
        _money("total_minor"),
        _currency(),
        sa.UniqueConstraint("number", name="uq_payment_batches_number"),
    )
    op.create_index("ix_payment_batches_market_id", "payment_batches", ["market_id", "id"])
    op.create_table(
        "payment_orders",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String(24), nullable=False),
        _market(),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id")),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        _money(),
        _currency(),
        sa.Column("payee_name", sa.String(200)),
        sa.Column("payee_account", sa.String(200)),
        sa.Column("payee_bank", sa.String(200)),
        sa.Column("payee_bank_code", sa.String(12)),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("ordered_at", TIME, nullable=False),
        sa.Column("batch_id", sa.Uuid, sa.ForeignKey("payment_batches.id")),
        sa.Column("place", sa.Integer),
        sa.Column("executed_at", TIME),
        sa.Column("bank_reference", sa.String(200)),
        sa.Column("failed_at", TIME),
        sa.Column("failure", sa.Text),
        sa.UniqueConstraint("number", name="uq_payment_orders_number"),
        sa.UniqueConstraint("batch_id", "place", name="uq_payment_orders_batch_id"),
        sa.CheckConstraint("kind IN ('refund', 'return', 'withdrawal')", name="kind"),
        sa.CheckConstraint(
            "status IN ('ordered', 'exported', 'executed', 'failed')", name="status"
        ),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("(kind = 'return') = (party_id IS NULL)", name="party"),
        sa.CheckConstraint("num_nulls(batch_id, place) IN (0, 2)", name="batch"),
        sa.CheckConstraint("status <> 'exported' OR batch_id IS NOT NULL", name="exported"),
        sa.CheckConstraint(
            "num_nulls(payee_name, payee_account, payee_bank) IN (0, 3)"
            " AND (batch_id IS NULL OR payee_account IS NOT NULL)",
            name="payee",
        ),
        sa.CheckConstraint(
            "num_nonnulls(executed_at, bank_reference)"
            " = CASE WHEN status = 'executed' THEN 2 ELSE 0 END",
            name="executed",
        ),
        sa.CheckConstraint(
            "num_nonnulls(failed_at, failure) = CASE WHEN status = 'failed' THEN 2 ELSE 0 END",
            name="failed",
        ),
    )
    op.create_index("ix_payment_orders_market_id", "payment_orders", ["market_id", "id"])
    op.create_index("ix_payment_orders_party_id", "payment_orders", ["party_id", "id"])
    op.create_index("ix_payment_orders_subject_id", "payment_orders", ["subject_id"])
    op.create_index(
        "ix_payment_orders_waiting",
        "payment_orders",
        ["market_id", "id"],
        postgresql_where=sa.text("status IN ('ordered', 'exported')"),
    )


def downgrade() -> None:
    for table in (
        "payment_orders",
        "payment_batches",
        "bank_line_parts",
        "bank_lines",
        "bank_statements",
        "payment_references",
        "bank_accounts",
    ):
        op.drop_table(table)
    op.execute("DROP SEQUENCE payment_batch_numbers")
    op.execute("DROP SEQUENCE payment_order_numbers")
