"""Opening: the same end for every enough shares, and blame where it belongs."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shared.canonical import canonical_json
from app.shared.money import Money
from app.shared.sealing import (
    HolderKeyWrong,
    Opened,
    SealMalformed,
    SharesMissing,
    ShareWrong,
    VoidReason,
    check_share,
    decide,
    decrypt_share,
    index_of,
    open_sealed,
    verify_opening,
)
from app.shared.sealing.primitives import b64
from tests.shared.sealing.dealer import (
    AMOUNT,
    AUCTION,
    BID,
    CODE,
    FAULTS,
    PRIVATE,
    crooked,
    hand_in,
    honest,
    subsets,
    whole,
)


@st.composite
def bids(draw: st.DrawFn) -> dict[str, Any]:
    """Generate a bid of any dealer, honest or not, to any number of holders."""
    count = draw(st.integers(2, 6))
    holders = st.integers(1, count)
    return crooked(
        count=count,
        threshold=draw(st.integers(2, count)),
        off=draw(st.lists(holders, max_size=2)),
        misdealt=draw(st.dictionaries(holders, st.sampled_from(FAULTS), max_size=2)),
        content=draw(st.none() | st.binary(min_size=512, max_size=512)),
        spoilt=draw(st.booleans()),
    )


@settings(deadline=None)
@given(bids())
def test_every_enough_good_shares_give_one_end(sealed: dict[str, Any]) -> None:
    # AU62: whatever the bidder dealt, and whoever opened it.
    handed = hand_in(sealed)
    ends = [open_sealed(sealed, some, **BID) for some in subsets(handed, sealed["threshold"])]
    if not ends:
        opened = decide(sealed, handed, **BID)
        assert opened is not None
        assert opened.void_reason is VoidReason.TOO_FEW_SHARES
        return
    assert len({(end.amount, end.void_reason) for end in ends}) == 1
    if ends[0].void_reason is not VoidReason.SHARES_INCONSISTENT:
        assert len({canonical_json(end.proof) for end in ends}) == 1
    for end in ends:
        assert verify_opening(sealed, end.proof, **BID) == end  # AU65


def end_of(sealed: dict[str, Any]) -> Opened:
    opened = decide(sealed, hand_in(sealed), **BID)
    assert opened is not None
    return opened


@pytest.mark.parametrize(("count", "threshold"), [(2, 2), (3, 2), (3, 3), (9, 2), (9, 9)])
def test_honest_bid_opens(count: int, threshold: int) -> None:
    # AU62
    sealed = json.loads(json.dumps(honest(count, threshold)))
    opened = end_of(sealed)
    assert (opened.amount, opened.void_reason) == (AMOUNT, None)
    assert [share["index"] for share in opened.proof["shares"]] == list(range(1, count + 1))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("index", [1, 2, 3])
def test_a_bad_share_to_anybody_voids_the_bid(fault: str, index: int) -> None:
    # AU63: else a bidder with a friend among the holders could choose later whether it opens.
    sealed = crooked(misdealt={index: fault})
    expected = {"other_commitment": VoidReason.SHARES_INCONSISTENT}
    assert end_of(sealed).void_reason is expected.get(fault, VoidReason.SHARES_MISDEALT)
    good = [holder for holder, share in hand_in(sealed).items() if share is not None]
    assert (index in good) == (fault == "own_ephemeral")


@pytest.mark.parametrize("index", [1, 2, 3])
def test_shares_off_the_polynomial_void_the_bid(index: int) -> None:
    # AU63
    sealed = crooked(off=[index])
    assert None not in hand_in(sealed).values()
    for some in subsets(hand_in(sealed), 2):
        opened = open_sealed(sealed, some, **BID)
        assert opened.void_reason is VoidReason.SHARES_INCONSISTENT
        assert len(opened.proof["shares"]) == 2


def test_bid_of_another_key_is_unreadable() -> None:
    assert end_of(crooked(spoilt=True)).void_reason is VoidReason.CIPHERTEXT_UNREADABLE


def content(**changes: Any) -> bytes:
    told = {
        "format": "zhepai-seal/1",
        "auction_id": AUCTION,
        "bidder_code": CODE,
        "amount": {"amount": "10.00", "currency": "CNY"},
        "nonce": b64(bytes(16)),
    }
    return canonical_json({**told, **changes}).ljust(512)


def amount(text: Any, currency: Any = "CNY") -> bytes:
    return content(amount={"amount": text, "currency": currency})


MALFORMED = VoidReason.PLAINTEXT_MALFORMED
AMOUNTLESS = VoidReason.AMOUNT_MALFORMED


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (bytes(512), MALFORMED),
        (b"[" * 512, MALFORMED),
        (b"9" * 512, MALFORMED),
        (b"\xff" * 512, MALFORMED),
        (b'"\\ud800"'.ljust(512), MALFORMED),
        (b"NaN".ljust(512), MALFORMED),
        (b"{}".ljust(512), MALFORMED),
        (b" " + content()[:-1], MALFORMED),
        (content().rstrip() + b"\n" * (512 - len(content().rstrip())), MALFORMED),
        (json.dumps(json.loads(content())).encode().ljust(512), MALFORMED),
        (content().replace(b'{"amount":', b'{"nonce":"","amount":', 1)[:512], MALFORMED),
        (content(more=1), MALFORMED),
        (content(format="zhepai-seal/2"), MALFORMED),
        (content(nonce=""), MALFORMED),
        (content(nonce=None), MALFORMED),
        (content(auction_id="another"), VoidReason.NAMES_ANOTHER_AUCTION),
        (content(auction_id=None), VoidReason.NAMES_ANOTHER_AUCTION),
        (content(bidder_code="B08"), VoidReason.NAMES_ANOTHER_BIDDER),
        (content(amount="10.00"), AMOUNTLESS),
        (content(amount={"amount": "10.00"}), AMOUNTLESS),
        (amount("0.00"), AMOUNTLESS),
        (amount("-1.00"), AMOUNTLESS),
        (amount("10"), AMOUNTLESS),
        (amount("010.00"), AMOUNTLESS),
        (amount("10.001"), AMOUNTLESS),
        (amount("1e3"), AMOUNTLESS),
        (amount(10), AMOUNTLESS),
        (amount("9" * 18 + ".00"), AMOUNTLESS),
        (amount("10.00", "ABC"), AMOUNTLESS),
        (amount("10.00", []), AMOUNTLESS),
    ],
)
def test_what_is_not_the_published_content_voids_the_bid(plain: bytes, reason: str) -> None:
    # AU63
    opened = end_of(crooked(content=plain))
    assert (opened.amount, opened.void_reason) == (None, reason)


@pytest.mark.parametrize(("text", "currency", "minor"), [("10.00", "CNY", 1000), ("7", "JPY", 7)])
def test_published_content_counts(text: str, currency: str, minor: int) -> None:
    opened = end_of(crooked(content=amount(text, currency)))
    assert opened.amount == Money(minor, currency)


def test_a_copied_bid_is_nothing_under_another_name() -> None:
    # AU61: nor do the holders become a way to read it.
    copied = whole({**honest(), "bidder_code": "B08"})
    assert set(hand_in(copied).values()) == {None}
    copied = whole({**honest(), "auction_id": "0192f0c1-2b3c-7d4e-8f50-000000000000"})
    assert set(hand_in(copied).values()) == {None}


def test_a_wrong_share_is_blamed_on_its_holder() -> None:
    # AU64
    sealed = honest()
    first = decrypt_share(sealed, index=1, private_key=PRIVATE[0])
    assert first is not None
    check_share(sealed, 1, first)
    wrong: list[tuple[int, Any, str]] = [
        (1, {**first, "value": b64(bytes(32))}, "commitment"),
        (2, {**first, "index": 2}, "commitment"),
        (2, first, "form"),
        (1, {**first, "index": True}, "form"),
        (1, {**first, "value": first["value"] + "="}, "form"),
        (1, {**first, "value": None}, "form"),
        (1, {**first, "more": 1}, "form"),
        (1, {}, "form"),
        (1, None, "form"),
        (0, first, "holder_position"),
        (4, first, "holder_position"),
    ]
    for index, share, rule in wrong:
        with pytest.raises(ShareWrong) as caught:
            check_share(sealed, index, share)
        assert caught.value.fields["rule"] == rule
        if share is not None:
            with pytest.raises(ShareWrong):
                decide(sealed, {index: share}, **BID)
    with pytest.raises(ShareWrong):
        decide(sealed, {4: None}, **BID)


def test_a_key_that_is_not_the_holders_cannot_complain() -> None:
    # AU64
    sealed = honest()
    for index, key in ((1, PRIVATE[1]), (0, PRIVATE[0]), (4, PRIVATE[3])):
        with pytest.raises(HolderKeyWrong):
            decrypt_share(sealed, index=index, private_key=key)
    assert index_of(sealed, PRIVATE[2]) == 3
    with pytest.raises(HolderKeyWrong):
        index_of(sealed, PRIVATE[3])


def test_a_bid_waits_until_enough_or_all_have_handed_in() -> None:
    # AU66
    sealed = honest(count=4, threshold=3)
    handed = hand_in(sealed)
    assert decide(sealed, {}, **BID) is None
    assert decide(sealed, {1: handed[1], 2: handed[2]}, **BID) is None
    assert decide(sealed, {1: handed[1], 2: handed[2], 3: None}, **BID) is None
    opened = decide(sealed, {1: handed[1], 2: handed[2], 3: None, 4: handed[4]}, **BID)
    assert opened is not None
    assert opened.amount == AMOUNT
    assert opened.proof["unreadable"] == []
    void = decide(sealed, {1: handed[1], 2: handed[2], 3: None, 4: None}, **BID)
    assert void is not None
    assert void.void_reason is VoidReason.TOO_FEW_SHARES
    for some in ({1: handed[1]}, {1: handed[1], 2: None, 3: None, 4: None}):
        with pytest.raises(SharesMissing):
            open_sealed(sealed, some, **BID)


@pytest.mark.parametrize("changed", [{"auction_id": "another"}, {"bidder_code": "B08"}])
def test_a_bid_opens_in_its_own_place_only(changed: dict[str, str]) -> None:
    sealed = honest()
    with pytest.raises(SealMalformed):
        open_sealed(sealed, hand_in(sealed), **BID | changed)
