"""What may be matched now: the one statement that re-checks an index which may be late."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Integer,
    String,
    Uuid,
    and_,
    bindparam,
    column,
    not_,
    or_,
    select,
    table,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.matching.domain.entry import Entry, EntryKind, Facts, Readiness
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
_GIVEN: Final = text("ANY(CAST(:ids AS uuid[]))")
_CURRENT: Final = (
    select(MatchEntryRow.__table__)
    .join(
        MATCHABLE,
        and_(
            MATCHABLE.c.id == _E.id,
            MATCHABLE.c.kind == _E.kind,
            MATCHABLE.c.revision == _E.revision,
        ),
    )
    # Of both: the planner carries no condition through a join into a view's parts.
    .where(_E.id == _GIVEN, MATCHABLE.c.id == _GIVEN)
)


_HOME: Final = aliased(MarketClock)
_CURRENT_AT: Final = _CURRENT.join(_HOME, _HOME.market_id == bindparam("home", type_=Uuid)).where(
    or_(MATCHABLE.c.market_id == _HOME.market_id, not_(or_(MATCHABLE.c.sandbox, _HOME.sandbox)))
)


@dataclass(frozen=True, slots=True)
class CurrentEntry:
    """An entry that may be shown now, with its vector; ``entry`` is read from the row at need."""

    row: Any

    @property
    def id(self) -> UUID:
        """Its id."""
        found: UUID = self.row.id
        return found

    @property
    def party_id(self) -> PartyId:
        """Whose it is."""
        return PartyId(self.row.party_id)

    @property
    def market_id(self) -> MarketId:
        """Where it is offered."""
        return MarketId(self.row.market_id)

    @property
    def model(self) -> str | None:
        """The model of ``vector``; both or neither."""
        found: str | None = self.row.model
        return found

    @property
    def vector(self) -> bytes | None:
        """Its embedding, a byte a dimension."""
        found: bytes | None = self.row.vector
        return found

    @property
    def laid_out(self) -> str:
        """Its text as terms are counted in it, see `domain.coverage.lay_out`."""
        found: str = self.row.laid_out
        return found

    @property
    def facts(self) -> Facts:
        """What is stated of it."""
        return _facts(self.row)

    @property
    def entry(self) -> Entry:
        """All of it."""
        return Entry(
            id=self.id,
            kind=EntryKind(self.row.kind),
            market_id=self.market_id,
            party_id=self.party_id,
            revision=self.row.revision,
            title=self.row.title,
            keywords=tuple(self.row.keywords),
            text=self.row.text,
            facts=self.facts,
        )


def _facts(row: Any) -> Facts:
    currency, scale = row.price_currency, row.readiness_scale
    return Facts(
        technology_field=row.technology_field,
        readiness=None if scale is None else Readiness(scale, row.readiness_level),
        price_low=None if currency is None else Money(row.price_low_minor, currency),
        price_high=None if currency is None else Money(row.price_high_minor, currency),
        region=row.region,
        modes=tuple(row.modes),
        ip_ownership=row.ip_ownership,
        due_on=row.due_on,
    )


async def load_current(
    session: AsyncSession, ids: Collection[UUID], *, home: MarketId | None = None
) -> dict[UUID, CurrentEntry]:
    """Return those of the entries that may be shown now, in the revision that may be shown.

    Args:
        home: Only those that may be matched at this exchange: what a sandbox holds is real in no
            other market, and nothing of others is real in it.

    Invariants: MT1, MT14.
    """
    statement = _CURRENT if home is None else _CURRENT_AT
    rows = await session.execute(statement, {"ids": list(ids), "home": home})
    return {row.id: CurrentEntry(row) for row in rows}


async def lock(session: AsyncSession, entry_id: UUID) -> None:
    """Let whoever has an entry matched anew wait until the transaction ends."""
    await session.execute(select(_E.id).where(_E.id == entry_id).with_for_update())


async def mark_matched(session: AsyncSession, entry_id: UUID, basis: str) -> None:
    """Note on which basis an entry's kept result rests."""
    await session.execute(
        update(MatchEntryRow).where(MatchEntryRow.id == entry_id).values(matched_with=basis)
    )
