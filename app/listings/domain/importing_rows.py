"""A row of an import and the content that it states, both ways."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
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
from app.listings.domain.importing import FORM
from app.listings.domain.importing_cells import read_level, read_price
from app.listings.domain.importing_lists import read_assets, read_completers
from app.listings.domain.importing_texts import tell
from app.listings.domain.importing_words import WORDS
from app.listings.domain.importing_writing import EXAMPLE
from app.shared.ids import FileId
from app.shared.tables.cells import read_line
from app.shared.tables.form import Column, Fault, Header, RawRow, shown
from app.shared.tables.lists import read_list, unquote
from app.shared.tables.rows import Reading, RowReader, keep_list, keep_yes_no
from app.shared.tables.words import CellFault

_ENUMS: Final = {
    "empowerment": Empowerment,
    "confidentiality": Confidentiality,
    "secrecy": Secrecy,
}
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


def _keep_level(reading: Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_level(text)
    return True


def _keep_price(reading: Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_price(text, reading.header.units.get(column.name))
    return True


def _read_modes(text: str) -> tuple[tuple[str, ...], list[int], list[CellFault]]:
    return read_list(text, lambda piece: WORDS.read("conversion_mode", piece, "转化方式"))


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


_LISTS: Final = {
    "ip_assets": read_assets,
    "completers": read_completers,
    "conversion_modes": _read_modes,
    "keywords": _read_keywords,
    "attachments": _read_files,
}
_READER: Final = RowReader(
    FORM,
    WORDS,
    enums=_ENUMS,
    empty=_EMPTY,
    short=frozenset({"title", "funding_project"}),
    reads={
        "readiness_level": _keep_level,
        "service_result": keep_yes_no,
        "price_idea": _keep_price,
        **{name: keep_list(read, _COUNTS[name]) for name, read in _LISTS.items()},
    },
    anchor="confidentiality",
)


def read_row(
    header: Header, row: RawRow, *, today: date, files: Collection[FileId]
) -> tuple[AchievementContent | None, tuple[Fault, ...]]:
    """Return the content of a row in its normal form, or all its faults.

    Args:
        today: In Shanghai.
        files: The owner's files among those that rows name.

    Invariants: LS35. Cost: one pass over the cells.
    """
    reading, bad = _READER.read(header, row)
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
        reading.fault("title", "example_row", "这是模板中的示例行，未导入", "删除示例行")
    return None, reading.told()


def _content(values: Mapping[str, Any]) -> AchievementContent:
    plain = {
        name: value
        for name, value in values.items()
        if name not in {"readiness_scale", "readiness_level"}
    }
    readiness = Readiness(values["readiness_scale"], values["readiness_level"])
    return AchievementContent(**plain, readiness=readiness)


def _place(path: str, reading: Reading) -> tuple[str, int | None]:
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
    reading = _READER.begin(header, row)
    for item in report.items:
        if not item.passed:
            name = item.rule.field.partition(".")[0]
            told = f"{item.rule.message_zh}（质量分{report.score}，要求{minimum}）"
            known = name if name in FORM.by_name else "readiness_level"
            reading.fault(known, item.rule.name, told, item.rule.mend_zh)
    return reading.faults
