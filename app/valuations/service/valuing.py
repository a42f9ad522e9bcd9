"""Open, replace, sign and revoke valuations."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.markets.public import get_market
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown, Role
from app.platform.journal import NewEvent
from app.platform.signing import Signer
from app.shared.canonical import digest
from app.shared.ids import ValuationId, new_id
from app.shared.transitions import advance
from app.valuations.domain.valuation import (
    VALUATION_TRANSITIONS,
    BasePrice,
    SignedValuation,
    Valuation,
    ValuationAuthorOnly,
    ValuationStatus,
    ValuationSubject,
    ValuationTrigger,
    check_seen,
    signed_content,
)
from app.valuations.repository import valuations
from app.valuations.service.comparing import check_quoted


async def open_valuation(
    session: AsyncSession, actor: Actor, *, subject: ValuationSubject, purpose: str, now: datetime
) -> Valuation:
    """Open a valuation of a result with its facts as they are now; its inputs come later."""
    valuation = Valuation(
        id=ValuationId(new_id()),
        subject=subject,
        author_id=actor.party_id,
        author=actor.ref,
        status=ValuationStatus.DRAFT,
        version=1,
        purpose=purpose,
        document=None,
        results=None,
        drafted_at=now,
    )
    await valuations.insert_valuation(session, valuation)
    await _note(session, valuation, "drafted", actor.ref, now)
    return valuation


async def _take(
    session: AsyncSession, valuation_id: UUID, trigger: ValuationTrigger
) -> tuple[Valuation, Valuation]:
    """Lock a valuation; return it as it is and as the trigger leaves it."""
    found = await valuations.find(session, valuation_id, lock=True)
    if found is None:
        raise ObjectUnknown("There is no such valuation.")
    status = advance(VALUATION_TRANSITIONS, state=found.status, trigger=trigger)
    return found, replace(found, status=status)


def require_author(actor: Actor, valuation: Valuation) -> None:
    """Refuse whoever did not make the valuation.

    Raises:
        ValuationAuthorOnly: Another party made it, or another expert of the same unit.
    """
    same = actor.party_id == valuation.author_id
    if not same or (actor.role is Role.EXPERT and actor.ref != valuation.author):
        raise ValuationAuthorOnly("Ask who made it, or make one of your own.")


async def check_draft(
    session: AsyncSession, actor: Actor, valuation_id: UUID, document: Mapping[str, Any]
) -> None:
    """Refuse what could never be put in the place of a draft, before anything is computed.

    Version and state are for `replace_draft`: a repeated request has changed them itself.

    Raises:
        ObjectUnknown, ValuationAuthorOnly: It is not the caller's.
        ComparableMismatch: A quoted comparable is not the recorded one.
    """
    found = await valuations.find(session, valuation_id)
    if found is None:
        raise ObjectUnknown("There is no such valuation.")
    require_author(actor, found)
    await check_quoted(session, found.subject.market_id, document)


async def replace_draft(
    session: AsyncSession,
    actor: Actor,
    valuation_id: UUID,
    *,
    document: Mapping[str, Any],
    results: Mapping[str, Any],
    seen: str | None,
    now: datetime,
) -> Valuation:
    """Put document and computed results in the place of a draft.

    Raises:
        ObjectUnknown, ValuationAuthorOnly, TransitionRefused: It is not the caller's draft.
        ValuationVersionMissing, ValuationOutdated: It is not the draft that was read.

    Invariant: VA13. Of two replacements of one version the row lock lets one through.
    """
    found, moved = await _take(session, valuation_id, ValuationTrigger.REPLACE)
    require_author(actor, found)
    check_seen(seen, found)
    moved = replace(moved, version=found.version + 1, document=document, results=results)
    await valuations.save(session, moved)
    told = {"version": moved.version, "document_hash": digest(document)}
    await _note(session, moved, "replaced", actor.ref, now, restricted=told)
    return moved


async def sign_valuation(
    session: AsyncSession,
    signer: Signer,
    actor: Actor,
    valuation_id: UUID,
    base_price: BasePrice,
    *,
    seen: str | None,
    now: datetime,
) -> tuple[Valuation, SignedValuation]:
    """Sign a draft with its base price; the author's earlier one of the result is superseded.

    Raises:
        ObjectUnknown, ValuationAuthorOnly, TransitionRefused: It is not the caller's draft.
        ValuationVersionMissing, ValuationOutdated: It is not the draft that was read.
        ValuationUnsigned, ValuationExpired, ValuationInvalid: See `signed_content`.

    Invariant: VA14, VA15, VA17. Two signatures at once of one author wait for each other at
    the author's rows, which are locked in id order.
    """
    known = await valuations.find(session, valuation_id)
    if known is None:
        raise ObjectUnknown("There is no such valuation.")
    require_author(actor, known)
    others = await valuations.lock_of_author(session, known.subject.achievement_id, known.author_id)
    found, moved = await _take(session, valuation_id, ValuationTrigger.SIGN)
    check_seen(seen, found)
    content = signed_content(found, base_price, await _names(session, found), now=now)
    kid = await signer.active_kid(session)
    signed = SignedValuation(
        valuation_id=found.id,
        content=content,
        content_hash=digest(content),
        kid=kid,
        jws=signer.sign(kid, content),
        signed_at=now,
    )
    for other in others:
        if other.id != found.id and other.status is ValuationStatus.SIGNED:
            await _supersede(session, other, found.id, actor.ref, now)
    moved = replace(moved, signed_at=now)
    await valuations.save(session, moved)
    await valuations.insert_signed(session, signed)
    told = {"kid": kid, "base_price": base_price.price}
    await _note(
        session,
        moved,
        "signed",
        actor.ref,
        now,
        public={"content_hash": signed.content_hash},
        restricted=told,
    )
    return moved, signed


async def _supersede(
    session: AsyncSession, other: Valuation, by: ValuationId, actor: str, now: datetime
) -> None:
    status = advance(VALUATION_TRANSITIONS, state=other.status, trigger=ValuationTrigger.SUPERSEDE)
    older = replace(other, status=status, ended_at=now)
    await valuations.save(session, older)
    await _note(session, older, "superseded", actor, now, restricted={"by": by})


async def revoke_valuation(
    session: AsyncSession, actor: Actor, valuation_id: UUID, *, reason: str, now: datetime
) -> Valuation:
    """Revoke a signed valuation, which stays readable: its author, or the exchange.

    Raises:
        ObjectUnknown, ValuationAuthorOnly, TransitionRefused: See each.

    Invariant: VA16.
    """
    found, moved = await _take(session, valuation_id, ValuationTrigger.REVOKE)
    if actor.role is not Role.OPERATOR:
        require_author(actor, found)
    moved = replace(moved, ended_at=now, reason=reason)
    await valuations.save(session, moved)
    await _note(
        session,
        moved,
        "revoked",
        actor.ref,
        now,
        public={"revoked": True},
        restricted={"reason": reason},
    )
    return moved


async def _names(session: AsyncSession, valuation: Valuation) -> dict[str, str]:
    owner = await get_party(session, valuation.subject.owner_id)
    author = await get_party(session, valuation.author_id)
    market = await get_market(session, valuation.subject.market_id)
    return {"exchange": market.name_zh, "owner": owner.name, "author": author.name}


async def _note(
    session: AsyncSession,
    valuation: Valuation,
    what: str,
    actor: str,
    now: datetime,
    *,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
) -> None:
    """Journal an act; a draft is its author's, what is signed is the owner's too."""
    audience = {valuation.author_id}
    if valuation.status is not ValuationStatus.DRAFT:
        audience.add(valuation.subject.owner_id)
    event = NewEvent(
        market_id=valuation.subject.market_id,
        subject="valuation",
        subject_id=valuation.id,
        type=f"valuation.{what}",
        market_at=now,
        actor=actor,
        public=public or {},
        restricted={"achievement_id": valuation.subject.achievement_id, **(restricted or {})},
        audience=frozenset(audience),
    )
    await journal.append(session, event)
