"""How rows come into the table; each route stands in it once."""

from typing import Final

from app.platform.access import PUBLIC, KeyUse, Permission, Reach, Role

OWN, MARKET, ANY = Reach.OWN, Reach.MARKET, Reach.ANY
ONCE, MUST = KeyUse.OPTIONAL, KeyUse.REQUIRED

ROUTES: Final[dict[str, Permission]] = {}


def allow(
    *routes: str,
    scope: str,
    key: KeyUse = KeyUse.NONE,
    everyone: bool = False,
    every_role_own: bool = False,
    **roles: Reach,
) -> None:
    """Put routes into the table: which roles, how far, with which scope and use of keys."""
    reach = dict(PUBLIC.reach) if everyone else {}
    if every_role_own:
        reach = {role: Reach.OWN for role in Role if role is not Role.ANONYMOUS}
    reach |= {Role(name): how for name, how in roles.items()}
    for route in routes:
        if route in ROUTES:
            raise ValueError(f"{route} stands in the table twice")
        ROUTES[route] = Permission(reach=reach, scope=None if everyone else scope, key=key)
