"""Lists and the bid path's look-up cost the same number of statements however long they are."""

from uuid import UUID

import pytest

from app.listings.public import depositor_by_code, depositors, depositors_of_many
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


async def test_flags_are_two_statements_however_many_register(
    desk: Desk, database: Database
) -> None:
    listing = await desk.published()
    for party_id in (desk.world.buyer, desk.world.other_buyer, desk.world.third_buyer):
        done(await desk.register(listing, party_id))
    path = f"listings/{listing['id']}/flags"
    done(await desk.get(path, "operator"))  # from now on the owner is remembered
    with counted(database) as sent:
        assert done(await desk.get(path, "operator"))["items"] == []
    assert len(sent) == 2


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


async def test_depositors_of_many_listings_are_found_in_one_statement(
    desk: Desk, database: Database
) -> None:
    """LS11, LS12: the same answers as one listing at a time."""
    world = desk.world
    names = {world.buyer: "西溪智造有限公司", world.other_buyer: "南湖机电有限公司"}
    ids = []
    for payers in (names.keys(), [world.buyer], []):
        listing = await desk.published()
        ids.append(ListingId(UUID(listing["id"])))
        for party_id in payers:
            done(await desk.pay(await desk.qualified(listing, party_id), names[party_id]))
    asked = [world.buyer, world.other_buyer, world.third_buyer]
    with counted(database) as sent:
        found = await depositors_of_many(desk.session, ids, asked)
    assert len(sent) == 1
    one_by_one = {
        (listing_id, party_id): depositor
        for listing_id in ids
        for party_id, depositor in (await depositors(desk.session, listing_id, asked)).items()
    }
    assert found == one_by_one
    assert len(found) == 3
    assert await depositors_of_many(desk.session, ids[1:], [world.other_buyer]) == {}
    assert await depositors_of_many(desk.session, [], asked) == {}
    for (listing_id, _), depositor in found.items():
        assert await depositor_by_code(desk.session, listing_id, depositor.bidder_code) == depositor
        assert await depositor_by_code(desk.session, ids[2], depositor.bidder_code) is None
