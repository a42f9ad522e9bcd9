"""Admitted proposals as the bidders of an auction, and the panel's points by their codes."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.bidding import Bidder
from app.shared.ids import DemandId, PartyId, ProposalId

# Who was admitted keeps its place in the auction when the result names it or another.
_MAY_BID: Final = "status IN ('admitted', 'winner', 'not_chosen')"
_OF_ROUND: Final = text(f"""
    SELECT id, party_id, code FROM proposals
    WHERE demand_id = :demand AND round = :round AND {_MAY_BID}
      AND (CAST(:parties AS uuid[]) IS NULL OR party_id = ANY(CAST(:parties AS uuid[])))
""")
_OF_ROUNDS: Final = text(f"""
    SELECT p.demand_id, p.round, p.id, p.party_id, p.code
    FROM unnest(CAST(:demands AS uuid[]), CAST(:rounds AS int[])) AS asked (demand_id, round)
    JOIN proposals AS p ON p.demand_id = asked.demand_id AND p.round = asked.round
    WHERE p.party_id = ANY(CAST(:parties AS uuid[])) AND p.{_MAY_BID}
""")
_BY_CODE: Final = text(f"""
    SELECT id, party_id, code FROM proposals
    WHERE demand_id = :demand AND round = :round AND code = :code AND {_MAY_BID}
""")
_POINTS: Final = text(f"""
    SELECT p.code, array_agg(s.points ORDER BY s.criterion) AS points
    FROM proposals AS p JOIN proposal_scores AS s ON s.proposal_id = p.id
    WHERE p.demand_id = :demand AND p.round = :round AND p.{_MAY_BID}
    GROUP BY p.code
""")


def _bidder(row: Any) -> Bidder:
    return Bidder(ProposalId(row.id), PartyId(row.party_id), row.code)


async def of_round(
    session: AsyncSession,
    demand_id: DemandId,
    round_no: int,
    party_ids: Collection[PartyId] | None,
) -> Mapping[PartyId, Bidder]:
    """Return the admitted proposers of a round, by party.

    Args:
        party_ids: Only these; ``None`` for all.
    """
    parties = None if party_ids is None else list(party_ids)
    rows = await session.execute(
        _OF_ROUND, {"demand": demand_id, "round": round_no, "parties": parties}
    )
    return {PartyId(row.party_id): _bidder(row) for row in rows}


async def of_rounds(
    session: AsyncSession,
    rounds: Collection[tuple[DemandId, int]],
    party_ids: Collection[PartyId],
) -> dict[tuple[DemandId, int, PartyId], Bidder]:
    """Return those of the parties who are admitted, by demand, round and party; one query."""
    rows = await session.execute(
        _OF_ROUNDS,
        {
            "demands": [demand_id for demand_id, _ in rounds],
            "rounds": [round_no for _, round_no in rounds],
            "parties": list(party_ids),
        },
    )
    return {
        (DemandId(row.demand_id), row.round, PartyId(row.party_id)): _bidder(row) for row in rows
    }


async def by_code(
    session: AsyncSession, demand_id: DemandId, round_no: int, code: str
) -> Bidder | None:
    """Return who stands behind a code of a round."""
    row = (
        await session.execute(_BY_CODE, {"demand": demand_id, "round": round_no, "code": code})
    ).first()
    return None if row is None else _bidder(row)


async def points(
    session: AsyncSession, demand_id: DemandId, round_no: int
) -> dict[str, tuple[int, ...]]:
    """Return the panel's points 0..100 of each criterion in their published order, by code."""
    rows = await session.execute(_POINTS, {"demand": demand_id, "round": round_no})
    return {row.code: tuple(row.points) for row in rows}
