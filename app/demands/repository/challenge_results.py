"""Results, prizes and prize money of challenge events in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.challenge import PrizeFunding
from app.demands.domain.challenge_results import Award, Entry
from app.demands.models.challenges import (
    ChallengeAwardRow,
    ChallengeFundRow,
    ChallengeResultRow,
)
from app.demands.models.proposals import ProposalRow
from app.shared.ids import ChallengeId, DealId, DemandId, PartyId, ProposalId
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """The money of one prize.

    Attributes:
        escrow_id: Under which the ledger keeps it.
        returned: What its sponsor got back when the event ended.
    """

    prize: int
    escrow_id: DealId
    party_id: PartyId
    amount: Money
    paid_at: datetime
    returned: Money | None = None


async def entries_of(session: AsyncSession, rounds: Mapping[DemandId, int]) -> Sequence[Entry]:
    """Return the proposals of the demands' rounds that could be opened.

    Args:
        rounds: By demand, the round that counts.
    """
    row = ProposalRow
    rows = await session.execute(
        select(row.demand_id, row.id, row.party_id, row.code, row.status).where(
            tuple_(row.demand_id, row.round).in_(list(rounds.items())),
            row.opened_at.is_not(None),
        )
    )
    return [
        Entry(
            demand_id=DemandId(found.demand_id),
            proposal_id=ProposalId(found.id),
            party_id=PartyId(found.party_id),
            code=found.code,
            status=found.status,
        )
        for found in rows
    ]


async def insert_results(
    session: AsyncSession, challenge_id: ChallengeId, stage: int, entries: Sequence[Entry]
) -> None:
    """Store who advanced from a stage."""
    session.add_all(
        ChallengeResultRow(
            challenge_id=challenge_id,
            stage=stage,
            proposal_id=entry.proposal_id,
            demand_id=entry.demand_id,
            party_id=entry.party_id,
            code=entry.code,
            status=entry.status,
        )
        for entry in entries
    )
    await session.flush()


async def results_of(
    session: AsyncSession, challenge_id: ChallengeId, stage: int
) -> Sequence[Entry]:
    """Return who advanced from a stage, in the order of demands and codes."""
    rows = await session.scalars(
        select(ChallengeResultRow)
        .where(ChallengeResultRow.challenge_id == challenge_id, ChallengeResultRow.stage == stage)
        .order_by(ChallengeResultRow.demand_id, ChallengeResultRow.code)
    )
    return [
        Entry(
            demand_id=DemandId(row.demand_id),
            proposal_id=ProposalId(row.proposal_id),
            party_id=PartyId(row.party_id),
            code=row.code,
            status=row.status,
        )
        for row in rows
    ]


async def insert_award(session: AsyncSession, challenge_id: ChallengeId, award: Award) -> None:
    """Store a prize that is given."""
    session.add(
        ChallengeAwardRow(
            challenge_id=challenge_id,
            prize=award.prize,
            place=award.place,
            proposal_id=award.entry.proposal_id,
            demand_id=award.entry.demand_id,
            party_id=award.entry.party_id,
            code=award.entry.code,
            amount_minor=award.amount.amount_minor,
            currency=award.amount.currency,
            funding=str(award.funding),
            reference=award.reference,
            awarded_at=award.awarded_at,
        )
    )
    await session.flush()


async def awards_of(session: AsyncSession, challenge_id: ChallengeId) -> Sequence[Award]:
    """Return the prizes that are given, the first prize first."""
    rows = await session.scalars(
        select(ChallengeAwardRow)
        .where(ChallengeAwardRow.challenge_id == challenge_id)
        .order_by(ChallengeAwardRow.prize, ChallengeAwardRow.place)
    )
    return [
        Award(
            prize=row.prize,
            place=row.place,
            entry=Entry(
                demand_id=DemandId(row.demand_id),
                proposal_id=ProposalId(row.proposal_id),
                party_id=PartyId(row.party_id),
                code=row.code,
                status="winner",
            ),
            amount=Money(row.amount_minor, row.currency),
            funding=PrizeFunding(row.funding),
            reference=row.reference,
            awarded_at=row.awarded_at,
        )
        for row in rows
    ]


async def insert_fund(session: AsyncSession, challenge_id: ChallengeId, fund: Fund) -> None:
    """Note a prize's money."""
    session.add(
        ChallengeFundRow(
            challenge_id=challenge_id,
            prize=fund.prize,
            escrow_id=fund.escrow_id,
            party_id=fund.party_id,
            amount_minor=fund.amount.amount_minor,
            currency=fund.amount.currency,
            paid_at=fund.paid_at,
        )
    )
    await session.flush()


async def funds_of(session: AsyncSession, challenge_id: ChallengeId) -> Sequence[Fund]:
    """Return the money that is or was kept, prize by prize."""
    rows = await session.scalars(
        select(ChallengeFundRow)
        .where(ChallengeFundRow.challenge_id == challenge_id)
        .order_by(ChallengeFundRow.prize)
        .execution_options(populate_existing=True)
    )
    return [
        Fund(
            prize=row.prize,
            escrow_id=DealId(UUID(str(row.escrow_id))),
            party_id=PartyId(row.party_id),
            amount=Money(row.amount_minor, row.currency),
            paid_at=row.paid_at,
            returned=_money(row.returned_minor, row.currency),
        )
        for row in rows
    ]


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


async def note_return(
    session: AsyncSession, challenge_id: ChallengeId, fund: Fund, *, left: Money, at: datetime
) -> None:
    """Note what a sponsor got back."""
    await session.execute(
        update(ChallengeFundRow)
        .where(ChallengeFundRow.challenge_id == challenge_id, ChallengeFundRow.prize == fund.prize)
        .values(returned_minor=left.amount_minor, returned_at=at)
        .execution_options(synchronize_session=False)
    )
