"""The house rules of the design as checks on source text; each returns what breaks it.

A check takes a path relative to the repository and the text, and yields ``path:line: what``.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path(__file__).parents[1]
FILE_LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 60
MONEY_MODULES: Final = ("ledger", "settlement", "auctions", "listings", "markets")
SQL: Final = frozenset({"select", "insert", "update", "delete", "text"})
CLOCKS: Final = frozenset(
    {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
)
VAGUE: Final = frozenset({"utils", "util", "helpers", "helper", "manager", "common", "misc"})
UNFINISHED: Final = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
INVARIANT: Final = re.compile(r"^[\s|*-]*\**([A-Z]{1,2}\d+)\b", re.MULTILINE)

Check = Callable[[PurePosixPath, str], Iterator[str]]


def sources(*folders: str, suffix: str = ".py") -> Iterator[tuple[PurePosixPath, str]]:
    """Yield every source file below the folders, path relative to the repository."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
            yield PurePosixPath(path.relative_to(ROOT)), path.read_text()


def broken(check: Check, files: Iterable[tuple[PurePosixPath, str]]) -> list[str]:
    """Return everything that a check finds in the files."""
    return [finding for path, text in files for finding in check(path, text)]


def _module(path: PurePosixPath) -> str:
    return path.parts[1] if len(path.parts) > 1 else ""


def _dotted(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""


def sizes(path: PurePosixPath, text: str) -> Iterator[str]:
    """Files of at most 400 lines, functions of at most 60."""
    if (count := len(text.splitlines())) > FILE_LINES_MAX:
        yield f"{path}: {count} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines"


def commits(path: PurePosixPath, text: str) -> Iterator[str]:
    """Nothing outside the platform commits, but what writes an index, which is no database."""
    if _module(path) == "platform" or "index" in path.parts:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr == "commit":
            yield f"{path}:{node.lineno}: commits"


def sql(path: PurePosixPath, text: str) -> Iterator[str]:
    """SQL lives in repositories, models and the platform."""
    home = any(part.startswith(("repository", "models")) for part in path.parts)
    if home or _module(path) == "platform":
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            for name in sorted(SQL & {alias.name for alias in node.names}):
                yield f"{path}:{node.lineno}: imports {name}"
        elif isinstance(node, ast.Import) and any(
            alias.name.partition(".")[0] == "sqlalchemy" for alias in node.names
        ):
            yield f"{path}:{node.lineno}: imports sqlalchemy whole"


def floats(path: PurePosixPath, text: str) -> Iterator[str]:
    """No float near money."""
    if path.name != "money.py" and _module(path) not in MONEY_MODULES:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{path}:{node.lineno}: float {node.value}"
        elif isinstance(node, ast.Name) and node.id == "float":
            yield f"{path}:{node.lineno}: float"


def clocks(path: PurePosixPath, text: str) -> Iterator[str]:
    """The domain is told the time."""
    if "domain" not in path.with_suffix("").parts and _module(path) != "shared":
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            name = ".".join(_dotted(node).split(".")[-2:])
            if name in CLOCKS:
                yield f"{path}:{node.lineno}: reads the clock with {name}"


def prints(path: PurePosixPath, text: str) -> Iterator[str]:
    """Only what speaks to a person at a terminal prints."""
    if _module(path) in {"cli.py", "demo", "supervisor"}:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id == "print":
            yield f"{path}:{node.lineno}: prints"


def foreign_imports(path: PurePosixPath, text: str) -> Iterator[str]:
    """Another business module is entered through its public module only."""
    business = {*MONEY_MODULES, "identity", "demands", "partners", "valuations"}
    if _module(path) in {"wiring.py", "tables.py"}:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            targets = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            continue
        for target in targets:
            parts = target.split(".")
            if parts[0] != "app" or len(parts) < 3 or parts[1] not in business - {_module(path)}:
                continue
            if parts[2] != "public":
                yield f"{path}:{node.lineno}: imports {target}"


def unfinished(path: PurePosixPath, text: str) -> Iterator[str]:
    """Nothing is left for later in the source."""
    for number, line in enumerate(text.splitlines(), start=1):
        if UNFINISHED.search(line):
            yield f"{path}:{number}: unfinished"


def names(path: PurePosixPath, _text: str) -> Iterator[str]:
    """A file's name says what is in it."""
    if path.stem in VAGUE:
        yield f"{path}: a vague name"


def benches(path: PurePosixPath, text: str) -> Iterator[str]:
    """Every benchmark has a quick form."""
    if path.name.startswith("bench_") and "--quick" not in text:
        yield f"{path}: has no --quick"


def error_codes(path: PurePosixPath, text: str) -> Iterator[tuple[str, str]]:
    """Yield every error code that a file makes, with where.

    A code is a ``code = "…"`` in a class body or a literal ``code=`` of a ``problem(…)`` call.
    """
    for node in ast.walk(ast.parse(text)):
        found: list[ast.expr | None] = []
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                target = line.targets[0] if isinstance(line, ast.Assign) else None
                if isinstance(target, ast.Name) and target.id == "code":
                    assert isinstance(line, ast.Assign)
                    found.append(line.value)
        elif isinstance(node, ast.Call) and _dotted(node.func).endswith(
            ("problem", "problem_body")
        ):
            found += [word.value for word in node.keywords if word.arg == "code"]
        for value in found:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value, f"{path}:{value.lineno}"


def undocumented_codes(
    codes: Iterable[tuple[str, str]], readmes: Mapping[str, str]
) -> Iterator[str]:
    """Yield codes that their module's README does not name in backticks.

    Args:
        readmes: README text by module; ``shared`` is documented with ``platform``.
    """
    for code, where in codes:
        module = _module(PurePosixPath(where.partition(":")[0]))
        home = module if module in readmes and module != "shared" else "platform"
        if f"`{code}`" not in readmes.get(home, ""):
            yield f"{where}: `{code}` is not in app/{home}/README.md"


def doubled(codes: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield codes that two classes claim."""
    counts = Counter(code for code, _ in codes)
    yield from (f"{code}: {count} times" for code, count in counts.items() if count > 1)


def invariants(readme: str) -> list[str]:
    """Return the numbered invariants that a README states at the start of a line."""
    return list(dict.fromkeys(INVARIANT.findall(readme)))


def uncited(stated: Iterable[str], tests: Iterable[str]) -> list[str]:
    """Return invariants that no test cites."""
    cited = set(re.findall(r"\b[A-Z]{1,2}\d+\b", "\n".join(tests)))
    return [name for name in stated if name not in cited]


def undocumented_settings(fields: Iterable[str], readme: str) -> list[str]:
    """Return the variables of settings that a README does not name."""
    return [name for field in fields if (name := f"ZHEPAI_{field.upper()}") not in readme]


def table_differences(routes: Iterable[str], table: Iterable[str]) -> list[str]:
    """Return routes without a permission, permissions without a route, and doubled routes."""
    listed, known = Counter(routes), set(table)
    return [
        *(f"{name} is not in the table" for name in sorted(listed.keys() - known)),
        *(f"{name} has no route" for name in sorted(known - listed.keys())),
        *(f"{name} names {count} routes" for name, count in listed.items() if count > 1),
    ]
