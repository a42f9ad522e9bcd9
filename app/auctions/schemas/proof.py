"""What is shown of published chain heads."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.platform.journal import JournalEvent
from app.platform.schema import UtcView, View
from app.shared.canonical import salted_digest


class HeadView(View):
    """Where an auction's chain stood."""

    auction_id: UUID
    version: int
    hash: str


class HeadLogView(View):
    """One publication: a link of the log of heads, with what it takes to recompute it."""

    subject_id: Annotated[UUID, Field(description="UUIDv5 of the market's id and 'chain-heads'")]
    subject_version: int
    market_at: UtcView
    heads: list[HeadView]
    restricted_digest: str
    hash: str

    @classmethod
    def of(cls, event: JournalEvent) -> Self:
        """Read an event of the log."""
        return cls(
            subject_id=event.subject_id,
            subject_version=event.subject_version,
            market_at=event.market_at,
            heads=[HeadView(**head) for head in event.public["heads"]],
            restricted_digest=salted_digest(event.restricted, event.salt),
            hash=event.hash,
        )
