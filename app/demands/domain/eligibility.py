"""Who may propose: not the poster, not who shares control with it, not who watches the market."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.demands.domain.content import Answerer
from app.demands.domain.demand import Demand
from app.demands.domain.proposal import ProposalStatus
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import PartyId
from app.shared.money import Money


class Obstacle(StrEnum):
    """What on record keeps a party from proposing."""

    POSTER = "poster"  # 发榜单位本身
    SHARED_CONTROL = "shared_control"  # 与发榜单位受同一控制
    WATCHES_MARKET = "watches_market"  # 交易机构、审计单位
    NOT_VERIFIED = "not_verified"
    KIND_NOT_ADMITTED = "kind_not_admitted"  # not of those who may answer


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """What the exchange's records say of one party of a proposal.

    Attributes:
        shared_grounds: The grounds of control that it shares with the poster.
        has_staff: Whether it has operators or auditors.
    """

    party_id: PartyId
    is_poster: bool
    is_person: bool
    is_verified: bool
    has_staff: bool
    shared_grounds: tuple[str, ...]


class ProposerNotEligible(RuleBroken):
    """Somebody of the proposal may not propose; ``errors`` says who, and on which ground."""

    code = "proposer_not_eligible"
    title_zh = "申报单位或联合体成员不符合揭榜资格"
    title_en = "Somebody of this proposal may not propose"

    def __init__(self, detail: str, *, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(detail, errors=[dict(error) for error in errors])


class EligibilityNotDue(Conflict):
    """Eligibility is decided after the opening and before the review."""

    code = "eligibility_not_due"
    title_zh = "当前不能作出资格审查决定"
    title_en = "Eligibility is not decided now"


class ProposalCurrencyDiffers(RuleBroken):
    """Prices are compared with each other and with the budget: in one currency only."""

    code = "proposal_currency_differs"
    title_zh = "方案报价币种与需求预算不一致，不能通过资格审查"
    title_en = "The price is in another currency than the demand's money"


def check_currency(price: Money | None, demand: Demand) -> None:
    """Refuse to let a price be judged that cannot be compared with the others.

    The posting's money says the currency; where a budget is open and neither ceiling, route nor
    bidding plan names an amount, it is CNY.

    Raises:
        ProposalCurrencyDiffers: Names the currency.

    Invariant: DM52. Source: default.
    """
    terms = demand.terms
    named = [demand.content.budget.high]
    if terms is not None:
        named += [terms.ceiling, *terms.route_budgets]
    plan = demand.bidding
    default = "CNY" if plan is None else str(plan["lowest_floor"]["currency"])
    accepted = next((money.currency for money in named if money is not None), default)
    if price is not None and price.currency != accepted:
        raise ProposalCurrencyDiffers("Exclude it.", currency=price.currency, accepted=accepted)


DECIDABLE: Final = frozenset({ProposalStatus.OPENED})


def find_obstacles(
    parties: Sequence[OnRecord], *, who_may_answer: Sequence[Answerer]
) -> list[dict[str, Any]]:
    """Return what keeps each party from proposing, with its ground; the lead comes first.

    Invariant: DM47. Source: rules.md section 4 (default); 招标投标法实施条例 34.
    """
    found: list[dict[str, Any]] = []
    kind = _kind(parties)
    if kind not in who_may_answer:
        accepted = [str(name) for name in who_may_answer]
        found.append(_told(parties[0], Obstacle.KIND_NOT_ADMITTED, kind=kind, accepted=accepted))
    for party in parties:
        if party.is_poster:
            found.append(_told(party, Obstacle.POSTER))
        elif party.shared_grounds:
            grounds = list(party.shared_grounds)
            found.append(_told(party, Obstacle.SHARED_CONTROL, grounds=grounds))
        if party.has_staff:
            found.append(_told(party, Obstacle.WATCHES_MARKET))
        if not party.is_verified:
            found.append(_told(party, Obstacle.NOT_VERIFIED))
    return found


def _kind(parties: Sequence[OnRecord]) -> Answerer:
    if len(parties) > 1:
        return Answerer.CONSORTIUM
    return Answerer.PERSON if parties[0].is_person else Answerer.ORGANISATION


def _told(party: OnRecord, obstacle: Obstacle, **more: object) -> dict[str, Any]:
    return {"rule": str(obstacle), "party_id": str(party.party_id)} | {
        name: str(value) if isinstance(value, StrEnum) else value for name, value in more.items()
    }
