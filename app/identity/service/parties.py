"""Parties and their members: register, verify, add."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain.login import EXCHANGE_ROLES, check_apart
from app.identity.domain.party import (
    NewParty,
    Party,
    PartyStatus,
    check_new_party,
    check_verified,
    decide_verification,
)
from app.identity.repository import members
from app.identity.repository import parties as repository
from app.platform import journal
from app.platform.access import ObjectUnknown, Role
from app.platform.journal import NewEvent
from app.shared.ids import MarketId, MembershipId, PartyId, UserId


async def create_party(
    session: AsyncSession,
    *,
    market_id: MarketId,
    new: NewParty,
    status: PartyStatus,
    actor: str,
    now: datetime,
) -> PartyId:
    """Register a party; see `app.identity.public.create_party`."""
    new = check_new_party(new)
    party_id = await repository.insert_party(
        session, market_id=market_id, new=new, status=status, now=now
    )
    await journal.append(
        session,
        NewEvent(
            market_id=market_id,
            subject="party",
            subject_id=party_id,
            type="party.registered",
            market_at=now,
            actor=actor,
            public={"kind": new.kind, "status": status},
            # No contact data: an append-only record cannot honour a later erasure.
            restricted={"name": new.name, "credit_code": new.credit_code},
            audience=frozenset({party_id}),
        ),
    )
    return party_id


async def add_membership(
    session: AsyncSession,
    *,
    user_id: UserId,
    party_id: PartyId,
    market_id: MarketId,
    role: Role,
    actor: str,
    now: datetime,
) -> MembershipId:
    """Let a user act for a party in a role; every membership arises here.

    Raises:
        StaffMayNotTrade: The user or the party has a role that excludes this one.
        MemberTwice: The user has the role in this party already.
    """
    await members.lock_member(session, user_id=user_id, party_id=party_id)
    check_apart(
        role,
        of_user=await members.roles_of_user(session, user_id, market_id),
        of_party=await members.roles_of_party(session, party_id),
    )
    membership_id = await members.insert_membership(
        session, user_id=user_id, party_id=party_id, market_id=market_id, role=role
    )
    await journal.append(
        session,
        NewEvent(
            market_id=market_id,
            subject="party",
            subject_id=party_id,
            type="party.member_added",
            market_at=now,
            actor=actor,
            restricted={"membership_id": membership_id, "user_id": user_id, "role": role},
            audience=frozenset({party_id}),
        ),
    )
    return membership_id


async def get_party(session: AsyncSession, party_id: PartyId) -> Party:
    """Return a party.

    Raises:
        ObjectUnknown: There is none.
    """
    party = await repository.find_party(session, party_id)
    if party is None:
        raise ObjectUnknown("There is no such party.", party_id=party_id)
    return party


async def is_watcher(session: AsyncSession, party_id: PartyId) -> bool:
    """Tell whether anybody watches the market for the party: an operator or an auditor."""
    return not EXCHANGE_ROLES.isdisjoint(await members.roles_of_party(session, party_id))


async def watchers_among(
    session: AsyncSession, party_ids: Collection[PartyId]
) -> frozenset[PartyId]:
    """Return those of the parties that `is_watcher` tells of, in one query."""
    return await members.parties_with_roles(session, party_ids, EXCHANGE_ROLES)


async def require_verified(session: AsyncSession, party_id: PartyId) -> Party:
    """Return a party that the exchange has verified.

    Raises:
        ObjectUnknown: There is none.
        PartyNotVerified: It is pending or refused.
    """
    return check_verified(await get_party(session, party_id))


async def verify_party(
    session: AsyncSession,
    *,
    party_id: PartyId,
    accepted: bool,
    reason: str | None,
    actor: str,
    now: datetime,
) -> Party:
    """Decide on a pending party, once.

    Raises:
        ReasonMissing: Refused without a reason.
        TransitionRefused: Already decided.
    """
    party = await repository.find_party(session, party_id, lock=True)
    if party is None:
        raise ObjectUnknown("There is no such party.", party_id=party_id)
    status = decide_verification(party.status, accepted=accepted, reason=reason)
    await repository.save_decision(session, party_id, status=status, reason=reason)
    await journal.append(
        session,
        NewEvent(
            market_id=party.market_id,
            subject="party",
            subject_id=party_id,
            type=f"party.{status}",
            market_at=now,
            actor=actor,
            restricted={"reason": reason},
            audience=frozenset({party_id}),
        ),
    )
    return await get_party(session, party_id)
