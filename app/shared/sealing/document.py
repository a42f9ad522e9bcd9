"""A document sealed beside an amount: encrypted under the same key, of a length that tells little.

Its ciphertext travels beside the sealed form, which holds its digest and its bucket; so what
share holders need stays small, and whoever has the key opens it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.shared.canonical import canonical_json
from app.shared.jsonable import jsonable
from app.shared.sealing.primitives import (
    FORMAT,
    KEY_BYTES,
    TAG_BYTES,
    Label,
    b64,
    decrypt,
    derive,
    encrypt,
    unb64,
)
from app.shared.sealing.refusals import SealMalformed

BUCKETS_BYTES: Final = (4096, 16_384, 65_536, 262_144)

_FIELDS: Final = frozenset({"format", "auction_id", "bidder_code", "document", "nonce"})
_NONCE_BYTES: Final = 16


class DocumentVoid(StrEnum):
    """Why an opened bid's document cannot be read; the sealer's own doing."""

    DOCUMENT_UNREADABLE = "document_unreadable"  # the key does not open it
    DOCUMENT_MALFORMED = "document_malformed"  # not the published form, or not this bid's


@dataclass(frozen=True, slots=True)
class DocumentForm:
    """What a sealed form says of its document.

    Attributes:
        size_bytes: The bucket: length of the padded plaintext.
        sha256: Hex digest of the ciphertext with its tag.
    """

    size_bytes: int
    sha256: str


def bucket_of(size_bytes: int) -> int | None:
    """Return the smallest bucket that holds so many bytes, ``None`` if none does."""
    return next((bucket for bucket in BUCKETS_BYTES if bucket >= size_bytes), None)


def document_content(document: Mapping[str, Any], label: Label, nonce: bytes) -> bytes:
    """Return the plaintext: canonical JSON and spaces up to a bucket.

    Raises:
        SealMalformed: It has no canonical form, or is longer than the largest bucket.
    """
    told = {
        "format": FORMAT,
        "auction_id": label.auction_id,
        "bidder_code": label.bidder_code,
        "document": dict(document),
        "nonce": b64(nonce),
    }
    try:
        plain = canonical_json(jsonable(told))  # refuses fractions
    except (TypeError, ValueError, RecursionError):
        accepted = {"json": "texts, whole numbers, true, false, null, lists, objects"}
        raise SealMalformed(
            "It has no canonical form.", field="document", rule="json", accepted=accepted
        ) from None
    bucket = bucket_of(len(plain))
    if bucket is None:
        accepted_bytes = {"bytes": BUCKETS_BYTES[-1]}
        raise SealMalformed("Too long.", field="document", rule="length", accepted=accepted_bytes)
    return plain.ljust(bucket)


def lay_document(label: Label, key: bytes, content: bytes) -> tuple[dict[str, Any], str]:
    """Return what the sealed form says of a padded document, and its ciphertext in base64url."""
    ciphertext = encrypt(_key(label, key), content, label.context("document"))
    return {"bytes": len(content), "sha256": hashlib.sha256(ciphertext).hexdigest()}, b64(
        ciphertext
    )


def check_ciphertext(form: DocumentForm, ciphertext: object) -> None:
    """Refuse a document that is not the one the sealed form commits to; no key is needed.

    Raises:
        SealMalformed: Names the field, the rule and what is accepted.
    """
    raw = unb64(ciphertext, form.size_bytes + TAG_BYTES)
    if raw is None:
        raise SealMalformed(
            "Not the document's ciphertext.",
            field="document",
            rule="base64url_without_padding",
            accepted={"bytes": form.size_bytes + TAG_BYTES},
        )
    if hashlib.sha256(raw).hexdigest() != form.sha256:
        raise SealMalformed(
            "Another document.", field="document", rule="digest", accepted=form.sha256
        )


def read_document(
    label: Label, form: DocumentForm, key: bytes, ciphertext: str
) -> dict[str, Any] | DocumentVoid:
    """Return the document that a key opens, or why there is none.

    Args:
        ciphertext: One that `check_ciphertext` accepts.
    """
    raw = unb64(ciphertext, form.size_bytes + TAG_BYTES)
    plain = None if raw is None else decrypt(_key(label, key), raw, label.context("document"))
    if plain is None:
        return DocumentVoid.DOCUMENT_UNREADABLE
    told = _parsed(plain)
    mine = (label.auction_id, label.bidder_code)
    if told is None or (told["auction_id"], told["bidder_code"]) != mine:
        return DocumentVoid.DOCUMENT_MALFORMED
    document: dict[str, Any] = told["document"]
    return document


def _parsed(plain: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(plain.decode())
        if canonical_json(told).ljust(len(plain)) != plain:
            return None
    except (TypeError, ValueError, RecursionError):  # the sealer may have sealed any bytes
        return None
    if not isinstance(told, dict) or told.keys() != _FIELDS or told["format"] != FORMAT:
        return None
    if not isinstance(told["document"], dict) or unb64(told["nonce"], _NONCE_BYTES) is None:
        return None
    return told


def _key(label: Label, key: bytes) -> bytes:
    assert len(key) == KEY_BYTES
    return derive(key, label.context("document"))
