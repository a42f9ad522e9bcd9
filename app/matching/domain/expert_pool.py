"""Registered experts 专家库: who of them stands near a team that could solve a demand.

That somebody is registered is for the exchange's staff: it chooses its panels from them.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from app.matching.domain.factors import Compared
from app.matching.domain.standing import RankedTeam, Standing, sum_up
from app.shared.ids import PartyId


class Nearness(StrEnum):
    """What an expert is to a team."""

    COMPLETER = "completer"  # 团队成员
    NAMESAKE = "namesake"  # 与外单位完成人同名: perhaps the same person, perhaps not
    COLLEAGUE = "colleague"  # 同单位


# Policy, not measured.
WEIGHTS: Final[Mapping[str, float]] = {"team": 0.6, "nearness": 0.4}
_NEAR: Final[Mapping[Nearness, Compared]] = {
    Nearness.COMPLETER: Compared(1.0, "本人是该团队成果的完成人", "has completed the team's work"),
    Nearness.NAMESAKE: Compared(
        0.5, "与外单位完成人同名，请核实是否同一人", "a completer at another unit has this name"
    ),
    Nearness.COLLEAGUE: Compared(0.0, "与该团队同单位", "works at the team's unit"),
}


class NearTeam(NamedTuple):
    """The team that an expert is nearest to.

    Attributes:
        team: Its place among the ranked teams, from 0.
    """

    team: int
    nearness: Nearness
    standing: Standing


def nearest_team(unit_id: PartyId, plain: str, teams: Sequence[RankedTeam]) -> NearTeam | None:
    """Return the team for which an expert is worth most, the first of equals.

    Args:
        unit_id: The unit that the expert works for.
        plain: The expert's name as names are compared.

    Invariants: MT112, MT114.
    """
    near = []
    for place, ranked in enumerate(teams):
        nearness = _nearness(unit_id, plain, ranked)
        if nearness is not None:
            team = Compared(
                ranked.standing.score, f"第 {place + 1} 个团队的得分", f"score of team {place + 1}"
            )
            said = {"team": team, "nearness": _NEAR[nearness]}
            near.append(NearTeam(place, nearness, sum_up(WEIGHTS, said)))
    return max(near, key=lambda it: (it.standing.score, -it.team), default=None)


def _nearness(unit_id: PartyId, plain: str, ranked: RankedTeam) -> Nearness | None:
    named = any(member.plain == plain for member in ranked.team.members)
    if ranked.team.unit_id == unit_id:
        return Nearness.COMPLETER if named else Nearness.COLLEAGUE
    return Nearness.NAMESAKE if named else None
