"""Challenge events 创新挑战赛: several demands under one programme of stages, dates and prizes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from app.shared.access import Viewer
from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import ChallengeId, MarketId, PartyId
from app.shared.money import AMOUNT_MINOR_MAX, Money


class ChallengeStatus(StrEnum):
    """Where a challenge event stands."""

    DRAFT = "draft"
    ANNOUNCED = "announced"  # 已公告
    RUNNING = "running"  # 进行中
    FINISHED = "finished"  # 已结束
    CANCELLED = "cancelled"  # 已取消


class ChallengeTrigger(StrEnum):
    """What moves a challenge event."""

    EDIT = "edit"
    ANNOUNCE = "announce"
    CHANGE = "change"
    BEGIN = "begin"
    FINISH = "finish"
    CANCEL = "cancel"


_S = ChallengeStatus
_T = ChallengeTrigger

CHALLENGE_TRANSITIONS: Final[Mapping[tuple[ChallengeStatus, ChallengeTrigger], ChallengeStatus]] = {
    (_S.DRAFT, _T.EDIT): _S.DRAFT,
    (_S.DRAFT, _T.ANNOUNCE): _S.ANNOUNCED,
    (_S.DRAFT, _T.CANCEL): _S.CANCELLED,
    (_S.ANNOUNCED, _T.CHANGE): _S.ANNOUNCED,
    (_S.ANNOUNCED, _T.BEGIN): _S.RUNNING,
    (_S.ANNOUNCED, _T.CANCEL): _S.CANCELLED,
    (_S.RUNNING, _T.CHANGE): _S.RUNNING,
    (_S.RUNNING, _T.FINISH): _S.FINISHED,
    (_S.RUNNING, _T.CANCEL): _S.CANCELLED,
}


class StageKind(StrEnum):
    """What a stage ends with, in the order in which stages follow each other."""

    REGISTRATION = "registration"  # 报名: whoever handed in a proposal that could be opened
    PRELIMINARY = "preliminary"  # 初赛: whose proposal the review admitted
    FINAL = "final"  # 决赛: who won a demand


_RANK: Final = {kind: rank for rank, kind in enumerate(StageKind)}


class PrizeFunding(StrEnum):
    """How a prize is paid."""

    ESCROW = "escrow"  # the sponsor's money is kept by the exchange and paid by it
    OUTSIDE = "outside"  # paid by the sponsor itself and recorded here


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the event, half open in time: ``starts_at <= now < ends_at``."""

    kind: StageKind
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Prize:
    """A prize.

    Attributes:
        amount: Of one prize.
        count: How many of them there are.
        sponsor_id: The party that pays; mandatory where the exchange keeps the money.
        sponsor_name: As it is announced.
    """

    name: str
    amount: Money
    count: int
    funding: PrizeFunding
    sponsor_id: PartyId | None
    sponsor_name: str

    @property
    def total(self) -> Money:
        """The amount of all of them."""
        return self.amount * self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeContent:
    """What the announcement says; stages and prizes are named by their place from 0."""

    title: str
    rules: str
    stages: tuple[Stage, ...]
    prizes: tuple[Prize, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A challenge event.

    Attributes:
        number: Human number, ``ZP-C-2026-000001``.
        party_id: The exchange that runs it.
        version: Of the content, from 1.
        notice_count: Documents published so far.
        terms_hash: Hash of the document that states the present content.
        stages_done: Stages whose results are published; they come in order.
        reason: Why it was cancelled.
    """

    id: ChallengeId
    number: str
    market_id: MarketId
    party_id: PartyId
    status: ChallengeStatus
    content: ChallengeContent
    version: int
    created_at: datetime
    notice_count: int = 0
    terms_hash: str | None = None
    announced_at: datetime | None = None
    stages_done: int = 0
    ended_at: datetime | None = None
    reason: str | None = None


def may_see_challenge(viewer: Viewer, challenge: Challenge) -> bool:
    """Tell whether the viewer may know that this event exists.

    Invariant: DM120.
    """
    return challenge.announced_at is not None or viewer.staff_of == challenge.market_id


def etag(challenge: Challenge) -> str:
    """Return the entity tag of the content."""
    return f'"{challenge.version}"'


def check_version(challenge: Challenge, seen: str | None) -> None:
    """Refuse a change that does not name the version it saw.

    Raises:
        ChallengeChanged: ``accepted`` is the present one's tag.

    Invariant: DM121.
    """
    if seen is None or seen.strip() != etag(challenge):
        raise ChallengeChanged(
            "Send If-Match with the event's ETag as last read.",
            field="If-Match",
            accepted=etag(challenge),
        )


def check_challenge(content: ChallengeContent, *, now: datetime | None) -> None:
    """Refuse an event that cannot be run as it is written, naming all faults.

    Args:
        now: The moment of the announcement, after which the first stage begins; ``None`` where
            the dates may already run.

    Raises:
        ChallengeInvalid: With one of these rules an error: stages_out_of_order, final_missing,
            stage_empty, stages_overlap, starts_in_the_past, sponsor_missing, prize_too_large,
            repeated.

    Invariant: DM121.
    """
    findings = Findings()
    _check_stages(content.stages, findings, now)
    findings.unique("stages", (stage.title for stage in content.stages))
    findings.unique("prizes", (prize.name for prize in content.prizes))
    for index, prize in enumerate(content.prizes):
        findings.require(
            prize.funding is PrizeFunding.OUTSIDE or prize.sponsor_id is not None,
            f"prizes.{index}.sponsor_id",
            rule="sponsor_missing",
            message="Whose money the exchange shall keep is a party.",
        )
        findings.require(
            prize.amount.amount_minor * prize.count <= AMOUNT_MINOR_MAX,
            f"prizes.{index}.count",
            rule="prize_too_large",
            message="All of a prize together are more than can be booked.",
            maximum=AMOUNT_MINOR_MAX // prize.amount.amount_minor,
        )
    if findings.errors:
        raise ChallengeInvalid(findings.summary(), errors=findings.errors)


def _check_stages(stages: Sequence[Stage], findings: Findings, now: datetime | None) -> None:
    findings.require(
        [stage.kind for stage in stages].count(StageKind.FINAL) == 1
        and stages[-1].kind is StageKind.FINAL,
        "stages",
        rule="final_missing",
        message="The last stage, and no other, is the final.",
    )
    for index, stage in enumerate(stages):
        findings.require(
            stage.starts_at < stage.ends_at,
            f"stages.{index}.ends_at",
            rule="stage_empty",
            message="A stage ends after its start.",
            after=stage.starts_at,
        )
    for index, (earlier, later) in enumerate(pairwise(stages), start=1):
        findings.require(
            earlier.ends_at <= later.starts_at,
            f"stages.{index}.starts_at",
            rule="stages_overlap",
            message="A stage begins when the one before it is over.",
            minimum=earlier.ends_at,
        )
        findings.require(
            _RANK[earlier.kind] <= _RANK[later.kind],
            f"stages.{index}.kind",
            rule="stages_out_of_order",
            message="Registration comes before preliminaries, those before the final.",
            accepted=[kind for kind in StageKind if _RANK[kind] >= _RANK[earlier.kind]],
        )
    if now is not None:
        findings.require(
            now < stages[0].starts_at,
            "stages.0.starts_at",
            rule="starts_in_the_past",
            message="An event is announced before it begins.",
            after=now,
        )


def check_change(before: Challenge, after: ChallengeContent, *, now: datetime) -> None:
    """Refuse a change of an announced event that takes back what people rely on.

    Prizes stay and may be added; a stage that has begun keeps its start, one that is over keeps
    everything, and nothing is moved to a moment that is gone.

    Raises:
        ChallengeInvalid: With one of these rules an error: prize_taken_back, stage_begun,
            starts_in_the_past, ends_in_the_past, or those of `check_challenge`.

    Invariant: DM122.
    """
    check_challenge(after, now=None)
    findings = Findings()
    findings.require(
        after.prizes[: len(before.content.prizes)] == before.content.prizes,
        "prizes",
        rule="prize_taken_back",
        message="Announced prizes stay as they are; others may follow them.",
        accepted=[prize.name for prize in before.content.prizes],
    )
    begun = [stage for stage in before.content.stages if stage.starts_at <= now]
    for index, stage in enumerate(begun):
        kept = after.stages[index] if index < len(after.stages) else None
        over = stage.ends_at <= now
        same = kept is not None and (
            kept == stage
            if over
            else (kept.kind, kept.starts_at) == (stage.kind, stage.starts_at) and kept.ends_at > now
        )
        findings.require(
            same,
            f"stages.{index}",
            rule="stage_begun",
            message="What has begun stays; its end may move as long as it lies ahead.",
            title=stage.title,
        )
    for index, stage in enumerate(after.stages[len(begun) :], start=len(begun)):
        findings.require(
            now < stage.starts_at,
            f"stages.{index}.starts_at",
            rule="starts_in_the_past",
            message="A stage that has not begun begins later.",
            after=now,
        )
    if findings.errors:
        raise ChallengeInvalid(findings.summary(), errors=findings.errors)


class ChallengeInvalid(RuleBroken):
    """The event cannot be run as it is written; ``errors`` names each field and rule."""

    code = "challenge_invalid"
    title_zh = "挑战赛信息不符合要求"
    title_en = "The challenge event breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class ChallengeChanged(Conflict):
    """Somebody else has changed the event in between."""

    code = "challenge_changed"
    title_zh = "挑战赛信息已被他人修改"
    title_en = "The challenge event was changed meanwhile"
