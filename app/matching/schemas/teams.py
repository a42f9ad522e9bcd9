"""Views of who can solve a demand."""

from collections.abc import Mapping
from typing import Self
from uuid import UUID

from pydantic import Field

from app.identity.public import Party
from app.matching.domain.expert_pool import Nearness
from app.matching.domain.match import Match, Verdict
from app.matching.domain.standing import RankedPerson, RankedTeam
from app.matching.schemas.matches import BasisView, ContributionView, TermView, basis_view
from app.matching.service.teaming import FoundTeams, PooledExpert
from app.platform.schema import View
from app.shared.ids import PartyId


class PastView(View):
    """How often, and in which year the last time; never at what price."""

    count: int
    last_year: int | None


class UnitView(View):
    """Who owns the results."""

    party_id: UUID
    market_id: UUID
    name: str
    region: str | None = Field(description="GB/T 2260")


class WorkView(View):
    """A result that fits the demand."""

    achievement_id: UUID
    title: str
    verdict: Verdict
    score: float
    terms: list[TermView]

    @classmethod
    def of(cls, match: Match) -> Self:
        """Return the view of a match."""
        told = {name: getattr(match, name) for name in ("title", "verdict", "score", "terms")}
        return cls.model_validate({**told, "achievement_id": match.entry_id})


class PersonView(View):
    """A completer, as the public views of results name this person."""

    name: str
    unit_id: UUID
    works: list[UUID] = Field(description="Results that fit, best first")
    sold: PastView
    score: float
    contributions: list[ContributionView]

    @classmethod
    def of(cls, ranked: RankedPerson) -> Self:
        """Return the view of a person."""
        return cls.model_validate(
            {
                "name": ranked.member.name,
                "unit_id": ranked.unit_id,
                "works": [match.entry_id for match in ranked.member.works],
                "sold": ranked.sold,
                "score": ranked.standing.score,
                "contributions": ranked.standing.contributions,
            }
        )


class TeamView(View):
    """People of a unit who belong together; nobody is named where their results name nobody."""

    unit: UnitView
    members: list[str]
    works: list[WorkView]
    sold: PastView = Field(description="Results of the demand's field that the team completed")
    solved: PastView = Field(description="Demands of that field that the unit has solved")
    score: float
    contributions: list[ContributionView] = Field(description="Their points sum to the score")

    @classmethod
    def of(cls, ranked: RankedTeam, units: Mapping[PartyId, Party]) -> Self:
        """Return the view of a team."""
        unit = units[ranked.team.unit_id]
        return cls.model_validate(
            {
                "unit": {
                    "party_id": unit.id,
                    "market_id": unit.market_id,
                    "name": unit.name,
                    "region": unit.region_code,
                },
                "members": [member.name for member in ranked.team.members],
                "works": [WorkView.of(match) for match in ranked.team.works],
                "sold": ranked.sold,
                "solved": ranked.solved,
                "score": ranked.standing.score,
                "contributions": ranked.standing.contributions,
            }
        )


class RecusalView(View):
    """Why an expert stands too near the poster to judge proposals to the demand."""

    kind: str
    details: list[str]


class PooledExpertView(View):
    """A registered expert near a team."""

    membership_id: UUID
    name: str
    unit_id: UUID
    unit_name: str
    team: int = Field(description="Place of the team in `teams`, from 0")
    nearness: Nearness
    score: float
    contributions: list[ContributionView]
    recusals: list[RecusalView] = Field(description="Empty: none is on record")

    @classmethod
    def of(cls, pooled: PooledExpert) -> Self:
        """Return the view of a registered expert."""
        expert, near = pooled.expert, pooled.near
        return cls.model_validate(
            {
                "membership_id": expert.membership_id,
                "name": expert.name,
                "unit_id": expert.unit.id,
                "unit_name": expert.unit.name,
                "team": near.team,
                "nearness": near.nearness,
                "score": near.standing.score,
                "contributions": near.standing.contributions,
                "recusals": pooled.recusals,
            }
        )


class DemandExpertsView(View):
    """Who can solve a demand, the most suitable first; the verdict ``none`` says: nobody known."""

    demand_id: UUID
    verdict: Verdict
    basis: BasisView
    excluded: dict[str, int] = Field(
        description="By hard condition of the demand, how many results it kept out"
    )
    teams: list[TeamView]
    experts: list[PersonView] = Field(description="The teams' people, each judged alone")
    registered_experts: list[PooledExpertView] | None = Field(
        description="For the market's operators and auditors only; null for others"
    )

    @classmethod
    def of(cls, demand_id: UUID, found: FoundTeams) -> Self:
        """Return the view of what was found."""
        return cls(
            demand_id=demand_id,
            verdict=found.verdict,
            basis=basis_view(found.basis),
            excluded=dict(found.excluded),
            teams=[TeamView.of(ranked, found.units) for ranked in found.teams],
            experts=[PersonView.of(person) for person in found.people],
            registered_experts=(
                None if found.pool is None else [PooledExpertView.of(it) for it in found.pool]
            ),
        )
