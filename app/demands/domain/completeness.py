"""The completeness check 形式审查: does a proposal answer all that the demand asks?

It finds, it does not refuse: who proposes is told, and the operator decides.
"""

from typing import Any

from app.demands.domain.content import BudgetKind, DemandContent, Target, TargetOperator
from app.demands.domain.proposal_content import Answer, OfferedMilestone, ProposalContent
from app.shared.findings import Findings
from app.shared.money import Money


def find_gaps(
    content: ProposalContent,
    price: Money,
    demand: DemandContent,
    *,
    ceiling: Money | None = None,
    currency: str | None = None,
) -> list[dict[str, Any]]:
    """Return everything that is missing or differs without being marked, at once.

    Args:
        price: Of the whole work.
        ceiling: Above it no proposal is chosen, whatever its reasons.
        currency: In another one no proposal is chosen; ``None``: the budget's, if it has one.

    Invariants: DM44, DM45, DM46. Source: rules.md section 4, demand record.
    """
    findings = Findings()
    for name in ("route", "approach", "team", "schedule"):
        findings.require(
            bool(getattr(content, name).strip()),
            name,
            rule="missing",
            message="A proposal says this.",
        )
    _check_targets(findings, content, demand)
    if currency is not None and price.currency != currency:
        findings.add(
            "price",
            rule="currency_differs",
            message="Prices are compared in one currency.",
            accepted=currency,
        )
    else:
        _check_price(findings, content, price, demand, ceiling)
    _check_milestones(findings, content, demand)
    if not content.ip_accepted and not _said(content.ip_statement):
        findings.add(
            "ip_statement",
            rule="ip_statement_missing",
            message="Accept who owns the results, or say what else you propose.",
            accepted=demand.ip_ownership,
        )
    return findings.errors


def meets(target: Target, answer: Answer) -> bool:
    """Tell whether a promised value reaches a target."""
    match target.operator:
        case TargetOperator.AT_LEAST:
            return answer.value >= target.value
        case TargetOperator.AT_MOST:
            return answer.value <= target.value
        case TargetOperator.EQUAL:
            return answer.value == target.value
        case TargetOperator.BETWEEN:
            assert target.value_max is not None
            return target.value <= answer.value <= target.value_max


def _said(text: str | None) -> bool:
    return text is not None and bool(text.strip())


def _check_targets(findings: Findings, content: ProposalContent, demand: DemandContent) -> None:
    answers: dict[int, Answer] = {}
    for place, answer in enumerate(content.answers):
        where = f"answers.{place}.target"
        if answer.target in answers:
            findings.add(where, rule="repeated", message="It is answered before.")
        elif answer.target > len(demand.targets):
            findings.add(
                where,
                rule="unknown",
                message="The demand has no such target.",
                maximum=len(demand.targets),
            )
        answers.setdefault(answer.target, answer)
    for number, target in enumerate(demand.targets, start=1):
        found = answers.get(number)
        if found is None:
            findings.add(
                "answers",
                rule="target_unanswered",
                message=f"Target {number} has no promised value.",
                target=number,
                name=target.name,
            )
        elif not meets(target, found) and not _said(found.deviation):
            findings.add(
                "answers",
                rule="target_not_met",
                message=f"Target {number} is not met, and no deviation says why.",
                target=number,
                name=target.name,
                operator=target.operator,
                value=target.value,
                value_max=target.value_max,
            )


def _check_price(
    findings: Findings,
    content: ProposalContent,
    price: Money,
    demand: DemandContent,
    ceiling: Money | None,
) -> None:
    low, high = demand.budget.low, demand.budget.high
    if demand.budget.kind is not BudgetKind.OPEN and low is not None and high is not None:
        if price.currency != high.currency:
            findings.add(
                "price",
                rule="currency_differs",
                message="The budget is in another currency.",
                accepted=high.currency,
            )
            return
        # Less than a range's lower end wants an explanation just as more does.
        if not low <= price <= high and not _said(content.price_deviation):
            findings.add(
                "price",
                rule="outside_budget",
                message="The price lies outside the budget, and no deviation says why.",
                minimum=low,
                maximum=high,
            )
    if ceiling is not None and (price.currency != ceiling.currency or price > ceiling):
        findings.add(
            "price",
            rule="above_ceiling",
            message="No proposal above the ceiling is chosen.",
            maximum=ceiling,
        )


def _check_milestones(findings: Findings, content: ProposalContent, demand: DemandContent) -> None:
    offered: dict[int, OfferedMilestone] = {}
    for place, item in enumerate(content.milestones):
        where = f"milestones.{place}.milestone"
        if item.milestone in offered:
            findings.add(where, rule="repeated", message="It is offered before.")
        elif item.milestone > len(demand.milestones):
            findings.add(
                where,
                rule="unknown",
                message="The demand has no such milestone.",
                maximum=len(demand.milestones),
            )
        offered.setdefault(item.milestone, item)
    for number, milestone in enumerate(demand.milestones, start=1):
        found = offered.get(number)
        if found is None:
            findings.add(
                "milestones",
                rule="milestone_uncovered",
                message=f"Milestone {number} is not offered.",
                milestone=number,
                title=milestone.title,
            )
            continue
        findings.require(
            _said(found.deliverable),
            "milestones",
            rule="deliverable_missing",
            message=f"Milestone {number} names no deliverable.",
            milestone=number,
        )
        findings.require(
            found.due_on <= milestone.due_on or _said(found.deviation),
            "milestones",
            rule="milestone_late",
            message=f"Milestone {number} comes late, and no deviation says why.",
            milestone=number,
            maximum=milestone.due_on,
        )
