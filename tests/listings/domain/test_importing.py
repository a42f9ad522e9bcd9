"""Rows of an import: headers, cells, faults, and that what is written reads back."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.listings.domain.content import (
    AchievementContent,
    Completer,
    Confidentiality,
    Empowerment,
    IpAsset,
    IpStatus,
    Readiness,
    Secrecy,
    content_from_json,
    content_to_json,
)
from app.listings.domain.gate import assess
from app.listings.domain.importing import COLUMNS, FORM
from app.listings.domain.importing_cells import read_price
from app.listings.domain.importing_lists import read_completers
from app.listings.domain.importing_rows import gate_faults, named_files, read_row
from app.listings.domain.importing_texts import RULES_TOLD
from app.listings.domain.importing_words import WORDS
from app.listings.domain.importing_writing import EXAMPLE, accepted_words, write_row
from app.listings.schemas.achievements import AchievementBody
from app.shared import codes
from app.shared.ids import FileId, new_id
from app.shared.jsonable import jsonable
from app.shared.money import MINOR_DIGITS, Money
from app.shared.tables.cells import read_date
from app.shared.tables.form import Header, ImportColumnsInvalid, RawRow, cell_name
from app.shared.tables.lists import LIST, split

TODAY = date(2026, 3, 2)
LABELS = [column.label for column in COLUMNS]
HEADER = FORM.match_header(LABELS, row=1)
SOUND = replace(EXAMPLE, title="表面缺陷检测方法")
FILE = FileId(new_id())


def read(cells: tuple[str, ...], header: Header = HEADER, **spoiled: str) -> Any:
    places = {int(place[1:]): why for place, why in spoiled.items()}
    row = RawRow(12, cells, places)
    return read_row(header, row, today=TODAY, files={FILE})


def changed(**cells: str) -> tuple[str, ...]:
    """A sound row with some cells filled in otherwise."""
    known = dict(zip((column.name for column in COLUMNS), write_row(SOUND), strict=True))
    return tuple((known | cells).values())


def told(**cells: str) -> list[tuple[str, str]]:
    content, faults = read(changed(**cells))
    assert content is None
    assert all(fault.message and fault.mend and fault.column for fault in faults)
    return [(fault.cell, fault.rule) for fault in faults]


def test_the_header_is_read_in_chinese_and_english_in_any_order() -> None:
    """LS34"""
    names = [column.name for column in COLUMNS]
    assert FORM.match_header(names, row=1) == HEADER
    marked = [f" {column.label} *" if column.required else column.label for column in COLUMNS]
    assert FORM.match_header(marked, row=1) == HEADER
    backwards = FORM.match_header(LABELS[::-1], row=3)
    assert backwards.places["title"] == len(COLUMNS) - 1
    required = [column.label for column in COLUMNS if column.required]
    assert "price_idea" not in FORM.match_header(required, row=1).places


def test_every_fault_of_a_header_is_named() -> None:
    """LS34"""
    cells = ["成果名称", "成果名称", "", "颜色", "意向价格（斤）", *LABELS[2:15], *LABELS[17:]]
    with pytest.raises(ImportColumnsInvalid) as refused:
        FORM.match_header(cells, row=2)
    errors: Any = refused.value.fields["errors"]
    assert [(error["field"], error["rule"]) for error in errors] == [
        ("B2", "column_repeated"),
        ("D2", "column_unknown"),
        ("E2", "column_unknown"),
        ("abstract", "column_missing"),
    ]
    assert "颜色" in errors[1]["message"]


def test_cells_are_named_as_spreadsheets_do() -> None:
    assert [cell_name(place, 12) for place in (0, 2, 25, 26, 701, 702)] == [
        "A12", "C12", "Z12", "AA12", "ZZ12", "AAA12",
    ]  # fmt: skip


def test_the_unit_of_a_price_may_stand_in_the_header() -> None:
    labels = ["意向价格（万元）" if label == "意向价格" else label for label in LABELS]
    header = FORM.match_header(labels, row=1)
    content, _ = read(changed(price_idea="65"), header)
    assert content.price_idea == Money(65_000_000)
    assert told(price_idea="65") == [("P12", "unit_missing")]


def test_all_faults_of_a_row_are_told_at_once_with_cell_rule_and_mend() -> None:
    """LS35"""
    content, faults = read(
        changed(
            title="",
            technology_field="新材科",
            ip_assets="发明专利|ZL201710601862.4|检测|授权\n实用新型专利|201710601862.3|装置|授权\n乱写",
            readiness_level="12",
            completers="许澜清 60%；郭一舟 30%",
            service_result="也许",
            confidentiality="受限",
            attachments=f"{FILE}\n{new_id()}",
        )
    )
    assert content is None
    assert [(fault.cell, fault.rule) for fault in faults] == [
        ("A12", "required"),
        ("C12", "code_unknown"),
        ("F12", "asset_malformed"),
        ("F12", "patent_number_invalid"),
        ("F12", "patent_kind_differs"),
        ("H12", "level_out_of_scale"),
        ("K12", "shares_not_whole"),
        ("L12", "yes_no_expected"),
        ("S12", "public_summary_missing"),
        ("W12", "file_unknown"),
    ]
    field = faults[1]
    assert field.message == "技术领域“新材科”不在代码表中"
    assert field.mend.startswith("可填：电子信息；")
    assert faults[3].message.startswith("第1项：")
    assert faults[9].message.startswith("第2项：")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"title": "题" * 201}, [("A12", "too_long")]),
        ({"abstract": "响\x07铃"}, [("B12", "not_printable")]),
        ({"readiness_level": "高"}, [("H12", "level_malformed")]),
        ({"readiness_level": "10"}, [("H12", "level_out_of_scale")]),
        ({"readiness_scale": "很高", "readiness_level": "10"}, [("G12", "code_unknown")]),
        ({"completers": "许澜清；郭一舟 40%"}, [("K12", "share_missing")]),
        ({"completers": "60%；郭一舟 40%"}, [("K12", "name_missing")]),
        ({"completers": "许澜清 160%"}, [("K12", "share_out_of_range")]),
        ({"completers": "；"}, [("K12", "required")]),
        ({"conversion_modes": "转让、转让"}, [("O12", "repeated")]),
        ({"price_idea": "面议"}, [("P12", "price_malformed")]),
        ({"price_idea": "0元"}, [("P12", "price_not_positive")]),
        ({"price_idea": "0.001元"}, [("P12", "price_malformed")]),
        ({"price_idea": "65两"}, [("P12", "price_malformed")]),
        ({"keywords": "、".join("词" * 31)}, [("U12", "too_many")]),
        ({"attachments": "第一份.pdf"}, [("W12", "file_unknown")]),
        ({"evidence": "#REF!"}, [("I12", "formula")]),
        ({"ip_assets": "发明专利||检测|授权"}, [("F12", "number_missing")]),
        ({"ip_assets": "技术秘密|123|规程|保密"}, [("F12", "number_not_expected")]),
        (
            {"ip_assets": "发明专利|201710601862.3|检测|授权|2026-02-30"},
            [("F12", "date_malformed")],
        ),
        (
            {"ip_assets": "发明专利|201710601862.3|检测|授权|2026年3月1日"},
            [("F12", "patent_expired")],
        ),
        ({"ip_assets": "发明专利|2017|检测|授权"}, [("F12", "patent_number_invalid")]),
    ],
)
def test_each_fault_has_its_cell(cells: dict[str, str], expected: list[tuple[str, str]]) -> None:
    """LS35"""
    assert told(**cells) == expected


def test_a_right_may_run_out_today_or_be_lapsed_already() -> None:
    """LS31"""
    for line in ("授权|2026-03-02", "失效|2020-01-01"):
        content, faults = read(changed(ip_assets=f"发明专利|201710601862.3|检测|{line}"))
        assert (content is not None, faults) == (True, ())


def test_cells_that_do_not_say_what_is_shown_are_faults() -> None:
    """LS35"""
    _, faults = read(changed(), c1="formula", c2="merged")
    assert [(fault.cell, fault.rule) for fault in faults] == [("B12", "formula"), ("C12", "merged")]
    _, faults = read((*changed(), "批注"))
    assert [(fault.cell, fault.rule) for fault in faults] == [("X12", "column_without_header")]


def test_the_example_row_is_read_but_not_kept() -> None:
    """LS36"""
    content, faults = read(write_row(EXAMPLE))
    assert content is None
    assert [fault.rule for fault in faults] == ["example_row"]
    renamed, faults = read(write_row(SOUND))
    assert (renamed, faults) == (SOUND, ())


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("65万元", 65_000_000),
        ("65万", 65_000_000),
        ("650,000.00元", 65_000_000),
        ("￥650000元", 65_000_000),
        ("人民币 1.2亿元", 12_000_000_000),
        ("0.01元", 1),
        ("12.345万元", 12_345_000),
    ],
)
def test_prices_are_read_as_people_write_them(text: str, minor: int) -> None:
    assert read_price(text) == Money(minor)


def test_dates_completers_and_words_are_read_as_people_write_them() -> None:
    days = {read_date(text) for text in ("2037-07-21", "2037/7/21", "2037.7.21", "2037年7月21日")}
    assert days == {date(2037, 7, 21)}
    alone, _, _ = read_completers("许澜清")
    assert alone == (Completer("许澜清", 10_000),)
    typed, _, _ = read_completers("许澜清：６０％、郭一舟40%")
    assert typed == (Completer("许澜清", 6000), Completer("郭一舟", 4000))
    content, _ = read(
        changed(technology_field="AGRICULTURE", readiness_scale="trl_9", readiness_level="TRL 7级")
    )
    assert (content.technology_field, content.readiness) == ("agriculture", Readiness("trl_9", 7))


def test_every_word_is_read_back_and_holds_no_separator() -> None:
    """LS36"""
    for column in COLUMNS:
        if column.vocabulary is None:
            continue
        words = WORDS.vocabulary(column.vocabulary)
        assert len(set(words.labels.values())) == len(words.labels)
        for label in words.labels.values():
            content, faults = read(changed(**{column.name: label, "public_summary": "一种方法"}))
            assert content is not None, faults
    modes = WORDS.vocabulary("conversion_mode").labels.values()
    assert all(len(list(split(label, LIST))) == 1 for label in modes)
    assert "授权" in accepted_words()["知识产权状态"]


def test_every_rule_of_a_content_is_told_in_chinese() -> None:
    """LS35"""
    assert {
        "patent_number_invalid", "patent_kind_differs", "number_missing", "number_not_expected",
        "patent_expired", "level_out_of_scale", "shares_not_whole", "public_summary_missing",
        "file_unknown", "repeated",
    } <= RULES_TOLD  # fmt: skip


def test_what_the_gate_misses_is_told_only_below_the_minimum() -> None:
    """LS35"""
    row = RawRow(3, changed())
    report = assess(SOUND, TODAY)
    assert gate_faults(HEADER, row, report, minimum=report.score) == []
    missed = gate_faults(HEADER, row, report, minimum=report.score + 1)
    assert len(missed) == len(report.failed)
    assert all(fault.cell.endswith("3") and fault.mend for fault in missed)


def test_a_row_names_its_files() -> None:
    other = new_id()
    row = RawRow(2, changed(attachments=f"{FILE}；{other}\n乱写"))
    assert list(named_files(HEADER, row)) == [FILE, other]


PRINTABLE = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\\|；;、，,：%")
LINE = st.text(PRINTABLE, min_size=1, max_size=12).map(str.strip).filter(bool)
MAYBE = st.none() | LINE
NUMBERS = st.sampled_from(["201710601862.3", "202310417286.2"])
ASSETS = st.one_of(
    st.builds(
        IpAsset,
        st.just("invention_patent"),
        NUMBERS,
        LINE,
        st.sampled_from(IpStatus),
        st.none() | st.dates(TODAY),
    ),
    st.builds(IpAsset, st.just("software_copyright"), LINE, LINE, st.just(IpStatus.REGISTERED)),
    st.builds(IpAsset, st.just("technical_secret"), st.none(), LINE, st.just(IpStatus.KEPT_SECRET)),
)


@st.composite
def completers(draw: st.DrawFn) -> tuple[Completer, ...]:
    cuts = draw(st.lists(st.integers(1, 9_999), max_size=4, unique=True).map(sorted))
    ends = [0, *cuts, 10_000]
    return tuple(Completer(draw(LINE), end - start) for start, end in itertools.pairwise(ends))


def names(table: str) -> st.SearchStrategy[str]:
    return st.sampled_from(codes.table(table).names)


CONTENTS = st.builds(
    AchievementContent,
    title=LINE,
    abstract=LINE,
    technology_field=names("technology_field"),
    kind=names("achievement_kind"),
    ip_kind=names("ip_kind"),
    ip_assets=st.lists(ASSETS, max_size=3).map(tuple),
    readiness=st.builds(Readiness, names("readiness_scale"), st.integers(1, 9)),
    evidence=st.just("") | LINE,
    state_of_the_art=st.just("") | LINE,
    completers=completers(),
    service_result=st.booleans(),
    empowerment=st.sampled_from(Empowerment),
    plan_source=names("plan_source"),
    conversion_modes=st.lists(names("conversion_mode"), min_size=1, max_size=4, unique=True).map(
        tuple
    ),
    price_idea=st.none()
    | st.builds(Money, st.integers(1, 10**15), st.sampled_from(sorted(MINOR_DIGITS))),
    confidentiality=st.sampled_from(Confidentiality),
    keywords=st.lists(LINE, max_size=4).map(tuple),
    public_summary=LINE,
    secrecy=st.sampled_from(Secrecy),
    funding_project=MAYBE,
    price_basis=MAYBE,
    attachments=st.sampled_from([(), (FILE,)]),
)


@settings(max_examples=60, deadline=None)
@given(CONTENTS)
def test_any_content_written_as_a_row_reads_back_the_same(content: AchievementContent) -> None:
    """LS36"""
    assert read(write_row(content)) == (content, ())


@settings(max_examples=30, deadline=None)
@given(CONTENTS)
def test_a_content_is_the_same_as_a_body_and_as_what_is_kept(content: AchievementContent) -> None:
    """LS30, LS36"""
    kept = content_to_json(content)
    assert kept == jsonable(content)
    assert content_from_json(kept) == content
    assert AchievementBody.model_validate(kept).content() == content
