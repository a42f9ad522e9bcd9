"""Royalties 提成: what each period's base brings, exactly, and how a report is examined."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, count
from typing import Final

from app.settlement.domain.dues import Due, DueKind, DueState, known
from app.settlement.domain.schedule import BASIS_POINTS, CALL_DAYS
from app.settlement.domain.terms import MONTHS, CostBearer, Royalty, Tier
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import FileId
from app.shared.money import AMOUNT_MINOR_MAX, Money
from app.shared.transitions import advance

SUM_MINOR_MAX: Final = AMOUNT_MINOR_MAX // 10  # leaves room for the price beside it


class ReportState(StrEnum):
    """Where a royalty report stands."""

    REPORTED = "reported"
    OBJECTED = "objected"  # the seller doubts it; the auditor's turn
    AUDITED = "audited"  # the audited figure counts


class ReportTrigger(StrEnum):
    """What moves a report."""

    OBJECT = "object"
    AUDIT = "audit"
    ACCEPT = "accept"


TRANSITIONS: Final[Mapping[tuple[ReportState, ReportTrigger], ReportState]] = {
    (ReportState.REPORTED, ReportTrigger.OBJECT): ReportState.OBJECTED,
    (ReportState.OBJECTED, ReportTrigger.ACCEPT): ReportState.REPORTED,  # the doubt is settled
    (ReportState.OBJECTED, ReportTrigger.AUDIT): ReportState.AUDITED,
}


class ReportNotDue(Conflict):
    """The item is no royalty, its period runs, or it is over."""

    code = "report_not_due"
    title_zh = "该款项当前不需要提成报告"
    title_en = "No report is expected for this item"


class ReportOutOfOrder(Conflict):
    """Tiers and years count from the first period on, so periods are reported in order."""

    code = "report_out_of_order"
    title_zh = "请先提交前期的提成报告"
    title_en = "An earlier period is not reported yet"


class BaseCurrencyWrong(RuleBroken):
    """A royalty is counted in the deal's currency."""

    code = "base_currency_wrong"
    title_zh = "提成基数币种与成交币种不符"
    title_en = "The base is in another currency than the deal"


class BaseTooLarge(RuleBroken):
    """All periods' bases together are more than an exchange can reckon with; ``maximum``."""

    code = "base_too_large"
    title_zh = "提成基数合计超出系统上限"
    title_en = "The bases are too large together"


class AuditTooEarly(Conflict):
    """The clause gives the buyer notice before its books are opened."""

    code = "audit_too_early"
    title_zh = "尚未满足审计通知期"
    title_en = "The audit's notice has not run out"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoyaltyReport:
    """What the buyer reported for a period, and what became of it.

    Attributes:
        due_number: The period's due item.
        base: Base amount of the period, zero or more.
        evidence_id: File of the buyer that shows it.
        audited: The base as audited; then it counts.
        audit_paid_by: Who bears the audit's cost by the clause.
    """

    due_number: int
    series: int
    period: int
    base: Money
    evidence_id: FileId
    reported_at: datetime
    state: ReportState = ReportState.REPORTED
    objection: str | None = None
    objected_at: datetime | None = None
    audited: Money | None = None
    audit_report_id: FileId | None = None
    audited_at: datetime | None = None
    audit_paid_by: CostBearer | None = None

    @property
    def final(self) -> Money:
        """The base that counts."""
        return self.base if self.audited is None else self.audited


def by_tiers(tiers: Sequence[Tier], base: Money) -> Money:
    """Return what a base brings, each part at its tier's rate, the sum rounded half up once."""
    exact, below = 0, 0
    for tier in tiers:
        top = base.amount_minor if tier.up_to is None else tier.up_to.amount_minor
        part = max(min(base.amount_minor, top) - below, 0)
        exact += part * tier.rate_bp
        below = max(below, top)
    return Money((2 * exact + BASIS_POINTS) // (2 * BASIS_POINTS), base.currency)


def bases_of(reports: Sequence[RoyaltyReport], series: int) -> list[Money]:
    """Return the base of each period of a series up to the last one that was reported.

    A period that was renounced unreported has none, and the years stay where they are.

    Raises:
        BaseTooLarge: Together they are more than can be reckoned with.
    """
    known_bases = {found.period: found.final for found in reports if found.series == series}
    nothing = Money(0, next(iter(known_bases.values())).currency)
    if sum(base.amount_minor for base in known_bases.values()) > SUM_MINOR_MAX:
        raise BaseTooLarge(
            "State what this technology brought.",
            field="base",
            maximum=Money(SUM_MINOR_MAX, nothing.currency),
        )
    return [known_bases.get(period, nothing) for period in range(1, max(known_bases) + 1)]


def accrue(royalty: Royalty, bases: Sequence[Money]) -> tuple[Money, ...]:
    """Return what each period brings, from the first period on (ST68).

    Tiers count the base accumulated over the term, so periods sum to what the whole base
    brings. At the end of each year its sum is raised to the guaranteed minimum; all of it ends
    at the cap.

    Args:
        bases: Of the periods reported so far, in order, none negative.
    """
    a_year = 12 // MONTHS[royalty.period]
    parts: list[Money] = []
    for index, base in enumerate(bases):
        nothing = Money(0, base.currency)
        before = sum(bases[:index], nothing)
        part = by_tiers(royalty.tiers, before + base) - by_tiers(royalty.tiers, before)
        if (index + 1) % a_year == 0 and royalty.minimum_a_year is not None:
            year = sum(parts[index + 1 - a_year :], nothing)
            part = max(part, royalty.minimum_a_year - year)
        if royalty.cap is not None:
            part = min(part, royalty.cap - sum(parts, nothing))
        parts.append(part)
    return tuple(parts)


def audit(
    report: RoyaltyReport,
    royalty: Royalty,
    *,
    audited: Money,
    audit_report_id: FileId,
    now: datetime,
) -> RoyaltyReport:
    """Return the report with the audited figure; who pays the audit follows from the clause.

    Raises:
        TransitionRefused: The seller has not objected.
        AuditTooEarly: Names the earliest moment.
    """
    state = advance(TRANSITIONS, state=report.state, trigger=ReportTrigger.AUDIT)
    assert report.objected_at is not None
    earliest = report.objected_at + timedelta(days=royalty.audit.notice_days)
    if now < earliest:
        raise AuditTooEarly("The notice begins with the objection.", earliest=earliest)
    short = audited.amount_minor - report.base.amount_minor
    beyond = short * BASIS_POINTS > audited.amount_minor * royalty.audit.tolerance_bp
    return replace(
        report,
        state=state,
        audited=audited,
        audit_report_id=audit_report_id,
        audited_at=now,
        audit_paid_by=CostBearer.BUYER if beyond else royalty.audit.cost_bearer,
    )


def object_to(report: RoyaltyReport, *, objection: str, now: datetime) -> RoyaltyReport:
    """Return the report that the seller doubts; the notice of the audit begins."""
    state = advance(TRANSITIONS, state=report.state, trigger=ReportTrigger.OBJECT)
    return replace(report, state=state, objection=objection, objected_at=now)


def accept(report: RoyaltyReport) -> RoyaltyReport:
    """Return the report whose doubt the seller gave up."""
    return replace(
        report,
        state=advance(TRANSITIONS, state=report.state, trigger=ReportTrigger.ACCEPT),
        objected_at=None,
    )


def check_turn(due: Due, dues: Sequence[Due], *, now: datetime) -> None:
    """Refuse a report that is not this period's turn.

    Raises:
        ReportNotDue: No royalty, its period runs, or its amount is known.
        ReportOutOfOrder: Names the item to report first.
    """
    waits = due.period is not None and due.kind is DueKind.ROYALTY and due.amount is None
    if not waits or not due.open or due.call_at is None or now < due.call_at:
        raise ReportNotDue(
            "A period is reported once, after its end.", number=due.number, from_=due.call_at
        )
    earlier = [
        other
        for other in dues
        if other.series == due.series
        and other.period is not None
        and other.open
        and other.amount is None
        and other.period < (due.period or 0)
    ]
    if earlier:
        raise ReportOutOfOrder(
            "Periods are reported in order.", number=due.number, accepted=earlier[0].number
        )


def billed(dues: Sequence[Due], series: int) -> Money:
    """Return what a royalty's items ask for so far, also where it was waived."""
    (currency,) = {due.paid.currency for due in dues}
    amounts = [due.amount for due in dues if due.series == series and due.amount is not None]
    return sum(amounts, Money(0, currency))


def bill(
    dues: Sequence[Due], due: Due, *, accrued: Money, now: datetime, pay_by_at: datetime
) -> tuple[Due, ...]:
    """Return the items that a change of what a royalty has brought makes new or other (ST69).

    What was not billed yet is asked for: by the period's own item if it is not known yet, else
    by an item for the difference. What was billed too much lowers what the item still asks for;
    beyond that it stays as a credit against the next period. While the price is guaranteed out
    of the royalty, it is paid first.

    Args:
        due: The period's item.
        accrued: What all reported periods bring by the figures that count.
        pay_by_at: Deadline of a difference.
    """
    assert due.series is not None
    change = accrued - billed(dues, due.series)
    nothing = Money(0, change.currency)
    if due.amount is not None and change.amount_minor < 0:
        return _lowered(dues, due, change)
    new = max(change, nothing)
    if due.amount is not None and not new.amount_minor:
        return ()
    return _raised(dues, due, new, now=now, pay_by_at=pay_by_at)


def _guaranteed(dues: Sequence[Due]) -> Due | None:
    found = (due for due in dues if due.kind is DueKind.GUARANTEED and due.open)
    return next(found, None)


def _raised(
    dues: Sequence[Due], due: Due, new: Money, *, now: datetime, pay_by_at: datetime
) -> tuple[Due, ...]:
    """Return the items that ask for more: within the price as far as that is guaranteed."""
    nothing = Money(0, new.currency)
    guarantee = _guaranteed(dues)
    within = nothing if guarantee is None else min(new, guarantee.rest)
    parts = [pair for pair in ((within, True), (new - within, False)) if pair[0].amount_minor]
    numbers: Iterator[int] = count(max(other.number for other in dues) + 1)
    model = replace(due, amount=None, paid=nothing)
    if due.amount is None:
        parts = parts or [(nothing, False)]
        numbers = chain([due.number], numbers)
    else:
        called = max(now, pay_by_at - timedelta(days=CALL_DAYS))
        model = replace(
            model,
            kind=DueKind.DIFFERENCE,
            state=DueState.PLANNED,
            due_at=pay_by_at,
            call_at=called,
            report_by_at=None,
        )
    changed = [
        known(replace(model, number=next(numbers), within_price=of_price), part)
        for part, of_price in parts
    ]
    if guarantee is not None and guarantee.amount is not None and within.amount_minor:
        changed.append(known(guarantee, guarantee.amount - within))
    return tuple(changed)


def _lowered(dues: Sequence[Due], due: Due, change: Money) -> tuple[Due, ...]:
    """Return the items that ask for less, the latest first; never less than was paid.

    What was to pay a part of the price is guaranteed again; where nothing is guaranteed any
    more, the price stays whole.
    """
    left = -change
    guarantee = _guaranteed(dues)
    changed: dict[int, Due] = {}
    for item in sorted(dues, key=lambda other: -other.number):
        part = min(left, item.rest)
        of_series = item.series == due.series and item.amount is not None
        if not of_series or not part.amount_minor or (item.within_price and guarantee is None):
            continue
        assert item.amount is not None
        left -= part
        changed[item.number] = known(item, item.amount - part)
        if item.within_price and guarantee is not None and guarantee.amount is not None:
            guarantee = replace(guarantee, amount=guarantee.amount + part)
            changed[guarantee.number] = guarantee
    return tuple(changed.values())
