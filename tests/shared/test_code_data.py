"""The shipped code tables and regions: shape, uniqueness, hierarchy and known counts."""

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import app.shared
from app.shared.credit_code import REGION_PREFIXES

DATA = Path(app.shared.__file__).parent / "data"
FILES = sorted((DATA / "codes").glob("*.json"))
TOP_LEVEL_COUNTS = {
    "achievement_kind": 3,
    "bidding_format": 7,
    "buyer_scale": 4,
    "contract_type": 5,
    "conversion_mode": 6,
    "cooperation_mode": 8,
    "edition": 10,
    "failure_risk_rule": 5,
    "industry": 20,
    "ip_kind": 10,
    "ip_ownership": 6,
    "licence_kind": 3,
    "match_rejection_reason": 10,
    "party_type": 9,
    "payment_mode": 4,
    "plan_source": 5,
    "pricing_mode": 3,
    "readiness_scale": 4,
    "result_level": 5,
    "result_property": 3,
    "result_stage": 3,
    "seller_class": 4,
    "social_economic_objective": 13,
    "technology_field": 11,
}
CHILDREN = {
    ("contract_type", "development"): 2,
    ("contract_type", "transfer"): 7,
    ("contract_type", "licence"): 2,
    ("contract_type", "consulting"): 0,
    ("contract_type", "service"): 3,
    ("party_type", "government"): 4,
    ("party_type", "public_institution"): 4,
    ("party_type", "association"): 0,
    ("party_type", "domestic_enterprise"): 8,
    ("party_type", "hmt_enterprise"): 4,
    ("party_type", "foreign_enterprise"): 4,
}
ENTRY_KEYS = {
    "name",
    "code",
    "label_zh",
    "label_en",
    "parent",
    "confirmed",
    "valid_from",
    "valid_to",
}


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def entries(table: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in load(DATA / "codes" / f"{table}.json")["entries"]}


def unconfirmed(table: str) -> set[str]:
    return {name for name, row in entries(table).items() if not row["confirmed"]}


def test_every_table_is_here_and_no_other() -> None:
    assert {path.stem for path in FILES} == set(TOP_LEVEL_COUNTS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shape_and_uniqueness(path: Path) -> None:
    table = load(path)
    assert set(table) == {"table", "version", "source", "entries"}
    assert table["table"] == path.stem
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", table["version"])
    assert len(table["source"]) > 5
    rows = table["entries"]
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names))
    by_name = {row["name"]: row for row in rows}
    for row in rows:
        assert set(row) == ENTRY_KEYS
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", row["name"])
        assert row["code"] is None or re.fullmatch(r"[A-Z0-9]+", row["code"])
        assert re.search(r"[\u4e00-\u9fff]", row["label_zh"])
        assert row["label_en"].isascii()
        assert isinstance(row["confirmed"], bool)
        for bound in (row["valid_from"], row["valid_to"]):
            assert bound is None or date.fromisoformat(bound)
        # Two levels at most: a parent is itself without a parent.
        assert row["parent"] is None or by_name[row["parent"]]["parent"] is None
    for key in ("label_zh", "label_en"):
        assert max(Counter(row[key] for row in rows).values()) == 1


@pytest.mark.parametrize(("table", "count"), TOP_LEVEL_COUNTS.items())
def test_top_level_counts(table: str, count: int) -> None:
    assert sum(row["parent"] is None for row in entries(table).values()) == count


@pytest.mark.parametrize(("table", "parent"), CHILDREN)
def test_children_counts(table: str, parent: str) -> None:
    rows = entries(table).values()
    assert sum(row["parent"] == parent for row in rows) == CHILDREN[table, parent]


@pytest.mark.parametrize("table", ["technology_field", "social_economic_objective"])
def test_numbered_tables_run_from_one_and_stay_unconfirmed(table: str) -> None:
    rows = list(entries(table).values())
    assert [row["code"] for row in rows] == [f"{number:02d}" for number in range(1, len(rows) + 1)]
    assert not any(row["confirmed"] for row in rows)


def test_industry_sections_are_a_to_t() -> None:
    assert "".join(row["code"] for row in entries("industry").values()) == "ABCDEFGHIJKLMNOPQRST"


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("ip_kind", {"invention_patent", "utility_model", "design", "plant_variety"}),
        ("payment_mode", {"royalty", "other_payment"}),
        ("result_stage", {"mature"}),
        ("result_level", {"domestic_advanced"}),
        ("party_type", {"foreign_sole_investment", "natural_person", "overseas_body"}),
        ("plan_source", set()),
        ("bidding_format", set()),
    ],
)
def test_rows_in_doubt_are_marked(table: str, names: set[str]) -> None:
    assert names <= unconfirmed(table)
    assert unconfirmed(table) <= names | {"design_copyright"}


def test_party_type_codes_follow_their_parent() -> None:
    table = entries("party_type")
    codes = [row["code"] for row in table.values() if row["code"]]
    assert len(codes) == len(set(codes))
    for row in table.values():
        parent = table.get(row["parent"])
        if parent:
            # 021 belongs to 020; the enterprises count in tens below a hundred.
            kept = 1 if parent["code"].endswith("00") else 2
            assert row["code"][:kept] == parent["code"][:kept]


def test_readiness_scales_tell_their_last_level() -> None:
    for row in entries("readiness_scale").values():
        assert int(row["code"]) in {9, 10, 13}


def regions() -> dict[str, dict[str, Any]]:
    data = load(DATA / "regions.json")
    assert set(data) == {"version", "source", "entries"}
    by_code = {row["code"]: row for row in data["entries"]}
    assert len(by_code) == len(data["entries"])
    return by_code


def test_regions_hang_together() -> None:
    table = regions()
    assert list(table) == sorted(table)
    for code, row in table.items():
        assert set(row) == {"code", "name", "parent"}
        assert re.fullmatch(r"\d{6}", code)
        assert row["name"]
        if code.endswith("0000"):
            assert row["parent"] is None
        elif code.endswith("00"):
            assert row["parent"] == code[:2] + "0000"
        else:
            assert row["parent"] == code[:4] + "00"
        assert row["parent"] is None or row["parent"] in table


def test_provinces_are_34_and_agree_with_the_credit_code_prefixes() -> None:
    provinces = {code[:2] for code in regions() if code.endswith("0000")}
    assert len(provinces) == 34
    assert provinces | {"10"} == REGION_PREFIXES


def test_prefectures_are_333() -> None:
    # 293 cities, 30 autonomous prefectures, 7 prefectures and 3 leagues at the end of 2023.
    names = [row["name"] for row in regions().values() if (row["parent"] or "").endswith("0000")]
    assert Counter(name[-1] for name in names) == {"市": 293, "州": 30, "区": 7, "盟": 3}


def test_zhejiang_has_11_cities_and_90_counties() -> None:
    zhejiang = {code: row["name"] for code, row in regions().items() if code.startswith("33")}
    cities = [code for code in zhejiang if code.endswith("00")]
    assert len(cities) == 1 + 11
    assert len(zhejiang) - len(cities) == 90
    districts = {code: name for code, name in zhejiang.items() if code.startswith("3301")}
    assert districts == {
        "330100": "杭州市",
        "330102": "上城区",
        "330105": "拱墅区",
        "330106": "西湖区",
        "330108": "滨江区",
        "330109": "萧山区",
        "330110": "余杭区",
        "330111": "富阳区",
        "330112": "临安区",
        "330113": "临平区",
        "330114": "钱塘区",
        "330122": "桐庐县",
        "330127": "淳安县",
        "330182": "建德市",
    }
    assert zhejiang["330383"] == "龙港市"
    assert zhejiang["331083"] == "玉环市"


@pytest.mark.parametrize(
    ("code", "name"),
    [("330200", "宁波市"), ("460400", "儋州市"), ("540600", "那曲市"), ("371200", None)],
)
def test_regions_as_of_2023(code: str, name: str | None) -> None:
    # Laiwu (371200) joined Jinan in 2019.
    assert regions().get(code, {}).get("name") == name
