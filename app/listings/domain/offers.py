"""Offers and counter-offers in a deal room: numbered versions, answered by the other side."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.shared.canonical import digest
from app.shared.errors import Conflict, Forbidden, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import PartyId, RoomId
from app.shared.jsonable import jsonable
from app.shared.money import Money


class OfferStatus(StrEnum):
    """What became of an offer; an expired one stays ``waiting`` and is past its ``valid_until``."""

    WAITING = "waiting"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTerms:
    """What is offered; ``valid_until`` is aware and excluded from its validity."""

    price: Money
    conversion_mode: str
    payment_terms: str
    contract_terms: str
    use_scope: str
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOffer:
    """One version.

    Attributes:
        number: From 1 in its room, without a gap.
        party_id: The side that makes it.
        answers: Number of the offer that it counters.
        salt: Random hex; without it nobody can guess terms from the hash.
        reason: Why it was declined.
    """

    room_id: RoomId
    number: int
    party_id: PartyId
    terms: OfferTerms
    answers: int | None
    salt: str
    offer_hash: str
    made_by: str
    made_at: datetime
    status: OfferStatus = OfferStatus.WAITING
    answered_by: str | None = None
    answered_at: datetime | None = None
    reason: str | None = None


class RoomOfferInvalid(RuleBroken):
    """The terms break rules; ``errors`` names each fault."""

    code = "room_offer_invalid"
    title_zh = "报价条款不符合要求"
    title_en = "The offer's terms break rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class OfferOutdated(Conflict):
    """The offer named is not the room's latest one."""

    code = "offer_outdated"
    title_zh = "该报价已不是最新报价"
    title_en = "This is not the latest offer"


class OfferWaits(Conflict):
    """The side's own offer waits for an answer."""

    code = "offer_waits"
    title_zh = "本单位的报价尚待对方答复"
    title_en = "Your own offer waits for an answer"


class OfferNotWaiting(Conflict):
    """The offer was answered, withdrawn, or has expired."""

    code = "offer_not_waiting"
    title_zh = "该报价已答复、撤回或失效"
    title_en = "The offer does not wait for an answer any more"


class OwnOffer(Forbidden):
    """Only the other side answers an offer."""

    code = "own_offer"
    title_zh = "只有对方可以答复报价"
    title_en = "Only the other side answers an offer"


class OfferOfOtherSide(Forbidden):
    """Only the side that made an offer withdraws it."""

    code = "offer_of_other_side"
    title_zh = "只有报价方可以撤回报价"
    title_en = "Only the side that made it withdraws an offer"


class OfferDiffers(RuleBroken):
    """The hash sent is not that of the offer."""

    code = "offer_differs"
    title_zh = "确认的报价与该报价不一致"
    title_en = "The hash is not the offer's"


def offer_hash(
    *, room_id: RoomId, number: int, party_id: PartyId, terms: OfferTerms, salt: str
) -> str:
    """Return the SHA-256 of an offer's RFC 8785 form: what acceptance consents to.

    Invariant: LS90.
    """
    told = {"room_id": room_id, "number": number, "party_id": party_id}
    return digest(jsonable({**told, "terms": terms, "salt": salt}))


def is_waiting(offer: RoomOffer, now: datetime) -> bool:
    """Tell whether an offer can be answered: neither answered, withdrawn nor expired.

    Invariant: LS91.
    """
    return offer.status is OfferStatus.WAITING and now < offer.terms.valid_until


def check_offer_terms(terms: OfferTerms, *, modes: Collection[str], now: datetime) -> None:
    """Refuse terms that could never be agreed to, naming all faults.

    Args:
        modes: The conversion modes that the achievement offers.

    Raises:
        RoomOfferInvalid: Rules ``conversion_mode_not_wanted``, ``valid_until_past``.
    """
    findings = Findings()
    findings.require(
        terms.conversion_mode in modes,
        "conversion_mode",
        rule="conversion_mode_not_wanted",
        message="The achievement is not offered this way.",
        accepted=sorted(modes),
    )
    findings.require(
        terms.valid_until > now,
        "valid_until",
        rule="valid_until_past",
        message="An offer is valid for some time.",
        after=now,
    )
    if findings.errors:
        raise RoomOfferInvalid(findings.summary(), errors=findings.errors)


def countered_by(
    latest: RoomOffer | None, *, party_id: PartyId, seen: int, now: datetime
) -> RoomOffer | None:
    """Return the waiting offer that a new one of the party counters, ``None`` if none waits.

    Args:
        seen: Number of the latest offer that the party has seen, 0 for none.

    Raises:
        OfferOutdated: Another one came meanwhile; ``accepted`` is its number.
        OfferWaits: The party's own one waits.

    Invariant: LS90.
    """
    present = 0 if latest is None else latest.number
    if seen != present:
        raise OfferOutdated("Read the latest offer.", field="seen_number", accepted=present)
    if latest is None or not is_waiting(latest, now):
        return None
    if latest.party_id == party_id:
        raise OfferWaits("Withdraw it to make another one.", number=latest.number)
    return latest


def check_answer(
    latest: RoomOffer | None, *, number: int, party_id: PartyId, now: datetime
) -> RoomOffer:
    """Return the offer that the other side may accept or decline now.

    Raises:
        OfferOutdated: It is not the latest one.
        OwnOffer: The party made it.
        OfferNotWaiting: It was answered, withdrawn, or has expired.

    Invariant: LS90, LS91.
    """
    offer = _latest(latest, number)
    if offer.party_id == party_id:
        raise OwnOffer("Wait for the other side, or withdraw it.")
    return _waiting(offer, now)


def check_withdrawal(
    latest: RoomOffer | None, *, number: int, party_id: PartyId, now: datetime
) -> RoomOffer:
    """Return the offer that its maker may take back now.

    Raises:
        OfferOutdated, OfferNotWaiting: As above.
        OfferOfOtherSide: The other side made it.
    """
    offer = _latest(latest, number)
    if offer.party_id != party_id:
        raise OfferOfOtherSide("Decline it instead.")
    return _waiting(offer, now)


def _latest(latest: RoomOffer | None, number: int) -> RoomOffer:
    if latest is None or latest.number != number:
        present = 0 if latest is None else latest.number
        raise OfferOutdated("Read the latest offer.", field="number", accepted=present)
    return latest


def _waiting(offer: RoomOffer, now: datetime) -> RoomOffer:
    if not is_waiting(offer, now):
        raise OfferNotWaiting(
            "Make a new offer.", state=str(offer.status), valid_until=offer.terms.valid_until
        )
    return offer


def check_offer_hash(offer: RoomOffer, told: str) -> None:
    """Refuse the acceptance of other terms than the offer's.

    Raises:
        OfferDiffers: ``accepted`` is the offer's hash.
    """
    if told != offer.offer_hash:
        raise OfferDiffers("Read the offer anew.", field="offer_hash", accepted=offer.offer_hash)
