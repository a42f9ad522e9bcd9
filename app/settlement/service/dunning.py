"""Call for what falls due, remind of what is late: by timers that decide nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import inbox, timers
from app.platform.access import SYSTEM
from app.platform.inbox import NewNotification
from app.settlement import repository
from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.dues import Due, DueKind, DueState, call
from app.settlement.repository import dues as due_rows
from app.settlement.service.settling import journal_deal
from app.shared.calendar import SHANGHAI
from app.shared.ids import PartyId
from app.shared.money import Money

TIMER: Final = "settlement.dues"


def _moments(due: Due) -> Iterator[datetime]:
    """Yield the moments at which something is to be said of an open item."""
    if due.state is DueState.PLANNED and due.call_at is not None:
        yield due.call_at
    if due.amount is None and due.report_by_at is not None:
        yield due.report_by_at
    if due.due_at is not None:
        yield due.due_at


def next_moment(dues: Sequence[Due], *, after: datetime | None = None) -> datetime | None:
    """Return when a deal's items are to be looked at next, behind ``after`` if it is given."""
    moments = (moment for due in dues if due.open for moment in _moments(due))
    return min((moment for moment in moments if after is None or moment > after), default=None)


def watched(deal: Deal, dues: Sequence[Due]) -> list[Due]:
    """Return the items that somebody is still to be reminded of (ST70).

    A demand's deal reminds by its engagement; a deal in default owes nothing here any more.
    """
    if deal.engagement_id is not None or deal.status is DealStatus.DEFAULTED:
        return []
    opened = deal.status is DealStatus.OPENED
    return [due for due in dues if due.open and (opened or not due.within_price)]


async def plan(session: AsyncSession, deal: Deal, dues: Sequence[Due]) -> None:
    """Set the deal's timer to the next moment of its items.

    A worker that has it in hand waits for this deal, and sets it anew itself.
    """
    at = next_moment(watched(deal, dues))
    if at is None or await timers.is_in_hand(session, kind=TIMER, subject_id=deal.id):
        return
    await timers.schedule(
        session, market_id=deal.market_id, kind=TIMER, subject_id=deal.id, due_at=at
    )


async def remind(session: AsyncSession, subject_id: UUID, due_at: datetime) -> None:
    """Say what is to be said by ``due_at`` of a deal's items (a timer), and set the next timer.

    Invariant: ST70.
    """
    deal = await repository.get_deal(session, subject_id, lock=True)
    dues = watched(deal, await due_rows.dues_of(session, deal.id))
    called = [
        call(due)
        for due in dues
        if due.state is DueState.PLANNED and due.call_at is not None and due.call_at <= due_at
    ]
    if called:
        await due_rows.save_dues(session, [(deal.id, due) for due in called])
        told = {"numbers": [due.number for due in called]}
        await journal_deal(session, deal, "due_called", SYSTEM, due_at, restricted=told)
    fresh = {due.number for due in called}
    notices = [
        notice
        for due in dues
        for notice in _notices(deal, due, called=due.number in fresh, at=due_at)
    ]
    await inbox.notify(session, *notices)
    after = next_moment(dues, after=due_at)
    if after is not None:
        await timers.schedule(
            session, market_id=deal.market_id, kind=TIMER, subject_id=deal.id, due_at=after
        )


def _notices(deal: Deal, due: Due, *, called: bool, at: datetime) -> Iterator[NewNotification]:
    if called:
        yield _notice(deal, due, "called", deal.buyer_id, at)
    if due.report_late(at):
        yield _notice(deal, due, "report_late", deal.buyer_id, at)
        yield _notice(deal, due, "report_late", deal.seller_id, at)
    if due.overdue(at):
        yield _notice(deal, due, "overdue", deal.buyer_id, at)
        yield _notice(deal, due, "overdue", deal.seller_id, at)


_TITLES: Final = {
    "called": ("款项即将到期", "A payment falls due"),
    "report_late": ("提成报告逾期", "A royalty report is late"),
    "overdue": ("款项已逾期", "A payment is overdue"),
}


def _worded(amount: Money) -> str:
    return f"{amount}{'元' if amount.currency == 'CNY' else amount.currency}"


def _amount(due: Due) -> tuple[str, str]:
    if due.amount is None:
        return "金额待报告", "amount to be reported"
    if due.kind is DueKind.SHARES:
        return f"作价{_worded(due.amount)}的股权待登记", "shares to be registered"
    return f"未付{_worded(due.rest)}", f"unpaid {due.rest}"


_REPORT_TITLE: Final = ("提成报告期已到", "A royalty report is due")


def _notice(deal: Deal, due: Due, what: str, party_id: PartyId, at: datetime) -> NewNotification:
    title_zh, title_en = _TITLES[what]
    if what == "called" and due.kind is DueKind.ROYALTY and due.amount is None:
        title_zh, title_en = _REPORT_TITLE
    deadline = due.report_by_at if what == "report_late" else due.due_at
    assert deadline is not None  # else there is nothing to remind of
    last = (deadline - timedelta(microseconds=1)).astimezone(SHANGHAI)
    amount_zh, amount_en = _amount(due)
    return NewNotification(
        market_id=deal.market_id,
        party_id=party_id,
        topic=f"settlement.due_{what}",
        title_zh=title_zh,
        title_en=title_en,
        text_zh=f"成交 {deal.number} 第{due.number}项应付款：{amount_zh}，"
        f"期限至 {last:%Y-%m-%d}（含当日）。",
        text_en=f"Deal {deal.number}, item {due.number}: {amount_en}, by {last:%Y-%m-%d}.",
        data={"deal_id": deal.id, "number": due.number, "kind": due.kind, "due_at": due.due_at},
        dedupe_key=f"settlement.due:{deal.id}:{due.number}:{what}",
        market_at=at,
    )
