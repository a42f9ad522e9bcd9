"""Service clocks of rooms, owners and the market."""

from tests.listings.factories import Desk, done, refusal
from tests.listings.rooms import BUYER, SELLER, act, asked, offered, opened

PERIOD = "since=2026-03-01T00:00:00%2B08:00&until=2026-09-01T00:00:00%2B08:00"


async def test_clocks_follow_the_moments_of_rooms(desk: Desk) -> None:
    """LS95"""
    await asked(desk, await desk.accepted(title="甲"), request="甲")
    late = await asked(desk, await desk.accepted(title="乙"), request="乙")
    await desk.world.later(desk.session, days=2)
    done(await act(desk, late, "answer", SELLER, {"declined": "已转让"}))
    room = await opened(desk, await desk.accepted(title="丙"))
    await desk.world.later(desk.session, days=3)
    held_at = (await desk.now()).isoformat()
    meeting = {"held_at": held_at, "minutes": 90, "participants": ["许澜清", "郭一舟"]}
    done(await act(desk, room, "meetings", SELLER, meeting))
    await offered(desk, room)
    await desk.world.later(desk.session, days=20)
    shown = done(await desk.get(f"deal-rooms/{room['id']}", BUYER))["clocks"]
    assert [clock["took_s"] is not None for clock in shown] == [True, True, True, False]
    assert 3 * 86_400 <= shown[1]["took_s"] < 3 * 86_400 + 60
    told = done(await desk.get(f"service-clocks?{PERIOD}", "auditor"))
    answers, meetings, offers, agreements = told["market"]
    assert (answers["count"], answers["overdue"]) == (2, 1)
    assert 86_400 <= answers["median_s"] < 86_460  # of two days and a moment
    assert (meetings["count"], offers["count"], agreements["count"]) == (1, 1, 0)
    assert agreements["median_s"] is None
    assert [item["owner_id"] for item in told["items"]] == [str(desk.world.seller)]
    assert told["items"][0]["clocks"] == told["market"]
    nobody = done(await desk.get(f"service-clocks?{PERIOD}&owner_id={room['id']}", "operator"))
    assert (nobody["items"], nobody["market"][0]["count"]) == ([], 0)


async def test_clocks_are_for_staff_of_the_market(desk: Desk) -> None:
    """LS95"""
    await opened(desk)
    path = f"service-clocks?{PERIOD}"
    for role in (SELLER, BUYER, "partner"):
        refusal(await desk.get(path, role), 403, "role_not_allowed")
    refusal(await desk.get(path), 401, "token_missing")
    elsewhere = done(await desk.get(path, "operator", market="other"))
    assert (elsewhere["items"], elsewhere["market"][0]["count"]) == ([], 0)
