"""What may be matched now: the one statement that re-checks an index which may be late."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Integer,
    String,
    Uuid,
    and_,
    bindparam,
    column,
    func,
    not_,
    or_,
    select,
    table,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.matching.domain.entry import Counterpart, Entry, EntryKind, Facts, Readiness
from app.matching.models import MatchEntryRow
from app.platform.clock import MarketClock
from app.shared.ids import MarketId, PartyId
from app.shared.money import Money

# A view; see its migration.
MATCHABLE: Final = table(
    "matchable_entries",
    column("id", Uuid),
    column("kind", String),
    column("market_id", Uuid),
    column("sandbox", Boolean),
    column("party_id", Uuid),
    column("revision", Integer),
)
_E: Final = MatchEntryRow.__table__.c


class OnOffer(NamedTuple):
    """What is read of an entry that may be shown now, to be held against a wish.

    Attributes:
        modes: Separated by spaces.
        model, vector: Of its embedding, a byte a dimension; both or neither.
    """

    id: UUID
    market_id: MarketId
    party_id: PartyId
    revision: int
    title: str
    laid_out: str
    technology_field: str | None
    readiness_scale: str | None
    readiness_level: int
    price_low_minor: int
    price_high_minor: int
    price_currency: str | None
    region: str | None
    modes: str
    ip_ownership: str | None
    due_on: date | None
    model: str | None
    vector: bytes | None

    @property
    def facts(self) -> Facts:
        """What is stated of it."""
        currency, scale = self.price_currency, self.readiness_scale
        return Facts(
            technology_field=self.technology_field,
            readiness=None if scale is None else Readiness(scale, self.readiness_level),
            price_low=None if currency is None else Money(self.price_low_minor, currency),
            price_high=None if currency is None else Money(self.price_high_minor, currency),
            region=self.region,
            modes=tuple(self.modes.split()),
            ip_ownership=self.ip_ownership,
            due_on=self.due_on,
        )

    def counterpart(self, kind: EntryKind) -> Counterpart:
        """Return it as a wish meets it."""
        return Counterpart(
            id=self.id,
            kind=kind,
            market_id=self.market_id,
            party_id=self.party_id,
            revision=self.revision,
            title=self.title,
            laid_out=self.laid_out,
            facts=self.facts,
        )


# Lists would be read element by element: 200 rows are a match.
_READ: Final = tuple(
    func.array_to_string(_E.modes, " ") if name == "modes" else _E[name] for name in OnOffer._fields
)
# Of both: the planner carries no condition through a join into a view's parts.
_GIVEN: Final = text("ANY(CAST(:ids AS uuid[]))")
_SHOWN_NOW: Final = and_(
    MATCHABLE.c.id == _E.id,
    MATCHABLE.c.kind == _E.kind,
    MATCHABLE.c.revision == _E.revision,
    MATCHABLE.c.id == _GIVEN,
    _E.id == _GIVEN,
)
_HOME: Final = aliased(MarketClock)
_CANDIDATES: Final = (
    select(*_READ)
    .join(MATCHABLE, _SHOWN_NOW)
    .join(_HOME, _HOME.market_id == bindparam("home", type_=Uuid))
    .where(
        or_(MATCHABLE.c.market_id == _HOME.market_id, not_(or_(MATCHABLE.c.sandbox, _HOME.sandbox)))
    )
    .order_by(_E.id)
)
_CURRENT: Final = select(MatchEntryRow.__table__).join(MATCHABLE, _SHOWN_NOW)


async def load_candidates(
    session: AsyncSession, ids: Collection[UUID], *, home: MarketId
) -> Sequence[OnOffer]:
    """Return those of the entries that may be shown now in a market, in order of their ids.

    Args:
        home: What a sandbox holds is real in no other market, and nothing of others is in it.

    Invariants: MT1, MT14.
    """
    rows = await session.execute(_CANDIDATES, {"ids": list(ids), "home": home})
    return [OnOffer._make(row) for row in rows]


@dataclass(frozen=True, slots=True)
class CurrentEntry:
    """An entry that may be shown now, with its embedding."""

    entry: Entry
    model: str | None
    vector: bytes | None


async def load_current(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, CurrentEntry]:
    """Return those of the entries that may be shown now, in the revision that may be shown.

    Invariant: MT1.
    """
    rows = await session.execute(_CURRENT, {"ids": list(ids)})
    return {row.id: CurrentEntry(_entry(row), row.model, row.vector) for row in rows}


def _entry(row: Any) -> Entry:
    told = {name: getattr(row, name) for name in OnOffer._fields if name != "modes"}
    read = OnOffer(modes=" ".join(row.modes), **told)
    return Entry(
        id=read.id,
        kind=EntryKind(row.kind),
        market_id=read.market_id,
        party_id=read.party_id,
        revision=read.revision,
        title=read.title,
        keywords=tuple(row.keywords),
        text=row.text,
        facts=read.facts,
    )


async def lock(session: AsyncSession, entry_id: UUID) -> None:
    """Let whoever has an entry matched anew wait until the transaction ends."""
    await session.execute(select(_E.id).where(_E.id == entry_id).with_for_update(key_share=True))


async def mark_matched(
    session: AsyncSession, entry_id: UUID, basis: str, *, knows_until: datetime
) -> None:
    """Note on which basis an entry's kept result rests, and which others it could find."""
    await session.execute(
        update(MatchEntryRow)
        .where(MatchEntryRow.id == entry_id)
        .values(matched_with=basis, knows_until=knows_until)
    )
