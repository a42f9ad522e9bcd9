"""Results of a challenge event's stages, its prizes, and the money for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.challenge import (
    CHALLENGE_TRANSITIONS,
    Challenge,
    ChallengeStatus,
    ChallengeTrigger,
    PrizeFunding,
    Stage,
)
from app.demands.domain.challenge_notice import ChallengeNoticeKind
from app.demands.domain.challenge_results import (
    Award,
    Entry,
    PrizeFunded,
    PrizeNotFunded,
    PrizeUnknown,
    advancing,
    award_prize,
    check_demands_ready,
    names_parties,
    next_stage,
)
from app.demands.repository import challenge_results as repository
from app.demands.repository import challenges
from app.demands.repository.challenge_results import Fund
from app.demands.service.challenges import lock_challenge, publish, tell
from app.demands.service.locking import lock_demand
from app.ledger import public as ledger
from app.platform.access import Actor, NotYours
from app.shared.ids import ChallengeId, DealId, EntryId, ProposalId, new_id
from app.shared.transitions import advance

_FUNDING: Final = frozenset({ChallengeStatus.ANNOUNCED, ChallengeStatus.RUNNING})


async def publish_stage_results(
    session: AsyncSession, actor: Actor, challenge_id: ChallengeId, *, now: datetime
) -> tuple[Challenge, Sequence[Entry]]:
    """Publish who advances from the next stage, once its demands have come that far.

    Nobody chooses: who advances follows from the demands' own reviews.

    Raises:
        ObjectUnknown: There is no such event.
        TransitionRefused: It does not run.
        StageNotOver: The stage is not over, or all have their results.
        DemandsNotReady: Names the demands that are waited for.

    Invariant: DM124.
    """
    challenge = await lock_challenge(session, challenge_id)
    advance(CHALLENGE_TRANSITIONS, state=challenge.status, trigger=ChallengeTrigger.FINISH)
    stage = next_stage(challenge, now=now)
    ids = await challenges.demand_ids(session, challenge_id)
    demands = [await lock_demand(session, demand_id) for demand_id in ids]
    check_demands_ready(stage, demands)
    place = challenge.stages_done
    earlier = await repository.results_of(session, challenge_id, place - 1)
    before = {entry.proposal_id for entry in earlier} if place else None
    entries = await repository.entries_of(session, {demand.id: demand.round for demand in demands})
    advanced = advancing(stage, entries, before=before)
    await repository.insert_results(session, challenge_id, place, advanced)
    counted = replace(challenge, stages_done=place + 1)
    facts = {"stage": place, "title": stage.title, "advancing": _told(stage, advanced)}
    kind = ChallengeNoticeKind.RESULT
    published = await publish(session, counted, kind, facts, "stage_decided", actor.ref, now)
    return published, advanced


def _told(stage: Stage, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    named = names_parties(stage)
    return [
        {"demand_id": entry.demand_id, "code": entry.code}
        | ({"proposal_id": entry.proposal_id, "party_id": entry.party_id} if named else {})
        for entry in entries
    ]


async def fund_prize(
    session: AsyncSession,
    actor: Actor,
    challenge_id: ChallengeId,
    *,
    prize: int,
    now: datetime,
) -> Fund:
    """Take the whole money of a prize from its sponsor's funds, to be kept until it is given.

    Raises:
        ObjectUnknown: There is no such event.
        TransitionRefused: It is not announced, or over.
        PrizeUnknown: There is no such prize.
        NotYours: Somebody else sponsors it.
        PrizeFunded: Its money is there already, or it is paid outside.
        InsufficientFunds: The sponsor's funds are less.

    Invariant: DM128.
    """
    challenge = await lock_challenge(session, challenge_id)
    if challenge.status not in _FUNDING:
        advance(CHALLENGE_TRANSITIONS, state=challenge.status, trigger=ChallengeTrigger.CHANGE)
    prizes = challenge.content.prizes
    if challenge.announced_at is None or prize >= len(prizes):
        raise PrizeUnknown("The event has no such prize.", prizes=len(prizes))
    offered = prizes[prize]
    if offered.sponsor_id != actor.party_id:
        raise NotYours("Somebody else sponsors this prize.")
    known = {fund.prize for fund in await repository.funds_of(session, challenge_id)}
    if offered.funding is not PrizeFunding.ESCROW or prize in known:
        raise PrizeFunded("The money is there, or the prize is paid outside.", prize=prize)
    fund = Fund(
        prize=prize,
        escrow_id=DealId(new_id()),
        party_id=actor.party_id,
        amount=offered.total,
        paid_at=now,
    )
    await repository.insert_fund(session, challenge_id, fund)
    await ledger.pay_into_escrow(
        session,
        entry_id=EntryId(new_id()),
        market_id=challenge.market_id,
        party_id=fund.party_id,
        deal_id=fund.escrow_id,
        amount=fund.amount,
        at=now,
        actor=actor,
    )
    told = {"prize": prize, "amount": fund.amount}
    await tell(session, challenge, "prize_funded", actor.ref, now, public=told)
    return fund


async def give_prize(
    session: AsyncSession,
    actor: Actor,
    challenge_id: ChallengeId,
    *,
    prize: int,
    proposal_id: ProposalId,
    reference: str | None,
    now: datetime,
) -> Award:
    """Give a prize to one who won in the final and pay it, or record how it was paid.

    Raises:
        ObjectUnknown: There is no such event.
        TransitionRefused: It does not run.
        PrizeUnknown, PrizeNotDue, PrizeAwarded, PrizeReferenceMissing: See `award_prize`.
        PrizeNotFunded: The sponsor has not handed in the prize's money.

    Invariants: DM125, DM128.
    """
    challenge = await lock_challenge(session, challenge_id)
    advance(CHALLENGE_TRANSITIONS, state=challenge.status, trigger=ChallengeTrigger.FINISH)
    last = len(challenge.content.stages) - 1
    award = award_prize(
        challenge,
        prize=prize,
        winners={
            entry.proposal_id: entry
            for entry in await repository.results_of(session, challenge_id, last)
        },
        given=await repository.awards_of(session, challenge_id),
        proposal_id=proposal_id,
        reference=reference,
        now=now,
    )
    await repository.insert_award(session, challenge_id, award)
    if award.funding is PrizeFunding.ESCROW:
        await _pay(session, challenge, award, actor, now)
    facts = {
        "prize": prize,
        "name": challenge.content.prizes[prize].name,
        "place": award.place,
        "demand_id": award.entry.demand_id,
        "proposal_id": award.entry.proposal_id,
        "party_id": award.entry.party_id,
        "amount": award.amount,
    }
    kind = ChallengeNoticeKind.AWARD
    await publish(session, challenge, kind, facts, "prize_awarded", actor.ref, now)
    return award


async def _pay(
    session: AsyncSession, challenge: Challenge, award: Award, actor: Actor, now: datetime
) -> None:
    funds = {fund.prize: fund for fund in await repository.funds_of(session, challenge.id)}
    fund = funds.get(award.prize)
    if fund is None:
        raise PrizeNotFunded("The sponsor has not handed in the prize's money.", prize=award.prize)
    await ledger.settle_escrow(
        session,
        entry_id=EntryId(new_id()),
        market_id=challenge.market_id,
        deal_id=fund.escrow_id,
        seller_id=award.entry.party_id,
        amount=award.amount,
        at=now,
        actor=actor,
    )
