"""A proof shows one thing, and no changed bid or proof shows an amount."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shared.sealing import (
    Opened,
    OpeningProofWrong,
    SealMalformed,
    VoidReason,
    check_shape,
    decide,
    decrypt_share,
    seal_and_keep,
    verify_opening,
)
from app.shared.sealing.form import read_form
from tests.shared.sealing.dealer import (
    AMOUNT,
    BID,
    HOLDERS,
    PRIVATE,
    Handed,
    crooked,
    hand_in,
    honest,
    whole,
)

Path = tuple[str | int, ...]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the way to every member, deepest last."""
    if isinstance(value, dict | list):
        for name in value if isinstance(value, dict) else range(len(value)):
            yield (*path, name)
            yield from paths(value[name], (*path, name))


def mutate(value: Any, path: Path, change: Callable[[Any], Any] | None) -> Any:
    """Return a copy in which one member is changed, or dropped."""
    told = copy.deepcopy(value)
    parent = told
    for step in path[:-1]:
        parent = parent[step]
    if change is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = change(parent[path[-1]])
    return told


def flip(value: Any, at: int) -> Any:
    """Return a value of the same kind that differs at one place."""
    if isinstance(value, str) and value:
        at %= len(value)
        other = next(char for char in "A0b1" if char != value[at])
        return value[:at] + other + value[at + 1 :]
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return value[::-1] if value != value[::-1] else [*value, 1]
    return "x" if not isinstance(value, dict) else {**value, "x": 1}


SEALED = honest(count=4, threshold=3)
OPENED = decide(SEALED, hand_in(SEALED), **BID)
CHANGES: list[Callable[[Any], Any] | None] = [None, lambda _: None, lambda _: 1, lambda _: []]


def accepted_by_server(sealed: Any) -> bool:
    try:
        check_shape(sealed, **BID, holders=HOLDERS[:4], threshold=3)
    except SealMalformed:
        return False
    return True


def change_of(number: int) -> Callable[[Any], Any] | None:
    return CHANGES[number] if number < len(CHANGES) else lambda value: flip(value, number)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from([*paths(SEALED)]), st.integers(0, 120))
def test_a_changed_bid_never_shows_an_amount(path: Path, number: int) -> None:
    # AU65: neither as it is, nor with a fresh commitment to the whole.
    changed = mutate(SEALED, path, change_of(number))
    if changed == SEALED:
        return
    assert not accepted_by_server(changed)
    for told in (changed, whole(changed)):
        for end in (end_by_holders, end_by_proof):
            if told == SEALED:  # the commitment alone was changed, and is made anew
                continue
            try:
                opened = end(told)
            except (SealMalformed, OpeningProofWrong):
                continue
            assert opened is None or opened.amount is None


def end_by_holders(sealed: Any) -> Opened | None:
    shares = read_form(sealed).shares
    handed = {
        index: decrypt_share(sealed, index=index, private_key=PRIVATE[index - 1])
        for index, share in enumerate(shares, start=1)
        if share["holder"] == HOLDERS[index - 1].public_key
    }
    return decide(sealed, handed, **BID)


def end_by_proof(sealed: Any) -> Opened | None:
    assert OPENED is not None
    return verify_opening(sealed, OPENED.proof, **BID)


def proofs() -> dict[str, tuple[dict[str, Any], Handed, Opened]]:
    """Return bid, shares and end, one for every kind of proof."""
    cases: dict[str, dict[str, Any]] = {
        "opened": honest(),
        "inconsistent": crooked(off=[2], seed="a"),
        "misdealt": crooked(misdealt={3: "garbage"}, seed="b"),
        "unreadable": crooked(spoilt=True, seed="c"),
        "too_few": crooked(count=4, threshold=3, misdealt={1: "garbage", 4: "low_order"}),
    }
    ends = {}
    for name, sealed in cases.items():
        opened = decide(sealed, hand_in(sealed), **BID)
        assert opened is not None
        ends[name] = (sealed, hand_in(sealed), opened)
    return ends


PROOFS = proofs()
PLACES = [(name, path) for name, (_, _, end) in PROOFS.items() for path in paths(end.proof)]


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(PLACES), st.integers(0, 120))
def test_a_changed_proof_shows_nothing(place: tuple[str, Path], number: int) -> None:
    # AU65
    name, path = place
    sealed, _, opened = PROOFS[name]
    complaints = opened.proof["unreadable"]
    changed = mutate(opened.proof, path, change_of(number))
    if json.dumps(changed) != json.dumps(opened.proof):
        with pytest.raises(OpeningProofWrong):
            verify_opening(sealed, changed, **BID, complaints=complaints)


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_survives_json_and_shows_the_end(name: str) -> None:
    # AU65
    sealed, _, opened = json.loads(json.dumps(PROOFS[name][0])), None, PROOFS[name][2]
    proof = json.loads(json.dumps(opened.proof))
    complaints = proof["unreadable"]
    assert verify_opening(sealed, proof, **BID, complaints=complaints) == opened
    for other, (_, _, end) in PROOFS.items():
        if other != name:
            with pytest.raises(OpeningProofWrong):
                verify_opening(sealed, end.proof, **BID, complaints=complaints)


@pytest.mark.parametrize("proof", [None, [], {}, "x", {"shares": 1, "unreadable": [], "key": None}])
def test_what_is_no_proof_shows_nothing(proof: Any) -> None:
    with pytest.raises(OpeningProofWrong):
        verify_opening(SEALED, proof, **BID)


def test_nobody_voids_a_bid_by_inventing_complaints() -> None:
    # AU66: the reason too_few_shares rests on what holders said, so that must be on record.
    proof = {"shares": [], "unreadable": [1, 2, 3], "key": None}
    sealed = honest()
    for complaints in ((), (1, 2)):
        with pytest.raises(OpeningProofWrong):
            verify_opening(sealed, proof, **BID, complaints=complaints)
    shown = verify_opening(sealed, proof, **BID, complaints=(1, 2, 3))
    assert shown.void_reason is VoidReason.TOO_FEW_SHARES


def test_a_bidder_can_show_that_its_holders_lied() -> None:
    # AU66
    sealed, proof = seal_and_keep(AMOUNT, **BID, holders=HOLDERS[:3], threshold=2)
    void = decide(sealed, {1: None, 2: None, 3: None}, **BID)
    assert void is not None
    assert void.void_reason is VoidReason.TOO_FEW_SHARES
    assert verify_opening(sealed, proof, **BID).amount == AMOUNT
