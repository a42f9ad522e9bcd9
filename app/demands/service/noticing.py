"""Tell of a demand: notices for everybody, and the journal; the caller holds its lock."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand
from app.demands.domain.notice import DemandNoticeKind, write_notice
from app.demands.repository import demands, notices
from app.platform import journal
from app.platform.journal import NewEvent
from app.shared.ids import DemandNoticeId, PartyId, new_id


async def publish_notice(
    session: AsyncSession,
    demand: Demand,
    kind: DemandNoticeKind,
    facts: Mapping[str, Any],
    *,
    what: str,
    at: datetime,
    actor: str,
    closes_at: datetime | None = None,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
    audience: frozenset[PartyId] | None = None,
) -> Demand:
    """Publish a notice, save the demand, journal it as ``demand.<what>``.

    Args:
        demand: As it shall be saved; a posting's or change's hash becomes its ``terms_hash``.
        facts: What the notice says, of values that `jsonable` knows; nothing secret.
        closes_at: When the notice's own period is over.
        public, restricted, audience: What the event says beside the notice; see `demand_event`.

    Invariant: DM7.
    """
    notice = write_notice(DemandNoticeId(new_id()), demand, kind, facts, at=at, closes_at=closes_at)
    states_terms = kind in {DemandNoticeKind.POSTING, DemandNoticeKind.CHANGE}
    published = replace(
        demand,
        notice_count=notice.seq,
        terms_hash=notice.content_hash if states_terms else demand.terms_hash,
    )
    await demands.save(session, published)
    await notices.insert(session, notice)
    told = {"notice": notice.content, "content_hash": notice.content_hash} | dict(public or {})
    event = demand_event(
        published,
        what,
        actor=actor,
        at=at,
        public=told,
        restricted=restricted,
        audience=audience,
    )
    await journal.append(session, event)
    return published


def demand_event(
    demand: Demand,
    what: str,
    *,
    actor: str,
    at: datetime,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
    audience: frozenset[PartyId] | None = None,
) -> NewEvent:
    """Return what the journal keeps of a demand.

    Args:
        public: For everybody and for ever; ``None`` while nobody else knows the demand. With
            it come the number and the round.
        restricted: For the audience and the market's operators and auditors.
        audience: ``None`` is the poster.
    """
    told: dict[str, Any] = {}
    if public is not None:
        told = {"number": demand.number, "round": demand.round} | dict(public)
    return NewEvent(
        market_id=demand.market_id,
        subject="demand",
        subject_id=demand.id,
        type=f"demand.{what}",
        market_at=at,
        actor=actor,
        public=told,
        restricted=restricted or {},
        audience=frozenset({demand.party_id}) if audience is None else audience,
    )
