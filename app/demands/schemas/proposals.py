"""Bodies and views of proposals."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.demands.domain.demand import DemandStatus
from app.demands.domain.proposal import MEMBERS_MAX, Member, Proposal, ProposalStatus, sealing_code
from app.demands.domain.proposal_content import (
    DECIMALS_MAX,
    DIGITS_MAX,
    ITEMS_MAX,
    LINE_CHARS_MAX,
    TEXT_CHARS_MAX,
    ContentMalformed,
    content_from_json,
    content_to_json,
)
from app.demands.service.proposal_shares import OpeningProgress, SealedProposal
from app.demands.service.proposing import Own, Sent
from app.platform.schema import Body, MoneyJson, Page, PositiveMoney, Reason, UtcView, View
from app.platform.sealed_schema import HolderProgressView, SealedBody
from app.shared.ids import PartyId
from app.shared.jsonable import jsonable

DOCUMENT_CHARS_MAX = 350_000  # the largest bucket in base64url

Text = Annotated[str, Field(max_length=TEXT_CHARS_MAX)]
Place = Annotated[int, Field(ge=1, le=ITEMS_MAX)]


class AnswerJson(Body, View):
    """What is promised of one target."""

    target: Place = Field(description="Its place in the demand, from 1")
    value: Decimal = Field(max_digits=DIGITS_MAX, decimal_places=DECIMALS_MAX)
    deviation: Text | None = Field(default=None, description="Why the target is not met")


class OfferedMilestoneJson(Body, View):
    """When one of the demand's milestones is reached, and with what."""

    milestone: Place = Field(description="Its place in the demand, from 1")
    due_on: date
    deliverable: Text
    deviation: Text | None = Field(default=None, description="Why it comes later")


class AttachmentJson(Body, View):
    """A file by its digest."""

    name: Annotated[str, Field(max_length=LINE_CHARS_MAX)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ProposalContentJson(Body, View):
    """The text of a proposal; the document that `zhepai seal` seals has the same members."""

    route: Annotated[str, Field(max_length=LINE_CHARS_MAX, description="The technical way's name")]
    approach: Text
    team: Text
    schedule: Text
    answers: Annotated[list[AnswerJson], Field(max_length=ITEMS_MAX)]
    milestones: Annotated[list[OfferedMilestoneJson], Field(max_length=ITEMS_MAX)]
    price_deviation: Text | None = Field(default=None, description="Why outside the budget")
    ip_accepted: bool = Field(description="Whether the demand's ip_ownership is accepted")
    ip_statement: Text | None = None
    attachments: Annotated[list[AttachmentJson], Field(max_length=ITEMS_MAX)] = Field(default=[])

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            content_from_json(jsonable(self.model_dump()))
        except ContentMalformed as fault:
            raise ValueError(f"{fault} cannot be read") from None
        return self


class MemberJson(Body, View):
    """A party of a consortium and its part of the work."""

    party_id: UUID
    share_bp: Annotated[int, Field(ge=0, le=10_000, description="Basis points of the work")]


class ProposalBody(Body):
    """A proposal: price and content, or both sealed as `zhepai seal --document` makes it."""

    members: Annotated[list[MemberJson], Field(max_length=MEMBERS_MAX)] = Field(
        default=[], description="The consortium, its lead first; empty for one party"
    )
    price: PositiveMoney | None = None
    content: ProposalContentJson | None = None
    sealed: SealedBody | None = None
    document: Annotated[str, Field(max_length=DOCUMENT_CHARS_MAX)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        plain = [self.price is not None, self.content is not None]
        sealed = [self.sealed is not None, self.document is not None]
        if not (all(plain) and not any(sealed)) and not (all(sealed) and not any(plain)):
            raise ValueError("give either price and content, or sealed and document")
        return self

    def sent(self) -> Sent:
        """Return what the use case takes."""
        content = None
        if self.content is not None:
            content = content_from_json(jsonable(self.content.model_dump()))
        return Sent(
            members=tuple(Member(PartyId(it.party_id), it.share_bp) for it in self.members),
            price=self.price,
            content=content,
            sealed=self.sealed,
            document=self.document,
        )


class ConsortiumConsentBody(Body):
    """Under whose lead the caller's party takes part; null takes its consent back."""

    lead_party_id: UUID | None


class OwnProposalView(View):
    """A party's own proposal in the present round, and how it seals the next version."""

    demand_id: UUID
    round: int
    code: str
    sealing_code: str = Field(description="`--bidder-code` of `zhepai seal` for the next version")
    id: UUID | None
    status: ProposalStatus | None
    version: int
    commitment: str | None
    handed_in_at: UtcView | None
    members: list[MemberJson]
    lead_party_id: UUID | None = Field(description="Of the consortium that it consented to")
    price: MoneyJson | None
    content: ProposalContentJson | None
    sealed: dict[str, Any] | None
    document: str | None
    findings: list[dict[str, Any]] = Field(description="What is missing, where it can be read")

    @classmethod
    def of(cls, own: Own) -> Self:
        """Return the view for its proposer."""
        found, told = own.proposal, own.told or {}
        return cls.model_validate(
            {
                "demand_id": own.demand.id,
                "round": own.demand.round,
                "code": own.code,
                "sealing_code": sealing_code(own.code, own.next_version),
                "id": None if found is None else found.id,
                "status": None if found is None else found.status,
                "version": 0 if found is None else found.version,
                "commitment": None if found is None else found.commitment,
                "handed_in_at": None if found is None else found.handed_in_at,
                "members": [] if found is None else list(found.members),
                "lead_party_id": own.leads,
                "price": told.get("price"),
                "content": told.get("content"),
                "sealed": told.get("sealed"),
                "document": told.get("document"),
                "findings": list(own.findings),
            }
        )


class ProposalReceipt(View):
    """That a version came, or that the proposal was taken back; nothing of what it says."""

    id: UUID
    code: str
    status: ProposalStatus
    version: int
    commitment: str = Field(description="What the journal got of it")


class DemandProposalView(View):
    """An opened proposal, for its poster, the exchange and its own parties."""

    id: UUID
    demand_id: UUID
    round: int
    party_id: UUID
    code: str
    status: ProposalStatus
    version: int
    members: list[MemberJson]
    commitment: str
    handed_in_at: UtcView
    price: MoneyJson | None
    content: ProposalContentJson | None
    void_reason: str | None
    findings: list[dict[str, Any]] = Field(description="What the completeness check found")
    grounds: list[dict[str, Any]] | None = Field(
        description="Why the records suggest to exclude it; for the exchange and its own parties"
    )
    opened_at: UtcView | None
    decided_at: UtcView | None
    reason: str | None
    proof: dict[str, Any] | None = Field(description="What shows that it was sealed so")

    @classmethod
    def of(cls, proposal: Proposal, *, proof: dict[str, Any] | None, grounds: bool) -> Self:
        """Return the view of an opened proposal."""
        content = proposal.content
        same = set(cls.model_fields) - {"content", "proof", "grounds"}
        return cls.model_validate(
            {name: getattr(proposal, name) for name in same}
            | {
                "content": None if content is None else content_to_json(content),
                "proof": proof,
                "grounds": list(proposal.grounds) if grounds else None,
            }
        )


class EligibilityBody(Body):
    """Whether a proposal is judged."""

    admitted: bool
    reason: Reason | None = None


class SealedProposalView(View):
    """A sealed proposal after the deadline: what holders decrypt their shares from."""

    sequence: int
    bidder_code: str = Field(description="Its sealing code")
    sealed: dict[str, Any]

    @classmethod
    def of(cls, item: SealedProposal) -> Self:
        """Return the view for share holders."""
        return cls(sequence=item.sequence, bidder_code=item.sealing_code, sealed=dict(item.form))


class SealedProposalsView(Page[SealedProposalView]):
    """One page of sealed proposals."""

    exchange_key: str = Field(description="X25519: a holder proves itself to it")


class ProposalOpeningView(View):
    """How far the opening of a demand's sealed proposals is."""

    demand_id: UUID
    status: DemandStatus
    threshold: int
    proposals: int
    waiting: list[int] = Field(description="Proposals that need more shares")
    holders: list[HolderProgressView]

    @classmethod
    def of(cls, found: OpeningProgress) -> Self:
        """Return the view of an opening."""
        terms = found.demand.terms
        assert terms is not None
        return cls(
            demand_id=found.demand.id,
            status=found.demand.status,
            threshold=terms.threshold or 0,
            proposals=found.proposals,
            waiting=found.waiting,
            holders=[
                HolderProgressView(
                    position=it.position,
                    name=it.holder.name,
                    public_key=it.holder.public_key,
                    shares=it.shares,
                    unreadable=it.unreadable,
                    missing=it.missing,
                )
                for it in found.holders
            ],
        )
