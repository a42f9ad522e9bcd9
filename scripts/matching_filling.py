"""A shelf of any size for `matching_scale.py`: sentences of public abstracts, newly mixed."""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import text

from app.demo.market import STARTS_AT, content, records
from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.repository import achievements
from app.listings.schemas.achievements import AchievementBody
from app.platform.db import Database
from app.shared.ids import AchievementId, MarketId, PartyId, new_id
from scripts.market import Market
from scripts.shelf_texts import FIELDS

SLICE: Final = 2_000
AT: Final = datetime.fromisoformat(STARTS_AT).astimezone(UTC)
_SENTENCE: Final = re.compile(r"[^。；;.]+[。；;.]?")


@dataclass(frozen=True)
class Corpus:
    """Sentences to mix, and problems to look for."""

    sentences: tuple[str, ...]
    problems: tuple[str, ...]


def read_corpus(folder: Path) -> Corpus:
    """Read the documents of a folder as its README describes them."""
    with gzip.open(folder / "docs.jsonl.gz", "rt", encoding="utf-8") as file:
        told = [json.loads(line) for line in file]
    sentences = [
        found.strip()
        for one in told
        for found in _SENTENCE.findall(one["abstract"])
        if len(found.strip()) > 15
    ]
    return Corpus(tuple(sentences), tuple(one["problem"] for one in told if one.get("problem")))


def _rows(corpus: Corpus, count: int, seed: int) -> Iterator[dict[str, Any]]:
    random = Random(seed)
    for number in range(count):
        sentences = random.choices(corpus.sentences, k=random.randint(3, 5))
        yield {
            "id": str(new_id()),
            "title": sentences[0][:30],
            "abstract": "".join(sentences[1:]),
            "keywords": [],
            "technology_field": FIELDS[number * number % len(FIELDS)],
            "readiness_level": number % 9 + 1,
            "price_idea_minor": (number * 7919 % 900 + 1) * 1_000_000,
        }


# Each row is the template's with what it has of its own.
_COPY: Final = text("""
    INSERT INTO achievements
    SELECT (jsonb_populate_record(t, r)).* FROM achievements t,
        jsonb_array_elements(CAST(:rows AS jsonb)) r
    WHERE t.id = :template
""")


async def fill_shelf(market: Market, database: Database, corpus: Corpus, count: int) -> None:
    """Put so many achievements on the shelf; commits."""
    await copy_shelf(market, database, _rows(corpus, count - 1, seed=count))
    await vacuum(database, "achievements")


async def copy_shelf(market: Market, database: Database, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put achievements on the shelf that have these columns of their own; commits."""
    template = _template(market.id, market.parties["seller"])
    async with database.transaction() as session:
        await achievements.insert(session, template)
    left = iter(rows)
    while some := list(islice(left, SLICE)):
        told = {"rows": json.dumps(some, ensure_ascii=False), "template": template.id}
        async with database.transaction() as session:
            await session.execute(_COPY, told)


def _template(market_id: MarketId, party_id: PartyId) -> Achievement:
    said = AchievementBody.model_validate(content(records("achievements")[0], "owner")).content()
    return Achievement(
        id=AchievementId(new_id()),
        market_id=market_id,
        party_id=party_id,
        status=AchievementStatus.ACCEPTED,
        content=replace(said, keywords=()),
        version=1,
        collected_at=AT,
        submitted_at=AT,
    )


# Random directions: what cosines cost does not depend on what they are.
_VECTORS: Final = text("""
    WITH pool AS (
        SELECT n, (SELECT string_agg(sha512(convert_to(n || ' ' || part, 'UTF8')), '')
                   FROM generate_series(1, 6) part) AS vector
        FROM generate_series(0, 999) n
    )
    UPDATE match_entries e SET model = :model, vector = pool.vector, matched_with = 'measured'
    FROM pool WHERE pool.n = abs(hashtext(CAST(e.id AS text)) % 1000)
""")


async def give_vectors(database: Database, model: str) -> None:
    """Give every entry a vector of 384 bytes, and call it matched; commits."""
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        await session.execute(_VECTORS, {"model": model})
    await vacuum(database, "match_entries")


async def vacuum(database: Database, tables: str) -> None:
    """Leave tables as the server's own maintenance would."""
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("SET statement_timeout = 0"))
        await connection.execute(text(f"VACUUM ANALYZE {tables}"))
        await connection.execute(text("RESET statement_timeout"))
