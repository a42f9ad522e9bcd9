"""Lines of bank statements: what came in is an arrival 到账, what went out pays an order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from app.banking.domain.matching import Doubt
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import EntryId, MarketId
from app.shared.money import Money
from app.shared.transitions import advance


class Direction(StrEnum):
    """Which way the money went."""

    CREDIT = "credit"  # into the exchange's account
    DEBIT = "debit"  # out of it


class LineStatus(StrEnum):
    """Where a line stands."""

    NEW = "new"  # read, not judged yet
    BOOKED = "booked"  # somebody has it; of a debit: its order is executed
    QUEUED = "queued"  # waits for a clerk; what is left of an arrival lies in suspense
    RETURNED = "returned"  # ordered back to where it came from
    IGNORED = "ignored"  # no money of ours: with a reason


class LineTrigger(StrEnum):
    """What moves a line."""

    BOOK = "book"
    BOOK_PART = "book_part"
    QUEUE = "queue"
    RETURN = "return"
    IGNORE = "ignore"
    RETURN_FAILED = "return_failed"


_S, _T = LineStatus, LineTrigger

TRANSITIONS: Final[Mapping[tuple[LineStatus, LineTrigger], LineStatus]] = {
    (_S.NEW, _T.BOOK): _S.BOOKED,
    (_S.NEW, _T.QUEUE): _S.QUEUED,
    (_S.NEW, _T.RETURN): _S.RETURNED,
    (_S.QUEUED, _T.BOOK): _S.BOOKED,
    (_S.QUEUED, _T.BOOK_PART): _S.QUEUED,
    (_S.QUEUED, _T.RETURN): _S.RETURNED,
    (_S.QUEUED, _T.IGNORE): _S.IGNORED,
    (_S.RETURNED, _T.RETURN_FAILED): _S.QUEUED,
}


class PartKind(StrEnum):
    """What a part of a line became."""

    DEPOSIT = "deposit"
    PAYMENT = "payment"
    FUNDS = "funds"
    RETURN = "return"  # a payment order that sends it back
    ORDER = "order"  # of a debit: the payment order that it executes


class AmountBeyondRest(RuleBroken):
    """More than what is left of the line."""

    code = "amount_beyond_rest"
    title_zh = "分配金额超过该笔流水的剩余金额"
    title_en = "More than what is left of the line"


class PayerAccountUnknown(Conflict):
    """The statement does not say from which account the money came."""

    code = "payer_account_unknown"
    title_zh = "流水未载明付款账号，无法原路退回"
    title_en = "The payer's account is not known"


class LineTouched(Conflict):
    """A part of the line was given to somebody."""

    code = "line_touched"
    title_zh = "该笔流水已有部分入账，不能忽略"
    title_en = "A part of the line is booked already"


class WrongDirection(RuleBroken):
    """What came in pays what is owed; what went out executes a payment order."""

    code = "wrong_direction"
    title_zh = "收支方向不符"
    title_en = "The line goes the other way"


class FundsPayerDiffers(RuleBroken):
    """A party's funds take money from its own account only."""

    code = "funds_payer_differs"
    title_zh = "来款须由该单位本人实名账户支付"
    title_en = "The payer's name is not the party's"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """One line of a bank statement; known by the account and the bank's serial number (BK1).

    Attributes:
        account_number: The exchange's own account.
        serial: The bank's 流水号.
        at: The bank's moment; it decides (D1).
        counterparty_name, counterparty_account, counterparty_bank: As the bank has them.
        remark: 摘要 and 附言.
        assigned: What of it was booked or ordered back.
        doubt, doubt_detail: Why it was queued.
        reason: Why it was ignored or sent back.
        parts: How many parts it has been split into, returns too.
    """

    id: UUID
    market_id: MarketId
    statement_id: UUID
    account_number: str
    serial: str
    direction: Direction
    amount: Money
    at: datetime
    counterparty_name: str
    counterparty_account: str
    counterparty_bank: str
    remark: str
    status: LineStatus
    assigned: Money
    parts: int = 0
    doubt: Doubt | None = None
    doubt_detail: str | None = None
    reason: str | None = None

    @property
    def rest(self) -> Money:
        """What nobody has yet: of an arrival, what lies in suspense (BK2)."""
        if self.status is LineStatus.IGNORED:
            return Money(0, self.amount.currency)
        return self.amount - self.assigned

    def bank_reference(self, number: int) -> str:
        """Return how a part is known to deposits and deals: the serial number, once a part."""
        return self.serial if number == 1 else f"{self.serial}#{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a part of a line became.

    Attributes:
        number: From 1 within its line.
        target_id: Registration, deal, party or payment order.
    """

    number: int
    kind: PartKind
    target_id: UUID
    amount: Money
    at: datetime
    actor: str


def part_entry_id(line_id: UUID, number: int) -> EntryId:
    """Return the id of the ledger entry that gives a part to its party: one a part."""
    return EntryId(uuid5(line_id, f"part {number}"))


def check_direction(line: BankLine, wanted: Direction) -> None:
    """Refuse a line that goes the other way.

    Raises:
        WrongDirection: Names the direction that fits.
    """
    if line.direction is not wanted:
        raise WrongDirection(
            "The line goes the other way.", direction=line.direction, accepted=wanted
        )


def assign(line: BankLine, amount: Money, *, returned: bool = False) -> BankLine:
    """Return the line with one part more given away (BK2, BK6).

    Args:
        returned: It goes back, and with it all that is left.

    Raises:
        TransitionRefused: Nothing is left, or the line is not in the queue.
        AmountBeyondRest: Names what is left.
    """
    if amount.currency != line.amount.currency or amount > line.rest:
        advance(TRANSITIONS, state=line.status, trigger=LineTrigger.BOOK)
        raise AmountBeyondRest("Less is left.", field="amount", maximum=line.rest)
    trigger = LineTrigger.BOOK if amount == line.rest else LineTrigger.BOOK_PART
    trigger = LineTrigger.RETURN if returned else trigger
    return replace(
        line,
        status=advance(TRANSITIONS, state=line.status, trigger=trigger),
        assigned=line.assigned + amount,
        parts=line.parts + 1,
    )


def queue(line: BankLine, doubt: Doubt, detail: str | None = None) -> BankLine:
    """Return the line in the clerk's queue."""
    status = advance(TRANSITIONS, state=line.status, trigger=LineTrigger.QUEUE)
    return replace(line, status=status, doubt=doubt, doubt_detail=detail)


def ignore(line: BankLine, reason: str) -> BankLine:
    """Return the line that is no money of ours.

    Raises:
        TransitionRefused: It is not in the queue.
        LineTouched: A part of it was given to somebody.
    """
    status = advance(TRANSITIONS, state=line.status, trigger=LineTrigger.IGNORE)
    if line.parts:
        raise LineTouched("A part of it was given to somebody.", rest=line.rest)
    return replace(line, status=status, reason=reason)


def take_back(line: BankLine, amount: Money, detail: str) -> BankLine:
    """Return the line whose return the bank could not pay: the money waits again (BK8)."""
    status = advance(TRANSITIONS, state=line.status, trigger=LineTrigger.RETURN_FAILED)
    return replace(
        line,
        status=status,
        assigned=line.assigned - amount,
        doubt=Doubt.RETURN_FAILED,
        doubt_detail=detail,
    )


def require_payer_account(line: BankLine) -> None:
    """Refuse to send money back to nowhere.

    Raises:
        PayerAccountUnknown: The statement names no account or no name.
    """
    if not line.counterparty_account or not line.counterparty_name:
        raise PayerAccountUnknown(
            "Ask the bank from where the money came and pay it back there by hand.",
            serial=line.serial,
        )
