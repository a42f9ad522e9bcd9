"""A process that matches as an API process does, for `matching_scale.py`.

``python -m scripts.matching_asking FILE`` asks for the file's problems one after the other and
prints milliseconds and its memory; then it waits until its input ends.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import uvloop

from app.main import create_app
from app.matching.domain.entry import EntryKind, Facts
from app.matching.domain.vectors import CosineScale, Floats
from app.matching.domain.weights import DEFAULT
from app.matching.domain.wish import Wish
from app.matching.embedding.embedder import Kind
from app.matching.embedding.onnx_e5 import E5
from app.matching.service.engine import engine_of
from app.matching.service.finding import find_matches
from app.settings import Settings
from app.shared.ids import MarketId
from app.wiring import assemble

WARM: Final = 40
TODAY: Final = date(2026, 3, 2)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return the median, the 95th and the 99th percentile and the worst, rounded."""
    ranked = sorted(values)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(ranked[min(len(ranked) - 1, int(part * len(ranked)))], 2)
            for name, part in at.items()}  # fmt: skip


@dataclass(frozen=True)
class Named:
    """A model of this name whose vectors are all stored."""

    name: str
    dimensions: int = 384
    scale: CosineScale = E5.scale

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        raise AssertionError("a wish's vector is stored with it")


def wish_of(problem: str, number: int, model: str | None) -> Wish:
    """Return a problem as a posted demand states it."""
    return Wish(
        wants=EntryKind.ACHIEVEMENT,
        title=problem[:20],
        text=problem,
        facts=Facts(technology_field="new_materials", region="330106", modes=("licence_ordinary",)),
        vector=None if model is None else Random(number).randbytes(384),
        model=model,
    )


def memory_mb() -> dict[str, float]:
    """Return resident, proportional and private memory."""
    told = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        name, amount = line.split(":")
        told[name] = int(amount.split()[0]) / 1024
    private = told["Private_Clean"] + told["Private_Dirty"]
    return {"rss": round(told["Rss"]), "pss": round(told["Pss"]), "private": round(private)}


async def ask(problems: Sequence[str], model: str | None, home: MarketId) -> dict[str, Any]:
    """Return what whole explained matches take."""
    runtime = assemble(Settings())
    create_app(runtime)
    engine = replace(engine_of(runtime), embedder=None if model is None else Named(model))
    before = memory_mb()
    spent: list[float] = []
    for number, problem in enumerate((*problems[:WARM], *problems)):
        wish = wish_of(problem, number, model)
        began = time.perf_counter()
        async with runtime.database.transaction() as session:
            found = await find_matches(
                session, engine, wish, home=home, weights=DEFAULT, today=TODAY, limit=20
            )
        spent.append((time.perf_counter() - began) * 1e3)
        assert len(found.matches) == 20
    await runtime.database.close()
    return {"ms": percentiles(spent[WARM:]), "memory_mb": memory_mb(), "memory_before_mb": before}


def main() -> None:
    """Ask, print, wait."""
    asked = json.loads(Path(sys.argv[1]).read_text())
    print(
        json.dumps(
            uvloop.run(ask(asked["problems"], asked["model"], MarketId(UUID(asked["home"]))))
        ),
        flush=True,
    )
    sys.stdin.read()


if __name__ == "__main__":
    main()
