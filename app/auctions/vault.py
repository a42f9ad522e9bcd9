"""What lies encrypted until its time: standing maxima, sealed bids, secret reserves.

The key is derived from the process's secret and never stored, so no role, log, backup or SQL
reader sees an amount; who is root on a host that runs the API or the worker could. What the
public journal gets meanwhile is a commitment: SHA-256 over a salt and the canonical amount.
The salt is derived too, so a repeated answer tells the same one without storing it.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends

from app.platform.runtime import RuntimeDep
from app.platform.secrets import Box
from app.shared.canonical import canonical_json, salted_digest
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.sealing.primitives import derive

_PLAIN_BYTES: Final = 64  # more than the largest amount takes: no length tells its digits


class Vault:
    """Seals what auctions keep secret.

    Args:
        box: Encryption at rest.
    """

    def __init__(self, box: Box) -> None:
        self._box = box

    def salt(self, object_id: UUID) -> bytes:
        """Return the 16-byte salt of one bid's or reserve's commitment."""
        return self._box.salt(object_id.bytes)

    def hand_in_key(self, auction_id: UUID) -> bytes:
        """Return the X25519 private key that share holders prove theirs to."""
        return derive(self._box.salt(b"hand-in key" + auction_id.bytes), b"X25519")

    def commitment(self, object_id: UUID, content: Mapping[str, Any]) -> str:
        """Return what is published of a secret: 64 hex digits."""
        return salted_digest(jsonable(content), self.salt(object_id))

    def seal(self, object_id: UUID, amount: Money) -> bytes:
        """Encrypt an amount for one bid or reserve; all ciphertexts are of one length."""
        plain = canonical_json(amount.as_json()).ljust(_PLAIN_BYTES)
        return self._box.seal(plain, object_id.bytes)

    def open(self, object_id: UUID, sealed: bytes) -> Money:
        """Decrypt an amount."""
        told = json.loads(self._box.open(sealed, object_id.bytes))
        return Money.parse(told["amount"], told["currency"])


async def _process_vault(runtime: RuntimeDep) -> Vault:
    return Vault(runtime.box)


VaultDep = Annotated[Vault, Depends(_process_vault)]
