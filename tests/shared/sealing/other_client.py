"""Another client of zhepai-seal/1, written from app/shared/sealing/README.md alone.

It shares no code with the project. Reads the test vector's ``given`` from standard input, writes
the sealed bid.
"""

import base64
import hashlib
import json
import sys
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = "zhepai-seal/1"
GIVEN: dict[str, Any] = json.load(sys.stdin)


def canonical(value: object) -> bytes:
    """RFC 8785 for what occurs here: text, small whole numbers, objects and lists."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def derive(secret: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, info).derive(secret)


def context(use: str, **more: object) -> bytes:
    bound = {name: GIVEN[name] for name in ("auction_id", "bidder_code", "threshold")}
    return canonical(
        {"format": FORMAT, "use": use, "holders": len(GIVEN["holders"]), **bound, **more}
    )


def times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left & 0x100:
            left ^= 0x11B
        right >>= 1
    return product


def share_for(index: int, holder: str, key: bytes, coefficient: bytes) -> dict[str, str]:
    share = bytes(k ^ times(c, index) for k, c in zip(key, coefficient, strict=True))
    own = X25519PrivateKey.from_private_bytes(derive(key, context("ephemeral", index=index)))
    ephemeral = b64(own.public_key().public_bytes_raw())
    raw = base64.urlsafe_b64decode(holder + "=")
    secret = own.exchange(X25519PublicKey.from_public_bytes(raw))
    bound = context("share", index=index, ephemeral=ephemeral, holder=holder)
    committed = context("commitment", index=index, share=b64(share))
    return {
        "holder": holder,
        "ephemeral": ephemeral,
        "ciphertext": b64(AESGCM(derive(secret, bound)).encrypt(bytes(12), share, bound)),
        "commitment": hashlib.sha256(committed).hexdigest(),
    }


def main() -> None:
    key, coefficient = (bytes.fromhex(GIVEN[name]) for name in ("key_hex", "coefficient_hex"))
    bid = {name: GIVEN[name] for name in ("auction_id", "bidder_code")}
    nonce = b64(bytes.fromhex(GIVEN["nonce_hex"]))
    content = canonical({"format": FORMAT, **bid, "amount": GIVEN["amount"], "nonce": nonce})
    bound = context("content")
    sealed: dict[str, Any] = {
        "format": FORMAT,
        **bid,
        "threshold": GIVEN["threshold"],
        "shares": [
            share_for(index, item["public_key"], key, coefficient)
            for index, item in enumerate(GIVEN["holders"], start=1)
        ],
        "ciphertext": b64(AESGCM(derive(key, bound)).encrypt(bytes(12), content.ljust(512), bound)),
    }
    sealed["commitment"] = hashlib.sha256(canonical(sealed)).hexdigest()
    sys.stdout.buffer.write(canonical(sealed))


if __name__ == "__main__":
    main()
