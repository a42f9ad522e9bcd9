"""Who stands behind what fits: grouped as a naive closure groups them, with scores that add up."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import fsum
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.domain.entry import EntryKind
from app.matching.domain.expert_pool import Nearness, nearest_team
from app.matching.domain.match import Match, Verdict
from app.matching.domain.standing import Background, Standing, rank_teams
from app.matching.domain.teams import Past, Sale, Team, Work, group_teams, past_of
from app.shared.ids import MarketId, PartyId

Drawn = tuple[list[Match], list[Work], list[Work]]

MARKET = MarketId(UUID(int=1))
ZJU, HDU, NBU = (PartyId(UUID(int=number)) for number in (11, 12, 13))
PEOPLE = ("许澜清", "郭一舟", "沈知微", "陆景深", "顾云帆", "叶书白")
YEAR_2025 = datetime(2025, 6, 1, tzinfo=UTC)


def match(number: int, unit: PartyId, score: float, verdict: Verdict = Verdict.STRONG) -> Match:
    return Match(
        entry_id=UUID(int=number),
        kind=EntryKind.ACHIEVEMENT,
        market_id=MARKET,
        party_id=unit,
        revision=1,
        title=f"成果{number}",
        score=score,
        text_score=score,
        verdict=verdict,
        contributions=(),
        terms=(),
        gaps=(),
    )


def work(number: int, unit: PartyId, *names: str) -> Work:
    return Work(UUID(int=number), unit, {name: name for name in names})


def told(*works: Work) -> dict[UUID, Work]:
    return {item.id: item for item in works}


def named(teams: Iterable[Team]) -> list[tuple[PartyId, set[str]]]:
    return [(team.unit_id, {member.name for member in team.members}) for team in teams]


@st.composite
def markets(draw: st.DrawFn) -> Drawn:
    """Draw matches, those of their works that are told, and what else is told of the units."""
    units = st.sampled_from((ZJU, HDU, NBU))
    crowd = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True)
    matches = [
        match(
            100 + number,
            draw(units),
            draw(st.floats(0.01, 1)),
            draw(st.sampled_from((Verdict.STRONG, Verdict.POSSIBLE, Verdict.NONE))),
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    public = [
        work(found.entry_id.int, found.party_id, *draw(crowd))
        for found in matches
        if draw(st.booleans())
    ]
    beside = [
        work(900 + number, draw(units), *draw(crowd)) for number in range(draw(st.integers(0, 4)))
    ]
    return matches, public, beside


def closure(
    matches: Sequence[Match], public: Sequence[Work], beside: Sequence[Work]
) -> set[object]:
    """Group by joining any two groups that share somebody, until none do."""
    suitable = {found.entry_id for found in matches if found.verdict is not Verdict.NONE}
    known = [item for item in public if item.id in suitable]
    able = {(item.unit_id, name) for item in known for name in item.people}
    groups = [
        frozenset((item.unit_id, name) for name in item.people) & able for item in (*known, *beside)
    ]
    groups = [group for group in groups if group]
    while True:
        pair = next(((one, two) for one, two in combinations(groups, 2) if one & two), None)
        if pair is None:
            return set(groups)
        groups = [group for group in groups if group not in pair] + [pair[0] | pair[1]]


@given(markets(), st.randoms(use_true_random=False))
def test_each_person_and_each_work_is_in_one_team_as_the_closure_says(
    market: Drawn, random: Random
) -> None:
    """MT111: whatever the order in which things are read."""
    matches, public, beside = market
    teams = group_teams(matches, told(*public), beside)
    people = [(team.unit_id, member.plain) for team in teams for member in team.members]
    assert len(people) == len(set(people))
    groups = {
        frozenset((team.unit_id, member.plain) for member in team.members)
        for team in teams
        if team.members
    }
    assert groups == closure(matches, public, beside)
    works = [found.entry_id for team in teams for found in team.works]
    assert sorted(works) == sorted(
        found.entry_id for found in matches if found.verdict is not Verdict.NONE
    )
    for shuffled in (matches, public, beside):
        random.shuffle(shuffled)
    assert group_teams(matches, told(*public), beside) == teams


@given(markets())
def test_untold_works_stand_for_their_unit_without_a_name(market: Drawn) -> None:
    """MT110: one nameless team a unit, and a named team holds told works only."""
    matches, public, beside = market
    known = told(*public)
    nameless = [team for team in group_teams(matches, known, beside) if not team.members]
    assert len({team.unit_id for team in nameless}) == len(nameless)
    untold = {found.entry_id for team in nameless for found in team.works}
    assert untold == {
        found.entry_id
        for found in matches
        if found.verdict is not Verdict.NONE and found.entry_id not in known
    }


def test_people_are_joined_by_what_they_completed_together() -> None:
    """MT111: a namesake of another unit and a third who fits nothing join nobody."""
    matches = [match(1, ZJU, 0.9), match(2, ZJU, 0.8), match(3, HDU, 0.7)]
    public = told(work(1, ZJU, "许澜清"), work(2, ZJU, "郭一舟"), work(3, HDU, "许澜清"))
    apart = [(ZJU, {"许澜清"}), (ZJU, {"郭一舟"}), (HDU, {"许澜清"})]
    assert named(group_teams(matches, public, [])) == apart
    through_a_third = [work(7, ZJU, "许澜清", "沈知微"), work(8, ZJU, "沈知微", "郭一舟")]
    assert named(group_teams(matches, public, through_a_third)) == apart
    together = group_teams(matches, public, [work(9, ZJU, "郭一舟", "许澜清")])
    assert named(together) == [(ZJU, {"许澜清", "郭一舟"}), (HDU, {"许澜清"})]
    assert [found.entry_id.int for found in together[0].works] == [1, 2]


@given(
    markets(),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 900)), max_size=6),
    st.dictionaries(st.sampled_from((ZJU, HDU, NBU)), st.sampled_from(("330106", "310104", None))),
    st.sampled_from((None, "330100", "110108")),
)
def test_every_score_is_the_sum_of_its_points(
    market: Drawn,
    sold: list[tuple[int, int]],
    regions: dict[PartyId, str | None],
    wanted: str | None,
) -> None:
    """MT112: of teams, people and experts; weights are 1 together, what is unknown has none."""
    matches, public, beside = market
    sales = [
        Sale(work(500 + index, ZJU, PEOPLE[who]), YEAR_2025 + timedelta(days=days))
        for index, (who, days) in enumerate(sold)
    ]
    known = Background(
        sales=sales, solved={HDU: Past(2, 2025)}, regions=regions, wanted_region=wanted
    )
    teams = rank_teams(group_teams(matches, told(*public), beside), known)
    standings = [team.standing for team in teams]
    standings += [person.standing for team in teams for person in team.people]
    for unit in (ZJU, HDU, NBU):
        for name in PEOPLE:
            if near := nearest_team(unit, name, teams):
                standings.append(near.standing)
    for standing in standings:
        _adds_up(standing)
    scores = [team.standing.score for team in teams]
    assert scores == sorted(scores, reverse=True)


def _adds_up(standing: Standing) -> None:
    parts = standing.contributions
    assert fsum(part.points for part in parts) == pytest.approx(standing.score, abs=1e-9)
    assert fsum(part.weight for part in parts) == pytest.approx(1, abs=1e-9)
    assert 0 <= standing.score <= 1 + 1e-9
    for part in parts:
        assert part.points == pytest.approx(part.weight * (part.value or 0), abs=1e-12)
        assert part.value is not None or part.weight == 0


def _background(*sales: Sale) -> Background:
    return Background(sales=sales, solved={}, regions={}, wanted_region=None)


def test_past_sales_count_for_those_who_completed_what_was_sold() -> None:
    """MT113: counts and the last year; a sale of another team or of another unit is not theirs."""
    matches = [match(1, ZJU, 0.6), match(2, ZJU, 0.6), match(3, ZJU, 0.6)]
    teams = group_teams(matches, told(work(1, ZJU, "许澜清"), work(2, ZJU, "郭一舟")), [])
    new_year = datetime(2025, 12, 31, 16, tzinfo=UTC)  # 2026 in Shanghai
    ranked = rank_teams(
        teams,
        _background(
            Sale(work(7, ZJU, "郭一舟", "沈知微"), YEAR_2025),
            Sale(work(7, ZJU, "郭一舟", "沈知微"), new_year),
            Sale(work(8, HDU, "许澜清"), YEAR_2025),
            Sale(work(9, ZJU), YEAR_2025),
        ),
    )
    sold = {frozenset(member.name for member in it.team.members): it.sold for it in ranked}
    assert sold == {
        frozenset({"郭一舟"}): Past(2, 2026),
        frozenset({"许澜清"}): Past(),
        frozenset(): Past(1, 2025),
    }
    assert ranked[0].people[0].sold == Past(2, 2026)
    assert [it.team.members != () for it in ranked] == [True, False, True]


def test_an_expert_is_placed_beside_the_team_that_counts_most() -> None:
    """MT114: a completer before a namesake before a colleague, and a stranger nowhere."""
    matches = [match(1, ZJU, 0.9), match(2, HDU, 0.8)]
    works = told(work(1, ZJU, "许澜清"), work(2, HDU, "郭一舟"))
    teams = rank_teams(group_teams(matches, works, []), _background())

    def near(unit: PartyId, name: str) -> tuple[int, Nearness] | None:
        found = nearest_team(unit, name, teams)
        return None if found is None else (found.team, found.nearness)

    assert near(ZJU, "许澜清") == (0, Nearness.COMPLETER)
    assert near(HDU, "许澜清") == (0, Nearness.NAMESAKE)
    assert near(ZJU, "沈知微") == (0, Nearness.COLLEAGUE)
    assert near(HDU, "沈知微") == (1, Nearness.COLLEAGUE)
    assert near(NBU, "沈知微") is None


def test_nobody_fits_where_no_work_does() -> None:
    """MT115"""
    assert group_teams([match(1, ZJU, 0.4, Verdict.NONE)], told(work(1, ZJU, "许澜清")), []) == ()
    assert past_of([]) == Past(0, None)
