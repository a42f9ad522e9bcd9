"""Judge the lines of an imported statement: book what is certain, queue the rest."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.lines import BankLine, Direction, LineStatus, queue
from app.banking.domain.matching import Action, Doubt, Verdict, match
from app.banking.domain.references import order_numbers_in
from app.banking.repository import lines, orders
from app.banking.service import assigning
from app.banking.service.assigning import Share
from app.banking.service.targets import targets_for
from app.banking.service.telling import journal_line, tell_wrong_name
from app.platform.clock import market_now
from app.platform.journal import JournalEvent
from app.shared.errors import DomainError
from app.shared.ids import MarketId

_WRONG_NAME = "付款人户名与应付单位不一致 / the payer is not the party that owes"


async def judge(session: AsyncSession, event: JournalEvent) -> None:
    """Judge a line that was taken in, in the name of who imported it (a reaction)."""
    now = await market_now(session, MarketId(event.market_id))
    await judge_line(session, str(event.restricted["actor"]), event.subject_id, now=now)


async def judge_line(
    session: AsyncSession, actor: str, line_id: UUID, *, now: datetime
) -> BankLine:
    """Judge a new line once; one that was judged before is left as it is (BK1, BK4).

    What deposits, deals or orders refuse waits in the queue, with the refusal's code.
    """
    line = await lines.get_line(session, line_id, lock=True)
    if line.status is not LineStatus.NEW:
        return line
    if line.direction is Direction.DEBIT:
        return await _judge_debit(session, actor, line, now=now)
    verdict = match(
        amount=line.amount,
        payer_name=line.counterparty_name,
        remark=line.remark,
        targets=await targets_for(session, line),
    )
    if verdict.action is Action.QUEUE:
        return await _queue(session, actor, line, verdict.doubt or Doubt.NO_TARGET, now=now)
    try:
        async with session.begin_nested():
            return await _act(session, actor, line, verdict, now=now)
    except DomainError as refusal:
        doubt = Doubt.REFUSED if verdict.action is Action.BOOK else Doubt.PAYER_DIFFERS
        return await _queue(session, actor, line, doubt, detail=refusal.code, now=now)


async def _act(
    session: AsyncSession, actor: str, line: BankLine, verdict: Verdict, *, now: datetime
) -> BankLine:
    target = verdict.target
    assert target is not None
    if verdict.action is Action.BOOK:
        share = Share(target.kind, target.id, line.amount)
        return await assigning.book_share(session, actor, line, share, now=now)
    await tell_wrong_name(session, line, target.party_id, number=target.number, at=now)
    return await assigning.send_back(session, actor, line, reason=_WRONG_NAME, now=now)


async def _judge_debit(
    session: AsyncSession, actor: str, line: BankLine, *, now: datetime
) -> BankLine:
    found = await orders.waiting_like(
        session,
        line.market_id,
        numbers=sorted(order_numbers_in(line.remark)),
        amount=line.amount,
        account_number=line.counterparty_account,
        at=line.at,
    )
    if len(found) != 1:
        doubt = Doubt.SEVERAL_TARGETS if found else Doubt.NO_ORDER
        return await _queue(session, actor, line, doubt, now=now)
    try:
        async with session.begin_nested():
            return await assigning.pay_order(session, actor, line, found[0].id, now=now)
    except DomainError as refusal:
        return await _queue(session, actor, line, Doubt.REFUSED, detail=refusal.code, now=now)


async def _queue(
    session: AsyncSession,
    actor: str,
    line: BankLine,
    doubt: Doubt,
    *,
    now: datetime,
    detail: str | None = None,
) -> BankLine:
    waiting = queue(line, doubt, detail)
    await lines.save_line(session, waiting)
    await journal_line(session, waiting, "queued", at=now, actor=actor)
    return waiting
