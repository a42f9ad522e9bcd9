"""Tables of settlement; importing this package registers all of them."""

from app.settlement.models.certificates import CertificateRow
from app.settlement.models.contracts import ContractRow
from app.settlement.models.deals import DealRow, PaymentRow
from app.settlement.models.fees import BrokerRow, ChargeRow, FeePolicyRow, InvoiceTitleRow
from app.settlement.models.filings import FilingRow
from app.settlement.models.sharing import (
    AwardPaymentRow,
    DealIncomeRow,
    SharingObjectionRow,
    SharingRow,
    SharingSchemeRow,
)
from app.settlement.models.terms import DueRow, ReportRow, SupplementRow, TermsRow
from app.settlement.models.texts import ConditionRow, ResultNoticeRow, SignatureRow, TextRow
from app.settlement.models.tracking import ConversionReportRow, ConversionRow, OutcomeRow
from app.settlement.models.vouchers import VoucherProgrammeRow, VoucherRow

__all__ = [
    "AwardPaymentRow",
    "BrokerRow",
    "CertificateRow",
    "ChargeRow",
    "ConditionRow",
    "ContractRow",
    "ConversionReportRow",
    "ConversionRow",
    "DealIncomeRow",
    "DealRow",
    "DueRow",
    "FeePolicyRow",
    "FilingRow",
    "InvoiceTitleRow",
    "OutcomeRow",
    "PaymentRow",
    "ReportRow",
    "ResultNoticeRow",
    "SharingObjectionRow",
    "SharingRow",
    "SharingSchemeRow",
    "SignatureRow",
    "SupplementRow",
    "TermsRow",
    "TextRow",
    "VoucherProgrammeRow",
    "VoucherRow",
]
