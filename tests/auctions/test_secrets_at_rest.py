"""What lies in the database tells nothing of a secret amount: neither its length nor its way."""

import json
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from cryptography.exceptions import InvalidTag
from pydantic import ValidationError

from app.auctions.domain.terms import PRICE_MAX_MINOR, PRICE_MIN_MINOR
from app.auctions.schemas.bidding import PlaceBid
from app.auctions.vault import Vault
from app.platform.runtime import Runtime
from app.platform.secrets import Box
from app.shared.money import AMOUNT_MINOR_MAX, MINOR_DIGITS, Money
from tests.auctions.acts import FORMATS, offer, tables_with, traces
from tests.auctions.lot import Lot, buyer, make_lot
from tests.world import World

SECRET = 731_357


def test_the_length_of_a_ciphertext_tells_no_digit() -> None:  # AU23
    """Who reads the table would else know how many digits a limit, bid or reserve has."""
    vault = Vault(Box(b"k" * 32))
    amounts = (PRICE_MIN_MINOR, 99, 60_000_000, PRICE_MAX_MINOR, AMOUNT_MINOR_MAX)
    lengths = set()
    for money in (Money(amount, currency) for amount in amounts for currency in MINOR_DIGITS):
        bid_id = uuid4()
        sealed = vault.seal(bid_id, money)
        assert vault.open(bid_id, sealed) == money
        lengths.add(len(sealed))
    assert len(lengths) == 1


@pytest.mark.concurrency
async def test_a_match_sent_while_bids_are_sealed_lies_sealed_too(  # AU19, AU23
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """It is refused; but its amount tells what its bidder would give, and bids still come."""
    lot = await make_lot(own_world, own_runtime, own_client, terms=FORMATS["sealed_first"])
    await lot.at(lot.opens_at + timedelta(minutes=1))
    refused = await offer(lot, "buyer", SECRET, what="matches")
    assert (refused.status_code, refused.json()["code"]) == (400, "match_not_possible")
    assert await tables_with(lot.database, traces(SECRET)) == []


@pytest.mark.parametrize("depth", [8, 400, 900])
def test_a_sealed_bid_of_many_levels_is_malformed(depth: int) -> None:  # AU69
    """Else it crashes what walks it: its own request, or every proof of its auction."""
    deep = json.loads('{"a":' + "[" * depth + "]" * depth + "}")
    with pytest.raises(ValidationError, match="levels"):
        PlaceBid(sealed=deep)
    PlaceBid(sealed={"a": [[[]]]})


@pytest.mark.concurrency
async def test_own_bids_are_read_also_where_one_was_sealed_for_nobody(own_lot: Lot) -> None:  # AU38
    """A bid in the form for share holders is refused where amounts are open, and is no amount."""
    await own_lot.at(own_lot.opens_at + timedelta(minutes=1))
    path = f"/v1/auctions/{own_lot.auction_id}"
    refused = await own_lot.api.send("POST", buyer("buyer"), f"{path}/bids", {"sealed": {"a": 1}})
    assert (refused.status_code, refused.json()["code"]) == (400, "bid_not_sealable")
    mine = await own_lot.api.send("GET", buyer("buyer"), f"{path}/mine")
    assert mine.status_code == 200, mine.text
    assert [bid["amount"] for bid in mine.json()["bids"]] == [None]


@pytest.mark.parametrize("sealed", [b"", b"{}", b'{"a":1}', b"x" * 27, b"x" * 28])
def test_what_is_no_ciphertext_is_told_apart_whatever_its_length(sealed: bytes) -> None:  # AU38
    """A bidder chooses what it sends as sealed; proof and room must survive two bytes, too."""
    with pytest.raises(InvalidTag):
        Box(b"k" * 32).open(sealed, b"context")
