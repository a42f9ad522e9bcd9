"""Proposals in the database: sealed until the opening, then as they were opened."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.proposal import Member, Proposal, ProposalStatus
from app.demands.domain.proposal_content import content_from_json, content_to_json
from app.demands.models.proposals import (
    ConsortiumConsentRow,
    ProposalRow,
    ProposalShareRow,
    ProposalVersionRow,
)
from app.shared.ids import DemandId, MarketId, PartyId, ProposalId
from app.shared.jsonable import jsonable
from app.shared.money import Money

_ADMITTED = tuple(
    str(status)
    for status in (ProposalStatus.ADMITTED, ProposalStatus.WINNER, ProposalStatus.NOT_CHOSEN)
)


@dataclass(frozen=True, slots=True)
class Version:
    """That a version came or was taken back."""

    number: int
    withdrawal: bool
    commitment: str
    at: datetime


def _proposal(row: ProposalRow) -> Proposal:
    price = None
    if row.price_minor is not None and row.currency is not None:
        price = Money(row.price_minor, row.currency)
    return Proposal(
        id=ProposalId(row.id),
        demand_id=DemandId(row.demand_id),
        market_id=MarketId(row.market_id),
        round=row.round,
        party_id=PartyId(row.party_id),
        code=row.code,
        status=ProposalStatus(row.status),
        version=row.version,
        members=tuple(
            Member(PartyId(UUID(item["party_id"])), item["share_bp"]) for item in row.members
        ),
        commitment=row.commitment,
        handed_in_at=row.handed_in_at,
        price=price,
        content=None if row.content is None else content_from_json(row.content),
        void_reason=row.void_reason,
        findings=tuple(row.findings),
        grounds=tuple(row.grounds),
        opened_at=row.opened_at,
        decided_at=row.decided_at,
        reason=row.reason,
    )


def _columns(proposal: Proposal) -> dict[str, Any]:
    price = proposal.price
    content = proposal.content
    return {
        "status": str(proposal.status),
        "version": proposal.version,
        "members": jsonable(proposal.members),
        "commitment": proposal.commitment,
        "handed_in_at": proposal.handed_in_at,
        "price_minor": None if price is None else price.amount_minor,
        "currency": None if price is None else price.currency,
        "content": None if content is None else content_to_json(content),
        "void_reason": proposal.void_reason,
        "findings": jsonable(proposal.findings),
        "grounds": jsonable(proposal.grounds),
        "opened_at": proposal.opened_at,
        "decided_at": proposal.decided_at,
        "reason": proposal.reason,
    }


async def put(session: AsyncSession, proposal: Proposal, sealed: bytes | None) -> None:
    """Insert a proposal, or store its next version; the caller holds the demand's lock."""
    values = {
        "id": proposal.id,
        "demand_id": proposal.demand_id,
        "market_id": proposal.market_id,
        "round": proposal.round,
        "party_id": proposal.party_id,
        "code": proposal.code,
        "sealed": sealed,
    } | _columns(proposal)
    changed = {name: values[name] for name in ("sealed", *_columns(proposal))}
    statement = upsert(ProposalRow).values(values)
    await session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))


async def add_version(session: AsyncSession, proposal: Proposal, *, at: datetime, by: str) -> None:
    """Note that the present version came, or that it takes the proposal back."""
    session.add(
        ProposalVersionRow(
            proposal_id=proposal.id,
            version=proposal.version,
            withdrawal=proposal.status is ProposalStatus.WITHDRAWN,
            commitment=proposal.commitment,
            at=at,
            by=by,
        )
    )
    await session.flush()


async def save(session: AsyncSession, *proposals: Proposal) -> None:
    """Save what became of proposals; the caller holds the demand's lock."""
    rows = [{"id": proposal.id} | _columns(proposal) for proposal in proposals]
    if rows:
        await session.execute(update(ProposalRow), rows)


async def save_proofs(session: AsyncSession, proofs: Mapping[ProposalId, Any]) -> None:
    """Save what shows that sealed proposals were opened as they are."""
    if proofs:
        rows = [{"id": proposal_id, "proof": proof} for proposal_id, proof in proofs.items()]
        await session.execute(update(ProposalRow), rows)


async def find(
    session: AsyncSession, proposal_id: ProposalId, *, lock: bool = False
) -> Proposal | None:
    """Return a proposal, under its row lock if asked; the demand's lock comes first."""
    statement = select(ProposalRow).where(ProposalRow.id == proposal_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _proposal(row)


async def find_of_party(
    session: AsyncSession, demand_id: DemandId, round_no: int, party_id: PartyId
) -> Proposal | None:
    """Return the proposal that a party leads in a round, withdrawn or not."""
    row = await session.scalar(
        select(ProposalRow)
        .where(
            ProposalRow.demand_id == demand_id,
            ProposalRow.round == round_no,
            ProposalRow.party_id == party_id,
        )
        .execution_options(populate_existing=True)
    )
    return None if row is None else _proposal(row)


def _is_part_of(party_id: PartyId) -> ColumnElement[bool]:
    named = ProposalRow.members.contains([{"party_id": str(party_id)}])
    return or_(ProposalRow.party_id == party_id, named)


async def takes_part(
    session: AsyncSession, demand_id: DemandId, round_no: int, party_id: PartyId
) -> bool:
    """Tell whether a proposal of a round that was not withdrawn is the party's, or names it."""
    found = await session.scalar(
        select(ProposalRow.id)
        .where(
            ProposalRow.demand_id == demand_id,
            ProposalRow.round == round_no,
            ProposalRow.status != str(ProposalStatus.WITHDRAWN),
            _is_part_of(party_id),
        )
        .limit(1)
    )
    return found is not None


async def of_round(
    session: AsyncSession,
    demand_id: DemandId,
    round_no: int,
    *,
    statuses: Collection[ProposalStatus] = (),
    party_id: PartyId | None = None,
    after: ProposalId | None = None,
    limit: int | None = None,
) -> Sequence[Proposal]:
    """Return the proposals of a round that were not withdrawn, in the order of their ids.

    Args:
        statuses: Only in these.
        party_id: Only those in which this party has a part.
        after: Only beyond this one.
    """
    statement = select(ProposalRow).where(
        ProposalRow.demand_id == demand_id, ProposalRow.round == round_no
    )
    if statuses:
        statement = statement.where(ProposalRow.status.in_([str(it) for it in statuses]))
    else:
        statement = statement.where(ProposalRow.status != str(ProposalStatus.WITHDRAWN))
    if party_id is not None:
        statement = statement.where(_is_part_of(party_id))
    if after is not None:
        statement = statement.where(ProposalRow.id > after)
    rows = await session.scalars(
        statement.order_by(ProposalRow.id).limit(limit).execution_options(populate_existing=True)
    )
    return [_proposal(row) for row in rows]


async def admitted(session: AsyncSession, demand_id: DemandId, round_no: int) -> Sequence[Proposal]:
    """Return the proposals of a round that passed the eligibility check."""
    statuses = [ProposalStatus(name) for name in _ADMITTED]
    return await of_round(session, demand_id, round_no, statuses=statuses)


async def count(session: AsyncSession, demand_id: DemandId, round_no: int) -> int:
    """Return how many proposals of a round were not withdrawn; nobody is told before its end."""
    found = await session.scalar(
        select(func.count())
        .select_from(ProposalRow)
        .where(
            ProposalRow.demand_id == demand_id,
            ProposalRow.round == round_no,
            ProposalRow.status != str(ProposalStatus.WITHDRAWN),
        )
    )
    return int(found or 0)


async def sealed_of(
    session: AsyncSession, proposal_ids: Collection[ProposalId]
) -> Mapping[ProposalId, bytes]:
    """Return the ciphertext of proposals."""
    rows = await session.execute(
        select(ProposalRow.id, ProposalRow.sealed).where(ProposalRow.id.in_(proposal_ids))
    )
    return {ProposalId(row.id): row.sealed for row in rows if row.sealed is not None}


async def proof_of(session: AsyncSession, proposal_id: ProposalId) -> dict[str, Any] | None:
    """Return what shows how a sealed proposal was opened."""
    found: dict[str, Any] | None = await session.scalar(
        select(ProposalRow.proof).where(ProposalRow.id == proposal_id)
    )
    return found


async def versions(session: AsyncSession, proposal_id: ProposalId) -> Sequence[Version]:
    """Return what came and was taken back, in order."""
    rows = await session.scalars(
        select(ProposalVersionRow)
        .where(ProposalVersionRow.proposal_id == proposal_id)
        .order_by(ProposalVersionRow.version)
    )
    return [Version(row.version, row.withdrawal, row.commitment, row.at) for row in rows]


async def lead_of(
    session: AsyncSession, demand_id: DemandId, round_no: int, party_id: PartyId
) -> PartyId | None:
    """Return under whose lead a party has consented to take part."""
    found = await session.scalar(
        select(ConsortiumConsentRow.lead_party_id).where(
            ConsortiumConsentRow.demand_id == demand_id,
            ConsortiumConsentRow.round == round_no,
            ConsortiumConsentRow.party_id == party_id,
        )
    )
    return None if found is None else PartyId(found)


async def consenting(
    session: AsyncSession, demand_id: DemandId, round_no: int, lead: PartyId
) -> frozenset[PartyId]:
    """Return who has consented to a lead."""
    found = await session.scalars(
        select(ConsortiumConsentRow.party_id).where(
            ConsortiumConsentRow.demand_id == demand_id,
            ConsortiumConsentRow.round == round_no,
            ConsortiumConsentRow.lead_party_id == lead,
        )
    )
    return frozenset(PartyId(party_id) for party_id in found)


async def put_consent(
    session: AsyncSession,
    demand_id: DemandId,
    round_no: int,
    party_id: PartyId,
    lead: PartyId | None,
    *,
    at: datetime,
) -> None:
    """Store under whose lead a party takes part, or that it takes its consent back."""
    key = {"demand_id": demand_id, "round": round_no, "party_id": party_id}
    row = await session.get(ConsortiumConsentRow, (demand_id, round_no, party_id))
    if lead is None:
        if row is not None:
            await session.delete(row)
    elif row is not None:
        row.lead_party_id, row.at = lead, at
    else:
        session.add(ConsortiumConsentRow(**key, lead_party_id=lead, at=at))
    await session.flush()


async def shares(
    session: AsyncSession, demand_id: DemandId, round_no: int
) -> Mapping[ProposalId, Mapping[int, Mapping[str, Any]]]:
    """Return what holders handed in, by proposal and holder."""
    rows = await session.execute(
        select(ProposalShareRow.proposal_id, ProposalShareRow.holder, ProposalShareRow.share)
        .join(ProposalRow, ProposalRow.id == ProposalShareRow.proposal_id)
        .where(ProposalRow.demand_id == demand_id, ProposalRow.round == round_no)
    )
    found: dict[ProposalId, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(ProposalId(row.proposal_id), {})[row.holder] = row.share
    return found


async def add_shares(
    session: AsyncSession, holder: int, fresh: Mapping[ProposalId, Mapping[str, Any]]
) -> None:
    """Store a holder's shares, each for the first time."""
    session.add_all(
        ProposalShareRow(proposal_id=proposal_id, holder=holder, share=dict(share))
        for proposal_id, share in fresh.items()
    )
    await session.flush()
