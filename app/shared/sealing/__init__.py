"""Sealed bids that nobody can read early; README.md has the format for other clients."""

from app.shared.sealing.content import VoidReason
from app.shared.sealing.dealing import seal, seal_and_keep
from app.shared.sealing.form import check_holders, check_shape, whole_commitment
from app.shared.sealing.holder import ShareHolder
from app.shared.sealing.opening import (
    Opened,
    check_share,
    decide,
    decrypt_share,
    index_of,
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
    "HolderKeyWrong",
    "Opened",
    "OpeningProofWrong",
    "SealMalformed",
    "ShareHolder",
    "ShareWrong",
    "SharesMissing",
    "VoidReason",
    "check_holders",
    "check_shape",
    "check_share",
    "decide",
    "decrypt_share",
    "index_of",
    "is_public_key",
    "open_sealed",
    "prove_holder",
    "proves_holder",
    "seal",
    "seal_and_keep",
    "verify_opening",
    "whole_commitment",
]
