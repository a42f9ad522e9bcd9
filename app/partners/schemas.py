"""The change feed on the wire."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.platform.access import Actor
from app.platform.journal import JournalEvent, is_insider
from app.platform.schema import UtcView, View
from app.shared.canonical import salted_digest


class EventView(View):
    """A journal event: enough to recompute its subject's hash chain."""

    market_id: UUID
    subject: str
    subject_id: UUID
    subject_version: Annotated[int, Field(description="Apply in this order; hold back over a gap")]
    type: str
    market_at: UtcView
    recorded_at: UtcView
    public: dict[str, Any]
    restricted: Annotated[
        dict[str, Any] | None, Field(description="Null outside the event's audience")
    ]
    restricted_salt: Annotated[str | None, Field(description="Hex, with ``restricted``")]
    restricted_digest: Annotated[str, Field(description="SHA-256(salt ‖ RFC 8785 restricted)")]
    hash: Annotated[str, Field(description="Chain head after this event")]

    @classmethod
    def of(cls, event: JournalEvent, actor: Actor) -> Self:
        """Return the event as this actor may see it."""
        insider = is_insider(event, actor)
        return cls(
            market_id=event.market_id,
            subject=event.subject,
            subject_id=event.subject_id,
            subject_version=event.subject_version,
            type=event.type,
            market_at=event.market_at,
            recorded_at=event.recorded_at,
            public=event.public,
            restricted=event.restricted if insider else None,
            restricted_salt=event.salt.hex() if insider else None,
            restricted_digest=salted_digest(event.restricted, event.salt),
            hash=event.hash,
        )


class FeedPage(View):
    """Events and where to go on; an empty page repeats the cursor: ask again later."""

    items: list[EventView]
    next: str
