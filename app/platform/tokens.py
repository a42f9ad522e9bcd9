"""Access tokens: short-lived JWTs that only this exchange reads.

HMAC rather than the public signing key: a token is checked at every request, a signature for
strangers is not needed, and HS256 costs a tenth.
"""

import time
from collections import OrderedDict
from typing import Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from app.platform.access import Actor, Role
from app.shared.errors import Unauthenticated
from app.shared.ids import MarketId, PartyId, new_id

_REMEMBERED: Final = 10_000


class TokenInvalid(Unauthenticated):
    """The token is malformed, expired or not ours."""

    code = "token_invalid"
    title_zh = "令牌无效或已过期"
    title_en = "The token is invalid or has expired"


class Tokens:
    """Issues and reads access tokens.

    Args:
        key: 32 bytes, shared by all processes.
        lifetime_s: Seconds a token is good for.
    """

    def __init__(self, key: bytes, *, lifetime_s: int) -> None:
        self._key = OctKey.import_key(key)
        self.lifetime_s = lifetime_s
        self._read: OrderedDict[str, tuple[float, Actor]] = OrderedDict()

    def issue(self, actor: Actor) -> str:
        """Return a token that makes its bearer ``actor``."""
        claims = {
            "sub": actor.ref,
            "rol": str(actor.role),
            "pty": str(actor.party_id),
            "mkt": str(actor.market_id),
            "scope": " ".join(sorted(actor.scopes)),
            "exp": int(time.time()) + self.lifetime_s,
            "jti": str(new_id()),
        }
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def read(self, token: str) -> Actor:
        """Return the actor of a token; a verified token is remembered until it expires.

        Raises:
            TokenInvalid: Malformed, expired or signed by another key.
        """
        known = self._read.get(token)
        if known is None:
            known = self._verify(token)
            self._read[token] = known
            if len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        expires, actor = known
        if expires <= time.time():
            raise TokenInvalid("The token has expired; use the refresh token.")
        return actor

    def _verify(self, token: str) -> tuple[float, Actor]:
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
            actor = Actor(
                ref=claims["sub"],
                role=Role(claims["rol"]),
                party_id=PartyId(UUID(claims["pty"])),
                market_id=MarketId(UUID(claims["mkt"])),
                scopes=frozenset(claims["scope"].split()),
            )
            return float(claims["exp"]), actor
        except (JoseError, ValueError, KeyError, TypeError) as failure:
            raise TokenInvalid("The token is not one of this exchange.") from failure
