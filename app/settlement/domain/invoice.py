"""Invoice data 开票信息: what the invoicing system needs for a charge, and its number back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from app.settlement.domain.charge import Charge, ChargeKind, ChargeStatus, Means
from app.settlement.domain.fees import half_up
from app.shared.credit_code import CreditCodeInvalid, validate_credit_code
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import PartyId
from app.shared.money import Money

BASIS_POINTS: Final = 10_000
_CREDIT_CODE_LENGTH: Final = 18
# 8 digits on paper, 20 of a fully digital invoice (数电票).
_NUMBER: Final = re.compile(r"\d{8}(\d{12})?")


class InvoiceTitleMissing(Conflict):
    """The payer has entered no invoice data."""

    code = "invoice_title_missing"
    title_zh = "付款方尚未填写开票信息"
    title_en = "The payer's invoice data are missing"


class NothingToInvoice(Conflict):
    """Nothing of the charge was paid, or it is not the exchange's income."""

    code = "nothing_to_invoice"
    title_zh = "该项费用没有可开票金额"
    title_en = "There is nothing to invoice"


class InvoiceNumberMalformed(RuleBroken):
    """An invoice number has 8 or 20 digits."""

    code = "invoice_number_malformed"
    title_zh = "发票号码格式不正确"
    title_en = "The invoice number is malformed"


class InvoiceNumberTaken(Conflict):
    """An invoice belongs to one charge."""

    code = "invoice_number_taken"
    title_zh = "该发票号码已登记"
    title_en = "This invoice number is on record"


class InvoicedInFuture(RuleBroken):
    """An invoice is entered once it was issued."""

    code = "invoiced_in_future"
    title_zh = "开票日期晚于今天"
    title_en = "The invoice's day lies in the future"


class AlreadyInvoiced(Conflict):
    """The charge has its invoice."""

    code = "already_invoiced"
    title_zh = "该项费用已开票"
    title_en = "The charge has its invoice"


class TaxNumberInvalid(RuleBroken):
    """A tax number of 18 characters is a unified social credit code, and breaks its rules."""

    code = "tax_number_invalid"
    title_zh = "纳税人识别号无效"
    title_en = "The tax number is not valid"


def check_tax_number(number: str | None) -> None:
    """Refuse a tax number whose check digit or region is wrong; older ones have none.

    Raises:
        TaxNumberInvalid: With the rule of the credit code that it breaks.
    """
    if number is None or len(number) != _CREDIT_CODE_LENGTH:
        return
    try:
        validate_credit_code(number)
    except CreditCodeInvalid as refusal:
        raise TaxNumberInvalid(
            refusal.detail, field="tax_number", rule=refusal.fields["rule"]
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTitle:
    """A party's invoice data, one version.

    Attributes:
        title: 抬头.
        tax_number: 纳税人识别号; natural persons have none.
        address_phone: 地址、电话.
        bank_account: 开户行及账号.
    """

    party_id: PartyId
    version: int
    title: str
    tax_number: str | None = None
    address_phone: str | None = None
    bank_account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceData:
    """What the invoicing system is given for a charge.

    Attributes:
        gross: What was paid, tax included 价税合计: by funds, withheld, or by voucher.
        net, tax: Its parts at ``tax_rate_bp``, exact: ``net + tax == gross``.
    """

    deal_number: str
    charge_number: int
    issuer: str
    buyer: InvoiceTitle
    item: str
    gross: Money
    net: Money
    tax: Money
    tax_rate_bp: int
    invoice_number: str | None
    invoiced_on: date | None

    @property
    def to_be_checked(self) -> tuple[str, ...]:
        """What the exchange's accountant confirms before the invoice is issued."""
        return ("item", "tax_rate_bp")


def split_tax(gross: Money, rate_bp: int) -> tuple[Money, Money]:
    """Return net and tax of a tax-inclusive amount; tax is rounded half up to the fen.

    Invariant: ST107.
    """
    tax = Money(half_up(gross.amount_minor * rate_bp, BASIS_POINTS + rate_bp), gross.currency)
    return gross - tax, tax


def invoiced_amount(charge: Charge) -> Money:
    """Return what the exchange issues an invoice for.

    Raises:
        NothingToInvoice: Says kind, status and what was met.
    """
    met = [charge.met_by(it) for it in (Means.FUNDS, Means.WITHHELD, Means.VOUCHER)]
    paid = sum(met, Money(0, charge.amount.currency))
    own = charge.kind is ChargeKind.COMMISSION and charge.status is ChargeStatus.MET
    if not own or not paid.amount_minor:
        raise NothingToInvoice(
            "The exchange invoices its own commission once it is met.",
            kind=str(charge.kind),
            state=str(charge.status),
            paid=paid,
        )
    return paid


def write_invoice(
    charge: Charge,
    *,
    deal_number: str,
    issuer: str,
    buyer: InvoiceTitle | None,
    item: str,
    tax_rate_bp: int,
) -> InvoiceData:
    """Return the data for the invoicing system.

    Raises:
        NothingToInvoice: See `invoiced_amount`.
        InvoiceTitleMissing: The payer entered none.
    """
    gross = invoiced_amount(charge)
    if buyer is None:
        raise InvoiceTitleMissing("The payer enters them first.", payer_id=charge.payer_id)
    net, tax = split_tax(gross, tax_rate_bp)
    return InvoiceData(
        deal_number=deal_number,
        charge_number=charge.number,
        issuer=issuer,
        buyer=buyer,
        item=item,
        gross=gross,
        net=net,
        tax=tax,
        tax_rate_bp=tax_rate_bp,
        invoice_number=charge.invoice_number,
        invoiced_on=charge.invoiced_on,
    )


def number_invoice(charge: Charge, *, number: str, issued_on: date) -> Charge:
    """Return the charge with the number of its invoice.

    Raises:
        NothingToInvoice: See `invoiced_amount`.
        AlreadyInvoiced: Names the number.
        InvoiceNumberMalformed: Says what is accepted.

    Invariant: ST108.
    """
    invoiced_amount(charge)
    if charge.invoice_number is not None:
        raise AlreadyInvoiced("It has one.", invoice_number=charge.invoice_number)
    if not _NUMBER.fullmatch(number):
        raise InvoiceNumberMalformed(
            "Enter the digits only.", field="number", accepted="8 or 20 digits"
        )
    return replace(charge, invoice_number=number, invoiced_on=issued_on)


def _percent(basis_points: int) -> str:
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02}%" if rest else f"{whole}%"


def as_rows(data: InvoiceData) -> Sequence[Sequence[str]]:
    """Return the data as a two-row table for the invoicing system's import."""
    told: dict[str, Any] = {
        "成交编号 deal": data.deal_number,
        "费用序号 charge": data.charge_number,
        "销售方 issuer": data.issuer,
        "购买方名称 title": data.buyer.title,
        "纳税人识别号 tax number": data.buyer.tax_number or "",
        "地址、电话 address, phone": data.buyer.address_phone or "",
        "开户行及账号 bank, account": data.buyer.bank_account or "",
        "项目 item（待核 to be checked）": data.item,
        "币种 currency": data.gross.currency,
        "不含税金额 net": data.net.as_json()["amount"],
        "税率 rate（待核 to be checked）": _percent(data.tax_rate_bp),
        "税额 tax": data.tax.as_json()["amount"],
        "价税合计 gross": data.gross.as_json()["amount"],
        "发票号码 invoice number": data.invoice_number or "",
        "开票日期 issued on": "" if data.invoiced_on is None else data.invoiced_on.isoformat(),
    }
    return [list(told), [str(value) for value in told.values()]]
