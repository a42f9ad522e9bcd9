"""What happens to due items beside payments: accepted, waived, fulfilled in shares."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.platform.access import Actor, ObjectUnknown
from app.platform.files.grants import grant_files
from app.platform.files.lookup import find_own_file
from app.settlement import repository
from app.settlement.domain import dues as rules
from app.settlement.domain.deal import Deal, take_shares
from app.settlement.domain.dues import Due, with_changed
from app.settlement.domain.keeping import refund_entry_id
from app.settlement.domain.schedule import after, deadline
from app.settlement.repository import dues as rows
from app.settlement.service import dunning
from app.settlement.service.releasing import lock_sides
from app.settlement.service.settling import journal_deal
from app.settlement.service.terms import require_side, terms_of
from app.shared.calendar import SHANGHAI
from app.shared.errors import RuleBroken
from app.shared.ids import FileId


class HappenedInFuture(RuleBroken):
    """What has not happened makes nothing due."""

    code = "happened_in_future"
    title_zh = "发生日期晚于今天"
    title_en = "The day lies ahead"


class HappenedBeforeDeal(RuleBroken):
    """What happened before there was a deal makes nothing of it due."""

    code = "happened_before_deal"
    title_zh = "发生日期早于成交日"
    title_en = "The day lies before the deal"


async def make_due(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: int,
    *,
    happened_on: date,
    evidence_id: FileId | None,
    now: datetime,
) -> list[Due]:
    """Note that a milestone was accepted or a trigger happened: the item is due some days later.

    Raises:
        NotYours: Neither of the buyer nor the operator: who pays says that it was accepted.
        DueUnknown, DueHasDate: No such item, or it waits for nothing.
        HappenedInFuture, HappenedBeforeDeal: Names today, or the deal's day.
        ObjectUnknown: The evidence is no file of the caller's party.

    Invariant: ST71.
    """
    deal, dues = await load(session, deal_id)
    require_side(actor, deal, buyer=True)
    due = rules.find(dues, number)
    check_happened(happened_on, deal, field="happened_on", now=now)
    terms = await terms_of(session, deal)
    happened_at = deadline(happened_on) - timedelta(days=1)
    changed = rules.set_day(due, call_at=now, due_at=after(happened_at, terms.pay_days))
    if evidence_id is not None:
        await show_file(session, actor, deal, evidence_id)
    told = {"happened_on": happened_on, "evidence_id": evidence_id, "due_at": changed.due_at}
    return await keep(session, actor, deal, dues, [changed], "due_accepted", told, now=now)


async def waive(
    session: AsyncSession, actor: Actor, deal_id: UUID, number: int, *, reason: str, now: datetime
) -> list[Due]:
    """Renounce a royalty, a difference or interest; the seller does, or the operator for it.

    Raises:
        NotYours: Of the buyer.
        DueUnknown, DueOfThePrice, TransitionRefused: See `domain.dues.waive`.
    """
    deal, dues = await load(session, deal_id)
    require_side(actor, deal, seller=True)
    changed = rules.waive(rules.find(dues, number))
    told = {"reason": reason, "amount": changed.amount}
    return await keep(session, actor, deal, dues, [changed], "due_waived", told, now=now)


async def register_shares(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: int,
    *,
    registered_on: date,
    document_id: FileId,
    now: datetime,
) -> Deal:
    """Note that the shares are registered: the price is paid by them, deposits go back (ST72).

    Raises:
        DueUnknown, DueNotShares, TransitionRefused: No such item, in money, or done before.
        HappenedInFuture, HappenedBeforeDeal: Names today, or the deal's day.
        ObjectUnknown: The document is no file of the caller's party.
    """
    deal, dues = await load(session, deal_id)
    changed = rules.register_shares(rules.find(dues, number))
    check_happened(registered_on, deal, field="registered_on", now=now)
    await show_file(session, actor, deal, document_id)
    registered_at = deadline(registered_on) - timedelta(days=1)
    taken = take_shares(deal, registered_at=registered_at, now=now)
    back = taken.returned - deal.returned
    await repository.save_deal(session, taken)
    await lock_sides(session, [deal])
    if back.amount_minor:
        await ledger.refund_escrow(
            session,
            entry_id=refund_entry_id(deal.id),
            market_id=deal.market_id,
            deal_id=deal.id,
            party_id=deal.buyer_id,
            amount=back,
            at=now,
            actor=actor,
        )
    terms = await terms_of(session, taken)
    told = {
        "registered_on": registered_on,
        "document_id": document_id,
        "shares": terms.shares,
        "returned": back,
    }
    await keep(session, actor, taken, dues, [changed], "shares_registered", told, now=now)
    await journal_deal(session, taken, "settled", actor, now)
    return taken


def check_happened(day: date, deal: Deal, *, field: str, now: datetime) -> None:
    """Refuse a day that lies ahead, or before the deal."""
    today = now.astimezone(SHANGHAI).date()
    if day > today:
        raise HappenedInFuture("Wait until it has happened.", field=field, maximum=today)
    since = deal.confirmed_at.astimezone(SHANGHAI).date()
    if day < since:
        raise HappenedBeforeDeal("Nothing was owed yet.", field=field, minimum=since)


async def load(session: AsyncSession, deal_id: UUID) -> tuple[Deal, list[Due]]:
    """Lock a deal and return it with its items."""
    deal = await repository.get_deal(session, deal_id, lock=True)
    return deal, await rows.dues_of(session, deal.id)


async def keep(
    session: AsyncSession,
    actor: Actor,
    deal: Deal,
    dues: Sequence[Due],
    changed: Sequence[Due],
    what: str,
    told: Mapping[str, object],
    *,
    now: datetime,
) -> list[Due]:
    """Write changed and new items, journal what happened, and set the timer anew."""
    await rows.save_dues(session, [(deal.id, due) for due in changed])
    known = {due.number for due in dues}
    all_dues = with_changed(dues, changed)
    all_dues += [due for due in changed if due.number not in known]
    restricted = {"numbers": [due.number for due in changed]} | dict(told)
    await journal_deal(session, deal, what, actor, now, restricted=restricted)
    await dunning.plan(session, deal, all_dues)
    return all_dues


async def show_file(session: AsyncSession, actor: Actor, deal: Deal, file_id: FileId) -> None:
    """Let the deal's sides read a file of the caller's party.

    Raises:
        ObjectUnknown: It is none.
    """
    if await find_own_file(session, actor.party_id, file_id) is None:
        raise ObjectUnknown("No such file of your party.", field="file_id")
    for party_id in sorted({deal.seller_id, deal.buyer_id} - {actor.party_id}):
        await grant_files(session, [file_id], party_id=party_id, ground_id=deal.id)
