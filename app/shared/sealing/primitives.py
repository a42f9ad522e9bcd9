"""The building blocks of the format: base64url, bound contexts, HKDF, AES-GCM and X25519.

Every key is derived for one context and encrypts one message, so the nonce of AES-GCM is zero.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.shared.canonical import canonical_json

FORMAT: Final = "zhepai-seal/1"
KEY_BYTES: Final = 32
TAG_BYTES: Final = 16

_NONCE: Final = bytes(12)
_FIELD_PRIME: Final = 2**255 - 19


@dataclass(frozen=True, slots=True)
class Label:
    """What every part of a sealed bid is bound to, so that no part serves in another bid.

    Attributes:
        threshold, holder_count: How many shares open the bid, of how many.
    """

    auction_id: str
    bidder_code: str
    threshold: int
    holder_count: int

    def context(self, use: str, **more: str | int) -> bytes:
        """Return the canonical JSON of the label, one use of it and what else it is bound to."""
        return canonical_json(
            {
                "format": FORMAT,
                "use": use,
                "auction_id": self.auction_id,
                "bidder_code": self.bidder_code,
                "threshold": self.threshold,
                "holders": self.holder_count,
                **more,
            }
        )

    def commitment(self, index: int, share: bytes) -> str:
        """Return what is published of a share: SHA-256, hex.

        It binds, and it hides without a salt because a share is itself 256 random bits. So
        nothing is needed to check it but the share, which any enough others give.
        """
        context = self.context("commitment", index=index, share=b64(share))
        return hashlib.sha256(context).hexdigest()


def b64(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: object, length: int) -> bytes | None:
    """Return the bytes of the one base64url form of ``length`` bytes, else ``None``."""
    if not isinstance(text, str) or len(text) != (length * 4 + 2) // 3:
        return None
    try:
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return None
    # The decoder skips foreign characters and spare bits: only the form it came from counts.
    return raw if len(raw) == length and b64(raw) == text else None


def derive(secret: bytes, context: bytes) -> bytes:
    """Return 32 bytes of HKDF-SHA-256 without a salt, the context as its info."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=context).derive(secret)


def encrypt(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Return AES-256-GCM ciphertext and tag; the key is used this once."""
    return AESGCM(key).encrypt(_NONCE, plaintext, context)


def decrypt(key: bytes, ciphertext: bytes, context: bytes) -> bytes | None:
    """Return the plaintext, or ``None`` where the tag does not fit."""
    try:
        return AESGCM(key).decrypt(_NONCE, ciphertext, context)
    except InvalidTag:
        return None


def agree(private_key: bytes, public_key: bytes) -> bytes | None:
    """Return the X25519 secret, or ``None`` if the public key is of low order."""
    try:
        other = X25519PublicKey.from_public_bytes(public_key)
        return X25519PrivateKey.from_private_bytes(private_key).exchange(other)
    except ValueError:
        return None


def public_of(private_key: bytes) -> bytes:
    """Return the X25519 public key."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def is_public_key(text: object) -> bool:
    """Tell whether a value is a holder's key that secrets can be agreed with.

    It is 32 bytes in base64url without padding, below the field's prime and not of low order.
    """
    raw = unb64(text, KEY_BYTES)
    return raw is not None and _is_usable(raw)


@lru_cache(maxsize=1024)  # the few holders of an auction come again with every bid
def _is_usable(raw: bytes) -> bool:
    if int.from_bytes(raw, "little") >= _FIELD_PRIME:
        return False
    return agree(b"\x01" * KEY_BYTES, raw) is not None
