"""A shelf whose achievements come, change and go by real commits, as their owners' acts do."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from tantivy import Index, Query

from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.posting import Criterion, DecisionWay, PostingTerms, Sealing
from app.demands.repository import demands
from app.demands.schemas.demands import DemandBody
from app.demands.service.noticing import demand_event
from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.content import content_from_json
from app.listings.repository import achievements
from app.listings.service.telling import achievement_event
from app.matching.domain.entry import EntryKind
from app.matching.index.generations import Generations
from app.matching.index.schema import HIGH, LOW, id_of
from app.matching.models import MatchEntryRow
from app.platform import journal
from app.platform.access import SYSTEM
from app.platform.db import Database
from app.shared.ids import AchievementId, DemandId, new_id
from tests.demands.board import body
from tests.listings.factories import achievement_body
from tests.world import World

_S = AchievementStatus
_AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
_SUBJECTS = ("钙钛矿组件封装", "轴承故障诊断", "深孔镗削抑振", "秸秆低温腐解", "漏电断点定位")


def mark(entry_id: UUID, revision: int) -> str:
    """Return a gram that stands in one revision of one entry only."""
    return f"x{entry_id.hex[-10:]}v{revision}"


@dataclass
class Shelf:
    """Achievements of one owner, each with a mark in its abstract that names its revision."""

    database: Database
    world: World
    random: Random = field(default_factory=lambda: Random(6))
    known: list[Achievement] = field(default_factory=list)

    def made(self, **changes: Any) -> Achievement:
        """Return a new achievement on the shelf, not yet stored."""
        id_ = AchievementId(new_id())
        changes = {"abstract": self._abstract(id_, 1)} | changes
        return Achievement(
            id=id_,
            market_id=self.world.market_id,
            party_id=self.world.seller,
            status=_S.ACCEPTED,
            content=content_from_json(achievement_body(**changes)),
            version=1,
            collected_at=_AT,
            submitted_at=_AT,
        )

    async def shelve(self, **changes: Any) -> Achievement:
        """Commit a new achievement on the shelf."""
        achievement = self.made(**changes)
        async with self.database.transaction() as session:
            await achievements.insert(session, achievement)
            await self._journal(session, achievement, "accepted")
        self.known.append(achievement)
        return achievement

    async def post(self, title: str, background: str) -> UUID:
        """Commit a demand that takes proposals."""
        terms = PostingTerms(
            closes_at=_AT + timedelta(days=30),
            questions_until=_AT + timedelta(days=20),
            sealing=Sealing.PLAIN,
            decision=DecisionWay.BEST_SCORE,
            criteria=(Criterion("技术方案", 10_000, "路线可行,指标有依据。"),),
        )
        demand = Demand(
            id=DemandId(new_id()),
            number="ZP-N-2026-900001",
            market_id=self.world.market_id,
            party_id=self.world.buyer,
            status=DemandStatus.POSTED,
            content=DemandBody.model_validate(body(title=title, background=background)).content(),
            version=1,
            created_at=_AT,
            submitted_at=_AT,
            reviewed_at=_AT,
            round=1,
            terms=terms,
            terms_hash="0" * 64,
            notice_count=1,
            posted_at=_AT,
            closes_at=terms.closes_at,
        )
        async with self.database.transaction() as session:
            await demands.insert(session, demand)
            await journal.append(session, demand_event(demand, "posted", actor=SYSTEM, at=_AT))
        return demand.id

    async def act(self) -> None:
        """Commit some act of an owner or the exchange."""
        at = self.random.randrange(len(self.known) + 3)
        if at >= len(self.known):
            await self.shelve()
            return
        before = self.known[at]
        match before.status:
            case _S.ACCEPTED:
                what = self.random.choice(("edited", "went_stale", "withdrawn", "resubmitted"))
            case _S.SUBMITTED:
                what = "accepted"
            case _S.STALE:
                what = "confirmed"
            case _:
                return
        await self.do(at, what)

    async def do(self, at: int, what: str) -> None:
        """Commit one act by the name of its event."""
        before = self.known[at]
        after = replace(before, status=_STATUS[what])
        if what in {"edited", "resubmitted"}:
            version = before.version + 1
            content = replace(before.content, abstract=self._abstract(before.id, version))
            after = replace(after, version=version, content=content)
        async with self.database.transaction() as session:
            await achievements.save_content(session, after)
            await self._journal(session, after, what)
        self.known[at] = after

    def _abstract(self, id_: UUID, version: int) -> str:
        return f"{self.random.choice(_SUBJECTS)}方法，{mark(id_, version)}，效果明显。"

    @staticmethod
    async def _journal(session: Any, achievement: Achievement, what: str) -> None:
        event = achievement_event(achievement, what, actor=SYSTEM, at=_AT)
        await journal.append(session, event)


_STATUS = {
    "accepted": _S.ACCEPTED,
    "confirmed": _S.ACCEPTED,
    "edited": _S.SUBMITTED,
    "resubmitted": _S.SUBMITTED,
    "went_stale": _S.STALE,
    "withdrawn": _S.WITHDRAWN,
}


async def difference_from_truth(database: Database, path: Path, shelf: Shelf) -> str:
    """Return how index and kept entries differ from what may be shown now; empty if they don't."""
    async with database.transaction() as session:
        rows = await session.execute(text("SELECT kind, id, revision FROM matchable_entries"))
        shown = {(row.kind, row.id): row.revision for row in rows}
        kept_rows = await session.execute(
            select(MatchEntryRow.kind, MatchEntryRow.id, MatchEntryRow.revision)
        )
        kept = {(row.kind, row.id): row.revision for row in kept_rows}
    if kept != shown:
        return f"kept {kept.items() ^ shown.items()}"
    generation = Generations(path).current()
    if generation is None:
        return "no index"
    for kind in EntryKind:
        index = Index.open(str(generation / kind))
        searcher = index.searcher()
        held = _ids(searcher, Query.all_query())
        expected = sorted(id_ for of, id_ in shown if of == kind)
        if held != expected:
            return f"{kind} {set(held) ^ set(expected)} or twice"
        for one in shelf.known if kind is EntryKind.ACHIEVEMENT else ():
            for version in range(1, one.version + 1):
                gram = mark(one.id, version)
                found = _ids(searcher, Query.term_query(index.schema, "grams", gram, "freq"))
                if found != [one.id] * (shown.get((kind, one.id)) == version):
                    return f"{one.id} in revision {version}"
    return ""


def _ids(searcher: Any, query: Query) -> list[UUID]:
    addresses = [hit[1] for hit in searcher.search(query, 100_000, count=False).hits]
    halves = (searcher.fast_field_values(name, addresses) for name in (HIGH, LOW))
    return sorted(id_of(high, low) for high, low in zip(*halves, strict=True))
