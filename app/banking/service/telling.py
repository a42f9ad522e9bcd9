"""Journal what happens to lines and orders, and tell the parties concerned."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.bank_accounts import masked
from app.banking.domain.lines import BankLine
from app.banking.domain.orders import PaymentOrder
from app.platform import journal
from app.platform.access import Actor
from app.platform.inbox import NewNotification, notify
from app.platform.journal import NewEvent
from app.shared.ids import MarketId, PartyId


def ref_of(actor: Actor | str) -> str:
    """Return how the journal names who acts."""
    return actor if isinstance(actor, str) else actor.ref


async def journal_line(
    session: AsyncSession,
    line: BankLine,
    what: str,
    *,
    at: datetime,
    actor: Actor | str,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Journal what became of a line, for the exchange's staff."""
    await journal.append(session, line_event(line, what, at=at, actor=actor, told=told))


def line_event(
    line: BankLine,
    what: str,
    *,
    at: datetime,
    actor: Actor | str,
    told: Mapping[str, Any] | None = None,
) -> NewEvent:
    """Return the event of a line, for the exchange's staff."""
    restricted = {
        "serial": line.serial,
        "direction": line.direction,
        "amount": line.amount,
        "rest": line.rest,
        "bank_at": line.at,
        "doubt": line.doubt,
        "doubt_detail": line.doubt_detail,
        "reason": line.reason,
    }
    return NewEvent(
        market_id=line.market_id,
        subject="bank_line",
        subject_id=line.id,
        type=f"bank_line.{what}",
        market_at=at,
        actor=ref_of(actor),
        restricted=restricted | dict(told or {}),
    )


def order_event(order: PaymentOrder, what: str, *, at: datetime, actor: Actor | str) -> NewEvent:
    """Return the event of an order, for the party whose money it is and the staff."""
    payee = order.payee
    return NewEvent(
        market_id=order.market_id,
        subject="payment_order",
        subject_id=order.id,
        type=f"payment_order.{what}",
        market_at=at,
        actor=ref_of(actor),
        restricted={
            "number": order.number,
            "kind": order.kind,
            "about_id": order.subject_id,
            "amount": order.amount,
            "payee": None if payee is None else payee.name,
            "account": None if payee is None else masked(payee.account_number),
            "due_at": order.due_at,
            "batch_id": order.batch_id,
            "executed_at": order.executed_at,
            "bank_reference": order.bank_reference,
            "failure": order.failure,
        },
        audience=frozenset() if order.party_id is None else frozenset({order.party_id}),
    )


async def tell_reference(
    session: AsyncSession,
    *,
    market_id: MarketId,
    party_id: PartyId,
    reference: str,
    what_zh: str,
    what_en: str,
    data: Mapping[str, Any],
    at: datetime,
) -> None:
    """Tell a payer by which reference its money is found."""
    told = NewNotification(
        market_id=market_id,
        party_id=party_id,
        topic="banking.payment_reference",
        title_zh=f"汇款附言码 {reference}",
        title_en=f"Payment reference {reference}",
        text_zh=f"{what_zh}：请从本单位实名账户汇款，并在附言中填写 {reference}。",
        text_en=(f"{what_en}: transfer from your own account and write {reference} in the remark."),
        data={"reference": reference, **data},
        dedupe_key=f"banking.payment_reference:{reference}",
        market_at=at,
    )
    await notify(session, told)


async def tell_wrong_name(
    session: AsyncSession, line: BankLine, party_id: PartyId, *, number: str, at: datetime
) -> None:
    """Tell a buyer that money from another name came for it and goes back (BK5)."""
    told = NewNotification(
        market_id=line.market_id,
        party_id=party_id,
        topic="banking.payer_differs",
        title_zh=f"{number} 收到他人账户汇款，已安排原路退回",
        title_en=f"{number}: money from another name goes back",
        text_zh=(
            f"{line.amount}元由“{line.counterparty_name}”汇入。按实名制要求，款项须由贵单位"
            "本人账户支付，该笔款项已安排原路退回，请尽快以本单位账户重新汇款。"
        ),
        text_en=(
            f"{line.amount} {line.amount.currency} came from '{line.counterparty_name}'."
            " Only your own account pays for you: it goes back, please transfer anew."
        ),
        data={"number": number, "amount": line.amount, "bank_line_id": line.id},
        dedupe_key=f"banking.payer_differs:{line.id}",
        market_at=at,
    )
    await notify(session, told)


async def tell_returned(
    session: AsyncSession, line: BankLine, party_id: PartyId, *, reason: str, at: datetime
) -> None:
    """Tell a party that money which it transferred goes back, and why (BK5)."""
    told = NewNotification(
        market_id=line.market_id,
        party_id=party_id,
        topic="banking.arrival_returned",
        title_zh=f"来款{line.rest}元已安排原路退回",
        title_en=f"Your transfer of {line.rest} {line.amount.currency} goes back",
        text_zh=f"贵单位汇入的款项（流水号{line.serial}）已安排原路退回。原因：{reason}",
        text_en=f"Your transfer ({line.serial}) goes back to its account. Reason: {reason}",
        data={"amount": line.rest, "bank_line_id": line.id},
        dedupe_key=f"banking.arrival_returned:{line.id}:{line.parts}",
        market_at=at,
    )
    await notify(session, told)


async def tell_failed(session: AsyncSession, order: PaymentOrder, *, at: datetime) -> None:
    """Tell a party that the bank could not pay it and its money is in its funds again."""
    if order.party_id is None:
        return
    told = NewNotification(
        market_id=order.market_id,
        party_id=order.party_id,
        topic="banking.order_failed",
        title_zh=f"付款指令 {order.number} 未能付出",
        title_en=f"Payment order {order.number} failed",
        text_zh=(
            f"{order.amount}元未能付出：{order.failure}。款项已回到贵单位可用资金，"
            "请核对银行账户后重新申请付款。"
        ),
        text_en=(
            f"{order.amount} {order.amount.currency} could not be paid: {order.failure}."
            " It is in your funds again; check your bank account and withdraw it."
        ),
        data={"payment_order_id": order.id, "amount": order.amount},
        dedupe_key=f"banking.order_failed:{order.id}",
        market_at=at,
    )
    await notify(session, told)
