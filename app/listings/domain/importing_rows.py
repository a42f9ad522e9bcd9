"""A row of an import and the content that it states, both ways."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

from app.listings.domain.collection import content_faults, normal_content
from app.listings.domain.content import (
    AchievementContent,
    Completer,
    Confidentiality,
    Empowerment,
    Readiness,
    Secrecy,
)
from app.listings.domain.gate import GateReport
from app.listings.domain.importing import (
    BY_NAME,
    COLUMNS,
    LINE_MAX,
    TEXT_MAX,
    Column,
    Fault,
    Header,
    RawRow,
    cell_name,
    shown,
)
from app.listings.domain.importing_cells import (
    read_level,
    read_line,
    read_money,
    read_text,
    read_yes_no,
)
from app.listings.domain.importing_lists import (
    read_assets,
    read_completers,
    read_list,
    unquote,
)
from app.listings.domain.importing_texts import tell
from app.listings.domain.importing_words import CellFault, read_word, vocabulary
from app.listings.domain.importing_writing import EXAMPLE
from app.shared.ids import FileId

_ENUMS: Final = {
    "empowerment": Empowerment,
    "confidentiality": Confidentiality,
    "secrecy": Secrecy,
}
_LINES: Final = frozenset({"title", "funding_project"})
# How many values a cell may hold, as of `schemas.achievements.AchievementBody`.
_COUNTS: Final = {
    "ip_assets": 100,
    "completers": 100,
    "conversion_modes": 20,
    "keywords": 30,
    "attachments": 50,
}
# What stands for a cell that was not understood or left empty; faults about it are not told.
_EMPTY: Final[Mapping[str, Any]] = {
    "title": "-",
    "abstract": "-",
    "technology_field": "agriculture",
    "kind": "applied",
    "ip_kind": "no_ip",
    "ip_assets": (),
    "readiness_scale": "trl_9",
    "readiness_level": 1,
    "evidence": "",
    "state_of_the_art": "",
    "completers": (Completer("-", 10_000),),
    "service_result": False,
    "empowerment": Empowerment.NONE,
    "plan_source": "outside_plan",
    "conversion_modes": ("transfer",),
    "price_idea": None,
    "price_basis": None,
    "confidentiality": Confidentiality.PUBLIC,
    "public_summary": None,
    "secrecy": Secrecy.NOT_REVIEWED,
    "keywords": (),
    "funding_project": None,
    "attachments": (),
}
_SPOILED: Final = {
    "formula": ("公式没有保存计算结果", "把公式改为数值或文字后重新保存"),
    "merged": ("是合并单元格", "取消合并并逐行填写"),
}
_ERRORS: Final = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
)


@dataclass(slots=True)
class _Reading:
    """A row while it is read."""

    row: RawRow
    header: Header
    values: dict[str, Any]
    lines: dict[str, list[int]]
    faults: list[Fault]

    def fault(self, name: str, rule: str, message: str, mend: str, line: int | None) -> None:
        column = BY_NAME[name]
        # A column that is not there is missed by the one that demands it: 公开程度.
        places = self.header.places
        cell = cell_name(places.get(name, places["confidentiality"]), self.row.number)
        said = message if line is None else f"第{line}项：{message}"
        self.faults.append(Fault(cell, column.label, rule, said, mend))


def read_row(
    header: Header, row: RawRow, *, today: date, files: Collection[FileId]
) -> tuple[AchievementContent | None, tuple[Fault, ...]]:
    """Return the content of a row in its normal form, or all its faults.

    Args:
        today: In Shanghai.
        files: The owner's files among those that rows name.

    Invariants: LS35. Cost: one pass over the cells.
    """
    reading = _Reading(row, header, dict(_EMPTY), {}, [])
    _check_strays(reading)
    bad = {
        column.name
        for column in COLUMNS
        if not _take_plain(reading, column) and not _read_cell(reading, column)
    }
    content = _content(reading.values)
    for error in content_faults(content, today=today, files=files).errors:
        name, line = _place(error["field"], reading)
        doubtful = {name, "readiness_scale"} if name == "readiness_level" else {name}
        if line is None and not doubtful.isdisjoint(bad):
            continue
        message, mend = tell(error, content)
        reading.fault(name, error["rule"], message, mend, line)
    if not reading.faults:
        content = normal_content(content)
        if content != EXAMPLE:
            return content, ()
        reading.fault("title", "example_row", "这是模板中的示例行，未导入", "删除示例行", None)
    # In the order of the cells: B12 before AA12.
    return None, tuple(sorted(reading.faults, key=lambda fault: (len(fault.cell), fault.cell)))


def _check_strays(reading: _Reading) -> None:
    known = set(reading.header.places.values())
    for place, text in enumerate(reading.row.cells):
        if text and place not in known:
            cell = cell_name(place, reading.row.number)
            message = f"{shown(text)}所在的列没有表头"
            mend = "删除该内容，或补上表头"
            reading.faults.append(Fault(cell, "", "column_without_header", message, mend))


@cache
def _written(name: str) -> Mapping[str, Any]:
    """Return a column's values by their words, as the template writes them."""
    kind = _ENUMS.get(name, str)
    words = vocabulary(BY_NAME[name].vocabulary or "").labels
    return {word: kind(name) for name, word in words.items()}


def _take_plain(reading: _Reading, column: Column) -> bool:
    """Take a cell that needs no reading, as most do; tell whether it was one."""
    place = reading.header.places.get(column.name, -1)
    cells = reading.row.cells
    if reading.row.spoiled or not 0 <= place < len(cells):
        return False
    text = cells[place]
    if column.name in _PLAIN_WORDS:
        value = _written(column.name).get(text)
        if value is not None:
            reading.values[column.name] = value
        return value is not None
    longest = _PLAIN_TEXTS.get(column.name, 0)
    if 0 < len(text) <= longest and text.isprintable() and text not in _ERRORS:
        reading.values[column.name] = text
        return True
    return False


def _read_cell(reading: _Reading, column: Column) -> bool:
    """Read one cell into the values; tell whether it was understood."""
    name = column.name
    place = reading.header.places.get(name, -1)
    spoiled = reading.row.spoiled.get(place)
    if spoiled is not None:
        message, mend = _SPOILED[spoiled]
        reading.fault(name, spoiled, message, mend, None)
        return False
    cells = reading.row.cells
    text = cells[place] if 0 <= place < len(cells) else ""
    if not text:
        if column.required:
            mend = f"填写{column.label}：{column.note}"
            reading.fault(name, "required", f"{column.label}不能为空", mend, None)
        return not column.required
    try:
        _check_formula(text)
        return _READERS[name](reading, column, text)
    except CellFault as fault:
        reading.fault(name, fault.rule, fault.message, fault.mend, fault.line)
        return False


def _check_formula(text: str) -> None:
    if text in _ERRORS:
        raise CellFault("formula", f"{text} 是公式错误", "改正公式或直接填写")


def _keep_text(reading: _Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_line(text) if column.name in _LINES else read_text(text)
    return True


def _keep_word(reading: _Reading, column: Column, text: str) -> bool:
    word = read_word(column.vocabulary or "", text, column.label)
    kind = _ENUMS.get(column.name)
    reading.values[column.name] = word if kind is None else kind(word)
    return True


def _keep_yes_no(reading: _Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_yes_no(text)
    return True


def _keep_level(reading: _Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_level(text)
    return True


def _keep_money(reading: _Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_money(text, reading.header.price_unit)
    return True


def _read_modes(text: str) -> tuple[tuple[str, ...], list[int], list[CellFault]]:
    return read_list(text, lambda piece: read_word("conversion_mode", piece, "转化方式"))


def _read_keywords(text: str) -> tuple[tuple[str, ...], list[int], list[CellFault]]:
    return read_list(text, lambda piece: read_line(unquote(piece)))


def _read_files(text: str) -> tuple[tuple[FileId, ...], list[int], list[CellFault]]:
    return read_list(text, _read_file)


def _read_file(piece: str) -> FileId:
    try:
        return FileId(UUID(piece))
    except ValueError:
        raise CellFault(
            "file_unknown", f"{shown(piece)}不是文件编号", "先上传文件，再填写返回的编号"
        ) from None


def _keep_list(
    read: Callable[[str], tuple[tuple[Any, ...], list[int], list[CellFault]]],
) -> Callable[[_Reading, Column, str], bool]:
    def keep(reading: _Reading, column: Column, text: str) -> bool:
        name = column.name
        values, lines, faults = read(text)
        if len(values) + len(faults) > _COUNTS[name]:
            mend = f"不超过{_COUNTS[name]}项"
            raise CellFault("too_many", f"{column.label}超过{_COUNTS[name]}项", mend)
        for fault in faults:
            reading.fault(name, fault.rule, fault.message, fault.mend, fault.line)
        if not values and column.required and not faults:
            raise CellFault("required", f"{column.label}不能为空", f"填写：{column.note}")
        if values or not column.required:
            reading.values[name], reading.lines[name] = values, lines
        return not faults

    return keep


_READERS: Final[Mapping[str, Callable[[_Reading, Column, str], bool]]] = {
    column.name: _keep_word if column.vocabulary else _keep_text for column in COLUMNS
} | {
    "ip_assets": _keep_list(read_assets),
    "readiness_level": _keep_level,
    "completers": _keep_list(read_completers),
    "service_result": _keep_yes_no,
    "conversion_modes": _keep_list(_read_modes),
    "price_idea": _keep_money,
    "keywords": _keep_list(_read_keywords),
    "attachments": _keep_list(_read_files),
}


_PLAIN_WORDS: Final = frozenset(name for name, reader in _READERS.items() if reader is _keep_word)
_PLAIN_TEXTS: Final = {
    name: LINE_MAX if name in _LINES else TEXT_MAX
    for name, reader in _READERS.items()
    if reader is _keep_text
}


def _content(values: Mapping[str, Any]) -> AchievementContent:
    plain = {
        name: value
        for name, value in values.items()
        if name not in {"readiness_scale", "readiness_level"}
    }
    readiness = Readiness(values["readiness_scale"], values["readiness_level"])
    return AchievementContent(**plain, readiness=readiness)


def _place(path: str, reading: _Reading) -> tuple[str, int | None]:
    """Return the column of a content's field, and which value of its cell is meant."""
    name, _, rest = path.partition(".")
    if name == "readiness":
        return f"readiness_{rest}", None
    if rest:
        return name, reading.lines[name][int(rest.partition(".")[0])]
    return name, None


def named_files(header: Header, row: RawRow) -> Iterator[FileId]:
    """Yield the files that a row names."""
    place = header.places.get("attachments", -1)
    if 0 <= place < len(row.cells) and row.cells[place]:
        yield from _read_files(row.cells[place])[0]


def gate_faults(header: Header, row: RawRow, report: GateReport, *, minimum: int) -> list[Fault]:
    """Return what the quality gate misses in a row that is to be submitted.

    Args:
        minimum: The score that the market's terms ask for; a row that has it has no fault.
    """
    if report.score >= minimum:
        return []
    reading = _Reading(row, header, {}, {}, [])
    for item in report.items:
        if not item.passed:
            name = item.rule.field.partition(".")[0]
            told = f"{item.rule.message_zh}（质量分{report.score}，要求{minimum}）"
            known = name if name in BY_NAME else "readiness_level"
            reading.fault(known, item.rule.name, told, item.rule.mend_zh, None)
    return reading.faults
