"""A deposit's life as its journal tells it: every step with its moment, and what was shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the registration, or of the order that pays it back.

    Attributes:
        at: The market's moment.
        restricted: Its content, as stored JSON.
    """

    type: str
    at: datetime
    actor: str
    restricted: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The money at the bank: its moment decides (D1)."""

    received_at: datetime
    booked_at: datetime
    amount: Money
    payer_name: str
    bank_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What the winner's deposit became, of which deal."""

    at: datetime
    becomes: str
    deal_id: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """The way back: ordered at once, due by policy, paid by the bank."""

    ordered_at: datetime
    due_at: datetime
    order_id: str
    amount: Money
    executed_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forfeiture:
    """The loss: its ground, and the words that its party had been shown (L11)."""

    at: datetime
    ground: str | None
    words: str
    amount: Money
    deal_id: str | None
    terms: str | None
    notice_number: str | None
    accepted_terms_hash: str
    accepted_by: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositLife:
    """Everything that happened to a deposit; ``None`` for what has not."""

    qualified_at: datetime | None = None
    arrival: Arrival | None = None
    standby_at: datetime | None = None
    conversion: Conversion | None = None
    refund: Refund | None = None
    forfeiture: Forfeiture | None = None


def _money(told: Mapping[str, str]) -> Money:
    return Money.parse(told["amount"], told["currency"])


def _arrival(event: Told) -> Arrival:
    told = event.restricted
    return Arrival(
        received_at=datetime.fromisoformat(told["received_at"]),
        booked_at=event.at,
        amount=_money(told["amount"]),
        payer_name=told["payer_name"],
        bank_reference=told["bank_reference"],
    )


def _conversion(event: Told) -> Conversion:
    told = event.restricted
    return Conversion(
        at=event.at,
        becomes=told["becomes"],
        deal_id=told["deal_id"],
        amount=_money(told["amount"]),
    )


def _refund(ordered: Told, executed: Told | None, failed: Told | None) -> Refund:
    told = ordered.restricted
    paid_at = None if executed is None else executed.restricted["executed_at"]
    return Refund(
        ordered_at=ordered.at,
        due_at=datetime.fromisoformat(told["due_at"]),
        order_id=told["order_id"],
        amount=_money(told["amount"]),
        executed_at=None if paid_at is None else datetime.fromisoformat(paid_at),
        failed_at=None if failed is None else failed.at,
        failure=None if failed is None else failed.restricted["failure"],
    )


def _forfeiture(event: Told) -> Forfeiture:
    told = event.restricted
    return Forfeiture(
        at=event.at,
        ground=told.get("ground_code"),  # earlier events have the words only
        words=told["ground"],
        amount=_money(told["amount"]),
        deal_id=told["deal_id"],
        terms=told["forfeiture_terms"],
        notice_number=told["notice_number"],
        accepted_terms_hash=told["accepted_terms_hash"],
        accepted_by=told["accepted_by"],
        accepted_at=datetime.fromisoformat(told["accepted_at"]),
    )


def tell_life(events: Sequence[Told]) -> DepositLife:
    """Return a deposit's life from the events of its registration and of its refund's order.

    Args:
        events: In the order they happened.

    Source: README, LS27.
    """
    last = {event.type: event for event in events}
    ordered = last.get("registration.refund_ordered")
    forfeited = last.get("registration.forfeited")
    deposited = last.get("registration.deposited")
    bound = last.get("registration.deposit_bound")
    standby = last.get("registration.put_on_standby")
    qualified = last.get("registration.qualified")
    refund = None
    if ordered is not None:
        executed, failed = (last.get(f"payment_order.{what}") for what in ("executed", "failed"))
        refund = _refund(ordered, executed, failed)
    return DepositLife(
        qualified_at=None if qualified is None else qualified.at,
        arrival=None if deposited is None else _arrival(deposited),
        standby_at=None if standby is None else standby.at,
        conversion=None if bound is None else _conversion(bound),
        refund=refund,
        forfeiture=None if forfeited is None else _forfeiture(forfeited),
    )
