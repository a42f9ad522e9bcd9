"""Certificates: what must come first, what the public form says, what the QR code holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.certificate_print import printed
from app.settlement.domain.certificates import (
    QR_BYTES_MAX,
    Certificate,
    CertificateKind,
    CertificateNotDue,
    CertificateRevoked,
    RevocationGround,
    missing_for_transaction,
    public_form,
    require_nothing_missing,
    revocation_list,
    revoke,
    unpaid_of,
)
from app.settlement.domain.deal import DealStatus
from app.settlement.domain.dues import Due, DueKind, DueState, register_shares
from app.shared.canonical import canonical_json, digest
from app.shared.ids import DealId, MarketId, new_id
from app.shared.money import Money
from tests.settlement.domain.test_deal import deal

NOW = datetime(2026, 4, 1, 1, 30, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "format": "zhepai-certificate/1",
    "kind": "transaction",
    "number": "ZP-C-2026-000001",
    "issued_at": "2026-04-01T01:30:00+00:00",
    "market": {"code": "zhejiang", "name_zh": "浙江技术交易所", "name_en": "Zhejiang exchange"},
    "nonce": "0" * 32,
    "mode": "auction",
    "on": "2026-03-23",
    "object": {"number": "ZP-2026-000123", "title": "事件相机低功耗读出电路"},
    "seller": {"name": "之澜理工大学", "credit_code": "12330110470128359P"},
    "buyer": {"name": "西溪智造有限公司", "credit_code": None},
    "deal": {
        "number": "ZP-D-2026-000009",
        "start": {"amount": "600000.00", "currency": "CNY"},
        "price": {"amount": "730000.00", "currency": "CNY"},
        "premium_rate": "0.2167",
        "confirmed_at": "2026-03-23T02:00:00+00:00",
        "signed_at": "2026-03-24T02:00:00+00:00",
        "effective_at": "2026-03-24T02:00:00+00:00",
        "contract_type": "transfer_patent",
        "contract_hash": "a" * 64,
    },
    "payment": {
        "mode": "lump_sum",
        "paid": {"amount": "730000.00", "currency": "CNY"},
        "last_received_at": "2026-03-25T02:00:00+00:00",
    },
}


def certificate_of(**changes: Any) -> Certificate:
    made = Certificate(
        number="ZP-C-2026-000001",
        deal_id=DealId(new_id()),
        market_id=MarketId(new_id()),
        kind=CertificateKind.TRANSACTION,
        issued_at=NOW,
        facts=FACTS,
        public=public_form(FACTS),
        kid="k" * 43,
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("changes", "given", "rules"),
    [
        ({"signed_at": NOW}, {}, []),
        ({}, {}, ["signed"]),
        ({"signed_at": NOW}, {"unpaid": Money.parse("0.01")}, ["due_paid"]),
        ({"signed_at": NOW}, {"open_conditions": ["主管部门批准"]}, ["effective"]),
        ({"signed_at": NOW}, {"annulled": True}, ["not_annulled"]),
        (
            {"status": DealStatus.DEFAULTED},
            {"open_conditions": ["甲", "乙"], "unpaid": Money(1), "annulled": True},
            ["not_defaulted", "not_annulled", "signed", "effective", "effective", "due_paid"],
        ),
    ],
)
def test_all_that_is_missing_is_told(
    changes: dict[str, Any], given: dict[str, Any], rules: list[str]
) -> None:
    """ST190"""
    facts: dict[str, Any] = {"open_conditions": (), "unpaid": None, "annulled": False} | given
    missing = missing_for_transaction(replace(deal(), **changes), **facts)
    assert [item.rule for item in missing] == rules
    if not rules:
        require_nothing_missing(missing)
        return
    with pytest.raises(CertificateNotDue) as refused:
        require_nothing_missing(missing)
    told: Any = refused.value.fields["missing"]
    assert [item["rule"] for item in told] == rules
    assert all(item["message_zh"] and item["message_en"] for item in told)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # A deal without a schedule owes its price.
        ([], 1_130),
        # The first item, whenever it is due; the later ones once they are overdue.
        ([(1, 369, 0, 5), (2, 861, 0, 30)], 369),
        ([(1, 369, 369, 5), (2, 861, 0, 30)], None),
        ([(1, 369, 369, -5), (2, 861, 100, -1)], 761),
        ([(1, 369, 100, -5), (2, 861, 0, -1)], 1_130),
        # A royalty of which no amount is known yet holds nothing up.
        ([(1, None, 0, 90)], None),
    ],
)
def test_what_was_due_is_the_first_item_and_whatever_is_overdue(
    schedule: list[tuple[int, int | None, int, int]], expected: int | None
) -> None:
    """ST190"""
    dues = [
        Due(
            number=number,
            kind=DueKind.ROYALTY if amount is None else DueKind.INSTALMENT,
            amount=None if amount is None else Money(amount),
            paid=Money(paid),
            within_price=amount is not None,
            due_at=NOW + timedelta(days=days),
            call_at=None,
            state=DueState.PAID if paid == amount else DueState.DUE,
        )
        for number, amount, paid, days in schedule
    ]
    found = unpaid_of(deal(), dues, now=NOW)
    assert found == (None if expected is None else Money(expected))


def test_shares_that_are_not_registered_are_unpaid() -> None:
    """ST190"""
    stake = Due(
        number=1,
        kind=DueKind.SHARES,
        amount=Money(1_130),
        paid=Money(0),
        within_price=True,
        due_at=NOW + timedelta(days=5),
        call_at=None,
    )
    assert unpaid_of(deal(), [stake], now=NOW) == Money(1_130)
    assert unpaid_of(deal(), [register_shares(stake)], now=NOW) is None


def test_the_public_form_tells_neither_parties_nor_money() -> None:
    """ST192"""
    form = public_form(FACTS)
    text = canonical_json(form).decode()
    for secret in ("之澜", "西溪", "730000", "600000", FACTS["nonce"], "a" * 64):
        assert secret not in text
    assert form["facts_hash"] == digest(FACTS)
    # Whoever guesses all of it still lacks the nonce.
    assert digest(FACTS | {"nonce": "1" * 32}) != form["facts_hash"]
    shown = str(printed(FACTS, form, is_public=True))
    assert "之澜" not in shown
    assert "730000" not in shown
    assert "西溪智造" in str(printed(FACTS, form, is_public=False))


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=200))
def test_the_public_token_fits_a_code_that_scans(title: str) -> None:
    """ST197: whatever the title."""
    form = public_form(FACTS | {"object": {"number": "ZP-2026-1000000", "title": title}})
    market = form | {"market": "m" * 40, "kind": "notice_witness"}
    length = 96 + 1 + -(-len(canonical_json(market)) * 4 // 3) + 1 + 86
    assert length <= QR_BYTES_MAX
    assert len(form["object"]["title"]) == min(len(title), 60)


def test_a_revocation_is_for_ever() -> None:
    """ST194"""
    revoked = revoke(certificate_of(), ground=RevocationGround.ERROR, reason="登记有误", now=NOW)
    with pytest.raises(CertificateRevoked):
        revoke(revoked, ground=RevocationGround.DEAL_ANNULLED, reason="另一理由", now=NOW)
    listed = revocation_list([revoked], market="zhejiang", now=NOW)
    assert listed["revoked"] == [
        {
            "number": "ZP-C-2026-000001",
            "ground": "error",
            "revoked_at": "2026-04-01T01:30:00+00:00",
        }
    ]
    assert (listed["issued_at"], listed["next_update"]) == (
        "2026-04-01T01:30:00+00:00",
        "2026-04-02T01:30:00+00:00",
    )
    assert "登记有误" not in str(listed)
