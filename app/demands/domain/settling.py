"""The settlement of an engagement that stops: what both sides confirm, or the operator decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.demands.domain.engagement import Engagement, has_failed, require_decided, stop_of
from app.demands.domain.failure import (
    MilestoneNotFailed,
    StopCause,
    StopFigures,
    check_costs,
    check_ratio,
    settle_stop,
)
from app.shared.canonical import digest
from app.shared.errors import Conflict
from app.shared.ids import PartyId
from app.shared.jsonable import jsonable
from app.shared.money import Money


class SettlementMissing(Conflict):
    """Nobody has proposed how to settle."""

    code = "settlement_missing"
    title_zh = "尚未提出结算方案"
    title_en = "No settlement was proposed"


class SettlementDiffers(Conflict):
    """The figures are not those that were confirmed; propose or read them anew."""

    code = "settlement_differs"
    title_zh = "结算数据与所确认的不一致"
    title_en = "The settlement's figures are others"


class SettlementConfirmed(Conflict):
    """This side has confirmed; the other one has not."""

    code = "settlement_confirmed"
    title_zh = "本方已确认，等待对方确认"
    title_en = "Your side has confirmed already"


class StopNotAsked(Conflict):
    """A party's own end is decided when that party has asked for it."""

    code = "stop_not_asked"
    title_zh = "该方未提出终止"
    title_en = "That side has not asked to stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTerms:
    """How somebody wants an engagement to be settled.

    Attributes:
        costs: What is accepted of the costs that the solver has shown.
        poster_bp: The poster's part of the loss; only where the risk is shared reasonably.
    """

    cause: StopCause
    ground: str
    costs: Money
    poster_bp: int | None = None


def figures_of(engagement: Engagement, terms: StopTerms, *, escrow: Money) -> StopFigures:
    """Return who is owed what by these terms.

    Raises:
        DeliveryUndecided: A delivery waits for its decision.
        RatioMissing, RatioNotExpected, CostsAboveShown: See the rules of failure.

    Invariants: DM84, DM86.
    """
    require_decided(engagement)
    bp = check_ratio(
        terms.cause, engagement.failure_risk_rule, engagement.poster_risk_bp, terms.poster_bp
    )
    check_costs(accepted=terms.costs, shown=engagement.costs_shown)
    stop = stop_of(engagement, cause=terms.cause, escrow=escrow, costs=terms.costs, poster_bp=bp)
    return settle_stop(stop)


def settlement_hash(engagement: Engagement, terms: StopTerms) -> str:
    """Return the hash of what both sides confirm: entitlements, not where the money lies.

    Whoever pays meanwhile changes the escrow and nobody's right.

    Invariant: DM91.
    """
    figures = figures_of(engagement, terms, escrow=engagement.nothing)
    told: dict[str, Any] = jsonable(
        {
            "engagement_id": engagement.id,
            "cause": terms.cause,
            "rule": engagement.failure_risk_rule,
            "ground": terms.ground,
            "poster_bp": terms.poster_bp,
            "earned": engagement.earned,
            "costs": terms.costs,
            "loss": figures.loss,
            "cost_part": figures.cost_part,
            "to_solver": figures.to_solver,
            "source": figures.source,
        }
    )
    return digest(told)


def proposed(engagement: Engagement, terms: StopTerms, *, by: PartyId) -> Engagement:
    """Return the engagement with a settlement that its proposer has confirmed by proposing it."""
    figures = figures_of(engagement, terms, escrow=engagement.nothing)
    told: Mapping[str, Any] = jsonable(
        {
            "terms": terms,
            "figures": figures,
            "hash": settlement_hash(engagement, terms),
            "by": by,
        }
    )
    return replace(engagement, proposal=told)


def terms_of(proposal: Mapping[str, Any]) -> StopTerms:
    """Read the terms of a stored proposal."""
    told = proposal["terms"]
    return StopTerms(
        cause=StopCause(told["cause"]),
        ground=told["ground"],
        costs=Money.parse(told["costs"]["amount"], told["costs"]["currency"]),
        poster_bp=told["poster_bp"],
    )


def confirmed(engagement: Engagement, *, by: PartyId, seen: str) -> StopTerms:
    """Return the terms to which both sides agree now.

    Args:
        seen: The hash that the other side has read.

    Raises:
        SettlementMissing: Nothing was proposed.
        SettlementConfirmed: The proposer confirms its own.
        SettlementDiffers: Another hash, or the engagement has changed since.

    Invariant: DM91.
    """
    if engagement.proposal is None:
        raise SettlementMissing("Propose how to settle first.")
    if engagement.proposal["by"] == str(by):
        raise SettlementConfirmed("The other side confirms.")
    terms = terms_of(engagement.proposal)
    present = settlement_hash(engagement, terms)
    if not seen == present == engagement.proposal["hash"]:
        raise SettlementDiffers("Read the proposal again.", field="hash", accepted=present)
    return terms


def check_decidable(engagement: Engagement, cause: StopCause) -> None:
    """Refuse a decision of the operator that nothing asks for.

    Raises:
        MilestoneNotFailed: A failure is decided at a failed milestone.
        StopNotAsked: A party's own end is decided when it has asked for it.

    Invariant: DM92.
    """
    if cause is StopCause.FAILURE:
        if not has_failed(engagement):
            raise MilestoneNotFailed("No milestone has failed.")
        return
    asked = engagement.proposal
    if asked is None or asked["terms"]["cause"] != str(cause):
        raise StopNotAsked("That side has not asked for it.", cause=cause)


def with_costs(engagement: Engagement, costs: Sequence[Mapping[str, Any]]) -> Engagement:
    """Return the engagement with what its solver shows of its costs; a proposal falls."""
    told: Sequence[Mapping[str, Any]] = jsonable(costs)
    return replace(engagement, costs=told, proposal=None)
