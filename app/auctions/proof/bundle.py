"""Build a proof bundle from the journal, page by page, however long the auction was."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.model import AuctionStatus
from app.auctions.domain.room import room
from app.auctions.proof.form import FORMAT, Fold, statement
from app.auctions.repository import heads
from app.auctions.repository.auctions import Auction, load_with_version
from app.auctions.repository.proof import Hidden, hidden
from app.auctions.service.events import lot_of
from app.auctions.vault import Vault
from app.platform import journal
from app.platform.db import Database
from app.platform.journal import JournalEvent
from app.platform.signing import Signer, key_set
from app.shared.canonical import salted_digest
from app.shared.errors import Conflict
from app.shared.ids import AuctionId
from app.shared.jsonable import jsonable
from app.shared.money import Money

PAGE: Final = 200  # some 25 ms of work a page: the event loop serves bids in between

ENDED: Final = frozenset(
    {
        AuctionStatus.AWARDED,
        AuctionStatus.FAILED,
        AuctionStatus.CONFIRMED,
        AuctionStatus.OFFERING,
        AuctionStatus.CANCELLED,
        AuctionStatus.ANNULLED,
    }
)


class ProofNotReady(Conflict):
    """An auction is proved as a whole, once it has ended."""

    code = "proof_not_ready"
    title_zh = "竞价尚未结束，证明文件尚不能生成"
    title_en = "The auction has not ended: there is no proof yet"


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a bundle is fixed before its first byte is sent.

    Attributes:
        version: Of the last event that it holds.
        for_auditor: With standing maxima and the restricted part of every event.
    """

    auction: Auction
    version: int
    for_auditor: bool
    heads: list[dict[str, Any]]
    keys: dict[str, Any]
    kid: str

    @property
    def audience(self) -> str:
        """The bundle's audience."""
        return "auditor" if self.for_auditor else "public"

    @property
    def facts(self) -> dict[str, Any]:
        """The cover: what the announcement says."""
        auction = self.auction
        told: dict[str, Any] = jsonable(
            {
                "id": auction.id,
                **lot_of(auction),
                "title": auction.title,
                "opens_at": auction.opens_at,
                "terms": auction.state.terms.as_json(),
                "licence": auction.licence,
                "rerun_of": auction.rerun_of,
            }
        )
        return told

    @property
    def result(self) -> dict[str, Any]:
        """How the auction stands: by its public room."""
        shown = jsonable(room(self.auction.state))
        return {
            "status": shown["status"],
            "bidder_code": shown["leader_code"],
            "price": shown["leading"],
        }

    def reveals(self, row: Hidden) -> bool:
        """Tell whether a commitment is opened in this bundle.

        Standing maxima are the auditor's. Nothing sealed is read where nothing was opened.
        """
        if row.kind == "limit":
            return self.for_auditor
        state = self.auction.state
        return state.status is not AuctionStatus.CANCELLED or state.terms.sealing is None


async def plan(
    session: AsyncSession, signer: Signer, auction_id: AuctionId, *, for_auditor: bool
) -> Plan:
    """Fix what a bundle will hold.

    Raises:
        ProofNotReady: Names what is missing.
    """
    auction, version = await load_with_version(session, auction_id)
    state = auction.state
    if state.status not in ENDED:
        raise ProofNotReady(
            "Come back when the auction has ended.",
            state=str(state.status),
            missing=_missing(state.status),
            deadline_at=state.deadline_at,
        )
    kid = await signer.active_kid(session)  # makes the first key, where nothing was signed yet
    published = await heads.of_auction(session, auction_id, up_to=version)
    return Plan(
        auction=auction,
        version=version,
        for_auditor=for_auditor,
        heads=[{"version": head.version, "hash": head.hash} for head in published],
        keys=await key_set(session),
        kid=kid,
    )


def _missing(status: AuctionStatus) -> list[str]:
    if status is AuctionStatus.SCHEDULED:
        return ["opening", "result"]
    return ["openings", "result"] if status is AuctionStatus.OPENING else ["result"]


async def pieces(
    database: Database, signer: Signer, vault: Vault, plan: Plan
) -> AsyncIterator[bytes]:
    """Yield the file piece by piece; each page of it is read in a transaction of its own.

    What is read never changes any more, so pages fit together. The signature comes last: by
    then everything has passed by.
    """
    opening = {"format": FORMAT, "audience": plan.audience, "auction": plan.facts}
    yield _text(opening)[:-1].encode() + b',\n"events":['
    after, head = 0, ""
    while after < plan.version:
        async with database.transaction() as session:
            size = min(PAGE, plan.version - after)
            events = await journal.history(session, plan.auction.id, after=after, limit=size)
            told = [_event(event, for_auditor=plan.for_auditor) for event in events]
        yield _items(told, first=after == 0)
        after, head = told[-1]["version"], told[-1]["hash"]
    yield b'],\n"reveals":['
    fold, after = Fold(), 0
    while True:
        async with database.transaction() as session:
            # Late bids are still refused and chained, behind what this bundle holds.
            up_to = plan.auction.state.judged_count
            rows = await hidden(session, plan.auction.id, after=after, up_to=up_to, limit=PAGE)
        if not rows:
            break
        after = rows[-1].sequence
        opened = [reveal_of(vault, row) for row in rows if plan.reveals(row)]
        is_first = fold.count == 0
        for reveal in opened:
            fold.add(reveal)
        yield _items(opened, first=is_first)
    signed = statement(
        audience=plan.audience,
        auction=plan.facts,
        chain=(plan.version, head),
        reveals=fold.told(),
        heads=plan.heads,
        result=plan.result,
        keys=plan.keys,
    )
    closing = {
        "heads": plan.heads,
        "result": plan.result,
        "keys": plan.keys,
        "signature": signer.sign(plan.kid, signed),
    }
    yield b"],\n" + _text(closing)[1:].encode() + b"\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _items(items: list[dict[str, Any]], *, first: bool) -> bytes:
    """Return items of a list on lines of their own, with the comma before where one is due."""
    if not items:
        return b""
    joined = ",\n".join(map(_text, items))
    return ("\n" if first else ",\n").encode() + joined.encode()


def _event(event: JournalEvent, *, for_auditor: bool) -> dict[str, Any]:
    told = {
        "version": event.subject_version,
        "type": event.type,
        "market_at": jsonable(event.market_at),
        "public": event.public,
        "restricted_digest": salted_digest(event.restricted, event.salt),
        "hash": event.hash,
    }
    if for_auditor:
        told |= {"restricted": event.restricted, "salt": event.salt.hex()}
    return told


def reveal_of(vault: Vault, row: Hidden) -> dict[str, Any]:
    """Return what opens a command's commitment."""
    told: dict[str, Any] = {"id": str(row.id), "sequence": row.sequence}
    if row.kind == "limit":
        told["kind"] = "limit"
    told["bidder_code"] = row.bidder_code
    content = row.amount if row.sealed is None else _unsealed(vault, row, row.sealed)
    if isinstance(content, Money):
        told["amount"] = content.as_json()
    else:
        told["sealed"] = content  # its opening is in the chain
    return {**told, "salt": vault.salt(row.id).hex()}


def _unsealed(vault: Vault, row: Hidden, sealed: bytes) -> Money | Mapping[str, Any]:
    """Return the exchange's own ciphertext opened, or a bid sealed to share holders as it is.

    The latter is JSON; which of them it is, the ciphertext's own authentication tells.
    """
    try:
        return vault.open(row.id, sealed)
    except InvalidTag:
        content: Mapping[str, Any] = json.loads(sealed)
        return content
