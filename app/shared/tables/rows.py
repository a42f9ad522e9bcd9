"""A row that is read: its values by column, and every fault with its cell, rule and mend."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from app.shared.tables.cells import LINE_MAX, TEXT_MAX, read_text, read_yes_no
from app.shared.tables.form import Column, Fault, Header, RawRow, TableForm, cell_name, shown
from app.shared.tables.words import CellFault, Words

_SPOILED: Final = {
    "formula": ("公式没有保存计算结果", "把公式改为数值或文字后重新保存"),
    "merged": ("是合并单元格", "取消合并并逐行填写"),
}
_ERRORS: Final = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
)


@dataclass(slots=True)
class Reading:
    """A row while it is read.

    Attributes:
        values: By column; what stands for a cell that was not understood or left empty, else.
        lines: Which piece of its cell each value of a list was, by column.
    """

    reader: "RowReader"
    header: Header
    row: RawRow
    values: dict[str, Any]
    lines: dict[str, list[int]]
    faults: list[Fault]

    def fault(self, name: str, rule: str, message: str, mend: str, line: int | None = None) -> None:
        """Note a fault of a column's cell, and which of its values is meant."""
        column = self.reader.form.by_name[name]
        # A column that is not there is missed by the one that demands it.
        places = self.header.places
        place = places.get(name, places.get(self.reader.anchor, 0))
        said = message if line is None else f"第{line}项：{message}"
        cell = cell_name(place, self.row.number)
        self.faults.append(Fault(cell, column.label, rule, said, mend))

    def text(self, name: str) -> str:
        """Return what stands in a column's cell."""
        place = self.header.places.get(name, -1)
        return self.row.cells[place] if 0 <= place < len(self.row.cells) else ""

    def told(self) -> tuple[Fault, ...]:
        """Return the faults in the order of the cells: B12 before AA12."""
        return tuple(sorted(self.faults, key=lambda fault: (len(fault.cell), fault.cell)))


class Read(Protocol):
    """Reads a text that is not empty into the values; tells whether it was understood."""

    def __call__(self, reading: Reading, column: Column, text: str) -> bool:
        """Raise CellFault, or note faults, or keep the value."""


class RowReader:
    """How the rows of one kind of table are read.

    A column with a vocabulary holds a word of it, another one a text, unless it is in ``reads``.

    Args:
        enums: The type of a word that is not kept as text, by column.
        empty: What stands for a cell that was not understood or left empty, by column.
        short: Columns whose text has at most 200 characters.
        reads: How other columns are read.
        anchor: The column at whose cell the fault of an absent column is told.
    """

    def __init__(
        self,
        form: TableForm,
        words: Words,
        *,
        enums: Mapping[str, Callable[[str], Any]],
        empty: Mapping[str, Any],
        short: frozenset[str],
        reads: Mapping[str, Read],
        anchor: str,
    ) -> None:
        self.form, self.words, self.anchor = form, words, anchor
        self._enums, self._empty, self._reads = enums, empty, reads
        plain = [column for column in form.columns if column.name not in reads]
        self._plain_words = frozenset(column.name for column in plain if column.vocabulary)
        self._plain_texts = {
            column.name: LINE_MAX if column.name in short else TEXT_MAX
            for column in plain
            if not column.vocabulary
        }
        self._written: dict[str, Mapping[str, Any]] = {}

    def read(self, header: Header, row: RawRow) -> tuple[Reading, set[str]]:
        """Read a row; return it with the columns that were not understood.

        Invariant: SH9. Cost: one pass over the cells.
        """
        reading = self.begin(header, row)
        self._check_strays(reading)
        places, cells = header.places, row.cells
        filled = {
            name
            for name, place in places.items()
            if place in row.spoiled or (place < len(cells) and cells[place])
        }
        bad = {
            column.name
            for column in self.form.columns
            if (column.required or column.name in filled)
            and not self._take_plain(reading, column)
            and not self._read_cell(reading, column)
        }
        return reading, bad

    def begin(self, header: Header, row: RawRow) -> Reading:
        """Return a reading of a row of which no cell is read, to tell other faults of it."""
        return Reading(self, header, row, dict(self._empty), {}, [])

    def _check_strays(self, reading: Reading) -> None:
        known = set(reading.header.places.values())
        for place, text in enumerate(reading.row.cells):
            if text and place not in known:
                cell = cell_name(place, reading.row.number)
                message = f"{shown(text)}所在的列没有表头"
                mend = "删除该内容，或补上表头"
                reading.faults.append(Fault(cell, "", "column_without_header", message, mend))

    def _words_of(self, column: Column) -> Mapping[str, Any]:
        """Return a column's values by their words, as the template writes them."""
        known = self._written.get(column.name)
        if known is None:
            kind = self._enums.get(column.name, str)
            labels = self.words.vocabulary(column.vocabulary or "").labels
            known = {word: kind(name) for name, word in labels.items()}
            self._written[column.name] = known
        return known

    def _take_plain(self, reading: Reading, column: Column) -> bool:
        """Take a cell that needs no reading, as most do; tell whether it was one."""
        name = column.name
        place = reading.header.places.get(name, -1)
        cells = reading.row.cells
        if reading.row.spoiled or not 0 <= place < len(cells):
            return False
        text = cells[place]
        if name in self._plain_words:
            value = self._words_of(column).get(text)
            if value is not None:
                reading.values[name] = value
            return value is not None
        longest = self._plain_texts.get(name, 0)
        if 0 < len(text) <= longest and text.isprintable() and text not in _ERRORS:
            reading.values[name] = text
            return True
        return False

    def _read_cell(self, reading: Reading, column: Column) -> bool:
        """Read one cell into the values; tell whether it was understood."""
        name = column.name
        spoiled = reading.row.spoiled.get(reading.header.places.get(name, -1))
        if spoiled is not None:
            message, mend = _SPOILED[spoiled]
            reading.fault(name, spoiled, message, mend)
            return False
        text = reading.text(name)
        if not text:
            if column.required:
                mend = f"填写{column.label}：{column.note}"
                reading.fault(name, "required", f"{column.label}不能为空", mend)
            return not column.required
        try:
            _check_formula(text)
            return self._reads.get(name, self._keep)(reading, column, text)
        except CellFault as fault:
            reading.fault(name, fault.rule, fault.message, fault.mend, fault.line)
            return False

    def _keep(self, reading: Reading, column: Column, text: str) -> bool:
        name = column.name
        if name in self._plain_words:
            word = self.words.read(column.vocabulary or "", text, column.label)
            reading.values[name] = self._enums.get(name, str)(word)
        else:
            reading.values[name] = read_text(text, self._plain_texts[name])
        return True


def _check_formula(text: str) -> None:
    if text in _ERRORS:
        raise CellFault("formula", f"{text} 是公式错误", "改正公式或直接填写")


def keep_yes_no(reading: Reading, column: Column, text: str) -> bool:
    """Keep whether a cell says yes."""
    reading.values[column.name] = read_yes_no(text)
    return True


def keep_list(
    read: Callable[[str], tuple[tuple[Any, ...], list[int], Iterable[CellFault]]], most: int
) -> Read:
    """Return how a cell is read that holds at most so many values."""

    def keep(reading: Reading, column: Column, text: str) -> bool:
        name = column.name
        values, lines, found = read(text)
        faults = list(found)
        if len(values) + len(faults) > most:
            raise CellFault("too_many", f"{column.label}超过{most}项", f"不超过{most}项")
        for fault in faults:
            reading.fault(name, fault.rule, fault.message, fault.mend, fault.line)
        if not values and column.required and not faults:
            raise CellFault("required", f"{column.label}不能为空", f"填写：{column.note}")
        if values or not column.required:
            reading.values[name], reading.lines[name] = values, lines
        return not faults

    return keep
