"""Take the shares of sealed bids' keys from their holders (AU69, AU70)."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.opening import check_opening
from app.auctions.repository import auctions as repository
from app.auctions.repository import bids as bid_rows
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.repository.bids import StoredBid
from app.auctions.service.events import auction_event
from app.auctions.service.opening import open_when_ready
from app.auctions.service.publish import await_deadline
from app.auctions.service.staff import take
from app.auctions.vault import Vault
from app.platform import journal
from app.platform.access import Actor
from app.shared.sealing.handing_in import (
    Submission,
    check_lines,
    check_word,
    fresh_of,
    holder_of,
)


async def hand_in(
    session: AsyncSession,
    vault: Vault,
    actor: Actor,
    *,
    auction_id: UUID,
    submission: Submission,
) -> tuple[Auction, datetime]:
    """Take a holder's shares; when they suffice, all bids are opened in the same act.

    A submission is taken whole or not at all. A share proves itself, whoever carries it in;
    that a share is unreadable is believed of its holder only. Repeating changes nothing.

    Raises:
        AuctionNotAnnounced, NoShareHolders, OpeningNotDue: It is not the time or the auction.
        ShareWrong: Names the holder, the bid, the field and the rule.
        HolderUnproven: A complaint that nothing shows to be the holder's.
        ShareContradicts: The holder said otherwise before.
    """
    auction, now = await take(session, vault, auction_id)
    check_opening(auction.state)
    rows = {
        row.sequence: row for row in await bid_rows.latest_sealed(session, [auction.id], kind="bid")
    }
    holder = holder_of(auction.state.terms.holders or (), submission)
    await asyncio.to_thread(check_lines, holder, submission, _forms(submission, rows))
    check_word(submission, vault.hand_in_key(auction.id), holder=holder, subject_id=auction.id)
    known = await secrets.shares(session, auction.id)
    fresh = fresh_of(submission, {number: row.id for number, row in rows.items()}, known)
    if not fresh:
        return auction, now
    await secrets.add_shares(session, auction.id, holder=submission.holder, shares=fresh)
    new = {sequence for sequence, row in rows.items() if row.id in fresh}
    unreadable = new.intersection(submission.unreadable)
    public = {
        "holder": submission.holder,
        "shares": sorted(new - unreadable),
        "unreadable": sorted(unreadable),
    }
    events = [
        auction_event(
            auction,
            "shares_handed_in",
            before=auction.state,
            at=now,
            actor=actor.ref,
            public=public,
        )
    ]
    auction, opened = await open_when_ready(session, vault, auction, now, actor=actor.ref)
    if opened:
        await repository.save(session, auction)
    await journal.append(session, *events, *opened)
    await await_deadline(session, auction)
    return auction, now


def _forms(submission: Submission, rows: Mapping[int, StoredBid]) -> dict[int, Any]:
    numbers = [line["sequence"] for line in submission.lines]
    found = {number: rows[number] for number in numbers if number in rows}
    return {
        number: json.loads(row.sealed) for number, row in found.items() if row.sealed is not None
    }
