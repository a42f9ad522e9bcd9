"""Agreement pricing 协议定价: what both sides agreed to, and what is public before its notice."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.listings.domain.listing import (
    Approval,
    Listing,
    ListingTerms,
    PricingMode,
    UnitNotice,
    terms_of,
)
from app.listings.domain.relation import Relation
from app.shared.canonical import digest
from app.shared.errors import Conflict, Forbidden, RuleBroken
from app.shared.ids import FileId, ListingId, MarketId, PartyId, ProcedureId, SessionId
from app.shared.jsonable import jsonable
from app.shared.money import Money


class NotTheBuyer(Forbidden):
    """Only the buyer that an agreement names speaks for it."""

    code = "not_the_buyer"
    title_zh = "您的单位不是该协议的受让方"
    title_en = "Your party is not the agreement's buyer"


class NotAnAgreement(Conflict):
    """The listing's price is not found by agreement."""

    code = "not_an_agreement"
    title_zh = "该项目不是协议定价"
    title_en = "The listing is no agreement"


class AgreedTermsDiffer(RuleBroken):
    """The hash sent is not that of the terms that wait for consent."""

    code = "agreed_terms_differ"
    title_zh = "确认的条款与待确认条款不一致"
    title_en = "These are not the terms that wait for consent"


class ConsentMissing(Conflict):
    """No agreement is published to which its buyer has not consented."""

    code = "consent_missing"
    title_zh = "受让方尚未确认协议条款"
    title_en = "The buyer has not consented to the terms"


class UnitNoticeMissing(Conflict):
    """A public seller publishes in its own unit, too."""

    code = "unit_notice_missing"
    title_zh = "尚未登记本单位公示"
    title_en = "The publication in the seller's unit is not on record"


class UnitNoticeInFuture(RuleBroken):
    """What is to be published in the unit later is not published yet."""

    code = "unit_notice_in_future"
    title_zh = "本单位公示日期不能晚于今日"
    title_en = "The publication in the unit lies in the future"


class ProcedureMissing(Conflict):
    """The way of objecting is public before the notice is."""

    code = "objection_procedure_missing"
    title_zh = "尚未公布异议处理程序"
    title_en = "No objection procedure was published before"


class AgreementHasItsBuyer(Conflict):
    """Nobody else can buy what is sold by agreement, and the buyer pays no deposit."""

    code = "agreement_has_its_buyer"
    title_zh = "协议定价项目已有受让方，不接受登记"
    title_en = "An agreement has its buyer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """An objection procedure 异议处理程序 as published; never changed.

    Attributes:
        party_id: The seller that published it, ``None`` for the exchange's own.
        version: 1, 2, … of the same publisher.
    """

    id: ProcedureId
    market_id: MarketId
    party_id: PartyId | None
    version: int
    text: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A buyer's consent to exact terms.

    Attributes:
        terms_hash: See `agreed_hash`.
        consented_by: ``Actor.ref``.
        relation: To the seller, as declared.
    """

    listing_id: ListingId
    party_id: PartyId
    terms_hash: str
    relation: Relation
    consented_by: str
    consented_at: datetime


# What two sides agree to; how and when it is published is not theirs.
_AGREED: Final = (
    "conversion_mode",
    "floor",
    "deposit",
    "contract_terms",
    "payment_terms",
    "buyer_conditions",
    "forfeiture_terms",
    "buyer_id",
)


def agreed_hash(listing: Listing, terms: ListingTerms | None = None) -> str | None:
    """Return the hash of what the two sides of an agreement consent to, ``None`` for others.

    SHA-256 of the RFC 8785 form of listing, achievement, seller and the terms of `_AGREED`.

    Args:
        terms: Other terms of the same listing, instead of its own.

    Invariant: LS60.
    """
    if listing.pricing_mode is not PricingMode.AGREEMENT:
        return None
    values = terms_of(listing) if terms is None else terms
    told: dict[str, Any] = {name: getattr(values, name) for name in _AGREED}
    told |= {
        "listing_number": listing.number,
        "achievement_id": listing.achievement_id,
        "seller_id": listing.seller_id,
    }
    return digest(jsonable(told))


def require_agreement(listing: Listing) -> None:
    """Refuse a listing in another pricing mode.

    Raises:
        NotAnAgreement: Names its mode.
    """
    if listing.pricing_mode is not PricingMode.AGREEMENT:
        raise NotAnAgreement("Its price is found otherwise.", pricing_mode=listing.pricing_mode)


def refuse_in_agreement(listing: Listing) -> None:
    """Refuse a registration for what has its buyer already.

    Raises:
        AgreementHasItsBuyer: The listing is sold by agreement.

    Invariant: LS61.
    """
    if listing.pricing_mode is PricingMode.AGREEMENT:
        raise AgreementHasItsBuyer("The buyer is named in the notice.", listing_id=listing.id)


def check_consent(*, buyer_id: PartyId | None, party_id: PartyId, told: str, due: str) -> None:
    """Refuse a consent by somebody else or to other terms.

    Args:
        told: The hash that the buyer sends.
        due: That of the terms that wait.

    Raises:
        NotTheBuyer: The party is not named in them.
        AgreedTermsDiffer: Names the hash that would be accepted.

    Invariant: LS60.
    """
    if party_id != buyer_id:
        raise NotTheBuyer("The terms name another buyer.")
    if told != due:
        raise AgreedTermsDiffer("Read the terms anew.", field="terms_hash", accepted=due)


def check_unit_notice(unit_notice: UnitNotice | None, *, required: bool, today: date) -> None:
    """Refuse a publication without the one in the seller's unit.

    Raises:
        UnitNoticeMissing: The policy asks for it.
        UnitNoticeInFuture: Names today.

    Invariant: LS62. Source: rules.md A2; 浙江省促进科技成果转化条例 17(2).
    """
    if unit_notice is None:
        if required:
            raise UnitNoticeMissing("Record place and day of it first.", field="unit_notice")
        return
    if unit_notice.published_on > today:
        raise UnitNoticeInFuture(
            "The notice follows it.", field="unit_notice.published_on", maximum=today
        )


def check_procedure(procedure: Procedure | None, *, now: datetime) -> Procedure:
    """Return the procedure that was public before now.

    Raises:
        ProcedureMissing: There is none.

    Invariant: LS63. Source: rules.md A4; 浙江条例 17(1).
    """
    if procedure is None or procedure.published_at >= now:
        raise ProcedureMissing("Publish the way of objecting first, then the notice.")
    return procedure


def terms_from_json(told: dict[str, Any]) -> ListingTerms:
    """Read back the terms of an agreement that were stored as `jsonable` JSON."""
    unit, approval = told["unit_notice"], told["approval"]
    return ListingTerms(
        pricing_mode=PricingMode(told["pricing_mode"]),
        conversion_mode=told["conversion_mode"],
        floor=_money(told["floor"]),
        deposit=_money(told["deposit"]),
        base_price=None if told["base_price"] is None else _money(told["base_price"]),
        contract_terms=told["contract_terms"],
        payment_terms=told["payment_terms"],
        buyer_conditions=told["buyer_conditions"],
        forfeiture_terms=told["forfeiture_terms"],
        session_id=None if told["session_id"] is None else SessionId(UUID(told["session_id"])),
        related_buyers=tuple(Relation(relation) for relation in told["related_buyers"]),
        buyer_id=PartyId(UUID(told["buyer_id"])),
        unit_notice=(
            None
            if unit is None
            else UnitNotice(unit["place"], date.fromisoformat(unit["published_on"]))
        ),
        approval=None if approval is None else _approval(approval),
    )


def _money(told: dict[str, str]) -> Money:
    return Money.parse(told["amount"], told["currency"])


def _approval(told: dict[str, Any]) -> Approval:
    file_id = told["file_id"]
    return Approval(
        told["reference"],
        told["approved_by"],
        date.fromisoformat(told["approved_on"]),
        None if file_id is None else FileId(UUID(file_id)),
    )
