"""Royalty reports: what the buyer reports, the seller doubts, the auditor finds; the total."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain import dues as rules
from app.settlement.domain import royalty as royalties
from app.settlement.domain.deal import Deal
from app.settlement.domain.dues import TRANSITIONS, Due, DueKind, DueTrigger
from app.settlement.domain.royalty import (
    BaseCurrencyWrong,
    RoyaltyReport,
    accrue,
    bases_of,
    bill,
)
from app.settlement.domain.schedule import after
from app.settlement.domain.terms import Royalty
from app.settlement.repository import dues as rows
from app.settlement.repository.terms import find_terms
from app.settlement.service.dues import keep, load, show_file
from app.settlement.service.releasing import release_what_waits
from app.settlement.service.settling import journal_deal
from app.settlement.service.terms import require_side, terms_of, total_so_far
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.ids import FileId
from app.shared.money import Money
from app.shared.transitions import advance


class ReportUnknown(NotFound):
    """The item's period is not reported."""

    code = "royalty_report_unknown"
    title_zh = "该期尚无提成报告"
    title_en = "There is no royalty report of this period"


class FinalTotalTooLow(RuleBroken):
    """The final total is at least what is known already."""

    code = "final_total_too_low"
    title_zh = "最终总额低于已确定金额"
    title_en = "The final total lies below what is known"


class NothingToReconcile(Conflict):
    """The total is known already."""

    code = "nothing_to_reconcile"
    title_zh = "合同总额已经确定"
    title_en = "The total is known already"


async def report(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: int,
    *,
    base: Money,
    evidence_id: FileId,
    now: datetime,
) -> list[Due]:
    """Report a period's base; what it brings is due exactly (ST68, ST69).

    Raises:
        NotYours: Neither of the buyer nor the operator.
        DueUnknown, ReportNotDue, ReportOutOfOrder: Not this period's turn.
        BaseCurrencyWrong, BaseTooLarge: Names the deal's currency, or the most.
        ObjectUnknown: The evidence is no file of the caller's party.
    """
    deal, dues = await load(session, deal_id)
    require_side(actor, deal, buyer=True)
    due = rules.find(dues, number)
    royalties.check_turn(due, dues, now=now)
    _check_currency(base, deal)
    await show_file(session, actor, deal, evidence_id)
    assert due.series is not None  # it is a royalty's turn
    assert due.period is not None
    reported = RoyaltyReport(
        due_number=number,
        series=due.series,
        period=due.period,
        base=base,
        evidence_id=evidence_id,
        reported_at=now,
    )
    await rows.save_report(session, deal.id, reported)
    changed = await _billed(session, deal, dues, due, now=now)
    told = {"period": due.period, "base": base, "evidence_id": evidence_id}
    kept = await keep(session, actor, deal, dues, changed, "royalty_reported", told, now=now)
    await release_what_waits(session, deal, now, actor)  # what was paid ahead may be the rest
    return kept


async def object_to(
    session: AsyncSession, actor: Actor, deal_id: UUID, number: int, *, reason: str, now: datetime
) -> RoyaltyReport:
    """Doubt a report: the notice of the audit begins.

    Raises:
        NotYours: Of the buyer.
        ReportUnknown, TransitionRefused: Not reported, or doubted or audited before.
    """
    deal, found = await _report(session, deal_id, number)
    require_side(actor, deal, seller=True)
    doubted = royalties.object_to(found, objection=reason, now=now)
    return await _keep_report(session, actor, deal, doubted, "royalty_objected", now=now)


async def accept(
    session: AsyncSession, actor: Actor, deal_id: UUID, number: int, *, now: datetime
) -> RoyaltyReport:
    """Give a doubt up: the report counts as it is.

    Raises:
        NotYours: Of the buyer.
        ReportUnknown, TransitionRefused: Not reported, or nothing is doubted.
    """
    deal, found = await _report(session, deal_id, number)
    require_side(actor, deal, seller=True)
    accepted = royalties.accept(found)
    return await _keep_report(session, actor, deal, accepted, "royalty_accepted", now=now)


async def audit(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: int,
    *,
    audited: Money,
    audit_report_id: FileId,
    now: datetime,
) -> RoyaltyReport:
    """Enter the audited figure of a doubted report: it counts, the difference is due or credited.

    Raises:
        ReportUnknown, TransitionRefused, AuditTooEarly: See `domain.royalty.audit`.
        BaseCurrencyWrong, BaseTooLarge: Names the deal's currency, or the most.
        ObjectUnknown: The audit report is no file of the caller's party.

    Invariant: ST69.
    """
    deal, found = await _report(session, deal_id, number)
    _check_currency(audited, deal)
    await show_file(session, actor, deal, audit_report_id)
    royalty = await _royalty(session, deal, found.series)
    done = royalties.audit(
        found, royalty, audited=audited, audit_report_id=audit_report_id, now=now
    )
    await rows.save_report(session, deal.id, done)
    dues = await rows.dues_of(session, deal.id)
    due = rules.find(dues, number)
    changed = await _billed(session, deal, dues, due, now=now)
    told = {
        "period": done.period,
        "base": done.base,
        "audited": audited,
        "audit_paid_by": done.audit_paid_by,
    }
    await keep(session, actor, deal, dues, changed, "royalty_audited", told, now=now)
    await release_what_waits(session, deal, now, actor)  # a part that was paid may be the whole
    return done


async def reconcile(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    *,
    final_total: Money,
    text_hash: str,
    reason: str,
    now: datetime,
) -> Deal:
    """Note the final total both sides agreed on; what was unknown becomes part of it (ST73).

    What it lacks to what is known already becomes due.

    Args:
        text_hash: SHA-256 of the sides' agreement.

    Raises:
        NothingToReconcile: The total was known, or reconciled before.
        BaseCurrencyWrong, FinalTotalTooLow: Names the least.
    """
    deal, dues = await load(session, deal_id)
    terms = await terms_of(session, deal)
    if terms.amount_known or deal.final_total is not None:
        raise NothingToReconcile("No royalty is open.", final_total=deal.final_total)
    _check_currency(final_total, deal)
    known = total_so_far(deal, dues)
    if final_total < known:
        raise FinalTotalTooLow("More is known already.", field="final_total", minimum=known)
    changed = [
        replace(due, state=advance(TRANSITIONS, state=due.state, trigger=DueTrigger.RECONCILE))
        for due in dues
        if due.open and due.amount is None
    ]
    due_at = after(now, terms.pay_days)
    changed += [
        replace(due, call_at=now, due_at=due_at)  # no royalty will bring it any more
        for due in dues
        if due.open and due.kind is DueKind.GUARANTEED
    ]
    rest = final_total - known
    if rest.amount_minor:
        changed.append(
            Due(
                number=max(due.number for due in dues) + 1,
                kind=DueKind.DIFFERENCE,
                amount=rest,
                paid=Money(0, rest.currency),
                within_price=False,
                due_at=due_at,
                call_at=now,
            )
        )
    final = replace(deal, final_total=final_total)
    await repository.save_deal(session, final)
    told = {"final_total": final_total, "reason": reason, "text_hash": text_hash}
    await keep(session, actor, final, dues, changed, "total_reconciled", told, now=now)
    return final


def _check_currency(amount: Money, deal: Deal) -> None:
    if amount.currency != deal.price.currency:
        raise BaseCurrencyWrong(
            "State it in the deal's currency.", field="amount", accepted=deal.price.currency
        )


async def _royalty(session: AsyncSession, deal: Deal, series: int) -> Royalty:
    terms = await find_terms(session, deal.id, series)
    assert terms is not None  # the series began with them
    assert terms.royalty is not None
    return terms.royalty


async def _billed(
    session: AsyncSession, deal: Deal, dues: list[Due], due: Due, *, now: datetime
) -> tuple[Due, ...]:
    """Return what the reports of a series change in the schedule, by the figures that count."""
    assert due.series is not None
    royalty = await _royalty(session, deal, due.series)
    reports = await rows.reports_of(session, deal.id)
    accrued = sum(accrue(royalty, bases_of(reports, due.series)), Money(0, deal.price.currency))
    terms = await terms_of(session, deal)
    return bill(dues, due, accrued=accrued, now=now, pay_by_at=after(now, terms.pay_days))


async def _report(session: AsyncSession, deal_id: UUID, number: int) -> tuple[Deal, RoyaltyReport]:
    deal = await repository.get_deal(session, deal_id, lock=True)
    for found in await rows.reports_of(session, deal.id):
        if found.due_number == number:
            return deal, found
    raise ReportUnknown("The period is not reported.", number=number)


async def _keep_report(
    session: AsyncSession,
    actor: Actor,
    deal: Deal,
    report: RoyaltyReport,
    what: str,
    *,
    now: datetime,
) -> RoyaltyReport:
    await rows.save_report(session, deal.id, report)
    told = {"period": report.period, "objection": report.objection}
    await journal_deal(session, deal, what, actor, now, restricted=told)
    return report
