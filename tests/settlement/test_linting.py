"""The linter as a command and over HTTP: files in, findings out, nothing kept."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner, Result

from app.cli import app
from app.platform.tables.sheets import write_csv, write_xlsx
from app.settlement.domain.registration.linter import RULES
from app.settlement.domain.registration.mapping import mapping
from app.settlement.domain.registration.tables import COLUMNS, EXAMPLE
from app.settlement.models import DealRow
from tests.listings.factories import done, refusal
from tests.settlement.factories import Counter

SOUND = {name: text for name, text in EXAMPLE.items() if name != "number"} | {
    "filing_on": "2026-11-26"  # the world's clock stands in March
}
BROKEN = SOUND | {"buyer_phone": "1", "pages": {"parties": 2}}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["lint-contract", *map(str, arguments)])


def file_of(folder: Path, told: Any) -> Path:
    path = folder / "合同.json"
    path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return path


def rows_of(*records: dict[str, str]) -> list[tuple[str, ...]]:
    header = tuple(column.label for column in COLUMNS)
    return [header, *(tuple(r.get(column.name, "") for column in COLUMNS) for r in records)]


def test_a_sound_contract_leaves_with_nought(tmp_path: Path) -> None:
    """ST175"""
    answer = run(file_of(tmp_path, SOUND))
    assert answer.exit_code == 0, answer.output
    assert "1 份合同，1 份可以申报，0 条检查结果" in answer.output


def test_an_error_leaves_with_one_and_is_shown(tmp_path: Path) -> None:
    answer = run(file_of(tmp_path, [SOUND, BROKEN]))
    assert answer.exit_code == 1
    for text in ("phone_format", "第2页", "填写手机号", "2 份合同，1 份可以申报"):
        assert text in answer.output


def test_a_hint_alone_is_no_error(tmp_path: Path) -> None:
    answer = run(file_of(tmp_path, {"records": [SOUND | {"related_party": True}]}))
    assert answer.exit_code == 0
    assert "related_party_noted" in answer.output


def test_machines_read_json(tmp_path: Path) -> None:
    answer = run(file_of(tmp_path, BROKEN | {"colour": "red"}), "--json")
    assert answer.exit_code == 1
    told = json.loads(answer.output)
    assert (told["ready"], told["rules"], told["unused"]) == (False, len(RULES), ["colour"])
    assert told["mapping_version"] == mapping().version
    (contract,) = told["contracts"]
    (finding,) = contract["findings"]
    assert (finding["rule"], finding["field"], finding["page"]) == (
        "phone_format",
        "buyer_phone",
        2,
    )


def test_half_a_character_in_a_name_is_told_not_fatal(tmp_path: Path) -> None:
    """ST175: JSON may escape what no encoding can print."""
    path = tmp_path / "合同.json"
    path.write_text(json.dumps(SOUND)[:-1] + ', "\\ud800": 1}', encoding="utf-8")
    for arguments in ((path,), (path, "--json")):
        answer = run(*arguments)
        assert answer.exit_code == 0, answer.output


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_tables_are_linted_row_by_row(tmp_path: Path, suffix: str) -> None:
    rows = rows_of(SOUND, SOUND | {"in_writing": "否"})
    path = tmp_path / f"合同{suffix}"
    path.write_bytes(write_csv(rows) if suffix == ".csv" else write_xlsx([("技术合同", rows)]))
    answer = run(path, "--json")
    assert answer.exit_code == 1
    told = json.loads(answer.output)["contracts"]
    assert [(item["place"], item["ready"]) for item in told] == [(2, True), (3, False)]
    assert [finding["rule"] for finding in told[1]["findings"]] == ["written_form"]


def test_titles_above_the_header_are_no_header(tmp_path: Path) -> None:
    """ST175: lists begin with whose they are; rows keep the numbers that the author sees."""
    header, row = rows_of(SOUND)
    path = tmp_path / "台账.xlsx"
    titles = [("之澜理工大学2026年技术合同台账",), ("填报单位：", "技术转移中心")]
    path.write_bytes(write_xlsx([("台账", [*titles, header, row])]))
    answer = run(path, "--json")
    assert answer.exit_code == 0, answer.output
    assert [item["place"] for item in json.loads(answer.output)["contracts"]] == [4]
    path.write_bytes(write_xlsx([("台账", [*titles, header])]))
    assert run(path).exit_code == 2


def test_the_template_is_written_and_its_example_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "模板.xlsx"
    assert run("--template", path).exit_code == 0
    assert run(path).exit_code == 0
    book = load_workbook(path)
    assert book.sheetnames == ["技术合同", "代码表", "填写说明"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"{"),
        ("a.json", b"[]"),
        ("a.json", b"7"),
        ("a.json", b'["x"]'),
        ("a.json", b"\xff\xfe"),
        ("a.json", b"[" * 100_000),
        ("a.txt", b"{}"),
        ("a.xlsx", b"no workbook"),
        ("a.csv", "天气\n晴\n".encode()),
        ("a.csv", "买方名称\n".encode()),
        ("missing.json", None),
    ],
)
def test_what_cannot_be_read_leaves_with_two(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    answer = run(path)
    assert answer.exit_code == 2, answer.output
    assert answer.output.strip()
    assert "Traceback" not in answer.output


def test_without_a_file_it_says_what_to_give() -> None:
    assert run().exit_code == 2


async def upload(counter: Counter, content: bytes, name: str, role: str = "seller_staff") -> str:
    answer = await counter.client.post(
        "/v1/files",
        files={"file": (name, content)},
        data={"audience": "owner"},
        headers=counter.world.headers(role),
    )
    return str(done(answer)["id"])


async def lint(
    counter: Counter, body: Any, path: str = "", role: str = "seller_staff"
) -> httpx.Response:
    return await counter.client.post(
        f"/v1/contract-lints{path}", json=body, headers=counter.world.headers(role)
    )


async def test_anybody_signed_in_lints_records_and_nothing_is_kept(
    counter: Counter, session: AsyncSession
) -> None:
    """ST175"""
    before = await session.scalar(select(func.count()).select_from(DealRow))
    money = {"amount": "730000.00", "currency": "CNY"}
    body = {"records": [SOUND | {"total_amount": money}, BROKEN | {"trainees": 3}]}
    for role in ("seller_staff", "expert", "auditor"):
        told = done(await lint(counter, body, role=role))
        assert told["ready"] is False
        assert [item["ready"] for item in told["contracts"]] == [True, False]
        (finding,) = told["contracts"][1]["findings"]
        assert finding["section"] == "parties"
        assert finding["page"] == 2
    assert await session.scalar(select(func.count()).select_from(DealRow)) == before
    refusal(await lint(counter, body, role="anonymous"), 401, "token_missing")


@pytest.mark.parametrize(
    "body",
    [
        {"records": []},
        {"records": [{}] * 101},
        {"records": [{"projectname": "x"}]},
        {"records": [{"project_name": "x\u0000"}]},
        {"records": [{"pages": {"price": 0}}]},
        {"records": "x"},
        {},
    ],
)
async def test_bodies_that_are_no_records_are_refused(counter: Counter, body: Any) -> None:
    refusal(await lint(counter, body), 422, "request_invalid")


async def test_an_uploaded_table_is_linted_and_given_back_with_its_findings(
    counter: Counter,
) -> None:
    rows = rows_of(SOUND, SOUND | {"buyer_contact": ""})
    file_id = await upload(counter, write_xlsx([("技术合同", rows)]), "合同.xlsx")
    told = done(await lint(counter, {"file_id": file_id}, "/tables"))
    assert [(item["place"], item["ready"]) for item in told["contracts"]] == [(2, True), (3, False)]
    answer = await lint(counter, {"file_id": file_id}, "/workbooks")
    assert answer.status_code == 200, answer.text
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    shown = list(sheet.iter_rows(values_only=True))
    assert shown[1][-2] == "可以申报"
    assert "缺少：买方联系人" in str(shown[2][-1])
    for path in ("/tables", "/workbooks"):
        stranger = await lint(counter, {"file_id": file_id}, path, "buyer_staff")
        refusal(stranger, 404, "object_unknown")


async def test_a_table_without_known_headers_is_refused(counter: Counter) -> None:
    file_id = await upload(counter, "天气\n晴\n".encode(), "天气.csv")
    refusal(await lint(counter, {"file_id": file_id}, "/tables"), 400, "import_columns_invalid")


async def test_the_template_is_served(counter: Counter) -> None:
    answer = await counter.get("contract-lints/template", "expert")
    assert answer.status_code == 200
    assert load_workbook(io.BytesIO(answer.content)).sheetnames[0] == "技术合同"


async def test_everybody_reads_the_rules(counter: Counter) -> None:
    answer = await counter.client.get("/v1/contract-lints/rules")
    told = done(answer)["rules"]
    assert [rule["id"] for rule in told] == [rule.id for rule in RULES]
    assert all(rule["title_zh"] and rule["source"] for rule in told)
