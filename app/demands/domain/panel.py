"""Panels 评审专家组 of a demand's proposals: who sits, who declares, who hands in, and when."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.demands.domain.review import Review
from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import MembershipId, UserId
from app.shared.panels import (
    Appointment,
    Seat,
    panel_faults,
    panel_size,
    replacement_faults,
    sits,
)

EXPERTS_MIN: Final = 3  # default


class ReviewPanelInvalid(RuleBroken):
    """A panel breaks rules; ``errors`` names each."""

    code = "review_panel_invalid"
    title_zh = "评审专家组组成不符合要求"
    title_en = "The panel breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class ReviewPanelIncomplete(Conflict):
    """A seat is vacant, or its expert has not declared."""

    code = "review_panel_incomplete"
    title_zh = "评审专家组席位空缺或有专家尚未声明"
    title_en = "A seat is vacant, or its expert has not declared"


class ReviewSeatUnknown(RuleBroken):
    """The panel has no such seat."""

    code = "review_seat_unknown"
    title_zh = "评审专家组没有这个席位"
    title_en = "The panel has no such seat"


class ReviewSeatTaken(Conflict):
    """The seat's expert has handed in its scores, so it stays."""

    code = "review_seat_taken"
    title_zh = "该席位专家已提交评分，不得更换"
    title_en = "The expert of this seat has handed in its scores"


class ReviewDeclarationMissing(Conflict):
    """Who reads or scores proposals has declared to have no interest."""

    code = "review_declaration_missing"
    title_zh = "请先提交无利害关系声明"
    title_en = "Declare first that you have no interest in these proposals"


class ReviewScoresHandedIn(Conflict):
    """An expert scores once a review."""

    code = "review_scores_handed_in"
    title_zh = "评分已提交，不得修改"
    title_en = "Your scores are handed in"


class ReviewScoresLate(Conflict):
    """The deadline for scores has passed."""

    code = "review_scores_late"
    title_zh = "评分期限已过"
    title_en = "The deadline for scores has passed"


class ReviewScoresNotDue(Conflict):
    """Sheets stay closed until all are in, or the deadline has passed with a quorum."""

    code = "review_scores_not_due"
    title_zh = "评分尚未到期或未达到法定人数，不得开启"
    title_en = "The scores cannot be opened yet"


class ReviewDeadlineTooEarly(RuleBroken):
    """A deadline for scores lies ahead, and is never cut short."""

    code = "review_deadline_too_early"
    title_zh = "评分期限必须晚于当前时间且不得提前"
    title_en = "The deadline lies ahead and is not cut short"


def quorum(size: int) -> int:
    """Return how many sheets decide at least: more than half. Source: default."""
    return size // 2 + 1


def check_panel(
    appointments: Sequence[Appointment],
    known: Mapping[MembershipId, UserId],
    *,
    experts_min: int = EXPERTS_MIN,
) -> None:
    """Refuse a panel that is too small or even, has not one chair, or repeats a person.

    Args:
        known: Experts of verified parties of this market, with the person of each.

    Raises:
        ReviewPanelInvalid: Names every fault.

    Invariant: DM56. Source: default (odd panels of three and more).
    """
    _refuse(panel_faults(appointments, known, experts_min=experts_min))


def check_replacement(sitting: Sequence[Seat], newcomers: Sequence[UserId]) -> None:
    """Refuse who is no expert here or sits on the panel already.

    Args:
        newcomers: The person of the membership named; none if it is no expert of a verified
            party of this market.

    Raises:
        ReviewPanelInvalid: Names the fault.

    Invariant: DM56.
    """
    _refuse(replacement_faults(sitting, newcomers))


def _refuse(faults: Findings) -> None:
    if faults.errors:
        raise ReviewPanelInvalid(faults.summary(), errors=faults.errors)


def require_complete(seats: Sequence[Seat]) -> None:
    """Refuse to go on with a vacant seat, or before everybody has declared.

    Raises:
        ReviewPanelIncomplete: Names the seats.

    Invariant: DM57.
    """
    taken = {seat.number: seat for seat in sits(seats)}
    vacant = sorted({seat.number for seat in seats} - taken.keys())
    silent = sorted(number for number, seat in taken.items() if seat.declared_at is None)
    if vacant or silent:
        raise ReviewPanelIncomplete(
            "Replace who has left, and wait for the declarations.", vacant=vacant, undeclared=silent
        )


def check_may_hand_in(review: Review, seat: Seat, *, now: datetime) -> None:
    """Refuse scores that come twice, too late or from who has not declared.

    Raises:
        ReviewDeclarationMissing, ReviewScoresHandedIn, ReviewScoresLate: The stored deadline
            decides, half open.

    Invariant: DM57, DM59.
    """
    require_declared(seat)
    if seat.handed_in_at is not None:
        raise ReviewScoresHandedIn("An expert scores once.", handed_in_at=seat.handed_in_at)
    assert review.scores_due_at is not None
    if now >= review.scores_due_at:
        raise ReviewScoresLate("Ask the exchange for more time.", due_at=review.scores_due_at)


def require_declared(seat: Seat) -> None:
    """Refuse who has not declared to have no interest.

    Raises:
        ReviewDeclarationMissing: It has not.

    Invariant: DM57.
    """
    if seat.declared_at is None:
        raise ReviewDeclarationMissing("Declare your interest, or that you have none.")


def check_may_open(review: Review, seats: Sequence[Seat], *, now: datetime) -> None:
    """Refuse to open sheets while some may still come, or too few came, or not the chair's.

    Raises:
        ReviewScoresNotDue: Names the deadline, how many are in and how many it takes.

    Invariant: DM60.
    """
    assert review.scores_due_at is not None
    handed_in = [seat for seat in sits(seats) if seat.handed_in_at is not None]
    chair_in = any(seat.chair for seat in handed_in)
    needed = quorum(panel_size(seats))
    if now < review.scores_due_at or len(handed_in) < needed or not chair_in:
        raise ReviewScoresNotDue(
            "Wait for the deadline, or replace who is missing.",
            due_at=review.scores_due_at,
            handed_in=len(handed_in),
            quorum=needed,
            chair_handed_in=chair_in,
        )


def check_deadline(due_at: datetime, *, now: datetime, announced: datetime | None) -> None:
    """Refuse a deadline that does not lie ahead or cuts an announced one short.

    Raises:
        ReviewDeadlineTooEarly: Names the earliest that is accepted.

    Invariant: DM59.
    """
    earliest = now if announced is None else max(now, announced)
    if due_at <= now or due_at < earliest:
        raise ReviewDeadlineTooEarly("Choose a later moment.", field="due_at", after=earliest)
