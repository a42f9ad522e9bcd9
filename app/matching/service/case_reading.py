"""Read cases of the broker's desk: its broker, the two sides and the market's staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_parties
from app.matching.domain.cases import Act, Case, CaseStatus
from app.matching.repository import cases as repository
from app.matching.repository.cases import Reach
from app.platform.access import Actor, ObjectUnknown, Owner, Role
from app.shared.ids import PartyId


@dataclass(frozen=True, slots=True)
class CaseSeen:
    """A case as one viewer may know it.

    Attributes:
        match: With its reasons, as far as the viewer may know them.
        notes: Whether the viewer may read the broker's notes.
    """

    case: Case
    match: Mapping[str, Any]
    acts: Sequence[Act]
    names: Mapping[PartyId, str]
    notes: bool


def _is_near(actor: Actor, case: Case) -> bool:
    """Tell whether the actor is the case's broker or staff of its market."""
    own = actor.role is Role.BROKER and actor.party_id == case.broker_id
    return own or actor.viewer.staff_of == case.market_id


async def read_case(session: AsyncSession, actor: Actor, case_id: UUID) -> CaseSeen:
    """Return a case to its broker, its two sides or the market's staff.

    Raises:
        ObjectUnknown: There is none.

    Invariants: MT75, MT78.
    """
    case = await repository.find(session, case_id)
    if case is None:
        raise ObjectUnknown("There is no such case.")
    parties = await get_parties(session, {case.broker_id, *case.pair.sides})
    near = _is_near(actor, case)
    return CaseSeen(
        case=case,
        match=case.pair.match if near else case.pair.told_to(actor.party_id),
        acts=await repository.acts_of(session, case_id),
        names={party.id: party.name for party in parties},
        notes=near,
    )


async def list_cases(
    session: AsyncSession,
    actor: Actor,
    *,
    statuses: Sequence[CaseStatus],
    before: UUID | None,
    limit: int,
) -> Sequence[Case]:
    """Return the cases that the actor may read, the newest first.

    Invariant: MT78.
    """
    staff_of = actor.viewer.staff_of
    reach = Reach(party_id=actor.party_id) if staff_of is None else Reach(market_id=staff_of)
    return await repository.find_page(session, reach, statuses=statuses, before=before, limit=limit)


async def owner_of_case(session: AsyncSession, case_id: UUID) -> Owner | None:
    """Return a case's market, with its broker and its two sides."""
    case = await repository.find(session, case_id)
    return None if case is None else Owner(case.market_id, case.audience)
