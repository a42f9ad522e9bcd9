"""The columns of an import: what a header row must say, and how a fault is told."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.shared.errors import RuleBroken

IMPORT_ROWS_MAX: Final = 20_000
LINE_MAX: Final = 200  # as of `platform.schema.Line`
TEXT_MAX: Final = 10_000
_SHOWN_MAX: Final = 40  # characters of a cell that a fault repeats

_LETTERS: Final = 26
_MARKS: Final = re.compile(r"\*|[(\[【]?必填[)\]】]?")
_UNIT: Final = re.compile(r"\((万?元)\)$")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the template.

    Attributes:
        name: In English; also accepted as the header.
        label: In Chinese, as the template writes it.
        note: How it is filled in, in Chinese.
        vocabulary: The code table or list of words that it takes.
    """

    name: str
    label: str
    required: bool
    note: str
    vocabulary: str | None = None


COLUMNS: Final = (
    Column("title", "成果名称", True, "不超过200字"),
    Column("abstract", "成果简介", True, "不超过10000字"),
    Column("technology_field", "技术领域", True, "见代码表", "technology_field"),
    Column("kind", "成果类别", True, "见代码表", "achievement_kind"),
    Column("ip_kind", "知识产权类别", True, "见代码表", "ip_kind"),
    Column(
        "ip_assets",
        "知识产权清单",
        False,
        "每行一项：类别|号码|名称|状态|有效期至；技术秘密的号码留空，有效期可省略",
    ),
    Column("readiness_scale", "成熟度量表", True, "见代码表", "readiness_scale"),
    Column("readiness_level", "成熟度等级", True, "数字"),
    Column("evidence", "成熟度证据", False, "检测、试用、验收等情况"),
    Column("state_of_the_art", "与现有技术比较", False, "与在用技术的指标对比"),
    Column("completers", "成果完成人", True, "姓名和份额，如：许澜清 60%；郭一舟 40%"),
    Column("service_result", "职务成果", True, "是 或 否"),
    Column("empowerment", "赋权情况", True, "见代码表", "empowerment"),
    Column("plan_source", "计划来源", True, "见代码表", "plan_source"),
    Column("conversion_modes", "转化方式", True, "可填多种，用；分隔，见代码表", "conversion_mode"),
    Column("price_idea", "意向价格", False, "写明单位，如：65万元 或 650000元"),
    Column("price_basis", "价格依据", False, "不超过10000字"),
    Column("confidentiality", "公开程度", True, "见代码表", "confidentiality"),
    Column("public_summary", "公开摘要", False, "受限成果必填，所有人可见"),
    Column("secrecy", "保密审查", False, "见代码表，不填为未审查", "secrecy"),
    Column("keywords", "关键词", False, "用；或、分隔，最多30个"),
    Column("funding_project", "资助项目", False, "项目编号或名称"),
    Column("attachments", "附件编号", False, "已上传文件的编号，每行一个"),
)
BY_NAME: Final[Mapping[str, Column]] = {column.name: column for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the file has it.

    Attributes:
        number: As spreadsheet programs count, from 1.
        cells: Texts, stripped; empty where nothing stands.
        spoiled: Places whose text is not what the author sees: ``formula`` (no stored result)
            or ``merged``.
    """

    number: int
    cells: tuple[str, ...]
    spoiled: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """Where each column stands.

    Attributes:
        places: Index of the cell by the column's name.
        price_unit: ``元`` or ``万元`` if the price's header says it.
    """

    places: Mapping[str, int]
    price_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a row, in Chinese.

    Attributes:
        cell: Such as ``C12``.
        column: Its header.
        rule: A stable code.
        mend: What would pass.
    """

    cell: str
    column: str
    rule: str
    message: str
    mend: str


class ImportColumnsInvalid(RuleBroken):
    """The header row is not the template's; nothing was stored."""

    code = "import_columns_invalid"
    title_zh = "表头与模板不符，未导入任何数据"
    title_en = "The header is not the template's; nothing was imported"

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(error["message"] for error in errors), errors=errors)


class ImportFileUnreadable(RuleBroken):
    """The file is no table that can be read."""

    code = "import_file_unreadable"
    title_zh = "文件无法读取，请使用 XLSX 或 CSV 模板"
    title_en = "The file cannot be read; use the XLSX or CSV template"


class ImportEmpty(RuleBroken):
    """There is no row below the header."""

    code = "import_empty"
    title_zh = "文件中没有数据行"
    title_en = "The file has no rows"


class ImportTooLong(RuleBroken):
    """More rows than one call takes; nothing was stored."""

    code = "import_too_long"
    title_zh = "数据行过多，请拆分文件"
    title_en = "The file has too many rows; split it"


def cell_name(place: int, row: int) -> str:
    """Return a cell's name such as ``C12`` of the place from 0 and the row from 1."""
    letters, left = "", place + 1
    while left:
        left, last = divmod(left - 1, _LETTERS)
        letters = chr(ord("A") + last) + letters
    return f"{letters}{row}"


def fold(text: str) -> str:
    """Return a label without what people write differently: width, case and spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


_HEADERS: Final = {
    alias: column.name for column in COLUMNS for alias in (fold(column.label), fold(column.name))
}


def shown(text: str) -> str:
    """Return the beginning of a text in quotation marks, so that every file can hold it."""
    begun = text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
    if not begun.isprintable():
        begun = "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in begun)
    return f"“{begun}”"


def match_header(cells: Sequence[str], *, row: int) -> Header:
    """Find the columns by their Chinese labels or English names, in any order.

    Raises:
        ImportColumnsInvalid: Names every column that is unknown, repeated or missing.

    Invariant: LS34.
    """
    places: dict[str, int] = {}
    unit = None
    errors: list[dict[str, Any]] = []
    for place, text in enumerate(cells):
        said = _MARKS.sub("", fold(text))
        if not said:
            continue
        name = _HEADERS.get(said)
        if name is None and (found := _UNIT.search(said)):
            name = _HEADERS.get(said[: found.start()])
            unit = found.group(1) if name == "price_idea" else unit
            name = name if name == "price_idea" else None
        if name is None or name in places:
            errors.append(_header_fault(cell_name(place, row), text, name))
        else:
            places[name] = place
    errors += [
        {
            "field": column.name,
            "rule": "column_missing",
            "message": f"缺少必填列“{column.label}”",
            "accepted": {"column": column.label},
        }
        for column in COLUMNS
        if column.required and column.name not in places
    ]
    if errors:
        raise ImportColumnsInvalid(errors)
    return Header(places, unit)


def _header_fault(cell: str, text: str, name: str | None) -> dict[str, Any]:
    if name is not None:
        rule, message = "column_repeated", f"{cell} 的列{shown(text)}重复出现"
    else:
        rule, message = "column_unknown", f"{cell} 的列{shown(text)}不在模板中"
    labels = [column.label for column in COLUMNS]
    return {"field": cell, "rule": rule, "message": message, "accepted": {"columns": labels}}
