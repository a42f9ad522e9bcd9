"""The unit's annual conversion report 科技成果转化年度报告, as figures.

Contracts count in the year of their signing, money in the year of its arrival, awards in the year
of their payment, outcomes in the year they speak of; all days are of Asia/Shanghai. Sums are in
CNY and exact; contracts without a known amount, and in other currencies, are counted apart.

Source: 促进科技成果转化法 21 (units report yearly: contracts by way, income, awards).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from app.settlement.domain.outcomes import OutcomeFigures, OutcomeStatus
from app.settlement.domain.terms import TermsKind
from app.shared.ids import AchievementId, DealId
from app.shared.money import Money

CURRENCY: Final = "CNY"
LARGEST: Final = 10
_NOTHING: Final = Money(0, CURRENCY)
_UNSTATED: Final = OutcomeFigures()


class Way(StrEnum):
    """How a contract converts a result."""

    TRANSFER = "transfer"  # 转让
    LICENCE = "licence"  # 许可
    SHARE_INVESTMENT = "share_investment"  # 作价投资
    DEVELOPMENT = "development"  # 技术开发
    CONSULTING = "consulting"  # 技术咨询
    SERVICE = "service"  # 技术服务
    UNSTATED = "unstated"  # the contract's data name no type


_SERVICES: Final = (Way.DEVELOPMENT, Way.CONSULTING, Way.SERVICE)


def way_of(contract_type: str | None, terms_kind: str | None) -> Way:
    """Return a contract's way: shares first, whatever right is contributed for them.

    Args:
        contract_type: A leaf of the code table, such as ``transfer_patent``.
        terms_kind: Of the price terms, a `TermsKind`.
    """
    if terms_kind == TermsKind.SHARE_INVESTMENT:
        return Way.SHARE_INVESTMENT
    if contract_type is None:
        return Way.UNSTATED
    return Way(contract_type.partition("_")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedContract:
    """A contract of the unit, as the report counts it.

    Attributes:
        price: With what came on top of it, once both sides agreed on a final total.
        amount_known: No royalty comes on top of the price any more.
        achievement_id: What is converted; none of a demand's.
        empowerment: What the completers were given in it, but for ``none``.
    """

    deal_id: DealId
    number: str
    title: str
    way: Way
    signed_on: date
    price: Money
    amount_known: bool
    achievement_id: AchievementId | None = None
    empowerment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Money that a deal brought in the year, before the exchange's commission."""

    way: Way
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Awarded:
    """What a person of a sharing got in the year: money in fen, or shares.

    Attributes:
        sharing: With ``person`` the award: one a person and contract.
        quantity: Fen of ``currency``, or a number of shares.
    """

    sharing: str
    person: int
    is_shares: bool
    currency: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedOutcome:
    """What a contract's conversion brought in the year."""

    status: OutcomeStatus
    figures: OutcomeFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Contracts of one way; ``amount`` is of those that name it, in CNY."""

    contracts: int = 0
    amount: Money = _NOTHING
    unknown_amounts: int = 0
    other_currencies: int = 0
    received: Money = _NOTHING
    received_other: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        return Tally(
            **{
                name: getattr(self, name) + getattr(other, name)
                for name in self.__dataclass_fields__
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Awards:
    """What persons were paid; an award is one person's of one contract 人次.

    Attributes:
        other_currencies: Payments in another currency, in no sum.
    """

    amount: Money = _NOTHING
    persons: int = 0
    shares: int = 0
    share_persons: int = 0
    other_currencies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What conversions brought, over the contracts that stated the year.

    Attributes:
        stated, confirmed, disputed: Contracts by what the other side says.
        sums: Over all of them, whatever the other side says; ``None`` is stated by nobody.
    """

    stated: int = 0
    confirmed: int = 0
    disputed: int = 0
    sums: OutcomeFigures = _UNSTATED


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOfUnit:
    """A unit's year.

    Attributes:
        unsigned: Deals of the year that stand and are not signed: not counted until they are.
        converted: Different results of the signed contracts.
        empowered: Of these by kind of 赋权.
        largest: Contracts with a known amount in CNY, the largest first.
    """

    year: int
    ways: Mapping[Way, Tally]
    unsigned: int
    converted: int
    empowered: Mapping[str, int]
    awards: Awards
    outcomes: Outcomes
    largest: Sequence[SignedContract] = field(default=())

    @property
    def total(self) -> Tally:
        """All ways together."""
        return sum(self.ways.values(), Tally())

    @property
    def services(self) -> Tally:
        """Development, consulting and service together 技术开发、咨询、服务."""
        return sum((self.ways[way] for way in _SERVICES), Tally())


def year_of_unit(
    year: int,
    contracts: Sequence[SignedContract],
    received: Sequence[Received],
    awarded: Sequence[Awarded],
    stated: Sequence[StatedOutcome],
    *,
    unsigned: int,
) -> YearOfUnit:
    """Return a unit's year from all that belongs to it.

    Invariants: ST250, ST251, ST252.
    """
    empowered = {
        item.achievement_id: item.empowerment
        for item in contracts
        if item.achievement_id is not None and item.empowerment is not None
    }
    kinds = list(empowered.values())
    known = [item for item in contracts if _counts(item)]
    largest = sorted(known, key=lambda item: (-item.price.amount_minor, item.number))
    return YearOfUnit(
        year=year,
        ways={way: _tally(way, contracts, received) for way in Way},
        unsigned=unsigned,
        converted=len({item.achievement_id for item in contracts} - {None}),
        empowered={kind: kinds.count(kind) for kind in sorted(set(kinds))},
        awards=_awards(awarded),
        outcomes=_outcomes(stated),
        largest=tuple(largest[:LARGEST]),
    )


def _counts(item: SignedContract) -> bool:
    return item.amount_known and item.price.currency == CURRENCY


def _tally(way: Way, contracts: Sequence[SignedContract], received: Sequence[Received]) -> Tally:
    own = [item for item in contracts if item.way is way]
    came = [item.amount for item in received if item.way is way]
    return Tally(
        contracts=len(own),
        amount=_sum(item.price for item in own if _counts(item)),
        unknown_amounts=sum(not item.amount_known for item in own),
        other_currencies=sum(item.amount_known and item.price.currency != CURRENCY for item in own),
        received=_sum(amount for amount in came if amount.currency == CURRENCY),
        received_other=sum(amount.currency != CURRENCY for amount in came),
    )


def _awards(awarded: Sequence[Awarded]) -> Awards:
    money = [item for item in awarded if not item.is_shares]
    shares = [item for item in awarded if item.is_shares]
    return Awards(
        amount=Money(sum(it.quantity for it in money if it.currency == CURRENCY), CURRENCY),
        persons=len({(item.sharing, item.person) for item in money}),
        shares=sum(item.quantity for item in shares),
        share_persons=len({(item.sharing, item.person) for item in shares}),
        other_currencies=sum(item.currency != CURRENCY for item in money),
    )


def _outcomes(stated: Sequence[StatedOutcome]) -> Outcomes:
    jobs = [item.figures.jobs for item in stated if item.figures.jobs is not None]
    amounts: dict[str, Money | None] = {}
    for name in ("output", "sales", "profit", "tax", "exports"):
        told = [value for item in stated if (value := getattr(item.figures, name)) is not None]
        amounts[name] = _sum(told) if told else None
    return Outcomes(
        stated=len(stated),
        confirmed=sum(item.status is OutcomeStatus.CONFIRMED for item in stated),
        disputed=sum(item.status is OutcomeStatus.DISPUTED for item in stated),
        sums=OutcomeFigures(jobs=sum(jobs) if jobs else None, **amounts),
    )


def _sum(amounts: Iterable[Money]) -> Money:
    return sum(amounts, _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualReport:
    """A unit's year beside the year before."""

    unit: str
    present: YearOfUnit
    before: YearOfUnit
