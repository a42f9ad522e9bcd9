"""Who advances in a challenge event, and what a prize asks for: values in, values out."""

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest

from app.demands.domain.challenge import Challenge, PrizeFunding, StageKind
from app.demands.domain.challenge_results import (
    Award,
    DemandNotAttachable,
    DemandsNotReady,
    Entry,
    PrizeAwarded,
    PrizeNotDue,
    PrizeReferenceMissing,
    PrizeUnknown,
    StageNotOver,
    advancing,
    award_prize,
    check_attachable,
    check_demands_ready,
    names_parties,
    next_stage,
)
from app.demands.domain.content import (
    Budget,
    BudgetKind,
    Confidentiality,
    DemandContent,
)
from app.demands.domain.demand import Demand, DemandStatus
from app.shared.ids import DemandId, MarketId, PartyId, ProposalId, new_id
from tests.demands.domain.test_challenge import CONTENT, NOW, SPONSOR, challenge, day, prize

FIRST, SECOND, FINAL = CONTENT.stages
DEMAND = Demand(
    id=DemandId(new_id()),
    number="ZP-N-2026-000001",
    market_id=MarketId(new_id()),
    party_id=PartyId(new_id()),
    status=DemandStatus.POSTED,
    version=1,
    created_at=NOW,
    content=DemandContent(
        title="高温熔盐泵轴承寿命提升",
        technology_field="new_energy_efficiency",
        background="轴承寿命不足两千小时。",
        targets=(),
        due_on=date(2026, 12, 18),
        budget=Budget(kind=BudgetKind.OPEN, low=None, high=None),
        cooperation_mode="joint_development",
        ip_ownership="joint_ownership",
        failure_risk_rule="poster_bears",
        who_may_answer=(),
        confidentiality=Confidentiality.PUBLIC,
        milestones=(),
    ),
)


def entry(code: str, status: str, demand_id: DemandId = DEMAND.id) -> Entry:
    return Entry(
        demand_id=demand_id,
        proposal_id=ProposalId(new_id()),
        party_id=PartyId(new_id()),
        code=code,
        status=status,
    )


STATUSES = (
    "handed_in",
    "withdrawn",
    "opened",
    "void",
    "admitted",
    "excluded",
    "winner",
    "not_chosen",
)
ENTRIES = [entry(f"P{place}", status) for place, status in enumerate(STATUSES)]


@pytest.mark.parametrize(
    ("stage", "codes"),
    [(FIRST, "P2 P4 P5 P6 P7"), (SECOND, "P4 P6 P7"), (FINAL, "P6")],
    ids=lambda value: str(getattr(value, "kind", "")),
)
def test_who_advances_follows_from_the_reviews(stage: Any, codes: str) -> None:
    """DM124"""
    advanced = advancing(stage, ENTRIES[::-1], before=None)
    assert [found.code for found in advanced] == codes.split()
    assert advancing(stage, ENTRIES, before=set()) == ()
    assert names_parties(stage) == (stage.kind is StageKind.FINAL)


@pytest.mark.parametrize(("kind", "status"), list(product(StageKind, DemandStatus)))
def test_results_wait_for_every_demand(kind: StageKind, status: DemandStatus) -> None:
    """DM124"""
    reviewed = {"noticed", "evaluating"}
    over = {
        "contracted",
        "accepted",
        "terminated",
        "unanswered",
        "returned",  # its poster alone holds nobody's prize up
        "withdrawn",
        "refused",
        "merged",
        "split",
    }
    stage = replace(FIRST, kind=kind)
    demands = [replace(DEMAND, status=DemandStatus.ACCEPTED), replace(DEMAND, status=status)]
    if status in over or (status in reviewed and kind is not StageKind.FINAL):
        check_demands_ready(stage, demands)
    else:
        with pytest.raises(DemandsNotReady):
            check_demands_ready(stage, demands)


def test_results_come_in_order_after_each_stage() -> None:
    """DM124"""
    event = challenge()
    with pytest.raises(StageNotOver):
        next_stage(event, now=day(9))
    assert next_stage(event, now=day(10)) == FIRST
    with pytest.raises(StageNotOver):
        next_stage(replace(event, stages_done=1), now=day(19))
    assert next_stage(replace(event, stages_done=1), now=day(20)) == SECOND
    with pytest.raises(StageNotOver):
        next_stage(replace(event, stages_done=3), now=day(99))


@pytest.mark.parametrize("status", DemandStatus)
def test_a_demand_joins_while_it_is_cleared_or_posted(status: DemandStatus) -> None:
    """DM123"""
    demand = replace(DEMAND, status=status)
    if status in {DemandStatus.REVIEWED, DemandStatus.POSTED}:
        check_attachable(demand)
    else:
        with pytest.raises(DemandNotAttachable):
            check_attachable(demand)


WINNERS = [entry(f"W{place}", "winner") for place in range(3)]


def give(event: Challenge, place: int, winner: Entry, given: list[Award], **more: Any) -> Award:
    fields: dict[str, Any] = {"reference": None, "now": NOW}
    return award_prize(
        event,
        prize=place,
        winners={found.proposal_id: found for found in WINNERS},
        given=given,
        proposal_id=winner.proposal_id,
        **(fields | more),
    )


def test_a_prize_goes_once_and_to_a_winner_only() -> None:
    """DM125"""
    event = challenge()
    first, second, third = WINNERS
    given = [give(event, 0, first, [])]
    assert (given[0].place, given[0].amount) == (1, CONTENT.prizes[0].amount)
    for place, winner in ((0, second), (1, first)):
        with pytest.raises(PrizeAwarded):
            give(event, place, winner, given)
    given.append(give(event, 1, second, given))
    given.append(give(event, 1, third, given))
    assert [award.place for award in given] == [1, 1, 2]
    with pytest.raises(PrizeUnknown):
        give(event, 2, third, [])
    with pytest.raises(PrizeNotDue):
        give(event, 0, entry("P9", "not_chosen"), [])


def test_a_sponsor_never_gets_its_own_prize() -> None:
    """DM125"""
    own = replace(WINNERS[0], party_id=SPONSOR)
    with pytest.raises(PrizeNotDue):
        award_prize(
            challenge(),
            prize=0,
            winners={own.proposal_id: own},
            given=[],
            proposal_id=own.proposal_id,
            reference=None,
            now=NOW,
        )


def test_what_is_paid_outside_says_how() -> None:
    """DM125"""
    outside = prize(funding=PrizeFunding.OUTSIDE, sponsor_id=None)
    event = challenge(content=replace(CONTENT, prizes=(outside,)))
    with pytest.raises(PrizeReferenceMissing):
        give(event, 0, WINNERS[0], [])
    assert give(event, 0, WINNERS[0], [], reference="银行回单0001").reference == "银行回单0001"
    kept = give(challenge(), 0, WINNERS[0], [], reference="银行回单0001")
    assert kept.reference is None
