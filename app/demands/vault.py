"""What the exchange keeps encrypted of proposals until their deadline, and what it derives.

Nothing here is stored but ciphertext: code, salts and keys follow from the process's secret.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends

from app.demands.domain.proposal import code_of
from app.platform.runtime import RuntimeDep
from app.platform.secrets import Box
from app.shared.canonical import canonical_json, salted_digest
from app.shared.jsonable import jsonable
from app.shared.sealing.primitives import derive

# Powers of four beyond the buckets of sealed documents, so that a length tells a class only.
_BUCKETS_BYTES: Final = (8192, 32_768, 131_072, 524_288, 2_097_152)


class Vault:
    """Seals what proposers keep secret.

    Args:
        box: Encryption at rest.
    """

    def __init__(self, box: Box) -> None:
        self._box = box

    def code(self, demand_id: UUID, round_no: int, party_id: UUID) -> str:
        """Return the code that stands for a party in a round; without the key it is random.

        So a proposer learns it before it seals, and nothing is stored of who asked (DM37).
        """
        context = b"proposal code" + demand_id.bytes + round_no.to_bytes(4, "big") + party_id.bytes
        return code_of(self._box.salt(context))

    def hand_in_key(self, demand_id: UUID, round_no: int) -> bytes:
        """Return the X25519 private key that share holders prove theirs to.

        One a round: an old complaint repeated would else void proposals of the next (DM49).
        """
        context = b"proposal shares" + demand_id.bytes + round_no.to_bytes(4, "big")
        return derive(self._box.salt(context), b"X25519")

    def commitment(self, proposal_id: UUID, version: int, told: Mapping[str, Any]) -> str:
        """Return what the journal gets of a version: 64 hex digits."""
        context = b"proposal" + proposal_id.bytes + version.to_bytes(4, "big")
        return salted_digest(jsonable(told), self._box.salt(context))

    def seal(self, proposal_id: UUID, told: Mapping[str, Any]) -> bytes:
        """Encrypt what a version says; lengths are of a few classes."""
        plain = canonical_json(jsonable(told))
        length = next(bucket for bucket in _BUCKETS_BYTES if bucket >= len(plain))
        return self._box.seal(plain.ljust(length), proposal_id.bytes)

    def open(self, proposal_id: UUID, sealed: bytes) -> dict[str, Any]:
        """Decrypt what a version says."""
        told: dict[str, Any] = json.loads(self._box.open(sealed, proposal_id.bytes))
        return told


async def _process_vault(runtime: RuntimeDep) -> Vault:
    return Vault(runtime.box)


ProposalVaultDep = Annotated[Vault, Depends(_process_vault)]
