"""Banking: statements, arrivals, payment orders, bank accounts."""

from app.permissions.table import MARKET, MUST, ONCE, OWN, allow

allow(
    "enter_bank_account",
    scope="banking:write",
    key=ONCE,
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,  # its commission comes into its funds
    operator=OWN,
)
allow(
    "withdraw_funds",
    scope="banking:write",
    key=MUST,
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
)
allow(
    "get_bank_account",
    "list_payment_orders",
    "get_payment_order",
    scope="banking:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    broker=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "get_deposit_reference",
    scope="banking:read",
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
allow(
    "get_payment_reference",
    scope="banking:read",
    seller_staff=OWN,
    buyer_staff=OWN,
    operator=MARKET,
    auditor=MARKET,
)
# Sending a file again is harmless, so it needs no key.
allow("import_bank_statement", scope="banking:write", operator=MARKET)
allow(
    "assign_bank_line",
    "return_bank_line",
    "dismiss_bank_line",
    "execute_payment_order",
    "fail_payment_order",
    "make_payment_batch",
    scope="banking:write",
    key=MUST,
    operator=MARKET,
)
# The file holds whole account numbers: it is for whom the bank takes it from.
allow("download_payment_batch", scope="banking:write", operator=MARKET)
allow(
    "get_statement_template",
    "list_bank_statements",
    "get_bank_statement",
    "list_bank_lines",
    "get_bank_line",
    "list_payment_batches",
    "get_payment_batch",
    scope="banking:read",
    operator=MARKET,
    auditor=MARKET,
)
