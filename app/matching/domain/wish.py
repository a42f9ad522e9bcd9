"""Wishes 匹配请求: what is looked for, and which conditions admit no exception."""

from dataclasses import dataclass, field
from typing import Final

from app.matching.domain.entry import Entry, EntryKind, Facts, Readiness, told
from app.shared.ids import MarketId, PartyId
from app.shared.money import Money

RESULTS_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Hard conditions 硬性条件: what a found entry must state; empty and ``None`` ask nothing.

    An entry that states nothing where a condition asks is kept out: it cannot be shown to fit.

    Attributes:
        technology_fields, modes: One of them.
        regions: Inside one of these, six digits each; a province holds its cities.
        readiness_min: At least this level, of this scale.
        price_max: The lower end of its price is at most this.
        market_id: Offered at this exchange.
    """

    technology_fields: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    readiness_min: Readiness | None = None
    price_max: Money | None = None
    market_id: MarketId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A demand, an achievement or a free text, as what its counterpart is looked for with.

    Attributes:
        wants: The kind that is looked for.
        party_id: Whose wish it is: its own entries are not told to it.
        vector: The stored embedding of the wish's text, a byte a dimension, and its model.
    """

    wants: EntryKind
    title: str
    text: str
    keywords: tuple[str, ...] = ()
    facts: Facts = field(default_factory=Facts)
    conditions: Conditions = field(default_factory=Conditions)
    party_id: PartyId | None = None
    vector: bytes | None = None
    model: str | None = None

    @property
    def words(self) -> str:
        """All that is looked for, in one text."""
        return told(self.title, self.keywords, self.text)


def wish_of(entry: Entry, *, vector: bytes | None, model: str | None) -> Wish:
    """Return what an entry looks for on the other side."""
    return Wish(
        wants=entry.kind.other,
        title=entry.title,
        keywords=entry.keywords,
        text=entry.text,
        facts=entry.facts,
        party_id=entry.party_id,
        vector=vector,
        model=model,
    )
