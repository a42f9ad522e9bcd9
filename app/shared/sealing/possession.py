"""Show that a holder itself hands in: what it says, bound to its key and to the exchange's."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.shared.canonical import canonical_json, digest
from app.shared.sealing.primitives import (
    FORMAT,
    KEY_BYTES,
    agree,
    b64,
    derive,
    public_of,
    unb64,
)

Lines = Sequence[Mapping[str, Any]]


def prove_holder(
    private_key: bytes, *, exchange_key: str, auction_id: UUID | str, shares: Lines
) -> str | None:
    """Return the proof that a submission is the holder's; ``None`` with an unusable key.

    Args:
        exchange_key: As the list of sealed bids tells it.
        shares: As handed in: one line a bid.
    """
    other = unb64(exchange_key, KEY_BYTES)
    secret = None if other is None else agree(private_key, other)
    if secret is None:
        return None
    holder = b64(public_of(private_key))
    return b64(derive(secret, _context(auction_id, holder, exchange_key, shares)))


def proves_holder(
    proof: str, exchange_private: bytes, *, holder: str, auction_id: UUID | str, shares: Lines
) -> bool:
    """Tell whether a submission comes from who has the private key of a holder's public one."""
    public = unb64(holder, KEY_BYTES)
    secret = None if public is None else agree(exchange_private, public)
    if secret is None:
        return False
    context = _context(auction_id, holder, b64(public_of(exchange_private)), shares)
    return hmac.compare_digest(b64(derive(secret, context)).encode(), proof.encode())


def _context(auction_id: UUID | str, holder: str, exchange_key: str, shares: Lines) -> bytes:
    return canonical_json(
        {
            "format": FORMAT,
            "use": "hand_in",
            "auction_id": str(auction_id),
            "holder": holder,
            "exchange": exchange_key,
            "shares": digest([dict(line) for line in shares]),
        }
    )
