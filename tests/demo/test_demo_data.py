"""The shipped demo data: references, sums, check digits, coverage and the bid rules."""

import json
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import app.demo
import app.shared
from app.shared.calendar import mainland_china
from app.shared.credit_code import validate_credit_code
from app.shared.money import Money, premium_rate
from app.shared.patent_number import validate_patent_number

DEMO = Path(app.demo.__file__).parent / "data"
SHARED = Path(app.shared.__file__).parent / "data"
Row = dict[str, Any]

PATENT_TYPE = {"invention_patent": "18", "utility_model": "29", "design": "3"}
OTHER_NUMBERS = {
    "software_copyright": r"20\d\dSR\d{7}",
    "plant_variety": r"CNA\d{11}",
    "layout_design": r"BS\.\d{9}",
}


@cache
def demo(name: str) -> Any:
    return json.loads((DEMO / f"{name}.json").read_text(encoding="utf-8"))


@cache
def names(table: str) -> frozenset[str]:
    path = SHARED / "codes" / f"{table}.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["entries"]
    return frozenset(row["name"] for row in rows)


@cache
def region_codes() -> frozenset[str]:
    rows = json.loads((SHARED / "regions.json").read_text(encoding="utf-8"))["entries"]
    return frozenset(row["code"] for row in rows)


def by_key(name: str) -> dict[str, Row]:
    rows = {row["key"]: row for row in demo(name)}
    assert len(rows) == len(demo(name)), "keys repeat"
    return rows


def money(value: Row) -> Money:
    assert set(value) == {"amount", "currency"}
    assert re.fullmatch(r"\d+\.\d\d", value["amount"])
    return Money.parse(value["amount"], value["currency"])


def each(name: str) -> pytest.MarkDecorator:
    rows = demo(name)
    return pytest.mark.parametrize("row", rows, ids=[row["key"] for row in rows])


@each("parties")
def test_party(row: Row) -> None:
    assert row["region_code"] in region_codes()
    assert row["party_type"] in names("party_type")
    assert row["industry"] in names("industry")
    assert row["scale"] is None or row["scale"] in names("buyer_scale")
    assert row["seller_class"] is None or row["seller_class"] in names("seller_class")
    assert ("seller_staff" in row["roles"]) == (row["seller_class"] is not None)
    assert set(row["roles"]) <= {
        "seller_staff",
        "buyer_staff",
        "broker",
        "expert",
        "operator",
        "auditor",
    }
    assert re.fullmatch(r"0\d{2,3}-5555\d{4}", row["phone"])
    assert re.fullmatch(r"\d{6}", row["postcode"])
    if row["kind"] == "person":
        assert row["credit_code"] is None
        assert row["party_type"] == "natural_person"
        return
    code = row["credit_code"]
    assert validate_credit_code(code) == code
    assert code[2:8] == row["region_code"]
    public = row["party_type"] in {"higher_education", "research_institute"}
    assert code[:2] == ("12" if public else "91")
    assert (row["scale"] is None) == public


def test_cast_of_parties() -> None:
    rows = by_key("parties").values()
    codes = [row["credit_code"] for row in rows if row["credit_code"]]
    assert len(codes) == len(set(codes))
    assert len({row["name"] for row in rows}) == len(rows)
    sellers = Counter(row["seller_class"] for row in rows if row["seller_class"])
    assert sellers["university"] + sellers["government_institute"] == 6
    assert (sellers["state_owned_enterprise"], sellers["private"]) == (1, 3)
    buyers = [row for row in rows if "buyer_staff" in row["roles"]]
    assert len(buyers) >= 14
    cities = {row["region_code"][:4] for row in buyers if row["region_code"].startswith("33")}
    assert len(cities) >= 9
    assert len({row["region_code"][:2] for row in buyers}) >= 5
    assert sum(row["kind"] == "person" for row in rows) == 2
    assert sum("broker" in row["roles"] for row in rows) == 1
    assert sum("operator" in row["roles"] for row in rows) == 1


def check_ip_asset(asset: Row) -> None:
    kind, number = asset["kind"], asset["number"]
    assert kind in names("ip_kind")
    assert asset["title"]
    if kind in PATENT_TYPE:
        assert asset["status"] in {"granted", "pending"}
        assert validate_patent_number(number) == number
        assert number[4] in PATENT_TYPE[kind]
    elif kind == "technical_secret":
        assert (number, asset["status"]) == (None, "kept_secret")
    else:
        assert asset["status"] in {"registered", "granted"}
        assert re.fullmatch(OTHER_NUMBERS[kind], number)


@each("achievements")
def test_achievement(row: Row) -> None:
    owner = by_key("parties")[row["owner"]]
    assert owner["seller_class"] is not None
    assert 150 <= len(row["abstract"]) <= 350
    assert row["technology_field"] in names("technology_field")
    assert row["kind"] in names("achievement_kind")
    assert row["plan_source"] in names("plan_source")
    assert row["conversion_modes"]
    assert set(row["conversion_modes"]) <= names("conversion_mode")
    assert row["ip_kind"] in {asset["kind"] for asset in row["ip_assets"]}
    for asset in row["ip_assets"]:
        check_ip_asset(asset)
    scale, level = row["readiness"]["scale"], row["readiness"]["level"]
    assert scale in names("readiness_scale")
    assert 1 <= level <= 9
    assert sum(person["share_bp"] for person in row["completers"]) == 10_000
    assert all(person["share_bp"] > 0 for person in row["completers"])
    assert row["empowerment"] in {"none", "ownership_share", "long_term_use"}
    if row["empowerment"] != "none":
        # Empowerment is for service results of universities and government institutes.
        assert row["service_result"]
        assert owner["seller_class"] in {"university", "government_institute"}
    assert row["price_idea"] is None or money(row["price_idea"]).amount_minor > 0
    assert row["confidentiality"] in {"public", "restricted"}
    assert 4 <= len(set(row["keywords"])) == len(row["keywords"]) <= 8
    assert len(row["evidence"]) >= 20
    assert re.search(r"\d|三|四", row["state_of_the_art"])


def test_achievements_cover_every_field() -> None:
    rows = by_key("achievements").values()
    assert len(rows) >= 44
    count = Counter(row["technology_field"] for row in rows)
    assert set(count) == names("technology_field")
    assert min(count.values()) >= 4
    assert {row["owner"] for row in rows} == {
        row["key"] for row in demo("parties") if row["seller_class"]
    }
    assert {row["kind"] for row in rows} == names("achievement_kind")
    assert {row["empowerment"] for row in rows} == {"none", "ownership_share", "long_term_use"}


def test_no_text_or_number_is_used_twice() -> None:
    rows = by_key("achievements").values()
    for field in ("title", "abstract", "evidence", "state_of_the_art"):
        assert len({row[field] for row in rows}) == len(rows)
    assets = [asset for row in rows for asset in row["ip_assets"]]
    numbers = [asset["number"] for asset in assets if asset["number"]]
    assert len(numbers) == len(set(numbers))


def check_budget(budget: Row) -> None:
    low, high = budget["low"], budget["high"]
    if budget["kind"] == "open":
        assert low is None
        assert high is None
    elif budget["kind"] == "fixed":
        assert money(low) == money(high)
    else:
        assert budget["kind"] == "range"
        assert money(low) < money(high)


def check_target(target: Row) -> None:
    assert target["operator"] in {"at_least", "at_most", "equal", "between"}
    assert target["name"]
    assert target["test_method"]
    value = Decimal(target["value"])
    assert (target["value_max"] is not None) == (target["operator"] == "between")
    assert target["value_max"] is None or value < Decimal(target["value_max"])


@each("demands")
def test_demand(row: Row) -> None:
    assert "buyer_staff" in by_key("parties")[row["poster"]]["roles"]
    assert row["technology_field"] in names("technology_field")
    assert row["cooperation_mode"] in names("cooperation_mode")
    assert row["ip_ownership"] in names("ip_ownership")
    assert row["failure_risk_rule"] in names("failure_risk_rule")
    assert row["confidentiality"] in {"public", "restricted"}
    assert set(row["who_may_answer"]) <= {"organisation", "person", "consortium"}
    assert row["who_may_answer"]
    assert len(row["background"]) >= 60
    assert row["targets"]
    for target in row["targets"]:
        check_target(target)
    check_budget(row["budget"])
    due = [date.fromisoformat(item["due_on"]) for item in row["milestones"]]
    assert due == sorted(set(due))
    assert due[-1] == date.fromisoformat(row["due_on"])
    assert due[-1].year == 2025
    assert all(mainland_china().is_working_day(day) for day in due)
    assert sum(item["share_bp"] for item in row["milestones"]) == 10_000
    assert all(item["deliverable"] and item["metric"] for item in row["milestones"])


def test_demands_spread_over_fields_and_posters() -> None:
    rows = by_key("demands").values()
    assert len(rows) >= 22
    assert {row["technology_field"] for row in rows} == names("technology_field")
    assert len({row["poster"] for row in rows}) >= 14
    assert {row["budget"]["kind"] for row in rows} == {"fixed", "range", "open"}
    assert len({row["background"] for row in rows}) == len(rows)


def bids_of(lot: Row) -> list[tuple[str, Money]]:
    return [(bid["bidder"], Money.parse(bid["amount"])) for bid in lot["bids"]]


@pytest.mark.parametrize(
    "lot", demo("session")["lots"], ids=[lot["achievement"] for lot in demo("session")["lots"]]
)
def test_lot_obeys_the_bid_rules(lot: Row) -> None:
    achievement = by_key("achievements")[lot["achievement"]]
    assert achievement["confidentiality"] == "public"
    start, step, deposit = money(lot["start"]), money(lot["step"]), money(lot["deposit"])
    assert Money(0) < deposit
    assert deposit.amount_minor * 10 <= start.amount_minor * 3
    bids = bids_of(lot)
    bidders = {bidder for bidder, _ in bids}
    for bidder in bidders:
        assert "buyer_staff" in by_key("parties")[bidder]["roles"]
        assert bidder != achievement["owner"]
    assert bids[0][1] >= start
    for (leader, lead), (bidder, amount) in pairwise(bids):
        assert bidder != leader
        steps, rest = divmod((amount - lead).amount_minor, step.amount_minor)
        assert rest == 0
        assert 1 <= steps <= 5
    if len(bidders) == 1:
        assert bids == [(bids[0][0], start)]
    else:
        assert len(bidders) in {2, 3}
        assert 3 <= len(bids) <= 8


def test_session_totals_are_the_published_ones() -> None:
    session = demo("session")
    lots = session["lots"]
    assert set(session) == {"title", "held_on_note", "source", "lots"}
    assert len({lot["achievement"] for lot in lots}) == len(lots) == 11
    assert sum(len({bidder for bidder, _ in bids_of(lot)}) == 1 for lot in lots) == 1
    start = sum((money(lot["start"]) for lot in lots), Money(0))
    deal = sum((bids_of(lot)[-1][1] for lot in lots), Money(0))
    assert str(start) == "8950000.00"
    assert str(deal) == "12300000.00"
    assert premium_rate(start=start, deal=deal) == Decimal("0.3743")
