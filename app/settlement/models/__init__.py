"""Tables of settlement; importing this package registers all of them."""

from app.settlement.models.certificates import CertificateRow
from app.settlement.models.contracts import ContractRow
from app.settlement.models.deals import DealRow, PaymentRow
from app.settlement.models.filings import FilingRow

__all__ = ["CertificateRow", "ContractRow", "DealRow", "FilingRow", "PaymentRow"]
