"""A sheet of demands read cell by cell, and what its demands found, written with every reason."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demands.domain.importing import COLUMNS as TEMPLATE
from app.demands.domain.importing_writing import EXAMPLE, write_row
from app.matching.domain.calibration import shipped
from app.matching.domain.entry import EntryKind, Readiness
from app.matching.domain.factors import Compared
from app.matching.domain.match import Basis, Found, Gap, Match, MatchedTerm, Verdict
from app.matching.domain.match_sheet import RowFound, SheetBasis, write_sheets
from app.matching.domain.scoring import TextParts, contributions
from app.matching.domain.weights import DEFAULT, FACTORS
from app.matching.domain.wish_sheet import COLUMNS, SheetRead, SheetRow, read_wishes
from app.shared.ids import MarketId, PartyId
from app.shared.money import Money
from app.shared.tables.form import ImportColumnsInvalid, RawRow

TODAY = date(2026, 3, 2)


def read(header: Sequence[str], *rows: Sequence[str]) -> SheetRead:
    told = [RawRow(number, tuple(cells)) for number, cells in enumerate(rows, start=2)]
    return read_wishes(RawRow(1, tuple(header)), told, today=TODAY)


def one(row: Mapping[str, str]) -> SheetRow:
    (found,) = read(list(row), list(row.values())).rows
    return found


PLAIN = {"标题": "深孔镗削颤振抑制", "需求描述": "刀杆颤振，返修率8%。"}


def test_title_and_text_are_enough() -> None:
    """MT99"""
    wish = one(PLAIN).wish
    assert wish is not None
    assert (wish.title, wish.text) == tuple(PLAIN.values())
    assert wish.wants is EntryKind.ACHIEVEMENT


@pytest.mark.parametrize(
    "row",
    [
        {
            "需求名称*": "深孔镗削",
            "需求背景": "颤振。",
            "技术领域": "先进制造",
            "预算（万元）": "60~90",
            "期望成熟度": "TRL 6级",
            "关键词": "深孔；镗削",
            "地区代码": "330100",
            "完成时间": "2027年12月31日",
        },
        {
            "Title": "深孔镗削",
            "Description": "颤振。",
            "Technology Field": "advanced_manufacturing",
            "Budget": "600000元",
            "Budget Max": "90万元",
            "TRL": "6",
            "Keywords": "深孔,镗削",
            "region": "330100",
            "Due Date": "2027-12-31",
        },
    ],
)
def test_columns_are_known_in_chinese_and_english(row: dict[str, str]) -> None:
    """MT99"""
    found = one(row)
    assert found.faults == ()
    assert found.wish is not None
    facts = found.wish.facts
    assert found.wish.keywords == ("深孔", "镗削")
    assert facts.technology_field == "advanced_manufacturing"
    assert (facts.price_low, facts.price_high) == (Money(60_000_000), Money(90_000_000))
    assert facts.readiness == Readiness("trl_9", 6)
    assert (facts.region, facts.due_on) == ("330100", date(2027, 12, 31))


@pytest.mark.parametrize(
    ("more", "cell", "rule"),
    [
        ({"标题": ""}, "A2", "required"),
        ({"需求描述": ""}, "B2", "required"),
        ({"标题": "长" * 201}, "A2", "too_long"),
        ({"技术领域": "冶炼"}, "C2", "code_unknown"),
        ({"预算": "六十"}, "C2", "budget_malformed"),
        ({"预算": "60"}, "C2", "unit_missing"),
        ({"预算": "90万元~60万元"}, "C2", "budget_inverted"),
        ({"预算": "0元"}, "C2", "budget_not_positive"),
        ({"预算": "60万元", "预算上限": "50万元"}, "D2", "budget_inverted"),
        ({"预算": "", "预算上限": "50万元"}, "C2", "required"),
        ({"期望成熟度": "10"}, "C2", "level_malformed"),
        ({"地区代码": "杭州"}, "C2", "code_unknown"),
        ({"完成日期": "明年"}, "C2", "date_malformed"),
        ({"关键词": "、".join(f"词{number}" for number in range(21))}, "C2", "too_many"),
        ({"合作方式": "#REF!"}, "C2", "formula"),
    ],
)
def test_each_fault_names_its_cell_and_mend(more: dict[str, str], cell: str, rule: str) -> None:
    """MT99"""
    found = one(PLAIN | more)
    assert found.wish is None
    assert [(fault.cell, fault.rule) for fault in found.faults] == [(cell, rule)]
    assert found.faults[0].mend


def test_columns_of_no_use_are_told_and_those_that_must_be_are_missed() -> None:
    """MT99"""
    found = read([*PLAIN, "联系人", "电话"], [*PLAIN.values(), "陆景深", "=1"])
    assert found.unused == ("联系人", "电话")
    assert found.rows[0].wish is not None
    with pytest.raises(ImportColumnsInvalid) as refused:
        read(["题目", "联系人"], ["深孔", "陆景深"])
    errors: Any = refused.value.fields["errors"]
    assert {(error["field"], error["rule"]) for error in errors} == {
        ("title", "column_missing"),
        ("text", "column_missing"),
    }
    with pytest.raises(ImportColumnsInvalid, match="重复"):
        read(["标题", "名称", "需求描述"], ["深孔", "镗削", "颤振"])


def test_the_import_s_template_is_read_with_its_targets() -> None:
    """MT99"""
    cells = dict(
        zip((column.label for column in TEMPLATE), write_row("甲-1", EXAMPLE), strict=True)
    )
    cells["需求名称"] = "熔接痕强度在线预测"
    found = one(cells)
    assert (found.number, found.faults) == ("甲-1", ())
    assert found.wish is not None
    assert "熔接痕弯曲强度预测误差" in found.wish.text
    assert "模腔压力与料温记录" not in found.wish.words  # the restricted part
    assert found.wish.facts.price_high == Money(90_000_000)
    (fault, *_) = one(cells | {"完成日期": "2020-01-01"}).faults
    assert fault.rule in {"due_in_the_past", "due_after_the_end"}


@settings(deadline=None)  # the first loads the code tables
@given(
    st.lists(
        st.fixed_dictionaries(
            {column.label: st.text(max_size=12).map(str.strip) for column in COLUMNS}
        ),
        min_size=1,
        max_size=4,
    )
)
def test_each_row_is_a_wish_or_has_faults(rows: list[dict[str, str]]) -> None:
    """MT99"""
    found = read(list(rows[0]), *(list(row.values()) for row in rows))
    assert [row.row for row in found.rows] == list(range(2, len(rows) + 2))
    for row in found.rows:
        assert (row.wish is None) == bool(row.faults)
        assert all(fault.cell.endswith(str(row.row)) for fault in row.faults)


shares = st.floats(0, 1, allow_nan=False)
CALIBRATION = shipped().of(None, EntryKind.ACHIEVEMENT)


@st.composite
def matches(draw: st.DrawFn) -> Match:
    parts = TextParts(draw(shares), draw(st.none() | shares))
    values = {name: draw(st.none() | shares) for name in FACTORS}
    compared = {name: Compared(value, "双方相同", "the same") for name, value in values.items()}
    told = contributions(parts, compared, DEFAULT, CALIBRATION)
    return Match(
        entry_id=UUID(int=draw(st.integers(1, 9))),
        kind=EntryKind.ACHIEVEMENT,
        market_id=MarketId(UUID(int=1)),
        party_id=PartyId(UUID(int=2)),
        revision=1,
        title="=cmd|' /C calc'!A0",
        score=sum(item.points for item in told),
        text_score=parts.score(CALIBRATION),
        verdict=CALIBRATION.verdict(parts.score(CALIBRATION)),
        contributions=told,
        terms=(MatchedTerm("颤振", 0.4),),
        gaps=(Gap(factor="readiness", text_zh="成熟度4，要求6", text_en="4, you asked 6"),),
    )


def written(*rows: RowFound) -> dict[str, list[Sequence[str]]]:
    told = SheetBasis(
        market="测试技术交易中心",
        at=datetime(2026, 3, 2, 1, tzinfo=UTC),
        weights=DEFAULT,
        calibration=shipped().version,
        models={None: CALIBRATION},
        unused=("联系人",),
    )
    return dict(write_sheets(rows, {PartyId(UUID(int=2)): "之澜理工大学"}, told))


def found_of(items: Sequence[Match]) -> Found:
    verdicts = {item.verdict for item in items}
    best = next((name for name in Verdict if name in verdicts), Verdict.NONE)
    basis = Basis(weights=DEFAULT.version, calibration=shipped().version, model=None)
    return Found(matches=tuple(items), verdict=best, excluded={}, basis=basis)


@settings(max_examples=40, deadline=None)
@given(st.lists(matches(), max_size=3))
def test_what_is_written_adds_up(items: list[Match]) -> None:
    """MT100"""
    sheets = written(RowFound(one(PLAIN), found_of(items)))
    header, *lines = sheets["匹配"]
    assert len(lines) == len(items)
    for rank, (line, match) in enumerate(zip(lines, items, strict=True), start=1):
        told = dict(zip(header, line, strict=True))
        assert told["名次 / rank"] == str(rank)
        assert told["权属单位 / owner"] == "之澜理工大学"
        points = 0.0
        for name, cell in told.items():
            if "×" not in cell:
                continue
            value, weight, gives = (
                float(part) for part in cell.split("\n")[0].replace("=", "×").split("×")
            )
            assert value * weight == pytest.approx(gives, abs=2e-4), name
            points += gives
        assert points == pytest.approx(float(told["得分 / score"]), abs=5e-4)
        assert float(told["得分 / score"]) == pytest.approx(match.score, abs=5e-5)
        stated = [item for item in match.contributions if item.value is not None]
        assert sum("×" in cell for cell in line) == len(stated)
    (conclusion,) = sheets["结论"][1:]
    suits = any(item.verdict is not Verdict.NONE for item in items)
    assert ("nothing suitable" in conclusion[3]) is not suits


def test_rows_that_were_not_read_tell_their_cells() -> None:
    """MT99"""
    row = one(PLAIN | {"预算": "六十"})
    sheets = written(RowFound(row, None))
    assert sheets["匹配"][1:] == []
    (line,) = sheets["结论"][1:]
    assert line[3] == "未读入 / not read"
    assert line[7].startswith("C2：")


def test_the_basis_is_told() -> None:
    """MT100"""
    told = {line[0]: line[1] for line in written()["依据"]}
    assert told["权重版本 / weights"] == DEFAULT.version
    assert told["校准版本 / calibration"] == shipped().version
    assert told["匹配时刻 / matched at"] == "2026-03-02 09:00:00 +0800"
    assert told["语义模型 / embedding model"].startswith("未使用")
    assert told["未使用的列 / unused columns"] == "联系人"
    weights = [float(value) for name, value in told.items() if name.startswith("权重：")]
    weights.append(float(told["文本权重 / weight of the text"]))
    assert sum(weights) == pytest.approx(1)
