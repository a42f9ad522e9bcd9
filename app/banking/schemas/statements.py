"""Bodies and views of bank statements and their lines."""

from collections.abc import Iterable
from typing import Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from app.banking.domain.lines import BankLine, Direction, LineStatus, Part, PartKind
from app.banking.domain.matching import Candidate, Doubt, Reason, TargetKind
from app.banking.domain.statement import BankStatement
from app.banking.service.assigning import Share
from app.banking.service.importing import Asked
from app.platform.schema import Body, Line, MoneyJson, PositiveMoney, UtcView, View
from app.platform.schema import Reason as Words
from app.shared.ids import FileId
from app.shared.money import Money


class NewStatement(Body):
    """An uploaded statement of one of the exchange's accounts."""

    file_id: UUID
    account_number: Line = Field(description="本方账号: of the exchange's accounts on record")
    opening_balance: MoneyJson | None = Field(default=None, description="期初余额, in yuan")
    closing_balance: MoneyJson | None = Field(default=None, description="期末余额, in yuan")

    @field_validator("opening_balance", "closing_balance")
    @classmethod
    def _in_yuan(cls, balance: Money | None) -> Money | None:
        if balance is not None and balance.currency != "CNY":
            raise ValueError("statements are in CNY")
        return balance

    def asked(self) -> Asked:
        """Return what the use case takes."""
        return Asked(
            file_id=FileId(self.file_id),
            account_number=self.account_number,
            opening=self.opening_balance,
            closing=self.closing_balance,
        )


class StatementImportView(View):
    """An import: how many serial numbers it has, and how those that it brought stand now."""

    id: UUID
    file_id: UUID
    account_number: str
    lines: int
    fresh: int = Field(description="Lines that no earlier file had")
    opening_balance: MoneyJson | None
    closing_balance: MoneyJson | None
    first_at: UtcView
    last_at: UtcView
    imported_at: UtcView
    imported_by: str
    counts: dict[LineStatus, int]

    @classmethod
    def of(cls, statement: BankStatement) -> Self:
        """Build the view."""
        return cls(
            id=statement.id,
            file_id=statement.file_id,
            account_number=statement.account_number,
            lines=statement.lines,
            fresh=statement.fresh,
            opening_balance=statement.opening,
            closing_balance=statement.closing,
            first_at=statement.first_at,
            last_at=statement.last_at,
            imported_at=statement.imported_at,
            imported_by=statement.imported_by,
            counts=dict(statement.counts),
        )


class BankLineView(View):
    """A line of a statement; ``rest`` is what nobody has yet, of an arrival it lies in suspense."""

    id: UUID
    statement_id: UUID
    account_number: str
    serial: str = Field(description="The bank's 流水号")
    direction: Direction
    amount: MoneyJson
    rest: MoneyJson
    at: UtcView = Field(description="The bank's moment; it decides")
    counterparty_name: str
    counterparty_account: str
    counterparty_bank: str
    remark: str
    status: LineStatus
    doubt: Doubt | None = Field(description="Why it was not booked by itself")
    doubt_detail: str | None = Field(description="Code of the rule that refused it, or a reason")
    reason: str | None


class PartView(View):
    """What a part of a line became."""

    number: int
    kind: PartKind
    target_id: UUID
    amount: MoneyJson
    at: UtcView
    actor: str


class CandidateView(View):
    """What an arrival may pay, and why."""

    kind: TargetKind
    target_id: UUID
    number: str = Field(description="Of the listing or the deal")
    party_id: UUID
    party_name: str
    due: MoneyJson
    open: bool
    reasons: list[Reason]

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        """Build the view."""
        target = candidate.target
        return cls(
            kind=target.kind,
            target_id=target.id,
            number=target.number,
            party_id=target.party_id,
            party_name=target.party_name,
            due=target.due,
            open=target.open,
            reasons=list(candidate.reasons),
        )


class BankLineDetail(BankLineView):
    """A line with what became of its parts, and of a queued arrival what it may pay."""

    parts: list[PartView]
    candidates: list[CandidateView]

    @classmethod
    def whole(cls, line: BankLine, parts: Iterable[Part], candidates: Iterable[Candidate]) -> Self:
        """Build the view."""
        return cls(
            **BankLineView.model_validate(line).model_dump(),
            parts=[PartView.model_validate(part) for part in parts],
            candidates=[CandidateView.of(candidate) for candidate in candidates],
        )


class LineShare(Body):
    """A part of an arrival and what it is for."""

    kind: TargetKind
    target_id: UUID = Field(description="The registration, the deal, or the party")
    amount: PositiveMoney


class AssignmentBody(Body):
    """How a line is booked: an arrival by shares, what went out by its payment order."""

    shares: list[LineShare] = Field(default=[], max_length=20)
    order_id: UUID | None = Field(default=None, description="Of a debit: the order it executed")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.shares) == (self.order_id is not None):
            raise ValueError("send shares, or for a line that went out its order_id")
        return self

    def plain(self) -> list[Share]:
        """Return the shares."""
        return [Share(share.kind, share.target_id, share.amount) for share in self.shares]


class LineReason(Body):
    """Why, in words that the auditor will read."""

    reason: Words
