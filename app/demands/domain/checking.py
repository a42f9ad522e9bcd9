"""What makes a demand's content acceptable: every fault at once."""

from datetime import date
from functools import partial
from typing import Final

from app.demands.domain.content import (
    SHARES_BP,
    Acceptance,
    Budget,
    BudgetKind,
    Confidentiality,
    DemandContent,
    TargetOperator,
)
from app.demands.domain.demand import DemandInvalid
from app.shared import codes
from app.shared.findings import Findings

BY_RATIO: Final = "shared_by_ratio"  # of the code table failure_risk_rule


def check_content(content: DemandContent, *, today: date) -> None:
    """Refuse content that breaks a rule, naming all faults.

    Args:
        today: The market's present day in Asia/Shanghai.

    Raises:
        DemandInvalid: With one of these rules an error: code_unknown, due_in_the_past,
            due_after_the_end, upper_end_missing, upper_end_not_expected, upper_end_too_low,
            shares_not_whole, repeated, budget_incomplete, budget_not_expected, budget_inverted,
            budget_not_fixed, currency_differs, ratio_missing, ratio_not_expected,
            third_party_missing, third_party_not_expected, restricted_text_missing,
            restricted_text_not_expected.

    Invariant: DM1. Source: rules.md section 4.
    """
    findings = Findings()
    for table, name, where in (
        ("technology_field", content.technology_field, "technology_field"),
        ("cooperation_mode", content.cooperation_mode, "cooperation_mode"),
        ("ip_ownership", content.ip_ownership, "ip_ownership"),
        ("failure_risk_rule", content.failure_risk_rule, "failure_risk_rule"),
    ):
        findings.catch(where, partial(codes.require, table, name, field=where))
    findings.unique("who_may_answer", content.who_may_answer)
    findings.require(
        content.due_on > today,
        "due_on",
        rule="due_in_the_past",
        message="The work cannot be due already.",
        after=today,
    )
    _check_targets(content, findings)
    _check_milestones(content, findings)
    _check_budget(content.budget, findings)
    for where, value, expected in (
        ("poster_risk_bp", content.poster_risk_bp, content.failure_risk_rule == BY_RATIO),
        ("third_party", content.third_party, content.acceptance is Acceptance.THIRD_PARTY),
        (
            "restricted_text",
            content.restricted_text,
            content.confidentiality is Confidentiality.RESTRICTED,
        ),
    ):
        _check_pair(findings, where, given=value is not None, expected=expected)
    if findings.errors:
        raise DemandInvalid(findings.summary(), errors=findings.errors)


_PAIRS: Final = {
    "poster_risk_bp": ("ratio", "The risk is shared by a stated ratio or by none."),
    "third_party": ("third_party", "A third party is named exactly where one reports."),
    "restricted_text": ("restricted_text", "A restricted demand, and no other, has such a text."),
}


def _check_pair(findings: Findings, where: str, *, given: bool, expected: bool) -> None:
    rule, message = _PAIRS[where]
    if expected and not given:
        findings.add(where, rule=f"{rule}_missing", message=message)
    elif given and not expected:
        findings.add(where, rule=f"{rule}_not_expected", message=message, accepted=None)


def _check_targets(content: DemandContent, findings: Findings) -> None:
    for index, target in enumerate(content.targets):
        where = f"targets.{index}.value_max"
        if target.operator is not TargetOperator.BETWEEN:
            findings.require(
                target.value_max is None,
                where,
                rule="upper_end_not_expected",
                message="Only 'between' has an upper end.",
            )
        elif target.value_max is None:
            findings.add(where, rule="upper_end_missing", message="'between' has two ends.")
        else:
            findings.require(
                target.value_max > target.value,
                where,
                rule="upper_end_too_low",
                message="The upper end lies above the value.",
                above=target.value,
            )


def _check_milestones(content: DemandContent, findings: Findings) -> None:
    for index, milestone in enumerate(content.milestones):
        findings.require(
            milestone.due_on <= content.due_on,
            f"milestones.{index}.due_on",
            rule="due_after_the_end",
            message="A milestone is due by the demand's end.",
            maximum=content.due_on,
        )
    total = sum(milestone.share_bp for milestone in content.milestones)
    findings.require(
        total == SHARES_BP,
        "milestones",
        rule="shares_not_whole",
        message=f"The payment shares sum to {total} basis points.",
        total=SHARES_BP,
    )


def _check_budget(budget: Budget, findings: Findings) -> None:
    low, high = budget.low, budget.high
    if budget.kind is BudgetKind.OPEN:
        for name, amount in (("low", low), ("high", high)):
            findings.require(
                amount is None,
                f"budget.{name}",
                rule="budget_not_expected",
                message="An open budget names no amount.",
            )
    elif low is None or high is None:
        missing = "low" if low is None else "high"
        findings.add(
            f"budget.{missing}",
            rule="budget_incomplete",
            message="A fixed or ranged budget names both ends; fixed ones are equal.",
        )
    elif low.currency != high.currency:
        findings.add(
            "budget.high",
            rule="currency_differs",
            message="Both ends are in one currency.",
            accepted=low.currency,
        )
    elif budget.kind is BudgetKind.FIXED:
        findings.require(
            low == high,
            "budget.high",
            rule="budget_not_fixed",
            message="A fixed budget's ends are equal.",
            accepted=low,
        )
    else:
        findings.require(
            low < high,
            "budget.high",
            rule="budget_inverted",
            message="The upper end lies above the lower.",
            above=low,
        )
