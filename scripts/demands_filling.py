"""A board full of demands and a demand full of proposals, in bulk, for `bench_demands.py`."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.edition import Edition, EditionStatus
from app.demands.domain.posting import Criterion, DecisionWay, PostingTerms, Sealing
from app.demands.domain.proposal_content import ProposalContent, content_to_json
from app.demands.domain.review import Review, ReviewStatus
from app.demands.domain.scoring import Points
from app.demands.repository import demands, editions, results, reviews
from app.demands.repository.results import Place
from app.demands.schemas.demands import DemandBody
from app.demands.service.reviewing import _places, rank_review
from app.demo.market import STARTS_AT, content, records
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.shared.ids import DemandId, EditionId, MarketId, ProposalId, new_id
from app.shared.words import tokens_of
from scripts.market import Market, make_market
from scripts.shelf_texts import FIELDS, texts

__all__ = [
    "FIELDS",
    "STARTS_AT",
    "Board",
    "fill_board",
    "fill_facts",
    "fill_proposals",
    "make_board",
    "rank_and_store",
    "store_naively",
]

SLICE: Final = 1_000
REGIONS: Final = ("330106", "330110", "330204", "330782", "110105", "310115")
STATUSES: Final = ("posted", "posted", "contracted", "unanswered", "closed")
CRITERIA: Final = ("技术方案", "团队基础")


@dataclass(frozen=True)
class Board:
    """What is measured.

    Attributes:
        demand_id: A demand of ``buyer(0)`` that its panel judges; the others are copies of it.
        editions: Of which some demands are part.
    """

    database: Database
    market: Market
    demand_id: DemandId
    review: Review
    editions: tuple[str, ...]


async def make_board(runtime: Runtime, database: Database, *, starts_at: datetime) -> Board:
    """Make a market and one demand that is evaluated; commits."""
    market = await make_market(runtime, bidders=1, starts_at=STARTS_AT)
    said = DemandBody.model_validate(content(records("demands")[0], "poster")).content()
    terms = PostingTerms(
        closes_at=starts_at + timedelta(days=30),
        questions_until=starts_at + timedelta(days=20),
        sealing=Sealing.PLAIN,
        decision=DecisionWay.PRICE_WEIGHTED,
        criteria=tuple(Criterion(name, 3_500, "路线可行,指标有依据。") for name in CRITERIA),
        price_weight_bp=3_000,
    )
    demand = Demand(
        id=DemandId(new_id()),
        number="ZP-N-2026-000000",
        market_id=market.id,
        party_id=market.parties["buyer0"],
        status=DemandStatus.EVALUATING,
        content=said,
        version=1,
        created_at=starts_at,
        submitted_at=starts_at,
        reviewed_at=starts_at,
        round=1,
        terms=terms,
        terms_hash="0" * 64,
        notice_count=1,
        posted_at=starts_at,
        closes_at=terms.closes_at,
    )
    review = Review(
        id=new_id(),
        demand_id=demand.id,
        market_id=market.id,
        posting=1,
        number=1,
        status=ReviewStatus.OPENED,
        begun_at=terms.closes_at,
        opened_at=terms.closes_at,
    )
    listed = [_edition(market.id, month, starts_at) for month in range(1, 9)]
    async with database.transaction() as session:
        await demands.insert(session, demand)
        await reviews.insert(session, review)
        for edition in listed:
            await editions.insert(session, edition)
    return Board(database, market, demand.id, review, tuple(str(it.id) for it in listed))


def _edition(market_id: MarketId, month: int, created_at: datetime) -> Edition:
    return Edition(
        id=EditionId(new_id()),
        number=f"ZP-L-2026-{month:06}",
        market_id=market_id,
        status=EditionStatus.OPEN,
        title=f"杭州市企业技术需求清单 2026年第{month}期",
        region_code="330100",
        starts_on=date(2026, month, 1),
        ends_on=date(2026, month, 28),
        created_at=created_at,
    )


def prepare(count: int, start: int, editions: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return demands with what they are found by; runs in a process of its own."""
    made = []
    for number, said in enumerate(texts(count, seed=start + 1), start=start):
        words = " ".join(f"'{token}'" for token in tokens_of(said.title, said.abstract))
        made.append(
            {
                "id": str(new_id()),
                "number": f"ZP-N-2026-{number + 1:06}",
                "minutes": number,
                "status": STATUSES[number % len(STATUSES)],
                "title": said.title,
                "background": said.abstract,
                "technology_field": FIELDS[number * number % len(FIELDS)],
                "cooperation_mode": ("joint_development", "commissioned_development")[number % 2],
                "edition_id": editions[number % 8] if number % 3 else None,
                "low": (number * 7919 % 900 + 1) * 1_000_000,
                "region": REGIONS[number % len(REGIONS)],
                "words": words,
            }
        )
    return made


_OWN: Final = {
    "id": "r.id",
    "number": "r.number",
    "status": "r.status",
    "reason": "CASE r.status WHEN 'unanswered' THEN 'no_proposal' END",
    "title": "r.title",
    "background": "r.background",
    "technology_field": "r.technology_field",
    "cooperation_mode": "r.cooperation_mode",
    "edition_id": "r.edition_id",
    "budget_kind": "'range'",
    "budget_low_minor": "r.low",
    "budget_high_minor": "r.low * 2",
    "budget_currency": "'CNY'",
    "created_at": "t.created_at + r.minutes * interval '1 minute'",
    "posted_at": "t.posted_at + r.minutes * interval '1 minute'",
    "closes_at": "t.closes_at + r.minutes * interval '1 minute'",
}
_RECORD: Final = (
    "r(id uuid, number text, minutes int, status text, title text, background text,"
    " technology_field text, cooperation_mode text, edition_id uuid, low bigint, region text,"
    " words text)"
)


async def _columns(session: AsyncSession, table: str) -> list[str]:
    query = text(
        "SELECT column_name FROM information_schema.columns WHERE table_name = :table"
        " ORDER BY ordinal_position"
    )
    return list(await session.scalars(query, {"table": table}))


async def _copy(
    session: AsyncSession, table: str, own: dict[str, str], source: str, values: dict[str, Any]
) -> None:
    """Insert copies of a row ``t`` with columns of their own; all names are of this script."""
    names = await _columns(session, table)
    taken = ", ".join(own.get(name, f"t.{name}") for name in names)
    await session.execute(
        text(f"INSERT INTO {table} ({', '.join(names)}) SELECT {taken} FROM {source}"), values
    )


async def fill_board(board: Board, count: int, *, start: int) -> None:
    """Put copies of the demand onto the board, each with texts and terms of its own."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(2) as pool:
        waiting = [
            loop.run_in_executor(
                pool, prepare, min(SLICE, count - done), start + done, board.editions
            )
            for done in range(0, count, SLICE)
        ]
        for prepared in waiting:
            await _store(board, await prepared)
    await _vacuum(board.database, "demand_board, demands")


async def _store(board: Board, made: list[dict[str, Any]]) -> None:
    rows = {"rows": json.dumps(made, ensure_ascii=False)}
    source = f"demands t, json_to_recordset(CAST(:rows AS json)) AS {_RECORD} WHERE t.id = :demand"
    async with board.database.transaction() as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        await _copy(session, "demands", _OWN, source, rows | {"demand": board.demand_id})
        await session.execute(
            text(
                "UPDATE demand_board b SET region_code = r.region,"
                " words = CAST(r.words AS tsvector)"
                f" FROM json_to_recordset(CAST(:rows AS json)) AS {_RECORD}"
                " WHERE b.demand_id = r.id"
            ),
            rows,
        )


async def fill_facts(board: Board) -> None:
    """Let the statistics know of every demand what might have become of it."""
    async with board.database.transaction() as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        await session.execute(
            text(
                "INSERT INTO demand_facts (demand_id, round, market_id, posted_at,"
                " technology_field, region_code, edition_id, amount_minor, open_budget, proposals,"
                " first_answer_at, outcome, reason, taken_up_at, taken_minor, said)"
                " SELECT d.id, 1, d.market_id, d.posted_at, d.technology_field, b.region_code,"
                " d.edition_id, d.budget_high_minor, false,"
                " CASE d.status WHEN 'posted' THEN NULL WHEN 'unanswered' THEN 0 ELSE 3 END,"
                " CASE WHEN d.status IN ('contracted', 'closed')"
                " THEN d.posted_at + d.budget_low_minor % 700000 * interval '1 second' END,"
                " CASE d.status WHEN 'contracted' THEN 'taken_up'"
                " WHEN 'unanswered' THEN 'not_taken_up' ELSE 'running' END,"
                " CASE d.status WHEN 'unanswered' THEN 'no_proposal' END, NULL,"
                " CASE d.status WHEN 'contracted' THEN d.budget_low_minor ELSE 0 END, '{}'"
                " FROM demands d JOIN demand_board b ON b.demand_id = d.id"
                " ON CONFLICT DO NOTHING"
            )
        )
    await _vacuum(board.database, "demand_facts")


def _answers(count: int, start: int) -> Iterator[dict[str, Any]]:
    for number in range(start, start + count):
        yield {
            "id": str(new_id()),
            "party": str(new_id()),
            "code": f"P{number:05}",
            "price": (number * 7919 % 9_000 + 1_000) * 10_000,
            "credit": f"{number:018}",
        }


async def fill_proposals(board: Board, count: int, *, start: int) -> None:
    """Let parties of their own answer the demand, admitted and with the panel's points."""
    told = content_to_json(
        ProposalContent(
            route="变阻尼刀杆",
            approach="采用变阻尼刀杆与在线识别,抑制颤振。" * 8,
            team="课题组十二人,含高级工程师四人。",
            schedule="前三个月仿真,后六个月样机与现场试验。",
            answers=(),
            milestones=(),
            price_deviation=None,
            ip_accepted=True,
            ip_statement=None,
            attachments=(),
        )
    )
    answers = list(_answers(count, start))
    parties = {
        "id": "r.party",
        "name": "'揭榜单位' || r.code",
        "credit_code": "r.credit",
    }
    record = "r(id uuid, party uuid, code text, price bigint, credit text)"
    for place in range(0, count, SLICE):
        some = answers[place : place + SLICE]
        rows = {"rows": json.dumps(some), "told": json.dumps(told, ensure_ascii=False)}
        source = f"json_to_recordset(CAST(:rows AS json)) AS {record}"
        async with board.database.transaction() as session:
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            await _copy(
                session,
                "parties",
                parties,
                f"parties t, {source} WHERE t.id = :party",
                {"rows": rows["rows"], "party": board.market.parties["seller"]},
            )
            await session.execute(
                text(
                    "INSERT INTO proposals (id, demand_id, market_id, round, party_id, code,"
                    " status, version, members, commitment, sealed, handed_in_at, price_minor,"
                    " currency, content, findings, grounds, opened_at, decided_at)"
                    " SELECT r.id, d.id, d.market_id, 1, r.party, r.code, 'admitted', 1, '[]',"
                    " repeat('0', 64), '', d.posted_at, r.price, 'CNY', CAST(:told AS jsonb),"
                    f" '[]', '[]', d.closes_at, d.closes_at FROM demands d, {source}"
                    " WHERE d.id = :demand"
                ),
                rows | {"demand": board.demand_id},
            )
            points = {
                ProposalId(UUID(answer["id"])): {
                    name: Points(180 + (index * 31 + weight) % 100, 3)
                    for weight, name in enumerate(CRITERIA)
                }
                for index, answer in enumerate(some)
            }
            await results.save_points(session, board.review.id, CRITERIA, points)
    await _vacuum(board.database, "proposals")


async def rank_and_store(board: Board) -> float:
    """Rank all proposals as the review does and keep the ranking; return milliseconds."""
    started = time.perf_counter()
    async with board.database.transaction() as session:
        places = await _ranked(session, board)
        await results.insert_ranking(session, board.review.id, places)
    return (time.perf_counter() - started) * 1e3


async def store_naively(board: Board) -> float:
    """Do the same with a statement for each place; return milliseconds."""
    started = time.perf_counter()
    async with board.database.transaction() as session:
        places = await _ranked(session, board)
        await results.insert_ranking(session, board.review.id, places[:1])
        query = text(
            "INSERT INTO demand_rankings SELECT (jsonb_populate_record(t, CAST(:own AS jsonb))).*"
            " FROM demand_rankings t WHERE t.review_id = :review AND t.rank = 1"
        )
        for place in itertools.islice(places, 1, None):
            own = {"proposal_id": place.proposal_id, "code": place.code, "rank": place.rank}
            own["party_id"] = place.party_id
            values = {"own": json.dumps(own, default=str), "review": board.review.id}
            await session.execute(query, values)
    return (time.perf_counter() - started) * 1e3


async def _ranked(session: AsyncSession, board: Board) -> list[Place]:
    demand = await demands.find(session, board.demand_id, lock=True)
    assert demand is not None
    ranked, proposals = await rank_review(session, demand, board.review)
    return _places(ranked, proposals)


async def _vacuum(database: Database, tables: str) -> None:
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("SET statement_timeout = 0"))
        await connection.execute(text(f"VACUUM ANALYZE {tables}"))
