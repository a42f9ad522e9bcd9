"""Thousands of changes to bundles: none passes unnoticed, not even the exchange's own."""

import random
from collections import Counter
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from app.auctions.domain.model import Bid
from app.auctions.domain.terms import Direction, Format
from app.auctions.proof.broken import LinkBroken
from app.auctions.proof.receipts import ReceiptDenied, check_receipt
from app.auctions.proof.verify import verify
from app.shared.canonical import salted_digest
from app.shared.money import Money
from tests.auctions.commands import OPENS, terms_of
from tests.auctions.proof.mutations import (
    STRANGER,
    STRANGER_KEYS,
    STRANGER_KID,
    mutated,
    resigned,
    rewritten,
)
from tests.auctions.proof.paper import JWKS, Paper, clone, rechained, signed
from tests.auctions.proof.test_replay import played

FORMATS = [
    Format.MULTIPLE_BIDS,
    Format.SEALED_FIRST,
    Format.ROUNDS,
    Format.WEIGHTED,
    Format.DUTCH,
]
EACH = 250  # a format and adversary: 2,500 in all


@cache
def paper_of(kind: Format) -> Paper:
    return played(terms_of(kind, Direction.UP), seed=11, count=24)


def receipts_of(paper: Paper) -> list[str]:
    return [paper.receipt(sequence) for sequence in paper.receipts]


def passes(bundle: Any, **more: Any) -> bool:
    try:
        verify(bundle, **more)
    except LinkBroken:
        return False
    return True


# AU56
@pytest.mark.parametrize("audience", ["public", "auditor"])
@pytest.mark.parametrize("kind", FORMATS)
def test_no_change_by_a_stranger_passes(kind: Format, audience: str) -> None:
    """With or without new hashes, with a signature of its own, with its own keys in the file."""
    rng = random.Random(f"{kind} {audience}")
    bundle = paper_of(kind).bundle(audience)
    verify(bundle, keys=JWKS)
    unnoticed = Counter[str]()
    made_count = 0
    while made_count < EACH // 2:
        name, changed = mutated(rng, bundle)
        made = resigned(rng, changed)
        if made != bundle:  # a changed hash is recomputed away
            made_count += 1
            unnoticed[name] += passes(made, keys=JWKS)
    assert +unnoticed == Counter()


def rows_of(event: Any) -> list[Any]:
    public = event["public"]
    rows = public.get("bids", []) if isinstance(public, dict) else []
    return rows if isinstance(rows, list) else []


def touched(paper: Paper, made: Any) -> list[int]:
    """Return the commands whose row, or the event that it lies in, is not as it was."""
    found = [(row, event["hash"]) for event in made["events"] for row in rows_of(event)]
    return [
        row["sequence"]
        for event in paper.events
        for row in event["public"].get("bids", [])
        if row["sequence"] in paper.receipts and (row, event["hash"]) not in found
    ]


# AU56
@pytest.mark.parametrize("kind", FORMATS)
def test_no_change_by_the_exchange_itself_passes(kind: Format) -> None:
    """It recomputes all hashes and signs anew; published heads give it away, and so does the
    receipt of every bidder whose bid it touched, alone."""
    rng = random.Random(str(kind))
    paper = paper_of(kind)
    bundle = paper.bundle()
    unnoticed, by_receipt, made_count, by_rules = Counter[str](), 0, 0, 0
    while made_count < EACH:
        name, changed = mutated(rng, bundle)
        made = rewritten(rng, changed)
        if made is None or made == bundle:
            continue
        made_count += 1
        unnoticed[name] += passes(made, keys=JWKS, heads=paper.heads)
        by_rules += not passes(made, keys=JWKS)
        for sequence in touched(paper, made):
            by_receipt += 1
            with pytest.raises(LinkBroken):
                check_receipt(paper.receipt(sequence), made, JWKS)
            if rng.random() < 0.02:
                assert not passes(made, keys=JWKS, receipts=[paper.receipt(sequence)])
    assert +unnoticed == Counter()
    assert by_receipt > EACH
    assert by_rules > EACH * 0.7  # most stories break the rules anyway; some do not


# AU56
def test_what_only_receipts_and_heads_can_show() -> None:
    """An exchange that leaves out the last bidder altogether, before it told anybody.

    Its story is whole: rules, hashes and signature hold. So a bundle alone proves that the rules
    were kept on what it holds, and not that it holds everything.
    """
    honest = Paper(terms_of(Format.SEALED_FIRST))
    forged = Paper(terms_of(Format.SEALED_FIRST))
    best = played_sealed(honest, (70, 80, 90))
    played_sealed(forged, (70, 80))
    made = forged.bundle()
    assert passes(made, keys=JWKS)
    assert made["result"] != honest.bundle()["result"]
    assert not passes(made, keys=JWKS, heads=honest.heads)
    assert not passes(made, keys=JWKS, receipts=[honest.receipt(best)])
    with pytest.raises(ReceiptDenied):
        check_receipt(honest.receipt(best), made, JWKS)


def played_sealed(paper: Paper, amounts: tuple[int, ...]) -> int:
    for number, amount in enumerate(amounts):
        now = OPENS + timedelta(minutes=number + 1)
        paper.judge([Bid(f"A{number}", Money(amount * 1_000_000))], now)
    paper.finish()
    return len(amounts)


# AU56
def test_a_strangers_whole_forgery_needs_known_keys() -> None:
    """Who makes up an exchange makes up its keys: compare them, as the command says."""
    bundle = clone(paper_of(Format.DUTCH).bundle())
    bundle["keys"] = STRANGER_KEYS
    made = signed(bundle, signer=STRANGER, kid=STRANGER_KID)
    assert passes(made)
    assert not passes(made, keys=JWKS)


# AU53
def test_the_auditor_finds_a_system_bid_beyond_its_limit() -> None:
    """The exchange forges a limit with a commitment that fits: the system's bids no longer do."""
    paper = played(terms_of(Format.MULTIPLE_BIDS), seed=11, count=60)
    found = 0
    for reveal in [it for it in paper.reveals if it.get("kind") == "limit"]:
        bundle = clone(paper.bundle("auditor"))
        row = next(
            row
            for event in bundle["events"]
            for row in event["public"].get("bids", [])
            if row["sequence"] == reveal["sequence"]
        )
        if "refusal" in row:
            continue
        forged = next(it for it in bundle["reveals"] if it["sequence"] == row["sequence"])
        forged["amount"]["amount"] = "600000.00"
        salt = bytes.fromhex(forged["salt"])
        row["commitment"] = salted_digest({"amount": forged["amount"]}, salt)
        bundle["heads"] = []
        found += not passes(signed(rechained(bundle)))
    assert found > 3
