"""Accept a demand's confidentiality, and read what it opens."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.confidence import (
    ConfidenceAccepted,
    ConfidenceClosed,
    ConfidenceGiven,
    check_accepting,
    check_answerer,
    opens_by_posting,
)
from app.demands.domain.demand import Demand, DemandStatus, is_near, is_open
from app.demands.domain.diagnosis import is_judging
from app.demands.repository import confidences as repository
from app.demands.repository import reviews
from app.demands.service.diagnosing import own_seat, user_of
from app.demands.service.locking import lock_demand, read_demand
from app.demands.service.restricted_files import has_proposal, open_files
from app.identity.public import PartyKind, require_verified
from app.platform import journal
from app.platform.access import SYSTEM, Actor, Role
from app.platform.clock import market_now
from app.platform.journal import NewEvent
from app.shared.ids import DemandId, FileId, new_id

READERS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceSeen:
    """What one viewer may know of a demand's confidentiality.

    Attributes:
        own: The viewer's own acceptance.
        accepted: How many parties accepted; ``None`` unless it is for the viewer.
        readers: Who read the restricted text; ``None`` unless it is for the viewer.
        files: Of the restricted part; ``None`` unless the viewer may read it.
    """

    demand: Demand
    own: ConfidenceGiven | None
    accepted: int | None
    readers: Sequence[repository.Reading] | None
    files: Sequence[FileId] | None


async def check_may_answer(session: AsyncSession, actor: Actor, demand: Demand) -> None:
    """Refuse a party that may not answer a demand.

    Raises:
        PartyNotVerified: The exchange has not verified it.
        NotAnAnswerer: It is the poster, or of a kind that was not admitted.
    """
    party = await require_verified(session, actor.party_id)
    check_answerer(demand, party.id, is_person=party.kind is PartyKind.PERSON)


async def read_confidentiality(
    session: AsyncSession, actor: Actor, demand_id: DemandId
) -> ConfidenceSeen:
    """Return the text's state for the actor; poster and staff learn who read after the deadline.

    Raises:
        ObjectUnknown: There is no such demand for the actor.

    Invariant: DM33.
    """
    demand = await read_demand(session, actor, demand_id)
    now = await market_now(session, demand.market_id)  # the anonymous are of no market
    own = None
    if actor.role is not Role.ANONYMOUS:
        own = await repository.find(session, demand.id, actor.party_id)
    told = (
        is_near(actor.viewer, demand) and demand.closes_at is not None and now >= demand.closes_at
    )
    return ConfidenceSeen(
        demand=demand,
        own=own,
        accepted=await repository.count(session, demand.id) if told else None,
        readers=(
            await repository.readings(session, demand.id, limit=READERS_MAX) if told else None
        ),
        files=(
            await repository.files_of(session, demand.id)
            if await may_read_restricted(session, actor, demand)
            else None
        ),
    )


async def accept_confidentiality(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, text_hash: str, now: datetime
) -> ConfidenceGiven:
    """Accept a demand's confidentiality for the actor's party, once.

    The journal says only that something was accepted: before the deadline nobody else may know
    who thinks of answering, nor how many do.

    Raises:
        ObjectUnknown: There is no such demand for the actor.
        PartyNotVerified, NotAnAnswerer: See `check_may_answer`.
        NothingConfidential, ConfidenceDiffers: See `check_accepting`.
        ConfidenceClosed: Proposals are not taken.
        ConfidenceAccepted: The party has accepted before.

    Invariant: DM31.
    """
    await read_demand(session, actor, demand_id)
    demand = await lock_demand(session, demand_id)
    await check_may_answer(session, actor, demand)
    check_accepting(demand, text_hash)
    if not is_open(demand, now=now):
        raise ConfidenceClosed("It is accepted while proposals are taken.")
    given = ConfidenceGiven(
        id=new_id(),
        demand_id=demand.id,
        party_id=actor.party_id,
        text_hash=text_hash,
        salt=secrets.token_hex(16),
        accepted_at=now,
        accepted_by=actor.ref,
    )
    if not await repository.insert_once(session, given):
        raise ConfidenceAccepted("Nothing is left to accept.")
    # A subject of its own: events of the demand would count the acceptances for everybody. The
    # actor is left out, for staff read every restricted part.
    event = NewEvent(
        market_id=demand.market_id,
        subject="confidentiality",
        subject_id=given.id,
        type="confidentiality.accepted",
        market_at=now,
        actor=SYSTEM,
        restricted={"digest": given.journaled_digest},
        audience=frozenset({actor.party_id}),
    )
    await journal.append(session, event)
    await open_files(session, demand, actor.party_id, ground_id=given.id)
    return given


async def _open(session: AsyncSession, actor: Actor, demand: Demand) -> None:
    given = await repository.find(session, demand.id, actor.party_id)
    if given is not None:
        await open_files(session, demand, actor.party_id, ground_id=given.id)


async def may_read_restricted(session: AsyncSession, actor: Actor, demand: Demand) -> bool:
    """Tell whether the actor may read a demand's restricted text.

    Its poster and the market's staff always, an expert while it diagnoses the demand or sits on
    its panel and has declared to have no interest, a party that accepted while the demand is
    posted or it has a proposal in it.

    Invariant: DM32.
    """
    if is_near(actor.viewer, demand):
        return True
    if actor.viewer.party_id is None:
        return False
    if actor.role is Role.EXPERT:
        return await _judges(session, actor, demand)
    if actor.role not in {Role.SELLER_STAFF, Role.BUYER_STAFF}:
        return False
    if await repository.find(session, demand.id, actor.party_id) is None:
        return False
    return opens_by_posting(demand) or await has_proposal(session, demand, actor.party_id)


async def _judges(session: AsyncSession, actor: Actor, demand: Demand) -> bool:
    if demand.status is DemandStatus.EVALUATING:
        review = await reviews.latest(session, demand.id)
        panel = () if review is None else await reviews.seats_of(session, review.id)
        return any(
            member.user_id == user_of(actor)
            and member.party_id == actor.party_id
            and member.left_at is None
            and member.declared_at is not None
            for member in panel
        )
    seat = await own_seat(session, actor, demand)
    return seat is not None and is_judging(seat, demand)


async def reads_restricted(session: AsyncSession, actor: Actor, demand: Demand) -> bool:
    """Tell whether the actor is shown the restricted text, and note that its party reads it.

    The poster's own reading is not noted, nor that there was nothing to read.

    Invariants: DM32, DM33.
    """
    if demand.content.restricted_text is None:
        return False
    if not await may_read_restricted(session, actor, demand):
        return False
    if not is_near(actor.viewer, demand):
        await _open(session, actor, demand)
    if actor.party_id != demand.party_id:
        now = await market_now(session, demand.market_id)
        await repository.note_reading(session, demand.id, actor.party_id, at=now)
    return True
