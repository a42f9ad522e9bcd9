"""Contract texts and their signatures in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.deal import Side
from app.settlement.domain.signing import Capacity, Signature, TextKind, TextVersion
from app.settlement.models import SignatureRow, TextRow
from app.shared.ids import DealId, FileId, PartyId
from app.shared.jsonable import jsonable


def _text(row: TextRow) -> TextVersion:
    return TextVersion(
        deal_id=DealId(row.deal_id),
        number=row.number,
        kind=TextKind(row.kind),
        text_hash=row.text_hash,
        basis=row.basis,
        contract_version=row.contract_version,
        drafted_at=row.drafted_at,
        drafted_by=row.drafted_by,
        parameters=row.parameters,
        model=row.model,
        file_id=None if row.file_id is None else FileId(row.file_id),
        file_name=row.file_name,
        media_type=row.media_type,
    )


def _signature(row: SignatureRow) -> Signature:
    return Signature(
        side=Side(row.side),
        party_id=PartyId(row.party_id),
        user=row.user_ref,
        signatory=row.signatory,
        capacity=Capacity(row.capacity),
        text_hash=row.text_hash,
        signed_at=row.signed_at,
        provider=row.provider,
        authorisation_id=None if row.authorisation_id is None else FileId(row.authorisation_id),
        signed_file_id=None if row.signed_file_id is None else FileId(row.signed_file_id),
        evidence=row.evidence,
        naming_consent=row.naming_consent,
    )


async def insert_text(session: AsyncSession, text: TextVersion) -> None:
    """Write a version; the caller holds the deal's lock and has counted its versions."""
    values = {spec.name: getattr(text, spec.name) for spec in fields(text)}
    values |= {"kind": str(text.kind), "parameters": jsonable(text.parameters)}
    await session.execute(insert(TextRow).values(**values))


async def find_text(session: AsyncSession, deal_id: UUID, number: int) -> TextVersion | None:
    """Return a version of a deal's text."""
    row = await session.get(TextRow, (deal_id, number))
    return None if row is None else _text(row)


async def newest_number(session: AsyncSession, deal_id: UUID) -> int:
    """Return the number of a deal's last version; 0 if there is none."""
    found = await session.scalar(
        select(TextRow.number)
        .where(TextRow.deal_id == deal_id)
        .order_by(TextRow.number.desc())
        .limit(1)
    )
    return found or 0


async def agreed_of_deals(
    session: AsyncSession, deal_ids: Collection[DealId]
) -> dict[DealId, tuple[Mapping[str, Any], tuple[Signature, ...]]]:
    """Return what each deal's last text was agreed to say and who signed it, in two queries.

    A deal without texts is left out; the texts themselves, which are long, are not read.
    """
    last = (
        select(TextRow.deal_id, TextRow.number, TextRow.parameters)
        .where(TextRow.deal_id.in_(deal_ids))
        .ext(distinct_on(TextRow.deal_id))
        .order_by(TextRow.deal_id, TextRow.number.desc())
    )
    newest = {DealId(row.deal_id): row for row in await session.execute(last)}
    if not newest:
        return {}
    signed = await session.scalars(
        select(SignatureRow).where(SignatureRow.deal_id.in_(newest)).order_by(SignatureRow.side)
    )
    under: dict[DealId, list[Signature]] = {deal_id: [] for deal_id in newest}
    for row in signed:
        deal_id = DealId(row.deal_id)
        if row.number == newest[deal_id].number:
            under[deal_id].append(_signature(row))
    return {deal_id: (row.parameters, tuple(under[deal_id])) for deal_id, row in newest.items()}


async def list_texts(
    session: AsyncSession, deal_id: UUID, *, below: int | None, limit: int
) -> Sequence[TextVersion]:
    """Return a deal's versions, the last one first."""
    statement = select(TextRow).where(TextRow.deal_id == deal_id)
    if below is not None:
        statement = statement.where(TextRow.number < below)
    rows = await session.scalars(statement.order_by(TextRow.number.desc()).limit(limit))
    return [_text(row) for row in rows]


async def insert_signature(
    session: AsyncSession, deal_id: DealId, number: int, signature: Signature
) -> None:
    """Write a signature; the caller holds the deal's lock and has looked for the side's."""
    values = {spec.name: getattr(signature, spec.name) for spec in fields(signature)}
    values |= {
        "side": str(signature.side),
        "capacity": str(signature.capacity),
        "user_ref": values.pop("user"),
        "evidence": jsonable(signature.evidence),
    }
    await session.execute(insert(SignatureRow).values(deal_id=deal_id, number=number, **values))


async def signatures_of(
    session: AsyncSession, deal_id: UUID, number: int | None = None
) -> Sequence[tuple[int, Signature]]:
    """Return the signatures under a deal's texts with the number of each text, or one text's."""
    statement = select(SignatureRow).where(SignatureRow.deal_id == deal_id)
    if number is not None:
        statement = statement.where(SignatureRow.number == number)
    rows = await session.scalars(statement.order_by(SignatureRow.number, SignatureRow.signed_at))
    return [(row.number, _signature(row)) for row in rows]
