"""Load a sharing under its lock, and keep it with one event a change."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.platform import journal
from app.platform.access import SYSTEM, Actor, NotYours, ObjectUnknown, Role
from app.platform.journal import NewEvent
from app.settlement.domain.sharing.awards import Sharing, Standing, as_of, standing
from app.settlement.domain.sharing.catalogue import shipped_floors
from app.settlement.domain.sharing.floors import Floor, binding
from app.settlement.domain.sharing.notices import day_in_shanghai
from app.settlement.domain.sharing.schemes import Basis
from app.settlement.repository import sharing as repository
from app.settlement.service.sharing.reminding import remind
from app.shared.ids import PartyId


def require_unit(actor: Actor, seller_id: PartyId) -> None:
    """Refuse whoever is neither of the selling unit nor of the exchange (ST144).

    A deal belongs to both sides, and the buyer's staff may sell elsewhere.

    Raises:
        NotYours: The actor works for another party.
    """
    if actor.role is Role.SELLER_STAFF and actor.party_id != seller_id:
        raise NotYours("Persons and amounts are for the unit that sold.")


async def locked(
    session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime
) -> tuple[Sharing, Standing]:
    """Lock and return a deal's sharing as its deadline has decided it, with its figures.

    Raises:
        ObjectUnknown: The deal has none.
        NotYours: It is another unit's.
    """
    found = await repository.find_of_deal(session, deal_id, lock=True)
    if found is None:
        raise ObjectUnknown("The deal has no sharing yet.")
    require_unit(actor, found.seller_id)
    sharing = await conclude_if_over(session, found, now=now)
    return sharing, await figures(session, sharing)


async def figures(session: AsyncSession, sharing: Sharing) -> Standing:
    """Return who gets what and who got what."""
    incomes = await repository.incomes_of(session, sharing.deal_id)
    return standing(sharing.plan, incomes, await repository.award_payments_of(session, sharing.id))


async def conclude_if_over(session: AsyncSession, sharing: Sharing, *, now: datetime) -> Sharing:
    """Keep that a notice is over, if its stored deadline has passed (ST141)."""
    decided = as_of(sharing, now)
    if decided is sharing or decided.final_at is None:
        return sharing
    return await keep(session, decided, "finalised", SYSTEM, decided.final_at)


async def keep(
    session: AsyncSession,
    sharing: Sharing,
    what: str,
    actor: Actor | str,
    at: datetime,
    *,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
) -> Sharing:
    """Write a sharing with its due day, journal the change, and set its reminder.

    The public reads that something happened; persons and amounts are for the unit (ST144).
    """
    kept = replace(sharing, due_on=(await figures(session, sharing)).due_on)
    await repository.save_sharing(session, kept)
    event = sharing_event(kept, what, actor, at, public=public, restricted=restricted)
    await journal.append(session, event)
    await remind(session, kept, now=at)
    return kept


def sharing_event(
    sharing: Sharing,
    what: str,
    actor: Actor | str,
    at: datetime,
    *,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
) -> NewEvent:
    """Return the event of what happened to a sharing."""
    told = {"seller_id": sharing.seller_id, "status": sharing.status, "version": sharing.version}
    return NewEvent(
        market_id=sharing.market_id,
        subject="sharing",
        subject_id=sharing.id,
        type=f"sharing.{what}",
        market_at=at,
        actor=actor if isinstance(actor, str) else actor.ref,
        public={"deal_id": sharing.deal_id, "number": sharing.number} | dict(public or {}),
        restricted=told | dict(restricted or {}),
        audience=frozenset({sharing.seller_id}),
    )


async def floors_of(
    session: AsyncSession, seller_id: PartyId, basis: Basis, *, now: datetime
) -> tuple[Floor, ...]:
    """Return the minima of law that bind a unit today."""
    unit = await get_party(session, seller_id)
    return binding(
        shipped_floors(),
        basis=basis,
        seller_class=unit.seller_class,
        region_code=unit.region_code,
        on=day_in_shanghai(now),
    )
