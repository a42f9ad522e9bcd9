"""Tables of proposals, of what became of their versions, of consents and of holders' shares."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.proposal import ProposalStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class ProposalRow(Base):
    """A proposal; what it says is ciphertext until it was opened.

    ``sealed`` is what the present version says: the process's own ciphertext, or around the
    proposer's, so that the database shows the same of both.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        one_of("status", ProposalStatus),
        CheckConstraint(
            "num_nonnulls(price_minor, currency, content) IN (0, 3)"
            " AND (content IS NULL OR opened_at IS NOT NULL)",
            name="opened",
        ),
        CheckConstraint("(status = 'void') = (void_reason IS NOT NULL)", name="void"),
        CheckConstraint("status <> 'excluded' OR reason IS NOT NULL", name="excluded"),
        Index("uq_proposals_party", "demand_id", "round", "party_id", unique=True),
        Index("uq_proposals_code", "demand_id", "code", unique=True),
        Index("ix_proposals_demand", "demand_id", "round", "id"),
        Index("ix_proposals_party_id", "party_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    round: Mapped[int]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    code: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    members: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    commitment: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    handed_in_at: Mapped[datetime] = mapped_column(TIME)
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    void_reason: Mapped[str | None] = mapped_column(String(40))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    grounds: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    opened_at: Mapped[datetime | None] = mapped_column(TIME)
    decided_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)


class ProposalVersionRow(Base):
    """That a version came or was taken back; never updated, never deleted (a trigger refuses)."""

    __tablename__ = "proposal_versions"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposals.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    withdrawal: Mapped[bool]
    commitment: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(TIME)
    by: Mapped[str] = mapped_column(String(60))


class ConsortiumConsentRow(Base):
    """A party's consent to be a member of the consortium that another leads."""

    __tablename__ = "consortium_consents"

    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    lead_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    at: Mapped[datetime] = mapped_column(TIME)


class ProposalShareRow(Base):
    """A holder's word on one sealed proposal: its share, or that it cannot read it."""

    __tablename__ = "proposal_shares"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposals.id"), primary_key=True)
    holder: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    share: Mapped[dict[str, Any]] = mapped_column(JSONB)
