"""The exchange's Ed25519 keys and its signatures: JWS over canonical JSON.

Private keys lie encrypted in the database, so that every API process signs with the same
ones. Ed25519 is deterministic: a payload stored with its key id gives the same signature
whenever it is asked for. A retired key signs only payloads that name it and verifies for ever.
"""

import base64
import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import OKPKey
from sqlalchemy import DateTime, FetchedValue, LargeBinary, String, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.secrets import Box
from app.shared.canonical import canonical_json

ALGORITHM = "Ed25519"  # RFC 9864, the fully specified name


class SigningKey(Base):
    """A key pair; the newest one that is not retired signs."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_jwk: Mapped[dict[str, str]] = mapped_column(JSONB)
    private_box: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=FetchedValue()
    )
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Signer:
    """Signs with keys it has loaded; loads a key it does not know from the database.

    Args:
        box: Encryption of private keys at rest.
    """

    def __init__(self, box: Box) -> None:
        self._box = box
        self._keys: dict[str, tuple[str, Ed25519PrivateKey]] = {}  # with the JWS header

    async def rotate(self, session: AsyncSession) -> str:
        """Retire the active key, make a new one and return its id (RFC 7638 thumbprint)."""
        await session.execute(
            update(SigningKey)
            .where(SigningKey.retired_at.is_(None))
            .values(retired_at=func.clock_timestamp())
        )
        private = Ed25519PrivateKey.generate()
        public = private.public_key()
        kid = OKPKey.import_key(public).thumbprint()
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": _b64(public.public_bytes_raw())}
        session.add(
            SigningKey(
                kid=kid,
                public_jwk={**jwk, "kid": kid, "alg": ALGORITHM, "use": "sig"},
                private_box=self._box.seal(private.private_bytes_raw(), kid.encode()),
            )
        )
        await session.flush()
        self._remember(kid, private)
        return kid

    async def active_kid(self, session: AsyncSession) -> str:
        """Return the id of the key that signs new payloads; make the first one at need."""
        kid = await session.scalar(
            select(SigningKey.kid)
            .where(SigningKey.retired_at.is_(None))
            .order_by(SigningKey.created_at.desc())
            .limit(1)
        )
        if kid is None:
            return await self.rotate(session)
        await self.load(session, kid)
        return kid

    async def load(self, session: AsyncSession, kid: str) -> None:
        """Make a stored key ready for `sign`."""
        if kid not in self._keys:
            sealed = await session.scalar(
                select(SigningKey.private_box).where(SigningKey.kid == kid)
            )
            if sealed is None:
                raise KeyError(kid)
            raw = self._box.open(sealed, kid.encode())
            self._remember(kid, Ed25519PrivateKey.from_private_bytes(raw))

    def _remember(self, kid: str, private: Ed25519PrivateKey) -> None:
        header = _b64(canonical_json({"alg": ALGORITHM, "kid": kid}))
        self._keys[kid] = (header, private)

    def sign(self, kid: str, payload: dict[str, Any]) -> str:
        """Return the compact JWS (RFC 7515) of a payload; equal input, equal output."""
        return self.sign_canonical(kid, canonical_json(payload))

    def sign_canonical(self, kid: str, payload: bytes) -> str:
        """Return the compact JWS of a payload that is in canonical form already."""
        header, private = self._keys[kid]
        signed = f"{header}.{_b64(payload)}"
        return f"{signed}.{_b64(private.sign(signed.encode()))}"


async def key_set(session: AsyncSession) -> dict[str, list[dict[str, str]]]:
    """Return the JWKS (RFC 7517) of all keys ever used, newest first."""
    keys = await session.scalars(
        select(SigningKey.public_jwk).order_by(SigningKey.created_at.desc())
    )
    return {"keys": list(keys)}


class SignatureInvalid(Exception):
    """A JWS does not verify with any key of the set."""


def verify(token: str, keys: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """Check a compact JWS against a JWKS and return its payload; needs no database.

    Raises:
        SignatureInvalid: Unknown key, wrong algorithm or changed bytes.
    """
    try:
        kid = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]
        jwk = next(key for key in keys["keys"] if key["kid"] == kid)
        verified = jws.deserialize_compact(
            token, OKPKey.import_key(dict(jwk)), algorithms=[ALGORITHM]
        )
        payload: dict[str, Any] = json.loads(verified.payload)
    except Exception as failure:
        raise SignatureInvalid("the signature does not verify") from failure
    return payload
