"""Track what becomes of a result: plan, reports, yearly figures, reminders."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings import public as listings
from app.platform import timers
from app.platform.access import SYSTEM, Actor, NotYours, ObjectUnknown
from app.platform.files.grants import grant_files
from app.platform.files.lookup import own_files
from app.settlement import repository
from app.settlement.domain import tracking as domain
from app.settlement.domain.contract import check_version
from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.outcomes import Outcome, OutcomeFigures, answer_outcome, state_outcome
from app.settlement.domain.tracking import (
    TRANSITIONS,
    Conversion,
    ConversionStatus,
    ConversionTrigger,
    FailureReason,
    MilestoneKind,
    Report,
    next_reminder,
    open_conversion,
    remind,
    replan,
    take_report,
)
from app.settlement.repository import tracking
from app.settlement.service.settling import journal_deal
from app.settlement.service.tracking_notices import tell_reminder
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId, FileId
from app.shared.transitions import advance

REMINDER: Final = "settlement.conversion_reminder"
_OWN_USE: Final = "self_implementation"
_MORNING: Final = time(9, tzinfo=SHANGHAI)


async def begin(session: AsyncSession, deal_id: DealId, *, at: datetime) -> None:
    """Open a deal's tracking once, when its contract takes effect or its price is settled.

    Invariants: ST240, ST246.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    if deal.status is DealStatus.DEFAULTED:
        return  # told of its effect late
    own_use = False
    if deal.listing_id is not None:
        listing = await listings.get_listing(session, deal.listing_id)
        own_use = listing.conversion_mode == _OWN_USE
    conversion = open_conversion(deal.id, deal.market_id, own_use=own_use, at=at)
    if not await tracking.insert_conversion(session, conversion):
        return
    await _set_reminder(session, conversion, after=conversion.opened_on)
    told = {"until_on": conversion.until_on, "every_months": conversion.every_months}
    await journal_deal(session, deal, "conversion_opened", SYSTEM, at, restricted=told)


async def _set_reminder(session: AsyncSession, conversion: Conversion, *, after: date) -> None:
    day = next_reminder(conversion, after=after)
    if day is None and after < conversion.until_on:
        day = conversion.until_on  # the last one ends the period
    if day is not None:
        await timers.schedule(
            session,
            market_id=conversion.market_id,
            kind=REMINDER,
            subject_id=conversion.deal_id,
            due_at=datetime.combine(day, _MORNING),
        )


async def set_period(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    *,
    every_months: int,
    until_on: date,
    now: datetime,
) -> Conversion:
    """Let the exchange set how often and how long the two are asked.

    Raises:
        ConversionNotOpen: It has not begun.
        TransitionRefused, ConversionPeriodUnfit: See `domain.tracking.set_period`.
    """
    deal, conversion = await _locked(session, deal_id)
    today = now.astimezone(SHANGHAI).date()
    changed = domain.set_period(
        conversion, every_months=every_months, until_on=until_on, today=today
    )
    await tracking.save_conversion(session, changed)
    await _set_reminder(session, changed, after=today)
    told = {"every_months": every_months, "until_on": until_on}
    await journal_deal(session, deal, "conversion_period_set", actor, now, restricted=told)
    return changed


async def plan(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    milestones: Sequence[tuple[MilestoneKind, date, str | None]],
    *,
    seen: str | None,
    now: datetime,
) -> Conversion:
    """Write the conversion plan over the version that the caller has seen (ST241).

    Raises:
        NotYours: Neither the deal's seller nor its buyer.
        ConversionNotOpen: It has not begun.
        VersionMissing, VersionMismatch: See `check_version`.
        TransitionRefused: The period is over.
    """
    deal, conversion = await _locked(session, deal_id, actor)
    check_version(seen, present=conversion.version)
    planned = replan(conversion, milestones)
    await tracking.save_conversion(session, planned)
    told = {"version": planned.version, "milestones": list(planned.milestones)}
    await journal_deal(session, deal, "conversion_planned", actor, now, restricted=told)
    return planned


async def report(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    *,
    says: ConversionTrigger,
    reported_on: date,
    text: str,
    milestone: int | None,
    failure_reason: FailureReason | None,
    evidence: Sequence[FileId],
    now: datetime,
) -> tuple[Conversion, Report]:
    """Take a progress report; the other side may read its evidence.

    Raises:
        NotYours: Neither the deal's seller nor its buyer.
        ConversionNotOpen: It has not begun.
        TransitionRefused, ReportUnfit, MilestoneUnknown: See `take_report`.
        ObjectUnknown: A file is not the caller's party's.

    Invariants: ST242, ST243, ST247.
    """
    deal, conversion = await _locked(session, deal_id, actor)
    made = Report(
        number=conversion.reports + 1,
        party_id=actor.party_id,
        says=says,
        reported_on=reported_on,
        text=text,
        milestone=milestone,
        failure_reason=failure_reason,
        evidence=tuple(evidence),
        at=now,
    )
    moved = take_report(
        conversion, made, confirmed_on=deal.confirmed_at.astimezone(SHANGHAI).date()
    )
    await _let_read(session, actor, deal, made.evidence)
    await tracking.save_conversion(session, moved)
    await tracking.insert_report(session, deal.id, made)
    told = {"report": made, "status": moved.status}
    await journal_deal(session, deal, "progress_reported", actor, now, restricted=told)
    return moved, made


async def _let_read(
    session: AsyncSession, actor: Actor, deal: Deal, evidence: Sequence[FileId]
) -> None:
    own = await own_files(session, actor.party_id, evidence)
    if len(own) < len(set(evidence)):
        raise ObjectUnknown("Hand in the evidence as files of your party.", field="evidence")
    other = deal.buyer_id if actor.party_id == deal.seller_id else deal.seller_id
    await grant_files(session, own, party_id=other, ground_id=deal.id)


async def state(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    year: int,
    figures: OutcomeFigures,
    *,
    note: str | None,
    now: datetime,
) -> Outcome:
    """State what a year brought, over what the same side stated before.

    Raises:
        NotYours: Neither the deal's seller nor its buyer.
        ConversionNotOpen: It has not begun.
        OutcomeUnfit, OutcomeOfOther: See `state_outcome`.

    Invariants: ST244, ST245.
    """
    deal, _ = await _locked(session, deal_id, actor)
    stated = state_outcome(
        await _outcome(session, deal.id, year),
        year,
        figures,
        party_id=actor.party_id,
        note=note,
        first_year=deal.confirmed_at.astimezone(SHANGHAI).year,
        now=now,
    )
    await tracking.put_outcome(session, deal.id, stated)
    told = {"outcome": stated}
    await journal_deal(session, deal, "outcome_stated", actor, now, restricted=told)
    return stated


async def answer(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    year: int,
    *,
    version: int,
    dispute: str | None,
    now: datetime,
) -> Outcome:
    """Confirm or dispute what the other side stated of a year.

    Raises:
        NotYours: Neither the deal's seller nor its buyer.
        ConversionNotOpen: It has not begun.
        OutcomeUnknown, OutcomeOfOther: See `answer_outcome`.

    Invariant: ST245.
    """
    deal, _ = await _locked(session, deal_id, actor)
    answered = answer_outcome(
        await _outcome(session, deal.id, year),
        version=version,
        party_id=actor.party_id,
        dispute=dispute,
        now=now,
    )
    await tracking.put_outcome(session, deal.id, answered)
    told = {"year": year, "version": version, "status": answered.status, "dispute": dispute}
    await journal_deal(session, deal, "outcome_answered", actor, now, restricted=told)
    return answered


async def _outcome(session: AsyncSession, deal_id: DealId, year: int) -> Outcome | None:
    known = {outcome.year: outcome for outcome in await tracking.outcomes_of(session, deal_id)}
    return known.get(year)


async def remind_or_end(session: AsyncSession, deal_id: UUID, due_at: datetime) -> None:
    """Remind both sides of what is missing, and go on to the next reminder, or end the period.

    Invariant: ST246.
    """
    deal, conversion = await _locked(session, deal_id)
    today = due_at.astimezone(SHANGHAI).date()
    if conversion.status is ConversionStatus.ENDED:
        return
    stated = {outcome.year for outcome in await tracking.outcomes_of(session, deal.id)}
    reminder = remind(conversion, years=stated, now=due_at)
    if reminder.needed:
        await tell_reminder(session, deal, reminder, at=due_at)
    if today < conversion.until_on:
        await _set_reminder(session, conversion, after=today)
        return
    await _end(session, deal, conversion, at=due_at)


async def stop(session: AsyncSession, deal_id: DealId, *, at: datetime) -> None:
    """End the tracking of a deal in default, if it has begun (ST248)."""
    deal = await repository.get_deal(session, deal_id, lock=True)
    conversion = await tracking.find_conversion(session, deal.id)
    if conversion is None or conversion.status is ConversionStatus.ENDED:
        return
    await timers.cancel(session, kind=REMINDER, subject_id=deal.id)
    await _end(session, deal, conversion, at=at)


async def _end(session: AsyncSession, deal: Deal, conversion: Conversion, *, at: datetime) -> None:
    status = advance(TRANSITIONS, state=conversion.status, trigger=ConversionTrigger.END)
    await tracking.save_conversion(session, replace(conversion, status=status))
    told = {"was": conversion.status}
    await journal_deal(session, deal, "conversion_ended", SYSTEM, at, restricted=told)


async def _locked(
    session: AsyncSession, deal_id: UUID, actor: Actor | None = None
) -> tuple[Deal, Conversion]:
    deal = await repository.get_deal(session, deal_id, lock=True)
    if actor is not None and actor.party_id not in {deal.seller_id, deal.buyer_id}:
        raise NotYours("The deal's seller and buyer do this.")
    return deal, await tracking.get_conversion(session, deal.id)
