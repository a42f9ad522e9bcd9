"""Lots from what events say, in any order, against a story told in order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.insight.domain.lots import Lot, Method, Outcome, Part, Told, lot_of, ratio_bp

Json = dict[str, Any]
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
TERMS: Json = {
    "number": "ZP-L-2026-000001",
    "title": "高镍正极前驱体连续沉淀工艺",
    "achievement_id": "0193f000-0000-7000-8000-000000000001",
    "technology_field": "new_materials",
    "seller_region": "330106",
    "seller_class": "university",
    "pricing_mode": "bidding",
    "sandbox": False,
    "currency": "CNY",
    "start_minor": 60_000_000,
    "appraisal_minor": 75_000_000,
}


def end(outcome: str, hours: int = 10, bidders: int = 0) -> Json:
    came = {"registered": 5, "qualified": 4, "deposited": 3, "bidders": bidders}
    return {"outcome": outcome, "at": (AT + timedelta(hours=hours)).isoformat(), **came}


def deal(price: int = 82_000_000, hours: int = 9) -> Json:
    return {
        "price_minor": price,
        "start_minor": 60_000_000,
        "currency": "CNY",
        "buyer_region": "330402",
        "confirmed_at": (AT + timedelta(hours=hours)).isoformat(),
    }


def default(hours: int) -> Json:
    return {"at": (AT + timedelta(hours=hours)).isoformat()}


def lot(**said: Json) -> Lot:
    names = {name.replace("__", ":"): value for name, value in said.items()}
    found = lot_of({"terms": TERMS} | names)
    assert found is not None
    return found


def test_nothing_is_counted_before_its_notice() -> None:  # IN2
    assert lot_of({"deal:a": deal(), "end": end("sold")}) is None


# what is said, outcome, hours after AT of its end, price, defaults
CASES: list[tuple[Json, Outcome, int | None, int | None, int]] = [
    ({}, Outcome.RUNNING, None, None, 0),
    ({"deal__a": deal()}, Outcome.RUNNING, None, None, 0),  # its listing has not heard yet
    ({"end": end("sold")}, Outcome.RUNNING, None, None, 0),  # nor has its deal been read
    ({"deal__a": deal(), "end": end("sold")}, Outcome.SOLD, 9, 82_000_000, 0),
    ({"end": end("failed", 11)}, Outcome.FAILED, 11, None, 0),
    ({"end": end("withdrawn", 3)}, Outcome.WITHDRAWN, 3, None, 0),
    ({"end": end("terminated", 4)}, Outcome.TERMINATED, 4, None, 0),
    # A default takes the deal out at once; whoever buys in its place brings the lot back.
    (
        {"deal__a": deal(), "default__a": default(30), "end": end("running", 31)},
        Outcome.DEFAULTED,
        30,
        None,
        1,
    ),
    (
        {"deal__a": deal(), "default__a": default(30), "end": end("failed", 31)},
        Outcome.DEFAULTED,
        30,
        None,
        1,
    ),
    (
        {
            "deal__a": deal(),
            "default__a": default(30),
            "deal__b": deal(70_000_000, 40),
            "end": end("sold", 41),
        },
        Outcome.SOLD,
        40,
        70_000_000,
        1,
    ),
]


@pytest.mark.parametrize(("said", "outcome", "hours", "price", "defaults"), CASES)
def test_a_lot_is_counted_once_with_the_deal_that_stands(
    said: Json, outcome: Outcome, hours: int | None, price: int | None, defaults: int
) -> None:
    """IN2, IN3"""
    found = lot(**said)
    ended_at = None if hours is None else AT + timedelta(hours=hours)
    assert (found.outcome, found.ended_at) == (outcome, ended_at)
    assert (found.price_minor, found.defaults) == (price, defaults)
    assert found.buyer_region == ("330402" if outcome is Outcome.SOLD else None)


@pytest.mark.parametrize(
    ("pricing_mode", "bidders", "method"),
    [
        ("bidding", 0, Method.UNCONTESTED),
        ("bidding", 1, Method.UNCONTESTED),
        ("bidding", 2, Method.CONTESTED),
        ("posted", 1, Method.UNCONTESTED),
        ("posted", 3, Method.CONTESTED),
        ("agreement", 0, Method.OFF_FLOOR),
        ("agreement", 2, Method.OFF_FLOOR),
    ],
)
def test_only_two_who_have_bid_are_competition(
    pricing_mode: str, bidders: int, method: Method
) -> None:
    """IN3: three of these five paid a deposit, and that alone contests nothing."""
    found = lot_of(
        {"terms": TERMS | {"pricing_mode": pricing_mode}, "end": end("failed", bidders=bidders)}
    )
    assert found is not None
    assert found.method is method


def test_an_unknown_amount_or_another_currency_is_in_no_sum() -> None:  # IN6
    sold = {"deal__a": deal(), "end": end("sold")}
    assert lot(**sold).is_priced
    assert str(lot(**sold).premium_rate) == "0.3667"
    assert not lot(**sold, price__a={"amount_known": False}).is_priced
    assert lot(**sold, price__b={"amount_known": False}).is_priced  # another deal's
    foreign = {"deal__a": deal() | {"currency": "USD"}, "end": end("sold")}
    assert not lot(**foreign).is_priced


@pytest.mark.parametrize(
    ("part", "whole", "ratio"), [(1, 3, 3333), (1, 2, 5000), (33_335, 100_000, 3334), (0, 7, 0)]
)
def test_ratios_are_half_up(part: int, whole: int, ratio: int) -> None:
    assert ratio_bp(part, whole) == ratio


STORY = [
    Told(part=Part.TERMS, version=1, said=TERMS),
    Told(part=Part.TERMS, version=2, said=TERMS | {"start_minor": 55_000_000}),
    Told(part="deal:a", version=1, said=deal()),
    Told(part=Part.END, version=3, said=end("sold", 9)),
    Told(part="default:a", version=2, said=default(30)),
    Told(part=Part.END, version=4, said=end("running", 31)),
    Told(part="deal:b", version=1, said=deal(61_000_000, 40)),
    Told(part=Part.END, version=5, said=end("sold", 41, 2)),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(STORY), max_size=6), st.permutations(STORY))
def test_neither_order_nor_repetition_changes_a_lot(
    again: list[Told], shuffled: list[Told]
) -> None:
    """IN1: as the table keeps it: the later version of a part."""
    known: dict[str, Told] = {}
    for told in [*again, *shuffled]:
        if told.part not in known or known[told.part].version < told.version:
            known[told.part] = told
    in_order = {told.part: told.said for told in STORY}
    assert lot_of({part: told.said for part, told in known.items()}) == lot_of(in_order)
