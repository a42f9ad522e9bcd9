"""Rows of an import of demands: columns, lines, faults, hints, and what is written reads back."""

import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
)
from app.demands.domain.gate import assess_demand
from app.demands.domain.importing import COLUMNS, FORM
from app.demands.domain.importing_rows import DemandRowRead, hints, number_of, read_row, row_fault
from app.demands.domain.importing_texts import RULES_TOLD
from app.demands.domain.importing_words import WORDS
from app.demands.domain.importing_writing import (
    EXAMPLE,
    EXAMPLE_NUMBER,
    accepted_words,
    write_row,
)
from app.demands.schemas.demands import DemandBody
from app.shared import codes
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.tables.form import Header, RawRow, cell_name

TODAY = date(2026, 3, 2)
NAMES = [column.name for column in COLUMNS]
HEADER = FORM.match_header([column.label for column in COLUMNS], row=1)
SOUND = replace(EXAMPLE, title="注塑件熔接痕强度在线预测")
BUDGET_UNKNOWN = {"budget_low": "60", "budget_high": "90", "budget_unit": ""}


def read(cells: tuple[str, ...], header: Header = HEADER, first: int = 9) -> DemandRowRead:
    return read_row(header, RawRow(9, cells), today=TODAY, first=first)


def changed(**cells: str) -> tuple[str, ...]:
    """A sound row with some cells filled in otherwise."""
    known = dict(zip(NAMES, write_row("XQ-7", SOUND), strict=True))
    assert cells.keys() <= known.keys()
    return tuple((known | cells).values())


def cell(name: str) -> str:
    return cell_name(NAMES.index(name), 9)


def told(**cells: str) -> list[tuple[str, str]]:
    """The column and rule of each fault."""
    found = read(changed(**cells))
    assert found.content is None
    assert all(fault.message and fault.mend and fault.column for fault in found.faults)
    places = {cell(name): name for name in NAMES}
    return [(places[fault.cell], fault.rule) for fault in found.faults]


def test_a_row_is_read_with_its_number() -> None:
    """DM100, DM102"""
    found = read(changed())
    assert (found.number, found.content, found.faults) == ("XQ-7", SOUND, ())
    assert number_of(HEADER, RawRow(9, changed())) == "XQ-7"
    assert number_of(HEADER, RawRow(9, ())) == ""


def test_a_number_is_used_by_one_row() -> None:
    """DM100"""
    found = read(changed(), first=4)
    assert [(fault.cell, fault.rule) for fault in found.faults] == [("A9", "number_repeated")]
    assert "第4行" in found.faults[0].message


def test_the_header_knows_what_people_call_the_columns() -> None:
    """DM102"""
    labels = [column.label for column in COLUMNS]
    labels[0], labels[labels.index("预算下限")] = "需求编号", "预算金额（万元）"
    header = FORM.match_header(labels, row=1)
    cells = changed(budget_kind="固定", budget_low="60", budget_high="", budget_unit="")
    content = read(cells, header).content
    assert content is not None
    assert content.budget.low == content.budget.high == Money(60_000_000)


@pytest.mark.parametrize(
    ("low", "high", "unit", "expected"),
    [
        ("60", "90.5", "万元", (60_000_000, 90_500_000)),
        ("600,000", "905000.00", "元", (60_000_000, 90_500_000)),
        ("60万元", "1.2亿", "", (60_000_000, 12_000_000_000)),
        ("60万", "90万元", "万元", (60_000_000, 90_000_000)),
    ],
)
def test_budgets_are_read_in_the_unit_that_is_said(
    low: str, high: str, unit: str, expected: tuple[int, int]
) -> None:
    """DM102"""
    content = read(changed(budget_low=low, budget_high=high, budget_unit=unit)).content
    assert content is not None
    ends = (Money(minor) for minor in expected)
    assert content.budget == Budget(kind=BudgetKind.RANGE, low=next(ends), high=next(ends))


def test_open_and_fixed_budgets() -> None:
    """DM102"""
    free = read(changed(budget_kind="面议", budget_low="", budget_high="")).content
    fixed = read(changed(budget_kind="固定", budget_high="")).content
    assert free is not None
    assert fixed is not None
    assert free.budget == Budget(kind=BudgetKind.OPEN, low=None, high=None)
    assert fixed.budget.low == fixed.budget.high == SOUND.budget.low


def test_targets_and_milestones_may_be_lines_of_one_cell() -> None:
    """DM102"""
    lines = {
        "targets": "开裂率|<=|0.50|%|盲测50只\n料温 | 介于 | 210～260 | ℃ | 五个料温各20模",
        "milestones": "方案|2027年12月31日|方案书|评审通过|40%\n验收|2028.6.30|报告|达到|６０％",
    }
    empty = {name: "" for name in NAMES if name.startswith(("target_", "milestone_"))}
    content = read(changed(**empty, **lines)).content
    assert content is not None
    assert content.targets[0].operator is TargetOperator.AT_MOST
    assert f"{content.targets[0].value}" == "0.50"
    assert (content.targets[1].value, content.targets[1].value_max) == (Decimal(210), Decimal(260))
    assert [step.share_bp for step in content.milestones] == [4000, 6000]
    assert content.milestones[1].due_on == date(2028, 6, 30)
    both = read(changed(**lines))
    assert [fault.rule for fault in both.faults] == ["stated_twice", "stated_twice"]
    broken = lines | {
        "targets": "开裂率|<=|0.50|%\n|等于|1||目测",
        "milestones": "方案|年底|书|过|4成",
    }
    faults = read(changed(**empty, **broken)).faults
    assert [(fault.cell, fault.rule, fault.message[:3]) for fault in faults] == [
        (cell("targets"), "line_malformed", "第1项"),
        (cell("targets"), "required", "第2项"),
        (cell("milestones"), "date_malformed", "第1项"),
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"external_number": ""}, [("external_number", "required")]),
        ({"external_number": "号" * 61}, [("external_number", "too_long")]),
        ({"external_number": "一\n二"}, [("external_number", "not_printable")]),
        ({"title": "题" * 201}, [("title", "too_long")]),
        ({"technology_field": "新材科"}, [("technology_field", "code_unknown")]),
        ({"ip_ownership": ""}, [("ip_ownership", "required")]),
        ({"failure_risk_rule": ""}, [("failure_risk_rule", "required")]),
        ({"failure_risk_rule": "双方合理分担"}, [("poster_risk_bp", "ratio_not_expected")]),
        ({"poster_risk_bp": ""}, [("poster_risk_bp", "ratio_missing")]),
        ({"poster_risk_bp": "六成"}, [("poster_risk_bp", "share_malformed")]),
        ({"due_on": "2028年底"}, [("due_on", "date_malformed")]),
        ({"due_on": "2026-03-02"}, [
            ("due_on", "due_in_the_past"), ("milestone_1_due_on", "due_after_the_end"),
            ("milestone_2_due_on", "due_after_the_end"),
        ]),
        (BUDGET_UNKNOWN, [("budget_low", "unit_missing"), ("budget_high", "unit_missing")]),
        (BUDGET_UNKNOWN | {"budget_unit": "斤"}, [("budget_unit", "budget_unit_unknown")]),
        ({"budget_unit": "元", "budget_low": "60万元"}, [("budget_low", "budget_unit_differs")]),
        ({"budget_low": "若干"}, [("budget_low", "budget_malformed")]),
        ({"budget_low": "0元"}, [("budget_low", "budget_not_positive")]),
        ({"budget_high": ""}, [("budget_high", "budget_incomplete")]),
        ({"budget_high": "1元"}, [("budget_high", "budget_inverted")]),
        ({"budget_high": "90万美元"}, [("budget_high", "currency_differs")]),
        ({"budget_kind": "固定"}, [("budget_high", "budget_not_fixed")]),
        ({"budget_kind": "面议"}, [
            ("budget_low", "budget_not_expected"), ("budget_high", "budget_not_expected"),
        ]),
        ({"who_may_answer": "单位、路人"}, [("who_may_answer", "code_unknown")]),
        ({"who_may_answer": "单位、法人"}, [("who_may_answer", "repeated")]),
        ({"confidentiality": "公开"}, [("restricted_text", "restricted_text_not_expected")]),
        ({"restricted_text": ""}, [("restricted_text", "restricted_text_missing")]),
        ({"acceptance": "第三方验收"}, [("third_party", "third_party_missing")]),
        ({"third_party": "江右计量检测院"}, [("third_party", "third_party_not_expected")]),
        ({"lump_sum": "也许"}, [("lump_sum", "yes_no_expected")]),
        ({"target_1_value": "约8"}, [("target_1_value", "figure_malformed")]),
        ({"target_1_value_max": "9"}, [("target_1_value_max", "upper_end_not_expected")]),
        ({"target_2_value_max": ""}, [("target_2_value_max", "upper_end_missing")]),
        ({"target_2_value_max": "1"}, [("target_2_value_max", "upper_end_too_low")]),
        ({"target_2_value": "1~2"}, [("target_2_value_max", "stated_twice")]),
        ({"target_2_operator": "约等于"}, [("target_2_operator", "code_unknown")]),
        ({"target_3_unit": "kg"}, [
            ("target_3_name", "required"), ("target_3_operator", "required"),
            ("target_3_value", "required"), ("target_3_test_method", "required"),
        ]),
        ({"milestone_1_metric": ""}, [("milestone_1_metric", "required")]),
        ({"milestone_2_share_bp": "50%"}, [("milestone_1_share_bp", "shares_not_whole")]),
        ({"milestone_2_share_bp": "0"}, [("milestone_2_share_bp", "share_out_of_range")]),
        ({"milestone_2_due_on": "2029-01-01"}, [("milestone_2_due_on", "due_after_the_end")]),
        ({"background": "#REF!"}, [("background", "formula")]),
    ],
)  # fmt: skip
def test_each_fault_names_its_cell_rule_and_mend(
    cells: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    """DM102"""
    assert told(**cells) == expected


def test_a_row_without_targets_and_milestones_misses_both() -> None:
    """DM102"""
    empty = {name: "" for name in NAMES if name.startswith(("target", "milestone"))}
    assert told(**empty) == [("target_1_name", "required"), ("milestone_1_title", "required")]


def test_every_rule_of_a_content_is_told_in_chinese() -> None:
    """DM102"""
    assert {
        "due_in_the_past", "due_after_the_end", "upper_end_missing", "upper_end_not_expected",
        "upper_end_too_low", "shares_not_whole", "repeated", "budget_incomplete",
        "budget_not_expected", "budget_inverted", "budget_not_fixed", "currency_differs",
        "ratio_missing", "ratio_not_expected", "third_party_missing", "third_party_not_expected",
        "restricted_text_missing", "restricted_text_not_expected",
    } == RULES_TOLD  # fmt: skip


def test_the_example_row_is_not_kept() -> None:
    """DM103"""
    found = read(write_row(EXAMPLE_NUMBER, EXAMPLE))
    assert [fault.rule for fault in found.faults] == ["example_row"]


def test_every_word_is_read_back() -> None:
    """DM103"""
    for words in accepted_words().values():
        assert len(set(words)) == len(words)
    assert "不小于" in accepted_words()["指标运算"]
    for word in ("≥", "不低于", "至少"):
        assert WORDS.read("operator", word, "") == "at_least"


def test_what_the_gate_would_mend_is_a_hint_at_its_cell() -> None:
    """DM104"""
    cells = changed(target_1_unit="", target_2_test_method="待定", milestone_2_metric="好")
    found = read(cells)
    assert found.content is not None
    report = assess_demand(found.content, today=TODAY, prices=None)
    row = RawRow(9, cells)
    said = {(hint.cell, hint.rule) for hint in hints(HEADER, row, found, report)}
    assert said >= {
        (cell("target_1_unit"), "target_unit_missing"),
        (cell("target_2_test_method"), "target_test_missing"),
        (cell("milestone_2_metric"), "milestone_metric_vague"),
    }
    whole = row_fault(HEADER, row, "demand_not_editable", "已提交", "改编号")
    assert (whole.cell, whole.column) == ("A9", "需求编号(自编)")


PRINTABLE = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\\|；、~%")
LINE = st.text(PRINTABLE, min_size=1, max_size=12).map(str.strip).filter(bool)
FIGURES = st.decimals(-1000, 1000, places=2)
ONE_ENDED = st.sampled_from([kind for kind in TargetOperator if kind is not TargetOperator.BETWEEN])
TARGETS = st.builds(
    Target,
    name=LINE, operator=ONE_ENDED, value=FIGURES, value_max=st.none(), unit=st.just("") | LINE,
    test_method=LINE,
) | st.builds(
    Target,
    name=LINE, operator=st.just(TargetOperator.BETWEEN), value=FIGURES,
    value_max=st.just(Decimal("1000.5")), unit=LINE, test_method=LINE,
)  # fmt: skip


@st.composite
def milestones(draw: st.DrawFn) -> tuple[Milestone, ...]:
    cuts = draw(st.lists(st.integers(1, 9_999), max_size=7, unique=True).map(sorted))
    ends = [0, *cuts, 10_000]
    return tuple(
        Milestone(
            title=draw(LINE),
            due_on=draw(st.dates(TODAY, date(2030, 1, 1))),
            deliverable=draw(LINE),
            metric=draw(LINE),
            share_bp=end - start,
        )
        for start, end in itertools.pairwise(ends)
    )


MONEY = st.builds(Money, st.integers(1, 10**14))
BUDGETS = st.one_of(
    st.just(Budget(kind=BudgetKind.OPEN, low=None, high=None)),
    MONEY.map(lambda money: Budget(kind=BudgetKind.FIXED, low=money, high=money)),
    MONEY.map(lambda money: Budget(kind=BudgetKind.RANGE, low=money, high=money * 2)),
)


def names(table: str) -> st.SearchStrategy[str]:
    return st.sampled_from(codes.table(table).names)


@st.composite
def contents(draw: st.DrawFn) -> DemandContent:
    restricted, third = draw(st.booleans()), draw(st.booleans())
    rule = draw(names("failure_risk_rule"))
    answerers = st.lists(st.sampled_from(Answerer), min_size=1, max_size=3, unique=True)
    return DemandContent(
        title=draw(LINE),
        technology_field=draw(names("technology_field")),
        background=draw(LINE),
        targets=tuple(draw(st.lists(TARGETS, min_size=1, max_size=8))),
        due_on=date(2030, 1, 1),
        budget=draw(BUDGETS),
        cooperation_mode=draw(names("cooperation_mode")),
        ip_ownership=draw(names("ip_ownership")),
        failure_risk_rule=rule,
        who_may_answer=tuple(draw(answerers)),
        confidentiality=Confidentiality.RESTRICTED if restricted else Confidentiality.PUBLIC,
        milestones=draw(milestones()),
        restricted_text=draw(LINE) if restricted else None,
        poster_risk_bp=draw(st.integers(0, 10_000)) if rule == "shared_by_ratio" else None,
        acceptance=Acceptance.THIRD_PARTY if third else Acceptance.POSTER,
        third_party=draw(LINE) if third else None,
        lump_sum=draw(st.booleans()),
    )


@settings(max_examples=35, deadline=None)
@given(contents())
def test_any_content_written_as_a_row_reads_back_the_same(content: DemandContent) -> None:
    """DM103"""
    found = read(write_row("XQ-7", content))
    assert found.faults == ()
    assert jsonable(found.content) == jsonable(content)
    assert DemandBody.model_validate(jsonable(content)).content() == content


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=20), max_size=12))
def test_no_text_of_a_cell_makes_reading_fail(cells: dict[str, Any]) -> None:
    """DM102"""
    found = read(changed(**cells))
    assert (found.content is None) == bool(found.faults)
