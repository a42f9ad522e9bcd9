"""Diagnosis 诊断: experts' closed opinions on a submitted demand, and what is decided of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.demands.domain.demand import Demand, DemandStatus, DemandTrigger
from app.shared.canonical import salted_digest
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import DemandId, OpinionId, PartyId, UserId
from app.shared.jsonable import jsonable


class Verdict(StrEnum):
    """What an expert advises 诊断意见."""

    CLEAR = "clear"  # 可以发榜
    MEND = "mend"  # 修改后再审
    MERGE = "merge"  # 与另一需求合并
    SPLIT = "split"  # 拆分
    REFUSE = "refuse"  # 不予发榜


class DiagnosisOutcome(StrEnum):
    """What the exchange decides."""

    CLEAR = "clear"
    RETURN = "return"
    REFUSE = "refuse"
    MERGE = "merge"  # asks the posters first
    SPLIT = "split"  # asks the poster first


TRIGGERS: Final = {
    DiagnosisOutcome.CLEAR: DemandTrigger.CLEAR,
    DiagnosisOutcome.RETURN: DemandTrigger.RETURN,
    DiagnosisOutcome.REFUSE: DemandTrigger.REFUSE,
    DiagnosisOutcome.MERGE: DemandTrigger.MERGE,
    DiagnosisOutcome.SPLIT: DemandTrigger.SPLIT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisOpinion:
    """What an expert gave, once.

    Attributes:
        score: 0..100.
        merge_into: The other demand, exactly with ``merge``.
        parts: Titles of 2..6 parts, exactly with ``split``.
    """

    verdict: Verdict
    score: int
    reason: str
    merge_into: DemandId | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisSeat:
    """An expert asked to judge one submission of a demand.

    Attributes:
        submitted_at: Which submission: a later one is judged anew.
        expert_name: As on record when appointed.
        due_at: An opinion is in time before it.
        opinion: ``None`` until it is given.
        salt: 16 bytes, hex; with it the digest in the journal can be recomputed.
    """

    id: OpinionId
    demand_id: DemandId
    submitted_at: datetime
    user_id: UserId
    party_id: PartyId
    expert_name: str
    appointed_at: datetime
    due_at: datetime
    opinion: DiagnosisOpinion | None = None
    given_at: datetime | None = None
    salt: str | None = None

    @property
    def journaled_digest(self) -> str:
        """What the journal keeps of an opinion that nobody may read yet."""
        assert self.salt is not None
        return salted_digest(jsonable(self.opinion), bytes.fromhex(self.salt))


class DiagnosisExpertsUnfit(RuleBroken):
    """Some of the named cannot judge this demand; ``errors`` says who and why."""

    code = "diagnosis_experts_unfit"
    title_zh = "所选专家中有人不能参加本次诊断"
    title_en = "Some of these experts cannot judge this demand"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class TimeLimitOver(RuleBroken):
    """A time limit that is over when it is set leaves no time."""

    code = "time_limit_over"
    title_zh = "期限不能早于当前时间"
    title_en = "The time limit is over already"


class DiagnosisGiven(Conflict):
    """An opinion is given once."""

    code = "diagnosis_given"
    title_zh = "诊断意见已提交，不能重复提交"
    title_en = "The opinion on this demand was given already"


class DiagnosisLate(Conflict):
    """The time for opinions is over, or the demand was decided."""

    code = "diagnosis_late"
    title_zh = "已超过诊断意见提交期限"
    title_en = "The time for opinions on this demand is over"


class DiagnosisInvalid(RuleBroken):
    """The verdict and what it names do not fit together."""

    code = "diagnosis_invalid"
    title_zh = "诊断意见与所填内容不一致"
    title_en = "The verdict and what it names do not fit"


class DiagnosisOutstanding(Conflict):
    """Experts who were asked may still give their opinion in time."""

    code = "diagnosis_outstanding"
    title_zh = "尚有专家在期限内未提交意见，暂不能作出决定"
    title_en = "Some experts may still give their opinion"


def check_due(due_at: datetime | None, *, now: datetime) -> datetime:
    """Return a time limit that somebody can keep.

    Raises:
        TimeLimitOver: There is none, or it is over.

    Invariant: DM22.
    """
    if due_at is None or due_at <= now:
        raise TimeLimitOver("Name a later moment.", field="due_at", after=now)
    return due_at


def check_opinion(opinion: DiagnosisOpinion, demand_id: DemandId) -> None:
    """Refuse an opinion whose verdict and other parts do not fit together.

    Raises:
        DiagnosisInvalid: Names the field.

    Invariant: DM22.
    """
    merging = opinion.verdict is Verdict.MERGE
    if merging != (opinion.merge_into is not None) or opinion.merge_into == demand_id:
        raise DiagnosisInvalid("Exactly 'merge' names another demand.", field="merge_into")
    if (opinion.verdict is Verdict.SPLIT) != bool(opinion.parts):
        raise DiagnosisInvalid("Exactly 'split' names the parts.", field="parts")


def check_giving(seat: DiagnosisSeat, *, now: datetime) -> None:
    """Refuse an opinion that was given already or comes too late.

    Raises:
        DiagnosisGiven: It was given.
        DiagnosisLate: It was due.

    Invariant: DM22.
    """
    if seat.opinion is not None:
        raise DiagnosisGiven("An opinion is given once.", given_at=seat.given_at)
    if now >= seat.due_at:
        raise DiagnosisLate("Ask the exchange for more time.", due_at=seat.due_at)


def is_complete(seats: Collection[DiagnosisSeat], *, now: datetime) -> bool:
    """Tell whether nobody can give an opinion any more; only then is any of them opened.

    Invariant: DM23.
    """
    return all(seat.opinion is not None or now >= seat.due_at for seat in seats)


def check_complete(seats: Collection[DiagnosisSeat], *, now: datetime) -> None:
    """Refuse to decide while an expert may still give an opinion.

    Raises:
        DiagnosisOutstanding: Names how many and until when.

    Invariant: DM23.
    """
    waiting = [seat.due_at for seat in seats if seat.opinion is None and now < seat.due_at]
    if waiting:
        raise DiagnosisOutstanding(
            "Wait for the experts.", waiting=len(waiting), until=max(waiting)
        )


def is_against_advice(opinions: Collection[DiagnosisOpinion]) -> bool:
    """Tell whether clearing a demand goes against at least half of the opinions.

    Such a decision states its reason, as every decision against the poster does.

    Invariant: DM3.
    """
    clear = sum(opinion.verdict is Verdict.CLEAR for opinion in opinions)
    return bool(opinions) and clear * 2 <= len(opinions)


def told_opinions(opinions: Collection[DiagnosisOpinion]) -> Sequence[dict[str, Any]]:
    """Return opinions as the poster reads them: without names, in an order that tells none.

    Which other demand an expert named is not told: the poster may not know of it.

    Invariant: DM23.
    """
    ordered = sorted(opinions, key=lambda opinion: (-opinion.score, opinion.reason))
    return [
        {
            "verdict": str(opinion.verdict),
            "score": opinion.score,
            "reason": opinion.reason,
            "parts": opinion.parts,
        }
        for opinion in ordered
    ]


def was_decided(demand: Demand) -> bool:
    """Tell whether the present submission was decided, so that its poster reads the opinions."""
    submitted, reviewed = demand.submitted_at, demand.reviewed_at
    return submitted is not None and reviewed is not None and reviewed >= submitted


def is_judging(seat: DiagnosisSeat, demand: Demand) -> bool:
    """Tell whether an expert judges the present submission, and so reads all of its content.

    Invariant: DM23.
    """
    return demand.status is DemandStatus.DIAGNOSING and seat.submitted_at == demand.submitted_at
