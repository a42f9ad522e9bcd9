"""State market views and sum them up."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import (
    CONTROL,
    Party,
    common_grounds,
    get_party,
    has_exchange_staff,
    persons_behind,
    plain_name,
    require_verified,
)
from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import NewEvent
from app.shared.ids import AchievementId, PartyId, new_id
from app.valuations.domain.market_views import (
    MarketSummary,
    MarketView,
    Opinion,
    check_opinion,
    require_distance,
    summarise,
)
from app.valuations.repository import market_views


async def state_view(
    session: AsyncSession,
    actor: Actor,
    *,
    achievement_id: AchievementId,
    owner_id: PartyId,
    completers: Sequence[str],
    content_version: int,
    opinion: Opinion,
    now: datetime,
) -> MarketView:
    """Take what the caller's party would do with a result, in place of what it said before.

    The caller of this function has checked that the party may see the result.

    Raises:
        PartyNotVerified: The exchange has not verified the party.
        MarketViewTooNear: Names the grounds.
        MarketViewInvalid: Names every fault.
        MarketViewRaced: The party stated another one at the same moment.

    Invariant: EV12, EV13.
    """
    party = await require_verified(session, actor.party_id)
    owner = await get_party(session, owner_id)
    require_distance(await _grounds(session, party, owner, completers))
    check_opinion(opinion)
    before = await market_views.find_living(session, achievement_id, party_id=party.id)
    view = MarketView(
        id=before[0].id if before else new_id(),
        version=before[0].version + 1 if before else 1,
        market_id=party.market_id,
        achievement_id=achievement_id,
        owner_id=owner_id,
        party_id=party.id,
        opinion=opinion,
        content_version=content_version,
        stated_at=now,
        stated_by=actor.ref,
    )
    await market_views.insert_view(session, view)
    event = NewEvent(
        market_id=view.market_id,
        subject="market_view",
        subject_id=view.id,
        type="market_view.stated",
        market_at=now,
        actor=actor.ref,
        restricted={
            "achievement_id": achievement_id,
            "content_version": content_version,
            "opinion": opinion,
        },
        audience=frozenset({party.id}),
    )
    await journal.append(session, event)
    return view


async def _grounds(
    session: AsyncSession, party: Party, owner: Party, completers: Sequence[str]
) -> list[str]:
    grounds = [
        *(["party"] if party.id == owner.id else []),
        *(str(ground) for ground in common_grounds(party, owner) if ground in CONTROL),
    ]
    if persons_behind(party) & set(map(plain_name, completers)):
        grounds.append("completer_behind")
    if await has_exchange_staff(session, party.id):
        grounds.append("exchange_staff")
    return grounds


async def list_views(
    session: AsyncSession, actor: Actor, achievement_id: AchievementId
) -> Sequence[MarketView]:
    """Return a result's living views: for staff all, for others their own party's.

    Invariant: EV15.
    """
    own = None if actor.viewer.staff_of is not None else actor.party_id
    return await market_views.find_living(session, achievement_id, party_id=own)


async def sum_up(session: AsyncSession, achievement_id: AchievementId) -> MarketSummary:
    """Return the sum of a result's living views, without names."""
    views = await market_views.find_living(session, achievement_id)
    return summarise([view.opinion for view in views])
