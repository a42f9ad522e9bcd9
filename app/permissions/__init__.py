"""The permission table: every route, every role, how far.

A role that a row does not name has no access. ``tests/test_permissions.py`` walks every route
with every role against objects of its own, of another party and of another market.
"""

from collections.abc import Mapping
from typing import Final

from app.permissions import (  # noqa: F401
    banking,
    demands,
    exchange,
    fees,
    insight,
    listings,
    matching,
    meeting,
    settlement,
    tracking,
    trading,
    valuations,
)
from app.permissions.table import ROUTES
from app.platform.access import Permission, Role

PERMISSIONS: Final[Mapping[str, Permission]] = ROUTES


def scopes_of(role: Role) -> frozenset[str]:
    """Return all scopes that a role can use; a token asks for them or for fewer."""
    return frozenset(
        rule.scope for rule in PERMISSIONS.values() if rule.scope and role in rule.reach
    )
