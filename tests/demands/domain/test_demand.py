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
from app.demands.domain.content import (
    Acceptance,
    Answerer,
    Budget,
    BudgetKind,
    Confidentiality,
    DemandContent,
    Milestone,
    Target,
    TargetOperator,
    content_from_json,
    content_to_json,
)
from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Demand,
    DemandInvalid,
    DemandReasonMissing,
    DemandStatus,
    DemandTrigger,
    is_open,
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
    poster_risk_bp=5000,
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


_DECIDED = {
    "return": "returned",
    "clear": "reviewed",
    "refuse": "refused",
    "merge": "merged",
    "split": "split",
    "withdraw": "withdrawn",
}
LEADS_TO: dict[str, dict[str, str]] = {
    "draft": {"edit": "draft", "submit": "submitted", "withdraw": "withdrawn"},
    "submitted": _DECIDED | {"diagnose": "diagnosing"},
    "diagnosing": _DECIDED,
    "returned": {"edit": "returned", "submit": "submitted", "withdraw": "withdrawn"},
    "reviewed": {"return": "returned", "post": "posted", "withdraw": "withdrawn"},
    "posted": {"change": "posted", "close": "closed", "withdraw": "withdrawn"},
    "closed": {"lapse": "unanswered", "begin_review": "evaluating", "withdraw": "withdrawn"},
    "evaluating": {"fail": "unanswered", "announce": "noticed", "withdraw": "withdrawn"},
    "noticed": {"reopen": "evaluating", "award": "contracted", "withdraw": "withdrawn"},
    "contracted": {"reopen": "evaluating", "accept": "accepted", "terminate": "terminated"},
    "unanswered": {"revise": "returned", "withdraw": "withdrawn"},
}


@pytest.mark.parametrize(("status", "trigger"), list(product(DemandStatus, DemandTrigger)))
def test_a_trigger_leads_where_the_table_says_or_is_refused(
    status: DemandStatus, trigger: DemandTrigger
) -> None:
    leads_to = LEADS_TO.get(str(status), {}).get(str(trigger))
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
        {"failure_risk_rule": "poster_bears", "poster_risk_bp": None},
        {"acceptance": Acceptance.THIRD_PARTY, "third_party": "之江检测研究院"},
        {"confidentiality": Confidentiality.RESTRICTED, "restricted_text": "配方区间"},
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
        (
            {"failure_risk_rule": "luck", "poster_risk_bp": None},
            ("failure_risk_rule", "code_unknown"),
        ),
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
        ({"poster_risk_bp": None}, ("poster_risk_bp", "ratio_missing")),
        (
            {"failure_risk_rule": "solver_bears"},
            ("poster_risk_bp", "ratio_not_expected"),
        ),
        (
            {"acceptance": Acceptance.THIRD_PARTY},
            ("third_party", "third_party_missing"),
        ),
        ({"third_party": "之江检测研究院"}, ("third_party", "third_party_not_expected")),
        (
            {"confidentiality": Confidentiality.RESTRICTED},
            ("restricted_text", "restricted_text_missing"),
        ),
        ({"restricted_text": "配方"}, ("restricted_text", "restricted_text_not_expected")),
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


AT = datetime(2026, 3, 2, tzinfo=UTC)
OPEN = {
    "posted",
    "closed",
    "evaluating",
    "noticed",
    "contracted",
    "accepted",
    "terminated",
    "unanswered",
}


def demand_in(status: DemandStatus, **more: Any) -> Demand:
    return Demand(
        id=DemandId(new_id()),
        number="ZP-N-2026-000001",
        market_id=MARKET,
        party_id=POSTER,
        status=status,
        content=CONTENT,
        version=1,
        created_at=AT,
        **more,
    )


@pytest.mark.parametrize("status", DemandStatus)
@pytest.mark.parametrize("posted_at", [None, AT])
@pytest.mark.parametrize("who", VIEWERS)
def test_strangers_see_what_is_or_was_on_the_board_only(
    who: str, status: DemandStatus, posted_at: datetime | None
) -> None:
    """DM2"""
    demand = demand_in(status, posted_at=posted_at)
    known = status in OPEN or (status == "withdrawn" and posted_at is not None)
    assert may_see(VIEWERS[who], demand) == (who in {"poster", "staff"} or known)


@pytest.mark.parametrize("status", DemandStatus)
@pytest.mark.parametrize(("late_us", "open_now"), [(-1, True), (0, False), (1, False)])
def test_the_stored_deadline_decides_half_open(
    status: DemandStatus, late_us: int, open_now: bool
) -> None:
    """DM5"""
    demand = demand_in(status, closes_at=AT)
    told = is_open(demand, now=AT + timedelta(microseconds=late_us))
    assert told == (open_now and status is DemandStatus.POSTED)


def test_a_decision_against_somebody_needs_its_reason() -> None:
    """DM3"""
    assert require_reason("指标不清") == "指标不清"
    with pytest.raises(DemandReasonMissing):
        require_reason(None)


def test_content_survives_its_stored_form_and_hides_the_restricted_text() -> None:
    """DM2, DM4"""
    whole = replace(
        CONTENT,
        confidentiality=Confidentiality.RESTRICTED,
        restricted_text="配方区间",
        targets=(replace(TARGET, value=Decimal("0.0000001")),),
    )
    assert content_from_json(content_to_json(whole)) == whole
    assert "配方" not in str(content_to_json(whole.told))
