"""Find who can solve a demand: teams and people by the public record, and registered experts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.public import solved_by
from app.identity.public import (
    ExpertMember,
    Party,
    find_experts,
    get_parties,
    get_party,
    members_among,
    plain_name,
)
from app.listings.public import ToldWork, told_works_beside, told_works_of, works_sold_by
from app.matching.domain.entry import Entry, EntryKind
from app.matching.domain.expert_pool import NearTeam, nearest_team
from app.matching.domain.match import Basis, Match, Verdict
from app.matching.domain.scoring import best_verdict
from app.matching.domain.standing import Background, RankedPerson, RankedTeam, rank_teams
from app.matching.domain.teams import Sale, Team, Work, fitting, group_teams, past_of
from app.matching.domain.wish import RESULTS_MAX, Wish
from app.matching.repository.entries import load_current
from app.matching.service.engine import MatchingEngine
from app.matching.service.finding import find_matches
from app.matching.service.reading import describe, wish_of_own
from app.matching.service.weighting import active_weights
from app.platform.access import Actor
from app.platform.clock import market_now
from app.settlement.public import confirmed_at_of
from app.shared.calendar import SHANGHAI
from app.shared.ids import AchievementId, PartyId
from app.valuations.public import RecusalGround, expert_facts, find_recusals, subject_facts

TEAMS_MAX: Final = 20
EXPERTS_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledExpert:
    """A registered expert near a team, for staff.

    Attributes:
        recusals: Why this expert could not judge proposals to the demand: stands near its poster.
    """

    expert: ExpertMember
    near: NearTeam
    recusals: tuple[RecusalGround, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTeams:
    """Who can solve a demand.

    Attributes:
        verdict: Of the best work; ``none`` where nobody fits.
        units: Of the teams, by id.
        pool: ``None`` for others than the market's staff.
    """

    verdict: Verdict
    basis: Basis
    excluded: Mapping[str, int]
    teams: tuple[RankedTeam, ...]
    units: Mapping[PartyId, Party]
    pool: tuple[PooledExpert, ...] | None

    @property
    def people(self) -> list[RankedPerson]:
        """The teams' people, the one for whom most speaks first."""
        everyone = [person for team in self.teams for person in team.people]
        everyone.sort(key=lambda it: (-it.standing.score, it.unit_id, it.member.plain))
        return everyone[:EXPERTS_MAX]


async def wish_of_demand(
    session: AsyncSession, actor: Actor, demand_id: UUID
) -> tuple[Entry, Wish]:
    """Return a demand and what it looks for, with its stored vector if it has one.

    Raises:
        ObjectUnknown: There is none that the actor may know.
    """
    current = (await load_current(session, [demand_id])).get(demand_id)
    if current is None:
        entry = await describe(session, actor.viewer, EntryKind.DEMAND, demand_id)
        return entry, await wish_of_own(session, entry)
    wish = await wish_of_own(session, current.entry)
    return current.entry, replace(wish, vector=current.vector, model=current.model)


async def find_teams(
    session: AsyncSession, engine: MatchingEngine, actor: Actor, demand: Entry, wish: Wish
) -> FoundTeams:
    """Return the teams behind the results that fit a demand, and for staff the experts near them.

    Its number of statements does not depend on what is found.

    Raises:
        IndexNotReady: The indexer has made no index yet.

    Invariants: MT110, MT114, MT115, MT116.
    """
    now = await market_now(session, demand.market_id)
    found = await find_matches(
        session,
        engine,
        wish,
        home=demand.market_id,
        weights=await active_weights(session, demand.market_id),
        today=now.astimezone(SHANGHAI).date(),
        limit=RESULTS_MAX,
    )
    works = fitting(found.matches)
    grouped = await _group(session, works)
    unit_ids = {team.unit_id for team in grouped}
    units = {unit.id: unit for unit in await get_parties(session, unit_ids)}
    known = await _background(session, demand, wish, units)
    teams = rank_teams(grouped, known)[:TEAMS_MAX]
    staff = actor.viewer.staff_of == demand.market_id
    return FoundTeams(
        verdict=best_verdict(works),
        basis=found.basis,
        excluded=found.excluded,
        teams=teams,
        units=units,
        pool=await _pool(session, demand, teams) if staff else None,
    )


async def _group(session: AsyncSession, works: Sequence[Match]) -> tuple[Team, ...]:
    told = await told_works_of(session, [AchievementId(match.entry_id) for match in works])
    names: defaultdict[PartyId, set[str]] = defaultdict(set)
    for work in told:
        names[work.party_id].update(work.completers or ())
    beside = await told_works_beside(session, names)
    return group_teams(works, {work.id: _work(work) for work in told}, map(_work, beside))


def _work(told: ToldWork) -> Work:
    return Work(told.id, told.party_id, {plain_name(name): name for name in told.completers or ()})


async def _background(
    session: AsyncSession, demand: Entry, wish: Wish, units: Mapping[PartyId, Party]
) -> Background:
    field = demand.facts.technology_field or ""
    sold = await works_sold_by(session, units, technology_fields=[field])
    confirmed = await confirmed_at_of(session, [sale.listing_id for sale in sold])
    solved = await solved_by(session, units, technology_field=field)
    return Background(
        sales=[
            Sale(_work(sale.work), confirmed[sale.listing_id])
            for sale in sold
            if sale.listing_id in confirmed
        ],
        solved={unit_id: past_of(moments) for unit_id, moments in solved.items()},
        regions={unit.id: unit.region_code for unit in units.values()},
        wanted_region=wish.facts.region,
    )


async def _pool(
    session: AsyncSession, demand: Entry, teams: Sequence[RankedTeam]
) -> tuple[PooledExpert, ...]:
    near = []
    for expert in await find_experts(session, demand.market_id):
        team = nearest_team(expert.unit.id, plain_name(expert.name), teams)
        if team is not None:
            near.append((expert, team))
    near.sort(key=lambda it: (-it[1].standing.score, it[0].membership_id))
    del near[EXPERTS_MAX:]
    poster = await get_party(session, demand.party_id)
    subject = subject_facts(owner=poster, completers=())
    insiders = await members_among(session, poster.id, [expert.user_id for expert, _ in near])

    def recusals(expert: ExpertMember) -> tuple[RecusalGround, ...]:
        facts = expert_facts(name=expert.name, unit=expert.unit, owner=poster)
        if expert.user_id in insiders:  # whatever unit sends it
            facts = replace(facts, party_id=poster.id)
        return find_recusals(facts, subject)

    return tuple(
        PooledExpert(expert=expert, near=team, recusals=recusals(expert)) for expert, team in near
    )
