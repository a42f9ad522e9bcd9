"""Who keeps the shares of the keys of what is sealed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShareHolder:
    """Who keeps one share of each sealed bid's key.

    Attributes:
        public_key: X25519, base64url without padding.
    """

    name: str
    public_key: str
