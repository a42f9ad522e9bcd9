"""Requests and responses of what staff, consignors and holders do to an auction."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.auctions.domain.ending import Ground
from app.platform.schema import Body, Instant, Line, PositiveMoney, Reason, UtcView, View


class ReasonBody(Body):
    """Why: public, and for ever in the journal."""

    reason: Annotated[Reason, Field(description="公开的理由")]


class AnnounceResumption(ReasonBody):
    """When a paused auction goes on."""

    resumes_at: Annotated[Instant, Field(description="At least the terms' notice ahead")]


class AnnulAuction(ReasonBody):
    """Why a result is void."""

    ground: Ground


class DepositReserve(Body):
    """A secret reserve 保留价; nobody reads it before the end."""

    amount: Annotated[PositiveMoney, Field(description="Not worse than the start")]


class ReserveView(View):
    """A deposited reserve as far as it is told; its salt is published with it, at the end."""

    auction_id: UUID
    commitment: str
    deposited_at: UtcView


class NotifyHolder(Body):
    """A holder of a priority right 优先购买权, notified now."""

    party_id: UUID
    rank: Annotated[int, Field(ge=1, le=100, description="1 is the best; ranks may tie")]
    basis: Annotated[Line, Field(description="Where the right comes from, e.g. 民法典 847")]


class HolderView(View):
    """A holder, and what became of its right."""

    party_id: UUID
    rank: int
    basis: str
    notified_at: UtcView
    waived_at: UtcView | None
    silent: Annotated[bool, Field(description="It took no part, which waives the right")]


class HoldersView(View):
    """All holders that the reader may see, best rank first."""

    items: list[HolderView]


Points = Annotated[list[Annotated[int, Field(ge=0, le=100)]], Field(max_length=20)]
CodeText = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,12}$")]


class ScoreBids(Body):
    """Points of all bidders, by bidder code."""

    scores: Annotated[
        dict[CodeText, Points],
        Field(min_length=1, max_length=10_000, description="In the order of the criteria"),
    ]
