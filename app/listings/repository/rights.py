"""A posted listing's field and priority rights in the database; the listing's lock guards them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.field import Field, Outcome
from app.listings.domain.priority import Basis, Decision, RightHolder, RightsStatement
from app.listings.models import FieldRow, RightHolderRow, RightsStatementRow
from app.shared.ids import FileId, ListingId, PartyId, RegistrationId
from app.shared.money import Money


async def find_field(session: AsyncSession, listing_id: ListingId) -> Field | None:
    """Return what a listing's field was found to be, once it was."""
    row = await session.get(FieldRow, listing_id, populate_existing=True)
    if row is None:
        return None
    price = None
    if row.price_minor is not None and row.currency is not None:
        price = Money(row.price_minor, row.currency)
    return Field(
        listing_id=ListingId(row.listing_id),
        outcome=Outcome(row.outcome),
        judged_at=row.judged_at,
        registration_id=(
            None if row.registration_id is None else RegistrationId(row.registration_id)
        ),
        offer_due_at=row.offer_due_at,
        price=price,
        offered_at=row.offered_at,
        offered_by=row.offered_by,
        exercise_due_at=row.exercise_due_at,
    )


async def save_field(session: AsyncSession, field: Field) -> None:
    """Store a field, over what it was before."""
    price = field.price
    values: dict[str, Any] = {
        "outcome": str(field.outcome),
        "judged_at": field.judged_at,
        "registration_id": field.registration_id,
        "offer_due_at": field.offer_due_at,
        "price_minor": None if price is None else price.amount_minor,
        "currency": None if price is None else price.currency,
        "offered_at": field.offered_at,
        "offered_by": field.offered_by,
        "exercise_due_at": field.exercise_due_at,
    }
    await session.execute(
        insert(FieldRow)
        .values(listing_id=field.listing_id, **values)
        .on_conflict_do_update(index_elements=["listing_id"], set_=values)
    )


async def drop_field(session: AsyncSession, listing_id: ListingId) -> None:
    """Forget a field: its single buyer has left, so it is judged anew."""
    await session.execute(delete(FieldRow).where(FieldRow.listing_id == listing_id))


async def holders(session: AsyncSession, listing_id: ListingId) -> Sequence[RightHolder]:
    """Return who holds a priority right in a listing, best rank first."""
    rows = await session.scalars(
        select(RightHolderRow)
        .where(RightHolderRow.listing_id == listing_id)
        .order_by(RightHolderRow.rank, RightHolderRow.party_id)
        .execution_options(populate_existing=True)
    )
    return [
        RightHolder(
            listing_id=ListingId(row.listing_id),
            party_id=PartyId(row.party_id),
            rank=row.rank,
            basis=Basis(row.basis),
            notified_at=row.notified_at,
            decision=None if row.decision is None else Decision(row.decision),
            decided_at=row.decided_at,
            registration_id=(
                None if row.registration_id is None else RegistrationId(row.registration_id)
            ),
        )
        for row in rows
    ]


async def save_holder(session: AsyncSession, holder: RightHolder) -> None:
    """Store a holder, or what changed of it."""
    values = {
        "rank": holder.rank,
        "basis": str(holder.basis),
        "notified_at": holder.notified_at,
        "decision": None if holder.decision is None else str(holder.decision),
        "decided_at": holder.decided_at,
        "registration_id": holder.registration_id,
    }
    await session.execute(
        insert(RightHolderRow)
        .values(listing_id=holder.listing_id, party_id=holder.party_id, **values)
        .on_conflict_do_update(index_elements=["listing_id", "party_id"], set_=values)
    )


async def find_statement(session: AsyncSession, listing_id: ListingId) -> RightsStatement | None:
    """Return the document that settles the completers' right, if one is on file."""
    row = await session.get(RightsStatementRow, listing_id, populate_existing=True)
    if row is None:
        return None
    return RightsStatement(
        listing_id=ListingId(row.listing_id),
        reference=row.reference,
        signed_on=row.signed_on,
        file_id=None if row.file_id is None else FileId(row.file_id),
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )


async def save_statement(session: AsyncSession, statement: RightsStatement) -> None:
    """Store the document, over an earlier one."""
    values = {
        "reference": statement.reference,
        "signed_on": statement.signed_on,
        "file_id": statement.file_id,
        "recorded_at": statement.recorded_at,
        "recorded_by": statement.recorded_by,
    }
    await session.execute(
        insert(RightsStatementRow)
        .values(listing_id=statement.listing_id, **values)
        .on_conflict_do_update(index_elements=["listing_id"], set_=values)
    )
