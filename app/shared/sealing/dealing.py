"""Seal a bid: everything but key, polynomial and nonce follows from them.

So whoever has enough shares can redo all that an honest bidder did and compare, share for share.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from app.shared.money import Money
from app.shared.sealing.content import content_of
from app.shared.sealing.document import document_content, lay_document
from app.shared.sealing.form import CONTENT_BYTES, check_holders, check_text, whole_commitment
from app.shared.sealing.holder import ShareHolder
from app.shared.sealing.primitives import (
    FORMAT,
    KEY_BYTES,
    Label,
    agree,
    b64,
    derive,
    encrypt,
    public_of,
    unb64,
)
from app.shared.sealing.refusals import SealMalformed
from app.shared.sealing.shamir import split

NONCE_BYTES: Final = 16

Entropy = Callable[[int], bytes]


def seal(
    amount: Money,
    *,
    auction_id: UUID | str,
    bidder_code: str,
    holders: Sequence[ShareHolder],
    threshold: int,
    entropy: Entropy = secrets.token_bytes,
) -> dict[str, Any]:
    """Return a bid that nobody can read until ``threshold`` holders hand in their shares.

    Args:
        entropy: Source of random bytes: the key, the coefficients of x, x², …, the nonce.

    Raises:
        SealMalformed: Amount, code or holders cannot be sealed; names the field.
    """
    sealed, _ = seal_and_keep(
        amount,
        auction_id=auction_id,
        bidder_code=bidder_code,
        holders=holders,
        threshold=threshold,
        entropy=entropy,
    )
    return sealed


def seal_and_keep(
    amount: Money,
    *,
    auction_id: UUID | str,
    bidder_code: str,
    holders: Sequence[ShareHolder],
    threshold: int,
    entropy: Entropy = secrets.token_bytes,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Seal, and return beside it the proof of its opening, which only the bidder may keep.

    With it a bidder whose bid stayed shut because holders called their shares unreadable shows
    that they were not.

    Raises:
        SealMalformed: Amount, code or holders cannot be sealed; names the field.
    """
    check_holders(holders, threshold)
    check_text(str(auction_id), "auction_id")
    check_text(bidder_code, "bidder_code")
    label = Label(str(auction_id), bidder_code, threshold, len(holders))
    key = entropy(KEY_BYTES)
    shares = split(key, [entropy(KEY_BYTES) for _ in range(1, threshold)], len(holders))
    content = content_of(amount, label, entropy(NONCE_BYTES))
    if len(content) != CONTENT_BYTES:
        accepted = {"bytes": CONTENT_BYTES}
        raise SealMalformed("Too long.", field="bidder_code", rule="length", accepted=accepted)
    public_keys = [holder.public_key for holder in holders]
    return lay_out(label, key, shares, public_keys, content), proof_of(shares, key)


def seal_document(
    amount: Money,
    document: Mapping[str, Any],
    *,
    auction_id: UUID | str,
    bidder_code: str,
    holders: Sequence[ShareHolder],
    threshold: int,
    entropy: Entropy = secrets.token_bytes,
) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """Seal an amount and a document under one key.

    Args:
        auction_id: Of what it answers: a demand's id.
        entropy: As for `seal`; the document's nonce is drawn last.

    Returns:
        The sealed form, the document's ciphertext that goes with it, and the proof to keep.

    Raises:
        SealMalformed: Amount, document, code or holders cannot be sealed; names the field.
    """
    sealed, proof = seal_and_keep(
        amount,
        auction_id=auction_id,
        bidder_code=bidder_code,
        holders=holders,
        threshold=threshold,
        entropy=entropy,
    )
    label = Label(str(auction_id), bidder_code, threshold, len(holders))
    key = unb64(proof["key"], KEY_BYTES)
    assert key is not None
    content = document_content(document, label, entropy(NONCE_BYTES))
    told, ciphertext = lay_document(label, key, content)
    sealed = {name: value for name, value in sealed.items() if name != "commitment"}
    sealed["document"] = told
    return sealed | {"commitment": whole_commitment(sealed)}, ciphertext, proof


def lay_out(
    label: Label, key: bytes, shares: Sequence[bytes], public_keys: Sequence[str], content: bytes
) -> dict[str, Any]:
    """Return the sealed bid of a key, its shares and a padded content."""
    numbered = enumerate(zip(shares, public_keys, strict=True), start=1)
    sealed: dict[str, Any] = {
        "format": FORMAT,
        "auction_id": label.auction_id,
        "bidder_code": label.bidder_code,
        "threshold": label.threshold,
        "shares": [deal(label, key, index, share, holder) for index, (share, holder) in numbered],
        "ciphertext": b64(encrypt(content_key(label, key), content, label.context("content"))),
    }
    return sealed | {"commitment": whole_commitment(sealed)}


def content_key(label: Label, key: bytes) -> bytes:
    """Return the AES key of the amount."""
    return derive(key, label.context("content"))


def deal(label: Label, key: bytes, index: int, share: bytes, holder: str) -> dict[str, str]:
    """Return one holder's share as it stands in the sealed bid.

    The ephemeral private key is derived from the bid's key, so that this can be recomputed.

    Args:
        holder: Its public key, one that ``is_public_key`` accepts.
    """
    private = derive(key, label.context("ephemeral", index=index))
    ephemeral = b64(public_of(private))
    context = share_context(label, index, ephemeral, holder)
    public = unb64(holder, KEY_BYTES)
    assert public is not None
    secret = agree(private, public)
    assert secret is not None
    return {
        "holder": holder,
        "ephemeral": ephemeral,
        "ciphertext": b64(encrypt(derive(secret, context), share, context)),
        "commitment": label.commitment(index, share),
    }


def share_context(label: Label, index: int, ephemeral: str, holder: str) -> bytes:
    """Return what the encryption of one share is bound to."""
    return label.context("share", index=index, ephemeral=ephemeral, holder=holder)


def share_of(index: int, value: bytes) -> dict[str, Any]:
    """Return a share as holders hand it in."""
    return {"index": index, "value": b64(value)}


def proof_of(shares: Sequence[bytes], key: bytes) -> dict[str, Any]:
    """Return the proof that all shares and the key make."""
    told = [share_of(index, value) for index, value in enumerate(shares, start=1)]
    return {"shares": told, "unreadable": [], "key": b64(key)}
