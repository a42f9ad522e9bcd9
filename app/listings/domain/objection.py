"""Objections 异议 to the notice of an agreement: by anyone while it is open, decided, published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.listings.domain.listing import Listing, ListingStatus
from app.listings.domain.notice import Notice, NoticeStatus
from app.shared.access import Viewer
from app.shared.errors import Conflict, Forbidden, RuleBroken
from app.shared.ids import FileId, ListingId, MarketId, NoticeId, ObjectionId, PartyId


class ObjectionStatus(StrEnum):
    """What became of an objection."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ObjectionTrigger(StrEnum):
    """What moves an objection."""

    UPHOLD = "uphold"
    REJECT = "reject"
    WITHDRAW = "withdraw"


OBJECTION_TRANSITIONS: Final[Mapping[tuple[ObjectionStatus, ObjectionTrigger], ObjectionStatus]] = {
    (ObjectionStatus.OPEN, ObjectionTrigger.UPHOLD): ObjectionStatus.UPHELD,
    (ObjectionStatus.OPEN, ObjectionTrigger.REJECT): ObjectionStatus.REJECTED,
    (ObjectionStatus.OPEN, ObjectionTrigger.WITHDRAW): ObjectionStatus.WITHDRAWN,
}


class ObjectionGround(StrEnum):
    """What an objection is about; the public reads no more of it."""

    OWNERSHIP = "ownership"  # 权属
    PRICE = "price"  # 价格
    RELATED_PARTY = "related_party"  # 关联关系
    DISCLOSURE = "disclosure"  # 信息不实或不全
    PROCEDURE = "procedure"  # 程序
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One objection.

    Attributes:
        party_id: Of whom objects, if it signed in.
        name, contact: Who objects and how to answer; for staff, the seller and itself.
        evidence: In words.
        files: Files that whoever decides may read.
        decide_by_at: Until when the seller's unit answers, if the working days are known.
        decided_by: ``Actor.ref``.
    """

    id: ObjectionId
    listing_id: ListingId
    notice_id: NoticeId
    market_id: MarketId
    party_id: PartyId | None
    name: str
    contact: str
    ground: ObjectionGround
    text: str
    evidence: str
    files: tuple[FileId, ...]
    status: ObjectionStatus
    filed_at: datetime
    filed_by: str
    decide_by_at: datetime | None
    decision: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


class ObjectionsClosed(Conflict):
    """The notice is not open to objections: its period is over, or it never was."""

    code = "objections_closed"
    title_zh = "公示期已结束，不再接受异议"
    title_en = "The notice is not open to objections"


class ObjectorUnknown(RuleBroken):
    """Whoever objects without signing in says who it is."""

    code = "objector_unknown"
    title_zh = "请填写异议人姓名和联系方式"
    title_en = "Say who objects and how to answer"


class OwnObjection(Forbidden):
    """Nobody decides its own objection."""

    code = "own_objection"
    title_zh = "不得处理本单位提出的异议"
    title_en = "Nobody decides its own objection"


def check_objection(listing: Listing, notice: Notice | None, *, now: datetime) -> None:
    """Refuse an objection to what is not open to any.

    The stored deadline decides, not whether a timer has run.

    Raises:
        ObjectionsClosed: Names state and end of the period.

    Invariant: LS64. Source: rules.md A4.
    """
    ends_at = listing.disclosure_ends_at
    open_states = {NoticeStatus.PUBLISHED, NoticeStatus.OBJECTED}
    if (
        listing.status is not ListingStatus.DISCLOSING
        or notice is None
        or notice.status not in open_states
        or ends_at is None
        or now >= ends_at
    ):
        raise ObjectionsClosed(
            "Object while the notice is open.",
            state=str(listing.status),
            disclosure_ends_at=ends_at,
        )


def require_objector(*, signed_in: bool, name: str | None, contact: str | None) -> None:
    """Refuse an objection that nobody could be answered for.

    Raises:
        ObjectorUnknown: Without signing in, a name or a contact is missing.
    """
    if not signed_in and (name is None or contact is None):
        missing = "name" if name is None else "contact"
        raise ObjectorUnknown("Sign in, or say who you are.", field=missing)


def may_read_objector(viewer: Viewer, objection: Objection, seller_id: PartyId) -> bool:
    """Tell whether the viewer may know who objects, and the words of it.

    Invariant: LS66.
    """
    if viewer.staff_of == objection.market_id:
        return True
    return viewer.party_id is not None and viewer.party_id in {seller_id, objection.party_id}
