"""Appoint the panel of a review, replace who is missing, declare interests."""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain import panel
from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.presentation import commit
from app.demands.domain.review import REVIEW_TRANSITIONS, Review, ReviewMissing, ReviewTrigger
from app.demands.repository import judged
from app.demands.repository import reviews as repository
from app.demands.service.locking import lock_demand
from app.demands.service.noticing import demand_event
from app.identity.public import (
    ExpertMember,
    find_experts,
    get_parties,
    parties_of_users,
    plain_name,
)
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.secrets import Box
from app.shared.ids import DemandId, MembershipId, PartyId, SeatId, new_id
from app.shared.panels import Appointment, Departure, Seat, panel_size, sits
from app.shared.transitions import advance
from app.valuations.public import (
    RecusalGround,
    expert_facts,
    find_recusals,
    require_no_recusal,
    subject_facts,
)

_SEED_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Case:
    """A demand under review, with its present review and everybody who sits or sat on it."""

    demand: Demand
    review: Review
    seats: tuple[Seat, ...]


async def take(session: AsyncSession, demand_id: DemandId, trigger: ReviewTrigger) -> Case:
    """Return a demand's review as the trigger leaves it, under the demand's lock; not yet saved.

    Raises:
        ObjectUnknown: There is no such demand.
        ReviewMissing: It is not under review.
        TransitionRefused: The review does not come to that now.
    """
    demand = await lock_demand(session, demand_id)
    review = await repository.latest(session, demand.id)
    if demand.status is not DemandStatus.EVALUATING or review is None:
        raise ReviewMissing("Begin the review first.", state=str(demand.status))
    status = advance(REVIEW_TRANSITIONS, state=review.status, trigger=trigger)
    seats = await repository.seats_of(session, review.id)
    return Case(demand, replace(review, status=status), seats)


def seat_of(case: Case, actor: Actor) -> Seat:
    """Return the caller's seat.

    Raises:
        ObjectUnknown: It does not sit on this panel.
    """
    seat = next((it for it in case.seats if it.is_of(actor.ref, actor.party_id)), None)
    if seat is None:
        raise ObjectUnknown("You do not sit on the panel of this demand.")
    return seat


async def note(
    session: AsyncSession,
    case: Case,
    what: str,
    actor: str,
    at: datetime,
    *,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
    audience: frozenset[PartyId] = frozenset(),
) -> None:
    """Journal what happened in a review; the restricted part is for staff, by default."""
    event = demand_event(
        case.demand,
        what,
        actor=actor,
        at=at,
        public={"review": case.review.number} | dict(public or {}),
        restricted=restricted,
        audience=audience,
    )
    await journal.append(session, event)


async def appoint_panel(
    session: AsyncSession,
    box: Box,
    actor: Actor,
    demand_id: DemandId,
    appointments: Sequence[Appointment],
    *,
    now: datetime,
) -> Case:
    """Appoint the panel of a review, all at once, and commit to the seed of the draw.

    Raises:
        ReviewMissing, TransitionRefused: There is no review that waits for its panel.
        ReviewPanelInvalid: Names every fault.
        ExpertMustRecuse: Names every expert with grounds.

    Invariants: DM56, DM62.
    """
    case = await take(session, demand_id, ReviewTrigger.APPOINT)
    ids = [item.membership_id for item in appointments]
    members = await find_experts(session, case.demand.market_id, ids)
    by_id = {member.membership_id: member for member in members}
    assert case.demand.terms is not None
    panel.check_panel(
        appointments,
        {key: item.user_id for key, item in by_id.items()},
        experts_min=case.demand.terms.panel_min,
    )
    await _require_apart(session, case.demand, members)
    seats = tuple(
        _seat(by_id[item.membership_id], number, chair=item.chair, now=now)
        for number, item in enumerate(appointments, start=1)
    )
    review = await commit_seed(session, box, case.review)
    await repository.save(session, review)
    await repository.insert_seats(session, review.id, seats)
    case = Case(case.demand, review, seats)
    told = [{"seat": s.number, "membership_id": s.membership_id, "chair": s.chair} for s in seats]
    public = {"seats": len(seats), "seed_digest": review.seed_digest}
    await note(
        session, case, "panel_appointed", actor.ref, now, public=public, restricted={"seats": told}
    )
    return case


async def commit_seed(session: AsyncSession, box: Box, review: Review) -> Review:
    """Choose the seed of a review's draw; nobody reads it before the order is drawn."""
    seed = secrets.token_hex(_SEED_BYTES)
    sealed = box.seal(seed.encode(), _context(review))
    await repository.save_seed(session, review.id, sealed)
    return replace(review, seed_digest=commit(seed))


async def open_seed(session: AsyncSession, box: Box, review: Review) -> str:
    """Return the seed that was committed to."""
    sealed = await repository.sealed_seed(session, review.id)
    assert sealed is not None  # with the appointment
    return box.open(sealed, _context(review)).decode()


def _context(review: Review) -> bytes:
    return hashlib.sha256(b"review seed" + review.id.bytes).digest()


async def replace_expert(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    *,
    number: int,
    membership_id: MembershipId,
    reason: str,
    now: datetime,
) -> Case:
    """Give a seat to another expert: a vacant one, or one whose scores are not in.

    Raises:
        ReviewSeatUnknown, ReviewSeatTaken: No such seat, or its scores are in.
        ReviewPanelInvalid, ExpertMustRecuse: The newcomer may not sit here.

    Invariant: DM56.
    """
    case = await take(session, demand_id, ReviewTrigger.REPLACE)
    of_number = [seat for seat in case.seats if seat.number == number]
    if not of_number:
        last = panel_size(case.seats)
        raise panel.ReviewSeatUnknown("The panel has no such seat.", field="seat", last=last)
    sitting = next((seat for seat in of_number if seat.left_at is None), None)
    if sitting is not None and sitting.handed_in_at is not None:
        raise panel.ReviewSeatTaken("Its scores count.", field="seat")
    members = await find_experts(session, case.demand.market_id, [membership_id])
    panel.check_replacement(sits(case.seats), [member.user_id for member in members])
    await _require_apart(session, case.demand, members)
    if sitting is not None:
        left = replace(sitting, left_at=now, departure=Departure.REPLACED, reason=reason)
        await repository.save_seat(session, left)
    newcomer = _seat(members[0], number, chair=of_number[-1].chair, now=now)
    await repository.insert_seats(session, case.review.id, [newcomer])
    told = {"seat": number, "membership_id": membership_id, "reason": reason}
    await note(session, case, "expert_replaced", actor.ref, now, restricted=told)
    return Case(case.demand, case.review, await repository.seats_of(session, case.review.id))


async def declare_interest(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    *,
    interest: str | None,
    now: datetime,
) -> Case:
    """Declare to have no interest in poster and proposals, or one, which vacates the seat.

    Raises:
        ObjectUnknown: The caller does not sit on this panel.
        ReviewScoresHandedIn: Its scores are in.
        ExpertMustRecuse: It declares none, and has come near somebody since its appointment.

    Invariants: DM56, DM57.
    """
    case = await take(session, demand_id, ReviewTrigger.DECLARE)
    seat = seat_of(case, actor)
    if seat.handed_in_at is not None:
        raise panel.ReviewScoresHandedIn("Tell the exchange.", handed_in_at=seat.handed_in_at)
    if interest is None:  # records change, and a panel may sit again for an upheld objection
        sitting = await find_experts(session, case.demand.market_id, [seat.membership_id])
        await _require_apart(session, case.demand, sitting)
    changed = (
        replace(seat, declared_at=now)
        if interest is None
        else replace(seat, left_at=now, departure=Departure.RECUSED, reason=interest)
    )
    await repository.save_seat(session, changed)
    told = {"seat": seat.number, "interest": interest}
    await note(session, case, "interest_declared", actor.ref, now, restricted=told)
    return Case(case.demand, case.review, await repository.seats_of(session, case.review.id))


def _seat(member: ExpertMember, number: int, *, chair: bool, now: datetime) -> Seat:
    return Seat(
        id=SeatId(new_id()),
        number=number,
        membership_id=member.membership_id,
        user_id=member.user_id,
        party_id=member.unit.id,
        name=member.name,
        unit_name=member.unit.name,
        chair=chair,
        appointed_at=now,
    )


async def _require_apart(
    session: AsyncSession, demand: Demand, members: Sequence[ExpertMember]
) -> None:
    """Refuse experts too near the poster or any proposer, its partners and its team.

    Invariant: DM56.
    """
    proposals = await judged.admitted(session, demand.id, demand.round)
    teams: dict[PartyId, str] = {demand.party_id: ""}
    for proposal in proposals:
        for party_id in proposal.parties:
            teams[party_id] = teams.get(party_id, "") + proposal.team
    owners = await get_parties(session, teams)
    acts_for = await parties_of_users(session, [member.user_id for member in members])
    declared = await repository.interests_of(session, demand.id)

    def grounds(member: ExpertMember) -> tuple[RecusalGround, ...]:
        found: list[RecusalGround] = []
        for owner in owners:
            named = _named(member.name, teams[owner.id])
            subject = subject_facts(owner=owner, completers=named)
            expert = expert_facts(name=member.name, unit=member.unit, owner=owner)
            if owner.id in acts_for.get(member.user_id, ()):  # whatever unit sends it
                expert = replace(expert, party_id=owner.id)
            said = declared.get(member.user_id)
            found += find_recusals(expert, subject, declared=said)
        return tuple(dict.fromkeys(found))

    require_no_recusal(*((member.membership_id, grounds(member)) for member in members))


def _named(name: str, team: str) -> Collection[str]:
    """Return the name if a team's description names the person."""
    plain = plain_name(name)
    return (name,) if plain and plain in plain_name(team) else ()
