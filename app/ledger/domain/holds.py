"""Holds: deposits that are kept until they are posted to a deal, voided or forfeited."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from app.shared.errors import Conflict, NotFound
from app.shared.ids import DealId, EntryId, HoldId, MarketId, PartyId
from app.shared.money import Money


class HoldState(StrEnum):
    """Where a hold stands."""

    HELD = "held"
    POSTED = "posted"
    VOIDED = "voided"
    FORFEITED = "forfeited"


class HoldTrigger(StrEnum):
    """What may happen to a hold."""

    CAPTURE = "capture"
    RELEASE = "release"
    FORFEIT = "forfeit"


TRANSITIONS: Final[Mapping[tuple[HoldState, HoldTrigger], HoldState]] = {
    (HoldState.HELD, HoldTrigger.CAPTURE): HoldState.POSTED,
    (HoldState.HELD, HoldTrigger.RELEASE): HoldState.VOIDED,
    (HoldState.HELD, HoldTrigger.FORFEIT): HoldState.FORFEITED,
}


class HoldUnknown(NotFound):
    """No hold has this id."""

    code = "hold_unknown"
    title_zh = "保证金冻结记录不存在"
    title_en = "There is no such hold"


class HoldDiffers(Conflict):
    """The id was used for another hold, or the hold was posted to another deal (G4)."""

    code = "hold_differs"
    title_zh = "该冻结编号已用于其他内容"
    title_en = "The hold id belongs to something else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A deposit.

    Attributes:
        subject_id: What the deposit is for, e.g. the listing.
        deal_id: The deal it was posted to, once it was.
    """

    id: HoldId
    market_id: MarketId
    party_id: PartyId
    subject_id: UUID
    amount: Money
    state: HoldState = HoldState.HELD
    deal_id: DealId | None = None


def holding_entry_id(hold_id: HoldId) -> EntryId:
    """Return the id of the entry that makes a hold; not the hold's own, which others journal."""
    return EntryId(uuid5(hold_id, "hold"))


def closing_entry_id(hold_id: HoldId, trigger: HoldTrigger) -> EntryId:
    """Return the id of the entry that ends a hold: always the same one, so it is booked once."""
    return EntryId(uuid5(hold_id, str(trigger)))


def same_hold(known: Hold, asked: Hold) -> bool:
    """Tell whether a repeated id asks for what is already held (G4)."""
    return (known.market_id, known.party_id, known.subject_id, known.amount) == (
        asked.market_id,
        asked.party_id,
        asked.subject_id,
        asked.amount,
    )
