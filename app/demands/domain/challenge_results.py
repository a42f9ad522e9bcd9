"""Who advances in a challenge event, and who gets its prizes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.demands.domain.challenge import Challenge, Prize, PrizeFunding, Stage, StageKind
from app.demands.domain.demand import Demand, DemandStatus
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import DemandId, PartyId, ProposalId
from app.shared.money import Money

_S = DemandStatus

ATTACHABLE: Final = frozenset({_S.REVIEWED, _S.POSTED})
# From when on a demand can answer a stage's question for good.
_OPENED: Final = frozenset(
    {
        _S.EVALUATING,
        _S.NOTICED,
        _S.CONTRACTED,
        _S.ACCEPTED,
        _S.TERMINATED,
        _S.UNANSWERED,
        _S.RETURNED,  # only its poster could bring it on, who may never do so
        _S.WITHDRAWN,
        _S.REFUSED,
        _S.MERGED,
        _S.SPLIT,
    }
)
_DECIDED: Final = _OPENED - {_S.EVALUATING, _S.NOTICED}
_READY: Final[Mapping[StageKind, frozenset[DemandStatus]]] = {
    StageKind.REGISTRATION: _OPENED,
    StageKind.PRELIMINARY: _OPENED,
    StageKind.FINAL: _DECIDED,
}
_ADMITTED: Final = frozenset({"admitted", "winner", "not_chosen"})
_PASSES: Final[Mapping[StageKind, frozenset[str]]] = {
    StageKind.REGISTRATION: _ADMITTED | {"opened", "excluded"},
    StageKind.PRELIMINARY: _ADMITTED,
    StageKind.FINAL: frozenset({"winner"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A proposal to an attached demand as it takes part in the event.

    Attributes:
        code: What it is called as long as its author is not told.
        status: As the demand's review left it, a name of its proposal's states.
    """

    demand_id: DemandId
    proposal_id: ProposalId
    party_id: PartyId
    code: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """A prize that was given.

    Attributes:
        prize: Place of the prize from 0.
        place: Which of its ``count``, from 1.
        reference: How it was paid outside of the exchange.
    """

    prize: int
    place: int
    entry: Entry
    amount: Money
    funding: PrizeFunding
    reference: str | None
    awarded_at: datetime


def check_attachable(demand: Demand) -> None:
    """Refuse a demand whose proposals are over or which may not be posted yet.

    Raises:
        DemandNotAttachable: Names the states that would do.

    Invariant: DM123.
    """
    if demand.status not in ATTACHABLE:
        raise DemandNotAttachable(
            "A demand joins an event when it is cleared or on the board.",
            state=str(demand.status),
            accepted=sorted(ATTACHABLE),
        )


def next_stage(challenge: Challenge, *, now: datetime) -> Stage:
    """Return the stage whose results come next, which must be over.

    Raises:
        StageNotOver: It is not, or there is none left.

    Invariant: DM124.
    """
    stages = challenge.content.stages
    if challenge.stages_done == len(stages):
        raise StageNotOver("The results of all stages are published.")
    stage = stages[challenge.stages_done]
    if now < stage.ends_at:
        raise StageNotOver("A stage's results follow its end.", ends_at=stage.ends_at)
    return stage


def check_demands_ready(stage: Stage, demands: Collection[Demand]) -> None:
    """Refuse results that demands have not come to, so that none is told before its time.

    A demand that was left unanswered, returned, withdrawn or refused has no more results to wait
    for.

    Raises:
        DemandsNotReady: Names the demands that are waited for.

    Invariant: DM124.
    """
    ready = _READY[stage.kind]
    waiting = sorted(str(demand.id) for demand in demands if demand.status not in ready)
    if waiting:
        raise DemandsNotReady(
            "Some demands of the event have not come that far.",
            demand_ids=waiting,
            accepted=sorted(ready),
        )


def advancing(
    stage: Stage, entries: Sequence[Entry], *, before: Collection[ProposalId] | None
) -> tuple[Entry, ...]:
    """Return who advances from a stage, as the demands' own results say, by code.

    Args:
        before: Who advanced from the stage before it; ``None`` for the first.

    Invariant: DM124.
    """
    passes = _PASSES[stage.kind]
    found = (
        entry
        for entry in entries
        if entry.status in passes and (before is None or entry.proposal_id in before)
    )
    return tuple(sorted(found, key=lambda entry: (entry.demand_id, entry.code)))


def names_parties(stage: Stage) -> bool:
    """Tell whether a stage's results name who advances: the codes end with the final (DM124)."""
    return stage.kind is StageKind.FINAL


def award_prize(
    challenge: Challenge,
    *,
    prize: int,
    winners: Mapping[ProposalId, Entry],
    given: Sequence[Award],
    proposal_id: ProposalId,
    reference: str | None,
    now: datetime,
) -> Award:
    """Return the award of one prize to one who won in the final.

    Args:
        winners: Who advanced from the final; empty before its results.
        given: All awards of the event so far.

    Raises:
        PrizeUnknown: There is no such prize.
        PrizeNotDue: The proposal did not win in the final.
        PrizeAwarded: All of them are given, or the proposal has one.
        PrizeReferenceMissing: Paid outside of the exchange, and nothing tells how.

    Invariant: DM125.
    """
    prizes = challenge.content.prizes
    if prize >= len(prizes):
        raise PrizeUnknown("The event has no such prize.", prizes=len(prizes))
    offered: Prize = prizes[prize]
    winner = winners.get(proposal_id)
    if winner is None or winner.party_id == offered.sponsor_id:
        raise PrizeNotDue(
            "A prize goes to who won in the final, and never to its own sponsor.",
            accepted=sorted(str(known) for known in winners),
        )
    taken = sum(1 for award in given if award.prize == prize)
    if taken == offered.count or any(award.entry.proposal_id == proposal_id for award in given):
        raise PrizeAwarded(
            "All of these prizes are given, or this proposal has its prize.",
            left=offered.count - taken,
        )
    outside = offered.funding is PrizeFunding.OUTSIDE
    if outside and reference is None:
        raise PrizeReferenceMissing("Say how the prize was paid.", field="reference")
    return Award(
        prize=prize,
        place=taken + 1,
        entry=winner,
        amount=offered.amount,
        funding=offered.funding,
        reference=reference if outside else None,
        awarded_at=now,
    )


class DemandNotAttachable(Conflict):
    """The demand cannot join the event."""

    code = "demand_not_attachable"
    title_zh = "该需求当前不能加入挑战赛"
    title_en = "The demand cannot join the event now"


class DemandAttached(Conflict):
    """A demand takes part in one event only."""

    code = "demand_attached"
    title_zh = "该需求已加入挑战赛"
    title_en = "The demand takes part in an event already"


class StageNotOver(Conflict):
    """The stage whose results come next is not over."""

    code = "stage_not_over"
    title_zh = "该赛段尚未结束"
    title_en = "The stage is not over"


class DemandsNotReady(Conflict):
    """Demands of the event have no result yet."""

    code = "demands_not_ready"
    title_zh = "部分需求尚无结果"
    title_en = "Some demands have no result yet"


class PrizeUnknown(RuleBroken):
    """No such prize."""

    code = "prize_unknown"
    title_zh = "未找到该奖项"
    title_en = "There is no such prize"


class PrizeNotDue(RuleBroken):
    """The proposal cannot have this prize."""

    code = "prize_not_due"
    title_zh = "该方案不能获得此奖项"
    title_en = "This proposal cannot have the prize"


class PrizeAwarded(Conflict):
    """The prize is given."""

    code = "prize_awarded"
    title_zh = "该奖项已颁发"
    title_en = "The prize is given already"


class PrizeReferenceMissing(RuleBroken):
    """Nothing tells how a prize was paid outside of the exchange."""

    code = "prize_reference_missing"
    title_zh = "请填写线下支付凭证"
    title_en = "Say how the prize was paid"


class PrizeFunded(Conflict):
    """The sponsor's money is there already, or the prize needs none."""

    code = "prize_funded"
    title_zh = "该奖项资金已到位或无需存入"
    title_en = "The prize is funded, or needs no funds here"


class PrizeNotFunded(Conflict):
    """The money of a prize has not come yet."""

    code = "prize_not_funded"
    title_zh = "该奖项资金尚未到位"
    title_en = "The prize's money has not come"
