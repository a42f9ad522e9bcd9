"""The statement of an engagement: agreed, accepted, paid, given back, owed; each by which rule."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.demands.domain.engagement import Engagement, EngagementStatus
from app.shared.money import Money


class LineKind(StrEnum):
    """What a line says."""

    AGREED = "agreed"  # the milestone's part of the price
    ACCEPTED = "accepted"  # earned
    SETTLED = "settled"  # all that the solver gets, by the settlement
    RELEASED = "released"  # gone to the solver
    RETURNED = "returned"  # gone back to the poster
    OWED = "owed"  # by the poster, not paid in yet


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line.

    Attributes:
        milestone: Its place, if it speaks of one.
        entry_id: The ledger's entry, where money moved.
        source: The rule behind it.
    """

    kind: LineKind
    amount: Money
    source: str
    at: datetime | None = None
    milestone: int | None = None
    entry_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that left the escrow, as the journal tells it."""

    back: bool
    amount: Money
    entry_id: UUID
    at: datetime
    milestone: int | None

    @classmethod
    def told(cls, kind: str, restricted: Mapping[str, Any], at: datetime) -> "Moved":
        """Read an event ``engagement.released`` or ``engagement.returned``."""
        amount = restricted["amount"]
        return cls(
            back=kind == "engagement.returned",
            amount=Money.parse(amount["amount"], amount["currency"]),
            entry_id=UUID(restricted["entry_id"]),
            at=at,
            milestone=restricted["milestone"],
        )


def write_statement(engagement: Engagement, moves: Iterable[Moved]) -> Sequence[StatementLine]:
    """Return the lines: by milestone what was agreed and earned, then what moved and is owed.

    Invariant: DM93.
    """
    lines = []
    for milestone in engagement.milestones:
        share = f"posting: {milestone.share_bp} bp of the price, to the last minor unit"
        lines.append(
            StatementLine(
                kind=LineKind.AGREED,
                amount=milestone.amount,
                source=share,
                at=engagement.opened_at,
                milestone=milestone.place,
            )
        )
        if milestone.earned:
            lines.append(
                StatementLine(
                    kind=LineKind.ACCEPTED,
                    amount=milestone.amount,
                    source="rules.md §4: accepted milestone",
                    at=milestone.decided_at,
                    milestone=milestone.place,
                )
            )
    if engagement.entitled is not None and engagement.outcome is not None:
        lines.append(
            StatementLine(
                kind=LineKind.SETTLED,
                amount=engagement.entitled,
                source=engagement.outcome["figures"]["source"],
                at=engagement.ended_at,
            )
        )
    lines += [_moved(move) for move in moves]
    if engagement.owed.amount_minor:
        running = engagement.status is EngagementStatus.CONTRACTED
        lines.append(
            StatementLine(
                kind=LineKind.OWED,
                amount=engagement.owed,
                source="accepted, the escrow does not cover it yet"
                if running
                else "earned or settled, the escrow did not cover it",
            )
        )
    return lines


def _moved(move: Moved) -> StatementLine:
    source = "settlement of an engagement that ended"
    if move.milestone is not None:
        source = "rules.md §4: payment share of an accepted milestone"
    if move.back:
        source = "民法典 566: what was paid for work that is not to come goes back"
    return StatementLine(
        kind=LineKind.RETURNED if move.back else LineKind.RELEASED,
        amount=move.amount,
        source=source,
        at=move.at,
        milestone=move.milestone,
        entry_id=move.entry_id,
    )
