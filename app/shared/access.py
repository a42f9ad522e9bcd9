"""Roles, their reach, and what the permission table says of one route."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.shared.ids import MarketId, PartyId


class Role(StrEnum):
    """What a membership or a client is in one market."""

    ANONYMOUS = "anonymous"
    SELLER_STAFF = "seller_staff"
    BUYER_STAFF = "buyer_staff"
    BROKER = "broker"
    EXPERT = "expert"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    PARTNER = "partner"


class Reach(StrEnum):
    """Which objects a role reaches through a route."""

    OWN = "own"  # those of its own party
    MARKET = "market"  # all of its own market
    ANY = "any"  # all, in any market


class KeyUse(StrEnum):
    """How a route uses ``Idempotency-Key``."""

    NONE = "none"  # safe routes, and token routes, whose answers hold secrets
    OPTIONAL = "optional"
    REQUIRED = "required"  # money or a bid moves


@dataclass(frozen=True, slots=True)
class Permission:
    """What the table says of one route.

    Attributes:
        reach: Reach a role; a role that is missing has none.
        scope: OAuth2 scope that the token must hold; ``None`` for public routes.
        key: Use of the idempotency key.
    """

    reach: Mapping[Role, Reach]
    scope: str | None = None
    key: KeyUse = KeyUse.NONE


PUBLIC: Final = Permission(reach=dict.fromkeys(Role, Reach.ANY))


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: what it may see of others' things depends on nothing else.

    Attributes:
        party_id: The party it acts for, ``None`` when anonymous.
        staff_of: The market whose operator or auditor it is, if any.
    """

    party_id: PartyId | None = None
    staff_of: MarketId | None = None
