"""Views of dossiers."""

from typing import Any
from uuid import UUID

from pydantic import Field

from app.platform.schema import UtcView, View


class DossierView(View):
    """A dossier that was made; its archive is fetched by id."""

    id: UUID
    listing_id: UUID
    party_id: UUID = Field(description="For whom: it holds what this party's role could see")
    made_at: UtcView
    sha256: str = Field(description="Of the archive")
    size_bytes: int
    manifest: dict[str, Any] = Field(description="What the exchange signed of it")
    kid: str
