"""Take the shares of sealed proposals' keys from their holders, and tell how far they are."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.posting import Sealing
from app.demands.domain.proposal import Proposal, ProposalStatus, sealing_code
from app.demands.domain.proposal_opening import NotSealedForHolders, ProposalOpeningNotDue
from app.demands.repository import proposals as repository
from app.demands.service.locking import lock_demand, read_demand
from app.demands.service.noticing import demand_event
from app.demands.service.opening_proposals import open_when_ready, waiting
from app.demands.vault import Vault
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.clock import market_now
from app.shared.ids import DemandId, ProposalId
from app.shared.sealing import ShareHolder
from app.shared.sealing.handing_in import (
    UNREADABLE,
    Submission,
    check_lines,
    check_word,
    fresh_of,
    holder_of,
)
from app.shared.sealing.primitives import public_of


@dataclass(frozen=True, slots=True)
class SealedProposal:
    """A sealed proposal as its holders need it.

    Attributes:
        sequence: Its number in the order of the codes, which tells nothing of when it came.
    """

    sequence: int
    proposal: Proposal
    form: Mapping[str, Any]

    @property
    def sealing_code(self) -> str:
        """What its seal is bound to."""
        return sealing_code(self.proposal.code, self.proposal.version)


@dataclass(frozen=True, slots=True)
class HolderProgress:
    """What one holder has done, by the proposals' numbers."""

    position: int
    holder: ShareHolder
    shares: list[int]
    unreadable: list[int]
    missing: list[int]


@dataclass(frozen=True, slots=True)
class OpeningProgress:
    """How far the opening is."""

    demand: Demand
    proposals: int
    waiting: list[int]
    holders: list[HolderProgress]


async def list_sealed(
    session: AsyncSession,
    vault: Vault,
    actor: Actor,
    demand_id: DemandId,
    *,
    after: int,
    limit: int,
) -> tuple[Sequence[SealedProposal], bytes]:
    """Return proposals as they were sealed, without their documents; nobody sees one earlier.

    Beside them comes the public key that holders prove themselves to in this round.

    Raises:
        ObjectUnknown: There is no such demand for the actor.
        NotSealedForHolders, ProposalOpeningNotDue: There is no such opening, or not yet.

    Invariant: DM48.
    """
    demand = await read_demand(session, actor, demand_id)
    _check_shown(demand)
    numbered = list(enumerate(await _round(session, demand), start=1))
    page = numbered[after : after + limit]
    forms = await asyncio.to_thread(
        _forms, vault, page, await repository.sealed_of(session, [item.id for _, item in page])
    )
    return forms, public_of(vault.hand_in_key(demand.id, demand.round))


async def hand_in_shares(
    session: AsyncSession,
    vault: Vault,
    actor: Actor,
    demand_id: DemandId,
    submission: Submission,
) -> Demand:
    """Take a holder's shares; when they suffice, all proposals are opened in the same act.

    A submission is taken whole or not at all; repeating changes nothing.

    Raises:
        ObjectUnknown: There is no such demand in the actor's market.
        NotSealedForHolders, ProposalOpeningNotDue: It is not the time or the demand.
        ShareWrong: Names the holder, the proposal, the field and the rule.
        HolderUnproven: A complaint that nothing shows to be the holder's.
        ShareContradicts: The holder said otherwise before.

    Invariant: DM49.
    """
    demand = await lock_demand(session, demand_id)
    if demand.market_id != actor.market_id:
        raise ObjectUnknown("There is no such demand in your market.")
    _check_shown(demand)
    living = await _round(session, demand)
    if demand.status is not DemandStatus.CLOSED or _is_open(living):
        raise _not_due(demand)
    assert demand.terms is not None
    holder = holder_of(demand.terms.holders, submission)
    named = {line["sequence"] for line in submission.lines}
    rows = {number: item for number, item in enumerate(living, start=1) if number in named}
    sealed = await repository.sealed_of(session, [item.id for item in rows.values()])
    forms = await asyncio.to_thread(_forms, vault, list(rows.items()), sealed)
    told = {form.sequence: form.form for form in forms}
    await asyncio.to_thread(check_lines, holder, submission, told)
    private = vault.hand_in_key(demand.id, demand.round)
    check_word(submission, private, holder=holder, subject_id=demand.id)
    known = await repository.shares(session, demand.id, demand.round)
    fresh = fresh_of(submission, {number: item.id for number, item in rows.items()}, known)
    if not fresh:
        return demand
    await repository.add_shares(session, submission.holder, fresh)
    now = await market_now(session, demand.market_id)
    numbers = {number for number, item in rows.items() if item.id in fresh}
    unreadable = numbers.intersection(submission.unreadable)
    public = {
        "holder": submission.holder,
        "shares": sorted(numbers - unreadable),
        "unreadable": sorted(unreadable),
    }
    event = demand_event(demand, "shares_handed_in", actor=actor.ref, at=now, public=public)
    await journal.append(session, event)
    return await open_when_ready(session, vault, demand, at=now, actor=actor.ref)


async def progress(session: AsyncSession, actor: Actor, demand_id: DemandId) -> OpeningProgress:
    """Return which holders have handed in what.

    Raises:
        ObjectUnknown: There is no such demand for the actor.
        NotSealedForHolders, ProposalOpeningNotDue: There is no such opening, or not yet.
    """
    demand = await read_demand(session, actor, demand_id)
    _check_shown(demand)
    assert demand.terms is not None
    living = await _round(session, demand)
    handed = await repository.shares(session, demand.id, demand.round)
    late = {item.id for item in waiting(demand, living, handed)}
    numbers = {item.id: number for number, item in enumerate(living, start=1)}
    return OpeningProgress(
        demand=demand,
        proposals=len(living),
        waiting=[number for key, number in numbers.items() if key in late],
        holders=[
            _of_holder(position, holder, numbers, handed)
            for position, holder in enumerate(demand.terms.holders, start=1)
        ],
    )


def _of_holder(
    position: int,
    holder: ShareHolder,
    numbers: Mapping[ProposalId, int],
    handed: Mapping[ProposalId, Mapping[int, Mapping[str, Any]]],
) -> HolderProgress:
    told = {number: handed.get(key, {}).get(position) for key, number in numbers.items()}
    return HolderProgress(
        position,
        holder,
        [number for number, it in told.items() if it is not None and it != UNREADABLE],
        [number for number, it in told.items() if it == UNREADABLE],
        [number for number, it in told.items() if it is None],
    )


async def _round(session: AsyncSession, demand: Demand) -> list[Proposal]:
    found = await repository.of_round(session, demand.id, demand.round)
    return sorted(found, key=lambda item: item.code)


def _forms(
    vault: Vault,
    numbered: Sequence[tuple[int, Proposal]],
    sealed: Mapping[ProposalId, bytes],
) -> list[SealedProposal]:
    return [
        SealedProposal(number, item, vault.open(item.id, sealed[item.id])["sealed"])
        for number, item in numbered
    ]


def _is_open(living: Sequence[Proposal]) -> bool:
    return any(item.status is not ProposalStatus.HANDED_IN for item in living)


def _check_shown(demand: Demand) -> None:
    if demand.terms is None or demand.terms.sealing is not Sealing.THRESHOLD:
        raise NotSealedForHolders(
            "Its proposals are not sealed for holders.", accepted=str(Sealing.THRESHOLD)
        )
    if demand.status not in _CLOSED:
        raise _not_due(demand)


def _not_due(demand: Demand) -> ProposalOpeningNotDue:
    return ProposalOpeningNotDue(
        "Proposals are opened behind the deadline, once.",
        state=str(demand.status),
        closes_at=demand.closes_at,
        accepted=str(DemandStatus.CLOSED),
    )


_CLOSED = frozenset(
    {
        DemandStatus.CLOSED,
        DemandStatus.EVALUATING,
        DemandStatus.NOTICED,
        DemandStatus.CONTRACTED,
        DemandStatus.ACCEPTED,
        DemandStatus.TERMINATED,
        DemandStatus.UNANSWERED,
    }
)
