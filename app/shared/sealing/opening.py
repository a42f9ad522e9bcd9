"""Open sealed bids together: shares in, an amount or a reason out, and a proof of either."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.shared.errors import DomainError
from app.shared.money import Money
from app.shared.sealing.content import VoidReason, read_content
from app.shared.sealing.dealing import content_key, deal, proof_of, share_context, share_of
from app.shared.sealing.document import DocumentVoid, check_ciphertext, read_document
from app.shared.sealing.form import Form, read_form
from app.shared.sealing.primitives import (
    KEY_BYTES,
    TAG_BYTES,
    agree,
    b64,
    decrypt,
    derive,
    public_of,
    unb64,
)
from app.shared.sealing.refusals import (
    HolderKeyWrong,
    OpeningProofWrong,
    SealMalformed,
    SharesMissing,
    ShareWrong,
)
from app.shared.sealing.shamir import interpolate


@dataclass(frozen=True, slots=True)
class Opened:
    """The end of a sealed bid: an amount, or the reason why it is void.

    Attributes:
        proof: What ``verify_opening`` needs, as JSON.
    """

    amount: Money | None
    void_reason: VoidReason | None
    proof: dict[str, Any]


def index_of(sealed: object, private_key: bytes) -> int:
    """Return the position of the holder that has this private key.

    Raises:
        SealMalformed: The sealed bid has not the published form.
        HolderKeyWrong: No share is for this key.
    """
    public = b64(public_of(private_key))
    for index, share in enumerate(read_form(sealed).shares, start=1):
        if share["holder"] == public:
            return index
    raise HolderKeyWrong("No share of this bid is for this key.", public_key=public)


def decrypt_share(sealed: object, *, index: int, private_key: bytes) -> dict[str, Any] | None:
    """Return a holder's share, or ``None`` if what the bidder dealt to it is not its share.

    Raises:
        SealMalformed: The sealed bid has not the published form.
        HolderKeyWrong: The key is not this holder's, so it cannot say what it was dealt.
    """
    form = read_form(sealed)
    dealt = _dealt(form, index)
    if dealt is None or dealt["holder"] != b64(public_of(private_key)):
        raise HolderKeyWrong("The share is not for this key.", index=index)
    ephemeral = unb64(dealt["ephemeral"], KEY_BYTES)
    ciphertext = unb64(dealt["ciphertext"], KEY_BYTES + TAG_BYTES)
    assert ephemeral is not None
    assert ciphertext is not None
    secret = agree(private_key, ephemeral)
    if secret is None:
        return None
    context = share_context(form.label, index, dealt["ephemeral"], dealt["holder"])
    value = decrypt(derive(secret, context), ciphertext, context)
    if value is None or form.label.commitment(index, value) != dealt["commitment"]:
        return None
    return share_of(index, value)


def check_share(sealed: object, index: int, share: object) -> None:
    """Refuse a share that its bidder did not commit to; it is not counted.

    Raises:
        SealMalformed: The sealed bid has not the published form.
        ShareWrong: Names the field and the rule.
    """
    _value(read_form(sealed), index, share)


def open_sealed(
    sealed: object,
    shares: Mapping[int, Any],
    *,
    auction_id: UUID | str,
    bidder_code: str,
) -> Opened:
    """Open a bid with at least as many shares as its threshold, whichever they are.

    Raises:
        SealMalformed: It has not the published form, or is another auction's or bidder's.
        ShareWrong: A share does not match its commitment.
        SharesMissing: The shares are too few.
    """
    opened = decide(sealed, shares, auction_id=auction_id, bidder_code=bidder_code)
    if opened is None or opened.void_reason is VoidReason.TOO_FEW_SHARES:
        threshold = read_form(sealed).label.threshold
        raise SharesMissing("Too few shares.", given=len(shares), accepted={"at_least": threshold})
    return opened


def decide(
    sealed: object,
    handed: Mapping[int, Any],
    *,
    auction_id: UUID | str,
    bidder_code: str,
) -> Opened | None:
    """Return the end of a bid by what holders handed in, or ``None`` while it waits for more.

    Args:
        handed: Share by holder's position; ``None`` where the holder says ``unreadable``.

    Raises:
        SealMalformed: It has not the published form, or is another auction's or bidder's.
        ShareWrong: A share does not match its commitment, or there is no such holder.
    """
    form = _form_of(sealed, auction_id, bidder_code)
    good: dict[int, bytes] = {}
    unreadable: list[int] = []
    for index, share in sorted(handed.items()):
        if share is not None:
            good[index] = _value(form, index, share)
        elif _dealt(form, index) is None:
            raise ShareWrong("There is no such holder.", field="index", rule="holder_position")
        else:
            unreadable.append(index)
    if len(good) >= form.label.threshold:
        return _open(form, dict(list(good.items())[: form.label.threshold]))
    if len(handed) < form.label.holder_count:
        return None
    told = [share_of(*item) for item in good.items()]
    proof = {"shares": told, "unreadable": unreadable, "key": None}
    return Opened(None, VoidReason.TOO_FEW_SHARES, proof)


def open_document(
    sealed: object, ciphertext: str, opened: Opened
) -> dict[str, Any] | VoidReason | DocumentVoid:
    """Return the document of an opened bid, or why the bid is void.

    Args:
        ciphertext: One that the sealed form commits to.
        opened: What `decide` made of the same bid.

    Raises:
        SealMalformed: It has no document, or not the published form.
    """
    form = read_form(sealed)
    if form.document is None:
        raise SealMalformed("It has no document.", field="sealed", rule="document", accepted=None)
    check_ciphertext(form.document, ciphertext)
    if opened.void_reason is not None:
        return opened.void_reason
    key = unb64(opened.proof["key"], KEY_BYTES)
    assert key is not None
    return read_document(form.label, form.document, key, ciphertext)


def verify_opening(
    sealed: object,
    proof: object,
    *,
    auction_id: UUID | str,
    bidder_code: str,
    complaints: Collection[int] = (),
) -> Opened:
    """Return what a proof shows, for anybody and without a key.

    Args:
        complaints: Positions of the holders that are on record as having said ``unreadable``;
            a bid void for want of shares rests on their word and on nothing else.

    Raises:
        SealMalformed: The sealed bid has not the published form, or is another's.
        OpeningProofWrong: The proof shows nothing about this bid.
    """
    try:
        handed = _handed(proof, complaints)
        opened = decide(sealed, handed, auction_id=auction_id, bidder_code=bidder_code)
    except SealMalformed:
        raise
    except DomainError as refusal:
        raise OpeningProofWrong(refusal.detail, **refusal.fields) from None
    # A proof has one form: what the bid's end, worked out anew, would have as its own.
    if opened is None or opened.proof != proof:
        raise OpeningProofWrong("The proof is incomplete, or says more than it shows.")
    return opened


def _handed(proof: object, complaints: Collection[int]) -> dict[int, Any]:
    if not isinstance(proof, dict) or proof.keys() != {"shares", "unreadable", "key"}:
        raise OpeningProofWrong("The proof has other members.", field="proof")
    shares, unreadable = proof["shares"], proof["unreadable"]
    if not isinstance(shares, list) or not isinstance(unreadable, list):
        raise OpeningProofWrong("'shares' and 'unreadable' are lists.", field="proof")
    handed: dict[int, Any] = {}
    for index in unreadable:
        if type(index) is not int or index not in complaints:
            raise OpeningProofWrong("A complaint is not on record.", field="proof.unreadable")
        handed[index] = None
    for share in shares:
        index = share.get("index") if isinstance(share, dict) else None
        if type(index) is not int or index in handed:
            raise OpeningProofWrong("A share has no index of its own.", field="proof.shares")
        handed[index] = share
    return handed


def _form_of(sealed: object, auction_id: UUID | str, bidder_code: str) -> Form:
    form = read_form(sealed)
    for name, accepted in (("auction_id", str(auction_id)), ("bidder_code", bidder_code)):
        if getattr(form.label, name) != accepted:
            field = f"sealed.{name}"
            raise SealMalformed("It is another's.", field=field, rule="this_bid", accepted=accepted)
    return form


def _dealt(form: Form, index: object) -> Mapping[str, str] | None:
    if type(index) is not int or not 1 <= index <= len(form.shares):
        return None
    return form.shares[index - 1]


def _value(form: Form, index: int, share: object) -> bytes:
    dealt = _dealt(form, index)
    if dealt is None:
        raise ShareWrong("There is no such holder.", field="index", rule="holder_position")
    told = share if isinstance(share, dict) and share.keys() == {"index", "value"} else {}
    value = unb64(told.get("value"), KEY_BYTES)
    if value is None or type(told["index"]) is not int or told["index"] != index:
        accepted = {"index": index, "value": {"bytes": KEY_BYTES}}
        raise ShareWrong("Not a share.", field="share", rule="form", accepted=accepted)
    if form.label.commitment(index, value) != dealt["commitment"]:
        accepted = {"commitment": dealt["commitment"]}
        raise ShareWrong("Another share.", field="share", rule="commitment", accepted=accepted)
    return value


def _open(form: Form, points: Mapping[int, bytes]) -> Opened:
    label = form.label
    positions = range(1, label.holder_count + 1)
    shares = [interpolate(points, index) for index in positions]
    made = [label.commitment(index, share) for index, share in zip(positions, shares, strict=True)]
    if made != [dealt["commitment"] for dealt in form.shares]:
        # No polynomial fits all commitments, whichever shares came: these few show that much.
        told = [share_of(*item) for item in points.items()]
        proof = {"shares": told, "unreadable": [], "key": None}
        return Opened(None, VoidReason.SHARES_INCONSISTENT, proof)
    key = interpolate(points, 0)
    proof = proof_of(shares, key)
    for index, dealt in enumerate(form.shares, start=1):
        if deal(label, key, index, shares[index - 1], dealt["holder"]) != dealt:
            return Opened(None, VoidReason.SHARES_MISDEALT, proof)
    content = decrypt(content_key(label, key), form.ciphertext, label.context("content"))
    if content is None:
        return Opened(None, VoidReason.CIPHERTEXT_UNREADABLE, proof)
    end = read_content(content, label)
    return Opened(end, None, proof) if isinstance(end, Money) else Opened(None, end, proof)
