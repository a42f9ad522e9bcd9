"""The process's one secret and the keys derived from it."""

import base64
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.settings import Settings


def master_secret(settings: Settings) -> bytes:
    """Return ``ZHEPAI_SECRET_KEY``, or the key file in the home directory, made at first use.

    Several hosts of one exchange must share the setting; a lone host may keep the file.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.home / "secret.key"
    if not path.exists():
        _create_once(path)
    return path.read_bytes().strip()


def _create_once(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(base64.b64encode(secrets.token_bytes(48)))
    try:
        os.link(draft, path)  # atomic, and an existing key is never replaced
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def derive(master: bytes, purpose: str) -> bytes:
    """Return a 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), 32, None, purpose.encode()).derive(master)


_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class Box:
    """Authenticated encryption at rest: AES-256-GCM with a random nonce before the text."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._salting = derive(key, "salts")

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt; ``context`` must be given again to open."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Decrypt.

        Raises:
            cryptography.exceptions.InvalidTag: Another key, another context or changed bytes.
        """
        if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
            raise InvalidTag
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)

    def salt(self, context: bytes) -> bytes:
        """Return 16 bytes that only this key gives, the same for the same context."""
        return hmac.digest(self._salting, context, "sha256")[:16]
