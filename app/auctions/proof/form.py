"""The published form of a proof bundle: what is in it, and what exactly is signed.

Everything here is pure and small enough to be written anew in another language from the
module's README, which is the point of it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from app.shared.canonical import GENESIS, chain_hash, digest, salted_digest

FORMAT: Final = "zhepai-proof/1"
AUDIENCES: Final = ("public", "auditor")
KEYS: Final = frozenset(
    {
        "format", "audience", "auction", "events", "reveals", "heads", "result", "keys",
        "signature",
    }
)  # fmt: skip
_FACTS: Final = frozenset({"id", "title", "opens_at", "terms", "licence", "rerun_of"})
FACTS: Final = (_FACTS | {"listing_id"}, _FACTS | {"demand_id"})  # of a sale, of a demand
EVENT: Final = frozenset({"version", "type", "market_at", "public", "restricted_digest", "hash"})
EVENT_OF_AUDITOR: Final = EVENT | {"restricted", "salt"}
_REVEAL: Final = frozenset({"id", "sequence", "bidder_code", "salt"})
REVEALS: Final = (_REVEAL | {"amount"}, _REVEAL | {"sealed"})


def link_of(auction_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the chain covers of an event."""
    return {
        "subject": "auction",
        "subject_id": auction_id,
        "subject_version": event["version"],
        "type": event["type"],
        "market_at": event["market_at"],
        "public": event["public"],
        "restricted_digest": event["restricted_digest"],
    }


class Fold:
    """The digest of a list that is never whole in memory: a chain over its items."""

    def __init__(self) -> None:
        self.count = 0
        self.hash = GENESIS

    def add(self, item: Mapping[str, Any]) -> None:
        """Take the next item."""
        self.hash = chain_hash(self.hash, item)
        self.count += 1

    def told(self) -> dict[str, Any]:
        """Return how many there were, and their digest."""
        return {"count": self.count, "digest": self.hash}


def fold(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the digest of a whole list."""
    folded = Fold()
    for item in items:
        folded.add(item)
    return folded.told()


def statement(
    *,
    audience: str,
    auction: Mapping[str, Any],
    chain: tuple[int, str],
    reveals: Mapping[str, Any],
    heads: Any,
    result: Any,
    keys: Any,
) -> dict[str, Any]:
    """Return what the exchange signs of a bundle.

    The events are in it by the last one's version and hash, which covers them all.
    """
    version, head = chain
    return {
        "kind": "proof_bundle",
        "format": FORMAT,
        "audience": audience,
        "auction_id": auction["id"],
        "auction": digest(auction),
        "chain_version": version,
        "chain_head": head,
        "reveals": dict(reveals),
        "heads": digest(heads),
        "result": digest(result),
        "keys": digest(keys),
    }


def commitment_of(reveal: Mapping[str, Any], *, refused: bool) -> str:
    """Return the commitment that a reveal opens.

    Raises:
        ValueError, KeyError, TypeError: It is malformed.
    """
    name = "sealed" if "sealed" in reveal else "amount"
    content = {name: reveal[name]}
    if refused:  # the trail does not name who was refused, so the commitment has to
        content["bidder_code"] = reveal["bidder_code"]
    return salted_digest(content, bytes.fromhex(reveal["salt"]))
