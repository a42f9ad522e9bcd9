"""The board's statistics against a naive reader of the same events, in any order, read anew."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.facts import NoTakeUp
from app.demands.domain.statistics import GroupBy
from app.demands.handlers import REACTIONS
from app.demands.models import DemandFactsRow
from app.demands.repository import facts
from app.platform.access import SYSTEM
from app.platform.journal import JournalEvent, NewEvent, append, history
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, new_id
from app.shared.money import Money
from tests.demands.board import Board, city_of, done, refusal
from tests.world import START, World

STATISTICS = next(item for item in REACTIONS if item.name == "demands.statistics")
FIELDS = ("new_materials", "agriculture", "advanced_manufacturing")
REGIONS = ("330106", "330110", "330204", "110105")
REASONS = ("no_proposal", "none_eligible", "no_suitable", "auction_failed", "unheard_of")
EDITIONS = tuple(str(new_id()) for _ in range(2))

Said = dict[str, Any]


class Story:
    """Events of demands that might have happened, with a fixed chance."""

    def __init__(self, market_id: MarketId, seed: int) -> None:
        self.market_id, self.chance = market_id, random.Random(seed)
        self.events: list[NewEvent] = []

    def tell(self, subject: str, subject_id: UUID, what: str, at: datetime, said: Said) -> None:
        self.events.append(
            NewEvent(
                market_id=self.market_id,
                subject=subject,
                subject_id=subject_id,
                type=f"{subject}.{what}",
                market_at=at,
                actor=SYSTEM,
                public=said,
            )
        )

    def demand(self) -> None:
        """Let a demand be posted once or twice, and something become of it."""
        demand_id, at = new_id(), START + timedelta(minutes=self.chance.randrange(90 * 24 * 60))
        for round_ in range(1, self.chance.choice((2, 2, 3))):
            head = {"number": "ZP-N-2026-000001", "round": round_}
            self.tell("demand", demand_id, "posted", at, head | self.posting())
            proposals = self.chance.randrange(4)
            first = at + timedelta(seconds=self.chance.randrange(10**6)) if proposals else None
            if self.chance.random() < 0.9:
                told = {"proposals": proposals, "first_answer_at": first}
                self.tell("demand", demand_id, "closed", at + timedelta(days=30), head | told)
                self.end(demand_id, at + timedelta(days=40), head)
            at += timedelta(days=60)

    def end(self, demand_id: UUID, at: datetime, head: Said) -> None:
        match self.chance.choice(("none", "taken", "taken", "lost", "unanswered", "withdrawn")):
            case "taken":
                for _ in range(self.chance.choice((1, 1, 2))):
                    self.engage(new_id(), demand_id, at, head)
            case "lost":
                lost = new_id()
                self.engage(lost, demand_id, at, head)
                told = {"demand_id": demand_id, "round": head["round"]}
                self.tell("engagement", lost, "fallen", at + timedelta(days=30), told)
                if self.chance.random() < 0.5:
                    self.unanswered(demand_id, at, head, "no_suitable")
            case "unanswered":
                self.unanswered(demand_id, at, head, self.chance.choice(REASONS))
                if self.chance.random() < 0.3:
                    self.tell("demand", demand_id, "withdrawn", at + timedelta(days=2), head)
            case "withdrawn":
                self.tell("demand", demand_id, "withdrawn", at, head)

    def unanswered(self, demand_id: UUID, at: datetime, head: Said, reason: str) -> None:
        self.tell("demand", demand_id, "unanswered", at, head | {"reason": reason})

    def engage(self, engagement_id: UUID, demand_id: UUID, at: datetime, head: Said) -> None:
        price = Money(self.chance.randrange(1, 10**9), self.chance.choice(("CNY", "CNY", "USD")))
        told = {"demand_id": demand_id, "round": head["round"], "price": price}
        self.tell("engagement", engagement_id, "opened", at, told)

    def posting(self) -> Said:
        high = Money(self.chance.randrange(1, 10**9), self.chance.choice(("CNY", "CNY", "USD")))
        budget = {"kind": "range", "low": None, "high": self.chance.choice((high, high, None))}
        return {
            "technology_field": self.chance.choice(FIELDS),
            "region_code": self.chance.choice(REGIONS),
            "edition_id": self.chance.choice((None, *EDITIONS)),
            "budget": budget,
        }


def fen(told: Mapping[str, str] | None) -> int:
    return 0 if told is None or told["currency"] != "CNY" else round(float(told["amount"]) * 100)


def postings(events: Sequence[JournalEvent]) -> list[Said]:
    """Read what happened to each posting, subject by subject in order."""
    found: dict[tuple[str, int], Said] = {}
    ordered = sorted(events, key=lambda event: (event.subject != "demand", event.subject_version))
    for event in ordered:
        said = event.public
        name = str(said.get("demand_id", event.subject_id)), said["round"]
        if event.type == "demand.posted":
            found[name] = dict(said) | {"at": event.market_at, "taken": {}, "lost": False}
        elif event.type == "demand.closed":
            found[name] |= {"answers": said["proposals"], "first": said["first_answer_at"]}
        elif event.type in {"demand.unanswered", "demand.withdrawn"}:
            found[name].setdefault("why", said.get("reason", "withdrawn_by_poster"))
        elif event.type == "engagement.opened":
            found[name]["taken"][event.subject_id] = fen(said["price"])
        else:
            found[name]["lost"] = True
            del found[name]["taken"][event.subject_id]
    return list(found.values())


def why(posting: Said) -> str | None:
    if posting["taken"] or "why" not in posting:
        return None
    reason = str(posting["why"]) if posting["why"] in set(NoTakeUp) else "other"
    return "not_signed" if posting["lost"] and reason in {"no_suitable", "other"} else reason


def figures(some: Sequence[Said]) -> Said:
    """Count postings as one would by hand."""
    times = sorted(
        datetime.fromisoformat(posting["first"]) - posting["at"]
        for posting in some
        if posting.get("first")
    )
    reasons = [why(posting) for posting in some]
    return {
        "posted": len(some),
        "amount": sum(fen(posting["budget"]["high"]) for posting in some),
        "open": sum(posting["budget"]["high"] is None for posting in some),
        "running": sum(not p["taken"] and "why" not in p for p in some),
        "answered": sum(posting.get("answers", 0) > 0 for posting in some),
        "taken_up": sum(bool(posting["taken"]) for posting in some),
        "taken": sum(sum(posting["taken"].values()) for posting in some),
        "first": times[(len(times) + 1) // 2 - 1] if times else None,
        "reasons": {str(reason): reasons.count(reason) for reason in NoTakeUp},
    }


GROUPS: dict[GroupBy, Callable[[Said], Any]] = {
    GroupBy.FIELD: lambda posting: posting["technology_field"],
    GroupBy.REGION: lambda posting: city_of(posting["region_code"]),
    GroupBy.EDITION: lambda posting: posting["edition_id"],
    GroupBy.MONTH: lambda posting: f"{posting['at'].astimezone(SHANGHAI):%Y-%m}",
}


async def told(session: AsyncSession, story: Story) -> list[JournalEvent]:
    await append(session, *story.events)
    subjects = {event.subject_id for event in story.events}
    return [event for subject in subjects for event in await history(session, subject)]


async def rows(session: AsyncSession) -> list[Said]:
    columns = list(DemandFactsRow.__table__.columns)
    found = await session.execute(
        select(*columns).order_by(DemandFactsRow.demand_id, DemandFactsRow.round)
    )
    return [dict(row) for row in found.mappings()]


async def test_the_statistics_are_what_a_naive_reader_of_the_events_counts(
    session: AsyncSession, world: World
) -> None:
    """DM113, DM114, DM115, DM116"""
    story = Story(world.market_id, seed=7)
    for _ in range(60):
        story.demand()
    events = await told(session, story)
    shuffled = [*events, *events[::3]]
    story.chance.shuffle(shuffled)
    for event in shuffled:
        await STATISTICS.react(session, event)
    known = await rows(session)
    # A rebuild from the journal, in its own order, is the same.
    await facts.clear(session)
    for event in sorted(events, key=lambda event: event.seq):
        await STATISTICS.react(session, event)
    assert await rows(session) == known
    everything = postings(events)
    for by, name in GROUPS.items():
        total, groups = await facts.count(
            session, by, begins_at=None, ends_at=None, market_id=world.market_id
        )
        expected: dict[Any, list[Said]] = {}
        for posting in everything:
            expected.setdefault(name(posting), []).append(posting)
        expected.pop(None, None)
        assert [group.group for group in groups] == sorted(expected)
        for group in (total, *groups):
            asked = figures(everything if group.group is None else expected[group.group])
            assert {
                "posted": group.posted,
                "amount": group.amount_minor,
                "open": group.open_budgets,
                "running": group.running,
                "answered": group.answered,
                "taken_up": group.taken_up,
                "taken": group.taken_minor,
                "first": group.first_answer,
                "reasons": {str(reason): count for reason, count in group.reasons.items()},
            } == asked, (by, group.group)
            decided = group.posted - group.running
            rate = round(group.taken_up * 10_000 / decided + 1e-9) if decided else None
            assert group.take_up_rate_bp == rate


async def test_the_period_is_of_days_in_shanghai(board: Board, session: AsyncSession) -> None:
    """DM115"""
    world = board.world
    story = Story(world.market_id, seed=1)
    midnight = datetime(2026, 4, 1, tzinfo=SHANGHAI)
    for at in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(days=1)):
        head = {"number": "ZP-N-2026-000001", "round": 1}
        story.tell("demand", new_id(), "posted", at, head | story.posting())
    for event in await told(session, story):
        await STATISTICS.react(session, event)

    async def posted(asked: str) -> list[tuple[str, int]]:
        path = f"demands/statistics?by=month&market_id={world.market_id}{asked}"
        told_ = done(await board.get(path))
        return [(group["group"], group["posted"]) for group in told_["groups"]]

    assert await posted("") == [("2026-03", 1), ("2026-04", 2)]
    assert await posted("&from=2026-04-01&to=2026-04-01") == [("2026-04", 1)]
    assert await posted("&to=2026-03-31") == [("2026-03", 1)]
    assert await posted("&from=2026-04-03") == []
    refusal(await board.get("demands/statistics?by=week"), 422, "request_invalid")
    refusal(await board.get("demands/statistics"), 422, "request_invalid")


async def test_nothing_of_a_running_posting_tells_how_many_answered(
    board: Board, session: AsyncSession
) -> None:
    """DM115"""
    demand = await board.posted(session)
    for event in await history(session, UUID(demand["id"])):
        if event.type in STATISTICS.types:
            await STATISTICS.react(session, event)
    path = f"demands/statistics?by=field&market_id={board.world.market_id}"
    total = done(await board.get(path))["total"]
    assert (total["posted"], total["running"], total["answered"]) == (1, 1, 0)
    assert (total["first_answer_days_median"], total["take_up_rate_bp"]) == (None, None)
    assert total["amount"] == {"amount": "900000.00", "currency": "CNY"}
    assert sum(total["not_taken_up"].values()) == 0


@pytest.mark.parametrize("what", ["submitted", "withdrawn"])
async def test_what_was_never_posted_is_not_counted(
    board: Board, session: AsyncSession, what: str
) -> None:
    """DM113"""
    demand = await board.submitted()
    if what == "withdrawn":
        done(await board.post(f"demands/{demand['id']}/withdrawal", "buyer_staff", {}))
    for event in await history(session, UUID(demand["id"])):
        if event.type in STATISTICS.types:
            await STATISTICS.react(session, event)
    found = await rows(session)
    assert [row for row in found if row["demand_id"] == UUID(demand["id"])] == []
