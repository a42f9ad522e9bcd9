"""Tables made to hurt: a small file costs little, and what it says is told, never a failure."""

import csv
import io
import time
import zipfile
from collections.abc import Mapping
from datetime import date

import httpx
import pytest
from openpyxl import Workbook, load_workbook

from app.listings.domain.importing import FORM
from app.listings.domain.importing_rows import read_row
from app.platform.files.lookup import own_files
from app.platform.tables.sheets import XLSX, read_sheet, write_csv, write_xlsx
from app.shared.ids import new_id
from app.shared.money import Money
from app.shared.tables.form import ImportColumnsInvalid, ImportFileUnreadable, RawRow
from tests.listings.factories import Desk, done
from tests.listings.test_import import LABELS, Office, counts, row, rules, saved, xlsx
from tests.world import World

SHEET = "xl/worksheets/sheet1.xml"
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def altered(parts: Mapping[str, bytes]) -> bytes:
    """Return a good table with some of its parts in the place of its own."""
    out = io.BytesIO()
    good = zipfile.ZipFile(io.BytesIO(xlsx([LABELS, row(1)])))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in good.namelist():
            archive.writestr(name, parts.get(name) or good.read(name))
    return out.getvalue()


def sheet(rows: str, after: str = "") -> bytes:
    return altered({SHEET: f"{HEAD}{rows}</sheetData>{after}</worksheet>".encode()})


@pytest.fixture
def office(client: httpx.AsyncClient, world: World) -> Office:
    return Office(client, world)


@pytest.mark.parametrize("number", ["1E999999", "1E-999999", "Infinity", "NaN", "-0E999999"])
def test_no_number_is_written_out_in_millions_of_zeros(number: str) -> None:
    """LS34, P60"""
    rows = "".join(f'<row r="{line}"><c r="A{line}"><v>{number}</v></c></row>' for line in (1, 2))
    told = read_sheet(sheet(rows), XLSX, "成果")
    assert told.rows[0].cells == (number,)


def test_fractions_and_percents_are_read_as_shown() -> None:
    """P61"""
    figures = ("0.28999999999999998", "12345678901234567", "6.5E5")
    rows = "".join(
        f'<row r="{line}"><c><v>{text}</v></c></row>' for line, text in enumerate(figures, 1)
    )
    told = read_sheet(sheet(rows), XLSX, "")
    cells = [row.cells[0] for row in (told.header, *told.rows)]
    assert cells == ["0.29", "12345678901234567", "650000"]
    book = Workbook()
    book.active.append(["比例", "比例"])
    book.active.append([0.29, 0.3333])
    book.active["A2"].number_format = "0%"
    book.active["B2"].number_format = "[红]0.0%_ "
    assert read_sheet(saved(book), XLSX, "").rows[0].cells == ("29%", "33.33%")


def test_merged_cells_that_overlap_without_end_are_refused() -> None:
    """LS34, P60"""
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    merged = '<mergeCell ref="A1:GR20000"/>' * 200
    began = time.process_time()
    with pytest.raises(ImportFileUnreadable):
        read_sheet(sheet(rows, f"<mergeCells>{merged}</mergeCells>"), XLSX, "成果")
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "rows",
    [
        (
            '<row r="1"><c><v>1</v></c></row><row r="2"><c><v>1</v></c></row>'
            '<row r="2"><c><v>2</v></c></row>'
        ),
        '<row r="1"><c><v>1</v></c></row><row r="4000000000"><c><v>1</v></c></row>',
        f'<row><c t="str"><v>{"长" * 32_768}</v></c></row><row><c><v>1</v></c></row>',
    ],
    ids=["one number twice, of which one row would be lost", "no such row", "no such cell"],
)
def test_rows_that_no_program_writes_are_refused(rows: str) -> None:
    """LS33, LS34, P60"""
    with pytest.raises(ImportFileUnreadable):
        read_sheet(sheet(rows), XLSX, "成果")


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_a_part_of_endless_elements_is_refused(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """LS34, P60"""
    monkeypatch.setattr("app.platform.tables.xlsx.ELEMENTS_MAX", 100)
    with pytest.raises(ImportFileUnreadable):
        read_sheet(altered({part: b"<x>" + b"<a/>" * 101 + b"</x>"}), XLSX, "成果")


@pytest.mark.parametrize("declared", ['<!DOCTYPE x [<!ENTITY a "b">]>', "<!DOCTYPE x>"])
def test_no_part_declares_entities(declared: str) -> None:
    """LS34, P60"""
    for part in (SHEET, "xl/styles.xml", "xl/workbook.xml"):
        with pytest.raises(ImportFileUnreadable):
            read_sheet(altered({part: f"{declared}<x/>".encode()}), XLSX, "成果")


async def test_what_cannot_be_stored_is_told_as_a_fault_of_its_cell(
    desk: Desk, office: Office
) -> None:
    """LS33, LS35"""
    table = [LABELS, row(1), row(2, kind="a_x0000_b"), row(3, kind="a_xD800_b")]
    told = done(await office.take(xlsx(table)))
    assert counts(told) == (3, 1, 0, 2)
    assert [rule for _, rule in rules(told)] == ["code_unknown", "code_unknown"]
    plain = done(await office.take(write_csv([LABELS, row(4, kind="a\x01b")]), "a.csv"))
    report = await desk.get(f"achievements/imports/{plain['id']}/report", "seller_staff")
    assert report.status_code == 200
    assert "a\ufffdb" in str(load_workbook(io.BytesIO(report.content)).active["G2"].value)


@pytest.mark.parametrize("column", ["attachments", "keywords", "completers", "ip_assets"])
def test_a_cell_of_thousands_of_faults_has_one(column: str) -> None:
    """LS35: one shared text of a small file may stand in every row."""
    cells = row(1, **{column: "\n".join(["x" * 201] * 150)})
    content, faults = read_row(
        FORM.match_header(LABELS, row=1), RawRow(2, cells), today=date(2026, 3, 2), files=()
    )
    assert content is None
    assert [fault.rule for fault in faults] == ["too_many"]


@pytest.mark.parametrize("text", ["＝1+1", "＋1", "－1", "＠x", "\n=1"])
def test_no_full_width_sign_begins_a_formula(text: str) -> None:
    """LS37, P61"""
    told = next(csv.reader(io.StringIO(write_csv([[text]]).decode("utf-8-sig"))))
    assert told == [f"'{text}"]


def test_counts_and_amounts_are_written_as_numbers() -> None:
    """P61: to the fen, whatever their size"""
    large = Money.parse("7777777777777.77")
    file = write_xlsx([("账", [("数", "元"), (12, Money.parse("-0.05")), ("=1", large)])])
    assert read_sheet(file, XLSX, "").rows[0].cells == ("12", "-0.05")
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        assert "<v>7777777777777.77</v>" in parts.read("xl/worksheets/sheet1.xml").decode()
    assert write_csv([(12, large)]).decode("utf-8-sig") == "12,7777777777777.77\r\n"


def test_a_header_is_told_by_its_beginning() -> None:
    """LS34, P60"""
    with pytest.raises(ImportColumnsInvalid) as refused:
        FORM.match_header(["\ud800" * 30_000], row=1)
    message = str(refused.value.fields["errors"])
    assert "“\ufffd\ufffd" in message
    assert "\ufffd" * 41 not in message


async def test_rows_may_name_more_files_than_a_statement_has_parameters(desk: Desk) -> None:
    """LS33"""
    asked = {new_id() for _ in range(40_000)}
    assert await own_files(desk.session, desk.world.seller, asked) == frozenset()
