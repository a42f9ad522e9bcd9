"""Issue certificates of deals, revoke them, and say what is revoked."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import public as demands
from app.identity.public import get_party
from app.listings import public as listings
from app.markets.public import get_market
from app.platform.access import Actor
from app.platform.clock import market_now
from app.platform.signing import Signer
from app.settlement import repository
from app.settlement.domain.certificates import (
    FORMAT,
    Certificate,
    CertificateKind,
    RevocationGround,
    WitnessWithoutNotice,
    missing_for_transaction,
    public_form,
    require_nothing_missing,
    revocation_list,
    revoke,
    unpaid_of,
)
from app.settlement.domain.deal import Deal
from app.settlement.repository import certificates
from app.settlement.repository.dues import dues_of
from app.settlement.service.effects import open_conditions
from app.settlement.service.settling import journal_deal
from app.settlement.service.terms import terms_of
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, PartyId
from app.shared.jsonable import jsonable


async def issue(
    session: AsyncSession,
    signer: Signer,
    actor: Actor,
    deal_id: UUID,
    kind: CertificateKind,
    *,
    now: datetime,
) -> Certificate:
    """Return the deal's certificate of this kind that holds; issue it if there is none.

    What is signed is stored with the key's id in this transaction, under the deal's lock: who
    asks again, or at the same time, gets the same certificate.

    Raises:
        CertificateNotDue: Lists all that is missing.
        WitnessWithoutNotice: The deal is no agreement's.

    Invariants: ST190, ST191, ST193.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    earlier = await certificates.of_deal(session, deal.id)
    for known in earlier:
        if known.kind is kind and known.revoked_at is None:
            return known
    stated = await _STATE[kind](session, deal, earlier, now)
    number = await certificates.next_number(session, issued_at=now)
    facts = {
        "format": FORMAT,
        "kind": str(kind),
        "number": number,
        "issued_at": now,
        "market": await _market(session, deal.market_id),
        "nonce": secrets.token_hex(16),
        "mode": deal.source,
        **stated,
    }
    plain: dict[str, Any] = jsonable(facts)
    certificate = Certificate(
        number=number,
        deal_id=deal.id,
        market_id=deal.market_id,
        kind=kind,
        issued_at=now,
        facts=plain,
        public=public_form(plain),
        kid=await signer.active_kid(session),
    )
    await certificates.insert(session, certificate)
    told = {"number": number, "kind": kind, "facts_hash": certificate.public["facts_hash"]}
    await journal_deal(session, deal, "certified", actor, now, public=told)
    return certificate


async def _market(session: AsyncSession, market_id: MarketId) -> dict[str, str]:
    market = await get_market(session, market_id)
    return {"code": market.code, "name_zh": market.name_zh, "name_en": market.name_en}


async def _side(session: AsyncSession, party_id: PartyId) -> dict[str, str | None]:
    party = await get_party(session, party_id)
    return {"name": party.name, "credit_code": party.credit_code}


async def _object(session: AsyncSession, deal: Deal) -> dict[str, str]:
    if deal.listing_id is not None:
        listing = await listings.get_listing(session, deal.listing_id)
        return {"number": listing.number, "title": listing.title}
    assert deal.demand_id is not None
    demand = await demands.get_demand(session, deal.demand_id)
    return {"number": demand.number, "title": demand.content.title}


async def _transaction(
    session: AsyncSession, deal: Deal, earlier: Sequence[Certificate], now: datetime
) -> dict[str, Any]:
    """Return what is stated of an effective deal of which was paid what was due."""
    missing = missing_for_transaction(
        deal,
        open_conditions=[it.description for it in await open_conditions(session, deal.id)],
        unpaid=unpaid_of(deal, await dues_of(session, deal.id), now=now),
        annulled=any(
            known.revocation_ground not in {None, RevocationGround.ERROR} for known in earlier
        ),
    )
    require_nothing_missing(missing)
    contract = await repository.get_contract(session, deal.id)
    payments = await repository.payments_of(session, deal.id)
    return {
        "on": deal.confirmed_at.astimezone(SHANGHAI).date(),
        "object": await _object(session, deal),
        "seller": await _side(session, deal.seller_id),
        "buyer": await _side(session, deal.buyer_id),
        "deal": {
            "number": deal.number,
            "start": deal.start,
            "price": deal.price,
            "premium_rate": deal.premium_rate,
            "confirmed_at": deal.confirmed_at,
            "signed_at": deal.signed_at,
            "effective_at": deal.effective_at,
            "contract_type": contract.contract_type,
            "contract_hash": deal.signed_text_hash,
        },
        "payment": {
            "mode": (await terms_of(session, deal)).payment_mode,
            "paid": deal.paid,
            "last_received_at": max((it.received_at for it in payments), default=None),
        },
    }


async def _witness(
    session: AsyncSession, deal: Deal, _earlier: Sequence[Certificate], _now: datetime
) -> dict[str, Any]:
    """Return what is stated of an agreement's notice that was public; invariant ST198."""
    if deal.source != listings.PricingMode.AGREEMENT or deal.listing_id is None:
        raise WitnessWithoutNotice(
            "The deal was not found by agreement.", field="kind", accepted=["transaction"]
        )
    known = await listings.notices_of(session, deal.listing_id)
    closed = [notice for notice in known if notice.status == "closed"]
    if not closed or closed[-1].closes_at is None:
        raise WitnessWithoutNotice("No notice passed its period.", field="kind")
    notice = closed[-1]
    met = await listings.objections_to(session, notice)
    return {
        "on": notice.published_at.astimezone(SHANGHAI).date(),
        "object": await _object(session, deal),
        "seller": await _side(session, deal.seller_id),
        "buyer": await _side(session, deal.buyer_id),
        "deal": {"number": deal.number, "confirmed_at": deal.confirmed_at},
        "notice": {
            "number": notice.number,
            "content_hash": notice.content_hash,
            "published_at": notice.published_at,
            "closed_at": notice.closes_at,
            "objections": sum(met.values()),
            "objections_by_outcome": dict(sorted(met.items())),
        },
    }


_STATE = {
    CertificateKind.TRANSACTION: _transaction,
    CertificateKind.NOTICE_WITNESS: _witness,
}


async def revoke_certificate(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: str,
    *,
    ground: RevocationGround,
    reason: str,
    now: datetime,
) -> Certificate:
    """Revoke a certificate, for ever; the next revocation list names it.

    Raises:
        CertificateUnknown: Not one of this deal.
        CertificateRevoked: It was revoked before.

    Invariant: ST194.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    certificate = await certificates.get(session, number, deal_id=deal.id)
    revoked = revoke(certificate, ground=ground, reason=reason, now=now)
    await certificates.save_revocation(session, revoked)
    await journal_deal(
        session,
        deal,
        "certificate_revoked",
        actor,
        now,
        public={"number": number, "ground": ground},
        restricted={"reason": reason},
    )
    return revoked


async def signed_revocations(session: AsyncSession, signer: Signer, market_id: MarketId) -> str:
    """Return a market's signed list of revocations as of now.

    Raises:
        MarketUnknown: There is no such market.
    """
    market = await get_market(session, market_id)
    revoked = await certificates.revoked(session, market_id)
    now = await market_now(session, market_id)
    kid = await signer.active_kid(session)
    listed: Mapping[str, Any] = revocation_list(revoked, market=market.code, now=now)
    return signer.sign(kid, dict(listed))
