"""The house keeps its own rules; each check is shown a small breach and must report it."""

import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from fastapi.routing import APIRoute

from app.permissions import PERMISSIONS
from app.platform import endpoints as operations
from app.platform.problems import _FRAMEWORK, _MALFORMED
from app.platform.routing import Route
from app.settings import Settings
from app.wiring import ROUTERS
from tests import house_rules as rules
from tests.house_rules import ROOT, broken, sources

ON_APP: list[rules.Check] = [
    rules.sizes,
    rules.commits,
    rules.sql,
    rules.floats,
    rules.clocks,
    rules.prints,
    rules.foreign_imports,
    rules.names,
]


@pytest.mark.parametrize("check", ON_APP, ids=lambda check: check.__name__)
def test_application_keeps_the_rule(check: rules.Check) -> None:
    assert broken(check, sources("app")) == []


def test_nothing_is_left_unfinished() -> None:
    folders = ("app", "tests", "scripts", "migrations")
    assert broken(rules.unfinished, sources(*folders)) == []
    assert broken(rules.unfinished, sources("app", suffix=".md")) == []


def test_every_benchmark_has_a_quick_form() -> None:
    assert broken(rules.benches, sources("scripts")) == []


def modules() -> dict[str, str]:
    folders = sorted(path.parent for path in (ROOT / "app").glob("*/__init__.py"))
    return {
        folder.name: readme.read_text() if (readme := folder / "README.md").exists() else ""
        for folder in folders
    }


def test_every_module_has_a_readme() -> None:
    assert [module for module, readme in modules().items() if not readme] == []


def codes() -> list[tuple[str, str]]:
    found = [code for path, text in sources("app") for code in rules.error_codes(path, text)]
    framework = [*_FRAMEWORK.values(), _MALFORMED]
    return found + [(code, "app/platform/problems.py:1") for code, *_ in framework]


def test_every_error_code_is_documented_in_its_module() -> None:
    assert list(rules.undocumented_codes(codes(), modules())) == []


def test_every_error_code_has_one_meaning() -> None:
    assert list(rules.doubled(codes())) == []


def test_every_invariant_is_cited_by_a_test() -> None:
    stated = [name for readme in modules().values() for name in rules.invariants(readme)]
    texts = [text for _, text in sources("tests")]
    assert len(set(stated)) > 10
    assert rules.uncited(stated, texts) == []


def test_no_two_modules_number_alike() -> None:
    prefixes = [
        (prefix, module)
        for module, readme in modules().items()
        for prefix in {name.rstrip("0123456789") for name in rules.invariants(readme)}
    ]
    assert len({prefix for prefix, _ in prefixes}) == len(prefixes), prefixes


def test_every_setting_is_documented() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text() if readme.exists() else ""
    assert rules.undocumented_settings(Settings.model_fields, text) == []


def test_routes_and_permission_table_are_the_same() -> None:
    routes = [
        route
        for router in ROUTERS
        if router is not operations.routes
        for route in router.routes
        if isinstance(route, APIRoute)
    ]
    ungated = [route.name for route in routes if not isinstance(route, Route)]
    assert ungated == []
    assert rules.table_differences([route.name for route in routes], PERMISSIONS) == []


LONG = "def f():\n" + "    x = 1\n" * 60
# check, path, breach, and the same text where it is allowed (or a harmless text)
BREACHES: list[tuple[rules.Check, str, str, tuple[str, str]]] = [
    (rules.sizes, "app/a.py", "x = 1\n" * 401, ("app/a.py", "x = 1\n" * 400)),
    (rules.sizes, "app/a.py", LONG, ("app/a.py", LONG[: -len("    x = 1\n")])),
    (rules.sizes, "app/a.py", "class A:\n    async " + LONG.replace("\n", "\n    "), ("a.py", "")),
    (rules.commits, "app/a/s.py", "await s.commit()", ("app/platform/s.py", "s.commit()")),
    (rules.commits, "app/a/s.py", "end = s.commit", ("app/a/s.py", "s.commits()")),
    (rules.commits, "app/a/service/index.py", "s.commit()", ("app/a/index/s.py", "s.commit()")),
    (
        rules.sql,
        "app/a/service.py",
        "from sqlalchemy import String, text",
        ("app/a/repository/x.py", "from sqlalchemy import text"),
    ),
    (
        rules.sql,
        "app/a/service.py",
        "from sqlalchemy.dialects.postgresql import insert",
        ("app/a/service.py", "from sqlalchemy.ext.asyncio import AsyncSession"),
    ),
    (
        rules.sql,
        "app/a/public.py",
        "import sqlalchemy as sa",
        ("app/a/models.py", "import sqlalchemy"),
    ),
    (rules.floats, "app/ledger/a.py", "x = 0.5", ("app/matching/a.py", "x = 0.5")),
    (rules.floats, "app/shared/money.py", "float('1')", ("app/shared/ids.py", "float('1')")),
    (rules.floats, "app/auctions/a.py", "def f(x: float | None): ...", ("app/auctions/a.py", "1")),
    (
        rules.clocks,
        "app/a/domain/b.py",
        "datetime.now(UTC)",
        ("app/a/service.py", "datetime.now()"),
    ),
    (rules.clocks, "app/a/domain.py", "dt.datetime.utcnow()", ("app/a/domain.py", "now.date()")),
    (rules.clocks, "app/a/domain/b.py", "time.time()", ("app/a/domain/b.py", "market.now()")),
    (rules.clocks, "app/a/domain/b.py", "clock = datetime.now", ("app/a/domain/b.py", "x.time()")),
    (rules.prints, "app/a/b.py", "print(1)", ("app/cli.py", "print(1)")),
    (
        rules.foreign_imports,
        "app/auctions/a.py",
        "from app.ledger.repository import x",
        ("app/auctions/a.py", "from app.ledger.public import hold"),
    ),
    (
        rules.foreign_imports,
        "app/auctions/a.py",
        "from app.ledger import service",
        ("app/auctions/a.py", "from app.ledger import public as ledger"),
    ),
    (
        rules.foreign_imports,
        "app/platform/a.py",
        "import app.ledger.models",
        ("app/tables.py", "import app.ledger.models"),
    ),
    (rules.unfinished, "app/a.py", "# TO" + "DO later", ("app/a.py", "# to do")),
    (rules.unfinished, "app/a.md", "FIX" + "ME", ("app/a.md", "fixed")),
    (rules.names, "app/a/utils.py", "", ("app/a/bidding.py", "")),
    (rules.benches, "scripts/bench_a.py", "", ("scripts/bench_a.py", "'--quick'")),
]


@pytest.mark.parametrize(("check", "path", "breach", "allowed"), BREACHES)
def test_check_reports_a_breach_and_nothing_else(
    check: rules.Check, path: str, breach: str, allowed: tuple[str, str]
) -> None:
    assert len(list(check(PurePosixPath(path), breach))) == 1
    assert list(check(PurePosixPath(allowed[0]), allowed[1])) == []


def test_codes_are_found_and_missed_in_readmes() -> None:
    text = 'class A(E):\n    code = "a_b"\nproblem(4, code="c_d")\ncode = "no"\nfetch(code="no")\n'
    found = list(rules.error_codes(PurePosixPath("app/ledger/x.py"), text))
    assert [code for code, _ in found] == ["a_b", "c_d"]
    readmes = {"ledger": "| `a_b` |", "platform": "`p_q`"}
    assert list(rules.undocumented_codes(found, readmes)) == [
        "app/ledger/x.py:3: `c_d` is not in app/ledger/README.md"
    ]
    assert list(rules.undocumented_codes([("p_q", "app/shared/x.py:1")], readmes)) == []
    assert list(rules.doubled([("a", "1"), ("b", "2"), ("a", "3")])) == ["a: 2 times"]


def test_invariants_are_read_from_line_starts_and_missed_in_tests() -> None:
    readme = "- **AU1** x\n| G2 | y |\n* I3: z (see P9)\nP4. w\n"
    assert rules.invariants(readme) == ["AU1", "G2", "I3", "P4"]
    assert rules.uncited(["AU1", "G2"], ["# AU1", "# G21"]) == ["G2"]


def test_settings_and_routes_that_differ_are_named() -> None:
    assert rules.undocumented_settings(["home", "port"], "ZHEPAI_HOME") == ["ZHEPAI_PORT"]
    assert rules.table_differences(["a", "b", "b"], ["b", "c"]) == [
        "a is not in the table",
        "c has no route",
        "b names 2 routes",
    ]


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("ledger/domain/breach.py", "import app.auctions.public", "downwards"),
        ("ledger/repository/__init__.py", "import app.ledger.service", "go right only"),
        ("settlement/service.py", "import app.ledger.repository", "Ledger is entered"),
        ("ledger/domain/breach.py", "import sqlalchemy", "Rules know no framework"),
        ("listings/domain/breach.py", "import app.platform.db", "Rules know no framework"),
        ("shared/money.py", "import asyncio", "Shared values know no framework"),
    ],
)
def test_import_linter_finds_a_breach(tmp_path: Path, file: str, line: str, contract: str) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    with (tmp_path / "app" / file).open("a") as breach:
        breach.write(f"\n{line}\n")
    lint = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run(
        [lint, "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout
    lines = [found for found in run.stdout.splitlines() if " BROKEN" in found]
    assert any(contract in found for found in lines), run.stdout
