"""Bodies and views of deposits' lives."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from app.listings.domain.deposit import Deposit, DepositState, DepositUse, ForfeitureGround
from app.listings.service.deposit_lives import DepositSeen
from app.platform.schema import Body, MoneyJson, Reason, UtcView, View

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ForfeitureFinding(Body):
    """What the exchange found of a buyer; it costs the deposit."""

    ground: Literal["false_material", "collusion"]
    finding: Reason


class DepositSummary(View):
    """Where a deposit stands."""

    registration_id: UUID
    listing_id: UUID
    party_id: UUID
    amount: MoneyJson
    state: DepositState
    due_at: UtcView | None = Field(description="Must have reached the bank before")
    deal_id: UUID | None
    refund_due_at: UtcView | None
    refunded_at: UtcView | None = Field(description="The bank's moment")
    ground: ForfeitureGround | None

    @classmethod
    def of(cls, deposit: Deposit) -> Self:
        """Return the view of a deposit."""
        return cls.model_validate(deposit)


class ArrivalView(View):
    """The money at the bank: its moment decides, and its payer is the party itself."""

    received_at: UtcView
    booked_at: UtcView
    amount: MoneyJson
    payer_name: str
    bank_reference: str


class ConversionView(View):
    """What the winner's deposit became."""

    at: UtcView
    becomes: DepositUse
    deal_id: UUID
    amount: MoneyJson


class RefundView(View):
    """The way back, by the route it came, without interest."""

    ordered_at: UtcView
    due_at: UtcView
    order_id: UUID
    amount: MoneyJson
    executed_at: UtcView | None
    failed_at: UtcView | None
    failure: str | None


class ForfeitureView(View):
    """The loss, its ground, and what the party had been shown."""

    at: UtcView
    ground: ForfeitureGround | None
    words: str
    amount: MoneyJson
    deal_id: UUID | None
    terms: str | None
    notice_number: str | None
    accepted_terms_hash: Sha256
    accepted_by: str
    accepted_at: UtcView


class EarnestView(View):
    """How far the deposit counts as 定金 (民法典 586, 587): a finding, nothing is booked by it."""

    contract_value: MoneyJson
    limit: MoneyJson
    effective: MoneyJson
    exceeds: bool = Field(description="The deposit is more than counts as 定金")
    double: MoneyJson = Field(description="What a seller in default would owe by it")


class DepositView(DepositSummary):
    """A deposit's whole life, from journal and ledger."""

    becomes: DepositUse = Field(description="What the notice says that the winner's becomes")
    overdue: bool = Field(description="The bank should have paid it back by now")
    held: MoneyJson = Field(description="Held in the ledger now")
    on_its_way: MoneyJson = Field(description="Ordered at the bank, not paid yet")
    qualified_at: UtcView | None
    arrival: ArrivalView | None
    standby_at: UtcView | None
    conversion: ConversionView | None
    refund: RefundView | None
    forfeiture: ForfeitureView | None
    terms: str | None = Field(description="The forfeiture terms as shown and accepted")
    notice_number: str | None
    accepted_terms_hash: Sha256
    accepted_by: str
    accepted_at: UtcView
    earnest: EarnestView | None

    @classmethod
    def whole(cls, seen: DepositSeen) -> Self:
        """Return the view of a deposit with its life."""
        parts = (seen.deposit, seen.registration, seen.life, seen)
        told = {
            name: next(getattr(part, name) for part in parts if hasattr(part, name))
            for name in cls.model_fields
        }
        return cls.model_validate(told)
