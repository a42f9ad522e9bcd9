"""What a sign-in or a refresh token gives."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.identity.domain.login import Membership
from app.identity.domain.party import Party, PartyNotVerified, PartyStatus, check_verified
from app.shared.access import Permission, Role
from app.shared.errors import RuleBroken, Unauthenticated
from app.shared.ids import MembershipId


class CredentialsWrong(RuleBroken):
    """Login or password is wrong; which one is not told."""

    code = "credentials_wrong"
    title_zh = "登录名或密码错误"
    title_en = "The login or the password is wrong"


class ClientCredentialsWrong(Unauthenticated):
    """The client is unknown or revoked, or its secret is wrong; which one is not told."""

    code = "client_credentials_wrong"
    title_zh = "客户端凭据无效"
    title_en = "The client's credentials are not good"


class RefreshTokenInvalid(RuleBroken):
    """The refresh token is unknown, expired, revoked or used before."""

    code = "refresh_token_invalid"
    title_zh = "刷新令牌无效，请重新登录"
    title_en = "The refresh token is not good: sign in again"


class MembershipAmbiguous(RuleBroken):
    """The user acts for several parties or in several roles and must say which."""

    code = "membership_ambiguous"
    title_zh = "请选择以哪个身份登录"
    title_en = "Choose the membership to sign in with"


class MembershipUnknown(RuleBroken):
    """The user has no such membership."""

    code = "membership_unknown"
    title_zh = "您没有这个身份"
    title_en = "You have no such membership"


class ScopeNotGiven(RuleBroken):
    """A scope was asked for that the role, or the first sign-in, does not give."""

    code = "scope_not_given"
    title_zh = "所请求的授权范围超出您的角色"
    title_en = "A requested scope is not given to this role"


class GrantUnknown(RuleBroken):
    """The token route does not know the grant type."""

    code = "grant_type_unknown"
    title_zh = "不支持的授权类型"
    title_en = "The grant type is not supported"


class ParameterMissing(RuleBroken):
    """The grant type needs a parameter that did not come."""

    code = "parameter_missing"
    title_zh = "缺少必需的参数"
    title_en = "A parameter is missing"


class TokenTypeUnsupported(RuleBroken):
    """An access token cannot be revoked: it ends by itself within minutes."""

    code = "token_type_unsupported"
    title_zh = "访问令牌不能撤销，请撤销刷新令牌"
    title_en = "Access tokens cannot be revoked: revoke the refresh token"


class RefreshVerdict(StrEnum):
    """What to do about a presented refresh token."""

    ROTATE = "rotate"
    REUSED = "reused"  # a copy exists: the whole family ends
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshState:
    """A stored refresh token with its family.

    Attributes:
        scopes: What the sign-in was given; a refresh never widens it.
    """

    family_id: UUID
    membership_id: MembershipId
    scopes: frozenset[str]
    expires_at: datetime
    used_at: datetime | None
    family_revoked_at: datetime | None


def judge_refresh(state: RefreshState, *, now: datetime) -> RefreshVerdict:
    """Return what to do about a presented refresh token.

    Source: RFC 9700 §4.14.2 (rotation with reuse detection); identity/README.md, I6.
    """
    if state.family_revoked_at is not None:
        return RefreshVerdict.ENDED
    if state.used_at is not None:
        return RefreshVerdict.REUSED
    if state.expires_at <= now:
        return RefreshVerdict.ENDED
    return RefreshVerdict.ROTATE


def scopes_for(permissions: Mapping[str, Permission], role: Role) -> frozenset[str]:
    """Return every scope that a role can use."""
    return frozenset(
        rule.scope for rule in permissions.values() if rule.scope and role in rule.reach
    )


def narrow(given: frozenset[str], requested: str | None) -> frozenset[str]:
    """Return the scopes of a token.

    Args:
        given: What the role, or the family, has.
        requested: Scopes separated by spaces; none asks for all.

    Raises:
        ScopeNotGiven: Names what could be asked for.

    Source: RFC 6749 §3.3.
    """
    if not requested or not requested.strip():
        return given
    wanted = frozenset(requested.split())
    if not wanted <= given:
        raise ScopeNotGiven(
            "Ask for some of the accepted scopes.",
            error="invalid_scope",
            field="scope",
            accepted=sorted(given),
        )
    return wanted


def choose_membership(
    options: Sequence[tuple[Membership, Party]], wanted: MembershipId | None
) -> tuple[Membership, Party]:
    """Return the membership that a user signs in with.

    Args:
        options: All memberships of the user.
        wanted: The one asked for, if any.

    Raises:
        MembershipUnknown: Not one of the user's, or the user has none.
        PartyNotVerified: Its party is pending or refused.
        MembershipAmbiguous: Several are possible; names them.

    Source: identity/README.md, I5.
    """
    if wanted is not None:
        options = [option for option in options if option[0].id == wanted]
    if not options:
        raise MembershipUnknown(
            "Leave membership_id out to see the choices.",
            error="invalid_grant",
            field="membership_id",
        )
    verified = [option for option in options if option[1].status is PartyStatus.VERIFIED]
    if len(verified) > 1:
        raise MembershipAmbiguous(
            "Send one of these as membership_id.",
            error="invalid_request",
            field="membership_id",
            choices=[
                {
                    "membership_id": membership.id,
                    "role": str(membership.role),
                    "party_id": party.id,
                    "party_name": party.name,
                    "market_id": party.market_id,
                }
                for membership, party in verified
            ],
        )
    membership, party = verified[0] if verified else options[0]
    return membership, check_may_sign_in(party)


def check_may_sign_in(party: Party) -> Party:
    """Return the party if tokens may be given in its name.

    Raises:
        PartyNotVerified: Pending or refused.
    """
    try:
        return check_verified(party)
    except PartyNotVerified as refusal:
        raise PartyNotVerified(refusal.detail, **refusal.fields, error="invalid_grant") from None


def new_refresh_token() -> str:
    """Return a fresh refresh token: 256 random bits."""
    return f"zr_{secrets.token_urlsafe(32)}"


def new_client_secret() -> tuple[str, str]:
    """Return a prefix to show in lists and a fresh secret that begins with it."""
    prefix = secrets.token_hex(4)
    return prefix, f"zp_{prefix}_{secrets.token_urlsafe(32)}"


def secret_hash(secret: str) -> bytes:
    """Return the SHA-256 under which a random secret is stored.

    No salt and no slow hash: 256 random bits cannot be guessed, and the hash is looked up.
    """
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
