"""Ranking 排序: who wins by the published rules, exactly, and why everybody else does not.

All arithmetic is in rationals; nothing is rounded before it is told. The order is total: score,
then price, then who handed in earlier, then the id. So equal inputs give one result, whatever
order they come in, and anybody can compute it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from app.demands.domain.content import DemandContent
from app.demands.domain.posting import WEIGHTS_BP, DecisionWay, PostingTerms
from app.demands.domain.scoring import POINTS_MAX, Points
from app.shared.errors import RuleBroken
from app.shared.findings import Findings
from app.shared.ids import PartyId, ProposalId
from app.shared.money import Money

PRICE: Final = "price"
DEFAULT_CURRENCY: Final = "CNY"
# Ways in which experts do not see a price before their scores are in (two envelopes).
PRICE_APART: Final = frozenset({DecisionWay.PRICE_WEIGHTED, DecisionWay.REVERSE_AUCTION})


class Fate(StrEnum):
    """What the rules make of a proposal."""

    WINNER = "winner"
    OUTRANKED = "outranked"  # 排名靠后
    ROUTE_TAKEN = "route_taken"  # a better one runs on this route
    ABOVE_ROUTE_BUDGET = "above_route_budget"
    BELOW_MINIMUM = "below_minimum"  # 低于最低得分
    ABOVE_CEILING = "above_ceiling"  # 超出最高限价
    NOT_SIGNED = "not_signed"  # 未按期签约: it won before
    NO_BID = "no_bid"  # 未参加竞价: admitted, and not in the auction's ranking


# Who may follow when a winner does not sign.
MAY_FOLLOW: Final = frozenset({Fate.OUTRANKED, Fate.ROUTE_TAKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How proposals are ranked and chosen, as published.

    Attributes:
        weights: Basis points by criterion, in their published order; with the price's 10,000.
        score_min: Total points below which nobody is chosen.
        ceiling: Price above which nobody is chosen.
        currency: In another one nobody is chosen: amounts of two are not compared.
        route_budgets: In a race, what the first, second … winner may cost; else empty.
    """

    weights: Mapping[str, int]
    price_weight_bp: int
    score_min: int
    ceiling: Money | None
    route_budgets: tuple[Money, ...] = ()
    currency: str = DEFAULT_CURRENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A proposal to be ranked.

    Attributes:
        price: Of the whole work, above zero, in the currency of all others.
        points: By criterion.
        route: In a race, what the panel calls its way.
    """

    proposal_id: ProposalId
    party_id: PartyId
    price: Money
    handed_in_at: datetime
    points: Mapping[str, Points]
    route: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A ranked proposal.

    Attributes:
        rank: 1 is the best; nobody shares a rank.
        contributions: What each criterion, and ``price`` if it weighs, adds to ``total``.
        lane: Which budget a winner runs on, from 1.
    """

    candidate: Candidate
    rank: int
    total: Fraction
    contributions: Mapping[str, Fraction]
    fate: Fate
    lane: int | None = None


def winners(ranked: Sequence[Ranked]) -> list[ProposalId]:
    """Return who wins, in the order of the budgets they run on."""
    chosen = [item for item in ranked if item.fate is Fate.WINNER]
    return [it.candidate.proposal_id for it in sorted(chosen, key=lambda it: it.lane or 0)]


class RoutesInvalid(RuleBroken):
    """In a race, the panel names the route of every proposal; ``errors`` names each fault."""

    code = "review_routes_invalid"
    title_zh = "赛马制评审须为每个方案标注技术路线"
    title_en = "Name the route of every proposal"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class RoutesNotAsked(RuleBroken):
    """Only a race tells routes apart."""

    code = "review_routes_not_asked"
    title_zh = "仅赛马制评审需要标注技术路线"
    title_en = "Only a race tells routes apart"


def rules_of(terms: PostingTerms, content: DemandContent) -> Rules:
    """Return the rules that a posting published.

    Invariant: DM64.
    """
    return Rules(
        weights={criterion.name: criterion.weight_bp for criterion in terms.criteria},
        price_weight_bp=terms.price_weight_bp,
        score_min=terms.score_min,
        ceiling=terms.ceiling or content.budget.high,
        route_budgets=terms.route_budgets,
        currency=currency_of(terms, content),
    )


def currency_of(terms: PostingTerms, content: DemandContent) -> str:
    """Return the currency of all prices: the published amounts', yuan where there is none.

    Source: default.
    """
    stated = (content.budget.high, terms.ceiling, *terms.route_budgets)
    return next((money.currency for money in stated if money is not None), DEFAULT_CURRENCY)


def price_points(price: Money, lowest: Money) -> Fraction:
    """Return the points of a price: the lowest price by it, times 100.

    The formula 最低价 / 报价 × 100 is common in price-weighted reviews; it stands in the posting.

    Source: default.
    """
    ours, best = price.amount_minor, lowest.amount_minor
    return Fraction(best, ours) * POINTS_MAX if best < ours else Fraction(POINTS_MAX)


def rank(candidates: Sequence[Candidate], rules: Rules) -> list[Ranked]:
    """Return all proposals, best first, each with what becomes of it.

    The lowest price is that of all proposals below the ceiling. Whoever is above the ceiling
    comes behind everybody else.

    Invariants: DM64, DM65, DM66, DM67.
    """
    if not candidates:
        return []
    allowed = [item for item in candidates if not _barred(item.price, rules)]
    lowest = min((item.price for item in allowed or candidates), key=lambda it: it.amount_minor)
    parts = {item.proposal_id: _contributions(item, rules, lowest) for item in candidates}
    scored = [(item, sum(parts[item.proposal_id].values(), Fraction(0))) for item in candidates]
    scored.sort(key=lambda pair: _key(pair[0], pair[1], rules))
    return [
        Ranked(
            candidate=item,
            rank=place,
            total=total,
            contributions=parts[item.proposal_id],
            fate=fate,
            lane=lane,
        )
        for place, ((item, total), (fate, lane)) in enumerate(
            zip(scored, _fates(scored, rules), strict=True), start=1
        )
    ]


def _contributions(item: Candidate, rules: Rules, lowest: Money) -> dict[str, Fraction]:
    parts = {
        name: Fraction(weight * item.points[name].total, item.points[name].count * WEIGHTS_BP)
        for name, weight in rules.weights.items()
    }
    if rules.price_weight_bp:
        points = price_points(item.price, lowest)
        parts[PRICE] = points * rules.price_weight_bp / WEIGHTS_BP
    return parts


def _key(
    item: Candidate, total: Fraction, rules: Rules
) -> tuple[bool, Fraction, int, datetime, ProposalId]:
    """Return the place in the published order of ties: score, price, earlier hand-in."""
    return (
        _barred(item.price, rules),
        -total,
        item.price.amount_minor,
        item.handed_in_at,
        item.proposal_id,
    )


def _barred(price: Money, rules: Rules) -> bool:
    # What is in another currency cannot be shown to lie below, and must not stop the ranking.
    return price.currency != rules.currency or _above(price, rules.ceiling)


def _above(price: Money, limit: Money | None) -> bool:
    return limit is not None and price > limit


def _fates(
    ordered: Sequence[tuple[Candidate, Fraction]], rules: Rules
) -> list[tuple[Fate, int | None]]:
    fates: dict[int, tuple[Fate, int | None]] = {}
    for place, (item, total) in enumerate(ordered):
        if _barred(item.price, rules):
            fates[place] = (Fate.ABOVE_CEILING, None)
        elif total < rules.score_min:
            fates[place] = (Fate.BELOW_MINIMUM, None)
    eligible = [place for place in range(len(ordered)) if place not in fates]
    if rules.route_budgets:
        fates |= _race({place: ordered[place][0] for place in eligible}, rules.route_budgets)
    elif eligible:
        fates[eligible[0]] = (Fate.WINNER, 1)
    return [fates.get(place, (Fate.OUTRANKED, None)) for place in range(len(ordered))]


def _race(
    eligible: Mapping[int, Candidate], budgets: Sequence[Money]
) -> dict[int, tuple[Fate, int | None]]:
    """Choose, for each budget in turn, the best one left whose route is new and that it pays.

    Invariant: DM67.
    """
    fates: dict[int, tuple[Fate, int | None]] = {}
    taken: set[str | None] = set()
    for lane, budget in enumerate(budgets, start=1):
        for place, item in eligible.items():
            if place not in fates and item.route not in taken and not _above(item.price, budget):
                fates[place] = (Fate.WINNER, lane)
                taken.add(item.route)
                break
    highest = max(budgets, key=lambda budget: budget.amount_minor)
    for place, item in eligible.items():
        if place in fates:
            continue
        if _above(item.price, highest):
            fates[place] = (Fate.ABOVE_ROUTE_BUDGET, None)
        elif item.route in taken:
            fates[place] = (Fate.ROUTE_TAKEN, None)
    return fates


def lanes(prices: Sequence[Money], budgets: Sequence[Money]) -> list[int]:
    """Return on which budget each winner of a race runs, from 1.

    A budget that paid for nobody is passed over: whoever won on a later one costs more.

    Args:
        prices: In the order of the budgets, as `winners` gives them; each is below one.

    Invariant: DM67.
    """
    found: list[int] = []
    for price in prices:
        later = range(found[-1] + 1 if found else 1, len(budgets) + 1)
        found.append(next(place for place in later if price <= budgets[place - 1]))
    return found


def check_routes(terms: PostingTerms, routes: Mapping[str, str], *, codes: Sequence[str]) -> None:
    """Refuse routes of what is no race, or that leave a proposal out.

    Args:
        routes: By proposal code.

    Raises:
        RoutesNotAsked: Not a race.
        RoutesInvalid: With one of these rules an error: missing, unknown.
    """
    if terms.decision is not DecisionWay.RACING:
        raise RoutesNotAsked("This posting has one winner.", decision=str(terms.decision))
    faults = Findings()
    for code in codes:
        faults.require(code in routes, f"routes.{code}", rule="missing", message="Name its route.")
    for code in routes.keys() - set(codes):
        faults.add(f"routes.{code}", rule="unknown", message="No such proposal is judged here.")
    if faults.errors:
        raise RoutesInvalid(faults.summary(), errors=faults.errors)
