"""Meaning and results in the background: MT26, MT31."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.domain.match import StoredResult
from app.matching.domain.vectors import CosineScale, Floats, pack
from app.matching.embedding.embedder import EmbedderUnavailable, Kind, TextRefused
from app.matching.models import MatchEntryRow
from app.matching.repository import entry_work, results
from app.matching.service import precomputing
from app.matching.service.engine import MatchingEngine
from app.matching.service.keeping import compute_result
from app.matching.service.meaning import MeaningReader
from app.matching.service.precomputing import Precomputing
from app.platform.db import Database
from tests.matching.market import LEAKAGE, LOCATING, Market


@dataclass
class Lengths:
    """A model whose vectors say how long a text is; it may be away."""

    name: str = "lengths"
    dimensions: int = 2
    scale: CosineScale = field(default_factory=lambda: CosineScale(floor=0.0, span=1.0))
    away: bool = False
    refused: str = "\0"
    asked: list[str] = field(default_factory=list)

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        if self.away:
            raise EmbedderUnavailable("away")
        if any(self.refused in one for one in texts):
            raise TextRefused("400 inappropriate content")
        self.asked += texts
        angles = np.array([len(one) / 1000 for one in texts], dtype=np.float32)
        vectors: Floats = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return vectors


async def read_row(session: AsyncSession, id_: UUID) -> MatchEntryRow:
    row = await session.get(MatchEntryRow, id_, populate_existing=True)
    assert row is not None
    return row


async def test_meaning_is_read_newest_first_and_again_for_another_model(
    market: Market, rolled_back: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MT26: what is kept tells what is left, whenever a process began."""
    monkeypatch.setattr("app.matching.service.meaning.BATCH", 2)
    ids = sorted([await market.shelve(f"方法{number}", "检测" * number) for number in range(1, 6)])
    model = Lengths()
    assert await MeaningReader(rolled_back, model).step()
    assert [one.split("\n")[0] for one in model.asked] == ["方法5", "方法4"]
    later = MeaningReader(rolled_back, model)  # as if the first had been killed
    while await later.step():
        pass
    assert len(set(model.asked)) == len(model.asked)
    row = await read_row(market.session, ids[0])
    assert row.model == "lengths"
    assert row.vector == pack(model.encode(["方法1\n检测"], "passage"))[0]

    other = Lengths(name="better", away=True)
    reader = MeaningReader(rolled_back, other)
    with pytest.raises(EmbedderUnavailable):
        await reader.step()
    assert (await read_row(market.session, ids[-1])).model == "lengths"  # it serves until then
    other.away = False
    reader = MeaningReader(rolled_back, other)
    while await reader.step():
        pass
    assert {(await read_row(market.session, id_)).model for id_ in ids} == {"better"}


async def test_a_text_that_the_model_refuses_holds_up_no_other(
    market: Market, rolled_back: Database
) -> None:
    """MT26: as content filters of served models do; words still find it."""
    ids = [await market.shelve(f"方法{number}", "检测" * number) for number in range(1, 6)]
    refused = await market.shelve("民用炸药装填方法", "乳化炸药现场混装")
    model = Lengths(refused="炸药")
    reader = MeaningReader(rolled_back, model)
    while await reader.step():
        pass
    assert {(await read_row(market.session, id_)).model for id_ in ids} == {"lengths"}
    assert (await read_row(market.session, refused)).model is None
    model.refused = "\0"
    assert await MeaningReader(rolled_back, model).step()
    assert (await read_row(market.session, refused)).model == "lengths"


async def test_a_vector_of_what_was_edited_meanwhile_is_not_kept(
    market: Market, rolled_back: Database
) -> None:
    """MT26"""
    own = await market.shelve("方法", "检测")
    [before] = [one for one in await entry_work.unread(market.session, limit=9) if one.id == own]
    await market.session.execute(
        text("UPDATE achievements SET abstract = '另一种检测' WHERE id = :id"), {"id": own}
    )
    await market.index(EntryKind.ACHIEVEMENT, own)
    await entry_work.keep_vectors(market.session, "lengths", [(before, b"\x01\x02")])
    assert (await read_row(market.session, own)).vector is None


async def at_once() -> None:
    """All is in an index in memory."""


async def test_what_waits_for_its_turn_is_not_matched_before_it(
    market: Market, rolled_back: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MT31: else a whole market's first matching would match each entry many times."""
    await market.shelve_others()
    older = [await market.shelve(f"故障断点{number}", LOCATING) for number in range(3)]
    demand = await market.post("漏电保护误动治理", LEAKAGE)
    tried: list[UUID] = []
    keep = compute_result

    async def compute(
        session: AsyncSession, engine: MatchingEngine, entry_id: UUID, *, knows_until: datetime
    ) -> StoredResult | None:
        tried.append(entry_id)
        return await keep(session, engine, entry_id, knows_until=knows_until)

    monkeypatch.setattr(precomputing, "compute_result", compute)
    monkeypatch.setattr(precomputing, "BATCH", 1)
    work = Precomputing(rolled_back, market.engine, at_once)
    assert await work.step()
    assert tried == [demand]
    while await work.step():
        pass
    assert len(tried) == len(set(tried))  # all of them were there when each was matched
    for entry_id in older:
        result = await results.latest(market.session, entry_id)
        assert result is not None
        assert result.matches[0]["entry_id"] == str(demand)


@pytest.mark.parametrize("failure", [ZeroDivisionError(), DataError("INSERT", {}, ValueError())])
async def test_one_entry_that_fails_holds_up_no_other(
    market: Market, rolled_back: Database, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """MT10, MT31"""
    await market.shelve_others()
    failing = await market.shelve("故障断点", LOCATING)
    demand = await market.post("漏电保护误动治理", LEAKAGE)
    keep = compute_result

    async def compute(
        session: AsyncSession, engine: MatchingEngine, entry_id: UUID, *, knows_until: datetime
    ) -> StoredResult | None:
        if entry_id == failing:
            raise failure
        return await keep(session, engine, entry_id, knows_until=knows_until)

    monkeypatch.setattr(precomputing, "compute_result", compute)
    work = Precomputing(rolled_back, market.engine, at_once)
    while await work.step():
        pass
    assert list(await entry_work.unmatched(market.session, but=(), limit=9)) == [failing]
    result = await results.latest(market.session, demand)
    assert result is not None
    assert result.matches[0]["entry_id"] == str(failing)

    monkeypatch.setattr(precomputing, "compute_result", keep)
    while await Precomputing(rolled_back, market.engine, at_once).step():
        pass
    assert not await entry_work.unmatched(market.session, but=(), limit=9)
    assert await results.latest(market.session, failing) is not None
