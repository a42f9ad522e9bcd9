"""Share holders with fixed keys, and a dealer that can be told to cheat."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, combinations
from typing import Any, Final

from app.shared.money import Money
from app.shared.sealing import ShareHolder, decrypt_share, seal, whole_commitment
from app.shared.sealing.content import content_of
from app.shared.sealing.dealing import content_key, deal
from app.shared.sealing.primitives import FORMAT, Label, b64, encrypt, public_of
from app.shared.sealing.shamir import split

AUCTION: Final = "0192f0c1-2b3c-7d4e-8f50-6172839405a6"
CODE: Final = "A07"
AMOUNT: Final = Money(1_230_000_000)
NAMES: Final = ("交易所", "审计", "公证处", "监管", "银行", "律师", "协会", "大学", "法院")
PRIVATE: Final = [hashlib.sha256(f"holder {index}".encode()).digest() for index in range(1, 10)]
HOLDERS: Final = [
    ShareHolder(name, b64(public_of(private))) for name, private in zip(NAMES, PRIVATE, strict=True)
]
BID: Final[dict[str, Any]] = {"auction_id": AUCTION, "bidder_code": CODE}

Handed = dict[int, dict[str, Any] | None]


def stream(seed: str) -> Callable[[int], bytes]:
    """Return a source of bytes that repeats: SHA-256 over seed and a counter."""
    count = 0

    def take(length: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.sha256(f"{seed} {count}".encode()).digest()[:length]

    return take


def honest(count: int = 3, threshold: int = 2, amount: Money = AMOUNT) -> dict[str, Any]:
    """Return a bid as the published client seals it."""
    return seal(amount, **BID, holders=HOLDERS[:count], threshold=threshold)


def crooked(
    *,
    count: int = 3,
    threshold: int = 2,
    content: bytes | None = None,
    off: Sequence[int] = (),
    misdealt: Mapping[int, str] | None = None,
    spoilt: bool = False,
    seed: str = "crooked",
    bid: Mapping[str, str] = BID,
) -> dict[str, Any]:
    """Return a bid that has the published form, from a bidder that does as it likes.

    Args:
        content: The padded plaintext, else an honest one.
        off: Holders whose share, though well dealt, lies off the polynomial.
        misdealt: Holder to what is wrong with its encrypted share.
        spoilt: Whether the amount is encrypted with another key.
        seed: Equal ones make equal keys and polynomials.
        bid: Whose it is.
    """
    label = Label(bid["auction_id"], bid["bidder_code"], threshold, count)
    entropy = stream(seed)
    key = entropy(32)
    shares = split(key, [entropy(32) for _ in range(1, threshold)], count)
    for index in off:
        shares[index - 1] = entropy(32)
    dealt = [
        deal(label, key, index, share, HOLDERS[index - 1].public_key)
        for index, share in enumerate(shares, start=1)
    ]
    for index, fault in (misdealt or {}).items():
        dealt[index - 1] |= _fault(label, index, shares[index - 1], fault)
    plain = content_of(AMOUNT, label, entropy(16)) if content is None else content
    used = content_key(label, bytes(32) if spoilt else key)
    return whole(
        {
            "format": FORMAT,
            **bid,
            "threshold": threshold,
            "shares": dealt,
            "ciphertext": b64(encrypt(used, plain, label.context("content"))),
        }
    )


def _fault(label: Label, index: int, share: bytes, fault: str) -> dict[str, str]:
    holder = HOLDERS[index - 1].public_key
    match fault:
        case "garbage":
            return {"ciphertext": b64(bytes(48))}
        case "low_order":
            return {"ephemeral": b64(bytes(32))}
        case "own_ephemeral":  # decrypts well, but not as the key would have it
            made = deal(label, bytes(32), index, share, holder)
            return {"ephemeral": made["ephemeral"], "ciphertext": made["ciphertext"]}
        case "other_share":
            made = deal(label, bytes(32), index, bytes(32), holder)
            return {"ephemeral": made["ephemeral"], "ciphertext": made["ciphertext"]}
        case "other_commitment":
            return {"commitment": label.commitment(index, bytes(32))}
    raise AssertionError(fault)


FAULTS: Final = ("garbage", "low_order", "own_ephemeral", "other_share", "other_commitment")


def whole(sealed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bid with the commitment to the whole made anew."""
    return {**sealed, "commitment": whole_commitment(sealed)}


def hand_in(sealed: Mapping[str, Any]) -> Handed:
    """Return what honest holders hand in."""
    return {
        index: decrypt_share(sealed, index=index, private_key=PRIVATE[index - 1])
        for index in range(1, len(sealed["shares"]) + 1)
    }


def subsets(handed: Handed, at_least: int) -> list[Handed]:
    """Return every subset of the good shares that has at least so many."""
    good = {index: share for index, share in handed.items() if share is not None}
    sizes = range(at_least, len(good) + 1)
    picked = chain.from_iterable(combinations(good.items(), size) for size in sizes)
    return [dict(items) for items in picked]
