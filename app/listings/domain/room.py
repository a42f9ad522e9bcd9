"""Deal rooms 洽谈室: two sides talk about an achievement behind a recorded non-disclosure step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.shared.access import Viewer
from app.shared.canonical import digest
from app.shared.errors import Conflict, Forbidden, RuleBroken
from app.shared.ids import AchievementId, ListingId, MarketId, PartyId, RoadshowId, RoomId


class RoomStatus(StrEnum):
    """Where a deal room stands."""

    REQUESTED = "requested"  # waits for the owner's answer
    DECLINED = "declined"
    ANSWERING = "answering"  # the owner talks: both sides answer the non-disclosure text
    OPEN = "open"
    AGREED = "agreed"
    CLOSED = "closed"
    LAPSED = "lapsed"  # no answer in time


class RoomTrigger(StrEnum):
    """What moves a deal room."""

    ACCEPT = "accept"
    DECLINE = "decline"
    OPEN = "open"
    TALK = "talk"  # a message, document, meeting or offer
    AGREE = "agree"
    CLOSE = "close"
    LAPSE = "lapse"


_S = RoomStatus
_T = RoomTrigger

ROOM_TRANSITIONS: Final[Mapping[tuple[RoomStatus, RoomTrigger], RoomStatus]] = {
    (_S.REQUESTED, _T.ACCEPT): _S.ANSWERING,
    (_S.REQUESTED, _T.DECLINE): _S.DECLINED,
    (_S.REQUESTED, _T.CLOSE): _S.CLOSED,
    (_S.REQUESTED, _T.LAPSE): _S.LAPSED,
    (_S.ANSWERING, _T.OPEN): _S.OPEN,
    (_S.ANSWERING, _T.CLOSE): _S.CLOSED,
    (_S.ANSWERING, _T.LAPSE): _S.LAPSED,
    (_S.OPEN, _T.TALK): _S.OPEN,
    (_S.OPEN, _T.AGREE): _S.AGREED,
    (_S.OPEN, _T.CLOSE): _S.CLOSED,
}
LIVING: Final = frozenset({_S.REQUESTED, _S.ANSWERING, _S.OPEN})

# Source: default; long enough for a unit's internal round, short enough to keep a buyer.
ANSWER_WITHIN: Final = timedelta(days=14)
NDA_WITHIN: Final = timedelta(days=14)

NDA_TEXT: Final = (
    "双方为洽谈本成果的转化而互相提供的技术资料、经营信息、报价和洽谈内容均为保密信息。接收方只为"
    "评估和洽谈本次转化使用，只提供给确有需要并负有同等义务的人员，未经对方书面同意不得披露、复制"
    "或申请知识产权；已公开的、接收方原已合法掌握的和依法必须提供的除外。洽谈结束后应对方要求返还"
    "或销毁资料。保密期为洽谈结束后五年。\n"
    "What the two sides tell each other here is confidential: it serves to weigh this conversion "
    "only, goes to bound people who need it, and is neither disclosed nor filed for "
    "rights without written consent, for five years after the talks end."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Who of a side accepted the non-disclosure text, and when; ``by`` is ``Actor.ref``."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A deal room.

    Attributes:
        owner_id, buyer_id: The two sides.
        requested_by: ``Actor.ref``; a broker or the exchange may ask for a named buyer.
        roadshow_id: The roadshow where the buyer's interest was noted.
        request: What the buyer says when it asks.
        answer_due_at: Until when the owner answers, then until when both accept the text.
        nda_text, nda_hash: The room's own text and its hash, once the owner talks.
        first_meeting_at: When the first recorded meeting was held.
        reason: Why it was declined or closed.
        mediation_at: Since when the market's staff may read everything.
        agreed_offer: Number of the accepted offer.
    """

    id: RoomId
    market_id: MarketId
    achievement_id: AchievementId
    owner_id: PartyId
    buyer_id: PartyId
    status: RoomStatus
    requested_by: str
    requested_at: datetime
    request: str
    answer_due_at: datetime
    roadshow_id: RoadshowId | None = None
    answered_at: datetime | None = None
    nda_text: str | None = None
    nda_hash: str | None = None
    owner_acceptance: Acceptance | None = None
    buyer_acceptance: Acceptance | None = None
    opened_at: datetime | None = None
    first_meeting_at: datetime | None = None
    first_offer_at: datetime | None = None
    agreed_at: datetime | None = None
    agreed_offer: int | None = None
    listing_id: ListingId | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    mediation_at: datetime | None = None
    mediation_reason: str | None = None

    @property
    def sides(self) -> frozenset[PartyId]:
        """Return the two parties."""
        return frozenset({self.owner_id, self.buyer_id})


class OwnAchievement(RuleBroken):
    """Nobody negotiates with itself."""

    code = "own_achievement"
    title_zh = "不能与本单位洽谈本单位的成果"
    title_en = "A party does not negotiate with itself"


class RoomBuyerMissing(RuleBroken):
    """A broker or operator names the buyer it asks for; a buyer asks for itself."""

    code = "room_buyer_missing"
    title_zh = "请指明洽谈的意向受让方"
    title_en = "Name the buyer that the room is for"


class RoomExists(Conflict):
    """The two sides talk about the achievement already."""

    code = "room_exists"
    title_zh = "双方已就该成果建立洽谈室"
    title_en = "There is a living room for this buyer and achievement"


class AnswerLate(Conflict):
    """The time to answer is over; the stored deadline decides."""

    code = "room_answer_late"
    title_zh = "答复期限已过"
    title_en = "The time to answer is over"


class NdaDiffers(RuleBroken):
    """The hash sent is not that of the room's non-disclosure text."""

    code = "nda_differs"
    title_zh = "确认的保密条款与本洽谈室条款不一致"
    title_en = "These are not the room's non-disclosure terms"


class NdaAccepted(Conflict):
    """The side has accepted the text before."""

    code = "nda_already_accepted"
    title_zh = "本单位已确认保密条款"
    title_en = "Your side has accepted the text already"


class NotTheOwner(Forbidden):
    """Only the achievement's owner answers a request."""

    code = "not_the_owner"
    title_zh = "仅成果所有方可以答复洽谈请求"
    title_en = "Only the owner answers"


class MeetingMomentWrong(RuleBroken):
    """A meeting was held after the room opened and before it is recorded."""

    code = "meeting_moment_wrong"
    title_zh = "洽谈时间应在洽谈室开放之后、登记之前"
    title_en = "The meeting lies before the opening or in the future"


class NoInterestNoted(RuleBroken):
    """A room from a roadshow rests on the buyer's interest that was noted there."""

    code = "no_interest_noted"
    title_zh = "该路演中没有登记该单位对此成果的意向"
    title_en = "No interest of this buyer was noted at the roadshow"


def nda_hash(room: Room, text: str) -> str:
    """Return what each side accepts: the hash of text, room, achievement and sides.

    SHA-256 of the RFC 8785 form. Invariant: LS86. Source: rules.md L11.
    """
    return digest(
        {
            "room_id": str(room.id),
            "achievement_id": str(room.achievement_id),
            "owner_id": str(room.owner_id),
            "buyer_id": str(room.buyer_id),
            "text": text,
        }
    )


def may_know(viewer: Viewer, room: Room) -> bool:
    """Tell whether the viewer may know that a room exists, and read its clock.

    Invariant: LS88.
    """
    return viewer.party_id in room.sides or viewer.staff_of == room.market_id


def may_read(viewer: Viewer, room: Room) -> bool:
    """Tell whether the viewer may read what is said in a room.

    The market's staff may from the moment on at which a side asked for mediation.

    Invariant: LS88.
    """
    if viewer.party_id in room.sides:
        return True
    return viewer.staff_of == room.market_id and room.mediation_at is not None


def check_in_time(room: Room, now: datetime) -> None:
    """Refuse an answer after the stored deadline, whether or not the timer has run.

    Raises:
        AnswerLate: Names the deadline.

    Invariant: LS85.
    """
    if now >= room.answer_due_at:
        raise AnswerLate("Ask for a new room.", answer_due_at=room.answer_due_at)


def check_nda(room: Room, party_id: PartyId, told: str) -> None:
    """Refuse the acceptance of another text, or a second one.

    Raises:
        NdaDiffers: ``accepted`` is the hash of the room's text.
        NdaAccepted: The side has accepted it.

    Invariant: LS86.
    """
    if told != room.nda_hash:
        raise NdaDiffers("Read the room's text anew.", field="nda_hash", accepted=room.nda_hash)
    mine = room.owner_acceptance if party_id == room.owner_id else room.buyer_acceptance
    if mine is not None:
        raise NdaAccepted("Nothing is left to accept.", accepted_at=mine.at)


def check_meeting(room: Room, held_at: datetime, now: datetime) -> None:
    """Refuse a meeting before the room opened or after now.

    Raises:
        MeetingMomentWrong: Names the bounds.

    Invariant: LS94.
    """
    if room.opened_at is None or not room.opened_at <= held_at <= now:
        raise MeetingMomentWrong(
            "Record it when it was held.", field="held_at", minimum=room.opened_at, maximum=now
        )
