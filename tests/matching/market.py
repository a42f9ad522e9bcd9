"""Steps for the tests of matching: what is shelved and posted, and what the indexer would do."""

from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.calibration import shipped
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import StoredResult
from app.matching.service import deriving
from app.matching.service.engine import MatchingEngine
from app.matching.service.keeping import compute_result
from app.platform.clock import database_now
from app.shared.words import grams_of
from tests.demands.board import Board
from tests.listings.factories import Desk
from tests.matching.naive_index import NaiveIndex
from tests.world import World

Json = dict[str, Any]

LEAKAGE = "低压配电网漏电保护装置误动率高,需要准确识别并定位故障断点的方法与装置。"
LOCATING = "一种低压配电网漏电故障断点定位方法:准确识别故障,降低漏电保护装置的误动率。"
STRAW = "水稻秸秆还田时加入低温腐解菌剂,冬季秸秆腐解加快,土壤有机质上升。"
COATING = "海工钢结构用石墨烯改性重防腐涂层,盐雾试验超过六千小时,施工温度宽。"
OTHERS = {
    "水稻秸秆低温腐解菌剂": STRAW,
    "石墨烯改性重防腐涂层": COATING,
    "光伏组件隐裂检测": "电致发光图像中光伏组件隐裂的快速检测,漏检率低于千分之三。",
    "锂电池低温电解液": "零下四十度放电容量保持率八成的锂离子电池电解液及其制备。",
    "中药渣制备生物炭": "中药渣热解制备生物炭,用于吸附印染废水中的染料。",
    "桥梁拉索振动监测": "以视频测量斜拉桥拉索的振动频率并推算索力。",
}


def engine_without_model() -> MatchingEngine:
    """Return an engine with an index in memory, that compares words alone."""
    indexes = {kind: NaiveIndex() for kind in EntryKind}
    return MatchingEngine(indexes=indexes, embedder=None, calibration=shipped())


class Market:
    """Both sides of an exchange; ``index`` does what the indexer would do of all events."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        world: World,
        session: AsyncSession,
        engine: MatchingEngine,
    ) -> None:
        self.world, self.session, self.engine = world, session, engine
        self.desk, self.board = Desk(client, world, session), Board(client, world)

    async def shelve(self, title: str, abstract: str, **changes: Any) -> UUID:
        """Put an achievement on the shelf and into the index."""
        content = {"title": title, "abstract": abstract, "keywords": []} | changes
        made = await self.desk.accepted(**content)
        await self.index(EntryKind.ACHIEVEMENT, UUID(made["id"]))
        return UUID(made["id"])

    async def shelve_others(self) -> dict[str, UUID]:
        """Put achievements of other kinds beside, so that words are rare or common."""
        return {title: await self.shelve(title, text) for title, text in OTHERS.items()}

    async def post(self, title: str, background: str, **changes: Any) -> UUID:
        """Post a demand and put it into the index."""
        content = {"title": title, "background": background} | changes
        made = await self.board.posted(self.session, more=content)
        await self.index(EntryKind.DEMAND, UUID(made["id"]))
        return UUID(made["id"])

    async def index(self, kind: EntryKind, *ids: UUID) -> None:
        """Bring entries up to date, in the database and in the index."""
        change = await deriving.keep(self.session, {kind: set(ids)})
        for entry in change.entries:
            index = self.engine.indexes[entry.kind]
            assert isinstance(index, NaiveIndex)
            index.put(entry.id, grams_of(entry.words))
        for gone_kind, id_ in change.gone:
            index = self.engine.indexes[gone_kind]
            assert isinstance(index, NaiveIndex)
            index.delete(id_)

    async def match(self, entry_id: UUID) -> StoredResult:
        """Match an entry, as the indexer would."""
        now = await database_now(self.session)
        result = await compute_result(self.session, self.engine, entry_id, knows_until=now)
        assert result is not None
        return result
