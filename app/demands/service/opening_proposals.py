"""Open all proposals of a round in one act: plain ones at the deadline, sealed ones with shares."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.completeness import find_gaps
from app.demands.domain.demand import DEMAND_TRANSITIONS, Demand, DemandStatus, DemandTrigger
from app.demands.domain.posting import Sealing
from app.demands.domain.proposal import (
    PROPOSAL_TRANSITIONS,
    Proposal,
    ProposalStatus,
    ProposalTrigger,
    sealing_code,
)
from app.demands.domain.proposal_content import (
    ContentMalformed,
    ProposalContent,
    content_from_json,
    content_to_json,
)
from app.demands.domain.ranking import currency_of
from app.demands.repository import demands as demand_rows
from app.demands.repository import proposals as repository
from app.demands.service.noticing import demand_event
from app.demands.service.proposers import obstacles_of, parties_of
from app.demands.vault import Vault
from app.platform import journal
from app.platform.access import SYSTEM
from app.platform.journal import NewEvent
from app.shared.canonical import digest
from app.shared.ids import ProposalId
from app.shared.money import Money
from app.shared.sealing import DocumentVoid, VoidReason, decide, open_document
from app.shared.sealing.handing_in import is_waiting, shares_of
from app.shared.transitions import advance

NO_PROPOSAL = "no_proposal"
NONE_ELIGIBLE = "none_eligible"

Handed = Mapping[ProposalId, Mapping[int, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class End:
    """What was found in a proposal: price and content, or why it is void."""

    price: Money | None
    content: ProposalContent | None
    void_reason: str | None
    proof: Mapping[str, Any] | None = None


async def open_plain(
    session: AsyncSession, vault: Vault, demand: Demand, *, at: datetime
) -> Demand:
    """Open what the exchange itself keeps encrypted; the demand is locked and closed."""
    living = await _living(session, demand)
    sealed = await repository.sealed_of(session, [item.id for item in living])
    told = await asyncio.to_thread(
        lambda: [vault.open(item.id, sealed[item.id]) for item in living]
    )
    ends = [_plain_end(item) for item in told]
    return await _settle(session, demand, living, ends, at=at, actor=SYSTEM)


async def open_when_ready(
    session: AsyncSession, vault: Vault, demand: Demand, *, at: datetime, actor: str
) -> Demand:
    """Open every sealed proposal of a locked demand, or do nothing while any waits for shares.

    Invariant: DM49.
    """
    if demand.status is not DemandStatus.CLOSED or demand.terms is None:
        return demand
    if demand.terms.sealing is not Sealing.THRESHOLD:
        return demand
    living = await _living(session, demand)
    handed = await repository.shares(session, demand.id, demand.round)
    if not living or waiting(demand, living, handed):
        return demand
    sealed = await repository.sealed_of(session, [item.id for item in living])
    # Some milliseconds each: not on the event loop, which serves everybody else.
    ends = await asyncio.to_thread(_sealed_ends, vault, demand, living, sealed, handed)
    return await _settle(session, demand, living, ends, at=at, actor=actor)


def waiting(demand: Demand, living: Sequence[Proposal], handed: Handed) -> list[Proposal]:
    """Return the proposals that wait for more shares."""
    terms = demand.terms
    assert terms is not None
    threshold, count = terms.threshold or 0, len(terms.holders)
    return [
        item
        for item in living
        if is_waiting(handed.get(item.id, {}), threshold=threshold, holders=count)
    ]


async def lapse(
    session: AsyncSession, demand: Demand, *, reason: str, at: datetime, actor: str
) -> Demand:
    """Let a closed demand stay unanswered: nothing came, or nothing may be judged."""
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.LAPSE)
    lapsed = replace(demand, status=status, reason=reason, ended_at=at)
    await demand_rows.save(session, lapsed)
    event = demand_event(lapsed, "unanswered", actor=actor, at=at, public={"reason": reason})
    await journal.append(session, event)
    return lapsed


async def _living(session: AsyncSession, demand: Demand) -> Sequence[Proposal]:
    statuses = [ProposalStatus.HANDED_IN]
    return await repository.of_round(session, demand.id, demand.round, statuses=statuses)


def _plain_end(told: Mapping[str, Any]) -> End:
    price = Money.parse(told["price"]["amount"], told["price"]["currency"])
    return End(price, content_from_json(told["content"]), None)


def _sealed_ends(
    vault: Vault,
    demand: Demand,
    living: Sequence[Proposal],
    sealed: Mapping[ProposalId, bytes],
    handed: Handed,
) -> list[End]:
    return [
        _sealed_end(demand, item, vault.open(item.id, sealed[item.id]), handed.get(item.id, {}))
        for item in living
    ]


def _sealed_end(
    demand: Demand,
    proposal: Proposal,
    told: Mapping[str, Any],
    handed: Mapping[int, Mapping[str, Any]],
) -> End:
    code = sealing_code(proposal.code, proposal.version)
    opened = decide(told["sealed"], shares_of(handed), auction_id=demand.id, bidder_code=code)
    assert opened is not None
    document = open_document(told["sealed"], told["document"], opened)
    if isinstance(document, VoidReason | DocumentVoid):
        return End(None, None, str(document), opened.proof)
    try:
        content = content_from_json(document)
    except ContentMalformed:
        return End(None, None, str(DocumentVoid.DOCUMENT_MALFORMED), opened.proof)
    return End(opened.amount, content, None, opened.proof)


async def _settle(
    session: AsyncSession,
    demand: Demand,
    living: Sequence[Proposal],
    ends: Sequence[End],
    *,
    at: datetime,
    actor: str,
) -> Demand:
    """Store what was found in all proposals, with what checks and records say of each (DM50)."""
    groups = [parties_of(item.party_id, item.members) for item in living]
    obstacles = await obstacles_of(session, demand, groups)
    after = [
        _opened(demand, item, end, found, at)
        for item, end, found in zip(living, ends, obstacles, strict=True)
    ]
    await repository.save(session, *after)
    proofs = {
        item.id: end.proof for item, end in zip(living, ends, strict=True) if end.proof is not None
    }
    await repository.save_proofs(session, proofs)
    void = sum(item.status is ProposalStatus.VOID for item in after)
    facts = {"proposals": len(after), "void": void}
    events = [_event(demand, item, at, actor) for item in after]
    told = demand_event(demand, "proposals_opened", actor=actor, at=at, public=facts)
    await journal.append(session, *events, told)
    if void == len(after):
        return await lapse(session, demand, reason=NONE_ELIGIBLE, at=at, actor=actor)
    return demand


def _opened(
    demand: Demand, proposal: Proposal, end: End, obstacles: list[dict[str, Any]], at: datetime
) -> Proposal:
    void = end.void_reason is not None
    trigger = ProposalTrigger.VOID if void else ProposalTrigger.OPEN
    status = advance(PROPOSAL_TRANSITIONS, state=proposal.status, trigger=trigger)
    findings: list[dict[str, Any]] = []
    if end.content is not None and end.price is not None:
        assert demand.terms is not None
        findings = find_gaps(
            end.content,
            end.price,
            demand.content,
            ceiling=demand.terms.ceiling,
            currency=currency_of(demand.terms, demand.content),
        )
    return replace(
        proposal,
        status=status,
        price=end.price,
        content=end.content,
        void_reason=end.void_reason,
        findings=tuple(findings),
        grounds=tuple(obstacles),
        opened_at=at,
    )


def _event(demand: Demand, proposal: Proposal, at: datetime, actor: str) -> NewEvent:
    void = proposal.status is ProposalStatus.VOID
    content = proposal.content
    return NewEvent(
        market_id=demand.market_id,
        subject="proposal",
        subject_id=proposal.id,
        type="proposal.voided" if void else "proposal.opened",
        market_at=at,
        actor=actor,
        public={"demand_id": demand.id, "round": demand.round},
        restricted={
            "party_id": proposal.party_id,
            "code": proposal.code,
            "version": proposal.version,
            "commitment": proposal.commitment,
            "price": proposal.price,
            "content_hash": None if content is None else digest(content_to_json(content)),
            "void_reason": proposal.void_reason,
        },
        audience=frozenset({demand.party_id, *proposal.parties}),
    )
