"""What a contract's text is written from: the deal, its parties, its object, its terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.settlement.domain.capitals import in_capitals, in_figures
from app.settlement.domain.clauses import Fact, day
from app.settlement.domain.contract import Contract, family
from app.settlement.domain.effects import Condition, effect_wording
from app.settlement.domain.price_wording import payment_wording
from app.settlement.domain.terms import PriceTerms
from app.shared import codes
from app.shared.canonical import digest
from app.shared.findings import Findings
from app.shared.jsonable import jsonable
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TextParty:
    """A side of the contract; a natural person has neither code nor representative."""

    organisation: bool
    name: str
    credit_code: str | None
    address: str | None
    representative: str | None
    contact: str | None
    phone: str | None
    postcode: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFacts:
    """All that the exchange knows when a text is written.

    Attributes:
        exchange: The exchange's Chinese name.
        title, abstract: Of the achievement or the demand.
        ip_kind: The achievement's, if the contract names none.
        rights: One line a right: kind, number, name, standing.
        conversion_mode: Of the listing; a licence's says its kind.
        ip_ownership, failure_risk_rule, poster_risk_bp: Of the demand.
        terms: ``None`` while nobody has agreed any: then the price is paid at once.
        conditions: What the contract waits for.
    """

    exchange: str
    deal_number: str
    confirmed_on: date
    price: Money
    seller: TextParty
    buyer: TextParty
    title: str
    abstract: str
    contract: Contract
    terms: PriceTerms
    conditions: tuple[Condition, ...]
    ip_kind: str | None = None
    rights: tuple[str, ...] = ()
    conversion_mode: str | None = None
    ip_ownership: str | None = None
    failure_risk_rule: str | None = None
    poster_risk_bp: int | None = None

    @property
    def project_name(self) -> str:
        """The contract's own name, else the achievement's or demand's."""
        return self.contract.project_name or self.title


# The poster of a demand buys, its solver sells.
_OWNERSHIP: Final[Mapping[str, str]] = {
    "solver_owns": "seller_owns",
    "solver_owns_poster_uses": "seller_owns_buyer_uses",
    "poster_owns": "buyer_owns",
    "poster_owns_solver_research_use": "buyer_owns_seller_research_use",
    "joint_ownership": "joint_ownership",
    "by_contribution": "by_contribution",
}
_RISKS: Final[Mapping[str, str]] = {
    "poster_bears": "buyer_bears",
    "solver_bears": "seller_bears",
    "shared_by_ratio": "shared_by_ratio",
    "shared_reasonably": "shared_reasonably",
    "settled_at_milestone": "settled_at_milestone",
}
_LICENCES: Final[Mapping[str, str]] = {
    "licence_exclusive": "exclusive",
    "licence_sole": "sole",
    "licence_ordinary": "ordinary",
}


def basis_of(facts: TextFacts) -> str:
    """Return the hash of what a text is written from; another one makes the text stale.

    When a condition was met is no part of it: that happens behind the signing.

    Invariant: ST36.
    """
    return digest(jsonable(facts))


def words_of(facts: TextFacts) -> dict[str, Fact]:
    """Return what clauses may print, by name."""
    contract = facts.contract
    kind = contract.ip_kind or facts.ip_kind
    return {
        "project_name": facts.project_name,
        "exchange": facts.exchange,
        "deal_number": facts.deal_number,
        "confirmed_on": day(facts.confirmed_on),
        "price": in_figures(facts.price),
        "price_capitals": in_capitals(facts.price),
        "payment_terms": payment_wording(facts.terms),
        "effect": effect_wording(facts.conditions),
        "abstract": facts.abstract,
        "rights": "；".join(facts.rights) or None,
        "ip_kind": None if kind is None else codes.label("ip_kind", kind),
        "licence_kind": _LICENCES.get(facts.conversion_mode or ""),
        "ip_ownership": _OWNERSHIP.get(facts.ip_ownership or ""),
        "failure_risk": _RISKS.get(facts.failure_risk_rule or ""),
        "buyer_risk_bp": facts.poster_risk_bp,
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
        "patent_ends_on": contract.patent_ends_on,
    }


def check_facts(facts: TextFacts, findings: Findings) -> None:
    """Note what the parties and the contract's data lack before a text can be written.

    Invariant: ST31. Source: 民法典 470, 865; 技术合同认定规则.
    """
    for side, party in (("buyer", facts.buyer), ("seller", facts.seller)):
        needed = (
            ("address", "credit_code", "representative") if party.organisation else ("address",)
        )
        for name in needed:
            findings.require(
                bool(getattr(party, name)),
                f"parties.{side}.{name}",
                rule="party_unclear",
                message="The contract names its parties in full; mend the party's data.",
                source="民法典 470",
            )
    contract = facts.contract
    if contract.starts_on and contract.ends_on:
        findings.require(
            contract.starts_on <= contract.ends_on,
            "contract.ends_on",
            rule="dates_out_of_order",
            message="The contract ends before it starts.",
            minimum=contract.starts_on.isoformat(),
        )
    if contract.contract_type == "licence_patent" and contract.ends_on and contract.patent_ends_on:
        findings.require(
            contract.ends_on <= contract.patent_ends_on,
            "contract.ends_on",
            rule="licence_beyond_patent",
            message="A patent licence ends with the patent at the latest.",
            source="民法典 865",
            maximum=contract.patent_ends_on.isoformat(),
        )
    agreed, fixed = facts.terms.payment_mode, contract.payment_mode
    findings.require(
        fixed is None or bool(set(codes.chain("payment_mode", agreed)) & {fixed}),
        "contract.payment_mode",
        rule="payment_mode_differs",
        message="The contract's data say another mode of payment than its price terms.",
        source="民法典 846",
        accepted=list(codes.chain("payment_mode", agreed)),
    )


def title_of(contract_type: str) -> str:
    """Return the title of a contract of a sub-type: 技术转让合同（专利权转让）."""
    broad = codes.label("contract_type", family(contract_type))
    narrow = codes.label("contract_type", contract_type)
    return broad if broad == narrow else f"{broad}（{narrow}）"
