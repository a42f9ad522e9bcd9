"""What the routes of income sharing answer."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Self
from uuid import UUID

from app.platform.schema import (
    MoneyJson,
    UtcView,
    View,
)
from app.settlement.domain.sharing.awards import (
    Sharing,
    SharingStatus,
    Standing,
)
from app.settlement.domain.sharing.comparing import Outcome
from app.settlement.domain.sharing.dividing import Choice, GrantMode
from app.settlement.domain.sharing.floors import FloorFinding, Measure
from app.settlement.domain.sharing.income import CostKind
from app.settlement.domain.sharing.notices import SharingObjection, SharingObjectionStatus
from app.settlement.domain.sharing.schemes import (
    Basis,
    DeductionKind,
    Origin,
    PersonRole,
    Pool,
)
from app.settlement.service.sharing.reading import Whole
from app.shared.money import Money

# Money, or a whole number where shares are divided.
Quantity = MoneyJson | int


class DeductionView(View):
    """A deduction."""

    kind: DeductionKind
    rate_bp: int | None


class TierView(View):
    """Parts of one slice."""

    pools: dict[Pool, int]
    up_to: MoneyJson | None


class GroupView(View):
    """A group of the award."""

    name: str
    roles: list[PersonRole]
    share_bp: int


class SharingSchemeView(View):
    """A scheme in one version; ``unconfirmed`` says what its source did not confirm."""

    name: str
    version: int
    origin: Origin
    title_zh: str
    title_en: str
    source: str
    effective_on: date
    unconfirmed: str | None
    deductions: list[DeductionView]
    rules: dict[Basis, list[TierView]]
    groups: list[GroupView]


class FloorView(View):
    """A minimum of law, and what the sharing gives."""

    article: str
    measure: Measure
    minimum_bp: int
    reached_bp: int
    met: bool

    @classmethod
    def of(cls, finding: FloorFinding) -> Self:
        """Build the view."""
        floor = finding.floor
        return cls(
            article=floor.article,
            measure=floor.measure,
            minimum_bp=floor.minimum_bp,
            reached_bp=finding.reached_bp,
            met=finding.met,
        )


class DeductedView(View):
    """What a deduction took."""

    kind: DeductionKind
    rate_bp: int | None
    amount: MoneyJson


class NetIncomeView(View):
    """The way from gross to net; ``carried`` are costs that the next income bears."""

    gross: MoneyJson
    deducted: list[DeductedView]
    net: MoneyJson
    carried: MoneyJson


class OptionView(View):
    """A recorded choice; the hash covers deal, person, share, choice, day and statement."""

    choice: Choice
    chosen_on: date
    hash: str


class SharePersonView(View):
    """A person with what it gets: ``as_owner`` is a part of ``total``."""

    number: int
    name: str
    role: PersonRole
    weight: int
    ownership_bp: int
    option: OptionView | None
    as_owner: Quantity
    total: Quantity
    paid: Quantity
    due: Quantity
    ahead: Quantity


class FiguresView(View):
    """A division in figures."""

    net_income: NetIncomeView | None
    divided: Quantity
    pools: dict[Pool, Quantity]
    groups: dict[str, Quantity]
    persons: list[SharePersonView]
    floors: list[FloorView]

    @classmethod
    def plain(
        cls, known: Standing, floors: Sequence[FloorFinding], *, currency: str, basis: Basis
    ) -> dict[str, Any]:
        """Return the fields of the view."""

        def told(quantity: int) -> Money | int:
            return quantity if basis is Basis.SHARES else Money(quantity, currency)

        division = known.division
        return {
            "net_income": _net_income(known),
            "divided": told(division.total),
            "pools": {pool: told(part) for pool, part in division.pools.items()},
            "groups": {name: told(part) for name, part in division.groups.items()},
            "persons": [
                SharePersonView(
                    number=number,
                    name=one.person.name,
                    role=one.person.role,
                    weight=one.person.weight,
                    ownership_bp=one.person.ownership_bp,
                    option=None
                    if one.person.option is None
                    else OptionView.model_validate(one.person.option),
                    **{
                        name: told(getattr(one, name))
                        for name in ("as_owner", "total", "paid", "due", "ahead")
                    },
                )
                for number, one in enumerate(known.persons, start=1)
            ],
            "floors": [FloorView.of(finding) for finding in floors],
        }


def _net_income(known: Standing) -> NetIncomeView | None:
    net = known.net
    if net is None:
        return None
    return NetIncomeView(
        gross=net.gross,
        deducted=[
            DeductedView(kind=step.kind, rate_bp=step.rate_bp, amount=amount)
            for step, amount in net.deducted
        ],
        net=net.net,
        carried=net.carried,
    )


class IncomeView(View):
    """Money that the unit got; the exchange's commission ``withheld`` from it is a cost."""

    number: int
    amount: MoneyJson
    withheld: MoneyJson
    received_at: UtcView
    due_on: date | None


class AwardPaymentView(View):
    """What a person was paid."""

    id: UUID
    person: int
    quantity: Quantity
    paid_on: date
    reference: str


class SharingObjectionView(View):
    """An objection and what became of it."""

    number: int
    name: str
    text: str
    status: SharingObjectionStatus
    filed_at: UtcView
    decision: str | None
    decided_at: UtcView | None


class CostView(View):
    """One cost."""

    kind: CostKind
    description: str
    amount: MoneyJson


class SharingSummary(View):
    """A sharing without persons and amounts."""

    id: UUID
    number: str
    deal_id: UUID
    seller_id: UUID
    status: SharingStatus
    version: int
    notice_ends_at: UtcView | None
    final_at: UtcView | None
    due_on: date | None
    overdue: bool

    @classmethod
    def summary(cls, sharing: Sharing, *, today: date) -> dict[str, Any]:
        """Return the fields of the summary."""
        plain = {name: getattr(sharing, name) for name in cls.model_fields if name != "overdue"}
        return plain | {"overdue": sharing.due_on is not None and sharing.due_on < today}


class SharingView(FiguresView):
    """A sharing with persons and amounts, for the unit and the exchange.

    ``due_on`` is the day of the earliest income that is not all paid out.
    """

    id: UUID
    number: str
    deal_id: UUID
    seller_id: UUID
    status: SharingStatus
    version: int
    notice_ends_at: UtcView | None
    final_at: UtcView | None
    due_on: date | None
    overdue: bool
    scheme: SharingSchemeView
    basis: Basis
    grant_mode: GrantMode | None
    shares_total: int | None
    agreed_months: int | None
    costs: list[CostView]
    tax: MoneyJson
    incomes: list[IncomeView]
    payments: list[AwardPaymentView]
    objections: list[SharingObjectionView]
    notice: dict[str, Any] | None
    notice_hash: str | None

    @classmethod
    def of(cls, whole: Whole) -> Self:
        """Build the view."""
        sharing, known, plan = whole.sharing, whole.standing, whole.sharing.plan
        days = known.due_days or (None,) * len(whole.incomes)
        shares = plan.basis is Basis.SHARES
        return cls(
            **SharingSummary.summary(sharing, today=whole.today),
            **FiguresView.plain(known, whole.floors, currency=sharing.currency, basis=plan.basis),
            scheme=SharingSchemeView.model_validate(plan.scheme),
            basis=plan.basis,
            grant_mode=plan.grant_mode,
            shares_total=plan.shares_total,
            agreed_months=plan.agreed_months,
            costs=[CostView.model_validate(line) for line in plan.costs],
            tax=plan.tax,
            incomes=[
                IncomeView(
                    number=income.number,
                    amount=income.amount,
                    withheld=income.withheld,
                    received_at=income.received_at,
                    due_on=day,
                )
                for income, day in zip(whole.incomes, days, strict=True)
            ],
            payments=[
                AwardPaymentView(
                    id=payment.id,
                    person=payment.person,
                    quantity=payment.quantity
                    if shares
                    else Money(payment.quantity, sharing.currency),
                    paid_on=payment.paid_on,
                    reference=payment.reference,
                )
                for payment in whole.payments
            ],
            objections=[_objection(objection) for objection in whole.objections],
            notice=None if sharing.notice is None else dict(sharing.notice),
            notice_hash=sharing.notice_hash,
        )


def _objection(objection: SharingObjection) -> SharingObjectionView:
    return SharingObjectionView.model_validate(objection)


class SchemeOutcomeView(FiguresView):
    """What a scheme gives."""

    scheme: str
    version: int
    title_zh: str
    title_en: str
    source: str
    unconfirmed: str | None

    @classmethod
    def of(cls, outcome: Outcome, *, basis: Basis, currency: str) -> Self:
        """Build the view."""
        scheme = outcome.scheme
        return cls(
            scheme=scheme.name,
            version=scheme.version,
            title_zh=scheme.title_zh,
            title_en=scheme.title_en,
            source=scheme.source,
            unconfirmed=scheme.unconfirmed,
            **FiguresView.plain(outcome.standing, outcome.floors, currency=currency, basis=basis),
        )


class SharingComparisonView(View):
    """The schemes side by side, on the same figures."""

    basis: Basis
    outcomes: list[SchemeOutcomeView]
