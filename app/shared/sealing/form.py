"""The published form of a sealed bid, read strictly: whoever checks it needs no key."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from app.shared.canonical import digest
from app.shared.sealing.document import BUCKETS_BYTES, DocumentForm
from app.shared.sealing.holder import ShareHolder
from app.shared.sealing.primitives import (
    FORMAT,
    KEY_BYTES,
    TAG_BYTES,
    Label,
    is_public_key,
    unb64,
)
from app.shared.sealing.refusals import SealMalformed

HOLDERS_MIN: Final = 2
HOLDERS_MAX: Final = 9
CONTENT_BYTES: Final = 512  # of every plaintext, so that no length tells an amount

_FIELDS: Final = (
    "format",
    "auction_id",
    "bidder_code",
    "threshold",
    "shares",
    "ciphertext",
    "commitment",
)
_SHARE_FIELDS: Final = ("holder", "ephemeral", "ciphertext", "commitment")
_TEXT_CHARS_MAX: Final = 300
_HEX: Final = frozenset("0123456789abcdef")
_DIGEST_CHARS: Final = 64


@dataclass(frozen=True, slots=True)
class Form:
    """A sealed bid whose form is right.

    Attributes:
        shares: Per holder: its public key, an ephemeral one, the encrypted share and the
            commitment to it, as sent.
        document: What it says of a document beside it; a bid has none.
    """

    label: Label
    shares: tuple[Mapping[str, str], ...]
    ciphertext: bytes
    document: DocumentForm | None = None


def whole_commitment(sealed: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a sealed bid's canonical form without its own ``commitment``."""
    return digest({name: value for name, value in sealed.items() if name != "commitment"})


def read_form(sealed: object) -> Form:
    """Return what a sealed bid says, whatever JSON value it is.

    Raises:
        SealMalformed: Names the first field that is wrong, its rule and what is accepted.
    """
    documented = isinstance(sealed, dict) and "document" in sealed
    told = _members(sealed, "sealed", (*_FIELDS, "document") if documented else _FIELDS)
    _same(told["format"], FORMAT, "sealed.format", rule="version")
    for name in ("auction_id", "bidder_code"):
        check_text(told[name], f"sealed.{name}")
    shares = told["shares"]
    accepted = {"at_least": HOLDERS_MIN, "at_most": HOLDERS_MAX}
    if not isinstance(shares, list) or not HOLDERS_MIN <= len(shares) <= HOLDERS_MAX:
        raise _malformed("sealed.shares", "one_for_each_holder", accepted)
    threshold = told["threshold"]
    # JSON has one kind of number: 2.0 would be 2 to a comparison, and True is 1.
    if type(threshold) is not int or not HOLDERS_MIN <= threshold <= len(shares):
        raise _malformed("sealed.threshold", "within", accepted | {"at_most": len(shares)})
    for place, share in enumerate(shares):
        _check_share_form(share, f"sealed.shares.{place}")
    ciphertext = _bytes(told["ciphertext"], "sealed.ciphertext", CONTENT_BYTES + TAG_BYTES)
    document = _document(told["document"]) if documented else None
    _hex(told["commitment"], "sealed.commitment")
    _same(told["commitment"], whole_commitment(told), "sealed.commitment", rule="of_the_whole")
    label = Label(told["auction_id"], told["bidder_code"], threshold, len(shares))
    return Form(label, tuple(shares), ciphertext, document)


def check_shape(
    sealed: object,
    *,
    auction_id: UUID | str,
    bidder_code: str,
    holders: Sequence[ShareHolder],
    threshold: int,
    documented: bool = False,
) -> None:
    """Refuse a sealed bid that is not of this auction's form; no key is needed.

    Args:
        documented: Whether a document must be sealed beside the amount; else none may be.

    Raises:
        SealMalformed: Names the first field that is wrong, its rule and what is accepted.
    """
    form = read_form(sealed)
    if (form.document is not None) is not documented:
        raise _malformed("sealed", "members", [*_FIELDS, *(["document"] if documented else [])])
    _same(form.label.auction_id, str(auction_id), "sealed.auction_id", rule="this_auction")
    _same(form.label.bidder_code, bidder_code, "sealed.bidder_code", rule="this_bidder")
    _same(form.label.threshold, threshold, "sealed.threshold", rule="as_announced")
    if len(form.shares) != len(holders):
        raise _malformed("sealed.shares", "one_for_each_holder", len(holders))
    for place, (share, holder) in enumerate(zip(form.shares, holders, strict=True)):
        where = f"sealed.shares.{place}.holder"
        _same(share["holder"], holder.public_key, where, rule="as_announced")


def check_holders(holders: Sequence[ShareHolder], threshold: int) -> None:
    """Refuse holders with whom no bid can be sealed, for terms and for clients.

    Raises:
        SealMalformed: Names the first field that is wrong, its rule and what is accepted.
    """
    accepted = {"at_least": HOLDERS_MIN, "at_most": HOLDERS_MAX}
    keys = [holder.public_key for holder in holders]
    if not HOLDERS_MIN <= len(holders) <= HOLDERS_MAX or len(set(keys)) < len(keys):
        raise _malformed("holders", "two_to_nine_different", accepted)
    if not HOLDERS_MIN <= threshold <= len(holders):
        raise _malformed("threshold", "within", accepted | {"at_most": len(holders)})
    for place, key in enumerate(keys):
        _public_key(key, f"holders.{place}.public_key")


def check_text(value: object, where: str) -> None:
    """Refuse a name that is empty, long or not printable.

    Raises:
        SealMalformed: Names the field, the rule and what is accepted.
    """
    accepted = {"at_least": 1, "at_most": _TEXT_CHARS_MAX}
    if not isinstance(value, str) or not 1 <= len(value) <= _TEXT_CHARS_MAX:
        raise _malformed(where, "length", accepted)
    if not value.isprintable():  # nor are lone surrogates, which have no canonical form
        raise _malformed(where, "printable", accepted)


def _document(told: object) -> DocumentForm:
    members = _members(told, "sealed.document", ("bytes", "sha256"))
    size_bytes = members["bytes"]
    if type(size_bytes) is not int or size_bytes not in BUCKETS_BYTES:
        raise _malformed("sealed.document.bytes", "one_of", list(BUCKETS_BYTES))
    _hex(members["sha256"], "sealed.document.sha256")
    return DocumentForm(size_bytes, members["sha256"])


def _check_share_form(share: object, where: str) -> None:
    told = _members(share, where, _SHARE_FIELDS)
    _public_key(told["holder"], f"{where}.holder")
    # A bad ephemeral key only spoils the share: that is seen, and voids the bid, at the opening.
    _bytes(told["ephemeral"], f"{where}.ephemeral", KEY_BYTES)
    _bytes(told["ciphertext"], f"{where}.ciphertext", KEY_BYTES + TAG_BYTES)
    _hex(told["commitment"], f"{where}.commitment")


def _malformed(field: str, rule: str, accepted: object) -> SealMalformed:
    detail = f"'{field}' breaks the rule '{rule}'."
    return SealMalformed(detail, field=field, rule=rule, accepted=accepted)


def _members(value: object, where: str, names: Collection[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != set(names):
        raise _malformed(where, "members", list(names))
    return value


def _same(found: object, accepted: str | int, where: str, *, rule: str) -> None:
    if found != accepted:
        raise _malformed(where, rule, accepted)


def _bytes(value: object, where: str, length: int) -> bytes:
    raw = unb64(value, length)
    if raw is None:
        raise _malformed(where, "base64url_without_padding", {"bytes": length})
    return raw


def _hex(value: object, where: str) -> None:
    if not isinstance(value, str) or len(value) != _DIGEST_CHARS or not _HEX.issuperset(value):
        raise _malformed(where, "sha256_hex", {"characters": _DIGEST_CHARS})


def _public_key(value: object, where: str) -> None:
    if not is_public_key(value):
        raise _malformed(where, "x25519_public_key", {"bytes": KEY_BYTES})
