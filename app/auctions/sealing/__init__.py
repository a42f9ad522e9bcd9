"""Sealed bids that nobody can read early; README.md has the format for other clients."""

from app.auctions.sealing.content import VoidReason
from app.auctions.sealing.dealing import seal, seal_and_keep
from app.auctions.sealing.form import check_holders, check_shape, whole_commitment
from app.auctions.sealing.opening import (
    Opened,
    check_share,
    decide,
    decrypt_share,
    index_of,
    open_sealed,
    verify_opening,
)
from app.auctions.sealing.possession import prove_holder, proves_holder
from app.auctions.sealing.primitives import is_public_key
from app.auctions.sealing.refusals import (
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
