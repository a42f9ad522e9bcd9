"""Schedules 付款计划: from price terms to due items, deterministic, the price to the fen."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from app.settlement.domain.dues import Due, DueKind, DueState, known
from app.settlement.domain.terms import MONTHS, PriceTerms, Royalty, TermsKind, lump_sum
from app.shared.calendar import SHANGHAI
from app.shared.money import Money

CALL_DAYS: Final = 5  # a payment is called for so many days before its deadline
YEAR_DAYS: Final = 365  # ACT/365
BASIS_POINTS: Final = 10_000


def deadline(day: date) -> datetime:
    """Return 24:00 in Shanghai of a day, aware UTC: what is done before it is in time."""
    return datetime.combine(day + timedelta(days=1), time.min, SHANGHAI).astimezone(UTC)


def after(moment: datetime, days: int) -> datetime:
    """Return the deadline of the day ``days`` calendar days after a moment's."""
    return deadline(moment.astimezone(SHANGHAI).date() + timedelta(days=days))


def months_later(day: date, months: int) -> date:
    """Return the day so many months later, the month's last where it is shorter."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def interest(principal: Money, *, rate_bp: int, days: int) -> Money:
    """Return simple interest ACT/365, rounded half up to a minor unit.

    Args:
        rate_bp: Basis points a year.
        days: Calendar days, the first excluded, the last included.
    """
    doubled = 2 * principal.amount_minor * rate_bp * days
    year = BASIS_POINTS * YEAR_DAYS
    return Money((doubled + year) // (2 * year), principal.currency)


def period_ends_on(royalty: Royalty, period: int) -> date:
    """Return the last day of a period, 1-based."""
    months = MONTHS[royalty.period] * period
    return months_later(royalty.starts_on, months) - timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a schedule is made for.

    Attributes:
        rest: What of the price is not covered by items that stay.
        version: Of the terms.
        first_number: Of the first new item.
        pay_by_at: The notice's deadline, for a lump sum without a day of its own.
        royalty_runs: Whether the periods of an unchanged royalty run on, and are not made anew.
    """

    rest: Money
    version: int
    first_number: int
    pay_by_at: datetime
    royalty_runs: bool = False


def initial(price: Money, *, paid: Money, pay_by_at: datetime) -> Due:
    """Return the one item of a deal for which nobody has agreed other terms yet."""
    frame = Frame(rest=price, version=0, first_number=1, pay_by_at=pay_by_at)
    (due,) = generate(lump_sum(price), frame)
    if not paid.amount_minor:
        return due
    state = DueState.PAID if paid == price else DueState.PART_PAID
    return replace(due, paid=paid, state=state)


def generate(terms: PriceTerms, frame: Frame) -> tuple[Due, ...]:
    """Return the due items of terms, numbered in the order in which they were agreed.

    Those within the price sum to ``frame.rest`` (ST60); the same input gives the same items
    (ST61).
    """
    items = [*_fixed(terms, frame)] if frame.rest.amount_minor else []
    if terms.royalty is not None and not frame.royalty_runs:
        items += _periods(terms.royalty, frame)
    numbers = range(frame.first_number, frame.first_number + len(items))
    return tuple(replace(due, number=number) for number, due in zip(numbers, items, strict=True))


def _item(
    kind: DueKind,
    amount: Money | None,
    due_at: datetime | None,
    *,
    nothing: Money,
    within_price: bool = True,
) -> Due:
    call_at = None if due_at is None else due_at - timedelta(days=CALL_DAYS)
    return Due(
        number=0,
        kind=kind,
        amount=amount,
        paid=nothing,
        within_price=within_price,
        due_at=due_at,
        call_at=call_at,
    )


def _fixed(terms: PriceTerms, frame: Frame) -> Iterator[Due]:
    nothing = Money(0, frame.rest.currency)
    if terms.instalments:
        yield from _instalments(terms, frame)
        return
    if terms.milestones:
        parts = frame.rest.allocate([step.share_bp for step in terms.milestones])
        for step, part in zip(terms.milestones, parts, strict=True):
            due = _item(DueKind.MILESTONE, part, None, nothing=nothing)
            yield replace(due, label=step.title, waits_for=step.acceptance)
        return
    if terms.shares is not None:
        due_at = deadline(terms.shares.register_by_on)
        yield _item(DueKind.SHARES, frame.rest, due_at, nothing=nothing)
        return
    if terms.deferral is not None:
        day = terms.deferral.due_on
        due_at_or_none = None if day is None else deadline(day)
        due = _item(DueKind.PRICE, frame.rest, due_at_or_none, nothing=nothing)
        yield replace(due, waits_for=terms.deferral.trigger)
        return
    if terms.royalty is not None and terms.kind is not TermsKind.ENTRY_FEE_ROYALTY:
        last = period_ends_on(terms.royalty, terms.royalty.periods)
        due_at = deadline(last + timedelta(days=terms.royalty.pay_days))
        yield _item(DueKind.GUARANTEED, frame.rest, due_at, nothing=nothing)
        return
    due_at = frame.pay_by_at if terms.pay_on is None else deadline(terms.pay_on)
    entry_fee = terms.kind is TermsKind.ENTRY_FEE_ROYALTY
    yield _item(
        DueKind.ENTRY_FEE if entry_fee else DueKind.PRICE, frame.rest, due_at, nothing=nothing
    )


def _instalments(terms: PriceTerms, frame: Frame) -> Iterator[Due]:
    """Yield each part with its interest since the first part's day."""
    nothing = Money(0, frame.rest.currency)
    first = terms.instalments[0].due_on
    parts = frame.rest.allocate([part.share_bp for part in terms.instalments])
    for instalment, amount in zip(terms.instalments, parts, strict=True):
        due_at = deadline(instalment.due_on)
        if amount.amount_minor:  # a price of some fen has fewer parts than it has instalments
            yield _item(DueKind.INSTALMENT, amount, due_at, nothing=nothing)
        days = (instalment.due_on - first).days
        fee = interest(amount, rate_bp=terms.interest_bp, days=days)
        if fee.amount_minor:
            yield _item(DueKind.INTEREST, fee, due_at, nothing=nothing, within_price=False)


def _periods(royalty: Royalty, frame: Frame) -> Iterator[Due]:
    nothing = Money(0, frame.rest.currency)
    for period in range(1, royalty.periods + 1):
        ends_on = period_ends_on(royalty, period)
        due = _item(
            DueKind.ROYALTY,
            None,
            deadline(ends_on + timedelta(days=royalty.pay_days)),
            nothing=nothing,
            within_price=False,
        )
        yield replace(
            due,
            call_at=deadline(ends_on),
            report_by_at=deadline(ends_on + timedelta(days=royalty.report_days)),
            series=frame.version,
            period=period,
        )


def staying(dues: Sequence[Due], *, now: datetime, royalty_runs: bool) -> tuple[Due, ...]:
    """Return the items that a supplementary agreement leaves alone (ST62).

    Those are what is paid or over, what fell due beside the price, and the periods of a royalty
    that was reported or is unchanged. What came in for a part of the price is a part by itself:
    the rest of it is scheduled anew, also where it is late.
    """
    stays = []
    for due in dues:
        if due.period is not None:
            keep = royalty_runs or due.amount is not None or due.overdue(now)
        elif due.within_price:
            keep = due.paid.amount_minor > 0
        else:
            keep = due.paid.amount_minor > 0 or due.overdue(now)
        if keep or not due.open:
            part_paid = due.open and due.within_price and due.period is None
            stays.append(known(due, due.paid) if part_paid else due)
    return tuple(stays)


def fixed_rest(price: Money, stays: Sequence[Due]) -> Money:
    """Return what of the price is left to schedule beside the items that stay."""
    kept = [due.amount for due in stays if due.within_price and due.amount is not None]
    return price - sum(kept, Money(0, price.currency))
