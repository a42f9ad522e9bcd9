"""Valuations over HTTP; they are opened at the result, in listings."""

import asyncio
import secrets
from typing import Annotated, Final
from uuid import UUID

from fastapi import Header, Request, Response
from fastapi.responses import JSONResponse

from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import once, request_print, router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import AchievementId
from app.valuations.domain.computing import compute
from app.valuations.domain.valuation import (
    SEED_MAX,
    ValuationStatus,
    check_document,
    etag,
)
from app.valuations.schemas.valuations import (
    DocumentBody,
    RevocationBody,
    SignatureBody,
    SignedView,
    TrialView,
    ValuationSummary,
    ValuationView,
)
from app.valuations.service import valuing, valuing_reading

routes = router(tag="valuations")
computing = self_transacted_router(tag="valuations")

IfMatch = Annotated[
    str | None, Header(description="ETag of the draft as last read; required", max_length=100)
]
_JSON: Final = "json"


def _document(body: DocumentBody) -> dict[str, object]:
    document = body.document(secrets.randbelow(SEED_MAX + 1))
    check_document(document)
    return document


@computing.post("/valuations/trial")
async def try_valuation(body: DocumentBody) -> TrialView:
    """Compute a valuation's document and store nothing: what if.

    The answer holds the seed; the same document with it gives the same results, byte for byte.
    """
    document = _document(body)
    return TrialView(document=document, results=await asyncio.to_thread(compute, document))


@routes.get("/valuations")
async def list_valuations(
    actor: ActorDep,
    session: SessionDep,
    achievement_id: UUID | None = None,
    status: ValuationStatus | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[ValuationSummary]:
    """List valuations, newest first: the caller's own, and signed ones of its results."""
    found = await valuing_reading.list_valuations(
        session,
        actor,
        achievement_id=None if achievement_id is None else AchievementId(achievement_id),
        status=status,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[ValuationSummary.of(item) for item in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


@routes.get("/valuations/{valuation_id}")
async def get_valuation(
    valuation_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> ValuationView:
    """Return a valuation: its author and the exchange; the owner once it is signed."""
    found = await valuing_reading.read_valuation(session, actor, valuation_id)
    response.headers["ETag"] = etag(found.version)
    return ValuationView.of(found)


@computing.put("/valuations/{valuation_id}", response_model=ValuationView)
async def replace_valuation(
    valuation_id: UUID,
    body: DocumentBody,
    request: Request,
    actor: ActorDep,
    runtime: RuntimeDep,
    if_match: IfMatch = None,
) -> Response:
    """Give or replace a draft's inputs; the server computes all results.

    Without `If-Match` it is refused with 400, with another version than the present with 409.
    """
    document = _document(body)
    async with runtime.database.transaction() as session:
        await valuing.check_draft(session, actor, valuation_id, document)
    results = await asyncio.to_thread(compute, document)
    key: str | None = request.state.key
    printed = await request_print(request) if key is not None else b""
    async with runtime.database.transaction() as session:

        async def put(_request: Request) -> Response:
            draft = await valuing.replace_draft(
                session,
                actor,
                valuation_id,
                document=document,
                results=results,
                seen=if_match,
                now=await market_now(session, actor.market_id),
            )
            content = ValuationView.of(draft).model_dump(mode=_JSON)
            return JSONResponse(content, headers={"ETag": etag(draft.version)})

        if key is None:
            return await put(request)
        return await once(request, put, session, key, printed)


@routes.post("/valuations/{valuation_id}/signature", status_code=201)
async def sign_valuation(
    valuation_id: UUID,
    body: SignatureBody,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
    if_match: IfMatch = None,
) -> SignedView:
    """Sign the draft with the base price; from then on nothing of it changes.

    An earlier valuation of the result by the same author is superseded.
    """
    now = await market_now(session, actor.market_id)
    return SignedView.of(
        *await valuing.sign_valuation(
            session,
            runtime.signer,
            actor,
            valuation_id,
            body.base_price.base_price(),
            seen=if_match,
            now=now,
        )
    )


@routes.post("/valuations/{valuation_id}/revocation")
async def revoke_valuation(
    valuation_id: UUID, body: RevocationBody, actor: ActorDep, session: SessionDep
) -> ValuationView:
    """Revoke a signed valuation with a reason; what was signed stays readable."""
    now = await market_now(session, actor.market_id)
    return ValuationView.of(
        await valuing.revoke_valuation(session, actor, valuation_id, reason=body.reason, now=now)
    )
