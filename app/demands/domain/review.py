"""A review 评审: one round of judging the proposals of a posting, and its states.

An objection that is upheld begins a new one and leaves the earlier one on record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.shared.errors import Conflict
from app.shared.ids import DemandId, MarketId, PartyId, ProposalId
from app.shared.money import Money


class ReviewStatus(StrEnum):
    """How far a review has come."""

    BEGUN = "begun"  # no panel yet
    APPOINTED = "appointed"
    PRESENTING = "presenting"  # 路演答辩
    SCORING = "scoring"  # sheets are closed
    OPENED = "opened"  # all sheets lie open
    BIDDING = "bidding"  # a reverse auction decides
    CONCLUDED = "concluded"
    FAILED = "failed"


class ReviewTrigger(StrEnum):
    """What moves a review."""

    APPOINT = "appoint"
    REPLACE = "replace"
    DECLARE = "declare"
    DRAW = "draw"
    PRESENT = "present"
    BEGIN_SCORING = "begin_scoring"
    HAND_IN = "hand_in"
    OPEN = "open"
    TAG = "tag"
    HAND_OVER = "hand_over"
    CONCLUDE = "conclude"
    FAIL = "fail"


_S = ReviewStatus
_T = ReviewTrigger

REVIEW_TRANSITIONS: Final[Mapping[tuple[ReviewStatus, ReviewTrigger], ReviewStatus]] = {
    (_S.BEGUN, _T.APPOINT): _S.APPOINTED,
    (_S.APPOINTED, _T.DRAW): _S.PRESENTING,
    (_S.PRESENTING, _T.PRESENT): _S.PRESENTING,
    (_S.APPOINTED, _T.BEGIN_SCORING): _S.SCORING,
    (_S.PRESENTING, _T.BEGIN_SCORING): _S.SCORING,
    (_S.SCORING, _T.BEGIN_SCORING): _S.SCORING,  # more time
    (_S.SCORING, _T.HAND_IN): _S.SCORING,
    (_S.SCORING, _T.OPEN): _S.OPENED,
    (_S.OPENED, _T.TAG): _S.OPENED,
    (_S.OPENED, _T.CONCLUDE): _S.CONCLUDED,
    (_S.OPENED, _T.HAND_OVER): _S.BIDDING,
    (_S.BIDDING, _T.CONCLUDE): _S.CONCLUDED,
    **{
        (state, trigger): state
        for state in (_S.APPOINTED, _S.PRESENTING, _S.SCORING)
        for trigger in (_T.REPLACE, _T.DECLARE)
    },
    **{
        (state, _T.FAIL): _S.FAILED
        for state in (_S.BEGUN, _S.APPOINTED, _S.PRESENTING, _S.SCORING, _S.OPENED, _S.BIDDING)
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One round of judging the proposals of a demand's posting.

    Attributes:
        posting: Which posting of the demand (its ``round``) the proposals answer.
        number: From 1 within the demand.
        reason: Why it was begun anew, or why it failed.
        seed_digest: SHA-256 of the seed that will draw the order of presentations.
        seed: Told once the order is drawn.
        routes: What the panel calls each proposal's route, in a race.
    """

    id: UUID
    demand_id: DemandId
    market_id: MarketId
    posting: int
    number: int
    status: ReviewStatus
    begun_at: datetime
    reason: str | None = None
    seed_digest: str | None = None
    seed: str | None = None
    scores_due_at: datetime | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    routes: Mapping[str, str] | None = None

    @property
    def sheets_open(self) -> bool:
        """Whether panel and staff may read the sheets."""
        return self.opened_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A proposal as a review sees it.

    Attributes:
        parties: Who takes part with it: itself and the members of its consortium.
        price: ``None`` before it was opened.
        content: What it says, without its price.
        team: Whom it puts forward, in its own words.
    """

    id: ProposalId
    party_id: PartyId
    parties: frozenset[PartyId]
    code: str
    status: str
    price: Money | None
    handed_in_at: datetime
    content: Mapping[str, Any]
    team: str = ""


class ProposalsUndecided(Conflict):
    """Some opened proposals are neither admitted nor excluded."""

    code = "proposals_undecided"
    title_zh = "尚有方案未完成资格审查"
    title_en = "Some proposals are neither admitted nor excluded"


class NoneAdmitted(Conflict):
    """Without an admitted proposal a review can only fail."""

    code = "none_admitted"
    title_zh = "没有通过资格审查的方案，只能宣布无人揭榜"
    title_en = "No proposal was admitted: let the review fail"


class ReviewMissing(Conflict):
    """The demand is not under review."""

    code = "review_missing"
    title_zh = "该需求未处于评审中"
    title_en = "The demand is not under review"


class NobodyFollows(Conflict):
    """Nobody is left in the ranking."""

    code = "nobody_follows"
    title_zh = "没有可递补的方案"
    title_en = "Nobody is left in the ranking"


class RoutesMissing(Conflict):
    """A race is decided when the panel has named the routes."""

    code = "review_routes_missing"
    title_zh = "请先标注各方案的技术路线"
    title_en = "Name the routes first"


# Reasons that are kept and published where nobody gets the work; codes, told in two languages.
NO_SUITABLE: Final = "no_suitable"
NOT_SIGNED: Final = "not_signed"
UNDECIDED: Final = frozenset({"handed_in", "opened"})
JUDGED: Final = frozenset({"admitted", "winner", "not_chosen"})


def check_begin(proposals: Sequence[Judged]) -> None:
    """Refuse a review before all proposals are decided, or where none is admitted.

    Raises:
        ProposalsUndecided: Names the codes.
        NoneAdmitted: Points to the failure.

    Invariant: DM55.
    """
    open_ones = sorted(item.code for item in proposals if item.status in UNDECIDED)
    if open_ones:
        raise ProposalsUndecided("Admit or exclude them first.", codes=open_ones)
    if not any(item.status in JUDGED for item in proposals):
        raise NoneAdmitted("POST …/review/failure with a reason.", proposals=len(proposals))
