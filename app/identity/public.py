"""What other modules may use of identity."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain.control import (
    CONTROL,
    Flag,
    Ground,
    common_grounds,
    persons_behind,
    plain_name,
    shared_control,
)
from app.identity.domain.login import check_password, normal_login
from app.identity.domain.party import (
    NewParty,
    Party,
    PartyKind,
    PartyNotVerified,
    PartyStatus,
)
from app.identity.passwords import hash_password
from app.identity.repository import clients as client_rows
from app.identity.repository import members
from app.identity.repository import parties as party_rows
from app.identity.service import parties
from app.platform.access import SYSTEM, Owner, Role
from app.platform.clock import market_now
from app.shared.ids import MarketId, MembershipId, PartyId, UserId

__all__ = [
    "CONTROL",
    "ExpertMember",
    "Flag",
    "Ground",
    "NewParty",
    "Party",
    "PartyKind",
    "PartyNotVerified",
    "PartyStatus",
    "add_membership",
    "check_login",
    "common_grounds",
    "create_party",
    "create_user",
    "find_experts",
    "get_parties",
    "get_party",
    "has_exchange_staff",
    "hash_password",
    "members_among",
    "names_of_actors",
    "owner_of_client",
    "owner_of_party",
    "parties_named",
    "parties_of_users",
    "persons_behind",
    "plain_name",
    "require_verified",
    "shared_control",
    "watchers_among",
]


@dataclass(frozen=True, slots=True)
class ExpertMember:
    """A person who is an expert for a verified unit."""

    membership_id: MembershipId
    user_id: UserId
    name: str
    unit: Party


async def find_experts(
    session: AsyncSession,
    market_id: MarketId,
    membership_ids: Collection[MembershipId] | None = None,
    *,
    after: MembershipId | None = None,
    limit: int | None = None,
) -> Sequence[ExpertMember]:
    """Return experts of a market's verified parties, oldest membership first, in one query.

    Args:
        membership_ids: Only these; ``None`` for all.
        after: Only memberships beyond this one.
    """
    found = await members.experts_of_market(
        session, market_id, membership_ids=membership_ids, after=after, limit=limit
    )
    return [
        ExpertMember(membership.id, user.id, user.display_name, unit)
        for membership, user, unit in found
    ]


async def members_among(
    session: AsyncSession, party_id: PartyId, user_ids: Collection[UserId]
) -> frozenset[UserId]:
    """Return those of the users who act for a party in any role, in one query."""
    return await members.members_among(session, party_id, user_ids)


async def parties_of_users(
    session: AsyncSession, user_ids: Collection[UserId]
) -> Mapping[UserId, frozenset[PartyId]]:
    """Return the parties that users act for in any role, in one query."""
    return await members.parties_of_users(session, user_ids)


async def get_party(session: AsyncSession, party_id: PartyId) -> Party:
    """Return a party.

    Raises:
        ObjectUnknown: There is none.
    """
    return await parties.get_party(session, party_id)


async def get_parties(session: AsyncSession, party_ids: Collection[PartyId]) -> Sequence[Party]:
    """Return those of the parties that exist, oldest first, in one query."""
    return await party_rows.find_parties(session, party_ids)


async def parties_named(
    session: AsyncSession, market_id: MarketId, names: Collection[str]
) -> Sequence[Party]:
    """Return a market's parties that are registered under one of the names exactly."""
    return await party_rows.find_named(session, market_id, names)


async def has_exchange_staff(session: AsyncSession, party_id: PartyId) -> bool:
    """Tell whether a party has operators or auditors: the exchange's own, or an auditor's firm.

    Invariant: I11 (such a party has no buyers' staff, so it stays the same while it trades).
    """
    return await parties.is_watcher(session, party_id)


async def watchers_among(
    session: AsyncSession, party_ids: Collection[PartyId]
) -> frozenset[PartyId]:
    """Return those of the parties that have operators or auditors, in one query (I11)."""
    return await parties.watchers_among(session, party_ids)


async def require_verified(session: AsyncSession, party_id: PartyId) -> Party:
    """Return a party that the exchange has verified.

    Raises:
        ObjectUnknown: There is none.
        PartyNotVerified: It is pending or refused.
    """
    return await parties.require_verified(session, party_id)


async def create_party(
    session: AsyncSession,
    *,
    market_id: MarketId,
    new: NewParty,
    status: PartyStatus,
    actor: str,
    now: datetime,
) -> PartyId:
    """Register a party and journal it.

    Args:
        status: ``PENDING`` for a newcomer, ``VERIFIED`` for one the exchange itself enters.
        actor: ``Actor.ref`` or ``SYSTEM``.
        now: Market moment, aware UTC.

    Raises:
        CreditCodeTaken: A pending or verified party of this market has the code.
        CreditCodeInvalid, CreditCodeMissing, CreditCodeOfPerson, RegionMissing, CodeUnknown:
            The data breaks a rule of `check_new_party`.

    Source: identity/README.md, I1 and I2.
    """
    return await parties.create_party(
        session, market_id=market_id, new=new, status=status, actor=actor, now=now
    )


def check_login(login: str, *, password: str) -> str:
    """Return a new user's login in normal form.

    Raises:
        LoginMalformed, PasswordTooWeak: What is accepted.
    """
    normal = normal_login(login)
    check_password(password, login=normal)
    return normal


async def create_user(
    session: AsyncSession, *, login: str, password_hash: str, display_name: str
) -> UserId:
    """Make a user who can sign in but acts for nobody yet.

    Args:
        password_hash: From `hash_password`, computed outside any transaction.

    Raises:
        LoginMalformed: The login has other characters than accepted.
        LoginTaken: Another user has it.
    """
    return await members.insert_user(
        session,
        login=normal_login(login),
        password_hash=password_hash,
        display_name=display_name,
    )


async def add_membership(
    session: AsyncSession,
    *,
    user_id: UserId,
    party_id: PartyId,
    market_id: MarketId,
    role: Role,
    actor: str = SYSTEM,
) -> MembershipId:
    """Let a user act for a party in a role, and journal it.

    Raises:
        MemberTwice: The user has the role in this party already.
        StaffMayNotTrade: The user or the party has a role that excludes this one.

    Invariant: I11.
    """
    return await parties.add_membership(
        session,
        user_id=user_id,
        party_id=party_id,
        market_id=market_id,
        role=role,
        actor=actor,
        now=await market_now(session, market_id),
    )


async def owner_of_party(session: AsyncSession, party_id: UUID) -> Owner | None:
    """Return whose a party is: its own."""
    return await party_rows.owner_of_party(session, party_id)


async def owner_of_client(session: AsyncSession, client_id: UUID) -> Owner | None:
    """Return whose a partner exchange's client is."""
    return await client_rows.owner_of_client(session, client_id)


async def names_of_actors(session: AsyncSession, refs: Collection[str]) -> Mapping[str, str]:
    """Return what actors are called, by ``Actor.ref``: a user's name, a client's name.

    What is nobody's reference is left out.
    """
    users = [UUID(ref.removeprefix("user:")) for ref in refs if ref.startswith("user:")]
    clients = [UUID(ref.removeprefix("client:")) for ref in refs if ref.startswith("client:")]
    named = await members.names_of_users(session, users)
    called = await client_rows.names_of_clients(session, clients)
    return {f"user:{user}": name for user, name in named.items()} | {
        f"client:{client}": name for client, name in called.items()
    }
