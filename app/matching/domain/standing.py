"""How much speaks for a team and for each of its people: scores that add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, prod
from typing import Final

from app.matching.domain.factors import Compared, compare_regions
from app.matching.domain.match import Contribution, Match
from app.matching.domain.teams import NEVER, Member, Past, Sale, Team, past_of
from app.shared.ids import PartyId

# Policy, not measured: no public set says who solved what.
WEIGHTS: Final[Mapping[str, float]] = {
    "best_work": 0.6,
    "further_works": 0.1,
    "sold": 0.1,
    "solved": 0.1,
    "region": 0.1,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What speaks for somebody.

    Attributes:
        score: Sum of the contributions' points, 0 to 1.
    """

    score: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is publicly known of the units beside what fits.

    Attributes:
        sales: Of results of the demand's field.
        solved: Demands of that field, by unit.
        regions: Six digits, of those units that state one.
        wanted_region: Where the demand would like its partner.
    """

    sales: Sequence[Sale]
    solved: Mapping[PartyId, Past]
    regions: Mapping[PartyId, str | None]
    wanted_region: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedPerson:
    """One of a team, with what speaks for this person alone."""

    member: Member
    unit_id: PartyId
    sold: Past
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedTeam:
    """A team with what speaks for it.

    Attributes:
        sold: Results of the field that one of them completed; of a unit without names, those
            whose completers are not told.
        solved: By the whole unit.
    """

    team: Team
    sold: Past
    solved: Past
    standing: Standing
    people: tuple[RankedPerson, ...]


def rank_teams(teams: Sequence[Team], known: Background) -> tuple[RankedTeam, ...]:
    """Return the teams with their standing, the one for which most speaks first.

    Invariants: MT112, MT113.
    """
    ranked = [_ranked(team, known) for team in teams]
    return tuple(sorted(ranked, key=lambda it: (-it.standing.score, it.team.works[0].entry_id)))


def _ranked(team: Team, known: Background) -> RankedTeam:
    unit_id = team.unit_id
    solved = known.solved.get(unit_id, NEVER)

    def stand(works: Sequence[Match], sold: Past) -> Standing:
        return assess(
            works,
            sold=sold,
            solved=solved,
            region=known.regions.get(unit_id),
            wanted_region=known.wanted_region,
        )

    own = [sale for sale in known.sales if sale.work.unit_id == unit_id]
    people = []
    for member in team.members:
        alone = past_of(sale.at for sale in own if member.plain in sale.work.people)
        people.append(
            RankedPerson(
                member=member, unit_id=unit_id, sold=alone, standing=stand(member.works, alone)
            )
        )
    names = {member.plain for member in team.members}
    sold = past_of(
        sale.at
        for sale in own
        if (names & sale.work.people.keys() if names else not sale.work.people)
    )
    return RankedTeam(
        team=team,
        sold=sold,
        solved=solved,
        standing=stand(team.works, sold),
        people=tuple(people),
    )


def assess(
    works: Sequence[Match],
    *,
    sold: Past,
    solved: Past,
    region: str | None,
    wanted_region: str | None,
) -> Standing:
    """Return what works and past deals say for those who completed them.

    Args:
        works: What fits, best first; at least one.
        sold: Results of theirs of the demand's field.
        solved: Demands of that field that their unit has solved.
        region, wanted_region: The unit's, and where the demand would like its partner.

    Invariant: MT112.
    """
    best, *others = works
    return sum_up(
        WEIGHTS,
        {
            "best_work": Compared(
                best.score, f"最匹配的成果：{best.title}", f"best work: {best.title}"
            ),
            "further_works": Compared(
                1 - prod(1 - work.score for work in others),
                f"另有 {len(others)} 项相关成果",
                f"{len(others)} further works that fit",
            ),
            "sold": _repeated(sold, "同领域成果成交", "works of the field sold"),
            "solved": _repeated(solved, "该单位完成同领域需求", "demands of the field solved"),
            "region": compare_regions(wanted_region, region),
        },
    )


def _repeated(past: Past, zh: str, en: str) -> Compared:
    """Return what a past says: the first time counts as much as all the later ones together."""
    zh = f"{zh} {past.count} 次"
    en = f"{past.count} {en}"
    if past.last_year is not None:
        zh, en = f"{zh}，最近在 {past.last_year} 年", f"{en}, last in {past.last_year}"
    return Compared(past.count / (past.count + 1), zh, en)


def sum_up(weights: Mapping[str, float], said: Mapping[str, Compared]) -> Standing:
    """Return the standing that follows; what is unknown weighs nothing, the rest in proportion.

    Invariant: MT112.
    """
    whole = fsum(weights[name] for name, compared in said.items() if compared.value is not None)
    contributions = []
    for name, compared in said.items():
        weight = 0.0 if compared.value is None else weights[name] / whole
        contributions.append(
            Contribution(
                name=name,
                value=compared.value,
                weight=weight,
                points=weight * (compared.value or 0.0),
                note_zh=compared.note_zh,
                note_en=compared.note_en,
            )
        )
    return Standing(fsum(item.points for item in contributions), tuple(contributions))
