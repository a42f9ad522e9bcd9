"""A sheet of demands to be matched 待匹配需求表: the import's template, or a few plain columns."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from app.demands.public import DemandContent, read_demand_rows
from app.matching.domain.entry import EntryKind, Facts, Readiness
from app.matching.domain.public_texts import facts_of_demand, text_of_demand
from app.matching.domain.wish import Wish
from app.shared import codes
from app.shared.money import Money
from app.shared.tables.cells import read_date, read_line, read_money
from app.shared.tables.form import (
    Column,
    Fault,
    Header,
    ImportColumnsInvalid,
    RawRow,
    TableForm,
    fold,
    shown,
)
from app.shared.tables.lists import read_list
from app.shared.tables.rows import Reading, RowReader, keep_list
from app.shared.tables.words import CellFault, Words

SHEET: Final = "需求"  # as the template calls it
KEYWORDS_MAX: Final = 20
_SCALE: Final = "trl_9"

COLUMNS: Final = (
    Column(
        "title",
        "标题",
        True,
        "不超过200字",
        aliases=("需求标题", "需求名称", "技术需求名称", "项目名称", "名称", "name"),
    ),
    Column(
        "text",
        "需求描述",
        True,
        "要解决的问题、现状和指标，不超过10000字",
        aliases=("描述", "需求背景", "需求内容", "背景", "内容", "description", "background"),
    ),
    Column("number", "编号", False, "", aliases=("需求编号", "需求编号(自编)", "序号", "no")),
    Column("keywords", "关键词", False, f"用分号隔开，不超过{KEYWORDS_MAX}个"),
    Column(
        "technology_field",
        "技术领域",
        False,
        "见代码表",
        "technology_field",
        aliases=("领域", "field", "technology field"),
    ),
    Column("readiness", "期望成熟度", False, "TRL 1至9，如 6", aliases=("成熟度", "trl")),
    Column(
        "budget_low",
        "预算",
        False,
        "金额或区间，如 60万元 或 60万元~90万元",
        unit=True,
        aliases=("预算下限", "预算金额", "经费", "经费预算", "budget"),
    ),
    Column("budget_high", "预算上限", False, "如 90万元", unit=True, aliases=("budget max",)),
    Column("region", "地区代码", False, "六位行政区划代码，如 330100", aliases=("地区", "区划")),
    Column(
        "cooperation_mode",
        "合作方式",
        False,
        "见代码表",
        "cooperation_mode",
        aliases=("cooperation", "cooperation mode"),
    ),
    Column("ip_ownership", "知识产权归属", False, "见代码表", "ip_ownership"),
    Column("due_on", "完成日期", False, "如：2027-12-31", aliases=("完成时间", "due", "due date")),
)
FORM: Final = TableForm(COLUMNS)
_RANGE: Final = re.compile(r"([^~至到—–]+?)[~至到—–-]([^~至到—–-]+)")
_UNIT: Final = re.compile(r"[万亿]?\D{0,4}$")
_LEVEL: Final = re.compile(r"(?:trl)?([1-9])级?")
_NO_BUDGET: Final = frozenset({"面议", "open"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """What a row asks for.

    Attributes:
        row: Its number in the file.
        number: The user's own, perhaps empty.
        wish: ``None`` if there is any fault.
        faults: In the order of the cells.
    """

    row: int
    number: str
    title: str
    wish: Wish | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class SheetRead:
    """A file's rows.

    Attributes:
        unused: Headers of columns that matching has no use for.
    """

    rows: tuple[SheetRow, ...]
    unused: tuple[str, ...]


def read_wishes(header: RawRow, rows: Sequence[RawRow], *, today: date) -> SheetRead:
    """Read a sheet; each row is a wish or has faults, told with their cells.

    Args:
        today: In Asia/Shanghai.

    Raises:
        ImportColumnsInvalid: It has neither the template's columns nor title and text.

    Invariant: MT99.
    """
    try:
        read = list(read_demand_rows(header, rows, today=today))
    except ImportColumnsInvalid:
        return _read_plain(header, rows)
    return SheetRead(
        tuple(
            SheetRow(
                row=row.number,
                number=said.number,
                title="" if said.content is None else said.content.title,
                wish=None if said.content is None else _wish_of_content(said.content),
                faults=said.faults,
            )
            for row, said in zip(rows, read, strict=True)
        ),
        (),
    )


def _wish_of_content(content: DemandContent) -> Wish:
    told = content.told
    return Wish(
        wants=EntryKind.ACHIEVEMENT,
        title=told.title,
        text=text_of_demand(told),
        facts=facts_of_demand(told, None),
    )


def _read_plain(header: RawRow, rows: Sequence[RawRow]) -> SheetRead:
    unused = {
        place: text for place, text in enumerate(header.cells) if text and not _is_known(text)
    }
    places = FORM.match_header(_without(header, unused).cells, row=header.number)
    read = (_read_row(places, _without(row, unused)) for row in rows)
    return SheetRead(tuple(read), tuple(unused.values()))


def _is_known(text: str) -> bool:
    try:
        FORM.match_header([text], row=1)
    except ImportColumnsInvalid as refused:
        errors: Any = refused.fields["errors"]
        return all(error["rule"] != "column_unknown" for error in errors)
    return True


def _without(row: RawRow, places: Container[int]) -> RawRow:
    cells = ("" if place in places else text for place, text in enumerate(row.cells))
    return replace(row, cells=tuple(cells))


def _read_row(header: Header, row: RawRow) -> SheetRow:
    reading, _ = _READER.read(header, row)
    _check_budget(reading)
    values = reading.values
    return SheetRow(
        row=row.number,
        number=reading.text("number"),
        title=reading.text("title"),
        wish=None if reading.faults else _wish(values),
        faults=reading.told(),
    )


def _wish(values: dict[str, Any]) -> Wish:
    low, high = values["budget_low"]
    mode = values["cooperation_mode"]
    return Wish(
        wants=EntryKind.ACHIEVEMENT,
        title=values["title"],
        text=values["text"],
        keywords=values["keywords"],
        facts=Facts(
            technology_field=values["technology_field"],
            readiness=values["readiness"],
            price_low=low,
            price_high=values["budget_high"] or high,
            region=values["region"],
            modes=() if mode is None else (mode,),
            ip_ownership=values["ip_ownership"],
            due_on=values["due_on"],
        ),
    )


def _check_budget(reading: Reading) -> None:
    low, upper = reading.values["budget_low"][0], reading.values["budget_high"]
    if upper is None or reading.faults:
        return
    if low is None:
        reading.fault("budget_low", "required", "填了上限，没有填预算", "预算填下限")
    elif low.currency != upper.currency or upper < low:
        told = f"上限{shown(reading.text('budget_high'))}小于预算或币种不同"
        reading.fault("budget_high", "budget_inverted", told, "上限不小于预算，币种相同")


def _keep_budget(reading: Reading, column: Column, text: str) -> bool:
    said = fold(text)
    if said in _NO_BUDGET:
        return True
    unit = reading.header.units.get(column.name)
    ends = _RANGE.fullmatch(said)
    if ends is None:
        amount = _amount(said, unit)
        reading.values[column.name] = (amount, amount)
        return True
    low, high = ends.groups()
    if low[-1:].isdigit() and (found := _UNIT.search(high)):
        low += found.group()  # 60~90万元
    both = _amount(low, unit), _amount(high, unit)
    if both[0].currency != both[1].currency or both[1] < both[0]:
        raise CellFault("budget_inverted", f"{shown(text)}的上限小于下限", "先填下限，再填上限")
    reading.values[column.name] = both
    return True


def _keep_upper(reading: Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = _amount(fold(text), reading.header.units.get(column.name))
    return True


def _amount(said: str, unit: str | None) -> Money:
    said += "元" if said[-1:] in {"万", "亿"} else ""
    money = read_money(said, unit, rule="budget_malformed")
    if money.amount_minor <= 0:
        raise CellFault("budget_not_positive", "预算须大于零", "没有预算的留空")
    return money


def _keep_level(reading: Reading, column: Column, text: str) -> bool:
    found = _LEVEL.fullmatch(fold(text))
    if found is None:
        raise CellFault("level_malformed", f"{shown(text)}不是成熟度", f"填写{column.note}")
    reading.values[column.name] = Readiness(_SCALE, int(found.group(1)))
    return True


def _keep_region(reading: Reading, column: Column, text: str) -> bool:
    try:
        reading.values[column.name] = codes.require_region(fold(text), field=column.name)
    except codes.CodeUnknown:
        raise CellFault(
            "code_unknown", f"{shown(text)}不是行政区划代码", f"填写{column.note}"
        ) from None
    return True


def _keep_date(reading: Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_date(text)
    return True


_READER: Final = RowReader(
    FORM,
    Words({}),
    enums={},
    empty=dict.fromkeys(FORM.by_name) | {"keywords": (), "budget_low": (None, None)},
    short=frozenset({"title", "number"}),
    reads={
        "keywords": keep_list(lambda text: read_list(text, read_line), KEYWORDS_MAX),
        "readiness": _keep_level,
        "budget_low": _keep_budget,
        "budget_high": _keep_upper,
        "region": _keep_region,
        "due_on": _keep_date,
    },
    anchor="title",
)
