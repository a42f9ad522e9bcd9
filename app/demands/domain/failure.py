"""Who is owed what when an engagement stops, by the failure-risk rule the demand recorded.

Accepted milestones are paid under every rule: they are the part that did not fail. What the rules
share out is the loss: the solver's accepted costs of the rest, and never more than the rest of
the price.

Source: 民法典 858 (risk of failure), 566 (what was performed when a contract ends).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.shared.errors import Conflict, RuleBroken
from app.shared.money import Money

WHOLE_BP: Final = 10_000


class RiskRule(StrEnum):
    """The code table ``failure_risk_rule``."""

    POSTER_BEARS = "poster_bears"
    SOLVER_BEARS = "solver_bears"
    SHARED_BY_RATIO = "shared_by_ratio"
    SHARED_REASONABLY = "shared_reasonably"
    SETTLED_AT_MILESTONE = "settled_at_milestone"


class StopCause(StrEnum):
    """Why an engagement stops."""

    FAILURE = "failure"  # 研发失败: nobody's fault; the failure-risk rule decides
    POSTER = "poster"  # the poster ends it
    SOLVER = "solver"  # the solver gives up
    RACE = "race"  # 赛马淘汰: cut at a milestone


class RatioMissing(RuleBroken):
    """Where the risk is shared reasonably, somebody says in which ratio."""

    code = "risk_ratio_missing"
    title_zh = "约定合理分担的，须提出分担比例"
    title_en = "Say in which ratio the loss is shared"


class RatioNotExpected(RuleBroken):
    """The rule fixes the ratio, or there is none."""

    code = "risk_ratio_not_expected"
    title_zh = "该失败风险规则不另定分担比例"
    title_en = "This rule leaves no ratio to be named"


class CostsAboveShown(RuleBroken):
    """Only costs that the solver has shown can be accepted."""

    code = "costs_above_shown"
    title_zh = "认定费用超过研发方举证的费用"
    title_en = "More costs are accepted than the solver has shown"


class MilestoneNotFailed(Conflict):
    """The rule for failures applies, and a route is cut, at a failed milestone."""

    code = "milestone_not_failed"
    title_zh = "当前没有失败的里程碑"
    title_en = "No milestone has failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What is known when an engagement stops; all amounts in one currency, none negative.

    Attributes:
        earned: Sum of the accepted milestones' amounts, at most the price.
        released: What went to the solver already.
        escrow: What lies in the deal's escrow.
        costs: The solver's costs of what was not accepted, shown with evidence and accepted.
        poster_bp: The poster's part of the loss in basis points, where the rule needs one.
    """

    cause: StopCause
    rule: RiskRule
    price: Money
    earned: Money
    released: Money
    escrow: Money
    costs: Money
    poster_bp: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFigures:
    """Who is owed what.

    Attributes:
        loss: What is shared out: the accepted costs, at most the rest of the price.
        cost_part: The poster's part of the loss.
        to_solver: All that the solver gets for the work: ``earned`` and ``cost_part``.
        pay, give_back: What leaves the escrow now, to the solver and back to the poster.
        poster_owes, solver_owes: What is owed outside the escrow; one of them is zero.
        source: The rule behind ``cost_part``.
    """

    loss: Money
    cost_part: Money
    to_solver: Money
    pay: Money
    give_back: Money
    poster_owes: Money
    solver_owes: Money
    source: str


def poster_part_bp(cause: StopCause, rule: RiskRule, poster_bp: int | None) -> int:
    """Return the poster's part of the loss in basis points.

    Who ends the work, gives up or is cut asks no risk rule: nothing failed that nobody could
    help. A claim for damages is between the two and is not in these figures.

    Raises:
        RatioMissing: The rule needs a ratio.
    """
    if cause is not StopCause.FAILURE:
        return 0
    match rule:
        case RiskRule.POSTER_BEARS:
            return WHOLE_BP
        case RiskRule.SOLVER_BEARS | RiskRule.SETTLED_AT_MILESTONE:
            return 0
        case _ if poster_bp is None:
            raise RatioMissing("Name the poster's part of the loss.", field="poster_bp")
        case _:
            return poster_bp


def settle_stop(stop: Stop) -> StopFigures:
    """Return who is owed what; every minor unit of the escrow goes to one of the two.

    Raises:
        RatioMissing: See `poster_part_bp`.

    Invariants: DM84, DM85. Source: 民法典 858.
    """
    nothing = Money(0, stop.price.currency)
    bp = poster_part_bp(stop.cause, stop.rule, stop.poster_bp)
    loss = min(stop.costs, stop.price - stop.earned)
    cost_part = loss.allocate((bp, WHOLE_BP - bp))[0]
    to_solver = stop.earned + cost_part
    due = max(to_solver - stop.released, nothing)
    pay = min(due, stop.escrow)
    return StopFigures(
        loss=loss,
        cost_part=cost_part,
        to_solver=to_solver,
        pay=pay,
        give_back=stop.escrow - pay,
        poster_owes=due - pay,
        solver_owes=max(stop.released - to_solver, nothing),
        source=SOURCES[stop.cause if stop.cause is not StopCause.FAILURE else stop.rule],
    )


SOURCES: Final[dict[StopCause | RiskRule, str]] = {
    StopCause.POSTER: "民法典 566: accepted milestones are paid, the rest goes back",
    StopCause.SOLVER: "民法典 566: accepted milestones are paid, the rest goes back",
    StopCause.RACE: "rules.md §4: a race is cut at milestones",
    RiskRule.POSTER_BEARS: "民法典 858: agreed that the poster bears the risk",
    RiskRule.SOLVER_BEARS: "民法典 858: agreed that the solver bears the risk",
    RiskRule.SHARED_BY_RATIO: "民法典 858: agreed ratio",
    RiskRule.SHARED_REASONABLY: "民法典 858: shared reasonably",
    RiskRule.SETTLED_AT_MILESTONE: "民法典 858: agreed to settle at the accepted milestones",
}


def check_ratio(
    cause: StopCause, rule: RiskRule, recorded_bp: int | None, named_bp: int | None
) -> int | None:
    """Return the ratio that counts: the recorded one, or the named one where none is recorded.

    Raises:
        RatioMissing: The risk is shared reasonably and nobody said how.
        RatioNotExpected: A ratio was named that the rule does not leave open.
    """
    asked = cause is StopCause.FAILURE and rule is RiskRule.SHARED_REASONABLY
    if asked and named_bp is None:
        raise RatioMissing("Name the poster's part of the loss.", field="poster_bp")
    if not asked and named_bp is not None:
        raise RatioNotExpected("The demand recorded what applies.", field="poster_bp", rule=rule)
    return named_bp if asked else recorded_bp


def check_costs(*, accepted: Money, shown: Money) -> None:
    """Refuse to accept costs that were not shown.

    Raises:
        CostsAboveShown: Names what was shown.
    """
    if accepted.currency != shown.currency or accepted > shown:
        raise CostsAboveShown("The solver has shown less.", field="costs_accepted", maximum=shown)
