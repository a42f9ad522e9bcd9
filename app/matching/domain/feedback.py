"""Feedback 匹配反馈: what people, and deals, say of a match that was shown.

The log is only ever added to. A pair is a wish's entry with an entry that was shown to it; each
judge has a standing of its own towards it, and of all that was said follows one outcome.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.matching.domain.match import Basis, StoredResult, Verdict
from app.shared.errors import RuleBroken
from app.shared.ids import DealId, MarketId, PartyId
from app.shared.transitions import advance


class Judgement(StrEnum):
    """What was said of a match, or became of it."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    MEETING = "meeting"  # both sides have met, or agreed to
    OFFER = "offer"  # one has made an offer to the other
    DEAL = "deal"


class Standing(StrEnum):
    """Where a pair stands for one judge."""

    SHOWN = "shown"  # nothing was said yet
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    MEETING = "meeting"
    OFFER = "offer"
    DEAL = "deal"


_S, _J = Standing, Judgement

STANDINGS: Final[Mapping[tuple[Standing, Judgement], Standing]] = {
    (_S.SHOWN, _J.ACCEPTED): _S.ACCEPTED,
    (_S.SHOWN, _J.REJECTED): _S.REJECTED,
    # Who met without a word before has met all the same.
    (_S.SHOWN, _J.MEETING): _S.MEETING,
    (_S.SHOWN, _J.OFFER): _S.OFFER,
    (_S.SHOWN, _J.DEAL): _S.DEAL,
    (_S.ACCEPTED, _J.REJECTED): _S.REJECTED,
    (_S.ACCEPTED, _J.MEETING): _S.MEETING,
    (_S.ACCEPTED, _J.OFFER): _S.OFFER,
    (_S.ACCEPTED, _J.DEAL): _S.DEAL,
    (_S.REJECTED, _J.ACCEPTED): _S.ACCEPTED,
    (_S.REJECTED, _J.MEETING): _S.MEETING,
    (_S.REJECTED, _J.OFFER): _S.OFFER,
    (_S.REJECTED, _J.DEAL): _S.DEAL,
    (_S.MEETING, _J.REJECTED): _S.REJECTED,
    (_S.MEETING, _J.OFFER): _S.OFFER,
    (_S.MEETING, _J.DEAL): _S.DEAL,
    (_S.OFFER, _J.REJECTED): _S.REJECTED,
    (_S.OFFER, _J.DEAL): _S.DEAL,
}

# 漏斗, in order; a step holds those before it.
FUNNEL: Final = (_J.ACCEPTED, _J.MEETING, _J.OFFER, _J.DEAL)


class RejectionReason(StrEnum):
    """Why a match is of no use; labels in the code table ``match_rejection_reason``."""

    WRONG_PROBLEM = "wrong_problem"
    READINESS_TOO_LOW = "readiness_too_low"
    PRICE_TOO_HIGH = "price_too_high"
    REGION = "region"
    IP_TERMS = "ip_terms"
    COOPERATION_MODE = "cooperation_mode"
    TOO_LATE = "too_late"
    ALREADY_KNOWN = "already_known"
    CAPACITY = "capacity"
    OTHER = "other"


class Side(StrEnum):
    """In which role somebody judges."""

    PARTY = "party"  # whose result it is
    BROKER = "broker"
    STAFF = "staff"  # of the exchange
    SYSTEM = "system"  # a deal that was signed


class EntryNotShown(RuleBroken):
    """Only what a result showed can be judged against it."""

    code = "match_entry_not_shown"
    title_zh = "该条目不在此次匹配结果中"
    title_en = "The entry was not in this result"


class RejectionReasonWrong(RuleBroken):
    """A rejection names its reason, and nothing else does; ``other`` is explained in words."""

    code = "match_reason_wrong"
    title_zh = "仅在不采纳时填写原因，选择“其他”须说明"
    title_en = "A rejection, and nothing else, has a reason; 'other' is explained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A match as it was shown.

    Attributes:
        rank: Its place, from 1.
        values: By factor, what each contributed with; ``None`` where a side stated nothing.
        revision: Of the shown entry.
    """

    rank: int
    score: float
    text_score: float
    verdict: Verdict
    values: Mapping[str, float | None]
    revision: int
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one judge said of a pair.

    Attributes:
        judge_id: The party that judges; ``None``: nobody, a deal was signed.
        reason, text: Of a rejection.
    """

    side: Side
    judge_id: PartyId | None
    judgement: Judgement
    reason: RejectionReason | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One record of the log.

    Attributes:
        party_id: Whose result it was.
        entry_id, shown_id: The pair: whose wish, and what was shown to it.
        ordinal: Place among all that was said of the pair, from 1.
        judged_at: Moment of the market.
        deal_id: The deal that was signed.
    """

    id: UUID
    market_id: MarketId
    result_id: UUID
    party_id: PartyId
    entry_id: UUID
    shown_id: UUID
    ordinal: int
    said: Said
    judged_at: datetime
    snapshot: Snapshot
    deal_id: DealId | None = None


def check_reason(said: Said) -> None:
    """Refuse a rejection without its reason, and a reason of anything else.

    Raises:
        RejectionReasonWrong: Names the field, and the reasons there are.

    Invariant: MT41.
    """
    if (said.judgement is Judgement.REJECTED) != (said.reason is not None):
        raise RejectionReasonWrong(
            "Name the reason of a rejection, and of nothing else.",
            field="reason",
            accepted=[str(reason) for reason in RejectionReason],
        )
    if said.text is not None and said.reason is None:
        raise RejectionReasonWrong("Only a rejection is explained.", field="text")
    if said.reason is RejectionReason.OTHER and said.text is None:
        raise RejectionReasonWrong("Say what the other reason is.", field="text")


def snapshot_of(result: StoredResult, entry_id: UUID) -> Snapshot:
    """Return how a result showed an entry.

    Raises:
        EntryNotShown: It did not; names the entries that it showed.

    Invariant: MT40.
    """
    for rank, match in enumerate(result.matches, start=1):
        if match["entry_id"] == str(entry_id):
            return Snapshot(
                rank=rank,
                score=match["score"],
                text_score=match["text_score"],
                verdict=Verdict(match["verdict"]),
                values={item["name"]: item["value"] for item in match["contributions"]},
                revision=match["revision"],
                basis=result.basis,
            )
    raise EntryNotShown(
        "Judge an entry that the result showed.",
        field="entry_id",
        accepted=[match["entry_id"] for match in result.matches],
    )


def standing_of(log: Iterable[Said], said: Said) -> Standing:
    """Return where a pair stands for the judge of ``said``, by all that was said of it before."""
    standing = Standing.SHOWN
    for earlier in log:
        if (earlier.side, earlier.judge_id) == (said.side, said.judge_id):
            standing = advance(STANDINGS, state=standing, trigger=earlier.judgement)
    return standing


def judge(log: Iterable[Said], said: Said) -> Standing:
    """Return where a pair stands for a judge once it has said this as well.

    Raises:
        RejectionReasonWrong: See `check_reason`.
        TransitionRefused: The judge has said so, or more; names what it can still say.

    Invariants: MT41, MT42.
    """
    check_reason(said)
    return advance(STANDINGS, state=standing_of(log, said), trigger=said.judgement)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all judges together make of a pair.

    Attributes:
        relevant: Whether it counts as a good match.
        furthest: The furthest step of the funnel that anybody told of.
    """

    relevant: bool
    furthest: Judgement | None

    @property
    def grade(self) -> int:
        """0 rejected, 1 accepted, 2 a meeting, 3 an offer, 4 a deal."""
        if not self.relevant or self.furthest is None:
            return 0
        return 1 + FUNNEL.index(self.furthest)


def outcome_of(log: Sequence[Said]) -> Outcome:
    """Return what a pair's log, in its order and not empty, comes to.

    A meeting, an offer and a deal are facts, which no later rejection undoes. Acceptance and
    rejection are opinions, of which the last one holds: the party's own before those of others.

    Invariant: MT43.
    """
    steps = [said.judgement for said in log if said.judgement in FUNNEL]
    furthest = max(steps, key=FUNNEL.index, default=None)
    if furthest is not None and furthest is not Judgement.ACCEPTED:
        return Outcome(True, furthest)
    own = [said for said in log if said.side is Side.PARTY]
    return Outcome((own or log)[-1].judgement is Judgement.ACCEPTED, furthest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """A result that showed a pair whose two parties have signed a deal.

    Attributes:
        said: All that was said of the pair.
    """

    result: StoredResult
    shown_id: UUID
    snapshot: Snapshot
    said: Sequence[Said] = ()


def credited(showings: Sequence[Showing]) -> Showing | None:
    """Return the one showing that a deal is put down to; ``None`` of none.

    A buyer may have shown several demands the same achievement. The one that came furthest is
    meant, else the one that fitted best; of equal ones the first of the oldest result.

    Invariant: MT45.
    """

    def key(showing: Showing) -> tuple[int, float, int, int]:
        grade = outcome_of(showing.said).grade if showing.said else 0
        return (-grade, -showing.snapshot.score, showing.result.id.int, showing.snapshot.rank)

    return min(showings, key=key, default=None)
