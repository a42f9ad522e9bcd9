"""How well the engine finds, for `bench_matching.py`: the public set asked as a market would be.

The set's texts lie in PostgreSQL as achievements on the shelf and posted demands, the index is
built of them, and every question goes through the engine's own search, words and vectors alike.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy import text

from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.posting import Criterion, DecisionWay, PostingTerms, Sealing
from app.demands.repository import demands
from app.demands.schemas.demands import DemandBody
from app.demo.market import content, records
from app.matching.domain.calibration import shipped
from app.matching.domain.entry import EntryKind
from app.matching.domain.vectors import Floats, pack
from app.matching.domain.weights import DEFAULT
from app.matching.domain.wish import Wish
from app.matching.embedding.onnx_e5 import E5
from app.matching.index import open_index
from app.matching.index.generations import Generations
from app.matching.service.engine import MatchingEngine
from app.matching.service.finding import find_matches
from app.matching.service.indexing import build
from app.platform.db import Database
from app.settings import Settings
from app.shared.ids import DemandId, MarketId, new_id
from scripts.market import Market
from scripts.matching_filling import AT, SLICE, copy_shelf, vacuum
from scripts.matching_set import MatchingSet, Task, encoded, ndcg

TODAY: Final = date(2026, 3, 2)
SHOWN: Final = 50  # of which ten count: own documents and those without a discipline are left out
DEPTH: Final = 10

Vectors = dict[str, bytes]


@dataclass(frozen=True)
class Side:
    """Texts as entries of one kind, and the rows of the set that they are."""

    kind: EntryKind
    ids: Mapping[UUID, int]


_COPY_DEMANDS: Final = text("""
    INSERT INTO demands
    SELECT (jsonb_populate_record(t, r)).* FROM demands t,
        jsonb_array_elements(CAST(:rows AS jsonb)) r
    WHERE t.id = :template
""")


async def fill(
    database: Database, market: Market, *, shelf: Sequence[str], board: Sequence[str]
) -> Mapping[EntryKind, Side]:
    """Let texts be a market's achievements and posted demands; commits.

    Titles are those of no question: one sign that nothing asks for.
    """
    shelved = {new_id(): row for row in range(len(shelf))}
    rows = [{"id": str(id_), "title": "-", "abstract": shelf[row], "keywords": []}
            for id_, row in shelved.items()]  # fmt: skip
    await copy_shelf(market, database, rows)
    posted = {new_id(): row for row in range(len(board))}
    await _post(database, market, [(id_, board[row]) for id_, row in posted.items()])
    await vacuum(database, "achievements, demands")
    return {
        EntryKind.ACHIEVEMENT: Side(EntryKind.ACHIEVEMENT, shelved),
        EntryKind.DEMAND: Side(EntryKind.DEMAND, posted),
    }


async def _post(database: Database, market: Market, texts: Sequence[tuple[UUID, str]]) -> None:
    template = _posted(market)
    async with database.transaction() as session:
        await demands.insert(session, template)
    for start in range(0, len(texts), SLICE):
        rows = [
            {
                "id": str(id_),
                "number": f"ZP-N-2026-{start + number + 1:06}",
                "title": "-",
                "background": background,
                "targets": [],
            }
            for number, (id_, background) in enumerate(texts[start : start + SLICE])
        ]
        told = {"rows": json.dumps(rows, ensure_ascii=False), "template": template.id}
        async with database.transaction() as session:
            await session.execute(_COPY_DEMANDS, told)
    async with database.transaction() as session:  # the template's own text is of no question
        await session.execute(
            text("UPDATE demands SET status = 'withdrawn', reason = '-' WHERE id = :id"),
            {"id": template.id},
        )


def _posted(market: Market) -> Demand:
    said = DemandBody.model_validate(content(records("demands")[0], "poster")).content()
    terms = PostingTerms(
        closes_at=AT + timedelta(days=3_000),
        questions_until=AT + timedelta(days=20),
        sealing=Sealing.PLAIN,
        decision=DecisionWay.BEST_SCORE,
        criteria=(Criterion("技术方案", 10_000, "路线可行,指标有依据。"),),
    )
    return Demand(
        id=DemandId(new_id()),
        number="ZP-N-2026-000000",
        market_id=market.id,
        party_id=market.parties["buyer0"],
        status=DemandStatus.POSTED,
        content=replace(said, restricted_text=None),
        version=1,
        created_at=AT,
        submitted_at=AT,
        reviewed_at=AT,
        round=1,
        terms=terms,
        terms_hash="0" * 64,
        notice_count=1,
        posted_at=AT,
        closes_at=terms.closes_at,
    )


class Reader:
    """Vectors of texts by the default model, each read once, two at a time."""

    def __init__(self, model: E5, kept_in: Path | None, tell: Callable[[str], None]) -> None:
        self._model, self._kept_in, self._tell = model, kept_in, tell

    def read(self, texts: Sequence[str], role: Any, name: str) -> Vectors:
        """Return the stored form of each text's vector."""
        once = list(dict.fromkeys(texts))
        kept = None if self._kept_in is None else self._kept_in / f"{name}-{len(once)}.npy"
        return dict(
            zip(once, pack(encoded(once, self._both(role), kept, tell=self._tell)), strict=True)
        )

    def _both(self, role: Any) -> Callable[[Sequence[str]], Floats]:
        def encode(texts: Sequence[str]) -> Floats:
            halves = [texts[: len(texts) // 2], texts[len(texts) // 2 :]]
            with ThreadPoolExecutor(2) as pool:
                found = list(pool.map(lambda some: self._model.encode(some, role), halves))
            both: Floats = np.concatenate(found)
            return both

        return encode


async def give_vectors(
    database: Database, side: Side, texts: Sequence[str], vectors: Vectors, model: str
) -> None:
    """Store the vectors of a side's texts, as the indexer does in the background; commits."""
    rows = [{"id": str(id_), "vector": vectors[texts[row]].hex()} for id_, row in side.ids.items()]
    for start in range(0, len(rows), SLICE):
        async with database.transaction() as session:
            await session.execute(
                text(
                    "UPDATE match_entries e SET model = :model, vector = decode(r.vector, 'hex')"
                    " FROM json_to_recordset(CAST(:rows AS json)) r (id uuid, vector text)"
                    " WHERE e.id = r.id"
                ),
                {"model": model, "rows": json.dumps(rows[start : start + SLICE])},
            )
    await vacuum(database, "match_entries")


async def ask(
    database: Database,
    engine: MatchingEngine,
    task: Task,
    side: Side,
    *,
    home: MarketId,
    vectors: Vectors | None,
    gain: Callable[[int, Sequence[int]], float],
) -> float:
    """Return the mean gain of a task's questions in percent.

    Args:
        vectors: Of the questions; ``None`` to go by words alone.
        gain: Of a question's number and the rows that were found, best first.
    """
    if vectors is None:
        engine = replace(engine, embedder=None)
    gained = []
    for number, question in enumerate(task.questions):
        wish = Wish(
            wants=side.kind,
            title="",
            text=question.text,
            vector=None if vectors is None else vectors[question.text],
            model=None if engine.embedder is None else engine.embedder.name,
        )
        async with database.transaction() as session:
            found = await find_matches(
                session, engine, wish, home=home, weights=DEFAULT, today=TODAY, limit=SHOWN
            )
        rows = [side.ids[match.entry_id] for match in found.matches if match.entry_id in side.ids]
        kept = [row for row in rows if row != question.kept_out]
        gained.append(gain(number, kept))
    return round(100 * sum(gained) / len(gained), 2)


def by_answers(task: Task) -> Callable[[int, Sequence[int]], float]:
    """Return the nDCG of ten."""
    return lambda number, rows: ndcg(rows, task.questions[number].gold)


def by_discipline(held: MatchingSet, task: Task) -> Callable[[int, Sequence[int]], float]:
    """Return which part of the first ten is of the question's discipline."""
    asked = [query["discipline"] for query in held.queries if query["type"] == "field"]
    told = [held.documents[row].get("discipline") for row in task.documents]

    def gain(number: int, rows: Sequence[int]) -> float:
        judged = [row for row in rows if told[row] is not None][:DEPTH]
        right = sum(bool(told[row] == asked[number]) for row in judged)
        return right / DEPTH

    return gain


async def indexed(database: Database, settings: Settings, model: E5 | None) -> MatchingEngine:
    """Build the index of all that is kept and return an engine on it."""
    await build(database, Generations(settings.index_path))
    indexes = {kind: open_index(settings.index_path, kind) for kind in EntryKind}
    return MatchingEngine(indexes=indexes, embedder=model, calibration=shipped())
