"""Panels of experts: seats, who sits, and of whom a panel is made; whatever it judges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.shared.findings import Findings
from app.shared.ids import MembershipId, PartyId, SeatId, UserId


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

    id: SeatId
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


def sits(seats: Sequence[Seat]) -> tuple[Seat, ...]:
    """Return the seats that are taken, by number."""
    return tuple(sorted((s for s in seats if s.left_at is None), key=lambda seat: seat.number))


def panel_size(seats: Sequence[Seat]) -> int:
    """Return how many seats the panel was appointed with, vacant ones too."""
    return len({seat.number for seat in seats})


def all_in(seats: Sequence[Seat]) -> bool:
    """Tell whether every seat of the panel is taken and has handed in."""
    taken = sits(seats)
    return len(taken) == panel_size(seats) and all(seat.handed_in_at for seat in taken)


def panel_faults(
    appointments: Sequence[Appointment],
    known: Mapping[MembershipId, UserId],
    *,
    experts_min: int,
) -> Findings:
    """Return why a panel cannot sit: too small or even, not one chair, a person twice, a stranger.

    Args:
        known: Experts of verified parties of this market, with the person of each.

    Source: default (odd panels of three and more).
    """
    faults = Findings()
    size = len(appointments)
    faults.require(
        size >= experts_min and size % 2 == 1,
        "seats",
        rule="size",
        message="A panel is odd and not too small.",
        minimum=experts_min,
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
    return faults


def replacement_faults(sitting: Sequence[Seat], newcomers: Sequence[UserId]) -> Findings:
    """Return why somebody cannot take over a seat: no expert here, or on the panel already.

    Args:
        newcomers: The person of the membership named; none if it is no expert of a verified
            party of this market.
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
    return faults
