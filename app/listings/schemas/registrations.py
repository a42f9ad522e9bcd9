"""Bodies and views of registrations."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.identity.public import Ground
from app.listings.domain.registration import BankReceipt, RegistrationStatus
from app.listings.domain.relation import Relation
from app.platform.schema import Body, Instant, Line, PositiveMoney, Reason, UtcView, View

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class NewRegistration(Body):
    """The acceptance of a notice's terms, by its content hash."""

    accepted_terms_hash: Sha256 = Field(description="content_hash of the notice that was shown")
    relation: Relation = Field(
        default=Relation.NONE,
        description="To the seller: a completer of the result in person, related, or none",
    )


class BuyerApplication(NewRegistration):
    """A registration, of one party or of several that buy together."""

    members: list[UUID] = Field(
        default=[],
        max_length=9,
        description="联合受让, if announced: who buys with the caller's party, which leads",
    )


class Qualification(Body):
    """The exchange's decision; a refusal states its reason."""

    qualified: bool
    reason: Reason | None = None


class DepositReceipt(Body):
    """A deposit as the bank statement shows it; the bank's moment decides."""

    amount: PositiveMoney
    payer_name: Line
    bank_reference: Line
    received_at: Instant

    def receipt(self) -> BankReceipt:
        """Return the domain's value."""
        return BankReceipt(
            amount=self.amount,
            payer_name=self.payer_name,
            bank_reference=self.bank_reference,
            received_at=self.received_at,
        )


class RegistrationView(View):
    """A registration, for its buyer and the market's operator and auditor."""

    id: UUID
    listing_id: UUID
    market_id: UUID
    party_id: UUID
    status: RegistrationStatus
    relation: Relation = Field(description="To the seller, as declared")
    members: list[UUID] = Field(description="Who buys with the party, in a joint purchase")
    bidder_code: str | None
    accepted_terms_hash: str
    accepted_by: str
    registered_at: UtcView
    accepted_at: UtcView = Field(description="When the terms that it names were accepted")
    decided_at: UtcView | None
    deposit_due_at: UtcView | None = Field(
        description="Without an auction: the deposit's deadline, or the disclosure's end if later"
    )
    reason: str | None
    bank_reference: str | None
    received_at: UtcView | None
    standby_at: UtcView | None = Field(description="The deposit waits for the buyer's signature")
    forfeited_at: UtcView | None


class FlagView(View):
    """Two buyers of a listing that one hand may move: a question for the operator, no refusal."""

    party_ids: tuple[UUID, UUID]
    registration_ids: tuple[UUID, UUID]
    grounds: list[Ground] = Field(description="What the two share")
