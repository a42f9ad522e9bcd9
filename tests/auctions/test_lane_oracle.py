"""AU9: for every format, both directions by turns, the lane equals judging one by one."""

import uuid

import pytest

from app.auctions.domain.terms import Direction, Format
from app.auctions.endpoints.bidding import lanes_of
from app.auctions.lane import Lanes
from app.auctions.repository.auctions import load
from app.auctions.vault import Vault
from app.shared.ids import PartyId
from tests.auctions.commands import generate, terms_of
from tests.auctions.lane_oracle import compare, set_terms, storm
from tests.auctions.lot import Lot

pytestmark = pytest.mark.concurrency

COUNT = 2000


@pytest.mark.parametrize("kind", list(Format))
async def test_two_thousand_commands_leave_what_the_naive_judge_says(
    own_lot: Lot, kind: Format
) -> None:
    """Two processes' lanes; the commands of a chunk are in flight together."""
    direction = Direction.DOWN if list(Format).index(kind) % 2 else Direction.UP
    terms = terms_of(kind, direction)
    auction_id = uuid.UUID(own_lot.auction_id)
    await set_terms(own_lot.database, auction_id, terms)
    parties = {
        registration["bidder_code"]: PartyId(uuid.UUID(registration["party_id"]))
        for registration in own_lot.registrations.values()
    }
    vault = Vault(own_lot.runtime.box)
    other = Lanes(
        database=own_lot.database,
        signer=own_lot.runtime.signer,
        vault=vault,
        batch_max=13,
        queue_max=999,
    )
    await storm(
        [lanes_of(own_lot.runtime), other],
        auction_id,
        parties,
        generate(7, COUNT, terms, sorted(parties)),
        opens_at=own_lot.opens_at,
        move_clock=own_lot.at,
    )
    async with own_lot.database.transaction() as session:
        assert (await load(session, auction_id)).state.terms == terms
    assert await compare(own_lot.database, vault, auction_id, own_lot.opens_at) == COUNT
