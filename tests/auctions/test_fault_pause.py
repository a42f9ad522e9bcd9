"""The exchange itself is away at the end: nobody wins because the machine was away (AU48)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tests.auctions.lot import Lot, yuan

pytestmark = pytest.mark.concurrency

WINDOW = timedelta(seconds=120)


async def away(lot: Lot, *, since_s: float, until_s: float) -> None:
    """Record that no API process gave a sign of life, in seconds before the database's now."""
    async with lot.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO absences (from_at, until_at) "
                "SELECT clock_timestamp() - make_interval(secs => :since), "
                "clock_timestamp() - make_interval(secs => :until)"
            ),
            {"since": since_s, "until": until_s},
        )
        # A test moves the clock all the time; what lay before a move would not count.
        await session.execute(text("UPDATE market_clocks SET moved_at = NULL"))


async def contested(lot: Lot) -> None:
    """Bring the lot into its timed window, where the other buyer leads."""
    await lot.at(lot.opens_at + timedelta(minutes=1))
    await lot.announced()
    assert (await lot.bid("buyer", 600_000)).status_code == 201
    assert (await lot.bid("other_buyer", 620_000)).status_code == 201
    await lot.at(lot.opens_at + timedelta(hours=1, seconds=1))
    assert (await lot.auction())["status"] == "timed"


async def test_an_absence_in_the_final_window_pauses_with_the_time_left(own_lot: Lot) -> None:
    lot = own_lot
    await contested(lot)
    ends_at = lot.opens_at + timedelta(hours=1) + WINDOW
    await lot.at(ends_at + timedelta(seconds=1))
    await away(lot, since_s=41, until_s=11)  # from 40 s to 10 s before the end
    paused = await lot.auction()
    assert (paused["status"], paused["leading"]) == ("paused", yuan(620_000))
    assert paused["pause"]["status"] == "timed"
    assert 38 <= paused["pause"]["time_left_s"] <= 41
    refused = await lot.bid("buyer", 640_000)
    assert (refused.status_code, refused.json()["code"]) == (409, "auction_paused")

    # The resumption was announced with the terms' notice; then the kept time runs.
    await lot.at(ends_at + timedelta(seconds=600))
    assert (await lot.auction())["status"] == "paused"
    await lot.at(ends_at + timedelta(seconds=605))
    assert (await lot.auction())["status"] == "timed"
    assert (await lot.bid("buyer", 640_000)).status_code == 201
    await lot.at(ends_at + timedelta(seconds=605) + WINDOW + timedelta(seconds=1))
    await lot.run_worker()
    decided = await lot.auction()
    assert (decided["status"], decided["leading"]) == ("awarded", yuan(640_000))
    # Nothing of it counts again, though the clock was moved.
    events = await lot.journal()
    told = [event.type for event in events]
    assert told.index("auction.paused") < told.index("auction.resumed")
    pause = next(event for event in events if event.type == "auction.paused")
    assert pause.public["reason"] == "fault"
    assert len(pause.public["absences"]) == 1


@pytest.mark.parametrize(
    ("since_s", "until_s"),
    [(9, 1), (200, 130)],
    ids=["short", "before the final window"],
)
async def test_other_absences_let_the_deadline_decide(
    own_lot: Lot, since_s: float, until_s: float
) -> None:
    await contested(own_lot)
    ends_at = own_lot.opens_at + timedelta(hours=1) + WINDOW
    await own_lot.at(ends_at + timedelta(seconds=0.5))
    await away(own_lot, since_s=since_s, until_s=until_s)
    assert (await own_lot.auction())["status"] == "awarded"


async def test_a_missing_worker_alone_never_pauses(own_lot: Lot) -> None:
    """A worker that comes hours late finds what the deadlines had decided."""
    await contested(own_lot)
    await own_lot.at(own_lot.opens_at + timedelta(hours=9))
    await own_lot.run_worker()
    assert (await own_lot.auction())["status"] == "awarded"


async def test_a_late_worker_announces_the_resumption_ahead_of_the_present(own_lot: Lot) -> None:
    """The whole exchange was away for two hours: bidders get the notice, not what is left of it.

    The worker is the first to look; its timer was due long before it came back.
    """
    lot = own_lot
    await contested(lot)
    ends_at = lot.opens_at + timedelta(hours=1) + WINDOW
    await lot.run_worker()  # the timer now waits for the window's end
    await lot.at(ends_at + timedelta(hours=2))
    await away(lot, since_s=7260, until_s=5)
    await lot.run_worker()
    paused = await lot.auction()
    assert (paused["status"], paused["leading"]) == ("paused", yuan(620_000))
    resumes_at = datetime.fromisoformat(paused["pause"]["resumes_at"])
    assert resumes_at >= ends_at + timedelta(hours=2, seconds=600)
