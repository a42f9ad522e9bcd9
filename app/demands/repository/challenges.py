"""Challenge events in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.challenge import (
    Challenge,
    ChallengeContent,
    ChallengeStatus,
    Prize,
    PrizeFunding,
    Stage,
    StageKind,
)
from app.demands.domain.challenge_notice import ChallengeNotice
from app.demands.models import ChallengeDemandRow, ChallengeNoticeRow, ChallengeRow
from app.shared.access import Viewer
from app.shared.calendar import SHANGHAI
from app.shared.ids import ChallengeId, DemandId, MarketId, PartyId
from app.shared.jsonable import jsonable
from app.shared.money import Money


def _party(told: str | None) -> PartyId | None:
    return None if told is None else PartyId(UUID(told))


def _content(data: Mapping[str, Any]) -> ChallengeContent:
    return ChallengeContent(
        title=data["title"],
        rules=data["rules"],
        stages=tuple(
            Stage(
                kind=StageKind(item["kind"]),
                title=item["title"],
                starts_at=datetime.fromisoformat(item["starts_at"]),
                ends_at=datetime.fromisoformat(item["ends_at"]),
            )
            for item in data["stages"]
        ),
        prizes=tuple(
            Prize(
                name=item["name"],
                amount=Money.parse(item["amount"]["amount"], item["amount"]["currency"]),
                count=item["count"],
                funding=PrizeFunding(item["funding"]),
                sponsor_id=_party(item["sponsor_id"]),
                sponsor_name=item["sponsor_name"],
            )
            for item in data["prizes"]
        ),
    )


def _challenge(row: ChallengeRow) -> Challenge:
    return Challenge(
        id=ChallengeId(row.id),
        number=row.number,
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        status=ChallengeStatus(row.status),
        content=_content(row.content),
        version=row.version,
        created_at=row.created_at,
        notice_count=row.notice_count,
        terms_hash=row.terms_hash,
        announced_at=row.announced_at,
        stages_done=row.stages_done,
        ended_at=row.ended_at,
        reason=row.reason,
    )


def _columns(challenge: Challenge) -> dict[str, Any]:
    return {
        "status": str(challenge.status),
        "version": challenge.version,
        "content": jsonable(challenge.content),
        "notice_count": challenge.notice_count,
        "terms_hash": challenge.terms_hash,
        "announced_at": challenge.announced_at,
        "stages_done": challenge.stages_done,
        "ended_at": challenge.ended_at,
        "reason": challenge.reason,
    }


async def next_number(session: AsyncSession, *, now: datetime) -> str:
    """Return the next human number; a rollback leaves a gap, which is allowed."""
    value = await session.scalar(select(func.nextval("challenge_numbers")))
    return f"ZP-C-{now.astimezone(SHANGHAI).year}-{value:06}"


async def insert(session: AsyncSession, challenge: Challenge) -> None:
    """Insert a new event."""
    session.add(
        ChallengeRow(
            id=challenge.id,
            number=challenge.number,
            market_id=challenge.market_id,
            party_id=challenge.party_id,
            created_at=challenge.created_at,
            **_columns(challenge),
        )
    )
    await session.flush()


async def save(session: AsyncSession, challenge: Challenge) -> None:
    """Save everything that changes; the caller holds the row's lock."""
    await session.execute(
        update(ChallengeRow)
        .where(ChallengeRow.id == challenge.id)
        .values(_columns(challenge))
        .execution_options(synchronize_session=False)
    )


async def find(
    session: AsyncSession, challenge_id: ChallengeId, *, lock: bool = False
) -> Challenge | None:
    """Return an event, under its row lock if asked."""
    statement = select(ChallengeRow).where(ChallengeRow.id == challenge_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _challenge(row)


async def find_page(
    session: AsyncSession,
    viewer: Viewer,
    *,
    market_id: MarketId | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Challenge]:
    """Return what the viewer may know, newest first.

    Invariant: DM120.
    """
    announced = ChallengeRow.announced_at.is_not(None)
    staff = viewer.staff_of
    seen = announced if staff is None else or_(announced, ChallengeRow.market_id == staff)
    rows = await session.scalars(
        select(ChallengeRow)
        .where(
            seen,
            true() if market_id is None else ChallengeRow.market_id == market_id,
            true() if before is None else ChallengeRow.id < before,
        )
        .order_by(ChallengeRow.id.desc())
        .limit(limit)
    )
    return [_challenge(row) for row in rows]


async def insert_notice(session: AsyncSession, notice: ChallengeNotice) -> None:
    """Store a document as it is published."""
    session.add(
        ChallengeNoticeRow(
            challenge_id=notice.challenge_id,
            seq=notice.seq,
            number=notice.number,
            kind=str(notice.kind),
            content=dict(notice.content),
            content_hash=notice.content_hash,
            published_at=notice.published_at,
        )
    )
    await session.flush()


async def notices_of(
    session: AsyncSession, challenge_id: ChallengeId, *, after: int, limit: int
) -> Sequence[ChallengeNotice]:
    """Return an event's documents in the order of their publication."""
    rows = await session.scalars(
        select(ChallengeNoticeRow)
        .where(ChallengeNoticeRow.challenge_id == challenge_id, ChallengeNoticeRow.seq > after)
        .order_by(ChallengeNoticeRow.seq)
        .limit(limit)
    )
    return [ChallengeNotice.of(row) for row in rows]


async def demand_ids(session: AsyncSession, challenge_id: ChallengeId) -> Sequence[DemandId]:
    """Return the demands of an event in the order of their ids, in which they are locked."""
    found = await session.scalars(
        select(ChallengeDemandRow.demand_id)
        .where(ChallengeDemandRow.challenge_id == challenge_id)
        .order_by(ChallengeDemandRow.demand_id)
    )
    return [DemandId(demand_id) for demand_id in found]


async def event_of(session: AsyncSession, demand_id: DemandId) -> ChallengeId | None:
    """Return the event of a demand, if it takes part in one that was not cancelled."""
    found: UUID | None = await session.scalar(
        select(ChallengeRow.id)
        .join(ChallengeDemandRow, ChallengeDemandRow.challenge_id == ChallengeRow.id)
        .where(
            ChallengeDemandRow.demand_id == demand_id,
            ChallengeRow.status != str(ChallengeStatus.CANCELLED),
        )
    )
    return None if found is None else ChallengeId(found)


async def attach(
    session: AsyncSession, challenge_id: ChallengeId, demand_id: DemandId, *, at: datetime
) -> None:
    """Let a demand take part in an event; one that was cancelled loses it."""
    values = {"challenge_id": challenge_id, "attached_at": at}
    await session.execute(
        upsert(ChallengeDemandRow)
        .values(demand_id=demand_id, **values)
        .on_conflict_do_update(index_elements=[ChallengeDemandRow.demand_id], set_=values)
    )
