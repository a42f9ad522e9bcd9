"""Invoice data as pure rules: tax within the gross amount, numbers, titles."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settlement.domain.charge import Charge, Means, meet
from app.settlement.domain.invoice import (
    AlreadyInvoiced,
    InvoiceNumberMalformed,
    InvoiceTitle,
    InvoiceTitleMissing,
    NothingToInvoice,
    TaxNumberInvalid,
    as_rows,
    check_tax_number,
    number_invoice,
    split_tax,
    write_invoice,
)
from app.shared.money import Money
from tests.settlement.domain.test_fees import BUYER, opened

TITLE = InvoiceTitle(
    party_id=BUYER,
    version=1,
    title="西溪智造有限公司",
    tax_number="91330106305184621M",
    address_phone="杭州市西湖区望溪路3号 0571-00000000",
    bank_account="杭州银行科技支行 3301040160001111111",
)
MET: Charge = meet(opened()[0], Money.parse("5000.00"), Means.FUNDS)


def written(charge: Charge, title: InvoiceTitle | None = TITLE) -> object:
    return write_invoice(
        charge,
        deal_number="ZP-D-2026-000001",
        issuer="测试技术交易中心",
        buyer=title,
        item="*经纪代理服务*技术交易服务费",
        tax_rate_bp=600,
    )


@given(st.integers(0, 10**14), st.integers(0, 10_000))
def test_net_and_tax_are_the_gross_amount_to_the_fen(gross: int, rate: int) -> None:
    """ST107"""
    net, tax = split_tax(Money(gross, "CNY"), rate)
    assert net + tax == Money(gross, "CNY")
    assert abs(tax.amount_minor * (10_000 + rate) - gross * rate) * 2 <= 10_000 + rate


def test_six_percent_within_a_thousand_and_sixty() -> None:
    """ST107"""
    assert split_tax(Money.parse("1060.00"), 600) == (Money.parse("1000.00"), Money.parse("60.00"))


def test_only_the_exchanges_own_met_commission_is_invoiced() -> None:
    """ST107, ST108"""
    with pytest.raises(NothingToInvoice):
        written(opened()[0])
    waived = meet(opened()[0], Money.parse("5000.00"), Means.WAIVER)
    with pytest.raises(NothingToInvoice):
        written(waived)
    with pytest.raises(InvoiceTitleMissing):
        written(MET, None)
    half = meet(opened()[0], Money.parse("2000.00"), Means.WAIVER)
    data = write_invoice(
        meet(half, Money.parse("3000.00"), Means.VOUCHER),
        deal_number="ZP-D-2026-000001",
        issuer="测试技术交易中心",
        buyer=TITLE,
        item="服务费",
        tax_rate_bp=600,
    )
    assert (data.gross, data.to_be_checked) == (Money.parse("3000.00"), ("item", "tax_rate_bp"))
    header, row = as_rows(data)
    assert len(header) == len(row)
    assert {"西溪智造有限公司", "6%", "3000.00"} <= set(row)
    assert data.buyer.title == TITLE.title


def test_an_invoice_number_is_entered_once_and_has_8_or_20_digits() -> None:
    """ST108"""
    on = date(2026, 3, 24)
    for number in ("1234567", "123456789", "2" * 19, "ABCDEFGH", " 12345678"):
        with pytest.raises(InvoiceNumberMalformed):
            number_invoice(MET, number=number, issued_on=on)
    for number in ("12345678", "2" * 20):
        invoiced = number_invoice(MET, number=number, issued_on=on)
        assert (invoiced.invoice_number, invoiced.invoiced_on) == (number, on)
        with pytest.raises(AlreadyInvoiced):
            number_invoice(invoiced, number="87654321", issued_on=on)
    with pytest.raises(NothingToInvoice):
        number_invoice(replace(opened()[0]), number="12345678", issued_on=on)


def test_a_tax_number_of_18_characters_is_a_credit_code() -> None:
    """ST109"""
    for fine in (None, "91330106305184621M", "330106123456789"):
        check_tax_number(fine)
    with pytest.raises(TaxNumberInvalid) as refused:
        check_tax_number("913301063051846211")
    assert refused.value.fields["field"] == "tax_number"
