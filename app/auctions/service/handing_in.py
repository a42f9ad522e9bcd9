"""Take the shares of sealed bids' keys from their holders (AU69, AU70)."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.opening import HolderUnproven, ShareContradicts, check_opening
from app.auctions.repository import auctions as repository
from app.auctions.repository import bids as bid_rows
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.repository.bids import StoredBid
from app.auctions.service.events import auction_event
from app.auctions.service.opening import UNREADABLE, open_when_ready
from app.auctions.service.publish import await_deadline
from app.auctions.service.staff import take
from app.auctions.vault import Vault
from app.platform import journal
from app.platform.access import Actor
from app.shared.sealing import ShareHolder, ShareWrong, check_share, proves_holder


@dataclass(frozen=True, slots=True)
class Submission:
    """What a holder hands in.

    Attributes:
        holder: Its position in the terms, from 1.
        lines: One a bid: ``sequence`` and ``share``, or ``sequence`` and ``unreadable``.
        proof: That the holder itself says so; needed where it complains.
    """

    holder: int
    lines: Sequence[Mapping[str, Any]]
    proof: str | None

    @property
    def unreadable(self) -> list[int]:
        """Return the bids whose shares the holder cannot read."""
        return [line["sequence"] for line in self.lines if "share" not in line]


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
    holder = _holder(auction, submission)
    await asyncio.to_thread(_check_lines, holder, submission, rows)
    _check_proof(vault, auction, holder, submission)
    known = await secrets.shares(session, auction.id)
    fresh = _fresh(submission, rows, known)
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


def _holder(auction: Auction, submission: Submission) -> ShareHolder:
    holders = auction.state.terms.holders or ()
    if not 1 <= submission.holder <= len(holders):
        accepted = {"at_least": 1, "at_most": len(holders)}
        raise ShareWrong(
            "There is no such holder.", field="holder", rule="holder_position", accepted=accepted
        )
    return holders[submission.holder - 1]


def _check_lines(
    holder: ShareHolder, submission: Submission, rows: Mapping[int, StoredBid]
) -> None:
    for place, line in enumerate(submission.lines):
        sequence = line["sequence"]
        where = {"holder": submission.holder, "holder_name": holder.name, "sequence": sequence}
        row = rows.get(sequence)
        if row is None or row.sealed is None:
            field = f"shares.{place}.sequence"
            raise ShareWrong("No sealed bid has this number.", field=field, rule="bid", **where)
        if "share" not in line:
            continue
        try:
            check_share(json.loads(row.sealed), submission.holder, line["share"])
        except ShareWrong as refusal:
            fields = {**refusal.fields, "field": f"shares.{place}.share", **where}
            raise ShareWrong(refusal.detail, **fields) from None


def _check_proof(
    vault: Vault, auction: Auction, holder: ShareHolder, submission: Submission
) -> None:
    if submission.proof is None and not submission.unreadable:
        return
    shown = submission.proof is not None and proves_holder(
        submission.proof,
        vault.hand_in_key(auction.id),
        holder=holder.public_key,
        auction_id=auction.id,
        shares=submission.lines,
    )
    if not shown:
        raise HolderUnproven(
            "Make the submission anew from the list of sealed bids, with the holder's key.",
            field="proof",
            holder=submission.holder,
            unreadable=submission.unreadable,
        )


def _fresh(
    submission: Submission,
    rows: Mapping[int, StoredBid],
    known: Mapping[UUID, Mapping[int, Mapping[str, Any]]],
) -> dict[UUID, dict[str, Any]]:
    """Return what was not handed in before, by bid."""
    fresh: dict[UUID, dict[str, Any]] = {}
    for line in submission.lines:
        bid_id = rows[line["sequence"]].id
        told = dict(line.get("share", UNREADABLE))
        before = known.get(bid_id, {}).get(submission.holder)
        if before is None:
            fresh[bid_id] = told
        elif before != told:  # a good share has one value, so one of both is a complaint
            raise ShareContradicts(
                "The holder's first word on a bid stands.",
                holder=submission.holder,
                sequence=line["sequence"],
            )
    return fresh
