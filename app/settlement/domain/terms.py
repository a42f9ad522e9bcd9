"""Price terms 价款支付方式: how the price of a deal, and what comes on top of it, is paid.

The price itself is what was confirmed, and no terms change it: they say when which part of it is
due, and which royalties come on top. Source: 民法典 846; rules.md section 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.shared.ids import FileId
from app.shared.money import Money


class TermsKind(StrEnum):
    """The shape in which a price is paid."""

    LUMP_SUM = "lump_sum"  # 一次总付
    INSTALMENTS = "instalments"  # 分期支付
    ROYALTY = "royalty"  # 提成支付: the price is what the royalties guarantee
    ENTRY_FEE_ROYALTY = "entry_fee_royalty"  # 入门费加提成: the price is the entry fee
    MILESTONES = "milestones"  # 按里程碑支付
    USE_FIRST_PAY_LATER = "use_first_pay_later"  # 先使用后付费
    SHARE_INVESTMENT = "share_investment"  # 作价入股: the price is the valued amount


class RoyaltyBase(StrEnum):
    """What a royalty is a part of."""

    PRICE = "price"  # of the products sold
    NEW_OUTPUT = "new_output"  # output value that the technology added
    PROFIT = "profit"
    SALES = "sales"


class RoyaltyPeriod(StrEnum):
    """How often the buyer reports."""

    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


MONTHS: Final[Mapping[RoyaltyPeriod, int]] = {
    RoyaltyPeriod.QUARTER: 3,
    RoyaltyPeriod.HALF_YEAR: 6,
    RoyaltyPeriod.YEAR: 12,
}


class CostBearer(StrEnum):
    """Who pays for an audit whose finding is within the tolerance; beyond it the buyer does."""

    BUYER = "buyer"
    SELLER = "seller"
    EQUALLY = "equally"


class GuaranteeKind(StrEnum):
    """How a payment that waits is secured."""

    BANK_GUARANTEE = "bank_guarantee"  # 银行保函
    SURETY = "surety"  # 保证
    MORTGAGE = "mortgage"  # 抵押
    PLEDGE = "pledge"  # 质押
    INSURANCE = "insurance"  # 保险


class HolderKind(StrEnum):
    """On which side of the seller a shareholder stands."""

    UNIT = "unit"  # the unit that brings the achievement in
    COMPLETER = "completer"  # who completed or converted it (S6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """A part of the price on a day; shares are basis points and sum to 10,000."""

    share_bp: int
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A part of the price that is due when a step is accepted.

    Attributes:
        acceptance: By what the step is accepted.
        expected_on: Planned day; the acceptance itself makes the part due.
        share_bp: Basis points of the price; all milestones sum to 10,000.
    """

    title: str
    acceptance: str
    expected_on: date
    share_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """A price that is paid later: on a day, or some days after something has happened."""

    due_on: date | None = None
    trigger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A rate for the part of the base up to ``up_to``, counted over the whole term.

    Attributes:
        rate_bp: Basis points, 1..10,000.
        up_to: ``None`` is the last tier.
    """

    rate_bp: int
    up_to: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditClause:
    """Who may look into the buyer's books, and who pays for it. Source: 民法典 846.

    Attributes:
        auditor: Who may audit, in words of the contract.
        notice_days: Calendar days of notice before an audit.
        cost_bearer: Who pays as long as the finding is within the tolerance.
        tolerance_bp: By how much of the audited base the report may fall short of it.
    """

    auditor: str
    notice_days: int
    cost_bearer: CostBearer
    tolerance_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Royalty:
    """A part of what the buyer makes of the technology.

    Attributes:
        tiers: Rising; marginal, on the base accumulated since ``starts_on``, so that no choice
            of periods changes the sum.
        minimum_a_year: Guaranteed for each year of the term 保底.
        cap: Most that all years bring together 封顶.
        starts_on: First day of the first period.
        report_days, pay_days: Calendar days after a period's end to report and to pay.
    """

    base: RoyaltyBase
    tiers: tuple[Tier, ...]
    starts_on: date
    years: int
    period: RoyaltyPeriod
    audit: AuditClause
    report_days: int = 30
    pay_days: int = 45
    minimum_a_year: Money | None = None
    cap: Money | None = None

    @property
    def periods(self) -> int:
        """How many reports the term has."""
        return self.years * 12 // MONTHS[self.period]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """What secures a payment that waits 担保."""

    kind: GuaranteeKind
    guarantor: str
    amount: Money
    expires_on: date
    document_id: FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareHolder:
    """Who gets which part of the shares; basis points, together 10,000."""

    name: str
    kind: HolderKind
    share_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareStake:
    """Shares that are given for the technology.

    Attributes:
        company: The company whose shares they are.
        percentage_bp: Of its capital, basis points.
        share_count: Of a company limited by shares.
        register_by_on: Day by which they are registered.
        holders: To whom; the completers' part is theirs at registration (S6).
    """

    company: str
    percentage_bp: int
    register_by_on: date
    holders: tuple[ShareHolder, ...]
    share_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTerms:
    """How a deal is paid; which parts belong to which kind is `terms_checks.PARTS`.

    Attributes:
        price: The deal's confirmed price, all of which the schedule's fixed parts make up.
        pay_on: Day of the lump sum or entry fee; ``None``: the deadline of the notice.
        pay_days: Calendar days to pay after an acceptance or a trigger.
        interest_bp: Simple interest a year on what is paid after the first instalment, ACT/365.
    """

    kind: TermsKind
    price: Money
    pay_on: date | None = None
    instalments: tuple[Instalment, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    deferral: Deferral | None = None
    pay_days: int = 10
    interest_bp: int = 0
    royalty: Royalty | None = None
    guarantee: Guarantee | None = None
    shares: ShareStake | None = None

    @property
    def amount_known(self) -> bool:
        """Whether the total is known at signing: no royalty comes on top of the price."""
        return self.royalty is None

    @property
    def total_known(self) -> Money:
        """What the seller gets in any case, without interest; in the end it may be more."""
        return self.price

    @property
    def payment_mode(self) -> str:
        """The name in the code table ``payment_mode``, whose parents the national form knows."""
        if self.kind is TermsKind.ROYALTY and self.royalty is not None:
            return _ROYALTY_MODES[self.royalty.base]
        return _MODES[self.kind]


_MODES: Final[Mapping[TermsKind, str]] = {
    TermsKind.LUMP_SUM: "lump_sum",
    TermsKind.INSTALMENTS: "instalments",
    TermsKind.ROYALTY: "royalty",
    TermsKind.ENTRY_FEE_ROYALTY: "entry_fee_royalty",
    TermsKind.MILESTONES: "milestone_instalments",
    TermsKind.USE_FIRST_PAY_LATER: "use_first_pay_later",
    TermsKind.SHARE_INVESTMENT: "share_consideration",
}
_ROYALTY_MODES: Final[Mapping[RoyaltyBase, str]] = {
    RoyaltyBase.PRICE: "royalty",
    RoyaltyBase.NEW_OUTPUT: "royalty_on_new_output",
    RoyaltyBase.PROFIT: "royalty_on_profit",
    RoyaltyBase.SALES: "royalty_on_sales",
}


def lump_sum(price: Money) -> PriceTerms:
    """Return the terms of a deal for which nobody agreed others."""
    return PriceTerms(kind=TermsKind.LUMP_SUM, price=price)
