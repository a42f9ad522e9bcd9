"""A demand's reverse auction 反向竞价, as far as the demand knows of it: bidders, plan, result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.demands.domain.content import DemandContent
from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.posting import DecisionWay, PostingTerms
from app.demands.domain.posting_checks import PostingInvalid
from app.shared.errors import RuleBroken
from app.shared.findings import Findings
from app.shared.ids import PartyId, ProposalId
from app.shared.money import Money

# An auction's result is not voided while somebody works for it, or has worked.
WORKED_ON: Final = frozenset(
    {DemandStatus.CONTRACTED, DemandStatus.ACCEPTED, DemandStatus.TERMINATED}
)
# Reasons that are kept and published; codes, because a notice says them in two languages.
AUCTION_FAILED: Final = "auction_failed"
AUCTION_CANCELLED: Final = "auction_cancelled"
AUCTION_ANNULLED: Final = "auction_annulled"


@dataclass(frozen=True, slots=True)
class Bidder:
    """An admitted proposer: who may bid in a demand's auction.

    Attributes:
        id: The proposal's.
        bidder_code: The proposal's code.
    """

    id: ProposalId
    party_id: PartyId
    bidder_code: str


class PlanNotOfThisDecision(RuleBroken):
    """Only a demand that a reverse auction decides has a plan for one."""

    code = "plan_not_of_this_decision"
    title_zh = "该需求不以反向竞价方式决定"
    title_en = "The demand is not decided by a reverse auction"


def check_attachable(demand: Demand) -> None:
    """Refuse a plan for a demand that is posted with another way to decide.

    Raises:
        PlanNotOfThisDecision: Names the published way.
    """
    terms = demand.terms
    if demand.status is DemandStatus.REVIEWED or terms is None:
        return
    if terms.decision is not DecisionWay.REVERSE_AUCTION:
        raise PlanNotOfThisDecision(
            "Post the demand anew to decide it otherwise.", decision=str(terms.decision)
        )


def check_plan_fits(
    plan: Mapping[str, Any] | None, terms: PostingTerms, content: DemandContent
) -> None:
    """Refuse a posting whose terms say otherwise than its auction's plan.

    Raises:
        PostingInvalid: With one of these rules an error: plan_names_other_criteria,
            plan_has_other_ceiling.

    Invariant: DM96.
    """
    if plan is None or terms.decision is not DecisionWay.REVERSE_AUCTION:
        return
    findings = Findings()
    criteria = plan["terms"]["criteria"]
    names = None if criteria is None else [item["name"] for item in criteria]
    findings.require(
        names is None or names == [criterion.name for criterion in terms.criteria],
        "criteria",
        rule="plan_names_other_criteria",
        message="A weighted auction counts the points of the review, criterion by criterion.",
        criteria=names,
    )
    planned = Money.parse(plan["lowest_floor"]["amount"], plan["lowest_floor"]["currency"])
    stated = terms.ceiling or content.budget.high
    findings.require(
        stated is None or stated == planned,
        "ceiling",
        rule="plan_has_other_ceiling",
        message="The auction begins at the published ceiling.",
        ceiling=planned,
    )
    if findings.errors:
        raise PostingInvalid(findings.summary(), errors=findings.errors)
