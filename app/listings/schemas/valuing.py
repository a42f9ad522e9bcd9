"""Body and view of opening a valuation."""

from typing import Self
from uuid import UUID

from app.platform.schema import Body, Reason, View
from app.valuations.public import Valuation


class NewValuation(Body):
    """What a valuation is for 估值目的."""

    purpose: Reason


class ValuationOpened(View):
    """An opened valuation; GET /v1/valuations/{id} has the rest."""

    id: UUID
    achievement_id: UUID
    author_id: UUID
    status: str
    version: int
    content_version: int
    content_hash: str

    @classmethod
    def of(cls, valuation: Valuation) -> Self:
        """Return the view of a valuation."""
        subject = valuation.subject
        return cls(
            id=valuation.id,
            achievement_id=subject.achievement_id,
            author_id=valuation.author_id,
            status=str(valuation.status),
            version=valuation.version,
            content_version=subject.content_version,
            content_hash=subject.content_hash,
        )
