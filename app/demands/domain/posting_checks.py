"""Which terms a posting may have: every fault at once."""

from datetime import datetime, timedelta
from typing import Any, Final

from app.demands.domain.content import BudgetKind, DemandContent
from app.demands.domain.posting import WEIGHTS_BP, DecisionWay, PostingTerms, Sealing
from app.shared.calendar import SHANGHAI
from app.shared.errors import RuleBroken
from app.shared.findings import Findings
from app.shared.sealing import SealMalformed, check_holders

# How long a demand is open at least and at most; `default`.
OPEN_MIN: Final = timedelta(days=1)
OPEN_MAX: Final = timedelta(days=366)


class PostingInvalid(RuleBroken):
    """The terms break rules; ``errors`` names each field, rule and what would pass."""

    code = "posting_invalid"
    title_zh = "发榜条件不符合要求"
    title_en = "The posting breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


def check_posting(
    terms: PostingTerms, content: DemandContent, *, planned: bool, now: datetime
) -> None:
    """Refuse terms that contradict themselves or the demand.

    Args:
        planned: Whether the demand has the plan of a reverse auction.

    Raises:
        PostingInvalid: With one of these rules an error: open_too_short, open_too_long,
            after_the_work_is_due, questions_after_the_deadline, holders_missing,
            holders_not_expected, holders_wrong, weights_not_whole, price_weight_missing,
            price_weight_not_expected, criteria_missing, repeated, single_winner, racing_winners,
            route_budgets_missing, route_budgets_not_expected, currency_differs,
            routes_above_budget, ceiling_above_budget, panel_even, plan_missing,
            plan_not_expected.

    Invariant: DM6. Source: rules.md section 4.
    """
    findings = Findings()
    _check_times(terms, content, findings, now)
    _check_sealing(terms, findings)
    _check_criteria(terms, findings)
    _check_winners(terms, findings)
    _check_money(terms, content, findings)
    findings.require(
        terms.panel_min % 2 == 1,
        "panel_min",
        rule="panel_even",
        message="A panel is odd, so that it decides.",
    )
    by_auction = terms.decision is DecisionWay.REVERSE_AUCTION
    if by_auction and not planned:
        findings.add(
            "decision",
            rule="plan_missing",
            message="A reverse auction is posted with its plan.",
            or_else="PUT /v1/demands/{demand_id}/bidding-plan",
        )
    findings.require(
        by_auction or not planned,
        "decision",
        rule="plan_not_expected",
        message="The demand has the plan of a reverse auction.",
        accepted=[str(DecisionWay.REVERSE_AUCTION)],
    )
    if findings.errors:
        raise PostingInvalid(findings.summary(), errors=findings.errors)


def _check_times(
    terms: PostingTerms, content: DemandContent, findings: Findings, now: datetime
) -> None:
    findings.require(
        terms.closes_at >= now + OPEN_MIN,
        "closes_at",
        rule="open_too_short",
        message="Proposals need time to be written.",
        minimum=now + OPEN_MIN,
    )
    findings.require(
        terms.closes_at <= now + OPEN_MAX,
        "closes_at",
        rule="open_too_long",
        message="No demand is open for more than a year.",
        maximum=now + OPEN_MAX,
    )
    findings.require(
        terms.closes_at.astimezone(SHANGHAI).date() < content.due_on,
        "closes_at",
        rule="after_the_work_is_due",
        message="Who answers still has to do the work.",
        before=content.due_on,
    )
    findings.require(
        terms.questions_until <= terms.closes_at,
        "questions_until",
        rule="questions_after_the_deadline",
        message="Answers help who has not proposed yet.",
        maximum=terms.closes_at,
    )


def _check_sealing(terms: PostingTerms, findings: Findings) -> None:
    if terms.sealing is Sealing.PLAIN:
        findings.require(
            not terms.holders and terms.threshold is None,
            "holders",
            rule="holders_not_expected",
            message="Plain proposals are opened by the exchange.",
        )
        return
    if not terms.holders or terms.threshold is None:
        findings.add(
            "holders" if not terms.holders else "threshold",
            rule="holders_missing",
            message="Name who opens the proposals together, and how many it takes.",
        )
        return
    try:
        check_holders(terms.holders, terms.threshold)
    except SealMalformed as refusal:
        findings.add(
            str(refusal.fields["field"]),
            rule="holders_wrong",
            message=refusal.detail,
            accepted=refusal.fields["accepted"],
        )


def _check_criteria(terms: PostingTerms, findings: Findings) -> None:
    findings.unique("criteria", [criterion.name for criterion in terms.criteria])
    total = sum(criterion.weight_bp for criterion in terms.criteria) + terms.price_weight_bp
    findings.require(
        total == WEIGHTS_BP,
        "criteria",
        rule="weights_not_whole",
        message=f"The weights of criteria and price sum to {total} basis points.",
        total=WEIGHTS_BP,
    )
    findings.require(
        bool(terms.criteria),
        "criteria",
        rule="criteria_missing",
        message="Nobody is judged by what was not published.",
    )
    weighted = terms.decision is DecisionWay.PRICE_WEIGHTED
    if weighted and terms.price_weight_bp == 0:
        findings.add(
            "price_weight_bp",
            rule="price_weight_missing",
            message="Say what the price weighs.",
            at_least=1,
        )
    findings.require(
        weighted or terms.price_weight_bp == 0,
        "price_weight_bp",
        rule="price_weight_not_expected",
        message="The price weighs in price-weighted reviews only.",
        accepted=0,
    )


def _check_winners(terms: PostingTerms, findings: Findings) -> None:
    racing = terms.decision is DecisionWay.RACING
    findings.require(
        racing or terms.winners_max == 1,
        "winners_max",
        rule="single_winner",
        message="Only a race has several winners.",
        accepted=1,
    )
    findings.require(
        not racing or terms.winners_max > 1,
        "winners_max",
        rule="racing_winners",
        message="One alone runs no race.",
        at_least=2,
    )
    expected = terms.winners_max if racing else 0
    rule = "route_budgets_missing" if racing else "route_budgets_not_expected"
    findings.require(
        len(terms.route_budgets) == expected,
        "route_budgets",
        rule=rule,
        message="A race has one budget for each winner.",
        count=expected,
    )


def _check_money(terms: PostingTerms, content: DemandContent, findings: Findings) -> None:
    told = {f"route_budgets.{place}": it for place, it in enumerate(terms.route_budgets)}
    if terms.ceiling is not None:
        told["ceiling"] = terms.ceiling
    high = content.budget.high
    currency = next(iter(told.values())).currency if high is None and told else None
    currency = high.currency if high is not None else currency
    strange = [where for where, money in told.items() if money.currency != currency]
    for where in strange:
        findings.add(
            where,
            rule="currency_differs",
            message="All amounts are in one currency.",
            accepted=currency,
        )
    if content.budget.kind is BudgetKind.OPEN or high is None or strange:
        return
    if terms.ceiling is not None:
        findings.require(
            terms.ceiling <= high,
            "ceiling",
            rule="ceiling_above_budget",
            message="The budget is the highest ceiling.",
            maximum=high,
        )
    routes = sum(budget.amount_minor for budget in terms.route_budgets)
    findings.require(
        routes <= high.amount_minor,
        "route_budgets",
        rule="routes_above_budget",
        message="All routes together cost no more than the budget.",
        maximum=high,
    )


class DeadlineNotLater(RuleBroken):
    """An open demand's deadline moves on only."""

    code = "deadline_not_later"
    title_zh = "揭榜截止时间只能顺延"
    title_en = "The deadline can only be put off"


def check_extension(
    terms: PostingTerms, before: PostingTerms, content: DemandContent, *, now: datetime
) -> None:
    """Refuse a deadline that comes sooner than the published one, has passed, or is too far.

    Raises:
        DeadlineNotLater: Names the range.

    Invariant: DM5.
    """
    if now >= before.closes_at or terms.closes_at <= before.closes_at:
        raise DeadlineNotLater(
            "Put the deadline off while it lies ahead.",
            field="closes_at",
            published=before.closes_at,
            now=now,
        )
    if not before.questions_until <= terms.questions_until <= terms.closes_at:
        raise DeadlineNotLater(
            "Questions are taken at least as long as was published.",
            field="questions_until",
            minimum=before.questions_until,
            maximum=terms.closes_at,
        )
    due = content.due_on
    if terms.closes_at.astimezone(SHANGHAI).date() >= due or terms.closes_at > now + OPEN_MAX:
        raise DeadlineNotLater(
            "The work has to be done behind it.",
            field="closes_at",
            before=due,
            maximum=now + OPEN_MAX,
        )
