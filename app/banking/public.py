"""What other modules may use of banking: whose its objects are."""

from app.banking.repository.lines import owner_of_line as owner_of_bank_line
from app.banking.repository.lines import owner_of_statement as owner_of_bank_statement
from app.banking.repository.orders import owner_of_batch as owner_of_payment_batch
from app.banking.repository.orders import owner_of_order as owner_of_payment_order

__all__ = [
    "owner_of_bank_line",
    "owner_of_bank_statement",
    "owner_of_payment_batch",
    "owner_of_payment_order",
]
