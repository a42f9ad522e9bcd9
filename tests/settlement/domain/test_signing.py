"""Who may sign which text, as what."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.deal import DealStatus, Side
from app.settlement.domain.esignature import SignedFileUnfit, check_signed_file, manifest
from app.settlement.domain.keeping import DealSigned
from app.settlement.domain.signing import (
    Capacity,
    SideSigned,
    Signatory,
    SignatoryUnfit,
    Signature,
    TextHashDiffers,
    TextKind,
    TextsIncomparable,
    TextStale,
    TextSuperseded,
    TextVersion,
    check_comparable,
    check_signable,
    check_signatory,
    side_of,
)
from app.shared.ids import FileId, PartyId, new_id
from app.shared.transitions import TransitionRefused
from tests.settlement.texts import NOON, certificate, deal, sign_pdf

HASH = "a" * 64
TEXT = TextVersion(
    deal_id=deal().id,
    number=2,
    kind=TextKind.GENERATED,
    text_hash=HASH,
    basis="b",
    contract_version=1,
    drafted_at=NOON,
    drafted_by="user:1",
    parameters={},
    model={},
)
FILE = FileId(new_id())


def signature(side: Side) -> Signature:
    return Signature(
        side=side,
        party_id=PartyId(new_id()),
        user="user:1",
        signatory="陆景深",
        capacity=Capacity.LEGAL_REPRESENTATIVE,
        text_hash=HASH,
        signed_at=NOON,
        provider="account",
    )


def signable(**changes: Any) -> None:
    told: dict[str, Any] = {"newest": 2, "basis": "b", "text_hash": HASH}
    known = changes.pop("deal", deal())
    signed = changes.pop("signatures", ())
    check_signable(known, TEXT, signed, Side.SELLER, **told | changes)


def test_the_present_text_is_signed_once_a_side() -> None:
    """ST35, ST36, ST37"""
    signable()
    signable(signatures=[signature(Side.BUYER)])
    with pytest.raises(SideSigned):
        signable(signatures=[signature(Side.SELLER)])
    with pytest.raises(TextSuperseded) as superseded:
        signable(newest=3)
    assert superseded.value.fields == {"accepted": 3}
    with pytest.raises(TextStale):
        signable(basis="c")
    with pytest.raises(TextHashDiffers) as differs:
        signable(text_hash="b" * 64)
    assert differs.value.fields["accepted"] == HASH
    with pytest.raises(DealSigned):
        signable(deal=replace(deal(), signed_at=NOON))
    with pytest.raises(TransitionRefused):
        signable(deal=replace(deal(), status=DealStatus.DEFAULTED))


def test_each_party_is_its_own_side() -> None:
    """ST35"""
    known = deal()
    assert side_of(known, known.seller_id) is Side.SELLER
    assert side_of(known, known.buyer_id) is Side.BUYER
    assert side_of(known, PartyId(new_id())) is None


ORGANISATION = {"organisation": True, "party_name": "西溪智造有限公司", "representative": "章启3"}
PERSON = {"organisation": False, "party_name": "沈知遥", "representative": None}


@pytest.mark.parametrize(
    ("signatory", "party", "field"),
    [
        (Signatory("章启3", Capacity.LEGAL_REPRESENTATIVE), ORGANISATION, None),
        (Signatory("章 启3", Capacity.LEGAL_REPRESENTATIVE), ORGANISATION, None),
        (Signatory("李四", Capacity.LEGAL_REPRESENTATIVE), ORGANISATION, "signatory"),
        (Signatory("李四", Capacity.AUTHORISED, FILE), ORGANISATION, None),
        (Signatory("李四", Capacity.AUTHORISED), ORGANISATION, "authorisation_file_id"),
        (
            Signatory("章启3", Capacity.LEGAL_REPRESENTATIVE, FILE),
            ORGANISATION,
            "authorisation_file_id",
        ),
        (Signatory("章启3", Capacity.IN_PERSON), ORGANISATION, "capacity"),
        (Signatory("沈知遥", Capacity.IN_PERSON), PERSON, None),
        (Signatory("李四", Capacity.IN_PERSON), PERSON, "signatory"),
        (Signatory("李四", Capacity.AUTHORISED, FILE), PERSON, None),
        (Signatory("沈知遥", Capacity.LEGAL_REPRESENTATIVE), PERSON, "capacity"),
        (
            Signatory("章启3", Capacity.LEGAL_REPRESENTATIVE),
            ORGANISATION | {"representative": None},
            "signatory",
        ),
    ],
)
def test_who_signs_as_what(signatory: Signatory, party: dict[str, Any], field: str | None) -> None:
    """ST38"""
    if field is None:
        check_signatory(signatory, **party)
        return
    with pytest.raises(SignatoryUnfit) as refused:
        check_signatory(signatory, **party)
    assert refused.value.fields["field"] == field
    assert "accepted" in refused.value.fields


def test_only_generated_texts_are_compared() -> None:
    uploaded = replace(TEXT, kind=TextKind.UPLOADED, model=None, number=3)
    assert check_comparable(TEXT, TEXT) == ({}, {})
    with pytest.raises(TextsIncomparable) as refused:
        check_comparable(TEXT, uploaded)
    assert refused.value.fields["uploaded"] == [3]


DOCUMENT = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
WHEN: dict[str, Any] = {
    "names": ("之澜理工大学", "陆景深"),
    "drafted_at": NOON - timedelta(hours=1),
    "now": NOON + timedelta(hours=1),
}


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_signed_pdf_is_the_text_and_covered_as_a_whole(algorithm: str) -> None:
    """ST39"""
    signed = sign_pdf(DOCUMENT, algorithm)
    evidence = check_signed_file(DOCUMENT, signed, certificate(), **WHEN)
    assert evidence["digest_algorithm"] == algorithm
    assert evidence["file_sha256"] == hashlib.sha256(signed).hexdigest()
    # A second signature behind the first covers both.
    twice = sign_pdf(signed)
    assert check_signed_file(DOCUMENT, twice, certificate(subject="陆景深"), **WHEN)


def refused(signed: bytes, **changes: Any) -> set[str]:
    with pytest.raises(SignedFileUnfit) as refusal:
        check_signed_file(DOCUMENT, signed, certificate(**changes), **WHEN)
    errors = refusal.value.fields["errors"]
    assert isinstance(errors, list)
    return {error["rule"] for error in errors}


GOOD = sign_pdf(DOCUMENT)


@pytest.mark.parametrize(
    ("signed", "rule"),
    [
        (DOCUMENT, "not_the_text"),
        (b"", "not_the_text"),
        (GOOD.replace(b"1.7", b"1.6"), "not_the_text"),
        (DOCUMENT + b"\n%%EOF", "signature_missing"),
        (GOOD + b"\n", "signature_missing"),  # something behind the signature
        (GOOD.replace(b"ETSI", b"ETSJ"), "signature_missing"),  # changed behind the signing
        (GOOD.replace(b"/ByteRange [00", b"/ByteRange [01"), "signature_missing"),
        (GOOD.replace(b"<30", b"<3"), "signature_missing"),
        (GOOD.replace(b"<30820100", b"(30820100"), "signature_missing"),
    ],
)
def test_another_file_is_refused(signed: bytes, rule: str) -> None:
    """ST39"""
    assert refused(signed) == {rule}


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_no_changed_byte_that_is_covered_goes_unseen(place: int, change: int) -> None:
    """ST39"""
    opened, closed = GOOD.index(b"/Contents <") + 10, GOOD.rindex(b">\n>>") + 1
    if opened <= place < closed:
        return  # the container itself is what no digest covers
    forged = bytearray(GOOD)
    forged[place] ^= change
    assert refused(bytes(forged)) <= {"not_the_text", "signature_missing"}


def test_the_certificate_must_fit() -> None:
    """ST39: all faults at once."""
    faults = refused(
        GOOD, subject="甬江生物有限公司", valid_to=NOON, signed_at=NOON + timedelta(hours=2)
    )
    assert faults == {"subject_differs", "certificate_not_valid", "signed_at_out_of_range"}


def test_a_manifest_names_the_document() -> None:
    told = manifest(
        deal_number="ZP-D-2026-000001",
        text_number=1,
        text_hash=HASH,
        document_name="a.pdf",
        document=DOCUMENT,
        sides={"seller": "之澜理工大学"},
    )
    assert told["document"]["sha256"] == hashlib.sha256(DOCUMENT).hexdigest()
    assert told["text_hash"] == HASH
