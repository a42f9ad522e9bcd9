"""The log: every line JSON with its request's id, and no secret in any of them."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, logging, httpx, structlog
from fastapi import FastAPI
from app.platform.telemetry import configure_logging, RequestContext

configure_logging("INFO")
app = FastAPI()

@app.post("/crash")
async def crash(password: str = "hunter2") -> None:
    token = "Bearer hunter2"
    logging.getLogger("library").warning("a library says %s", "hello")
    structlog.get_logger().info("said", text="浙拍")
    raise RuntimeError("broken" + "" * len(token))

app.add_middleware(RequestContext)

async def main():
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        headers = {"Authorization": "Bearer hunter2", "X-Request-Id": "trace-1"}
        answer = await client.post("/crash?password=hunter2", headers=headers)
        assert answer.status_code == 500
        assert answer.headers["x-request-id"] == "trace-1"
        for sent in ("a b", "x" * 65, "", "<script>"):
            answer = await client.get("/no", headers={"X-Request-Id": sent})
            assert answer.headers["x-request-id"] not in ("", sent)

asyncio.run(main())
logging.getLogger("library").info("too quiet to show")
"""


@pytest.fixture(scope="module")
def lines() -> list[str]:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return run.stdout.splitlines()


def test_every_line_is_json_with_time_level_and_event(lines: list[str]) -> None:
    # P28
    for line in lines:
        entry = json.loads(line)
        assert {"timestamp", "level", "event"} <= entry.keys()


def test_lines_of_a_request_carry_its_id(lines: list[str]) -> None:
    # P28
    entries = [json.loads(line) for line in lines]
    events = [entry["event"] for entry in entries if entry.get("request_id") == "trace-1"]
    assert events == ["a library says hello", "said", "request_crashed", "request"]
    access = next(entry for entry in entries if entry["event"] == "request")
    assert (access["method"], access["route"], access["path"]) == ("POST", "crash", "/crash")
    assert access["status"] == 500
    assert access["elapsed_ms"] >= 0


def test_no_line_holds_a_header_a_query_or_a_local_variable(lines: list[str]) -> None:
    # P28
    text = "\n".join(lines)
    assert "RuntimeError" in text
    assert "浙拍" in text
    for secret in ("hunter2", "uthorization", "Bearer"):
        assert secret not in text
