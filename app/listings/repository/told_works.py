"""Who completed what, as everybody may read it, and what of it was sold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, cast, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import AchievementStatus
from app.listings.domain.content import Confidentiality
from app.listings.domain.listing import ListingStatus
from app.listings.models import AchievementRow, ListingRow
from app.shared.ids import AchievementId, ListingId, PartyId


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldWork:
    """A result by its owner and the people whom its public view names.

    Attributes:
        completers: As on record; ``None`` where the public view does not tell them.
    """

    id: AchievementId
    party_id: PartyId
    completers: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class SoldWork:
    """A sale of a result: its listing, which everybody may read."""

    listing_id: ListingId
    work: ToldWork


# What domain.achievement.may_see and may_see_content let everybody read; a test compares.
_TOLD: Final = and_(
    AchievementRow.status == str(AchievementStatus.ACCEPTED),
    AchievementRow.confidentiality == str(Confidentiality.PUBLIC),
)


async def told_works_of(
    session: AsyncSession, ids: Collection[AchievementId]
) -> Sequence[ToldWork]:
    """Return those of the results whose completers everybody may read, by id, in one query.

    Invariant: LS2.
    """
    return await _told(session, AchievementRow.id.in_(ids))


async def told_works_beside(
    session: AsyncSession, names: Mapping[PartyId, Collection[str]]
) -> Sequence[ToldWork]:
    """Return what else these people completed for an owner, as far as everybody may read it.

    In one query, by id.

    Args:
        names: Of people as on record, by the owner; the same spelling is looked for.

    Invariant: LS2.
    """
    wanted = [
        and_(
            AchievementRow.party_id == party_id,
            AchievementRow.completers.contains(cast([{"name": name}], JSONB)),
        )
        for party_id, people in names.items()
        for name in sorted(people)
    ]
    return await _told(session, or_(*wanted)) if wanted else []


async def _told(session: AsyncSession, which: ColumnElement[bool]) -> Sequence[ToldWork]:
    rows = await session.execute(
        select(AchievementRow.id, AchievementRow.party_id, AchievementRow.completers)
        .where(_TOLD, which)
        .order_by(AchievementRow.id)
    )
    return [_work(row.id, row.party_id, row.completers) for row in rows]


async def works_sold_by(
    session: AsyncSession, party_ids: Collection[PartyId], *, technology_fields: Collection[str]
) -> Sequence[SoldWork]:
    """Return the sold listings of parties' results of these fields, oldest first, in one query.

    Completers are told as everybody may read them now.

    Invariant: LS2.
    """
    rows = await session.execute(
        select(
            ListingRow.id.label("listing_id"),
            AchievementRow.id,
            AchievementRow.party_id,
            case((_TOLD, AchievementRow.completers)).label("completers"),
        )
        .join(AchievementRow, AchievementRow.id == ListingRow.achievement_id)
        .where(
            ListingRow.seller_id.in_(party_ids),
            ListingRow.status == str(ListingStatus.SOLD),
            AchievementRow.technology_field.in_(technology_fields),
        )
        .order_by(ListingRow.id)
    )
    return [
        SoldWork(ListingId(row.listing_id), _work(row.id, row.party_id, row.completers))
        for row in rows
    ]


def _work(
    achievement_id: UUID, party_id: UUID, completers: list[dict[str, Any]] | None
) -> ToldWork:
    return ToldWork(
        id=AchievementId(achievement_id),
        party_id=PartyId(party_id),
        completers=None if completers is None else tuple(item["name"] for item in completers),
    )
