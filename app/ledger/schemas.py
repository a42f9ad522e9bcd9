"""What the ledger's routes answer."""

from typing import Self
from uuid import UUID

from pydantic import Field

from app.ledger.domain.accounts import Account, Purpose, Side
from app.ledger.domain.entries import EntryKind
from app.ledger.domain.statement import Statement
from app.ledger.domain.trial import TrialLine, totals
from app.platform.schema import MoneyJson, UtcView, View
from app.shared.money import Money


class AccountView(View):
    """An account with its present balance.

    ``balance`` is read on the account's normal ``side``; a ``limited`` account never falls
    below zero. ``subject_id`` names the deal of an escrow account.
    """

    id: UUID
    purpose: Purpose
    party_id: UUID | None
    subject_id: UUID | None
    side: Side
    limited: bool
    balance: MoneyJson

    @classmethod
    def of(cls, account: Account, balance: Money) -> Self:
        """Build the view."""
        key = account.key
        return cls(
            id=account.id,
            purpose=key.purpose,
            party_id=key.party_id,
            subject_id=key.subject_id,
            side=key.side,
            limited=key.limited,
            balance=balance,
        )


class StatementLineView(View):
    """A posting: ``change`` is what it adds to the balance, ``balance`` what it leaves."""

    entry_id: UUID
    kind: EntryKind
    at: UtcView
    reference: str | None
    subject_id: UUID | None
    change: MoneyJson
    balance: MoneyJson


class BalanceView(View):
    """What stood in an account at a moment; movements at that moment count."""

    account_id: UUID
    at: UtcView
    balance: MoneyJson


class StatementView(View):
    """An account's movements with ``from`` ≤ moment < ``to``; opening + changes = closing."""

    account_id: UUID
    purpose: Purpose
    start: UtcView = Field(serialization_alias="from")
    end: UtcView = Field(serialization_alias="to")
    opening: MoneyJson
    lines: list[StatementLineView]
    closing: MoneyJson

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """Build the view."""
        return cls(
            account_id=statement.account.id,
            purpose=statement.account.key.purpose,
            start=statement.start,
            end=statement.end,
            opening=statement.opening,
            lines=[StatementLineView.model_validate(line) for line in statement.lines],
            closing=statement.closing,
        )


class TrialLineView(View):
    """All accounts of one purpose; ``debit`` is negative for what the exchange owes."""

    purpose: Purpose
    accounts: int
    debit: MoneyJson


class TrialBalanceView(View):
    """A market's books; each of ``totals`` is zero, or money was made or lost."""

    lines: list[TrialLineView]
    totals: list[MoneyJson]
    balanced: bool

    @classmethod
    def of(cls, lines: tuple[TrialLine, ...]) -> Self:
        """Build the view."""
        sums = totals(lines)
        return cls(
            lines=[TrialLineView.model_validate(line) for line in lines],
            totals=list(sums),
            balanced=all(total.amount_minor == 0 for total in sums),
        )
