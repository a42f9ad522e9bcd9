"""Contract records as tables: one row a contract, headers in Chinese or English."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.settlement.domain.registration.mapping import FormField, field_of, mapping
from app.settlement.domain.registration.reading import WORDS, Read, read_values, unreadable
from app.settlement.domain.registration.report import Report, Severity
from app.shared.tables.form import (
    Column,
    Header,
    ImportColumnsInvalid,
    ImportEmpty,
    RawRow,
    TableForm,
)
from app.shared.tables.words import CellFault

SHEET: Final = "技术合同"
_NOTES: Final = {
    "money": "金额，单位元；表头可注明（元）或（万元），也可写 65万元",
    "day": "日期，如 2026-11-26",
    "yes_no": "是 或 否",
    "count": "整数",
    "list": "多个用分号隔开",
    "code": "见代码表",
    "word": "见代码表",
    "region": "六位行政区划代码，如 330106",
    "industry": "门类名称或代码，如 C 或 C3512",
}
_SPOILED: Final = {
    "formula": CellFault("formula", "公式没有保存计算结果", "把公式改为数值或文字后重新保存"),
    "merged": CellFault("merged", "是合并单元格", "取消合并并逐行填写"),
}


def _column(field: FormField) -> Column:
    note = _NOTES.get(field.kind, "")
    if field.longest is not None:
        note = f"不超过{field.longest}字"
    return Column(
        field.name,
        field.label_zh,
        field.required == "always",
        note,
        field.table if field.kind in {"code", "word"} else None,
        field.kind == "money",
        field.aliases,
    )


COLUMNS: Final = tuple(_column(field) for field in mapping().fields)
# What a row lacks, the rules say; a table may leave out any column.
_FORM: Final = TableForm([replace(column, required=False) for column in COLUMNS])
_TITLES_MAX: Final = 5  # rows above the header that tell whose list it is


def words() -> Mapping[str, Sequence[str]]:
    """Return what columns accept, by their labels."""
    return {
        column.label: tuple(WORDS.vocabulary(column.vocabulary).labels.values())
        for column in COLUMNS
        if column.vocabulary
    }


EXAMPLE: Final[Mapping[str, str]] = {
    "project_name": "面向产线的缺陷检测方法专利权转让合同",
    "seller_name": "之澜理工大学",
    "buyer_name": "西溪智造有限公司",
    "total_amount": "730000.00",
    "technology_amount": "730000.00",
    "signed_on": "2026-03-25",
    "starts_on": "2026-03-25",
    "ends_on": "2027-03-24",
    "payment_mode": "一次支付",
    "related_party": "否",
    "plan_source": "计划外",
    "ip_kind": "发明专利",
    "contract_type": "专利权转让",
    "technology_field": "电子信息",
    "social_economic_objective": "工商业发展",
    "buyer_type": "有限责任公司",
    "buyer_scale": "小型企业",
    "buyer_address": "杭州市西湖区望溪路3号",
    "buyer_representative": "章启明",
    "buyer_contact": "沈知行",
    "buyer_phone": "0571-85000000",
    "buyer_postcode": "310012",
    "buyer_region": "330106",
    "buyer_industry": "C",
    "number": "示例，请覆盖",
    "technical_content": "事件相机采集亮度变化，据此在线定位薄膜缺陷，转让全部专利权。",
    "seller_credit_code": "12330110470128359P",
    "seller_address": "杭州市余杭区北苕大道1号",
    "seller_representative": "陆景深",
    "seller_region": "330110",
    "buyer_credit_code": "91330106305184621M",
    "patent_numbers": "ZL201710601862.3",
    "in_writing": "是",
}


@dataclass(frozen=True, slots=True)
class TableRead:
    """A table's rows as records, in its order.

    Attributes:
        header: The first row that names a column; what stands above it is a title.
        unused: Headers that no field has.
    """

    header: RawRow
    rows: tuple[tuple[RawRow, Read], ...]
    unused: tuple[str, ...]


def read_table(above: RawRow, below: Sequence[RawRow]) -> TableRead:
    """Read a table; columns that no field has are told and left alone.

    Raises:
        ImportColumnsInvalid: No header is known, or one occurs twice.
        ImportEmpty: No row below the header.
    """
    header, *rows = _without_titles((above, *below))
    if not rows:
        raise ImportEmpty("There is no row below the header.", field="file_id")
    known = [text if _is_known(text) else "" for text in header.cells]
    if not any(known):
        _FORM.match_header(header.cells, row=header.number)
    places = _FORM.match_header(known, row=header.number)
    unused = tuple(
        text for text, kept in zip(header.cells, known, strict=True) if text and not kept
    )
    return TableRead(header, tuple((row, _read_row(places, row)) for row in rows), unused)


def _without_titles(rows: Sequence[RawRow]) -> Sequence[RawRow]:
    for place, row in enumerate(rows[:_TITLES_MAX]):
        if any(map(_is_known, row.cells)):
            return rows[place:]
    return rows


def _is_known(text: str) -> bool:
    if not text:
        return False
    try:
        return bool(_FORM.match_header([text], row=1).places)
    except ImportColumnsInvalid:
        return False


def _read_row(header: Header, row: RawRow) -> Read:
    record, faults = read_values(_values(header, row), {})
    spoiled = tuple(
        unreadable(field_of(name), _SPOILED[row.spoiled[place]], {})
        for name, place in header.places.items()
        if place in row.spoiled
    )
    return Read(record, (*spoiled, *faults))


def _values(header: Header, row: RawRow) -> Iterator[tuple[FormField, Any, str | None]]:
    for name, place in header.places.items():
        if place < len(row.cells) and place not in row.spoiled:
            yield field_of(name), row.cells[place], header.units.get(name)


def beside(header: RawRow, rows: Sequence[tuple[RawRow, Report]]) -> list[tuple[str, ...]]:
    """Return the table with what was found beside each row."""
    width = max([len(header.cells), *(len(row.cells) for row, _ in rows)])
    told = [(*_padded(header.cells, width), "检查结论", "问题与修改办法")]
    for row, report in rows:
        lines = "\n".join(
            f"【{finding.severity_zh}】{finding.place_zh}：{finding.message_zh}。"
            f"{finding.mend_zh}（{finding.source}）"
            for finding in report.findings
        )
        verdict = "可以申报" if report.ready else f"{report.count(Severity.ERROR)}项须改正"
        told.append((*_padded(row.cells, width), verdict, lines))
    return told


def _padded(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells, *[""] * (width - len(cells)))
