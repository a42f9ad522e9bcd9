"""Steps for the tests of searches: a shelf of many entries, and what the worker would do."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.repository import achievements
from app.listings.schemas.achievements import AchievementBody
from app.listings.search_handlers import SEARCH
from app.listings.service.searching import reindex_achievement
from app.platform.journal import history
from app.shared.ids import AchievementId, new_id
from tests.listings.factories import Desk, Json, achievement_body, done, yuan
from tests.world import START

FIELDS = ("electronic_information", "new_materials", "new_energy_efficiency")
WORDS = (
    "钙钛矿", "太阳能", "电池", "界面", "钝化", "铜箔", "机器视觉", "缺陷", "检测", "低成本",
    "制备", "氢", "催化剂", "电解水", "碳纤维", "之澜", "锂硫", "TiO2", "传感器", "事件相机",
)  # fmt: skip


async def follow(desk: Desk, *things: Json) -> None:
    """Do what the worker would do about all events of these subjects, in order."""
    for thing in things:
        for event in await history(desk.session, UUID(thing["id"])):
            if event.type in SEARCH.types:
                await SEARCH.react(desk.session, event)


async def found(desk: Desk, query: str, what: str = "achievements") -> Json:
    """Search; return the whole answer."""
    return done(await desk.get(f"search/{what}?{query}"))


async def titles(desk: Desk, query: str) -> list[str]:
    """Search; return what was found."""
    return [item["title"] for item in (await found(desk, query))["items"]]


@dataclass
class Shelf:
    """A shelf of random entries, and the bodies that made them by id."""

    bodies: dict[str, Json]
    order: list[str]


def _bodies(count: int, seed: int) -> Iterator[Json]:
    chance = random.Random(seed)
    for number in range(count):
        words = [chance.choice(WORDS) for _ in range(chance.randint(1, 4))]
        text = "".join(chance.choice([*WORDS, "的", "，", "与"]) for _ in range(12))
        restricted = chance.random() < 0.3
        yield achievement_body(
            title="".join(words),
            abstract=text,
            keywords=list(dict.fromkeys(chance.choices(WORDS, k=2))),
            technology_field=chance.choice(FIELDS),
            kind=chance.choice(("basic", "applied", "development")),
            conversion_modes=chance.sample(("transfer", "licence", "share_investment"), 2),
            readiness={"scale": "trl_9", "level": chance.randint(1, 9)},
            price_idea=None if number % 5 == 0 else yuan(f"{chance.randint(1, 9)}00000.00"),
            confidentiality="restricted" if restricted else "public",
            public_summary=chance.choice(WORDS) if restricted else None,
        )


async def fill(desk: Desk, count: int, *, seed: int) -> Shelf:
    """Put random entries on the shelf, each accepted a second after the last."""
    shelf, entries = Shelf({}, []), []
    for number, body in enumerate(_bodies(count, seed)):
        entry = Achievement(
            id=AchievementId(new_id()),
            market_id=desk.world.market_id,
            party_id=desk.world.seller,
            status=AchievementStatus.ACCEPTED,
            content=AchievementBody.model_validate(body).content(),
            version=1,
            collected_at=START,
            submitted_at=START,
            reviewed_at=START + timedelta(seconds=number),
        )
        entries.append(entry)
        shelf.bodies[str(entry.id)] = body
        shelf.order.append(str(entry.id))
    await achievements.insert(desk.session, *entries)
    for entry in entries:
        await reindex_achievement(desk.session, entry.id)
    return shelf
