"""What is refused at the bid, by field and rule, without any key."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shared.canonical import canonical_json
from app.shared.money import Money
from app.shared.sealing import (
    SealMalformed,
    ShareHolder,
    check_holders,
    check_shape,
    is_public_key,
    seal,
)
from app.shared.sealing.primitives import b64
from tests.shared.sealing.dealer import AMOUNT, BID, HOLDERS, honest, whole

SEALED = honest()
OTHER = "0192f0c1-2b3c-7d4e-8f50-000000000000"


def check(sealed: object, *, count: int = 3, threshold: int = 2) -> None:
    check_shape(sealed, **BID, holders=HOLDERS[:count], threshold=threshold)


def refusal(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(SealMalformed) as caught:
        act()
    assert "accepted" in caught.value.fields
    return str(caught.value.fields["field"]), str(caught.value.fields["rule"])


def share(place: int = 1, **changes: Any) -> dict[str, Any]:
    shares = [dict(item) for item in SEALED["shares"]]
    shares[place] |= changes
    return {"shares": shares}


def test_sealed_bid_has_its_form() -> None:
    check(SEALED)
    check(json.loads(json.dumps(SEALED)))


S1 = "sealed.shares.1"
B64 = "base64url_without_padding"
FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"format": "zhepai-seal/2"}, "sealed.format", "version"),
    ({"format": None}, "sealed.format", "version"),
    ({"auction_id": 7}, "sealed.auction_id", "length"),
    ({"auction_id": OTHER}, "sealed.auction_id", "this_auction"),
    ({"bidder_code": "B08"}, "sealed.bidder_code", "this_bidder"),
    ({"bidder_code": ""}, "sealed.bidder_code", "length"),
    ({"bidder_code": "x" * 301}, "sealed.bidder_code", "length"),
    ({"bidder_code": "A\ud800"}, "sealed.bidder_code", "printable"),
    ({"threshold": 3}, "sealed.threshold", "as_announced"),
    ({"threshold": 1}, "sealed.threshold", "within"),
    ({"threshold": 4}, "sealed.threshold", "within"),
    ({"threshold": True}, "sealed.threshold", "within"),
    ({"threshold": 2.0}, "sealed.threshold", "within"),
    ({"shares": {}}, "sealed.shares", "one_for_each_holder"),
    ({"shares": SEALED["shares"][:1]}, "sealed.shares", "one_for_each_holder"),
    ({"shares": SEALED["shares"][:2]}, "sealed.shares", "one_for_each_holder"),
    ({"shares": SEALED["shares"] * 4}, "sealed.shares", "one_for_each_holder"),
    ({"shares": SEALED["shares"][::-1]}, "sealed.shares.0.holder", "as_announced"),
    ({"shares": [1, 2, 3]}, "sealed.shares.0", "members"),
    (share(extra="x" * 10**6), S1, "members"),
    (share(holder=b64(bytes(32))), f"{S1}.holder", "x25519_public_key"),
    (share(holder=b64(b"\xff" * 32)), f"{S1}.holder", "x25519_public_key"),
    (share(holder=[]), f"{S1}.holder", "x25519_public_key"),
    (share(holder=HOLDERS[0].public_key), f"{S1}.holder", "as_announced"),
    (share(ephemeral=SEALED["shares"][1]["ephemeral"] + "="), f"{S1}.ephemeral", B64),
    (share(ephemeral="é" * 43), f"{S1}.ephemeral", B64),
    (share(ephemeral="A" * 42 + "B"), f"{S1}.ephemeral", B64),  # spare bits are not zero
    (share(ephemeral="*" * 43), f"{S1}.ephemeral", B64),
    (share(ciphertext=b64(bytes(47))), f"{S1}.ciphertext", B64),
    (share(ciphertext=b64(bytes(10**6))), f"{S1}.ciphertext", B64),
    (share(commitment="0" * 63), f"{S1}.commitment", "sha256_hex"),
    (share(commitment="G" * 64), f"{S1}.commitment", "sha256_hex"),
    (share(commitment=None), f"{S1}.commitment", "sha256_hex"),
    ({"ciphertext": ""}, "sealed.ciphertext", B64),
    ({"ciphertext": b64(bytes(529))}, "sealed.ciphertext", B64),
    ({"note": "x"}, "sealed", "members"),
]


@pytest.mark.parametrize(("changes", "field", "rule"), FAULTS)
def test_malformed_bid_is_refused_by_field_and_rule(
    changes: dict[str, Any], field: str, rule: str
) -> None:
    # AU61: even with a fresh commitment to the whole, which any malformed bid could have.
    try:
        sealed = whole({**SEALED, **changes})
    except ValueError:  # no canonical form
        sealed = {**SEALED, **changes}
    assert refusal(lambda: check(sealed)) == (field, rule)


def test_commitment_to_the_whole_covers_every_field() -> None:
    # AU61
    for name in ("ephemeral", "ciphertext", "commitment"):
        changed = {**SEALED, **share(0, **{name: SEALED["shares"][2][name]})}
        assert refusal(lambda told=changed: check(told)) == ("sealed.commitment", "of_the_whole")  # type: ignore[misc]
    told = {**SEALED, "commitment": "0" * 64}
    assert refusal(lambda: check(told)) == ("sealed.commitment", "of_the_whole")
    assert refusal(lambda: check({**SEALED, "commitment": 1}))[1] == "sha256_hex"
    assert refusal(lambda: check({"format": "zhepai-seal/1"})) == ("sealed", "members")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(JSON, st.sampled_from([*SEALED, "shares.0", "shares.2.holder", "shares.1.ciphertext", ""]))
def test_any_value_in_any_place_is_refused_and_never_an_error(value: Any, place: str) -> None:
    # AU61
    sealed: Any = json.loads(json.dumps(SEALED))
    *path, last = place.split(".")
    parent = sealed
    for step in path:
        parent = parent[int(step)] if step.isdigit() else parent[step]
    if last:
        parent[int(last) if last.isdigit() else last] = value
    else:
        sealed = value
    if sealed != SEALED:
        refusal(lambda: check(sealed))


def test_size_is_bounded_and_tells_no_amount() -> None:
    # AU60, AU61
    sizes = {
        len(canonical_json(honest(9, 5, amount)))
        for amount in (Money(1), AMOUNT, Money(10**15), Money(1, "JPY"))
    }
    assert len(sizes) == 1
    assert sizes.pop() < 4096


def test_two_seals_of_one_amount_have_nothing_in_common() -> None:
    # AU60
    first, second = honest(), honest()
    assert first["ciphertext"] != second["ciphertext"]
    for left, right in zip(first["shares"], second["shares"], strict=True):
        assert {name for name in left if left[name] == right[name]} == {"holder"}


def test_unusable_holders_are_refused_before_anything_is_sealed() -> None:
    def seal_with(**changes: Any) -> Callable[[], object]:
        told = {**BID, "holders": HOLDERS[:3], "threshold": 2, **changes}
        return lambda: seal(told.pop("amount", AMOUNT), **told)

    low = ShareHolder("x", b64(bytes(32)))
    different = ("holders", "two_to_nine_different")
    assert refusal(seal_with(holders=[HOLDERS[0], low]))[0] == "holders.1.public_key"
    assert refusal(seal_with(holders=[HOLDERS[0]] * 2)) == different
    assert refusal(seal_with(holders=HOLDERS[:1])) == different
    assert refusal(seal_with(holders=[*HOLDERS, low])) == different
    assert refusal(seal_with(threshold=4)) == ("threshold", "within")
    assert refusal(seal_with(amount=Money(0))) == ("amount", "positive")
    assert refusal(seal_with(bidder_code="码" * 200)) == ("bidder_code", "length")
    assert refusal(seal_with(bidder_code="\ud800")) == ("bidder_code", "printable")
    check_holders(HOLDERS, 9)


@pytest.mark.parametrize(
    "raw",
    [
        bytes(32),
        b"\x01" + bytes(31),
        (2**255 - 20).to_bytes(32, "little"),
        (2**255 - 19).to_bytes(32, "little"),
        (2**255 - 10).to_bytes(32, "little"),  # 9, written above the prime
        bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    ],
)
def test_keys_of_low_order_or_second_form_are_no_keys(raw: bytes) -> None:
    assert not is_public_key(b64(raw))
