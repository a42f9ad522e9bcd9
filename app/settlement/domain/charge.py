"""Charges 应收费用: what a side of a deal owes for it, and how that was met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import uuid5

from app.settlement.domain.deal import Side
from app.settlement.domain.fees import (
    BrokerBasis,
    Commission,
    FeeTerms,
    brokers_part,
    compute_commission,
    half_up,
)
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.ids import DealId, EntryId, MarketId, PartyId
from app.shared.money import Money
from app.shared.transitions import advance


class ChargeKind(StrEnum):
    """Whose income it is."""

    COMMISSION = "commission"  # the exchange's
    BROKERAGE = "brokerage"  # the broker's


class ChargeStatus(StrEnum):
    """Where a charge stands."""

    DUE = "due"
    MET = "met"  # paid, withheld, by voucher, or waived
    CANCELLED = "cancelled"  # its deal fell


class ChargeTrigger(StrEnum):
    """What moves a charge."""

    MEET_PART = "meet_part"
    MEET = "meet"
    CANCEL = "cancel"


CHARGE_TRANSITIONS: Final[Mapping[tuple[ChargeStatus, ChargeTrigger], ChargeStatus]] = {
    (ChargeStatus.DUE, ChargeTrigger.MEET_PART): ChargeStatus.DUE,
    (ChargeStatus.DUE, ChargeTrigger.MEET): ChargeStatus.MET,
    (ChargeStatus.DUE, ChargeTrigger.CANCEL): ChargeStatus.CANCELLED,
    (ChargeStatus.MET, ChargeTrigger.CANCEL): ChargeStatus.CANCELLED,
}


class Means(StrEnum):
    """How a part of a charge was met."""

    FUNDS = "funds"
    WITHHELD = "withheld"
    VOUCHER = "voucher"
    WAIVER = "waiver"


class ChargeUnknown(NotFound):
    """The deal has no charge of this number."""

    code = "charge_unknown"
    title_zh = "该成交没有此项费用"
    title_en = "The deal has no such charge"


class ChargeAmountTooHigh(RuleBroken):
    """No more than what is owed is paid or waived."""

    code = "charge_amount_too_high"
    title_zh = "金额超过应付费用"
    title_en = "The amount is more than what is owed"


class ChargeCurrencyWrong(RuleBroken):
    """A charge is met in its own currency."""

    code = "charge_currency_wrong"
    title_zh = "币种与应付费用不符"
    title_en = "The amount is in another currency than the charge"


class ChargeInMotion(Conflict):
    """A broker is named while nothing of the charges was met."""

    code = "charge_in_motion"
    title_zh = "费用已开始支付，不能再变更经纪人"
    title_en = "The charges are being paid already"


class BrokerageTooEarly(Conflict):
    """A broker is paid out of released money, or once the deal can fall no more."""

    code = "brokerage_too_early"
    title_zh = "成交结清前不能支付佣金"
    title_en = "The brokerage is paid once the deal is settled"


class BrokerIsASide(Conflict):
    """A side of a deal is not its broker."""

    code = "broker_is_a_side"
    title_zh = "买卖双方不能担任本次成交的经纪人"
    title_en = "A side of the deal cannot be its broker"


class BrokerUnknown(NotFound):
    """Nobody was named on this deal."""

    code = "broker_unknown"
    title_zh = "该成交未登记经纪人"
    title_en = "The deal has no broker"


class BrokerDiffers(Conflict):
    """The consent names another broker than the deal."""

    code = "broker_differs"
    title_zh = "同意书所载经纪人与登记不符"
    title_en = "The deal names another broker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one side owes for a deal.

    Attributes:
        number: 1, 2, … within the deal.
        payer_id: The side's party.
        payee_id: The broker; ``None`` for the exchange.
        met: Amounts by `Means`; together never above ``amount``.
        refunded: What went back when the deal fell.
        policy_version: Of the fee policy that was frozen with the deal.
        calculation: How ``amount`` was found, for its payer.
        invoice_number, invoiced_on: 发票号码, as the invoicing system gave it.
    """

    deal_id: DealId
    market_id: MarketId
    number: int
    kind: ChargeKind
    side: Side
    payer_id: PartyId
    payee_id: PartyId | None
    status: ChargeStatus
    amount: Money
    due_at: datetime
    policy_version: int
    calculation: Mapping[str, Any]
    met: Mapping[Means, int]
    refunded: Money
    reason: str | None = None
    invoice_number: str | None = None
    invoiced_on: date | None = None

    @property
    def outstanding(self) -> Money:
        """What is still owed."""
        if self.status is ChargeStatus.CANCELLED:
            return Money(0, self.amount.currency)
        return Money(self.amount.amount_minor - sum(self.met.values()), self.amount.currency)

    def met_by(self, means: Means) -> Money:
        """Return what was met in one way."""
        return Money(self.met.get(means, 0), self.amount.currency)


def open_charges(
    terms: FeeTerms,
    *,
    policy_version: int,
    deal_id: DealId,
    market_id: MarketId,
    source: str,
    price: Money,
    payers: Mapping[Side, PartyId],
    due_at: datetime,
) -> tuple[Charge, ...]:
    """Return what the two sides of a new deal owe the exchange; nothing in another currency.

    Invariants: ST101, ST102.
    """
    found: list[Charge] = []
    for side, payer_id in payers.items():
        rule = terms.rule_of(side, source)
        if rule is None or price.currency != terms.currency:
            continue
        commission = compute_commission(rule, price)
        if not commission.amount.amount_minor:
            continue
        found.append(
            Charge(
                deal_id=deal_id,
                market_id=market_id,
                number=len(found) + 1,
                kind=ChargeKind.COMMISSION,
                side=side,
                payer_id=payer_id,
                payee_id=None,
                status=ChargeStatus.DUE,
                amount=commission.amount,
                due_at=due_at,
                policy_version=policy_version,
                calculation=_shown(price, commission),
                met={},
                refunded=Money(0, price.currency),
            )
        )
    return tuple(found)


def _shown(price: Money, commission: Commission) -> dict[str, Any]:
    return {
        "price": price.as_json(),
        "bands": [
            {"part": Money(b.part_minor, price.currency).as_json(), "rate_bp": b.rate_bp}
            for b in commission.bands
        ],
        "limited_by": commission.limited_by,
        "rounding": "half_up",
    }


def name_broker(
    charges: Sequence[Charge],
    terms: FeeTerms,
    *,
    deal_id: DealId,
    market_id: MarketId,
    broker_id: PartyId,
    price: Money,
    payer_id: PartyId,
    due_at: datetime,
    policy_version: int,
) -> tuple[Charge, ...]:
    """Return a deal's charges once its broker is agreed: its part is a charge of its own.

    A share comes out of the paying side's commission, a rate on top of it.

    Raises:
        ChargeInMotion: Something was met already.

    Invariant: ST105.
    """
    if terms.broker is None:
        return tuple(charges)
    if any(charge.met or charge.status is not ChargeStatus.DUE for charge in charges):
        raise ChargeInMotion("Name the broker before anything is paid.")
    side = terms.broker.payer
    commission = sum(
        (charge.amount for charge in charges if charge.side is side), Money(0, price.currency)
    )
    part = brokers_part(terms.broker, commission=commission, price=price)
    if not part.amount_minor:
        return tuple(charges)
    kept = list(charges)
    if terms.broker.basis is BrokerBasis.SHARE:
        kept = [_less(charge, part) if charge.side is side else charge for charge in charges]
    kept.append(
        Charge(
            deal_id=deal_id,
            market_id=market_id,
            number=len(charges) + 1,
            kind=ChargeKind.BROKERAGE,
            side=side,
            payer_id=payer_id,
            payee_id=broker_id,
            status=ChargeStatus.DUE,
            amount=part,
            due_at=due_at,
            policy_version=policy_version,
            calculation={
                "price": price.as_json(),
                "basis": str(terms.broker.basis),
                "value_bp": terms.broker.value_bp,
                "rounding": "half_up",
            },
            met={},
            refunded=Money(0, price.currency),
        )
    )
    return tuple(kept)


def _less(charge: Charge, part: Money) -> Charge:
    left = charge.amount - part
    status = ChargeStatus.DUE if left.amount_minor else ChargeStatus.MET
    return replace(charge, amount=left, status=status)


def meet(charge: Charge, amount: Money, means: Means, *, reason: str | None = None) -> Charge:
    """Return the charge with a part of it met; never more than what is owed.

    Raises:
        TransitionRefused: It is met or cancelled.
        ChargeCurrencyWrong: Names the charge's currency.
        ChargeAmountTooHigh: Names what is owed.

    Invariant: ST103.
    """
    if amount.currency != charge.amount.currency:
        raise ChargeCurrencyWrong(
            "Pay in the charge's currency.", field="amount", accepted=charge.amount.currency
        )
    left = charge.outstanding
    whole = amount == left
    trigger = ChargeTrigger.MEET if whole else ChargeTrigger.MEET_PART
    status = advance(CHARGE_TRANSITIONS, state=charge.status, trigger=trigger)
    if amount > left:
        raise ChargeAmountTooHigh("Less is owed.", field="amount", maximum=left)
    met = dict(charge.met) | {means: charge.met.get(means, 0) + amount.amount_minor}
    return replace(charge, status=status, met=met, reason=reason or charge.reason)


def cancel(charge: Charge) -> Charge:
    """Return the charge of a deal that fell: what was paid for it from funds goes back.

    What was withheld came out of money that stays with the seller, and stays too; vouchers'
    parts go back to their vouchers.

    Invariant: ST106.
    """
    status = advance(CHARGE_TRANSITIONS, state=charge.status, trigger=ChargeTrigger.CANCEL)
    return replace(charge, status=status, refunded=charge.met_by(Means.FUNDS))


def withheld_now(charge: Charge, *, price: Money, released: Money, amount: Money) -> Money:
    """Return what a release of ``amount`` takes for a charge: in step with the price.

    After it the same share of the charge has been met as of the price has been released, rounded
    half up; with the last part exactly all of it.

    Args:
        released: What was released of the deal before.

    Invariant: ST104.
    """
    after = min(released.amount_minor + amount.amount_minor, price.amount_minor)
    target = half_up(charge.amount.amount_minor * after, price.amount_minor)
    owed = target - sum(charge.met.values())
    most = min(charge.outstanding.amount_minor, amount.amount_minor)
    return Money(max(min(owed, most), 0), amount.currency)


def withheld_entry_id(release_id: EntryId, number: int) -> EntryId:
    """Return the id of the entry by which a release meets a charge."""
    return EntryId(uuid5(release_id, f"fee:{number}"))


def refund_entry_id(deal_id: DealId, number: int) -> EntryId:
    """Return the id of the entry that gives a fallen deal's charge back: one a charge."""
    return EntryId(uuid5(deal_id, f"fee-refund:{number}"))
