"""Who may do what: roles, reach, and the permission of one route.

The table itself is `app/permissions`. A route that is not in it does not start; an owner
is looked up before the body is parsed, so no use case can forget the check.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.shared.access import PUBLIC as PUBLIC
from app.shared.access import KeyUse as KeyUse
from app.shared.access import Permission as Permission
from app.shared.access import Reach as Reach
from app.shared.access import Role as Role
from app.shared.access import Viewer
from app.shared.errors import Forbidden, NotFound, Unauthenticated
from app.shared.ids import MarketId, PartyId


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of one request, as its token says.

    Attributes:
        ref: ``user:<id>``, ``client:<id>`` or ``anonymous``; goes into the journal.
        party_id: The party it acts for; the nil UUID when anonymous.
        market_id: The market its membership is in; the nil UUID when anonymous.
    """

    ref: str
    role: Role
    party_id: PartyId
    market_id: MarketId
    scopes: frozenset[str] = field(default=frozenset())

    @property
    def viewer(self) -> Viewer:
        """Who looks; the anonymous owns nothing, not even what has the nil party."""
        staff = self.role in {Role.OPERATOR, Role.AUDITOR}
        return Viewer(
            party_id=None if self.role is Role.ANONYMOUS else self.party_id,
            staff_of=self.market_id if staff else None,
        )


_NIL: Final = UUID(int=0)
ANONYMOUS: Final = Actor("anonymous", Role.ANONYMOUS, PartyId(_NIL), MarketId(_NIL))
SYSTEM: Final = "system"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an object is; neither ever changes, so look-ups may be remembered."""

    market_id: MarketId
    party_ids: frozenset[PartyId]


OwnerLookup = Callable[[AsyncSession, UUID], Awaitable[Owner | None]]


class TokenMissing(Unauthenticated):
    """The route is not public and no usable token came."""

    code = "token_missing"
    title_zh = "请先登录"
    title_en = "Sign in first"


class RoleNotAllowed(Forbidden):
    """The caller's role does not have this route."""

    code = "role_not_allowed"
    title_zh = "您的角色无权执行此操作"
    title_en = "Your role does not give this act"


class ScopeMissing(Forbidden):
    """The token lacks the route's scope."""

    code = "scope_missing"
    title_zh = "令牌缺少所需的授权范围"
    title_en = "The token lacks the required scope"


class NotYours(Forbidden):
    """The object belongs to another party."""

    code = "not_yours"
    title_zh = "该对象属于其他单位"
    title_en = "This belongs to another party"


class ObjectUnknown(NotFound):
    """No such object, or one of another market."""

    code = "object_unknown"
    title_zh = "未找到该对象"
    title_en = "There is no such object"


def check_role(permission: Permission, actor: Actor) -> Reach:
    """Return the actor's reach through a route.

    Raises:
        TokenMissing: Anonymous, and the route is not public.
        RoleNotAllowed: The role has no reach here; names the roles that do.
        ScopeMissing: The token does not hold the route's scope.
    """
    reach = permission.reach.get(actor.role)
    if reach is None:
        if actor.role is Role.ANONYMOUS:
            raise TokenMissing("This route needs a bearer token.")
        raise RoleNotAllowed(
            f"The role '{actor.role}' may not do this.",
            role=str(actor.role),
            accepted=sorted(permission.reach),
        )
    if (
        permission.scope is not None
        and actor.role is not Role.ANONYMOUS
        and permission.scope not in actor.scopes
    ):
        raise ScopeMissing("The token lacks a scope.", accepted=[permission.scope])
    return reach


def check_owner(reach: Reach, actor: Actor, owner: Owner | None) -> None:
    """Refuse an object beyond the actor's reach.

    Raises:
        ObjectUnknown: It does not exist, or lies in another market (which is not told).
        NotYours: It belongs to another party of the same market.
    """
    if owner is None or (reach is not Reach.ANY and owner.market_id != actor.market_id):
        raise ObjectUnknown("There is no such object in your market.")
    if reach is Reach.OWN and actor.party_id not in owner.party_ids:
        raise NotYours("The object belongs to another party.")


async def _request_actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


ActorDep = Annotated[Actor, Depends(_request_actor)]
