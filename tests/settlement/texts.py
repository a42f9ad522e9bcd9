"""Facts and parameters of contract texts, and signed PDFs, as tests need them."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.settlement.domain.clauses import ParameterKind, clauses_for
from app.settlement.domain.contract import Contract
from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.esignature import CertificateFacts
from app.settlement.domain.terms import lump_sum
from app.settlement.domain.text_facts import TextFacts, TextParty
from app.shared import codes
from app.shared.ids import DealId, ListingId, MarketId, PartyId, RegistrationId, new_id
from app.shared.money import Money

PRICE = Money.parse("730000.00")
NOON = datetime(2026, 4, 1, 4, tzinfo=UTC)

KINDS = [
    entry.name
    for entry in codes.table("contract_type").entries
    if all(other.parent != entry.name for other in codes.table("contract_type").entries)
]


def party(name: str, **changes: Any) -> TextParty:
    told: dict[str, Any] = {
        "organisation": True,
        "name": name,
        "credit_code": "12330110470128359P",
        "address": "杭州市余杭区北苕大道1号",
        "representative": "陆景深",
        "contact": None,
        "phone": None,
        "postcode": None,
    }
    return TextParty(**told | changes)


def contract(kind: str | None, **changes: Any) -> Contract:
    told: dict[str, Any] = {
        "contract_type": kind,
        "starts_on": date(2026, 3, 23),
        "ends_on": date(2027, 3, 22),
        "patent_ends_on": date(2037, 7, 20),
        "ip_kind": "invention_patent",
    }
    return Contract(**told | changes)


def facts(kind: str | None, **changes: Any) -> TextFacts:
    told: dict[str, Any] = {
        "exchange": "测试技术交易中心",
        "deal_number": "ZP-D-2026-000001",
        "confirmed_on": date(2026, 3, 23),
        "price": PRICE,
        "seller": party("之澜理工大学"),
        "buyer": party("西溪智造有限公司", credit_code="91330106000000003X"),
        "title": "事件相机视觉测量方法",
        "abstract": "一种高速视觉测量方法。",
        "contract": contract(kind),
        "terms": lump_sum(PRICE),
        "conditions": (),
        "rights": ("发明专利 201710601862.3《事件相机测量》（已授权）",),
    }
    return TextFacts(**told | changes)


def parameters(kind: str) -> dict[str, dict[str, str | int]]:
    """Return values for all blanks of a type that nothing else fills."""
    given: dict[str, dict[str, str | int]] = {}
    for clause in clauses_for(kind):
        for blank in clause.parameters:
            known = blank.default is not None or blank.from_fact in {"abstract", "rights"}
            if blank.kind is ParameterKind.FACT or known or blank.only_with:
                continue
            value: str | int = f"{blank.label_zh}的约定"
            if blank.kind is ParameterKind.CHOICE:
                value = next(iter(blank.values or {}))
            elif blank.kind is not ParameterKind.TEXT:
                value = blank.minimum or 0
            given.setdefault(clause.code, {})[blank.name] = value
    return given


def certificate(**changes: Any) -> CertificateFacts:
    told: dict[str, Any] = {
        "provider": "file",
        "issuer": "浙江数字证书测试中心",
        "subject": "之澜理工大学",
        "serial_number": "5A00F1",
        "valid_from": NOON - timedelta(days=100),
        "valid_to": NOON + timedelta(days=265),
        "signed_at": NOON,
    }
    return CertificateFacts(**told | changes)


def sign_pdf(document: bytes, algorithm: str = "sha256") -> bytes:
    """Return the document with an incremental update as PDF signers write it."""
    room = 512
    head = b"\n7 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached\n"
    tail = b"\n>>\nendobj\ntrailer\n<< /Prev 0 >>\n%%EOF\n"
    # The range's own digits are covered, so it is written at a fixed width.
    blank = b"/ByteRange [%010d %010d %010d %010d]\n/Contents "
    before = len(document) + len(head) + len(blank % (0, 0, 0, 0))
    after = before + 2 * room + 2
    update = head + blank % (0, before, after, len(tail))
    digest = hashlib.new(algorithm, document + update + tail).digest()
    container = (b"\x30\x82\x01\x00" + digest).ljust(room, b"\0").hex().encode()
    return document + update + b"<" + container + b">" + tail


def deal(**changes: Any) -> Deal:
    """Return a deal of a listing, opened two days before it could be signed."""
    told: dict[str, Any] = {
        "id": DealId(new_id()),
        "number": "ZP-D-2026-000001",
        "market_id": MarketId(new_id()),
        "listing_id": ListingId(new_id()),
        "seller_id": PartyId(new_id()),
        "buyer_id": PartyId(new_id()),
        "registration_id": RegistrationId(new_id()),
        "status": DealStatus.OPENED,
        "start": Money.parse("600000.00"),
        "price": PRICE,
        "deposit": Money.parse("120000.00"),
        "paid": Money.parse("120000.00"),
        "source": "auction",
        "source_id": new_id(),
        "confirmed_at": NOON - timedelta(days=9),
        "sign_by_at": NOON - timedelta(days=6),
        "pay_by_at": NOON - timedelta(days=4),
        "released": Money(0),
        "returned": Money(0),
    }
    return Deal(**told | changes)
