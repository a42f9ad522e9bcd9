"""Sealed bids that nobody can read early; README.md has the format for other clients."""

from app.shared.sealing.content import VoidReason
from app.shared.sealing.dealing import seal, seal_and_keep, seal_document
from app.shared.sealing.document import BUCKETS_BYTES, DocumentVoid, bucket_of, check_ciphertext
from app.shared.sealing.form import check_holders, check_shape, read_form, whole_commitment
from app.shared.sealing.holder import ShareHolder
from app.shared.sealing.opening import (
    Opened,
    check_share,
    decide,
    decrypt_share,
    index_of,
    open_document,
    open_sealed,
    verify_opening,
)
from app.shared.sealing.possession import prove_holder, proves_holder
from app.shared.sealing.primitives import is_public_key
from app.shared.sealing.refusals import (
    HolderKeyWrong,
    OpeningProofWrong,
    SealMalformed,
    SharesMissing,
    ShareWrong,
)

__all__ = [
    "BUCKETS_BYTES",
    "DocumentVoid",
    "HolderKeyWrong",
    "Opened",
    "OpeningProofWrong",
    "SealMalformed",
    "ShareHolder",
    "ShareWrong",
    "SharesMissing",
    "VoidReason",
    "bucket_of",
    "check_ciphertext",
    "check_holders",
    "check_shape",
    "check_share",
    "decide",
    "decrypt_share",
    "index_of",
    "is_public_key",
    "open_document",
    "open_sealed",
    "prove_holder",
    "proves_holder",
    "read_form",
    "seal",
    "seal_and_keep",
    "seal_document",
    "verify_opening",
    "whole_commitment",
]
