"""What a replay knows while it walks along the chain."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.auctions.domain.award import Place
from app.auctions.domain.model import Act, BiddingState, Code, Origin
from app.auctions.domain.terms import PriorityMode
from app.auctions.proof.broken import LinkBroken
from app.auctions.proof.form import commitment_of
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class Right:
    """A priority right, as the end of the bidding published it."""

    bidder: Code
    rank: int
    waived_at: datetime | None


@dataclass
class Case:
    """One auction under replay.

    Attributes:
        reveals: What opens the commitments, by sequence.
        limits_known: Standing maxima are among them, so that all system bids are recomputed.
        withheld: The auction was cancelled before anything was opened, so nothing has to be.
        rights: ``None`` where the end never published them.
        reserve: The secret reserve that the end published.
        reserve_commitment: The last one deposited.
        points: Given to each bidder of a weighted auction.
        limits: Sequence of each bidder's latest standing maximum.
        opened: What bids contained that share holders opened, by sequence; ``None``: void.
        ids: Every bid's id, each once.
        trail: Each bidder's best standing bid, and its best match, with their numbers.
        queue: Who stands by behind the winner, once it is confirmed.
        version: Of the event at hand.
        notes: What was taken on the exchange's word, counted.
    """

    auction_id: str
    reveals: Mapping[int, Mapping[str, Any]]
    limits_known: bool
    withheld: bool
    rights: Sequence[Right] | None
    reserve: Money | None
    state: BiddingState
    reserve_commitment: str | None = None
    points: dict[Code, tuple[int, ...]] = field(default_factory=dict)
    limits: dict[Code, int] = field(default_factory=dict)
    opened: dict[int, Money | None] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    used: set[int] = field(default_factory=set)
    trail: dict[tuple[Code, bool], tuple[int, Act]] = field(default_factory=dict)
    queue: list[Place] = field(default_factory=list)
    version: int = 0
    notes: Counter[str] = field(default_factory=Counter)

    def broken(self, zh: str, en: str, *, told: Any = None, found: Any = None) -> LinkBroken:
        """Return the break at the event at hand."""
        return LinkBroken(self.version, zh, en, told=told, found=found)

    def same(self, told: Any, found: Any, zh: str, en: str) -> None:
        """Refuse a told value that is not what follows."""
        if told != found:
            raise self.broken(zh, en, told=told, found=found)

    def stood(self, sequence: int, act: Act) -> None:
        """Remember a standing bid, if its amount is open and it is its bidder's best."""
        if act.amount is None:
            return
        place = act.bidder, act.origin is Origin.MATCH
        known = self.trail.get(place)
        least = 0 if place[1] else 1  # of equal bids the earlier counts, of matches the later
        best = None if known is None else known[1].amount
        if best is None or self.state.terms.gain(act.amount, best) >= least:
            self.trail[place] = sequence, act

    def ranks(self, at: datetime) -> dict[Code, int]:
        """Return the ranks of the holders who had not waived by then."""
        return {
            right.bidder: right.rank
            for right in self.rights or ()
            if right.waived_at is None or right.waived_at > at
        }

    @property
    def matches_known(self) -> bool:
        """Whether verdicts on priority rights can be recomputed."""
        return self.rights is not None or self.state.terms.priority_mode is PriorityMode.NONE

    def reveal(self, row: Mapping[str, Any], *, needed: bool) -> Mapping[str, Any] | None:
        """Return what opens a row's commitment, checked against it.

        Raises:
            LinkBroken: It is missing though needed, or opens something else.
        """
        sequence = row["sequence"]
        found = self.reveals.get(sequence)
        if found is None:
            if needed:
                raise self.broken(
                    f"第 {sequence} 号报价的承诺没有揭示",
                    f"nothing opens the commitment of bid {sequence}",
                    told=row["commitment"],
                )
            return None
        self.used.add(sequence)
        self.same(found["id"], row["id"], "揭示的报价编号不符", "the reveal is of another bid")
        self.same(
            found.get("kind"), row.get("kind"), "揭示的种类不符", "the reveal is of another kind"
        )
        if "bidder_code" in row:
            code = row["bidder_code"]
            self.same(
                found["bidder_code"], code, "揭示的竞买号不符", "the reveal is another bidder's"
            )
        made = commitment_of(found, refused="refusal" in row)
        self.same(
            row["commitment"],
            made,
            f"第 {sequence} 号报价的揭示与承诺不符",
            f"the reveal does not open the commitment of bid {sequence}",
        )
        return found


def money_of(told: Mapping[str, Any]) -> Money:
    """Read an amount in its one JSON form.

    Raises:
        ValueError: It has another form.
    """
    amount = Money.parse(told["amount"], told["currency"])
    if amount.as_json() != dict(told):
        raise ValueError("an amount has one form")
    return amount
