"""Make a dossier: gather, write, sign, keep."""

import asyncio
import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from app.auctions.public import proof_of
from app.dossiers import repository
from app.dossiers.domain.form import (
    FACTS_FILE,
    GUIDE_FILE,
    KEYS_FILE,
    MANIFEST_FILE,
    PROOF_FILE,
    REPORT_FILE,
    has_ended_auction,
    statement,
)
from app.dossiers.domain.labels import NOTICES, STATES
from app.dossiers.domain.timeline import local, timeline
from app.dossiers.repository import Dossier
from app.dossiers.service.gathering import Gathered, gather
from app.platform import journal
from app.platform.access import Actor
from app.platform.documents import render_pdf
from app.platform.files.store import FileStore
from app.platform.journal import NewEvent
from app.platform.runtime import Runtime
from app.platform.signing import key_set
from app.shared.canonical import canonical_json
from app.shared.ids import DossierId, ListingId, new_id
from app.shared.jsonable import jsonable

_TEMPLATE: Final = Path(__file__).parents[1] / "documents" / "dossier.typ"
_GUIDE: Final = """尽职证据 / Evidence dossier

report.pdf    供阅读 / to read
dossier.json  供核对：全部事件、公告、评价、估值 / to check: every event, notice and appraisal
proof.json    竞价证明文件（如有竞价） / the auction's proof, if there was one
keys.json     交易所公钥 / the exchange's public keys
manifest.jws  以上文件的签名清单 / the signed list of the files above

离线核验 / verify offline:  zhepai verify FILE.zip --keys KEYS.json
公钥请另从交易所网站取得 / get the keys from the exchange itself:  /.well-known/jwks.json
"""


async def make_dossier(runtime: Runtime, actor: Actor, listing_id: ListingId) -> Dossier:
    """Make a listing's dossier as the actor may see it, at this moment.

    Reading, rendering and keeping are apart: no document is written in a transaction.

    Raises:
        ObjectUnknown: There is no such listing.

    Invariants: DS1, DS5.
    """
    async with runtime.database.transaction() as session:
        gathered = await gather(session, actor, listing_id)
    async with runtime.database.transaction() as session:
        kid = await runtime.signer.active_kid(session)
        keys = await key_set(session)
    auction_id = gathered.listing.auction_id
    proof = None
    if auction_id is not None and has_ended_auction(gathered.facts):
        proof = await proof_of(runtime, auction_id)
    dossier_id = DossierId(new_id())
    files = await asyncio.to_thread(_write, gathered, proof, keys, str(dossier_id))
    signed = statement(
        dossier_id=str(dossier_id),
        listing_id=str(listing_id),
        listing_number=gathered.listing.number,
        made_at=jsonable(gathered.made_at),
        made_for=str(actor.role),
        files={name: sha256(content).hexdigest() for name, content in files.items()},
        heads=gathered.heads,
    )
    token = runtime.signer.sign(kid, signed).encode()
    archive = await asyncio.to_thread(_pack, {**files, MANIFEST_FILE: token}, gathered.made_at)
    store = FileStore(runtime.settings.files_path)
    dossier = Dossier(
        id=dossier_id,
        listing_id=listing_id,
        market_id=gathered.listing.market_id,
        party_id=actor.party_id,
        made_at=gathered.made_at,
        made_by=actor.ref,
        manifest=signed,
        kid=kid,
        # The bytes are durable before the row names them; a crash between leaves only bytes.
        sha256=await asyncio.to_thread(store.put, archive),
        size_bytes=len(archive),
    )
    async with runtime.database.transaction() as session:
        await repository.insert(session, dossier)
        await journal.append(session, _event(dossier))
    return dossier


def _event(dossier: Dossier) -> NewEvent:
    return NewEvent(
        market_id=dossier.market_id,
        subject="dossier",
        subject_id=dossier.id,
        type="dossier.made",
        market_at=dossier.made_at,
        actor=dossier.made_by,
        restricted={"listing_id": dossier.listing_id, "sha256": dossier.sha256},
        audience=frozenset({dossier.party_id}),
    )


def _write(
    gathered: Gathered, proof: bytes | None, keys: Mapping[str, Any], dossier_id: str
) -> dict[str, bytes]:
    files = {
        FACTS_FILE: canonical_json(gathered.facts),
        KEYS_FILE: canonical_json(keys),
        GUIDE_FILE: _GUIDE.encode(),
        REPORT_FILE: render_pdf(_TEMPLATE, _read(gathered, dossier_id), at=gathered.made_at),
    }
    return files if proof is None else {**files, PROOF_FILE: proof}


def _read(gathered: Gathered, dossier_id: str) -> dict[str, Any]:
    """Return what the readable report shows."""
    facts = gathered.facts
    return {
        "issuer": gathered.issuer,
        "dossier_id": dossier_id,
        "made_at": local(jsonable(gathered.made_at)),
        "listing": _named(facts["listing"]),
        "notices": [
            {
                **_named(notice),
                "kind": NOTICES[notice["kind"]],
                "published_at": local(notice["published_at"]),
            }
            for notice in facts["notices"]
        ],
        "deals": [_named(deal) for deal in facts["deals"]],
        "evaluations": len(facts["evaluations"]),
        "valuations": len(facts["valuations"]),
        "timeline": timeline(facts["events"], gathered.names),
    }


def _named(told: Mapping[str, Any]) -> dict[str, Any]:
    return {**told, "status": STATES[told["status"]]}


def _pack(files: Mapping[str, bytes], at: datetime) -> bytes:
    packed = io.BytesIO()
    moment = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, moment), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
