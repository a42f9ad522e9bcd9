"""Hand in, replace and withdraw proposals, and consent to a consortium, before the deadline.

All of it happens under the demand's lock, and *now* is read behind it: a proposal is in time and
opened, or refused, and of two acts of one party the second sees the first.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.completeness import find_gaps
from app.demands.domain.demand import Demand, is_open
from app.demands.domain.eligibility import ProposerNotEligible
from app.demands.domain.posting import Sealing
from app.demands.domain.proposal import (
    PROPOSAL_TRANSITIONS,
    Member,
    NoProposal,
    Proposal,
    ProposalsNotTaken,
    ProposalStatus,
    ProposalTrigger,
    SealingWrong,
    TakesPartAlready,
    sealing_code,
)
from app.demands.domain.proposal_content import ProposalContent, content_from_json, content_to_json
from app.demands.domain.ranking import currency_of
from app.demands.repository import proposals as repository
from app.demands.service.locking import lock_demand, read_demand
from app.demands.service.proposers import bound_by, check_consortium, obstacles_of, parties_of
from app.demands.vault import Vault
from app.identity.public import require_verified
from app.platform import journal
from app.platform.access import SYSTEM, Actor, ObjectUnknown
from app.platform.clock import market_now
from app.platform.journal import NewEvent
from app.shared.ids import DemandId, PartyId, ProposalId, new_id
from app.shared.money import Money
from app.shared.sealing import check_ciphertext, check_shape, read_form
from app.shared.transitions import advance


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a proposer sends: readable, or sealed for share holders.

    Attributes:
        members: The consortium with its lead first; empty for one party.
        sealed, document: As `zhepai seal --document` makes them.
    """

    members: tuple[Member, ...] = ()
    price: Money | None = None
    content: ProposalContent | None = None
    sealed: Mapping[str, Any] | None = None
    document: str | None = None

    def told(self) -> dict[str, Any]:
        """Return what is kept of it."""
        if self.content is not None and self.price is not None:
            content = content_to_json(self.content)
            return {"price": self.price.as_json(), "content": content}
        return {"sealed": dict(self.sealed or {}), "document": self.document}


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a party sees of its own proposal.

    Attributes:
        code: Its code in this round, whether it has proposed or not.
        told: What the present version says, as it was sent.
        leads: Who leads the consortium that it consented to, if any.
        findings: What is missing in it, where the exchange can read it.
    """

    demand: Demand
    code: str
    next_version: int
    proposal: Proposal | None
    told: Mapping[str, Any] | None
    leads: PartyId | None
    findings: Sequence[Mapping[str, Any]] = ()


async def hand_in(
    session: AsyncSession, vault: Vault, actor: Actor, demand_id: DemandId, sent: Sent
) -> Proposal:
    """Hand in a proposal, or its next version.

    Raises:
        ObjectUnknown: There is no such demand for the actor.
        ProposalsNotTaken: It takes none, or none any more.
        PartyNotVerified: The exchange has not verified the proposer.
        SealingWrong: The posting asks for the other sealing.
        SealMalformed: It is not the published form, or not for this demand, party and version.
        ConsortiumInvalid, TakesPartAlready: See the rules.
        ProposerNotEligible: Names who may not propose, and why.

    Invariants: DM35, DM36, DM38, DM39, DM47.
    """
    demand, now = await _open_demand(session, actor, demand_id)
    lead = (await require_verified(session, actor.party_id)).id
    await check_consortium(session, demand, lead, sent.members)
    [obstacles] = await obstacles_of(session, demand, [parties_of(lead, sent.members)])
    if obstacles:
        raise ProposerNotEligible("The records forbid it.", errors=obstacles)
    known = await repository.find_of_party(session, demand.id, demand.round, lead)
    version = 1 if known is None else known.version + 1
    code = vault.code(demand.id, demand.round, lead)
    _check_sealing(demand, sent)
    if sent.sealed is not None:
        await asyncio.to_thread(_check_seal, demand, sent, sealing_code(code, version))
    before = ProposalStatus.HANDED_IN if known is None else known.status
    proposal_id = ProposalId(new_id()) if known is None else known.id
    proposal = Proposal(
        id=proposal_id,
        demand_id=demand.id,
        market_id=demand.market_id,
        round=demand.round,
        party_id=lead,
        code=code,
        status=advance(PROPOSAL_TRANSITIONS, state=before, trigger=ProposalTrigger.HAND_IN),
        version=version,
        members=sent.members,
        commitment=vault.commitment(
            proposal_id, version, sent.told() | {"members": sent.members, "version": version}
        ),
        handed_in_at=now,
    )
    await _store(session, proposal, vault.seal(proposal_id, sent.told()), actor, now)
    return proposal


async def withdraw(
    session: AsyncSession, vault: Vault, actor: Actor, demand_id: DemandId
) -> Proposal:
    """Take a proposal back before the deadline; what it said is forgotten.

    Raises:
        ObjectUnknown, ProposalsNotTaken: As for `hand_in`.
        NoProposal: The party has none.

    Invariant: DM35.
    """
    demand, now = await _open_demand(session, actor, demand_id)
    known = await repository.find_of_party(session, demand.id, demand.round, actor.party_id)
    if known is None or known.status is not ProposalStatus.HANDED_IN:
        raise NoProposal("There is nothing to withdraw.")
    version = known.version + 1
    told = {"withdrawn": True, "version": version}
    withdrawn = replace(
        known,
        status=advance(PROPOSAL_TRANSITIONS, state=known.status, trigger=ProposalTrigger.WITHDRAW),
        version=version,
        members=(),
        commitment=vault.commitment(known.id, version, told),
    )
    await _store(session, withdrawn, None, actor, now)
    return withdrawn


async def consent(
    session: AsyncSession, actor: Actor, demand_id: DemandId, lead: PartyId | None
) -> None:
    """Consent to take part under a lead, or (``None``) take the consent back.

    Raises:
        ObjectUnknown, ProposalsNotTaken, PartyNotVerified: As for `hand_in`.
        TakesPartAlready: It has a proposal of its own, or its lead's names it now.

    Invariant: DM36.
    """
    demand, now = await _open_demand(session, actor, demand_id)
    party_id = (await require_verified(session, actor.party_id)).id
    own = await repository.find_of_party(session, demand.id, demand.round, party_id)
    if own is not None and own.status is ProposalStatus.HANDED_IN:
        raise TakesPartAlready("Withdraw your own proposal first.")
    if lead == party_id:
        raise TakesPartAlready("Who leads needs no consent of its own.")
    before = await repository.lead_of(session, demand.id, demand.round, party_id)
    if before is not None and before != lead:
        proposal = await repository.find_of_party(session, demand.id, demand.round, before)
        living = proposal is not None and proposal.status is ProposalStatus.HANDED_IN
        if living and bound_by(proposal, party_id):
            raise TakesPartAlready("Your lead's proposal names you: it must replace it first.")
    await repository.put_consent(session, demand.id, demand.round, party_id, lead, at=now)


async def read_own(session: AsyncSession, vault: Vault, actor: Actor, demand_id: DemandId) -> Own:
    """Return the caller's own proposal and what its next version is sealed to.

    Raises:
        ObjectUnknown: There is no such demand for the actor, or it was never posted.

    Invariant: DM40.
    """
    demand = await read_demand(session, actor, demand_id)
    if demand.terms is None:
        raise ObjectUnknown("It takes no proposals.")
    known = await repository.find_of_party(session, demand.id, demand.round, actor.party_id)
    told: Mapping[str, Any] | None = None
    if known is not None and known.status is not ProposalStatus.WITHDRAWN:
        sealed = await repository.sealed_of(session, [known.id])
        told = vault.open(known.id, sealed[known.id]) if known.id in sealed else None
    return Own(
        demand=demand,
        code=vault.code(demand.id, demand.round, actor.party_id),
        next_version=1 if known is None else known.version + 1,
        proposal=known,
        told=told,
        leads=await repository.lead_of(session, demand.id, demand.round, actor.party_id),
        findings=_gaps(demand, told),
    )


async def _open_demand(
    session: AsyncSession, actor: Actor, demand_id: DemandId
) -> tuple[Demand, datetime]:
    await read_demand(session, actor, demand_id)
    demand = await lock_demand(session, demand_id)
    if demand.market_id != actor.market_id:
        raise ObjectUnknown("There is no such demand in your market.")
    now = await market_now(session, demand.market_id)
    if not is_open(demand, now=now):
        raise ProposalsNotTaken(
            "Proposals are taken before the deadline of an open posting.",
            state=str(demand.status),
            closes_at=demand.closes_at,
        )
    return demand, now


def _check_sealing(demand: Demand, sent: Sent) -> None:
    assert demand.terms is not None
    if (sent.sealed is not None) is not (demand.terms.sealing is Sealing.THRESHOLD):
        plain = ["price", "content"]
        accepted = plain if demand.terms.sealing is Sealing.PLAIN else ["sealed", "document"]
        raise SealingWrong("The posting says how proposals come.", accepted=accepted)


def _check_seal(demand: Demand, sent: Sent, code: str) -> None:
    terms = demand.terms
    assert terms is not None
    assert terms.threshold is not None
    check_shape(
        sent.sealed,
        auction_id=demand.id,
        bidder_code=code,
        holders=terms.holders,
        threshold=terms.threshold,
        documented=True,
    )
    document = read_form(sent.sealed).document
    assert document is not None
    check_ciphertext(document, sent.document)


def _gaps(demand: Demand, told: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if told is None or "content" not in told or demand.terms is None:
        return []
    price = Money.parse(told["price"]["amount"], told["price"]["currency"])
    content = content_from_json(told["content"])
    currency = currency_of(demand.terms, demand.content)
    return find_gaps(
        content, price, demand.content, ceiling=demand.terms.ceiling, currency=currency
    )


async def _store(
    session: AsyncSession, proposal: Proposal, sealed: bytes | None, actor: Actor, now: datetime
) -> None:
    await repository.put(session, proposal, sealed)
    await repository.add_version(session, proposal, at=now, by=actor.ref)
    # Neither whose it is, nor which demand it answers, nor that it withdraws one (DM38).
    event = NewEvent(
        market_id=proposal.market_id,
        subject="commitment",
        subject_id=new_id(),
        type="commitment.made",
        market_at=now,
        actor=SYSTEM,
        public={"commitment": proposal.commitment},
        audience=frozenset({proposal.party_id}),
    )
    await journal.append(session, event)
