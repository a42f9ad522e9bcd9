"""What the records say of those who propose: their nearness to the poster, their kind, consent."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand
from app.demands.domain.eligibility import OnRecord, find_obstacles
from app.demands.domain.proposal import (
    ConsortiumInvalid,
    Member,
    Proposal,
    TakesPartAlready,
    consortium_errors,
)
from app.demands.repository import proposals as repository
from app.identity.public import (
    CONTROL,
    Party,
    PartyKind,
    PartyStatus,
    common_grounds,
    get_parties,
    get_party,
    watchers_among,
)
from app.shared.findings import Findings
from app.shared.ids import PartyId


def parties_of(lead: PartyId, members: Sequence[Member]) -> list[PartyId]:
    """Return who proposes, the lead first."""
    return [member.party_id for member in members] or [lead]


async def obstacles_of(
    session: AsyncSession, demand: Demand, groups: Sequence[Sequence[PartyId]]
) -> list[list[dict[str, Any]]]:
    """Return what keeps each group of parties from proposing, in a few queries for all.

    Invariant: DM47.
    """
    wanted = {party_id for group in groups for party_id in group}
    found = {party.id: party for party in await get_parties(session, wanted)}
    watchers = await watchers_among(session, wanted)
    poster = await get_party(session, demand.party_id)
    return [
        find_obstacles(
            [_on_record(found, party_id, poster, watchers) for party_id in group],
            who_may_answer=demand.content.who_may_answer,
        )
        for group in groups
    ]


def _on_record(
    found: Mapping[PartyId, Party],
    party_id: PartyId,
    poster: Party,
    watchers: frozenset[PartyId],
) -> OnRecord:
    party = found.get(party_id)
    here = party is not None and party.market_id == poster.market_id
    shared = common_grounds(party, poster) if party is not None else ()
    return OnRecord(
        party_id=party_id,
        is_poster=party_id == poster.id,
        is_person=party is not None and party.kind is PartyKind.PERSON,
        is_verified=here and party is not None and party.status is PartyStatus.VERIFIED,
        has_staff=party_id in watchers,
        shared_grounds=tuple(str(ground) for ground in shared if ground in CONTROL),
    )


async def check_consortium(
    session: AsyncSession, demand: Demand, lead: PartyId, members: Sequence[Member]
) -> None:
    """Refuse a faulty list, a member that did not consent, and a lead that is a member elsewhere.

    Nothing is told of a party that has not consented to this lead: to name it proves nothing.

    Raises:
        ConsortiumInvalid: Names every fault.
        TakesPartAlready: The lead has consented to be a member of another's consortium.

    Invariants: DM36, DM39.
    """
    findings = Findings(consortium_errors(lead, members))
    consenting = await repository.consenting(session, demand.id, demand.round, lead)
    for place, member in enumerate(members):
        findings.require(
            member.party_id in {lead, *consenting},
            f"members.{place}.party_id",
            rule="no_consent",
            message="It has not consented to take part under this lead.",
        )
    if findings.errors:
        raise ConsortiumInvalid(findings.summary(), errors=findings.errors)
    if await repository.lead_of(session, demand.id, demand.round, lead) is not None:
        raise TakesPartAlready("Take your consent back first.", accepted={"lead_party_id": None})


def bound_by(proposal: Proposal | None, party_id: PartyId) -> bool:
    """Tell whether a living proposal names a party as its member."""
    return proposal is not None and party_id in proposal.parties
