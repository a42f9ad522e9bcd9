"""Presentations 路演答辩: a drawn order that anybody can redraw, and what has become of each.

The seed is chosen and its SHA-256 journaled when the panel is appointed, after the codes of all
proposals stand; it is published with the order. So nobody could choose an order, and everybody
can draw it again: proposals sorted by SHA-256 of seed and code.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.ids import ProposalId
from app.shared.transitions import advance


class PresentationState(StrEnum):
    """Where a presentation stands."""

    WAITING = "waiting"
    PRESENTING = "presenting"
    DONE = "done"
    ABSENT = "absent"


class PresentationTrigger(StrEnum):
    """What moves a presentation."""

    CALL = "call"
    FINISH = "finish"
    MARK_ABSENT = "mark_absent"


_S = PresentationState
_T = PresentationTrigger

PRESENTATION_TRANSITIONS: Final[
    Mapping[tuple[PresentationState, PresentationTrigger], PresentationState]
] = {
    (_S.WAITING, _T.CALL): _S.PRESENTING,
    (_S.WAITING, _T.MARK_ABSENT): _S.ABSENT,
    (_S.PRESENTING, _T.FINISH): _S.DONE,
    (_S.ABSENT, _T.CALL): _S.PRESENTING,  # it came after all, before scoring began
}
OVER: Final = frozenset({_S.DONE, _S.ABSENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """One proposal's turn.

    Attributes:
        place: From 1, in the drawn order.
        starts_at: When it is planned.
    """

    proposal_id: ProposalId
    code: str
    place: int
    starts_at: datetime
    state: PresentationState = PresentationState.WAITING
    called_at: datetime | None = None
    ended_at: datetime | None = None


class PresentationUnknown(NotFound):
    """No proposal with this code presents."""

    code = "presentation_unknown"
    title_zh = "没有该编号的路演"
    title_en = "No proposal with this code presents"


class PresentationsOpen(Conflict):
    """Scores come after all presentations."""

    code = "presentations_open"
    title_zh = "路演答辩尚未全部结束，不能开始评分"
    title_en = "Some presentations are not over"


class PresentationBusy(Conflict):
    """One presents at a time."""

    code = "presentation_busy"
    title_zh = "另一项目正在路演"
    title_en = "Another proposal is presenting"


class PresentationsNotAsked(RuleBroken):
    """The published terms ask for no presentations."""

    code = "presentations_not_asked"
    title_zh = "发榜条件未设路演答辩环节"
    title_en = "The posting asks for no presentations"


class PresentationTimesInvalid(RuleBroken):
    """Presentations begin ahead of now."""

    code = "presentation_times_invalid"
    title_zh = "路演开始时间必须晚于当前时间"
    title_en = "Presentations begin ahead of now"


def commit(seed: str) -> str:
    """Return what is journaled of a seed before the draw: its SHA-256, 64 hex digits."""
    return hashlib.sha256(seed.encode()).hexdigest()


def draw(seed: str, codes: Iterable[str]) -> list[str]:
    """Return the codes in the drawn order; the order they come in does not matter.

    Args:
        seed: Text, as published.

    Invariant: DM62.
    """
    return sorted(codes, key=lambda code: (hashlib.sha256((seed + code).encode()).digest(), code))


def plan(
    seed: str,
    proposals: Mapping[str, ProposalId],
    *,
    starts_at: datetime,
    length: timedelta,
    now: datetime,
) -> list[Presentation]:
    """Return the presentations in drawn order, one after another.

    Args:
        proposals: Ids by code.
        length: Of each, with the questions and the change.

    Raises:
        PresentationTimesInvalid: They would begin in the past, or end beyond the calendar.
    """
    if starts_at <= now:
        raise PresentationTimesInvalid("Choose a later moment.", field="starts_at", after=now)
    last = datetime.max.replace(tzinfo=UTC) - length * len(proposals)
    if starts_at > last:
        raise PresentationTimesInvalid("They never end.", field="starts_at", maximum=last)
    return [
        Presentation(
            proposal_id=proposals[code],
            code=code,
            place=place,
            starts_at=starts_at + length * (place - 1),
        )
        for place, code in enumerate(draw(seed, proposals), start=1)
    ]


def move(
    presentations: Sequence[Presentation], code: str, trigger: PresentationTrigger, *, at: datetime
) -> Presentation:
    """Return a presentation as it stands after a trigger.

    Raises:
        PresentationUnknown: None has this code.
        PresentationBusy: Another is presenting.
        TransitionRefused: It does not come to that now.

    Invariant: DM63.
    """
    found = next((item for item in presentations if item.code == code), None)
    if found is None:
        raise PresentationUnknown("Give a code of the list.", field="code")
    busy = [item.code for item in presentations if item.state is PresentationState.PRESENTING]
    if trigger is PresentationTrigger.CALL and busy and busy != [code]:
        raise PresentationBusy("Finish it first.", presenting=busy)
    state = advance(PRESENTATION_TRANSITIONS, state=found.state, trigger=trigger)
    if trigger is PresentationTrigger.CALL:
        return replace(found, state=state, called_at=at, ended_at=None)
    return replace(found, state=state, ended_at=at)


def require_over(presentations: Sequence[Presentation]) -> None:
    """Refuse to begin with scores while a presentation waits or runs.

    Raises:
        PresentationsOpen: Names the codes.

    Invariant: DM63.
    """
    waiting = [item.code for item in presentations if item.state not in OVER]
    if waiting:
        raise PresentationsOpen("Finish them, or mark who is absent.", codes=waiting)
