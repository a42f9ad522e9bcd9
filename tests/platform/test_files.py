"""Files: kept by content, typed by content, given to their audience only."""

import contextlib
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from app.main import create_app
from app.permissions import scopes_of
from app.platform.access import Actor, Role
from app.platform.files.model import Audience, FileTypeRefused, media_type_of, plain_name
from app.platform.files.store import FileStore
from app.platform.runtime import Runtime
from app.shared.ids import MarketId, PartyId, new_id
from tests.conftest import RolledBackDatabase

HOME, ABROAD = MarketId(new_id()), MarketId(new_id())
OWNER, OTHER = PartyId(new_id()), PartyId(new_id())
SIZE_MAX = 3_000


def office(member: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("[Content_Types].xml"), "<Types/>")
        archive.writestr(zipfile.ZipInfo(member), "<x/>")
    return out.getvalue()


def kept_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(20)
DOCX, XLSX = office("word/document.xml"), office("xl/workbook.xml")
CHINESE = "成果名称,价格\r\n高效电机,1200000\r\n"
EXE = b"MZ" + bytes(60)


@pytest.fixture
def app(shared_runtime: Runtime, tmp_path: Path) -> FastAPI:
    settings = shared_runtime.settings.model_copy(
        update={"files_dir": tmp_path, "file_size_max_bytes": SIZE_MAX}
    )
    return create_app(replace(shared_runtime, settings=settings))


@pytest.fixture
async def client(app: FastAPI, rolled_back: RolledBackDatabase) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://zhepai.test") as client:
        yield client


def bearer(
    runtime: Runtime,
    role: Role = Role.SELLER_STAFF,
    party: PartyId = OWNER,
    market: MarketId = HOME,
) -> dict[str, str]:
    actor = Actor(f"user:{party}", role, party, market, scopes_of(role))
    return {"Authorization": f"Bearer {runtime.tokens.issue(actor)}"}


async def upload(
    client: httpx.AsyncClient,
    runtime: Runtime,
    name: str,
    content: bytes,
    audience: str = "owner",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    return await client.post(
        "/v1/files",
        files={"file": (name, content)},
        data={"audience": audience},
        headers=bearer(runtime) if headers is None else headers,
    )


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("说明.pdf", PDF, "application/pdf"),
        ("图.PNG", PNG, "image/png"),
        ("photo.jpeg", JPEG, "image/jpeg"),
        (
            "合同.docx",
            DOCX,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("表.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("清单.csv", CHINESE.encode(), "text/csv"),
        ("清单.csv", CHINESE.encode("gb18030"), "text/csv; charset=gb18030"),
        ("读我.txt", b"plain", "text/plain"),
    ],
)
async def test_what_is_uploaded_comes_back_byte_for_byte(
    client: httpx.AsyncClient, shared_runtime: Runtime, name: str, content: bytes, media_type: str
) -> None:
    # P29
    kept = await upload(client, shared_runtime, name, content)
    assert kept.status_code == 201, kept.text
    view = kept.json()
    assert (view["name"], view["media_type"], view["size_bytes"]) == (
        name,
        media_type,
        len(content),
    )
    assert view["sha256"] == hashlib.sha256(content).hexdigest()
    headers = bearer(shared_runtime)
    assert (await client.get(f"/v1/files/{view['id']}", headers=headers)).json() == view
    got = await client.get(f"/v1/files/{view['id']}/content", headers=headers)
    assert got.content == content
    assert got.headers["content-type"].startswith(media_type)
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert got.headers["etag"] == f'"{view["sha256"]}"'
    if "gb18030" in media_type:
        assert got.headers["content-type"] == media_type
        assert got.text == CHINESE


async def test_equal_contents_lie_on_disk_once(
    client: httpx.AsyncClient, shared_runtime: Runtime, tmp_path: Path
) -> None:
    # P29
    first = (await upload(client, shared_runtime, "a.pdf", PDF)).json()
    second = (await upload(client, shared_runtime, "b.pdf", PDF)).json()
    assert first["id"] != second["id"]
    kept = kept_in(tmp_path)
    assert kept == [tmp_path / first["sha256"][:2] / first["sha256"][2:]]


def test_store_leaves_no_draft_and_never_rewrites(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    sha256 = store.put(b"content")
    before = store.path(sha256).stat()
    assert store.put(b"content") == sha256
    after = store.path(sha256).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert len(kept_in(tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("virus.pdf", EXE),
        ("virus.exe", EXE),
        ("page.html", b"<script>alert(1)</script>"),
        ("page.pdf", b"<html><script>alert(1)</script></html>"),
        ("image.svg", b"<svg onload='alert(1)'/>"),
        ("archive.docx", office("evil.xml")),
        ("sheet.docx", XLSX),
        ("cut.docx", DOCX[:40]),
        ("image.png", JPEG),
        ("binary.txt", b"a\x00b"),
        ("binary.csv", EXE + b"\xff\xff"),
        ("noending", PDF),
        (".pdf", PDF),
        ("empty.pdf", b""),
    ],
)
async def test_content_that_is_not_what_the_name_says_is_refused(
    client: httpx.AsyncClient, shared_runtime: Runtime, tmp_path: Path, name: str, content: bytes
) -> None:
    # P30
    answer = await upload(client, shared_runtime, name, content)
    assert (answer.status_code, answer.json()["code"]) == (400, "file_type_refused")
    assert ".pdf" in answer.json()["accepted"]
    assert not kept_in(tmp_path)


@given(
    st.sampled_from([PDF, PNG, JPEG, DOCX, EXE, b"{", b"<?xml", b"ID3", b"RIFF"]),
    st.binary(max_size=80),
    st.sampled_from([".pdf", ".docx", ".xlsx", ".png", ".jpg", ".csv"]),
)
def test_sniffing_decides_on_any_bytes(head: bytes, rest: bytes, suffix: str) -> None:
    for content in (head + rest, head[: len(rest)] + rest, rest):
        with contextlib.suppress(FileTypeRefused):
            assert "/" in media_type_of(f"x{suffix}", content)


@pytest.mark.parametrize(
    ("size", "status"), [(SIZE_MAX, 201), (SIZE_MAX + 1, 400), (SIZE_MAX + 200_000, 413)]
)
async def test_size_has_a_limit_to_the_byte(
    client: httpx.AsyncClient, shared_runtime: Runtime, size: int, status: int
) -> None:
    # P17
    answer = await upload(client, shared_runtime, "a.txt", b"x" * size)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "file_too_large"
        assert answer.json()["accepted_bytes_max"] == SIZE_MAX


async def test_other_bodies_have_the_smaller_limit(
    client: httpx.AsyncClient, shared_runtime: Runtime
) -> None:
    limit = shared_runtime.settings.body_size_max_bytes
    answer = await client.post("/v1/oauth/token", content=b"x" * (limit + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("/etc/shadow.txt", "shadow.txt"),
        ("C:\\Windows\\boot.txt", "boot.txt"),
        ("a\x00b\x1b[31m\u202e.txt", "ab[31m.txt"),
        ("长" * 300 + ".txt", "长" * 196 + ".txt"),
        ('"; filename="x.txt', '"; filename="x.txt'),
    ],
)
def test_name_is_a_plain_name(sent: str, kept: str) -> None:
    # P30
    assert plain_name(sent) == kept


async def test_name_cannot_leave_its_header(
    client: httpx.AsyncClient, shared_runtime: Runtime
) -> None:
    kept = (await upload(client, shared_runtime, "../%2e%2e/a;b 报.txt", b"x")).json()
    assert kept["name"] == "a;b 报.txt"
    got = await client.get(f"/v1/files/{kept['id']}/content", headers=bearer(shared_runtime))
    expected = "attachment; filename*=UTF-8''a%3Bb%20%E6%8A%A5.txt"
    assert got.headers["content-disposition"] == expected


def may(role: Role, party: PartyId, market: MarketId, audience: Audience) -> bool:
    # The rule, told once more in another way.
    if audience is Audience.PUBLIC:
        return True
    if role is Role.ANONYMOUS or market != HOME:
        return False
    return audience is Audience.MARKET or party == OWNER or role in {Role.OPERATOR, Role.AUDITOR}


@pytest.mark.parametrize("audience", Audience)
async def test_only_the_audience_gets_a_file(
    client: httpx.AsyncClient, shared_runtime: Runtime, audience: Audience
) -> None:
    # P31: every role, of the owner's party, of another and of another market.
    kept = (await upload(client, shared_runtime, "a.txt", b"x", audience)).json()
    for role in Role:
        for party, market in ((OWNER, HOME), (OTHER, HOME), (OTHER, ABROAD), (OWNER, ABROAD)):
            caller: dict[str, Any] = {}
            if role is not Role.ANONYMOUS:
                caller = bearer(shared_runtime, role, party, market)
            for path in (f"/v1/files/{kept['id']}", f"/v1/files/{kept['id']}/content"):
                answer = await client.get(path, headers=caller)
                expected = 200 if may(role, party, market, audience) else 404
                assert answer.status_code == expected, (role, party, market, path)
                if expected == 404:
                    assert answer.json()["code"] == "object_unknown"


async def test_stranger_and_unentitled_role_upload_nothing(
    client: httpx.AsyncClient, shared_runtime: Runtime
) -> None:
    assert (await upload(client, shared_runtime, "a.txt", b"x", headers={})).status_code == 401
    auditor = bearer(shared_runtime, Role.AUDITOR)
    answer = await upload(client, shared_runtime, "a.txt", b"x", headers=auditor)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_not_allowed")


async def test_unknown_audience_is_named(
    client: httpx.AsyncClient, shared_runtime: Runtime
) -> None:
    answer = await upload(client, shared_runtime, "a.txt", b"x", "everyone")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["rule"]) == ("body.audience", "enum")
    assert "'public', 'market' or 'owner'" in error["accepted"]["expected"]
