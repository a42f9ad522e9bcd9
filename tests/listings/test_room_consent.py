"""Whose consent an agreement from a deal room rests on."""

from uuid import UUID

import pytest

from app.platform.journal import history
from tests.listings.factories import Desk, done
from tests.listings.rooms import BUYER, SELLER, acceptance, act, offered, opened


@pytest.mark.parametrize(("maker", "taker"), [(BUYER, SELLER), (SELLER, BUYER)])
async def test_the_buyer_s_consent_is_recorded_of_the_buyer_s_own_staff(
    desk: Desk, maker: str, taker: str
) -> None:
    """LS92: never of the seller's, whichever side accepts."""
    room = await opened(desk)
    offer = await offered(desk, room, maker)
    agreed = done(await act(desk, room, "offer-acceptance", taker, acceptance(offer)))
    by_type = {
        event.type: event.restricted for event in await history(desk.session, UUID(room["id"]))
    }
    of_buyer = {
        "actor": by_type["room.offered" if maker == BUYER else "room.agreed"]["actor"],
        "at": offer["made_at"] if maker == BUYER else agreed["agreed_at"],
    }
    events = await history(desk.session, UUID(agreed["listing_id"]))
    (consent,) = [event for event in events if event.type == "listing.agreed"]
    assert consent.restricted["consented_by"] == of_buyer["actor"]
    assert consent.restricted["consented_at"] == of_buyer["at"]
