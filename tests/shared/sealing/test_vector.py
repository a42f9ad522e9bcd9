"""The published test vector, and the format done again from its description alone."""

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.shared.money import Money
from app.shared.sealing import (
    ShareHolder,
    check_shape,
    decrypt_share,
    open_sealed,
    seal_and_keep,
    seal_document,
    shell,
)
from app.shared.sealing.content import content_of
from app.shared.sealing.primitives import Label

VECTOR: Final[dict[str, Any]] = json.loads(
    Path(shell.__file__).with_name("vector.json").read_text(encoding="utf-8")
)
GIVEN: Final = VECTOR["given"]
BID: Final = {name: GIVEN[name] for name in ("auction_id", "bidder_code")}
HOLDERS: Final = [ShareHolder(item["name"], item["public_key"]) for item in GIVEN["holders"]]
AMOUNT: Final = Money.parse(GIVEN["amount"]["amount"], GIVEN["amount"]["currency"])


def given(name: str) -> bytes:
    return bytes.fromhex(GIVEN[name])


def test_sealing_with_the_vectors_randomness_gives_its_bid_and_proof() -> None:
    # AU68
    supply = iter([given("key_hex"), given("coefficient_hex"), given("nonce_hex")])
    sealed, proof = seal_and_keep(
        AMOUNT,
        **BID,
        holders=HOLDERS,
        threshold=GIVEN["threshold"],
        entropy=lambda _: next(supply),
    )
    assert sealed == VECTOR["sealed"]
    assert proof == VECTOR["proof"]
    check_shape(sealed, **BID, holders=HOLDERS, threshold=GIVEN["threshold"])


def test_steps_on_the_way_are_the_vectors() -> None:
    # AU68
    label = Label(BID["auction_id"], BID["bidder_code"], GIVEN["threshold"], len(HOLDERS))
    steps = VECTOR["steps"]
    content = content_of(AMOUNT, label, given("nonce_hex"))
    assert content.decode() == steps["plaintext"].ljust(512)
    assert label.context("content").decode() == steps["content_context"]
    assert label.context("ephemeral", index=1).decode() == steps["ephemeral_context_1"]


def test_holders_of_the_vector_hand_in_its_shares() -> None:
    # AU68
    shares = {}
    for index, holder in enumerate(GIVEN["holders"], start=1):
        private = bytes.fromhex(holder["private_key_hex"])
        shares[index] = decrypt_share(VECTOR["sealed"], index=index, private_key=private)
    assert list(shares.values()) == VECTOR["proof"]["shares"]
    del shares[1]
    opened = open_sealed(VECTOR["sealed"], shares, **BID)
    assert (opened.amount, opened.proof) == (AMOUNT, VECTOR["proof"])


def test_a_client_that_knows_only_the_format_makes_the_same_bid() -> None:
    # AU68
    client = Path(__file__).with_name("other_client.py")
    run = subprocess.run(
        [sys.executable, str(client)],
        input=json.dumps(GIVEN),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == VECTOR["sealed"]


def test_a_document_sealed_with_the_vectors_randomness_is_the_vectors() -> None:
    """DM41: by this project, and by the steps of the format's description alone."""
    told = VECTOR["document"]
    names = ("key_hex", "coefficient_hex", "nonce_hex")
    supply = iter([*map(given, names), bytes.fromhex(told["given"]["nonce_hex"])])
    sealed, ciphertext, _ = seal_document(
        AMOUNT,
        told["given"]["document"],
        **BID,
        holders=HOLDERS,
        threshold=GIVEN["threshold"],
        entropy=lambda _: next(supply),
    )
    assert (sealed["document"], ciphertext) == (told["sealed_document"], told["ciphertext"])
    assert sealed == VECTOR["sealed"] | {
        "document": told["sealed_document"],
        "commitment": told["commitment"],
    }
    bound = {**BID, "threshold": GIVEN["threshold"], "holders": len(HOLDERS)}
    context = _canonical({"format": "zhepai-seal/1", "use": "document", **bound})
    nonce = base64.urlsafe_b64encode(bytes.fromhex(told["given"]["nonce_hex"])).rstrip(b"=")
    plain = _canonical(
        {"format": "zhepai-seal/1", **BID, "document": told["given"]["document"]}
        | {"nonce": nonce.decode()}
    ).ljust(4096)
    key = HKDF(SHA256(), 32, None, context).derive(given("key_hex"))
    made = AESGCM(key).encrypt(bytes(12), plain, context)
    assert base64.urlsafe_b64encode(made).rstrip(b"=").decode() == ciphertext
    assert hashlib.sha256(made).hexdigest() == told["sealed_document"]["sha256"]


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
