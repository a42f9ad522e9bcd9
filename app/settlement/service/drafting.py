"""Draft versions of a deal's contract, and keep the parties' own."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import public as demands
from app.identity.public import Party, PartyKind, get_party
from app.listings import public as listings
from app.listings.public import IpAsset, IpStatus
from app.markets.public import get_market
from app.platform.access import Actor, ObjectUnknown
from app.platform.files.grants import grant_files
from app.platform.files.lookup import find_own_file
from app.settlement import repository
from app.settlement.domain.clauses import Parameters
from app.settlement.domain.contract import check_version
from app.settlement.domain.contract_text import model_of, text_hash, write_text
from app.settlement.domain.deal import TRANSITIONS, Deal, DealTrigger
from app.settlement.domain.keeping import DealSigned
from app.settlement.domain.signing import TextFileRefused, TextKind, TextUnknown, TextVersion
from app.settlement.domain.terms import PriceTerms, lump_sum
from app.settlement.domain.text_facts import TextFacts, TextParty, basis_of
from app.settlement.repository import effects, terms, texts
from app.settlement.service.effects import require_seller_side
from app.settlement.service.settling import journal_deal
from app.shared import codes
from app.shared.calendar import SHANGHAI
from app.shared.ids import FileId
from app.shared.transitions import advance

PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_STANDING: Final = {
    IpStatus.GRANTED: "已授权",
    IpStatus.PENDING: "申请中",
    IpStatus.REGISTERED: "已登记",
    IpStatus.KEPT_SECRET: "作为技术秘密保密",
    IpStatus.LAPSED: "已失效",
}


async def draft_text(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    parameters: Parameters,
    *,
    seen: str | None,
    now: datetime,
) -> TextVersion:
    """Write the next version of a deal's text from its present data.

    Raises:
        NotYours: Of the buyer.
        VersionMissing, VersionMismatch: See `check_version`.
        TransitionRefused, DealSigned: It is in default, or signed.
        ClauseDataIncomplete: See `write_text`.

    Invariants: ST30, ST34.
    """
    deal = await _lock(session, actor, deal_id, seen)
    facts = await gather(session, deal)
    number = await texts.newest_number(session, deal.id) + 1
    model = model_of(write_text(facts, parameters, number=f"{deal.number}-T{number}"))
    text = TextVersion(
        deal_id=deal.id,
        number=number,
        kind=TextKind.GENERATED,
        text_hash=text_hash(model),
        basis=basis_of(facts),
        contract_version=deal.contract_version,
        drafted_at=now,
        drafted_by=actor.ref,
        parameters=parameters,
        model=model,
    )
    return await _keep(session, actor, deal, text, now)


async def keep_own_text(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    file_id: FileId,
    *,
    seen: str | None,
    now: datetime,
) -> TextVersion:
    """Take the parties' own document as the next version; its hash is the file's.

    Raises:
        NotYours, VersionMissing, VersionMismatch, TransitionRefused, DealSigned: As `draft_text`.
        ObjectUnknown: No such file of the caller's party.
        TextFileRefused: Neither PDF nor docx.
    """
    deal = await _lock(session, actor, deal_id, seen)
    file = await find_own_file(session, actor.party_id, file_id)
    if file is None:
        raise ObjectUnknown("There is no such file of your party.", field="file_id")
    if file.media_type not in {PDF, DOCX}:
        raise TextFileRefused("Upload a document.", field="file_id", accepted=[PDF, DOCX])
    text = TextVersion(
        deal_id=deal.id,
        number=await texts.newest_number(session, deal.id) + 1,
        kind=TextKind.UPLOADED,
        text_hash=file.sha256,
        basis=basis_of(await gather(session, deal)),
        contract_version=deal.contract_version,
        drafted_at=now,
        drafted_by=actor.ref,
        parameters={},
        file_id=file_id,
        file_name=file.name,
        media_type=file.media_type,
    )
    for party_id in {deal.seller_id, deal.buyer_id} - {actor.party_id}:
        await grant_files(session, [file_id], party_id=party_id, ground_id=deal.id)
    return await _keep(session, actor, deal, text, now)


async def read_text(session: AsyncSession, deal_id: UUID, number: int) -> TextVersion:
    """Return a version of a deal's text.

    Raises:
        TextUnknown: Names the last version.
    """
    text = await texts.find_text(session, deal_id, number)
    if text is None:
        newest = await texts.newest_number(session, deal_id)
        raise TextUnknown("Versions are 1, 2, … within the deal.", maximum=newest)
    return text


async def _lock(session: AsyncSession, actor: Actor, deal_id: UUID, seen: str | None) -> Deal:
    deal = await repository.get_deal(session, deal_id, lock=True)
    check_version(seen, present=deal.contract_version)
    require_seller_side(actor, deal)
    advance(TRANSITIONS, state=deal.status, trigger=DealTrigger.SIGN)
    if deal.signed_at is not None:
        raise DealSigned("What was signed stays the text.", signed_at=deal.signed_at)
    return deal


async def _keep(
    session: AsyncSession, actor: Actor, deal: Deal, text: TextVersion, now: datetime
) -> TextVersion:
    await texts.insert_text(session, text)
    told = {
        "number": text.number,
        "kind": text.kind,
        "text_hash": text.text_hash,
        "contract_version": text.contract_version,
    }
    await journal_deal(session, deal, "text_drafted", actor, now, restricted=told)
    return text


async def gather(session: AsyncSession, deal: Deal) -> TextFacts:
    """Return all that a deal's text is written from."""
    market = await get_market(session, deal.market_id)
    told: dict[str, Any] = await (_of_listing if deal.demand_id is None else _of_demand)(
        session, deal
    )
    return TextFacts(
        exchange=market.name_zh,
        deal_number=deal.number,
        confirmed_on=deal.confirmed_at.astimezone(SHANGHAI).date(),
        price=deal.price,
        seller=_party(await get_party(session, deal.seller_id)),
        buyer=_party(await get_party(session, deal.buyer_id)),
        contract=await repository.get_contract(session, deal.id),
        terms=await _terms(session, deal),
        conditions=await effects.conditions_of(session, deal.id),
        **told,
    )


async def _terms(session: AsyncSession, deal: Deal) -> PriceTerms:
    agreed = await terms.find_terms(session, deal.id, deal.terms_version)
    return lump_sum(deal.price) if agreed is None else agreed


def _party(party: Party) -> TextParty:
    return TextParty(
        organisation=party.kind is PartyKind.ORGANISATION,
        name=party.name,
        credit_code=party.credit_code,
        address=party.address,
        representative=party.representative,
        contact=party.contact,
        phone=party.phone,
        postcode=party.postcode,
    )


async def _of_listing(session: AsyncSession, deal: Deal) -> dict[str, Any]:
    assert deal.listing_id is not None
    listing = await listings.get_listing(session, deal.listing_id)
    content = (await listings.get_achievement(session, listing.achievement_id)).content
    return {
        "title": content.title,
        "abstract": content.abstract,
        "ip_kind": content.ip_kind,
        "rights": tuple(map(_right, content.ip_assets)),
        "conversion_mode": listing.conversion_mode,
    }


def _right(asset: IpAsset) -> str:
    number = f" {asset.number}" if asset.number else ""
    kind = codes.label("ip_kind", asset.kind)
    return f"{kind}{number}《{asset.title}》（{_STANDING[asset.status]}）"


async def _of_demand(session: AsyncSession, deal: Deal) -> dict[str, Any]:
    assert deal.demand_id is not None
    content = (await demands.get_demand(session, deal.demand_id)).content
    return {
        "title": content.title,
        "abstract": content.background,
        "ip_ownership": content.ip_ownership,
        "failure_risk_rule": content.failure_risk_rule,
        "poster_risk_bp": content.poster_risk_bp,
    }
