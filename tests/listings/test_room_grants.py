"""What a room opens follows the content that was accepted anew."""

from uuid import UUID

from app.listings.room_handlers import ROOMS
from app.platform.journal import history
from tests.listings.factories import Desk, Json, achievement_body, done
from tests.listings.rooms import BUYER, SELLER, act, opened


async def upload(desk: Desk, name: str, role: str = SELLER) -> str:
    answer = await desk.client.post(
        "/v1/files",
        files={"file": (name, f"{name}的内容".encode())},
        data={"audience": "owner"},
        headers=desk.world.headers(role),
    )
    return str(done(answer)["id"])


async def accept_anew(desk: Desk, achievement: Json, files: list[str]) -> None:
    headers = desk.world.headers(SELLER) | {"If-Match": '"1"'}
    path = f"/v1/achievements/{achievement['id']}"
    body = achievement_body(attachments=files)
    edited = done(await desk.client.put(path, json=body, headers=headers))
    await desk.review(edited)
    events = await history(desk.session, UUID(achievement["id"]))
    assert events[-1].type in ROOMS.types
    await ROOMS.react(desk.session, events[-1])


async def test_the_buyer_reads_the_attachments_of_the_accepted_content_and_no_others(
    desk: Desk,
) -> None:
    """LS87"""
    old, new, laid = [await upload(desk, f"{name}.txt") for name in ("旧图纸", "新图纸", "报价单")]
    achievement = await desk.accepted(attachments=[old])
    room = await opened(desk, achievement)
    done(await act(desk, room, "documents", SELLER, {"file_id": laid, "title": "报价单"}))

    async def readable() -> list[bool]:
        answers = [await desk.get(f"files/{one}/content", BUYER) for one in (old, new, laid)]
        return [answer.status_code == 200 for answer in answers]

    assert await readable() == [True, False, True]
    await accept_anew(desk, achievement, [new])
    assert await readable() == [False, True, True]
    done(await act(desk, room, "closing", BUYER, {"reason": "不再继续"}))
    events = await history(desk.session, UUID(achievement["id"]))
    await ROOMS.react(desk.session, events[-1])
    assert await readable() == [False, False, False]
