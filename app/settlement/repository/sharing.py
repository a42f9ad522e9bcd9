"""Income sharing in the database."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.db import insert_from_json, insert_rows, rows_as_json
from app.settlement.domain.sharing.awards import (
    AwardPayment,
    Income,
    Sharing,
    SharingStatus,
)
from app.settlement.domain.sharing.notices import SharingObjection, SharingObjectionStatus
from app.settlement.domain.sharing.plans import plan_from_json
from app.settlement.domain.sharing.schemes import Scheme, scheme_from_json
from app.settlement.models.sharing import (
    AwardPaymentRow,
    DealIncomeRow,
    SharingObjectionRow,
    SharingRow,
    SharingSchemeRow,
)
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId, MarketId, PartyId, SharingId, new_id
from app.shared.jsonable import jsonable
from app.shared.money import Money


def _sharing(row: SharingRow) -> Sharing:
    return Sharing(
        id=SharingId(row.id),
        number=row.number,
        market_id=MarketId(row.market_id),
        deal_id=DealId(row.deal_id),
        seller_id=PartyId(row.seller_id),
        currency=row.currency,
        status=SharingStatus(row.status),
        version=row.version,
        plan=plan_from_json(row.plan),
        opened_at=row.opened_at,
        notice=row.notice,
        notice_hash=row.notice_hash,
        notice_ends_at=row.notice_ends_at,
        final_at=row.final_at,
        due_on=row.due_on,
    )


async def next_numbers(session: AsyncSession, count: int, *, at: datetime) -> list[str]:
    """Return the next human numbers; a rollback leaves gaps, which are allowed."""
    values = await session.scalars(
        select(func.nextval("sharing_numbers")).select_from(func.generate_series(1, count))
    )
    year = at.astimezone(SHANGHAI).year
    return [f"ZP-S-{year}-{value:06}" for value in values]


_CLAIM: Final = "ON CONFLICT (deal_id) DO NOTHING RETURNING deal_id"


async def insert_sharings(session: AsyncSession, sharings: Sequence[Sharing]) -> set[DealId]:
    """Write new sharings in one go; return the deals that have one already and keep it."""
    rows = [
        {
            "id": sharing.id,
            "number": sharing.number,
            "market_id": sharing.market_id,
            "deal_id": sharing.deal_id,
            "seller_id": sharing.seller_id,
            "currency": sharing.currency,
            "opened_at": sharing.opened_at,
            **_changing(sharing),
        }
        for sharing in sharings
    ]
    claiming = insert_from_json(SharingRow, tuple(rows[0]), after=_CLAIM)
    claimed = await session.scalars(claiming, {"rows": rows_as_json(rows)})
    return {sharing.deal_id for sharing in sharings} - {DealId(found) for found in claimed}


async def save_sharing(session: AsyncSession, sharing: Sharing) -> None:
    """Write what may change of a sharing; the caller holds its lock."""
    await session.execute(
        update(SharingRow).where(SharingRow.id == sharing.id).values(**_changing(sharing))
    )


def _changing(sharing: Sharing) -> dict[str, object]:
    return {
        "status": str(sharing.status),
        "version": sharing.version,
        "plan": jsonable(sharing.plan),
        "notice": sharing.notice,
        "notice_hash": sharing.notice_hash,
        "notice_ends_at": sharing.notice_ends_at,
        "final_at": sharing.final_at,
        "due_on": sharing.due_on,
    }


async def find_of_deal(
    session: AsyncSession, deal_id: UUID, *, lock: bool = False
) -> Sharing | None:
    """Return a deal's sharing.

    Args:
        lock: Take its row lock for the rest of the transaction.
    """
    statement = select(SharingRow).where(SharingRow.deal_id == deal_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _sharing(row)


async def lock_of_deals(
    session: AsyncSession, deal_ids: Collection[DealId]
) -> dict[DealId, Sharing]:
    """Lock in id order and return the sharings that deals have."""
    rows = await session.scalars(
        select(SharingRow)
        .where(SharingRow.deal_id.in_(deal_ids))
        .order_by(SharingRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {DealId(row.deal_id): _sharing(row) for row in rows}


async def lock_sharing(session: AsyncSession, sharing_id: UUID) -> Sharing | None:
    """Lock and return a sharing."""
    row = await session.scalar(
        select(SharingRow)
        .where(SharingRow.id == sharing_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return None if row is None else _sharing(row)


async def list_sharings(
    session: AsyncSession,
    *,
    market_id: MarketId,
    seller_id: PartyId | None,
    due_before: date | None,
    before: UUID | None,
    limit: int,
) -> list[Sharing]:
    """Return sharings newest first.

    Args:
        seller_id: Only this unit's.
        due_before: Only those that owe something since before this day.
    """
    rows = await session.scalars(
        select(SharingRow)
        .where(
            SharingRow.market_id == market_id,
            true() if seller_id is None else SharingRow.seller_id == seller_id,
            true() if due_before is None else SharingRow.due_on < due_before,
            true() if before is None else SharingRow.id < before,
        )
        .order_by(SharingRow.id.desc())
        .limit(limit)
    )
    return [_sharing(row) for row in rows]


async def incomes_of(session: AsyncSession, deal_id: DealId) -> list[Income]:
    """Return what a deal brought its seller, in the order in which it was noted."""
    return (await incomes_of_deals(session, [deal_id]))[deal_id]


async def incomes_of_deals(
    session: AsyncSession, deal_ids: Collection[DealId]
) -> dict[DealId, list[Income]]:
    """Return what each deal brought its seller, in the order in which it was noted."""
    rows = await session.scalars(
        select(DealIncomeRow)
        .where(DealIncomeRow.deal_id.in_(deal_ids))
        .order_by(DealIncomeRow.deal_id, DealIncomeRow.number)
    )
    found: dict[DealId, list[Income]] = {deal_id: [] for deal_id in deal_ids}
    for row in rows:
        income = Income(
            row.number,
            Money(row.amount_minor, row.currency),
            Money(row.withheld_minor, row.currency),
            row.received_at,
        )
        found[DealId(row.deal_id)].append(income)
    return found


async def insert_incomes(session: AsyncSession, incomes: Sequence[tuple[DealId, Income]]) -> None:
    """Write incomes; one writer of a deal at a time, see `service.sharing.following`."""
    rows = [
        {
            "id": new_id(),
            "deal_id": deal_id,
            "number": income.number,
            "currency": income.amount.currency,
            "amount_minor": income.amount.amount_minor,
            "withheld_minor": income.withheld.amount_minor,
            "received_at": income.received_at,
        }
        for deal_id, income in incomes
    ]
    await insert_rows(session, DealIncomeRow, rows)


async def objections_of(session: AsyncSession, sharing_id: SharingId) -> list[SharingObjection]:
    """Return a sharing's objections, in the order they were filed."""
    rows = await session.scalars(
        select(SharingObjectionRow)
        .where(SharingObjectionRow.sharing_id == sharing_id)
        .order_by(SharingObjectionRow.number)
        .execution_options(populate_existing=True)
    )
    return [
        SharingObjection(
            number=row.number,
            name=row.name,
            text=row.text,
            status=SharingObjectionStatus(row.status),
            filed_at=row.filed_at,
            decision=row.decision,
            decided_at=row.decided_at,
        )
        for row in rows
    ]


async def put_objection(
    session: AsyncSession, sharing_id: SharingId, objection: SharingObjection
) -> None:
    """Write an objection, or its decision; the caller holds the sharing's lock."""
    decided = {
        "status": str(objection.status),
        "decision": objection.decision,
        "decided_at": objection.decided_at,
    }
    await session.execute(
        insert(SharingObjectionRow)
        .values(
            sharing_id=sharing_id,
            number=objection.number,
            name=objection.name,
            text=objection.text,
            filed_at=objection.filed_at,
            **decided,
        )
        .on_conflict_do_update(index_elements=["sharing_id", "number"], set_=decided)
    )


async def award_payments_of(session: AsyncSession, sharing_id: SharingId) -> Sequence[AwardPayment]:
    """Return what was paid, in the order it was recorded."""
    rows = await session.scalars(
        select(AwardPaymentRow)
        .where(AwardPaymentRow.sharing_id == sharing_id)
        .order_by(AwardPaymentRow.id)
    )
    return [
        AwardPayment(row.id, row.person, row.quantity, row.paid_on, row.reference) for row in rows
    ]


async def insert_award_payment(
    session: AsyncSession, sharing_id: SharingId, payment: AwardPayment, *, at: datetime
) -> None:
    """Write a payment; the caller holds the sharing's lock and has checked what is owed."""
    await session.execute(
        insert(AwardPaymentRow).values(
            id=payment.id,
            sharing_id=sharing_id,
            person=payment.person,
            quantity=payment.quantity,
            paid_on=payment.paid_on,
            reference=payment.reference,
            recorded_at=at,
        )
    )


async def last_scheme_version(session: AsyncSession, party_id: PartyId) -> int:
    """Return the number of the unit's newest scheme, 0 before the first."""
    found = await session.scalar(
        select(func.max(SharingSchemeRow.version)).where(SharingSchemeRow.party_id == party_id)
    )
    return found or 0


async def insert_scheme(
    session: AsyncSession,
    scheme: Scheme,
    *,
    scheme_id: UUID,
    market_id: MarketId,
    party_id: PartyId,
    at: datetime,
) -> bool:
    """Write a unit's scheme; false if another one took its version meanwhile."""
    claimed = await session.scalar(
        insert(SharingSchemeRow)
        .values(
            id=scheme_id,
            market_id=market_id,
            party_id=party_id,
            version=scheme.version,
            effective_on=scheme.effective_on,
            content=jsonable(scheme),
            published_at=at,
        )
        .on_conflict_do_nothing(index_elements=["party_id", "version"])
        .returning(SharingSchemeRow.id)
    )
    return claimed is not None


async def schemes_of(
    session: AsyncSession,
    party_id: PartyId,
    *,
    before: int | None = None,
    limit: int | None = None,
) -> list[Scheme]:
    """Return a unit's own schemes, the newest version first."""
    rows = await session.scalars(
        select(SharingSchemeRow.content)
        .where(
            SharingSchemeRow.party_id == party_id,
            true() if before is None else SharingSchemeRow.version < literal(before, BigInteger),
        )
        .order_by(SharingSchemeRow.version.desc())
        .limit(limit)
    )
    return [scheme_from_json(content) for content in rows]


async def schemes_of_parties(
    session: AsyncSession, party_ids: Collection[PartyId]
) -> dict[PartyId, list[Scheme]]:
    """Return units' own schemes, the newest version first."""
    rows = await session.execute(
        select(SharingSchemeRow.party_id, SharingSchemeRow.content)
        .where(SharingSchemeRow.party_id.in_(party_ids))
        .order_by(SharingSchemeRow.party_id, SharingSchemeRow.version.desc())
    )
    found: dict[PartyId, list[Scheme]] = {party_id: [] for party_id in party_ids}
    for row in rows:
        found[PartyId(row.party_id)].append(scheme_from_json(row.content))
    return found
