"""What the price statistics 价格统计 know of one lot: a listing, from its notice to its end.

Each event of the journal says a part of it. Of what is said twice, the later version of the same
subject holds; parts never touch each other. So neither the order of the events nor their
repetition changes what is known, and the journal read anew gives the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, Final

from app.shared.money import Money, premium_rate

CURRENCY: Final = "CNY"
_AGREEMENT: Final = "agreement"

# One part as it is kept: what was said, plain JSON values.
Said = Mapping[str, Mapping[str, Any]]


class Part(StrEnum):
    """What events say; a deal's parts have its id behind them."""

    TERMS = "terms"  # the notice whose terms hold
    END = "end"  # what became of the listing, and who took part
    DEAL = "deal"
    PRICE = "price"  # whether the contract names its amount
    DEFAULT = "default"


class Outcome(StrEnum):
    """What became of a lot."""

    RUNNING = "running"  # on offer, or its end is not told yet
    SOLD = "sold"
    DEFAULTED = "defaulted"  # its buyer did not keep its word, and nobody else bought in its place
    FAILED = "failed"  # nobody bought
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"


class Method(StrEnum):
    """How the price was found."""

    CONTESTED = "contested"  # two bidders or more have bid
    UNCONTESTED = "uncontested"  # one or none
    OFF_FLOOR = "off_floor"  # agreed between the two and publicly noticed: no bidding


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one event says about a lot.

    Attributes:
        part: A `Part`, with the deal's id behind it where it is one's.
        version: Of the event's subject; the later one holds.
        said: Plain JSON values.
    """

    part: str
    version: int
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A lot as it is counted; amounts in minor units of ``currency``.

    Attributes:
        seller_region, buyer_region: GB/T 2260 of the parties, as they were when their event was
            read; the buyer's of a sold lot only.
        ended_at: Of a sold lot when its deal was confirmed, of one in default when that was
            declared, else when it ended; ``None`` while it runs.
        bidders: Who has bid, by different bidder codes; none of an agreement.
        registered, qualified, deposited: Who came before: applied, was admitted, paid.
        appraisal_minor: The base price 基准价格 of its notice, if it states one.
        start_minor: The floor of its notice 起始价.
        price_minor: Of the deal that stands.
        amount_known: The contract names its whole amount; one with a royalty does not.
        defaults: Deals of it that ended in default.
    """

    number: str
    title: str
    achievement_id: str
    technology_field: str
    seller_region: str | None
    seller_class: str | None
    buyer_region: str | None
    pricing_mode: str
    sandbox: bool
    outcome: Outcome
    method: Method
    ended_at: datetime | None
    bidders: int
    registered: int
    qualified: int
    deposited: int
    currency: str
    appraisal_minor: int | None
    start_minor: int
    price_minor: int | None
    amount_known: bool
    defaults: int

    @property
    def is_priced(self) -> bool:
        """Whether it enters sums and medians: sold, its amount known, in CNY."""
        return self.price_minor is not None and self.amount_known and self.currency == CURRENCY

    @property
    def premium_rate(self) -> Decimal | None:
        """(price − start) / start, four decimals; of a sold lot, as its deal's event told it."""
        if self.price_minor is None:
            return None
        return premium_rate(
            start=Money(self.start_minor, self.currency),
            deal=Money(self.price_minor, self.currency),
        )


def lot_of(said: Said) -> Lot | None:
    """Return the lot of everything that is known; ``None`` before its notice was read.

    Invariants: IN1, IN2, IN3, IN6.
    """
    terms = said.get(Part.TERMS)
    if terms is None:
        return None
    end = said.get(Part.END, {})
    defaults = dict(_of(said, Part.DEFAULT))
    standing = [(key, deal) for key, deal in _of(said, Part.DEAL) if key not in defaults]
    key, deal = standing[0] if standing else ("", {})
    sold = bool(deal) and end.get("outcome") == Outcome.SOLD
    bidders = int(end.get("bidders", 0))
    ended_at = _end(end, deal, defaults)
    return Lot(
        **{name: terms[name] for name in _FROM_TERMS},
        buyer_region=deal.get("buyer_region") if sold else None,
        outcome=_outcome(end, sold=sold, defaulted=bool(defaults) and not standing),
        method=_method(terms["pricing_mode"], bidders),
        ended_at=None if ended_at is None else datetime.fromisoformat(ended_at),
        bidders=bidders,
        registered=int(end.get("registered", 0)),
        qualified=int(end.get("qualified", 0)),
        deposited=int(end.get("deposited", 0)),
        currency=deal["currency"] if sold else terms["currency"],
        start_minor=deal["start_minor"] if sold else terms["start_minor"],
        price_minor=deal["price_minor"] if sold else None,
        amount_known=bool(said.get(f"{Part.PRICE}:{key}", {}).get("amount_known", True)),
        defaults=len(defaults),
    )


_FROM_TERMS: Final = (
    "number",
    "title",
    "achievement_id",
    "technology_field",
    "seller_region",
    "seller_class",
    "pricing_mode",
    "sandbox",
    "appraisal_minor",
)


def _of(said: Said, part: Part) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key in sorted(said):
        name, _, deal_id = key.partition(":")
        if name == part:
            yield deal_id, said[key]


def _outcome(end: Mapping[str, Any], *, sold: bool, defaulted: bool) -> Outcome:
    if sold:
        return Outcome.SOLD
    if defaulted:
        return Outcome.DEFAULTED
    outcome = Outcome(end.get("outcome", Outcome.RUNNING))
    return Outcome.RUNNING if outcome is Outcome.SOLD else outcome  # its deal is not told yet


def _end(
    end: Mapping[str, Any], deal: Mapping[str, Any], defaults: Mapping[str, Mapping[str, Any]]
) -> str | None:
    if deal:
        return str(deal["confirmed_at"]) if end.get("outcome") == Outcome.SOLD else None
    if defaults:
        return max(str(default["at"]) for default in defaults.values())
    told = end.get("outcome", Outcome.RUNNING)
    return None if told in {Outcome.RUNNING, Outcome.SOLD} else str(end["at"])


def _method(pricing_mode: str, bidders: int) -> Method:
    if pricing_mode == _AGREEMENT:
        return Method.OFF_FLOOR
    return Method.CONTESTED if bidders > 1 else Method.UNCONTESTED


def ratio_bp(part: int, whole: int) -> int:
    """Return part / whole in basis points, half up.

    Raises:
        ZeroDivisionError: ``whole`` is zero; prices and appraisals are positive.
    """
    return int((Decimal(part) * 10_000 / whole).quantize(Decimal(1), ROUND_HALF_UP))
