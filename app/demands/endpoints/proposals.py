"""Proposals over HTTP: handed in sealed, opened together, admitted or excluded."""

from uuid import UUID

from app.demands.domain.demand import is_near
from app.demands.schemas.proposals import (
    ConsortiumConsentBody,
    DemandProposalView,
    EligibilityBody,
    OwnProposalView,
    ProposalBody,
    ProposalOpeningView,
    ProposalReceipt,
    SealedProposalsView,
    SealedProposalView,
)
from app.demands.service import proposal_reading, proposal_shares, proposing
from app.demands.vault import ProposalVaultDep
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.platform.sealed_schema import HandInShares
from app.shared.ids import DemandId, PartyId, ProposalId
from app.shared.sealing.primitives import b64

routes = router(tag="demands")


def _sequence(key: object) -> int:
    if not isinstance(key, int) or not 0 <= key < 2**31:  # INTEGER
        raise ValueError("no sequence")
    return key


@routes.post("/demands/{demand_id}/proposals", status_code=201)
async def hand_in_proposal(
    demand_id: UUID,
    body: ProposalBody,
    actor: ActorDep,
    session: SessionDep,
    vault: ProposalVaultDep,
) -> ProposalReceipt:
    """Hand in the caller's proposal, or its next version, before the deadline.

    It stays sealed until then: nobody else learns that it came. What is missing is told with the
    caller's own proposal, where the exchange can read it; the answer is stored with its
    idempotency key, so it repeats nothing of what was sent.
    """
    proposal = await proposing.hand_in(session, vault, actor, DemandId(demand_id), body.sent())
    return ProposalReceipt.model_validate(proposal)


@routes.get("/demands/{demand_id}/proposal")
async def get_own_proposal(
    demand_id: UUID, actor: ActorDep, session: SessionDep, vault: ProposalVaultDep
) -> OwnProposalView:
    """Return the caller's own proposal, its code, and what the next version is sealed to."""
    return OwnProposalView.of(await proposing.read_own(session, vault, actor, DemandId(demand_id)))


@routes.post("/demands/{demand_id}/proposal/withdrawal")
async def withdraw_proposal(
    demand_id: UUID, actor: ActorDep, session: SessionDep, vault: ProposalVaultDep
) -> ProposalReceipt:
    """Take the caller's proposal back before the deadline; another may follow."""
    withdrawn = await proposing.withdraw(session, vault, actor, DemandId(demand_id))
    return ProposalReceipt.model_validate(withdrawn)


@routes.put("/demands/{demand_id}/consortium")
async def consent_to_consortium(
    demand_id: UUID,
    body: ConsortiumConsentBody,
    actor: ActorDep,
    session: SessionDep,
    vault: ProposalVaultDep,
) -> OwnProposalView:
    """Consent to be a member of the consortium that another party leads, or take it back."""
    key = DemandId(demand_id)
    lead = None if body.lead_party_id is None else PartyId(body.lead_party_id)
    await proposing.consent(session, actor, key, lead)
    return OwnProposalView.of(await proposing.read_own(session, vault, actor, key))


@routes.get("/demands/{demand_id}/proposals")
async def list_proposals(
    demand_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DemandProposalView]:
    """List the opened proposals of the present round that the caller may read."""
    after = None if cursor is None else ProposalId(decode_cursor(cursor, UUID)[0])
    found = await proposal_reading.list_opened(
        session, actor, DemandId(demand_id), after=after, limit=limit + 1
    )
    staff = actor.viewer.staff_of is not None
    items = [
        DemandProposalView.of(item, proof=None, grounds=staff or actor.party_id in item.parties)
        for item in found[:limit]
    ]
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=items, next=more)


@routes.get("/proposals/{proposal_id}")
async def get_demand_proposal(
    proposal_id: UUID, actor: ActorDep, session: SessionDep
) -> DemandProposalView:
    """Return an opened proposal with the proof of its opening."""
    demand, proposal, proof = await proposal_reading.read_opened(
        session, actor, ProposalId(proposal_id)
    )
    near = is_near(actor.viewer, demand) and actor.party_id != demand.party_id
    grounds = near or actor.party_id in proposal.parties
    return DemandProposalView.of(proposal, proof=proof, grounds=grounds)


@routes.post("/proposals/{proposal_id}/eligibility")
async def decide_eligibility(
    proposal_id: UUID, body: EligibilityBody, actor: ActorDep, session: SessionDep
) -> DemandProposalView:
    """Admit an opened proposal to the review, or exclude it with a reason that it learns."""
    decided = await proposal_reading.decide_eligibility(
        session,
        actor,
        ProposalId(proposal_id),
        admitted=body.admitted,
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    return DemandProposalView.of(decided, proof=None, grounds=True)


@routes.get("/demands/{demand_id}/sealed-proposals")
async def list_sealed_proposals(
    demand_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    vault: ProposalVaultDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> SealedProposalsView:
    """List the proposals as they were sealed, without texts; none before the deadline."""
    key = DemandId(demand_id)
    after = 0 if cursor is None else decode_cursor(cursor, _sequence)[0]
    found, exchange_key = await proposal_shares.list_sealed(
        session, vault, actor, key, after=after, limit=limit + 1
    )
    return SealedProposalsView(
        items=[SealedProposalView.of(item) for item in found[:limit]],
        next=encode_cursor(found[limit - 1].sequence) if len(found) > limit else None,
        exchange_key=b64(exchange_key),
    )


@routes.get("/demands/{demand_id}/opening")
async def get_proposal_opening(
    demand_id: UUID, actor: ActorDep, session: SessionDep
) -> ProposalOpeningView:
    """Return which holders have handed in what, and what is missing."""
    return ProposalOpeningView.of(
        await proposal_shares.progress(session, actor, DemandId(demand_id))
    )


@routes.post("/demands/{demand_id}/shares")
async def hand_in_proposal_shares(
    demand_id: UUID,
    body: HandInShares,
    actor: ActorDep,
    session: SessionDep,
    vault: ProposalVaultDep,
) -> ProposalOpeningView:
    """Hand in a holder's shares, whoever carries them; repeating changes nothing.

    As soon as every proposal can be decided, all are opened in the same act.
    """
    key = DemandId(demand_id)
    await proposal_shares.hand_in_shares(session, vault, actor, key, body.submission())
    return ProposalOpeningView.of(await proposal_shares.progress(session, actor, key))
