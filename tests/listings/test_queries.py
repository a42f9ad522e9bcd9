"""Lists and the bid path's look-up cost the same number of statements however long they are."""

from uuid import UUID

import pytest

from app.listings.public import depositors
from app.platform.db import Database
from app.shared.ids import ListingId
from tests.listings.factories import Desk, done
from tests.queries import counted


@pytest.fixture
def database(rolled_back: Database) -> Database:
    return rolled_back


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("achievements", "anonymous"),
        ("achievements", "operator"),
        ("listings", "anonymous"),
        ("listings?technology_field=electronic_information", "seller_staff"),
    ],
)
async def test_a_list_is_one_statement(
    desk: Desk, database: Database, path: str, role: str
) -> None:
    for _ in range(3):
        await desk.published()
    with counted(database) as sent:
        assert len(done(await desk.get(path, role))["items"]) == 3
    assert len(sent) == 1


async def test_the_list_of_registrations_is_one_statement_beside_the_owners_look_up(
    desk: Desk, database: Database
) -> None:
    listing = await desk.published()
    for party_id in (desk.world.buyer, desk.world.other_buyer):
        done(await desk.register(listing, party_id))
    path = f"listings/{listing['id']}/registrations"
    done(await desk.get(path, "operator"))  # from now on the owner is remembered
    with counted(database) as sent:
        assert len(done(await desk.get(path, "operator"))["items"]) == 2
    assert len(sent) == 1


async def test_depositors_are_found_in_one_statement(desk: Desk, database: Database) -> None:
    """LS11"""
    listing = await desk.published()
    world = desk.world
    listing_id = ListingId(UUID(listing["id"]))
    done(await desk.register(listing, world.third_buyer))
    await desk.qualified(listing, world.other_buyer)
    done(await desk.pay(await desk.qualified(listing), "西溪智造有限公司"))
    asked = [world.buyer, world.other_buyer, world.third_buyer, world.seller]
    for party_ids in (None, asked):
        with counted(database) as sent:
            found = await depositors(desk.session, listing_id, party_ids)
        assert len(sent) == 1
        assert set(found) == {world.buyer}
    assert await depositors(desk.session, listing_id, []) == {}
