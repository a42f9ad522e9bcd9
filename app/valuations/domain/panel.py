"""Panels 专家组: who sits, who declares, who hands in, and when their scores are opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import MembershipId, PartyId, UserId
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


class Departure(StrEnum):
    """Why an expert left a seat."""

    RECUSED = "recused"  # declared an interest
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """An expert on a panel.

    Attributes:
        number: From 1; who replaces an expert takes over its number.
        name, unit_name: As on record at the appointment.
        declared_at: When the expert declared to have no interest.
        digest: Salted SHA-256 of its handed-in sheet.
    """

    id: UUID
    number: int
    membership_id: MembershipId
    user_id: UserId
    party_id: PartyId
    name: str
    unit_name: str
    chair: bool
    appointed_at: datetime
    declared_at: datetime | None = None
    left_at: datetime | None = None
    departure: Departure | None = None
    reason: str | None = None
    handed_in_at: datetime | None = None
    digest: str | None = None

    def is_of(self, ref: str, party_id: PartyId | None) -> bool:
        """Tell whether a caller sits here: the person, acting for the same unit."""
        return self.left_at is None and ref == f"user:{self.user_id}" and party_id == self.party_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """Who shall sit on a panel."""

    membership_id: MembershipId
    chair: bool


def sits(seats: tuple[Seat, ...]) -> tuple[Seat, ...]:
    """Return the seats that are taken, by number."""
    return tuple(sorted((s for s in seats if s.left_at is None), key=lambda seat: seat.number))


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


def panel_size(seats: tuple[Seat, ...]) -> int:
    """Return how many seats the panel was appointed with, vacant ones too."""
    return len({seat.number for seat in seats})


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
    faults = Findings()
    size = len(appointments)
    faults.require(
        size >= scheme.experts_min and size % 2 == 1,
        "seats",
        rule="size",
        message="A panel is odd and not too small.",
        minimum=scheme.experts_min,
    )
    faults.require(
        sum(item.chair for item in appointments) == 1,
        "seats",
        rule="chair",
        message="A panel has one chair.",
    )
    faults.unique(
        "seats", [known.get(item.membership_id, item.membership_id) for item in appointments]
    )
    for index, item in enumerate(appointments):
        faults.require(
            item.membership_id in known,
            f"seats.{index}.membership_id",
            rule="expert",
            message="This is not an expert of a verified party in this market.",
        )
    if faults.errors:
        raise PanelInvalid(faults.summary(), errors=faults.errors)


def check_replacement(sitting: tuple[Seat, ...], newcomers: Sequence[UserId]) -> None:
    """Refuse who is no expert here or sits on the panel already.

    Args:
        newcomers: The person of the membership named; none if it is no expert of a verified
            party of this market.

    Raises:
        PanelInvalid: Names the fault.

    Invariant: EV3.
    """
    faults = Findings()
    faults.require(
        bool(newcomers),
        "membership_id",
        rule="expert",
        message="This is not an expert of a verified party in this market.",
    )
    faults.require(
        not {seat.user_id for seat in sitting}.intersection(newcomers),
        "membership_id",
        rule="repeated",
        message="This person sits on the panel.",
    )
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


def all_in(seats: tuple[Seat, ...]) -> bool:
    """Tell whether every seat of the panel is taken and has handed in."""
    taken = sits(seats)
    return len(taken) == panel_size(seats) and all(seat.handed_in_at for seat in taken)


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
