"""The lane against its naive oracle: what the database holds, judged anew one by one."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from app.auctions.domain.judging import judge, roll
from app.auctions.domain.model import Act, AuctionStatus, Bid, BiddingState, Origin, SetLimit
from app.auctions.domain.terms import Terms
from app.auctions.lane import Lanes
from app.auctions.repository import auctions as repository
from app.auctions.repository.bids import StoredBid, everything
from app.auctions.service.publish import bare
from app.auctions.service.trail import BidCommand, What
from app.auctions.vault import Vault
from app.platform.db import Database
from app.platform.journal import history, verify_chain
from app.shared.ids import PartyId
from app.shared.jsonable import jsonable
from tests.auctions.commands import Command, state_hash

CHUNK = 40  # commands that come in at once


async def set_terms(database: Database, auction_id: UUID, terms: Terms) -> None:
    """Give a lot terms that a listing cannot have (downwards), also in this process's memory."""
    repository._TERMS.pop(auction_id, None)
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE auctions SET terms = CAST(:terms AS jsonb) WHERE id = :id"),
            {"terms": json.dumps(jsonable(terms)), "id": auction_id},
        )


def asked(command: Command, party_id: PartyId) -> BidCommand:
    """Return a command as a bidder's request brings it."""
    actor = f"user:{party_id}"
    if isinstance(command, SetLimit):
        return BidCommand(party_id, command.amount, actor, None, what=What.LIMIT)
    what = What.MATCH if command.origin is Origin.MATCH else What.BID
    return BidCommand(party_id, command.amount, actor, None, what=what)


async def storm(
    lanes: Sequence[Lanes],
    auction_id: UUID,
    parties: Mapping[str, PartyId],
    commands: Sequence[tuple[int, Command]],
    *,
    opens_at: datetime,
    move_clock: Callable[[datetime], Awaitable[None]],
) -> None:
    """Send all commands in their order, a chunk at once, by turns through several processes."""
    for first in range(0, len(commands), CHUNK):
        chunk = commands[first : first + CHUNK]
        await move_clock(opens_at + timedelta(seconds=chunk[0][0]))
        await asyncio.gather(
            *(
                lanes[number // 8 % len(lanes)].submit(
                    auction_id,
                    asked(command, parties[command.bidder]),
                    key=f"{auction_id} {first + number}",
                    request_print=bytes(32),
                )
                for number, (_, command) in enumerate(chunk)
            )
        )


async def compare(database: Database, vault: Vault, auction_id: UUID, opens_at: datetime) -> int:
    """Judge the stored commands one by one; raise where the lane decided otherwise.

    Returns:
        How many commands there were.
    """
    async with database.transaction() as session:
        rows = await everything(session, auction_id)
        stored = (await repository.load(session, auction_id)).state
        verify_chain(await history(session, auction_id))
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    state = BiddingState(terms=stored.terms, status=AuctionStatus.SCHEDULED, deadline_at=opens_at)
    made: Iterator[Act] = iter(())
    count = 0
    for row in rows:
        if row.origin == Origin.STANDING:
            act = next(made)
            assert (act.bidder, act.amount) == (row.bidder_code, row.amount), row
            continue
        count += 1
        state, changes = roll(state, row.judged_at)
        ends = [act for change in changes for act in change.acts]
        assert not ends, "the system's bids at an end stand before the next command"
        judged = judge(state, _command(vault, row), row.judged_at)
        state = judged.state
        assert (judged.refusal.code if judged.refusal else None) == row.refusal, row
        made = iter(judged.acts if row.kind == "limit" else judged.acts[1:])
    assert state_hash(bare(state)) == state_hash(stored)
    return count


def _command(vault: Vault, row: StoredBid) -> Command:
    amount = row.amount if row.sealed is None else vault.open(row.id, row.sealed)
    if row.kind == "limit":
        assert amount is not None
        return SetLimit(row.bidder_code, amount)
    return Bid(row.bidder_code, amount, Origin(row.origin))
