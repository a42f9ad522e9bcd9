"""Dossiers over HTTP."""

from typing import Final
from uuid import UUID

from fastapi.responses import FileResponse

from app.dossiers import repository
from app.dossiers.schemas import DossierView
from app.dossiers.service.making import make_dossier
from app.platform.access import ActorDep, ObjectUnknown
from app.platform.db import SessionDep
from app.platform.files.store import FileStore
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import DossierId, ListingId

routes = router(tag="dossiers")
makers = self_transacted_router(tag="dossiers")

ROUTERS: Final = (makers, routes)


@makers.post("/listings/{listing_id}/dossiers", status_code=201)
async def create_dossier(listing_id: UUID, actor: ActorDep, runtime: RuntimeDep) -> DossierView:
    """Make the evidence dossier 尽职证据 of a listing, as of now.

    Every decision with who, when and on what basis, the notices as published, objections,
    evaluations, valuations and bids: a Chinese PDF to read, JSON to check, signed as a whole.
    `zhepai verify FILE.zip` verifies it offline.
    """
    return DossierView.model_validate(await make_dossier(runtime, actor, ListingId(listing_id)))


@routes.get("/listings/{listing_id}/dossiers")
async def list_dossiers(
    listing_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DossierView]:
    """List a listing's dossiers, newest first: the caller's own; the market's staff see all."""
    own = None if actor.viewer.staff_of is not None else actor.party_id
    before = None if cursor is None else decode_cursor(cursor, UUID)[0]
    found = await repository.of_listing(
        session, ListingId(listing_id), own, before=before, limit=limit + 1
    )
    return Page(
        items=[DossierView.model_validate(dossier) for dossier in found[:limit]],
        next=encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@routes.get("/dossiers/{dossier_id}/archive", response_class=FileResponse)
async def download_dossier(
    dossier_id: UUID, session: SessionDep, runtime: RuntimeDep
) -> FileResponse:
    """Return a dossier's archive to whom it was made for, and to the market's staff."""
    dossier = await repository.find(session, DossierId(dossier_id))
    if dossier is None:
        raise ObjectUnknown("There is no such dossier.")
    name = f"zhepai-dossier-{dossier.manifest['listing_number']}.zip"
    return FileResponse(
        FileStore(runtime.settings.files_path).path(dossier.sha256),
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "ETag": f'"{dossier.sha256}"',
        },
    )
