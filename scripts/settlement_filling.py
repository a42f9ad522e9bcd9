"""A nation's year of signed contracts in bulk, for `bench_settlement.py`, and their bank lines.

Units sell, firms and persons buy; five contracts stand on one achievement. A fourth of them is
paid in two instalments, the rest at once; all are signed and in effect, none is paid yet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.models import AchievementRow, ListingRow, RegistrationRow
from app.platform.db import Base, Database, insert_rows
from app.settlement.domain.payment import Payment
from app.settlement.domain.schedule import deadline
from app.settlement.models import ContractRow, DealRow
from app.settlement.models.terms import DueRow, TermsRow
from app.shared.calendar import SHANGHAI
from app.shared.ids import EntryId, new_id
from app.shared.money import Money
from scripts.settlement_hall import (
    AIMS,
    KINDS,
    SLICE,
    YEAR_BEGINS,
    Hall,
    achievements,
    buyer_name,
)

LICENCES: Final = 5  # contracts of one achievement
_YEAR: Final = timedelta(days=364)


class Line(NamedTuple):
    """An arrival on the bank's statement and the deal that its reference names."""

    deal_id: UUID
    payment: Payment


def confirmed_at(number: int, total: int) -> datetime:
    """Return when the number-th of so many contracts of the year was concluded."""
    return YEAR_BEGINS + _YEAR * number / total


@dataclass(frozen=True)
class _Sale:
    """One contract, as the rows of all its tables need it."""

    number: int
    deal_id: UUID
    listing_id: UUID
    registration_id: UUID
    achievement: dict[str, Any]
    buyer: int
    price: int
    confirmed_at: datetime

    @property
    def instalments(self) -> tuple[int, ...]:
        first = self.price * 6 // 10
        return (first, self.price - first) if self.number % 4 == 0 else (self.price,)

    @property
    def sold(self) -> tuple[str, str, str]:
        """How a right is sold; of one achievement the first contract may transfer it."""
        return KINDS[self.number // LICENCES % len(KINDS)]

    @property
    def day(self) -> date:
        return self.confirmed_at.astimezone(SHANGHAI).date()


def _listing(hall: Hall, sale: _Sale) -> dict[str, Any]:
    return {
        "id": sale.listing_id,
        "number": f"ZP-2025-{sale.number + 1:06}",
        "market_id": hall.market_id,
        "seller_id": sale.achievement["party_id"],
        "achievement_id": sale.achievement["id"],
        "status": "sold",
        "title": sale.achievement["title"],
        "pricing_mode": "posted",
        "conversion_mode": sale.sold[0],
        "currency": "CNY",
        "floor_minor": sale.price,
        "deposit_minor": sale.price // 10,
        "contract_terms": "按技术合同示范文本签订。",
        "payment_terms": "合同生效后付款。",
        "buyer_conditions": "依法设立并有效存续。",
        "forfeiture_terms": "无正当理由不签约的,保证金不予退还。",
        "drafted_at": sale.confirmed_at - timedelta(days=40),
        "policy_id": hall.policy[0],
        "policy": hall.policy[1],
        "published_at": sale.confirmed_at - timedelta(days=35),
        "disclosure_ends_at": sale.confirmed_at - timedelta(days=5),
        "deal_id": sale.deal_id,
        "related_buyers": [],
        "extensions": 0,
        "reductions_minor": [],
        "joint_purchase": False,
        "deposit_becomes": "price",
        "notice_count": 1,
        "terms_number": f"ZP-2025-{sale.number + 1:06}-1",
        "terms_hash": f"{sale.number:064x}",
        "extensions_done": 0,
    }


def _registration(hall: Hall, sale: _Sale) -> dict[str, Any]:
    at = sale.confirmed_at - timedelta(days=20)
    return {
        "id": sale.registration_id,
        "listing_id": sale.listing_id,
        "market_id": hall.market_id,
        "party_id": hall.buyers[sale.buyer],
        "status": "qualified",
        "relation": "none",
        "members": [],
        "accepted_terms_hash": f"{sale.number:064x}",
        "accepted_by": "user:filling",
        "registered_at": at,
        "accepted_at": at,
        "decided_at": at,
    }


def _deal(hall: Hall, sale: _Sale) -> dict[str, Any]:
    signed = sale.confirmed_at + timedelta(hours=20)
    return {
        "id": sale.deal_id,
        "number": f"ZP-D-2025-{sale.number + 1:06}",
        "market_id": hall.market_id,
        "listing_id": sale.listing_id,
        "seller_id": sale.achievement["party_id"],
        "buyer_id": hall.buyers[sale.buyer],
        "registration_id": sale.registration_id,
        "status": "opened",
        "currency": "CNY",
        "start_minor": sale.price,
        "price_minor": sale.price,
        "deposit_minor": 0,
        "paid_minor": 0,
        "beyond_minor": 0,
        "released_minor": 0,
        "returned_minor": 0,
        "source": "posted",
        "source_id": sale.listing_id,
        "confirmed_at": sale.confirmed_at,
        "sign_by_at": signed + timedelta(days=5),
        "pay_by_at": signed + timedelta(days=9),
        "signed_at": signed,
        "signed_text_hash": f"{sale.number:064x}",
        "effective_at": signed,
        "contract_version": 1,
        "terms_version": int(len(sale.instalments) > 1),
    }


def _contract(sale: _Sale) -> dict[str, Any]:
    return {
        "deal_id": sale.deal_id,
        "currency": "CNY",
        "project_name": f"{sale.achievement['title']}第{sale.number % LICENCES + 1}期",
        "contract_type": sale.sold[1],
        "technology_amount_minor": sale.price - (sale.number % 3) * sale.price // 10,
        "signed_on": str(sale.day + timedelta(days=1)),
        "starts_on": str(sale.day + timedelta(days=1)),
        "ends_on": str(sale.day + timedelta(days=365 * (sale.number % 4 + 1))),
        "payment_mode": "instalments" if len(sale.instalments) > 1 else "lump_sum",
        "social_economic_objective": AIMS[sale.number % 4],
        "ip_kind": sale.sold[2],
        "related_party": False,
        "in_writing": True,
        "buyer_is_transfer_institution": sale.number % 90 == 0,
        "buyer_is_rd_institution": sale.number % 70 == 0,
        "buyer_is_converted_institute": False,
    }


def _days_of(sale: _Sale) -> list[date]:
    return [sale.day + timedelta(days=10 + 20 * place) for place in range(len(sale.instalments))]


def _dues(sale: _Sale) -> Iterator[dict[str, Any]]:
    parts = zip(sale.instalments, _days_of(sale), strict=True)
    for number, (amount, day) in enumerate(parts, start=1):
        yield {
            "deal_id": sale.deal_id,
            "number": number,
            "kind": "instalment" if len(sale.instalments) > 1 else "price",
            "currency": "CNY",
            "amount_minor": amount,
            "paid_minor": 0,
            "within_price": True,
            "due_at": deadline(day),
            "call_at": deadline(day) - timedelta(days=10),
            "state": "planned",
        }


def _terms(sale: _Sale) -> dict[str, Any]:
    days = _days_of(sale)
    return {
        "deal_id": sale.deal_id,
        "version": 1,
        "terms": {
            "kind": "instalments",
            "price": {"amount_minor": sale.price, "currency": "CNY"},
            "instalments": [
                {"share_bp": share, "due_on": str(day)}
                for share, day in zip((6_000, 4_000), days, strict=True)
            ],
        },
        "fixed_at": sale.confirmed_at,
    }


def _lines(sale: _Sale) -> Iterator[Line]:
    for part, amount in enumerate(sale.instalments, start=1):
        payment = Payment(
            id=EntryId(uuid5(sale.deal_id, f"part {part}")),
            amount=Money(amount, "CNY"),
            payer_name=buyer_name(sale.buyer),
            bank_reference=f"B{sale.number:07}-{part}",
            received_at=sale.confirmed_at.astimezone(UTC) + timedelta(days=2),
        )
        yield Line(sale.deal_id, payment)


async def fill_deals(database: Database, hall: Hall, numbers: range, *, total: int) -> list[Line]:
    """Put contracts into the market that wait for their money; commits.

    Args:
        numbers: Which of the year's, a multiple of `LICENCES` at a time.
        total: How many the year has.

    Returns:
        The bank's lines that pay them all, second instalments last.
    """
    lines: list[Line] = []
    for begin in range(numbers.start, numbers.stop, SLICE):
        some = range(begin, min(begin + SLICE, numbers.stop))
        works = range(some.start // LICENCES, -(-some.stop // LICENCES))
        offered = list(achievements(hall, works))
        sales = [
            _Sale(
                number=number,
                deal_id=new_id(),
                listing_id=new_id(),
                registration_id=new_id(),
                achievement=offered[number // LICENCES - works.start],
                buyer=number * 7919 % len(hall.buyers),
                price=(number * 7919 % 9_973 + 20) * 10_037,
                confirmed_at=confirmed_at(number, total),
            )
            for number in some
        ]
        async with database.transaction() as session:
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            await _store(session, hall, offered, sales)
        lines += [line for sale in sales for line in _lines(sale)]
    return sorted(lines, key=lambda line: line.payment.bank_reference[-1])


async def _store(
    session: AsyncSession,
    hall: Hall,
    offered: Sequence[dict[str, Any]],
    sales: Sequence[_Sale],
) -> None:
    tables: tuple[tuple[type[Base], Sequence[dict[str, Any]]], ...] = (
        (AchievementRow, offered),
        (ListingRow, [_listing(hall, sale) for sale in sales]),
        (RegistrationRow, [_registration(hall, sale) for sale in sales]),
        (DealRow, [_deal(hall, sale) for sale in sales]),
        (ContractRow, [_contract(sale) for sale in sales]),
        (DueRow, [due for sale in sales for due in _dues(sale)]),
        (TermsRow, [_terms(sale) for sale in sales if len(sale.instalments) > 1]),
    )
    for table, rows in tables:
        if rows:
            await insert_rows(session, table, rows)
