"""The proof bundle of an ended auction, and the chain heads published while it ran."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import StreamingResponse

from app.auctions.domain.model import AuctionStatus
from app.auctions.endpoints.reading import current
from app.auctions.proof.bundle import pieces, plan
from app.auctions.repository.auctions import Auction
from app.auctions.schemas.proof import HeadLogView
from app.auctions.service.heads import log_of
from app.auctions.vault import VaultDep
from app.markets import public as markets
from app.platform import journal
from app.platform.access import Actor, ActorDep, Role
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.errors import Forbidden
from app.shared.ids import MarketId

proofs = self_transacted_router(tag="auctions")
routes = router(tag="auctions")


class Audience(StrEnum):
    """For whom a bundle is."""

    PUBLIC = "public"
    AUDITOR = "auditor"


class ProofNotForYou(Forbidden):
    """The auditor's bundle holds standing maxima and who is behind the codes."""

    code = "proof_not_for_you"
    title_zh = "审计版证明文件仅供本市场审计员和操作员"
    title_en = "The auditor's bundle is for the market's auditor and operator"


class ProofFile(StreamingResponse):
    """A bundle as a file, sent while it is read."""

    media_type = "application/json"


@proofs.get("/auctions/{auction_id}/proof", response_class=ProofFile)
async def get_proof(
    auction_id: UUID,
    actor: ActorDep,
    runtime: RuntimeDep,
    vault: VaultDep,
    audience: Annotated[
        Audience, Query(description="`auditor`: with standing maxima, for auditor and operator")
    ] = Audience.PUBLIC,
) -> ProofFile:
    """Return the proof bundle 证明文件 of an ended auction, for everybody.

    `zhepai verify FILE` recomputes from it, without network or database, the whole chain, every
    verdict and the winner. The format is in the module's README. Before the end it answers 409
    and names what is missing.
    """
    for_auditor = audience is Audience.AUDITOR
    async with runtime.database.transaction() as session:
        auction, _ = await current(session, vault, actor, auction_id)
        if for_auditor:
            _check_auditor(actor, auction)
        planned = await plan(session, runtime.signer, auction.id, for_auditor=for_auditor)
    name = f"zhepai-proof-{auction_id}.json"
    return ProofFile(
        pieces(runtime.database, runtime.signer, vault, planned),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _check_auditor(actor: Actor, auction: Auction) -> None:
    allowed = {Role.AUDITOR, Role.OPERATOR}
    if auction.state.status is AuctionStatus.CANCELLED:
        allowed = {Role.AUDITOR}  # the lot may be run again, and its maxima are worth knowing
    if actor.role not in allowed or actor.market_id != auction.market_id:
        raise ProofNotForYou("Ask for the public bundle.", accepted=[str(Audience.PUBLIC)])


def _version(key: int) -> int:
    if int(key) < 0:
        raise ValueError("no version")
    return int(key)


@routes.get("/markets/{market_id}/chain-heads")
async def list_chain_heads(
    market_id: UUID, session: SessionDep, limit: Limit = 50, cursor: str | None = None
) -> Page[HeadLogView]:
    """List the chain heads of a market's auctions as they were published, oldest first.

    Keep what you see: a bundle with another history does not pass `zhepai verify --heads`. The
    log is a hash chain itself, so none can be put in or taken out later.
    """
    await markets.get_market(session, MarketId(market_id))
    after = 0 if cursor is None else decode_cursor(cursor, _version)[0]
    found = await journal.history(session, log_of(market_id), after=after, limit=limit + 1)
    return Page(
        items=[HeadLogView.of(event) for event in found[:limit]],
        next=encode_cursor(found[limit - 1].subject_version) if len(found) > limit else None,
    )
