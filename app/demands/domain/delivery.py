"""What a solver hands in for a milestone 交付物, and what makes it complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.demands.domain.content import Target, TargetOperator
from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import FileId, MilestoneId
from app.shared.money import Money


class CostKind(StrEnum):
    """What money was spent for.

    Source: 国办发〔2021〕32号 (three kinds of direct costs, and indirect ones).
    """

    EQUIPMENT = "equipment"  # 设备费
    OPERATION = "operation"  # 业务费
    LABOUR = "labour"  # 劳务费
    INDIRECT = "indirect"  # 间接费用


@dataclass(frozen=True, slots=True)
class HandedFile:
    """A file as it was handed in: its content can be told from any other by its hash."""

    file_id: FileId
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured value of one of the demand's targets."""

    target: str
    value: Decimal
    unit: str
    test_method: str


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of a cost report."""

    kind: CostKind
    amount: Money


@dataclass(frozen=True, slots=True)
class CostReport:
    """What was spent on a milestone; its lines sum to the total."""

    total: Money
    lines: tuple[CostLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A third party's report on a delivery."""

    by: str
    text: str
    files: tuple[HandedFile, ...]
    values: tuple[Measured, ...]
    reported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of a milestone; the last one counts.

    Attributes:
        number: 1, 2, … within its milestone.
        costs: ``None`` under lump-sum funding 经费包干.
        report: The third party's, once it is there.
    """

    milestone_id: MilestoneId
    number: int
    text: str
    files: tuple[HandedFile, ...]
    values: tuple[Measured, ...]
    costs: CostReport | None
    delivered_at: datetime
    report: Report | None = None


class DeliveryInvalid(RuleBroken):
    """The delivery is not complete; ``errors`` names each fault."""

    code = "delivery_invalid"
    title_zh = "提交的成果不符合要求"
    title_en = "The delivery breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class ReportMissing(Conflict):
    """The demand names a third party, and it has not reported on this delivery."""

    code = "third_party_report_missing"
    title_zh = "缺少第三方验收报告"
    title_en = "The third party's report is missing"


class ReportNotExpected(Conflict):
    """No third party was named, or it has reported on this delivery."""

    code = "third_party_report_not_expected"
    title_zh = "该里程碑无须第三方报告或报告已提交"
    title_en = "No report is expected here"


class PosterDecides(Conflict):
    """The poster still has its announced time."""

    code = "poster_decides"
    title_zh = "需求方的验收期限尚未届满"
    title_en = "The poster still has time to decide"


def meets(target: Target, value: Decimal) -> bool:
    """Tell whether a measured value reaches its target."""
    match target.operator:
        case TargetOperator.AT_LEAST:
            return value >= target.value
        case TargetOperator.AT_MOST:
            return value <= target.value
        case TargetOperator.EQUAL:
            return value == target.value
        case TargetOperator.BETWEEN:
            return target.value <= value <= (target.value_max or target.value)


def check_values(
    values: Sequence[Measured], targets: Sequence[Target], findings: Findings, *, all_of_them: bool
) -> None:
    """Note every value that measures no target, or in another unit, and every target left out."""
    units = {target.name: target.unit for target in targets}
    findings.unique("values", [value.target for value in values])
    for index, value in enumerate(values):
        where = f"values.{index}"
        findings.require(
            value.target in units,
            f"{where}.target",
            rule="target_unknown",
            message="The demand has no such target.",
            accepted=sorted(units),
        )
        findings.require(
            value.unit == units.get(value.target, value.unit),
            f"{where}.unit",
            rule="unit_differs",
            message="Measure in the target's unit.",
            accepted=units.get(value.target),
        )
    missing = sorted(set(units) - {value.target for value in values})
    if all_of_them and missing:
        findings.add(
            "values",
            rule="value_missing",
            message="The last milestone measures every target.",
            missing=missing,
        )


def check_delivery(
    *,
    values: Sequence[Measured],
    costs: CostReport | None,
    targets: Sequence[Target],
    lump_sum: bool,
    currency: str,
    last: bool,
) -> None:
    """Refuse a delivery that is not complete, naming all faults.

    Raises:
        DeliveryInvalid: With these rules: target_unknown, unit_differs, value_missing, repeated,
            costs_missing, costs_not_expected, costs_not_summed, currency_differs.

    Invariant: DM78. Source: rules.md §4 (经费包干: no line budget is reported).
    """
    findings = Findings()
    check_values(values, targets, findings, all_of_them=last)
    if lump_sum:
        findings.require(
            costs is None,
            "costs",
            rule="costs_not_expected",
            message="Lump-sum funding reports no lines.",
        )
    elif costs is None:
        findings.add("costs", rule="costs_missing", message="Report what was spent, by kind.")
    else:
        _check_costs(costs, currency, findings)
    if findings.errors:
        raise DeliveryInvalid(findings.summary(), errors=findings.errors)


def _check_costs(costs: CostReport, currency: str, findings: Findings) -> None:
    findings.unique("costs.lines", [line.kind for line in costs.lines])
    amounts = [costs.total, *(line.amount for line in costs.lines)]
    if any(amount.currency != currency for amount in amounts):
        findings.add(
            "costs",
            rule="currency_differs",
            message="Report in the currency of the price.",
            accepted=currency,
        )
        return
    total = sum((line.amount for line in costs.lines), Money(0, currency))
    findings.require(
        total == costs.total,
        "costs.total",
        rule="costs_not_summed",
        message="The lines do not sum to the total.",
        accepted=total,
    )
