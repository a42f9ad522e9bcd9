"""Whether the sides keep their word: signing 签约, and default 违约 when it does not."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid5

from app.settlement.domain.deal import (
    TRANSITIONS,
    Deal,
    DealStatus,
    DealTrigger,
    DefaultReason,
    Side,
)
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import DealId, EntryId
from app.shared.money import Money
from app.shared.transitions import advance


class SigningOutOfRange(RuleBroken):
    """Nobody signs before the deal exists, or in the future."""

    code = "signing_out_of_range"
    title_zh = "签约时间不在成交之后、当前时间之前"
    title_en = "The moment of signing is out of range"


class DealSigned(Conflict):
    """A contract is signed once."""

    code = "deal_signed"
    title_zh = "该成交合同已签订"
    title_en = "The deal is signed already"


class DefaultTooEarly(Conflict):
    """The buyer still has time, and has not refused in writing."""

    code = "default_too_early"
    title_zh = "履约期限尚未届满"
    title_en = "The buyer's time is not over"


class DealRunsByMilestones(Conflict):
    """The signed deal of a demand ends with its engagement, not by a default."""

    code = "deal_runs_by_milestones"
    title_zh = "该合同按里程碑履行，不能按违约终止"
    title_en = "This deal ends with its engagement"


class ConditionFailureUnfit(Conflict):
    """Only a signed contract that waits for a condition fails by one, and costs nobody anything."""

    code = "condition_failure_unfit"
    title_zh = "该合同不因条件未成就而终止"
    title_en = "This contract does not end by a failed condition"


class DealPaid(Conflict):
    """Who paid the whole price kept its word, also while the money waits for a condition."""

    code = "deal_paid"
    title_zh = "该成交价款已付清"
    title_en = "The whole price is paid"


def sign(deal: Deal, *, signed_at: datetime, text_hash: str | None, now: datetime) -> Deal:
    """Return the deal that both parties have signed; late, too, while nobody declared default.

    Raises:
        TransitionRefused: The deal ended in default.
        DealSigned: It was signed before; says when.
        SigningOutOfRange: Before the confirmation, or after ``now``.

    Invariant: ST12.
    """
    status = advance(TRANSITIONS, state=deal.status, trigger=DealTrigger.SIGN)
    if deal.signed_at is not None:
        raise DealSigned("A contract is signed once.", signed_at=deal.signed_at)
    if not deal.confirmed_at <= signed_at <= now:
        raise SigningOutOfRange(
            "State when both parties had signed.",
            field="signed_at",
            minimum=deal.confirmed_at,
            maximum=now,
        )
    return replace(deal, status=status, signed_at=signed_at, signed_text_hash=text_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A side that did not keep its word, as the operator declares it.

    Attributes:
        words: The operator's reason; both sides read it.
        refused: The side refused in writing.
        finding: False material or collusion, which need no deadline; or that a condition of the
            contract's effect has failed, which is the seller's side and costs nobody anything.
    """

    side: Side = Side.BUYER
    words: str
    refused: bool = False
    finding: DefaultReason | None = None


def default_reason(
    deal: Deal, breach: Breach, *, unpaid_at: datetime | None, now: datetime
) -> DefaultReason:
    """Return which duty a side broke by ``now``: deadlines are half open.

    Args:
        unpaid_at: Deadline of the first unpaid due item; ``None``: none has a day.

    Raises:
        DefaultTooEarly: None yet; names the earliest moment.

    Invariants: ST13, ST116. Source: rules.md D3.
    """
    if breach.finding is not None:
        return breach.finding
    if breach.refused:
        return DefaultReason.REFUSED
    if deal.signed_at is None and now >= deal.sign_by_at:
        return DefaultReason.NOT_SIGNED
    owes = unpaid_at if breach.side is Side.BUYER else None
    if owes is not None and now >= owes:
        return DefaultReason.NOT_PAID
    deadlines = [] if owes is None else [owes]
    if deal.signed_at is None:
        deadlines.append(deal.sign_by_at)
    raise DefaultTooEarly(
        "The side may still keep its word.", earliest=min(deadlines, default=None)
    )


def default(deal: Deal, breach: Breach, *, unpaid_at: datetime | None, now: datetime) -> Deal:
    """Return the deal of which a side did not keep its word.

    By a buyer's default its deposit is lost, and what the seller got stays with it; by a seller's
    everything that the buyer paid goes back.

    Raises:
        TransitionRefused: It is paid, or ended before.
        DealPaid: The price waits in escrow for a condition of the contract (ST43).
        DealRunsByMilestones: A demand's, and signed (ST24).
        DealSigned: A seller that has signed is held to the contract, not to the exchange's rules.
        ConditionFailureUnfit: The contract has taken effect, or is not signed (ST48).
        DefaultTooEarly: Names the earliest moment.

    Invariant: ST116.
    """
    status = advance(TRANSITIONS, state=deal.status, trigger=DealTrigger.DEFAULT)
    waits = deal.engagement_id is None and deal.status is DealStatus.PAID
    if waits and breach.side is Side.BUYER:
        raise DealPaid("Its money waits for a condition of the contract.")
    if deal.engagement_id is not None and deal.signed_at is not None:
        raise DealRunsByMilestones("Stop and settle the engagement instead.")
    failed = breach.finding is DefaultReason.CONDITION_FAILED
    waiting = deal.signed_at is not None and deal.effective_at is None
    if failed and not (waiting and breach.side is Side.SELLER):
        raise ConditionFailureUnfit(
            "It is declared on the seller's side, between the signing and the effect.",
            field="finding",
            effective_at=deal.effective_at,
        )
    if breach.side is Side.SELLER and deal.signed_at is not None and not failed:
        raise DealSigned("The seller has signed.", signed_at=deal.signed_at)
    ended = replace(
        deal,
        status=status,
        defaulted_at=now,
        default_reason=default_reason(deal, breach, unpaid_at=unpaid_at, now=now),
        default_side=breach.side,
        default_ground=breach.words,
    )
    lost = lost_deposit(ended)
    return replace(ended, returned=deal.paid + deal.beyond - deal.released - lost)


def lost_deposit(deal: Deal) -> Money:
    """Return what of its price's deposit a deal in default costs its buyer."""
    if deal.default_side is Side.SELLER:
        return Money(0, deal.price.currency)
    return deal.forfeitable


def fall_short(deal: Deal, *, resold_at: Money) -> Deal:
    """Return the deal in default with what its re-run brought less than it promised.

    Invariant: ST16. Source: 拍卖法 39.
    """
    nothing = Money(0, deal.price.currency)
    return replace(deal, shortfall=max(deal.price - resold_at, nothing))


def forfeiture_entry_id(deal_id: DealId) -> EntryId:
    """Return the id of the entry that takes the deposit of a deal in default: one a deal."""
    return EntryId(uuid5(deal_id, "forfeiture"))


def refund_entry_id(deal_id: DealId) -> EntryId:
    """Return the id of the entry that gives the rest back: one a deal."""
    return EntryId(uuid5(deal_id, "refund"))
