"""Whose money is it? An arrival against what is owed: a reference, an amount, a payer's name.

What is certain is booked, money from another's account goes back, and everything else waits for
a clerk, with the candidates and why each of them is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.banking.domain.references import numbers_in, references_in
from app.settlement.public import same_name
from app.shared.ids import PartyId
from app.shared.money import Money


class TargetKind(StrEnum):
    """What an arrival may pay."""

    DEPOSIT = "deposit"  # of a registration
    PAYMENT = "payment"  # of a deal's price
    FUNDS = "funds"  # a party's own, free to use


class Reason(StrEnum):
    """Why a target may be meant, the strongest first."""

    REFERENCE = "reference"  # its payment reference or its deal's number is in the remark
    NUMBER = "number"  # its listing's number is
    PAYER = "payer"  # the payer's name is its party's
    AMOUNT = "amount"  # exactly what is owed came in


class Doubt(StrEnum):
    """Why an arrival is not booked by itself."""

    NO_TARGET = "no_target"
    SEVERAL_TARGETS = "several_targets"
    TARGET_CLOSED = "target_closed"  # nothing is owed there, or no more
    AMOUNT_DIFFERS = "amount_differs"
    PAYER_DIFFERS = "payer_differs"  # the named target's party has another name
    REFUSED = "refused"  # by the rules of the deposit or the deal
    RETURN_FAILED = "return_failed"  # the bank could not pay it back
    NO_ORDER = "no_order"  # of a debit line


class Action(StrEnum):
    """What is to be done with an arrival."""

    BOOK = "book"
    RETURN = "return"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something that is, or was, owed.

    Attributes:
        id: The registration's, the deal's.
        number: Of the listing or the deal, as the payer knows it.
        reference: Its payment reference, once it was issued.
        due: The whole deposit; what is outstanding of the price.
        open: Whether it is owed now.
    """

    kind: TargetKind
    id: UUID
    number: str
    reference: str | None
    party_id: PartyId
    party_name: str
    due: Money
    open: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target and why it may be meant, the strongest reason first."""

    target: Target
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an arrival.

    Attributes:
        target: What is paid, or who is told that its money goes back.
        doubt: Why it is not booked.
        candidates: The best first.
    """

    action: Action
    target: Target | None
    doubt: Doubt | None
    candidates: tuple[Candidate, ...]


def match(*, amount: Money, payer_name: str, remark: str, targets: Sequence[Target]) -> Verdict:
    """Judge an arrival.

    Args:
        targets: All that its remark, its payer or its amount may mean, closed ones too.

    Invariants: BK4, BK5.
    """
    candidates = rank(amount=amount, payer_name=payer_name, remark=remark, targets=targets)
    named = [found.target for found in candidates if _names(found)]
    if not named:
        named = [
            found.target
            for found in candidates
            if found.target.open and {Reason.PAYER, Reason.AMOUNT} <= set(found.reasons)
        ]
    if len(named) != 1:
        doubt = Doubt.SEVERAL_TARGETS if named else Doubt.NO_TARGET
        return Verdict(Action.QUEUE, None, doubt, candidates)
    target = named[0]
    if not same_name(payer_name, target.party_name):
        return Verdict(Action.RETURN, target, Doubt.PAYER_DIFFERS, candidates)
    why_not = _doubt(target, amount)
    if why_not is not None:
        return Verdict(Action.QUEUE, None, why_not, candidates)
    return Verdict(Action.BOOK, target, None, candidates)


def _names(found: Candidate) -> bool:
    """Tell whether the remark means the target: a listing's number does with its bidder's name."""
    reasons = set(found.reasons)
    return Reason.REFERENCE in reasons or {Reason.NUMBER, Reason.PAYER} <= reasons


def _doubt(target: Target, amount: Money) -> Doubt | None:
    if not target.open:
        return Doubt.TARGET_CLOSED
    whole = target.kind is TargetKind.DEPOSIT
    if amount.currency != target.due.currency or amount > target.due:
        return Doubt.AMOUNT_DIFFERS
    return Doubt.AMOUNT_DIFFERS if whole and amount != target.due else None


def rank(
    *, amount: Money, payer_name: str, remark: str, targets: Sequence[Target]
) -> tuple[Candidate, ...]:
    """Return the targets that anything speaks for, the best first; ties by number.

    A closed one is a candidate only if the remark names it.
    """
    references, numbers = references_in(remark), numbers_in(remark)
    found = []
    for target in targets:
        reasons = _reasons(target, amount, payer_name, references, numbers)
        if reasons and (target.open or Reason.REFERENCE in reasons or Reason.NUMBER in reasons):
            found.append(Candidate(target, reasons))
    order = list(Reason)
    return tuple(
        sorted(
            found,
            key=lambda item: (
                [order.index(reason) for reason in item.reasons] + [len(order)],
                item.target.number,
                item.target.id,
            ),
        )
    )


def _reasons(
    target: Target,
    amount: Money,
    payer_name: str,
    references: frozenset[str],
    numbers: frozenset[str],
) -> tuple[Reason, ...]:
    numbered = target.number in numbers
    holds = {
        Reason.REFERENCE: target.reference in references
        or (numbered and target.kind is TargetKind.PAYMENT),
        Reason.NUMBER: numbered and target.kind is TargetKind.DEPOSIT,
        Reason.PAYER: same_name(payer_name, target.party_name),
        Reason.AMOUNT: target.open and amount == target.due,
    }
    return tuple(reason for reason in Reason if holds[reason])
