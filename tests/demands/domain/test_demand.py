"""Demands: states, content rules, who sees what."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demands.domain.checking import check_content
from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Answerer,
    Budget,
    BudgetKind,
    Confidentiality,
    Demand,
    DemandContent,
    DemandInvalid,
    DemandStatus,
    DemandTrigger,
    Milestone,
    RefusalReasonMissing,
    Target,
    TargetOperator,
    may_see,
    require_reason,
)
from app.shared.access import Viewer
from app.shared.ids import DemandId, MarketId, PartyId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

TODAY = date(2026, 3, 2)
DUE = date(2026, 12, 18)
TARGET = Target(
    name="稳定镗削长径比",
    operator=TargetOperator.AT_LEAST,
    value=Decimal(12),
    value_max=None,
    unit="倍",
    test_method="缸筒试切",
)
MILESTONE = Milestone(
    title="方案", due_on=date(2026, 6, 30), deliverable="报告", metric="评审通过", share_bp=3000
)
CONTENT = DemandContent(
    title="深孔镗削颤振主动抑制刀杆",
    technology_field="advanced_manufacturing",
    background="单件工时3小时以上。",
    targets=(TARGET,),
    due_on=DUE,
    budget=Budget(kind=BudgetKind.RANGE, low=Money(60_000_000), high=Money(90_000_000)),
    cooperation_mode="commissioned_development",
    ip_ownership="poster_owns",
    failure_risk_rule="shared_by_ratio",
    who_may_answer=(Answerer.ORGANISATION, Answerer.PERSON),
    confidentiality=Confidentiality.PUBLIC,
    milestones=(MILESTONE, replace(MILESTONE, due_on=DUE, share_bp=7000)),
)


def faults(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(DemandInvalid) as refused:
        check_content(replace(CONTENT, **changes), today=TODAY)
    errors: Any = refused.value.fields["errors"]
    return [(error["field"], error["rule"]) for error in errors]


def budget(kind: BudgetKind, low: Money | None, high: Money | None) -> Budget:
    return Budget(kind=kind, low=low, high=high)


@pytest.mark.parametrize(("status", "trigger"), list(product(DemandStatus, DemandTrigger)))
def test_a_trigger_leads_where_the_table_says_or_is_refused(
    status: DemandStatus, trigger: DemandTrigger
) -> None:
    expected = {("submitted", "post"): "posted", ("submitted", "refuse"): "refused"}
    leads_to = expected.get((str(status), str(trigger)))
    if leads_to is not None:
        assert advance(DEMAND_TRANSITIONS, state=status, trigger=trigger) == leads_to
        return
    with pytest.raises(TransitionRefused):
        advance(DEMAND_TRANSITIONS, state=status, trigger=trigger)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "due_on": TODAY + timedelta(days=1),
            "milestones": (replace(MILESTONE, share_bp=10_000, due_on=TODAY),),
        },
        {"budget": budget(BudgetKind.OPEN, None, None)},
        {"budget": budget(BudgetKind.FIXED, Money(1), Money(1))},
        {"targets": (replace(TARGET, operator=TargetOperator.BETWEEN, value_max=Decimal("12.5")),)},
    ],
)
def test_sound_content_is_accepted(changes: dict[str, Any]) -> None:
    check_content(replace(CONTENT, **changes), today=TODAY)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"technology_field": "alchemy"}, ("technology_field", "code_unknown")),
        ({"cooperation_mode": "gift"}, ("cooperation_mode", "code_unknown")),
        ({"ip_ownership": "nobody"}, ("ip_ownership", "code_unknown")),
        ({"failure_risk_rule": "luck"}, ("failure_risk_rule", "code_unknown")),
        (
            {"who_may_answer": (Answerer.PERSON, Answerer.PERSON)},
            ("who_may_answer.1", "repeated"),
        ),
        (
            {"targets": (TARGET, replace(TARGET, value_max=Decimal(13)))},
            ("targets.1.value_max", "upper_end_not_expected"),
        ),
        (
            {"targets": (replace(TARGET, operator=TargetOperator.BETWEEN),)},
            ("targets.0.value_max", "upper_end_missing"),
        ),
        (
            {
                "targets": (
                    replace(TARGET, operator=TargetOperator.BETWEEN, value_max=Decimal("12.0")),
                )
            },
            ("targets.0.value_max", "upper_end_too_low"),
        ),
        (
            {"milestones": (replace(MILESTONE, share_bp=10_000, due_on=date(2026, 12, 19)),)},
            ("milestones.0.due_on", "due_after_the_end"),
        ),
        ({"milestones": (MILESTONE,)}, ("milestones", "shares_not_whole")),
        (
            {"budget": budget(BudgetKind.OPEN, Money(1), None)},
            ("budget.low", "budget_not_expected"),
        ),
        (
            {"budget": budget(BudgetKind.RANGE, None, Money(1))},
            ("budget.low", "budget_incomplete"),
        ),
        (
            {"budget": budget(BudgetKind.FIXED, Money(1), None)},
            ("budget.high", "budget_incomplete"),
        ),
        (
            {"budget": budget(BudgetKind.FIXED, Money(1), Money(2))},
            ("budget.high", "budget_not_fixed"),
        ),
        (
            {"budget": budget(BudgetKind.RANGE, Money(2), Money(2))},
            ("budget.high", "budget_inverted"),
        ),
        (
            {"budget": budget(BudgetKind.RANGE, Money(1), Money(2, "USD"))},
            ("budget.high", "currency_differs"),
        ),
    ],
)
def test_each_fault_is_named_with_its_field(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    """DM1"""
    assert faults(**changes) == [expected]


def test_all_faults_are_told_at_once() -> None:
    """DM1"""
    told = faults(
        ip_ownership="nobody",
        due_on=TODAY,
        milestones=(MILESTONE,),
        budget=budget(BudgetKind.RANGE, None, None),
    )
    assert [field for field, _ in told] == [
        "ip_ownership",
        "due_on",
        "milestones.0.due_on",
        "milestones",
        "budget.low",
    ]


@given(st.lists(st.integers(min_value=1, max_value=10_000), min_size=1, max_size=8))
def test_shares_pass_exactly_when_they_sum_to_the_whole(shares: Sequence[int]) -> None:
    """DM1"""
    milestones = tuple(replace(MILESTONE, share_bp=share) for share in shares)
    if sum(shares) == 10_000:
        check_content(replace(CONTENT, milestones=milestones), today=TODAY)
    else:
        assert faults(milestones=milestones) == [("milestones", "shares_not_whole")]


MARKET, POSTER = MarketId(new_id()), PartyId(new_id())
VIEWERS = {
    "anonymous": Viewer(),
    "stranger": Viewer(party_id=PartyId(new_id())),
    "poster": Viewer(party_id=POSTER),
    "staff": Viewer(party_id=PartyId(new_id()), staff_of=MARKET),
    "other staff": Viewer(party_id=PartyId(new_id()), staff_of=MarketId(new_id())),
}


@pytest.mark.parametrize("status", DemandStatus)
@pytest.mark.parametrize("confidentiality", Confidentiality)
@pytest.mark.parametrize("who", VIEWERS)
def test_strangers_see_what_is_posted_and_public_only(
    who: str, status: DemandStatus, confidentiality: Confidentiality
) -> None:
    """DM2"""
    demand = Demand(
        id=DemandId(new_id()),
        market_id=MARKET,
        party_id=POSTER,
        status=status,
        content=replace(CONTENT, confidentiality=confidentiality),
        submitted_at=datetime(2026, 3, 2, tzinfo=UTC),
    )
    open_to_all = (status, confidentiality) == (DemandStatus.POSTED, Confidentiality.PUBLIC)
    assert may_see(VIEWERS[who], demand) == (who in {"poster", "staff"} or open_to_all)


def test_only_a_refusal_needs_its_reason() -> None:
    """DM3"""
    require_reason(accepted=True, reason=None)
    require_reason(accepted=False, reason="指标不清")
    with pytest.raises(RefusalReasonMissing):
        require_reason(accepted=False, reason=None)
