"""Publish how to object, before anything is published that could be objected to."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.agreement import Procedure
from app.listings.repository import agreements
from app.platform import journal
from app.platform.access import Actor, Role
from app.platform.journal import NewEvent
from app.shared.ids import MarketId, PartyId, ProcedureId, new_id


async def publish_procedure(
    session: AsyncSession, actor: Actor, text: str, *, now: datetime
) -> Procedure:
    """Publish the way of objecting: a seller its own, an operator the exchange's.

    Source: rules.md A4.
    """
    party_id = None if actor.role is Role.OPERATOR else actor.party_id
    procedure = Procedure(
        id=ProcedureId(new_id()),
        market_id=actor.market_id,
        party_id=party_id,
        version=await agreements.next_version(session, actor.market_id, party_id),
        text=text,
        published_at=now,
    )
    await agreements.insert_procedure(session, procedure)
    event = NewEvent(
        market_id=actor.market_id,
        subject="objection_procedure",
        subject_id=procedure.id,
        type="objection_procedure.published",
        market_at=now,
        actor=actor.ref,
        public={"party_id": party_id, "version": procedure.version, "text": text},
    )
    await journal.append(session, event)
    return procedure


async def list_procedures(
    session: AsyncSession,
    *,
    market_id: MarketId | None,
    party_id: PartyId | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Procedure]:
    """Return published procedures, newest first."""
    return await agreements.find_procedures(
        session, market_id=market_id, party_id=party_id, before=before, limit=limit
    )
