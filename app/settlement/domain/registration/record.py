"""A contract as its registration sees it: the national form's fields and what refusals hang on.

Everything is optional: ``None`` is not known, and nothing is guessed. A record may hold anything
that people write; what is wrong with it, the linter says.

Source: rules.md section 5, fields of the national form and grounds for refusal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from app.shared import codes
from app.shared.money import Money

_AT_HOME: Final = (None, "", "142")  # the customs' code of China
_ENTERPRISES: Final = frozenset({"domestic_enterprise", "hmt_enterprise", "foreign_enterprise"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A party. Its fields are called ``seller_…`` and ``buyer_…`` in forms, files and findings.

    Attributes:
        seal_name: The name on its seal, or the signature of a natural person.
        credit_code: Unified social credit code, 18 characters.
        type: Of ``party_type``.
        scale: Of ``buyer_scale``.
        representative: Legal representative 法定代表人 or head.
        region: GB/T 2260, six digits.
        country: Of a party abroad: the customs' code, three digits.
        industry: GB/T 4754: a name of ``industry``, or its code such as ``C`` or ``C3512``.
        natural_person: ``None`` follows the party type.
        is_transfer_institution, is_rd_institution, is_converted_institute: 技术转移机构, 研发机构,
            转制院所.
    """

    name: str | None = None
    seal_name: str | None = None
    credit_code: str | None = None
    type: str | None = None
    scale: str | None = None
    address: str | None = None
    representative: str | None = None
    contact: str | None = None
    phone: str | None = None
    postcode: str | None = None
    region: str | None = None
    country: str | None = None
    industry: str | None = None
    natural_person: bool | None = None
    in_high_tech_zone: bool | None = None
    listed: bool | None = None
    is_transfer_institution: bool | None = None
    is_rd_institution: bool | None = None
    is_converted_institute: bool | None = None

    @property
    def is_person(self) -> bool:
        """Whether it is a natural person, as far as is known."""
        if self.natural_person is None:
            return self.type == "natural_person"
        return self.natural_person

    @property
    def is_abroad(self) -> bool:
        """Whether it is a body abroad, or has told another country than China."""
        return self.type == "overseas_body" or self.country not in _AT_HOME

    @property
    def is_enterprise(self) -> bool:
        """Whether its type is one of enterprises."""
        return self.type is not None and (codes.chain("party_type", self.type)[-1] in _ENTERPRISES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRecord:
    """A contract to be registered.

    Attributes:
        number: What its owner calls it; told in reports, judged by no rule.
        project_name: 合同项目名称, the title.
        technical_content: What is developed, transferred, licensed, advised on or done.
        obligations: The parties' main duties, as the contract has them.
        other_terms: Further terms, as the contract has them.
        contract_type: A leaf of ``contract_type``.
        total_amount: 合同成交总额, in yuan; of an amount not known, what is certain so far.
        technology_amount: 技术交易额: the total without equipment, parts and raw material.
        equipment_amount: Equipment, instruments, parts and raw material in the total.
        foreign_amount: The total in the contract's own currency, if that is not the yuan.
        amount_known: Whether the total is final; ``False`` for royalties still to come.
        payment_mode: Of ``payment_mode``.
        terms_kind: Kind of the price terms: lump_sum, instalments, royalty, entry_fee_royalty,
            milestones, use_first_pay_later, share_investment.
        royalty_terms: Base, rate and audit of a royalty.
        mixed: Whether it also holds what is no technology, such as a sale of goods.
        ip_kind, plan_source, technology_field, social_economic_objective: Of the tables so named.
        ip_ownership, failure_risk_rule: Of a development, of the tables so named.
        licence_kind: Of a licence, of ``licence_kind``.
        patent_numbers: With or without ``ZL``.
        patent_ends_on: Last day of the term of the patent that ends first.
        trainees: Persons trained, of a training.
        intermediated_contract: Name or number of the contract that an intermediary brings about.
        related_party: Whether seller and buyer are related.
        in_writing: Whether it is a written contract.
        registered_before: Whether an office has registered it already.
        monopolistic_terms, infringing_terms: A person's finding on 民法典 850.
        state_secret: Whether it holds state secrets.
        approvals_needed, approvals_attached: Names of approvals and proofs.
        signed_by_agent, authorisation_attached: Whether an agent signed; whether the power of
            attorney lies beside.
        confirmed_on: Day of the deal at the exchange.
        conversion_mode, cooperation_mode: What the listing offered, or the demand asked for.
        filing_on: Day on which it is to be filed; no date of its past lies after it.
        pages: Page of the contract on which a section begins, by the names of `Section`.
    """

    number: str | None = None
    project_name: str | None = None
    technical_content: str | None = None
    obligations: str | None = None
    other_terms: str | None = None
    seller: Side = Side()
    buyer: Side = Side()
    contract_type: str | None = None
    total_amount: Money | None = None
    technology_amount: Money | None = None
    equipment_amount: Money | None = None
    foreign_amount: Money | None = None
    amount_known: bool | None = None
    payment_mode: str | None = None
    terms_kind: str | None = None
    royalty_terms: str | None = None
    mixed: bool | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    confirmed_on: date | None = None
    related_party: bool | None = None
    plan_source: str | None = None
    ip_kind: str | None = None
    technology_field: str | None = None
    social_economic_objective: str | None = None
    ip_ownership: str | None = None
    failure_risk_rule: str | None = None
    licence_kind: str | None = None
    patent_numbers: tuple[str, ...] = ()
    patent_ends_on: date | None = None
    trainees: int | None = None
    intermediated_contract: str | None = None
    in_writing: bool | None = None
    registered_before: bool | None = None
    monopolistic_terms: bool | None = None
    infringing_terms: bool | None = None
    state_secret: bool | None = None
    approvals_needed: tuple[str, ...] = ()
    approvals_attached: tuple[str, ...] = ()
    signed_by_agent: bool | None = None
    authorisation_attached: bool | None = None
    conversion_mode: str | None = None
    cooperation_mode: str | None = None
    filing_on: date | None = None
    pages: Mapping[str, int] = field(default_factory=dict)

    @property
    def sides(self) -> tuple[tuple[str, Side], tuple[str, Side]]:
        """The parties, each with what its fields' names begin with."""
        return ("seller_", self.seller), ("buyer_", self.buyer)
