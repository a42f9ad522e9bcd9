"""How people come in: a party registers itself, an operator adds a member."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain.login import (
    SELF_REGISTERED,
    RoleNotForParty,
    check_member_role,
    check_password,
    normal_login,
)
from app.identity.domain.party import (
    NewParty,
    Party,
    PartyStatus,
    check_can_sell,
    check_not_refused,
)
from app.identity.domain.throttle import Attempt, AttemptKind
from app.identity.passwords import passwords_of
from app.identity.repository import members
from app.identity.service import parties
from app.identity.service.sign_in import count_attempts
from app.platform.access import Actor, ObjectUnknown, Role
from app.platform.clock import market_now
from app.platform.runtime import Runtime
from app.shared.ids import MarketId, MembershipId, PartyId, UserId


@dataclass(frozen=True, slots=True)
class NewUser:
    """Who shall sign in; the password is hashed and forgotten."""

    login: str
    password: str
    display_name: str


@dataclass(frozen=True, slots=True)
class HashedUser:
    """A new user whose password is hashed already."""

    login: str
    password_hash: str
    display_name: str


async def hash_user(runtime: Runtime, new: NewUser) -> HashedUser:
    """Check a new user's login and password and hash it, outside any transaction.

    Raises:
        LoginMalformed, PasswordTooWeak: What is accepted.
    """
    login = normal_login(new.login)
    password = check_password(new.password, login=login)
    return HashedUser(login, await passwords_of(runtime).hash(password), new.display_name)


async def admit_registration(runtime: Runtime, address: str) -> None:
    """Count a registration of an address before anything costly is done for it.

    Raises:
        SignInThrottled: Too many from this address.
    """
    async with runtime.database.transaction() as session:
        await count_attempts(session, [Attempt(AttemptKind.REGISTRATION, address)])


async def register_party(
    session: AsyncSession,
    *,
    market_id: MarketId,
    new: NewParty,
    user: HashedUser,
    roles: Collection[Role],
    actor: str,
) -> tuple[Party, UserId]:
    """Register a newcomer with its first user; an operator must verify it.

    Raises:
        MarketUnknown: No such market.
        CreditCodeTaken, LoginTaken: Someone has them.
        RoleNotForParty: A role that only the exchange gives.
        SellerClassMissing: A would-be seller without its class.
        The errors of `check_new_party`.
    """
    if not SELF_REGISTERED.issuperset(roles):
        raise RoleNotForParty(
            "Ask for some of these.", field="roles", accepted=sorted(SELF_REGISTERED)
        )
    if Role.SELLER_STAFF in roles:
        check_can_sell(new)
    now = await market_now(session, market_id)
    party_id = await parties.create_party(
        session,
        market_id=market_id,
        new=new,
        status=PartyStatus.PENDING,
        actor=actor,
        now=now,
    )
    user_id = await members.insert_user(
        session,
        login=user.login,
        password_hash=user.password_hash,
        display_name=user.display_name,
    )
    for role in sorted(roles):
        await parties.add_membership(
            session,
            user_id=user_id,
            party_id=party_id,
            market_id=market_id,
            role=role,
            actor=actor,
            now=now,
        )
    return await parties.get_party(session, party_id), user_id


async def add_member(
    runtime: Runtime,
    actor: Actor,
    *,
    party_id: PartyId,
    role: Role,
    user: NewUser | UserId,
) -> tuple[MembershipId, UserId]:
    """Give a party a member, a new user or a known one.

    Raises:
        RoleNotForParty: The exchange's own party has operators and auditors only, others none.
        LoginMalformed, PasswordTooWeak, LoginTaken: Of a new user.
        ObjectUnknown: No such user or party.
        PartyRefused: The party was refused.
        MemberTwice: The user has the role there already.
        StaffMayNotTrade: The user or the party has a role that excludes this one.
    """
    check_member_role(role, of_exchange=party_id == actor.party_id)
    hashed = await hash_user(runtime, user) if isinstance(user, NewUser) else None
    async with runtime.database.transaction() as session:
        party = check_not_refused(await parties.get_party(session, party_id))
        if hashed is not None:
            user_id = await members.insert_user(
                session,
                login=hashed.login,
                password_hash=hashed.password_hash,
                display_name=hashed.display_name,
            )
        else:
            assert not isinstance(user, NewUser)
            user_id = user
            if await members.find_user(session, user_id) is None:
                raise ObjectUnknown("There is no such user.", field="user_id")
        membership_id = await parties.add_membership(
            session,
            user_id=user_id,
            party_id=party_id,
            market_id=party.market_id,
            role=role,
            actor=actor.ref,
            now=await market_now(session, party.market_id),
        )
    return membership_id, user_id
