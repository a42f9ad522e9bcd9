"""Engagements and milestones: states, amounts, periods, what leaves an escrow."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demands.domain import milestone as rules
from app.demands.domain.content import Milestone, Target, TargetOperator
from app.demands.domain.delivery import (
    CostKind,
    CostLine,
    CostReport,
    DeliveryInvalid,
    Measured,
    check_delivery,
    meets,
)
from app.demands.domain.demand import DemandTrigger
from app.demands.domain.engagement import (
    ENGAGEMENT_TRANSITIONS,
    Engagement,
    EngagementStatus,
    EngagementTrigger,
    after_acceptance,
    brought_up,
    demand_outcome,
    end,
    settle_now,
    sign,
    with_milestone,
)
from app.demands.domain.failure import RiskRule
from app.demands.domain.milestone import (
    MILESTONE_TRANSITIONS,
    MilestoneNotOverdue,
    MilestoneStatus,
    MilestoneTrigger,
    RemedyOver,
)
from app.shared.calendar import DayUnit, Duration, mainland_china
from app.shared.ids import (
    DemandId,
    EngagementId,
    MarketId,
    MilestoneId,
    PartyId,
    ProposalId,
    new_id,
)
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=30)


def engagement(price: int = 100_000, shares: tuple[int, ...] = (3_000, 7_000)) -> Engagement:
    planned = [
        Milestone(
            title="样机",
            due_on=date(2026, 6, 30),
            deliverable="样机",
            metric="达标",
            share_bp=share,
        )
        for share in shares
    ]
    return Engagement(
        id=EngagementId(new_id()),
        number="ZP-E-2026-000001",
        market_id=MarketId(new_id()),
        demand_id=DemandId(new_id()),
        proposal_id=ProposalId(new_id()),
        round=1,
        rank=1,
        poster_id=PartyId(new_id()),
        solver_id=PartyId(new_id()),
        status=EngagementStatus.OPENED,
        price=Money(price),
        failure_risk_rule=RiskRule.POSTER_BEARS,
        poster_risk_bp=None,
        lump_sum=False,
        third_party=None,
        racing=False,
        opened_at=NOW,
        sign_by_at=LATER,
        pay_by_at=LATER,
        released=Money(0),
        returned=Money(0),
        milestones=rules.plan(Money(price), planned, [MilestoneId(new_id()) for _ in planned]),
    )


def accepted(running: Engagement, place: int) -> Engagement:
    milestone = running.milestones[place - 1]
    delivered = rules.deliver(milestone, decide_by_at=LATER, now=NOW)
    done = with_milestone(running, rules.accept(delivered, now=NOW))
    return after_acceptance(done, place, at=NOW)


@pytest.mark.parametrize("trigger", list(EngagementTrigger))
@pytest.mark.parametrize("state", list(EngagementStatus))
def test_every_state_and_trigger_of_an_engagement(
    state: EngagementStatus, trigger: EngagementTrigger
) -> None:
    """DM75"""
    known = {
        "opened": {"sign": "contracted", "fall": "fallen"},
        "contracted": {"complete": "completed", "cut": "cut", "stop": "stopped"},
    }
    wanted = known.get(state, {}).get(trigger)
    if wanted is None:
        with pytest.raises(TransitionRefused):
            advance(ENGAGEMENT_TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(ENGAGEMENT_TRANSITIONS, state=state, trigger=trigger) == wanted


@pytest.mark.parametrize("trigger", list(MilestoneTrigger))
@pytest.mark.parametrize("state", list(MilestoneStatus))
def test_every_state_and_trigger_of_a_milestone(
    state: MilestoneStatus, trigger: MilestoneTrigger
) -> None:
    """DM77, DM79, DM81"""
    known = {
        "planned": {"open": "open", "void": "void"},
        "open": {"deliver": "delivered", "refuse": "remedy", "void": "void"},
        "delivered": {
            "deliver": "delivered",
            "accept": "accepted",
            "refuse": "remedy",
            "fail": "failed",
        },
        "remedy": {"deliver": "delivered", "fail": "failed", "void": "void"},
        "accepted": {"release": "released"},
    }
    wanted = known.get(state, {}).get(trigger)
    if wanted is None:
        with pytest.raises(TransitionRefused):
            advance(MILESTONE_TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(MILESTONE_TRANSITIONS, state=state, trigger=trigger) == wanted


@given(
    st.integers(1, 10**14),
    st.lists(st.integers(1, 10_000), min_size=1, max_size=50),
)
def test_milestones_sum_to_the_price_and_each_is_within_a_unit_of_its_share(
    price: int, shares: list[int]
) -> None:
    """DM76"""
    parts = [
        milestone.amount.amount_minor for milestone in engagement(price, tuple(shares)).milestones
    ]
    assert sum(parts) == price
    for part, share in zip(parts, shares, strict=True):
        assert abs(part * sum(shares) - price * share) < sum(shares)


def test_a_refused_milestone_is_mended_once_and_in_time() -> None:
    """DM78, DM79: half open; the stored moment decides, however late the timer."""
    running = sign(engagement(), signed_at=NOW)
    first = rules.deliver(running.milestones[0], decide_by_at=LATER, now=NOW)
    refused = rules.refuse(first, reason="未达标", remedy_due_at=LATER, now=NOW)
    assert refused.status is MilestoneStatus.REMEDY
    just_before = LATER - timedelta(microseconds=1)
    assert brought_up(with_milestone(running, refused), now=just_before).milestones[0] == refused
    failed = brought_up(with_milestone(running, refused), now=LATER).milestones[0]
    assert failed.status is MilestoneStatus.FAILED
    with pytest.raises(RemedyOver):
        rules.deliver(refused, decide_by_at=LATER, now=LATER)
    again = rules.deliver(refused, decide_by_at=LATER, now=just_before)
    twice = rules.refuse(again, reason="仍未达标", remedy_due_at=LATER, now=just_before)
    assert twice.status is MilestoneStatus.FAILED


def test_what_is_overdue_is_demanded_and_nothing_else() -> None:
    """DM79"""
    milestone = sign(engagement(), signed_at=NOW).milestones[0]
    with pytest.raises(MilestoneNotOverdue):
        rules.refuse(milestone, reason="逾期", remedy_due_at=LATER, now=NOW)
    overdue = datetime(2026, 6, 30, 16, tzinfo=UTC)  # 1 July in Shanghai
    ends_at = overdue + timedelta(days=30)
    asked = rules.refuse(milestone, reason="逾期", remedy_due_at=ends_at, now=overdue)
    assert (asked.status, asked.remedy_due_at) == (MilestoneStatus.REMEDY, ends_at)


def test_an_unknown_calendar_gives_more_time_and_never_none() -> None:
    """DM80"""
    calendar = mainland_china()
    span = Duration(15, DayUnit.WORKING_DAY)
    assert rules.deadline(NOW, span, calendar) < NOW + timedelta(days=30)
    far = datetime.combine(calendar.horizon, NOW.time(), UTC)
    assert rules.deadline(far, span, calendar) == far + timedelta(days=44)


def test_due_milestones_leave_the_escrow_whole_in_order_and_once() -> None:
    """DM81, DM82"""
    done = accepted(accepted(sign(engagement(), signed_at=NOW), 1), 2)
    assert (done.status, done.owed) == (EngagementStatus.COMPLETED, Money(100_000))
    none, moves = settle_now(done, Money(29_999), cause_id=new_id(), now=NOW)
    assert (none, moves) == (done, [])
    part, moves = settle_now(done, Money(99_999), cause_id=new_id(), now=NOW)
    assert [(move.amount, move.place) for move in moves] == [(Money(30_000), 1)]
    assert not part.finished
    paid, moves = settle_now(part, Money(70_000), cause_id=new_id(), now=NOW)
    assert [move.entry_id for move in moves] == [rules.release_entry_id(done.milestones[1].id)]
    assert paid.finished
    assert settle_now(paid, Money(0), cause_id=new_id(), now=NOW) == (paid, [])


@given(
    st.integers(0, 2),
    st.lists(st.integers(0, 60_000), min_size=1, max_size=6),
    st.integers(0, 70_000),
    st.booleans(),
)
def test_however_money_arrives_the_solver_gets_what_it_is_entitled_to(
    done: int, arrivals: list[int], more: int, late: bool
) -> None:
    """DM82, DM83: an oracle of sums; parts that come behind the end are passed on."""
    running = sign(engagement(), signed_at=NOW)
    escrow, paid_in, left = Money(0), 0, 100_000

    def settle(now_at: Engagement, escrow: Money) -> tuple[Engagement, Money]:
        moved, moves = settle_now(now_at, escrow, cause_id=new_id(), now=NOW)
        return moved, escrow - sum((move.amount for move in moves), Money(0))

    for place in range(1, min(done, 1) + 1):
        running = accepted(running, place)
    for index, arrival in enumerate(arrivals):
        part = min(arrival, left)
        left, paid_in, escrow = left - part, paid_in + part, escrow + Money(part)
        if index == len(arrivals) // 2 or (late and index == 0):
            entitled = running.earned + Money(more)
            if running.status is EngagementStatus.CONTRACTED:
                running = end(
                    running, cut=False, entitled=entitled, outcome={}, reason="终止", at=NOW
                )
        running, escrow = settle(running, escrow)
    assert running.status is EngagementStatus.STOPPED
    assert running.entitled is not None
    assert running.released == min(running.entitled, Money(paid_in))
    assert running.returned == max(Money(paid_in) - running.entitled, Money(0))
    assert escrow == Money(0)
    assert running.finished == (running.released == running.entitled)


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((), None),
        (("completed", "contracted"), None),
        (("opened", "fallen"), None),
        (("completed", "cut"), DemandTrigger.ACCEPT),
        (("completed", "fallen"), DemandTrigger.ACCEPT),
        (("fallen", "fallen"), DemandTrigger.REOPEN),
        (("stopped",), DemandTrigger.TERMINATE),
        (("cut", "fallen"), DemandTrigger.TERMINATE),
    ],
)
def test_a_demand_follows_its_engagements(
    statuses: tuple[str, ...], outcome: DemandTrigger | None
) -> None:
    """DM87"""
    assert demand_outcome([EngagementStatus(status) for status in statuses]) == outcome


TARGETS = [
    Target(
        name="粗糙度Ra",
        operator=TargetOperator.BETWEEN,
        value=Decimal("0.10"),
        value_max=Decimal("0.80"),
        unit="μm",
        test_method="轮廓仪",
    )
]


def delivered(costs: CostReport | None, *values: Measured, lump_sum: bool = False) -> list[str]:
    try:
        check_delivery(
            values=values,
            costs=costs,
            targets=TARGETS,
            lump_sum=lump_sum,
            currency="CNY",
            last=True,
        )
    except DeliveryInvalid as refusal:
        found = refusal.fields["errors"]
        assert isinstance(found, list)
        return [fault["rule"] for fault in found]
    return []


def test_a_delivery_measures_and_counts() -> None:
    """DM78: all faults at once."""
    right = Measured("粗糙度Ra", Decimal("0.62"), "μm", "轮廓仪")
    lines = (CostLine(CostKind.LABOUR, Money(60)), CostLine(CostKind.OPERATION, Money(40)))
    summed = CostReport(Money(100), lines)
    assert delivered(summed, right) == []
    assert delivered(None, right, lump_sum=True) == []
    assert delivered(summed, right, lump_sum=True) == ["costs_not_expected"]
    assert delivered(None) == ["value_missing", "costs_missing"]
    strange = Measured("硬度", Decimal(1), "HRC", "压痕")
    wrong = replace(right, unit="mm")
    assert delivered(replace(summed, total=Money(99)), wrong, wrong, strange) == [
        "repeated",
        "unit_differs",
        "unit_differs",
        "target_unknown",
        "costs_not_summed",
    ]
    foreign = CostReport(Money(1, "USD"), (CostLine(CostKind.LABOUR, Money(1, "USD")),))
    assert delivered(foreign, right) == ["currency_differs"]
    assert [meets(TARGETS[0], Decimal(value)) for value in ("0.1", "0.8", "0.81")] == [
        True,
        True,
        False,
    ]
