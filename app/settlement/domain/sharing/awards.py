"""A sharing of one deal: its states, what each person is owed, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.settlement.domain.schedule import months_later
from app.settlement.domain.sharing.dividing import Division, GrantMode, Person, divide
from app.settlement.domain.sharing.income import (
    BY_LAW,
    CostLine,
    NetIncome,
    SharingFiguresMissing,
    net_income,
)
from app.settlement.domain.sharing.schemes import (
    Basis,
    Deduction,
    Scheme,
    SharingCurrencyDiffers,
)
from app.shared.calendar import SHANGHAI
from app.shared.errors import NotFound, RuleBroken
from app.shared.ids import DealId, MarketId, PartyId, SharingId
from app.shared.money import Money
from app.shared.transitions import advance

PAY_WITHIN_MONTHS: Final = 6  # 浙江省促进科技成果转化条例 40, where nothing was agreed


class SharingStatus(StrEnum):
    """Where a sharing stands."""

    DRAFT = "draft"
    NOTICED = "noticed"  # the award notice runs in the unit
    OBJECTED = "objected"  # an objection waits for the unit's decision
    FINAL = "final"
    PAID = "paid"  # everything owed so far


class SharingTrigger(StrEnum):
    """What moves a sharing."""

    PLAN = "plan"
    NOTICE = "notice"
    OBJECT = "object"
    UPHOLD = "uphold"
    REJECT = "reject"
    CLEAR = "clear"  # the last open objection was rejected
    CLOSE = "close"  # the period is over
    EARN = "earn"
    CHARGE = "charge"  # later costs
    PAY = "pay"
    COMPLETE = "complete"


_S = SharingStatus
_T = SharingTrigger

TRANSITIONS: Final[Mapping[tuple[SharingStatus, SharingTrigger], SharingStatus]] = {
    (_S.DRAFT, _T.PLAN): _S.DRAFT,
    (_S.DRAFT, _T.NOTICE): _S.NOTICED,
    (_S.NOTICED, _T.OBJECT): _S.OBJECTED,
    (_S.NOTICED, _T.CLOSE): _S.FINAL,
    (_S.OBJECTED, _T.OBJECT): _S.OBJECTED,
    (_S.OBJECTED, _T.REJECT): _S.OBJECTED,
    (_S.OBJECTED, _T.CLEAR): _S.NOTICED,
    (_S.OBJECTED, _T.UPHOLD): _S.DRAFT,
    (_S.FINAL, _T.CHARGE): _S.FINAL,
    (_S.FINAL, _T.PAY): _S.FINAL,
    (_S.FINAL, _T.COMPLETE): _S.PAID,
    (_S.PAID, _T.CHARGE): _S.PAID,
    # Money may come at any time; the plan stays as it was noticed.
    (_S.DRAFT, _T.EARN): _S.DRAFT,
    (_S.NOTICED, _T.EARN): _S.NOTICED,
    (_S.OBJECTED, _T.EARN): _S.OBJECTED,
    (_S.FINAL, _T.EARN): _S.FINAL,
    (_S.PAID, _T.EARN): _S.FINAL,
}


class SharingPersonUnknown(NotFound):
    """No person of this number takes part; ``maximum`` is the last number."""

    code = "sharing_person_unknown"
    title_zh = "分配方案中没有该人员"
    title_en = "No such person takes part"


class AwardAboveOwed(RuleBroken):
    """No more than what is owed is recorded as paid; ``maximum`` says what is."""

    code = "award_above_owed"
    title_zh = "支付数额超过应付奖励"
    title_en = "The payment exceeds what is owed"


class AwardPaidInFuture(RuleBroken):
    """What was not yet paid is not recorded."""

    code = "award_paid_in_future"
    title_zh = "支付日期晚于当前日期"
    title_en = "The payment has not been made yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the income is shared; edited until the notice.

    Attributes:
        scheme: The copy that holds, whatever becomes of its source.
        persons: Numbered from 1 in this order, which decides ties.
        costs, tax: Of the whole income so far; the exchange's own commission comes by itself.
        shares_total: Shares that the unit got; of the basis shares only.
        agreed_months: Months after each income in which it is paid; ``None`` for the law's six.
    """

    scheme: Scheme
    basis: Basis
    persons: tuple[Person, ...]
    costs: tuple[CostLine, ...]
    tax: Money
    grant_mode: GrantMode | None = None
    shares_total: int | None = None
    agreed_months: int | None = None


@dataclass(frozen=True, slots=True)
class Income:
    """Money that the unit got from the deal.

    Attributes:
        number: From 1.
        withheld: The exchange's commission out of it: a cost.
    """

    number: int
    amount: Money
    withheld: Money
    received_at: datetime


@dataclass(frozen=True, slots=True)
class AwardPayment:
    """What a person was paid; of shares, what was registered in the person's name.

    Attributes:
        person: Number of the person, from 1.
        quantity: Fen, or shares.
    """

    id: UUID
    person: int
    quantity: int
    paid_on: date
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """The sharing of a deal's income.

    Attributes:
        number: Human number, ``ZP-S-2026-000001``.
        version: Of the plan, from 1.
        notice: The last notice's frozen content; ``None`` before the first.
        notice_ends_at: When its period is over, half open.
        due_on: Until when the earliest unpaid income is to be paid; ``None`` if nothing is.
    """

    id: SharingId
    number: str
    market_id: MarketId
    deal_id: DealId
    seller_id: PartyId
    currency: str
    status: SharingStatus
    version: int
    plan: Plan
    opened_at: datetime
    notice: Mapping[str, Any] | None = None
    notice_hash: str | None = None
    notice_ends_at: datetime | None = None
    final_at: datetime | None = None
    due_on: date | None = None

    def moved(self, trigger: SharingTrigger, **changes: Any) -> "Sharing":
        """Return the sharing after a trigger.

        Raises:
            TransitionRefused: Not possible in this state.
        """
        status = advance(TRANSITIONS, state=self.status, trigger=trigger)
        return replace(self, status=status, **changes)


def as_of(sharing: Sharing, now: datetime) -> Sharing:
    """Return the sharing as its stored deadline has decided it, however late a worker is.

    Invariant: ST141.
    """
    ends_at = sharing.notice_ends_at
    if sharing.status is SharingStatus.NOTICED and ends_at is not None and ends_at <= now:
        return sharing.moved(SharingTrigger.CLOSE, final_at=ends_at)
    return sharing


def due_day(received_at: datetime, agreed_months: int | None) -> date:
    """Return the last day on which an income's awards are paid in time.

    Calendar months from the day in Shanghai; a month without that day ends it on its last one.

    Source: rules.md S6; 民法典 202.
    """
    day = received_at.astimezone(SHANGHAI).date()
    return months_later(day, agreed_months or PAY_WITHIN_MONTHS)


@dataclass(frozen=True, slots=True)
class PersonStanding:
    """What a person gets and got; fen, or shares."""

    person: Person
    as_owner: int
    total: int
    paid: int

    @property
    def due(self) -> int:
        """What is still to be paid."""
        return max(0, self.total - self.paid)

    @property
    def ahead(self) -> int:
        """What was paid beyond the division, after later costs: the next income makes it good."""
        return max(0, self.paid - self.total)


@dataclass(frozen=True, slots=True)
class Standing:
    """A sharing in figures.

    Attributes:
        net: By the scheme; ``None`` where shares are divided.
        net_by_law: Fen after costs and tax alone, or all shares: the base of the law's minimum.
        due_days: Of each income.
    """

    net: NetIncome | None
    net_by_law: int
    division: Division
    persons: tuple[PersonStanding, ...]
    due_days: tuple[date, ...] = field(default=())
    due_on: date | None = None

    @property
    def complete(self) -> bool:
        """Tell whether something was to be paid and all of it was."""
        return any(one.total for one in self.persons) and not any(one.due for one in self.persons)


def _net(plan: Plan, incomes: Sequence[Income], steps: Sequence[Deduction]) -> NetIncome:
    nothing = Money(0, plan.tax.currency)
    gross = sum((income.amount for income in incomes), nothing)
    costs = sum((line.amount for line in plan.costs), nothing)
    withheld = sum((income.withheld for income in incomes), nothing)
    return net_income(gross, steps, costs=costs + withheld, tax=plan.tax)


def _divided(plan: Plan, total: int) -> Division:
    return divide(
        total,
        tiers=plan.scheme.tiers(plan.basis),
        groups=plan.scheme.groups,
        persons=plan.persons,
        mode=plan.grant_mode,
    )


def divide_plan(plan: Plan, incomes: Sequence[Income]) -> Division:
    """Divide all that came in so far as one whole.

    Each instalment's part is the difference of two such divisions, so instalments and one payment
    give every person the same in the end.

    Invariant: ST138.
    """
    if plan.basis is Basis.SHARES:
        return _divided(plan, plan.shares_total or 0)
    return _divided(plan, _net(plan, incomes, plan.scheme.deductions).net.amount_minor)


def standing(plan: Plan, incomes: Sequence[Income], payments: Sequence[AwardPayment]) -> Standing:
    """Return who gets what, who got what, and until when the rest is due.

    Invariants: ST138, ST143.
    """
    division = divide_plan(plan, incomes)
    paid = [0] * len(plan.persons)
    for payment in payments:
        paid[payment.person - 1] += payment.quantity
    persons = tuple(
        PersonStanding(person, owner, total, got)
        for person, owner, total, got in zip(
            plan.persons, division.owners, division.persons, paid, strict=True
        )
    )
    if plan.basis is Basis.SHARES:
        return Standing(None, division.total, division, persons)
    days = tuple(due_day(income.received_at, plan.agreed_months) for income in incomes)
    return Standing(
        net=_net(plan, incomes, plan.scheme.deductions),
        net_by_law=_net(plan, incomes, BY_LAW).net.amount_minor,
        division=division,
        persons=persons,
        due_days=days,
        due_on=_earliest_due(plan, incomes, paid, days, division),
    )


def _earliest_due(
    plan: Plan,
    incomes: Sequence[Income],
    paid: Sequence[int],
    days: Sequence[date],
    division: Division,
) -> date | None:
    unpaid: list[date] = []
    for count, day in enumerate(days, start=1):
        whole = count == len(days)
        part = division if whole else divide_plan(plan, incomes[:count])
        # A later cost may have taken back what an earlier income once gave.
        owed = [min(now, last) for now, last in zip(part.persons, division.persons, strict=True)]
        if any(got < total for got, total in zip(paid, owed, strict=True)):
            unpaid.append(day)
    return min(unpaid, default=None)


def quantity_of(sharing: Sharing, amount: Money | None, shares: int | None) -> int:
    """Return a payment's fen, or its shares: whichever this sharing divides.

    Raises:
        SharingFiguresMissing: The other one was given; names the field.
        SharingCurrencyDiffers: Names the currency.
    """
    if sharing.plan.basis is Basis.SHARES:
        if shares is None or amount is not None:
            raise SharingFiguresMissing("This sharing divides shares.", field="shares")
        return shares
    if amount is None or shares is not None:
        raise SharingFiguresMissing("This sharing divides money.", field="amount")
    if amount.currency != sharing.currency:
        raise SharingCurrencyDiffers(
            "Awards are in the deal's currency.", field="amount", accepted=sharing.currency
        )
    return amount.amount_minor


def check_award_payment(
    sharing: Sharing, known: Standing, payment: AwardPayment, *, today: date
) -> None:
    """Refuse a payment to nobody, of too much, or of tomorrow.

    Raises:
        TransitionRefused: The sharing is not final.
        SharingPersonUnknown: Names the last number.
        AwardAboveOwed: Names what is owed.
        AwardPaidInFuture: Names today.

    Invariant: ST142.
    """
    advance(TRANSITIONS, state=sharing.status, trigger=SharingTrigger.PAY)
    if not 1 <= payment.person <= len(known.persons):
        raise SharingPersonUnknown(
            "Persons are numbered from 1.", field="person", maximum=len(known.persons)
        )
    owed = known.persons[payment.person - 1].due
    if payment.quantity > owed:
        shares = sharing.plan.basis is Basis.SHARES
        raise AwardAboveOwed(
            "Less is owed to this person.",
            field="shares" if shares else "amount",
            maximum=owed if shares else Money(owed, sharing.currency),
        )
    if payment.paid_on > today:
        raise AwardPaidInFuture("Record it when it was paid.", field="paid_on", maximum=today)
