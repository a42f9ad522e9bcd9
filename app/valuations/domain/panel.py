"""Panels 专家组: who sits, who declares, who hands in, and when their scores are opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import MembershipId, UserId
from app.shared.panels import (
    Appointment,
    Seat,
    panel_faults,
    replacement_faults,
    sits,
)
from app.valuations.domain.evaluation import Evaluation
from app.valuations.domain.scheme import Scheme
from app.valuations.domain.scoring import Sheet, Sheets


class PanelInvalid(RuleBroken):
    """A panel breaks rules; ``errors`` names each."""

    code = "panel_invalid"
    title_zh = "专家组组成不符合要求"
    title_en = "The panel breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class PanelIncomplete(Conflict):
    """A seat is vacant."""

    code = "panel_incomplete"
    title_zh = "专家组席位空缺，请先补选专家"
    title_en = "A seat of the panel is vacant"


class SeatUnknown(RuleBroken):
    """The panel has no such seat."""

    code = "seat_unknown"
    title_zh = "专家组没有这个席位"
    title_en = "The panel has no such seat"


class SeatTaken(Conflict):
    """The seat's expert has handed in its scores, so it stays."""

    code = "seat_taken"
    title_zh = "该席位专家已提交评分，不得更换"
    title_en = "The expert of this seat has handed in its scores"


class DeclarationMissing(Conflict):
    """Who scores has declared to have no interest."""

    code = "declaration_missing"
    title_zh = "请先提交利害关系声明"
    title_en = "Declare first that you have no interest in this result"


class ScoresHandedIn(Conflict):
    """An expert scores once."""

    code = "scores_handed_in"
    title_zh = "评分已提交，不得修改"
    title_en = "Your scores are handed in"


class ScoresLate(Conflict):
    """The deadline for scores has passed."""

    code = "scores_late"
    title_zh = "评分期限已过"
    title_en = "The deadline for scores has passed"


class ScoresNotDue(Conflict):
    """Scores stay closed until all are in, or the deadline has passed with a quorum."""

    code = "evaluation_scores_not_due"
    title_zh = "评分尚未到期或未达到法定人数，不得开启"
    title_en = "The scores cannot be opened yet"


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A score sheet as handed in, with the salt of its digest."""

    sheet: Sheet
    salt: bytes


def by_number(seats: tuple[Seat, ...], sheets: Mapping[UUID, HandedIn]) -> Sheets:
    """Return the sheets of who sits, by seat number.

    Args:
        sheets: By seat id.
    """
    return {seat.number: sheets[seat.id].sheet for seat in sits(seats) if seat.id in sheets}


def check_panel(
    scheme: Scheme,
    appointments: tuple[Appointment, ...],
    known: Mapping[MembershipId, UserId],
) -> None:
    """Refuse a panel that is too small or even, or has not one chair.

    Args:
        known: Experts of verified parties of this market, with the person of each.

    Raises:
        PanelInvalid: Names every fault.

    Invariant: EV3. Source: default (odd panels of three and more).
    """
    _refuse(panel_faults(appointments, known, experts_min=scheme.experts_min))


def check_replacement(sitting: tuple[Seat, ...], newcomers: Sequence[UserId]) -> None:
    """Refuse who is no expert here or sits on the panel already.

    Args:
        newcomers: The person of the membership named; none if it is no expert of a verified
            party of this market.

    Raises:
        PanelInvalid: Names the fault.

    Invariant: EV3.
    """
    _refuse(replacement_faults(sitting, newcomers))


def _refuse(faults: Findings) -> None:
    if faults.errors:
        raise PanelInvalid(faults.summary(), errors=faults.errors)


def check_may_hand_in(evaluation: Evaluation, seat: Seat, *, now: datetime) -> None:
    """Refuse scores that come twice, too late or from who has not declared.

    Raises:
        DeclarationMissing, ScoresHandedIn, ScoresLate: The stored deadline decides.

    Invariant: EV4, EV5, EV7.
    """
    if seat.declared_at is None:
        raise DeclarationMissing("Declare your interest, or that you have none.")
    if seat.handed_in_at is not None:
        raise ScoresHandedIn("An expert scores once.", handed_in_at=seat.handed_in_at)
    assert evaluation.scores_due_at is not None
    if now >= evaluation.scores_due_at:
        raise ScoresLate("Ask the exchange for more time.", due_at=evaluation.scores_due_at)


def check_may_open(evaluation: Evaluation, seats: tuple[Seat, ...], *, now: datetime) -> None:
    """Refuse to open scores while some may still come, or too few came, or not the chair's.

    Raises:
        ScoresNotDue: Names the deadline, how many are in and how many it takes.

    Invariant: EV6.
    """
    assert evaluation.scores_due_at is not None
    handed_in = [seat for seat in sits(seats) if seat.handed_in_at is not None]
    chair_in = any(seat.chair for seat in handed_in)
    quorum = evaluation.scheme.quorum
    if now < evaluation.scores_due_at or len(handed_in) < quorum or not chair_in:
        raise ScoresNotDue(
            "Wait for the deadline, or replace who is missing.",
            due_at=evaluation.scores_due_at,
            handed_in=len(handed_in),
            quorum=quorum,
            chair_handed_in=chair_in,
        )
