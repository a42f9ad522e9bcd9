"""What a seller received in a year, with what is known of each contract."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.tax_hint import DealIncome
from app.settlement.models import ContractRow, DealIncomeRow, DealRow, FilingRow, TermsRow
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId, MarketId, PartyId
from app.shared.money import Money

_YUAN: Final = "CNY"


async def received_in(
    session: AsyncSession, market_id: MarketId, seller_id: PartyId, year: int
) -> Sequence[DealIncome]:
    """Return the deals of which a seller received something in a year, the first deal first."""
    first, following = (datetime.combine(date(n, 1, 1), time(), SHANGHAI) for n in (year, year + 1))
    received = (
        select(DealIncomeRow.deal_id, func.sum(DealIncomeRow.amount_minor).label("minor"))
        .where(DealIncomeRow.received_at >= first, DealIncomeRow.received_at < following)
        .group_by(DealIncomeRow.deal_id)
        .subquery()
    )
    royalty = func.jsonb_typeof(TermsRow.terms["royalty"])
    rows = await session.execute(
        select(
            DealRow.id,
            DealRow.number,
            DealRow.currency,
            received.c.minor,
            func.coalesce(FilingRow.recognised_type, ContractRow.contract_type).label("kind"),
            FilingRow.recognised_total_minor.label("total"),
            FilingRow.recognised_technology_minor.label("technology"),
            or_(royalty.is_(None), royalty == "null", DealRow.final_total_minor.is_not(None)).label(
                "amount_known"
            ),
            ContractRow.starts_on,
            ContractRow.ends_on,
            ContractRow.related_party,
        )
        .join(received, received.c.deal_id == DealRow.id)
        .outerjoin(FilingRow, FilingRow.deal_id == DealRow.id)
        .outerjoin(ContractRow, ContractRow.deal_id == DealRow.id)
        .outerjoin(
            TermsRow,
            and_(TermsRow.deal_id == DealRow.id, TermsRow.version == DealRow.terms_version),
        )
        .where(DealRow.market_id == market_id, DealRow.seller_id == seller_id)
        .order_by(DealRow.id)
    )
    return [
        DealIncome(
            deal_id=DealId(row.id),
            number=row.number,
            received=Money(int(row.minor), row.currency),
            contract_type=row.kind,
            recognised_total=None if row.total is None else Money(row.total, _YUAN),
            recognised_technology=(
                None if row.technology is None else Money(row.technology, _YUAN)
            ),
            amount_known=row.amount_known,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            related_party=row.related_party,
        )
        for row in rows
    ]
