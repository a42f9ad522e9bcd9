"""Bodies and views of agreements and objections."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.listings.domain.objection import (
    Objection,
    ObjectionGround,
    ObjectionStatus,
    may_read_objector,
)
from app.listings.domain.relation import Relation
from app.listings.repository.agreements import Proposal
from app.listings.service.objecting import NewObjection
from app.platform.schema import Body, Line, Paragraph, Reason, UtcView, View
from app.shared.access import Viewer
from app.shared.ids import FileId, PartyId

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ConsentBody(Body):
    """The consent of an agreement's buyer to exact terms, by their hash."""

    terms_hash: Sha256 = Field(description="agreed_terms_hash of the listing, or of the change")
    relation: Relation = Field(default=Relation.NONE, description="To the seller, as declared")


class ProposalView(View):
    """A change of a published agreement that waits for its buyer's consent."""

    terms: dict[str, Any] = Field(description="All terms, as they would hold")
    terms_hash: Sha256 = Field(description="What the buyer consents to")
    proposed_at: UtcView

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """Return the view of a proposal."""
        return cls.model_validate(proposal)


class ProcedureBody(Body):
    """The way of objecting, in full."""

    text: Paragraph


class ProcedureView(View):
    """An objection procedure 异议处理程序 as published."""

    id: UUID
    market_id: UUID
    party_id: UUID | None = Field(description="The seller; null for the exchange's own")
    version: int
    text: str
    published_at: UtcView


class ObjectionBody(Body):
    """What somebody objects; without signing in, say who you are and how to answer."""

    ground: ObjectionGround
    text: Paragraph
    evidence: Paragraph
    files: list[UUID] = Field(
        default=[], max_length=20, description="Files of the caller's party, readable in the market"
    )
    name: Line | None = None
    contact: Line | None = None

    def new(self) -> NewObjection:
        """Return the use case's value."""
        return NewObjection(
            ground=self.ground,
            text=self.text,
            evidence=self.evidence,
            files=tuple(FileId(file_id) for file_id in self.files),
            name=self.name,
            contact=self.contact,
        )


class ObjectionDecision(Body):
    """The decision, which is published with its reason."""

    upheld: bool
    reason: Reason


class ObjectionView(View):
    """An objection; who objects, and its words, are for the seller, the staff and itself."""

    id: UUID
    listing_id: UUID
    notice_id: UUID
    ground: ObjectionGround
    status: ObjectionStatus
    filed_at: UtcView
    decide_by_at: UtcView | None
    decision: str | None
    decided_at: UtcView | None
    party_id: UUID | None
    name: str | None
    contact: str | None
    text: str | None
    evidence: str | None
    files: list[UUID] | None

    @classmethod
    def of(cls, objection: Objection, viewer: Viewer, seller_id: PartyId) -> Self:
        """Return what a viewer may read of an objection."""
        view = cls.model_validate(objection)
        if may_read_objector(viewer, objection, seller_id):
            return view
        closed = ("party_id", "name", "contact", "text", "evidence", "files")
        return view.model_copy(update=dict.fromkeys(closed))
