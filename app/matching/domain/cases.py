"""Cases 撮合案: a technology manager 技术经理人 brings the two sides of a match together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.matching.domain.entry import EntryKind
from app.matching.domain.reasons import without_wishes
from app.shared.errors import Conflict, Forbidden, RuleBroken
from app.shared.ids import MarketId, PartyId
from app.shared.transitions import advance

IDLE: Final = timedelta(days=30)  # without an act; then the pair is anybody's again
_MEETING_AHEAD_MAX: Final = timedelta(days=180)  # a later one would only keep the pair


class CaseStatus(StrEnum):
    """Where a case stands."""

    TAKEN = "taken"
    MEETING_ARRANGED = "meeting_arranged"
    MET = "met"
    OFFERED = "offered"
    WON = "won"
    DECLINED = "declined"
    RELEASED = "released"  # the pair is in the queue again
    DISMISSED = "dismissed"  # a broker saw at once that it is of no use


class CaseTrigger(StrEnum):
    """What moves a case."""

    ARRANGE = "arrange"
    HOLD = "hold"
    MISS = "miss"  # the meeting was not held
    OFFER = "offer"
    WIN = "win"
    DECLINE = "decline"
    RELEASE = "release"
    LAPSE = "lapse"  # nobody touched it for `IDLE`


_S, _T = CaseStatus, CaseTrigger

CASE_TRANSITIONS: Final[Mapping[tuple[CaseStatus, CaseTrigger], CaseStatus]] = {
    (_S.TAKEN, _T.ARRANGE): _S.MEETING_ARRANGED,
    (_S.MEETING_ARRANGED, _T.ARRANGE): _S.MEETING_ARRANGED,  # at another time
    (_S.MEETING_ARRANGED, _T.HOLD): _S.MET,
    (_S.MEETING_ARRANGED, _T.MISS): _S.TAKEN,
    (_S.MET, _T.ARRANGE): _S.MEETING_ARRANGED,  # once more
    (_S.MET, _T.OFFER): _S.OFFERED,
    (_S.MET, _T.WIN): _S.WON,  # some sign at once
    (_S.OFFERED, _T.OFFER): _S.OFFERED,  # another one
    (_S.OFFERED, _T.WIN): _S.WON,
    **{
        (state, trigger): after
        for state in (_S.TAKEN, _S.MEETING_ARRANGED, _S.MET, _S.OFFERED)
        for trigger, after in (
            (_T.DECLINE, _S.DECLINED),
            (_T.RELEASE, _S.RELEASED),
            (_T.LAPSE, _S.RELEASED),
        )
    },
}

OPEN: Final = frozenset({_S.TAKEN, _S.MEETING_ARRANGED, _S.MET, _S.OFFERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A pair on the desk of a market.

    Attributes:
        found_by: Whose result it stands in; its terms and gaps are told from that side.
        match: As it was shown; see `domain.storing`.
    """

    market_id: MarketId
    demand_id: UUID
    achievement_id: UUID
    demand_party_id: PartyId
    achievement_party_id: PartyId
    demand_title: str
    achievement_title: str
    result_id: UUID
    found_by: EntryKind
    match: Mapping[str, Any]

    @property
    def shown_id(self) -> UUID:
        """The side that was found."""
        return self.achievement_id if self.found_by is EntryKind.DEMAND else self.demand_id

    @property
    def sides(self) -> tuple[PartyId, PartyId]:
        """Who would meet, the demand's side first."""
        return self.demand_party_id, self.achievement_party_id

    @property
    def finder_id(self) -> PartyId:
        """Whose result it stands in."""
        return self.sides[0] if self.found_by is EntryKind.DEMAND else self.sides[1]

    def told_to(self, party_id: PartyId) -> Mapping[str, Any]:
        """Return the match as one of its sides may read it.

        Invariant: MT75.
        """
        return self.match if party_id == self.finder_id else without_wishes(self.match)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A pair in a broker's hands.

    Attributes:
        broker_id: The broker's party; its colleagues act for it as well.
        pair: As it was when it was taken.
        acts: How many there were.
        acted_at: Of the last one.
        meeting_at: When the last arranged meeting begins, if there was one.
    """

    id: UUID
    market_id: MarketId
    broker_id: PartyId
    status: CaseStatus
    pair: Suggestion
    opened_at: datetime
    acted_at: datetime
    acts: int = 0
    meeting_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether its broker still works on it."""
        return self.status in OPEN

    @property
    def lapses_at(self) -> datetime:
        """When nobody will have touched it for too long; waiting for a meeting is no neglect."""
        if self.status is CaseStatus.MEETING_ARRANGED and self.meeting_at is not None:
            return max(self.acted_at, self.meeting_at) + IDLE
        return self.acted_at + IDLE

    @property
    def audience(self) -> frozenset[PartyId]:
        """Who may know of it; what was dismissed was brought before nobody."""
        if self.status is CaseStatus.DISMISSED:
            return frozenset({self.broker_id})
        return frozenset({self.broker_id, *self.pair.sides})


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that was done in a case.

    Attributes:
        number: From 1.
        what: A trigger, ``take`` or ``dismiss``.
        facts: What both sides and the broker know; values that `jsonable` knows.
        note: The broker's own.
    """

    case_id: UUID
    number: int
    what: str
    acted_at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None


class PairTaken(Conflict):
    """One broker at a time; what is settled or dismissed stays so."""

    code = "match_pair_taken"
    title_zh = "该配对已有技术经理人跟进或已办结"
    title_en = "A broker has this pair, or it is settled"


class PairNotSuggested(Conflict):
    """Only a pair that a present result suggests can be taken."""

    code = "match_pair_not_suggested"
    title_zh = "该配对当前不在推荐队列中"
    title_en = "No present result suggests this pair"


class CaseNotYours(Forbidden):
    """The two sides read a case; its broker acts."""

    code = "match_case_not_yours"
    title_zh = "该撮合案由其他技术经理人跟进"
    title_en = "Another broker has this case"


class MeetingTimeWrong(RuleBroken):
    """A meeting is arranged for a time to come, within half a year."""

    code = "match_meeting_time_wrong"
    title_zh = "对接时间须在当前时间之后的180天内"
    title_en = "A meeting lies ahead, by at most 180 days"


class MeetingNotBegun(Conflict):
    """What became of a meeting is known once it should have begun."""

    code = "match_meeting_not_begun"
    title_zh = "对接尚未开始，不能填写结果"
    title_en = "The meeting has not begun"


def check_meeting_time(starts_at: datetime, now: datetime) -> None:
    """Refuse a meeting in the past or far away.

    Raises:
        MeetingTimeWrong: Names both bounds.

    Invariant: MT73.
    """
    latest = now + _MEETING_AHEAD_MAX
    if not now < starts_at <= latest:
        raise MeetingTimeWrong("Mend it.", field="starts_at", minimum=now, maximum=latest)


def move(
    case: Case, trigger: CaseTrigger, *, now: datetime, meeting_at: datetime | None = None
) -> Case:
    """Return a case after an act.

    Args:
        meeting_at: Of the meeting that is arranged.

    Raises:
        TransitionRefused: The act is not possible in this state; names those that are.
        MeetingTimeWrong: See `check_meeting_time`.
        MeetingNotBegun: Names when it does.

    Invariants: MT72, MT73.
    """
    status = advance(CASE_TRANSITIONS, state=case.status, trigger=trigger)
    if meeting_at is not None:
        check_meeting_time(meeting_at, now)
    if trigger in {CaseTrigger.HOLD, CaseTrigger.MISS}:
        assert case.meeting_at is not None
        if now < case.meeting_at:
            raise MeetingNotBegun("Wait for it.", minimum=case.meeting_at)
    return replace(
        case,
        status=status,
        acted_at=now,
        acts=case.acts + 1,
        meeting_at=meeting_at or case.meeting_at,
    )
