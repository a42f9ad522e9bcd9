"""A further party reads a file as long as the ground of its grant stands."""

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.files.grants import grant_files, is_granted, revoke_files
from app.shared.ids import PartyId, new_id
from tests.world import World


async def test_a_grant_lets_one_party_in_until_its_last_ground_is_gone(
    client: httpx.AsyncClient, world: World, session: AsyncSession
) -> None:
    # P31
    kept = await client.post(
        "/v1/files",
        files={"file": ("说明.txt", "洽谈资料".encode())},
        data={"audience": "owner"},
        headers=world.headers("seller_staff"),
    )
    file_id = kept.json()["id"]

    async def reads(role: str, party: PartyId | None = None, market: str = "own") -> int:
        headers = world.headers(role, party, "other" if market == "other" else "own")
        statuses = {
            (await client.get(f"/v1/files/{file_id}{end}", headers=headers)).status_code
            for end in ("", "/content")
        }
        (status,) = statuses
        return status

    grounds = [new_id(), new_id()]
    assert await reads("buyer_staff") == 404
    for ground in grounds * 2:
        await grant_files(session, [file_id], party_id=world.buyer, ground_id=ground)
    await grant_files(session, [], party_id=world.other_buyer, ground_id=grounds[0])
    assert await reads("buyer_staff") == 200
    assert await reads("buyer_staff", world.other_buyer) == 404
    assert await reads("anonymous") == 404
    assert await reads("buyer_staff", world.buyer, "other") == 404
    await revoke_files(session, grounds[0])
    assert await reads("buyer_staff") == 200
    await revoke_files(session, grounds[1])
    assert await reads("buyer_staff") == 404
    assert not await is_granted(session, file_id, world.buyer)
