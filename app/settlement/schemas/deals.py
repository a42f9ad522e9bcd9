"""What the settlement routes take and answer."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, PlainSerializer

from app.platform.schema import Body, Instant, Line, MoneyJson, PositiveMoney, Reason, UtcView, View
from app.settlement.domain.contract import Contract
from app.settlement.domain.deal import Deal, DealStatus, DefaultReason, Side
from app.settlement.domain.keeping import Breach
from app.settlement.domain.payment import Payment
from app.settlement.domain.registration.linter import RULES
from app.settlement.domain.registration.mapping import mapping
from app.settlement.domain.registration.report import BY_HAND, Section, Severity
from app.settlement.domain.sheet import SheetField
from app.settlement.service.sheets import Sheet
from app.shared.ids import EntryId, new_id
from app.shared.jsonable import jsonable

Rate = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str),
    Field(description="Four decimals; 0.3743 reads 37.43 %"),
]
Code = Annotated[str, Field(min_length=1, max_length=60, description="A name of /v1/codes")]
FieldValue = str | bool | dict[str, str] | None


class DealView(View):
    """A deal of a listing or of a demand, with what is paid, went on, and is owed.

    ``paid`` and ``outstanding`` are of the price; ``beyond`` is what came in on top of it.
    """

    id: UUID
    number: str
    listing_id: UUID | None
    demand_id: UUID | None
    engagement_id: UUID | None
    seller_id: UUID
    buyer_id: UUID
    status: DealStatus
    start: MoneyJson
    price: MoneyJson
    premium_rate: Rate
    deposit: MoneyJson
    paid: MoneyJson
    released: MoneyJson
    returned: MoneyJson
    outstanding: MoneyJson
    source: str
    source_id: UUID
    confirmed_at: UtcView
    sign_by_at: UtcView
    pay_by_at: UtcView
    signed_at: UtcView | None
    signed_text_hash: str | None
    effective_at: UtcView | None
    settled_at: UtcView | None
    defaulted_at: UtcView | None
    default_reason: DefaultReason | None
    default_side: Side | None
    default_ground: str | None
    shortfall: MoneyJson | None
    contract_version: int
    beyond: MoneyJson
    shares_registered_at: UtcView | None
    terms_version: int
    final_total: MoneyJson | None


class PaymentView(View):
    """An arrival of the buyer's money."""

    id: UUID
    amount: MoneyJson
    payer_name: str
    bank_reference: str
    received_at: UtcView


class ContractFields(Body):
    """The contract's data; what is left out is not known. Codes are those of `/v1/codes`.

    ``technology_amount`` is the price without equipment, instruments, parts and raw material.
    ``contract_type`` is a sub-type. ``ip_kind`` and ``plan_source`` default to the achievement's.
    """

    project_name: Line | None = None
    contract_type: Code | None = None
    technology_amount: PositiveMoney | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    payment_mode: Code | None = None
    plan_source: Code | None = None
    social_economic_objective: Code | None = None
    ip_kind: Code | None = None
    related_party: bool | None = None
    in_writing: bool | None = None
    patent_ends_on: date | None = None
    buyer_is_transfer_institution: bool | None = None
    buyer_is_rd_institution: bool | None = None
    buyer_is_converted_institute: bool | None = None

    def to_domain(self) -> Contract:
        """Return the domain value."""
        return Contract(**{name: getattr(self, name) for name in type(self).model_fields})


class ContractView(ContractFields, View):
    """The contract's data in their present version."""

    version: int

    @classmethod
    def of(cls, deal: Deal, contract: Contract) -> Self:
        """Build the view."""
        plain = {name: getattr(contract, name) for name in ContractFields.model_fields}
        return cls(version=deal.contract_version, **plain)


class DealDetail(DealView):
    """A deal with its payments and its contract."""

    payments: list[PaymentView]
    contract: ContractView

    @classmethod
    def whole(cls, deal: Deal, payments: Sequence[Payment], contract: Contract) -> Self:
        """Build the view."""
        plain = {name: getattr(deal, name) for name in DealView.model_fields}
        return cls(
            payments=[PaymentView.model_validate(payment) for payment in payments],
            contract=ContractView.of(deal, contract),
            **plain,
        )


class SigningBody(Body):
    """When both parties had signed, and what: ``text_hash`` is the SHA-256 of the signed text.

    ``naming_consent``: the buyer lets the result notice name it.
    """

    signed_at: Instant
    text_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    naming_consent: bool = False


class DefaultBody(Body):
    """Which side is in default, and why.

    ``refused``: it refused in writing; without that, or a ``finding``, its time must be over.
    """

    ground: Reason
    refused: bool = False
    side: Side = Side.BUYER
    finding: Literal["false_material", "collusion", "condition_failed"] | None = Field(
        default=None,
        description="Found by the exchange; needs no deadline. `condition_failed`, on the seller's "
        "side: a signed contract can never take effect, and all that was paid goes back",
    )

    def breach(self) -> Breach:
        """Return the domain's value."""
        finding = None if self.finding is None else DefaultReason(self.finding)
        return Breach(side=self.side, words=self.ground, refused=self.refused, finding=finding)


class PaymentBody(Body):
    """An arrival as the bank statement shows it."""

    amount: PositiveMoney
    payer_name: Line
    bank_reference: Line
    received_at: Instant

    def to_domain(self) -> Payment:
        """Return the domain value under a new id."""
        return Payment(
            id=EntryId(new_id()),
            amount=self.amount,
            payer_name=self.payer_name,
            bank_reference=self.bank_reference,
            received_at=self.received_at,
        )


class SheetFieldView(View):
    """One field of the national form; ``value`` null is unknown."""

    name: str
    label_zh: str
    value: FieldValue
    value_label: str | None
    value_code: str | None
    required: bool

    @classmethod
    def of(cls, field: SheetField) -> Self:
        """Build the view."""
        return cls(
            name=field.name,
            label_zh=field.label_zh,
            value=jsonable(field.value),
            value_label=field.value_label,
            value_code=field.value_code,
            required=field.required,
        )


class FindingView(View):
    """A finding: which rule, how heavy, what is wrong, how to mend it and on which page."""

    rule: str
    severity: Severity
    field: str
    section: Section
    page: int | None = Field(description="Page of the contract, if its sections' pages were told")
    source: str = Field(description="Law article, rule text or standard")
    message_zh: str
    message_en: str
    mend_zh: str
    mend_en: str
    accepted: list[str] = Field(description="What would pass, where it can be listed")


class HandCheckView(View):
    """What a person confirms before filing."""

    rule: str
    message_zh: str
    message_en: str


class SheetView(View):
    """The registration preparation sheet: copy it, mend what fails, confirm what is by hand."""

    mapping_version: str
    deal_id: UUID
    deal_number: str
    contract_version: int
    fields: list[SheetFieldView]
    unknown: list[str]
    findings: list[FindingView]
    rules: int = Field(description="How many rules were judged")
    by_hand: list[HandCheckView]
    ready: bool

    @classmethod
    def of(cls, sheet: Sheet) -> Self:
        """Build the view."""
        return cls(
            mapping_version=mapping().version,
            deal_id=sheet.deal.id,
            deal_number=sheet.deal.number,
            contract_version=sheet.deal.contract_version,
            fields=[SheetFieldView.of(field) for field in sheet.fields],
            unknown=list(sheet.unknown),
            findings=[FindingView.model_validate(item) for item in sheet.report.findings],
            rules=len(RULES),
            by_hand=[HandCheckView.model_validate(check) for check in BY_HAND],
            ready=sheet.ready,
        )
