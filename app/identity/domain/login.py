"""Users, logins, passwords and what a membership may be."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from app.shared.access import Role
from app.shared.errors import Conflict, Forbidden, RuleBroken
from app.shared.ids import MarketId, MembershipId, PartyId, UserId

PASSWORD_LENGTH_MIN: Final = 10
PASSWORD_LENGTH_MAX: Final = 200  # hashing is not a free service

# What a newcomer may ask for; the exchange's own roles are given by its operator only.
SELF_REGISTERED: Final = frozenset({Role.SELLER_STAFF, Role.BUYER_STAFF, Role.BROKER, Role.EXPERT})
EXCHANGE_ROLES: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
TRADING_ROLES: Final = frozenset({Role.SELLER_STAFF, Role.BUYER_STAFF})
MEMBER_ROLES: Final = SELF_REGISTERED | EXCHANGE_ROLES

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,99}")


class LoginMalformed(RuleBroken):
    """A login is 3 to 100 of a-z, 0-9 and ``._@+-``; case does not matter."""

    code = "login_malformed"
    title_zh = "登录名格式不正确"
    title_en = "The login is malformed"


class LoginTaken(Conflict):
    """Another user has the login."""

    code = "login_taken"
    title_zh = "登录名已被使用"
    title_en = "The login is taken"


class PasswordTooWeak(RuleBroken):
    """The password is too short, too long or the login itself."""

    code = "password_too_weak"
    title_zh = "密码不符合要求"
    title_en = "The password is not accepted"


class RoleNotForParty(Forbidden):
    """The exchange's own staff never trade, and traders never run the exchange."""

    code = "role_not_for_party"
    title_zh = "该单位不能设置此角色"
    title_en = "This party cannot have a member in this role"


class StaffMayNotTrade(Forbidden):
    """Operators and auditors know who bids, so neither they nor their party buy or sell."""

    code = "staff_may_not_trade"
    title_zh = "交易机构工作人员和审计人员不得参与交易"
    title_en = "Operators and auditors may not trade"


class MemberTwice(Conflict):
    """The user already has this role in this party."""

    code = "member_twice"
    title_zh = "该用户已具有此角色"
    title_en = "The user already has this role here"


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in."""

    id: UserId
    login: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Membership:
    """A user acts for a party in one role."""

    id: MembershipId
    user_id: UserId
    party_id: PartyId
    market_id: MarketId
    role: Role


def normal_login(text: str) -> str:
    """Return the login in lower case.

    Raises:
        LoginMalformed: Not 3 to 100 of the accepted characters.
    """
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise LoginMalformed(
            "A login is 3 to 100 letters a-z, digits or ._@+- and begins with one of the first.",
            field="login",
            accepted=_LOGIN.pattern,
        )
    return login


def check_password(password: str, *, login: str) -> str:
    """Return the password if it may be used.

    Length is the only demand beside being no copy of the login: composition rules make
    passwords worse.

    Raises:
        PasswordTooWeak: Names the length.

    Source: NIST SP 800-63B-4 §3.1.1.2.
    """
    fits = PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX
    if not fits or password.lower() == login:
        raise PasswordTooWeak(
            "Use a password of the accepted length that is not the login.",
            field="password",
            length_min=PASSWORD_LENGTH_MIN,
            length_max=PASSWORD_LENGTH_MAX,
        )
    return password


def check_member_role(role: Role, *, of_exchange: bool) -> Role:
    """Return the role if a party of this kind may have a member in it.

    Args:
        of_exchange: Whether the party is the exchange's own.

    Raises:
        RoleNotForParty: Names the roles that fit.

    Source: 拍卖法 22, 30 (who runs a sale does not bid in it); identity/README.md, I4.
    """
    fitting = EXCHANGE_ROLES if of_exchange else MEMBER_ROLES - {Role.OPERATOR}
    if role not in fitting:
        raise RoleNotForParty(
            "The exchange's own party has operators and auditors only; no other has operators.",
            field="role",
            accepted=sorted(fitting),
        )
    return role


def check_apart(role: Role, *, of_user: Collection[Role], of_party: Collection[Role]) -> Role:
    """Return the role if it keeps those who watch a market apart from those who trade in it.

    Args:
        of_user: The roles that the user has in this market.
        of_party: The roles in which anybody acts for the party.

    Raises:
        StaffMayNotTrade: Names whose roles stand against it, and which.

    Source: 拍卖法 22, 30; identity/README.md, I11.
    """
    sides = (EXCHANGE_ROLES, TRADING_ROLES)
    own, other = sides if role in EXCHANGE_ROLES else sides[::-1]
    if role not in own:
        return role
    for whose, present in (("user", of_user), ("party", of_party)):
        against = other.intersection(present)
        if against:
            raise StaffMayNotTrade(
                f"The {whose} has a role in this market that excludes this one.",
                field="role",
                whose=whose,
                excluded_by=sorted(against),
                accepted=sorted(MEMBER_ROLES - own),
            )
    return role
