"""Canonical JSON: the published vectors of RFC 8785, and chains that hide nothing."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.shared.canonical import GENESIS, canonical_json, chain_hash, digest, salted_digest

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def test_members_are_sorted_by_utf_16_units_as_the_rfc_shows() -> None:
    # RFC 8785 section 3.2.3
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    text = canonical_json(value).decode()
    order = ["\\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    places = [text.index(f'"{name}":') for name in order]
    assert places == sorted(places)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner)
    ),
    max_leaves=8,
)
ASCII_KEYS = st.recursive(
    PLAIN,
    lambda inner: st.dictionaries(st.text(st.characters(max_codepoint=127)), inner, max_size=5),
)


@given(ANY | ASCII_KEYS)
def test_quick_form_is_the_careful_one_to_the_byte_and_to_the_refusal(value: Any) -> None:
    # SH6
    def outcome(encode: Callable[[Any], bytes]) -> bytes | type[Exception]:
        try:
            return encode(value)
        except rfc8785.CanonicalizationError as refusal:
            return type(refusal)

    assert outcome(canonical_json) == outcome(rfc8785.dumps)


@pytest.mark.parametrize("value", ["\ud800", {"a": "\udfff"}, 2**53, {1: 2}, {"a": 1.5}, [0.1]])
def test_what_is_not_ordinary_is_left_to_the_careful_encoder(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as refusal:
        with pytest.raises(type(refusal)):
            canonical_json(value)
    else:
        assert canonical_json(value) == expected


def test_every_character_is_written_as_the_careful_encoder_writes_it() -> None:
    text = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x11000), 0x1F600)))
    assert canonical_json([text, {"k": text}]) == rfc8785.dumps([text, {"k": text}])


def test_form_has_no_spaces_and_escapes_only_what_it_must() -> None:
    assert canonical_json({"b": [1, None], "a": "拍\n"}) == '{"a":"拍\\n","b":[1,null]}'.encode()


@given(st.dictionaries(st.text(max_size=4), PLAIN, min_size=2))
def test_order_of_insertion_leaves_no_trace(value: dict[str, Any]) -> None:
    # SH6
    assert digest(dict(reversed(value.items()))) == digest(value)


@given(PLAIN, st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_salted_digest_is_sha256_of_salt_and_form(value: Any, salt: bytes, other: bytes) -> None:
    assert salted_digest(value, salt) == hashlib.sha256(salt + canonical_json(value)).hexdigest()
    assert (salted_digest(value, salt) == salted_digest(value, other)) == (salt == other)


def test_every_link_and_its_place_decide_the_head() -> None:
    links = [{"n": 1}, {"n": 2}, {"n": 3}]

    def head(chain: list[dict[str, int]]) -> str:
        result = GENESIS
        for link in chain:
            result = chain_hash(result, link)
        return result

    heads = {head(links), head(links[:2]), head(links[::-1]), head([{"n": 1}, {"n": 3}])}
    assert len(heads) == 4
    expected = hashlib.sha256(b'{"link":{"n":1},"previous":"' + b"0" * 64 + b'"}').hexdigest()
    assert head(links[:1]) == expected


@pytest.mark.parametrize("value", [2**53, -(2**53), b"bytes", {1: "key"}, float("nan")])
def test_what_other_languages_would_read_otherwise_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        canonical_json(value)
