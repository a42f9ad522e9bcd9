"""The demo against the running service: every figure that it prints is as published."""

import io
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from app.demo.logins import lines
from app.demo.run import run
from tests.service import environment, running, serving

pytestmark = [pytest.mark.concurrency, pytest.mark.service]


async def load(database_url: str, folder: Path) -> None:
    async with running("demo-load", environment(database_url), folder / "load.log") as process:
        assert await process.wait() == 0


async def test_the_demo_session_comes_out_as_published(database_dsn: str, tmp_path: Path) -> None:
    await load(database_dsn, tmp_path)
    await load(database_dsn, tmp_path)  # a second load adds nothing
    variables = environment(database_dsn, ZHEPAI_INDEX_DIR=str(tmp_path / "index"))
    async with (
        serving(database_dsn, tmp_path, worker=True) as base_url,
        running("index", variables, tmp_path / "index.log"),
    ):
        async with httpx.AsyncClient(base_url=base_url) as client:
            for kind, least in (("achievements", 40), ("demands", 20)):
                page = (await client.get(f"/v1/{kind}", params={"limit": 200})).json()
                titles = [item["title"] for item in page["items"]]
                assert len(titles) == len(set(titles)) >= least
        screen = io.StringIO()
        assert await run(base_url, Console(file=screen, width=120)), screen.getvalue()
    for figure in ("8950000.00", "12300000.00", "37.43%"):
        assert figure in screen.getvalue()
    assert "✗" not in screen.getvalue()
    assert "→《谐波减速器柔轮齿面超精密成形磨削工艺》" in screen.getvalue().replace("\n", "")


def test_a_visitor_is_told_a_login_a_role() -> None:
    text = "\n".join(lines())
    for login in ("operator", "zhilan_university", "auditor"):
        assert login in text
