"""Price terms, due items, reports."""

revision = "0046_price_terms"
down_revision = "0045_contract_texts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
