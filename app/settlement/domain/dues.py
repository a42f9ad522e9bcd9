"""Due items 应付款项: what is to be paid when, and how payments are counted towards it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from app.shared.errors import Conflict, NotFound
from app.shared.ids import DealId, EntryId
from app.shared.money import Money
from app.shared.transitions import advance


class DueKind(StrEnum):
    """What a due item pays for."""

    PRICE = "price"  # the lump sum, or a price paid later
    INSTALMENT = "instalment"
    ENTRY_FEE = "entry_fee"
    MILESTONE = "milestone"
    SHARES = "shares"  # the valued amount; no money
    GUARANTEED = "guaranteed"  # what royalties have not yet brought of the price
    ROYALTY = "royalty"  # of one period
    DIFFERENCE = "difference"  # found by an audit, or agreed when all was reconciled
    INTEREST = "interest"


class DueState(StrEnum):
    """Where a due item stands; overdue is not a state but a look at the clock."""

    PLANNED = "planned"
    DUE = "due"  # it was called for
    PART_PAID = "part_paid"
    PAID = "paid"
    WAIVED = "waived"  # the seller renounced it
    RECONCILED = "reconciled"  # its amount became part of the agreed final total


class DueTrigger(StrEnum):
    """What moves a due item."""

    CALL = "call"
    PAY_PART = "pay_part"
    PAY = "pay"
    WAIVE = "waive"
    RECONCILE = "reconcile"


OPEN: Final = frozenset({DueState.PLANNED, DueState.DUE, DueState.PART_PAID})

TRANSITIONS: Final[Mapping[tuple[DueState, DueTrigger], DueState]] = {
    (DueState.PLANNED, DueTrigger.CALL): DueState.DUE,
    (DueState.PLANNED, DueTrigger.PAY_PART): DueState.PART_PAID,
    (DueState.PLANNED, DueTrigger.PAY): DueState.PAID,
    (DueState.PLANNED, DueTrigger.WAIVE): DueState.WAIVED,
    (DueState.PLANNED, DueTrigger.RECONCILE): DueState.RECONCILED,
    (DueState.DUE, DueTrigger.PAY_PART): DueState.PART_PAID,
    (DueState.DUE, DueTrigger.PAY): DueState.PAID,
    (DueState.DUE, DueTrigger.WAIVE): DueState.WAIVED,
    (DueState.DUE, DueTrigger.RECONCILE): DueState.RECONCILED,
    (DueState.PART_PAID, DueTrigger.PAY_PART): DueState.PART_PAID,
    (DueState.PART_PAID, DueTrigger.PAY): DueState.PAID,
}


class DueUnknown(NotFound):
    """The deal has no due item of this number."""

    code = "due_unknown"
    title_zh = "该成交没有此应付款项"
    title_en = "There is no such due item"


class DueHasDate(Conflict):
    """Only what waits for an acceptance or a trigger is made due by one."""

    code = "due_has_date"
    title_zh = "该款项已有付款期限"
    title_en = "The due item has its day already"


class DueOfThePrice(Conflict):
    """The price is not waived: no terms change it (ST60)."""

    code = "due_of_the_price"
    title_zh = "成交价款不得豁免"
    title_en = "The price itself is not waived"


class DueNotShares(Conflict):
    """Only a share investment is fulfilled by a registration."""

    code = "due_not_shares"
    title_zh = "该款项不是作价入股"
    title_en = "The due item is not paid in shares"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One item of a deal's schedule.

    Attributes:
        number: 1, 2, … within the deal; never given twice.
        amount: ``None``: not known yet, it waits for a report.
        within_price: Whether it is a part of the price; these sum to the price (ST60).
        due_at: Before this moment it is paid in time; ``None``: it waits for ``waits_for``.
        call_at: From then on it is called for.
        report_by_at: Before this moment the period's report is in time.
        label: Name of the milestone.
        waits_for: What makes it due: an acceptance, or the trigger of a deferral.
        series, period: Of a royalty: the version of the terms that began it, and the period.
    """

    number: int
    kind: DueKind
    amount: Money | None
    paid: Money
    within_price: bool
    due_at: datetime | None
    call_at: datetime | None
    state: DueState = DueState.PLANNED
    report_by_at: datetime | None = None
    label: str | None = None
    waits_for: str | None = None
    series: int | None = None
    period: int | None = None

    @property
    def open(self) -> bool:
        """Whether something is still to come of it."""
        return self.state in OPEN

    @property
    def unmet(self) -> Money:
        """What is still to come of it, in money or in shares, as far as it is known."""
        if not self.open or self.amount is None:
            return Money(0, self.paid.currency)
        return self.amount - self.paid

    @property
    def rest(self) -> Money:
        """What money is still to be paid, as far as it is known."""
        return Money(0, self.paid.currency) if self.kind is DueKind.SHARES else self.unmet

    def overdue(self, now: datetime) -> bool:
        """Tell whether it should have been paid before ``now``; half open."""
        return self.open and self.due_at is not None and self.due_at <= now

    def report_late(self, now: datetime) -> bool:
        """Tell whether its report should have been there before ``now``."""
        late = self.report_by_at is not None and self.report_by_at <= now
        return late and self.open and self.amount is None


_LAST: Final = datetime.max.replace(tzinfo=UTC)


def in_order(dues: Iterable[Due]) -> list[Due]:
    """Return due items as payments are counted towards them: oldest first, undated last."""
    return sorted(dues, key=lambda due: (due.due_at or _LAST, due.number))


def find(dues: Sequence[Due], number: int) -> Due:
    """Return the due item of a number.

    Raises:
        DueUnknown: There is none.
    """
    for due in dues:
        if due.number == number:
            return due
    raise DueUnknown("The deal has no such due item.", number=number)


def owed(dues: Iterable[Due], *, currency: str, signed: bool) -> Money:
    """Return the most that may be paid now (ST63): beyond the price only once it is signed."""
    rests = (due.rest for due in dues if signed or due.within_price)
    return sum(rests, Money(0, currency))


def first_unpaid_at(dues: Iterable[Due]) -> datetime | None:
    """Return the deadline of the oldest item that is not met: from it there is default (ST13)."""
    dated = [due.due_at for due in dues if due.unmet.amount_minor > 0 and due.due_at is not None]
    return min(dated, default=None)


@dataclass(frozen=True, slots=True)
class Allocation:
    """How an amount was counted: the items it touched, its part of the price, and the rest."""

    changed: tuple[Due, ...]
    within_price: Money
    beyond: Money


def count(due: Due, amount: Money) -> Due:
    """Return the item with a payment counted towards it; at most its rest."""
    paid = due.paid + amount
    trigger = DueTrigger.PAY if paid == due.amount else DueTrigger.PAY_PART
    return replace(due, paid=paid, state=advance(TRANSITIONS, state=due.state, trigger=trigger))


def allocate(dues: Iterable[Due], amount: Money, *, signed: bool) -> Allocation:
    """Count a payment towards the items, oldest first (ST64); the caller has looked at `owed`."""
    left = amount
    nothing = Money(0, amount.currency)
    within = beyond = nothing
    changed = []
    for due in in_order(dues):
        part = min(left, due.rest)
        if part.amount_minor <= 0 or not (signed or due.within_price):
            continue
        changed.append(count(due, part))
        left -= part
        within += part if due.within_price else nothing
        beyond += nothing if due.within_price else part
    return Allocation(tuple(changed), within, beyond)


def to_release(dues: Iterable[Due], *, released: Money) -> Money:
    """Return what the seller may get now: what paid items brought, and has not gone on (ST65)."""
    full = (
        due.paid for due in dues if due.state is DueState.PAID and due.kind is not DueKind.SHARES
    )
    return sum(full, Money(0, released.currency)) - released


def with_changed(dues: Sequence[Due], changed: Iterable[Due]) -> list[Due]:
    """Return the items with those of the same number replaced."""
    new = {due.number: due for due in changed}
    return [new.get(due.number, due) for due in dues]


def known(due: Due, amount: Money) -> Due:
    """Return the item whose amount became known; paid if nothing is left of it."""
    if amount == due.paid:
        state = advance(TRANSITIONS, state=due.state, trigger=DueTrigger.PAY)
        return replace(due, amount=amount, state=state)
    return replace(due, amount=amount)


def call(due: Due) -> Due:
    """Return the item that was called for."""
    return replace(due, state=advance(TRANSITIONS, state=due.state, trigger=DueTrigger.CALL))


def waive(due: Due) -> Due:
    """Return an item that the seller renounced.

    Raises:
        DueOfThePrice: It is a part of the price.
        TransitionRefused: It is paid, in part or in full, or over.
    """
    if due.within_price:
        raise DueOfThePrice("Royalties and interest can be waived.", number=due.number)
    return replace(due, state=advance(TRANSITIONS, state=due.state, trigger=DueTrigger.WAIVE))


def set_day(due: Due, *, call_at: datetime, due_at: datetime) -> Due:
    """Return a waiting item that an acceptance or a trigger made due.

    Raises:
        DueHasDate: It waits for nothing.
    """
    if due.due_at is not None or not due.open:
        raise DueHasDate("It waits for nothing.", number=due.number, due_at=due.due_at)
    return replace(due, call_at=call_at, due_at=due_at)


def register_shares(due: Due) -> Due:
    """Return the item that the registration of the shares fulfilled.

    Raises:
        DueNotShares: It is to be paid in money.
    """
    if due.kind is not DueKind.SHARES or due.amount is None:
        raise DueNotShares("Pay it in money.", number=due.number)
    return count(due, due.amount)


def release_entry_id(deal_id: DealId, *, released: Money) -> EntryId:
    """Return the id of the entry that releases what comes after ``released``.

    One a step of the deal's released sum: a repetition after a crash finds its own entry.
    """
    return EntryId(uuid5(UUID(bytes=deal_id.bytes), f"release:{released.amount_minor}"))
