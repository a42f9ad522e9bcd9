"""Canonical JSON (RFC 8785) and the hash chain built on it."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import rfc8785

GENESIS: Final = "0" * 64


def canonical_json(value: Any) -> bytes:
    """Return the RFC 8785 form: equal values give equal bytes in every language."""
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical form, lower-case hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def salted_digest(value: Any, salt: bytes) -> str:
    """Return SHA-256(salt ‖ canonical form): short secrets cannot be guessed from it.

    Args:
        value: The restricted part of an event.
        salt: 16 random bytes, kept beside the restricted part.
    """
    return hashlib.sha256(salt + canonical_json(value)).hexdigest()


def chain_hash(previous: str, link: Mapping[str, Any]) -> str:
    """Return the head after ``link``: SHA-256 over {"link", "previous"} in canonical form.

    Args:
        previous: Head before, 64 hex digits; ``GENESIS`` for the first link.
        link: Public facts only, so that any reader can recompute the chain.
    """
    return digest({"previous": previous, "link": dict(link)})
