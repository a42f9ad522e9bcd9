"""A document sealed beside the amount: one key, one length, one demand, proposal and version."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shared.canonical import canonical_json
from app.shared.sealing import (
    BUCKETS_BYTES,
    DocumentVoid,
    SealMalformed,
    VoidReason,
    bucket_of,
    check_ciphertext,
    check_shape,
    decide,
    open_document,
    read_form,
    seal,
    seal_document,
)
from app.shared.sealing.document import document_content, lay_document, read_document
from app.shared.sealing.primitives import Label
from tests.shared.sealing.dealer import AMOUNT, AUCTION, HOLDERS, hand_in, stream, whole

CODE = "K7Q2M9XR4T.3"
ANSWERS: dict[str, Any] = {"auction_id": AUCTION, "bidder_code": CODE}
TEXT = {"approach": "以事件相机分离缺陷", "milestones": [{"position": 1, "met": True}], "ip": None}


def sealed_with(document: dict[str, Any], seed: str = "d") -> tuple[dict[str, Any], str]:
    form, ciphertext, _ = seal_document(
        AMOUNT, document, **ANSWERS, holders=HOLDERS[:3], threshold=2, entropy=stream(seed)
    )
    return form, ciphertext


def opened(form: dict[str, Any], ciphertext: str) -> Any:
    end = decide(form, hand_in(form), **ANSWERS)
    assert end is not None
    return open_document(form, ciphertext, end)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_what_is_sealed_is_what_opens_and_its_length_is_a_bucket(document: dict[str, Any]) -> None:
    """DM41"""
    try:
        canonical_json(document)
    except ValueError:  # a lone surrogate has no canonical form
        return
    form, ciphertext = sealed_with(document)
    check_shape(form, **ANSWERS, holders=HOLDERS[:3], threshold=2, documented=True)
    assert form["document"]["bytes"] in BUCKETS_BYTES
    assert opened(form, ciphertext) == document


def test_a_bid_stays_as_it_is_and_has_no_document() -> None:
    """DM41: a proposal's seal without its document is the bid that the same randomness makes."""
    form, _ = sealed_with(TEXT)
    bid = seal(AMOUNT, **ANSWERS, holders=HOLDERS[:3], threshold=2, entropy=stream("d"))
    assert whole({k: v for k, v in form.items() if k != "document"}) == bid
    known = {**ANSWERS, "holders": HOLDERS[:3], "threshold": 2}
    with pytest.raises(SealMalformed):
        check_shape(form, **known)
    with pytest.raises(SealMalformed):
        check_shape(bid, **known, documented=True)


def test_another_ciphertext_is_refused_without_a_key() -> None:
    form, ciphertext = sealed_with(TEXT)
    _, other = sealed_with(TEXT, seed="e")
    said = read_form(form).document
    assert said is not None
    check_ciphertext(said, ciphertext)
    wrong: object
    for wrong in (other, ciphertext[:-1], "", None, {}):
        with pytest.raises(SealMalformed):
            check_ciphertext(said, wrong)


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"bytes": 4096},
        {"bytes": 4095, "sha256": "0" * 64},
        {"bytes": True, "sha256": "0" * 64},
        {"bytes": 4096, "sha256": "x"},
        {"bytes": 4096, "sha256": "0" * 64, "more": 1},
    ],
)
def test_a_malformed_mention_of_a_document_is_refused(document: object) -> None:
    form, _ = sealed_with(TEXT)
    with pytest.raises(SealMalformed):
        read_form(whole({**form, "document": document}))


def test_what_does_not_open_or_is_of_another_version_is_void_with_a_reason() -> None:
    """DM42"""
    label = Label(AUCTION, CODE, 2, 3)
    key, nonce = b"k" * 32, b"n" * 16
    told, ciphertext = lay_document(label, key, document_content(TEXT, label, nonce))
    said = read_form(sealed_with(TEXT)[0]).document
    assert said is not None
    said = replace(said, size_bytes=told["bytes"], sha256=told["sha256"])
    assert read_document(label, said, key, ciphertext) == TEXT
    assert read_document(label, said, b"x" * 32, ciphertext) is DocumentVoid.DOCUMENT_UNREADABLE
    other = Label(AUCTION, "K7Q2M9XR4T.2", 2, 3)
    foreign = document_content(TEXT, other, nonce)
    for plain in (foreign, b"{}".ljust(4096), b"\xff" * 4096, b"[]" * 2048):
        told, ciphertext = lay_document(label, key, plain)
        said = replace(said, size_bytes=told["bytes"], sha256=told["sha256"])
        assert read_document(label, said, key, ciphertext) is DocumentVoid.DOCUMENT_MALFORMED


def test_a_bid_void_for_its_seal_gives_no_document() -> None:
    """DM42"""
    form, ciphertext = sealed_with(TEXT)
    end = decide(form, {1: None, 2: None, 3: None}, **ANSWERS)
    assert end is not None
    assert open_document(form, ciphertext, end) is VoidReason.TOO_FEW_SHARES


def test_what_no_bucket_holds_or_has_no_canonical_form_is_refused() -> None:
    assert [bucket_of(size) for size in (0, 4096, 4097, 262_144, 262_145)] == [
        4096,
        4096,
        16_384,
        262_144,
        None,
    ]
    for document in ({"a": "x" * 300_000}, {"a": 0.5}, {"a": object()}):
        with pytest.raises(SealMalformed):
            sealed_with(document)
