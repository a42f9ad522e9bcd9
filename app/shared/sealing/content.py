"""What a sealed bid contains: canonical JSON, padded to one length."""

import json
from enum import StrEnum
from typing import Any, Final

from app.shared.canonical import canonical_json
from app.shared.money import AmountInvalid, Money
from app.shared.sealing.form import CONTENT_BYTES
from app.shared.sealing.primitives import FORMAT, Label, b64, unb64
from app.shared.sealing.refusals import SealMalformed

_NONCE_BYTES: Final = 16
_FIELDS: Final = frozenset({"format", "auction_id", "bidder_code", "amount", "nonce"})


class VoidReason(StrEnum):
    """Why a sealed bid does not count; all but the first are the bidder's own doing."""

    TOO_FEW_SHARES = "too_few_shares"  # holders called theirs unreadable
    SHARES_INCONSISTENT = "shares_inconsistent"  # the commitments are not of one polynomial
    SHARES_MISDEALT = "shares_misdealt"  # a holder got something else than its share
    CIPHERTEXT_UNREADABLE = "ciphertext_unreadable"  # the key does not open the amount
    PLAINTEXT_MALFORMED = "plaintext_malformed"  # not the published content
    NAMES_ANOTHER_AUCTION = "names_another_auction"
    NAMES_ANOTHER_BIDDER = "names_another_bidder"
    AMOUNT_MALFORMED = "amount_malformed"  # not positive, or not in its one decimal form


def content_of(amount: Money, label: Label, nonce: bytes) -> bytes:
    """Return the plaintext: canonical JSON and spaces up to ``CONTENT_BYTES``.

    A long bidder code makes it longer than that.

    Raises:
        SealMalformed: The amount is not positive.
    """
    if amount.amount_minor <= 0:
        raise SealMalformed("Bid an amount.", field="amount", rule="positive", accepted=None)
    told = {
        "format": FORMAT,
        "auction_id": label.auction_id,
        "bidder_code": label.bidder_code,
        "amount": amount.as_json(),
        "nonce": b64(nonce),
    }
    return canonical_json(told).ljust(CONTENT_BYTES)


def read_content(content: bytes, label: Label) -> Money | VoidReason:
    """Return the amount of a plaintext, or why there is none."""
    told = _parsed(content)
    if told is None:
        return VoidReason.PLAINTEXT_MALFORMED
    if told["auction_id"] != label.auction_id:
        return VoidReason.NAMES_ANOTHER_AUCTION
    if told["bidder_code"] != label.bidder_code:
        return VoidReason.NAMES_ANOTHER_BIDDER
    return _amount(told["amount"]) or VoidReason.AMOUNT_MALFORMED


def _parsed(content: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(content.decode())
        if canonical_json(told).ljust(CONTENT_BYTES) != content:
            return None
    except (ValueError, RecursionError):  # the bidder may have sealed any bytes
        return None
    if not isinstance(told, dict) or told.keys() != _FIELDS or told["format"] != FORMAT:
        return None
    return told if unb64(told["nonce"], _NONCE_BYTES) is not None else None


def _amount(told: object) -> Money | None:
    if not isinstance(told, dict) or told.keys() != {"amount", "currency"}:
        return None
    if not isinstance(told["amount"], str) or not isinstance(told["currency"], str):
        return None
    try:
        amount = Money.parse(told["amount"], told["currency"])
    except AmountInvalid:
        return None
    return amount if amount.amount_minor > 0 and amount.as_json() == told else None
