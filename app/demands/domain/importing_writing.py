"""A content as a row of the template, the template's example, and the words that it lists."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from app.demands.domain.content import (
    Answerer,
    Budget,
    BudgetKind,
    Confidentiality,
    DemandContent,
    Milestone,
    Target,
    TargetOperator,
)
from app.demands.domain.importing import COLUMNS, SLOTS
from app.demands.domain.importing_groups import (
    MILESTONES,
    TARGETS,
    write_milestone,
    write_milestone_line,
    write_target,
    write_target_line,
)
from app.demands.domain.importing_words import WORDS
from app.shared.money import Money
from app.shared.tables.cells import write_money, write_share

EXAMPLE_NUMBER: Final = "示例-001"
EXAMPLE: Final = DemandContent(
    title="【示例，请删除】注塑件熔接痕强度在线预测",
    technology_field="advanced_manufacturing",
    background="公司年产汽车格栅42万件，熔接痕处断裂占退货的3%。目前每班抽检5件做弯曲试验，两小时后"
    "才知道结果；曾试用模流分析软件，换料后误差超过25%。",
    restricted_text="模腔压力与料温记录：两台注塑机三个月，每模一组。",
    targets=(
        Target(
            name="熔接痕弯曲强度预测误差",
            operator=TargetOperator.AT_MOST,
            value=Decimal(8),
            value_max=None,
            unit="%",
            test_method="按GB/T 9341取60件对比实测值，取平均相对误差",
        ),
        Target(
            name="适用料温",
            operator=TargetOperator.BETWEEN,
            value=Decimal(210),
            value_max=Decimal(260),
            unit="℃",
            test_method="五个料温各成型20模",
        ),
    ),
    due_on=date(2028, 6, 30),
    budget=Budget(kind=BudgetKind.RANGE, low=Money(60_000_000), high=Money(90_000_000)),
    cooperation_mode="commissioned_development",
    ip_ownership="poster_owns_solver_research_use",
    failure_risk_rule="shared_by_ratio",
    poster_risk_bp=6000,
    who_may_answer=(Answerer.ORGANISATION, Answerer.CONSORTIUM),
    confidentiality=Confidentiality.RESTRICTED,
    milestones=(
        Milestone(
            title="方案与标定",
            due_on=date(2027, 12, 31),
            deliverable="测量方案和标定数据",
            metric="两种料的标定误差不超过10%",
            share_bp=4000,
        ),
        Milestone(
            title="产线验证",
            due_on=date(2028, 6, 30),
            deliverable="预测软件、验证报告",
            metric="连续5000模误差不超过8%",
            share_bp=6000,
        ),
    ),
)

_WORD_FIELDS: Final = frozenset(
    {
        "technology_field",
        "confidentiality",
        "cooperation_mode",
        "ip_ownership",
        "failure_risk_rule",
        "acceptance",
    }
)


def write_row(number: str, content: DemandContent) -> tuple[str, ...]:
    """Return the cells of a content, in the template's order.

    Args:
        number: The poster's own.

    Invariant: DM103: what is written reads back as the same content.
    """
    words = {
        column.name: WORDS.write(column.vocabulary, getattr(content, column.name))
        for column in COLUMNS
        if column.vocabulary and column.name in _WORD_FIELDS
    }
    low, high = content.budget.low, content.budget.high
    fixed = content.budget.kind is BudgetKind.FIXED
    told = words | {
        "external_number": number,
        "due_on": content.due_on.isoformat(),
        "budget_kind": WORDS.write("budget_kind", content.budget.kind),
        "budget_low": "" if low is None else write_money(low),
        "budget_high": "" if high is None or fixed else write_money(high),
        "poster_risk_bp": ""
        if content.poster_risk_bp is None
        else write_share(content.poster_risk_bp),
        "who_may_answer": "；".join(
            WORDS.write("answerer", kind) for kind in content.who_may_answer
        ),
        "lump_sum": "是" if content.lump_sum else "否",
        **_write_targets(content.targets),
        **_write_milestones(content.milestones),
    }
    return tuple(
        told[column.name] if column.name in told else getattr(content, column.name, None) or ""
        for column in COLUMNS
    )


def _write_targets(targets: tuple[Target, ...]) -> dict[str, str]:
    if len(targets) > SLOTS:
        return {"targets": "\n".join(map(write_target_line, targets))}
    told = {"targets": ""}
    for slot, target in enumerate(targets, start=1):
        told |= {
            TARGETS.column(slot, part): text
            for part, text in zip(TARGETS.parts, write_target(target), strict=True)
        }
    return told


def _write_milestones(milestones: tuple[Milestone, ...]) -> dict[str, str]:
    if len(milestones) > SLOTS:
        return {"milestones": "\n".join(map(write_milestone_line, milestones))}
    told = {"milestones": ""}
    for slot, milestone in enumerate(milestones, start=1):
        told |= {
            MILESTONES.column(slot, part): text
            for part, text in zip(MILESTONES.parts, write_milestone(milestone), strict=True)
        }
    return told


def accepted_words() -> Mapping[str, tuple[str, ...]]:
    """Return the Chinese words that columns take, by label, for the template's second sheet."""
    tables = {column.label: column.vocabulary for column in COLUMNS if column.vocabulary}
    tables = {label: table for label, table in tables.items() if table != "operator"}
    tables["指标运算"] = "operator"
    return {
        label: tuple(WORDS.vocabulary(table).labels.values())
        for label, table in tables.items()
        if table is not None
    }
