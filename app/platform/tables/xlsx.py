"""Read the rows of an XLSX file: stored texts and results, never formulas.

openpyxl builds an object a cell and takes longer than all the rest of an import; here a sheet's
XML is read as it streams by, in constant memory beside its rows.

Source: ECMA-376 part 1, 18.3 (worksheets), 18.4 (shared strings), 18.8.30 (number formats).
"""

import io
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Context, Decimal, InvalidOperation
from posixpath import normpath
from typing import Final
from xml.parsers import expat

from openpyxl.styles.numbers import is_date_format
from openpyxl.utils import range_boundaries

from app.shared.tables.form import IMPORT_ROWS_MAX, RawRow

UNPACKED_BYTES_MAX: Final = 200_000_000  # a small file may unpack to any size
CELLS_A_ROW_MAX: Final = 200
CELL_CHARS_MAX: Final = 32_767  # as spreadsheet programs; many cells may share one text
ROW_NUMBER_MAX: Final = 1_048_576
DIGITS_MAX: Final = 40  # of a number that is written out: an exponent costs nothing, zeros do
ELEMENTS_MAX: Final = 500_000  # of a part that is kept whole

_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_STRINGS: Final = "xl/sharedStrings.xml"
_STYLES: Final = "xl/styles.xml"
_EPOCH, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
# Numbers of built-in formats that show a day, East Asian ones too.
_DAY_FORMATS: Final = frozenset({14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)})
_PERCENT_FORMATS: Final = frozenset({9, 10})
_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DIGITS: Final = "0123456789"
_LETTERS: Final = 26
# Programs store 0.29 as 0.28999999999999998 and show 15 digits.
_AS_SHOWN: Final = Context(prec=15)

Attributes = dict[str, str]


def read_rows(content: bytes, preferred: str) -> list[RawRow]:
    """Return the rows of a sheet that are not empty, hidden ones too.

    Stops a row after ``IMPORT_ROWS_MAX`` and a header.

    Args:
        preferred: Name of the sheet, if there is one of this name; else the first.

    Raises:
        zipfile.BadZipFile, expat.ExpatError, KeyError, ValueError and their like: Damaged.
    """
    archive = zipfile.ZipFile(io.BytesIO(content))
    if sum(item.file_size for item in archive.infolist()) > UNPACKED_BYTES_MAX:
        raise ValueError("it unpacks to too much")
    sheets, epoch = _workbook(archive)
    names = archive.namelist()
    strings = _strings(archive.read(_STRINGS)) if _STRINGS in names else []
    days, percents = _styles(archive.read(_STYLES)) if _STYLES in names else (frozenset(),) * 2
    reader = _Reader(strings, days, percents, epoch)
    path = sheets[preferred] if preferred in sheets else next(iter(sheets.values()))
    with suppress(_Enough):
        _parser(reader.start, reader.end, reader.text).Parse(archive.read(path), True)
    return reader.whole()


def _parser(
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> None:
    # No program writes one, and entities expand without end.
    raise ValueError("it declares a document type")


def _elements(xml: bytes) -> list[tuple[str, Attributes]]:
    found: list[tuple[str, Attributes]] = []

    def start(name: str, attributes: Attributes) -> None:
        if len(found) == ELEMENTS_MAX:
            raise ValueError("it has too many elements")
        found.append((_local(name), attributes))

    _parser(start).Parse(xml, True)
    return found


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _workbook(archive: zipfile.ZipFile) -> tuple[dict[str, str], date]:
    """Return the paths of the sheets by name, in order, and the first day of its calendar."""
    targets = {
        attributes["Id"]: normpath(
            attributes["Target"].lstrip("/")
            if attributes["Target"].startswith("/")
            else f"xl/{attributes['Target']}"
        )
        for name, attributes in _elements(archive.read(_RELATIONS))
        if name == "Relationship"
    }
    sheets: dict[str, str] = {}
    epoch = _EPOCH
    for name, attributes in _elements(archive.read(_WORKBOOK)):
        if name == "sheet":
            relation = next(value for key, value in attributes.items() if _local(key) == "id")
            sheets[attributes["name"]] = targets[relation]
        elif name == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
            epoch = _EPOCH_1904
    return sheets, epoch


def _styles(xml: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """Return the numbers of the cell styles that show a day, and of those that show percent."""
    kinds = dict.fromkeys(_DAY_FORMATS, 0) | dict.fromkeys(_PERCENT_FORMATS, 1)
    found: tuple[set[str], set[str]] = (set(), set())
    inside, count = False, 0
    for name, attributes in _elements(xml):
        if name == "numFmt":
            number, written = int(attributes["numFmtId"]), attributes["formatCode"]
            if is_date_format(written):
                kinds[number] = 0
            elif "%" in written:
                kinds[number] = 1
        elif name in {"cellXfs", "cellStyleXfs", "cellStyles"}:
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            kind = kinds.get(int(attributes.get("numFmtId", 0)))
            if kind is not None:
                found[kind].add(str(count))
            count += 1
    return frozenset(found[0]), frozenset(found[1])


def _strings(xml: bytes) -> list[str]:
    """Return the shared strings, without the readings that stand above characters."""
    found: list[str] = []
    parts: list[str] = []
    depth = {"t": 0, "rPh": 0}

    def start(name: str, _attributes: Attributes) -> None:
        local = _local(name)
        if local == "si":
            parts.clear()
        elif local in depth:
            depth[local] += 1

    def end(name: str) -> None:
        local = _local(name)
        if local == "si":
            found.append(_plain("".join(parts)))
        elif local in depth:
            depth[local] -= 1

    def text(data: str) -> None:
        if depth["t"] and not depth["rPh"]:
            parts.append(data)

    _parser(start, end, text).Parse(xml, True)
    return found


def _plain(text: str) -> str:
    """Return a stored text as it is shown: escaped characters resolved, lines ended alike."""
    if len(text) > CELL_CHARS_MAX:
        raise ValueError("a text is longer than any cell's")
    if "_x" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


class _Enough(Exception):
    """More rows than anybody wants to know."""


class _Reader:
    """What the parser calls back; kept flat, because it is called for every cell."""

    def __init__(
        self, strings: list[str], days: frozenset[str], percents: frozenset[str], epoch: date
    ) -> None:
        self._strings, self._epoch = strings, epoch
        self._days, self._percents = days, percents
        self._places: dict[str, int] = {}
        self._rows: list[tuple[int, list[str], dict[int, str]]] = []
        self._merged: list[str] = []
        self._number = 0
        self._cells: list[str] = []
        self._spoiled: dict[int, str] = {}
        self._place, self._kind, self._style = 0, "n", ""
        self._formula, self._listening, self._reading = False, False, 0
        self._parts: list[str] = []
        self._prefix: str | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin an element."""
        if self._prefix is None:
            self._prefix = name[: -len(_local(name))]
        if self._prefix:
            name = _local(name)
        if name == "c":
            reference = attributes.get("r")
            self._place = len(self._cells) if reference is None else self._place_of(reference)
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "")
            self._formula = False
            self._parts = []
        elif name in {"v", "t"}:
            self._listening = not self._reading
        elif name == "f":
            self._formula = True
        elif name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            if not 1 <= self._number <= ROW_NUMBER_MAX:
                raise ValueError("no row has this number")
            self._cells, self._spoiled = [], {}
        elif name == "rPh":
            self._reading += 1
        elif name == "mergeCell":
            self._merged.append(attributes["ref"])

    def text(self, data: str) -> None:
        """Take a text."""
        if self._listening:
            self._parts.append(data)

    def end(self, name: str) -> None:
        """End an element."""
        if self._prefix:
            name = _local(name)
        if name in {"v", "t"}:
            self._listening = False
        elif name == "c":
            self._end_cell()
        elif name == "row":
            if any(self._cells) or self._spoiled:
                self._rows.append((self._number, self._cells, self._spoiled))
                if len(self._rows) > IMPORT_ROWS_MAX + 1:
                    raise _Enough
        elif name == "rPh":
            self._reading -= 1

    def _place_of(self, reference: str) -> int:
        letters = reference.rstrip(_DIGITS)
        place = self._places.get(letters)
        if place is None:
            place = 0
            for letter in letters:
                place = place * _LETTERS + ord(letter) - ord("A") + 1
            place = self._places[letters] = place - 1
        return place

    def _end_cell(self) -> None:
        place = self._place
        if place >= CELLS_A_ROW_MAX:
            return
        raw = "".join(self._parts)
        if not raw:
            if self._formula:
                self._spoiled[place] = "formula"
            return
        cells = self._cells
        if place != len(cells):
            if place < len(cells):
                raise ValueError("cells in disorder")
            cells.extend([""] * (place - len(cells)))
        cells.append(self._shown(raw))

    def _shown(self, raw: str) -> str:
        match self._kind:
            case "s":
                return self._strings[int(raw)]
            case "n":
                return self._number_shown(raw)
            case "b":
                return "是" if raw == "1" else "否"
            case "d":
                return raw[:10]
        return _plain(raw)

    def _number_shown(self, raw: str) -> str:
        try:
            number = Decimal(raw)
        except InvalidOperation:
            return raw
        if not number.is_finite() or abs(number.adjusted()) > DIGITS_MAX:
            return raw
        if self._style in self._days:
            return (self._epoch + timedelta(days=int(number))).isoformat()
        if "." in raw:
            number = _AS_SHOWN.plus(number)
        if self._style in self._percents:
            return f"{(number * 100).normalize():f}%"
        return f"{number.normalize():f}"  # 650000.0 and 6.5E5 as 650000

    def whole(self) -> list[RawRow]:
        """Return all rows, with the cells that are part of merged ones."""
        rows = {number: (cells, spoiled) for number, cells, spoiled in self._rows}
        if len(rows) < len(self._rows):
            raise ValueError("two rows have one number")
        left_over = IMPORT_ROWS_MAX * CELLS_A_ROW_MAX  # merged cells do not overlap
        for reference in self._merged:
            left, top, right, bottom = range_boundaries(reference)
            first = rows[top][0] if top in rows else []
            if left > len(first) or not first[left - 1]:
                continue  # nothing is shown there
            places = range(left - 1, min(right, CELLS_A_ROW_MAX))
            numbers = range(top, min(bottom, top + IMPORT_ROWS_MAX) + 1)
            left_over -= len(places) * len(numbers)
            if left_over < 0:
                raise ValueError("more cells are merged than there are")
            for number in numbers:
                # A row without a text of its own still shows the merged one.
                _, spoiled = rows.setdefault(number, ([], {}))
                spoiled.update(dict.fromkeys(places, "merged"))
        return [
            RawRow(number, tuple(cells), spoiled)
            for number, (cells, spoiled) in sorted(rows.items())
        ]
