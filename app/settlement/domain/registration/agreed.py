"""What price terms, contract text, signatures and conditions tell a registration.

A deal's seller is the solver of a demand, its buyer the poster: the registration's tables speak
of those, contract texts of 甲方 (buyer) and 乙方 (seller).
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from app.settlement.domain.effects import Condition, ConditionKind
from app.settlement.domain.price_wording import payment_wording
from app.settlement.domain.signing import Capacity, Signature
from app.settlement.domain.terms import PriceTerms

_OWNERSHIP: Final = {
    "seller_owns": "solver_owns",
    "seller_owns_buyer_uses": "solver_owns_poster_uses",
    "buyer_owns": "poster_owns",
    "buyer_owns_seller_research_use": "poster_owns_solver_research_use",
}
_RISK: Final = {"buyer_bears": "poster_bears", "seller_bears": "solver_bears"}
_COUNT: Final = re.compile(r"\d{1,6}", re.ASCII)


def facts_of_terms(terms: PriceTerms) -> dict[str, Any]:
    """Return what agreed price terms say of the payment."""
    told: dict[str, Any] = {"payment_mode": terms.payment_mode, "terms_kind": str(terms.kind)}
    if terms.royalty is not None:
        told["royalty_terms"] = payment_wording(terms)
    return told


def facts_of_text(
    parameters: Mapping[str, Any], signatures: Collection[Signature]
) -> dict[str, Any]:
    """Return what the last text was agreed to say, and who signed it.

    Args:
        parameters: ``{clause: {blank: value}}``, as agreed for the text.
        signatures: Under that text.
    """
    told: dict[str, Any] = {}
    _take(told, parameters, "licence_kind", ("licence_grant", "kind"))
    for clause in ("ownership_commissioned", "ownership_joint"):
        _take(told, parameters, "ip_ownership", (clause, "ownership"), _OWNERSHIP)
    _take(told, parameters, "failure_risk_rule", ("risk", "rule"), _RISK)
    _take(told, parameters, "intermediated_contract", ("intermediary", "third_party"))
    trainees = _COUNT.search(str(parameters.get("training", {}).get("trainees", "")))
    if trainees is not None:
        told["trainees"] = int(trainees.group())
    # What the parties wrote themselves; the rest of a text is the exchange's own wording.
    written = [value for given in parameters.values() for value in given.values()]
    own = "\n".join(value for value in written if isinstance(value, str))
    if own:
        told["other_terms"] = own
    if signatures:
        agents = [each for each in signatures if each.capacity is Capacity.AUTHORISED]
        told |= {
            "in_writing": True,
            "signed_by_agent": bool(agents),
            "authorisation_attached": all(each.authorisation_id is not None for each in agents),
        }
    return told


def _take(
    told: dict[str, Any],
    parameters: Mapping[str, Any],
    name: str,
    place: tuple[str, str],
    words: Mapping[str, str] | None = None,
) -> None:
    clause, blank = place
    value = parameters.get(clause, {}).get(blank)
    if value is not None:
        told[name] = value if words is None else words.get(value, value)


def facts_of_conditions(conditions: Collection[Condition]) -> dict[str, Any]:
    """Return which approvals the contract waits for, and which have come."""
    approvals = [each for each in conditions if each.kind is ConditionKind.APPROVAL]
    met = tuple(each.description for each in approvals if each.fulfilled_on is not None)
    needed = tuple(each.description for each in approvals)
    return {"approvals_needed": needed, "approvals_attached": met}
