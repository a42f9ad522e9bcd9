"""Sign a version of a deal's text, each side for itself; both signatures sign the deal."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import Party, PartyKind, get_party
from app.markets.public import get_market
from app.platform.access import Actor, NotYours, ObjectUnknown
from app.platform.db import Database
from app.platform.files.grants import grant_files
from app.platform.files.lookup import find_own_file, read_content
from app.settings import Settings
from app.settlement import repository
from app.settlement.domain.deal import Deal, Side
from app.settlement.domain.esignature import CertificateFacts
from app.settlement.domain.signing import (
    Signatory,
    Signature,
    TextKind,
    TextVersion,
    check_signable,
    check_signatory,
    side_of,
)
from app.settlement.domain.text_facts import basis_of
from app.settlement.repository import texts
from app.settlement.service.contract_files import to_docx, to_pdf
from app.settlement.service.drafting import DOCX, PDF, gather, read_text
from app.settlement.service.keeping import record_signing
from app.settlement.service.settling import journal_deal
from app.settlement.service.signing_files import PROVIDER, Exported
from app.shared.ids import FileId

_BY_ACCOUNT: Final = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a signatory states: which text it read, who it is, and what it agrees to."""

    text_hash: str
    signatory: Signatory
    naming_consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What an e-signature's provider showed."""

    provider: str
    evidence: Mapping[str, Any]
    signed_file_id: FileId


def _require_side(actor: Actor, deal: Deal) -> Side:
    side = side_of(deal, actor.party_id)
    if side is None:
        raise NotYours("Each side signs for itself.")
    return side


async def sign_text(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: int,
    statement: Statement,
    *,
    now: datetime,
    proof: Proof | None = None,
) -> tuple[Deal, TextVersion, Sequence[Signature]]:
    """Put a side's signature under a text; with the second one the deal is signed.

    The deal's lock decides between signatures and new versions that come at once.

    Raises:
        NotYours: Neither seller nor buyer.
        TextUnknown: No such version.
        TransitionRefused, DealSigned, TextSuperseded, TextStale, TextHashDiffers, SideSigned:
            See `check_signable`.
        SignatoryUnfit: See `check_signatory`.
        ObjectUnknown: The authorisation is no file of the caller's party.

    Invariants: ST35, ST37, ST38, ST40.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    side = _require_side(actor, deal)
    text = await read_text(session, deal.id, number)
    given = [found for _, found in await texts.signatures_of(session, deal.id, number)]
    check_signable(
        deal,
        text,
        given,
        side,
        newest=await texts.newest_number(session, deal.id),
        basis=basis_of(await gather(session, deal)),
        text_hash=statement.text_hash,
    )
    await _check_signatory(session, actor, statement.signatory)
    # Who waited for the lock signs behind who held it.
    at = max([now, *(known.signed_at for known in given)])
    signature = _signature(actor, side, text, statement, proof, at)
    await texts.insert_signature(session, deal.id, number, signature)
    await _show_files(session, deal, signature)
    told = {"number": number, "signature": signature}
    await journal_deal(session, deal, "text_signed", actor, at, restricted=told)
    both = [*given, signature]
    if {known.side for known in both} == set(Side):
        deal = await record_signing(
            session,
            actor,
            deal.id,
            signed_at=at,
            text_hash=text.text_hash,
            now=at,
            naming_consent=any(known.naming_consent for known in both),
        )
    return deal, text, both


def _signature(
    actor: Actor,
    side: Side,
    text: TextVersion,
    statement: Statement,
    proof: Proof | None,
    at: datetime,
) -> Signature:
    return Signature(
        side=side,
        party_id=actor.party_id,
        user=actor.ref,
        signatory=statement.signatory.name,
        capacity=statement.signatory.capacity,
        text_hash=text.text_hash,
        signed_at=at,
        provider=_BY_ACCOUNT if proof is None else proof.provider,
        authorisation_id=statement.signatory.authorisation_id,
        signed_file_id=None if proof is None else proof.signed_file_id,
        evidence=None if proof is None else proof.evidence,
        naming_consent=statement.naming_consent and side is Side.BUYER,
    )


async def _check_signatory(session: AsyncSession, actor: Actor, signatory: Signatory) -> None:
    party = await get_party(session, actor.party_id)
    check_signatory(
        signatory,
        organisation=party.kind is PartyKind.ORGANISATION,
        party_name=party.name,
        representative=party.representative,
    )
    file_id = signatory.authorisation_id
    if file_id is not None and await find_own_file(session, actor.party_id, file_id) is None:
        raise ObjectUnknown("There is no such file of your party.", field="authorisation_file_id")


async def _show_files(session: AsyncSession, deal: Deal, signature: Signature) -> None:
    """Let the other side read what this one signed with."""
    other = deal.buyer_id if signature.side is Side.SELLER else deal.seller_id
    files = [it for it in (signature.authorisation_id, signature.signed_file_id) if it is not None]
    await grant_files(session, files, party_id=other, ground_id=deal.id)


@dataclass(frozen=True, slots=True)
class Source:
    """What a text's file is made from, read in one short transaction."""

    deal: Deal
    text: TextVersion
    seller: Party
    buyer: Party
    exchange: str


async def source_of(session: AsyncSession, deal_id: UUID, number: int) -> Source:
    """Return what a text's file is made from.

    Raises:
        TextUnknown: No such version.
    """
    deal = await repository.get_deal(session, deal_id)
    return Source(
        deal=deal,
        text=await read_text(session, deal.id, number),
        seller=await get_party(session, deal.seller_id),
        buyer=await get_party(session, deal.buyer_id),
        exchange=(await get_market(session, deal.market_id)).name_zh,
    )


async def export(settings: Settings, source: Source, media_type: str = PDF) -> tuple[Exported, str]:
    """Return a text as a file with its media type; takes no connection.

    An uploaded text is what was uploaded, whichever form was asked for.
    """
    text = source.text
    if text.kind is TextKind.UPLOADED:
        assert text.file_name is not None
        assert text.media_type is not None
        content = await read_content(settings, text.text_hash)
        return Exported(name=text.file_name, content=content), text.media_type
    assert text.model is not None
    name = str(text.model["number"])
    told: dict[str, Any] = {"text_hash": text.text_hash, "exchange": source.exchange}
    if media_type == DOCX:
        content = await asyncio.to_thread(to_docx, text.model, **told)
        return Exported(name=f"{name}.docx", content=content), DOCX
    content = await asyncio.to_thread(to_pdf, text.model, **told, drafted_at=text.drafted_at)
    return Exported(name=f"{name}.pdf", content=content), PDF


async def make_package(settings: Settings, source: Source) -> bytes:
    """Return the package that goes out to be signed; takes no connection."""
    file, _ = await export(settings, source)
    sides = {Side.SELLER: source.seller.name, Side.BUYER: source.buyer.name}
    return await asyncio.to_thread(
        PROVIDER.package,
        source.text,
        file,
        deal_number=source.deal.number,
        sides={str(side): name for side, name in sides.items()},
    )


async def prove(
    database: Database,
    settings: Settings,
    actor: Actor,
    deal_id: UUID,
    number: int,
    *,
    signed_file_id: FileId,
    certificate: CertificateFacts,
    signatory: str,
    now: datetime,
) -> Proof:
    """Check a signed file against its text, in no transaction.

    Raises:
        NotYours, TextUnknown: As `sign_text`.
        ObjectUnknown: No such file of the caller's party.
        SignedFileUnfit: See `check_signed_file`.

    Invariant: ST39.
    """
    async with database.transaction() as session:
        source = await source_of(session, deal_id, number)
        side = _require_side(actor, source.deal)
        row = await find_own_file(session, actor.party_id, signed_file_id)
        if row is None:
            raise ObjectUnknown("There is no such file of your party.", field="signed_file_id")
        sha256 = row.sha256
    file, _ = await export(settings, source)
    signed = await read_content(settings, sha256)
    party = source.seller if side is Side.SELLER else source.buyer
    evidence = await asyncio.to_thread(
        PROVIDER.accept,
        source.text,
        file,
        signed,
        certificate,
        names=(party.name, signatory),
        now=now,
    )
    return Proof(provider=certificate.provider, evidence=evidence, signed_file_id=signed_file_id)
