"""Read valuations."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor, ObjectUnknown, Owner
from app.shared.ids import AchievementId
from app.valuations.domain.valuation import (
    SignedValuation,
    Valuation,
    ValuationStatus,
    ValuationUnsigned,
)
from app.valuations.repository import valuations


async def read_valuation(session: AsyncSession, actor: Actor, valuation_id: UUID) -> Valuation:
    """Return a valuation: its author and staff; the owner of the result once it is signed.

    Raises:
        ObjectUnknown: There is none, or it is not for the caller.

    Invariant: VA18.
    """
    found = await valuations.find(session, valuation_id)
    if found is None or not _may_see(actor, found):
        raise ObjectUnknown("There is no such valuation for you.")
    return found


def _may_see(actor: Actor, valuation: Valuation) -> bool:
    viewer = actor.viewer
    if viewer.staff_of == valuation.subject.market_id:
        return True
    if viewer.party_id == valuation.author_id:
        return True
    return (
        viewer.party_id == valuation.subject.owner_id
        and valuation.status is not ValuationStatus.DRAFT
    )


async def read_signed(
    session: AsyncSession, actor: Actor, valuation_id: UUID
) -> tuple[Valuation, SignedValuation]:
    """Return a valuation with what was signed.

    Raises:
        ObjectUnknown: It is not for the caller.
        ValuationUnsigned: It is a draft.
    """
    found = await read_valuation(session, actor, valuation_id)
    signed = await valuations.find_signed(session, valuation_id)
    if signed is None:
        raise ValuationUnsigned("A report exists once it is signed.")
    return found, signed


async def list_valuations(
    session: AsyncSession,
    actor: Actor,
    *,
    achievement_id: AchievementId | None,
    status: ValuationStatus | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Valuation]:
    """Return what the caller may see, newest first; see `read_valuation`."""
    viewer = actor.viewer
    return await valuations.find_page(
        session,
        market_id=actor.market_id,
        party_id=None if viewer.staff_of is not None else actor.party_id,
        achievement_id=achievement_id,
        status=status,
        before=before,
        limit=limit,
    )


async def owner_of(session: AsyncSession, valuation_id: UUID) -> Owner | None:
    """Return a valuation's market, and its result's owner and its author."""
    found = await valuations.find(session, valuation_id)
    if found is None:
        return None
    parties = frozenset({found.subject.owner_id, found.author_id})
    return Owner(found.subject.market_id, parties)
