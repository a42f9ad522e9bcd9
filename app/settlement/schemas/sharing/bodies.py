"""What the routes of income sharing take."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from app.platform.schema import (
    Body,
    Line,
    MoneyJson,
    Paragraph,
    PositiveMoney,
    Reason,
    printable,
)
from app.settlement.domain.sharing.awards import (
    Plan,
)
from app.settlement.domain.sharing.catalogue import UNIT_SCHEME
from app.settlement.domain.sharing.dividing import Choice, GrantMode, Person
from app.settlement.domain.sharing.income import CostKind, CostLine
from app.settlement.domain.sharing.schemes import (
    Basis,
    Deduction,
    DeductionKind,
    Group,
    Origin,
    PersonRole,
    Pool,
    Scheme,
    Tier,
)
from app.settlement.schemas.dues import NotNegative
from app.settlement.service.sharing.comparing import Question
from app.shared.money import Money

BasisPoints = Annotated[int, Field(ge=0, le=10_000, description="Basis points: 7000 is 70 %")]
Shares = Annotated[int, Field(ge=1, le=10**15)]


class DeductionFields(Body):
    """A deduction at its place; ``rate_bp`` belongs to the kind ``rate`` alone."""

    kind: DeductionKind
    rate_bp: BasisPoints | None = None


class TierFields(Body):
    """Parts of one slice of the net; basis points sum to 10,000, thirds are 1, 1 and 1.

    ``up_to`` ends the slice, cumulative; the last tier has none.
    """

    pools: dict[Pool, BasisPoints]
    up_to: PositiveMoney | None = None


class GroupFields(Body):
    """Roles that share a part of the award; each role stands in one group."""

    name: Annotated[str, Field(min_length=1, max_length=40), AfterValidator(printable)]
    roles: Annotated[list[PersonRole], Field(min_length=1, max_length=4)]
    share_bp: BasisPoints


class SharingSchemeBody(Body):
    """A unit's own scheme; it becomes the next version of its name ``unit``."""

    title_zh: Line
    title_en: Line
    source: Line
    effective_on: date
    deductions: Annotated[list[DeductionFields], Field(max_length=10)]
    rules: dict[Basis, Annotated[list[TierFields], Field(min_length=1, max_length=20)]]
    groups: Annotated[list[GroupFields], Field(min_length=1, max_length=4)]

    def to_domain(self) -> Scheme:
        """Return the domain value; its version is given when it is published."""
        return Scheme(
            name=UNIT_SCHEME,
            version=1,
            origin=Origin.UNIT,
            title_zh=self.title_zh,
            title_en=self.title_en,
            source=self.source,
            effective_on=self.effective_on,
            deductions=tuple(Deduction(step.kind, step.rate_bp) for step in self.deductions),
            rules={
                basis: tuple(Tier(tier.pools, tier.up_to) for tier in tiers)
                for basis, tiers in self.rules.items()
            },
            groups=tuple(
                Group(group.name, tuple(group.roles), group.share_bp) for group in self.groups
            ),
        )


class SchemeRef(Body):
    """A scheme by name; without a version the newest one in force."""

    name: Line
    version: Annotated[int, Field(ge=1)] | None = None


class CostFields(Body):
    """One cost; ``fiscal_research`` is named in order to be refused."""

    kind: CostKind
    description: Line
    amount: PositiveMoney

    def to_domain(self) -> CostLine:
        """Return the domain value."""
        return CostLine(self.kind, self.description, self.amount)


class PersonFields(Body):
    """A person: ``weight`` within the role's group, ``ownership_bp`` of the result's ownership."""

    name: Line
    role: PersonRole
    weight: Annotated[int, Field(ge=1, le=1_000_000)]
    ownership_bp: BasisPoints = 0

    def to_domain(self) -> Person:
        """Return the domain value."""
        return Person(
            name=self.name, role=self.role, weight=self.weight, ownership_bp=self.ownership_bp
        )


Persons = Annotated[list[PersonFields], Field(max_length=500)]
Costs = Annotated[list[CostFields], Field(max_length=200)]


class TaxField(Body):
    """Tax on the income, zero or more."""

    tax: NotNegative | None = None

    def tax_in(self, currency: str) -> Money:
        """Return the tax, by default nothing."""
        return self.tax or Money(0, currency)


class SharingPlanBody(TaxField):
    """The plan as a whole.

    ``agreed_months``: awards are paid within so many months of each income; the law gives six.
    ``grant_mode``: when ownership was granted, if it was. ``shares_total``: of the basis shares.
    """

    scheme: SchemeRef
    basis: Basis = Basis.NET_INCOME
    persons: Persons
    costs: Costs = Field(default_factory=list)
    grant_mode: GrantMode | None = None
    shares_total: Shares | None = None
    agreed_months: Annotated[int, Field(ge=1, le=120)] | None = None

    def to_domain(self, scheme: Scheme, currency: str) -> Plan:
        """Return the domain value."""
        return Plan(
            scheme=scheme,
            basis=self.basis,
            persons=tuple(person.to_domain() for person in self.persons),
            costs=tuple(cost.to_domain() for cost in self.costs),
            tax=self.tax_in(currency),
            grant_mode=self.grant_mode,
            shares_total=self.shares_total,
            agreed_months=self.agreed_months,
        )


class SharingOptionBody(Body):
    """What a person with granted ownership wants, in the person's own words."""

    person: Annotated[int, Field(ge=1)]
    choice: Choice
    chosen_on: date
    statement: Paragraph


class AwardNoticeBody(Body):
    """How long the notice runs, in calendar days."""

    days: Annotated[int, Field(ge=1, le=365)] = 15


class SharingObjectionBody(Body):
    """Who of the unit objects, and why."""

    name: Line
    text: Paragraph


class SharingDecisionBody(Body):
    """What the unit decided; the person reads the reason."""

    upheld: bool
    decision: Reason


class SharingCostsBody(TaxField):
    """Costs and tax of later incomes."""

    costs: Costs


class AwardPaymentBody(Body):
    """What a person was paid; ``shares`` in place of ``amount`` where shares are divided."""

    person: Annotated[int, Field(ge=1)]
    amount: PositiveMoney | None = None
    shares: Shares | None = None
    paid_on: date
    reference: Line


class SharingComparisonBody(TaxField):
    """What is compared; what is left out comes from the deal.

    ``schemes`` empty: all that know the basis and fit the currency. ``profits``: one a year, of
    the basis operating profit.
    """

    deal_id: UUID | None = None
    basis: Basis = Basis.NET_INCOME
    schemes: Annotated[list[SchemeRef], Field(max_length=20, default_factory=list)]
    gross: PositiveMoney | None = None
    costs: Costs | None = None
    persons: Persons | None = None
    grant_mode: GrantMode | None = None
    shares_total: Shares | None = None
    profits: Annotated[list[MoneyJson], Field(max_length=10, default_factory=list)]
    seller_class: Line | None = None
    region_code: Line | None = None

    def to_domain(self) -> Question:
        """Return the domain value."""
        return Question(
            deal_id=self.deal_id,
            basis=self.basis,
            schemes=tuple((one.name, one.version) for one in self.schemes),
            gross=self.gross,
            costs=None if self.costs is None else tuple(one.to_domain() for one in self.costs),
            tax=self.tax,
            persons=None
            if self.persons is None
            else tuple(one.to_domain() for one in self.persons),
            grant_mode=self.grant_mode,
            shares_total=self.shares_total,
            profits=tuple(self.profits),
            seller_class=self.seller_class,
            region_code=self.region_code,
        )
