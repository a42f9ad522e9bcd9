"""Teams 团队: who, by the public record, has completed what fits a demand.

A person is a name on record at one unit: the same name at another unit is somebody else, and
somebody whom no public view names belongs to no team. Results whose completers are not told stand
for their unit without a name, all together, so that not even their grouping says who made them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.matching.domain.match import Match, Verdict
from app.shared.calendar import SHANGHAI
from app.shared.ids import PartyId

_People = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Work:
    """A result by the people whom everybody may read as its completers.

    Attributes:
        people: Their names as on record, by the plain name that tells them apart; empty where
            they are not told.
    """

    id: UUID
    unit_id: PartyId
    people: _People


@dataclass(frozen=True, slots=True)
class Sale:
    """A result that was sold, and when its deal was confirmed, aware."""

    work: Work
    at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a team.

    Attributes:
        plain: The name as it is compared.
        works: What fits and this person completed, best first; never empty.
    """

    name: str
    plain: str
    works: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """People of a unit who belong together by what they completed, or the unit without names.

    Attributes:
        members: Who speaks for most, first; empty where nobody is told.
        works: What fits and they completed, best first; never empty.
    """

    unit_id: PartyId
    members: tuple[Member, ...]
    works: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """How often something came to a good end, and in which year the last time, in Shanghai."""

    count: int = 0
    last_year: int | None = None


NEVER: Final = Past()


def past_of(moments: Iterable[datetime]) -> Past:
    """Return how often and when last."""
    years = [moment.astimezone(SHANGHAI).year for moment in moments]
    return Past(len(years), max(years)) if years else NEVER


def fitting(matches: Sequence[Match]) -> tuple[Match, ...]:
    """Return those matches that speak for anybody, best first."""
    suitable = (match for match in matches if match.verdict is not Verdict.NONE)
    return tuple(sorted(suitable, key=lambda match: (-match.score, match.entry_id)))


def group_teams(
    matches: Sequence[Match], told: Mapping[UUID, Work], beside: Iterable[Work]
) -> tuple[Team, ...]:
    """Return the teams behind what fits, the one with the best work first.

    Two people of a unit who have each completed something that fits are in one team if they
    completed any result together, or if others of them join them; each person is in one team.

    Args:
        matches: What was found for the demand.
        told: The found results whose completers are told, by id.
        beside: What else of the same units is told; joins people who stand in it together.

    Invariants: MT110, MT111.
    """
    works = fitting(matches)
    joined = _join((told[match.entry_id] for match in works if match.entry_id in told), beside)
    groups: defaultdict[tuple[PartyId, str | None], list[Match]] = defaultdict(list)
    for match in works:
        groups[match.party_id, _group_of(told.get(match.entry_id), joined)].append(match)
    return tuple(
        Team(unit_id, _members(found, told), tuple(found)) for (unit_id, _), found in groups.items()
    )


def _group_of(work: Work | None, joined: "_Joined") -> str | None:
    if work is None or not work.people:
        return None
    return joined.head(work.unit_id, min(work.people))


def _join(works: Iterable[Work], beside: Iterable[Work]) -> "_Joined":
    joined = _Joined()
    for work in works:
        joined.add(work.unit_id, work.people)
    for work in beside:
        # Who has completed nothing that fits joins nobody.
        joined.add(work.unit_id, [name for name in work.people if joined.has(work.unit_id, name)])
    return joined


class _Joined:
    """Which people of a unit belong together: a forest of pointers to smaller names."""

    def __init__(self) -> None:
        self._above: dict[tuple[PartyId, str], str] = {}

    def has(self, unit_id: PartyId, name: str) -> bool:
        return (unit_id, name) in self._above

    def head(self, unit_id: PartyId, name: str) -> str:
        while (above := self._above[unit_id, name]) != name:
            name = above
        return name

    def add(self, unit_id: PartyId, names: Iterable[str]) -> None:
        people = list(names)
        for name in people:
            self._above.setdefault((unit_id, name), name)
        heads = {self.head(unit_id, name) for name in people}
        for head in heads:
            self._above[unit_id, head] = min(heads)


def _members(works: Sequence[Match], told: Mapping[UUID, Work]) -> tuple[Member, ...]:
    completed: defaultdict[str, list[Match]] = defaultdict(list)
    names: dict[str, str] = {}
    for match in works:
        work = told.get(match.entry_id)
        for plain, name in ({} if work is None else work.people).items():
            completed[plain].append(match)
            names.setdefault(plain, name)
    members = [Member(names[plain], plain, tuple(done)) for plain, done in completed.items()]
    return tuple(sorted(members, key=_rank))


def _rank(member: Member) -> tuple[int, float, str]:
    return -len(member.works), -member.works[0].score, member.plain
