"""Entries 条目: what is matched, and what is known of it beside its text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.shared.ids import MarketId, PartyId
from app.shared.money import Money


class EntryKind(StrEnum):
    """Which side of the market an entry stands on."""

    ACHIEVEMENT = "achievement"
    DEMAND = "demand"

    @property
    def other(self) -> "EntryKind":
        """The side that it is matched with."""
        return EntryKind.DEMAND if self is EntryKind.ACHIEVEMENT else EntryKind.ACHIEVEMENT


@dataclass(frozen=True, slots=True)
class Readiness:
    """A maturity: a level of a scale of ``/v1/codes``."""

    scale: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is stated of an entry or a wish; ``None`` and empty say that nothing was stated.

    Attributes:
        technology_field: A name of the code table.
        readiness: An achievement's; of a demand, what its poster asks for.
        price_low, price_high: An achievement's price has equal ends; a demand's are its budget's.
            Both or neither, of one currency.
        region: Six digits, GB/T 2260.
        modes: Names of the table ``conversion_mode`` of an achievement, ``cooperation_mode`` of a
            demand.
        ip_ownership: Who shall own what is made; demands only.
        due_on: When the work is wanted, a day in Asia/Shanghai; demands only.
    """

    technology_field: str | None = None
    readiness: Readiness | None = None
    price_low: Money | None = None
    price_high: Money | None = None
    region: str | None = None
    modes: tuple[str, ...] = ()
    ip_ownership: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What everybody may read of a demand or an achievement, as far as matching looks at it.

    Attributes:
        revision: Of the content that this was taken from.
        text: Public texts beside title and keywords, in one.
    """

    id: UUID
    kind: EntryKind
    market_id: MarketId
    party_id: PartyId
    revision: int
    title: str
    keywords: tuple[str, ...]
    text: str
    facts: Facts = field(default_factory=Facts)

    @property
    def words(self) -> str:
        """All that it is found by, in one text."""
        return told(self.title, self.keywords, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """An entry as a wish meets it.

    Attributes:
        laid_out: Its text as terms are counted in it, see `domain.coverage.lay_out`.
    """

    id: UUID
    kind: EntryKind
    market_id: MarketId
    party_id: PartyId
    revision: int
    title: str
    laid_out: str
    facts: Facts


def told(title: str, keywords: Sequence[str], text: str) -> str:
    """Return title, keywords and text as one text whose parts do not run together."""
    return "\n".join(part for part in (title, *keywords, text) if part)
