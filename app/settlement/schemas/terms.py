"""What the routes of price terms, due items and royalty reports take and answer."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Line, MoneyJson, PositiveMoney, Reason, UtcView, View
from app.settlement.domain.terms import (
    AuditClause,
    CostBearer,
    Deferral,
    Guarantee,
    GuaranteeKind,
    HolderKind,
    Instalment,
    Milestone,
    PriceTerms,
    Royalty,
    RoyaltyBase,
    RoyaltyPeriod,
    ShareHolder,
    ShareStake,
    TermsKind,
    Tier,
)
from app.settlement.repository.terms import Supplement
from app.settlement.service.terms import DealTerms
from app.shared.ids import FileId

Share = Annotated[int, Field(ge=1, le=10_000, description="Basis points; all sum to 10,000")]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the text")]


Days = Annotated[int, Field(ge=1, le=365, description="Calendar days")]


class InstalmentModel(Body, View):
    """A part of the price on a day."""

    share_bp: Share
    due_on: date

    def plain(self) -> Instalment:
        """Return the domain value."""
        return Instalment(share_bp=self.share_bp, due_on=self.due_on)


class MilestoneModel(Body, View):
    """A part of the price that is due some days after the step was accepted."""

    title: Line
    acceptance: Line
    expected_on: date
    share_bp: Share

    def plain(self) -> Milestone:
        """Return the domain value."""
        return Milestone(
            title=self.title,
            acceptance=self.acceptance,
            expected_on=self.expected_on,
            share_bp=self.share_bp,
        )


class DeferralModel(Body, View):
    """A price paid later: on a day, or some days after a trigger; one of the two."""

    due_on: date | None = None
    trigger: Line | None = None


class TierModel(Body, View):
    """The rate of the part of the base, accumulated over the term, up to ``up_to``."""

    rate_bp: Annotated[int, Field(ge=1, le=10_000, description="Basis points")]
    up_to: PositiveMoney | None = None


class AuditModel(Body, View):
    """The audit clause: mandatory with every royalty.

    If the report falls short of the audited base by more than ``tolerance_bp`` of it, the buyer
    pays the audit whoever bears it else.
    """

    auditor: Line
    notice_days: Days
    cost_bearer: CostBearer
    tolerance_bp: Annotated[int, Field(ge=0, le=10_000, description="Basis points")]

    def plain(self) -> AuditClause:
        """Return the domain value."""
        return AuditClause(
            auditor=self.auditor,
            notice_days=self.notice_days,
            cost_bearer=self.cost_bearer,
            tolerance_bp=self.tolerance_bp,
        )


class RoyaltyModel(Body, View):
    """A part of what the buyer makes of the technology.

    Tiers are marginal on the base accumulated since ``starts_on``; the last has no ``up_to``.
    ``minimum_a_year`` tops up each year's last period; ``cap`` ends the whole term.
    """

    base: RoyaltyBase
    tiers: Annotated[list[TierModel], Field(min_length=1, max_length=10)]
    starts_on: date
    years: Annotated[int, Field(ge=1, le=30)]
    period: RoyaltyPeriod
    audit: AuditModel
    report_days: Days = 30
    pay_days: Days = 45
    minimum_a_year: PositiveMoney | None = None
    cap: PositiveMoney | None = None

    def plain(self) -> Royalty:
        """Return the domain value."""
        return Royalty(
            base=self.base,
            tiers=tuple(Tier(rate_bp=tier.rate_bp, up_to=tier.up_to) for tier in self.tiers),
            starts_on=self.starts_on,
            years=self.years,
            period=self.period,
            audit=self.audit.plain(),
            report_days=self.report_days,
            pay_days=self.pay_days,
            minimum_a_year=self.minimum_a_year,
            cap=self.cap,
        )


class GuaranteeModel(Body, View):
    """What secures payments that wait; the document is an uploaded file of the caller's party."""

    kind: GuaranteeKind
    guarantor: Line
    amount: PositiveMoney
    expires_on: date
    document_id: UUID

    def plain(self) -> Guarantee:
        """Return the domain value."""
        return Guarantee(
            kind=self.kind,
            guarantor=self.guarantor,
            amount=self.amount,
            expires_on=self.expires_on,
            document_id=FileId(self.document_id),
        )


class HolderModel(Body, View):
    """Who gets which part of the shares."""

    name: Line
    kind: HolderKind
    share_bp: Share


class StakeModel(Body, View):
    """Shares given for the technology; their valued amount is the price."""

    company: Line
    percentage_bp: Annotated[int, Field(ge=1, le=10_000, description="Of the company's capital")]
    register_by_on: date
    holders: Annotated[list[HolderModel], Field(min_length=1, max_length=50)]
    share_count: Annotated[int, Field(ge=1, le=10**15)] | None = None

    def plain(self) -> ShareStake:
        """Return the domain value."""
        return ShareStake(
            company=self.company,
            percentage_bp=self.percentage_bp,
            register_by_on=self.register_by_on,
            holders=tuple(
                ShareHolder(name=one.name, kind=one.kind, share_bp=one.share_bp)
                for one in self.holders
            ),
            share_count=self.share_count,
        )


class TermsBody(Body):
    """How a deal is paid. ``price`` is the confirmed one: terms never change it.

    Parts by kind: ``lump_sum`` [pay_on]; ``instalments`` instalments [interest_bp, guarantee];
    ``royalty`` royalty [guarantee], the price is what the royalties guarantee;
    ``entry_fee_royalty`` royalty [pay_on, guarantee], the price is the entry fee; ``milestones``
    milestones [guarantee]; ``use_first_pay_later`` guarantee and milestones, deferral or royalty;
    ``share_investment`` shares, the price is the valued amount.
    """

    kind: TermsKind
    price: PositiveMoney
    pay_on: date | None = None
    instalments: Annotated[list[InstalmentModel], Field(default_factory=list, max_length=60)]
    milestones: Annotated[list[MilestoneModel], Field(default_factory=list, max_length=60)]
    deferral: DeferralModel | None = None
    pay_days: Days = 10
    interest_bp: Annotated[
        int, Field(ge=0, le=3_600, description="Simple interest a year, ACT/365, basis points")
    ] = 0
    royalty: RoyaltyModel | None = None
    guarantee: GuaranteeModel | None = None
    shares: StakeModel | None = None

    def plain(self) -> PriceTerms:
        """Return the domain value."""
        deferral = self.deferral
        return PriceTerms(
            kind=self.kind,
            price=self.price,
            pay_on=self.pay_on,
            instalments=tuple(part.plain() for part in self.instalments),
            milestones=tuple(part.plain() for part in self.milestones),
            deferral=(
                None
                if deferral is None
                else Deferral(due_on=deferral.due_on, trigger=deferral.trigger)
            ),
            pay_days=self.pay_days,
            interest_bp=self.interest_bp,
            royalty=None if self.royalty is None else self.royalty.plain(),
            guarantee=None if self.guarantee is None else self.guarantee.plain(),
            shares=None if self.shares is None else self.shares.plain(),
        )


class SupplementBody(Body):
    """A change of signed terms: the new terms, why, and the hash of the agreement's text.

    Shares of instalments and milestones are of what then is left of the price.
    """

    terms: TermsBody
    reason: Reason
    text_hash: Hash

    def plain(self, now: datetime) -> Supplement:
        """Return the value to be stored."""
        return Supplement(
            version=0,
            terms=self.terms.plain(),
            reason=self.reason,
            text_hash=self.text_hash,
            proposed_at=now,
        )


class ConsentBody(Body):
    """Which text the caller's side agrees to."""

    text_hash: Hash


class TermsView(TermsBody, View):
    """Terms as they were fixed."""


class SupplementView(View):
    """A change that waits for both sides."""

    version: int
    terms: TermsView
    reason: str
    text_hash: str
    proposed_at: UtcView
    seller_agreed_at: UtcView | None
    buyer_agreed_at: UtcView | None


class DealTermsView(View):
    """A deal's terms in force; version 0 is the lump sum of its notice.

    ``read_only``: they follow from a demand's milestones. ``total_so_far`` is what the seller is
    known to get, without interest; ``amount_known`` tells whether more can come.
    """

    deal_id: UUID
    version: int
    terms: TermsView
    payment_mode: str
    read_only: bool
    amount_known: bool
    total_so_far: MoneyJson
    final_total: MoneyJson | None
    supplement: SupplementView | None

    @classmethod
    def of(cls, found: DealTerms) -> Self:
        """Build the view."""
        waits = found.supplement
        return cls(
            deal_id=found.deal.id,
            version=found.deal.terms_version,
            terms=TermsView.model_validate(found.terms),
            payment_mode=found.terms.payment_mode,
            read_only=found.read_only,
            amount_known=found.amount_known,
            total_so_far=found.total_so_far,
            final_total=found.deal.final_total,
            supplement=None if waits is None else SupplementView.model_validate(waits),
        )


class ReconciliationBody(Body):
    """What the seller gets in all, the price with it, as both sides agreed."""

    final_total: PositiveMoney
    text_hash: Hash
    reason: Reason
