"""Tables of banking."""

from app.banking.models.accounts import BankAccountRow, PaymentReferenceRow
from app.banking.models.orders import PaymentBatchRow, PaymentOrderRow
from app.banking.models.statements import BankLinePartRow, BankLineRow, BankStatementRow

__all__ = [
    "BankAccountRow",
    "BankLinePartRow",
    "BankLineRow",
    "BankStatementRow",
    "PaymentBatchRow",
    "PaymentOrderRow",
    "PaymentReferenceRow",
]
