"""Merging and splitting of demands 合并与拆分: who is asked, and what comes of it.

Nobody's demand is merged, taken as the target of a merger, or split without its poster's consent.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.demands.domain.content import Budget, BudgetKind, DemandContent
from app.demands.domain.demand import Demand, DemandStatus
from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import DemandId, MarketId, PartyId

PARTS_MIN: Final = 2
PARTS_MAX: Final = 6
# Where another's aim can still be taken in: after the posting the terms are promised.
TARGET_STATES: Final = frozenset(
    {
        DemandStatus.SUBMITTED,
        DemandStatus.DIAGNOSING,
        DemandStatus.RETURNED,
        DemandStatus.REVIEWED,
    }
)


class ReshapingKind(StrEnum):
    """What is to become of a demand."""

    MERGE = "merge"
    SPLIT = "split"


class ReshapingStatus(StrEnum):
    """Where a request for consent stands."""

    ASKED = "asked"
    DONE = "done"  # everybody consented, and it was carried out
    DECLINED = "declined"
    DROPPED = "dropped"  # the demand was decided or withdrawn otherwise


class ReshapingTrigger(StrEnum):
    """What moves a request for consent."""

    CONSENT_ALL = "consent_all"
    DECLINE = "decline"
    DROP = "drop"


RESHAPING_TRANSITIONS: Final[Mapping[tuple[ReshapingStatus, ReshapingTrigger], ReshapingStatus]] = {
    (ReshapingStatus.ASKED, ReshapingTrigger.CONSENT_ALL): ReshapingStatus.DONE,
    (ReshapingStatus.ASKED, ReshapingTrigger.DECLINE): ReshapingStatus.DECLINED,
    (ReshapingStatus.ASKED, ReshapingTrigger.DROP): ReshapingStatus.DROPPED,
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part that a demand is split into.

    Attributes:
        targets: Which of the demand's targets it takes, from 0.
    """

    title: str
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshaping:
    """A merger or a split that waits for consent.

    Attributes:
        into: The other demand of a merger.
        parts: Of a split.
        explanation: The exchange's words to everybody who is asked; nothing else of the other
            demand is told before all consent.
        asked: The posters that must consent.
        consented: Those that did.
        declined_by: Who did not, with its reason.
    """

    id: UUID
    demand_id: DemandId
    market_id: MarketId
    kind: ReshapingKind
    status: ReshapingStatus
    into: DemandId | None
    parts: tuple[Part, ...]
    explanation: str
    asked: frozenset[PartyId]
    asked_at: datetime
    asked_by: str
    consented: frozenset[PartyId] = frozenset()
    declined_by: PartyId | None = None
    reason: str | None = None
    ended_at: datetime | None = None

    @property
    def waits_for(self) -> frozenset[PartyId]:
        """Whose consent is missing."""
        return self.asked - self.consented


class MergeTargetUnfit(Conflict):
    """The other demand cannot take this one in."""

    code = "merge_target_unfit"
    title_zh = "该需求不能作为合并的目标"
    title_en = "The other demand cannot take this one in"


class SplitInvalid(RuleBroken):
    """The parts do not make up the demand; ``errors`` says why."""

    code = "split_invalid"
    title_zh = "拆分方案不符合要求"
    title_en = "The parts do not make up the demand"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class ConsentGiven(Conflict):
    """A party answers a request once."""

    code = "consent_given"
    title_zh = "贵单位已作出答复"
    title_en = "Your party has answered already"


def check_merge(demand: Demand, into: Demand | None) -> Demand:
    """Return the demand that takes another in.

    Raises:
        MergeTargetUnfit: It is the same one, of another market, or not before its posting.

    Invariant: DM25.
    """
    # Another market's demand is refused like one that does not exist.
    if into is None or into.market_id != demand.market_id:
        raise MergeTargetUnfit("There is no such demand in this market.", field="merge_into")
    if into.id == demand.id or into.status not in TARGET_STATES:
        raise MergeTargetUnfit(
            "It must be another demand that is submitted and not yet posted.",
            field="merge_into",
            state=str(into.status),
            accepted=sorted(TARGET_STATES),
        )
    return into


def check_split(demand: Demand, parts: Sequence[Part]) -> None:
    """Refuse parts that do not make up the demand: each has targets, every target has a part.

    Raises:
        SplitInvalid: Names every fault: too_few_parts, target_unknown, repeated,
            target_left_out.

    Invariant: DM26.
    """
    findings = Findings()
    findings.require(
        PARTS_MIN <= len(parts) <= PARTS_MAX,
        "parts",
        rule="too_few_parts" if len(parts) < PARTS_MIN else "too_many_parts",
        message="A demand is split into two to six parts.",
        minimum=PARTS_MIN,
        maximum=PARTS_MAX,
    )
    known = range(len(demand.content.targets))
    for index, part in enumerate(parts):
        findings.unique(f"parts.{index}.targets", part.targets)
        for target in part.targets:
            findings.require(
                target in known,
                f"parts.{index}.targets",
                rule="target_unknown",
                message=f"There is no target {target}.",
                maximum=len(known) - 1,
            )
        findings.require(
            bool(part.targets),
            f"parts.{index}.targets",
            rule="target_missing",
            message="A part takes at least one target.",
        )
    left = sorted(set(known).difference(*(part.targets for part in parts)))
    findings.require(
        not left,
        "parts",
        rule="target_left_out",
        message=f"No part takes the targets {left}.",
        left_out=left,
    )
    if findings.errors:
        raise SplitInvalid(findings.summary(), errors=findings.errors)


def part_content(content: DemandContent, part: Part) -> DemandContent:
    """Return the content of a part's draft: its title and targets, all else as it was.

    The money is open again: the whole's budget is not that of a part, and nobody divides it
    but the poster.

    Invariant: DM26.
    """
    return replace(
        content,
        title=part.title,
        targets=tuple(content.targets[index] for index in part.targets),
        budget=Budget(kind=BudgetKind.OPEN, low=None, high=None),
    )


def check_consent(reshaping: Reshaping, party_id: PartyId) -> None:
    """Refuse an answer of a party that has consented before.

    Raises:
        ConsentGiven: It has.

    Invariant: DM24.
    """
    if party_id in reshaping.consented:
        raise ConsentGiven("Nothing is left to answer.")


def posters_of(demands: Collection[Demand]) -> frozenset[PartyId]:
    """Return whose consent a merger or a split of these demands needs (DM24)."""
    return frozenset(demand.party_id for demand in demands)
