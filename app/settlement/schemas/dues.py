"""What the routes of due items and royalty reports take and answer."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator

from app.platform.schema import Body, MoneyJson, Reason, UtcView, View
from app.settlement.domain.dues import Due, DueKind, DueState
from app.settlement.domain.royalty import ReportState
from app.settlement.domain.terms import CostBearer
from app.settlement.repository.dues import ListedDue
from app.shared.money import Money


def _not_negative(amount: Money) -> Money:
    if amount.amount_minor < 0:
        raise ValueError("the amount must not be negative")
    return amount


NotNegative = Annotated[MoneyJson, AfterValidator(_not_negative)]


class DueView(View):
    """One item of the schedule; paid before ``due_at`` is in time.

    ``amount`` null: it waits for a report; ``due_at`` null: it waits for ``waits_for``.
    """

    number: int
    kind: DueKind
    state: DueState
    amount: MoneyJson | None
    paid: MoneyJson
    rest: MoneyJson
    within_price: bool
    due_at: UtcView | None
    report_by_at: UtcView | None
    label: str | None
    waits_for: str | None
    period: int | None
    overdue: bool
    report_late: bool

    @classmethod
    def at(cls, due: Due, now: datetime) -> Self:
        """Build the view as of a moment."""
        return cls(
            number=due.number,
            kind=due.kind,
            state=due.state,
            amount=due.amount,
            paid=due.paid,
            rest=due.rest,
            within_price=due.within_price,
            due_at=due.due_at,
            report_by_at=due.report_by_at,
            label=due.label,
            waits_for=due.waits_for,
            period=due.period,
            overdue=due.overdue(now),
            report_late=due.report_late(now),
        )


class DuesView(View):
    """A deal's schedule by number; ``payable`` is the most that is accepted now."""

    deal_id: UUID
    items: list[DueView]
    payable: MoneyJson

    @classmethod
    def of(cls, deal_id: UUID, dues: Sequence[Due], payable: Money, now: datetime) -> Self:
        """Build the view."""
        items = [DueView.at(due, now) for due in dues]
        return cls(deal_id=deal_id, items=items, payable=payable)


class ListedDueView(View):
    """An open item with its deal."""

    deal_id: UUID
    deal_number: str
    seller_id: UUID
    buyer_id: UUID
    due: DueView

    @classmethod
    def at(cls, listed: ListedDue, now: datetime) -> Self:
        """Build the view as of a moment."""
        return cls(
            deal_id=listed.deal_id,
            deal_number=listed.deal_number,
            seller_id=listed.seller_id,
            buyer_id=listed.buyer_id,
            due=DueView.at(listed.due, now),
        )


class AcceptanceBody(Body):
    """When the milestone was accepted or the trigger happened, with its proof if there is one."""

    happened_on: date
    evidence_id: UUID | None = None


class WaiverBody(Body):
    """Why the seller renounces the item."""

    reason: Reason


class ShareRegistrationBody(Body):
    """When the shares were registered, and the document that shows it."""

    registered_on: date
    document_id: UUID


class ReportBody(Body):
    """The base of a period, zero or more, and the file that shows it."""

    base: NotNegative
    evidence_id: UUID


class ObjectionBody(Body):
    """Why the seller doubts the report."""

    reason: Reason


class AuditBody(Body):
    """The audited base, zero or more, and the auditor's report."""

    audited: NotNegative
    audit_report_id: UUID


class ReportView(View):
    """A royalty report; ``audited`` counts once it is there."""

    due_number: int
    period: int
    state: ReportState
    base: MoneyJson
    evidence_id: UUID
    reported_at: UtcView
    objection: str | None
    objected_at: UtcView | None
    audited: MoneyJson | None
    audit_report_id: UUID | None
    audited_at: UtcView | None
    audit_paid_by: CostBearer | None
