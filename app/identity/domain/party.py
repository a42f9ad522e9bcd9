"""Parties: who trades, and whether the exchange has verified it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from app.shared import codes
from app.shared.credit_code import validate_credit_code
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import MarketId, PartyId
from app.shared.transitions import advance


class PartyKind(StrEnum):
    """法人或其他组织, or 自然人."""

    ORGANISATION = "organisation"
    PERSON = "person"


class PartyStatus(StrEnum):
    """Where the verification stands."""

    PENDING = "pending"
    VERIFIED = "verified"
    REFUSED = "refused"


class PartyTrigger(StrEnum):
    """What changes a party's status."""

    VERIFY = "verify"
    REFUSE = "refuse"


TRANSITIONS: Final = {
    (PartyStatus.PENDING, PartyTrigger.VERIFY): PartyStatus.VERIFIED,
    (PartyStatus.PENDING, PartyTrigger.REFUSE): PartyStatus.REFUSED,
}


class PartyNotVerified(RuleBroken):
    """The exchange has not verified the party, or has refused it."""

    code = "party_not_verified"
    title_zh = "该单位尚未通过交易所审核"
    title_en = "The exchange has not verified this party"


class CreditCodeMissing(RuleBroken):
    """An organisation must name its unified social credit code."""

    code = "credit_code_missing"
    title_zh = "单位必须填写统一社会信用代码"
    title_en = "An organisation needs its unified social credit code"


class CreditCodeOfPerson(RuleBroken):
    """A natural person has no unified social credit code."""

    code = "credit_code_of_person"
    title_zh = "自然人没有统一社会信用代码"
    title_en = "A natural person has no unified social credit code"


class CreditCodeTaken(Conflict):
    """A pending or verified party of this market has the credit code."""

    code = "credit_code_taken"
    title_zh = "该统一社会信用代码已在本市场登记"
    title_en = "This credit code is already registered in this market"


class RegionMissing(RuleBroken):
    """An organisation must name its region."""

    code = "region_missing"
    title_zh = "单位必须填写所在行政区划"
    title_en = "An organisation needs its region"


class SellerClassMissing(RuleBroken):
    """Every time limit depends on the seller's class, so a seller must name it."""

    code = "party_seller_class_missing"
    title_zh = "转让方必须填写主体类别"
    title_en = "A seller must name its class"


class PartyRefused(Conflict):
    """The exchange has refused the party; it may register anew."""

    code = "party_refused"
    title_zh = "该单位的登记已被拒绝"
    title_en = "The exchange has refused this party"


class ReasonMissing(RuleBroken):
    """A refusal must say why."""

    code = "party_refusal_reason_missing"
    title_zh = "拒绝时必须说明理由"
    title_en = "A refusal needs a reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParty:
    """What is known of a party at registration.

    Attributes:
        credit_code: Unified social credit code; organisations only.
        region_code: GB/T 2260, six digits.
        seller_class, party_type, scale, industry: Names of the code tables ``seller_class``,
            ``party_type``, ``buyer_scale`` and ``industry``.
        representative: 法定代表人.
        beneficial_owners: 受益所有人, by name; for operators and auditors only.
    """

    kind: PartyKind
    name: str
    credit_code: str | None = None
    region_code: str | None = None
    address: str | None = None
    seller_class: str | None = None
    party_type: str | None = None
    scale: str | None = None
    industry: str | None = None
    representative: str | None = None
    contact: str | None = None
    phone: str | None = None
    postcode: str | None = None
    in_high_tech_zone: bool = False
    listed: bool = False
    beneficial_owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Party(NewParty):
    """A party of one market."""

    id: PartyId
    market_id: MarketId
    status: PartyStatus


CODE_TABLES: Final = {
    "seller_class": "seller_class",
    "party_type": "party_type",
    "scale": "buyer_scale",
    "industry": "industry",
}


def check_new_party(new: NewParty) -> NewParty:
    """Return the party's data in normal form.

    Raises:
        CreditCodeMissing, RegionMissing: An organisation without its code or region.
        CreditCodeOfPerson: A natural person with a code.
        CreditCodeInvalid: The code's form or check digit is wrong.
        CodeUnknown: A value is not in its code table.

    Source: identity/README.md, invariants I1 and I2.
    """
    if new.region_code is not None:
        codes.require_region(new.region_code, field="region_code")
    for field, table in CODE_TABLES.items():
        value = getattr(new, field)
        if value is not None:
            codes.require(table, value, field=field)
    if new.kind is PartyKind.PERSON:
        if new.credit_code is not None:
            raise CreditCodeOfPerson("Leave the credit code out.", field="credit_code")
        return new
    if new.credit_code is None:
        raise CreditCodeMissing("Send the 18 characters.", field="credit_code")
    if new.region_code is None:
        raise RegionMissing("Send the six digits of GB/T 2260.", field="region_code")
    return replace(new, credit_code=validate_credit_code(new.credit_code))


def decide_verification(status: PartyStatus, *, accepted: bool, reason: str | None) -> PartyStatus:
    """Return the status after an operator's decision; a decision is final.

    Raises:
        ReasonMissing: Refused without a reason.
        TransitionRefused: Already decided.

    Source: identity/README.md, invariant I3.
    """
    if not accepted and reason is None:
        raise ReasonMissing("Say why, the party will read it.", field="reason")
    trigger = PartyTrigger.VERIFY if accepted else PartyTrigger.REFUSE
    return advance(TRANSITIONS, state=status, trigger=trigger)


def check_verified(party: Party) -> Party:
    """Return the party if the exchange has verified it.

    Raises:
        PartyNotVerified: Pending or refused.
    """
    if party.status is not PartyStatus.VERIFIED:
        raise PartyNotVerified(
            "The exchange has not verified this party.",
            party_id=party.id,
            verification=str(party.status),
            accepted=[str(PartyStatus.VERIFIED)],
        )
    return party


def check_not_refused(party: Party) -> Party:
    """Return the party unless the exchange has refused it.

    Raises:
        PartyRefused: It was.
    """
    if party.status is PartyStatus.REFUSED:
        raise PartyRefused("A refused party gets no members.", party_id=party.id)
    return party


def check_can_sell(new: NewParty) -> None:
    """Refuse a would-be seller without a seller class.

    Raises:
        SellerClassMissing: Names the classes.
    """
    if new.seller_class is None:
        raise SellerClassMissing(
            "The class decides the periods that the seller must keep.",
            field="seller_class",
            accepted=list(codes.table("seller_class").names),
        )
