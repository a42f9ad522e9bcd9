"""Signing in: password, refresh token or a client's secret for an access token."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain import grants
from app.identity.domain.grants import (
    ClientCredentialsWrong,
    CredentialsWrong,
    RefreshTokenInvalid,
    RefreshVerdict,
)
from app.identity.domain.login import LoginMalformed, Membership, normal_login
from app.identity.domain.throttle import Attempt, AttemptKind, check_attempt
from app.identity.passwords import passwords_of
from app.identity.repository import clients, members, parties, tokens
from app.platform import journal
from app.platform.access import Actor, Role
from app.platform.clock import database_now, market_now
from app.platform.journal import NewEvent
from app.platform.runtime import Runtime
from app.shared.ids import ClientId, MembershipId

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A successful answer of the token route.

    Attributes:
        refresh_token: Shown once; clients have none, they keep their secret.
    """

    access_token: str
    scopes: frozenset[str]
    refresh_token: str | None = None
    membership_id: MembershipId | None = None


def _actor(membership: Membership, scopes: frozenset[str]) -> Actor:
    return Actor(
        f"user:{membership.user_id}",
        membership.role,
        membership.party_id,
        membership.market_id,
        scopes,
    )


async def count_attempts(session: AsyncSession, attempts: Sequence[Attempt]) -> None:
    """Count attempts before the work they ask for.

    Raises:
        SignInThrottled: One has no try left in its window; none is counted then.
    """
    now = await database_now(session)
    for attempt in sorted(attempts, key=lambda counted: counted.subject):
        window = await tokens.count_attempt(session, attempt, now=now)
        check_attempt(attempt, window, now=now)


async def _forgive(session: AsyncSession, by_login: Attempt, by_address: Attempt) -> None:
    # In the order of the locks that `count_attempts` takes.
    for attempt in sorted((by_login, by_address), key=lambda counted: counted.subject):
        if attempt is by_login:
            await tokens.forget_attempts(session, attempt)
        else:
            await tokens.give_back_attempt(session, attempt)
    await tokens.sweep_attempts(session, now=await database_now(session))


async def with_password(
    runtime: Runtime,
    *,
    username: str,
    password: str,
    membership_id: MembershipId | None,
    scope: str | None,
    address: str,
) -> Grant:
    """Sign a user in.

    The hash is computed between two short transactions, and for an unknown login too.

    Raises:
        SignInThrottled: Too many attempts of the login or from the address.
        CredentialsWrong: Login or password.
        MembershipUnknown, MembershipAmbiguous, PartyNotVerified: See `choose_membership`.
        ScopeNotGiven: The role does not give a scope.
    """
    try:
        login = normal_login(username)
    except LoginMalformed:
        login = ""  # nobody's
    by_login = Attempt(AttemptKind.LOGIN, login or username)
    by_address = Attempt(AttemptKind.ADDRESS, address)
    async with runtime.database.transaction() as session:
        await count_attempts(session, (by_login, by_address))
        known = await members.find_credentials(session, login)
    stored = None if known is None else known[1]
    if not await passwords_of(runtime).verify(password, stored) or known is None:
        raise CredentialsWrong("Check both, mind the keyboard.", error="invalid_grant")
    async with runtime.database.transaction() as session:
        await _forgive(session, by_login, by_address)
        options = await members.memberships_of(session, known[0])
    membership, _ = grants.choose_membership(options, membership_id)
    given = grants.scopes_for(runtime.permissions, membership.role)
    scopes = grants.narrow(given, scope)
    async with runtime.database.transaction() as session:
        family_id = await tokens.insert_family(session, membership_id=membership.id, scopes=scopes)
        refresh_token = await _next_refresh(session, runtime, family_id)
    return Grant(
        access_token=runtime.tokens.issue(_actor(membership, scopes)),
        scopes=scopes,
        refresh_token=refresh_token,
        membership_id=membership.id,
    )


async def _next_refresh(session: AsyncSession, runtime: Runtime, family_id: UUID) -> str:
    token = grants.new_refresh_token()
    lifetime = timedelta(seconds=runtime.settings.refresh_token_s)
    await tokens.insert_refresh(
        session,
        token_hash=grants.secret_hash(token),
        family_id=family_id,
        expires_at=await database_now(session) + lifetime,
    )
    return token


async def with_refresh_token(runtime: Runtime, *, token: str, scope: str | None) -> Grant:
    """Exchange a refresh token for an access token and the next refresh token.

    Raises:
        RefreshTokenInvalid: Not good; if it was used before, its whole family has ended now.
        ScopeNotGiven: Wider than the sign-in.
        PartyNotVerified: The party is pending or refused.
    """
    token_hash = grants.secret_hash(token)
    async with runtime.database.transaction() as session:
        state = await tokens.lock_refresh(session, token_hash)
        now = await database_now(session)
        verdict = RefreshVerdict.ENDED if state is None else grants.judge_refresh(state, now=now)
        if state is not None and verdict is RefreshVerdict.ROTATE:
            return await _rotate(session, runtime, state, token_hash, scope)
        if state is not None and verdict is RefreshVerdict.REUSED:
            await tokens.save_family_revoked(session, state.family_id, at=now)
            await _journal_reuse(session, state.membership_id)
    # Raised outside: the family's end must be committed.
    raise RefreshTokenInvalid("Sign in with the password again.", error="invalid_grant")


async def _rotate(
    session: AsyncSession,
    runtime: Runtime,
    state: grants.RefreshState,
    token_hash: bytes,
    scope: str | None,
) -> Grant:
    found = await members.find_membership(session, state.membership_id)
    assert found is not None, "memberships are never deleted"
    membership, party = found
    grants.check_may_sign_in(party)
    # A role may have lost a scope since.
    given = state.scopes & grants.scopes_for(runtime.permissions, membership.role)
    scopes = grants.narrow(given, scope)
    await tokens.save_used(session, token_hash, at=await database_now(session))
    return Grant(
        access_token=runtime.tokens.issue(_actor(membership, scopes)),
        scopes=scopes,
        refresh_token=await _next_refresh(session, runtime, state.family_id),
        membership_id=membership.id,
    )


async def _journal_reuse(session: AsyncSession, membership_id: MembershipId) -> None:
    found = await members.find_membership(session, membership_id)
    assert found is not None, "memberships are never deleted"
    membership, party = found
    log.warning("refresh_token_reused", user_id=str(membership.user_id))
    await journal.append(
        session,
        NewEvent(
            market_id=party.market_id,
            subject="party",
            subject_id=party.id,
            type="party.sign_in_revoked",
            market_at=await market_now(session, party.market_id),
            actor=f"user:{membership.user_id}",
            restricted={"reason": "refresh_token_reused", "membership_id": membership.id},
            audience=frozenset({party.id}),
        ),
    )


async def with_client_secret(
    runtime: Runtime, *, client_id: ClientId | None, secret: str, scope: str | None
) -> Grant:
    """Sign a partner exchange's client in.

    Args:
        client_id: ``None`` when what came was no id.

    Raises:
        ClientCredentialsWrong: Unknown, revoked or wrong.
        PartyNotVerified: Its party is pending or refused.
        ScopeNotGiven: Partners do not have a scope.
    """
    async with runtime.database.transaction() as session:
        found = None if client_id is None else await clients.find_client(session, client_id)
        if found is None or found[0].revoked_at is not None or not _same(secret, found[1]):
            raise ClientCredentialsWrong("Check id and secret.", error="invalid_client")
        client = found[0]
        party = await parties.find_party(session, client.party_id)
    assert party is not None
    grants.check_may_sign_in(party)
    scopes = grants.narrow(grants.scopes_for(runtime.permissions, Role.PARTNER), scope)
    actor = Actor(f"client:{client.id}", Role.PARTNER, client.party_id, client.market_id, scopes)
    return Grant(access_token=runtime.tokens.issue(actor), scopes=scopes)


def _same(secret: str, stored: bytes) -> bool:
    return hmac.compare_digest(grants.secret_hash(secret), stored)


async def revoke(runtime: Runtime, token: str) -> None:
    """End the family of a refresh token; an unknown token is no error (RFC 7009 §2.2)."""
    async with runtime.database.transaction() as session:
        state = await tokens.lock_refresh(session, grants.secret_hash(token))
        if state is not None and state.family_revoked_at is None:
            await tokens.save_family_revoked(
                session, state.family_id, at=await database_now(session)
            )
