"""Bodies and views of fees: policies, charges, brokers, invoices."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Line, MoneyJson, PositiveMoney, Reason, UtcView, View
from app.settlement.domain.charge import Charge, ChargeKind, ChargeStatus, Means
from app.settlement.domain.deal import Side
from app.settlement.domain.fees import (
    BASIS_POINTS,
    BrokerBasis,
    BrokerTerms,
    FeePolicy,
    FeeRule,
    FeeTerms,
    Tier,
)
from app.settlement.domain.invoice import InvoiceData, InvoiceTitle
from app.settlement.repository.fees import DealBroker
from app.shared.ids import PartyId

BasisPoints = Annotated[int, Field(ge=0, le=BASIS_POINTS, description="1 is 0.01 %")]
_Minor = Annotated[int, Field(ge=0, lt=2**62, description="Minor units of the policy's currency")]
SOURCES_SHOWN = "Where the deal came from: agreement, posted, auction, demand"


class TierJson(Body, View):
    """One band of the price: its own rate for the part within it."""

    up_to_minor: _Minor | None = Field(description="Where the band ends; null for the last")
    rate_bp: BasisPoints


class FeeRuleJson(Body, View):
    """What one side pays, progressively 分档累进."""

    side: Side
    sources: list[Line] = Field(min_length=1, max_length=10, description=SOURCES_SHOWN)
    tiers: list[TierJson] = Field(min_length=1, max_length=20)
    minimum_minor: _Minor = 0
    cap_minor: _Minor | None = None

    def plain(self) -> FeeRule:
        """Return the domain's value."""
        return FeeRule(
            side=self.side,
            sources=tuple(self.sources),
            tiers=tuple(Tier(tier.up_to_minor, tier.rate_bp) for tier in self.tiers),
            minimum_minor=self.minimum_minor,
            cap_minor=self.cap_minor,
        )


class BrokerTermsJson(Body, View):
    """A named broker's part: of the side's commission, or of the price on top of it."""

    payer: Side
    basis: BrokerBasis
    value_bp: BasisPoints


class FeeTermsJson(Body, View):
    """All that a market charges for deals."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    rules: list[FeeRuleJson] = Field(max_length=20)
    due_days: int = Field(ge=0, le=365, description="Calendar days from the confirmation")
    invoice_item: Line = Field(description="开票项目; to be checked by the accountant")
    tax_rate_bp: BasisPoints = Field(description="发票税率; to be checked by the accountant")
    broker: BrokerTermsJson | None = None

    def plain(self) -> FeeTerms:
        """Return the domain's value."""
        broker = self.broker
        return FeeTerms(
            currency=self.currency,
            rules=tuple(rule.plain() for rule in self.rules),
            due_days=self.due_days,
            invoice_item=self.invoice_item,
            tax_rate_bp=self.tax_rate_bp,
            broker=None
            if broker is None
            else BrokerTerms(payer=broker.payer, basis=broker.basis, value_bp=broker.value_bp),
        )


class FeePolicyBody(Body):
    """Fees that supersede the present ones from their day on."""

    effective_on: date = Field(description="First day in Asia/Shanghai, today or later")
    terms: FeeTermsJson


class FeePolicyView(View):
    """One version of a market's fees."""

    market_id: UUID
    version: int
    effective_on: date
    terms: FeeTermsJson

    @classmethod
    def of(cls, policy: FeePolicy) -> Self:
        """Return the view of a version."""
        return cls.model_validate(policy)


class ChargeView(View):
    """What a side owes for a deal, and how it was met."""

    deal_id: UUID
    number: int
    kind: ChargeKind
    side: Side
    payer_id: UUID
    payee_id: UUID | None = Field(description="The broker; null for the exchange")
    status: ChargeStatus
    amount: MoneyJson
    paid: MoneyJson = Field(description="Out of funds")
    withheld: MoneyJson = Field(description="Of the money released to the seller")
    by_voucher: MoneyJson
    waived: MoneyJson
    refunded: MoneyJson
    outstanding: MoneyJson
    due_at: UtcView
    policy_version: int
    calculation: dict[str, Any]
    reason: str | None = Field(description="Of a waiver")
    invoice_number: str | None
    invoiced_on: date | None

    @classmethod
    def of(cls, charge: Charge) -> Self:
        """Return the view of a charge."""
        plain = {name: getattr(charge, name) for name in cls.model_fields if hasattr(charge, name)}
        met = {
            "paid": Means.FUNDS,
            "withheld": Means.WITHHELD,
            "by_voucher": Means.VOUCHER,
            "waived": Means.WAIVER,
        }
        return cls(**plain, **{name: charge.met_by(means) for name, means in met.items()})


class ChargePayment(Body):
    """How much of a charge is paid out of the payer's funds."""

    amount: PositiveMoney | None = Field(default=None, description="Left out: all that is owed")


class ChargeWaiver(Body):
    """How much of a charge is waived, and why; the payer reads it."""

    reason: Reason
    amount: PositiveMoney | None = Field(default=None, description="Left out: all that is owed")


class BrokerBody(Body):
    """The broker through whom the deal came."""

    broker_id: UUID


class BrokerView(View):
    """A deal's broker, and which sides have agreed."""

    deal_id: UUID
    broker_id: UUID
    named_at: UtcView
    agreed: bool = Field(description="Both sides consented: its commission is a charge now")
    buyer_consent_at: UtcView | None
    seller_consent_at: UtcView | None

    @classmethod
    def of(cls, broker: DealBroker) -> Self:
        """Return the view of a broker."""
        given = {side: at for side, (at, _) in broker.consents.items()}
        return cls(
            deal_id=broker.deal_id,
            broker_id=broker.broker_id,
            named_at=broker.named_at,
            agreed=broker.agreed,
            buyer_consent_at=given.get(Side.BUYER),
            seller_consent_at=given.get(Side.SELLER),
        )


class InvoiceTitleBody(Body):
    """开票信息 as the invoice shall show it."""

    title: Line
    tax_number: Annotated[str, Field(pattern="^[0-9A-Z]{15,20}$")] | None = Field(
        default=None, description="纳税人识别号; natural persons have none"
    )
    address_phone: Line | None = None
    bank_account: Line | None = Field(default=None, description="开户行及账号")

    def plain(self, party_id: PartyId) -> InvoiceTitle:
        """Return the domain's value, its version still open."""
        return InvoiceTitle(
            party_id=party_id,
            version=0,
            title=self.title,
            tax_number=self.tax_number,
            address_phone=self.address_phone,
            bank_account=self.bank_account,
        )


class InvoiceTitleView(View):
    """A party's present invoice data; version 0 is empty."""

    party_id: UUID
    version: int
    title: str
    tax_number: str | None
    address_phone: str | None
    bank_account: str | None


class InvoiceView(View):
    """What the invoicing system needs for a charge; ``to_be_checked`` is for the accountant."""

    deal_number: str
    charge_number: int
    issuer: str
    buyer: InvoiceTitleView
    item: str
    gross: MoneyJson = Field(description="价税合计")
    net: MoneyJson
    tax: MoneyJson
    tax_rate_bp: int
    to_be_checked: list[str]
    invoice_number: str | None
    invoiced_on: date | None

    @classmethod
    def of(cls, data: InvoiceData) -> Self:
        """Return the view of the data."""
        return cls.model_validate(data)


class InvoiceBody(Body):
    """The invoice that was issued for a charge."""

    number: Line = Field(description="发票号码: 8 or 20 digits")
    issued_on: date
