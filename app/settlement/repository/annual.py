"""What a unit's annual report counts, in one query a section."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.annual import Awarded, Received, StatedOutcome, Way, way_of
from app.settlement.domain.outcomes import OutcomeStatus
from app.settlement.models import (
    AwardPaymentRow,
    ContractRow,
    DealIncomeRow,
    DealRow,
    OutcomeRow,
    SharingRow,
    TermsRow,
)
from app.settlement.repository.tracking import figures_of
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId, DemandId, ListingId, MarketId, PartyId
from app.shared.money import Money

_D: Final = DealRow
_SHARES: Final = "shares"
_DEFAULTED: Final = "defaulted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDeal:
    """A signed deal with what its contract and terms say."""

    deal_id: DealId
    number: str
    listing_id: ListingId | None
    demand_id: DemandId | None
    project_name: str | None
    way: Way
    signed_on: date
    price: Money
    amount_known: bool


def _year(year: int) -> tuple[datetime, datetime]:
    """Return a year of Asia/Shanghai, half open."""
    first, following = (
        datetime.combine(date(n, 1, 1), time.min, SHANGHAI) for n in (year, year + 1)
    )
    return first, following


def _with_terms(*columns: Any) -> Select[Any]:
    """Return deals with their contract's type and their terms in force."""
    return (
        select(
            *columns,
            ContractRow.contract_type.label("contract_type"),
            TermsRow.terms["kind"].astext.label("terms_kind"),
        )
        .select_from(_D)
        .outerjoin(ContractRow, ContractRow.deal_id == _D.id)
        .outerjoin(TermsRow, and_(TermsRow.deal_id == _D.id, TermsRow.version == _D.terms_version))
    )


async def signed_in(
    session: AsyncSession, market_id: MarketId, seller_id: PartyId, year: int
) -> Sequence[SignedDeal]:
    """Return a unit's contracts that were signed in a year and stand, the first deal first."""
    first, following = _year(year)
    rows = await session.execute(
        _with_terms(
            _D.id,
            _D.number,
            _D.listing_id,
            _D.demand_id,
            _D.signed_at,
            func.coalesce(_D.final_total_minor, _D.price_minor).label("price_minor"),
            _D.final_total_minor,
            _D.currency,
            ContractRow.project_name,
            func.jsonb_typeof(TermsRow.terms["royalty"]).label("royalty"),
        )
        .where(
            _D.market_id == market_id,
            _D.seller_id == seller_id,
            _D.status != _DEFAULTED,
            _D.signed_at >= first,
            _D.signed_at < following,
        )
        .order_by(_D.id)
    )
    return [
        SignedDeal(
            deal_id=DealId(row.id),
            number=row.number,
            listing_id=None if row.listing_id is None else ListingId(row.listing_id),
            demand_id=None if row.demand_id is None else DemandId(row.demand_id),
            project_name=row.project_name,
            way=way_of(row.contract_type, row.terms_kind),
            signed_on=row.signed_at.astimezone(SHANGHAI).date(),
            price=Money(row.price_minor, row.currency),
            amount_known=row.royalty in {None, "null"} or row.final_total_minor is not None,
        )
        for row in rows
    ]


async def count_unsigned(
    session: AsyncSession, market_id: MarketId, seller_id: PartyId, year: int
) -> int:
    """Return how many deals of a year stand and are not signed."""
    first, following = _year(year)
    found = await session.scalar(
        select(func.count()).where(
            _D.market_id == market_id,
            _D.seller_id == seller_id,
            _D.status != _DEFAULTED,
            _D.signed_at.is_(None),
            _D.confirmed_at >= first,
            _D.confirmed_at < following,
        )
    )
    return found or 0


async def received_in(
    session: AsyncSession, market_id: MarketId, seller_id: PartyId, year: int
) -> Sequence[Received]:
    """Return what came in a year, whenever its contract was signed."""
    first, following = _year(year)
    rows = await session.execute(
        _with_terms(DealIncomeRow.amount_minor, DealIncomeRow.currency)
        .join(DealIncomeRow, DealIncomeRow.deal_id == _D.id)
        .where(
            _D.market_id == market_id,
            _D.seller_id == seller_id,
            DealIncomeRow.received_at >= first,
            DealIncomeRow.received_at < following,
        )
    )
    return [
        Received(
            way=way_of(row.contract_type, row.terms_kind),
            amount=Money(row.amount_minor, row.currency),
        )
        for row in rows
    ]


async def awarded_in(
    session: AsyncSession, market_id: MarketId, seller_id: PartyId, year: int
) -> Sequence[Awarded]:
    """Return what persons were paid in a year."""
    rows = await session.execute(
        select(
            SharingRow.number,
            SharingRow.currency,
            SharingRow.plan["basis"].astext.label("basis"),
            AwardPaymentRow.person,
            AwardPaymentRow.quantity,
        )
        .join(SharingRow, SharingRow.id == AwardPaymentRow.sharing_id)
        .where(
            SharingRow.market_id == market_id,
            SharingRow.seller_id == seller_id,
            AwardPaymentRow.paid_on.between(date(year, 1, 1), date(year, 12, 31)),
        )
    )
    return [
        Awarded(
            sharing=row.number,
            person=row.person,
            is_shares=row.basis == _SHARES,
            currency=row.currency,
            quantity=row.quantity,
        )
        for row in rows
    ]


async def stated_of(
    session: AsyncSession, market_id: MarketId, seller_id: PartyId, year: int
) -> Sequence[StatedOutcome]:
    """Return what is stated of a year for a unit's deals."""
    rows = await session.scalars(
        select(OutcomeRow)
        .join(_D, _D.id == OutcomeRow.deal_id)
        .where(OutcomeRow.year == year, _D.market_id == market_id, _D.seller_id == seller_id)
        .execution_options(populate_existing=True)
    )
    return [
        StatedOutcome(status=OutcomeStatus(row.status), figures=figures_of(row)) for row in rows
    ]
