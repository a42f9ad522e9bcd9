"""The served OpenAPI against the served API: no 5xx and no undocumented answer, as any role."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from app.matching.index.generations import Generations
from app.matching.service.indexing import build
from app.platform.access import Role
from app.platform.runtime import Runtime
from app.platform.secrets import derive
from app.platform.tokens import Tokens
from tests.service import SECRET, serving
from tests.world import World

pytestmark = [pytest.mark.concurrency, pytest.mark.service]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
# Random requests an operation; more than the default also try every boundary of every operation
# and let every role try them all, which takes minutes, instead of each nineteenth path's boundaries
# and each path by one role.
DEFAULT = 1
EXAMPLES = int(os.environ.get("ZHEPAI_FUZZ_EXAMPLES", DEFAULT))


SHOWN = {
    Role.OPERATOR: slice(0, None, 19),
    Role.SELLER_STAFF: slice(0, None, 2),
    Role.BUYER_STAFF: slice(1, None, 2),
}


def shown(base_url: str, role: Role) -> list[str]:
    """Return the options that choose the operations."""
    if EXAMPLES > DEFAULT:
        return []
    paths = sorted(httpx.get(f"{base_url}/openapi.json", timeout=60).json()["paths"])
    return [option for path in paths[SHOWN[role]] for option in ("--include-path", path)]


def fuzz(base_url: str, token: str, phases: str, role: Role) -> subprocess.CompletedProcess[str]:
    """Run schemathesis over the operations with one user's token."""
    checks = [option for check in CHECKS for option in ("--checks", check)]
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        f"{base_url}/openapi.json",
        "--header",
        f"Authorization: Bearer {token}",
        "--max-examples",
        str(EXAMPLES),
        "--phases",
        phases,
        "--workers",
        "1",  # ast.parse of CPython 3.11 fails when two threads are in it
        "--no-color",
        "--generation-database",
        "none",
        "--suppress-health-check",
        "all",
        "--seed",
        "1",
        *checks,
        *shown(base_url, role),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/tmp")


@pytest.mark.parametrize(
    ("role", "phases"),
    [
        (Role.OPERATOR, "coverage"),
        (Role.SELLER_STAFF, "fuzzing"),
        (Role.BUYER_STAFF, "fuzzing"),
    ],
)
async def test_no_request_gets_a_5xx_or_an_undocumented_answer(
    role: Role, phases: str, own_world: World, own_runtime: Runtime, tmp_path: Path
) -> None:
    url = own_runtime.database.engine.url.render_as_string(hide_password=False)
    served = replace(
        own_world, tokens=Tokens(derive(SECRET.encode(), "access tokens"), lifetime_s=900)
    )
    token = served.headers(role)["Authorization"].removeprefix("Bearer ")
    # The index process would compete for the processors; what it builds is all that is read.
    await build(own_runtime.database, Generations(tmp_path / "index"))
    async with serving(url, tmp_path) as base_url:
        result = await asyncio.to_thread(fuzz, base_url, token, phases, role)
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-2000:]
