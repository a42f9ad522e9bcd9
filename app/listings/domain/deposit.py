"""A deposit's life 保证金: due, held, made price or bond, returned, or lost with its ground."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.shared.errors import Conflict
from app.shared.ids import DealId, ListingId, MarketId, PartyId, RegistrationId
from app.shared.money import Money
from app.shared.transitions import advance


class DepositUse(StrEnum):
    """What the winner's deposit becomes, as the notice says (D5)."""

    PRICE = "price"
    PERFORMANCE_BOND = "performance_bond"  # 履约保证金: held until the deal is over


class ForfeitureGround(StrEnum):
    """Why a deposit is lost: the six grounds of D3."""

    WITHDRAWAL = "withdrawal"  # after paying it
    ALL_SILENT = "all_silent"  # every qualified bidder
    NOT_SIGNED = "not_signed"  # the winner, in time or by its written refusal
    NOT_PAID = "not_paid"
    FALSE_MATERIAL = "false_material"
    COLLUSION = "collusion"


# What only a person can find out; who did it stays away from the achievement (D4, LS20).
JUDGED: Final = frozenset({ForfeitureGround.FALSE_MATERIAL, ForfeitureGround.COLLUSION})


class DepositState(StrEnum):
    """Where a deposit stands."""

    DUE = "due"  # its buyer is qualified and has not paid
    DROPPED = "dropped"  # its buyer did not come along, or stepped back before paying
    HELD = "held"
    PRICE = "price"  # a part of the deal's price
    BOND = "bond"  # held for the deal
    RETURNING = "returning"  # ordered at the bank
    RETURNED = "returned"  # paid by the bank
    IN_FUNDS = "in_funds"  # the bank could not pay it: the party withdraws it
    FORFEITED = "forfeited"


class DepositTrigger(StrEnum):
    """What moves a deposit."""

    OWE = "owe"
    DROP = "drop"
    ARRIVE = "arrive"
    BECOME_PRICE = "become_price"
    BECOME_BOND = "become_bond"
    RETURN = "return"
    EXECUTE = "execute"
    FAIL = "fail"
    FORFEIT = "forfeit"


_S, _T = DepositState, DepositTrigger

DEPOSIT_TRANSITIONS: Final[Mapping[tuple[DepositState, DepositTrigger], DepositState]] = {
    (_S.DUE, _T.OWE): _S.DUE,  # its day moved
    (_S.DUE, _T.DROP): _S.DROPPED,
    (_S.DUE, _T.ARRIVE): _S.HELD,
    (_S.DROPPED, _T.OWE): _S.DUE,  # the buyer came back in an extension
    (_S.HELD, _T.BECOME_PRICE): _S.PRICE,
    (_S.HELD, _T.BECOME_BOND): _S.BOND,
    (_S.HELD, _T.RETURN): _S.RETURNING,
    (_S.HELD, _T.FORFEIT): _S.FORFEITED,
    (_S.PRICE, _T.RETURN): _S.RETURNING,  # the seller broke its word
    (_S.PRICE, _T.FORFEIT): _S.FORFEITED,
    (_S.BOND, _T.RETURN): _S.RETURNING,
    (_S.BOND, _T.FORFEIT): _S.FORFEITED,
    (_S.RETURNING, _T.EXECUTE): _S.RETURNED,
    (_S.RETURNING, _T.FAIL): _S.IN_FUNDS,
}


class DepositInDeal(Conflict):
    """A winner's deposit is lost by the default of its deal."""

    code = "deposit_in_deal"
    title_zh = "该保证金已用于成交，应按成交违约处理"
    title_en = "The deposit belongs to a deal: declare its buyer in default"


class DepositNotHeld(Conflict):
    """Only what is held can be lost."""

    code = "deposit_not_held"
    title_zh = "该登记没有冻结中的保证金"
    title_en = "The registration holds no deposit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """Where a registration's deposit stands; its history lies in the journal.

    Attributes:
        due_at: Until when it must have reached the bank, exclusive.
        deal_id: What it was bound to.
        refund_due_at: Until when the bank must have paid it back.
        refunded_at: The bank's moment.
        ground: Why it was lost.
    """

    registration_id: RegistrationId
    listing_id: ListingId
    market_id: MarketId
    party_id: PartyId
    amount: Money
    state: DepositState
    due_at: datetime | None = None
    deal_id: DealId | None = None
    refund_due_at: datetime | None = None
    refunded_at: datetime | None = None
    ground: ForfeitureGround | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether the bank should have paid it back by now (D5)."""
        waits = self.state is DepositState.RETURNING and self.refund_due_at is not None
        return waits and self.refund_due_at is not None and now >= self.refund_due_at


def move(deposit: Deposit, trigger: DepositTrigger, **changes: object) -> Deposit:
    """Return the deposit after a trigger, with what is known by it.

    Raises:
        TransitionRefused: The deposit cannot move so.
    """
    state = advance(DEPOSIT_TRANSITIONS, state=deposit.state, trigger=trigger)
    return replace(deposit, state=state, **changes)  # type: ignore[arg-type]


def check_judged(deposit: Deposit | None) -> Deposit:
    """Return a deposit that an operator's finding may cost.

    Raises:
        DepositNotHeld: There is none, or it is not held any more.
        DepositInDeal: Names the deal.

    Source: rules.md D3; README, LS28.
    """
    if deposit is not None and deposit.state in {DepositState.PRICE, DepositState.BOND}:
        raise DepositInDeal("Its deal decides.", deal_id=deposit.deal_id)
    if deposit is None or deposit.state is not DepositState.HELD:
        state = None if deposit is None else str(deposit.state)
        raise DepositNotHeld("There is nothing to lose.", state=state)
    return deposit


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnest:
    """How far a deposit has the effect of 定金: a finding for who settles, never a booking.

    Attributes:
        contract_value: The deal's price, before a deal the floor.
        limit: The policy's share of it.
        effective: What of the deposit has that effect.
        double: What a seller in default owes by it.

    Source: rules.md D2; 民法典 586, 587.
    """

    contract_value: Money
    limit: Money
    effective: Money
    exceeds: bool
    double: Money


def earnest_of(deposit: Money, contract_value: Money, *, share_bp: int) -> Earnest:
    """Return how far a deposit has the effect of 定金; the share is rounded down."""
    limit = Money(contract_value.amount_minor * share_bp // 10_000, contract_value.currency)
    effective = min(deposit, limit)
    return Earnest(
        contract_value=contract_value,
        limit=limit,
        effective=effective,
        exceeds=deposit > limit,
        double=effective + effective,
    )
