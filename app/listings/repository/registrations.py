"""Registrations in the database."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, literal, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.registration import Depositor, Registration, RegistrationStatus
from app.listings.domain.relation import Relation
from app.listings.models import BANK_REFERENCE_UNIQUE, ListingRow, RegistrationRow
from app.shared.ids import (
    AchievementId,
    DealId,
    EntryId,
    ListingId,
    MarketId,
    PartyId,
    RegistrationId,
)

# Asked once a batch by the bid path: built once, so that nothing is compiled there.
_DEPOSITORS_OF_MANY: Final = text(
    """
    SELECT id, listing_id, party_id, bidder_code, bank_reference
    FROM registrations
    WHERE listing_id = ANY(:listing_ids) AND party_id = ANY(:party_ids) AND status = 'deposited'
    """
).bindparams(bindparam("listing_ids", type_=ARRAY(Uuid)), bindparam("party_ids", type_=ARRAY(Uuid)))


def _registration(row: RegistrationRow) -> Registration:
    return Registration(
        id=RegistrationId(row.id),
        listing_id=ListingId(row.listing_id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        status=RegistrationStatus(row.status),
        bidder_code=row.bidder_code,
        accepted_terms_hash=row.accepted_terms_hash,
        accepted_by=row.accepted_by,
        registered_at=row.registered_at,
        accepted_at=row.accepted_at,
        decided_at=row.decided_at,
        deposit_due_at=row.deposit_due_at,
        reason=row.reason,
        bank_reference=row.bank_reference,
        received_at=row.received_at,
        relation=Relation(row.relation),
        members=tuple(PartyId(member) for member in row.members),
        deposit_entry_id=None if row.deposit_entry_id is None else EntryId(row.deposit_entry_id),
        standby_at=row.standby_at,
        forfeited_at=row.forfeited_at,
        defaulted_deal_id=None if row.defaulted_deal_id is None else DealId(row.defaulted_deal_id),
    )


async def insert_once(session: AsyncSession, registration: Registration) -> bool:
    """Insert a registration unless the party has one for the listing; tell whether it did.

    Of parties' simultaneous requests exactly one inserts: the others wait on the unique index.
    """
    inserted = await session.scalar(
        insert(RegistrationRow)
        .values(
            id=registration.id,
            listing_id=registration.listing_id,
            market_id=registration.market_id,
            party_id=registration.party_id,
            status=str(registration.status),
            relation=str(registration.relation),
            members=list(registration.members),
            accepted_terms_hash=registration.accepted_terms_hash,
            accepted_by=registration.accepted_by,
            registered_at=registration.registered_at,
            accepted_at=registration.accepted_at,
        )
        .on_conflict_do_nothing(index_elements=["listing_id", "party_id"])
        .returning(RegistrationRow.id)
    )
    return inserted is not None


async def save_decision(session: AsyncSession, registration: Registration) -> None:
    """Save the qualification, or that the registration has ended."""
    await session.execute(
        update(RegistrationRow)
        .where(RegistrationRow.id == registration.id)
        .values(
            status=str(registration.status),
            decided_at=registration.decided_at,
            deposit_due_at=registration.deposit_due_at,
            reason=registration.reason,
        )
    )


async def save_acceptance(session: AsyncSession, registration: Registration) -> None:
    """Save that terms published anew were accepted; the journal keeps the earlier acceptance."""
    await session.execute(
        update(RegistrationRow)
        .where(RegistrationRow.id == registration.id)
        .values(
            status=str(registration.status),
            relation=str(registration.relation),
            members=list(registration.members),
            accepted_terms_hash=registration.accepted_terms_hash,
            accepted_by=registration.accepted_by,
            accepted_at=registration.accepted_at,
            decided_at=registration.decided_at,
            deposit_due_at=registration.deposit_due_at,
        )
    )


async def save_deposit(session: AsyncSession, registration: Registration) -> bool:
    """Save the deposit unless its bank reference pays another; tell whether it did."""
    statement = (
        update(RegistrationRow)
        .where(RegistrationRow.id == registration.id)
        .values(
            status=str(registration.status),
            bidder_code=registration.bidder_code,
            bank_reference=registration.bank_reference,
            received_at=registration.received_at,
            deposit_entry_id=registration.deposit_entry_id,
        )
    )
    try:
        async with session.begin_nested():
            await session.execute(statement)
    except IntegrityError as failure:
        if BANK_REFERENCE_UNIQUE in str(failure.orig):
            return False
        raise
    return True


async def find(
    session: AsyncSession, registration_id: RegistrationId, *, lock: bool = False
) -> Registration | None:
    """Return a registration, under its row lock if asked."""
    statement = select(RegistrationRow).where(RegistrationRow.id == registration_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _registration(row)


async def of_listing(session: AsyncSession, listing_id: ListingId) -> Sequence[Registration]:
    """Return every registration of a listing, oldest first; its lock keeps them still."""
    rows = await session.scalars(
        select(RegistrationRow)
        .where(RegistrationRow.listing_id == listing_id)
        .order_by(RegistrationRow.id)
        .execution_options(populate_existing=True)
    )
    return [_registration(row) for row in rows]


async def find_of_party(
    session: AsyncSession, listing_id: ListingId, party_id: PartyId
) -> Registration | None:
    """Return a party's registration for a listing."""
    row = await session.scalar(
        select(RegistrationRow)
        .where(RegistrationRow.listing_id == listing_id, RegistrationRow.party_id == party_id)
        .execution_options(populate_existing=True)
    )
    return None if row is None else _registration(row)


async def ids_of_listing(session: AsyncSession, listing_id: ListingId) -> Sequence[UUID]:
    """Return every registration of a listing, oldest first."""
    found = await session.scalars(
        select(RegistrationRow.id)
        .where(RegistrationRow.listing_id == listing_id)
        .order_by(RegistrationRow.id)
    )
    return found.all()


async def find_page(
    session: AsyncSession, listing_id: ListingId, *, before: RegistrationId | None, limit: int
) -> Sequence[Registration]:
    """Return a listing's registrations, newest first, below ``before``."""
    rows = await session.scalars(
        select(RegistrationRow)
        .where(
            RegistrationRow.listing_id == listing_id,
            true() if before is None else RegistrationRow.id < before,
        )
        .order_by(RegistrationRow.id.desc())
        .limit(limit)
    )
    return [_registration(row) for row in rows]


async def find_contenders(
    session: AsyncSession, listing_id: ListingId, *, qualified_only: bool
) -> Mapping[PartyId, RegistrationId]:
    """Return the registrations of a listing that have not ended, by party, oldest first.

    Members of a joint purchase stand with their registration.
    """
    without = {
        RegistrationStatus.REFUSED,
        RegistrationStatus.LAPSED,
        RegistrationStatus.WITHDRAWN,
    }
    if qualified_only:
        without |= {RegistrationStatus.APPLIED}
    rows = await session.execute(
        select(RegistrationRow.party_id, RegistrationRow.id, RegistrationRow.members)
        .where(
            RegistrationRow.listing_id == listing_id,
            RegistrationRow.status.not_in(map(str, without)),
        )
        .order_by(RegistrationRow.id)
    )
    return {
        PartyId(party_id): RegistrationId(id_)
        for lead, id_, members in rows
        for party_id in (lead, *members)
    }


async def find_depositors(
    session: AsyncSession, listing_id: ListingId, party_ids: Collection[PartyId] | None
) -> Mapping[PartyId, Depositor]:
    """Return those whose deposit is held, by party, in one query; the bid path asks it."""
    statement = select(
        RegistrationRow.id,
        RegistrationRow.party_id,
        RegistrationRow.bidder_code,
        RegistrationRow.bank_reference,
    ).where(
        RegistrationRow.listing_id == listing_id,
        RegistrationRow.status == str(RegistrationStatus.DEPOSITED),
    )
    if party_ids is not None:  # one array parameter; a long IN costs more than the query
        statement = statement.where(
            RegistrationRow.party_id == func.any(literal(list(party_ids), ARRAY(Uuid)))
        )
    rows = (await session.execute(statement)).mappings()
    return {row["party_id"]: Depositor(**row) for row in rows}


async def find_depositors_of_many(
    session: AsyncSession, listing_ids: Collection[ListingId], party_ids: Collection[PartyId]
) -> Mapping[tuple[ListingId, PartyId], Depositor]:
    """Return the depositors of several listings among these parties, in one query.

    The statement's text does not depend on how many are asked: both ids are arrays.
    """
    rows = await session.execute(
        _DEPOSITORS_OF_MANY, {"listing_ids": list(listing_ids), "party_ids": list(party_ids)}
    )
    return {
        (ListingId(row.listing_id), PartyId(row.party_id)): Depositor(
            RegistrationId(row.id), PartyId(row.party_id), row.bidder_code, row.bank_reference
        )
        for row in rows
    }


async def find_depositor_by_code(
    session: AsyncSession, listing_id: ListingId, bidder_code: str
) -> Depositor | None:
    """Return who stands behind a bidder code of a listing."""
    row = (
        (
            await session.execute(
                select(
                    RegistrationRow.id,
                    RegistrationRow.party_id,
                    RegistrationRow.bidder_code,
                    RegistrationRow.bank_reference,
                ).where(
                    RegistrationRow.listing_id == listing_id,
                    RegistrationRow.bidder_code == bidder_code,
                )
            )
        )
        .mappings()
        .first()
    )
    return None if row is None else Depositor(**row)


async def lock_of_parties(
    session: AsyncSession, listing_id: ListingId, party_ids: Collection[PartyId]
) -> Sequence[Registration]:
    """Lock and return these parties' registrations for a listing, in id order."""
    rows = await session.scalars(
        select(RegistrationRow)
        .where(
            RegistrationRow.listing_id == listing_id,
            RegistrationRow.party_id == func.any(literal(list(party_ids), ARRAY(Uuid))),
        )
        .order_by(RegistrationRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [_registration(row) for row in rows]


async def save_fate(session: AsyncSession, registration: Registration) -> None:
    """Save what became of a deposit; the caller holds the registration's lock."""
    await session.execute(
        update(RegistrationRow)
        .where(RegistrationRow.id == registration.id)
        .values(
            standby_at=registration.standby_at,
            forfeited_at=registration.forfeited_at,
            defaulted_deal_id=registration.defaulted_deal_id,
        )
    )


async def standby_parties(session: AsyncSession, listing_id: ListingId) -> frozenset[PartyId]:
    """Return those whose deposits wait, or waited, for a buyer's signature."""
    found = await session.scalars(
        select(RegistrationRow.party_id).where(
            RegistrationRow.listing_id == listing_id, RegistrationRow.standby_at.is_not(None)
        )
    )
    return frozenset(PartyId(party_id) for party_id in found)


async def has_defaulted(
    session: AsyncSession, achievement_id: AchievementId, party_id: PartyId
) -> bool:
    """Tell whether the party broke its word on this achievement before, or was excluded."""
    return bool(
        await session.scalar(
            select(
                select(RegistrationRow.id)
                .join(ListingRow, ListingRow.id == RegistrationRow.listing_id)
                .where(
                    ListingRow.achievement_id == achievement_id,
                    RegistrationRow.party_id == party_id,
                    or_(
                        RegistrationRow.defaulted_deal_id.is_not(None),
                        RegistrationRow.status == str(RegistrationStatus.EXCLUDED),
                    ),
                )
                .exists()
            )
        )
    )


async def bidder_codes(session: AsyncSession, listing_id: ListingId) -> frozenset[str]:
    """Return the codes given out for a listing."""
    codes = await session.scalars(
        select(RegistrationRow.bidder_code).where(
            RegistrationRow.listing_id == listing_id, RegistrationRow.bidder_code.is_not(None)
        )
    )
    return frozenset(code for code in codes if code is not None)
