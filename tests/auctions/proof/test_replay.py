"""An honest auction always verifies, in every format and direction, for both audiences."""

import json
import random
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.auctions.domain.model import BIDDABLE, Bid
from app.auctions.domain.terms import Direction, Format, PriorityMode, Terms
from app.auctions.proof.broken import LinkBroken
from app.auctions.proof.shell import verify_files
from app.auctions.proof.verify import Report, verify
from app.shared.jsonable import jsonable
from app.shared.money import Money
from tests.auctions.commands import OPENS, generate, terms_of
from tests.auctions.proof.paper import JWKS, Paper, clone, rechained, signed

CODES = [f"A{number:02d}" for number in range(1, 8)]


def played(
    terms: Terms,
    *,
    seed: int,
    count: int = 60,
    ranks: dict[str, int] | None = None,
    reserve: Money | None = None,
    pauses: bool = False,
) -> Paper:
    """Play a random auction to its end."""
    rng = random.Random(seed)
    paper = Paper(terms, ranks=ranks or {}, reserve=reserve)
    commands = generate(seed, count, terms, CODES, ranks=ranks)
    delay = 0
    for _, group in groupby(commands, key=lambda pair: pair[0] // rng.choice([1, 1, 5])):
        together = list(group)
        now = OPENS + timedelta(seconds=together[-1][0] + delay)
        paper.judge([command for _, command in together], now)
        moment = now + timedelta(milliseconds=rng.randrange(2))
        paper.bring_up_to(moment)
        if pauses and rng.random() < 0.04 and paper.state.status in BIDDABLE:
            back = moment + timedelta(seconds=terms.resumption_notice_s + rng.randrange(900))
            paper.pause(moment, resumes_at=back)
            delay += int((back - now).total_seconds()) + 1
    paper.finish()
    return paper


def check(paper: Paper, audience: str) -> Report:
    receipts = [paper.receipt(sequence) for sequence in paper.receipts]
    return verify(paper.bundle(audience), keys=JWKS, heads=paper.heads, receipts=receipts)


# AU50
@pytest.mark.parametrize("audience", ["public", "auditor"])
@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("kind", list(Format))
def test_an_honest_auction_verifies(kind: Format, direction: Direction, audience: str) -> None:
    for seed in range(3):
        paper = played(terms_of(kind, direction), seed=seed)
        report = check(paper, audience)
        assert report.result["bidder_code"] == paper.state.leader
        assert report.bids == paper.state.judged_count
        assert report.receipts == len(paper.receipts)
        assert report.heads == len(paper.heads) > 1
        assert set(report.notes) <= ({"limits"} if audience == "public" else set())


@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(list(Format)),
    direction=st.sampled_from(list(Direction)),
    audience=st.sampled_from(["public", "auditor"]),
    secret=st.booleans(),
    mode=st.sampled_from(list(PriorityMode)),
    pauses=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_any_honest_auction_verifies(
    seed: int,
    kind: Format,
    direction: Direction,
    audience: str,
    secret: bool,
    mode: PriorityMode,
    pauses: bool,
) -> None:
    """Secret reserves, priority rights and interruptions included."""
    more: dict[str, Any] = {}
    terms = terms_of(kind, direction)
    reserve = None
    if secret and kind is not Format.DUTCH:
        more["reserve_secret"] = True
        reserve = terms.start + Money(terms.sign * (seed % 40) * 100_000)
    if mode is PriorityMode.INSIDE and kind not in {Format.MULTIPLE_BIDS, Format.DYNAMIC}:
        mode = PriorityMode.ORDINARY
    if kind is Format.WEIGHTED or kind is Format.DUTCH:
        mode = PriorityMode.NONE
    ranks = {"A02": 1, "A05": 2} if mode is not PriorityMode.NONE else {}
    window: dict[str, Any] = {"priority_window_s": 600} if mode is PriorityMode.AFTER else {}
    terms = terms_of(kind, direction, priority_mode=mode, **more, **window)
    paper = played(terms, seed=seed, count=40, ranks=ranks, reserve=reserve, pauses=pauses)
    check(paper, audience)


# AU57
@pytest.mark.parametrize("kind", [Format.MULTIPLE_BIDS, Format.SEALED_FIRST, Format.DUTCH])
def test_a_cancelled_auction_verifies_and_reveals_nothing_sealed(kind: Format) -> None:
    paper = Paper(terms_of(kind))
    commands = generate(5, 40, terms_of(kind), CODES)[:12]
    for offset, command in commands:
        paper.judge([command], OPENS + timedelta(seconds=offset))
    paper.cancel(OPENS + timedelta(seconds=commands[-1][0] + 1))
    bundle = paper.bundle()
    report = verify(bundle, heads=paper.heads)
    assert report.result["status"] == "cancelled"
    if kind is Format.SEALED_FIRST:
        assert bundle["reveals"] == []
        assert report.notes["withheld"] > 0
    else:
        assert report.notes["withheld"] == 0


def test_late_bids_behind_the_result_are_replayed_too() -> None:
    paper = played(terms_of(Format.MULTIPLE_BIDS), seed=1)
    late = generate(2, 3, paper.terms, CODES)
    paper.judge([command for _, command in late], paper.state.deadline_at + timedelta(hours=9))
    paper.publish_head()
    assert check(paper, "public").bids == paper.state.judged_count


def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"format": "zhepai-proof/1"}', "[" * 5000, "{"):
        path = tmp_path / "x.json"
        path.write_text(text)
        told, holds = verify_files(path)
        assert not holds
        assert told.startswith("不成立")
    assert not verify_files(tmp_path / "missing.json")[1]


def test_the_shell_takes_receipts_and_heads_as_people_keep_them(tmp_path: Path) -> None:
    paper = played(terms_of(Format.MULTIPLE_BIDS), seed=3)
    for name, value in {
        "bundle": paper.bundle(),
        "keys": JWKS,
        "heads": {"items": [{"heads": paper.heads, "hash": "x"}], "next": None},
        "answer": {"receipt": paper.receipt(min(paper.receipts)), "salt": "00"},
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    told, holds = verify_files(
        tmp_path / "bundle.json",
        receipts=[str(tmp_path / "answer.json"), paper.receipt(max(paper.receipts))],
        heads=tmp_path / "heads.json",
        keys=tmp_path / "keys.json",
    )
    assert holds
    assert f"receipts that fit: {2}" in told
    assert f"heads that fit: {len(paper.heads)}" in told
    assert "--keys" not in told
    assert "--heads" not in told
    assert not verify_files(tmp_path / "bundle.json", receipts=["nowhere"])[1]


# AU53
def test_the_auditor_sees_a_system_bid_that_the_limit_does_not_support() -> None:
    """The public bundle cannot: it says so. The auditor's recomputes it."""
    paper = played(terms_of(Format.MULTIPLE_BIDS), seed=0)
    bundle = clone(paper.bundle("auditor"))
    limit = next(one for one in bundle["reveals"] if one.get("kind") == "limit")
    limit["amount"]["amount"] = "1.00"
    with pytest.raises(LinkBroken, match="signed"):
        verify(bundle)
    assert verify(paper.bundle()).notes["limits"] > 0


def bid(paper: Paper, who: str, steps: int, second: int) -> None:
    terms = paper.terms
    assert terms.step is not None
    paper.judge([Bid(who, terms.start + terms.step * steps)], OPENS + timedelta(seconds=second))


# AU51
def test_a_pause_by_fault_is_recomputed_from_the_recorded_absence() -> None:
    paper = Paper(terms_of(Format.MULTIPLE_BIDS))
    bid(paper, "A01", 0, 10)
    bid(paper, "A02", 1, 3590)
    ends = paper.state.deadline_at
    away = ends - timedelta(seconds=60), ends + timedelta(seconds=30)
    assert paper.fault(away, ends + timedelta(seconds=31))
    paper.finish()
    report = check(paper, "public")
    assert report.result["bidder_code"] == "A02"
    assert report.notes["faults"] == 1
    bundle = clone(paper.bundle())
    paused = next(it for it in bundle["events"] if it["type"] == "auction.paused")
    paused["public"]["absences"][0][0] = jsonable(ends - timedelta(seconds=5))
    bundle["heads"] = []
    with pytest.raises(LinkBroken, match="absences do not lead"):
        verify(signed(rechained(bundle)))


# AU58
def test_who_stands_by_and_buys_at_which_price_is_recomputed() -> None:
    def sold_to(bidder: str, steps: int, standby: list[str]) -> Paper:
        paper = Paper(terms_of(Format.MULTIPLE_BIDS, standby_count=2))
        for place, who in enumerate(["A01", "A02", "A03", "A01"]):
            bid(paper, who, place, 10 + place)
        paper.finish()
        day = timedelta(days=1)
        paper.confirm(paper.state.deadline_at + day, standby=standby)
        paper.default(paper.state.deadline_at + 2 * day)
        assert paper.terms.step is not None
        price = paper.terms.start + paper.terms.step * steps
        paper.opt_in(paper.state.deadline_at + 3 * day, bidder, price)
        paper.publish_head()
        return paper

    order = ["A03", "A02"]
    report = check(sold_to("A03", 2, order), "public")
    assert report.result["bidder_code"] == "A03"
    assert report.notes["awards"] == 2
    check(sold_to("A02", 1, order), "public")  # A03 has declined
    for bidder, steps, standby in [
        ("A03", 1, order),  # not at its own best bid
        ("A02", 1, ["A02", "A03"]),
        ("A04", 2, order),
        ("A01", 3, order),  # who defaulted
    ]:
        with pytest.raises(LinkBroken):
            check(sold_to(bidder, steps, standby), "public")
