"""Bodies and views of payment orders, batches, bank accounts and payment references."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from app.banking.domain.bank_accounts import BankAccount, masked
from app.banking.domain.matching import TargetKind
from app.banking.domain.orders import OrderKind, OrderStatus, PaymentOrder
from app.banking.service.accounts import Instruction
from app.platform.schema import Body, Instant, Line, MoneyJson, PositiveMoney, Reason, UtcView, View


class BankAccountBody(Body):
    """Where a party is paid: an account in its registered name."""

    holder_name: Line = Field(description="户名, the party's registered name")
    account_number: Line = Field(description="账号, 6 to 32 digits; spaces are welcome")
    bank_name: Line = Field(description="开户行")
    bank_code: str | None = Field(default=None, description="联行号, 12 digits", max_length=12)


class BankAccountView(View):
    """Where a party is paid; others than its own staff see the last four digits."""

    holder_name: str
    account_number: str
    bank_name: str
    bank_code: str | None
    entered_at: UtcView

    @classmethod
    def of(cls, account: BankAccount, *, whole: bool) -> Self:
        """Build the view."""
        number = account.account_number
        return cls(
            holder_name=account.holder_name,
            account_number=number if whole else masked(number),
            bank_name=account.bank_name,
            bank_code=account.bank_code,
            entered_at=account.entered_at,
        )


class PaymentReferenceView(View):
    """What a payer writes on its transfer, and where it goes."""

    kind: TargetKind
    reference: str = Field(description="汇款附言码, for the remark", examples=["FK7Q2M9XRA"])
    number: str = Field(description="Of the listing or the deal")
    due: MoneyJson = Field(description="What is owed now")
    payee: BankAccountView | None = Field(description="The exchange's account, once on record")

    @classmethod
    def of(cls, told: Instruction) -> Self:
        """Build the view."""
        payee = None if told.payee is None else BankAccountView.of(told.payee, whole=True)
        return cls(
            kind=told.kind,
            reference=told.reference,
            number=told.number,
            due=told.due,
            payee=payee,
        )


class PaymentOrderView(View):
    """A payment order; the payee's account number shows its last four digits."""

    id: UUID
    number: str
    kind: OrderKind
    party_id: UUID | None
    subject_id: UUID = Field(description="Registration, bank line, or the party")
    amount: MoneyJson
    payee_name: str | None = Field(description="Null while the account is not known")
    payee_account: str | None
    payee_bank: str | None
    purpose: str
    due_at: UtcView | None
    overdue: bool = Field(description="Not paid in time, or paid too late")
    status: OrderStatus
    ordered_at: UtcView
    batch_id: UUID | None
    place: int | None
    executed_at: UtcView | None
    bank_reference: str | None
    failed_at: UtcView | None
    failure: str | None

    @classmethod
    def of(cls, order: PaymentOrder, *, now: datetime) -> Self:
        """Build the view."""
        payee = order.payee
        return cls(
            id=order.id,
            number=order.number,
            kind=order.kind,
            party_id=order.party_id,
            subject_id=order.subject_id,
            amount=order.amount,
            payee_name=None if payee is None else payee.name,
            payee_account=None if payee is None else masked(payee.account_number),
            payee_bank=None if payee is None else payee.bank_name,
            purpose=order.purpose,
            due_at=order.due_at,
            overdue=order.overdue(now),
            status=order.status,
            ordered_at=order.ordered_at,
            batch_id=order.batch_id,
            place=order.place,
            executed_at=order.executed_at,
            bank_reference=order.bank_reference,
            failed_at=order.failed_at,
            failure=order.failure,
        )


class WithdrawalBody(Body):
    """How much of its free funds a party takes."""

    amount: PositiveMoney


class ExecutionBody(Body):
    """That the bank has paid an order, as a person read it from the bank."""

    executed_at: Instant
    bank_reference: Line


class FailureBody(Body):
    """Why the bank does not pay."""

    reason: Reason


class PaymentBatchView(View):
    """Orders that went to the bank together."""

    id: UUID
    number: str
    made_at: UtcView
    made_by: str
    count: int
    total: MoneyJson


class PaymentBatchDetail(PaymentBatchView):
    """A batch with its orders in their places."""

    orders: list[PaymentOrderView]
